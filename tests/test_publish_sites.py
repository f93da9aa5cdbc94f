"""Plain text, the key-events page and the posts of Jekyll, Zola and Eleventy; and that reading back refuses."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import PublishError
from aggregator.model import DigestArticle, DigestDay, DigestStory, RenderedFile, StoryStatus
from aggregator.publish import compose, render
from aggregator.publish.digest import VERIFIERS
from aggregator.publish.front_matter import read_toml, read_yaml, split, toml_text, yaml_text
from aggregator.publish.text import scrub
from aggregator.publish.text_format import COLUMNS, columns, wrapped
from aggregator.settings import DigestSettings, DigestStyle, SectionSettings

MORNING = datetime(2026, 1, 7, 8, 14, tzinfo=UTC)
SETTINGS = DigestSettings("world", "World")
TOLD = "The ferry Alba with 180 people aboard ran aground off the Kestrel Islands on Wednesday."


def article(headline: str, outlet: str, **changes: Any) -> DigestArticle:
    address = f"https://{outlet.casefold()}.example/1"
    return replace(DigestArticle(headline, outlet, address, None, MORNING), **changes)


def story(story_id: int, *articles: DigestArticle, **changes: Any) -> DigestStory:
    plain = DigestStory(
        *(story_id, articles[0].headline, StoryStatus.NEW, articles, MORNING, MORNING),
        articles_total=len(articles),
        outlets_total=len(articles),
    )
    return replace(plain, **changes)


FERRY = story(
    1,
    article("Ferry runs aground off Kestrel Islands", "Alba", summary=TOLD),
    article("Kestrel ferry stranded with 180 aboard", "Brig", link=None),
)
TALKS = story(
    2,
    article("Delegates back in Vennhavn on day 212 of talks", "Cairn"),
    series="delegates back in vennhavn on of talks",
    serial="212",
    previous_issue="211",
)
DAY = DigestDay(
    *("world", "World", date(2026, 1, 7), "UTC", (FERRY, TALKS)),
    number=1413,
    source_urls=("https://alba.example/feed",),
)


# --- plain text ------------------------------------------------------------------------------------


def test_text_day_reads_like_this() -> None:
    [file] = render(compose(DAY, SETTINGS), "text")

    assert file.path == "2026-01-07-world.txt"
    assert (
        file.text
        == """\
World: list of key events, day 1,413
====================================

2 stories from 3 outlets on Wednesday, January 7, 2026 (2 new); times in UTC.

Ferry runs aground off Kestrel Islands
--------------------------------------
New · first seen 08:14 · 2 outlets · 2 headlines

* Alba: Ferry runs aground off Kestrel Islands
  https://alba.example/1
* Brig: Kestrel ferry stranded with 180 aboard

Also reported
=============

* Cairn: Delegates back in Vennhavn on day 212 of talks
  https://cairn.example/1
  Series: previous 211

Feeds:
  https://alba.example/feed
"""
    )


WRAPPED = {
    "short": ("one two", "one two"),
    "at a space": ("word " * 20, "\n".join([" ".join(["word"] * 15), "  " + " ".join(["word"] * 5)])),
    "a long word anywhere": ("x" * 100, "x" * 76 + "\n  " + "x" * 24),
    "wide characters are two columns": ("渡" * 50, "渡" * 38 + "\n  " + "渡" * 12),
}


@pytest.mark.parametrize(("text", "expected"), WRAPPED.values(), ids=WRAPPED.keys())
def test_wrapped(text: str, expected: str) -> None:
    assert wrapped(text, hanging="  ") == expected


@given(st.text(st.characters(codec="utf-8")).map(scrub))
def test_no_line_is_wider_and_nothing_is_lost(text: str) -> None:
    lines = wrapped(text, "* ", "  ")

    assert all(columns(line) <= COLUMNS for line in lines.split("\n"))
    assert "".join(lines[1:].split()) == "".join(text.split())


# --- key events ------------------------------------------------------------------------------------


def test_key_events_read_like_this() -> None:
    sections = (SectionSettings("Sea", words=("ferr*",)),)
    settings = replace(SETTINGS, style=DigestStyle.KEY_EVENTS, sections=sections)
    [markdown] = render(compose(DAY, settings), "markdown")
    [text] = render(compose(DAY, settings), "text")

    assert (
        markdown.text
        == """\
# World: list of key events, day 1,413

The key developments of day 1,413: 2 stories from 3 outlets; times in UTC.

Here is where things stand on Wednesday, January 7:

## Sea

- The ferry Alba with 180 people aboard ran aground off the Kestrel Islands on Wednesday. — \
[Alba](https://alba.example/1), also Brig

## Also reported

- Delegates back in Vennhavn on day 212 of talks — [Cairn](https://cairn.example/1) (Series: previous 211)

Feeds: [alba.example](https://alba.example/feed)
"""
    )
    assert (
        """\
Sea
===

* The ferry Alba with 180 people aboard ran aground off the Kestrel Islands on
  Wednesday. — Alba, also Brig
  https://alba.example/1
"""
        in text.text
    )


def test_a_section_puts_a_level_of_headings_above_its_stories() -> None:
    settings = replace(SETTINGS, sections=(SectionSettings("Sea", words=("ferr*",)),))
    [file] = render(compose(DAY, settings), "markdown")

    assert "\n## Sea\n\n### Ferry runs aground off Kestrel Islands\n" in file.text


# --- posts -----------------------------------------------------------------------------------------


def front_of(format: str, path: str) -> dict[str, Any]:
    files = {file.path: file.text for file in render(compose(DAY, SETTINGS), format)}
    if format == "zola":
        return tomllib.loads(files[path].split("+++\n")[1])
    read = yaml.safe_load(files[path].split("---\n")[1])
    assert isinstance(read, dict)
    return read


PATHS = {
    "hugo": ["hugo/2026-01-07-world.md", "hugo/2026-01-07-world/story-1.md"],
    "jekyll": ["jekyll/_posts/2026-01-07-world.md", "jekyll/_posts/2026-01-07-world-story-1.md"],
    "zola": ["zola/2026-01-07-world.md", "zola/2026-01-07-world-story-1.md"],
    "eleventy": ["eleventy/2026-01-07-world.md", "eleventy/2026-01-07-world/story-1.md"],
}


@pytest.mark.parametrize(("format", "paths"), PATHS.items(), ids=PATHS.keys())
def test_paths_of_posts(format: str, paths: list[str]) -> None:
    assert [file.path for file in render(compose(DAY, SETTINGS), format)][:2] == paths


def test_a_days_tags_are_what_most_outlets_report_about() -> None:
    outlets = ("Alba", "Brig", "Cairn")
    one = story(
        1, *(article(f"Ferry aground off Kestrel, report {n}", name) for n, name in enumerate(outlets))
    )
    two = story(
        2, article("Delegates return to Vennhavn", "Dane"), article("Talks in Vennhavn resume", "Esk")
    )
    three = story(
        3, article("Fleet leaves for Vennhavn harbour", "Fane"), article("Vennhavn awaits fleet", "Gull")
    )
    day = replace(DAY, stories=(two, one, three))

    [post, *_] = render(compose(day, SETTINGS), "hugo")

    tags = yaml.safe_load(post.text.split("---\n")[1])["tags"]
    assert tags.index("Vennhavn") < tags.index("Kestrel")


@pytest.mark.parametrize(("format", "paths"), PATHS.items(), ids=PATHS.keys())
def test_every_generator_has_the_title_the_date_and_the_tags(format: str, paths: list[str]) -> None:
    front = front_of(format, paths[1])

    assert front["title"] == "Ferry runs aground off Kestrel Islands"
    assert front["date"] == MORNING
    assert (front.get("taxonomies") or front)["tags"]
    assert (front.get("extra") or front)["outlets"] == ["Alba", "Brig"]


def test_jekyll_posts_are_published_under_an_address_of_their_own() -> None:
    front = front_of("jekyll", PATHS["jekyll"][1])

    assert front["layout"] == "post"
    assert front["published"] is True
    assert front["permalink"] == "/2026-01-07-world/ferry-runs-aground-off-kestrel-islands/"
    assert front["excerpt"].startswith("January 7, 2026: New")


def test_eleventy_posts_have_an_address_of_their_own() -> None:
    assert front_of("eleventy", PATHS["eleventy"][0])["permalink"] == "/2026-01-07-world/"


def test_zola_posts_have_our_keys_in_extra_only() -> None:
    front = front_of("zola", PATHS["zola"][1])

    assert set(front) == {"title", "date", "description", "draft", "path", "taxonomies", "extra"}
    assert front["path"] == "2026-01-07-world/ferry-runs-aground-off-kestrel-islands"
    assert front["taxonomies"]["categories"] == ["World"]
    assert front["extra"]["story_id"] == 1


PIECES = ['"', "\\", "\n---\n", "\n+++\n", "{{", "\x7f", "\x00", "\ud800", "🎉", "é", ": ", "- ", "#", "x"]
hostile = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@given(hostile, st.lists(hostile, max_size=3))
def test_front_matter_comes_back(text: str, items: list[str]) -> None:
    values = {"title": text, "date": MORNING, "draft": False, "story_id": 7, "tags": items}
    expected = values | {"title": scrub(text), "tags": [scrub(item) for item in items]}
    in_yaml, _ = split(yaml_text(values) + "\nbody\n", "---")
    in_toml, _ = split(toml_text({"": values, "extra": {"a": text}}) + "\nbody\n", "+++")

    assert read_yaml(in_yaml) == expected == yaml.safe_load(in_yaml)
    assert read_toml(in_toml) == expected | {"extra": {"a": scrub(text)}}


NOT_OURS = {
    "no key": "title",
    "a key twice": 'title: "a"\ntitle: "b"',
    "a text without quotes": "title: a b",
    "a second document": 'title: "a"\n---\nb: 1',
}


@pytest.mark.parametrize("front", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_front_matter_that_is_not_ours_is_refused(front: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of json, datetime or ours
        read_yaml(front)


# --- reading back ----------------------------------------------------------------------------------

BROKEN: dict[str, tuple[str, Callable[[str], str], str]] = {
    "a heading from nowhere": ("markdown", lambda text: text + "\n# More\n", "heading"),
    "a foreign link": ("markdown", lambda text: text + "\n[x](https://evil.example/)\n", "link"),
    "another address": ("markdown", lambda text: text.replace("alba.example/1", "evil.example"), "link"),
    "raw HTML": ("markdown", lambda text: text + "\n<script>x</script>\n", "html_block"),
    "a picture": ("markdown", lambda text: text + "\n![x](https://alba.example/x)\n", "image"),
    "a headline lost in text": ("text", lambda text: text.replace("aground", "adrift"), "does not have"),
    "a line too wide": ("text", lambda text: text + "x" * 79 + "\n", "79 columns"),
    "no end of the front matter": ("hugo", lambda text: text.replace("\n---\n", "\n"), "front matter"),
    "another title": ("jekyll", lambda text: text.replace("title: ", 'title: "x" #'), "front matter"),
    "broken TOML": ("zola", lambda text: text.replace("title = ", "title "), "front matter"),
    "a link in a post": ("eleventy", lambda text: text + "\n[x](https://evil.example/)\n", "link"),
}


@pytest.mark.parametrize(("format", "spoil", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_does_not_read_back_is_not_published(
    format: str, spoil: Callable[[str], str], message: str
) -> None:
    issue = compose(DAY, SETTINGS)
    first, *others = render(issue, format)
    VERIFIERS[format](issue, [first, *others])

    with pytest.raises(PublishError, match=message) as refusal:
        VERIFIERS[format](issue, [RenderedFile(first.path, spoil(first.text)), *others])
    assert first.path in str(refusal.value)


def test_title_of_a_post_is_compared() -> None:
    issue = compose(DAY, SETTINGS)
    first, *others = render(issue, "hugo")
    other = RenderedFile(first.path, first.text.replace(json.dumps(issue.title), '"Another"'))

    with pytest.raises(PublishError, match="title 'Another'"):
        VERIFIERS["hugo"](issue, [other, *others])


TERMS = {
    "a name stays": ("Harbour Post", ["Harbour Post"]),
    "a slash would make two folders": ("AC/DC \\ news", ["AC-DC - news"]),
    "folders above": ("../../../etc/passwd", ["etc-passwd"]),
    "nothing but dots": ("..", []),
    "longer than a folder's name": ("w" * 400, ["w" * 59 + "…"]),
}


@pytest.mark.parametrize(("name", "expected"), TERMS.values(), ids=TERMS.keys())
def test_a_series_is_a_term_that_can_be_a_folder(name: str, expected: list[str]) -> None:
    day = replace(DAY, stories=(replace(FERRY, series=name),))
    front, _ = split(render(compose(day, SETTINGS), "hugo")[1].text, "---")

    assert yaml.safe_load(front)["series"] == expected
