"""Lists of feeds: what every reader exports goes in, and what goes in comes out equal."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import parse_settings
from aggregator.config.editing import with_feeds
from aggregator.config.opml import Outline, opml_text, read_opml
from aggregator.config.subscriptions import Addition, Known, Refused, Subscriptions
from aggregator.errors import InputError

NOW = datetime(2026, 1, 7, 6, tzinfo=UTC)
FEED = '<outline type="rss" text="Pilot" xmlUrl="https://pilot.example/rss"/>'
PILOT = Outline("Pilot", "https://pilot.example/rss")


def document(body: str) -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def of(title: str = "Pilot", url: str = "https://pilot.example/rss", **others: object) -> list[Outline]:
    return [Outline(title, url, **others)]  # type: ignore[arg-type]


READ = {
    "a feed": (FEED, of()),
    "attributes in any case": ("<OUTLINE TEXT='Pilot' XMLURL='https://pilot.example/rss'/>", of()),
    "title where there is no text": ('<outline title="Pilot" xmlUrl="https://pilot.example/rss"/>', of()),
    "folders": (
        f'<outline text="News"><outline text="Ports">{FEED}</outline></outline>',
        of(folders=("News", "Ports")),
    ),
    "a category where there is no folder": (
        '<outline text="Pilot" xmlUrl="https://pilot.example/rss" category="/News/Ports,/Sea"/>',
        of(folders=("News", "Ports")),
    ),
    "the site and the language": (
        '<outline text="Pilot" xmlUrl="https://pilot.example/rss" htmlUrl="https://pilot.example/" language="de"/>',
        of(site="https://pilot.example/", language="de"),
    ),
    "bare and proper ampersands": (
        '<outline text="A &amp; B & C" xmlUrl="https://pilot.example/?a=1&amp;copy=2"/>',
        of("A & B & C", "https://pilot.example/?a=1&copy=2"),
    ),
    "one address twice is for the caller to see": (FEED + FEED, of() + of()),
    "outlines without an address are folders": ('<outline text="Empty"/>' + FEED, of()),
    "lists of lists are not followed": (
        '<outline type="include" text="x" url="https://x.example/l.opml"/>',
        [],
    ),
    "stray ends": (f"</outline></outline>{FEED}</outline></body>", of()),
    "a text that looks like an address is fetched by nobody": ("https://x.example/", []),
}


@pytest.mark.parametrize(("body", "outlines"), READ.values(), ids=READ.keys())
def test_a_list_is_read(body, outlines):
    assert read_opml(document(body), "list.opml") == outlines


CHARSETS = {
    "a byte-order mark": "utf-8-sig",
    "UTF-16": "utf-16",
    "windows-1251, as it says": "cp1251",
}


@pytest.mark.parametrize("codec", CHARSETS.values(), ids=CHARSETS.keys())
def test_a_list_in_any_charset(codec):
    label = {"cp1251": "windows-1251"}.get(codec, "utf-8")
    text = f'<?xml version="1.0" encoding="{label}"?><opml><body><outline text="Порт" xmlUrl="https://p.example/"/>'
    assert read_opml(text.encode(codec), "list.opml") == of("Порт", "https://p.example/")


BOMB = b'<!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><opml><outline text="&b;" xmlUrl="https://x.example/"/></opml>'
REFUSED = {
    "a bomb of entities": (BOMB, "entities"),
    "a web page": (b"<html><body>Sign in</body></html>", "no OPML"),
    "a feed": (b"<rss version='2.0'><channel/></rss>", "no OPML"),
    "nothing": (b"", "no OPML"),
    "a number of megabytes": (b"<opml>" + b" " * 50_000_000, "bytes"),
}


@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_list_is_refused_by_name(body, why):
    with pytest.raises(InputError, match=rf"list\.opml.*{why}"):
        read_opml(body, "list.opml")


PIECES = (
    "<opml>", "</opml>", "<outline ", "/>", ">", "</outline>", "text='", 'xmlUrl="https://x.example/', "'", '"', "<![CDATA[", "]]>",
    "<![x", "<!--", "-->", "<!DOCTYPE", "<?", "?>", "&", "&#xd800;", "&amp;", "xmlns:a='b'", "<a:outline", "category='/a/b,,/'",
    "<title>", "<script>", "</", "\0", "北", "type='source'", " ",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
    | st.text(max_size=60)
    | st.binary(max_size=60)
)
def test_any_document_is_a_list_or_refused(text):
    body = text if isinstance(text, bytes) else ("<opml>" + text).encode("utf-8", "replace")
    try:
        outlines = read_opml(body, "list.opml")
    except InputError:
        return
    judged = list(Subscriptions(parse_settings("")).judge_outlines(outlines, topic="news"))
    tables = [one.table for one in judged if isinstance(one, Addition)]
    assert len(parse_settings(with_feeds("", tables)).feeds) == len(tables)


def big_list(count: int) -> list[Outline]:
    """Outlines in folders within folders, in several scripts, with all that makes escaping hard."""
    return [
        Outline(
            title=f'Вісник «{number}» & 北京 "<b>" 👩\u200d👧 \\ №',
            url=f"https://feed{number}.example/rss?a={number}&b=ü&c='\"",
            site=f"https://feed{number}.example/",
            language="uk" if number % 3 else None,
            folders=(f"Країна {number // 500}", f"Місто & <{number // 50}>"),
        )
        for number in range(count)
    ]


def test_ten_thousand_feeds_go_in_and_come_out_equal():
    outlines = big_list(10_000)
    before = parse_settings("")
    judged = list(Subscriptions(before).judge_outlines(outlines, topic="news"))
    text = with_feeds("", [one.table for one in judged if isinstance(one, Addition)])
    feeds = parse_settings(text).feeds

    assert [one.feed for one in judged if isinstance(one, Addition)] == list(feeds)
    opml = opml_text(feeds, default_language="en", now=NOW)
    assert read_opml(opml.encode(), "list.opml") == outlines


def judge(**outline: object) -> Addition | Known | Refused:
    text = '[[feeds]]\nname = "Pilot"\ntopic = "Ports"\nurl = "https://pilot.example/rss"\n'
    asked = {"url": "https://harbour.example/rss", "name": "Harbour", "topic": "sea", **outline}
    return Subscriptions(parse_settings(text)).judge(**asked)  # type: ignore[arg-type]


TABLES = {
    "an address": ({}, {"name": "Harbour", "topic": "sea", "url": "https://harbour.example/rss"}),
    "no name: the host's": ({"name": " "}, {"name": "harbour.example"}),
    "a name that is taken": ({"name": "PILOT"}, {"name": "PILOT (2)"}),
    "a name of 150 characters": ({"name": "x" * 150}, {"name": "x" * 99 + "…"}),
    "a topic that is there in other letters": ({"topic": "ports"}, {"topic": "Ports"}),
    "a site": ({"site": "https://h.example/"}, {"site": "https://h.example/"}),
    "a site that is none is left out": ({"site": "javascript:alert(1)"}, {"site": None}),
    "another language": ({"language": "de-AT"}, {"language": "de-AT"}),
    "the usual language is not written": ({"language": "en-GB"}, {"language": None}),
    "a language that is none is left out": ({"language": "Deutsch!"}, {"language": None}),
    "a section of Google News": (
        {"url": "https://news.google.com/rss/headlines/section/topic/WORLD?hl=en-US&gl=US&ceid=US:en"},
        {"google_topic": "WORLD", "language": None, "url": None},
    ),
    "a section in another edition": (
        {"url": "https://news.google.com/home?hl=de&gl=AT&ceid=AT:de"},
        {"google_topic": "TOP", "language": "de", "country": "AT"},
    ),
    "a search on Google News": (
        {"url": "https://news.google.com/search?q=harbour%20when%3A1d&hl=en-US&gl=US&ceid=US%3Aen"},
        {"google_query": "harbour when:1d"},
    ),
    "a topic of Google News": (
        {"url": "https://news.google.com/topics/CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtVnVHZ0pWVXlnQVAB"},
        {"google_topic": "WORLD"},
    ),
    "a place on Google News": (
        {"url": "https://news.google.com/rss/headlines/section/geo/Porto%20Sol"},
        {"google_geo": "Porto Sol"},
    ),
}


@pytest.mark.parametrize(("outline", "keys"), TABLES.values(), ids=TABLES.keys())
def test_a_feed_becomes_a_table(outline, keys):
    judged = judge(**outline)
    assert isinstance(judged, Addition)
    assert {key: judged.table.get(key) for key in keys} == keys
    assert parse_settings(with_feeds("", [judged.table])).feeds == (judged.feed,)


NOT_ADDED = {
    "there already": ({"url": "https://pilot.example/rss"}, Known("Harbour", "Pilot")),
    "there already, but for the fragment": (
        {"url": "https://pilot.example/rss#x"},
        Known("Harbour", "Pilot"),
    ),
}


@pytest.mark.parametrize(("outline", "answer"), NOT_ADDED.values(), ids=NOT_ADDED.keys())
def test_a_feed_is_not_added_twice(outline, answer):
    assert judge(**outline) == answer


REASONS = {
    "a script": ({"url": "javascript:alert(1)"}, "scheme"),
    "a command": ({"url": "|touch /tmp/x"}, "space"),
    "a password": ({"url": "https://me:secret@harbour.example/"}, "user name or password"),
    "an article of Google News": (
        {"url": "https://news.google.com/articles/CBMiabc"},
        "one article, not a feed",
    ),
    "a topic without letters": ({"topic": "»«"}, "neither letter nor figure"),
}


@pytest.mark.parametrize(("outline", "why"), REASONS.values(), ids=REASONS.keys())
def test_a_bad_feed_is_told_by_name(outline, why):
    judged = judge(**outline)
    assert isinstance(judged, Refused)
    assert judged.name == "Harbour"
    assert why in judged.why
    assert "secret" not in judged.why


FOLDERS = {
    "none": ((), ""),
    "one": (("World",), "World"),
    "nested": (("World", "Asia"), "World › Asia"),
    "a slash, which no file name has": (("AC/DC",), "AC-DC"),
    "without letters": (("★", "Asia"), "Asia"),
    "too many: the innermost say most": (("x" * 30, "y" * 30, "z" * 20), f"{'y' * 30} › {'z' * 20}"),
}


@pytest.mark.parametrize(("folders", "topic"), FOLDERS.values(), ids=FOLDERS.keys())
def test_folders_become_a_topic(folders, topic):
    [judged] = Subscriptions(parse_settings("")).judge_outlines(
        [Outline("Pilot", "https://pilot.example/rss", folders=folders)], topic="news"
    )
    assert judged.feed.topic == (topic or "news")  # type: ignore[union-attr]
