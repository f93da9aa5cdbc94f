"""Google's items: which links are articles, where a title ends, what a description lists."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aggregator.model import ParsedFeed
from aggregator.parse import parse_feed
from aggregator.parse.google_news import MAX_LISTED, Scanned, cut_outlet, google_id, scan_description
from aggregator.parse.text import clean_text, unescape_once

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
HOSTS = frozenset({"news.google.com", "127.0.0.1:8008"})
ID = "CBMiX2dvb2dsZS1hcnRpY2xlLWlk"

ARTICLES = {
    "feeds of today": f"https://news.google.com/rss/articles/{ID}?oc=5",
    "web pages of old": f"https://news.google.com/articles/{ID}?hl=en-US&gl=US&ceid=US:en",
    "web pages of today": f"https://news.google.com/read/{ID}",
    "feeds of 2019": f"https://news.google.com/__i/rss/rd/articles/{ID}?oc=5",
    "plain http": f"http://news.google.com/rss/articles/{ID}",
    "a host in capitals": f"https://News.Google.com/rss/articles/{ID}",
    "a slash at the end": f"https://news.google.com/rss/articles/{ID}/",
    "a replica on loopback": f"http://127.0.0.1:8008/rss/articles/{ID}",
}

OTHERS = {
    "nothing": None,
    "a publisher": f"https://post.example/rss/articles/{ID}",
    "a host that only begins so": f"https://news.google.com.evil.example/rss/articles/{ID}",
    "another port": f"http://127.0.0.1:9999/rss/articles/{ID}",
    "full coverage": f"https://news.google.com/stories/{ID}",
    "a topic": f"https://news.google.com/rss/topics/{ID}",
    "an id in the query": f"https://news.google.com/rss/articles/?id={ID}",
    "a path below": f"https://news.google.com/rss/articles/{ID}/x",
    "an id that is not base64url": "https://news.google.com/rss/articles/CBMi$x",
    "an id beyond all bounds": "https://news.google.com/rss/articles/" + "C" * 8193,
}

TITLES = {
    "the outlet goes": ("Rain ends drought - Isle Post", "Isle Post", "Rain ends drought"),
    "an outlet with a dash": ("Pesca - EPA - Agencia", "EPA - Agencia", "Pesca"),
    "a headline with a dash": ("Live - day 2 - Isle Post", "Isle Post", "Live - day 2"),
    "a headline that ends with the outlet": ("Ask Isle Post - Isle Post", "Isle Post", "Ask Isle Post"),
    "only once": ("A - Isle Post - Isle Post", "Isle Post", "A - Isle Post"),
    "another outlet's name stays": ("Rain - Other", "Isle Post", "Rain - Other"),
    "another dash stays": ("Rain – Isle Post", "Isle Post", "Rain – Isle Post"),
    "no outlet, no cut": ("Rain - Isle Post", None, "Rain - Isle Post"),
    "nothing but the suffix": (" - Isle Post", "Isle Post", " - Isle Post"),
}

LINK = f'<a href="https://news.google.com/rss/articles/{ID}?oc=5" target="_blank">'
FONT = '<font color="#6f6f6f">'
HREF = f"https://news.google.com/rss/articles/{ID}?oc=5"

DESCRIPTIONS = {
    "single": (f"{LINK}Rain</a>&nbsp;&nbsp;{FONT}Isle Post</font>", [Scanned("Rain", "Isle Post", HREF)]),
    "list of one": (
        f"<ol><li>{LINK}Rain</a>&nbsp;&nbsp;{FONT}Isle Post</font></li></ol>",
        [Scanned("Rain", "Isle Post", HREF)],
    ),
    "without an outlet": (f"<ol><li>{LINK}Rain</a></li></ol>", [Scanned("Rain", None, HREF)]),
    "an empty outlet": (f"{LINK}Rain</a>&nbsp;&nbsp;{FONT}</font>", [Scanned("Rain", None, HREF)]),
    "markup in other letters": (
        "<OL><LI><A HREF='https://a.example/1'>Rain</A> <FONT>Isle Post</FONT></LI></OL>",
        [Scanned("Rain", "Isle Post", "https://a.example/1")],
    ),
    "without the last tags": (f"<ol><li>{LINK}Rain</a>&nbsp;", [Scanned("Rain", None, HREF)]),
    "cut in a headline": (f"<ol><li>{LINK}Rain</a></li><li>{LINK}Sno", [Scanned("Rain", None, HREF)]),
    "cut in a link": (f"<ol><li>{LINK}Rain</a></li><li><a href=", [Scanned("Rain", None, HREF)]),
    "prose with a link": (f"<p>See {LINK}Rain</a></p>", []),
    "text": ("Rain is falling.", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize("link", ARTICLES.values(), ids=ARTICLES.keys())
def test_an_article_link_has_an_id(link: str) -> None:
    assert google_id(link, HOSTS) == ID


@pytest.mark.parametrize("link", OTHERS.values(), ids=OTHERS.keys())
def test_any_other_link_has_none(link: str | None) -> None:
    assert google_id(link, HOSTS) is None


@pytest.mark.parametrize(("title", "outlet", "headline"), TITLES.values(), ids=TITLES.keys())
def test_the_outlet_is_cut_by_its_name(title: str, outlet: str | None, headline: str) -> None:
    assert cut_outlet(title, outlet) == headline


@pytest.mark.parametrize(("description", "scanned"), DESCRIPTIONS.values(), ids=DESCRIPTIONS.keys())
def test_a_description_is_scanned(description: str, scanned: list[Scanned]) -> None:
    assert scan_description(description) == scanned


def test_a_list_is_bounded() -> None:
    entry = f"<li>{LINK}Rain</a>&nbsp;&nbsp;{FONT}Isle Post</font></li>"

    assert len(scan_description(f"<ol>{entry * 1000}</ol>")) == MAX_LISTED + 1


def a_text(max_size: int = 60) -> st.SearchStrategy[str]:
    """Texts as Google prints them: one clean line, in which nothing is a reference or an end tag."""
    characters = st.one_of(st.sampled_from("&<>|\"'-–—:/;# aé字ش"), st.characters(exclude_categories=["Cs"]))
    return (
        st.text(characters, min_size=1, max_size=max_size)
        .map(lambda text: clean_text(text, max_size))
        .filter(lambda text: bool(text) and unescape_once(text) == text and "</" not in text)
    )


def rendered(articles: Sequence[tuple[str, str]]) -> str:
    """Return Google's description of (headline, outlet) pairs, numbered from 0 in their links."""
    entries = [
        f'<a href="https://news.google.com/rss/articles/CBMi{number}?oc=5" target="_blank">{headline}</a>'
        f'&nbsp;&nbsp;<font color="#6f6f6f">{outlet}</font>'
        for number, (headline, outlet) in enumerate(articles)
    ]
    if len(entries) == 1:
        return entries[0]
    return "<ol>" + "".join(f"<li>{entry}</li>" for entry in entries) + "</ol>"


ARTICLE_LISTS = st.lists(st.tuples(a_text(), a_text(30)), min_size=1, max_size=10)


@given(ARTICLE_LISTS)
def test_whatever_google_lists_is_read_back(articles: list[tuple[str, str]]) -> None:
    scanned = scan_description(rendered(articles))

    assert [(one.headline, one.outlet) for one in scanned] == articles


@given(ARTICLE_LISTS)
def test_whatever_google_publishes_is_read_back(articles: list[tuple[str, str]]) -> None:
    # feedparser takes text for mis-decoded UTF-8 if it can be: "Ã©" becomes "é".
    assume(all(_survives_feedparser(text) for article in articles for text in article))
    headline, outlet = articles[0]
    item = (
        f"<item><title>{escape(f'{headline} - {outlet}')}</title>"
        "<link>https://news.google.com/rss/articles/CBMi0?oc=5</link>"
        f"<description>{escape(rendered(articles))}</description>"
        f'<source url="https://outlet.example">{escape(outlet)}</source></item>'
    )
    body = f'<rss version="2.0"><channel><generator>NFE/5.0</generator>{item}</channel></rss>'.encode()

    parsed = parse_feed(
        body, content_type=None, feed_url="https://news.google.com/rss", google_hosts=HOSTS, now=NOW
    )

    assert isinstance(parsed, ParsedFeed)
    (entry,) = parsed.entries
    assert [(one.headline, one.outlet) for one in entry.headlines] == articles
    assert [one.google_id for one in entry.headlines] == [f"CBMi{n}" for n in range(len(articles))]


def _survives_feedparser(text: str) -> bool:
    try:
        return text.encode("iso-8859-1").decode("utf-8") == text
    except UnicodeError:
        return True
