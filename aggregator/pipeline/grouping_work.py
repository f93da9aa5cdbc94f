"""What the grouping process does: what a `Grouper` is asked for, a request after the other, each write in its turn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aggregator.pipeline.carrying import carried
from aggregator.pipeline.grouper import GroupChange, Regrouped
from aggregator.pipeline.grouping import regroup_days
from aggregator.pipeline.grouping_process import Answer, Request, Turn
from aggregator.pipeline.memory import GroupingMemory
from aggregator.pipeline.rebuilding import recluster_days
from aggregator.settings import Settings
from aggregator.store import Guest
from aggregator.store.days import ChangedDay


class GroupingWork:
    """Groups the days of the store at a path for whoever is at the other end of a pipe."""

    def __init__(self, pipe: Connection, path: Path) -> None:
        """Raises StoreError if there is no database that can be opened."""
        self._pipe = pipe
        self._store = Guest(path, self._turn)
        self._memory = GroupingMemory()

    def serve(self) -> None:
        """Answer requests until nobody asks any more."""
        tasks: Mapping[str, Callable[..., Any]] = {
            "regroup_days": self._regroup_days,
            "recluster_days": self._recluster_days,
        }
        with suppress(EOFError):
            while True:
                request: Request = self._pipe.recv()
                self._pipe.send(_answer(tasks[request.name], request.arguments))

    def _regroup_days(self, changed: Sequence[ChangedDay], settings: Settings, now: datetime) -> Regrouped:
        return regroup_days(self._store, changed, settings, now, self._memory)

    def _recluster_days(
        self, settings: Settings, now: datetime, first: date, last: date
    ) -> list[GroupChange]:
        return recluster_days(self._store.path, self._store, settings, now, first=first, last=last)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """While the other process writes nothing."""
        self._pipe.send(Turn.WANTED)
        said = self._pipe.recv()
        assert said is Turn.GIVEN
        try:
            yield
        finally:
            self._pipe.send(Turn.OVER)


def _answer(task: Callable[..., Any], arguments: tuple[Any, ...]) -> Answer:
    try:
        return Answer(task(*arguments))
    except Exception as error:  # noqa: BLE001 - raised in the other process, which classifies it
        return Answer(error=carried(error))
