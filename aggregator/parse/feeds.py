"""From the body of an answer to the entries that we keep (guard layer G8). Pure.

`guard` makes a document of the body, `xml_feed` and `json_feed` read it, `google_news` and this
module reduce every item to plain, bounded, checked values.

Decisions
---------
* One item that cannot be used is counted and skipped, never the feed. The reasons in
  `ParsedFeed.skipped` are: *no-headline* (neither title nor text), *duplicate* (same link and title
  as an earlier item), *over-limit* (after 1,000 items), *unreasonable* (breaks a structural limit),
  *malformed* (not an object, in JSON), *error* (a fault of ours). Two items with one id are both
  returned; the store knows which it has.
* An item without a usable link is kept with its headline; one without a title takes the beginning of
  its text as its headline.
* A Google item whose description has not the known shape is kept with its own title, and the
  description as its summary: nothing is lost, so nothing is counted.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.model import Entry, Failure, ListedHeadline, ParsedFeed
from aggregator.parse.dates import parse_date
from aggregator.parse.google_news import (
    MAX_HEADLINE_CHARACTERS,
    MAX_OUTLET_CHARACTERS,
    google_headlines,
    google_id,
    is_midnight_in_california,
)
from aggregator.parse.google_news import MAX_LINK_CHARACTERS as MAX_GOOGLE_LINK_CHARACTERS
from aggregator.parse.guard import guard
from aggregator.parse.json_feed import read_json_feed
from aggregator.parse.links import MAX_LINK_CHARACTERS, origin, web_link
from aggregator.parse.raw import RawEntry, RawFeed
from aggregator.parse.survey import MAX_ENTRIES
from aggregator.parse.text import clean_text, html_to_text, unescape_once
from aggregator.parse.xml_feed import read_xml_feed

MAX_SUMMARY_CHARACTERS = 2_000
MAX_TTL_SECONDS = 86_400.0

_MAX_ENTRY_ID_CHARACTERS = 2_048
_HEADLINE_FROM_TEXT_CHARACTERS = 120
_GOOGLE_GENERATOR = "NFE/"
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")
_TTL = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class _Document:
    """What every entry of a document shares."""

    feed_url: str
    google_hosts: AbstractSet[str]
    is_google: bool
    now: datetime


def parse_feed(
    body: bytes, *, content_type: str | None, feed_url: str, google_hosts: frozenset[str], now: datetime
) -> ParsedFeed | Failure:
    """Return the entries of a feed document, or why there are none.

    Args:
        body: The body as received, decompressed.
        content_type: The header as received, if any.
        feed_url: Where it came from; relative links are resolved against it.
        google_hosts: Hosts, with port if not the usual one, that count as news.google.com.
        now: Aware UTC time; a date more than 48 h after it is no date.

    A valid feed without entries is a success. Raises MemoryError, nothing else; but seven kinds of
    small hostile documents keep the parser busy for minutes, so call it in a `ParserPool`.
    """
    guarded = guard(body, content_type)
    if isinstance(guarded, Failure):
        return _about(feed_url, guarded)
    raw = read_json_feed(guarded.document) if guarded.is_json else read_xml_feed(guarded.document)
    if isinstance(raw, Failure):
        return _about(feed_url, raw)
    document = _Document(feed_url, google_hosts, _is_google(raw), now)
    entries, skipped = _reduce_all(raw, document)
    return ParsedFeed(
        title=_feed_title(raw),
        language=_language(raw.language),
        version=raw.version,
        entries=entries,
        skipped=dict(skipped + Counter(guarded.skipped)),
        is_partial=guarded.is_partial or not raw.is_whole,
        ttl_seconds=_ttl_seconds(raw.ttl_minutes),
        codec=guarded.codec,
    )


def _reduce_all(raw: RawFeed, document: _Document) -> tuple[tuple[Entry, ...], Counter[str]]:
    skipped = Counter({"malformed": raw.skipped_entries} if raw.skipped_entries else {})
    seen: set[tuple[str | None, ...]] = set()
    entries: list[Entry] = []
    for position, raw_entry in enumerate(raw.entries):
        if position >= MAX_ENTRIES:
            skipped["over-limit"] += len(raw.entries) - MAX_ENTRIES
            break
        try:
            entry = _reduce(raw_entry, position, document)
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
            # A case that this code forgot shall show in the poll's counters, not cost the other entries.
            skipped["error"] += 1
            continue
        if entry is None:
            skipped["no-headline"] += 1
            continue
        lead = entry.headlines[0]
        sameness = (lead.link, lead.headline, None if lead.link else entry.entry_id)
        if sameness in seen:
            skipped["duplicate"] += 1
            continue
        seen.add(sameness)
        entries.append(entry)
    return tuple(entries), skipped


def _reduce(raw: RawEntry, position: int, document: _Document) -> Entry | None:
    """Return the entry, or None if it has no headline."""
    entry = Entry(
        position=position,
        entry_id=_entry_id(raw.entry_id),
        headlines=(),
        published=_published(raw, document.now),
        outlet_url=origin(raw.source_url),
    )
    link = _link(raw, document)
    if document.is_google or google_id(link, document.google_hosts):
        return _as_google(entry, raw, link, document)
    summary = _summary(raw)
    headline = _headline(raw) or clean_text(summary or "", _HEADLINE_FROM_TEXT_CHARACTERS)
    if not headline:
        return None
    outlet = clean_text(html_to_text(raw.source_title or ""), MAX_OUTLET_CHARACTERS) or None
    return replace(entry, headlines=(ListedHeadline(headline, outlet, link),), summary=summary)


def _as_google(entry: Entry, raw: RawEntry, link: str | None, document: _Document) -> Entry | None:
    headlines, is_listed = google_headlines(raw, link, document.google_hosts)
    if not headlines:
        return None
    published = entry.published
    return replace(
        entry,
        headlines=headlines,
        is_day_precise=published is not None and is_midnight_in_california(published),
        summary=None if is_listed else _summary(raw),
    )


def _headline(raw: RawEntry) -> str:
    text = html_to_text(raw.title or "") if raw.is_markup else unescape_once(raw.title or "")
    return clean_text(text, MAX_HEADLINE_CHARACTERS)


def _summary(raw: RawEntry) -> str | None:
    for markup in raw.summaries:
        text = clean_text(html_to_text(markup), MAX_SUMMARY_CHARACTERS)
        if text:
            return text
    return None


def _link(raw: RawEntry, document: _Document) -> str | None:
    """Return the first usable link; Google's may be longer than other people's."""
    for candidate in raw.links:
        link = web_link(candidate, document.feed_url, MAX_GOOGLE_LINK_CHARACTERS)
        if link and (len(link) <= MAX_LINK_CHARACTERS or google_id(link, document.google_hosts)):
            return link
    return None


def _published(raw: RawEntry, now: datetime) -> datetime | None:
    moments = (parse_date(date.text, now, date.foreign) for date in raw.dates)
    return next((moment for moment in moments if moment), None)


def _entry_id(entry_id: str | None) -> str | None:
    """Return an id as written; a very long one by its digest, which identifies as well."""
    if not entry_id:
        return None
    if len(entry_id) > _MAX_ENTRY_ID_CHARACTERS:
        return "sha256:" + hashlib.sha256(entry_id.encode("utf-8", "replace")).hexdigest()
    return clean_text(entry_id, _MAX_ENTRY_ID_CHARACTERS) or None


def _is_google(raw: RawFeed) -> bool:
    return (raw.generator or "").startswith(_GOOGLE_GENERATOR)


def _feed_title(raw: RawFeed) -> str | None:
    return clean_text(html_to_text(raw.title or ""), MAX_HEADLINE_CHARACTERS) or None


def _language(tag: str | None) -> str | None:
    """Return a language tag in its usual writing ("en-US", "zh-Hant"), or None for anything else."""
    found = _LANGUAGE.fullmatch((tag or "").strip())
    if not found:
        return None
    language, rest = found.groups()
    subtags = [part.upper() if len(part) == 2 else part.title() for part in re.split("[-_]", rest)[1:]]
    return "-".join([language.lower(), *subtags])


def _ttl_seconds(minutes: str | None) -> float | None:
    found = _TTL.fullmatch((minutes or "").strip())
    return min(int(found.group()) * 60.0, MAX_TTL_SECONDS) if found else None


def _about(feed_url: str, failure: Failure) -> Failure:
    return replace(failure, message=f"{feed_url}: {failure.message}")
