"""Where a request leads: path and query of news.google.com to a place in the replica. Pure.

Facts
-----
* Content is chosen by section and edition. A topic id names both; every other path names the section
  and `hl`, `gl` the edition. A region-free topic id takes its country from `gl`.
* An unknown section silently shows the top stories, so every place falls back to those.

A *section key* names content: "en-US/top", "en-US/WORLD", "de-DE/geo:Falkensund",
"en-US/search:strait", "en-US/topic:/m/05qt0", "outlet:harbour-post".
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from aggregator.google.ids import parse_topic_id

DEFAULT_LOCALE = {"hl": "en-US", "gl": "US", "ceid": "US:en"}

SECTION_OF_MID = {
    "/m/09nm_": "WORLD",
    "/m/09s1f": "BUSINESS",
    "/m/07c1v": "TECHNOLOGY",
    "/m/02jjt": "ENTERTAINMENT",
    "/m/06ntj": "SPORTS",
    "/m/06mq7": "SCIENCE",
    "/m/0kt51": "HEALTH",
}
TOP = "top"

_CANONICAL_LANGUAGE = re.compile(r"[a-z]{2,3}(-([A-Z]{2}|[A-Z][a-z]{3}|[0-9]{3}))?")
_ARTICLE = re.compile(r"/(?:__i/rss/rd|rss)/articles/([^/]+)")
_BLOCKED_ARTICLE = re.compile(r"/(?:articles|read)/([^/]+)")
_OUTLET = re.compile(r"/publishers/([^/]+)(/.*)")


class Place(StrEnum):
    """Which part of the replica answers; also the name under which requests are counted."""

    FEED = "feed"
    ARTICLE_PAGE = "article-page"
    BLOCKED_PAGE = "blocked-page"  # /articles/ and /read/
    BATCH = "batch"
    CONSENT = "consent"
    SORRY = "sorry"
    SITE = "site"  # pages for people, refused at once
    OUTLET = "outlet"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Route:
    """A place and what it needs to answer.

    `name` is a section of a feed without its edition, an article id or an outlet's slug; `path` is
    the path on an outlet's own site.
    """

    place: Place
    name: str = ""
    path: str = ""


_FIXED = {
    "/rss": Route(Place.FEED, TOP),
    "/_/DotsSplashUi/data/batchexecute": Route(Place.BATCH),
    "/m": Route(Place.CONSENT),
    "/sorry/index": Route(Place.SORRY),
    "/": Route(Place.SITE),
    "/search": Route(Place.SITE),
}


def find_route(path: str) -> Route:
    """Return where `path` (of any of Google's hosts, or below /publishers/) leads."""
    if fixed := _FIXED.get(path):
        return fixed
    if outlet := _OUTLET.fullmatch(path):
        return Route(Place.OUTLET, outlet[1], outlet[2])
    if article := _ARTICLE.fullmatch(path):
        return Route(Place.ARTICLE_PAGE, article[1])
    if article := _BLOCKED_ARTICLE.fullmatch(path):
        return Route(Place.BLOCKED_PAGE, article[1])
    if path.startswith("/rss/"):
        return Route(Place.FEED, _section(path))
    if path.startswith(("/stories/", "/topics/")):
        return Route(Place.SITE)
    return Route(Place.NOWHERE)


def section_key(address: str) -> str:
    """Return the section key of a feed's URL or path, or `address` itself if it is one already."""
    if not address.startswith(("/", "http://", "https://")):
        return address
    parts = urlsplit(address)
    route = find_route(parts.path)
    if route.place is Place.OUTLET:
        return f"outlet:{route.name}"
    return feed_key(parts.path, parse_query(parts.query))


def feed_key(path: str, query: dict[str, str]) -> str:
    """Return the section key of a Google feed."""
    section = find_route(path).name
    if section == "search":
        section = f"search:{query.get('q', '')}"
    return f"{_edition(path, query)}/{section}"


def fallback_key(key: str) -> str:
    """Return the top stories of the same edition: what Google shows for a section it does not know."""
    return f"{key.partition('/')[0]}/{TOP}"


def locale_redirect(path: str, query: dict[str, str]) -> str | None:
    """Return where a request without a full and canonical locale is sent, or None if it has one.

    A language that is not spelled `ll-CC` is dropped; what is missing then is filled in at the next hop.
    """
    language = query.get("hl")
    if language is not None and not _CANONICAL_LANGUAGE.fullmatch(language):
        return _joined(path, {name: value for name, value in query.items() if name != "hl"})
    if all(name in query for name in DEFAULT_LOCALE):
        return None
    rest = {name: value for name, value in query.items() if name not in DEFAULT_LOCALE}
    return _joined(path, rest | DEFAULT_LOCALE)


def parse_query(text: str) -> dict[str, str]:
    """Return the first value of each query parameter."""
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _joined(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query, safe=':')}" if query else path


def _section(path: str) -> str:
    match path.removeprefix("/rss/").split("/"):
        case ["search"]:
            return "search"
        case ["headlines", "section", "topic", name]:
            return name.upper()
        case ["headlines", "section", "geo", name]:
            return f"geo:{unquote(name)}"
        case ["topics", topic, *_]:
            return _topic_section(topic)
    return TOP


def _topic_section(topic: str) -> str:
    try:
        mid = parse_topic_id(topic).mid
    except ValueError:
        return TOP
    return SECTION_OF_MID.get(mid, f"topic:{mid}")


def _edition(path: str, query: dict[str, str]) -> str:
    language = query.get("hl", DEFAULT_LOCALE["hl"])
    country: str | None = query.get("gl", DEFAULT_LOCALE["gl"])
    if path.startswith("/rss/topics/"):
        try:
            topic = parse_topic_id(path.split("/")[3])
        except ValueError:
            pass  # shows the top stories of the edition in the query
        else:
            language, country = topic.language, topic.country or country
    return f"{language.partition('-')[0]}-{country}"
