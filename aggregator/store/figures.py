"""Figures of the file: sizes, counts, what waits. Cheap enough to be asked for four times a minute.

Facts
-----
* `count(*)` walks the smallest index: some 30 ms for a million articles. Everything else here reads an
  index of what waits, or a table with a row a feed.
* Articles get their numbers in the order in which they are first seen, so the waiting link with the
  smallest number is the oldest.
"""

import shutil
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from aggregator.model import StoreFigures
from aggregator.store.database import open_reader
from aggregator.store.values import day_of, optional_time_of

_WEEK = timedelta(days=7)


def read_figures(path: Path, today: date) -> StoreFigures:
    """The figures of the database at `path`; `today` is the local day.

    Raises:
        StoreError: there is no such database, or it cannot be read.
    """
    with open_reader(path) as connection:
        return StoreFigures(
            file_bytes=_size(path),
            wal_bytes=_size(path.with_name(f"{path.name}-wal")),
            unused_bytes=_pragma(connection, "freelist_count") * _pragma(connection, "page_size"),
            disk_free_bytes=shutil.disk_usage(path.parent).free,
            articles=_one(connection, "SELECT count(*) FROM articles"),
            articles_last_week=_one(
                connection,
                "SELECT count(*) FROM articles WHERE day >= ? AND day < ?",
                (today - _WEEK).isoformat(),
                today.isoformat(),
            ),
            feeds=_counts(connection, "SELECT health, count(*) FROM feeds GROUP BY health"),
            links_waiting=_one(connection, "SELECT count(*) FROM resolutions WHERE state = 'waiting'"),
            oldest_link_at=_oldest_link(connection),
            deliveries=_counts(connection, "SELECT state, count(*) FROM outbox GROUP BY state"),
            oldest_delivery_at=_moment(
                connection, "SELECT min(queued_at) FROM outbox WHERE state = 'waiting'"
            ),
            breaker_open_until=_moment(connection, "SELECT open_until FROM resolver_state"),
            newest_at=_moment(
                connection,
                "SELECT max(at) FROM (SELECT max(last_polled_at) AS at FROM feeds"
                " UNION ALL SELECT beat_at FROM heartbeat)",
            ),
            newest_day=_newest_day(connection),
        )


def _oldest_link(connection: sqlite3.Connection) -> datetime | None:
    oldest = _one(connection, "SELECT min(article_id) FROM resolutions WHERE state = 'waiting'")
    return _moment(connection, "SELECT first_seen_at FROM articles WHERE article_id = ?", oldest)


def _newest_day(connection: sqlite3.Connection) -> date | None:
    newest = _one(connection, "SELECT max(day) FROM articles")
    return None if newest is None else day_of(newest)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _one(connection: sqlite3.Connection, sql: str, *values: object) -> Any:
    row = connection.execute(sql, values).fetchone()
    return None if row is None else row[0]


def _moment(connection: sqlite3.Connection, sql: str, *values: object) -> datetime | None:
    return optional_time_of(_one(connection, sql, *values))


def _counts(connection: sqlite3.Connection, sql: str) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(sql)}
