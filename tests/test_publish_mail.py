"""A digest as a mail: what readers of mail keep of it, and that none of them cuts it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import DayCount, DigestDay, RenderedFile
from aggregator.publish import compose, render_letter
from aggregator.publish.formats.html import read_page
from aggregator.publish.formats.mail import CLIP_BYTES
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


def test_headlines_beyond_the_sixth_are_a_number() -> None:
    text = render_letter(compose(SIX, SETTINGS))

    assert text.count("Kestrel accord signed") == 7
    assert '<p class="said soft">+ 2</p>' in text


def test_key_events_are_one_line_each() -> None:
    text = render_letter(compose(SIX, replace(SETTINGS, style=DigestStyle.KEY_EVENTS)))

    assert text.count("• <bdi>") == 3
    assert "Here is where things stand on Wednesday, January 7:" in text


def many(stories: int) -> DigestDay:
    return replace(SIX, stories=tuple(replace(WIDE, story_id=number) for number in range(1, stories + 1)))


@pytest.mark.parametrize("stories", [0, 1, 40, 120, 1000])
def test_no_mail_is_cut(stories: int) -> None:
    text = render_letter(compose(many(stories), SETTINGS))
    shown = len(read_page(RenderedFile("mail", text)).text_of)

    assert len(text.encode()) <= CLIP_BYTES
    assert shown == stories or (shown >= 75 and f"+ {stories - shown}</td>" in text)
