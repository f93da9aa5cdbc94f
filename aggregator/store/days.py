"""Days: which must be grouped again, what a grouping needs to know, which are closed.

A (day, language) is the unit of grouping. `changes` counts what has happened to it since its last
grouping; a grouping takes back the count it has seen, so that nothing which arrived meanwhile is
forgotten, whoever is killed when. A day is `reopened` when a person decides about its stories, until it was grouped
as if open: a person's word outranks a freeze.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from aggregator.google import is_search_feed
from aggregator.model import Correction, Headline, Sighting
from aggregator.store.corrections import load_corrections, load_pins
from aggregator.store.day_articles import DayArticles
from aggregator.store.values import day_of, time_of, time_text


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day to group; closed, it only takes late articles. Where its digest is made, it `keeps_ids` of its stories."""

    day: date
    language: str
    changes: int
    is_closed: bool
    keeps_ids: bool


@dataclass(frozen=True, slots=True)
class DayInputs:
    """All that the grouping of one (language, day) depends on, but for the weights.

    `headlines`, in order of key, leaves out articles that were found to be another article; `by_key` and
    `article_ids` are of all articles of the day. `pins` are the keys of articles whose headline a person wants to stand for
    their story, the newest pin first.
    """

    day: date
    language: str
    headlines: tuple[Headline, ...]
    by_key: Mapping[str, Headline]
    article_ids: Mapping[str, int]
    sightings: tuple[Sighting, ...]
    corrections: tuple[Correction, ...]
    pins: tuple[str, ...]


def mark_days_changed(connection: sqlite3.Connection, days: Sequence[tuple[str, str]]) -> None:
    """Note that (day, language) must be grouped again; the note survives a kill."""
    connection.executemany(
        "INSERT INTO days (day, language, changes) VALUES (?, ?, 1)"
        " ON CONFLICT (day, language) DO UPDATE SET changes = changes + 1",
        days,
    )


def load_changed_days(
    connection: sqlite3.Connection, *, not_before: date, after: date = date.min, until: date = date.max
) -> list[ChangedDay]:
    """Days with something new that come after `after` and not after `until`, oldest first.

    A closed day takes late articles from `not_before` on; what comes later still is archive, not grouped. One that was
    reopened is as if open, whatever its age; the ids of its digest are kept.
    """
    rows = connection.execute(
        "SELECT d.day, d.language, d.changes, d.reopened, c.day IS NOT NULL AS is_closed"
        "  FROM days AS d LEFT JOIN closed_days AS c USING (day)"
        " WHERE d.changes > 0 AND (d.day >= ? OR c.day IS NULL OR d.reopened) AND d.day > ? AND d.day <= ?"
        " ORDER BY d.day, d.language",
        [not_before.isoformat(), after.isoformat(), until.isoformat()],
    )
    return [
        ChangedDay(
            day_of(row["day"]),
            row["language"],
            row["changes"],
            is_closed=bool(row["is_closed"] and not row["reopened"]),
            keeps_ids=bool(row["is_closed"]),
        )
        for row in rows
    ]


def recounted(connection: sqlite3.Connection, changed: ChangedDay) -> ChangedDay:
    """The day with its changes as of now; read it before the inputs, so that none is taken unseen."""
    row = connection.execute(
        "SELECT changes FROM days WHERE day = ? AND language = ?", [changed.day.isoformat(), changed.language]
    ).fetchone()
    return replace(changed, changes=row["changes"] if row else 0)


def load_days(connection: sqlite3.Connection, first: date, last: date) -> list[ChangedDay]:
    """Every (day, language) there is from `first` to `last`, as if open: for rebuilding them."""
    rows = connection.execute(
        "SELECT day, language, changes FROM days WHERE day BETWEEN ? AND ? ORDER BY day, language",
        [first.isoformat(), last.isoformat()],
    )
    return [_as_if_open(row, keeps_ids=False) for row in rows]


def load_later_days(connection: sqlite3.Connection, day: date, language: str, last: date) -> list[ChangedDay]:
    """The days after `day` to `last` that are open, oldest first: what may continue its stories."""
    rows = connection.execute(
        "SELECT day, language, changes FROM days WHERE language = ? AND day > ? AND day <= ?"
        " AND day NOT IN (SELECT day FROM closed_days) ORDER BY day",
        [language, day.isoformat(), last.isoformat()],
    )
    return [_as_if_open(row, keeps_ids=False) for row in rows]


def _as_if_open(row: sqlite3.Row, *, keeps_ids: bool) -> ChangedDay:
    return ChangedDay(
        day_of(row["day"]), row["language"], row["changes"], is_closed=False, keeps_ids=keeps_ids
    )


def load_day_inputs(
    connection: sqlite3.Connection,
    day: date,
    language: str,
    window_days: int,
    articles: DayArticles | None = None,
) -> DayInputs:
    """The inputs of a day; its sightings include those of the `window_days` before it, in the polls that had both.

    What was read of the day's `articles` before is not read again.
    """
    articles = articles or DayArticles()
    return DayInputs(
        day,
        language,
        articles.read(connection, day, language),
        articles.by_key,
        articles.ids,
        tuple(_sightings(connection, day, language, day - timedelta(days=window_days))),
        load_corrections(connection),
        load_pins(connection),
    )


def _sightings(connection: sqlite3.Connection, day: date, language: str, first: date) -> Iterator[Sighting]:
    """Who was listed where, in Google's documents that list articles of `day`, with merged articles standing
    for their survivors.

    A search lists one event under many entries, so there each entry speaks for itself alone.
    """
    rows = connection.execute(
        "SELECT l.poll_id, l.lead_article_id, coalesce(s.key, a.key) AS key, f.url"
        "  FROM articles AS a JOIN listings AS l USING (article_id) JOIN feeds AS f ON f.feed_id = l.feed_id"
        "  LEFT JOIN articles AS s ON s.article_id = a.merged_into"
        " WHERE a.day BETWEEN :first AND :day AND a.language = :language AND f.is_google AND l.poll_id IN"
        "   (SELECT poll_id FROM listings JOIN articles USING (article_id)"
        "     WHERE day = :day AND language = :language"
        "       AND listings.feed_id IN (SELECT feed_id FROM feeds WHERE is_google))",
        {"first": first.isoformat(), "day": day.isoformat(), "language": language},
    )
    for row in rows:
        poll, entry = str(row["poll_id"]), str(row["lead_article_id"])
        yield Sighting(f"{poll}/{entry}" if is_search_feed(row["url"]) else poll, entry, row["key"])


_COUNTED = (
    "(stories, articles) = (SELECT count(*), coalesce(sum(d.articles), 0) FROM story_days AS d"
    "                        WHERE d.day = days.day AND d.language = days.language)"
)
_MORE = "(stories, articles) = (stories + :more_stories, articles + :more_articles)"


def take_changes(
    connection: sqlite3.Connection,
    changed: ChangedDay,
    rules_version: str,
    now: datetime,
    more: tuple[int, int] | None = None,
) -> None:
    """Note that the changes seen by a grouping are dealt with, and how much the day holds now.

    `more` is by how many stories and articles it grew; without it they are counted. A day that was reopened meanwhile
    waits to be grouped as if open: it keeps a change.
    """
    stories, articles = more or (0, 0)
    connection.execute(
        "UPDATE days SET changes = max(changes - :seen, reopened AND :is_closed),"
        " reopened = reopened AND (:is_closed OR changes > :seen),"
        " grouped_at = :now, rules_version = :rules_version, revision = revision + 1,"
        f" {_COUNTED if more is None else _MORE} WHERE day = :day AND language = :language",
        {
            "more_stories": stories,
            "more_articles": articles,
            "seen": changed.changes,
            "is_closed": changed.is_closed,
            "now": time_text(now),
            "rules_version": rules_version,
            "day": changed.day.isoformat(),
            "language": changed.language,
        },
    )


def recount_days(connection: sqlite3.Connection, days: Sequence[tuple[str, str]]) -> None:
    """Note how much these (day, language) hold now."""
    connection.executemany(f"UPDATE days SET {_COUNTED} WHERE day = ? AND language = ?", days)


def load_revision(connection: sqlite3.Connection, day: date, language: str) -> int:
    """How often the day's stories were written; while it is the same, so are they. It never comes twice."""
    row = connection.execute(
        "SELECT revision FROM days WHERE day = ? AND language = ?", [day.isoformat(), language]
    ).fetchone()
    return row["revision"] if row else 0


def close_day(connection: sqlite3.Connection, day: date, timezone: str, now: datetime) -> None:
    """From now on `day` only grows an addendum; idempotent."""
    connection.execute(
        "INSERT INTO closed_days (day, timezone, closed_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (day.isoformat(), timezone, time_text(now)),
    )


def is_closed(connection: sqlite3.Connection, day: date) -> bool:
    row = connection.execute("SELECT 1 FROM closed_days WHERE day = ?", [day.isoformat()]).fetchone()
    return row is not None


def load_weights(connection: sqlite3.Connection, language: str, day: date) -> bytes | None:
    """The token weights frozen for this (language, day), if any yet."""
    row = connection.execute(
        "SELECT weights FROM token_weights WHERE language = ? AND day = ?", [language, day.isoformat()]
    ).fetchone()
    return None if row is None else bytes(row["weights"])


def load_latest_weights(
    connection: sqlite3.Connection, language: str, before: date
) -> tuple[date, bytes] | None:
    """The newest weights of an earlier day, to learn on from."""
    row = connection.execute(
        "SELECT day, weights FROM token_weights WHERE language = ? AND day < ? ORDER BY day DESC LIMIT 1",
        [language, before.isoformat()],
    ).fetchone()
    return None if row is None else (day_of(row["day"]), bytes(row["weights"]))


def save_weights(connection: sqlite3.Connection, language: str, day: date, weights: bytes) -> None:
    """Freeze the weights of a day; the first ones stay."""
    connection.execute(
        "INSERT INTO token_weights (language, day, weights) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (language, day.isoformat(), weights),
    )


def load_told_between(
    connection: sqlite3.Connection, language: str, first: date, last: date
) -> list[list[Headline]]:
    """The headlines of several days, those of one day and story together, for learning weights.

    Merged articles are left out; one that is in no story yet is alone. In the order of their keys.
    """
    rows = connection.execute(
        "SELECT a.key, a.headline, a.outlet, a.effective_at, a.day, m.story_id FROM articles AS a"
        " LEFT JOIN story_members AS m USING (article_id)"
        " WHERE a.language = ? AND a.day BETWEEN ? AND ? AND a.merged_into IS NULL ORDER BY a.key",
        [language, first.isoformat(), last.isoformat()],
    )
    told: defaultdict[tuple[str, int | str], list[Headline]] = defaultdict(list)
    for row in rows:
        headline = Headline(row["key"], row["headline"], row["outlet"], time_of(row["effective_at"]))
        told[row["day"], row["story_id"] or row["key"]].append(headline)
    return list(told.values())
