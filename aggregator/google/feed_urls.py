"""Addresses of Google News feeds: built from names, and recognised in what people paste. Pure.

Facts
-----
* The feed of a page is the page's address with `/rss` put before its path.
* A section path that Google does not know is answered with the top stories, silently: only the paths
  below are built or let through.
* Sections are asked for by topic id, which is built from the machine id of the Knowledge Graph. Health has
  one id for all countries. Nation is another topic in every country and is asked for by name.
* Old addresses live on in subscription lists: `/news/rss/…` (2017), `/news?topic=w&output=rss` with
  letters for sections (before 2017), `/u/0/…` (the page of a signed-in reader).
* A request without the whole locale (`hl`, `gl`, `ceid`) is redirected to one that Google chooses by
  address, so every address here carries it.
"""

import re
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from aggregator.google.editions import Edition, base_language, language_of_ceid
from aggregator.google.ids import parse_topic_id, topic_id

GOOGLE_NEWS = "https://news.google.com"
_HOST = "news.google.com"

TOP_STORIES = "TOP"
_MID_OF_SECTION = {
    "WORLD": "/m/09nm_",
    "BUSINESS": "/m/09s1f",
    "TECHNOLOGY": "/m/07c1v",
    "ENTERTAINMENT": "/m/02jjt",
    "SPORTS": "/m/06ntj",
    "SCIENCE": "/m/06mq7",
    "HEALTH": "/m/0kt51",
}
_REGION_FREE = frozenset({"HEALTH"})
_BY_NAME_ONLY = "NATION"

SECTIONS = (TOP_STORIES, *_MID_OF_SECTION, _BY_NAME_ONLY)
"""Names of the standard sections, as `topic_feed_url` takes them."""

_SECTION_OF_LETTER = {
    "h": TOP_STORIES,
    "w": "WORLD",
    "n": _BY_NAME_ONLY,
    "b": "BUSINESS",
    "t": "TECHNOLOGY",
    "tc": "TECHNOLOGY",
    "e": "ENTERTAINMENT",
    "s": "SPORTS",
    "snc": "SCIENCE",
    "m": "HEALTH",
}

_ID = re.compile(r"[A-Za-z0-9_-]{8,}")
_PREFIXES = re.compile(r"^(/u/\d+|/news(?=/|$)|/rss(?=/|$))+")
_FRONT_PAGES = frozenset({"", "/home", "/topstories", "/headlines"})


def topic_feed_url(name: str, edition: Edition) -> str:
    """Return the feed of a standard section ("WORLD", in any case; see SECTIONS).

    Raises ValueError for another name.
    """
    section = name.upper()
    if section == TOP_STORIES:
        return _feed_url("", edition)
    if section == _BY_NAME_ONLY:
        return _named_section_feed_url(section, edition)
    if section not in _MID_OF_SECTION:
        raise ValueError(f"{name!r} is not a section; the sections are {', '.join(SECTIONS)}")
    country = None if section in _REGION_FREE else edition.country
    return topic_id_feed_url(topic_id(_MID_OF_SECTION[section], edition.topic_language, country), edition)


def topic_id_feed_url(identifier: str, edition: Edition) -> str:
    """Return the feed of a topic id, which `ids.parse_topic_id` should have accepted."""
    return _feed_url(f"/topics/{identifier}", edition)


def search_feed_url(query: str, edition: Edition) -> str:
    """Return the feed of a search; `query` is as typed, operators such as `when:7d` included."""
    return f"{GOOGLE_NEWS}/rss/search?q={quote_plus(query)}&{edition.query}"


def geo_feed_url(place: str, edition: Edition) -> str:
    """Return the feed of a place, named in any spelling; not every place has one."""
    return _feed_url(f"/headlines/section/geo/{quote(place, safe='')}", edition)


def is_google_feed(url: str) -> bool:
    """True for a feed of news.google.com, in the form that the functions here return. Never raises."""
    return is_google_url(url) and re.match(r"/rss(/|$)", urlsplit(url).path) is not None


def is_search_feed(url: str) -> bool:
    """True for the feed of a search, which lists nearly every article under an entry of its own. Never raises."""
    return is_google_feed(url) and re.match(r"/rss/search(/|$)", urlsplit(url).path) is not None


def is_google_url(url: str) -> bool:
    """True for any address of news.google.com. Never raises."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and parts.hostname == _HOST
    except ValueError:
        return False


def rewrite_web_url(url: str, edition: Edition) -> str:
    """Return the feed of an address of news.google.com in an edition: of a page, an old form or a feed.

    A locale in the address is dropped; `edition_of_url` reads it. Raises ValueError, saying what to do
    instead, for an address that has no feed.
    """
    if not is_google_url(url):
        raise ValueError(f"{url!r} is not an address of {_HOST}")
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    path = _PREFIXES.sub("", parts.path.rstrip("/"))
    if "q" in query and path in ("", "/search"):
        return search_feed_url(query["q"], edition)
    if path in _FRONT_PAGES:
        return topic_feed_url(_section_of_letter(query.get("topic", "h")), edition)
    match path.split("/")[1:]:
        case ["topics", identifier] if _ID.fullmatch(identifier):
            return topic_id_feed_url(identifier, edition)
        case ["topics", identifier, "sections", section] if _ID.fullmatch(identifier) and _ID.fullmatch(
            section
        ):
            return _feed_url(path, edition)
        case ["headlines", "section", "topic", name] if name.upper() in (*_MID_OF_SECTION, _BY_NAME_ONLY):
            return _named_section_feed_url(name, edition)
        case ["headlines", "section", "geo", place] if place:
            return geo_feed_url(unquote(place), edition)
    raise ValueError(_why_no_feed(path))


def address_of_url(url: str, edition: Edition) -> tuple[str, str]:
    """Return what an address of news.google.com asks for in an edition, as the key and value of a configuration.

    ("google_topic", "WORLD") for a standard section, else "google_topic_id", "google_query" or "google_geo";
    ("url", …) for the part of a topic, which has no key. Raises ValueError as `rewrite_web_url` does.
    """
    feed_url = rewrite_web_url(url, edition)
    for section in SECTIONS:
        if feed_url in (topic_feed_url(section, edition), _named_section_feed_url(section, edition)):
            return "google_topic", section
    parts = urlsplit(feed_url)
    match parts.path.removeprefix("/rss").split("/")[1:]:
        case ["search"]:
            return "google_query", dict(parse_qsl(parts.query))["q"]
        case ["topics", identifier]:
            return "google_topic_id", identifier
        case ["headlines", "section", "geo", place]:
            return "google_geo", unquote(place)
    return "url", url


def edition_of_url(url: str, fallback: Edition) -> Edition:
    """Return the edition that `hl`, `gl` and `ceid` name between them; what they leave out, `fallback` says.

    Raises ValueError when what they say is no edition.
    """
    query = dict(parse_qsl(urlsplit(url).query))
    country, _, tag = query.get("ceid", "").partition(":")
    country = query.get("gl") or country or fallback.country
    return Edition(query.get("hl") or language_of_ceid(tag) or fallback.language, country)


def edition_of_topic_id(identifier: str, fallback: Edition) -> Edition:
    """Return the edition whose topic ids look like this one; a region-free id leaves the country to `fallback`.

    Raises ValueError for what is no topic id.
    """
    topic = parse_topic_id(identifier)
    if topic.country is None and base_language(topic.language) == base_language(fallback.language):
        return fallback
    # "en-GB" stands for English of every country but two, so only its language says something.
    language = "en" if topic.language == "en-GB" else topic.language
    return Edition(language, topic.country or fallback.country)


def _feed_url(path: str, edition: Edition) -> str:
    return f"{GOOGLE_NEWS}/rss{path}?{edition.query}"


def _named_section_feed_url(name: str, edition: Edition) -> str:
    return _feed_url(f"/headlines/section/topic/{name.upper()}", edition)


def _section_of_letter(letter: str) -> str:
    if letter not in _SECTION_OF_LETTER:
        raise ValueError(f"topic={letter} is not a section; give google_topic, one of {', '.join(SECTIONS)}")
    return _SECTION_OF_LETTER[letter]


def _why_no_feed(path: str) -> str:
    first = path.split("/")[1]
    match first:
        case "articles" | "read":
            return "one article, not a feed; give the outlet's own feed"
        case "publications":
            return 'the page of an outlet has no feed; give google_query = "site:…" or the outlet\'s own feed'
        case "stories":
            return "one story's coverage has no feed; give google_query with its words"
        case "foryou" | "my" | "showcase":
            return f"/{first} is a personal page without a feed"
        case _:
            return f"{path} is no feed that Google News knows (it would answer with the top stories)"
