"""JSON Feed 1.0 and 1.1. Pure.

Facts
-----
* The version is a URL, `https://jsonfeed.org/version/1.1`; everything but it and the items is optional.
* `url` is the page, `external_url` the page it links to; titles are plain text and often missing.
* Ids are strings by the standard and numbers in the wild.
* `json` fails on deep nesting with RecursionError and on numbers of 5,000 digits with ValueError.

Source: jsonfeed.org/version/1.1.
"""

import json
import re
from collections.abc import Mapping

from aggregator.model import Failure, FailureKind
from aggregator.parse.raw import RawDate, RawEntry, RawFeed

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(?:\.([01]))?/?")
_NO_FEED = Failure(FailureKind.NOT_A_FEED, "the document is JSON but not a JSON Feed")


def read_json_feed(document: bytes) -> RawFeed | Failure:
    """Return what a JSON Feed says. Never raises; entries that are no objects are counted."""
    try:
        feed = json.loads(document)
    except (ValueError, RecursionError) as error:
        return Failure(FailureKind.PARSE_ERROR, f"the document is not valid JSON ({error!s:.120})")
    if not isinstance(feed, dict):
        return _NO_FEED
    version = _VERSION.fullmatch(_text(feed, "version") or "")
    items = feed.get("items")
    if version is None or not isinstance(items, list):
        return _NO_FEED
    entries = tuple(_raw_entry(item) for item in items if isinstance(item, dict))
    return RawFeed(
        version=f"json1{version.group(1) or 0}",
        entries=entries,
        title=_text(feed, "title"),
        language=_text(feed, "language"),
        skipped_entries=len(items) - len(entries),
    )


def _raw_entry(item: Mapping[str, object]) -> RawEntry:
    entry_id = item.get("id")
    if isinstance(entry_id, int | float):
        entry_id = repr(entry_id)[:100]
    links = [_text(item, "url"), _text(item, "external_url")]
    if isinstance(entry_id, str) and entry_id.startswith(("http://", "https://")):
        links.append(entry_id)
    summaries = [_text(item, key) for key in ("summary", "content_text", "content_html")]
    dates = [_text(item, key) for key in ("date_published", "date_modified")]
    return RawEntry(
        entry_id=entry_id if isinstance(entry_id, str) else None,
        title=_text(item, "title"),
        is_markup=False,
        links=tuple(link for link in links if link),
        summaries=tuple(summary for summary in summaries if summary),
        dates=tuple(RawDate(text) for text in dates if text),
    )


def _text(values: Mapping[str, object], key: str) -> str | None:
    value = values.get(key)
    return value if isinstance(value, str) and value else None
