"""Opening the file: one writer per file, any number of readers.

Facts
-----
* SQLite 3.7.0–3.51.2 can lose committed writes when two connections write and checkpoint at one
  moment (WAL-reset). So one thread writes and checkpoints, of the process that holds a lock beside the file, and
  everything else opens `mode=ro`; but for a guest, a process that this one starts. It writes only while that thread
  lends it the file and waits, never checkpoints, and holds on to the lock until it ends.
* A deferred BEGIN that upgrades to a write fails at once with SQLITE_BUSY_SNAPSHOT, whatever the
  busy timeout; every write here is BEGIN IMMEDIATE.
* `synchronous=FULL` costs a sync a commit: whatever waits when the writer becomes free shares one
  transaction (group commit), and where one fails each gets its own.
* There are no savepoints: the journal of one is a temporary file in /var/tmp, so that a write could fail for want of
  a file descriptor, or of room on another disk; and kept in memory it is walked through at the end of every
  statement: 20,000 updates of one grouping took 46 s instead of a quarter of one.
* Closing a read-write connection checkpoints; closing a `mode=ro` one leaves the WAL alone.
* Writes to an unlinked file, or with an unlinked write-ahead log, "succeed" and vanish: `Store.is_same_file`
  lets the daemon notice. While one connection is open the log stays the same file.
* SQLite takes a file of 0 bytes for a new database, and a log beside it for rubbish. So a new file is made
  under another name and renamed when it is whole: an empty one was emptied by somebody, and is refused.
"""

import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from aggregator.errors import StoreError
from aggregator.shortage import shortage_of
from aggregator.store.lock import take_lock
from aggregator.store.trouble import reading_in_our_words, store_error

T = TypeVar("T")
Write = Callable[[sqlite3.Connection], T]

_STOP: Any = object()


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    future: "Future[Any]"
    is_transaction: bool = True


_MAX_GROUP = 64  # closures in one transaction; bounds what one failing disk write undoes
_BUSY_MILLISECONDS = 10_000  # how long a write waits for a lock that another program holds
_UNSTORED = "nothing of this write was stored"


class Writer(Protocol):
    """What writes to a database file, one transaction at a time: its store, or a guest of that.

    `regrouping` is held from reading a day until its groups are written.
    """

    path: Path
    regrouping: threading.Lock

    def write(self, write: Write[T]) -> T: ...


class Store:
    """The one writer of a database file; `write` and `submit` run closures on its thread."""

    def __init__(self, path: Path, lock: int) -> None:
        """Use `open_store`, which takes the lock."""
        self.path = path
        self.regrouping = threading.Lock()
        self.lock = lock  # a descriptor; the lock lasts as long as any process has it open
        self._is_closed = False
        self._door = threading.Lock()  # nothing is queued behind the stop
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._opened: Future[_Identity] = Future()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()
        self._identity = self._opened.result()

    def submit(self, write: Write[T]) -> "Future[T]":
        """Queue `write(connection)`; the future is done when its transaction is on disk.

        The closure must only read and write the database: no network, no parsing, no waiting. If it
        raises, its own changes are undone and the future carries the exception.
        """
        return self._enqueue(write, is_transaction=True)

    def write(self, write: Write[T]) -> T:
        """`submit` and wait."""
        return self.submit(write).result()

    def maintain(self, work: Write[T]) -> T:
        """Run `work(connection)` on the writer's thread outside any transaction, and wait for it."""
        return self._enqueue(work, is_transaction=False).result()

    def lend(self, use: Callable[[], T]) -> T:
        """Run `use()` on the writer's thread, which touches nothing meanwhile: in it a guest may write."""
        return self.maintain(lambda _: use())

    def _enqueue(self, work: Write[T], *, is_transaction: bool) -> "Future[T]":
        future: Future[T] = Future()
        # What is queued is carried out: a task that is cancelled while it waits must not cancel the write.
        future.set_running_or_notify_cancel()
        with self._door:
            if self._is_closed:
                raise StoreError(f"{self.path} is closed already")
            self._queue.put(_Job(work, future, is_transaction))
        return future

    def is_same_file(self) -> bool:
        """Whether the path still leads to the file that is being written, and to its log."""
        return _identity(self.path) == self._identity

    def taken_away(self) -> StoreError | None:
        """What to say if the path leads to another file than the one being written, or to none."""
        if self.is_same_file():
            return None
        return StoreError(
            f"{self.path} was moved, replaced or deleted while being written; stopping so that "
            "nothing more is written where nobody will find it"
        )

    def close(self) -> None:
        """Finish what is queued, checkpoint, close and give up the lock; idempotent."""
        with self._door:
            if self._is_closed:
                return
            self._is_closed = True
            self._queue.put(_STOP)
        self._thread.join()
        os.close(self.lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            connection = _open_writer(self.path)
            identity = _identity(self.path)
        except BaseException as error:  # noqa: BLE001 - handed to the opener, which raises it
            self._opened.set_exception(error)
            return
        self._opened.set_result(identity)
        self._work(connection)
        with suppress(sqlite3.Error):  # a reader may hold the WAL; the next start checkpoints
            connection.execute("PRAGMA busy_timeout = 100")
            connection.execute("PRAGMA optimize")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def _work(self, connection: sqlite3.Connection) -> None:
        while True:
            batch, follower = self._waiting()
            if batch:
                _commit_together(connection, batch)
            if follower is _STOP:
                return
            if follower is not None:
                _run_alone(connection, follower)

    def _waiting(self) -> tuple[list[_Job], Any]:
        """All writes that wait by now, at least one thing in all; and what follows them if it is no write."""
        batch: list[_Job] = []
        while True:
            job = self._queue.get()
            if job is _STOP or not job.is_transaction:
                return batch, job
            batch.append(job)
            if len(batch) == _MAX_GROUP or self._queue.empty():
                return batch, None


class Guest:
    """Writes to the file of a store that is open in another process.

    Each transaction waits for `turn`: while it is given, the store lends the file (`Store.lend`). For one thread.
    """

    def __init__(self, path: Path, turn: Callable[[], AbstractContextManager[None]]) -> None:
        self.path = path
        self.regrouping = threading.Lock()
        self._turn = turn
        """Raises StoreError if there is no database at `path` that can be opened."""
        try:
            self._connection = _connect_writer(path)
            _prepare(self._connection)
            self._connection.execute("PRAGMA wal_autocheckpoint = 0")
        except sqlite3.Error as error:
            raise _unopened(path, error) from error

    def write(self, write: Write[T]) -> T:
        job = _Job(write, Future())
        with self._turn():
            _commit_together(self._connection, [job])
        result: T = job.future.result()
        return result


def _commit_together(connection: sqlite3.Connection, batch: list[_Job]) -> None:
    """One BEGIN IMMEDIATE … COMMIT round all closures; futures are resolved after the COMMIT.

    Where one of several raises, all are undone and done again each by itself.
    """
    results: list[Any] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        failure = _run(connection, batch, results)
        connection.execute("COMMIT" if failure is None else "ROLLBACK")
    except Exception as error:  # noqa: BLE001 - raised in every caller; the writer must outlive it
        with suppress(sqlite3.Error):
            if connection.in_transaction:  # SQLITE_FULL has rolled back by itself, most others not
                connection.execute("ROLLBACK")
        for job in batch:
            job.future.set_exception(store_error(error, _UNSTORED) or StoreError(f"{_UNSTORED}: {error}"))
        return
    if failure is None:
        for job, result in zip(batch, results, strict=True):
            job.future.set_result(result)
    elif len(batch) == 1:
        batch[0].future.set_exception(store_error(failure, _UNSTORED) or failure)
    else:
        for job in batch:
            _commit_together(connection, [job])


def _run(connection: sqlite3.Connection, batch: list[_Job], results: list[Any]) -> Exception | None:
    """Run the closures one after the other; the first exception ends it and is returned."""
    for job in batch:
        try:
            results.append(job.work(connection))
        except (
            Exception
        ) as error:  # undone by the caller, raised in the caller of the closure through its future
            if not connection.in_transaction:
                raise  # the whole transaction is gone (disk full): all of the batch failed
            return error
    return None


def _run_alone(connection: sqlite3.Connection, job: _Job) -> None:
    try:
        job.future.set_result(job.work(connection))
    except Exception as error:  # noqa: BLE001 - raised in the caller through the future
        job.future.set_exception(store_error(error, "the store could not be looked after") or error)


_Identity = tuple[tuple[int, int] | None, ...]


def _identity(path: Path) -> _Identity:
    """Device and inode of a database and of its log; None for what is not there."""
    found: list[tuple[int, int] | None] = []
    for name in (str(path), f"{path}-wal"):
        try:
            status = os.stat(name)  # noqa: PTH116 - names, as SQLite makes them
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return tuple(found)


def open_store(path: Path) -> Store:
    """Become the writer of `path`, creating and migrating the file as needed.

    Raises:
        StoreLocked: another process is the writer; the message names its process id.
        StoreError: the file is not ours, is damaged, or comes from a newer version.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = take_lock(path)
    except OSError as error:
        if (shortage := shortage_of(error)) is not None:
            raise shortage from error
        raise StoreError(f"{path} cannot be written by this user: {error.strerror}") from error
    try:
        return Store(path, lock)
    except sqlite3.Error as error:
        os.close(lock)
        raise _unopened(path, error) from error
    except BaseException:
        os.close(lock)
        raise


def _unopened(path: Path, error: sqlite3.Error) -> StoreError:
    consequence = f"{path} cannot be opened as a database"
    return store_error(error, consequence) or StoreError(f"{consequence}: {error}")


@contextmanager
def open_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection; cheap (well under a millisecond), for one thread, to be closed soon.

    Raises:
        StoreError: there is no such file, or it is not a database.
    """
    connection = connect_reader(path)
    try:
        with reading_in_our_words(path):
            yield connection
    finally:
        connection.close()


def connect_reader(path: Path, *, is_shared: bool = False) -> sqlite3.Connection:
    """A read-only connection that the caller closes; a shared one may be handed from thread to thread.

    Raises:
        StoreError: as `open_reader`.
    """
    path = Path(path)
    if not path.is_file():
        raise StoreError(f"there is no database at {path}; `aggregator poll` or `aggregator run` makes it")
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=not is_shared,
        )
    except sqlite3.Error as error:
        consequence = f"{path} cannot be opened"
        raise store_error(error, consequence) or StoreError(f"{consequence}: {error}") from error
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA trusted_schema = off")
    return connection


def _open_writer(path: Path) -> sqlite3.Connection:
    # Imported here: a reader needs no migrations, and sqlite-utils takes a third of a second to load.
    from sqlite_utils import Database

    from aggregator.store.migrations import check_is_ours, migrate

    if not path.exists():
        _create(path.resolve())
    elif path.stat().st_size == 0:
        raise StoreError(
            f"{path} is empty, which a database never is; put the newest backup in its place, or remove"
            " the file to begin anew"
        )
    connection = _connect_writer(path)
    try:
        # Plug-ins of sqlite-utils that a user has installed have no business on the daemon's connection.
        db = Database(connection, execute_plugins=False)
        check_is_ours(db)
        _prepare(connection)
        migrate(db)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_writer(path: Path) -> sqlite3.Connection:
    """Open a file that is there: `_create` makes one, whole, and an empty one in its place would be taken for it."""
    name = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(name, uri=True, isolation_level=None, cached_statements=256)
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"busy_timeout = {_BUSY_MILLISECONDS}",
        "foreign_keys = ON",
        "trusted_schema = off",
        f"journal_size_limit = {4 * 1024 * 1024}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _create(path: Path) -> None:
    """Make a database with our schema, which gets its name when it is whole; the caller holds the lock.

    Raises:
        StoreError: there is a log of a database that is gone.
    """
    from sqlite_utils import Database

    from aggregator.store.migrations import migrate

    log = Path(f"{path}-wal")
    if log.exists():
        raise StoreError(
            f"{path} is gone and its log {log.name} is still there; put the database back beside it, or remove"
            " the log to begin anew"
        )
    unfinished = path.with_name(f".{path.name}.unfinished")
    for suffix in ("", "-journal", "-wal", "-shm"):  # left by a process that was killed
        Path(f"{unfinished}{suffix}").unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished, isolation_level=None)
    try:
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        migrate(Database(connection, execute_plugins=False))
        # Killed while it changed its journal, a database under its name could not be read until the next start.
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    unfinished.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
