"""Polls and digests killed at any moment: nothing stored is lost or half there, and the next start makes it whole."""

import hashlib
import os
import random
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.replica import OWN_FEEDS, Faults, Replica, demo_days
from tests.system.home import FORKS, Feed, Home, check, rows, stories
from tests.system.paper import live_on

SECTIONS = {"World": "WORLD", "Business": "BUSINESS", "Technology": "TECHNOLOGY"}
KILLS = 3  # one after the other, before the poll that is left alone
ROUNDS = 5


def what_is_there(store):
    """The store's content without what a clock or a counter wrote."""
    articles = rows(store, "SELECT key, headline, outlet, day, link, language FROM articles")
    listings = rows(
        store,
        "SELECT f.name, a.key, l.key, entry_position, list_position FROM listings"
        " JOIN feeds AS f USING (feed_id) JOIN articles AS a USING (article_id)"
        " JOIN articles AS l ON l.article_id = lead_article_id",
    )
    topics = rows(store, "SELECT key, topic FROM article_topics JOIN articles USING (article_id)")
    queue = rows(store, "SELECT key, state FROM resolutions JOIN articles USING (article_id)")
    return {
        "articles": sorted(articles),
        "listings": set(listings),
        "topics": set(topics),
        "queue": set(queue),
        "stories": stories(store),
        "searchable": rows(store, "SELECT count(*) FROM headline_search"),
    }


@pytest.fixture(scope="module")
def replica():
    """What the demo's feeds showed last night, so that no day depends on when the test runs."""
    today = datetime.now(UTC).date()  # noqa: TID251 - the processes under test live by the real clock
    with Replica(demo_days(today)[-4].content, faults=Faults(delay_seconds=0.01)) as running:
        yield running


def configure(home, replica):
    google = [Feed(name, name.lower(), google_topic=section) for name, section in SECTIONS.items()]
    own = [Feed(slug, url=replica.base_url + path) for slug, path in OWN_FEEDS.items()]
    return home.configure([*google, *own], base_url=replica.base_url)


def poll(home):
    process = home.fork("poll", "--all")
    process.join()
    assert process.exitcode == 0


@pytest.fixture(scope="module")
def undisturbed(replica, tmp_path_factory):
    """What a poll stores that nothing happens to, and how long it takes in seconds."""
    taken = []
    for _ in range(2):  # the first one starts the server of forks
        home = configure(Home(tmp_path_factory.mktemp("undisturbed")), replica)
        started = time.monotonic()
        poll(home)
        taken.append(time.monotonic() - started)
    return what_is_there(home.store), min(taken)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_polls_killed_at_random_moments_are_made_whole_by_the_next(tmp_path, replica, undisturbed, seed):
    expected, seconds = undisturbed
    home, rng = configure(Home(tmp_path), replica), random.Random(seed)
    for _ in range(KILLS):
        process = home.fork("poll", "--all")
        time.sleep(rng.uniform(0.02, 1.0) * seconds)
        process.kill()
        process.join()
        if home.store.exists() and home.store.stat().st_size:
            assert check(home.store) == "ok"

    poll(home)

    assert what_is_there(home.store) == expected
    assert check(home.store) == "ok"


# --- digests ---------------------------------------------------------------------------------------------

FIRST, LAST = date(2026, 3, 26), date(2026, 4, 2)  # round the change of the clock in Berlin
DEATHS = 100 if os.environ.get("LONG") else 4


def test_a_process_that_is_killed_over_and_over_makes_each_digest_once(tmp_path):
    rng = random.Random(5)
    for _ in range(DEATHS):
        process = FORKS.Process(target=live_on, args=(tmp_path, FIRST, LAST))
        process.start()
        time.sleep(rng.uniform(0.1, 1.2))
        process.kill()
        process.join()
        if (tmp_path / "news.db").exists():
            assert check(tmp_path / "news.db") == "ok"
    live_on(tmp_path, FIRST, LAST)

    days = [(FIRST + timedelta(days=number)).isoformat() for number in range((LAST - FIRST).days + 1)]
    log = rows(
        tmp_path / "news.db", "SELECT day, format, path, sha256 FROM digest_log WHERE addendum = 0 ORDER BY 1"
    )
    for name in ("text", "atom"):
        assert [day for day, format, *_ in log if format == name][: len(days)] == days
    for *_, path, sha256 in log:
        assert hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() == sha256
    assert not list((tmp_path / "digests").glob(".*")), "nothing half written is left"
    printed = "SELECT day, article_id FROM digest_articles WHERE day BETWEEN ? AND ? ORDER BY 1, 2"
    grouped = "SELECT day, article_id FROM story_members WHERE day BETWEEN ? AND ? ORDER BY 1, 2"
    assert rows(tmp_path / "news.db", printed, *days[:: len(days) - 1]) == rows(
        tmp_path / "news.db", grouped, *days[:: len(days) - 1]
    )
