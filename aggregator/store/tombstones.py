"""What was pruned must not come back: a short hash for each article that is gone.

Facts
-----
* A feed may list an entry for years, or list its whole archive again after a move; the article's key, or its
  canonical URL by way of another feed, would make it news once more.
* Twelve bytes of BLAKE2b: with ten million tombstones and a hundred thousand new articles a day, the odds
  that one new article in a hundred years is taken for a pruned one are one in a trillion.
* A row is some 15 bytes in the file, a fiftieth of the article that it stands for.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence

from aggregator.model import DatedArticle

_HASH_BYTES = 12


def add_tombstones(connection: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Remember that articles with these keys were pruned."""
    connection.executemany(
        "INSERT OR IGNORE INTO tombstones (key_hash) VALUES (?)", sorted((_hash(key),) for key in keys)
    )


def without_pruned(
    connection: sqlite3.Connection, articles: Sequence[DatedArticle]
) -> tuple[DatedArticle, ...]:
    """The articles that have not been pruned before, in their order."""
    if connection.execute("SELECT 1 FROM tombstones LIMIT 1").fetchone() is None:
        return tuple(articles)
    return tuple(article for article in articles if not _is_pruned(connection, article.draft.identity.key))


def count_pruned(connection: sqlite3.Connection, keys: Iterable[str]) -> int:
    """How many articles with these keys have been pruned."""
    return sum(_is_pruned(connection, key) for key in keys)


def _is_pruned(connection: sqlite3.Connection, key: str) -> bool:
    row = connection.execute("SELECT 1 FROM tombstones WHERE key_hash = ?", [_hash(key)]).fetchone()
    return row is not None


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=_HASH_BYTES).digest()
