"""Reading for people: what `show`, `story`, `search` and `why` print. Only the public views and FTS."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from aggregator.errors import UsageError
from aggregator.google import is_search_feed

Row = dict[str, Any]

_DECISIONS = (
    "SELECT d.decided_at, d.day, d.article_id, d.partner_article_id, m.story_id, d.verdict, d.rule, d.score,"
    "       d.threshold, d.words, d.alike, d.members, d.rules_version,"
    "       a.headline, a.outlet, p.headline AS partner_headline, p.outlet AS partner_outlet"
    "  FROM ledger AS d JOIN articles AS a USING (article_id) LEFT JOIN story_members AS m USING (article_id)"
    "  LEFT JOIN articles AS p ON p.article_id = d.partner_article_id"
)


@dataclass(frozen=True, slots=True)
class StoryReading:
    """One story with everything that is known of it; rows are those of the views."""

    story_id: int
    days: list[Row]
    articles: list[Row]
    previous_story_id: int | None
    next_story_id: int | None


def read_day(
    connection: sqlite3.Connection, day: date, *, topic: str | None = None, limit: int = 1000
) -> list[Row]:
    """Stories of a day, widest first: outlets, then articles, then the newest."""
    return _rows(
        connection,
        "SELECT v.* FROM story_days AS d JOIN stories_by_day AS v USING (day, story_id)"
        " WHERE d.day = :day AND (:topic IS NULL OR instr(d.topics, '/' || :topic || '/'))"
        " ORDER BY d.outlets DESC, d.articles DESC, d.last_seen_at DESC, d.story_id LIMIT :limit",
        {"day": day.isoformat(), "topic": topic, "limit": limit},
    )


def count_stories(connection: sqlite3.Connection, day: date, *, topic: str | None = None) -> int:
    """How many stories a day has, in all or with an article of a topic."""
    row = connection.execute(
        "SELECT count(*) FROM story_days AS d WHERE day = :day AND (:topic IS NULL OR EXISTS ("
        "   SELECT 1 FROM story_members AS m JOIN article_topics AS t USING (article_id)"
        "    WHERE m.story_id = d.story_id AND m.day = d.day AND t.topic = :topic))",
        {"day": day.isoformat(), "topic": topic},
    ).fetchone()
    return int(row[0])


def read_days(connection: sqlite3.Connection, limit: int = 30) -> list[Row]:
    """The newest days that have stories, with counts."""
    return _rows(
        connection,
        "SELECT day, sum(stories) AS stories, sum(articles) AS articles FROM days"
        " GROUP BY day HAVING sum(stories) > 0 ORDER BY day DESC LIMIT ?",
        [limit],
    )


def read_latest(connection: sqlite3.Connection, story_ids: Collection[int]) -> list[Row]:
    """The newest day of each of these stories, widest first; ids that are gone are left out."""
    return _rows(
        connection,
        "SELECT v.* FROM stories_by_day AS v WHERE v.story_id IN (SELECT value FROM json_each(:ids))"
        "   AND v.day = (SELECT max(day) FROM story_days AS d WHERE d.story_id = v.story_id)"
        " ORDER BY v.outlets DESC, v.articles DESC, v.story_id",
        {"ids": json.dumps(sorted(story_ids))},
    )


def read_story(connection: sqlite3.Connection, story_id: int) -> StoryReading:
    """A story by id; a merged id leads to the story it was merged into.

    Raises:
        UsageError: there is no such story.
    """
    current = current_story_id(connection, story_id)
    ids = story_ids(connection, current)
    previous, following = read_neighbours(connection, current)
    return StoryReading(
        current,
        read_story_days(connection, ids),
        _rows(
            connection,
            "SELECT * FROM story_articles WHERE story_id IN (SELECT value FROM json_each(?))"
            " ORDER BY day, first_seen_at, article_id",
            [json.dumps(ids)],
        ),
        previous["story_id"] if previous else None,
        following["story_id"] if following else None,
    )


def read_story_days(connection: sqlite3.Connection, ids: Collection[int]) -> list[Row]:
    """The days of a story, in order; `ids` are those of `story_ids`."""
    return _rows(
        connection,
        "SELECT * FROM stories_by_day WHERE story_id IN (SELECT value FROM json_each(?)) ORDER BY day",
        [json.dumps(list(ids))],
    )


def read_neighbours(connection: sqlite3.Connection, story_id: int) -> tuple[Row | None, Row | None]:
    """The previous and the next issue of a story's series: number, newest headline and serial."""
    row = connection.execute(
        "SELECT previous_story_id, next_story_id FROM stories WHERE story_id = ?", [story_id]
    ).fetchone()
    found = []
    for neighbour in row:
        rows = _rows(
            connection,
            "SELECT s.story_id, d.headline, d.serial, d.day FROM stories AS s LEFT JOIN story_days AS d USING (story_id)"
            " WHERE s.story_id = ? ORDER BY d.day DESC LIMIT 1",
            [neighbour],
        )
        found.append(rows[0] if rows else None)
    return found[0], found[1]


def current_story_id(connection: sqlite3.Connection, story_id: int) -> int:
    """Follow redirects of merged stories.

    Raises:
        UsageError: there is no such story.
    """
    seen = set()
    while story_id not in seen:
        seen.add(story_id)
        row = connection.execute("SELECT merged_into FROM stories WHERE story_id = ?", [story_id]).fetchone()
        if row is None:
            raise UsageError(f"there is no story {story_id}; `aggregator show` lists today's")
        if row["merged_into"] is None:
            break
        story_id = row["merged_into"]
    return story_id


def story_ids(connection: sqlite3.Connection, story_id: int) -> list[int]:
    """A story's number and those that were merged into it."""
    rows = connection.execute(
        "WITH RECURSIVE merged (id) AS (SELECT story_id FROM stories WHERE merged_into = :id"
        " UNION SELECT story_id FROM stories JOIN merged ON merged_into = merged.id)"
        " SELECT id FROM merged WHERE id <> :id ORDER BY id",
        {"id": story_id},
    )
    return [story_id, *(row["id"] for row in rows)]


def read_article(connection: sqlite3.Connection, article_id: int) -> Row:
    """One article with its story, if it has one.

    Raises:
        UsageError: there is no such article.
    """
    rows = _rows(
        connection,
        "SELECT a.*, m.story_id, m.rule, m.score, m.partner_article_id FROM articles AS a"
        "  LEFT JOIN story_members AS m USING (article_id) WHERE a.article_id = ?",
        [article_id],
    )
    if not rows:
        raise UsageError(f"there is no article {article_id}; `aggregator search WORDS` finds their numbers")
    return rows[0]


def count_known(connection: sqlite3.Connection, keys: Collection[str]) -> int:
    """How many of these articles, named by their keys, are in the store."""
    row = connection.execute(
        "SELECT count(*) FROM articles WHERE key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(keys))],
    ).fetchone()
    return int(row[0])


def read_decisions(
    connection: sqlite3.Connection, article_id: int, partner_article_id: int | None = None
) -> list[Row]:
    """The ledger's rows about an article, or about two, joins first, then the nearest refusals."""
    return _rows(
        connection,
        f"{_DECISIONS} WHERE (d.article_id = :a AND (:b IS NULL OR d.partner_article_id = :b))"
        "    OR (:b IS NOT NULL AND d.article_id = :b AND d.partner_article_id = :a)"
        " ORDER BY d.verdict, d.score DESC",
        {"a": article_id, "b": partner_article_id},
    )


def read_joins(connection: sqlite3.Connection, article_ids: Collection[int]) -> list[Row]:
    """The ledger's joins of these articles, the strongest of each first."""
    return _rows(
        connection,
        f"{_DECISIONS} WHERE d.article_id IN (SELECT value FROM json_each(?)) AND d.verdict = 'joined'"
        " ORDER BY d.article_id, d.score DESC",
        [json.dumps(list(article_ids))],
    )


def read_together(
    connection: sqlite3.Connection, pairs: Collection[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Of each pair, in how many polls Google listed both under one entry, and in how many it had both at all.

    Pairs that no poll had are left out. A search has two articles only where it lists them together.
    """
    feeds = connection.execute("SELECT feed_id, url FROM feeds WHERE is_google")
    says_apart = {row["feed_id"]: not is_search_feed(row["url"]) for row in feeds}
    rows = connection.execute(
        "SELECT x.article_id AS a, y.article_id AS b, sum(x.lead_article_id = y.lead_article_id) AS together,"
        "       count(*) AS possible"
        "  FROM (SELECT DISTINCT value ->> 0 AS a, value ->> 1 AS b FROM json_each(?)) AS pair"
        "  JOIN listings AS x ON x.article_id = pair.a"
        "  JOIN listings AS y ON y.poll_id = x.poll_id AND y.article_id = pair.b"
        "  JOIN json_each(?) AS feed ON feed.key = x.feed_id"
        " WHERE feed.value OR x.lead_article_id = y.lead_article_id"
        " GROUP BY x.article_id, y.article_id",
        [json.dumps(list(pairs)), json.dumps(says_apart)],
    )
    return {(row["a"], row["b"]): (row["together"], row["possible"]) for row in rows}


def read_feed_health(connection: sqlite3.Connection) -> list[Row]:
    return _rows(connection, "SELECT * FROM feed_health ORDER BY feed_id", [])


def read_counts(connection: sqlite3.Connection) -> Row:
    """How much is in the file: feeds, polls, articles, stories, links waiting and resolved."""
    return _rows(
        connection,
        "SELECT (SELECT count(*) FROM feeds) AS feeds, (SELECT count(*) FROM polls) AS polls,"
        " (SELECT count(*) FROM articles) AS articles,"
        " (SELECT count(DISTINCT story_id) FROM story_days) AS stories,"
        " (SELECT count(*) FROM resolutions WHERE state = 'waiting') AS links_waiting,"
        " (SELECT count(*) FROM resolutions WHERE state = 'resolved') AS links_resolved",
        [],
    )[0]


def _rows(connection: sqlite3.Connection, sql: str, parameters: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(sql, parameters)]
