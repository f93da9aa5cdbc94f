"""Pruning: what goes is gone whole and does not come back; what a feed still lists stays."""

import random
import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aggregator.app import load_app
from aggregator.cli import run_command
from aggregator.clock import ManualClock
from aggregator.demo import FOLDER
from aggregator.model import (
    ArticleDraft,
    DatedArticle,
    FeedHealth,
    Identity,
    LinkState,
    Outcome,
    PollRecord,
    Resolution,
    ResolverState,
)
from aggregator.pipeline import pruning
from aggregator.pipeline.local_grouper import LocalGrouper
from aggregator.pipeline.pruning import Retention, day_that_fits, plan, prune
from aggregator.replica import Replica, demo_days
from aggregator.settings import FeedSettings, Settings
from aggregator.store import Store, feeds, links, open_reader, open_store, polls
from aggregator.store.tombstones import add_tombstones, without_pruned
from aggregator.web import build_app
from tests.system.home import Feed, Home, check, poll_all, rows

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
FEED = FeedSettings("Example Times", "world", "https://times.example/feed", "en", "US", 30, is_google=False)
OTHER = replace(FEED, name="Other", url="https://other.example/feed")
WHOLE = "0" * 64  # hash of a document that was read to its end
AGED = Retention(keep_days=60)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "news.db") as opened:
        opened.write(partial(feeds.sync_feeds, feeds=[FEED, OTHER], now=NOW))
        yield opened


def poll(store: Store, *names: str, days_ago: int, feed: FeedSettings = FEED, **changes) -> polls.PollStored:
    """A poll so many days ago whose document lists articles of these names, one headline each."""
    moment = NOW - timedelta(days=days_ago)
    with open_reader(store.path) as connection:
        state = next(known for known in feeds.load_feeds(connection) if known.url == feed.url)
    values = {"last_polled_at": moment, "last_success_at": moment, "entries_sha256": WHOLE, **changes}
    record = PollRecord(
        feed=replace(state, **values),
        started_at=moment,
        outcome=Outcome.MODIFIED,
        status=200,
        failure=None,
        articles=tuple(DatedArticle(draft(name), moment, moment, moment.date()) for name in names),
        entries=len(names),
        skipped=0,
        wire_bytes=1_000,
        took_ms=10,
    )
    return store.write(partial(polls.record_poll, record=record))


def draft(name: str) -> ArticleDraft:
    """`google-x` is an article of Google's whose link is not known; any other name is a page of the outlet.

    Names that end alike have headlines of the same words, others have no word in common.
    """
    key = f"google:{name}" if name.startswith("google") else f"url:https://times.example/{name}"
    rng = random.Random(name.split("-")[-1])
    words = ["".join(rng.choices(string.ascii_lowercase, k=7)) for _ in range(8)]
    return ArticleDraft(
        identity=Identity(key),
        headline=" ".join(words),
        outlet=f"Outlet {name}",
        outlet_host=None,
        language="en",
        link=f"https://times.example/{name}",
        published=None,
        is_day_precise=False,
        summary=None,
        entry_id=None,
        needs_resolving=name.startswith("google"),
        entry_position=0,
        list_position=0,
    )


def group_all(store: Store) -> None:
    LocalGrouper(store).regroup(Settings(), NOW)


def resolve(store: Store, name: str, canonical_url: str) -> None:
    (article_id,) = rows(store.path, "SELECT article_id FROM articles WHERE key = ?", f"google:{name}")[0]
    resolution = Resolution(article_id, LinkState.RESOLVED, "page", canonical_url, canonical_url)
    state = ResolverState(1.0, NOW)
    store.write(lambda connection: links.save_resolutions(connection, [resolution], state, NOW))


def names(store: Store) -> set[str]:
    return {str(key).rpartition("/")[2] for (key,) in rows(store.path, "SELECT key FROM articles")}


def assert_is_sound(store: Path) -> None:
    assert check(store) == "ok"
    articles = rows(store, "SELECT article_id FROM articles ORDER BY 1")
    assert rows(store, "SELECT rowid FROM headline_search ORDER BY 1") == articles
    assert not rows(
        store,
        "SELECT * FROM story_days AS d WHERE articles <> (SELECT count(*) FROM story_members AS m"
        " WHERE m.story_id = d.story_id AND m.day = d.day)",
    )
    assert not rows(
        store,
        "SELECT * FROM stories AS s WHERE articles_total <>"
        " (SELECT count(*) FROM story_members AS m WHERE m.story_id = s.story_id)",
    )
    assert not rows(
        store,
        "SELECT * FROM days AS d WHERE stories <>"
        " (SELECT count(*) FROM story_days AS s WHERE s.day = d.day AND s.language = d.language)",
    ), "a day whose articles are gone is told as empty"


# --- what goes and what stays ------------------------------------------------------------------------


def test_old_articles_go_with_all_that_is_about_them_and_their_stories_keep_their_ids(store):
    poll(store, "a-Belmora", "b-Belmora", days_ago=100)
    poll(store, "c-Osterra", days_ago=5)
    group_all(store)
    story_ids = rows(store.path, "SELECT story_id FROM stories")
    report = prune(store, Settings(), AGED, NOW)

    assert (report.articles, report.kept) == (2, 0)
    assert names(store) == {"c-Osterra"}
    assert rows(store.path, "SELECT story_id FROM stories") == story_ids
    assert len(rows(store.path, "SELECT * FROM story_days")) == 1
    assert [
        len(rows(store.path, f"SELECT * FROM {table}")) for table in ("polls", "listings", "tombstones")
    ] == [
        1,
        1,
        2,
    ]
    assert_is_sound(store.path)


def test_what_was_pruned_does_not_come_back_and_new_articles_do_come(store):
    poll(store, "a-Belmora", days_ago=100)
    poll(store, "c-Osterra", days_ago=5)
    prune(store, Settings(), AGED, NOW)

    stored = poll(store, "a-Belmora", "c-Osterra", "d-Skarn", days_ago=0)

    assert stored.new == 1
    assert names(store) == {"c-Osterra", "d-Skarn"}
    assert_is_sound(store.path)


def test_nor_does_it_come_back_by_the_publishers_own_feed(store):
    poll(store, "google-Belmora", days_ago=100)
    resolve(store, "google-Belmora", "https://times.example/a-Belmora")
    poll(store, "google-Osterra", days_ago=5)
    prune(store, Settings(), AGED, NOW)

    poll(store, "a-Belmora", days_ago=0, feed=OTHER)

    assert names(store) == {"google:google-Osterra"}


def test_a_number_is_never_given_twice(store):
    poll(store, "a-Belmora", days_ago=100)
    highest = rows(store.path, "SELECT max(article_id) FROM articles")[0][0]
    poll(store, days_ago=99, health=FeedHealth.GONE)
    prune(store, Settings(), AGED, NOW)
    assert names(store) == set()
    poll(store, "b-Osterra", days_ago=0)
    assert rows(store.path, "SELECT article_id FROM articles")[0][0] > highest


STAYING = {
    "the feed still lists it": ([("a-X", 100), ("a-X", 1)], {}, {"a-X"}),
    "the feed lists something else": ([("a-X", 100), ("b-Y", 1)], {}, {"b-Y"}),
    "the feed came empty": ([("a-X", 100), ("", 1)], {}, {"a-X"}),
    "the feed came cut off": ([("a-X", 100), ("b-Y", 1)], {"entries_sha256": None}, {"a-X", "b-Y"}),
    "the feed is gone": ([("a-X", 100), ("a-X", 99)], {"health": FeedHealth.GONE}, set()),
    "the feed is switched off": ([("a-X", 100), ("a-X", 99)], {"health": FeedHealth.DISABLED}, set()),
    "its companion of that day is still listed": ([("a-X b-X", 100), ("b-X", 1)], {}, {"a-X", "b-X"}),
    "a stranger of that day is still listed": ([("a-X b-Lake", 100), ("b-Lake", 1)], {}, {"b-Lake"}),
}


@pytest.mark.parametrize(("documents", "last", "left"), STAYING.values(), ids=STAYING.keys())
def test_what_a_feed_still_lists_stays(store, documents, last, left):
    for number, (listed, days_ago) in enumerate(documents):
        changes = last if number == len(documents) - 1 else {}
        poll(store, *listed.split(), days_ago=days_ago, **changes)
    group_all(store)
    found = plan(store.path, Settings(), AGED, NOW)
    report = prune(store, Settings(), AGED, NOW)
    assert names(store) == left
    assert (found.articles, found.kept) == (report.articles, report.kept)
    assert_is_sound(store.path)


def test_an_article_that_stands_for_a_younger_one_stays_with_it(store):
    poll(store, "google-a-Belmora", "google-c-Skarn", days_ago=70)
    poll(store, "google-b-Belmora", days_ago=50)
    for name in ("a", "b"):
        resolve(store, f"google-{name}-Belmora", "https://times.example/same")
    poll(store, "d-Osterra", days_ago=1)
    assert rows(store.path, "SELECT count(*) FROM articles WHERE merged_into IS NOT NULL") == [(1,)]

    assert prune(store, Settings(), AGED, NOW).articles == 1
    assert_is_sound(store.path)
    assert prune(store, Settings(), Retention(keep_days=40), NOW).articles == 2
    assert names(store) == {"d-Osterra"}
    assert_is_sound(store.path)


def test_an_article_listed_again_since_the_plan_was_made_stays(store):
    poll(store, "a-Belmora", days_ago=100)
    poll(store, "c-Osterra", days_ago=5)
    with open_reader(store.path) as connection:
        found = pruning.pruning.find_prunable(connection, date(2026, 1, 1))
    poll(store, "a-Belmora", days_ago=0)
    pruned = store.write(partial(pruning.pruning.prune_articles, article_ids=found.portions[0]))
    assert pruned.articles == 0
    assert "a-Belmora" in names(store)


# --- how much ------------------------------------------------------------------------------------------

DAYS = [(date(2026, 1, number), 100) for number in range(1, 11)]
FITS = {
    "it fits": (1_000, 1_000, date.min),
    "a tenth too much": (1_000, 900, date(2026, 1, 2)),
    "a little too much": (1_000, 999, date(2026, 1, 2)),
    "half too much": (1_000, 500, date(2026, 1, 6)),
    "all too much": (1_000, 0, date(2026, 1, 11)),
}


@pytest.mark.parametrize(("used", "allowed", "first"), FITS.values(), ids=FITS.keys())
def test_the_first_day_that_fits(used, allowed, first):
    assert day_that_fits(DAYS, used, allowed) == first


def test_days_that_have_nothing_more_to_give_do_not_hold_up_the_next():
    assert day_that_fits(DAYS, 1_000, 900, date(2026, 1, 4)) == date(2026, 1, 5)


def fill(store: Store) -> None:
    """Ten weeks of articles."""
    for days_ago in range(100, 25, -5):
        poll(store, *(f"{number}-{days_ago}x{number}" for number in range(15)), days_ago=days_ago)
    group_all(store)
    store.maintain(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())


def test_by_size_the_oldest_go_and_the_file_shrinks_but_the_last_month_stays(store):
    fill(store)
    size = store.path.stat().st_size
    report = prune(store, Settings(), Retention(max_bytes=int(size * 0.8)), NOW)
    assert store.path.stat().st_size <= size * 0.8
    assert report.bytes_after < report.bytes_before
    oldest = date.fromisoformat(str(rows(store.path, "SELECT min(day) FROM articles")[0][0]))
    assert report.before <= oldest < report.before + timedelta(days=5)

    prune(store, Settings(), Retention(max_bytes=1), NOW)
    youngest = date.fromisoformat(str(rows(store.path, "SELECT min(day) FROM articles")[0][0]))
    assert youngest == NOW.date() - timedelta(days=30)
    assert_is_sound(store.path)


def test_stopped_after_some_articles_the_next_run_goes_on(store, monkeypatch):
    monkeypatch.setattr(pruning.pruning, "_PORTION_ARTICLES", 10)
    fill(store)
    articles = len(names(store))
    first = prune(store, Settings(), AGED, NOW, at_most=20)
    assert 20 <= first.articles < 40
    assert_is_sound(store.path)
    second = prune(store, Settings(), AGED, NOW)
    assert len(names(store)) == articles - first.articles - second.articles == 15 * 7
    assert prune(store, Settings(), AGED, NOW).articles == 0


@pytest.mark.parametrize(
    "words",
    [["--older-than", "7d"], ["--older-than", "soon"], ["--max-size", "2 apples"], []],
    ids=["too young", "no age", "no size", "no limit at all"],
)
def test_the_command_refuses_what_it_cannot_mean(demo, capsys, words):
    assert (
        run_command(["--home", str(demo[0]), "--config", f"{FOLDER}/aggregator.toml", "prune", *words]) == 2
    )
    assert capsys.readouterr().err


def test_a_tombstone_is_found_again_and_nothing_else_is(store):
    keys = [f"google:{number}" for number in range(1_000)]
    store.write(partial(add_tombstones, keys=keys[::2]))
    listed = [DatedArticle(replace(draft("x"), identity=Identity(key)), NOW, NOW, NOW.date()) for key in keys]
    with open_reader(store.path) as connection:
        left = without_pruned(connection, listed)
    assert [article.draft.identity.key for article in left] == keys[1::2]


# --- the whole program -----------------------------------------------------------------------------------


def test_half_of_a_real_store_goes_and_polling_again_brings_nothing_back(tmp_path, monkeypatch):
    monkeypatch.setattr(pruning, "MIN_KEEP_DAYS", 1)  # the demo's news is of four days
    moments = demo_days(date(2026, 3, 4))
    clock = ManualClock(moments[0].at)
    sections = {"World": "WORLD", "Business": "BUSINESS", "Technology": "TECHNOLOGY"}
    with Replica(now=clock.now) as replica:
        google = [Feed(name, name.lower(), google_topic=section) for name, section in sections.items()]
        home = Home(tmp_path).configure(google, base_url=replica.base_url)

        async def live(stages):
            async def poll_moment(moment):
                for address, snapshot in moment.content.items():
                    replica.show(address, snapshot)
                await poll_all(stages)

            for moment in moments:
                clock.advance(max(moment.at - clock.now(), timedelta(0)))
                await poll_moment(moment)
            before = rows(home.store, "SELECT count(*) FROM articles")[0][0]
            report = prune(stages.store, stages.settings, Retention(keep_days=1), clock.now())
            left = what_is_left(home.store)
            await poll_moment(moments[len(moments) // 2])  # the feeds show old documents once more
            await poll_moment(moments[-1])
            return before, report, left

        before, report, left = home.work(clock, live)
    assert report.articles > before * 0.4
    assert len(left["articles"]) == before - report.articles
    assert what_is_left(home.store) == left
    assert_is_sound(home.store)


def what_is_left(store: Path) -> dict[str, list]:
    tables = {
        "articles": "article_id, key",
        "tombstones": "key_hash",
        "story_members": "article_id, story_id",
    }
    return {name: sorted(rows(store, f"SELECT {columns} FROM {name}")) for name, columns in tables.items()}


def test_the_command_prunes_and_says_so(demo_copy, monkeypatch, capsys):
    monkeypatch.setattr("aggregator.pipeline.pruning.MIN_KEEP_DAYS", 1)
    words = ["--home", str(demo_copy), "--config", f"{FOLDER}/aggregator.toml", "prune", "--older-than", "2d"]
    assert run_command([*words, "--dry-run"]) == 0
    assert "would go" in capsys.readouterr().out
    assert run_command(words) == 0
    assert "are gone" in (said := capsys.readouterr().out)
    assert "a feed still lists them" in said or "stay" not in said
    assert_is_sound(demo_copy / FOLDER / "aggregator.db")


def test_a_story_whose_articles_are_gone_and_its_neighbours_can_still_be_asked_for(demo_copy, capsys):
    store = demo_copy / FOLDER / "aggregator.db"
    story, neighbour = rows(
        store, "SELECT story_id, next_story_id FROM stories WHERE next_story_id IS NOT NULL LIMIT 1"
    )[0]
    going = [row[0] for row in rows(store, "SELECT article_id FROM story_members WHERE story_id = ?", story)]
    with open_store(store) as opened:
        opened.write(lambda connection: connection.execute("DELETE FROM latest_listings"))
        opened.write(partial(pruning.pruning.prune_articles, article_ids=going))

    words = ["--home", str(demo_copy), "--config", f"{FOLDER}/aggregator.toml", "story"]
    assert run_command([*words, str(story)]) == 0
    assert "have been pruned" in capsys.readouterr().err
    assert run_command([*words, str(neighbour)]) == 0
    assert "previous issue" not in capsys.readouterr().out
    app = load_app(Path(FOLDER) / "aggregator.toml", demo_copy)
    with TestClient(build_app(app, "a token of sixteen characters"), base_url="http://127.0.0.1") as client:
        pages = [
            client.get(f"/story/{number}{kind}") for number in (story, neighbour) for kind in ("", ".json")
        ]
    assert [page.status_code for page in pages] == [200] * 4
    assert 'rel="prev"' not in pages[2].text
