"""How long a poll takes to be in the stories: new headlines come into a day that holds many.

Run: python tests/bench/bench_incremental.py [HEADLINES] [NEW]

A store is filled with made-up headlines of one day and grouped; then a poll brings new ones, and the day
is read, grouped and written again by the same process, as the daemon's grouping process does. Beside it the same by a
process that remembers nothing. Seconds are processor time of one process. At the end the stories are compared with those
of a store that got all headlines at once.
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_cluster import made_up

from aggregator.model import ArticleDraft, DatedArticle, Identity, Outcome, PollRecord
from aggregator.pipeline.local_grouper import LocalGrouper
from aggregator.settings import FeedSettings, Settings
from aggregator.store import Store, feeds, open_reader, open_store, polls

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEED = FeedSettings(
    name="Example Times",
    topic="world",
    url="https://times.example/feed",
    language="en",
    country="US",
    interval_minutes=30,
    is_google=False,
)


def poll(store: Store, headlines: Sequence[str], first: int) -> None:
    """Store articles with these headlines, numbered from `first`, as one poll brings them."""
    drafts = [
        ArticleDraft(
            identity=Identity(f"url:https://times.example/{random.Random(number).randrange(10**9)}/{number}"),
            headline=headline,
            outlet=f"Outlet {number % 500}",
            outlet_host=None,
            language="en",
            link=f"https://times.example/{number}",
            published=None,
            is_day_precise=False,
            summary=None,
            entry_id=None,
            needs_resolving=False,
            entry_position=number - first,
            list_position=0,
        )
        for number, headline in enumerate(headlines, start=first)
    ]
    with open_reader(store.path) as connection:
        feed = feeds.load_feeds(connection)[0]
    record = PollRecord(
        feed=feed,
        started_at=NOW,
        outcome=Outcome.MODIFIED,
        status=200,
        failure=None,
        articles=tuple(DatedArticle(draft, NOW, NOW - timedelta(hours=1), NOW.date()) for draft in drafts),
        entries=len(drafts),
        skipped=0,
        wire_bytes=0,
        took_ms=0,
    )
    store.write(partial(polls.record_poll, record=record))


def grouped_seconds(grouper: LocalGrouper) -> float:
    begun = time.process_time()
    grouper.regroup(Settings(), NOW)
    return time.process_time() - begun


def partition(store: Store) -> set[frozenset[str]]:
    stories: defaultdict[int, set[str]] = defaultdict(set)
    with open_reader(store.path) as connection:
        for row in connection.execute("SELECT story_id, link FROM story_articles"):
            stories[row["story_id"]].add(row["link"])
    return {frozenset(links) for links in stories.values()}


def main(arguments: Sequence[str]) -> None:
    count, new = [int(a) for a in arguments] or [10_000, 500]
    headlines = made_up(count + new, random.Random(1))
    random.Random(2).shuffle(headlines)
    with TemporaryDirectory() as folder:
        with open_store(Path(folder) / "polls.db") as store:
            store.write(partial(feeds.sync_feeds, feeds=[FEED], now=NOW))
            grouper = LocalGrouper(store)
            poll(store, headlines[:count], 0)
            print(f"{count} headlines at once: {grouped_seconds(grouper):.2f} s")
            poll(store, headlines[count:], count)
            warm = grouped_seconds(grouper)
            print(f"{new} more, remembering: {warm:.2f} s")
            by_poll = partition(store)
        with open_store(Path(folder) / "once.db") as store:
            store.write(partial(feeds.sync_feeds, feeds=[FEED], now=NOW))
            poll(store, headlines, 0)
            cold = grouped_seconds(LocalGrouper(store))
            print(f"all {count + new} from scratch: {cold:.2f} s, {cold / warm:.1f} times as long")
            print(f"the same stories: {'yes' if by_poll == partition(store) else 'NO'}")


if __name__ == "__main__":
    main(sys.argv[1:])
