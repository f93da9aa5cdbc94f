"""Backups of the file, and putting one back.

Facts
-----
* The bare file of a running store is half of it: the rest is in the write-ahead log. `VACUUM INTO` reads one
  snapshot of both, while others write, and makes a compact file of it.
* A database that is laid over another one finds that one's log beside it, and takes it for its own. So what
  was there is moved away whole, with its log, before a backup takes its place.
* A copy that nobody has read is a hope. Each is checked page by page, row by row against its indexes, its
  references and its search index before it gets its name.
"""

import errno
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aggregator.errors import StoreError, system_words
from aggregator.store.database import open_reader
from aggregator.store.lock import take_lock
from aggregator.store.migrations import APPLICATION_ID, SCHEMA_VERSION

_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
_PARTS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Copy:
    """A sound copy and what is in it."""

    size_bytes: int
    articles: int
    stories: int


def backup(connection: sqlite3.Connection, target: Path) -> Copy:
    """Write a verified copy of the database, atomically named; takes about a second for 50 MB.

    Raises:
        StoreError: the target exists, cannot be written, or the copy does not verify.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; a backup never overwrites")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        copy = _copied(connection, unfinished)
        _give_name(unfinished, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"no backup at {target}: {system_words(error)}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return copy


@dataclass(frozen=True, slots=True)
class Restored:
    """What is there now, and where what was there before has gone, if there was anything."""

    copy: Copy
    kept: Path | None


def restore(source: Path, path: Path, now: datetime) -> Restored:
    """Put a backup in the place of the store at `path`; nothing that was there is deleted.

    Raises:
        StoreLocked: a process writes the store; the message names it.
        StoreError: the backup is none of ours, is damaged, or comes from a newer version; nothing was changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = take_lock(path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with open_reader(source) as connection:
            _refuse_strangers(connection, source)
            copy = _copied(connection, unfinished)
        kept = _move_away(path, now)
        unfinished.rename(path)
        _sync(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{source} was not restored: {system_words(error)}") from error
    finally:
        unfinished.unlink(missing_ok=True)
        os.close(lock)
    return Restored(copy, kept)


def _copied(connection: sqlite3.Connection, unfinished: Path) -> Copy:
    unfinished.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", [str(unfinished)])
    copy = _verified(unfinished)
    _sync(unfinished)
    return copy


def _verified(copy: Path) -> Copy:
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if verdict != "ok":
            raise StoreError(f"the copy does not verify: {verdict}")
        dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
        if dangling is not None:
            raise StoreError(
                f"the copy does not verify: a row of {dangling[0]} refers to none of {dangling[2]}"
            )
        connection.execute("INSERT INTO headline_search (headline_search) VALUES ('integrity-check')")
        articles = connection.execute("SELECT count(*) FROM articles").fetchone()[0]
        stories = connection.execute("SELECT count(*) FROM stories WHERE merged_into IS NULL").fetchone()[0]
    return Copy(copy.stat().st_size, articles, stories)


def _refuse_strangers(connection: sqlite3.Connection, source: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError(f"{source} is no store of this program")
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    if schema > SCHEMA_VERSION:
        raise StoreError(f"{source} has schema {schema}, this program knows {SCHEMA_VERSION}: it is newer")


def _give_name(unfinished: Path, target: Path) -> None:
    """Unlike a rename, a hard link fails if the target has appeared meanwhile; not every disk knows them."""
    try:
        os.link(unfinished, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        unfinished.rename(target)
    _sync(target.parent)


def _move_away(path: Path, now: datetime) -> Path | None:
    if not path.exists():
        return None
    kept = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}")
    if kept.exists():
        raise StoreError(f"{kept} exists already; please move it away")
    for part in _PARTS:
        old = path.with_name(path.name + part)
        if old.exists():
            old.rename(kept.with_name(kept.name + part))
    return kept


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
