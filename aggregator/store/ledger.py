"""Writing the ledger of a day: why each article is with its partner, or apart from it.

Facts
-----
* A poll of one headline in a hundred changes one row in twenty, most of them in what they tell of the same two articles. The
  others name another partner of the same article, so they are written over those that went: to delete a row and insert
  another one touches three indexes more.
* To find a row by its two articles takes longer than to write it, so whoever writes it keeps its id. It stays that row's,
  as whoever else deletes rows raises the revision of every day, by which all that is kept of them is forgotten.
* A day has one row of two articles and a verdict: partners within the day are of different groups, and a group goes on
  with one story of another day.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aggregator.model import Decision, Verdict
from aggregator.sameness import Since
from aggregator.store.values import time_text

_Pair = tuple[int, int | None, str]  # article, partner, verdict; a day has one row of it
_Reasons = tuple[Any, ...]  # of a pair, by _REASONS
LedgerRow = tuple[_Pair, _Reasons]
StoredRows = Mapping[_Pair, tuple[int, _Reasons]]  # with the id of each row


@dataclass(frozen=True, slots=True)
class SavedDecisions:
    """Decisions with the ids of their rows, 0 for those of articles that are gone."""

    decisions: Sequence[Decision]
    row_ids: NDArray[np.int64]

    @classmethod
    def none(cls) -> Self:
        return cls((), np.zeros(0, dtype=np.int64))


class Retold:
    """What is told of a day, or of some of it, beside what was told the last time: by the very same objects."""

    def __init__(self, now: Sequence[Decision], before: SavedDecisions) -> None:
        self._since = Since.of(now, before.decisions)
        gone = np.flatnonzero(self._since.inverse() < 0)
        self._before = before
        self.fresh = [now[number] for number in self._since.came.tolist()]
        self.gone = [before.decisions[number] for number in gone.tolist()]
        self.gone_ids: list[int] = before.row_ids[gone].tolist()
        self._now = now

    def saved(self, fresh_ids: Sequence[int]) -> SavedDecisions:
        """What is told now, once the fresh ones have these rows."""
        fresh = np.array(fresh_ids, dtype=np.int64)
        return SavedDecisions(self._now, self._since.carried_numbers(self._before.row_ids, fresh))


def load_ledger(connection: sqlite3.Connection, day: str, language: str) -> StoredRows:
    rows = connection.execute(
        f"SELECT ledger_id, {_PAIR}, {_REASONS} FROM ledger WHERE day = ? AND language = ?", [day, language]
    )
    return {
        (article, partner, verdict): (row_id, tuple(told))
        for row_id, article, partner, verdict, *told in rows
    }


def ledger_rows(
    connection: sqlite3.Connection, decisions: Iterable[Decision], ids: Mapping[str, int], rules_version: str
) -> list[LedgerRow | None]:
    """The row of each decision on an article of a day, which have these `ids` by key, None where the article is gone.

    A partner may be of another day.
    """
    rows: list[LedgerRow | None] = []
    for key, partner_key, verdict, rule, score, threshold, words, alike, members, *_ in decisions:
        if key not in ids:
            rows.append(None)
            continue
        partner_id = ids.get(partner_key) if partner_key else None
        if partner_id is None and partner_key:
            partner_id = _article_id(connection, partner_key)
        told = (rule, score, threshold, " ".join(words), alike, members, rules_version)
        rows.append(((ids[key], partner_id, _VERDICTS[verdict]), told))
    return rows


def _article_id(connection: sqlite3.Connection, key: str) -> int | None:
    row = connection.execute("SELECT article_id FROM articles WHERE key = ?", [key]).fetchone()
    return None if row is None else int(row[0])


def stored_rows(rows: Iterable[LedgerRow | None], row_ids: Iterable[int]) -> StoredRows:
    return {row[0]: (row_id, row[1]) for row, row_id in zip(rows, row_ids, strict=True) if row}


def save_ledger(
    connection: sqlite3.Connection,
    place: tuple[str, str],
    rows: Sequence[LedgerRow | None],
    before: StoredRows,
    now: datetime,
) -> list[int]:
    """Write `rows` in place of those `before` and return the id of each; `place` is the day and the language."""
    at, told = time_text(now), dict(filter(None, rows))
    row_ids = {pair: before[pair][0] for pair in told.keys() & before.keys()}
    retold = [(*told[pair], at, i) for pair, i in row_ids.items() if before[pair][1] != told[pair]]
    came = sorted([pair for pair in told if pair not in before], key=itemgetter(0))
    went = {pair: row_id for pair, (row_id, _) in before.items() if pair not in told}
    replaced = _by_article(came, went)
    connection.executemany(_RETELL, sorted(retold, key=itemgetter(-1)))
    connection.executemany(
        _REPLACE, [(*pair[1:], *told[pair], at, row_id) for pair, row_id in replaced.items()]
    )
    surplus = set(went.values()) - set(replaced.values())
    connection.executemany("DELETE FROM ledger WHERE ledger_id = ?", [(i,) for i in sorted(surplus)])
    (last_id,) = connection.execute("SELECT coalesce(max(ledger_id), 0) FROM ledger").fetchone()
    fresh = [pair for pair in came if pair not in replaced]
    inserted = dict(zip(fresh, range(last_id + 1, last_id + 1 + len(fresh)), strict=True))
    connection.executemany(
        _INSERT, [(row_id, *place, at, *pair, *told[pair]) for pair, row_id in inserted.items()]
    )
    row_ids |= replaced | inserted
    return [row_ids[row[0]] if row else 0 for row in rows]


def _by_article(came: Iterable[_Pair], went: Mapping[_Pair, int]) -> dict[_Pair, int]:
    """Give pairs that came the rows of pairs of the same article that went, as many as there are of both."""
    free: defaultdict[int, list[int]] = defaultdict(list)
    for pair, row_id in went.items():
        free[pair[0]].append(row_id)
    return {pair: free[pair[0]].pop() for pair in came if free.get(pair[0])}


_VERDICTS = {verdict: verdict.value for verdict in Verdict}  # asked of each it takes a fifth of the time
_PAIR = "article_id, partner_article_id, verdict"
_REASONS = "rule, score, threshold, words, alike, members, rules_version"
_SET_REASONS = f"{_REASONS.replace(',', ' = ?,')} = ?, decided_at = ?"
_RETELL = f"UPDATE ledger SET {_SET_REASONS} WHERE ledger_id = ?"
_REPLACE = f"UPDATE ledger SET partner_article_id = ?, verdict = ?, {_SET_REASONS} WHERE ledger_id = ?"
_INSERT = (
    f"INSERT INTO ledger (ledger_id, day, language, decided_at, {_PAIR}, {_REASONS})"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
