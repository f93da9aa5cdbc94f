"""A few connections that only read, shared by the threads of a server.

Facts
-----
* Opening a connection and reading the schema takes about a millisecond and throws away SQLite's page cache;
  a connection that stays open answers from memory.
* A read transaction sees one moment of the file, however many queries it takes and whoever writes
  meanwhile; while it lasts the write-ahead log cannot be taken over, so it must end soon.
* A path may come to lead to another file (a restored backup): connections to the old one still answer,
  from the old one.
"""

import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aggregator.errors import StoreBusy
from aggregator.store.database import connect_reader
from aggregator.store.trouble import reading_in_our_words

_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's virtual machine: about a millisecond


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: sqlite3.Connection
    file: tuple[int, int]


class ReaderPool:
    """At most `size` read-only connections to the database at `path`, opened when they are needed.

    A reading that takes longer than `max_seconds` in all, or finds no free connection in that time, ends in
    `StoreBusy`.
    """

    def __init__(
        self, path: Path, monotonic: Callable[[], float], *, size: int = 4, max_seconds: float = 10.0
    ) -> None:
        self._path = path
        self._monotonic = monotonic
        self._max_seconds = max_seconds
        self._free: queue.LifoQueue[_Opened | None] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a read transaction, for one thread.

        Raises:
            StoreError: there is no such file, or it is no database.
            StoreBusy: it took too long.
        """
        opened = self._take()
        try:
            if opened is not None and opened.file != _identity(self._path):
                opened.connection.close()
                opened = None
            if opened is None:
                opened = _Opened(connect_reader(self._path, is_shared=True), _identity(self._path))
            with reading_in_our_words(self._path):
                yield from self._one_reading(opened.connection)
        finally:
            self._free.put(opened)

    def close(self) -> None:
        """Close what is open; readings under way must have ended."""
        with suppress(queue.Empty):
            while True:
                opened = self._free.get_nowait()
                if opened is not None:
                    opened.connection.close()

    def _take(self) -> _Opened | None:
        try:
            return self._free.get(timeout=self._max_seconds)
        except queue.Empty:
            raise StoreBusy("every connection to the database is in use; try again in a moment") from None

    def _one_reading(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        until = self._monotonic() + self._max_seconds
        connection.set_progress_handler(lambda: self._monotonic() > until, _STEPS_BETWEEN_LOOKS)
        connection.execute("BEGIN")
        try:
            yield connection
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise StoreBusy(
                    f"that took longer than {self._max_seconds:g} seconds and was given up"
                ) from error
            raise
        finally:
            connection.set_progress_handler(None, 0)
            connection.rollback()


def _identity(path: Path) -> tuple[int, int]:
    """Device and inode of a file; nought for none."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)
