"""What stories come to over all their days."""

import sqlite3
from collections.abc import Iterable


def update_totals(connection: sqlite3.Connection, story_ids: Iterable[int]) -> None:
    """Count the articles and outlets of these stories anew."""
    connection.executemany(
        "UPDATE stories SET"
        " articles_total = (SELECT count(*) FROM story_members WHERE story_id = stories.story_id),"
        " outlets_total = (SELECT count(DISTINCT lower(outlet)) FROM story_members"
        "                    JOIN articles USING (article_id) WHERE story_id = stories.story_id)"
        " WHERE story_id = ?",
        [(story_id,) for story_id in sorted(story_ids)],
    )
