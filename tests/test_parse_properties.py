"""What holds for every document: no exception, clean values, and nothing lost by a missing end."""

from datetime import UTC, datetime
from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model import Entry, Failure, FailureKind, ParsedFeed
from aggregator.parse import parse_feed
from aggregator.parse.dates import EARLIEST, LATEST_AHEAD
from aggregator.parse.feeds import MAX_SUMMARY_CHARACTERS
from aggregator.parse.google_news import MAX_HEADLINE_CHARACTERS
from aggregator.parse.salvage import salvage
from aggregator.parse.scrub import repair_references

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
FILES = sorted((Path(__file__).parent / "feeds").iterdir())
DOCUMENTS = [path.read_bytes().partition(b"-->\n")[2] or path.read_bytes() for path in FILES]
FRAGMENTS = (
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"\x00", b"\xff", b"\xc3", b"\x1b$B", b"&#xD800;",
    b"&#99999;", b"<item>", b"</item>", b"<title>", b"</entry>", b"<a href='", b"<!ENTITY x 'y'>", b'"', b"{", b"}",
    b"<x:y z:a='1'>", b"</channel></rss>", b"&amp;nbsp;", b"<source url='javascript:x'>", b"\xe2\x80\xae",
)  # fmt: skip

MARKUP = (
    "<item>", "</item>", "<item a=1 b='2'>", "<entry/>", "<title>", "</title>", "<link href=x>", "<link href='y' />",
    "<x:source a='", "</x:source>", "<source>", "</source>", "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "<", ">",
    "&", "&amp;", "&#X26;", "&#38;", "&lt;", "&copy;", "'", '"', "=", "a", " ", "<p>", "</p>", "<br/>", "--", "]]",
)  # fmt: skip


def parse(body: bytes) -> ParsedFeed | Failure:
    return parse_feed(
        body,
        content_type="application/xml",
        feed_url="https://feed.example/rss",
        google_hosts=frozenset({"news.google.com"}),
        now=NOW,
    )


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """One of our documents with a few pieces cut out, doubled, overwritten or put in."""
    body = draw(st.sampled_from(DOCUMENTS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(body)))
        end = min(start + draw(st.integers(0, 40)), len(body))
        piece = draw(
            st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=8), st.just(body[start:end] * 2))
        )
        body = body[:start] + piece + body[end:]
    return body


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_mutated_document_gives_clean_entries_or_a_failure(body: bytes) -> None:
    parsed = parse(body)

    if isinstance(parsed, Failure):
        assert parsed.kind is not FailureKind.INTERNAL
        return
    assert "error" not in parsed.skipped
    for entry in parsed.entries:
        check_entry(entry)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_no_feed(body: bytes) -> None:
    assert isinstance(parse(body), Failure)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(MARKUP), max_size=40).map("".join))
def test_whatever_is_salvaged_is_well_formed(inside: str) -> None:
    salvaged = salvage(f"<rss version=2.0><channel>{repair_references(inside)}", max_entries=100)

    assert salvaged is not None
    expat.ParserCreate().Parse(salvaged.text, True)


WHOLE = [
    path
    for path in FILES
    if path.suffix == ".xml"
    and not path.name.startswith(("broken-", "no-feed-", "encoding-", "google-empty", "self-closed-"))
]


@pytest.mark.parametrize("path", WHOLE, ids=[path.name for path in WHOLE])
def test_a_missing_end_costs_no_entry(path: Path) -> None:
    body = path.read_bytes().partition(b"-->\n")[2]
    whole = parse(body)
    cut = parse(body.rstrip()[:-3])

    assert isinstance(whole, ParsedFeed)
    assert isinstance(cut, ParsedFeed)
    assert cut.is_partial
    assert cut.entries == whole.entries
    assert (cut.title, cut.version) == (whole.title, whole.version)


def check_entry(entry: Entry) -> None:
    assert entry.headlines
    for listed in entry.headlines:
        assert 0 < len(listed.headline) <= MAX_HEADLINE_CHARACTERS
        assert listed.link is None or listed.link.lower().startswith(("http://", "https://"))
        assert listed.google_id is None or listed.google_id in (listed.link or "")
        check_text(listed.headline)
        check_text(listed.outlet or "")
    assert len(entry.summary or "") <= MAX_SUMMARY_CHARACTERS
    check_text(entry.summary or "")
    assert entry.published is None or EARLIEST <= entry.published <= NOW + LATEST_AHEAD


def check_text(text: str) -> None:
    text.encode()  # no surrogates
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in text)
    assert text == " ".join(text.split())
