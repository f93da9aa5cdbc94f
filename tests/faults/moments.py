"""A daemon in a fork that waits at a named moment until it is let go, so that a signal can reach it right there."""

import asyncio
import itertools
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from aggregator import daemon
from aggregator.clock import SystemClock
from aggregator.logs import set_up_logging
from aggregator.pipeline.grouping_process import GroupingProcess
from tests.doomed_grouping import DOOMED
from tests.faults.killpoints import POINTS
from tests.system.home import Home

NAMES_HANG = "a name server that hangs"
THE_STORIES = "the stories"
_FORKS = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A daemon that stands at its moment."""

    process: BaseProcess
    _go: Connection
    _log: Path

    def end(self) -> int | None:
        """Tell it to stop, then let it go on; return its exit status."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGTERM)
        self._go.send(None)
        self.process.join()
        return self.process.exitcode

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")


@contextmanager
def waiting_at(home: Home, point: str) -> Iterator[Waiting]:
    """Start a daemon and wait until it comes by a point of the kill loop, or asks for a name that nobody resolves."""
    arrived, arriving = _FORKS.Pipe(duplex=False)
    going, go = _FORKS.Pipe(duplex=False)
    log = home.folder / "log"
    process = _FORKS.Process(target=_live, args=(home, point, arriving, going, log))
    process.start()
    arriving.close()
    try:
        arrived.recv()
        yield Waiting(process, go, log)
    finally:
        process.kill()
        process.join()
        for end in (arrived, going, go):
            end.close()


def _live(home: Home, point: str, arriving: Connection, going: Connection, log: Path) -> None:
    os.dup2(os.open(log, os.O_CREAT | os.O_WRONLY), 2)
    set_up_logging("plain", "info")
    passings = itertools.count()

    def wait() -> None:
        is_running = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        if is_running and next(passings) == 0:
            arriving.send(None)
            going.recv()

    if point == NAMES_HANG:
        _hang_names(arriving)
    elif point == THE_STORIES:
        _hang_grouping(arriving, home.folder / "grouping")
    else:
        POINTS[point](wait)
    asyncio.run(daemon.run_daemon(home.app(SystemClock())))


def _hang_grouping(arriving: Connection, there: Path) -> None:
    """Stories are written by another process; it waits in the midst of them until it is ended."""
    os.environ.update(PLACE="while_writing", DOOM="waits", DOOMED=str(there))
    daemon.GroupingProcess = partial(GroupingProcess, child=DOOMED)  # type: ignore[misc, assignment]

    def look() -> None:
        while not there.exists():
            time.sleep(0.01)
        arriving.send(None)

    threading.Thread(target=look, daemon=True).start()


def _hang_names(arriving: Connection) -> None:
    def hang(*_: Any, **__: Any) -> Any:
        arriving.send(None)
        threading.Event().wait()

    socket.getaddrinfo = hang
