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
