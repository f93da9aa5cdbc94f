"""Topics: those of the feeds that listed an article, and of a story on a day those of its articles. Kept equal here.

An article gets a topic when a feed of it lists the article, often long after its day was grouped, and nothing
that a grouping depends on changes by it: so the story's row is told at once.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable
from itertools import groupby
from operator import itemgetter


def topics_of(
    connection: sqlite3.Connection, day: str, story_ids: Collection[int]
) -> dict[int, tuple[str, str]]:
    """Of each story on a day the topic that most of its articles have, and all of them, "/tech/world/"."""
    rows = connection.execute(
        "SELECT m.story_id, t.topic, count(*) FROM story_members AS m JOIN article_topics AS t USING (article_id)"
        " WHERE m.day = ? AND m.story_id IN (SELECT value FROM json_each(?))"
        " GROUP BY m.story_id, t.topic ORDER BY m.story_id, t.topic",
        [day, json.dumps([*story_ids])],
    )
    found = {}
    for story_id, told in groupby(rows, key=itemgetter(0)):
        counts = {topic: count for _, topic, count in told}
        found[story_id] = (max(counts, key=counts.__getitem__), f"/{'/'.join(counts)}/")
    return found


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
        day, story_id = place
        connection.execute(
            "UPDATE story_days SET topic = ?, topics = ? WHERE day = ? AND story_id = ?",
            [*topics_of(connection, day, [story_id])[story_id], day, story_id],
        )
