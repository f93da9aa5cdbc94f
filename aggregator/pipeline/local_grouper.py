"""Grouping in this process: what a command does that is done soon."""

from collections.abc import Sequence
from datetime import date, datetime

from aggregator.pipeline.grouper import GroupChange, Grouper, Regrouped
from aggregator.pipeline.grouping import regroup_days
from aggregator.pipeline.memory import GroupingMemory
from aggregator.pipeline.rebuilding import recluster_days
from aggregator.settings import Settings
from aggregator.store import Store
from aggregator.store.days import ChangedDay


class LocalGrouper(Grouper):
    """Groups in this process, and remembers of one grouping what the next one has use for."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._memory = GroupingMemory()

    def regroup_days(self, changed: Sequence[ChangedDay], settings: Settings, now: datetime) -> Regrouped:
        return regroup_days(self.store, changed, settings, now, self._memory)

    def recluster_days(
        self, settings: Settings, now: datetime, *, first: date, last: date
    ) -> list[GroupChange]:
        return recluster_days(self.store.path, self.store, settings, now, first=first, last=last)
