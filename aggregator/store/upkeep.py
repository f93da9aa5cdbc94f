"""Housekeeping of the file: sign of life, checkpoint, verified backup."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from aggregator.errors import StoreError
from aggregator.store.values import time_text


def beat(connection: sqlite3.Connection, now: datetime) -> None:
    """Write when the daemon was last alive: a commit that shows that commits reach the disk."""
    connection.execute(
        "INSERT INTO heartbeat (id, beat_at) VALUES (1, ?)"
        " ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at",
        [time_text(now)],
    )


def checkpoint(connection: sqlite3.Connection) -> int:
    """Move the WAL into the file as far as readers allow; return the WAL pages left.

    Must run outside a transaction: on the writer's thread between its transactions.
    """
    row = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(max(row[1] - row[2], 0))


_MERGE_PAGES = 500
_VACUUM_PAGES = 2_000  # 16 MB: some tenths of a second of the writer


def shrink(connection: sqlite3.Connection) -> bool:
    """Give free pages back to the disk, some at a time; return whether there are more.

    Must run outside a transaction. What goes back is written to the WAL first, so little room is needed.
    """
    # Each step of this statement frees a page; `execute` takes one step, a script is run to its end.
    connection.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})")
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    is_incremental = connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2
    return bool(is_incremental and connection.execute("PRAGMA freelist_count").fetchone()[0])


def merge_search(connection: sqlite3.Connection, *, is_first: bool) -> bool:
    """Take deleted headlines out of the search index, which only marks them at first, a piece at a time.

    Return whether there is more to do. Source: FTS5's `merge` command; a negative number begins a merge of
    everything, positive ones go on with it, and fewer than two changes say that it is done.
    """
    before = connection.total_changes
    connection.execute(
        "INSERT INTO headline_search (headline_search, rank) VALUES ('merge', ?)",
        [-_MERGE_PAGES if is_first else _MERGE_PAGES],
    )
    return connection.total_changes - before >= 2


def backup(connection: sqlite3.Connection, target: Path) -> int:
    """Write a verified copy of the database, atomically named; return its size in bytes.

    A copy of the bare file of a running daemon is damaged goods; `VACUUM INTO` reads one snapshot.

    Raises:
        StoreError: the target exists, cannot be written, or the copy does not verify.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; a backup never overwrites")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        connection.execute("VACUUM INTO ?", [str(unfinished)])
        _verify(unfinished)
        descriptor = os.open(unfinished, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.link(unfinished, target)  # unlike a rename, fails if the target has appeared meanwhile
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"no backup at {target}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def _verify(copy: Path) -> None:
    connection = sqlite3.connect(copy)
    try:
        verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    finally:
        connection.close()
    if verdict != "ok":
        raise StoreError(f"the backup does not verify: {verdict}")
