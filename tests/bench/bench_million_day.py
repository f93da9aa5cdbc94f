"""A day of 100,000 new headlines in a file that holds a million: what storing, grouping and keeping them takes.

    python -m tests.bench.bench_million_day [--million FILE] [SIZE ...]

FILE is a store made by `million.py` (it is copied, never written); without one it is made, in about two minutes.
The day after its last one fills up as polls of ten thousand feeds fill it: a changed document has twenty entries,
one of them new. When the day has reached each SIZE (20,000, 50,000 and 100,000 headlines), these are measured:

* storing 1,000 more, in a thousand polls of twenty articles;
* one grouping after 17 more, which is what a tick of the daemon brings at 100,000 a day.

All times are processor time of this process, which does what the daemon does, and of the one that groups for it;
memory is told of each.
"""

import argparse
import multiprocessing
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path

from aggregator.model import ArticleDraft, DatedArticle, FeedState, Identity, Outcome, PollRecord
from aggregator.pipeline.grouping_process import GroupingProcess
from aggregator.settings import Settings
from aggregator.shortage import give_memory_back
from aggregator.store import Store, open_reader, open_store, upkeep
from aggregator.store.feeds import load_feeds
from aggregator.store.polls import record_poll
from tests.bench.million import Vocabulary, make_million
from tests.bench.processes import cpu_seconds, peak_resident_bytes, resident_bytes

LAST_DAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
NEW_A_TICK = 17  # 100,000 a day, ticks of 15 seconds
DOCUMENT = 20
AT_ONCE = 200  # new articles of a poll that only fills the day
TICKS_A_DAY = 24 * 3600 / 15


def newsroom(asked: Connection) -> None:
    """What feeds publish, in a process of its own: asked for so many new articles, a feed's document with them.

    What it holds is not the daemon's to hold.
    """
    drafts, told, feeds = news(random.Random(7)), dict[int, list[ArticleDraft]](), asked.recv()
    with suppress(EOFError):  # nobody asks any more
        for feed in cycle(range(feeds)):
            new = asked.recv()
            fresh = list(islice(drafts, new))
            document = [*fresh, *told.get(feed, [])][: max(DOCUMENT, new)]
            told[feed] = document[:DOCUMENT]
            asked.send(document)


@dataclass(slots=True)
class Day:
    """A day that fills up with what a newsroom is asked for."""

    store: Store
    feeds: Sequence[FeedState]
    newsroom: Connection
    grouper: GroupingProcess
    polls: int = 0
    size: int = 0

    def ask(self, new: int) -> list[ArticleDraft]:
        """The document of the next feed, at least twenty articles, so many of them new."""
        self.newsroom.send(new)
        self.size += new
        document: list[ArticleDraft] = self.newsroom.recv()
        return document

    def poll(self, document: Sequence[ArticleDraft]) -> None:
        """Store what one poll of the next feed brought."""
        feed = self.feeds[self.polls % len(self.feeds)]
        self.polls += 1
        seen = NOW - timedelta(hours=1)
        record = PollRecord(
            feed=feed,
            started_at=NOW,
            outcome=Outcome.MODIFIED,
            status=200,
            failure=None,
            articles=tuple(DatedArticle(draft, seen, seen, NOW.date()) for draft in document),
            entries=len(document),
            skipped=0,
            wire_bytes=40_000,
            took_ms=100,
        )
        self.store.write(partial(record_poll, record=record))

    def fill(self, size: int) -> None:
        while self.size < size:
            self.poll(self.ask(min(AT_ONCE, size - self.size)))

    def group(self) -> float:
        """Seconds of processor time of one grouping of what changed, in both processes."""
        begun = time.process_time() + cpu_seconds(self.grouping_pid)
        self.grouper.regroup(Settings(), NOW)
        return time.process_time() + cpu_seconds(self.grouping_pid) - begun

    @property
    def grouping_pid(self) -> int:
        """The process that groups, which is started for the first grouping; before it, one that never is."""
        return self.grouper.pid or 0


def news(rng: random.Random) -> Iterator[ArticleDraft]:
    """Headlines of stories as wide as in `million.py`, told in no order; every outlet in its own words.

    A story has two names that no other has, of people and places, as those in the news have; with common words alone
    chance makes all stories alike, which no day of real headlines is. What a document has of one story is one entry.
    """
    vocabulary = Vocabulary.invented(rng)
    number = stories = 0
    while True:
        waiting = []
        for story in range(stories, stories + 5_000):
            names = [vocabulary.word(rng) + rng.choice(vocabulary.words).lower() for _ in range(2)]
            theme = [*names, vocabulary.word(rng)]
            width = min(int(rng.paretovariate(1.15)), 400)
            waiting += [(story, vocabulary.headline(rng, theme)) for _ in range(width)]
        stories += 5_000
        rng.shuffle(waiting)
        for of_story, headline in waiting:
            number += 1
            outlet, host = vocabulary.outlets[min(int(rng.expovariate(1 / 120)), len(vocabulary.outlets) - 1)]
            yield _draft(number, of_story, headline, outlet, host)


def _draft(number: int, story: int, headline: str, outlet: str, host: str) -> ArticleDraft:
    link = f"https://{host}/new/{number}"
    return ArticleDraft(
        identity=Identity(f"url:{link}"),
        headline=headline,
        outlet=outlet,
        outlet_host=host,
        language="en",
        link=link,
        published=NOW - timedelta(hours=1),
        is_day_precise=False,
        summary=None,
        entry_id=link,
        needs_resolving=False,
        entry_position=story,
        list_position=0,
    )


def measure(day: Day, size: int) -> None:
    """Fill the day up to a size and print a row."""
    day.fill(size - 1_000)
    first = day.group()
    storing = 0.0
    for _ in range(1_000):
        document = day.ask(1)
        begun = time.process_time()
        day.poll(document)
        storing += time.process_time() - begun
    day.group()
    for _ in range(NEW_A_TICK):
        day.poll(day.ask(1))
    tick = day.group()
    share = tick * TICKS_A_DAY / 86_400
    pids = (os.getpid(), day.grouping_pid)
    memory = "".join(
        f"{resident_bytes(pid) / 1e6:10.0f}{peak_resident_bytes(pid) / 1e6:8.0f}" for pid in pids
    )
    print(f"{size:8,}{storing:12.2f}{first:14.1f}{tick:14.2f}{share:12.2f}{memory}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--million", type=Path)
    options.add_argument("sizes", type=int, nargs="*", default=[20_000, 50_000, 100_000])
    chosen = options.parse_args()
    give_memory_back()
    spawning = multiprocessing.get_context("spawn")  # a fork would share pages with us
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.db"
        if chosen.million:
            shutil.copyfile(chosen.million, path)
        else:
            make_million(path, last_day=LAST_DAY)
        before = path.stat().st_size
        with open_store(path) as store, GroupingProcess(store) as grouper:
            with open_reader(path) as connection:
                feeds = load_feeds(connection)
            here, there = spawning.Pipe()
            spawning.Process(target=newsroom, args=[there], daemon=True).start()
            here.send(len(feeds))
            day = Day(store, feeds, here, grouper)
            print(
                f"{'headlines':>9}{'storing':>11}{'grouping,':>14}{'grouping,':>14}{'cores at':>12}{'RSS':>10}{'peak':>8}{'grouping,':>10}{'peak':>8}"
            )
            print(
                f"{'that day':>9}{'1,000 s':>11}{'first s':>14}{'a tick s':>14}{'15 s ticks':>12}{'MB':>10}{'MB':>8}{'RSS MB':>10}{'MB':>8}"
            )
            for size in chosen.sizes:
                measure(day, size)
            store.maintain(upkeep.checkpoint)
        grown = path.stat().st_size - before
        print(
            f"the file grew from {before / 1e6:,.0f} MB by {1000 * grown / day.size / 1e6:.2f} MB for 1,000 headlines"
        )


if __name__ == "__main__":
    main()
