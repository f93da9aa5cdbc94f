"""The pipeline's own decisions: what an entry becomes, and what a poll makes of a feed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.model import (
    Entry,
    Failure,
    FailureKind,
    FeedHealth,
    FeedState,
    Fetched,
    ListedHeadline,
    Outcome,
    ParsedFeed,
    Validators,
)
from aggregator.pipeline.drafts import articles_of, effective_time
from aggregator.pipeline.turn import Turn, feed_after, is_poisoned
from aggregator.settings import PollSettings

NOW = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
FEED = FeedState(
    feed_id=1,
    url="https://times.example/feed",
    name="Example Times",
    topic="world",
    language="en",
    country="US",
    is_google=False,
    interval_minutes=30,
    health=FeedHealth.OK,
    next_poll_at=NOW,
    validators=Validators('"old"', None),
    body_sha256="old body",
    entries_sha256="old entries",
)
OLD, NEW = Validators('"old"', None), Validators('"new"', None)


def google(identifier: str) -> str:
    return f"https://news.google.com/rss/articles/{identifier}?oc=5"


def listed(headline: str, outlet: str | None, link: str, google_id: str | None = None) -> ListedHeadline:
    return ListedHeadline(headline, outlet, link, google_id)


def articles(*entries: Entry, zone: str = "UTC", now: datetime = NOW):
    return articles_of(ParsedFeed("t", "en", "rss20", entries), FEED, now=now, timezone=ZoneInfo(zone))


# --- drafts --------------------------------------------------------------------------------------

EFFECTIVE = {
    "a date in the past counts": (NOW - timedelta(hours=5), NOW - timedelta(hours=5)),
    "no date: when we saw it": (None, NOW),
    "a little ahead is a wrong clock": (NOW + timedelta(minutes=59), NOW + timedelta(minutes=59)),
    "far ahead is no date": (NOW + timedelta(hours=2), NOW),
}


@pytest.mark.parametrize(("published", "effective"), EFFECTIVE.values(), ids=EFFECTIVE.keys())
def test_effective_time(published, effective):
    assert effective_time(published, NOW) == effective


def test_every_headline_of_a_google_group_is_an_article_with_the_date_of_its_entry():
    published = NOW - timedelta(hours=3)
    group = (
        listed("Bridge falls", "Harbour Post", google("CBMiA"), "CBMiA"),
        listed("Vennhavn bridge collapses", "Tallis Wire", google("CBMiB"), "CBMiB"),
    )
    found = articles(Entry(4, "CBMiA", group, published, outlet_url="https://harbour.example"))

    assert [article.draft.identity.key for article in found] == ["google:CBMiA", "google:CBMiB"]
    assert [article.draft.published for article in found] == [published, published]
    assert [article.draft.outlet_host for article in found] == ["harbour.example", None]
    assert [(article.draft.entry_position, article.draft.list_position) for article in found] == [
        (4, 0),
        (4, 1),
    ]


def test_an_article_that_a_document_lists_twice_is_one_article_at_its_first_place():
    twice = listed("Bridge falls", "Harbour Post", google("CBMiA"), "CBMiA")
    found = articles(Entry(0, None, (twice,)), Entry(1, None, (twice,)))
    assert [article.draft.entry_position for article in found] == [0]


def test_a_plain_entry_belongs_to_its_feed_unless_it_names_its_outlet():
    found = articles(
        Entry(0, "1", (listed("A", None, "https://times.example/a"),)),
        Entry(1, "2", (listed("B", "Wire", "https://times.example/b"),)),
    )
    assert [article.draft.outlet for article in found] == ["Example Times", "Wire"]


DAYS = {
    "just before midnight in Berlin": (
        datetime(2026, 1, 7, 22, 59, tzinfo=UTC),
        "Europe/Berlin",
        date(2026, 1, 7),
    ),
    "just after it": (datetime(2026, 1, 7, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 1, 8)),
    "in the missing hour's zone": (
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        "Europe/Berlin",
        date(2026, 3, 29),
    ),
    "half an hour off": (datetime(2026, 1, 6, 13, 0, tzinfo=UTC), "Australia/Lord_Howe", date(2026, 1, 7)),
}


@pytest.mark.parametrize(("seen", "zone", "day"), DAYS.values(), ids=DAYS.keys())
def test_the_day_of_an_article_is_that_of_the_configured_zone(seen, zone, day):
    entry = Entry(0, None, (listed("A", None, "https://times.example/a"),))
    assert articles(entry, zone=zone, now=seen)[0].day == day


# --- turns ---------------------------------------------------------------------------------------


def fetched(outcome: Outcome = Outcome.MODIFIED, **changes) -> Fetched:
    return replace(Fetched(outcome, FEED.url, 200, b"x", "new body", "text/xml", validators=NEW), **changes)


def parsed(**changes) -> ParsedFeed:
    entry = Entry(0, None, (listed("A", None, "https://times.example/a"),))
    return replace(ParsedFeed("t", "en", "rss20", (entry,)), **changes)


def turn(answer: Fetched, **changes) -> Turn:
    return Turn(FEED, answer, NOW, was_conditional=True, **changes)


def after(taken: Turn) -> FeedState:
    return feed_after(taken, now=NOW, settings=PollSettings(), jitter=0.0)


DIED = Failure(FailureKind.WORKER_DIED, "the parser was killed")
TURNS = {
    "a whole new document": (turn(fetched(), parsed=parsed(), entries_sha256="new"), NEW, "new body", "new"),
    "a document cut on the wire": (
        turn(fetched(is_partial=True), parsed=parsed(), entries_sha256="new"),
        Validators(),
        None,
        None,
    ),
    "a document repaired by the parser": (
        turn(fetched(), parsed=parsed(is_partial=True), entries_sha256="new"),
        Validators(),
        None,
        None,
    ),
    "a document that is no feed": (
        turn(fetched(), failure=Failure(FailureKind.NOT_A_FEED, "a page")),
        Validators(),
        "old body",
        "old entries",
    ),
    "304": (
        turn(fetched(Outcome.UNCHANGED, status=304, validators=OLD, body_sha256=None)),
        OLD,
        "old body",
        "old entries",
    ),
    "the server is down": (
        turn(fetched(Outcome.SOFT, status=503, validators=Validators())),
        OLD,
        "old body",
        "old entries",
    ),
}


@pytest.mark.parametrize(("taken", "validators", "body", "entries"), TURNS.values(), ids=TURNS.keys())
def test_validators_are_stored_only_with_the_whole_document_they_stand_for(taken, validators, body, entries):
    feed = after(taken)
    assert (feed.validators, feed.body_sha256, feed.entries_sha256) == (validators, body, entries)


def test_the_same_entries_in_a_new_document_are_no_change():
    taken = turn(fetched(), parsed=parsed(), entries_sha256="old entries")
    assert taken.outcome is Outcome.UNCHANGED
    assert after(taken).validators == NEW


def test_a_document_that_kills_the_parser_twice_is_left_alone_until_it_changes():
    feed = FEED
    for _ in range(2):
        assert not is_poisoned(feed, "new body")
        feed = after(replace(turn(fetched(), failure=DIED), feed=feed))
    assert is_poisoned(feed, "new body")
    assert not is_poisoned(feed, "another body")


def test_a_shortage_of_this_machine_says_nothing_about_the_feed():
    short = Failure(FailureKind.SHORTAGE, "too many files are open")
    feed = FEED
    for _ in range(3):
        taken = replace(turn(fetched(), failure=short), feed=feed)
        assert taken.outcome is Outcome.TEMPORARY
        feed = after(taken)
    assert (feed.validators, feed.body_sha256) == (OLD, "old body")
    assert not is_poisoned(feed, "new body")
    assert feed.last_error == "too many files are open"


def test_an_empty_document_is_a_success_that_is_counted():
    feed = after(turn(fetched(), parsed=parsed(entries=()), entries_sha256="none"))
    assert (feed.health, feed.empty_polls, feed.failures) == (FeedHealth.OK, 1, 0.0)
