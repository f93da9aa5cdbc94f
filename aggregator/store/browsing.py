"""Reading for the page: every query is bounded by what it shows, whatever the size of the file.

Facts
-----
* A day may hold 100,000 articles in 40,000 stories. The index `story_days_rank` holds a day's stories in the
  order they are shown in, with everything they are filtered by, so a page of fifty touches fifty rows.
* What belongs to the rows of a page (outlets, times, polls) is asked for once with all their ids; no query is
  made per row.
* An outlet is its name, whatever the case: Google often gives no host.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aggregator.store.values import time_text

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories of a day; None is any."""

    topic: str | None = None
    language: str | None = None
    status: str | None = None


def read_newest_day(connection: sqlite3.Connection) -> date | None:
    row = connection.execute("SELECT max(day) AS day FROM days WHERE stories > 0").fetchone()
    return None if row["day"] is None else date.fromisoformat(row["day"])


def read_day_before(connection: sqlite3.Connection, day: date) -> date | None:
    """The nearest earlier day with stories."""
    return _day_of(connection, "SELECT max(day) FROM days WHERE stories > 0 AND day < ?", day)


def read_day_after(connection: sqlite3.Connection, day: date) -> date | None:
    """The nearest later day with stories."""
    return _day_of(connection, "SELECT min(day) FROM days WHERE stories > 0 AND day > ?", day)


def _day_of(connection: sqlite3.Connection, sql: str, day: date) -> date | None:
    (found,) = connection.execute(sql, [day.isoformat()]).fetchone()
    return None if found is None else date.fromisoformat(found)


def read_calendar(connection: sqlite3.Connection, first: date, last: date) -> dict[date, Row]:
    """How much the days from `first` to `last` hold: stories and articles; days with nothing are left out."""
    rows = connection.execute(
        "SELECT day, sum(stories) AS stories, sum(articles) AS articles FROM days"
        " WHERE day BETWEEN ? AND ? GROUP BY day HAVING sum(stories) > 0",
        [first.isoformat(), last.isoformat()],
    )
    return {date.fromisoformat(row["day"]): dict(row) for row in rows}


def read_ranked(
    connection: sqlite3.Connection, day: date, chosen: StoryFilter, *, limit: int, offset: int = 0
) -> list[Row]:
    """Stories of a day, widest first: outlets, then articles, then the newest; with the day they began."""
    return _rows(
        connection,
        "WITH page AS (SELECT day, story_id FROM story_days INDEXED BY story_days_rank WHERE day = :day"
        "   AND (:topic IS NULL OR instr(topics, '/' || :topic || '/'))"
        "   AND (:language IS NULL OR language = :language) AND (:status IS NULL OR status = :status)"
        " ORDER BY outlets DESC, articles DESC, last_seen_at DESC, story_id LIMIT :limit OFFSET :offset)"
        " SELECT v.*, d.language, d.topics, s.first_day"
        "   FROM page JOIN stories_by_day AS v USING (day, story_id)"
        "   JOIN story_days AS d USING (day, story_id) JOIN stories AS s USING (story_id)"
        " ORDER BY v.outlets DESC, v.articles DESC, v.last_seen_at DESC, v.story_id",
        {
            "day": day.isoformat(),
            "topic": chosen.topic,
            "language": chosen.language,
            "status": chosen.status,
            "limit": limit,
            "offset": offset,
        },
    )


def read_kinds(connection: sqlite3.Connection, day: date) -> list[Row]:
    """How many stories of a day there are of each (topics, language, status)."""
    return _rows(
        connection,
        "SELECT topics, language, status, count(*) AS stories FROM story_days INDEXED BY story_days_rank"
        " WHERE day = ? GROUP BY topics, language, status",
        [day.isoformat()],
    )


def read_courses(
    connection: sqlite3.Connection, day: date, begin: datetime, story_ids: Collection[int]
) -> Iterator[tuple[int, str, int]]:
    """(story, outlet, hour) of every article that these stories have on a day, earliest first.

    The hour counts from `begin`, the day's first moment; it is below nought for what is older. Plain tuples, as
    there may be 10,000 of them.
    """
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(
        "SELECT m.story_id, a.outlet, (strftime('%s', a.effective_at) - strftime('%s', :begin)) / 3600"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        " WHERE m.story_id IN (SELECT value FROM json_each(:ids)) AND m.day = :day"
        " ORDER BY a.effective_at, a.article_id",
        {"ids": json.dumps(list(story_ids)), "day": day.isoformat(), "begin": time_text(begin)},
    )
    return cursor


def read_members(
    connection: sqlite3.Connection, story_ids: Collection[int], *, limit: int, offset: int = 0
) -> list[Row]:
    """Articles of a story by day and time."""
    return _rows(
        connection,
        "SELECT a.article_id, m.story_id, m.day, a.headline, a.outlet, a.outlet_host, a.language, a.link,"
        "       coalesce(a.canonical_url, a.publisher_url) AS publisher_url, a.published_at, a.first_seen_at,"
        "       a.effective_at, m.rule, m.is_addendum, a.article_id = d.lead_article_id AS is_lead"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        "  LEFT JOIN story_days AS d ON d.day = m.day AND d.story_id = m.story_id"
        " WHERE m.story_id IN (SELECT value FROM json_each(?))"
        " ORDER BY m.day, a.effective_at, a.article_id LIMIT ? OFFSET ?",
        [json.dumps(list(story_ids)), limit, offset],
    )


def read_story_outlets(connection: sqlite3.Connection, story_ids: Collection[int]) -> list[Row]:
    """The outlets of a story in the order in which they came, with how many articles each has."""
    return _rows(
        connection,
        "SELECT a.outlet, count(*) AS articles, min(a.effective_at) AS first_at"
        "  FROM story_members AS m JOIN articles AS a USING (article_id)"
        " WHERE m.story_id IN (SELECT value FROM json_each(?))"
        " GROUP BY lower(a.outlet) ORDER BY first_at, min(a.article_id)",
        [json.dumps(list(story_ids))],
    )


def read_refusals(
    connection: sqlite3.Connection, story_id: int, article_ids: Collection[int], *, limit: int
) -> list[Row]:
    """What was kept out of a story, or the story's articles out of another, the most alike first.

    `article_id` is always the story's own, `partner_article_id` the other one, with its story.
    """
    return _rows(
        connection,
        "WITH own AS (SELECT value AS id FROM json_each(:ids)), refused AS ("
        " SELECT article_id AS ours, partner_article_id AS theirs, ledger_id FROM ledger"
        "  WHERE verdict = 'refused' AND article_id IN own"
        " UNION SELECT partner_article_id, article_id, ledger_id FROM ledger"
        "  WHERE verdict = 'refused' AND partner_article_id IN own)"
        " SELECT l.verdict, l.rule, l.score, l.threshold, l.words, l.alike, l.members, r.ours AS article_id, a.headline, a.outlet,"
        "        r.theirs AS partner_article_id, p.headline AS partner_headline, p.outlet AS partner_outlet,"
        "        m.story_id AS partner_story_id"
        "   FROM refused AS r JOIN ledger AS l USING (ledger_id)"
        "   JOIN articles AS a ON a.article_id = r.ours JOIN articles AS p ON p.article_id = r.theirs"
        "   LEFT JOIN story_members AS m ON m.article_id = r.theirs"
        "  WHERE m.story_id IS NOT :story_id ORDER BY l.score DESC, l.ledger_id LIMIT :limit",
        {"ids": json.dumps(list(article_ids)), "story_id": story_id, "limit": limit},
    )


def read_article_history(connection: sqlite3.Connection, article_id: int) -> dict[str, list[Row]]:
    """What is known of an article beside its row: topics, revised headlines, its link, where it was listed."""
    queries = {
        "topics": "SELECT topic FROM article_topics WHERE article_id = ? ORDER BY topic",
        "revisions": "SELECT headline, seen_at FROM headline_revisions WHERE article_id = ? ORDER BY seen_at",
        "links": "SELECT * FROM link_queue WHERE article_id = ?",
        "merged": "SELECT article_id, outlet, headline, link FROM articles WHERE merged_into = ?",
        "listings": "SELECT l.entry_position, l.list_position, l.lead_article_id, p.started_at, f.feed_id, f.name,"
        " f.topic, lead.headline AS lead_headline FROM listings AS l JOIN polls AS p USING (poll_id)"
        " JOIN feeds AS f ON f.feed_id = l.feed_id"
        " JOIN articles AS lead ON lead.article_id = l.lead_article_id"
        " WHERE l.article_id = ? ORDER BY l.poll_id DESC LIMIT 50",
    }
    return {name: _rows(connection, sql, [article_id]) for name, sql in queries.items()}


def read_outlets(connection: sqlite3.Connection, first: date, last: date, *, limit: int) -> list[Row]:
    """Outlets of the days from `first` to `last`, most articles first; a story counts on each of its days.

    `first` counts the stories of several outlets in which an article of this one is the earliest of the day,
    `alone` the stories that nobody else has. Cost: some 20 ms for thirty days of 800 outlets.
    """
    return _rows(
        connection,
        "SELECT min(name) AS outlet, sum(articles) AS articles, sum(stories) AS stories, sum(first) AS first,"
        "       sum(alone) AS alone"
        "  FROM outlet_days AS o WHERE day BETWEEN ? AND ?"
        " GROUP BY o.outlet ORDER BY sum(articles) DESC, o.outlet LIMIT ?",
        [first.isoformat(), last.isoformat(), limit],
    )


def find_outlet(connection: sqlite3.Connection, name: str) -> str | None:
    """The outlet of this name, or with this host, as it was written last; None if there is none."""
    for condition in ("lower(outlet) = lower(?)", "outlet_host = ?"):
        row = connection.execute(
            f"SELECT outlet FROM articles WHERE {condition} ORDER BY day DESC LIMIT 1", [name]
        ).fetchone()
        if row is not None:
            return str(row["outlet"])
    return None


def read_outlet_days(connection: sqlite3.Connection, outlet: str, first: date) -> dict[date, int]:
    """Articles of an outlet on each day from `first` on."""
    rows = connection.execute(
        "SELECT day, count(*) AS articles FROM articles WHERE lower(outlet) = lower(?) AND day >= ? GROUP BY day",
        [outlet, first.isoformat()],
    )
    return {date.fromisoformat(row["day"]): row["articles"] for row in rows}


def read_outlet_articles(
    connection: sqlite3.Connection, outlet: str, *, limit: int, offset: int = 0
) -> list[Row]:
    """Articles of an outlet, newest day first, with their stories; `place` is 1 where it came first."""
    return _rows(
        connection,
        "WITH page AS (SELECT article_id FROM articles WHERE lower(outlet) = lower(:outlet)"
        "   AND merged_into IS NULL ORDER BY day DESC, article_id DESC LIMIT :limit OFFSET :offset)"
        " SELECT a.article_id, a.headline, a.language, a.day, a.effective_at, a.outlet_host, a.link,"
        "        coalesce(a.canonical_url, a.publisher_url) AS publisher_url, m.story_id,"
        "        d.headline AS story_headline, d.outlets, d.articles,"
        "        (SELECT o.article_id FROM story_members AS o JOIN articles AS b USING (article_id)"
        "          WHERE o.story_id = m.story_id AND o.day = m.day ORDER BY b.effective_at, b.article_id LIMIT 1)"
        "         = a.article_id AS is_first"
        "   FROM page JOIN articles AS a USING (article_id) LEFT JOIN story_members AS m USING (article_id)"
        "   LEFT JOIN story_days AS d ON d.day = m.day AND d.story_id = m.story_id"
        "  ORDER BY a.day DESC, a.article_id DESC",
        {"outlet": outlet, "limit": limit, "offset": offset},
    )


def read_feed_states(connection: sqlite3.Connection) -> dict[str, int]:
    """How many feeds are in each state."""
    rows = connection.execute("SELECT health, count(*) AS feeds FROM feeds GROUP BY health ORDER BY health")
    return {row["health"]: row["feeds"] for row in rows}


def read_feeds(
    connection: sqlite3.Connection, state: str | None, *, limit: int, offset: int = 0
) -> list[Row]:
    """Feeds, those with most failures first, then in order of configuration."""
    return _rows(
        connection,
        "SELECT h.*, f.topic, f.language, f.is_google FROM feed_health AS h JOIN feeds AS f USING (feed_id)"
        " WHERE (:state IS NULL OR h.state = :state)"
        " ORDER BY h.state = 'disabled', h.failures DESC, h.feed_id LIMIT :limit OFFSET :offset",
        {"state": state, "limit": limit, "offset": offset},
    )


def read_feed(connection: sqlite3.Connection, feed_id: int) -> list[Row]:
    """A feed's row, times as they are stored."""
    return _rows(connection, "SELECT *, health AS state FROM feeds WHERE feed_id = ?", [feed_id])


def read_polls(
    connection: sqlite3.Connection, feed_ids: Collection[int], since: datetime
) -> Iterator[tuple[int, str, int]]:
    """(feed, outcome, new articles) of the polls of these feeds since a moment, oldest first."""
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(
        "SELECT feed_id, outcome, new_articles FROM polls"
        " WHERE feed_id IN (SELECT value FROM json_each(?)) AND started_at >= ? ORDER BY feed_id, started_at",
        [json.dumps(list(feed_ids)), time_text(since)],
    )
    return cursor


def read_last_polls(connection: sqlite3.Connection, feed_id: int, *, limit: int) -> list[Row]:
    """The newest polls of a feed, newest first."""
    return _rows(
        connection,
        "SELECT * FROM polls WHERE feed_id = ? ORDER BY started_at DESC, poll_id DESC LIMIT ?",
        [feed_id, limit],
    )


def read_last_listed(connection: sqlite3.Connection, feed_id: int, *, limit: int) -> list[Row]:
    """Articles of the newest poll of a feed that left listings, in the feed's order, with their stories."""
    return _rows(
        connection,
        "WITH last AS (SELECT p.poll_id FROM polls AS p WHERE p.feed_id = :feed AND EXISTS ("
        "    SELECT 1 FROM listings AS l WHERE l.poll_id = p.poll_id)"
        "   ORDER BY p.started_at DESC, p.poll_id DESC LIMIT 1)"
        " SELECT l.entry_position, l.list_position, a.article_id, a.headline, a.outlet, a.language, m.story_id,"
        "        p.started_at"
        "   FROM last JOIN listings AS l USING (poll_id) JOIN polls AS p USING (poll_id)"
        "   JOIN articles AS a USING (article_id) LEFT JOIN story_members AS m USING (article_id)"
        "  ORDER BY l.entry_position, l.list_position LIMIT :limit",
        {"feed": feed_id, "limit": limit},
    )


def read_day_decisions(
    connection: sqlite3.Connection,
    day: date,
    *,
    verdict: str | None,
    rule: str | None,
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """Decisions of a day, the nearest to the line first: those that a person might decide otherwise."""
    return _rows(
        connection,
        "WITH page AS (SELECT ledger_id, abs(score - threshold) AS distance FROM ledger WHERE day = :day"
        "   AND (:verdict IS NULL OR verdict = :verdict) AND (:rule IS NULL OR rule = :rule)"
        "  ORDER BY distance IS NULL, distance, ledger_id LIMIT :limit OFFSET :offset)"
        " SELECT l.*, a.headline, a.outlet, m.story_id, p.headline AS partner_headline,"
        "        p.outlet AS partner_outlet, q.story_id AS partner_story_id"
        "   FROM page JOIN ledger AS l USING (ledger_id) JOIN articles AS a ON a.article_id = l.article_id"
        "   LEFT JOIN story_members AS m ON m.article_id = l.article_id"
        "   LEFT JOIN articles AS p ON p.article_id = l.partner_article_id"
        "   LEFT JOIN story_members AS q ON q.article_id = l.partner_article_id"
        "  ORDER BY page.distance IS NULL, page.distance, l.ledger_id",
        {"day": day.isoformat(), "verdict": verdict, "rule": rule, "limit": limit, "offset": offset},
    )


def read_decision_kinds(connection: sqlite3.Connection, day: date) -> list[Row]:
    """How many decisions of a day there are of each (verdict, rule)."""
    return _rows(
        connection,
        "SELECT verdict, rule, count(*) AS decisions FROM ledger WHERE day = ? GROUP BY verdict, rule"
        " ORDER BY verdict, decisions DESC",
        [day.isoformat()],
    )


def read_digest_files(connection: sqlite3.Connection, *, limit: int, offset: int = 0) -> list[Row]:
    """Written digest files, newest day first."""
    return _rows(
        connection,
        "SELECT * FROM digests ORDER BY day DESC, topic, addendum, format, path LIMIT ? OFFSET ?",
        [limit, offset],
    )


def read_digest_file(connection: sqlite3.Connection, digest_id: int) -> Row | None:
    rows = _rows(connection, "SELECT * FROM digests WHERE digest_id = ?", [digest_id])
    return rows[0] if rows else None


def _rows(connection: sqlite3.Connection, sql: str, parameters: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(sql, parameters)]
