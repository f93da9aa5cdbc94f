"""Who groups the days of a store: whoever polls, publishes or corrects asks it, and where the work is done is its affair.

Nothing here needs numerics, so that a process which lets another one group (`grouping_process`) stays small.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aggregator import schedule
from aggregator.settings import Settings
from aggregator.store import Store, days, open_reader
from aggregator.store.days import ChangedDay

REST = 2.0  # times what a grouping took, until the next one: polls wait for a grouping, and are to have the most of the time
SHORT_SECONDS = 1.0  # a grouping that takes no longer needs no rest


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What one pass over the changed days came to."""

    days: int = 0
    headlines: int = 0
    stories_changed: frozenset[int] = frozenset()
    conflicts: tuple[str, ...] = ()

    def and_then(self, other: "Regrouped") -> "Regrouped":
        """What this pass and another one, over other days, came to."""
        return Regrouped(
            self.days + other.days,
            self.headlines + other.headlines,
            self.stories_changed | other.stories_changed,
            self.conflicts + other.conflicts,
        )


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group that a rebuild makes anew: its articles' headlines, and how the store has them now."""

    day: date
    language: str
    headlines: tuple[str, ...]
    parts_before: tuple[int, ...]

    def __str__(self) -> str:
        before = "+".join(str(size) for size in self.parts_before)
        return (
            f"{self.day} {self.language}: {before} -> {len(self.headlines)}: {'; '.join(self.headlines[:5])}"
        )


class Grouper(ABC):
    """Groups the days of one store, for one caller at a time; safe to ask from any thread.

    What it does is blocking and costly: about a second per 10,000 headlines of a day, less where it remembers them.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._rests_until = 0.0

    def regroup(self, settings: Settings, now: datetime, until: date = date.max) -> Regrouped:
        """Group every day up to `until` that has changed, and the open ones that may go on with their stories.

        Oldest first, each once: a day that changes meanwhile is left for the next pass. No day after `until` is looked at,
        so that whoever needs one does not depend on whether today can be grouped.
        """
        not_before = first_late_day(settings, now)
        done, after = Regrouped(), date.min
        while True:
            with open_reader(self.store.path) as connection:
                changed = days.load_changed_days(connection, not_before=not_before, after=after, until=until)
            if not changed:
                return done
            done = done.and_then(self.regroup_days(changed, settings, now))
            after = changed[-1].day

    @abstractmethod
    def regroup_days(self, changed: Sequence[ChangedDay], settings: Settings, now: datetime) -> Regrouped:
        """Group the given days again, oldest first, and the open days between them that may go on with their stories.

        Those after the last of them are noted as changed.
        """

    @abstractmethod
    def recluster_days(
        self, settings: Settings, now: datetime, *, first: date, last: date
    ) -> list[GroupChange]:
        """Group stored days again, closed ones too, and return the groups that differ."""

    def took(self, began: float, ended: float) -> None:
        """Note how long a grouping of all that changed took, in monotonic seconds."""
        if ended - began > SHORT_SECONDS:
            self._rests_until = ended + REST * (ended - began)

    def rests(self, monotonic: float) -> bool:
        """Whether the last grouping was long, and not long ago: what changed since waits for the next tick."""
        return monotonic < self._rests_until


def first_late_day(settings: Settings, now: datetime) -> date:
    """The oldest day that late articles still belong to."""
    return schedule.local_day(now, settings.day.timezone) - timedelta(days=schedule.LATE_DAYS)
