"""Stories: what a grouping wrote, with the ledger that explains it.

Facts
-----
* A grouping of a day is computed whole and written as a difference: rows that did not change are
  not touched, so a day that is regrouped fifty times costs what changed.
* Two groups may be one daily story (both continue the same one); the story's row counts both.
* `story_days` holds what the views show (counts, first and last sighting), so that a page of a day
  reads one table and not every article of it.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from aggregator.model import Continuation, DayGroup, DayGroups, Decision, Headline, KnownStory, Verdict
from aggregator.store.days import ChangedDay, take_changes
from aggregator.store.outlet_days import count_outlets
from aggregator.store.values import day_of, time_of, time_text

_KNOWN_STORY = (
    "m.day, m.story_id, d.series, d.serial, a.key, a.headline, a.outlet, a.effective_at,"
    " (SELECT min(day) FROM story_days AS e WHERE e.story_id = m.story_id) AS first_day"
)
_STRONGEST = "single"  # the rule of an article that stands alone


@dataclass(frozen=True, slots=True)
class GroupedDay:
    """The outcome of grouping one changed (day, language), ready to be written."""

    changed: ChangedDay
    groups: DayGroups
    continuations: tuple[Continuation, ...]


def load_known_stories(
    connection: sqlite3.Connection, language: str, first: date, last: date
) -> list[KnownStory]:
    """Stories of the days `first` … `last`, members in order of key; redirects are followed."""
    rows = connection.execute(
        f"SELECT {_KNOWN_STORY}"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        "  JOIN story_days AS d ON d.day = m.day AND d.story_id = m.story_id"
        " WHERE m.day BETWEEN ? AND ? AND d.language = ?"
        " ORDER BY m.day, m.story_id, a.key",
        [first.isoformat(), last.isoformat(), language],
    )
    return _known_stories(rows)


def load_issues(
    connection: sqlite3.Connection, language: str, first: date, last: date, outlets: Sequence[str]
) -> list[KnownStory]:
    """Stories of `first` … `last` that are issues of a series, with those of their articles that are by `outlets`."""
    rows = connection.execute(
        f"SELECT {_KNOWN_STORY}"
        "  FROM story_days AS d JOIN story_members AS m ON m.story_id = d.story_id AND m.day = d.day"
        "  JOIN articles AS a USING (article_id)"
        " WHERE d.language = ? AND d.day BETWEEN ? AND ? AND d.series IS NOT NULL"
        "   AND a.outlet IN (SELECT value FROM json_each(?))"
        " ORDER BY m.day, m.story_id, a.key",
        [language, first.isoformat(), last.isoformat(), json.dumps(list(outlets))],
    )
    return _known_stories(rows)


def _known_stories(rows: Iterable[sqlite3.Row]) -> list[KnownStory]:
    found = []
    for (day, story_id), grouped in groupby(rows, key=itemgetter(0, 1)):
        story = list(grouped)
        headlines = tuple(
            [Headline(key, text, by, time_of(at)) for _, _, _, _, key, text, by, at, _ in story]
        )
        keys = tuple([headline.key for headline in headlines])
        _, _, series, serial, *_, first_day = story[0]
        found.append(KnownStory(story_id, day_of(day), keys, headlines, series, serial, day_of(first_day)))
    return found


def load_groups(connection: sqlite3.Connection, day: date, language: str) -> tuple[DayGroup, ...]:
    """The stored groups of a day, as they were grouped; leads first. Used when a day is frozen."""
    rows = connection.execute(
        "SELECT m.group_number, a.key, a.article_id = d.lead_article_id AS is_lead, d.series, d.serial"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        "  JOIN story_days AS d ON d.day = m.day AND d.story_id = m.story_id"
        " WHERE m.day = ? AND d.language = ? ORDER BY m.group_number, is_lead DESC, a.key",
        [day.isoformat(), language],
    )
    groups: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        groups[row["group_number"]].append(row)
    return tuple(
        DayGroup(tuple(row["key"] for row in group), group[0]["series"], group[0]["serial"])
        for group in groups.values()
    )


def save_grouped_day(connection: sqlite3.Connection, grouped: GroupedDay, now: datetime) -> set[int]:
    """Write a day's groups, stories and ledger; return the ids of stories that changed."""
    day, language = grouped.changed.day, grouped.changed.language
    ids = _article_ids(connection, day, language)
    story_of_group = _story_ids(connection, grouped, now)
    changed = _save_members(connection, grouped, story_of_group, ids)
    changed |= _save_story_days(connection, grouped, story_of_group, ids, changed)
    _save_ledger(connection, grouped, ids, now)
    update_totals(connection, changed)
    if changed:
        count_outlets(connection, day.isoformat(), language)
    take_changes(connection, grouped.changed, grouped.groups.rules_version, now)
    return changed


def _article_ids(connection: sqlite3.Connection, day: date, language: str) -> dict[str, int]:
    rows = connection.execute(
        "SELECT key, article_id FROM articles WHERE day = ? AND language = ?", [day.isoformat(), language]
    )
    return dict(map(tuple, rows))


def _story_ids(connection: sqlite3.Connection, grouped: GroupedDay, now: datetime) -> list[int]:
    """The story of each group, in order; begins new ones and turns merged ones into redirects."""
    story_of_group = [0] * len(grouped.groups.groups)
    for continuation in grouped.continuations:
        story_id = continuation.story_id
        if story_id is None:
            cursor = connection.execute(
                "INSERT INTO stories (language, first_day, created_at, articles_total, outlets_total)"
                " VALUES (?, ?, ?, 0, 0)",
                (grouped.changed.language, grouped.changed.day.isoformat(), time_text(now)),
            )
            assert cursor.lastrowid is not None
            story_id = cursor.lastrowid
        story_of_group[continuation.group_index] = story_id
        connection.executemany(
            "UPDATE stories SET merged_into = ? WHERE story_id = ?",
            [(story_id, merged) for merged in continuation.merged_ids if merged != story_id],
        )
    connection.execute(
        "UPDATE stories SET merged_into = NULL"
        " WHERE merged_into IS NOT NULL AND story_id IN (SELECT value FROM json_each(?))",
        [json.dumps(story_of_group)],
    )
    return story_of_group


def _save_members(
    connection: sqlite3.Connection, grouped: GroupedDay, story_of_group: Sequence[int], ids: Mapping[str, int]
) -> set[int]:
    day = grouped.changed.day.isoformat()
    joins = _strongest_joins(grouped.groups.decisions)
    wanted: dict[int, tuple[Any, ...]] = {}
    for story_id, group in zip(story_of_group, grouped.groups.groups, strict=True):
        number = min(ids[key] for key in group.keys)  # stays when other groups come and go
        for key in group.keys:
            join = joins.get(key)
            partner = ids.get(join.partner_key) if join and join.partner_key else None
            rule = join.rule if join else _STRONGEST
            wanted[ids[key]] = (story_id, number, rule, join.score if join else None, partner)
    rows = connection.execute(
        "SELECT article_id, m.story_id, group_number, rule, score, partner_article_id"
        "  FROM story_members AS m JOIN articles AS a USING (article_id) WHERE m.day = ? AND a.language = ?",
        [day, grouped.changed.language],
    )
    stored = {article_id: tuple(values) for article_id, *values in rows}
    return _write_members(connection, day, wanted, stored, is_addendum=grouped.changed.is_closed)


def _write_members(
    connection: sqlite3.Connection,
    day: str,
    wanted: Mapping[int, tuple[Any, ...]],
    stored: Mapping[int, tuple[Any, ...]],
    *,
    is_addendum: bool,
) -> set[int]:
    changed: set[int] = set()
    for article_id in stored.keys() - wanted.keys():
        changed.add(stored[article_id][0])
        connection.execute("DELETE FROM story_members WHERE article_id = ?", [article_id])
    for article_id, values in wanted.items():
        row = stored.get(article_id)
        if row == values:
            continue
        if row is None or row[0] != values[0]:
            changed.add(values[0])
            changed.update([] if row is None else [row[0]])
        connection.execute(
            "INSERT INTO story_members (article_id, day, is_addendum, story_id, group_number, rule, score,"
            " partner_article_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (article_id) DO UPDATE SET story_id = excluded.story_id,"
            " group_number = excluded.group_number, rule = excluded.rule, score = excluded.score,"
            " partner_article_id = excluded.partner_article_id",
            (article_id, day, int(is_addendum), *values),
        )
    return changed


def _strongest_joins(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """For each article the join that speaks loudest for it."""
    joins: dict[str, Decision] = {}
    for decision in decisions:
        if decision.verdict is Verdict.JOINED:
            known = joins.get(decision.key)
            if known is None or (decision.score or 0.0) > (known.score or 0.0):
                joins[decision.key] = decision
    return joins


def _save_story_days(
    connection: sqlite3.Connection,
    grouped: GroupedDay,
    story_of_group: Sequence[int],
    ids: Mapping[str, int],
    moved: Container[int],
) -> set[int]:
    """Write what the day's stories come to, where it may have changed; return those where it has.

    `moved` are the stories that articles came to or left.
    """
    day = grouped.changed.day.isoformat()
    before = _stored_story_days(connection, day, grouped.changed.language)
    meanings = _meanings(grouped, story_of_group, ids)
    gone = before.keys() - meanings.keys()
    connection.executemany(
        "DELETE FROM story_days WHERE day = ? AND story_id = ?", [(day, story_id) for story_id in gone]
    )
    outdated = _outdated(connection, day)
    changed = set(gone)
    for story_id, meaning in meanings.items():
        row = before.get(story_id)
        is_told = row is not None and _told(row) == meaning
        if is_told and story_id not in moved and story_id not in outdated:
            continue
        if _story_day(connection, day, story_id, meaning) != row:
            _write_story_day(connection, day, story_id, meaning)
            changed.add(story_id)
    return changed


def _stored_story_days(connection: sqlite3.Connection, day: str, language: str) -> dict[int, tuple[Any, ...]]:
    rows = connection.execute(
        f"SELECT {_STORY_DAY} FROM story_days WHERE day = ? AND language = ?", [day, language]
    )
    return {row[1]: tuple(row) for row in rows}


class _Meaning(NamedTuple):
    """What a grouping says of a story on a day; the rest of its row is counted from its articles."""

    lead_article_id: int
    status: str
    new_words: str
    series: str | None
    serial: str | None


def _meanings(
    grouped: GroupedDay, story_of_group: Sequence[int], ids: Mapping[str, int]
) -> dict[int, _Meaning]:
    """The meaning of each story of the day; of several groups the largest speaks for it."""
    groups = grouped.groups.groups
    largest: dict[int, int] = {}
    for number, story_id in enumerate(story_of_group):
        best = largest.setdefault(story_id, number)
        if len(groups[number].keys) > len(groups[best].keys):
            largest[story_id] = number
    told = {continuation.group_index: continuation for continuation in grouped.continuations}
    return {
        story_id: _Meaning(
            ids[groups[number].lead_key],
            told[number].status.value,
            " ".join(told[number].new_words),
            groups[number].series,
            groups[number].serial,
        )
        for story_id, number in largest.items()
    }


def _outdated(connection: sqlite3.Connection, day: str) -> set[int]:
    """Stories whose articles may have come to other topics since; all else of an article stays."""
    rows = connection.execute(
        "SELECT story_id FROM story_days WHERE day = ?1 AND topics LIKE '/%/%/'"
        " UNION SELECT d.story_id FROM story_days AS d"
        "   JOIN story_members AS m ON m.story_id = d.story_id AND m.day = d.day"
        "   JOIN article_topics AS t USING (article_id)"
        "  WHERE d.day = ?1 AND instr(d.topics, '/' || t.topic || '/') = 0",
        [day],
    )
    return {row["story_id"] for row in rows}


_STORY_DAY = (
    "day, story_id, language, topic, topics, headline, lead_article_id, status, new_words, articles, outlets,"
    " first_seen_at, last_seen_at, series, serial"
)
_told = itemgetter(*(_STORY_DAY.split(", ").index(column) for column in _Meaning._fields))
_COUNTED_STORY_DAY = """
SELECT :day, :story_id, lead.language,
       (SELECT topic FROM article_topics JOIN story_members USING (article_id)
         WHERE story_id = :story_id AND day = :day
         GROUP BY topic ORDER BY count(*) DESC, topic LIMIT 1),
       (SELECT '/' || group_concat(topic, '/') || '/' FROM (
         SELECT DISTINCT topic FROM article_topics JOIN story_members USING (article_id)
          WHERE story_id = :story_id AND day = :day ORDER BY topic)),
       lead.headline, :lead_article_id, :status, :new_words, count(*), count(DISTINCT lower(a.outlet)),
       min(a.first_seen_at), max(a.first_seen_at), :series, :serial
  FROM story_members AS m JOIN articles AS a USING (article_id)
  JOIN articles AS lead ON lead.article_id = :lead_article_id
 WHERE m.story_id = :story_id AND m.day = :day
"""


def _story_day(connection: sqlite3.Connection, day: str, story_id: int, meaning: _Meaning) -> tuple[Any, ...]:
    values = {"day": day, "story_id": story_id, **meaning._asdict()}
    return tuple(connection.execute(_COUNTED_STORY_DAY, values).fetchone())


def _write_story_day(connection: sqlite3.Connection, day: str, story_id: int, meaning: _Meaning) -> None:
    values = {"day": day, "story_id": story_id, **meaning._asdict()}
    connection.execute(f"INSERT OR REPLACE INTO story_days ({_STORY_DAY}) {_COUNTED_STORY_DAY}", values)


def _save_ledger(
    connection: sqlite3.Connection, grouped: GroupedDay, ids: Mapping[str, int], now: datetime
) -> None:
    day, language = grouped.changed.day.isoformat(), grouped.changed.language
    decisions = [*grouped.groups.decisions, *(c.decision for c in grouped.continuations if c.decision)]
    wanted = {
        (
            ids[decision.key],
            _partner_id(connection, ids, decision.partner_key),
            str(decision.verdict),
            decision.rule,
            decision.score,
            decision.threshold,
            " ".join(decision.words),
            decision.alike,
            decision.members,
            grouped.groups.rules_version,
        )
        for decision in decisions
        if decision.key in ids
    }
    columns = "article_id, partner_article_id, verdict, rule, score, threshold, words, alike, members, rules_version"
    stored = {
        tuple(row)[1:]: row["ledger_id"]
        for row in connection.execute(
            f"SELECT ledger_id, {columns} FROM ledger WHERE day = ? AND language = ?", [day, language]
        )
    }
    connection.executemany(
        "DELETE FROM ledger WHERE ledger_id = ?",
        [(ledger_id,) for row, ledger_id in stored.items() if row not in wanted],
    )
    connection.executemany(
        f"INSERT INTO ledger (day, language, decided_at, {columns})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        sorted(
            ((day, language, time_text(now), *row) for row in wanted if row not in stored),
            key=repr,
        ),
    )


def _partner_id(connection: sqlite3.Connection, ids: Mapping[str, int], key: str | None) -> int | None:
    if key is None or key in ids:
        return ids.get(key) if key else None
    row = connection.execute("SELECT article_id FROM articles WHERE key = ?", [key]).fetchone()
    return None if row is None else int(row["article_id"])


def link_issues(connection: sqlite3.Connection, links: Iterable[Continuation]) -> None:
    """Link the issues of a series both ways; `links` name the neighbours of stories that have ids."""
    for link in links:
        for neighbour, here, there in (
            (link.previous_story_id, "previous_story_id", "next_story_id"),
            (link.next_story_id, "next_story_id", "previous_story_id"),
        ):
            if neighbour is not None:
                _link(connection, here, link.story_id, neighbour)
                _link(connection, there, neighbour, link.story_id)


def _link(connection: sqlite3.Connection, column: str, story_id: int | None, neighbour: int | None) -> None:
    connection.execute(
        f"UPDATE stories SET {column} = ?1 WHERE story_id = ?2 AND {column} IS NOT ?1", (neighbour, story_id)
    )


def update_totals(connection: sqlite3.Connection, story_ids: Iterable[int]) -> None:
    """Count the articles and outlets of these stories anew."""
    connection.executemany(
        "UPDATE stories SET"
        " articles_total = (SELECT count(*) FROM story_members WHERE story_id = stories.story_id),"
        " outlets_total = (SELECT count(DISTINCT lower(outlet)) FROM story_members"
        "                    JOIN articles USING (article_id) WHERE story_id = stories.story_id)"
        " WHERE story_id = ?",
        [(story_id,) for story_id in sorted(story_ids)],
    )
