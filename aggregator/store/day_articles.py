"""The articles of one (language, day) as a grouping reads them, kept from one grouping to the next.

Facts
-----
* What a grouping reads of an article never changes once it is stored (a new headline is a revision), and an
  article's id is never used twice. So of a day that was read before only what came since is read; a count tells
  whether articles were deleted. Who changes rows by hand restarts the daemon.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from sys import intern

import numpy as np

from aggregator.model import Headline
from aggregator.sameness import Told
from aggregator.store.values import time_of


@dataclass(slots=True)
class DayArticles:
    """The articles of one (language, day) that were read so far."""

    headlines: dict[int, Headline] = field(default_factory=dict)  # by article id
    by_key: dict[str, Headline] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)  # by key
    _in_order: Told[Headline] = field(default_factory=Told)
    _last_id: int = 0

    def read(self, connection: sqlite3.Connection, day: date, language: str) -> tuple[Headline, ...]:
        """Return the day's headlines in order of key, without articles that were found to be another article."""
        place = [day.isoformat(), language]
        count = connection.execute("SELECT count(*) FROM articles WHERE day = ? AND language = ?", place)
        self._add_new(connection, place)
        if len(self.headlines) != count.fetchone()[0]:
            self.headlines, self.by_key, self.ids, self._in_order, self._last_id = {}, {}, {}, Told(), 0
            self._add_new(connection, place)
        merged = connection.execute(
            "SELECT key FROM articles WHERE merged_into IS NOT NULL AND day = ? AND language = ?", place
        )
        gone = {row["key"] for row in merged}
        if not gone:
            return self._in_order
        return tuple([headline for headline in self._in_order if headline.key not in gone])

    def _add_new(self, connection: sqlite3.Connection, place: list[str]) -> None:
        cursor = connection.cursor()
        cursor.row_factory = None  # plain rows take a third of the time
        rows = cursor.execute(
            "SELECT article_id, key, headline, outlet, effective_at FROM articles"
            " WHERE day = ? AND language = ? AND article_id > ? ORDER BY article_id",
            [*place, self._last_id],
        )
        fresh = {article_id: headline_of(told) for article_id, *told in rows}
        if not fresh:
            return
        self.headlines |= fresh
        self.by_key |= {headline.key: headline for headline in fresh.values()}
        self.ids |= {headline.key: article_id for article_id, headline in fresh.items()}
        self._in_order = _inserted(self._in_order, sorted(fresh.values(), key=attrgetter("key")))
        self._last_id = max(fresh)


def _inserted(told: Told[Headline], fresh: Sequence[Headline]) -> Told[Headline]:
    """Merge two sequences in order of key; a few into many at the cost of the few."""
    at = [bisect_left(told, headline.key, key=attrgetter("key")) for headline in fresh]
    return Told.after(told, np.insert(np.arange(len(told)), at, -1), fresh)


KnownHeadlines = Mapping[int, Headline]  # by article id


def headline_of(row: "list[str] | tuple[str, ...]") -> Headline:
    """Read (key, headline, outlet, effective_at); all headlines of an outlet have one name object."""
    key, text, outlet, at = row
    return Headline(key, text, intern(outlet) if outlet else outlet, time_of(at))
