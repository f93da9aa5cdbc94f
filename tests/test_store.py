"""The store: one writer, all or nothing, and what a poll leaves behind. Real SQLite files throughout."""

import asyncio
import fcntl
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import StoreError, StoreFull, StoreLocked, UsageError
from aggregator.model import (
    ArticleDraft,
    DatedArticle,
    FeedState,
    Identity,
    LinkState,
    Outcome,
    PollRecord,
    Resolution,
    ResolverState,
    Validators,
)
from aggregator.settings import FeedSettings
from aggregator.store import Store, copies, days, feeds, links, open_reader, open_store, polls
from aggregator.store.search_text import Query, match_expression, parse_query, search_text
from aggregator.store.searching import search

NOW = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
FEED = FeedSettings(
    name="Example Times",
    topic="world",
    url="https://times.example/feed",
    language="en",
    country="US",
    interval_minutes=30,
    is_google=False,
)
GOOGLE = replace(FEED, name="World", url="https://news.google.com/rss/topics/X", is_google=True)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "news.db") as opened:
        opened.write(partial(feeds.sync_feeds, feeds=[FEED, GOOGLE], now=NOW))
        yield opened


def feed_of(store: Store, url: str = FEED.url) -> FeedState:
    with open_reader(store.path) as connection:
        return next(feed for feed in feeds.load_feeds(connection) if feed.url == url)


def draft(name: str, *, headline: str = "", entry: int = 0, place: int = 0, **changes) -> ArticleDraft:
    values = {
        "identity": Identity(f"url:https://times.example/{name}"),
        "headline": headline or f"Headline of {name}",
        "outlet": "Example Times",
        "outlet_host": None,
        "language": "en",
        "link": f"https://times.example/{name}",
        "published": NOW,
        "is_day_precise": False,
        "summary": None,
        "entry_id": None,
        "needs_resolving": False,
        "entry_position": entry,
        "list_position": place,
    }
    return ArticleDraft(**{**values, **changes})


def dated(*drafts: ArticleDraft, seen: datetime = NOW) -> tuple[DatedArticle, ...]:
    return tuple(DatedArticle(each, seen, seen, seen.date()) for each in drafts)


def poll(store: Store, articles, *, url: str = FEED.url, now: datetime = NOW, **feed_changes):
    record = PollRecord(
        feed=replace(feed_of(store, url), last_polled_at=now, **feed_changes),
        started_at=now,
        outcome=Outcome.MODIFIED,
        status=200,
        failure=None,
        articles=articles,
        entries=len(articles),
        skipped=0,
        wire_bytes=1000,
        took_ms=10,
    )
    return store.write(partial(polls.record_poll, record=record))


def rows(store: Store, sql: str, *parameters):
    with open_reader(store.path) as connection:
        return [tuple(row) for row in connection.execute(sql, parameters)]


def test_a_full_disk_undoes_the_write_and_is_told_from_a_broken_one(store):
    pages = rows(store, "PRAGMA page_count")[0][0]
    store.maintain(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreFull, match="nothing of this write was stored"):
        poll(store, dated(*(draft(f"a{n}", headline="x" * 2_000) for n in range(50))))
    assert rows(store, "SELECT count(*) FROM articles") == [(0,)]

    store.maintain(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))
    assert poll(store, dated(draft("a"))).new == 1


# --- the file ------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_and_told_who_holds_the_file(store):
    with pytest.raises(StoreLocked, match=r"written by process \d+"):
        open_store(store.path)


def test_the_lock_ends_with_the_store(tmp_path):
    open_store(tmp_path / "news.db").close()
    open_store(tmp_path / "news.db").close()


def test_who_asks_for_the_writer_does_not_keep_the_next_one_out(tmp_path):
    open_store(tmp_path / "news.db").close()
    with (tmp_path / "news.db.lock").open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        threading.Timer(0.1, fcntl.flock, (asking, fcntl.LOCK_UN)).start()
        open_store(tmp_path / "news.db").close()


def test_a_file_of_a_newer_version_is_refused(tmp_path):
    open_store(tmp_path / "news.db").close()
    connection = sqlite3.connect(tmp_path / "news.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()

    with pytest.raises(StoreError, match="newer version"):
        open_store(tmp_path / "news.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "news.db"
    path.write_text("These are my recipes, not a database. " * 50)

    with pytest.raises(StoreError, match="cannot be opened as a database"):
        open_store(path)

    assert path.read_text().startswith("These are my recipes")


def test_reading_where_there_is_no_file_says_what_makes_one(tmp_path):
    with pytest.raises(StoreError, match="aggregator poll"), open_reader(tmp_path / "none.db"):
        pass


def test_a_reader_cannot_write(store):
    with open_reader(store.path) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM feeds")


def test_settings_that_the_promise_rests_on(store):
    settings = store.write(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert settings == ["wal", 2, 1]


def test_a_write_that_raises_undoes_itself_and_nothing_else(store):
    def fail(connection):
        connection.execute("INSERT INTO closed_days VALUES ('2026-01-01', 'UTC', 'now')")
        raise ValueError("half way")

    with ThreadPoolExecutor(8) as pool:
        good = [
            pool.submit(
                store.write,
                lambda c, n=n: days.close_day(c, date(2026, 1, 1) + timedelta(days=n), "UTC", NOW),
            )
            for n in range(1, 20)
        ]
        bad = pool.submit(store.write, fail)
        for each in good:
            each.result()
        with pytest.raises(ValueError, match="half way"):
            bad.result()

    assert rows(store, "SELECT count(*), min(day) FROM closed_days") == [(19, "2026-01-02")]


def test_nothing_of_a_write_is_visible_before_its_commit(store):
    def write(connection):
        days.close_day(connection, date(2026, 1, 1), "UTC", NOW)
        return rows(store, "SELECT * FROM closed_days")

    assert store.write(write) == []
    assert len(rows(store, "SELECT * FROM closed_days")) == 1


def test_a_write_whose_caller_was_cancelled_is_carried_out_and_the_next_one_too(store):
    held, release = threading.Event(), threading.Event()

    def hold(connection):
        held.set()
        release.wait()

    def close_a_day(connection):
        days.close_day(connection, date(2026, 1, 2), "UTC", NOW)

    async def cancelled():
        await asyncio.wait_for(asyncio.wrap_future(store.submit(close_a_day)), 0.01)

    first = store.submit(hold)
    held.wait()
    with pytest.raises(TimeoutError):
        asyncio.run(cancelled())
    release.set()
    first.result(timeout=10)
    assert store.submit(lambda connection: 7).result(timeout=10) == 7
    assert rows(store, "SELECT count(*) FROM closed_days") == [(1,)]


def test_a_write_that_ends_the_transaction_under_the_others_fails_and_the_next_one_works(store):
    def saboteur(connection):
        connection.execute("ROLLBACK")
        raise ValueError("a bug")

    with pytest.raises(StoreError, match="nothing of this write was stored"):
        store.submit(saboteur).result(timeout=10)
    assert store.submit(lambda connection: 7).result(timeout=10) == 7


def test_whoever_comes_while_a_store_closes_is_answered(tmp_path):
    for number in range(20):
        store = open_store(tmp_path / f"{number}.db")
        asked = []

        def ask(store=store, asked=asked):
            with suppress(StoreError):
                while True:
                    asked.append(store.submit(lambda connection: 7))

        asker = threading.Thread(target=ask)
        asker.start()
        store.close()
        asker.join()
        assert [future.result(timeout=10) for future in asked] == [7] * len(asked)


def test_a_closed_store_takes_nothing(tmp_path):
    store = open_store(tmp_path / "news.db")
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.write(lambda connection: None)


def test_a_replaced_file_is_noticed(store):
    assert store.is_same_file()
    store.path.rename(store.path.with_suffix(".moved"))
    assert not store.is_same_file()


def test_a_backup_is_whole_and_never_overwrites(store, tmp_path):
    poll(store, dated(draft("a")))
    with open_reader(store.path) as connection:
        assert copies.backup(connection, tmp_path / "copy.db").size_bytes > 0
        with pytest.raises(StoreError, match="never overwrites"):
            copies.backup(connection, tmp_path / "copy.db")

    with open_store(tmp_path / "copy.db") as copy:
        assert rows(copy, "SELECT headline FROM articles") == [("Headline of a",)]


# --- polls ---------------------------------------------------------------------------------------


def test_a_poll_stores_articles_listings_validators_and_its_own_row_together(store):
    stored = poll(store, dated(draft("a"), draft("b", entry=1)), validators=Validators('"v1"', None))

    assert stored.new == 2
    assert rows(store, "SELECT headline, day FROM articles ORDER BY article_id") == [
        ("Headline of a", "2026-01-07"),
        ("Headline of b", "2026-01-07"),
    ]
    assert rows(store, "SELECT entry_position, list_position FROM listings ORDER BY article_id") == [
        (0, 0),
        (1, 0),
    ]
    assert rows(store, "SELECT etag, new_last FROM feeds WHERE url = ?", FEED.url) == [('"v1"', 2)]
    assert rows(store, "SELECT outcome, new_articles FROM polls") == [("modified", 2)]


def test_a_poll_that_fails_half_way_leaves_nothing(store):
    unstorable = dated(draft("a"), draft("b", headline="half a pair \ud800"))

    with pytest.raises(UnicodeEncodeError):
        poll(store, unstorable, validators=Validators('"v2"', None))

    assert rows(store, "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM polls)") == [(0, 0)]
    assert rows(store, "SELECT etag FROM feeds WHERE url = ?", FEED.url) == [(None,)]


def test_polling_the_same_again_adds_only_the_poll(store):
    articles = dated(draft("a"), draft("b", entry=1))
    poll(store, articles)
    before = rows(store, "SELECT * FROM articles"), rows(store, "SELECT * FROM listings")

    assert poll(store, articles, now=NOW + timedelta(hours=1)).new == 0
    assert (rows(store, "SELECT * FROM articles"), rows(store, "SELECT * FROM listings")) == before


def test_a_google_group_is_listed_under_its_lead_in_every_poll(store):
    group = dated(draft("a"), draft("b", place=1), draft("c", entry=1))
    for hour in range(2):
        poll(store, group, url=GOOGLE.url, now=NOW + timedelta(hours=hour))

    assert rows(store, "SELECT poll_id, lead_article_id FROM listings ORDER BY 1, article_id") == [
        (1, 1),
        (1, 1),
        (1, 3),
        (2, 1),
        (2, 1),
        (2, 3),
    ]


def test_a_changed_headline_is_a_revision_and_the_first_one_stays(store):
    for number in range(40):
        poll(store, dated(draft("a", headline=f"Version {number}")))

    assert rows(store, "SELECT headline FROM articles") == [("Version 0",)]
    assert rows(store, "SELECT count(*) FROM headline_revisions") == [(polls.MAX_REVISIONS,)]


def test_first_seen_and_day_are_written_once(store):
    poll(store, dated(draft("a")))
    poll(store, dated(draft("a"), seen=NOW + timedelta(days=2)))

    assert rows(store, "SELECT first_seen_at, day FROM articles") == [("2026-01-07T12:00:00Z", "2026-01-07")]


# --- one article, two links ----------------------------------------------------------------------


def google_draft(identifier: str) -> ArticleDraft:
    return draft(
        identifier,
        identity=Identity(f"google:{identifier}", google_id=identifier),
        link=f"https://news.google.com/rss/articles/{identifier}",
        needs_resolving=True,
    )


def resolve(store: Store, article_id: int, url: str) -> None:
    resolution = Resolution(article_id, LinkState.RESOLVED, "batch", url, url, attempts=1)
    state = ResolverState(10.0, NOW)
    store.write(
        partial(links.save_resolutions, resolutions=[resolution], state=state, now=NOW + timedelta(hours=1))
    )


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["first resolves first", "second resolves first"])
def test_two_articles_with_one_canonical_url_become_one_with_both_links_kept(store, order):
    poll(store, dated(google_draft("CBMiA")), url=GOOGLE.url)
    poll(store, dated(google_draft("CBMiB"), seen=NOW + timedelta(minutes=5)), url=GOOGLE.url)
    for article_id in order:
        resolve(store, article_id, "https://times.example/same")

    assert rows(store, "SELECT article_id, merged_into FROM articles ORDER BY 1") == [(1, None), (2, 1)]
    assert len(rows(store, "SELECT link FROM articles")) == 2
    with open_reader(store.path) as connection:
        inputs = days.load_day_inputs(connection, NOW.date(), "en", 3)
    assert [headline.key for headline in inputs.headlines] == ["google:CBMiA"]


def test_an_article_of_a_closed_day_is_not_folded_away(store):
    poll(store, dated(google_draft("CBMiA")), url=GOOGLE.url)
    poll(store, dated(google_draft("CBMiB"), seen=NOW + timedelta(minutes=5)), url=GOOGLE.url)
    store.write(partial(days.close_day, day=NOW.date(), timezone="UTC", now=NOW))
    for article_id in (1, 2):
        resolve(store, article_id, "https://times.example/same")

    assert rows(store, "SELECT DISTINCT merged_into FROM articles") == [(None,)]


def test_a_link_waits_in_the_queue_until_it_is_resolved(store):
    poll(store, dated(google_draft("CBMiA"), draft("plain")), url=GOOGLE.url)
    with open_reader(store.path) as connection:
        assert [job.google_id for job in links.load_due_links(connection, NOW, 10)] == ["CBMiA"]

    resolve(store, 1, "https://times.example/found")

    with open_reader(store.path) as connection:
        assert links.load_due_links(connection, NOW + timedelta(days=9), 10) == []
    assert rows(store, "SELECT state, publisher_url FROM resolutions") == [
        ("resolved", "https://times.example/found")
    ]


def test_the_resolver_budget_survives_a_restart(store):
    state = ResolverState(3.5, NOW, NOW + timedelta(hours=1), trips=2)
    store.write(partial(links.save_resolver_state, state=state))
    with open_reader(store.path) as connection:
        assert links.load_resolver_state(connection) == state


# --- feeds ---------------------------------------------------------------------------------------


def test_a_feed_survives_its_round_trip_through_the_table(store):
    changed = replace(
        feed_of(store),
        validators=Validators('W/"x"', "Wed, 07 Jan 2026 12:00:00 GMT"),
        failures=1.25,
        gone_since=NOW,
        moved_to="https://new.example/feed",
        last_error="it was down",
    )
    store.write(lambda connection: feeds.save_feed(connection, changed))
    assert feed_of(store) == changed


def test_a_feed_that_leaves_the_configuration_is_kept_and_goes_on_when_it_comes_back(store):
    poll(store, dated(draft("a")), validators=Validators('"v1"', None), last_success_at=NOW)
    store.write(partial(feeds.sync_feeds, feeds=[GOOGLE], now=NOW))
    assert feed_of(store).health == "disabled"
    with open_reader(store.path) as connection:
        assert [feed.name for feed in feeds.load_pollable_feeds(connection)] == ["World"]

    store.write(partial(feeds.sync_feeds, feeds=[FEED, GOOGLE], now=NOW))

    assert feed_of(store).health == "ok"
    assert feed_of(store).validators == Validators('"v1"', None)


POLLED_OUTSIDE = {
    "its time has come": (NOW, True),
    "this very second": (NOW + timedelta(milliseconds=900), True),
    "the next second": (NOW + timedelta(seconds=1), False),
    "as far ahead as a plan reaches": (NOW + timedelta(days=1), False),
    "further ahead than any plan reaches": (NOW + timedelta(days=1, seconds=1), True),
}


@pytest.mark.parametrize(("next_poll_at", "is_found"), POLLED_OUTSIDE.values(), ids=POLLED_OUTSIDE)
def test_feeds_are_found_by_when_they_are_polled_next(store, next_poll_at, is_found):
    feed = replace(feed_of(store), next_poll_at=next_poll_at)
    store.write(lambda connection: feeds.save_feed(connection, feed))
    with open_reader(store.path) as connection:
        found = feeds.load_feeds_polled_outside(connection, NOW, NOW + timedelta(days=1))
    assert (feed.name in [each.name for each in found]) is is_found


# --- search --------------------------------------------------------------------------------------

SEARCHES = {
    "a Latin word in any case": ("RIVER", 1),
    "a word without its accents": ("Elysee", 2),
    "a Cyrillic word": ("мост", 3),
    "a Chinese word inside a headline": ("桥梁", 4),
    "one Chinese character": ("桥", 4),
    "a Thai word": ("สะพาน", 5),
    "an outlet": ("times river", 1),
    "words of a query language": ('river "OR" NOT', None),
    "quotes and brackets": ('")(*:^', None),
    "a phrase": ('"old town"', 1),
    "a phrase in another order": ('"town old"', None),
    "an outlet by name": ("outlet:meridian river", None),
    "an outlet by part of its name": ("outlet:times river", 1),
    "an outlet by its host": ("outlet:times.example river", 1),
    "a host is no word": ("www river", None),
    "a day": ("day:2026-01-07 river", 1),
    "a span of days": ("day:2026-01..2026-02 river", 1),
    "another day": ("day:2025 river", None),
    "a topic in any case": ("topic:World river", 1),
    "another topic": ("topic:sports river", None),
    "a language with its country": ("language:en-GB river", 1),
    "another language": ("language:de river", None),
    "no operator": ("river: floods", 1),
}


@pytest.mark.parametrize(("words", "found"), SEARCHES.values(), ids=SEARCHES.keys())
def test_search(store, words, found):
    headlines = (
        "River floods the old town",
        "Le palais de l'Élysée rouvre",
        "Новый мост открыли в городе",
        "新桥梁今天通车",
        "เปิดสะพานใหม่วันนี้",
    )
    poll(
        store,
        dated(
            *(
                draft(str(n), headline=text, entry=n, outlet_host="www.times.example")
                for n, text in enumerate(headlines)
            )
        ),
    )
    with open_reader(store.path) as connection:
        ids = [row["article_id"] for row in search(connection, words)]
    assert ids == ([] if found is None else [found])


QUERIES = {
    "everything at once": (
        'strait "cease fire" outlet:"Harbour Post" OUTLET:lantern day:2026-11 topic:world language:en',
        Query(
            ("strait", "cease fire"),
            ("Harbour Post", "lantern"),
            (("2026-11", "2026-11~"),),
            ("world",),
            ("en",),
        ),
    ),
    "an open quote": ('"strait talks', Query(("strait", "talks"))),
    "an operator without a value": ("day: strait", Query(("day:", "strait"))),
    "an unknown operator": ("site:example.org", Query(("site:example.org",))),
    "days of different length": ("day:2025..2026-02-03", Query(days=(("2025", "2026-02-03~"),))),
    "ten thousand words": ("a " * 10_000, Query(("a",) * 64)),
}


@pytest.mark.parametrize(("text", "query"), QUERIES.values(), ids=QUERIES.keys())
def test_queries(text, query):
    assert parse_query(text) == query


@pytest.mark.parametrize("day", ["yesterday", "2026-13", "2026-02-30", "26-01-01", "2026..x"])
def test_a_day_that_is_none_is_named(day):
    with pytest.raises(UsageError, match=re.escape(f"day:{day} is no day")):
        parse_query(f"storm day:{day}")


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("empty") / "news.db"
    open_store(path).close()
    return path


@given(st.text(), st.sampled_from(["", "outlet:", "topic:", "day:", "language:"]))
def test_no_text_is_an_error_of_the_index(empty_file, text, operator):
    with open_reader(empty_file) as connection:
        found = []
        with suppress(UsageError):  # a day that is none
            found = search(connection, operator + text)
    assert found == []


def test_search_text_keeps_spaced_scripts_as_they_are():
    assert search_text("Storm hits 東京 bay") == "Storm hits 東 京 bay"
    assert match_expression(parse_query(" \t ")) is None


VIEWS = {
    "stories_by_day": "day story_id topic headline status articles outlets articles_total outlets_total"
    " first_seen_at last_seen_at series serial",
    "story_articles": "story_id day article_id headline outlet outlet_host language link publisher_url"
    " canonical_url published_at first_seen_at rule score partner_article_id",
    "feed_health": "feed_id name url state last_polled_at last_success_at next_poll_at failures last_outcome"
    " last_error entries_last new_last",
    "link_queue": "article_id link state attempts next_try_at method last_error",
    "decisions": "decided_at day article_id partner_article_id story_id verdict rule score threshold words"
    " rules_version",
    "digest_log": "day topic format path sha256 made_at stories addendum",
}


@pytest.mark.parametrize(("view", "columns"), VIEWS.items(), ids=VIEWS.keys())
def test_the_public_views_have_the_promised_columns(store, view, columns):
    with open_reader(store.path) as connection:
        names = [column[0] for column in connection.execute(f"SELECT * FROM {view}").description]
    assert names == columns.split()


def test_other_tools_open_the_file_while_it_is_written(store):
    poll(store, dated(draft("a")))
    import sqlite_utils

    other = sqlite_utils.Database(sqlite3.connect(f"file:{store.path}?mode=ro", uri=True))
    assert other["articles"].count == 1
    assert Path(f"{store.path}-wal").exists()
