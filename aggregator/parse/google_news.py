"""Items of Google News feeds: a group of headlines in a description. Pure.

Facts
-----
* Since 2025 an item's description is one of
    `<ol><li><a href="LINK" target="_blank">HEADLINE</a>&nbsp;&nbsp;<font color="…">OUTLET</font></li>…</ol>`
    `<a href="LINK" target="_blank">HEADLINE</a>&nbsp;&nbsp;<font color="…">OUTLET</font>`
  with up to 5 entries in topic feeds (9 seen in a search feed); the first is the item itself.
* The texts in it are **not** HTML-escaped: `&` and `<` stand there as they are. Some publishers
  escape twice, so a reference with its semicolon is resolved, once.
* 2019 to 2023 a list, or a single article, ended with a localised "full coverage" link to
  `/stories/<id>`, in `<strong>`; for a few days of 2022 the links were the publishers' own.
* The title is `HEADLINE - OUTLET`, the outlet's name is the text of `<source>`. Outlets and headlines
  contain " - " themselves, so the suffix goes by that name and never by the last dash.
* An article that Google dates to the day only shows midnight in California: 07:00:00 or 08:00:00 GMT.

The scanner looks for the marks of this one shape and knows nothing else of HTML. Cost: linear.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aggregator.google.ids import MAX_ID_CHARACTERS
from aggregator.model import ListedHeadline
from aggregator.parse.links import web_link
from aggregator.parse.raw import RawEntry
from aggregator.parse.text import clean_text, unescape_once

MAX_LISTED = 50
MAX_HEADLINE_CHARACTERS = 500
MAX_OUTLET_CHARACTERS = 200
MAX_LINK_CHARACTERS = MAX_ID_CHARACTERS + 256

_SEPARATOR = " - "
_ARTICLE_PATH = re.compile(
    rf"/(?:rss/articles|articles|read|__i/rss/rd/articles)/([A-Za-z0-9_-]{{1,{MAX_ID_CHARACTERS}}}=*)/?"
)
_STORY_PATH = "/stories/"
_MAX_DESCRIPTION_CHARACTERS = 262_144

_LIST_OR_LINK = re.compile(r"\s*(?:<ol[^<>]*>\s*<li[^<>]*>\s*)?(?:<strong>\s*)?<a\s", re.IGNORECASE)
# Atomic and possessive, so that a tag without an end is scanned once and not from each of its parts.
_LINK = re.compile(r"""<a\s(?>[^<>]*?href=)["']?([^"'\s<>]*+)[^<>]*+>""", re.IGNORECASE)
_SPACE = r"(?:&nbsp;|\s)*"
# The text of a link may hold "</a>" or "<font>" itself; these ends are those of the shape.
_LINK_END = re.compile(rf"</a>(?={_SPACE}(?:<font[\s>]|</?strong>|</?li>|</?ol>|\Z))", re.IGNORECASE)
_OUTLET_START = re.compile(rf"{_SPACE}<font(?:\s[^<>]*)?>", re.IGNORECASE)
_OUTLET_END = re.compile(r"</font>(?=\s*(?:</?strong>|</?li>|</?ol>|<a\s|\Z))", re.IGNORECASE)
_CALIFORNIA = "America/Los_Angeles"


@dataclass(frozen=True, slots=True)
class Scanned:
    """One entry of a description: headline and outlet as text, the link as written."""

    headline: str
    outlet: str | None
    href: str


def google_id(link: str | None, google_hosts: AbstractSet[str]) -> str | None:
    """Return the article id in a Google News link, or None for any other link.

    `google_hosts` are the hosts (with port, if not the usual one) that count as Google News.
    """
    if link is None:
        return None
    parts = urlsplit(link)
    if parts.netloc.lower() not in google_hosts:
        return None
    found = _ARTICLE_PATH.fullmatch(parts.path)
    return found.group(1) if found else None


def scan_description(description: str) -> list[Scanned]:
    """Return the entries of a description in order, or [] if it has not Google's shape.

    Links to full coverage are among them; at most `MAX_LISTED` + 1 are returned.
    """
    if not _LIST_OR_LINK.match(description):
        return []
    description = description[:_MAX_DESCRIPTION_CHARACTERS]
    scanned: list[Scanned] = []
    at = 0
    while len(scanned) <= MAX_LISTED:
        link = _LINK.search(description, at)
        end = _LINK_END.search(description, link.end()) if link else None
        if link is None or end is None:
            break
        outlet, at = _scan_outlet(description, end.end())
        scanned.append(Scanned(_plain(description[link.end() : end.start()]), outlet, link.group(1)))
    return scanned


def google_headlines(
    raw: RawEntry, link: str | None, google_hosts: AbstractSet[str]
) -> tuple[tuple[ListedHeadline, ...], bool]:
    """Return the headlines of a Google item, its own first, and whether its description had the shape.

    The item leads even if its list does not begin with it. The result is empty only if there is no
    title and nothing is listed.
    """
    listed = [
        headline
        for scanned in scan_description(raw.summaries[0] if raw.summaries else "")
        if (headline := _listed(scanned, google_hosts)) is not None
    ]
    lead = _lead(raw, link, listed, google_hosts)
    distinct: dict[str, ListedHeadline] = {}
    for headline in ([lead] if lead else []) + listed:
        distinct.setdefault(_identity(headline), headline)
    return tuple(distinct.values())[:MAX_LISTED], bool(listed)


def cut_outlet(title: str, outlet: str | None) -> str:
    """Return a title without " - Outlet" at its end; unchanged if it does not end so."""
    suffix = _SEPARATOR + (outlet or "")
    if outlet and title.endswith(suffix) and len(title) > len(suffix):
        return title[: -len(suffix)].rstrip()
    return title


def is_midnight_in_california(moment: datetime) -> bool:
    """Return whether an aware time is a full midnight there, winter or summer."""
    local = moment.astimezone(ZoneInfo(_CALIFORNIA))
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def _scan_outlet(description: str, at: int) -> tuple[str | None, int]:
    """Return the outlet that follows a link, if one does, and where to go on."""
    start = _OUTLET_START.match(description, at)
    end = _OUTLET_END.search(description, start.end()) if start else None
    if start is None or end is None:
        return None, at
    outlet = clean_text(unescape_once(description[start.end() : end.start()]), MAX_OUTLET_CHARACTERS)
    return outlet or None, end.end()


def _plain(text: str) -> str:
    return clean_text(unescape_once(text), MAX_HEADLINE_CHARACTERS)


def _listed(scanned: Scanned, google_hosts: AbstractSet[str]) -> ListedHeadline | None:
    """Return an entry of the list, or None for "full coverage" and for a link without text."""
    link = web_link(unescape_once(scanned.href), "", MAX_LINK_CHARACTERS)
    if not scanned.headline or _is_full_coverage(link, google_hosts):
        return None
    return ListedHeadline(scanned.headline, scanned.outlet, link, google_id(link, google_hosts))


def _is_full_coverage(link: str | None, google_hosts: AbstractSet[str]) -> bool:
    if link is None:
        return False
    parts = urlsplit(link)
    return parts.netloc.lower() in google_hosts and _STORY_PATH in parts.path


def _lead(
    raw: RawEntry, link: str | None, listed: list[ListedHeadline], google_hosts: AbstractSet[str]
) -> ListedHeadline | None:
    """Return the item's own headline, from its title or, without one, from its place in the list."""
    own_id = google_id(link, google_hosts)
    own = next((one for one in listed if link and _identity(one) == (own_id or link)), None)
    title = clean_text(unescape_once(raw.title or ""), MAX_HEADLINE_CHARACTERS + MAX_OUTLET_CHARACTERS)
    outlet = clean_text(unescape_once(raw.source_title or ""), MAX_OUTLET_CHARACTERS) or None
    if outlet is None and own is not None:
        outlet = own.outlet
    headline = cut_outlet(title, outlet)
    if own is not None and (not title or (headline == title and title.startswith(own.headline + _SEPARATOR))):
        headline = own.headline
    if not headline:
        return None
    return ListedHeadline(clean_text(headline, MAX_HEADLINE_CHARACTERS), outlet, link, own_id)


def _identity(headline: ListedHeadline) -> str:
    return headline.google_id or headline.link or f"{headline.headline}\n{headline.outlet}"
