"""Feeds that give their articles new addresses: what is the same article, and what must stay another one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from aggregator.model import ArticleDraft, DatedArticle, Identity, Outcome, PollRecord
from aggregator.settings import FeedSettings
from aggregator.store import feeds, open_reader, open_store, polls

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
FEED = FeedSettings("Courier", "world", "https://courier.example/feed", "en", "US", 30, is_google=False)
FERRY, BRIDGE, DYKE, SENATE = "Ferry sails", "Bridge opens", "Dyke holds", "Senate votes"

# A headline, the minute of its publication (None: no date) and its address.
Entry = tuple[str, int | None, str]
LIST: tuple[Entry, ...] = ((FERRY, 1, "ferry"), (BRIDGE, 2, "bridge"), (DYKE, 3, "dyke"))
RENAMED: tuple[Entry, ...] = tuple((headline, minute, f"{name}-2") for headline, minute, name in LIST)

CASES = {
    "all under new addresses": (LIST, RENAMED, 3),
    "all under new addresses, in another order": (LIST, RENAMED[::-1], 3),
    "and a new one among them": (LIST, (*RENAMED, (SENATE, 4, "senate")), 4),
    "and another that has the old headline": (LIST, (*RENAMED, (FERRY, 4, "ferry-3")), 4),
    "one kept its address": (LIST, (LIST[0], *RENAMED[1:]), 5),
    "too few to tell": (LIST[:2], RENAMED[:2], 4),
    "another day's, with the same headlines": (LIST, tuple((h, m + 9, n) for h, m, n in RENAMED), 6),
    "other headlines of the same minutes": (LIST, tuple((f"{h} again", m, n) for h, m, n in RENAMED), 6),
    "without dates": (
        tuple((headline, None, name) for headline, _, name in LIST),
        tuple((headline, None, name) for headline, _, name in RENAMED),
        6,
    ),
    "two that nobody can tell apart": (
        (*LIST, (FERRY, 1, "ferry-b")),
        (*RENAMED, (FERRY, 1, "ferry-b2")),
        8,
    ),
}


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "news.db") as opened:
        opened.write(partial(feeds.sync_feeds, feeds=[FEED], now=NOW))
        yield opened


def hear(store, entries, *, hours=0, is_whole=True, is_google=False):
    """A poll that brings a document of these entries; returns how many of them are new."""
    seen = NOW + timedelta(hours=hours)
    with open_reader(store.path) as connection:
        [feed] = feeds.load_feeds(connection)
    record = PollRecord(
        feed=replace(feed, entries_sha256=f"{hours}" if is_whole else None, is_google=is_google),
        started_at=seen,
        outcome=Outcome.MODIFIED,
        status=200,
        failure=None,
        articles=tuple(article(*entry, position, seen) for position, entry in enumerate(entries)),
        entries=len(entries),
        skipped=0,
        wire_bytes=0,
        took_ms=0,
    )
    return store.write(partial(polls.record_poll, record=record)).new


def article(headline, minute, name, position, seen):
    published = None if minute is None else NOW - timedelta(hours=1, minutes=minute, microseconds=-5)
    link = f"https://courier.example/{name}"
    draft = ArticleDraft(
        identity=Identity(f"url:{link}"),
        headline=headline,
        outlet="Courier",
        outlet_host=None,
        language="en",
        link=link,
        published=published,
        is_day_precise=False,
        summary=None,
        entry_id=None,
        needs_resolving=False,
        entry_position=position,
        list_position=0,
    )
    return DatedArticle(draft, seen, published or seen, seen.date())


def stored(store):
    with open_reader(store.path) as connection:
        return connection.execute("SELECT count(*) FROM articles").fetchone()[0]


@pytest.mark.parametrize(("before", "now", "articles"), CASES.values(), ids=CASES)
def test_what_is_taken_for_an_article_under_a_new_address(store, before, now, articles):
    hear(store, before)
    new = hear(store, now, hours=1)

    assert stored(store) == len(before) + new == articles


def test_new_addresses_with_every_poll_bring_nothing_but_news(store):
    entries = [(f"Bulletin {number}", number, str(number)) for number in range(9)]
    brought = [
        hear(store, [(h, m, f"{name}-{hour}") for h, m, name in entries[hour : hour + 5]], hours=hour)
        for hour in range(5)
    ]

    assert brought == [5, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "document", [{"is_whole": False}, {"is_google": True}], ids=["a part", "a Google feed"]
)
def test_where_it_cannot_be_known_they_are_articles_of_their_own(store, document):
    hear(store, LIST)

    assert hear(store, RENAMED, hours=1, **document) == 3
