"""Taking old articles out of the file, so that nothing comes back and nothing is left dangling.

Facts
-----
* What the latest document of a feed still lists is not over: `latest_listings` has it, and it stays.
* A story's articles of one day go together or not at all, so no count, headline or reason on that day is
  left half true. An article that others were folded into goes no sooner than they.
* A story's row stays for ever: its id is never given to another event, and merged ids go on leading on. So does
  a day's: if its count of revisions began anew, a grouping could take what comes later for what it remembers.
* Digests, their snapshots, deliveries and corrections are no articles; none of them is touched.
* A row with all that hangs on it costs a tenth of a millisecond to delete, and the writer has others
  waiting: so portions, each complete in itself.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from aggregator.store.days import recount_days
from aggregator.store.outlet_days import count_outlets
from aggregator.store.tombstones import add_tombstones
from aggregator.store.totals import update_totals
from aggregator.store.values import day_of

_PORTION_ARTICLES = 2_000
_PORTION_POLLS = 20_000


@dataclass(frozen=True, slots=True)
class Prunable:
    """What may go: portions of article ids, newest day first, and how many old ones stay because of a feed."""

    portions: tuple[tuple[int, ...], ...]
    kept: int

    @property
    def articles(self) -> int:
        return sum(map(len, self.portions))


def find_prunable(connection: sqlite3.Connection, before: date) -> Prunable:
    """Articles that are of days before `before`, were first seen before it, and may go; changes nothing."""
    _begin(connection)
    connection.execute(
        "INSERT INTO temp.going SELECT article_id FROM articles WHERE day < ?1 AND first_seen_at < ?1",
        [before.isoformat()],
    )
    old = _count(connection)
    _narrow(connection)
    rows = connection.execute(
        "SELECT article_id, a.day, m.story_id FROM temp.going JOIN articles AS a USING (article_id)"
        "  LEFT JOIN story_members AS m USING (article_id) ORDER BY a.day DESC, m.story_id, article_id"
    ).fetchall()
    return Prunable(tuple(_portions(rows)), old - len(rows))


def _portions(rows: Sequence[sqlite3.Row]) -> Iterator[tuple[int, ...]]:
    """Cut between stories, at the first chance after enough articles."""
    portion: list[int] = []
    last: tuple[str, int | None] | None = None
    for row in rows:
        story = (row["day"], row["story_id"])
        if len(portion) >= _PORTION_ARTICLES and (story != last or row["story_id"] is None):
            yield tuple(portion)
            portion = []
        portion.append(row["article_id"])
        last = story
    if portion:
        yield tuple(portion)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one portion came to; `stories` have no article left."""

    articles: int
    stories: int


def prune_articles(connection: sqlite3.Connection, article_ids: Sequence[int]) -> Pruned:
    """Delete articles with all that is about them alone, and bury them; the caller provides the transaction.

    What may no longer go, since a feed has listed it again meanwhile, stays.
    """
    _begin(connection)
    connection.executemany("INSERT INTO temp.going VALUES (?)", [(number,) for number in article_ids])
    _narrow(connection)
    keys = connection.execute(
        "SELECT key, canonical_url FROM temp.going JOIN articles USING (article_id)"
    ).fetchall()
    # A plain feed's article of that address has this key; Google's have ids of their own.
    urls = [f"url:{row['canonical_url']}" for row in keys if row["canonical_url"] is not None]
    add_tombstones(connection, [*(row["key"] for row in keys), *urls])
    story_ids = _delete(connection)
    update_totals(connection, story_ids)
    return Pruned(len(keys), _emptied(connection, story_ids))


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS going (article_id INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM temp.going")


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM temp.going").fetchone()[0])


_STILL_LISTED = """
DELETE FROM temp.going WHERE article_id IN (
  SELECT l.article_id FROM latest_listings AS l JOIN feeds AS f USING (feed_id)
   WHERE f.health NOT IN ('gone', 'disabled'))
"""

_OF_A_STORY_THAT_STAYS = """
DELETE FROM temp.going WHERE article_id IN (
  SELECT m.article_id FROM story_members AS m
   WHERE (m.story_id, m.day) IN (
     SELECT o.story_id, o.day FROM story_members AS o
      WHERE (o.story_id, o.day) IN (
        SELECT g.story_id, g.day FROM story_members AS g WHERE g.article_id IN (SELECT article_id FROM temp.going))
        AND o.article_id NOT IN (SELECT article_id FROM temp.going)))
"""

_LEADING_A_STORY_THAT_STAYS = """
DELETE FROM temp.going WHERE article_id IN (
  SELECT d.lead_article_id FROM story_days AS d JOIN story_members AS m ON m.story_id = d.story_id AND m.day = d.day
   WHERE d.lead_article_id IN (SELECT article_id FROM temp.going)
     AND m.article_id NOT IN (SELECT article_id FROM temp.going))
"""

_STANDING_FOR_ONE_THAT_STAYS = """
DELETE FROM temp.going WHERE article_id IN (
  SELECT a.merged_into FROM articles AS a
   WHERE a.merged_into IN (SELECT article_id FROM temp.going)
     AND a.article_id NOT IN (SELECT article_id FROM temp.going))
"""


def _narrow(connection: sqlite3.Connection) -> None:
    """Take out of `going` what may not go, until what is left is complete in itself."""
    connection.execute(_STILL_LISTED)
    rules = (_OF_A_STORY_THAT_STAYS, _LEADING_A_STORY_THAT_STAYS, _STANDING_FOR_ONE_THAT_STAYS)
    while any(connection.execute(rule).rowcount for rule in rules):
        pass


_GOING = "(SELECT article_id FROM temp.going)"


def _delete(connection: sqlite3.Connection) -> list[int]:
    """Delete what is `going`; return the stories that it belonged to."""
    of_stories = connection.execute(
        f"SELECT DISTINCT day, story_id FROM story_members WHERE article_id IN {_GOING}"
    ).fetchall()
    days = connection.execute(
        f"SELECT DISTINCT day, language FROM articles WHERE article_id IN {_GOING}"
    ).fetchall()
    connection.executemany("DELETE FROM story_days WHERE day = ? AND story_id = ?", map(tuple, of_stories))
    connection.execute(f"DELETE FROM story_days WHERE lead_article_id IN {_GOING}")
    connection.execute(f"DELETE FROM ledger WHERE partner_article_id IN {_GOING}")
    connection.execute(
        f"UPDATE story_members SET partner_article_id = NULL WHERE partner_article_id IN {_GOING}"
        f" AND article_id NOT IN {_GOING}"
    )
    connection.execute("UPDATE days SET revision = revision + 1")
    connection.execute(f"DELETE FROM headline_search WHERE rowid IN {_GOING}")
    connection.execute(f"DELETE FROM articles WHERE article_id IN {_GOING}")
    for day, language in days:
        count_outlets(connection, day, language)
    recount_days(connection, [tuple(row) for row in days])
    return sorted({row["story_id"] for row in of_stories})


def _emptied(connection: sqlite3.Connection, story_ids: Sequence[int]) -> int:
    return sum(
        connection.execute("SELECT 1 FROM story_members WHERE story_id = ? LIMIT 1", [story_id]).fetchone()
        is None
        for story_id in story_ids
    )


def prune_polls(connection: sqlite3.Connection, before: date, after_poll: int) -> tuple[int, int | None]:
    """Delete polls of days before `before` that list nothing any more, a portion of them.

    Looks at those numbered above `after_poll`; returns how many went, and the number to go on after, None
    at the end.
    """
    rows = connection.execute(
        "SELECT poll_id, started_at FROM polls WHERE poll_id > ? ORDER BY poll_id LIMIT ?",
        [after_poll, _PORTION_POLLS],
    ).fetchall()
    old = [row["poll_id"] for row in rows if row["started_at"] < before.isoformat()]
    if not old:
        return 0, None
    deleted = connection.execute(
        "DELETE FROM polls WHERE poll_id BETWEEN ? AND ? AND started_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM listings AS l WHERE l.poll_id = polls.poll_id)",
        [old[0], old[-1], before.isoformat()],
    ).rowcount
    return deleted, old[-1] if len(rows) == _PORTION_POLLS else None


def prune_weights(connection: sqlite3.Connection, before: date) -> None:
    """Delete the token weights of days that are pruned; a language's newest are what it learns on from."""
    connection.execute(
        "DELETE FROM token_weights WHERE day < ?1"
        " AND NOT EXISTS (SELECT 1 FROM articles AS a WHERE a.day = token_weights.day"
        "                    AND a.language = token_weights.language)"
        " AND day < (SELECT max(day) FROM token_weights AS n WHERE n.language = token_weights.language)",
        [before.isoformat()],
    )


def count_by_day(connection: sqlite3.Connection) -> list[tuple[date, int]]:
    """How many articles each day has, oldest first."""
    rows = connection.execute("SELECT day, count(*) AS articles FROM articles GROUP BY day ORDER BY day")
    return [(day_of(row["day"]), row["articles"]) for row in rows]


def used_bytes(connection: sqlite3.Connection) -> int:
    """What the file's pages hold, those that are free left out."""
    pages, unused, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - unused) * size)
