"""The feeds that a web page declares. Pure.

Facts
-----
* A page names its feeds by `<link rel="alternate" type="application/rss+xml" href=…>` and the like, in any
  order, often after scripts of a hundred kilobytes, sometimes in the body.
* `rel=alternate` also names translations, print views and, as `application/json`, the pages of WordPress's
  own interface: only the types of feeds count.
* WordPress declares the feed of all comments right behind that of the articles, with the same type.
"""

from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser

from aggregator.parse.decode import decode
from aggregator.parse.links import MAX_LINK_CHARACTERS, web_link
from aggregator.parse.text import clean_text

MAX_PAGE_BYTES = 512 * 1024
MAX_FEEDS = 50

_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "text/xml",
    }
)
_MAX_TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class FeedLink:
    """One declared feed: an absolute http or https URL, and its title as the page has it, perhaps empty."""

    url: str
    title: str


def feed_links(page: bytes, url: str, content_type: str | None) -> tuple[FeedLink, ...]:
    """Return the feeds that a page fetched from `url` declares, each once, in its order; never raises.

    Feeds of comments are left out. Only the first 512 kB are looked at.
    """
    parser = _PageParser(url)
    with suppress(AssertionError):  # html.parser, on a malformed <![…; what came before it counts
        parser.feed(decode(page[:MAX_PAGE_BYTES], content_type).text)
    return tuple(parser.found.values())[:MAX_FEEDS]


class _PageParser(HTMLParser):
    """Collects the declared feeds by URL."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = url
        self.found: dict[str, FeedLink] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and "href" in values:
            self._base = web_link(values["href"], self._base, MAX_LINK_CHARACTERS) or self._base
        if tag != "link" or "alternate" not in values.get("rel", "").lower().split():
            return
        if values.get("type", "").partition(";")[0].strip().lower() not in _TYPES:
            return
        url = web_link(values.get("href", ""), self._base, MAX_LINK_CHARACTERS)
        if url and "/comments/" not in url:
            self.found.setdefault(
                url, FeedLink(url, clean_text(values.get("title", ""), _MAX_TITLE_CHARACTERS))
            )
