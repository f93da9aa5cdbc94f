"""Topics: those of the feeds that listed an article, and of a story on a day those of its articles. Kept equal here.

An article gets a topic when a feed of it lists the article, often long after its day was grouped, and nothing
that a grouping depends on changes by it: so the story's row is told at once.
"""

import sqlite3
from collections.abc import Iterable

# Of :story_id on :day: the topic that most of its articles have, and all of them, "/tech/world/".
MAIN_TOPIC = """(SELECT topic FROM article_topics JOIN story_members USING (article_id)
         WHERE story_id = :story_id AND day = :day
         GROUP BY topic ORDER BY count(*) DESC, topic LIMIT 1)"""
ALL_TOPICS = """(SELECT '/' || group_concat(topic, '/') || '/' FROM (
         SELECT DISTINCT topic FROM article_topics JOIN story_members USING (article_id)
          WHERE story_id = :story_id AND day = :day ORDER BY topic))"""


def add_topic(connection: sqlite3.Connection, article_ids: Iterable[int], topic: str) -> None:
    """Give articles a topic, and the stories that they are in."""
    added = [
        article_id
        for article_id in sorted(article_ids)
        if connection.execute(
            "INSERT OR IGNORE INTO article_topics (article_id, topic) VALUES (?, ?)", (article_id, topic)
        ).rowcount
    ]
    for article_id in added:
        _tell_story(connection, article_id)


def share_topics(connection: sqlite3.Connection, article_id: int, survivor: int) -> None:
    """Give an article the topics of one that was found to be the same."""
    cursor = connection.execute(
        "INSERT OR IGNORE INTO article_topics (article_id, topic)"
        " SELECT ?, topic FROM article_topics WHERE article_id = ?",
        [survivor, article_id],
    )
    if cursor.rowcount:
        _tell_story(connection, survivor)


def _tell_story(connection: sqlite3.Connection, article_id: int) -> None:
    place = connection.execute(
        "SELECT day, story_id FROM story_members WHERE article_id = ?", [article_id]
    ).fetchone()
    if place is not None:
        connection.execute(
            f"UPDATE story_days SET topic = {MAIN_TOPIC}, topics = {ALL_TOPICS}"
            " WHERE day = :day AND story_id = :story_id",
            {"day": place["day"], "story_id": place["story_id"]},
        )
