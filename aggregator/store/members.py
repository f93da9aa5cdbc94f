"""Writing which group and which story each article of a day is in, and what joined it.

Facts
-----
* Of an article that stays in its group most of what changes is what its join is told to be: its story and group, which
  are indexed, are left alone.
* What was written is known from the groups and joins that it was written from, and is not read back.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from aggregator.model import Continuation, DayGroup, Decision, Verdict

Joins = Mapping[str, Decision]  # by the key of the article that joined
_Join = tuple[str, float | None, int | None]  # rule, score, partner
MemberRow = tuple[Any, ...]  # story, number of the group, then the join
_ALONE: _Join = ("single", None, None)


def joins_of(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The joins among decisions: an article has at most one."""
    return {decision.key: decision for decision in decisions if decision.verdict is Verdict.JOINED}


def member_rows(
    groups: Mapping[DayGroup, Continuation], joins: Joins, ids: Mapping[str, int]
) -> dict[int, MemberRow]:
    """The rows of the members of `groups`, by article id.

    A group has the number of its first article, which stays when others come and go; none where some article of it
    is not in `ids`, so that its rows equal no others.
    """
    rows: dict[int, MemberRow] = {}
    for group, place in groups.items():
        members = [(ids[key], key) for key in group.keys if key in ids]
        number = min(members)[0] if len(members) == len(group.keys) else None
        for article_id, key in members:
            rows[article_id] = (place.story_id, number, *_join(joins.get(key), ids))
    return rows


def _join(told: Decision | None, ids: Mapping[str, int]) -> _Join:
    if told is None:
        return _ALONE
    return told.rule, told.score, ids.get(told.partner_key) if told.partner_key else None


def load_members(connection: sqlite3.Connection, day: str, language: str) -> dict[int, MemberRow]:
    """The rows of a day, as they were written."""
    rows = connection.execute(
        "SELECT article_id, m.story_id, group_number, rule, score, partner_article_id"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        " WHERE m.day = ? AND a.language = ?",
        [day, language],
    )
    return {article_id: tuple(row) for article_id, *row in rows}


def save_members(
    connection: sqlite3.Connection,
    day: str,
    rows: Mapping[int, MemberRow],
    before: Mapping[int, MemberRow],
    *,
    is_late: bool,
) -> set[int]:
    """Write `rows` in place of those `before`; return the stories that articles came to or left."""
    gone = before.keys() - rows.keys()
    connection.executemany("DELETE FROM story_members WHERE article_id = ?", [(i,) for i in gone])
    written = {i: row for i, row in rows.items() if before.get(i) != row}
    stay = {i for i, row in written.items() if i in before and before[i][:2] == row[:2]}
    connection.executemany(_REJOIN, [(*written[i][2:], i) for i in stay])
    connection.executemany(
        _PLACE, [(i, day, int(is_late), *row) for i, row in written.items() if i not in stay]
    )
    came = {i for i, row in written.items() if i not in before or before[i][0] != row[0]}
    left = {before[i][0] for i in gone | came if i in before}
    return left | {rows[i][0] for i in came}


def save_joins(
    connection: sqlite3.Connection, keys: Iterable[str], joins: Joins, before: Joins, ids: Mapping[str, int]
) -> None:
    """Write what joined these articles, which are where they were, as far as it is told otherwise than `before`."""
    told = [(_join(joins.get(key), ids), _join(before.get(key), ids), ids[key]) for key in keys if key in ids]
    connection.executemany(_REJOIN, [(*join, article_id) for join, was, article_id in told if join != was])


_REJOIN = "UPDATE story_members SET rule = ?, score = ?, partner_article_id = ? WHERE article_id = ?"
_PLACE = (
    "INSERT INTO story_members (article_id, day, is_addendum, story_id, group_number, rule, score,"
    " partner_article_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (article_id) DO UPDATE SET story_id = excluded.story_id,"
    " group_number = excluded.group_number, rule = excluded.rule, score = excluded.score,"
    " partner_article_id = excluded.partner_article_id"
)
