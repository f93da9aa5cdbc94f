"""What digests are made from, and the log of those that were made.

A digest's snapshot is taken once and stored as JSON; rendering it again next year needs nothing else.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from aggregator.model import DayCount, DigestArticle, DigestDay, DigestStory, StoryStatus
from aggregator.store.corrections import load_pins
from aggregator.store.values import day_of, optional_time_of, time_of, time_text


def load_digest_stories(
    connection: sqlite3.Connection, topic: str, day: date, *, addendum_only: bool = False
) -> tuple[DigestStory, ...]:
    """Stories of a day with at least one article of the topic, by id; their articles, lead first.

    With `addendum_only`, the articles that came after the day was closed and their stories.
    """
    stories = connection.execute(
        "SELECT v.*, d.new_words, s.previous_story_id, s.next_story_id,"
        "       (SELECT min(first_seen_at) FROM story_days AS o WHERE o.story_id = v.story_id) AS begun_at"
        "  FROM stories_by_day AS v"
        "  JOIN story_days AS d USING (day, story_id) JOIN stories AS s USING (story_id)"
        " WHERE v.day = ? AND EXISTS (SELECT 1 FROM story_members AS m JOIN article_topics AS t"
        "        USING (article_id) WHERE m.story_id = v.story_id AND m.day = v.day AND t.topic = ?)"
        " ORDER BY v.story_id",
        [day.isoformat(), topic],
    ).fetchall()
    articles = _articles(connection, day, addendum_only)
    pins = frozenset(load_pins(connection))
    return tuple(
        _digest_story(connection, row, articles[row["story_id"]], pins)
        for row in stories
        if articles[row["story_id"]]
    )


def load_week(connection: sqlite3.Connection, topic: str, day: date) -> tuple[DayCount, ...]:
    """Stories and articles of a topic on the seven days up to `day`, oldest first."""
    rows = connection.execute(
        "SELECT m.day, count(DISTINCT m.story_id) AS stories, count(*) AS articles,"
        "       count(DISTINCT lower(a.outlet)) AS outlets"
        "  FROM story_members AS m JOIN articles AS a USING (article_id) JOIN article_topics AS t USING (article_id)"
        " WHERE t.topic = ? AND m.day BETWEEN ? AND ? GROUP BY m.day ORDER BY m.day",
        [topic, (day - timedelta(days=6)).isoformat(), day.isoformat()],
    )
    return tuple(
        DayCount(day_of(row["day"]), row["articles"], row["outlets"], row["stories"]) for row in rows
    )


def _history(connection: sqlite3.Connection, story_id: int, day: date) -> tuple[DayCount, ...]:
    rows = connection.execute(
        "SELECT day, articles, outlets FROM story_days WHERE story_id = ? AND day BETWEEN ? AND ? ORDER BY day",
        [story_id, (day - timedelta(days=6)).isoformat(), day.isoformat()],
    )
    return tuple(DayCount(day_of(row["day"]), row["articles"], row["outlets"]) for row in rows)


def _articles(connection: sqlite3.Connection, day: date, addendum_only: bool) -> dict[int, list[sqlite3.Row]]:
    rows = connection.execute(
        "SELECT m.story_id, a.*, a.article_id = d.lead_article_id AS is_lead"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        "  JOIN story_days AS d ON d.day = m.day AND d.story_id = m.story_id"
        " WHERE m.day = ? AND (NOT ? OR m.is_addendum)"
        " ORDER BY m.story_id, is_lead DESC, a.first_seen_at, a.key",
        [day.isoformat(), addendum_only],
    )
    articles: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        articles[row["story_id"]].append(row)
    return articles


def _digest_story(
    connection: sqlite3.Connection, row: sqlite3.Row, articles: Sequence[sqlite3.Row], pins: frozenset[str]
) -> DigestStory:
    day = day_of(row["day"])
    return DigestStory(
        story_id=row["story_id"],
        headline=row["headline"],
        status=StoryStatus(row["status"]),
        articles=tuple(
            DigestArticle(
                headline=article["headline"],
                outlet=article["outlet"],
                link=article["canonical_url"] or article["publisher_url"] or article["link"],
                published=optional_time_of(article["published_at"]),
                first_seen=time_of(article["first_seen_at"]),
                summary=article["summary"],
                outlet_host=article["outlet_host"],
                feed_link=article["link"],
            )
            for article in articles
        ),
        first_seen=time_of(row["begun_at"]),
        last_seen=time_of(row["last_seen_at"]),
        articles_total=row["articles_total"],
        outlets_total=row["outlets_total"],
        series=row["series"],
        serial=row["serial"],
        previous_issue=_serial_of(connection, row["previous_story_id"]),
        next_issue=_serial_of(connection, row["next_story_id"]),
        new_words=tuple(row["new_words"].split()),
        history=_history(connection, row["story_id"], day),
        new_outlets=_new_outlets(connection, row["story_id"], day, articles),
        is_pinned=bool(articles[0]["is_lead"]) and articles[0]["key"] in pins,
        topics=_topics(connection, row["story_id"], day),
    )


def _new_outlets(
    connection: sqlite3.Connection, story_id: int, day: date, articles: Sequence[sqlite3.Row]
) -> tuple[str, ...]:
    """Outlets of these articles that are not in the story's earlier days, as far as it has any."""
    rows = connection.execute(
        "SELECT DISTINCT a.outlet FROM story_members AS m JOIN articles AS a USING (article_id)"
        " WHERE m.story_id = ? AND m.day < ?",
        [story_id, day.isoformat()],
    )
    earlier = {row["outlet"].casefold() for row in rows}
    outlets = dict.fromkeys(article["outlet"] for article in articles)
    return tuple(outlet for outlet in outlets if outlet.casefold() not in earlier) if earlier else ()


def _topics(connection: sqlite3.Connection, story_id: int, day: date) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT DISTINCT t.topic FROM story_members AS m JOIN article_topics AS t USING (article_id)"
        " WHERE m.story_id = ? AND m.day = ? ORDER BY t.topic",
        [story_id, day.isoformat()],
    )
    return tuple(row["topic"] for row in rows)


def _serial_of(connection: sqlite3.Connection, story_id: int | None) -> str | None:
    row = connection.execute(
        "SELECT serial FROM story_days WHERE story_id = ? ORDER BY day DESC LIMIT 1", [story_id]
    ).fetchone()
    return None if row is None else row["serial"]


def load_topic_sources(connection: sqlite3.Connection, topic: str) -> tuple[str, ...]:
    """Addresses of the feeds of a topic, in order of configuration."""
    rows = connection.execute("SELECT url FROM feeds WHERE topic = ? ORDER BY feed_id", [topic])
    return tuple(row["url"] for row in rows)


def load_snapshot(
    connection: sqlite3.Connection, topic: str, day: date, addendum: int = 0
) -> DigestDay | None:
    """The frozen material of a digest, if that was made; addenda count from 1."""
    row = connection.execute(
        "SELECT snapshot FROM digest_snapshots WHERE topic = ? AND day = ? AND addendum = ?",
        [topic, day.isoformat(), addendum],
    ).fetchone()
    return None if row is None else digest_day_of(row["snapshot"])


def save_snapshot(
    connection: sqlite3.Connection, snapshot: DigestDay, now: datetime, addendum: int = 0
) -> None:
    """Freeze the material of a digest; the first snapshot stays."""
    connection.execute(
        "INSERT INTO digest_snapshots (topic, day, addendum, snapshot, made_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (snapshot.topic, snapshot.day.isoformat(), addendum, digest_day_text(snapshot), time_text(now)),
    )


def replace_addendum(
    connection: sqlite3.Connection, snapshot: DigestDay, now: datetime, addendum: int
) -> None:
    """Store an addendum's material, or what it has grown to; a digest proper is never replaced."""
    if addendum < 1:
        raise ValueError("the snapshot of a digest is taken once")
    connection.execute(
        "DELETE FROM digest_snapshots WHERE topic = ? AND day = ? AND addendum = ?",
        (snapshot.topic, snapshot.day.isoformat(), addendum),
    )
    save_snapshot(connection, snapshot, now, addendum)


def load_digest_days(connection: sqlite3.Connection, topic: str) -> list[date]:
    """Days whose digest of this topic has its snapshot, in order."""
    rows = connection.execute(
        "SELECT day FROM digest_snapshots WHERE topic = ? AND addendum = 0 ORDER BY day", [topic]
    )
    return [date.fromisoformat(row["day"]) for row in rows]


def log_digest(
    connection: sqlite3.Connection,
    snapshot: DigestDay,
    format_name: str,
    files: Sequence[tuple[str, str]],
    now: datetime,
    addendum: int = 0,
) -> None:
    """Log written files as (path, sha256); a row that says the same already is left alone."""
    connection.executemany(
        "INSERT INTO digests (day, topic, format, path, sha256, made_at, stories, addendum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET sha256 = excluded.sha256,"
        " made_at = excluded.made_at, stories = excluded.stories WHERE sha256 <> excluded.sha256",
        [
            (
                snapshot.day.isoformat(),
                snapshot.topic,
                format_name,
                path,
                sha256,
                time_text(now),
                len(snapshot.stories),
                addendum,
            )
            for path, sha256 in files
        ],
    )


def is_logged(
    connection: sqlite3.Connection, topic: str, day: date, format_name: str, addendum: int = 0
) -> bool:
    row = connection.execute(
        "SELECT 1 FROM digests WHERE topic = ? AND day = ? AND format = ? AND addendum = ? LIMIT 1",
        [topic, day.isoformat(), format_name, addendum],
    ).fetchone()
    return row is not None


def digest_day_text(snapshot: DigestDay) -> str:
    """A snapshot as JSON text, the same text for the same value."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return time_text(value)
        return value.isoformat() if isinstance(value, date) else str(value)

    return json.dumps(asdict(snapshot), default=plain, ensure_ascii=False, sort_keys=True)


def digest_day_of(text: str) -> DigestDay:
    """The value that `digest_day_text` wrote."""
    values = json.loads(text)
    values["day"] = date.fromisoformat(values["day"])
    values["source_urls"] = tuple(values["source_urls"])
    values["stories"] = tuple(_story_of(story) for story in values["stories"])
    values["week"] = _counts_of(values["week"])
    return DigestDay(**values)


def _story_of(values: dict[str, Any]) -> DigestStory:
    values["status"] = StoryStatus(values["status"])
    values["articles"] = tuple(
        DigestArticle(
            **{
                **article,
                "published": optional_time_of(article["published"]),
                "first_seen": time_of(article["first_seen"]),
            }
        )
        for article in values["articles"]
    )
    for name in ("first_seen", "last_seen"):
        values[name] = time_of(values[name])
    values["new_words"] = tuple(values["new_words"])
    values["history"] = _counts_of(values["history"])
    for name in ("new_outlets", "topics"):
        values[name] = tuple(values.get(name, ()))  # a snapshot of an earlier version has none
    return DigestStory(**values)


def _counts_of(rows: list[dict[str, Any]]) -> tuple[DayCount, ...]:
    return tuple(DayCount(**{**row, "day": date.fromisoformat(row["day"])}) for row in rows)
