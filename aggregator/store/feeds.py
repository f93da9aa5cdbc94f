"""The feeds table: what is configured, when it is due, how it fares."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from aggregator.model import FeedHealth, FeedState, Validators
from aggregator.settings import FeedSettings
from aggregator.store.values import optional_time_of, optional_time_text, time_of, time_text

_TIMES = {"next_poll_at", "last_polled_at", "last_success_at", "last_unconditional_at"} | {
    "gone_since",
    "moved_since",
}
_COLUMNS = tuple(
    column
    for field in fields(FeedState)
    for column in (("etag", "last_modified") if field.name == "validators" else (field.name,))
)


def sync_feeds(connection: sqlite3.Connection, feeds: Sequence[FeedSettings], now: datetime) -> None:
    """Make the table follow the configuration; history is never deleted.

    A feed that is new is due at once; one that left the configuration, or is switched off there,
    becomes `disabled` and keeps its rows; one that comes back goes on where it stood. A change of
    language or kind drops the validators, so that the next poll reads the document anew.
    """
    known = {feed.url: feed for feed in load_feeds(connection)}
    for settings in feeds:
        before = known.pop(settings.url, None)
        after = _configured(before, settings, now)
        if before is None:
            _insert(connection, after)
        elif after != before:
            save_feed(connection, after)
    for gone_from_configuration in known.values():
        if gone_from_configuration.health is not FeedHealth.DISABLED:
            save_feed(connection, replace(gone_from_configuration, health=FeedHealth.DISABLED))


def new_feed(settings: FeedSettings, now: datetime) -> FeedState:
    """A configured feed that was never polled, due at once; it has no id yet."""
    return FeedState(
        feed_id=0,
        url=settings.url,
        name=settings.name,
        topic=settings.topic,
        language=settings.base_language,
        country=settings.country,
        is_google=settings.is_google,
        interval_minutes=settings.interval_minutes,
        health=FeedHealth.NEW if settings.enabled else FeedHealth.DISABLED,
        next_poll_at=now,
    )


def _configured(before: FeedState | None, settings: FeedSettings, now: datetime) -> FeedState:
    if before is None:
        return new_feed(settings, now)
    language = settings.base_language
    if not settings.enabled:
        health = FeedHealth.DISABLED
    elif before.health is FeedHealth.DISABLED:
        health = FeedHealth.NEW if before.last_success_at is None else FeedHealth.OK
    else:
        health = before.health
    is_read_differently = (before.language, before.is_google) != (language, settings.is_google)
    return replace(
        before,
        name=settings.name,
        topic=settings.topic,
        language=language,
        country=settings.country,
        is_google=settings.is_google,
        interval_minutes=settings.interval_minutes,
        health=health,
        validators=Validators() if is_read_differently else before.validators,
        body_sha256=None if is_read_differently else before.body_sha256,
        entries_sha256=None if is_read_differently else before.entries_sha256,
    )


def load_feeds(connection: sqlite3.Connection) -> list[FeedState]:
    """Every feed there ever was, in order of configuration."""
    return [_feed(row) for row in connection.execute("SELECT * FROM feeds ORDER BY feed_id")]


def load_feed(connection: sqlite3.Connection, feed_id: int) -> FeedState | None:
    row = connection.execute("SELECT * FROM feeds WHERE feed_id = ?", [feed_id]).fetchone()
    return None if row is None else _feed(row)


def load_pollable_feeds(connection: sqlite3.Connection) -> list[FeedState]:
    """Every feed that is switched on and not gone, due or not."""
    return [
        feed for feed in load_feeds(connection) if feed.health not in (FeedHealth.GONE, FeedHealth.DISABLED)
    ]


def load_feeds_polled_outside(
    connection: sqlite3.Connection, after: datetime, until: datetime
) -> list[FeedState]:
    """Every pollable feed whose next poll is not later than `after`, or later than `until`.

    Cost: 40 µs for each of these; the others, 10,000 in large stores, take SQLite a few milliseconds in all.
    """
    found = connection.execute(
        "SELECT * FROM feeds WHERE health NOT IN ('gone', 'disabled')"
        " AND (next_poll_at <= ? OR next_poll_at > ?) ORDER BY feed_id",
        [time_text(after), time_text(until)],
    )
    return [_feed(row) for row in found]


def load_first_poll(connection: sqlite3.Connection) -> datetime | None:
    """When this store was polled into for the first time."""
    row = connection.execute("SELECT min(started_at) AS first FROM polls").fetchone()
    return optional_time_of(row["first"])


def save_feed(connection: sqlite3.Connection, feed: FeedState) -> None:
    assignments = ", ".join(f"{column} = :{column}" for column in _COLUMNS if column != "feed_id")
    connection.execute(f"UPDATE feeds SET {assignments} WHERE feed_id = :feed_id", _row(feed))


def reschedule(connection: sqlite3.Connection, next_poll_at: dict[int, datetime], reason: str) -> None:
    """Give feeds another next poll time (catching up after a pause, a clock that jumped back)."""
    connection.executemany(
        "UPDATE feeds SET next_poll_at = ?, next_poll_reason = ? WHERE feed_id = ?",
        [(time_text(moment), reason, feed_id) for feed_id, moment in next_poll_at.items()],
    )


def _insert(connection: sqlite3.Connection, feed: FeedState) -> None:
    columns = [column for column in _COLUMNS if column != "feed_id"]
    connection.execute(
        f"INSERT INTO feeds ({', '.join(columns)}) VALUES ({', '.join(':' + column for column in columns)})",
        _row(feed),
    )


def _row(feed: FeedState) -> dict[str, Any]:
    row = asdict(feed)
    row.update(row.pop("validators"))
    row["health"] = str(feed.health)
    row["is_google"] = int(feed.is_google)
    for column in _TIMES:
        row[column] = optional_time_text(row[column])
    return row


def _feed(row: sqlite3.Row) -> FeedState:
    values: dict[str, Any] = dict(row)
    for column in _TIMES:
        values[column] = optional_time_of(values[column])
    values["next_poll_at"] = time_of(row["next_poll_at"])
    values["health"] = FeedHealth(row["health"])
    values["is_google"] = bool(row["is_google"])
    values["validators"] = Validators(values.pop("etag"), values.pop("last_modified"))
    return FeedState(**values)
