"""Readers of what strangers write: whatever comes in, a value or an error of ours comes out.

Those that have such a test beside their others are not here: ids, dates, headers, URLs, searches, OPML,
configurations, feeds.
"""

import json
from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.cluster import cluster_rows, read_rows, write_rows
from aggregator.errors import InputError
from aggregator.model import Exchange
from aggregator.parse import feed_links
from aggregator.parse.decode import decode
from aggregator.parse.google_news import MAX_HEADLINE_CHARACTERS, scan_description
from aggregator.resolve.google_decode import read_batch, read_page
from aggregator.resolve.head import believed_canonical, read_head

URL = "https://courier.example/a/b?c"
GOOGLE_ID = "CBMiAA"
MARKUP = st.lists(
    st.sampled_from(
        [
            *("<link rel=alternate type=application/rss+xml href='", "<base href=", "<link rel=canonical href=", "'>"),
            *("<meta http-equiv=refresh content='0;url=", "//[::1", "http://a..b/", "javascript:x", "https://\ud800/"),
            *("<![", "<!--", "<", ">", "'", '"', "&#xD800;", "&#99999999999;", "&", "/x", "\x00", " ", "<ol><li>"),
            *("<a href='", "</a>", "<font color>", "</font>", "</li>", "&nbsp;&nbsp;", "<c-wiz data-p='%.@.", "[[["),
            *("<div data-n-a-sg='", "data-n-a-ts='", f"data-n-a-id='{GOOGLE_ID}' ", "9" * 5_000, "é", "<head>", "</head>"),
        ]
    )
    | st.text(max_size=10),
    max_size=25,
).map("".join)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def as_bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@given(MARKUP, st.none() | st.text(max_size=40))
def test_any_page_declares_some_feeds_or_none(page, content_type):
    for link in feed_links(as_bytes(page), URL, content_type):
        assert link.url.startswith(("http://", "https://"))
        assert link.title.isprintable()


@given(MARKUP)
@example("<![a page about which html.parser asserts")
def test_any_head_is_read(page):
    head = read_head(as_bytes(page), URL)
    claimed = believed_canonical(head, URL)
    assert claimed is None or claimed.startswith(("http://", "https://"))


@given(MARKUP)
def test_any_description_of_google_is_scanned(description):
    for scanned in scan_description(description):
        assert len(scanned.headline) <= MAX_HEADLINE_CHARACTERS


@given(st.binary(max_size=200), st.none() | st.text(max_size=60))
def test_any_bytes_are_text(body, content_type):
    decode(body, content_type).text.encode()


ROW = st.tuples(
    st.just("wrb.fr"), st.just("Fbv4je"), JSON.map(json.dumps) | JSON, JSON, JSON, JSON, st.just("1") | JSON
).map(list)


@given(st.lists(ROW | JSON, max_size=4))
@example([["wrb.fr", "Fbv4je", '["garturlres","https://[::1/"]', None, None, None, "1"]])
@example([["wrb.fr", "Fbv4je", "[" * 100_000, None, None, None, "1"]])
def test_any_rows_of_a_batch_are_answers(rows):
    body = as_bytes(")]}'\n\n" + json.dumps(rows))
    assert set(read_batch(Exchange(200, URL, body=body), ["1"]).answers) <= {"1"}


@given(MARKUP)
def test_any_article_page_is_of_a_kind(page):
    assert read_page(Exchange(200, URL, body=as_bytes(page)), GOOGLE_ID).kind


ENDS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-07", "0001-01-01", "soon", "")
FIELDS = st.fixed_dictionaries(
    {"title": st.text(max_size=30) | JSON},
    optional={
        "published": st.sampled_from(ENDS) | st.datetimes().map(datetime.isoformat) | JSON,
        **{name: st.text(max_size=6) | JSON for name in ("id", "outlet", "lang", "batch", "cluster")},
    },
)


LINES = FIELDS.filter(lambda fields: isinstance(fields["title"], str)) | FIELDS | JSON


@given(st.lists(LINES.map(json.dumps) | st.text(max_size=30), max_size=4))
@example(['{"title": "half of a pair \\ud800"}'])
def test_any_lines_are_grouped_and_written_or_refused(lines):
    try:
        rows = read_rows(lines)
    except InputError:
        return
    written = list(write_rows(cluster_rows(rows)))
    assert len(written) == len(rows)
    "\n".join(written).encode()
