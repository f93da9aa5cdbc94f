"""Who an article is, from its link alone and for ever. Pure.

Facts
-----
* A Google article id belongs to one article and does not change; the publisher's URL behind it may
  become known weeks later or never. So the id is the identity, and resolving adds to it.
* Any other link is an identity in its canonical form, behind whatever wrapper it came.
* Entries without a usable link are told apart by their feed's own id for them, and where that is
  missing too, by headline and day.
"""

import hashlib
import re
from datetime import UTC, datetime

from aggregator.google.ids import MAX_ID_CHARACTERS, parse_article_id
from aggregator.model import Identity
from aggregator.resolve.canonical import canonical_url
from aggregator.resolve.urls import is_publisher_url, parse_web_url
from aggregator.resolve.wrappers import needs_following, unwrap

_ARTICLE_PATH = re.compile(r"/(?:rss/articles|articles|read|__i/rss/rd/articles)/(?P<id>[A-Za-z0-9_-]+)/?")
_ENTRY_HASH_CHARACTERS = 32  # 128 bits


def identify(
    link: str | None,
    *,
    google_id: str | None,
    entry_id: str | None,
    feed_url: str,
    headline: str,
    published: datetime | None,
) -> Identity:
    """Return an article's identity and what its link gives away without a request. Never raises.

    `link` is the feed's, unchanged; `google_id` is its last path segment where the parser has seen a
    Google article link, and is otherwise looked for here, also behind a consent page.
    """
    unwrapped = unwrap(link) if link else None
    target = unwrapped.url if unwrapped else link
    google_id = google_id or (google_article_id(target) if target else None)
    if google_id:
        return google_identity(google_id)
    canonical = canonical_url(target) if target else None
    if target is None or canonical is None:
        return Identity(_entry_key(entry_id, feed_url, headline, published))
    key = f"url:{canonical}"
    if _leads_elsewhere(target):
        return Identity(key)
    method = unwrapped.method if unwrapped else "plain"
    return Identity(key, publisher_url=target.strip(), canonical_url=canonical, method=method)


def needs_resolving(identity: Identity, link: str | None) -> bool:
    """Say whether the publisher's URL takes a request: opaque Google ids and short links."""
    if identity.publisher_url is not None:
        return False
    if identity.google_id is not None:
        return True
    unwrapped = unwrap(link) if link else None
    target = unwrapped.url if unwrapped else link
    return target is not None and needs_following(target)


def google_article_id(url: str) -> str | None:
    """Return the article id in a Google News link of any year's form, None for any other link."""
    parts = parse_web_url(url)
    if parts is None or parts.host != "news.google.com":
        return None
    found = _ARTICLE_PATH.fullmatch(parts.path)
    return found["id"] if found and len(found["id"]) <= MAX_ID_CHARACTERS else None


def google_identity(google_id: str) -> Identity:
    """Return the identity of a Google article, with the publisher's URL when the id itself holds it."""
    key = f"google:{google_id}"
    try:
        article = parse_article_id(google_id)
    except ValueError:  # a form not seen yet, or nonsense; only Google can tell
        return Identity(key, google_id=google_id)
    if article.url is None:
        return Identity(key, google_id=google_id)
    unwrapped = unwrap(article.url)
    target = unwrapped.url if unwrapped else article.url
    canonical = canonical_url(target)
    if canonical is None or not is_publisher_url(target) or needs_following(target):
        return Identity(key, google_id=google_id)
    return Identity(key, google_id, target, canonical, method=f"{article.kind}-id")


def _leads_elsewhere(url: str) -> bool:
    """Short links, and what Google News serves besides articles: never the publisher's page."""
    parts = parse_web_url(url)
    return needs_following(url) or (parts is not None and parts.host == "news.google.com")


def _entry_key(entry_id: str | None, feed_url: str, headline: str, published: datetime | None) -> str:
    if entry_id:
        named = ("id", feed_url, entry_id)
    else:
        day = published.astimezone(UTC).date().isoformat() if published else ""
        named = ("headline", feed_url, f"{headline}\n{day}")
    digest = hashlib.sha256("\0".join(named).encode(errors="surrogatepass")).hexdigest()
    return f"entry:{digest[:_ENTRY_HASH_CHARACTERS]}"
