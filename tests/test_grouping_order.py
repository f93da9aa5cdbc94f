"""Days in a real store, polled in any order and grouped at any moment: the stories are always the same."""

import random
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import explain, schedule
from aggregator.errors import UsageError
from aggregator.model import ArticleDraft, DatedArticle, Identity, Outcome, PollRecord
from aggregator.pipeline import correcting, pruning
from aggregator.pipeline.grouping import regroup_days
from aggregator.pipeline.local_grouper import LocalGrouper
from aggregator.pipeline.memory import GroupingMemory
from aggregator.settings import FeedSettings, Settings
from aggregator.store import Store, corrections, days, feeds, identity, open_reader, open_store, polls

MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)
NOW = MORNING + timedelta(days=1, hours=12)
TOPIC, SEARCH, PLAIN = (
    FeedSettings("World", "world", url, "en", "US", 30, is_google=url.startswith("https://news.google"))
    for url in (
        "https://news.google.com/rss/topics/X",
        "https://news.google.com/rss/search?q=x",
        "https://times.example/feed",
    )
)

_PLACES = ("Port Amberly", "Norland", "Veltri", "Brackwell", "Hallam", "Dunnet")
_EVENTS = (
    "sinkhole swallows houses",
    "central bank raises rates",
    "ferry fire",
    "opera strike",
    "flood",
    "vote",
)
_TURNS = (
    "",
    ": families flee",
    ": minister resigns",
    ", two dead",
    ": what we know",
    " widens",
    ": inquiry opens",
)

Entries = Sequence[Sequence[str]]  # of one document: the articles under each entry
Document = tuple[FeedSettings, Entries]


def headline(name: str) -> str:
    """Names are "event.turn.day": the same event is told in other words, on some day."""
    event, turn, _ = map(int, name.split("."))
    return f"{_PLACES[event]} {_EVENTS[event]}{_TURNS[turn]}"


def dated(name: str, entry: int, place: int, seen: datetime) -> DatedArticle:
    day = MORNING + timedelta(days=int(name.rpartition(".")[2]))
    draft = ArticleDraft(
        identity=Identity(f"url:{name}"),
        headline=headline(name),
        outlet=f"Outlet {name}",
        outlet_host=None,
        language="en",
        link=f"https://times.example/{name}",
        published=day,
        is_day_precise=False,
        summary=None,
        entry_id=None,
        needs_resolving=False,
        entry_position=entry,
        list_position=place,
    )
    return DatedArticle(draft, seen, day, day.date())


def poll(store: Store, document: Document, at: datetime = NOW) -> None:
    settings, entries = document
    with open_reader(store.path) as connection:
        feed = next(feed for feed in feeds.load_feeds(connection) if feed.url == settings.url)
    articles = tuple(
        dated(name, number, place, at)
        for number, names in enumerate(entries)
        for place, name in enumerate(names)
    )
    record = PollRecord(
        feed=replace(feed, last_polled_at=at, entries_sha256=f"{at}"),
        started_at=at,
        outcome=Outcome.MODIFIED,
        status=200,
        failure=None,
        articles=articles,
        entries=len(entries),
        skipped=0,
        wire_bytes=1000,
        took_ms=10,
    )
    store.write(partial(polls.record_poll, record=record))


def opened(folder: Path) -> Store:
    store = open_store(folder / "news.db")
    store.write(partial(feeds.sync_feeds, feeds=[TOPIC, SEARCH, PLAIN], now=NOW))
    return store


def daily_stories(store: Store) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """The articles of each story on each day, and of each story over all days."""
    of_day, whole = defaultdict(set), defaultdict(set)
    with open_reader(store.path) as connection:
        for day, story_id, key in connection.execute(
            "SELECT m.day, m.story_id, a.key FROM story_members AS m JOIN articles AS a USING (article_id)"
        ):
            of_day[day, story_id].add(key)
            whole[story_id].add(key)
    return {frozenset(keys) for keys in of_day.values()}, {frozenset(keys) for keys in whole.values()}


def lived(documents: Sequence[Document], regroup_after: Sequence[bool]) -> tuple[set, set]:
    """Poll the documents one by one, group after some of them and after the last; return the stories."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as store:
        for document, is_grouped in zip(documents, regroup_after, strict=True):
            poll(store, document)
            if is_grouped:
                regroup(store)
        regroup(store)
        return daily_stories(store)


@st.composite
def topic_documents(draw) -> list[Document]:
    """Documents of a topic, a search and a plain feed over two days; the first has articles of both."""
    rng = random.Random(draw(st.integers(0, 10_000)))
    names = [f"{event}.{turn}.{day}" for event in range(6) for turn in range(7) for day in range(2)]
    pool = rng.sample(names, rng.randint(6, 30))
    documents: list[Document] = [(PLAIN, [["0.0.0"], ["1.0.1"]])]
    for _ in range(rng.randint(2, 6)):
        documents.append(document_of(rng.sample(pool, rng.randint(2, len(pool))), rng))
    return documents


def document_of(listed: Sequence[str], rng: random.Random) -> Document:
    """Of some feed; Google lists most articles of an event under one entry."""
    feed = rng.choice([TOPIC, TOPIC, SEARCH, PLAIN])
    entries: defaultdict[str, list[str]] = defaultdict(list)
    for name in listed:
        is_alone = feed is PLAIN or rng.random() < 0.2
        entries[name if is_alone else name[0]].append(name)
    return feed, list(entries.values())


@settings(max_examples=7)
@given(topic_documents(), st.randoms(use_true_random=False))
def test_stories_depend_on_what_was_polled_and_not_on_when_it_was_grouped(documents, rng):
    at_once = lived(documents, [False] * len(documents))

    first, *others = documents
    rng.shuffle(others)
    in_steps = lived([first, *others], [True, *(rng.random() < 0.6 for _ in others)])

    assert in_steps == at_once


WRITTEN = (
    "SELECT * FROM story_members ORDER BY article_id",
    "SELECT * FROM story_days ORDER BY day, story_id",
    "SELECT * FROM stories ORDER BY story_id",
    (
        "SELECT day, article_id, partner_article_id, verdict, rule, score, threshold, words, alike, members,"
        " rules_version FROM ledger ORDER BY 1, 2, 3"
    ),
    "SELECT * FROM days ORDER BY day, language",
    "SELECT * FROM outlet_days ORDER BY day, language, outlet",
)


def tables(store: Store) -> list[list[tuple]]:
    with open_reader(store.path) as connection:
        return [[tuple(row) for row in connection.execute(query)] for query in WRITTEN]


def disturb(store: Store, rng: random.Random, names: Sequence[str]) -> None:
    """What else happens to a day: a person's correction, an article that turns out to be another one."""
    one, other = rng.sample(names, 2)
    choice = rng.choice(["correct", "merge", "nothing"])
    if choice == "correct":
        bond = corrections.BondRow(rng.choice([*corrections.Bond]), f"url:{one}", f"url:{other}")
        store.write(partial(corrections.add_correction, kind="join", note="", bonds=[bond], now=NOW))
    elif choice == "merge":
        store.write(partial(found_the_same, one=f"url:{one}", other=f"url:{other}"))


def found_the_same(connection, one: str, other: str) -> None:
    connection.execute("UPDATE articles SET canonical_url = ? WHERE key IN (?, ?)", [one, one, other])
    row = connection.execute("SELECT article_id FROM articles WHERE key = ?", [one]).fetchone()
    identity.merge_same_article(connection, row["article_id"])


@settings(max_examples=8)
@given(topic_documents(), st.integers(0, 10_000))
def test_what_is_remembered_between_groupings_changes_nothing(documents, seed):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("kept", "forgotten"):
            Path(folder, name).mkdir()
        with opened(Path(folder, "kept")) as kept, opened(Path(folder, "forgotten")) as forgotten:
            remembering = LocalGrouper(kept)
            for number, document in enumerate(documents):
                for store in (kept, forgotten):
                    poll(store, document)
                    disturb(store, random.Random(seed + number), [n for entry in document[1] for n in entry])
                # Now and then somebody else groups, as the page does after a correction.
                (LocalGrouper(kept) if number % 3 == 2 else remembering).regroup(Settings(), NOW)
                regroup(forgotten)
                assert tables(kept) == tables(forgotten)


LATER = MORNING + timedelta(days=51, hours=6)  # when articles of the first days may be pruned
DAYS = (0, 1, 2, 49, 50, 51)


@dataclass(frozen=True)
class Event:
    """Something that happens to a store, the same to each that is in the same state."""

    kind: str
    seed: int

    def happen(self, store: Store, grouper: LocalGrouper) -> None:
        # What makes no sense here, like joining articles of a story that is there no more, is refused.
        with suppress(UsageError):
            globals()[self.kind](store, grouper, random.Random(self.seed))


def listens(store: Store, rng: random.Random) -> None:
    listed = [f"{rng.randrange(6)}.{rng.randrange(7)}.{rng.choice(DAYS)}" for _ in range(rng.randint(1, 15))]
    document = document_of(sorted(set(listed)), rng)
    poll(store, document, rng.choice([MORNING + timedelta(days=3), LATER]))


def hears(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    listens(store, rng)
    if rng.random() < 0.7:
        groups(store, grouper, rng)


def groups(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    grouper.regroup(Settings(), LATER)


def fails(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    """A grouping that cannot be written: nothing of it is, though its outcome is remembered."""
    listens(store, rng)
    refuse = "BEFORE UPDATE OF revision ON days BEGIN SELECT RAISE(ABORT, 'refused'); END"
    store.write(lambda connection: connection.execute(f"CREATE TEMP TRIGGER refusing {refuse}"))
    with suppress(sqlite3.IntegrityError):
        grouper.regroup(Settings(), LATER)
    store.write(lambda connection: connection.execute("DROP TRIGGER refusing"))


def decides(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    with open_reader(store.path) as connection:
        ids = [row[0] for row in connection.execute("SELECT article_id FROM articles ORDER BY key")]
        stories = [row[0] for row in connection.execute("SELECT story_id FROM stories ORDER BY 1")]
    if not stories:
        return
    one, other, story = rng.choice(ids), rng.choice(ids), rng.choice(stories)
    decide = rng.choice(
        [
            correcting.join(one, other),
            correcting.split(one, other),
            correcting.split(one),
            correcting.pin(one),
            correcting.move(one, story),
        ]
    )
    correcting.apply_correction(grouper, decide, Settings(), LATER)


def takes_back(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    with open_reader(store.path) as connection:
        made = corrections.list_corrections(connection)
    if made:
        correcting.undo(grouper, rng.choice(made).correction_id, Settings(), LATER)


def closes(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    day = MORNING.date() + timedelta(days=rng.choice(DAYS))
    store.write(partial(days.close_day, day=day, timezone="UTC", now=LATER))


def rebuilds(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    first, last = sorted(MORNING.date() + timedelta(days=rng.choice(DAYS)) for _ in range(2))
    grouper.recluster_days(Settings(), LATER, first=first, last=last)


def prunes(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    pruning.prune(store, Settings(), pruning.Retention(keep_days=rng.choice([35, 50])), LATER)


def finds_the_same(store: Store, grouper: LocalGrouper, rng: random.Random) -> None:
    with open_reader(store.path) as connection:
        keys = [row[0] for row in connection.execute("SELECT key FROM articles ORDER BY 1")]
    if len(keys) > 1:
        one, other = rng.sample(keys, 2)
        store.write(partial(found_the_same, one=one, other=other))


EVENTS = st.builds(
    Event,
    st.sampled_from(
        ["hears"] * 6
        + ["groups"] * 3
        + ["decides"] * 5
        + ["fails"] * 2
        + ["takes_back", "closes", "rebuilds", "prunes", "prunes", "finds_the_same"]
    ),
    st.integers(0, 10_000),
)


@settings(max_examples=4, derandomize=True)
@given(st.lists(EVENTS, min_size=8, max_size=12))
def test_whatever_happens_to_a_store_what_is_remembered_of_it_changes_nothing(events):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("kept", "forgotten"):
            Path(folder, name).mkdir()
        with opened(Path(folder, "kept")) as kept, opened(Path(folder, "forgotten")) as forgotten:
            remembering = LocalGrouper(kept)
            for event in events:
                event.happen(kept, remembering)
                event.happen(forgotten, LocalGrouper(forgotten))
                assert tables(kept) == tables(forgotten), event


def test_days_that_no_late_article_can_touch_are_not_remembered(store):
    """A correction of an old day reads it and those before it."""
    window = Settings().cluster.window_days
    late = MORNING + timedelta(days=schedule.LATE_DAYS + window)
    poll(store, (PLAIN, [["0.1.0", "0.3.0"], ["1.1.1"]]))

    def remembered(now: datetime) -> set[date]:
        memory = GroupingMemory()
        with open_reader(store.path) as connection:
            store.write(lambda c: days.mark_days_changed(c, [(f"{MORNING:%F}", "en")]))
            changed = days.load_changed_days(connection, not_before=date.min)
        regroup_days(store, changed, Settings(), now, memory)
        return {day for day, _ in memory._days}

    assert MORNING.date() in remembered(late)
    assert MORNING.date() not in remembered(late + timedelta(days=1))
    assert remembered(LATER) == set()


@pytest.mark.parametrize("is_remembering", [True, False])
def test_a_day_that_was_pruned_and_comes_again_is_not_taken_for_the_one_that_is_remembered(
    store, is_remembering
):
    """It is remembered at its first revision, and a rebuild would bring the one that follows to that revision too."""
    now, kept = NOW + timedelta(days=50), LocalGrouper(store)
    poll(store, (PLAIN, [["0.1.0"], ["0.3.0"]]), NOW)
    kept.regroup(Settings(), now)
    poll(store, (PLAIN, [["5.0.9"]]), now)  # the others are listed no more
    assert pruning.prune(store, Settings(), pruning.Retention(keep_days=40), now).articles == 2

    poll(store, (PLAIN, [["0.2.0"], ["0.4.0"]]), now)  # an archive
    kept.recluster_days(Settings(), now, first=MORNING.date(), last=MORNING.date())
    poll(store, (PLAIN, [["0.5.0"], ["1.5.0"]]), now)
    (kept if is_remembering else LocalGrouper(store)).regroup(Settings(), now)

    days, _ = daily_stories(store)
    assert days == {
        frozenset({"url:0.2.0", "url:0.4.0", "url:0.5.0"}),
        frozenset({"url:1.5.0"}),
        frozenset({"url:5.0.9"}),
    }
    with open_reader(store.path) as connection:
        told = connection.execute("SELECT day, sum(articles) FROM outlet_days GROUP BY day ORDER BY 1")
        assert [tuple(row) for row in told] == [("2026-03-02", 4), ("2026-03-11", 1)]
        assert connection.execute("SELECT count(*) FROM ledger WHERE article_id <= 2").fetchone()[0] == 0


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


def regroup(store: Store) -> None:
    LocalGrouper(store).regroup(Settings(), NOW)


def story_of(store: Store, name: str) -> int:
    with open_reader(store.path) as connection:
        (row,) = connection.execute(
            "SELECT story_id FROM story_members JOIN articles USING (article_id) WHERE key = ?",
            [f"url:{name}"],
        )
        return row["story_id"]


def test_a_day_that_changes_late_is_heard_by_the_day_after(store):
    poll(store, (PLAIN, [["0.1.1"], ["0.3.1"]]))
    regroup(store)
    alone = story_of(store, "0.1.1")

    poll(store, (PLAIN, [["0.0.0"], ["0.4.0"]]))
    regroup(store)

    assert story_of(store, "0.1.1") == story_of(store, "0.0.0") != alone
    with open_reader(store.path) as connection:
        assert connection.execute("SELECT sum(changes) FROM days").fetchone()[0] == 0
        (merged,) = connection.execute("SELECT merged_into FROM stories WHERE story_id = ?", [alone])
    assert merged[0] == story_of(store, "0.0.0")


def test_a_closed_day_keeps_its_ids_when_the_day_before_changes(store):
    poll(store, (PLAIN, [["0.1.1"], ["0.3.1"]]))
    regroup(store)
    kept = story_of(store, "0.1.1")
    store.write(partial(days.close_day, day=NOW.date(), timezone="UTC", now=NOW))

    poll(store, (PLAIN, [["0.0.0"], ["0.4.0"]]))
    regroup(store)

    assert story_of(store, "0.1.1") == kept


APART: dict[str, tuple[FeedSettings, bool]] = {
    "a topic parts": (TOPIC, False),
    "a search does not": (SEARCH, True),
}


@pytest.mark.parametrize(("feed", "is_one_story"), APART.values(), ids=APART.keys())
def test_which_lists_say_that_two_articles_are_apart(store, feed, is_one_story):
    for _ in range(3):
        poll(store, (feed, [["0.1.1"], ["0.3.1"]]))
    regroup(store)

    assert (story_of(store, "0.1.1") == story_of(store, "0.3.1")) is is_one_story
    with open_reader(store.path) as connection:
        told = "\n".join(explain.explain(connection, "1", "2").sentences)
    assert ("listed apart by Google in 3 of 3 polls that had both" in told) is not is_one_story


def test_why_tells_how_near_a_refusal_was_and_what_google_says(store):
    poll(store, (TOPIC, [["0.1.1", "0.2.1"], ["0.3.1"]]))
    poll(store, (TOPIC, [["0.1.1", "0.2.1", "0.3.1"]]))
    poll(store, (TOPIC, [["0.1.1", "0.2.1"], ["0.3.1"]]))
    regroup(store)

    with open_reader(store.path) as connection:
        joined, refused = explain.explain(connection, "1", "2"), explain.explain(connection, "3", None)

    assert "joined with 2" in "\n".join(joined.sentences)
    assert "listed together by Google in 3 of 3 polls" in "\n".join(joined.sentences)
    (to_the_pair,) = (text for text in refused.sentences if "kept apart from" in text)
    assert "Google lists them apart" in to_the_pair
    assert "to 2 of 2 members, line at" in to_the_pair
    assert "listed apart by Google in 2 of 3 polls" in to_the_pair
    assert {row["polls_together"] for row in refused.rows} == {1}


def test_a_story_has_the_topic_of_a_feed_that_lists_it_later_without_a_grouping(store):
    ports = replace(PLAIN, name="Ports", topic="ports", url="https://ports.example/feed")
    store.write(partial(feeds.sync_feeds, feeds=[TOPIC, SEARCH, PLAIN, ports], now=NOW))
    poll(store, (PLAIN, [["0.1.1"]]))
    regroup(store)

    poll(store, (ports, [["0.1.1"]]))

    with open_reader(store.path) as connection:
        (row,) = connection.execute("SELECT topic, topics FROM story_days")
    assert tuple(row) == ("ports", "/ports/world/")


def test_what_is_listed_again_changes_the_day_that_it_is_stored_under(store):
    listed = (TOPIC, [["0.0.0", "0.1.0"]])
    poll(store, listed)
    regroup(store)
    # The day of an entry without a date is that of its first sight; a later poll would say another one.
    store.write(lambda connection: connection.execute("UPDATE articles SET day = '2026-03-01'"))

    poll(store, listed, NOW + timedelta(hours=1))

    with open_reader(store.path) as connection:
        rows = connection.execute("SELECT day FROM days WHERE changes > 0").fetchall()
    assert [row["day"] for row in rows] == ["2026-03-01"]
