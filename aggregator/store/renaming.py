"""Feeds that give their articles new addresses, with every poll or once.

Facts
-----
* Some feeds put a token into every link or guid that is another one in each answer; a site that moves changes all
  of them once. By its address each article would be a new one, with every poll for ever.
* The same headline is no proof: a forecast or a briefing has it every day. Headline and second of publication
  together are, in one feed, where the one entry took the other's place since the poll before.
* An article taken for another one is lost, a copy is only a nuisance. So this counts when the whole list has new
  addresses, at least three entries of it are there as before, and none that could be two.
* Nothing has to be remembered: the article stays the one that the feed lists, under its first address.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from aggregator.model import DatedArticle, FeedState
from aggregator.store.values import time_text

T = TypeVar("T")
Telling = tuple[str, str]  # headline and time of publication

_AT_LEAST = 3


def renamed_articles(
    connection: sqlite3.Connection, feed: FeedState, document: Sequence[DatedArticle]
) -> dict[str, int]:
    """Which article each new key of a feed's document stands for, as key → article id; usually empty.

    To be asked before the document becomes the feed's latest one.
    """
    if feed.is_google or feed.entries_sha256 is None or len(document) < _AT_LEAST:
        return {}  # of a part of a document nobody knows what the rest lists
    # The last entry is the oldest as a rule, so that one look is enough for nearly every document.
    if any(_is_listed(connection, feed, article.draft.identity.key) for article in reversed(document)):
        return {}
    rows = connection.execute(
        "SELECT a.article_id, a.headline, a.published_at"
        "  FROM latest_listings AS l JOIN articles AS a USING (article_id) WHERE l.feed_id = ?",
        [feed.feed_id],
    )
    before = _unmistakable(
        ((row["headline"], row["published_at"]), row["article_id"]) for row in rows if row["published_at"]
    )
    now = _unmistakable(
        ((article.draft.headline, time_text(article.draft.published)), article.draft.identity.key)
        for article in document
        if article.draft.published is not None and not article.draft.is_day_precise
    )
    same = before.keys() & now.keys()
    return {now[telling]: before[telling] for telling in same} if len(same) >= _AT_LEAST else {}


def _is_listed(connection: sqlite3.Connection, feed: FeedState, key: str) -> bool:
    """Whether the feed's latest document lists an article of this key."""
    row = connection.execute(
        "SELECT 1 FROM articles AS a JOIN latest_listings AS l USING (article_id) WHERE a.key = ? AND l.feed_id = ?",
        [key, feed.feed_id],
    ).fetchone()
    return row is not None


def _unmistakable(told: Iterable[tuple[Telling, T]]) -> dict[Telling, T]:
    """What was told as nothing else of the same list was."""
    pairs = list(told)
    times = Counter(telling for telling, _ in pairs)
    return {telling: value for telling, value in pairs if times[telling] == 1}
