"""Pages, documents, feeds, books and tables of an issue, read back with the parsers of their consumers."""

import csv
import io
import json
import re
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import jsonschema
import pyarrow.parquet
import pytest

from aggregator.errors import PublishError, UsageError
from aggregator.model import (
    DayCount,
    DigestArticle,
    DigestDay,
    DigestStory,
    RenderedFile,
    StoryStatus,
)
from aggregator.publish.files import write_files
from aggregator.publish.formats import RENDERERS, VERIFIERS, make_renderers
from aggregator.publish.formats.charts import hours_of_day
from aggregator.publish.formats.epub import title_lines
from aggregator.publish.formats.html import Page, read_page
from aggregator.publish.formats.json_digest import SCHEMA
from aggregator.publish.formats.reading import Carrier, wordings
from aggregator.publish.formats.story_feeds import entry_id, updated_at
from aggregator.publish.formats.templating import DEFAULTS
from aggregator.publish.issue import Issue, IssueStory, OutletReports, Phrases, Section

DAY = date(2026, 1, 7)
MORNING = datetime(2026, 1, 7, 8, 14, tzinfo=UTC)
PHRASES = Phrases(
    contents="Contents",
    feeds="Feeds",
    reported_by="Reported by",
    first_seen="first seen",
    coverage="Articles by hour",
    week="The last seven days",
    no_stories="No stories on this day.",
    read_at="Read at {outlet}",
)
COVERAGE = (0,) * 9 + (2, 1) + (0,) * 13


# --- making issues -----------------------------------------------------------------------------------


def article(headline: str, outlet: str, link: str | None, *, minutes: int = 0, **more: Any) -> DigestArticle:
    seen = MORNING + timedelta(minutes=minutes)
    return DigestArticle(headline, outlet, link, published=seen, first_seen=seen, feed_link=link, **more)


def story(story_id: int, *articles: DigestArticle, **changes: Any) -> IssueStory:
    """A story of these articles as `compose` would show it, headed by its lead."""
    outlets = dict.fromkeys(one.outlet for one in articles)
    plain = DigestStory(
        story_id=story_id,
        headline=articles[0].headline,
        status=StoryStatus.NEW,
        articles=articles,
        first_seen=MORNING,
        last_seen=articles[-1].first_seen,
        articles_total=len(articles),
        outlets_total=len(outlets),
    )
    return IssueStory(
        story=replace(plain, **changes),
        anchor=f"story-{story_id}",
        headline=articles[0].headline,
        link=articles[0].link,
        reports=tuple(
            OutletReports(outlet, tuple(one for one in articles if one.outlet == outlet))
            for outlet in outlets
        ),
        independent_outlets=len(outlets),
        status="new",
        facts=f"New · first seen 09:14 · {len(outlets)} outlets",
        neighbours="",
        coverage=COVERAGE,
        week=(DayCount(date(2026, 1, 6), 2, 1), DayCount(DAY, len(articles), len(outlets))),
    )


def issue(*sections: Section, also: Sequence[IssueStory] = (), **changes: Any) -> Issue:
    stories = [one for section in sections for one in section.stories] + list(also)
    day = DigestDay(
        topic="world",
        title="World",
        day=DAY,
        timezone="Europe/Berlin",
        stories=tuple(one.story for one in stories),
        number=1413,
        source_urls=("https://news.google.com/rss/topics/CAAqB?hl=en-US&gl=US&ceid=US:en",),
        week=(DayCount(DAY - timedelta(days=1), 9, 4, 5), DayCount(DAY, 12, 6, len(stories))),
    )
    plain = Issue(
        day=day,
        stem="2026-01-07-world",
        language="en-GB",
        title="World: list of key events, day 1,413",
        date_text="Wednesday, 7 January 2026",
        dek=f"{len(stories)} stories.",
        opening="Here is where things stand on Wednesday, 7 January 2026:",
        sections=sections,
        also_title="Also reported",
        also=tuple(also),
        phrases=PHRASES,
    )
    return replace(plain, **changes)


FERRY = story(
    412,
    article(
        *("Ferry runs aground off Skagen", "Harbour Post", "https://harbour.example/a_(b)?c=1&d=2"),
        summary="The ferry was on its way from Sundhavn with 214 people when it struck a reef in fog.",
    ),
    article("Fähre läuft vor Skagen auf Grund", "Nordlicht Kurier", "https://nordlicht.example/1", minutes=9),
    article("214 brought ashore near Skagen", "Harbour Post", None, minutes=40),
)
ACCORD = story(
    415,
    article("Avaria and Morland sign fishing accord", "The Meridian", "https://meridian.example/4"),
    article("Avaria and Morland sign fishing accord", "Radio Sund", "https://sund.example/5", minutes=3),
)
LIST = replace(
    story(
        414,
        article("Avaria: list of key events, day 1,413", "Gulf Dispatch", "https://gulf.example/3"),
        series="avaria: list of key events",
        serial="1,413",
        previous_issue="1,407",
        next_issue="1,414",
    ),
    neighbours="Series: previous 1,407, next 1,414",
)
ISSUE = issue(Section("Sea & coast", (FERRY,)), Section("Diplomacy", (ACCORD,)), also=(LIST,))
EMPTY = issue(opening="", dek="No stories were found.")


def rendered(of: Issue, format: str) -> tuple[RenderedFile, ...]:
    """Render, read back as before publishing, and return the files."""
    files = RENDERERS[format](of)
    VERIFIERS[format](of, files)
    return files


def links_of(of: Issue) -> set[str]:
    """Every address that may stand in a file of the issue."""
    articles = [one for shown in of.stories for report in shown.reports for one in report.articles]
    found = {one.link for one in articles} | {one.feed_link for one in articles}
    return {link for link in found | set(of.day.source_urls) if link}


def page_of(of: Issue) -> tuple[str, Page]:
    [file] = rendered(of, "html")
    return file.text, read_page(file)


# --- every format ------------------------------------------------------------------------------------

EVERY = pytest.mark.parametrize("format", RENDERERS)


def test_every_renderer_has_a_verifier() -> None:
    assert set(RENDERERS) == set(VERIFIERS)


@EVERY
def test_same_issue_gives_the_same_bytes(format: str) -> None:
    assert rendered(ISSUE, format) == make_renderers()[format](ISSUE)


@EVERY
def test_day_without_stories_is_a_file_too(format: str, tmp_path: Path) -> None:
    assert all(file.is_changed for file in write_files(tmp_path, rendered(EMPTY, format)))


@EVERY
def test_addendum_does_not_lie_where_its_day_lies(format: str) -> None:
    addendum = replace(ISSUE, stem="2026-01-07-world-addendum")
    paths = [file.path for of in (ISSUE, addendum) for file in rendered(of, format)]
    assert len(set(paths)) == len(paths)


def test_formats_share_one_folder() -> None:
    paths = [file.path for format in RENDERERS for file in rendered(ISSUE, format)]
    assert len(set(paths)) == len(paths)


@EVERY
def test_verifier_refuses_the_file_of_another_issue(format: str) -> None:
    other = issue(Section("Other", (story(412, article("Bridge closed", "Valley Times", None)),)))
    with pytest.raises(PublishError, match="2026-01-07-world"):
        VERIFIERS[format](other, RENDERERS[format](ISSUE))


@EVERY
def test_verifier_refuses_half_a_file(format: str) -> None:
    def half(file: RenderedFile) -> RenderedFile:
        if file.data is None:
            return replace(file, text=file.text[: len(file.text) // 2])
        return replace(file, data=file.data[: len(file.data) // 2])

    with pytest.raises(PublishError, match="2026-01-07-world"):
        VERIFIERS[format](ISSUE, tuple(map(half, RENDERERS[format](ISSUE))))


# --- HTML --------------------------------------------------------------------------------------------


def test_page_names_each_story_once_with_all_outlets_and_links() -> None:
    text, page = page_of(ISSUE)

    for shown in ISSUE.stories:
        assert shown.headline in page.text_of[shown.anchor]
        for report in shown.reports:
            assert report.outlet in page.text_of[shown.anchor]
            assert all(one.headline in page.text_of[shown.anchor] for one in report.articles)
    web = {address for address in page.addresses if not address.startswith("#")}
    assert web == links_of(ISSUE)
    assert re.findall("<h([1-6])[ >]", text) == ["1", "2", "3", "2", "3", "2"]
    assert page.tags >= {"header", "nav", "main", "section", "footer"}


def test_page_without_sections_skips_no_level_of_headings() -> None:
    text, page = page_of(issue(Section("", (FERRY, ACCORD)), also=(LIST,)))
    assert re.findall("<h([1-6])[ >]", text) == ["1", "2", "2", "2"]
    assert "nav" not in page.tags


KEY_EVENTS = issue(
    Section("", (replace(FERRY, fact="It struck a reef.", fact_source=FERRY.reports[0].articles[0]),)),
    Section("Diplomacy", (replace(ACCORD, fact="They signed.", also_by="also Radio Sund"),)),
    also=(LIST,),
    is_key_events=True,
)


@pytest.mark.parametrize("format", ["html", "epub"])
def test_key_event_is_one_bullet_with_who_says_so(format: str) -> None:
    [file] = rendered(KEY_EVENTS, format)
    text = (
        zipfile.ZipFile(io.BytesIO(file.body)).read("book/section-1.xhtml").decode()
        if file.data
        else file.text
    )
    [bullet] = re.findall(r'<li id="story-412">(.*?)</li>', text)
    said = re.sub("<[^>]+>", "", bullet).replace("&nbsp;", " ")
    assert said == "It struck a reef. — Harbour Post"
    assert 'href="https://harbour.example/a_(b)?c=1&amp;d=2"' in bullet


def test_page_asks_for_nothing_and_its_own_references_lead_somewhere() -> None:
    text, page = page_of(ISSUE)

    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert not page.tags & {"script", "img", "link", "iframe", "object", "form"}
    assert not re.search(r"@import|url\(", text)
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(set(ids)) == len(ids)
    inner = {address.removeprefix("#") for address in page.addresses if address.startswith("#")}
    named = {ident for value in re.findall(r'aria-labelledby="([^"]+)"', text) for ident in value.split()}
    assert inner | named <= set(ids)


def test_charts_say_their_numbers() -> None:
    _, page = page_of(ISSUE)

    assert page.text_of["story-412-h-t"] == "Articles by hour"
    assert page.text_of["story-412-h-d"] == "09:00 2, 10:00 1"
    assert page.text_of["story-412-w-d"].endswith("2026-01-05 0, 2026-01-06 2, 2026-01-07 3")
    assert page.text_of["week-d"].endswith("2026-01-06 5, 2026-01-07 3")


def test_story_of_one_day_has_no_week() -> None:
    _, page = page_of(issue(Section("Sea", (replace(FERRY, week=FERRY.week[-1:]),))))
    assert "story-412-w-t" not in page.text_of
    assert "story-412-h-t" in page.text_of


@pytest.mark.parametrize(
    ("day", "hours", "around_change"),
    [
        (date(2026, 3, 29), 23, ["01:00", "03:00"]),
        (date(2026, 10, 25), 25, ["02:00", "02:00"]),
        (DAY, 24, ["01:00", "02:00"]),
    ],
    ids=["spring forward", "fall back", "ordinary"],
)
def test_hours_of_a_day_follow_the_clock_change(day: date, hours: int, around_change: list[str]) -> None:
    named = hours_of_day(day, "Europe/Berlin", hours)
    at = 1 if hours != 25 else 2
    assert (named[0], named[at : at + 2], named[-1]) == ("00:00", around_change, "23:00")


def test_long_list_of_wordings_is_folded_and_still_there() -> None:
    said = [article(f"Headline in words {n}", f"Outlet {n}", f"https://o{n}.example/") for n in range(20)]
    text, page = page_of(issue(Section("Sea", (story(1, *said),))))

    assert "<details>" in text
    assert all(one.headline in page.text_of["story-1"] for one in said)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    digits = colour * 2 if len(colour) == 3 else colour
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palettes() -> Iterator[Mapping[str, str]]:
    for block in re.findall(r":root \{([^}]*--paper[^}]*)\}", (DEFAULTS / "digest.css").read_text()):
        yield dict(re.findall(r"--(\w+): #(\w+)", block))


@pytest.mark.parametrize("palette", list(palettes()), ids=["light", "dark", "print"])
@pytest.mark.parametrize("name", ["ink", "soft", "link", "bar"])
def test_every_colour_can_be_read_on_the_paper(palette: Mapping[str, str], name: str) -> None:
    lighter, darker = sorted([luminance(palette["paper"]), luminance(palette[name])], reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


# --- templates of the user ------------------------------------------------------------------------------


def test_own_template_stands_in_front_and_can_build_on_the_default(tmp_path: Path) -> None:
    own = '{% extends "default/digest.html" %}{% block footer %}<p>Harbour Weekly & {{ issue.title }}</p>'
    (tmp_path / "digest.html").write_text(own + "{% endblock %}")
    [file] = make_renderers(tmp_path)["html"](ISSUE)

    VERIFIERS["html"](ISSUE, [file])
    assert "<p>Harbour Weekly & World: list of key events" in file.text
    assert FERRY.headline in read_page(file).text_of["story-412"]


def test_part_of_a_book_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "epub").mkdir()
    (tmp_path / "epub" / "style.css").write_text("body { color: teal; }")
    [file] = make_renderers(tmp_path)["epub"](ISSUE)

    assert zipfile.ZipFile(io.BytesIO(file.body)).read("book/style.css") == b"body { color: teal; }"


def test_every_own_template_escapes_and_gets_no_dangerous_address(tmp_path: Path) -> None:
    (tmp_path / "digest.html").write_text(
        "{% for story in issue.stories %}<a href='{{ story.link }}'>{{ story.headline }}</a>{% endfor %}"
    )
    bad = story(1, article("<b>{{ 7 * 7 }}</b>", "Post", "javascript:alert(1)"))
    [file] = make_renderers(tmp_path)["html"](issue(Section("Sea", (bad,))))
    assert file.text == "<a href='None'>&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt;</a>"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("<p>\n{% if %}", "digest.html, line 2"),
        ("{{ issue.nothing }}", "nothing"),
        ('{% extends "elsewhere.html" %}', "elsewhere.html"),
        ('{% include "../secret.html" %}', "secret.html"),
    ],
    ids=["syntax", "unknown name", "no such template", "outside the folder"],
)
def test_wrong_template_is_a_sentence(tmp_path: Path, template: str, message: str) -> None:
    (tmp_path / "secret.html").write_text("secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "digest.html").write_text(template)
    with pytest.raises(PublishError, match=message):
        make_renderers(folder)["html"](ISSUE)


@pytest.mark.parametrize(
    "page",
    [
        "<script>1</script>",
        '<p onclick="x()">a</p>',
        '<a href=" JavaScript:alert(1)">a</a>',
        "<p><b>a</p>",
        "<p>a",
        "a</p>",
        '<iframe src="https://a.example/"></iframe>',
    ],
)
def test_page_that_acts_or_is_broken_is_refused(page: str) -> None:
    with pytest.raises(PublishError, match=r"^x\.html: "):
        VERIFIERS["html"](ISSUE, [RenderedFile("x.html", page)])


# --- JSON --------------------------------------------------------------------------------------------


def schema() -> Any:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@pytest.mark.parametrize("of", [ISSUE, EMPTY, KEY_EVENTS], ids=["full", "empty", "key events"])
def test_document_is_what_its_schema_says(of: Issue) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    [file] = rendered(of, "json")
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema(), format_checker=checker).validate(json.loads(file.text))


def test_schema_describes_every_key() -> None:
    closed = json.loads(SCHEMA.read_text(), object_hook=without_other_keys)
    [file] = rendered(KEY_EVENTS, "json")
    jsonschema.Draft202012Validator(closed).validate(json.loads(file.text))


def without_other_keys(part: dict[str, Any]) -> dict[str, Any]:
    return part | {"additionalProperties": False} if "properties" in part else part


# --- feeds of stories ----------------------------------------------------------------------------------


def test_atom_is_read_as_one_entry_for_each_story() -> None:
    [file] = rendered(ISSUE, "atom")
    feed = feedparser.parse(io.BytesIO(file.body))

    assert (feed.bozo, feed.version) == (False, "atom10")
    assert feed.feed.title == ISSUE.title
    assert feed.feed.id == "tag:headline-aggregator,2026:world"
    assert [entry.title for entry in feed.entries] == [shown.headline for shown in ISSUE.stories]
    assert [entry.link for entry in feed.entries] == [shown.link for shown in ISSUE.stories]
    assert feed.entries[0].id == "tag:headline-aggregator,2026-01-07:world/story-412"
    assert [tag.term for tag in feed.entries[0].tags] == ["Sea & coast"]
    assert feed.entries[0].published == "2026-01-07T08:14:00Z"
    content = feed.entries[0].content[0].value
    assert 'href="https://harbour.example/a_(b)?c=1&amp;d=2"' in content
    assert "Nordlicht Kurier" in content


def test_atom_has_what_the_standard_asks_for() -> None:
    [file] = rendered(EMPTY, "atom")
    feed = ET.fromstring(file.text)
    present = {child.tag.rpartition("}")[2]: child.text for child in feed}
    assert present.keys() >= {"id", "title", "updated", "author"}
    assert present["updated"] == "2026-01-07T23:00:00Z"  # the day's end in Berlin


def test_json_feed_has_the_same_entries() -> None:
    [file] = rendered(ISSUE, "jsonfeed")
    feed = json.loads(file.text)

    assert (feed["version"], feed["language"]) == ("https://jsonfeed.org/version/1.1", "en-GB")
    assert [item["id"] for item in feed["items"]] == [entry_id(ISSUE, shown) for shown in ISSUE.stories]
    assert feed["items"][0]["date_modified"] == "2026-01-07T08:23:00Z"
    assert feed["items"][0]["content_text"].splitlines()[1] == (
        "Harbour Post: Ferry runs aground off Skagen; 214 brought ashore near Skagen"
    )


LEAD = article("Ferry runs aground", "Harbour Post", "https://harbour.example/1")
UPDATES = {
    "one article": ((LEAD,), (), 0),
    "another outlet": ((LEAD, article("Aground", "The Meridian", None, minutes=5)), (), 5),
    "the same outlet again": ((LEAD, article("Live", "Harbour Post", None, minutes=5)), (), 0),
    "the same outlet with a new word": (
        (LEAD, article("Captain arrested", "Harbour Post", None, minutes=5)),
        ("arrested",),
        5,
    ),
    "the new word a second time": (
        (
            LEAD,
            article("Captain arrested", "Harbour Post", None, minutes=5),
            article("Arrested captain speaks", "Harbour Post", None, minutes=9),
        ),
        ("arrested",),
        5,
    ),
}


@pytest.mark.parametrize(("articles", "words", "minutes"), UPDATES.values(), ids=UPDATES.keys())
def test_entry_is_updated_by_what_matters(
    articles: tuple[DigestArticle, ...], words: tuple[str, ...], minutes: int
) -> None:
    assert updated_at(story(1, *articles, new_words=words)) == MORNING + timedelta(minutes=minutes)


def test_entry_keeps_its_id_on_the_next_day_and_a_new_store_has_others() -> None:
    tomorrow = replace(ISSUE, day=replace(ISSUE.day, day=DAY + timedelta(days=1)), stem="2026-01-08-world")
    later = replace(FERRY, story=replace(FERRY.story, last_seen=MORNING + timedelta(days=1)))
    anew = replace(FERRY, story=replace(FERRY.story, first_seen=MORNING + timedelta(days=40)))

    assert entry_id(tomorrow, later) == entry_id(ISSUE, FERRY)
    assert entry_id(ISSUE, anew) != entry_id(ISSUE, FERRY)


# --- EPUB --------------------------------------------------------------------------------------------


def book_of(of: Issue) -> zipfile.ZipFile:
    [file] = rendered(of, "epub")
    return zipfile.ZipFile(io.BytesIO(file.body))


def test_book_begins_with_its_media_type_as_it_is() -> None:
    [file] = rendered(ISSUE, "epub")
    assert file.body[30:58] == b"mimetypeapplication/epub+zip"
    assert {info.date_time for info in book_of(ISSUE).infolist()} == {(2026, 1, 7, 0, 0, 0)}


def test_book_has_cover_contents_and_a_chapter_for_each_section() -> None:
    book = book_of(ISSUE)
    spine = re.findall('idref="([^"]+)"', book.read("book/package.opf").decode())
    contents = re.findall('<a href="([^"]+)"', book.read("book/nav.xhtml").decode())

    assert spine == ["cover", "nav", "front", "section-1", "section-2", "also"]
    assert {"section-1.xhtml", "section-1.xhtml#story-412", "also.xhtml"} <= set(contents)
    for target in contents:
        name, _, anchor = target.partition("#")
        assert not anchor or f'id="{anchor}"' in book.read(f"book/{name}").decode()


TITLES = {
    "one line": ("World", ["World"]),
    "at spaces": (
        "World: list of key events, day 1,413",
        ["World: list of key", "events, day 1,413"],
    ),
    "wide letters": ("世" * 12, ["世" * 9, "世" * 3]),
    "one endless word": ("a" * 30, ["a" * 19, "a" * 11]),
    "far too long": ("word " * 60, ["word word word word"] * 4 + ["word word word…"]),
}


@pytest.mark.parametrize(("title", "lines"), TITLES.values(), ids=TITLES.keys())
def test_title_fits_the_cover(title: str, lines: list[str]) -> None:
    assert title_lines(title) == lines


# --- tables ------------------------------------------------------------------------------------------


def test_tables_as_a_spreadsheet_reads_them() -> None:
    stories, articles = rendered(ISSUE, "csv")
    assert stories.body.startswith(b"\xef\xbb\xbfday,topic,story_id,")
    assert stories.text.count("\r\n") == stories.text.count("\n") == 4

    rows = list(csv.DictReader(io.StringIO(articles.text.removeprefix("\ufeff"))))
    assert [(row["story_id"], row["outlet"], row["link"]) for row in rows[:3]] == [
        ("412", "Harbour Post", "https://harbour.example/a_(b)?c=1&d=2"),
        ("412", "Harbour Post", ""),
        ("412", "Nordlicht Kurier", "https://nordlicht.example/1"),
    ]


def test_tables_as_an_analyst_reads_them() -> None:
    stories, articles = (
        pyarrow.parquet.read_table(io.BytesIO(file.body)).to_pylist() for file in rendered(ISSUE, "parquet")
    )

    assert [row["headline"] for row in stories] == [shown.headline for shown in ISSUE.stories]
    assert stories[0]["day"] == DAY
    assert stories[0]["first_seen_at"] == MORNING
    assert stories[2]["serial"] == "1,413"
    assert len(articles) == 6


def test_parquet_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"headline-aggregator\[parquet\]"):
        RENDERERS["parquet"](ISSUE)


def test_feeds_name_the_address_that_readers_subscribe_to() -> None:
    of = replace(ISSUE, base_url="https://site.example/news")
    atom = feedparser.parse(io.BytesIO(rendered(of, "atom")[0].body))
    document = json.loads(rendered(of, "jsonfeed")[0].body)

    links = {link.rel: link.href for link in atom.feed.links}
    assert links == {
        "self": "https://site.example/news/world.atom",
        "alternate": "https://site.example/news/",
    }
    assert document["feed_url"] == "https://site.example/news/world.feed.json"
    assert document["home_page_url"] == "https://site.example/news/"


def test_headlines_that_differ_in_case_alone_are_one_and_an_outlet_is_named_once() -> None:
    told = story(
        1,
        article("Ferry aground: exclusive", "Harbour Post", None),
        article("Ferry aground: EXCLUSIVE", "Harbour Post", "https://harbour.example/2"),
        article("Ferry aground, exclusive", "Radio Sund", "https://sund.example/1"),
    )
    [wording] = wordings(told)

    assert wording.headline == "Ferry aground: exclusive"
    assert wording.carriers == (
        Carrier("Harbour Post", "https://harbour.example/2"),
        Carrier("Radio Sund", "https://sund.example/1"),
    )
