"""A store with a million articles of invented news, made in about two minutes: for measuring what reads it.

    python -m tests.bench.million PATH [ARTICLES]

Facts
-----
* The schema is the program's own; rows are written in bulk, as weeks of polling would have left them: days of
  equal size, stories from one article to hundreds (most are one), words by Zipf's law, so that a common word
  is in every tenth headline and a rare one in a handful.
* The same seed gives the same rows.
"""

import itertools
import random
import sqlite3
import sys
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aggregator.store import open_store
from aggregator.store.outlet_days import count_outlets

DAYS = 30
FEEDS = 1_000
OUTLETS = 800
POLLED_DAYS = 3
POLLS_A_DAY = 48
NEAR_LINE = 0.038
TOPICS = ("world", "business", "technology", "science", "sports")

_BEGINNINGS = (
    "al bel cor dov el fen gar hal is jor kel lan mar nor os per quil ren sol tar ul ver wes yar zan"
)
_MIDDLES = "a an e en er i in o on or u un"
_ENDINGS = "da dor field gate ham hold land mere mont nia port ra ria stad tal tor va ven wick za"
_DEEDS = (
    "opens delays rejects backs widens denies halts approves faces wins loses signs reopens questions ends"
)
_PLAIN = (
    "court strike budget bridge harbour election minister storm ceasefire inquiry market exports drought vaccine"
    " satellite airline ferry museum reactor treaty tariff pension wildfire census referendum merger outage verdict"
    " parade blockade summit recall flood rescue archive orchard turbine library festival glacier railway canal"
)
_KINDS = "Post Times Courier Herald Gazette Wire Broadcasting Lantern"


@dataclass(frozen=True)
class Vocabulary:
    """Words and outlets, and the running sums by which Zipf's law picks one."""

    words: Sequence[str]
    sums: Sequence[float]
    deeds: Sequence[str]
    outlets: Sequence[tuple[str, str]]

    @classmethod
    def invented(cls, rng: random.Random) -> "Vocabulary":
        parts = itertools.product(*(each.split() for each in (_BEGINNINGS, _MIDDLES, _ENDINGS)))
        names = ["".join(three).title() for three in parts]
        rng.shuffle(names)
        words = [*_PLAIN.split(), *names]
        sums = list(itertools.accumulate(1 / (rank + 8) for rank in range(len(words))))
        kinds = itertools.cycle(_KINDS.split())
        outlets = [(f"{name} {next(kinds)}", f"{name.lower()}.example") for name in names[:OUTLETS]]
        return cls(words, sums, _DEEDS.split(), outlets)

    def word(self, rng: random.Random) -> str:
        return self.words[bisect(self.sums, rng.random() * self.sums[-1])]

    def headline(self, rng: random.Random, theme: Sequence[str]) -> str:
        others = [self.word(rng) for _ in range(4)]
        return f"{theme[0]} {theme[1]} {rng.choice(self.deeds)} {theme[2]} {' '.join(others)}"


def make_million(
    path: Path, *, articles: int = 1_000_000, last_day: date = date(2026, 11, 21), seed: int = 0
) -> None:
    """Write a store of so many articles; there must be none at `path` yet."""
    if path.exists():
        raise FileExistsError(path)
    open_store(path).close()
    rng = random.Random(seed)
    vocabulary = Vocabulary.invented(rng)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    connection.execute("BEGIN")
    _add_feeds(connection, rng, last_day)
    numbers = itertools.count(1)
    for back in reversed(range(DAYS)):
        _add_day(connection, rng, vocabulary, last_day - timedelta(days=back), articles // DAYS, numbers)
    _add_what_follows(connection)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


def _add_feeds(connection: sqlite3.Connection, rng: random.Random, last_day: date) -> None:
    polled = f"{last_day}T23:50:00Z"
    _insert(
        connection,
        "feeds",
        (
            {
                "feed_id": number,
                "url": f"https://feeds.example/{number}",
                "name": f"Feed {number}",
                "topic": TOPICS[number % len(TOPICS)],
                "language": "en",
                "country": "US",
                "is_google": number % 2,
                "interval_minutes": 30.0,
                "health": "failing" if number % 50 == 0 else "ok",
                "next_poll_at": f"{last_day + timedelta(days=1)}T00:20:00Z",
                "next_poll_reason": "base",
                "last_polled_at": polled,
                "last_success_at": polled,
                "polls": POLLED_DAYS * POLLS_A_DAY,
                "failures": float(number % 50 == 0),
                "gone_polls": 0,
                "moved_polls": 0,
                "poison_deaths": 0,
                "empty_polls": 0,
                "last_outcome": "modified",
                "entries_last": 40,
                "new_last": 2,
            }
            for number in range(1, FEEDS + 1)
        ),
    )
    first = last_day - timedelta(days=POLLED_DAYS - 1)
    _insert(
        connection,
        "polls",
        (
            {
                "feed_id": feed,
                "started_at": f"{first + timedelta(days=poll // POLLS_A_DAY)}T{poll % POLLS_A_DAY // 2:02}:{poll % 2 * 30:02}:00Z",
                "outcome": rng.choice(("modified", "modified", "unchanged", "soft")),
                "status": 200,
                "entries": 40,
                "articles": 40,
                "new_articles": rng.randrange(6),
                "skipped": 0,
                "wire_bytes": 40_000,
                "took_ms": 120,
            }
            for poll in range(POLLED_DAYS * POLLS_A_DAY)
            for feed in range(1, FEEDS + 1)
        ),
    )


def _add_day(
    connection: sqlite3.Connection,
    rng: random.Random,
    vocabulary: Vocabulary,
    day: date,
    size: int,
    numbers: Iterator[int],
) -> None:
    articles, stories, members, ledger = [], [], [], []
    left = size
    while left > 0:
        width = min(left, int(rng.paretovariate(1.15)), 400)
        left -= width
        story_id = next(numbers)
        theme = [vocabulary.word(rng) for _ in range(3)]
        own = [_article(rng, vocabulary, day, theme, len(articles)) for _ in range(width)]
        articles += own
        stories.append((story_id, own))
    first_id = connection.execute("SELECT coalesce(max(article_id), 0) + 1 FROM articles").fetchone()[0]
    for place, article in enumerate(articles):
        article["article_id"] = first_id + place
        article["key"] = f"url:https://news.example/{first_id + place}"
        article["link"] = article["publisher_url"] = f"https://{article['outlet_host']}/{first_id + place}"
    for story_id, own in stories:
        members += [_member(story_id, day, article, own) for article in own]
        ledger += [_decision(rng, day, article, own, articles) for article in own]
    _insert(connection, "articles", articles)
    _insert(connection, "stories", (_story(story_id, day, own) for story_id, own in stories))
    _insert(connection, "story_days", (_story_day(rng, story_id, day, own) for story_id, own in stories))
    _insert(connection, "story_members", members)
    _insert(connection, "ledger", ledger)
    count_outlets(connection, str(day), "en")
    _insert(
        connection,
        "days",
        [{"day": str(day), "language": "en", "changes": 0, "stories": len(stories), "articles": size}],
    )


def _article(
    rng: random.Random, vocabulary: Vocabulary, day: date, theme: Sequence[str], place: int
) -> dict[str, Any]:
    outlet, host = vocabulary.outlets[min(int(rng.expovariate(1 / 120)), OUTLETS - 1)]
    at = f"{day}T{rng.randrange(24):02}:{rng.randrange(60):02}:00Z"
    return {
        "headline": vocabulary.headline(rng, theme),
        "outlet": outlet,
        "outlet_host": host,
        "language": "en",
        "published_at": at,
        "is_day_precise": 0,
        "first_seen_at": at,
        "effective_at": at,
        "day": str(day),
        "feed_id": rng.randrange(1, FEEDS + 1),
    }


def _member(
    story_id: int, day: date, article: dict[str, Any], own: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "article_id": article["article_id"],
        "story_id": story_id,
        "day": str(day),
        "group_number": story_id,
        "rule": "headlines" if len(own) > 1 else "single",
        "is_addendum": 0,
    }


def _decision(
    rng: random.Random,
    day: date,
    article: dict[str, Any],
    own: Sequence[dict[str, Any]],
    others: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    is_join = len(own) > 1 and article is not own[0]
    partner = own[0] if is_join else others[rng.randrange(len(others))]
    return {
        "day": str(day),
        "language": "en",
        "article_id": article["article_id"],
        "partner_article_id": partner["article_id"],
        "verdict": "joined" if is_join else "refused",
        "rule": "headlines",
        "score": round(rng.uniform(NEAR_LINE, 1) if is_join else rng.uniform(0.02, NEAR_LINE), 4),
        "threshold": NEAR_LINE,
        "words": " ".join(article["headline"].split()[:3]),
        "rules_version": "bench",
        "decided_at": article["first_seen_at"],
    }


def _story(story_id: int, day: date, own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "story_id": story_id,
        "language": "en",
        "first_day": str(day),
        "created_at": f"{day}T00:00:00Z",
        "articles_total": len(own),
        "outlets_total": len({article["outlet"] for article in own}),
    }


def _story_day(rng: random.Random, story_id: int, day: date, own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    topics = sorted({TOPICS[article["feed_id"] % len(TOPICS)] for article in own})
    return {
        "day": str(day),
        "story_id": story_id,
        "language": "en",
        "topic": topics[0],
        "topics": f"/{'/'.join(topics)}/",
        "headline": own[0]["headline"],
        "lead_article_id": own[0]["article_id"],
        "status": rng.choice(("new", "new", "updated", "ongoing")),
        "new_words": "",
        "articles": len(own),
        "outlets": len({article["outlet"] for article in own}),
        "first_seen_at": min(article["first_seen_at"] for article in own),
        "last_seen_at": max(article["first_seen_at"] for article in own),
    }


def _add_what_follows(connection: sqlite3.Connection) -> None:
    """The rows that follow from those of the articles: topics, search index, listings of the polled days."""
    connection.execute(
        "INSERT INTO article_topics SELECT a.article_id, f.topic FROM articles AS a JOIN feeds AS f USING (feed_id)"
    )
    connection.execute(
        "INSERT INTO headline_search (rowid, headline, outlet, host)"
        " SELECT article_id, headline, outlet, outlet_host FROM articles"
    )
    connection.execute(
        "INSERT OR IGNORE INTO listings SELECT p.poll_id, a.article_id, a.feed_id,"
        "   (SELECT lead_article_id FROM story_days AS d WHERE d.day = m.day AND d.story_id = m.story_id), 0, 0"
        "  FROM articles AS a JOIN story_members AS m USING (article_id)"
        "  JOIN polls AS p ON p.feed_id = a.feed_id AND p.started_at BETWEEN a.first_seen_at"
        "   AND strftime('%Y-%m-%dT%H:%M:%SZ', a.first_seen_at, '+2 hours')"
    )


def _insert(connection: sqlite3.Connection, table: str, rows: Any) -> None:
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    names = list(first)
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})",
        itertools.chain([first], rows),
    )


if __name__ == "__main__":
    make_million(Path(sys.argv[1]), articles=int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
