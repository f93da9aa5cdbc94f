"""Housekeeping of the file: sign of life, checkpoint, giving back what is free."""

import sqlite3
from datetime import datetime

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
