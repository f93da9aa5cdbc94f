"""An outlet's own feed as RSS 2.0, Atom or JSON Feed, and its article pages. Pure.

Facts
-----
* Outlets put campaign parameters on the links in their feeds; the page's `rel=canonical` has none.
* A headline in an outlet's feed has no " - Outlet" suffix.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from html import escape

from aggregator.replica.content import Article, Outlet
from aggregator.replica.minting import amp_url
from aggregator.replica.rss import rfc822

_CAMPAIGN = "utm_source=rss&utm_medium=feed&utm_campaign=latest"
_PARAGRAPH = "<p>The rest of this report is left to the imagination of the reader.</p>\n"


def feed_link(article: Article) -> str:
    """Return the link in the outlet's own feed: the article's URL with campaign parameters."""
    return f"{article.url}{'&' if '?' in article.url else '?'}{_CAMPAIGN}"


def entry_id(article: Article) -> str:
    """Return the id in the outlet's own feed: opaque, and the same as long as the URL is."""
    return f"{article.outlet.slug}-{sha256(article.url.encode()).hexdigest()[:12]}"


def rss(outlet: Outlet, articles: Sequence[Article]) -> str:
    """Return an RSS 2.0 document."""
    items = "".join(
        f"    <item>\n      <title>{escape(article.headline)}</title>\n"
        f"      <link>{escape(feed_link(article))}</link>\n"
        f'      <guid isPermaLink="false">{entry_id(article)}</guid>\n'
        f"      <pubDate>{rfc822(article.published)}</pubDate>\n"
        f"      <description>{escape(article.summary)}</description>\n    </item>\n"
        for article in articles
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n  <channel>\n'
        f"    <title>{escape(outlet.name)}</title>\n    <link>https://{outlet.host}/</link>\n"
        f"    <description>Latest from {escape(outlet.name)}</description>\n"
        f"    <language>{outlet.language}</language>\n{items}  </channel>\n</rss>\n"
    )


def atom(outlet: Outlet, articles: Sequence[Article]) -> str:
    """Return an Atom document."""
    entries = "".join(
        f"  <entry>\n    <title>{escape(article.headline)}</title>\n"
        f'    <link rel="alternate" href="{escape(feed_link(article))}"/>\n'
        f"    <id>tag:{outlet.host},2020:{entry_id(article)}</id>\n"
        f"    <published>{_iso(article.published)}</published>\n"
        f"    <updated>{_iso(article.published)}</updated>\n"
        f"    <summary>{escape(article.summary)}</summary>\n  </entry>\n"
        for article in articles
    )
    updated = max((article.published for article in articles), default=datetime(2020, 1, 1, tzinfo=UTC))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">\n'
        f"  <title>{escape(outlet.name)}</title>\n  <id>https://{outlet.host}/</id>\n"
        f'  <link rel="alternate" href="https://{outlet.host}/"/>\n'
        f"  <updated>{_iso(updated)}</updated>\n{entries}</feed>\n"
    )


def json_feed(outlet: Outlet, articles: Sequence[Article]) -> str:
    """Return a JSON Feed 1.1 document."""
    items = [
        {
            "id": entry_id(article),
            "url": feed_link(article),
            "title": article.headline,
            "summary": article.summary,
            "date_published": _iso(article.published),
        }
        for article in articles
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": f"https://{outlet.host}/",
        "language": outlet.language,
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


# Content type and renderer of each document that an outlet's site has.
DOCUMENTS: dict[str, tuple[str, Callable[[Outlet, Sequence[Article]], str]]] = {
    "/feed.xml": ("application/rss+xml; charset=utf-8", rss),
    "/atom.xml": ("application/atom+xml; charset=utf-8", atom),
    "/feed.json": ("application/feed+json; charset=utf-8", json_feed),
}


def article_page(article: Article) -> str:
    """Return the page of an article."""
    return _page(article, f'<link rel="amphtml" href="{escape(amp_url(article.url))}">\n', "<html")


def amp_page(article: Article) -> str:
    """Return the AMP twin of an article's page."""
    return _page(article, "", "<html amp")


def refresh_page(target: str) -> str:
    """Return a page that sends the reader on without a redirect."""
    return (
        "<!doctype html><html><head><title>One moment</title>"
        f'<meta http-equiv="refresh" content="0; url={escape(target)}"></head><body></body></html>'
    )


def _page(article: Article, head: str, opening: str) -> str:
    return (
        f'<!doctype html>\n{opening} lang="{article.outlet.language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(article.headline)} | {escape(article.outlet.name)}</title>\n"
        f'<link rel="canonical" href="{escape(article.url)}">\n{head}</head>\n<body>\n'
        f"<h1>{escape(article.headline)}</h1>\n<p>{escape(article.summary)}</p>\n{_PARAGRAPH * 20}"
        "</body>\n</html>\n"
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
