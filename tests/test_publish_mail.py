"""A digest as a mail: what readers of mail keep of it, and that none of them cuts it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import DayCount, DigestDay, RenderedFile
from aggregator.publish import compose, render_letter
from aggregator.publish.formats.html import read_page
from aggregator.publish.formats.mail import CLIP_BYTES
from aggregator.publish.formats.reading import unshown
from aggregator.settings import DigestStyle
from tests.test_publish_sites import DAY, FERRY, MORNING, SETTINGS, TALKS, article, story

WIDE = story(
    3,
    *(
        article(
            f"Kestrel accord signed, report {number}",
            f"Outlet {number}",
            first_seen=MORNING + timedelta(hours=number),
        )
        for number in range(9)
    ),
)
WEEK = tuple(DayCount(DAY.day - timedelta(days=back), 9, 4, 12 - back) for back in (1, 0))
SIX = replace(DAY, stories=(FERRY, TALKS, WIDE), week=WEEK)


def test_a_mail_has_tables_and_nothing_that_mail_programs_drop() -> None:
    text = render_letter(compose(SIX, SETTINGS))

    assert not re.search(r"<(svg|img|script|link|details|section|article)|var\(|flex|grid", text)
    assert text.count('role="img"') == 3  # the week, and the hours of each story in more than one outlet


def test_charts_say_their_numbers() -> None:
    text = render_letter(compose(SIX, SETTINGS))

    assert 'aria-label="Articles by hour: 08:00 2"' in text
    assert "2026-01-06 11, 2026-01-07 12" in text
    assert '<td width="34" style="border-bottom:36px solid">12</td>' in text


def test_of_headlines_beyond_the_sixth_the_outlets_are_named() -> None:
    text = render_letter(compose(SIX, SETTINGS))

    assert text.count("Kestrel accord signed") == 7
    assert '<p class="said soft"><bdi>Also Outlet 7 and Outlet 8</bdi></p>' in text


UNSHOWN = {
    "one more outlet": (["Alba", "Brig"], "Also Brig"),
    "many": (["Alba", *"BCDEFG"], "Also B, C and 4 others"),
    "an outlet that is named already": (["Alba", "Alba", "Alba"], "+ 2"),
    "some of each": (["Alba", "Alba", "Brig", "Brig"], "Also Brig"),
}


@pytest.mark.parametrize(("outlets", "said"), UNSHOWN.values(), ids=UNSHOWN.keys())
def test_who_else_reports(outlets: list[str], said: str) -> None:
    articles = [article(f"Kestrel accord, report {number}", outlet) for number, outlet in enumerate(outlets)]
    issue = compose(replace(DAY, stories=(story(1, *articles),)), SETTINGS)

    assert unshown(issue, issue.stories[0], 1) == said


def test_of_a_long_day_with_long_addresses_the_leading_stories_have_their_headlines() -> None:
    long_links = [replace(one, link=f"{one.link}?{'x' * 450}") for one in WIDE.articles]
    stories = tuple(replace(WIDE, story_id=number, articles=tuple(long_links)) for number in range(1, 81))

    text = render_letter(compose(replace(SIX, stories=stories), SETTINGS))

    assert len(text.encode()) <= CLIP_BYTES
    assert text.count("Kestrel accord signed, report 2") == 20
    assert text.count("Also Outlet 1, Outlet 2 and 6 others") == 60


def test_key_events_are_one_line_each() -> None:
    text = render_letter(compose(SIX, replace(SETTINGS, style=DigestStyle.KEY_EVENTS)))

    assert text.count("• <bdi>") == 3
    assert "Here is where things stand on Wednesday, January 7:" in text


def many(stories: int) -> DigestDay:
    return replace(SIX, stories=tuple(replace(WIDE, story_id=number) for number in range(1, stories + 1)))


@pytest.mark.parametrize("stories", [0, 1, 40, 120, 400])
def test_no_mail_is_cut(stories: int) -> None:
    text = render_letter(compose(many(stories), SETTINGS))
    shown = len(read_page(RenderedFile("mail", text)).text_of)

    assert len(text.encode()) <= CLIP_BYTES
    assert shown == stories or (shown >= 75 and f"+ {stories - shown}</td>" in text)
