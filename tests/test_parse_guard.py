"""Hostile and broken documents: what each one comes to, and that it costs no more than it should.

The documents are made here and not stored, being large or full of control characters. Costs are
bounded by processor time that feedparser alone would exceed by far; they are not measured.
"""

import codecs
from datetime import UTC, datetime

import pytest

from aggregator.model import Failure, ParsedFeed
from aggregator.parse import parse_feed
from aggregator.parse.decode import decode
from aggregator.parse.guard import Guarded, guard
from aggregator.parse.survey import MAX_ENTRIES, survey

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
GOOD = "<item><title>Good</title><link>https://good.example/1</link></item>"
DECLARATION = '<?xml version="1.0"?>'


def rss(items: str, prolog: str = DECLARATION) -> bytes:
    return f'{prolog}<rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'.encode()


def item(fields: str) -> str:
    return f"<item><title>Bad</title><link>https://bad.example/1</link>{fields}</item>"


def parse(body: bytes) -> ParsedFeed | Failure:
    return parse_feed(
        body,
        content_type="application/rss+xml",
        feed_url="https://feed.example/rss",
        google_hosts=frozenset({"news.google.com"}),
        now=NOW,
    )


ENTITIES = '<!DOCTYPE rss [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
REFUSED = {
    "entities": (rss(GOOD, DECLARATION + ENTITIES), "unreasonable"),
    "entities in UTF-16": (rss(GOOD, DECLARATION + ENTITIES).decode().encode("utf-16"), "unreasonable"),
    "entities in UTF-16 without a mark": (
        rss(GOOD, DECLARATION + ENTITIES).decode().encode("utf-16-be"),
        "unreasonable",
    ),
    "entities behind what looks like a comment": (rss(GOOD, "<!--<a-->" + ENTITIES), "unreasonable"),
    "an external entity": (
        rss(GOOD, '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">]>'),
        "unreasonable",
    ),
    "a root inside an entity": (b'<!DOCTYPE x [<!ENTITY a "<rss >">]><rss><channel/></rss>', "unreasonable"),
    "45 kB of entities without end": (rss(GOOD, "\n<!ENTITY " * 4_500), "unreasonable"),
    "450 kB of them": (rss(GOOD, "\n<!ENTITY " * 45_000), "not-a-feed"),
    "300,000 nested elements": (rss(item("<a>" * 300_000 + "</a>" * 300_000)), "unreasonable"),
    "300,000 open elements": (rss(item("<a>" * 300_000)), "unreasonable"),
    "a root with 100,000 attributes": (
        rss(GOOD).replace(b"<rss", b"<rss " + b" ".join(b'a%d=""' % n for n in range(100_000))),
        "unreasonable",
    ),
    "100,000 namespaces": (
        rss("".join(f'<n{n}:a xmlns:n{n}="u:{n}"/>' for n in range(300)) + GOOD),
        "unreasonable",
    ),
    "30,000 categories of the channel": (rss("<category>c</category>" * 30_000 + GOOD), "unreasonable"),
    "a giant title of the channel": (rss(f"<title>{'x' * 100_000}</title>{GOOD}"), "unreasonable"),
    "nothing": (b"", "not-a-feed"),
    "blanks": (b" \r\n\t", "not-a-feed"),
    "a byte-order mark": (codecs.BOM_UTF8, "not-a-feed"),
    "text": (b"Not found.", "not-a-feed"),
    "zeros": (bytes(1_000), "not-a-feed"),
    "a page": (b"<html><body>rss feed</body></html>", "not-a-feed"),
    "a page of 3 MB": (b"<!doctype html><title>x</title>" + b"<p>" * 1_000_000, "not-a-feed"),
    "a page that shows a feed": (b"<html><pre><rss></pre></html>", "not-a-feed"),
    "JSON that is no feed": (b'{"version": "2.0", "items": []}', "not-a-feed"),
    "JSON nested a million deep": (b'{"items":' + b"[" * 1_000_000, "parse-error"),
    "JSON with a number of 100,000 digits": (b'{"items":' + b"9" * 100_000 + b"}", "parse-error"),
    "a root that is never closed": (b"<rss ", "parse-error"),
    "a root and nothing else": (b"<rss><channel>", "truncated"),
}


def beside(fields: str) -> bytes:
    """Return a feed of an item with these elements, titled "Bad", and a good one."""
    return rss(item(fields) + GOOD)


def described(markup: str) -> bytes:
    return beside(f"<description>{markup}</description>")


ATTRIBUTES = " ".join(f"a{number}='1'" for number in range(20_000))
PIECES = ("a." * 90 + "<b/>") * 2_500
MARKS = "\u0301\u0316" * 30_000
NUMBERED = "".join(f"<item><title>{number}</title></item>" for number in range(30_000))
LINKS = "&lt;a href=x&gt;" * 60_000
GOOGLE_ITEM = "<item><title>Bad - X</title><link>https://news.google.com/rss/articles/CBMix</link>"

# What is left of a document with something bad in it: headlines, and what is skipped.
FIRST_THOUSAND = [str(number) for number in range(MAX_ENTRIES)]
KEPT = {
    "an author of 100 kB": (beside(f"<author>{'a.' * 50_000}</author>"), ["Bad", "Good"], {}),
    "an author in CDATA": (beside(f"<author><![CDATA[{'a.' * 50_000}]]></author>"), ["Bad", "Good"], {}),
    "an author in pieces": (beside(f"<author>{PIECES}</author>"), ["Good"], {"unreasonable": 1}),
    "an ill-formed author": (beside(f"<author>{PIECES}</author></b>"), ["Bad", "Good"], {}),
    "20,000 attributes": (beside(f"<x {ATTRIBUTES}/>"), ["Good"], {"unreasonable": 1}),
    "an attribute of 1 MB": (beside(f"<x a='{'y' * 1_000_000}'/>"), ["Good"], {"unreasonable": 1}),
    "a title of 4 MB": (beside(f"<title>{'x' * 4_000_000}</title>"), ["Good"], {"unreasonable": 1}),
    "a text of 2 MB": (described("x" * 2_000_000), ["Good"], {"unreasonable": 1}),
    "1,000 nested elements": (beside("<a>" * 1_000 + "</a>" * 1_000), ["Good"], {"unreasonable": 1}),
    "30,000 categories": (beside("<category>c</category>" * 30_000), ["Good"], {"unreasonable": 1}),
    "40,000 descriptions": (beside("<description>d</description>" * 40_000), ["Good"], {"unreasonable": 1}),
    "a style that backtracks": (described("&lt;p style='" + "url(" * 30_000 + "'&gt;"), ["Bad", "Good"], {}),
    "40,000 nested escaped elements": (described("&lt;div&gt;" * 40_000), ["Bad", "Good"], {}),
    "10,000 open escaped scripts": (described("&lt;script " * 10_000), ["Bad", "Good"], {}),
    "15,000 open escaped quotes": (described("&lt;a '" * 15_000), ["Bad", "Good"], {}),
    "impossible references": (beside("<x>&#xD800;&#x110000;</x>"), ["Bad", "Good"], {}),
    "a reference of 5,000 digits": (beside("<x>&#" + "9" * 5_000 + ";</x>"), ["Bad", "Good"], {}),
    "the same, escaped": (described("&amp;#xD800;&amp;amp;#" + "9" * 5_000 + ";"), ["Bad", "Good"], {}),
    "60,000 combining marks": (described(f"a{MARKS}"), ["Bad", "Good"], {}),
    "100,000 ampersands": (described("&" * 100_000), ["Bad", "Good"], {}),
    "a comment of 2 MB": (rss(f"<!--{'x' * 2_000_000}-->{GOOD}"), ["Good"], {}),
    "100 kB of blank lines first": (rss(GOOD, DECLARATION + "\n " * 50_000), ["Good"], {}),
    "400,000 angle brackets": (rss(GOOD + "<" * 400_000), ["Good"], {}),
    "100,000 open CDATA sections": (beside("<![CDATA[" * 100_000), ["Bad", "Good"], {}),
    "100,000 open comments": (beside("<!--" * 100_000), ["Bad", "Good"], {}),
    "150,000 open attributes": (rss(GOOD + "</b>" + '<a b="' * 150_000), ["Good"], {}),
    "30,000 items": (rss(NUMBERED), FIRST_THOUSAND, {"over-limit": 29_000}),
    "30,000 items, ill-formed": (rss(NUMBERED + "<"), FIRST_THOUSAND, {"over-limit": 29_000}),
    "one open link of Google, 30,000 targets": (
        rss(f"{GOOGLE_ITEM}<description>&lt;a {'href=x ' * 30_000}</description><source>X</source></item>{GOOD}"),
        ["Bad", "Good"],
        {},
    ),
    "60,000 open links of Google": (
        rss(f"{GOOGLE_ITEM}<description>{LINKS}</description><source>X</source></item>{GOOD}"),
        ["Bad", "Good"],
        {},
    ),
}  # fmt: skip

DECODED = {
    "UTF-8": ("é".encode(), None, "é", "utf-8"),
    "UTF-8 with a mark": (codecs.BOM_UTF8 + "é".encode(), "text/xml; charset=latin1", "é", "utf-8"),
    "UTF-16 little-endian": (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), None, "é", "utf-16-le"),
    "UTF-16 big-endian": (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), None, "é", "utf-16-be"),
    "UTF-16 without a mark": ("<é".encode("utf-16-le"), None, "<é", "utf-16-le"),
    "UTF-32": (codecs.BOM_UTF32_LE + "é".encode("utf-32-le"), None, "é", "utf-32-le"),
    "UTF-32 without a mark": ("<é".encode("utf-32-be"), None, "<é", "utf-32-be"),
    "UTF-16 cut in a character": (codecs.BOM_UTF16_LE + b"a\x00b", None, "a\ufffd", "utf-16-le"),
    "Latin-1 without a label": ("é".encode("latin-1"), None, "é", "cp1252"),
    "Latin-1 with a label": ("“é”".encode("cp1252"), "text/xml; charset=iso-8859-1", "“é”", "cp1252"),
    "UTF-8 labelled Latin-1": ("é".encode(), "text/xml; charset=iso-8859-1", "é", "utf-8"),
    "a label in quotes and capitals": ("Ж".encode("cp1251"), 'text/xml; CHARSET="Windows-1251"', "Ж", "cp1251"),
    "a label that does not fit": (b"\x81\x20", "text/xml; charset=shift_jis", "\ufffd ", "cp1252"),
    "a codec that raises": ("é".encode("latin-1"), "text/xml; charset=undefined", "é", "cp1252"),
    "a codec that hides markup": (b"+ADw-", "text/xml; charset=utf-7", "+ADw-", "utf-8"),
    "a codec that transforms": (b"\xe9", "text/xml; charset=zlib", "é", "cp1252"),
    "a codec with a zero byte": (b"\xe9", "text/xml; charset=utf-8\x00", "é", "cp1252"),
    "EBCDIC stays what it is not": ("<rss".encode("cp037"), "text/xml; charset=cp037", "L™¢¢", "cp1252"),
    "UTF-8 with one bad byte": (("é" * 20).encode() + b"\xe9", None, "é" * 20 + "\ufffd", "utf-8"),
    "UTF-8 cut in a character": (("字" * 20).encode()[:-1], None, "字" * 19 + "\ufffd", "utf-8"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), REFUSED.values(), ids=REFUSED.keys())
def test_a_document_is_refused(body: bytes, kind: str) -> None:
    parsed = parse(body)

    assert isinstance(parsed, Failure)
    assert parsed.kind == kind
    assert parsed.message.startswith("https://feed.example/rss: ")


@pytest.mark.parametrize(("body", "headlines", "skipped"), KEPT.values(), ids=KEPT.keys())
def test_the_rest_is_kept(body: bytes, headlines: list[str], skipped: dict[str, int]) -> None:
    parsed = parse(body)

    assert isinstance(parsed, ParsedFeed)
    assert [entry.headlines[0].headline for entry in parsed.entries] == headlines
    assert parsed.skipped == skipped


@pytest.mark.parametrize(("body", "content_type", "text", "codec"), DECODED.values(), ids=DECODED.keys())
def test_bytes_become_text(body: bytes, content_type: str | None, text: str, codec: str) -> None:
    decoded = decode(body, content_type)

    assert (decoded.text, decoded.codec) == (text, codec)


@pytest.mark.parametrize("fields", ["<x>a\x00b\x1bc</x>", "<x>&#0;&#27;</x>", "<x>&amp;#27;</x>"])
def test_no_control_character_gets_through(fields: str) -> None:
    guarded = guard(rss(item(fields)), None)

    assert isinstance(guarded, Guarded)
    assert not any(byte < 0x20 and byte not in b"\t\n\r" for byte in guarded.document)
    assert b"#0;" not in guarded.document
    assert b"#27;" not in guarded.document


def test_what_is_cut_out_leaves_its_neighbours_whole() -> None:
    bad = item(f"<x>{'<a>' * 300}{'</a>' * 300}</x>")
    body = rss("".join(f"<item><title>é{number}</title></item>{bad}" for number in range(5)))

    parsed = parse(body)

    assert isinstance(parsed, ParsedFeed)
    assert [entry.headlines[0].headline for entry in parsed.entries] == [f"é{number}" for number in range(5)]
    assert parsed.skipped == {"unreasonable": 5}
    assert not parsed.is_partial


ENDS = {
    "an end tag": "<item></item>",
    "an end tag with spaces": "<item></item  >",
    "none": "<item/>",
    "none, after attributes": "<item a='/>' b=''/>",
    "none, of a part": "<item><b/></item>",
    "a text like one": "<item>/></item>",
    "a comment like one": "<item><!--/>--></item>",
}


@pytest.mark.parametrize("entry", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(
    "after", ["", "\n", "<title>After</title>"], ids=["nothing", "a line end", "an element"]
)
def test_an_entry_ends_where_it_ends(entry: str, after: str) -> None:
    document = f"<rss><channel>{entry}{after}</channel></rss>\n".encode()

    surveyed = survey(document)

    assert [document[span.start : span.end].decode() for span in surveyed.spans] == [entry]
    assert document[surveyed.root_end :] == b"\n"


@pytest.mark.parametrize("root", ["<rss/>", "<rss a=''/>", "<rss></rss>"])
def test_a_root_ends_where_it_ends(root: str) -> None:
    assert survey(root.encode()).root_end == len(root)
