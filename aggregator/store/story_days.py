"""Writing what each story is on a day: what a page of the day shows, so that it reads one table and not every article.

Facts
-----
* Two groups may be one daily story (both continue the same one); the story's row counts both.
* Most rows that change keep their lead: they are updated, as to replace a row moves it in each of four indexes.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from aggregator.model import Continuation, DayGroup
from aggregator.store.topics import topics_of

Groups = Mapping[DayGroup, Continuation]  # of one story


@dataclass(frozen=True, slots=True)
class Written:
    """Which stories' rows changed, and by how much the stories of the day and their articles are more, or fewer."""

    changed: frozenset[int]
    more_stories: int
    more_articles: int


@dataclass(frozen=True, slots=True)
class StoryDays:
    """The stories of a (day, language), of which articles have these `ids` by key."""

    connection: sqlite3.Connection
    day: str
    language: str
    ids: Mapping[str, int]

    def save(self, stories: Mapping[int, Groups], moved: Collection[int], *, is_whole: bool) -> Written:
        """Write what these stories come to, those without a group away; all of the day where it `is_whole`.

        `moved` are the stories that articles came to or left.
        """
        before = self._stored(None if is_whole else stories)
        meanings = self._meanings(stories)
        gone = before.keys() - meanings.keys()
        self.connection.executemany(
            "DELETE FROM story_days WHERE day = ? AND story_id = ?", [(self.day, i) for i in sorted(gone)]
        )
        doubtful = {
            story_id: meaning
            for story_id, meaning in meanings.items()
            if story_id in moved or story_id not in before or _meant(before[story_id]) != meaning
        }
        rows = {row[1]: row for row in self._counted(doubtful) if before.get(row[1]) != row}
        self._write(rows, before)
        fewer = [*gone, *(before.keys() & rows.keys())]
        return Written(
            frozenset(gone | rows.keys()),
            len(rows) - len(fewer),
            sum(map(_articles, rows.values())) - sum([_articles(before[story_id]) for story_id in fewer]),
        )

    def _stored(self, story_ids: Collection[int] | None) -> "dict[int, _Row]":
        """The rows of these stories, of all of the day when None."""
        rows = self.connection.execute(
            f"SELECT {_COLUMNS} FROM story_days WHERE day = ? AND language = ?"
            + ("" if story_ids is None else " AND story_id IN (SELECT value FROM json_each(?))"),
            [self.day, self.language, *([] if story_ids is None else [json.dumps([*story_ids])])],
        )
        return {row["story_id"]: tuple(row) for row in rows}

    def _meanings(self, stories: Mapping[int, Groups]) -> "dict[int, _Meaning]":
        """What each of these stories is; of several groups the largest speaks for it."""
        meanings = {}
        for story_id, groups in stories.items():
            if groups:
                largest = max(groups, key=lambda group: len(group.keys))
                place = groups[largest]
                meanings[story_id] = _Meaning(
                    self.ids[largest.lead_key],
                    place.status.value,
                    " ".join(place.new_words),
                    largest.series,
                    largest.serial,
                )
        return meanings

    def _counted(self, meanings: "Mapping[int, _Meaning]") -> "Iterator[_Row]":
        """The rows of these stories. Asked for all at once: one by one takes three times as long."""
        counts = {
            story_id: counted
            for story_id, *counted in self.connection.execute(_COUNTED, [self.day, json.dumps([*meanings])])
        }
        topics = topics_of(self.connection, self.day, meanings)
        leads = [meaning.lead_article_id for meaning in meanings.values()]
        headlines = dict(self.connection.execute(_HEADLINES, [json.dumps(leads)]).fetchall())
        for story_id, (lead_id, status, new_words, series, serial) in meanings.items():
            told = (headlines[lead_id], lead_id, status, new_words)
            place = (self.day, story_id, self.language)
            yield *place, *topics[story_id], *told, *counts[story_id], series, serial

    def _write(self, rows: "Mapping[int, _Row]", before: "Mapping[int, _Row]") -> None:
        stay = {i for i, row in rows.items() if i in before and _led(before[i]) == _led(row)}
        self.connection.executemany(_UPDATE, [(*_told(rows[i]), self.day, i) for i in sorted(stay)])
        self.connection.executemany(_REPLACE, [row for i, row in rows.items() if i not in stay])


_Row = tuple[Any, ...]  # by _COLUMNS


class _Meaning(NamedTuple):
    """What a grouping says of a story on a day; the rest of its row is counted from its articles."""

    lead_article_id: int
    status: str
    new_words: str
    series: str | None
    serial: str | None


_COLUMNS = (
    "day, story_id, language, topic, topics, headline, lead_article_id, status, new_words, articles, outlets,"
    " first_seen_at, last_seen_at, series, serial"
)
_TOLD = "topic, topics, headline, status, new_words, articles, outlets, first_seen_at, last_seen_at, serial"


def _of_row(columns: str) -> Callable[[_Row], Any]:
    return itemgetter(*(_COLUMNS.split(", ").index(column) for column in columns.split(", ")))


_meant = _of_row(", ".join(_Meaning._fields))
_told = _of_row(_TOLD)
_led = _of_row("language, lead_article_id, series")
_articles = _of_row("articles")
_UPDATE = f"UPDATE story_days SET {_TOLD.replace(',', ' = ?,')} = ? WHERE day = ? AND story_id = ?"
_REPLACE = (
    f"INSERT OR REPLACE INTO story_days ({_COLUMNS}) VALUES ({', '.join('?' * len(_COLUMNS.split(', ')))})"
)
_COUNTED = """
SELECT m.story_id, count(*), count(DISTINCT lower(a.outlet)), min(a.first_seen_at), max(a.first_seen_at)
  FROM story_members AS m JOIN articles AS a USING (article_id)
 WHERE m.day = ? AND m.story_id IN (SELECT value FROM json_each(?)) GROUP BY m.story_id
"""
_HEADLINES = "SELECT article_id, headline FROM articles WHERE article_id IN (SELECT value FROM json_each(?))"
