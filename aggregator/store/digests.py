"""Digests that were made: frozen material, editions, and the log of written files.

Facts
-----
* A *snapshot* is what a topic's day was made from, taken once; all digests of the topic share it, in
  whatever folder and style. Addenda count from 1, each a snapshot of its own; `digest_articles` says which
  article is in which of them, so that none is printed twice and none forgotten.
* An *edition* is the digest of a day in one folder, with the configuration it was begun with. It is begun
  in the transaction that takes or finds its snapshot.
* A file is logged after it is on the disk. What is begun and not logged was interrupted.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from aggregator.model import DigestDay
from aggregator.settings import DigestSettings
from aggregator.store.digest_material import load_digest_day, load_late_day
from aggregator.store.plain import text_of, value_of
from aggregator.store.values import day_of, time_of, time_text


@dataclass(frozen=True, slots=True)
class Edition:
    """The digest of one day in one folder, as it was begun.

    `settings` are those that decide about its content; `rules_version` is that of composing and rendering;
    `late_until` is up to when its addenda have taken up what came late.
    """

    topic: str
    folder: str
    day: date
    settings: DigestSettings
    rules_version: str
    made_at: datetime
    late_until: datetime


@dataclass(frozen=True, slots=True)
class LoggedFile:
    """A file that was written: its path as logged, the hash of its bytes, and when."""

    path: str
    sha256: str
    made_at: datetime


# --- beginnings ------------------------------------------------------------------------------------


def load_start(connection: sqlite3.Connection, topic: str, folder: str) -> date | None:
    """The first day that a digest of this topic in this folder is due for, None before it is known."""
    row = connection.execute(
        "SELECT first_day FROM digest_starts WHERE topic = ? AND folder = ?", [topic, folder]
    ).fetchone()
    return None if row is None else day_of(row["first_day"])


def save_start(connection: sqlite3.Connection, topic: str, folder: str, first_day: date) -> None:
    """Note the first day; of two the earlier stays, since a clock may have been ahead."""
    connection.execute(
        "INSERT INTO digest_starts (topic, folder, first_day) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET first_day = min(first_day, excluded.first_day)",
        (topic, folder, first_day.isoformat()),
    )


# --- snapshots -------------------------------------------------------------------------------------


def take_snapshot(
    connection: sqlite3.Connection, topic: str, day: date, timezone: str, now: datetime
) -> None:
    """Freeze what the store has for a topic and day; the first snapshot stays."""
    if load_snapshot(connection, topic, day) is None:
        save_snapshot(connection, load_digest_day(connection, topic, day, timezone), now)


def take_addendum(
    connection: sqlite3.Connection, topic: str, day: date, timezone: str, until: datetime, now: datetime
) -> int | None:
    """Freeze what came after a day's digest and was seen by `until`: the addendum's number, None if nothing."""
    number = load_addenda(connection, topic, day)[-1] + 1
    late = load_late_day(connection, topic, day, timezone, until, number)
    if not late.stories:
        return None
    save_snapshot(connection, late, now)
    return number


def save_snapshot(connection: sqlite3.Connection, snapshot: DigestDay, now: datetime) -> None:
    """Store a snapshot and which articles it has; one that is there stays."""
    place = (snapshot.topic, snapshot.day.isoformat())
    connection.execute(
        "INSERT INTO digest_snapshots (topic, day, addendum, snapshot, rules_version, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *place,
            snapshot.addendum,
            text_of(snapshot),
            _grouping_rules(connection, snapshot.day),
            time_text(now),
        ),
    )
    connection.executemany(
        "INSERT INTO digest_articles (topic, day, article_id, addendum) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [
            (*place, article.article_id, snapshot.addendum)
            for story in snapshot.stories
            for article in story.articles
            if article.article_id is not None
        ],
    )


def load_snapshot(
    connection: sqlite3.Connection, topic: str, day: date, addendum: int = 0
) -> DigestDay | None:
    """The frozen material of a digest or an addendum, if that was made."""
    row = connection.execute(
        "SELECT snapshot FROM digest_snapshots WHERE topic = ? AND day = ? AND addendum = ?",
        [topic, day.isoformat(), addendum],
    ).fetchone()
    return None if row is None else value_of(DigestDay, row["snapshot"])


def load_addenda(connection: sqlite3.Connection, topic: str, day: date) -> list[int]:
    """The numbers of a day's snapshots in order, beginning with 0 for the digest proper."""
    rows = connection.execute(
        "SELECT addendum FROM digest_snapshots WHERE topic = ? AND day = ? ORDER BY addendum",
        [topic, day.isoformat()],
    )
    return [row["addendum"] for row in rows]


def _grouping_rules(connection: sqlite3.Connection, day: date) -> str:
    rows = connection.execute(
        "SELECT DISTINCT rules_version FROM days WHERE day = ? AND rules_version IS NOT NULL ORDER BY 1",
        [day.isoformat()],
    )
    return ", ".join(row["rules_version"] for row in rows)


# --- editions --------------------------------------------------------------------------------------


def begin_edition(
    connection: sqlite3.Connection,
    digest: DigestSettings,
    folder: str,
    day: date,
    rules_version: str,
    now: datetime,
) -> None:
    """Note that a day's digest is made in a folder, and how; the first configuration stays."""
    connection.execute(
        "INSERT INTO digest_editions (topic, folder, day, settings, rules_version, made_at, late_until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            digest.topic,
            folder,
            day.isoformat(),
            text_of(digest.frozen),
            rules_version,
            time_text(now),
            time_text(now),
        ),
    )


def note_late_until(
    connection: sqlite3.Connection, topic: str, folder: str, day: date, until: datetime
) -> None:
    """Note that what was seen by `until` has had its addendum, or that there was nothing."""
    connection.execute(
        "UPDATE digest_editions SET late_until = ? WHERE topic = ? AND folder = ? AND day = ?",
        (time_text(until), topic, folder, day.isoformat()),
    )


def load_edition(connection: sqlite3.Connection, topic: str, folder: str, day: date) -> Edition | None:
    row = connection.execute(
        "SELECT * FROM digest_editions WHERE topic = ? AND folder = ? AND day = ?",
        [topic, folder, day.isoformat()],
    ).fetchone()
    return None if row is None else _edition_of(row)


def load_editions(
    connection: sqlite3.Connection, topic: str, folder: str, first: date, last: date
) -> list[Edition]:
    """Editions of the days from `first` to `last` in a folder, in order."""
    rows = connection.execute(
        "SELECT * FROM digest_editions WHERE topic = ? AND folder = ? AND day BETWEEN ? AND ? ORDER BY day",
        [topic, folder, first.isoformat(), last.isoformat()],
    )
    return [_edition_of(row) for row in rows]


def load_late_until(
    connection: sqlite3.Connection, topic: str, folder: str, first: date
) -> dict[date, datetime]:
    """The days from `first` on that have their edition in a folder, each with its `late_until`, in order."""
    rows = connection.execute(
        "SELECT day, late_until FROM digest_editions WHERE topic = ? AND folder = ? AND day >= ? ORDER BY day",
        [topic, folder, first.isoformat()],
    )
    return {day_of(row["day"]): time_of(row["late_until"]) for row in rows}


def _edition_of(row: sqlite3.Row) -> Edition:
    return Edition(
        topic=row["topic"],
        folder=row["folder"],
        day=day_of(row["day"]),
        settings=value_of(DigestSettings, row["settings"]),
        rules_version=row["rules_version"],
        made_at=time_of(row["made_at"]),
        late_until=time_of(row["late_until"]),
    )


# --- the log ---------------------------------------------------------------------------------------


def load_missing(
    connection: sqlite3.Connection, topic: str, folder: str, first: date
) -> list[tuple[date, int, str]]:
    """What the editions from `first` on were begun for and have no logged file of: day, addendum, format."""
    rows = connection.execute(
        "SELECT e.day, s.addendum, f.value AS format"
        "  FROM digest_editions AS e JOIN digest_snapshots AS s USING (topic, day),"
        "       json_each(e.settings, '$.formats') AS f"
        " WHERE e.topic = ? AND e.folder = ? AND e.day >= ? AND NOT EXISTS (SELECT 1 FROM digests AS d"
        "       WHERE d.topic = e.topic AND d.folder = e.folder AND d.day = e.day AND d.addendum = s.addendum"
        "         AND d.format = f.value)"
        " ORDER BY e.day, s.addendum, f.key",
        [topic, folder, first.isoformat()],
    )
    return [(day_of(row["day"]), row["addendum"], row["format"]) for row in rows]


def load_logged(
    connection: sqlite3.Connection, edition: Edition, addendum: int, format_name: str
) -> dict[str, LoggedFile]:
    """The files of an edition in one format as they were last written, by path."""
    rows = connection.execute(
        "SELECT path, sha256, made_at FROM digests"
        " WHERE topic = ? AND folder = ? AND day = ? AND addendum = ? AND format = ? ORDER BY path",
        [edition.topic, edition.folder, edition.day.isoformat(), addendum, format_name],
    )
    return {row["path"]: LoggedFile(row["path"], row["sha256"], time_of(row["made_at"])) for row in rows}


def log_digest(
    connection: sqlite3.Connection,
    edition: Edition,
    snapshot: DigestDay,
    format_name: str,
    files: Sequence[tuple[str, str]],
    now: datetime,
) -> None:
    """Log written files as (path, sha256); a row that says the same already is left alone."""
    connection.executemany(
        "INSERT INTO digests (day, topic, folder, format, path, sha256, made_at, stories, addendum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET sha256 = excluded.sha256,"
        " made_at = excluded.made_at, stories = excluded.stories WHERE sha256 <> excluded.sha256",
        [
            (
                snapshot.day.isoformat(),
                snapshot.topic,
                edition.folder,
                format_name,
                path,
                sha256,
                time_text(now),
                len(snapshot.stories),
                snapshot.addendum,
            )
            for path, sha256 in files
        ],
    )
