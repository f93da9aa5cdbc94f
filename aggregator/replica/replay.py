"""Recorded snapshots of Google feeds, to be shown again one by one.

Facts
-----
* A recording is JSON Lines, gzip or not: `{time, feed, items: [{title, link, date, description}]}`, in the
  order of the polls. `description` is the HTML as Google wrote it, null or empty where it was not recorded.
* Missing in it and made up here: the time of day of `pubDate`, `source/@url`, and the guid, which is the
  id in the link. The same link keeps its date through the whole recording, never later than the
  snapshot that shows it first.
"""

import gzip
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NotRequired, TypedDict
from urllib.parse import urlsplit

from aggregator.replica.content import RecordedItem, Snapshot

_OUTLET = re.compile(r'<font color="#6f6f6f">([^<]*)</font>')
_SECONDS_OF_DAY = 86_400


@dataclass(frozen=True, slots=True)
class RecordedSnapshot:
    """One recorded poll: the `feed`'s URL and what it showed at `at` (aware UTC)."""

    at: datetime
    feed: str
    snapshot: Snapshot


class _ItemRow(TypedDict):
    title: str
    link: str
    date: str
    description: NotRequired[str | None]


class _SnapshotRow(TypedDict):
    time: str
    feed: str
    items: list[_ItemRow]


def load_recording(path: Path) -> tuple[RecordedSnapshot, ...]:
    """Return the snapshots of a .jsonl or .jsonl.gz file, in its order.

    Descriptions are passed through character for character; an item without one gets the single form
    made from its title. Raises OSError, or ValueError for a file of another shape.
    """
    stored = path.read_bytes()
    lines = (gzip.decompress(stored) if path.suffix == ".gz" else stored).splitlines()
    rows: list[_SnapshotRow] = [json.loads(line) for line in lines if line.strip()]
    outlets = _outlets(rows)
    published: dict[str, datetime] = {}
    return tuple(_snapshot(row, outlets, published) for row in rows)


def _snapshot(row: _SnapshotRow, outlets: frozenset[str], published: dict[str, datetime]) -> RecordedSnapshot:
    at = datetime.fromisoformat(row["time"]).astimezone(UTC)
    for item in row["items"]:
        published.setdefault(item["link"], _moment(item, at))
    items = tuple(_item(item, outlets, published[item["link"]]) for item in row["items"])
    return RecordedSnapshot(at, row["feed"], Snapshot(items))


def _item(row: _ItemRow, outlets: frozenset[str], published: datetime) -> RecordedItem:
    description = row.get("description") or ""
    found = _OUTLET.search(description)
    outlet = found[1] if found else _outlet_of_title(row["title"], outlets)
    return RecordedItem(
        title=row["title"],
        link=row["link"],
        guid=urlsplit(row["link"]).path.rpartition("/")[2],
        published=published,
        description=description or _single(row, outlet),
        outlet=outlet,
        outlet_url=f"https://{_host(outlet)}",
    )


def _single(row: _ItemRow, outlet: str) -> str:
    headline = row["title"].removesuffix(f" - {outlet}")
    return (
        f'<a href="{row["link"]}" target="_blank">{headline}</a>&nbsp;&nbsp;'
        f'<font color="#6f6f6f">{outlet}</font>'
    )


def _outlets(rows: list[_SnapshotRow]) -> frozenset[str]:
    """Return every outlet that any description of the recording names."""
    items = (item for row in rows for item in row["items"])
    return frozenset(name for item in items for name in _OUTLET.findall(item.get("description") or ""))


def _outlet_of_title(title: str, outlets: frozenset[str]) -> str:
    """Return the longest known outlet that ends a title, else what follows its last " - "."""
    starts = [found.end() for found in re.finditer(" - ", title)]
    known = (title[start:] for start in starts if title[start:] in outlets)
    return next(known, title[starts[-1] :] if starts else "Unknown")


def _moment(row: _ItemRow, first_shown: datetime) -> datetime:
    """Return a time on the recorded day that depends on the link alone, if that is not after its showing."""
    seconds = int.from_bytes(sha256(row["link"].encode()).digest()[:4]) % _SECONDS_OF_DAY
    midnight = datetime.combine(date.fromisoformat(row["date"]), time(), UTC)
    return min(midnight + timedelta(seconds=seconds), first_shown.replace(microsecond=0))


def _host(outlet: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", outlet.lower()).strip("-")
    return f"www.{name or sha256(outlet.encode()).hexdigest()[:12]}.example"
