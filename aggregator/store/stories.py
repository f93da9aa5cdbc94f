"""Stories as a grouping needs to know them: those of the days, their groups, their issues."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter

from aggregator.model import Continuation, DayGroup, Headline, KnownStory
from aggregator.store.day_articles import DayArticles, KnownHeadlines, headline_of
from aggregator.store.days import load_revision
from aggregator.store.grouped_days import Saving
from aggregator.store.values import day_of


@dataclass(frozen=True, slots=True)
class KnownDay:
    """The stories of a (day, language) by id, which it has while its revision in the store is this one."""

    revision: int
    stories: Mapping[int, KnownStory]


def load_known_day(
    connection: sqlite3.Connection,
    day: date,
    language: str,
    known: KnownDay | None = None,
    headlines: KnownHeadlines | None = None,
) -> KnownDay:
    """Stories of a day, members in order of key; on which day they began is left open.

    Neither the day as it is `known` nor the `headlines` that were read already change the result.
    """
    revision = load_revision(connection, day, language)
    if known is not None and known.revision == revision:
        return known
    return KnownDay(revision, dict(_stories_of(connection, day, language, headlines or {})))


def _stories_of(
    connection: sqlite3.Connection, day: date, language: str, headlines: KnownHeadlines
) -> Iterator[tuple[int, KnownStory]]:
    place = [day.isoformat(), language]
    cursor = connection.cursor()
    cursor.row_factory = None  # plain rows can be looked up, and take a third of the time
    issues: dict[int, tuple[str | None, str | None]] = {
        story_id: (series, serial)
        for story_id, series, serial in cursor.execute(
            "SELECT story_id, series, serial FROM story_days WHERE day = ? AND language = ?", place
        )
    }
    rows = cursor.execute(
        "SELECT m.story_id, article_id, a.key, a.headline, a.outlet, a.effective_at"
        "  FROM articles AS a JOIN story_members AS m USING (article_id)"
        " WHERE a.day = ? AND a.language = ? ORDER BY m.story_id, a.key",
        place,
    )
    for story_id, members in groupby(rows, key=itemgetter(0)):
        if story_id in issues:
            told = tuple([headlines.get(row[1]) or headline_of(row[2:]) for row in members])
            yield story_id, _known_story(story_id, day, told, *issues[story_id])


def _known_story(
    story_id: int,
    day: date,
    told: tuple[Headline, ...],
    series: str | None,
    serial: str | None,
    group: DayGroup | None = None,
) -> KnownStory:
    keys = tuple([headline.key for headline in told])
    return KnownStory(story_id, day, keys, told, series, serial, group=group)


def known_after(known: KnownDay | None, saving: Saving, day: date, articles: DayArticles) -> KnownDay:
    """The stories of a day with these articles after it was written. The same as if they were read."""
    stories = dict(known.stories) if known and not saving.is_whole else {}
    for story_id, groups in saving.touched.items():
        stories.pop(story_id, None)
        if groups:
            largest = max(groups, key=lambda group: len(group.keys))
            keys = sorted([key for group in groups for key in group.keys])
            told = tuple([articles.headlines[articles.ids[key]] for key in keys])
            only = groups[0] if len(groups) == 1 else None
            stories[story_id] = _known_story(story_id, day, told, largest.series, largest.serial, only)
    return KnownDay(saving.day.revision, stories)


def load_first_days(connection: sqlite3.Connection, day: date, language: str) -> dict[int, date]:
    """On which day the stories of `day` began that began earlier; of those that have articles of then still."""
    rows = connection.execute(
        "SELECT e.story_id, min(e.day) FROM story_days AS d JOIN story_days AS e USING (story_id)"
        " WHERE d.day = ? AND d.language = ? AND e.day < d.day GROUP BY e.story_id",
        [day.isoformat(), language],
    )
    return {story_id: day_of(first) for story_id, first in rows}


def load_issues(
    connection: sqlite3.Connection, language: str, first: date, last: date, outlets: Sequence[str]
) -> list[KnownStory]:
    """Stories of `first` … `last` that are issues of a series, with those of their articles that are by `outlets`."""
    rows = connection.execute(
        "SELECT m.day, m.story_id, d.series, d.serial, a.key, a.headline, a.outlet, a.effective_at"
        "  FROM story_days AS d JOIN story_members AS m ON m.story_id = d.story_id AND m.day = d.day"
        "  JOIN articles AS a USING (article_id)"
        " WHERE d.language = ? AND d.day BETWEEN ? AND ? AND d.series IS NOT NULL"
        "   AND a.outlet IN (SELECT value FROM json_each(?))"
        " ORDER BY m.day, m.story_id, a.key",
        [language, first.isoformat(), last.isoformat(), json.dumps(list(outlets))],
    )
    found = []
    for (day, story_id), grouped in groupby(map(tuple, rows), key=itemgetter(0, 1)):
        story = list(grouped)
        told = tuple([headline_of(row[4:]) for row in story])
        found.append(_known_story(story_id, day_of(day), told, *story[0][2:4]))
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
