"""Writing a grouped day: its groups, its stories, and the ledger that explains them.

Facts
-----
* A grouping of a day is computed whole and written as a difference: rows that did not change are not touched.
* A day of 50,000 articles is grouped again for every few hundred that come, and to read back what was written the
  last time takes longer than to group them: whoever groups keeps what he wrote (`SavedDay`), and as long as
  the day's `revision` is what it was then, the difference is found without reading. Nine in ten groups and decisions are the
  very same objects as then, which numbers tell in half of the time that sets and dictionaries take.
* What 500 articles change is all over a day's tables: with the 2 MB of pages that SQLite keeps it reads many of them
  anew and writes them more than once, which takes a tenth of the time.
* Two groups may be one daily story (both continue the same one); the story's row counts both.
* `story_days` holds what the views show (counts, first and last sighting), so that a page of a day
  reads one table and not every article of it.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from aggregator.model import Continuation, DayGroup, DayGroups, Decision, Verdict
from aggregator.sameness import Since
from aggregator.store.days import ChangedDay, load_revision, take_changes
from aggregator.store.outlet_days import OutletCounts, count_outlets, counts_of, recount_outlets
from aggregator.store.topics import topics_of
from aggregator.store.totals import update_totals
from aggregator.store.values import time_text

_KEPT_KIBIBYTES = 32_000
_STRONGEST = "single"  # the rule of an article that stands alone
_LedgerRow = tuple[Any, ...]  # article, partner and verdict, which name it, then what is told


@dataclass(frozen=True, slots=True)
class GroupedDay:
    """The outcome of grouping one changed (day, language), ready to be written."""

    changed: ChangedDay
    groups: DayGroups
    continuations: tuple[Continuation, ...]
    article_ids: Mapping[str, int]  # of the day, by key


@dataclass(frozen=True, slots=True)
class SavedDay:
    """What was written of a day, which holds while its revision in the store is this one."""

    revision: int
    rules_version: str
    groups: Sequence[DayGroup]
    places: Sequence[Continuation]  # of each group; each has a story id
    decisions: Sequence[Decision]

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
        self._groups = grouped.groups.groups
        self._revision = load_revision(connection, day, language)
        self._before = (
            before if before and before.is_of(self._revision, grouped.groups.rules_version) else None
        )
        self._ids = grouped.article_ids
        decisions = [*grouped.groups.decisions, *(c.decision for c in grouped.continuations if c.decision)]
        self._decisions = decisions
        self._fresh, self._gone = _unlike(decisions, self._before.decisions if self._before else [])

    def save(self) -> Saving:
        connection, grouped = self._connection, self._grouped
        rules_version = grouped.groups.rules_version
        places = self._placed()
        fresh, left = self._difference(places)
        stories = {_story_of(place) for place in (*fresh.values(), *left.values())}
        outlets = {} if self._before is None else self._outlets_of(stories)
        moved = self._save_members(places, fresh, left)
        stories |= moved  # where nothing is known, also those that end here
        touched: dict[int, dict[DayGroup, Continuation]] = {story_id: {} for story_id in sorted(stories)}
        for group, place in zip(self._groups, places, strict=True):
            if place.story_id in touched:
                touched[place.story_id][group] = place
        changed = moved | self._save_story_days(touched, moved)
        if self._before is None:
            count_outlets(connection, self._day, self._language)
        else:
            recount_outlets(connection, self._day, self._language, outlets, self._outlets_of(stories))
        self._save_ledger()
        update_totals(connection, changed)
        take_changes(connection, grouped.changed, rules_version, self._now)
        saved = SavedDay(self._revision + 1, rules_version, self._groups, places, self._decisions)
        groups = {story_id: tuple(of_story) for story_id, of_story in touched.items()}
        return Saving(frozenset(changed), saved, groups, is_whole=self._before is None)

    def _outlets_of(self, story_ids: Collection[int]) -> OutletCounts:
        return counts_of(self._connection, self._day, self._language, story_ids)

    # --- stories --------------------------------------------------------------------------------------

    def _placed(self) -> list[Continuation]:
        """The story of each group; begins new ones and turns merged ones into redirects."""
        places = list(self._grouped.continuations)
        for number, told in enumerate(places):
            if told.story_id is not None and not told.merged_ids:
                continue
            story_id = self._new_story() if told.story_id is None else told.story_id
            places[number] = told._replace(story_id=story_id)
            self._connection.executemany(
                "UPDATE stories SET merged_into = ? WHERE story_id = ?",
                [(story_id, merged) for merged in told.merged_ids if merged != story_id],
            )
        return places

    def _new_story(self) -> int:
        cursor = self._connection.execute(
            "INSERT INTO stories (language, first_day, created_at, articles_total, outlets_total)"
            " VALUES (?, ?, ?, 0, 0)",
            (self._language, self._day, time_text(self._now)),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _difference(
        self, places: Sequence[Continuation]
    ) -> tuple[dict[DayGroup, Continuation], dict[DayGroup, Continuation]]:
        """The groups that are not what they were, as they are and as they were."""
        before = self._before
        if before is None:
            return dict(zip(self._groups, places, strict=True)), {}
        since = Since.of(self._groups, before.groups)
        is_same = np.array(
            [
                at >= 0 and before.places[at] == place
                for at, place in zip(since.places.tolist(), places, strict=True)
            ],
            dtype=bool,
        )
        is_left = np.ones(len(before.groups), dtype=bool)
        is_left[since.places[is_same]] = False
        fresh = {self._groups[number]: places[number] for number in np.flatnonzero(~is_same).tolist()}
        left = {before.groups[number]: before.places[number] for number in np.flatnonzero(is_left).tolist()}
        made_anew = [group for group, place in fresh.items() if left.get(group) == place]
        for group in made_anew:
            del fresh[group], left[group]
        return fresh, left

    # --- members --------------------------------------------------------------------------------------

    def _save_members(
        self,
        places: Sequence[Continuation],
        fresh: Mapping[DayGroup, Continuation],
        left: Mapping[DayGroup, Continuation],
    ) -> set[int]:
        """Write who is in which group; return the stories that articles came to or left."""
        self._connection.execute(
            "UPDATE stories SET merged_into = NULL"
            " WHERE merged_into IS NOT NULL AND story_id IN (SELECT value FROM json_each(?))",
            [json.dumps(list({place.story_id for place in fresh.values()}))],
        )
        rejoined = self._rejoined()
        touched = dict(fresh)
        touched |= {
            group: place
            for group, place in zip(self._groups, places, strict=True)
            if len(group.keys) > 1 and not rejoined.isdisjoint(group.keys)
        }
        wanted = self._member_rows(touched)
        gone = {self._ids[key] for group in left for key in group.keys if key in self._ids}
        stored = self._stored_members(None if self._before is None else gone | wanted.keys())
        return self._write_members(wanted, stored)

    def _rejoined(self) -> set[str]:
        """The articles of which a join is told otherwise than before; all are written where nothing is known."""
        if self._before is None:
            return set()
        return {decision.key for decision in self._fresh ^ self._gone if decision.verdict is Verdict.JOINED}

    def _member_rows(self, groups: Mapping[DayGroup, Continuation]) -> dict[int, tuple[Any, ...]]:
        ids, members = self._ids, {key for group in groups for key in group.keys}
        joins = _strongest_joins([d for d in self._grouped.groups.decisions if d.key in members])
        rows: dict[int, tuple[Any, ...]] = {}
        for group, place in groups.items():
            number = min([ids[key] for key in group.keys])  # stays when other groups come and go
            for key in group.keys:
                join = joins.get(key)
                partner = ids.get(join.partner_key) if join and join.partner_key else None
                rule = join.rule if join else _STRONGEST
                rows[ids[key]] = (place.story_id, number, rule, join.score if join else None, partner)
        return rows

    def _stored_members(self, article_ids: Collection[int] | None) -> dict[int, tuple[Any, ...]]:
        """The rows of these articles of the day, of all when None."""
        cursor = self._connection.cursor()
        cursor.row_factory = None  # plain rows can be cut
        rows = cursor.execute(
            "SELECT article_id, m.story_id, group_number, rule, score, partner_article_id"
            "  FROM story_members AS m JOIN articles AS a USING (article_id)"
            " WHERE m.day = ? AND a.language = ?"
            + ("" if article_ids is None else " AND article_id IN (SELECT value FROM json_each(?))"),
            [self._day, self._language, *([] if article_ids is None else [json.dumps([*article_ids])])],
        )
        return {row[0]: row[1:] for row in rows}

    def _write_members(
        self, wanted: Mapping[int, tuple[Any, ...]], stored: Mapping[int, tuple[Any, ...]]
    ) -> set[int]:
        gone = stored.keys() - wanted.keys()
        self._connection.executemany(
            "DELETE FROM story_members WHERE article_id = ?", [(article_id,) for article_id in gone]
        )
        written = {i: values for i, values in wanted.items() if stored.get(i) != values}
        # Most only join otherwise: their story and group, which are indexed, are left alone.
        stay = {i for i, values in written.items() if i in stored and stored[i][:2] == values[:2]}
        self._connection.executemany(
            "UPDATE story_members SET rule = ?, score = ?, partner_article_id = ? WHERE article_id = ?",
            [(*written[i][2:], i) for i in stay],
        )
        is_late = int(self._grouped.changed.is_closed)
        self._connection.executemany(
            "INSERT INTO story_members (article_id, day, is_addendum, story_id, group_number, rule, score,"
            " partner_article_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (article_id) DO UPDATE SET story_id = excluded.story_id,"
            " group_number = excluded.group_number, rule = excluded.rule, score = excluded.score,"
            " partner_article_id = excluded.partner_article_id",
            [(i, self._day, is_late, *values) for i, values in written.items() if i not in stay],
        )
        came = {i for i, values in written.items() if i not in stored or stored[i][0] != values[0]}
        left = {stored[i][0] for i in gone | came if i in stored}
        return left | {wanted[i][0] for i in came}

    # --- what a story is on the day ----------------------------------------------------------------------

    def _save_story_days(
        self,
        touched: Mapping[int, Mapping[DayGroup, Continuation]],
        moved: Collection[int],
    ) -> set[int]:
        """Write what the touched stories come to on this day; return those whose row changed.

        `moved` are the stories that articles came to or left. Where nothing is known all rows are compared.
        """
        is_known = self._before is not None
        before = self._stored_story_days(touched if is_known else None)
        meanings = self._meanings(touched)
        changed = before.keys() - meanings.keys()
        self._connection.executemany(
            "DELETE FROM story_days WHERE day = ? AND story_id = ?",
            [(self._day, story_id) for story_id in changed],
        )
        doubtful = {
            story_id: meaning
            for story_id, meaning in meanings.items()
            if story_id in moved or story_id not in before or _told(before[story_id]) != meaning
        }
        rows = [row for row in self._counted(doubtful) if before.get(row[1]) != row]
        marks = ", ".join("?" * len(_STORY_DAY.split(", ")))
        self._connection.executemany(
            f"INSERT OR REPLACE INTO story_days ({_STORY_DAY}) VALUES ({marks})", rows
        )
        return changed | {row[1] for row in rows}

    def _stored_story_days(self, story_ids: Collection[int] | None) -> dict[int, tuple[Any, ...]]:
        """The rows of these stories, of all of the day when None."""
        rows = self._connection.execute(
            f"SELECT {_STORY_DAY} FROM story_days WHERE day = ? AND language = ?"
            + ("" if story_ids is None else " AND story_id IN (SELECT value FROM json_each(?))"),
            [self._day, self._language, *([] if story_ids is None else [json.dumps([*story_ids])])],
        )
        return {row["story_id"]: tuple(row) for row in rows}

    def _meanings(self, touched: Mapping[int, Mapping[DayGroup, Continuation]]) -> "dict[int, _Meaning]":
        """What each of these stories is; of several groups the largest speaks for it."""
        meanings = {}
        for story_id, groups in touched.items():
            if groups:
                largest = max(groups, key=lambda group: len(group.keys))
                place = groups[largest]
                meanings[story_id] = _Meaning(
                    self._ids[largest.lead_key],
                    place.status.value,
                    " ".join(place.new_words),
                    largest.series,
                    largest.serial,
                )
        return meanings

    def _counted(self, meanings: "Mapping[int, _Meaning]") -> Iterator[tuple[Any, ...]]:
        """The rows of these stories. Asked for all at once: one by one takes three times as long."""
        counts = {
            story_id: counted
            for story_id, *counted in self._connection.execute(_COUNTED, [self._day, json.dumps([*meanings])])
        }
        topics = topics_of(self._connection, self._day, meanings)
        leads = [meaning.lead_article_id for meaning in meanings.values()]
        headlines = dict(self._connection.execute(_HEADLINES, [json.dumps(leads)]).fetchall())
        for story_id, (lead_id, status, new_words, series, serial) in meanings.items():
            told = (headlines[lead_id], lead_id, status, new_words)
            place = (self._day, story_id, self._language)
            yield *place, *topics[story_id], *told, *counts[story_id], series, serial

    # --- the ledger -------------------------------------------------------------------------------------

    def _save_ledger(self) -> None:
        stored = self._stored_ledger() if self._before is None else self._ledger_rows(self._gone)
        wanted = self._ledger_rows(self._fresh)
        self._write_ledger(wanted - stored, stored - wanted)

    def _write_ledger(self, new: set[_LedgerRow], outdated: set[_LedgerRow]) -> None:
        """Write `new` rows over `outdated` ones of the same pair; a quarter of a large day's change their score.

        In the order of the articles, as the rows lie: in any other it takes a quarter longer.
        """
        now, pairs = time_text(self._now), {row[:3] for row in outdated}
        told = [row for row in new if row[:3] in pairs]
        kept = {row[:3] for row in told}
        self._connection.executemany(
            "UPDATE ledger SET rule = ?, score = ?, threshold = ?, words = ?, alike = ?, members = ?,"
            " rules_version = ?, decided_at = ?"
            f" WHERE {_LEDGER_ROW}",
            [(*row[3:], now, *row[:3]) for row in sorted(told, key=itemgetter(0))],
        )
        self._connection.executemany(
            f"DELETE FROM ledger WHERE {_LEDGER_ROW}",
            sorted([row[:3] for row in outdated if row[:3] not in kept], key=itemgetter(0)),
        )
        self._connection.executemany(
            f"INSERT INTO ledger (day, language, decided_at, {_LEDGER})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sorted([(self._day, self._language, now, *row) for row in new if row[:3] not in kept], key=repr),
        )

    def _stored_ledger(self) -> set[_LedgerRow]:
        rows = self._connection.execute(
            f"SELECT {_LEDGER} FROM ledger WHERE day = ? AND language = ?", [self._day, self._language]
        )
        return set(map(tuple, rows))

    def _ledger_rows(self, decisions: Iterable[Decision]) -> set[_LedgerRow]:
        return {
            (
                self._ids[decision.key],
                self._partner_id(decision.partner_key),
                str(decision.verdict),
                decision.rule,
                decision.score,
                decision.threshold,
                " ".join(decision.words),
                decision.alike,
                decision.members,
                self._grouped.groups.rules_version,
            )
            for decision in decisions
            if decision.key in self._ids
        }

    def _partner_id(self, key: str | None) -> int | None:
        if key is None or key in self._ids:
            return self._ids.get(key) if key else None
        row = self._connection.execute("SELECT article_id FROM articles WHERE key = ?", [key]).fetchone()
        return None if row is None else int(row["article_id"])


def _story_of(place: Continuation) -> int:
    """The story of a group whose place is settled."""
    assert place.story_id is not None
    return place.story_id


def _unlike(
    now: Sequence[Decision], before: Sequence[Decision]
) -> tuple[frozenset[Decision], frozenset[Decision]]:
    """The decisions of `now` that are not the very same objects as some of `before`, and the other way round."""
    since = Since.of(now, before)
    return (
        frozenset([now[number] for number in since.came.tolist()]),
        frozenset([before[number] for number in np.flatnonzero(since.inverse() < 0).tolist()]),
    )


def _strongest_joins(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """For each article the join that speaks loudest for it."""
    joins: dict[str, Decision] = {}
    for decision in decisions:
        if decision.verdict is Verdict.JOINED:
            known = joins.get(decision.key)
            if known is None or (decision.score or 0.0) > (known.score or 0.0):
                joins[decision.key] = decision
    return joins


class _Meaning(NamedTuple):
    """What a grouping says of a story on a day; the rest of its row is counted from its articles."""

    lead_article_id: int
    status: str
    new_words: str
    series: str | None
    serial: str | None


_LEDGER = (
    "article_id, partner_article_id, verdict, rule, score, threshold, words, alike, members, rules_version"
)
# An article has a few rows, a partner may have hundreds: the plus keeps SQLite from looking them up by the partner.
_LEDGER_ROW = "article_id = ? AND +partner_article_id IS ? AND verdict = ?"
_STORY_DAY = (
    "day, story_id, language, topic, topics, headline, lead_article_id, status, new_words, articles, outlets,"
    " first_seen_at, last_seen_at, series, serial"
)
_told = itemgetter(*(_STORY_DAY.split(", ").index(column) for column in _Meaning._fields))
_COUNTED = """
SELECT m.story_id, count(*), count(DISTINCT lower(a.outlet)), min(a.first_seen_at), max(a.first_seen_at)
  FROM story_members AS m JOIN articles AS a USING (article_id)
 WHERE m.day = ? AND m.story_id IN (SELECT value FROM json_each(?)) GROUP BY m.story_id
"""
_HEADLINES = "SELECT article_id, headline FROM articles WHERE article_id IN (SELECT value FROM json_each(?))"
