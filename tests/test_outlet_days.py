"""The counts of outlets follow from the stories, whatever changed those."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import partial

import pytest

from aggregator.cli import run_command
from aggregator.demo import FOLDER
from aggregator.store import open_reader, open_store
from aggregator.store.browsing import read_outlets
from aggregator.store.pruning import prune_articles

SPANS = {"a day": 0, "all days": 300}  # days before the last one


def store_of(home):
    return home / FOLDER / "aggregator.db"


def last_day(connection):
    return date.fromisoformat(connection.execute("SELECT max(day) FROM stories_by_day").fetchone()[0])


def stored(path, span=SPANS["all days"]):
    with open_reader(path) as connection:
        last = last_day(connection)
        rows = read_outlets(connection, last - timedelta(days=span), last, limit=1_000)
    return {
        row["outlet"].lower(): (row["articles"], row["stories"], row["first"], row["alone"]) for row in rows
    }


def counted(path, span=SPANS["all days"]):
    """The same, counted from the views one article at a time."""
    with open_reader(path) as connection:
        last = last_day(connection)
        articles = connection.execute(
            "SELECT s.day, s.story_id, s.outlet FROM story_articles AS s JOIN articles AS a"
            " USING (article_id) WHERE s.day BETWEEN ? AND ? ORDER BY a.effective_at, a.article_id",
            [(last - timedelta(days=span)).isoformat(), last.isoformat()],
        ).fetchall()
    stories = defaultdict(list)
    for row in articles:
        stories[row["day"], row["story_id"]].append(row["outlet"].lower())
    total, carried, first_of, alone = Counter(), Counter(), Counter(), Counter()
    for outlets in stories.values():
        total.update(outlets)
        carried.update(set(outlets))
        (alone if len(set(outlets)) == 1 else first_of)[outlets[0]] += 1
    return {name: (total[name], carried[name], first_of[name], alone[name]) for name in total}


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
def test_counts_are_those_of_the_views(demo, span):
    path = store_of(demo[0])

    assert len(counted(path, span)) > 10
    assert stored(path, span) == counted(path, span)


def test_counts_follow_a_correction(demo_copy):
    path = store_of(demo_copy)
    before = stored(path)
    with open_reader(path) as connection:
        [article] = connection.execute(
            "SELECT max(article_id) FROM story_articles JOIN stories_by_day USING (day, story_id) WHERE outlets > 4"
        ).fetchone()

    words = ["--home", str(demo_copy), "--config", f"{FOLDER}/aggregator.toml", "correct", "split"]
    assert run_command([*words, str(article)]) == 0

    assert stored(path) == counted(path) != before


def test_counts_follow_pruning(demo_copy):
    path = store_of(demo_copy)
    with open_store(path) as store:
        going = store.write(
            lambda connection: [
                row[0]
                for row in connection.execute(
                    "SELECT article_id FROM articles WHERE day < ?",
                    [(last_day(connection) - timedelta(days=2)).isoformat()],
                )
            ]
        )
        store.write(lambda connection: connection.execute("DELETE FROM latest_listings"))
        store.write(partial(prune_articles, article_ids=going))

    assert stored(path) == counted(path)
    assert sum(row[0] for row in stored(path).values()) < 168
