"""Digests: what stands in the files of a day, read back with a CommonMark and a YAML parser."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from aggregator.errors import UsageError
from aggregator.model import DigestArticle, DigestDay, DigestStory, RenderedFile, StoryStatus
from aggregator.publish import FORMATS, compose, render
from aggregator.publish.language import language_of
from aggregator.publish.text import safe_url, scrub
from aggregator.settings import DIGEST_FORMATS, DigestSettings

MORNING = datetime(2026, 1, 7, 8, 14, tzinfo=UTC)
TOPIC_FEED = "https://news.google.com/rss/topics/CAAqB?hl=en-US&gl=US&ceid=US:en"


def article(headline: str, outlet: str, link: str | None = "https://outlet.example/1") -> DigestArticle:
    return DigestArticle(headline, outlet, link, published=None, first_seen=MORNING)


def story(story_id: int, *articles: DigestArticle, **changes: Any) -> DigestStory:
    """A story of these articles, first seen in the morning, headed by its lead."""
    plain = DigestStory(
        story_id=story_id,
        headline=articles[0].headline,
        status=StoryStatus.NEW,
        articles=articles,
        first_seen=MORNING,
        last_seen=MORNING,
        articles_total=len(articles),
        outlets_total=len({one.outlet for one in articles}),
    )
    return replace(plain, **changes)


def day_of(*stories: DigestStory, **changes: Any) -> DigestDay:
    plain = DigestDay(
        topic="world",
        title="World",
        day=date(2026, 1, 7),
        timezone="Europe/Berlin",
        stories=stories,
        source_urls=(TOPIC_FEED,),
    )
    return replace(plain, **changes)


FERRY = story(
    412,
    article("Ferry runs aground off Skagen", "Harbour Post", "https://harbour.example/a_(b)?c=1&d=2"),
    article("Fähre läuft vor Skagen auf Grund", "Nordlicht Kurier", "https://nordlicht.example/ä"),
    article("214 brought ashore near Skagen", "Harbour Post", None),
)
BRIDGE = story(413, article("Bridge to close for repairs", "Valley Times", "https://valley.example/2"))
LIST = story(
    414,
    article("Avaria: list of key events, day 1,413", "Gulf Dispatch", "https://gulf.example/3"),
    series="avaria: list of key events",
    serial="1,413",
    previous_issue="1,407",
    next_issue="1,414",
)
DAY = day_of(FERRY, BRIDGE, LIST)


BRITISH = DigestSettings("world", "World", language="en-GB")


def rendered(day: DigestDay, format: str, **changes: Any) -> tuple[RenderedFile, ...]:
    """A day in a format, in British English unless the settings are changed."""
    return render(compose(day, replace(BRITISH, **changes)), format)


# --- reading back ----------------------------------------------------------------------------------

Bullet = tuple[str, list[tuple[str, str]]]  # outlet; headline and link of each linked article


def sections(markdown: str) -> list[tuple[str, list[Bullet]]]:
    """Return the headings with the bullets under each; the first heading is "" for none yet."""
    found: list[tuple[str, list[Bullet]]] = [("", [])]
    blocks = MarkdownIt("commonmark").parse(markdown)
    for index, block in enumerate(blocks):
        if block.type != "inline":
            continue
        if blocks[index - 1].type == "heading_open":
            found.append((within(block.children or [])[0][1], []))
        elif blocks[index - 2].type == "list_item_open":
            found[-1][1].append(bullet(block.children or []))
    return found


def bullet(tokens: Sequence[Token]) -> Bullet:
    runs = within(tokens)
    [outlet] = [text for place, text in runs if place == "strong_open"]
    return outlet, [(text, place) for place, text in runs if place.startswith("http")]


def within(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Return a line's texts with where each stands: in bold, in a link to somewhere, or plainly ("")."""
    runs = [("", "")]
    for token in tokens:
        if token.type == "text":
            place, text = runs.pop()
            runs.append((place, text + token.content))
        else:
            place = "" if token.type.endswith("_close") else str(token.attrs.get("href", token.type))
            runs.append((place, ""))
    return runs


def text_of(files: Sequence[RenderedFile], path: str) -> str:
    return {file.path: file.text for file in files}[path]


def post(day: DigestDay, name: str) -> tuple[dict[str, Any], str]:
    """Return front matter and body of one Hugo post."""
    text = text_of(rendered(day, "hugo"), f"hugo/{name}.md")
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


# --- Markdown --------------------------------------------------------------------------------------


def test_markdown_day_reads_like_this() -> None:
    [file] = rendered(DAY, "markdown")

    assert file.path == "2026-01-07-world.md"
    assert (
        file.text
        == """\
# World: 7 January 2026

3 stories from 4 outlets on Wednesday, 7 January 2026 (3 new); times in Europe/Berlin.

## Ferry runs aground off Skagen

New · first seen 09:14 · 2 outlets · 3 headlines

- **Harbour Post**: [Ferry runs aground off Skagen](https://harbour.example/a_\\(b\\)?c=1&d=2); \
214 brought ashore near Skagen
- **Nordlicht Kurier**: [Fähre läuft vor Skagen auf Grund](https://nordlicht.example/%C3%A4)

## Also reported

- **Valley Times**: [Bridge to close for repairs](https://valley.example/2)
- **Gulf Dispatch**: [Avaria: list of key events, day 1,413](https://gulf.example/3) \
(Series: previous 1,407, next 1,414)

Feeds: [news.google.com](https://news.google.com/rss/topics/CAAqB?hl=en-US&gl=US&ceid=US:en)
"""
    )


TITLES = {
    "dated": ({}, "World: 7 January 2026"),
    "counted": ({"number": 1413}, "World: list of key events, day 1,413"),
    "addendum": ({"addendum": 1}, "World: 7 January 2026, addendum"),
    "hostile": ({"title": "*World*\n# x"}, "*World* # x: 7 January 2026"),
}


@pytest.mark.parametrize(("changes", "title"), TITLES.values(), ids=TITLES.keys())
def test_title_in_both_formats(changes: dict[str, Any], title: str) -> None:
    day = replace(DAY, **changes)
    [file] = rendered(day, "markdown")
    name = "2026-01-07-world" + ("-addendum" if day.is_addendum else "")

    assert sections(file.text)[1][0] == title
    assert post(day, name)[0]["title"] == title


ON_DAY = "on Wednesday, 7 January 2026"
DEKS = {
    "counts and states": (
        DAY,
        f"3 stories from 4 outlets {ON_DAY} (3 new); times in Europe/Berlin.",
    ),
    "one of each": (
        day_of(BRIDGE),
        f"1 story from 1 outlet {ON_DAY} (1 new); times in Europe/Berlin.",
    ),
    "states in their order": (
        day_of(replace(BRIDGE, status=StoryStatus.ONGOING), replace(LIST, status=StoryStatus.UPDATED), FERRY),
        f"3 stories from 4 outlets {ON_DAY} (1 new, 1 updated, 1 ongoing); times in Europe/Berlin.",
    ),
    "addendum": (
        day_of(BRIDGE, addendum=1),
        f"1 story that arrived late from 1 outlet {ON_DAY} (1 new); times in Europe/Berlin.",
    ),
    "nothing": (day_of(), f"No stories were found for World {ON_DAY}."),
    "nothing late": (
        day_of(addendum=1),
        f"Nothing was added to World {ON_DAY}.",
    ),
}


@pytest.mark.parametrize(("day", "dek"), DEKS.values(), ids=DEKS.keys())
def test_dek(day: DigestDay, dek: str) -> None:
    [file] = rendered(day, "markdown")

    assert file.text.split("\n\n")[1].rstrip() == dek


FACTS = {
    "new": (FERRY, "New · first seen 09:14 · 2 outlets · 3 headlines"),
    "seen the evening before": (
        replace(FERRY, first_seen=MORNING - timedelta(hours=12), status=StoryStatus.UPDATED, outlets_total=5),
        "Updated, day 2 · first seen 6 January 2026, 21:14 · 2 outlets · 3 headlines · 5 outlets in all",
    ),
    "the local day counts, not that of UTC": (
        replace(FERRY, first_seen=datetime(2026, 1, 6, 23, 30, tzinfo=UTC), status=StoryStatus.ONGOING),
        "Ongoing · first seen 00:30 · 2 outlets · 3 headlines",
    ),
    "seen after the day it is dated": (
        replace(FERRY, first_seen=MORNING + timedelta(days=1)),
        "New · first seen 8 January 2026, 09:14 · 2 outlets · 3 headlines",
    ),
}


@pytest.mark.parametrize(("shown", "line"), FACTS.values(), ids=FACTS.keys())
def test_facts(shown: DigestStory, line: str) -> None:
    [file] = rendered(day_of(shown), "markdown")

    assert line in file.text.split("\n\n")


ISSUE = article("Avaria: list of key events, Day 1,413", "Valley Times")
NEIGHBOURS = {
    "every headline an issue": ((LIST.articles[0], ISSUE), True),
    "one list among the headlines": ((*FERRY.articles, LIST.articles[0]), False),
}


@pytest.mark.parametrize(("articles", "named"), NEIGHBOURS.values(), ids=NEIGHBOURS.keys())
def test_neighbours_are_named_where_the_story_is_an_issue(
    articles: tuple[DigestArticle, ...], named: bool
) -> None:
    [file] = rendered(day_of(replace(LIST, articles=articles)), "markdown")

    assert ("Series: previous 1,407, next 1,414" in file.text.split("\n\n")) is named


def test_articles_without_outlet_or_headline_are_named_so() -> None:
    [file] = rendered(
        day_of(story(1, article("\u202e", "\x00"), article("Ferry sinks off Skagen", "B"))), "markdown"
    )

    assert sections(file.text)[2] == (
        "Ferry sinks off Skagen",
        [
            ("Unnamed outlet", [("(no headline)", "https://outlet.example/1")]),
            ("B", [("Ferry sinks off Skagen", "https://outlet.example/1")]),
        ],
    )


NAMES = {
    "one": (["A"], "A"),
    "two": (["A", "B"], "A and B"),
    "three": (["A", "B", "C"], "A, B and C"),
    "four": (["A", "B", "C", "D"], "A, B and 2 others"),
}


@pytest.mark.parametrize(("items", "expected"), NAMES.values(), ids=NAMES.keys())
def test_names(items: list[str], expected: str) -> None:
    assert language_of("en").names(items) == expected


# --- Hugo ------------------------------------------------------------------------------------------


def test_hugo_makes_a_post_of_the_day_and_of_each_story() -> None:
    assert [file.path for file in rendered(DAY, "hugo")] == [
        "hugo/2026-01-07-world.md",
        "hugo/2026-01-07-world/story-412.md",
        "hugo/2026-01-07-world/story-413.md",
        "hugo/2026-01-07-world/story-414.md",
    ]


def test_story_post_has_the_keys_with_right_values() -> None:
    front, body = post(DAY, "2026-01-07-world/story-412")

    berlin_morning = front.pop("date")
    assert berlin_morning == MORNING
    assert berlin_morning.utcoffset() == timedelta(hours=1)
    assert front == {
        "title": "Ferry runs aground off Skagen",
        "description": "Reported by Harbour Post and Nordlicht Kurier: Ferry runs aground off Skagen",
        "summary": "7 January 2026: New · first seen 09:14 · 2 outlets · 3 headlines. “Fähre läuft vor "
        "Skagen auf Grund” (Nordlicht Kurier); “214 brought ashore near Skagen” (Harbour Post)",
        "slug": "ferry-runs-aground-off-skagen",
        "image": "",
        "link": "https://harbour.example/a_(b)?c=1&d=2",
        "source": TOPIC_FEED,
        "categories": ["World"],
        "tags": ["Skagen", "Grund"],
        "draft": False,
        "outlets": ["Harbour Post", "Nordlicht Kurier"],
        "story_id": 412,
        "day": "2026-01-07",
    }
    assert sections(body) == [
        (
            "",
            [
                (
                    "Harbour Post",
                    [("Ferry runs aground off Skagen", "https://harbour.example/a_(b)?c=1&d=2")],
                ),
                (
                    "Nordlicht Kurier",
                    [("Fähre läuft vor Skagen auf Grund", "https://nordlicht.example/%C3%A4")],
                ),
            ],
        )
    ]
    assert "; 214 brought ashore near Skagen\n" in body


def test_story_of_a_series_says_so() -> None:
    front, body = post(DAY, "2026-01-07-world/story-414")

    assert front["series"] == ["avaria: list of key events"]
    assert front["serial"] == "1,413"
    assert front["slug"] == "avaria-list-of-key-events-day-1413"
    assert "Series: previous 1,407, next 1,414" in body.split("\n\n")


def test_day_post() -> None:
    front, body = post(replace(DAY, number=1413), "2026-01-07-world")

    assert front["title"] == "World: list of key events, day 1,413"
    assert front["date"] == datetime(2026, 1, 7, 22, 59, 59, tzinfo=UTC)
    assert front["slug"] == "2026-01-07-world"
    assert front["serial"] == "1,413"
    assert front["description"].startswith("Ferry runs aground off Skagen; Bridge to close for repairs; ")
    assert front["summary"].startswith("3 stories from 4 outlets on Wednesday, 7 January 2026")
    assert front["outlets"] == ["Harbour Post", "Nordlicht Kurier", "Valley Times", "Gulf Dispatch"]
    assert [heading for heading, _ in sections(body)] == [
        "",
        "Ferry runs aground off Skagen",
        "Also reported",
    ]


def test_day_without_stories_or_feeds() -> None:
    front, body = post(day_of(source_urls=()), "2026-01-07-world")

    assert (front["source"], front["tags"], front["outlets"]) == ("", [], [])
    assert body.strip() == front["description"] == f"No stories were found for World {ON_DAY}."


DATES = {
    "as published": (datetime(2026, 1, 7, 6, tzinfo=UTC), "2026-01-07T07:00:00+01:00"),
    "published is of another day": (datetime(2026, 1, 5, 6, tzinfo=UTC), "2026-01-07T09:14:00+01:00"),
    "published is of the local day only": (
        datetime(2026, 1, 6, 23, 30, tzinfo=UTC),
        "2026-01-07T00:30:00+01:00",
    ),
    "not given": (None, "2026-01-07T09:14:00+01:00"),
}


@pytest.mark.parametrize(("published", "expected"), DATES.values(), ids=DATES.keys())
def test_date_of_a_story_post(published: datetime | None, expected: str) -> None:
    lead = replace(FERRY.articles[0], published=published)
    front, _ = post(day_of(replace(FERRY, articles=(lead,))), "2026-01-07-world/story-412")

    assert front["date"].isoformat() == expected


LINKS = {
    "the lead's": (["https://a.example/", "https://b.example/"], "https://a.example/"),
    "another's if the lead has none": ([None, "https://b.example/"], "https://b.example/"),
    "never a script": (["javascript:alert(1)", "data:x"], ""),
}


@pytest.mark.parametrize(("links", "expected"), LINKS.values(), ids=LINKS.keys())
def test_link_of_a_story_post(links: list[str | None], expected: str) -> None:
    shown = story(1, *(article(f"Ferry {n}", f"Outlet {n}", link) for n, link in enumerate(links)))

    assert post(day_of(shown), "2026-01-07-world/story-1")[0]["link"] == expected


def test_description_prefers_the_feeds_own_words_and_ends_at_a_word() -> None:
    lead = replace(FERRY.articles[0], summary="The ferry with 214 people\non board " * 20)
    front, _ = post(day_of(replace(FERRY, articles=(lead,))), "2026-01-07-world/story-412")

    assert front["description"].startswith("Reported by Harbour Post: The ferry with 214 people on board")
    assert 280 < len(front["description"]) <= 300
    assert front["description"].removesuffix("…").split()[-1] in lead.summary.split()


def test_equal_slugs_of_a_day_are_told_apart() -> None:
    day = day_of(
        story(7, article("Storm!", "A")), story(8, article("Storm", "B")), story(9, article("…", "C"))
    )
    slugs = [post(day, f"2026-01-07-world/story-{number}")[0]["slug"] for number in (7, 8, 9)]

    assert slugs == ["storm-7", "storm-8", "story-9"]


# --- all formats -----------------------------------------------------------------------------------

PIECES = [
    *("{{< x >}}", "{{% y %}}", "{% raw %}", "<script>alert(1)</script>", "<!--more-->", "```", "\\", "|"),
    *("[l](https://evil.example/a)", "![i](https://evil.example/b)", "https://evil.example/c", "&copy;"),
    *(
        '"\n---\ntitle: x\n',
        "- ",
        "# ",
        "1. ",
        "===",
        "*a*",
        "_b_",
        "**",
        "`c`",
        "\x00\x1b",
        "\u202e",
        "\ud800",
    ),
    *("Ferry", "Skagen", "北京", "Київ", "🎉", "مرحبا", " ", ": ", "; "),
]
hostile = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
address = st.builds(
    "{}{}".format,
    st.sampled_from(
        ["https://outlet.example/", "javascript:", "//evil.example/", "https://e\\@evil.example/"]
    ),
    hostile,
)
hostile_articles = st.lists(st.builds(article, hostile, hostile, address | st.none()), min_size=1, max_size=4)


@given(hostile_articles, hostile)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
def test_hostile_texts_come_back_and_do_nothing(articles: list[DigestArticle], text: str) -> None:
    shown = story(1, *articles, series=text or None, serial=text or None, previous_issue=text or None)
    day = day_of(shown, title=f"World {text}")
    linked = {
        (scrub(one.headline) or "(no headline)", safe_url(one.link)) for one in articles if safe_url(one.link)
    }

    front, body = post(day, "2026-01-07-world/story-1")
    documents = [rendered(day, "markdown")[0].text, post(day, "2026-01-07-world")[1], body]

    for document in documents:
        found = [bullet for _, bullets in sections(document) for bullet in bullets]
        assert {outlet for outlet, _ in found} == {scrub(one.outlet) or "Unnamed outlet" for one in articles}
        assert {link for _, links in found for link in links} <= linked
        assert {url for _, links in found for _, url in links} == {url for _, url in linked}
        html = MarkdownIt("commonmark").render(document)
        assert set(re.findall(r"<([a-z0-9]+)", html)) <= {"h1", "h2", "p", "ul", "li", "strong", "a"}
        assert not re.search(r"\{\{|\{%", document)
    assert front["title"] in {scrub(one.headline) or "(no headline)" for one in articles}
    assert [name.startswith("World") and "/" not in name for name in front["categories"]] == [True]
    assert front["draft"] is False
    assert len(front["description"]) <= 300


@pytest.mark.parametrize("format", FORMATS)
def test_paths_are_plain_and_of_one_format_only(format: str) -> None:
    hostile_topic = replace(DAY, topic="../../Світ {{")
    others = {file.path for other in FORMATS if other != format for file in rendered(hostile_topic, other)}

    for file in rendered(hostile_topic, format):
        assert re.fullmatch(r"[a-z/_]*2026-01-07-svit[a-z0-9/.-]*\.[a-z]+", file.path)
        assert file.path not in others


def test_unknown_format_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"'pdf'.*hugo, .*markdown"):
        rendered(DAY, "pdf")


def test_settings_and_renderers_name_the_same_formats() -> None:
    assert set(FORMATS) == set(DIGEST_FORMATS)


SCRIPT = """
import hashlib, sys
from tests.test_publish import DAY, rendered
from aggregator.publish import FORMATS
text = repr([rendered(DAY, name) for name in sorted(FORMATS)])
print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_same_day_gives_the_same_bytes_in_every_process() -> None:
    ours = hashlib.sha256(repr([rendered(DAY, name) for name in sorted(FORMATS)]).encode()).hexdigest()
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "de_DE.UTF-8"}
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | elsewhere,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == ours
