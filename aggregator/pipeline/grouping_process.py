"""Grouping in a process of its own: what it needs is not the daemon's, and what it does holds up no poll.

Facts
-----
* A day of 50,000 headlines takes 450 MB in all, one of 100,000 half as much again, where the daemon takes 70; and a
  machine without memory kills whoever takes most. So that is not the daemon: a new process groups the same days again from
  what is stored.
* A thread that groups has the interpreter's lock most of the time; the event loop was 14 to 19 ms late beside it.
* It writes its groups itself, as to hand them over would have them twice. No two connections may write or checkpoint at
  one moment (`store.database`): it asks for its turn, and the store's own thread waits until it is over.
* It is told to stop by nobody but this process: a service manager and a terminal tell all processes of a service. Signals
  that are blocked stay so in what a thread starts, from its first moment on.
* It holds on to the lock beside the file, so that no other daemon begins before it has ended, and ends at once
  when this process does, however it goes: its standard input, to which nothing is written, ends then.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Self

from aggregator.errors import Shortage, StoreError, system_words
from aggregator.pipeline.grouper import GroupChange, Grouper, Regrouped
from aggregator.settings import Settings
from aggregator.shortage import shortage_of
from aggregator.store import Store
from aggregator.store.days import ChangedDay

log = logging.getLogger(__name__)

CHILD = "aggregator.pipeline.grouping_child"
DYING_SECONDS = 5.0
_TOLD_TO_ALL = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Request:
    """A method of a `Grouper` by its name, and what to call it with."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What it returned, or what it raised."""

    value: Any = None
    error: Exception | None = None

    @property
    def is_sound(self) -> bool:
        """Whether the process can go on: a bug may have left what it remembers half made."""
        return self.error is None or isinstance(self.error, StoreError)

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class Turn(Enum):
    """Said about writing: by the child, to the child, by the child."""

    WANTED = auto()
    GIVEN = auto()
    OVER = auto()


class GroupingProcess(Grouper):
    """Lets a process of its own group; that is started when there is something to group, and again if it has died.

    Use it as a context manager, or call `close`. Asked, it raises what the other one raises, and
    Shortage if that could not be started or ended before it answered.
    """

    def __init__(self, store: Store, child: str = CHILD) -> None:
        """`child` is the module that the process runs."""
        super().__init__(store)
        self._module = child
        self._child: _Child | None = None
        self._door = threading.Lock()  # nothing is started behind `close`
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The process id of the one that groups, while there is one."""
        child = self._child
        return None if child is None else child.process.pid

    def regroup_days(self, changed: Sequence[ChangedDay], settings: Settings, now: datetime) -> Regrouped:
        found: Regrouped = self._ask(Request("regroup_days", (tuple(changed), settings, now)))
        return found

    def recluster_days(
        self, settings: Settings, now: datetime, *, first: date, last: date
    ) -> list[GroupChange]:
        found: list[GroupChange] = self._ask(Request("recluster_days", (settings, now, first, last)))
        return found

    def close(self) -> None:
        """End the process, whatever it is at; idempotent. A transaction that it has begun is undone."""
        with self._door:
            self._is_closed = True
            child, self._child = self._child, None
        if child is not None:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: Request) -> Any:
        with self.store.regrouping:
            if (taken := self.store.taken_away()) is not None:
                raise taken
            child = self._running()
            try:
                answer = child.carry_out(request, self.store)
            except (EOFError, OSError) as error:  # the latter for half an answer
                raise _ended(self._put_away(child, DYING_SECONDS)) from error
            except BaseException:
                self._put_away(child)  # it may wait for its turn, and would take the next request for that
                raise
            if isinstance(answer, Exception):
                self._put_away(child)
                raise _not_begun(answer)
            if not answer.is_sound:
                self._put_away(child)
            return answer.result()

    def _running(self) -> "_Child":
        with self._door:
            if self._is_closed:
                raise StoreError(f"{self.store.path} is closed already")
            if self._child is not None and (status := self._child.process.poll()) is not None:
                log.warning("%s", _ended(status))  # it had nothing to do
                self._child = None
            self._child = self._child or _started(self.store, self._module)
            return self._child

    def _put_away(self, child: "_Child", patience_seconds: float = 0.0) -> int:
        with self._door:
            if self._child is child:
                self._child = None
        return child.end(patience_seconds)


class _Child:
    """One running process and the pipe to it."""

    def __init__(self, store: Store, module: str) -> None:
        self._pipe, theirs = Pipe()
        with theirs, _deaf():
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(store.path)],
                stdin=subprocess.PIPE,
                pass_fds=(theirs.fileno(), store.lock),
                start_new_session=True,
                env=_environment(),
            )

    def carry_out(self, request: Request, store: Store) -> Answer | Exception:
        """Return its answer, or what kept it from beginning at all.

        Raises:
            EOFError, OSError: the process ended before its answer.
        """
        self._pipe.send(request)
        while (said := self._pipe.recv()) is Turn.WANTED:
            store.lend(partial(_give_turn, self._pipe, store))
        assert isinstance(said, Answer | Exception)
        return said

    def end(self, patience_seconds: float = 0.0) -> int:
        """Wait so long for it to end by itself, then kill it; return its exit status."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience_seconds)
        self.process.kill()
        status = self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        return status


def _started(store: Store, module: str) -> _Child:
    try:
        return _Child(store, module)
    except OSError as error:
        raise _not_begun(error) from error


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started meanwhile hears nothing of what is told to all processes of a service or terminal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _TOLD_TO_ALL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _give_turn(pipe: Connection, store: Store) -> None:
    if (taken := store.taken_away()) is not None:
        raise taken
    pipe.send(Turn.GIVEN)
    said = pipe.recv()
    assert said is Turn.OVER


def _environment() -> dict[str, str]:
    """This process's, with what it imports from; numerics take one thread, as there is one core beside the daemon's."""
    path = os.pathsep.join(filter(None, sys.path))
    return {"OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONPATH": path}


def _not_begun(error: Exception) -> Exception:
    """What kept a process from being started, or from its first request: in our words if it was the machine."""
    if not isinstance(error, OSError | Shortage):
        return error
    cause = shortage_of(error) or f"{system_words(error)}; what was polled is stored and waits for one"
    return Shortage(f"no grouping process could be started: {cause}")


def _ended(status: int) -> Shortage:
    if status == -signal.SIGKILL:
        return Shortage(
            "the grouping process was killed, most likely for lack of memory; what was polled is stored and waits"
            " for the next one; allow more: MemoryMax= of the service"
        )
    end = f"was ended by {_name_of(-status)}" if status < 0 else f"ended with status {status}"
    return Shortage(
        f"the grouping process {end}; what was polled is stored and waits for the next one;"
        " please report what the log says above this"
    )


def _name_of(number: int) -> str:
    return next((each.name for each in signal.Signals if each == number), f"signal {number}")
