"""SQLite's errors in our words: what happened, what is safe, what to do.

Facts
-----
* SQLite raises one exception class for "the disk is full" and "there is no such column"; they are told apart
  by the code it carries, whose low byte is the class (`SQLITE_IOERR_WRITE` is an `SQLITE_IOERR`).
* What the machine did to the file is a `StoreError`. Any other is ours to mend and stays what it is.
* "Cannot open" may be a matter of rights or of a process that has too many files open; SQLite keeps to itself
  which. A database with its log takes three.
* A file-size limit or quota (EFBIG, EDQUOT) comes as an error of writing, only ENOSPC as a full disk.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aggregator.errors import Shortage, StoreBusy, StoreError, StoreFull
from aggregator.shortage import shortage_of

_FILES_OF_A_DATABASE = 3
_DAMAGED = "the database is damaged; stop, keep the file, and go on from the newest backup"
_REASONS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "the disk has no room; it goes on when there is some"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "another program holds a lock on the database; it is tried again"),
    sqlite3.SQLITE_CORRUPT: (StoreError, _DAMAGED),
    sqlite3.SQLITE_NOTADB: (StoreError, _DAMAGED),
    sqlite3.SQLITE_IOERR: (StoreError, "the disk fails in reading or writing the database"),
    sqlite3.SQLITE_READONLY: (StoreError, "this user may read the database but not write it"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "the database or its log cannot be opened by this user"),
    sqlite3.SQLITE_PROTOCOL: (StoreError, "the locks of the database do not work on this file system"),
    sqlite3.SQLITE_NOMEM: (StoreError, "there is not enough memory"),
}


def store_error(error: Exception, consequence: str) -> StoreError | None:
    """The error as ours, beginning with what follows from it; None for one that the machine did not cause."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF not in _REASONS:
        return None
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN and (shortage := _shortage_of_files()) is not None:
        return StoreBusy(f"{consequence}: {shortage}")
    kind, reason = _REASONS[code & 0xFF]
    return kind(f"{consequence}: {reason} ({error})")


def _shortage_of_files() -> Shortage | None:
    """What keeps this process from opening as many files as a database takes, if anything does."""
    with ExitStack() as opened:
        try:
            for _ in range(_FILES_OF_A_DATABASE):
                opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            return shortage_of(error)
    return None


@contextmanager
def reading_in_our_words(path: Path) -> Iterator[None]:
    """Turn what the machine did to a file that is being read into a `StoreError` that names it."""
    try:
        yield
    except sqlite3.Error as error:
        ours = store_error(error, f"{path} cannot be read")
        if ours is None:
            raise
        raise ours from error
