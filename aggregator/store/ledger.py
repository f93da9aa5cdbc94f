"""Writing the ledger of a day: why each article is with its partner, or apart from it.

Facts
-----
* A poll of one headline in a hundred changes one row in twenty, most of them in what they tell of the same two articles. The
  others name another partner of the same article, so they are written over those that went: to delete a row and insert
  another one touches three indexes more.
* Rows are written in the order of the articles, as they lie: in any other it takes a quarter longer.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

from aggregator.model import Decision
from aggregator.store.values import time_text

Pair = tuple[int, int | None, str]  # article, partner, verdict; a day has one row of it
Told = tuple[Any, ...]  # of a pair: rule, score, threshold, words, alike, members, rules version
LedgerRows = Mapping[Pair, Told]


def load_ledger(connection: sqlite3.Connection, day: str, language: str) -> LedgerRows:
    rows = connection.execute(
        f"SELECT {_PAIR}, {_TOLD} FROM ledger WHERE day = ? AND language = ?", [day, language]
    )
    return {(article, partner, verdict): tuple(told) for article, partner, verdict, *told in rows}


def ledger_rows(
    connection: sqlite3.Connection, decisions: Iterable[Decision], ids: Mapping[str, int], rules_version: str
) -> LedgerRows:
    """The rows of decisions on articles of a day, which have these `ids` by key; a partner may be of another day."""
    rows = {}
    for key, partner_key, verdict, rule, score, threshold, words, alike, members, *_ in decisions:
        if key in ids:
            partner_id = ids.get(partner_key) if partner_key else None
            if partner_id is None and partner_key:
                partner_id = _article_id(connection, partner_key)
            told = (rule, score, threshold, " ".join(words), alike, members, rules_version)
            rows[ids[key], partner_id, verdict.value] = told
    return rows


def _article_id(connection: sqlite3.Connection, key: str) -> int | None:
    row = connection.execute("SELECT article_id FROM articles WHERE key = ?", [key]).fetchone()
    return None if row is None else int(row[0])


def save_ledger(
    connection: sqlite3.Connection,
    place: tuple[str, str],
    rows: LedgerRows,
    before: LedgerRows,
    now: datetime,
) -> None:
    """Write `rows` in place of those `before`; `place` is the day and the language."""
    at = time_text(now)
    retold = [(*told, at, *pair) for pair, told in rows.items() if before.get(pair, told) != told]
    came = sorted([pair for pair in rows if pair not in before], key=itemgetter(0))
    went = sorted([pair for pair in before if pair not in rows], key=itemgetter(0))
    replaced = _by_article(came, went)
    connection.executemany(_RETELL, sorted(retold, key=itemgetter(-3)))
    connection.executemany(
        _REPLACE, [(new[1], new[2], *rows[new], at, *old) for new, old in replaced.items()]
    )
    overwritten = set(replaced.values())
    connection.executemany(_DELETE, [pair for pair in went if pair not in overwritten])
    connection.executemany(
        _INSERT, [(*place, at, *pair, *rows[pair]) for pair in came if pair not in replaced]
    )


def _by_article(came: Iterable[Pair], went: Iterable[Pair]) -> dict[Pair, Pair]:
    """Match pairs that came with pairs of the same article that went, as many as there are of both."""
    free: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in went:
        free[pair[0]].append(pair)
    return {pair: free[pair[0]].pop() for pair in came if free.get(pair[0])}


_PAIR = "article_id, partner_article_id, verdict"
_TOLD = "rule, score, threshold, words, alike, members, rules_version"
# An article has a few rows, a partner may have hundreds: the plus keeps SQLite from looking them up by the partner.
_IS_PAIR = "article_id = ? AND +partner_article_id IS ? AND verdict = ?"
_NEWS = (
    "rule = ?, score = ?, threshold = ?, words = ?, alike = ?, members = ?, rules_version = ?, decided_at = ?"
)
_RETELL = f"UPDATE ledger SET {_NEWS} WHERE {_IS_PAIR}"
_REPLACE = f"UPDATE ledger SET partner_article_id = ?, verdict = ?, {_NEWS} WHERE {_IS_PAIR}"
_DELETE = f"DELETE FROM ledger WHERE {_IS_PAIR}"
_INSERT = (
    f"INSERT INTO ledger (day, language, decided_at, {_PAIR}, {_TOLD})"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
