"""Writing a grouped day: its groups, its stories, and the ledger that explains them.

Facts
-----
* A grouping of a day is computed whole and written as a difference: rows that did not change are not touched.
* A day of 50,000 articles is grouped again for every few hundred that come, and to read back what was written the
  last time takes longer than to group them: whoever groups keeps what he wrote (`SavedDay`), and as long as
  the day's `revision` is what it was then, the difference is found without reading. Nine in ten groups and decisions are the
  very same objects as then, and who made them says which.
* What 500 articles change is all over a day's tables: with the 2 MB of pages that SQLite keeps it reads many of them
  anew and writes them more than once, which takes a tenth of the time.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from aggregator.model import (
    BEGINS,
    OTHERWISE,
    Continuation,
    Continuations,
    DayGroup,
    DayGroups,
    Decision,
)
from aggregator.sameness import Since
from aggregator.store.days import ChangedDay, load_revision, take_changes
from aggregator.store.ledger import (
    LedgerRow,
    Retold,
    SavedDecisions,
    ledger_rows,
    load_ledger,
    save_ledger,
    stored_rows,
)
from aggregator.store.members import Joins, joins_of, load_members, member_rows, save_joins, save_members
from aggregator.store.outlet_days import OutletCounts, count_outlets, counts_of, recount_outlets
from aggregator.store.story_days import StoryDays
from aggregator.store.totals import update_totals
from aggregator.store.values import time_text

_KEPT_KIBIBYTES = 32_000
_Placed = dict[DayGroup, Continuation]
_Ledger = tuple[SavedDecisions, SavedDecisions]  # of the groups, and of what they continue


@dataclass(frozen=True, slots=True)
class GroupedDay:
    """The outcome of grouping one changed (day, language), ready to be written."""

    changed: ChangedDay
    groups: DayGroups
    continuations: Continuations
    article_ids: Mapping[str, int]  # of the day, by key


@dataclass(frozen=True, slots=True)
class SavedDay:
    """What was written of a day, which holds while its revision in the store is this one."""

    revision: int
    rules_version: str
    groups: Sequence[DayGroup]
    places: Continuations  # each with a story
    decisions: SavedDecisions
    continued: SavedDecisions
    joins: Joins  # among `decisions`

    @classmethod
    def nothing(cls, revision: int, rules_version: str) -> "SavedDay":
        nothing, nowhere = SavedDecisions.none(), Continuations(np.zeros(0, dtype=np.int64), {})
        return cls(revision, rules_version, (), nowhere, nothing, nothing, {})

    def is_of(self, revision: int, rules_version: str) -> bool:
        return (self.revision, self.rules_version) == (revision, rules_version)


@dataclass(frozen=True, slots=True)
class Saving:
    """What writing a grouped day came to: the stories that changed, and the day as it is now.

    `touched` are stories with their groups: all of the day where it `is_whole`, else those that may have other groups
    than before, some of them none.
    """

    stories_changed: frozenset[int]
    day: SavedDay
    touched: Mapping[int, Sequence[DayGroup]]
    is_whole: bool


def save_grouped_day(
    connection: sqlite3.Connection, grouped: GroupedDay, now: datetime, before: SavedDay | None = None
) -> Saving:
    """Write a day's groups, stories and ledger.

    `before` is what the last grouping wrote, if that is still known; it saves reading and changes nothing.
    """
    with _roomy(connection):
        return _Writer(connection, grouped, now, before).save()


@contextmanager
def _roomy(connection: sqlite3.Connection) -> Iterator[None]:
    """Meanwhile SQLite may hold pages of some 30 MB, not of 2 MB; those that were not written to are freed at the end."""
    (before,) = connection.execute("PRAGMA cache_size").fetchone()
    connection.execute(f"PRAGMA cache_size = {-_KEPT_KIBIBYTES}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA cache_size = {before}")


class _Writer:
    """Writes one grouped day, in one transaction that is not its own."""

    def __init__(
        self, connection: sqlite3.Connection, grouped: GroupedDay, now: datetime, before: SavedDay | None
    ) -> None:
        day, language = grouped.changed.day, grouped.changed.language
        self._connection, self._grouped, self._now = connection, grouped, now
        self._day, self._language = day.isoformat(), language
        self._groups, self._ids = grouped.groups.groups, grouped.article_ids
        revision, rules_version = load_revision(connection, day, language), grouped.groups.rules_version
        self._is_whole = before is None or not before.is_of(revision, rules_version)
        if before is None or self._is_whole:
            before = SavedDay.nothing(revision, rules_version)
        self._before = before
        self._decisions = Retold(grouped.groups.decisions, before.decisions)
        told = [place.decision for place in grouped.continuations.others.values()]
        self._continued = Retold([decision for decision in told if decision], before.continued)
        self._joined, self._unjoined = joins_of(self._decisions.fresh), joins_of(self._decisions.gone)

    def save(self) -> Saving:
        places = self._placed()
        fresh, left = self._moved_groups(places)
        stories = {_story_of(place) for place in (*fresh.values(), *left.values())}
        outlets = {} if self._is_whole else self._outlets_of(stories)
        joins = self._joins()
        moved = self._save_members(fresh, left, joins)
        stories |= moved  # where nothing is known, also those that end here
        touched = self._groups_of(stories, places)
        story_days = StoryDays(self._connection, self._day, self._language, self._ids)
        written = story_days.save(touched, moved, is_whole=self._is_whole)
        self._count_outlets(outlets, stories)
        ledger = self._save_ledger()
        changed = moved | written.changed
        update_totals(self._connection, changed)
        take_changes(
            self._connection,
            self._grouped.changed,
            self._before.rules_version,
            self._now,
            None if self._is_whole else (written.more_stories, written.more_articles),
        )
        groups = {story_id: tuple(of_story) for story_id, of_story in touched.items()}
        return Saving(frozenset(changed), self._saved(places, joins, ledger), groups, self._is_whole)

    def _saved(self, places: Continuations, joins: Joins, ledger: _Ledger) -> SavedDay:
        before = self._before
        return SavedDay(before.revision + 1, before.rules_version, self._groups, places, *ledger, joins)

    # --- stories --------------------------------------------------------------------------------------

    def _placed(self) -> Continuations:
        """The story of each group; begins new ones and turns merged ones into redirects."""
        told, kept = self._grouped.continuations, self._grouped.continuations.kept.copy()
        begun = {number for number, place in told.others.items() if place.story_id is None}
        begun.update(np.flatnonzero(kept == BEGINS).tolist())
        new = dict(zip(sorted(begun), self._new_stories(len(begun)), strict=True))
        others = {n: place._replace(story_id=new.get(n, place.story_id)) for n, place in told.others.items()}
        redirects = [(p.story_id, i) for p in others.values() for i in p.merged_ids if i != p.story_id]
        self._connection.executemany("UPDATE stories SET merged_into = ? WHERE story_id = ?", redirects)
        kept[[*new]] = [*new.values()]
        kept[[*others]] = OTHERWISE
        return Continuations(kept, others)

    def _new_stories(self, count: int) -> range:
        """Begin so many stories; an id is never used twice."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'stories'").fetchone()
        first = row[0] + 1 if row else 1
        story_ids = range(first, first + count)
        created = (self._language, self._day, time_text(self._now))
        self._connection.executemany(
            "INSERT INTO stories (story_id, language, first_day, created_at, articles_total, outlets_total)"
            " VALUES (?, ?, ?, ?, 0, 0)",
            [(story_id, *created) for story_id in story_ids],
        )
        return story_ids

    def _moved_groups(self, places: Continuations) -> tuple[_Placed, _Placed]:
        """The groups that are not what they were, as they are and as they were."""
        before, was = self._before, self._before.places
        stood = Since.of(self._groups, before.groups).places
        is_same = np.zeros(len(stood), dtype=bool)
        there = np.flatnonzero(stood >= 0)
        at = stood[there]
        now, then = places.kept[there], was.kept[at]
        are_kept = (now != OTHERWISE) & (then != OTHERWISE)
        is_same[there] = are_kept & (now == then)
        for number, before_number in zip(there[~are_kept].tolist(), at[~are_kept].tolist(), strict=True):
            is_same[number] = places[number] == was[before_number]
        is_left = np.ones(len(before.groups), dtype=bool)
        is_left[stood[is_same]] = False
        fresh = {self._groups[number]: places[number] for number in np.flatnonzero(~is_same).tolist()}
        left = {before.groups[number]: was[number] for number in np.flatnonzero(is_left).tolist()}
        made_anew = [group for group, place in fresh.items() if left.get(group) == place]
        for group in made_anew:
            del fresh[group], left[group]
        return fresh, left

    def _groups_of(self, stories: Collection[int], places: Continuations) -> dict[int, _Placed]:
        """Which groups are these stories, by story in order; some are none."""
        found: dict[int, _Placed] = {story_id: {} for story_id in sorted(stories)}
        numbers = [number for number, place in places.others.items() if place.story_id in found]
        for number in sorted([*numbers, *np.flatnonzero(np.isin(places.kept, [*found])).tolist()]):
            place = places[number]
            found[_story_of(place)][self._groups[number]] = place
        return found

    def _save_members(self, fresh: _Placed, left: _Placed, joins: Joins) -> set[int]:
        """Write who is in which group; return the stories that articles came to or left."""
        connection, ids = self._connection, self._ids
        connection.execute(
            "UPDATE stories SET merged_into = NULL"
            " WHERE merged_into IS NOT NULL AND story_id IN (SELECT value FROM json_each(?))",
            [json.dumps(list({place.story_id for place in fresh.values()}))],
        )
        if self._is_whole:
            stored = load_members(connection, self._day, self._language)
        else:
            stored = member_rows(left, self._before.joins, ids)
            placed = {key for group in fresh for key in group.keys}
            rejoined = (self._joined.keys() | self._unjoined.keys()) - placed
            save_joins(connection, rejoined, joins, self._before.joins, ids)
        return save_members(
            connection,
            self._day,
            member_rows(fresh, joins, ids),
            stored,
            is_late=self._grouped.changed.is_closed,
        )

    def _joins(self) -> Joins:
        """The joins of the day, from those of the last time."""
        joins = dict(self._before.joins)
        for key in self._unjoined:
            joins.pop(key, None)
        return joins | self._joined

    def _outlets_of(self, story_ids: Collection[int]) -> OutletCounts:
        return counts_of(self._connection, self._day, self._language, story_ids)

    def _count_outlets(self, before: OutletCounts, story_ids: Collection[int]) -> None:
        place = (self._day, self._language)
        if self._is_whole:
            count_outlets(self._connection, *place)
        else:
            recount_outlets(self._connection, *place, before, self._outlets_of(story_ids))

    # --- the ledger -------------------------------------------------------------------------------------

    def _save_ledger(self) -> _Ledger:
        decisions, continued, place = self._decisions, self._continued, (self._day, self._language)
        fresh = self._rows([*decisions.fresh, *continued.fresh])
        if self._is_whole:
            before = load_ledger(self._connection, *place)
        else:
            gone = self._rows([*decisions.gone, *continued.gone])
            before = stored_rows(gone, [*decisions.gone_ids, *continued.gone_ids])
        row_ids = save_ledger(self._connection, place, fresh, before, self._now)
        first = len(decisions.fresh)
        return decisions.saved(row_ids[:first]), continued.saved(row_ids[first:])

    def _rows(self, decisions: Sequence[Decision]) -> list[LedgerRow | None]:
        return ledger_rows(self._connection, decisions, self._ids, self._before.rules_version)


def _story_of(place: Continuation) -> int:
    """The story of a group whose place is settled."""
    assert place.story_id is not None
    return place.story_id
