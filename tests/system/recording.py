"""Recordings: one written from the replica's own news, and a plain reading of any to compare a store with.

The reading knows nothing of our parser: it takes a recorded description apart with one expression.
"""

import gzip
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from aggregator.replica import Article, Item, Replica, demo_days, load_recording
from aggregator.replica.minting import google_link
from tests.system.home import rows

FEED = "https://news.google.com/rss/headlines/section/topic/WORLD?hl=en-US&gl=US&ceid=US:en"
SECTION = "en-US/WORLD"
_ELSEWHERE = timezone(timedelta(hours=6))  # whoever records has a clock of his own
_LISTED = re.compile(
    r'<a href="(?P<link>[^"]*)"[^>]*>(?P<headline>.*?)</a>&nbsp;&nbsp;<font color="#6f6f6f">(?P<outlet>.*?)</font>'
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One headline as a recording lists it; `google_id` is the last part of its link's path."""

    google_id: str
    link: str
    headline: str
    outlet: str
    lead_id: str


def write_recording(path: Path, today: date) -> Path:
    """Write the world section of the demo's days; every third item comes without its description."""
    snapshots = []
    for moment in demo_days(today):
        items = [item for item in moment.content[SECTION].items if isinstance(item, Item)]
        told = [_recorded(item, has_description=number % 3 != 2) for number, item in enumerate(items)]
        snapshots.append({"time": moment.at.astimezone(_ELSEWHERE).isoformat(), "feed": FEED, "items": told})
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, snapshots)).encode()))
    return path


def _recorded(item: Item, *, has_description: bool) -> dict[str, Any]:
    single = len(item.articles) == 1
    lines = [_line(article) if single else f"<li>{_line(article)}</li>" for article in item.articles]
    description = "".join(lines) if single else f"<ol>{''.join(lines)}</ol>"
    return {
        "title": f"{item.lead.headline} - {item.lead.outlet.name}",
        "link": google_link(item.lead),
        "date": f"{item.published or item.lead.published:%Y-%m-%d}",
        "description": description if has_description else None,
    }


def _line(article: Article) -> str:
    return (
        f'<a href="{google_link(article)}" target="_blank">{article.headline}</a>&nbsp;&nbsp;'
        f'<font color="#6f6f6f">{article.outlet.name}</font>'
    )


def read_plainly(path: Path) -> list[tuple[datetime, list[Listed]]]:
    """Every snapshot's time and what it lists, in order. An item without description lists its title."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    described = (item["description"] or "" for row in rows for item in row["items"])
    outlets = {found["outlet"] for text in described for found in _LISTED.finditer(text)}
    return [
        (
            datetime.fromisoformat(row["time"]),
            [one for item in row["items"] for one in _read_item(item, outlets)],
        )
        for row in rows
    ]


def _read_item(item: dict[str, Any], outlets: set[str]) -> Iterator[Listed]:
    lead_id = _google_id(item["link"])
    found = list(_LISTED.finditer(item["description"] or ""))
    if not found:
        yield Listed(lead_id, item["link"], *_title(item["title"], outlets), lead_id)
    for one in found:
        link = html.unescape(one["link"])
        yield Listed(_google_id(link), link, _plain(one["headline"]), _plain(one["outlet"]), lead_id)


def _title(title: str, outlets: set[str]) -> tuple[str, str]:
    """Some outlets have " - " in their names; the recording names them elsewhere."""
    known = [outlet for outlet in outlets if title.endswith(f" - {outlet}")]
    outlet = max(known, key=len, default=title.rpartition(" - ")[2])
    headline = title.removesuffix(f" - {outlet}")
    return _plain(headline), _plain(outlet)


def _google_id(link: str) -> str:
    return link.partition("?")[0].rpartition("/")[2]


def _plain(text: str) -> str:
    """Text as a reader sees it: without what has no width."""
    return " ".join(re.sub("[\u200b-\u200f\u2060\ufeff]", "", html.unescape(text)).split())


def differences(store: Path, snapshots: list[tuple[datetime, list[Listed]]]) -> list[str]:
    """What the store has otherwise than the recording: articles, then listings; no two alike."""
    first: dict[str, tuple[str, str, str]] = {}
    for _, listed in snapshots:
        for one in listed:
            first.setdefault(one.google_id, (one.headline, one.outlet, one.link))
    stored = rows(store, "SELECT google_id, headline, outlet, link FROM articles")
    articles = set(stored) ^ {(google_id, *rest) for google_id, rest in first.items()}
    listings = rows(
        store,
        "SELECT p.started_at, a.google_id, l.google_id FROM listings JOIN polls AS p USING (poll_id)"
        " JOIN articles AS a USING (article_id) JOIN articles AS l ON l.article_id = lead_article_id",
    )
    expected = {(_stored_time(at), one.google_id, one.lead_id) for at, listed in snapshots for one in listed}
    twice = len(stored) - len(set(stored))
    return [*map(str, sorted(articles)), *map(str, sorted(set(listings) ^ expected)), *["twice"] * twice]


def _stored_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def show(replica: Replica, path: Path) -> Iterator[datetime]:
    """Show a recording snapshot by snapshot; yields the time of each."""
    for recorded in load_recording(path):
        replica.show(recorded.feed, recorded.snapshot)
        yield recorded.at
