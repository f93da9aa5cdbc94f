"""The grouping process: does what it is asked through a pipe, until the process that started it ends.

Started by `GroupingProcess` as `python -m aggregator.pipeline.grouping_child PIPE STORE`, with the lock of the store
among its open files. Nothing of what it knows is lost with it: it reads everything again.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aggregator.errors import StoreError
from aggregator.pipeline.grouper import GroupChange, Regrouped
from aggregator.pipeline.grouping import regroup_days
from aggregator.pipeline.grouping_process import Answer, Request, Turn
from aggregator.pipeline.memory import GroupingMemory
from aggregator.pipeline.rebuilding import recluster_days
from aggregator.settings import Settings
from aggregator.shortage import give_memory_back, shortage_of
from aggregator.store import Guest
from aggregator.store.days import ChangedDay

_OOM_SCORE = "500"  # of 1,000: killed before the daemon is, and long after what fills the machine


@dataclass(frozen=True, slots=True)
class _Work:
    """What a `Grouper` is asked for, done here."""

    store: Guest
    memory: GroupingMemory = field(default_factory=GroupingMemory)

    def regroup_days(self, changed: Sequence[ChangedDay], settings: Settings, now: datetime) -> Regrouped:
        return regroup_days(self.store, changed, settings, now, self.memory)

    def recluster_days(self, settings: Settings, now: datetime, first: date, last: date) -> list[GroupChange]:
        return recluster_days(self.store.path, self.store, settings, now, first=first, last=last)


def main() -> None:
    pipe, path = Connection(int(sys.argv[1])), Path(sys.argv[2])
    # A service manager tells all processes to stop; this one ends when the daemon has put everything away.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    give_memory_back()
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    serve(pipe, Guest(path, partial(_turn, pipe)))


def serve(pipe: Connection, store: Guest) -> None:
    """Answer requests until nobody asks any more."""
    work = _Work(store)
    tasks: Mapping[str, Callable[..., Any]] = {
        "regroup_days": work.regroup_days,
        "recluster_days": work.recluster_days,
    }
    with suppress(EOFError):
        while True:
            request: Request = pipe.recv()
            pipe.send(_answer(tasks[request.name], request.arguments))


def _answer(task: Callable[..., Any], arguments: tuple[Any, ...]) -> Answer:
    try:
        return Answer(task(*arguments))
    except StoreError as error:
        return Answer(error=error)
    except Exception as error:  # noqa: BLE001 - raised in the other process, which classifies it
        error.add_note(f"in the grouping process:\n{traceback.format_exc()}")
        return Answer(error=shortage_of(error) or error)


@contextmanager
def _turn(pipe: Connection) -> Iterator[None]:
    """While the other process writes nothing."""
    pipe.send(Turn.WANTED)
    said = pipe.recv()
    assert said is Turn.GIVEN
    try:
        yield
    finally:
        pipe.send(Turn.OVER)


def _end_with_parent() -> None:
    """Standard input ends when the process at its other end does; what is being written is then undone."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


if __name__ == "__main__":
    main()
