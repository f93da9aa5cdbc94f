"""What both readers, of XML and of JSON feeds, hand on: a feed's own words, untouched. Pure."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawDate:
    """A date as written; `foreign` is feedparser's reading of it in UTC, if it has one."""

    text: str
    foreign: time.struct_time | None = None


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One item as the document has it; nothing is cleaned, checked or bounded.

    `links`, `summaries` and `dates` are candidates, the better first. `is_markup` says whether the
    title may hold HTML; `source_title` and `source_url` are RSS `<source>` or Atom's source feed.
    """

    entry_id: str | None = None
    title: str | None = None
    is_markup: bool = True
    links: tuple[str, ...] = ()
    summaries: tuple[str, ...] = ()
    dates: tuple[RawDate, ...] = ()
    source_title: str | None = None
    source_url: str | None = None


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A document as its reader saw it; `is_whole` is False when the reader had to guess."""

    version: str
    entries: tuple[RawEntry, ...]
    title: str | None = None
    language: str | None = None
    generator: str | None = None
    ttl_minutes: str | None = None
    is_whole: bool = True
    skipped_entries: int = 0
