"""The store's one writer on a disk that forgets or fails.

Python's sqlite3 takes no file system of one's own, apsw does. So `on_disk` lets the real store, with all it does to
commit, roll back and check, open its file through apsw, and a `Disk` sees every write and sync of it.

Facts
-----
* apsw brings an SQLite of its own, newer than Python's. What a `Disk` shows of crashes is what our transactions and
  pragmas ask of the file system; the images are read back with Python's SQLite.
* apsw's files have no shared memory, so the write-ahead log works in `locking_mode = EXCLUSIVE` alone: nobody can
  read beside the writer here. What is written and synced is the same.
* A write that was not synced may be on the disk after a power failure, or not, or some of its sectors; in any order.
  A file's name is there for certain after its first sync, which SQLite follows with one of the folder.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import apsw

_SECTOR = 512
_TEMPORARY = ""  # a statement's own journal, of no use after a crash


@dataclass(frozen=True, slots=True)
class Change:
    """A write of `data` at `offset`, or where `data` is None, a cut to `offset` bytes."""

    offset: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: a change of a file or, without one, its sync; or a commit that was acknowledged."""

    file: str
    change: Change | None = None
    acknowledged: int | None = None


@dataclass
class Disk:
    """Notes what happens, and fails at the `fails_at`-th write or sync with an error of SQLite: once, or for ever."""

    fails_at: int = 0
    is_lasting: bool = False
    error_code: int = apsw.SQLITE_IOERR_WRITE
    events: list[Event] = field(default_factory=list)
    _calls: int = 0

    @property
    def calls(self) -> int:
        return self._calls

    def note(self, event: Event) -> None:
        self._calls += 1
        if self.fails_at and (
            self._calls == self.fails_at or (self.is_lasting and self._calls > self.fails_at)
        ):
            raise self._failure()
        self.events.append(event)

    def _failure(self) -> apsw.Error:
        failure = apsw.FullError() if self.error_code == apsw.SQLITE_FULL else apsw.IOError()
        failure.extendedresult = self.error_code
        return failure

    def acknowledge(self, number: int) -> None:
        self.events.append(Event(_TEMPORARY, acknowledged=number))


class _Files(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, "")
        self._disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> "_File":
        return _File(self._disk, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else _TEMPORARY

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.note(Event(self._name, Change(offset, bytes(data))))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.note(Event(self._name, Change(size, None)))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.note(Event(self._name))
        super().xSync(flags)


# --- apsw in sqlite3's clothes -----------------------------------------------------------------------


class _Row(tuple[Any, ...]):
    """As much of `sqlite3.Row` as the store uses."""

    names: Sequence[str]

    def keys(self) -> Sequence[str]:
        return self.names

    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(self.names.index(place) if isinstance(place, str) else place)


class _Cursor:
    def __init__(self, rows: list[_Row], lastrowid: int, rowcount: int) -> None:
        self._rows = iter(rows)
        self.lastrowid = lastrowid
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[_Row]:
        return self._rows

    def fetchone(self) -> _Row | None:
        return next(self._rows, None)

    def fetchall(self) -> list[_Row]:
        return list(self._rows)


def _row(cursor: apsw.Cursor, values: Iterable[Any]) -> _Row:
    row = _Row(values)
    row.names = [column[0] for column in cursor.get_description()]
    return row


class _Connection:
    """As much of `sqlite3.Connection` as the store uses."""

    row_factory: Any = None

    def __init__(self, target: str | Path, flags: int, vfs: str, synchronous: str) -> None:
        self._apsw = apsw.Connection(str(target), flags, vfs=vfs)
        self._synchronous = synchronous
        self.execute("PRAGMA locking_mode = EXCLUSIVE")

    def execute(self, statement: str, values: Any = ()) -> _Cursor:
        statement = statement.replace("synchronous = FULL", f"synchronous = {self._synchronous}")
        with _in_their_words():
            cursor = self._apsw.cursor()
            rows = [_row(cursor, values) for values in cursor.execute(statement, values)]
        return _Cursor(rows, self._apsw.last_insert_rowid(), self._apsw.changes())

    def executemany(self, statement: str, rows: Iterable[Any]) -> None:
        with _in_their_words():
            self._apsw.executemany(statement, rows)

    @property
    def in_transaction(self) -> bool:
        return self._apsw.in_transaction

    def close(self) -> None:
        with suppress(apsw.Error):  # sqlite3 closes without a word as well
            self._apsw.close()


@contextmanager
def _in_their_words() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        theirs = sqlite3.OperationalError(str(error))
        theirs.sqlite_errorcode = error.extendedresult
        raise theirs from error


@contextmanager
def on_disk(disk: Disk, *, synchronous: str = "FULL") -> Iterator[None]:
    """While it lasts, whatever opens a database to write opens it on this disk."""
    files = _Files(f"disk-{id(disk)}", disk)
    stock = sqlite3.connect
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI

    def connect(target: Any, *arguments: Any, **named: Any) -> Any:
        if str(target).endswith("?mode=ro"):
            return stock(target, *arguments, **named)
        return _Connection(target, flags, f"disk-{id(disk)}", synchronous)

    with mock.patch.object(sqlite3, "connect", connect):
        yield
    files.unregister()


# --- power failures ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Image:
    """What a power failure leaves: files by name; and the last commit that had been acknowledged."""

    files: dict[str, bytes]
    acknowledged: int


def images(
    events: Sequence[Event], base: dict[str, bytes], count: int, rng: random.Random
) -> Iterator[Image]:
    """Power failures at `count` random moments, with unsynced writes kept, dropped and torn at random."""
    moments = sorted(rng.randint(0, len(events)) for _ in range(count))
    durable = {name: bytearray(data) for name, data in base.items()}
    waiting: dict[str, list[Change]] = {}
    acknowledged, done = 0, 0
    for moment in moments:
        for event in events[done:moment]:
            if event.acknowledged is not None:
                acknowledged = event.acknowledged
            elif event.file == _TEMPORARY:
                continue
            elif event.change is not None:
                waiting.setdefault(event.file, []).append(event.change)
            else:
                content = durable.setdefault(event.file, bytearray())
                for change in waiting.pop(event.file, []):
                    _apply(content, change)
        done = moment
        yield Image(_after_a_failure(durable, waiting, rng), acknowledged)


def _after_a_failure(
    durable: dict[str, bytearray], waiting: dict[str, list[Change]], rng: random.Random
) -> dict[str, bytes]:
    left = {name: bytearray(content) for name, content in durable.items()}
    for name, changes in waiting.items():
        for change in changes:
            for part in _survivors(change, rng):
                _apply(left.setdefault(name, bytearray()), part)
    return {name: bytes(content) for name, content in left.items()}


def _survivors(change: Change, rng: random.Random) -> Iterator[Change]:
    """The change whole, nothing of it, or some of its sectors."""
    fate = rng.random()
    if fate < 0.5:
        yield change
    elif fate < 0.75 and change.data is not None:
        for start in range(0, len(change.data), _SECTOR):
            if rng.random() < 0.5:
                yield Change(change.offset + start, change.data[start : start + _SECTOR])


def _apply(content: bytearray, change: Change) -> None:
    if change.data is None:
        del content[change.offset :]
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data
