"""What a digest is made from, as the store has it at one moment: a topic's stories of a day, and its week.

`digests` freezes it; from then on this is asked for what came too late only.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from aggregator.model import DayCount, DigestArticle, DigestDay, DigestStory, StoryStatus
from aggregator.store.corrections import load_pins
from aggregator.store.values import day_of, optional_time_of, optional_time_text, time_of


def load_digest_day(connection: sqlite3.Connection, topic: str, day: date, timezone: str) -> DigestDay:
    """Everything that the store has for a topic and day, stories by id; title and number are the digest's."""
    return DigestDay(
        topic=topic,
        title="",
        day=day,
        timezone=timezone,
        stories=load_digest_stories(connection, topic, day),
        source_urls=_topic_sources(connection, topic),
        week=load_week(connection, topic, day),
    )


def load_late_day(
    connection: sqlite3.Connection, topic: str, day: date, timezone: str, until: datetime, addendum: int
) -> DigestDay:
    """The same of what no digest of that topic and day has yet, as far as it was seen by `until`."""
    stories = load_digest_stories(connection, topic, day, late_until=until)
    material = load_digest_day(connection, topic, day, timezone)
    return replace(material, stories=stories, addendum=addendum)


def load_digest_stories(
    connection: sqlite3.Connection, topic: str, day: date, *, late_until: datetime | None = None
) -> tuple[DigestStory, ...]:
    """Stories of a day with at least one article of the topic, by id; their articles, lead first.

    With `late_until`, only the articles first seen by then that no snapshot of the topic and day has.
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
    articles = _articles(connection, topic, day, late_until)
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


def _articles(
    connection: sqlite3.Connection, topic: str, day: date, late_until: datetime | None
) -> dict[int, list[sqlite3.Row]]:
    rows = connection.execute(
        "SELECT m.story_id, a.*, a.article_id = d.lead_article_id AS is_lead"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        "  JOIN story_days AS d ON d.day = m.day AND d.story_id = m.story_id"
        " WHERE m.day = :day AND (:late_until IS NULL OR (a.first_seen_at <= :late_until AND NOT EXISTS ("
        "       SELECT 1 FROM digest_articles AS p"
        "        WHERE p.topic = :topic AND p.day = m.day AND p.article_id = m.article_id)))"
        " ORDER BY m.story_id, is_lead DESC, a.first_seen_at, a.key",
        {"topic": topic, "day": day.isoformat(), "late_until": optional_time_text(late_until)},
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
                article_id=article["article_id"],
            )
            for article in articles
        ),
        first_seen=time_of(row["begun_at"]),
        last_seen=time_of(row["last_seen_at"]),
        articles_total=row["articles_total"],
        outlets_total=row["outlets_total"],
        series=row["series"],
        serial=row["serial"],
        previous_issue=_serial_of(connection, row["previous_story_id"], row["series"]),
        next_issue=_serial_of(connection, row["next_story_id"], row["series"]),
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


def _serial_of(connection: sqlite3.Connection, story_id: int | None, series: str | None) -> str | None:
    """The serial of a story's latest issue of `series`; a story may have held issues of several."""
    row = connection.execute(
        "SELECT serial FROM story_days WHERE story_id = ? AND series = ? ORDER BY day DESC LIMIT 1",
        [story_id, series],
    ).fetchone()
    return None if row is None else row["serial"]


def _topic_sources(connection: sqlite3.Connection, topic: str) -> tuple[str, ...]:
    """Addresses of the feeds of a topic, in order of configuration."""
    rows = connection.execute("SELECT url FROM feeds WHERE topic = ? ORDER BY feed_id", [topic])
    return tuple(row["url"] for row in rows)
