"""The outbox: which digest goes to whom, how often that was tried, what came of it.

A row is queued in the transaction that first logs a digest, so there is no moment at which a digest is
logged and its deliveries are forgotten. A row is never deleted: it is what keeps anything from being
delivered twice.
"""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime

from aggregator.model import Channel, Delivery, DeliveryKey, DeliveryState, Recipient
from aggregator.store.values import day_of, optional_time_of, optional_time_text, time_of, time_text


def queue_deliveries(
    connection: sqlite3.Connection,
    topic: str,
    folder: str,
    day: date,
    addendum: int,
    recipients: Sequence[Recipient],
    now: datetime,
) -> int:
    """Queue a digest for everyone unless a file of it is logged for its folder; return how many rows are new.

    To be called before the digest's first file is logged, in the same transaction: a recipient who is
    configured later begins with the next digest.
    """
    before = connection.total_changes
    place = {"topic": topic, "folder": folder, "day": day.isoformat(), "addendum": addendum}
    connection.executemany(
        "INSERT INTO outbox (topic, folder, day, addendum, channel, recipient, state, attempts, made_at,"
        "                    queued_at, next_try_at)"
        " SELECT s.topic, :folder, s.day, s.addendum, :channel, :recipient, 'waiting', 0, s.made_at, :now, :now"
        "   FROM digest_snapshots AS s"
        "  WHERE s.topic = :topic AND s.day = :day AND s.addendum = :addendum"
        "    AND NOT EXISTS (SELECT 1 FROM digests AS d WHERE d.topic = s.topic AND d.folder = :folder"
        "                       AND d.day = s.day AND d.addendum = s.addendum)"
        " ON CONFLICT DO NOTHING",
        [
            {**place, "channel": str(to.channel), "recipient": to.name, "now": time_text(now)}
            for to in recipients
        ],
    )
    return connection.total_changes - before


def load_due_deliveries(connection: sqlite3.Connection, now: datetime, limit: int) -> list[Delivery]:
    """Waiting deliveries whose next try has come: oldest digest first, a recipient's after one another."""
    rows = connection.execute(
        "SELECT * FROM outbox WHERE state = 'waiting' AND next_try_at <= ?"
        " ORDER BY day, addendum, topic, channel, delivery_id LIMIT ?",
        [time_text(now), limit],
    )
    return [_delivery_of(row) for row in rows]


def load_deliveries(connection: sqlite3.Connection, topic: str, day: date) -> list[Delivery]:
    """All deliveries of a topic and day, whatever became of them, in the order of queueing."""
    rows = connection.execute(
        "SELECT * FROM outbox WHERE topic = ? AND day = ? ORDER BY delivery_id", [topic, day.isoformat()]
    )
    return [_delivery_of(row) for row in rows]


def load_failed(connection: sqlite3.Connection, since: datetime) -> tuple[str, ...]:
    """Deliveries that were given up, of digests queued since then, each as a line for people."""
    rows = connection.execute(
        "SELECT channel, recipient, topic, day, error FROM outbox"
        " WHERE state = 'failed' AND queued_at >= ? ORDER BY delivery_id",
        [time_text(since)],
    )
    return tuple(
        f"{row['channel']} to {row['recipient']}, {row['topic']} of {row['day']}: {row['error']}"
        for row in rows
    )


def save_delivery(connection: sqlite3.Connection, delivery: Delivery, now: datetime) -> None:
    """Store what an attempt came to; what is sent or failed stays so."""
    key = delivery.key
    connection.execute(
        "UPDATE outbox SET state = ?, attempts = ?, next_try_at = ?, error = ?, sent_at = ?"
        " WHERE topic = ? AND folder = ? AND day = ? AND addendum = ? AND channel = ? AND recipient = ?"
        "   AND state = 'waiting'",
        (
            str(delivery.state),
            delivery.attempts,
            optional_time_text(delivery.next_try_at),
            delivery.error,
            time_text(now) if delivery.state is DeliveryState.SENT else None,
            key.topic,
            key.folder,
            key.day.isoformat(),
            key.addendum,
            str(key.recipient.channel),
            key.recipient.name,
        ),
    )


def _delivery_of(row: sqlite3.Row) -> Delivery:
    recipient = Recipient(Channel(row["channel"]), row["recipient"])
    return Delivery(
        key=DeliveryKey(row["topic"], row["folder"], day_of(row["day"]), row["addendum"], recipient),
        made_at=time_of(row["made_at"]),
        queued_at=time_of(row["queued_at"]),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_try_at=optional_time_of(row["next_try_at"]),
        error=row["error"],
    )
