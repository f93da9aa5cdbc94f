"""What a poll brought, in one transaction: articles, listings, the feed's state, the poll's row.

Facts
-----
* A validator stored without the entries it stands for loses them silently: the server is never
  asked for them again. So `record_poll` is called once per poll, inside one transaction.
* Storing is idempotent: an article's key is unique, a repeat changes nothing but may add a revision
  of its headline. First-seen time, effective time and day are written once. What a feed lists under a new
  address is the article it was (`renaming`).
* Google lists an article under changing leads from poll to poll, so every changed document of a
  Google feed leaves one listing an article. A plain feed's entries are single articles; there only
  the first listing of an article is kept, or the table would grow by every entry of every poll.
* What a feed's latest document lists is kept apart, as a difference to the one before: it must not be pruned.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from aggregator.google import is_search_feed
from aggregator.model import DatedArticle, FeedState, PollRecord
from aggregator.store.days import mark_days_changed
from aggregator.store.feeds import save_feed
from aggregator.store.identity import merge_same_article
from aggregator.store.links import queue_link
from aggregator.store.renaming import renamed_articles
from aggregator.store.search_text import search_text
from aggregator.store.tombstones import without_pruned
from aggregator.store.topics import add_topic
from aggregator.store.values import day_of, optional_time_text, time_text

MAX_REVISIONS = 24


@dataclass(frozen=True, slots=True)
class PollStored:
    """`new` articles of this poll; `days` whose grouping it touched."""

    poll_id: int
    new: int
    days: frozenset[date]


def record_poll(connection: sqlite3.Connection, record: PollRecord) -> PollStored:
    """Store one poll whole; the caller provides the transaction."""
    record = replace(record, articles=without_pruned(connection, record.articles))
    poll_id = _insert_poll(connection, record)
    renamed = renamed_articles(connection, record.feed, record.articles)
    ids = [_add_article(connection, record.feed, article, renamed) for article in record.articles]
    new_ids = {article_id for article_id, is_new in ids if is_new}
    for article_id in sorted(new_ids):
        merge_same_article(connection, article_id)
    regrouped_by_listing = _add_listings(connection, poll_id, record, [article_id for article_id, _ in ids])
    _keep_latest(connection, record.feed, {article_id for article_id, _ in ids})
    add_topic(connection, {article_id for article_id, _ in ids}, record.feed.topic)
    days = _mark_changed(connection, new_ids | regrouped_by_listing)
    connection.execute("UPDATE polls SET new_articles = ? WHERE poll_id = ?", [len(new_ids), poll_id])
    save_feed(connection, replace(record.feed, new_last=len(new_ids)))
    return PollStored(poll_id, len(new_ids), days)


def _insert_poll(connection: sqlite3.Connection, record: PollRecord) -> int:
    failure = record.failure
    cursor = connection.execute(
        "INSERT INTO polls (feed_id, started_at, outcome, status, failure, message, entries, articles,"
        " new_articles, skipped, wire_bytes, took_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
        (
            record.feed.feed_id,
            time_text(record.started_at),
            str(record.outcome),
            record.status,
            str(failure.kind) if failure else None,
            failure.message if failure else None,
            record.entries,
            len(record.articles),
            record.skipped,
            record.wire_bytes,
            record.took_ms,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _add_article(
    connection: sqlite3.Connection, feed: FeedState, article: DatedArticle, renamed: Mapping[str, int]
) -> tuple[int, bool]:
    """Insert unless its key is known, or stands for an article that has got a new address; return (article_id, is_new)."""
    draft = article.draft
    known = connection.execute(
        "SELECT article_id, headline FROM articles WHERE key = ?", [draft.identity.key]
    ).fetchone()
    if known is not None:
        if known["headline"] != draft.headline:
            _add_revision(connection, known["article_id"], draft.headline, article.first_seen)
        return known["article_id"], False
    if draft.identity.key in renamed:
        return renamed[draft.identity.key], False
    cursor = connection.execute(
        "INSERT INTO articles (key, google_id, headline, outlet, outlet_host, language, link, publisher_url,"
        " canonical_url, published_at, is_day_precise, first_seen_at, effective_at, day, summary, feed_id,"
        " entry_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            draft.identity.key,
            draft.identity.google_id,
            draft.headline,
            draft.outlet or feed.name,
            draft.outlet_host,
            draft.language,
            draft.link,
            draft.identity.publisher_url,
            draft.identity.canonical_url,
            optional_time_text(draft.published),
            int(draft.is_day_precise),
            time_text(article.first_seen),
            time_text(article.effective_at),
            article.day.isoformat(),
            draft.summary,
            feed.feed_id,
            draft.entry_id,
        ),
    )
    article_id = cursor.lastrowid
    assert article_id is not None
    connection.execute(
        "INSERT INTO headline_search (rowid, headline, outlet, host) VALUES (?, ?, ?, ?)",
        (
            article_id,
            search_text(draft.headline),
            search_text(draft.outlet or feed.name),
            search_text(draft.outlet_host),
        ),
    )
    queue_link(connection, article_id, draft, article.first_seen)
    return article_id, True


def _add_revision(connection: sqlite3.Connection, article_id: int, headline: str, seen: datetime) -> None:
    connection.execute(
        "INSERT INTO headline_revisions (article_id, headline, seen_at) SELECT ?, ?, ?"
        " WHERE (SELECT count(*) FROM headline_revisions WHERE article_id = ?) < ?"
        " ON CONFLICT DO NOTHING",
        (article_id, headline, time_text(seen), article_id, MAX_REVISIONS),
    )


def _add_listings(
    connection: sqlite3.Connection, poll_id: int, record: PollRecord, ids: Sequence[int]
) -> set[int]:
    """Add the poll's listings; return the articles whose evidence of lists this changes."""
    feed, rows = record.feed, []
    leads: dict[int, int] = {}
    sizes: dict[int, int] = defaultdict(int)
    for article, article_id in zip(record.articles, ids, strict=True):
        position = article.draft.entry_position
        leads.setdefault(position, article_id)
        sizes[position] += 1
        rows.append(
            (poll_id, article_id, feed.feed_id, leads[position], position, article.draft.list_position)
        )
    statement = "INSERT OR IGNORE INTO listings VALUES (?, ?, ?, ?, ?, ?)"
    if feed.is_google:
        connection.executemany(statement, rows)
        parts = len(sizes) > 1 and not is_search_feed(feed.url)
        return {row[1] for row in rows if parts or sizes[row[4]] > 1}
    for row in rows:
        is_listed = connection.execute(
            "SELECT 1 FROM listings WHERE article_id = ? AND feed_id = ? LIMIT 1", [row[1], row[2]]
        ).fetchone()
        if is_listed is None:
            connection.execute(statement, row)
    return set()


def _keep_latest(connection: sqlite3.Connection, feed: FeedState, article_ids: set[int]) -> None:
    """Note what the feed lists by now. A document without entries, or a part of one, takes nothing away."""
    if not article_ids:
        return
    known = {
        row["article_id"]
        for row in connection.execute(
            "SELECT article_id FROM latest_listings WHERE feed_id = ?", [feed.feed_id]
        )
    }
    connection.executemany(
        "INSERT INTO latest_listings (feed_id, article_id) VALUES (?, ?)",
        [(feed.feed_id, article_id) for article_id in sorted(article_ids - known)],
    )
    if feed.entries_sha256 is not None:
        connection.executemany(
            "DELETE FROM latest_listings WHERE feed_id = ? AND article_id = ?",
            [(feed.feed_id, article_id) for article_id in sorted(known - article_ids)],
        )


def _mark_changed(connection: sqlite3.Connection, article_ids: set[int]) -> frozenset[date]:
    """Have the days grouped again that these articles are stored under; an entry without a date says another one."""
    rows = connection.execute(
        "SELECT DISTINCT day, language FROM articles WHERE article_id IN (SELECT value FROM json_each(?))"
        " ORDER BY day, language",
        [json.dumps(sorted(article_ids))],
    ).fetchall()
    mark_days_changed(connection, [(row["day"], row["language"]) for row in rows])
    return frozenset(day_of(row["day"]) for row in rows)


def load_last_failures(connection: sqlite3.Connection) -> dict[int, str]:
    """What kind of failure the last poll of each feed was, by feed id; only of feeds that fail."""
    rows = connection.execute(
        "SELECT f.feed_id, (SELECT p.failure FROM polls AS p WHERE p.feed_id = f.feed_id"
        "                    ORDER BY p.started_at DESC LIMIT 1) AS failure"
        "  FROM feeds AS f WHERE f.failures > 0"
    )
    return {row["feed_id"]: row["failure"] for row in rows if row["failure"] is not None}
