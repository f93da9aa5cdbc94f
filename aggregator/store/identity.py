"""Two articles with one canonical URL are one article; both rows, and both links, stay.

Which of them stands for both depends on what they are, not on which resolved first: the smaller of
(first seen, key). A day that is closed is not rearranged: an article listed there keeps its place,
and only one of an open day can be folded into another.
"""

import sqlite3

from aggregator.store.days import is_closed, mark_days_changed
from aggregator.store.topics import share_topics
from aggregator.store.values import day_of


def merge_same_article(connection: sqlite3.Connection, article_id: int) -> int | None:
    """Fold the articles that share this one's canonical URL; return the survivor if there is any fold.

    Marks the days it changes for regrouping.
    """
    row = connection.execute(
        "SELECT canonical_url FROM articles WHERE article_id = ?", [article_id]
    ).fetchone()
    if row is None or row["canonical_url"] is None:
        return None
    same = connection.execute(
        "SELECT article_id, day, language, merged_into FROM articles WHERE canonical_url = ?"
        " ORDER BY first_seen_at, key",
        [row["canonical_url"]],
    ).fetchall()
    if len(same) < 2:
        return None
    survivor = same[0]["article_id"]
    for other in same[1:]:
        if other["merged_into"] != survivor and not is_closed(connection, day_of(other["day"])):
            _fold(connection, other["article_id"], survivor)
            mark_days_changed(connection, [(other["day"], other["language"])])
    mark_days_changed(connection, [(same[0]["day"], same[0]["language"])])
    return int(survivor)


def _fold(connection: sqlite3.Connection, article_id: int, survivor: int) -> None:
    connection.execute("UPDATE articles SET merged_into = NULL WHERE article_id = ?", [survivor])
    connection.execute(
        "UPDATE articles SET merged_into = ? WHERE article_id = ? OR merged_into = ?",
        [survivor, article_id, article_id],
    )
    share_topics(connection, article_id, survivor)
