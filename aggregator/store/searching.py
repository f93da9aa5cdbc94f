"""Finding articles by words, outlet, day, topic and language; newest first and bounded.

Facts
-----
* FTS5 gives its hits in order of rowid, forwards or backwards, without looking at all of them first; rowids
  are article numbers and grow as articles come in. So "newest first" costs what is shown, and ranking by
  relevance (`bm25`), which would have to look at every hit of a common word, is not offered.
* A day's articles lie close together in that order: a search within days looks at no others.
"""

import json
import sqlite3
from typing import Any

from aggregator.google.editions import base_language
from aggregator.store.search_text import Query, match_expression, parse_query

Row = dict[str, Any]

_FOUND = (
    "SELECT a.article_id, m.story_id, a.day, a.headline, a.outlet, a.language,"
    "       coalesce(a.canonical_url, a.publisher_url, a.link) AS link, a.first_seen_at"
)


def search(
    connection: sqlite3.Connection, words: str, *, limit: int = 50, before_article_id: int | None = None
) -> list[Row]:
    """Articles that a query finds (see `parse_query`), in any script, those that came in last first.

    Raises:
        UsageError: a `day:` that is none.
    """
    query = parse_query(words)
    expression = match_expression(query)
    if expression is None and not (query.days or query.topics or query.languages):
        return []
    table = (
        "articles AS a"
        if expression is None
        else "headline_search AS f JOIN articles AS a ON a.article_id = f.rowid"
    )
    number = "a.article_id" if expression is None else "f.rowid"
    conditions, parameters = _conditions(connection, query, number)
    if expression is not None:
        conditions.insert(0, "headline_search MATCH :expression")
    sql = (
        f"{_FOUND} FROM {table} LEFT JOIN story_members AS m USING (article_id)"
        f" WHERE {' AND '.join(conditions)} ORDER BY {number} DESC LIMIT :limit"
    )
    parameters |= {"expression": expression, "limit": limit, "before": before_article_id}
    return [dict(row) for row in connection.execute(sql, parameters)]


def _conditions(
    connection: sqlite3.Connection, query: Query, number: str
) -> tuple[list[str], dict[str, Any]]:
    conditions = ["a.merged_into IS NULL", f"(:before IS NULL OR {number} < :before)"]
    parameters: dict[str, Any] = {}
    if query.days:
        spans = [(*days, *_numbers_of(connection, *days)) for days in query.days]
        conditions.append(f"{number} BETWEEN :lowest AND :highest")
        parameters |= {"lowest": min(span[2] for span in spans), "highest": max(span[3] for span in spans)}
        for place, (first, last, _, _) in enumerate(spans):
            parameters |= {f"first{place}": first, f"last{place}": last}
        alternatives = (f"a.day BETWEEN :first{place} AND :last{place}" for place in range(len(spans)))
        conditions.append(f"({' OR '.join(alternatives)})")
    if query.topics:
        conditions.append(
            "EXISTS (SELECT 1 FROM article_topics AS t WHERE t.article_id = a.article_id"
            " AND t.topic COLLATE NOCASE IN (SELECT value FROM json_each(:topics)))"
        )
        parameters["topics"] = json.dumps(query.topics)
    if query.languages:
        conditions.append("a.language IN (SELECT value FROM json_each(:languages))")
        parameters["languages"] = json.dumps([base_language(language) for language in query.languages])
    return conditions, parameters


def _numbers_of(connection: sqlite3.Connection, first: str, last: str) -> tuple[int, int]:
    """The lowest and highest number of the articles of some days."""
    low, high = connection.execute(
        "SELECT min(article_id), max(article_id) FROM articles WHERE day BETWEEN ? AND ?", [first, last]
    ).fetchone()
    return (low or 0, high or 0)
