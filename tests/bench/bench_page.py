"""How long the page takes on a million articles while a writer commits.

    python -m tests.bench.bench_page [PATH] [REQUESTS]

PATH is a store of `million.py`, made first if it is not there; it grows by what the writer brings. The server is a
process of its own, as `aggregator serve` is; requests come one after another, as a person's do. Prints the
median and the 95th percentile of each page in milliseconds, the server's own processor time for one (which other
work on the machine does not change), and how many commits the writer made meanwhile.
"""

import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx

from aggregator.model import ArticleDraft, DatedArticle, Identity, Outcome, PollRecord
from aggregator.store import Store, feeds, open_reader, open_store, polls
from tests.bench.million import Vocabulary, make_million

NEWEST = datetime(2026, 11, 21, 23, 55, tzinfo=UTC)
ARTICLES_A_POLL = 20
PAUSE_SECONDS = 0.05


def main(path: Path, requests: int) -> None:
    if not path.exists():
        print(f"making {path} …")
        make_million(path)
    config = path.with_suffix(".toml")
    config.write_text(f'[store]\npath = "{path.absolute()}"\n', encoding="utf-8")
    with open_store(path) as store, writing(store) as commits, serving(config) as (address, process_id):
        print(f"{'page':28} {'p50 ms':>8} {'p95 ms':>8} {'cpu ms':>8} {'kB':>6}")
        for name, addresses in pages(path).items():
            measure(name, addresses, address, process_id, requests)
        print(f"{len(commits)} commits of {ARTICLES_A_POLL} new articles meanwhile")
    if not commits:
        raise SystemExit(f"the writer did not commit once: is {path} of this version of the program?")


def pages(path: Path) -> dict[str, list[str]]:
    """Addresses of each kind of page, many of each, so that none is answered from what was just read."""
    rng = random.Random(1)
    with open_reader(path) as connection:
        days = [row["day"] for row in connection.execute("SELECT DISTINCT day FROM days ORDER BY day")]
        newest = connection.execute("SELECT max(article_id) FROM articles").fetchone()[0]
        some = [rng.randrange(1, newest) for _ in range(100)]
        marks = ", ".join(map(str, some))
        rows = connection.execute(
            f"SELECT m.story_id, a.headline, a.outlet FROM articles AS a JOIN story_members AS m USING (article_id)"
            f" WHERE a.article_id IN ({marks})"
        ).fetchall()
        widest = connection.execute(
            "SELECT story_id FROM stories ORDER BY articles_total DESC LIMIT 40"
        ).fetchall()
    rare = [max(row["headline"].split(), key=len) for row in rows]
    common = ["court", "strike", "budget", "bridge", "harbour", "election", "minister", "storm"]
    return {
        "day": [f"/day/{day}" for day in days],
        "day, page 40": [f"/day/{day}?page=40" for day in days],
        "day, one topic": [f"/day/{day}?topic=sports&status=updated" for day in days],
        "day as JSON": [f"/day/{day}.json" for day in days],
        "story": [f"/story/{row['story_id']}" for row in rows],
        "story of hundreds": [f"/story/{row['story_id']}" for row in widest],
        "article": [f"/article/{number}" for number in some],
        "search, common word": [f"/search?q={word}" for word in common],
        "search, rare word": [f"/search?q={word}" for word in rare],
        "search, two common words": [f"/search?q={a}+{b}" for a in common for b in common if a != b],
        "search, word and day": [f"/search?q={rng.choice(common)}+day:{day}" for day in days],
        "search, word and outlet": [
            f'/search?q={rng.choice(common)}+outlet:"{row["outlet"]}"' for row in rows
        ],
        "search, topic and day": [f"/search?q=topic:science+day:{day}" for day in days],
        "feeds": ["/feeds", "/feeds?page=5", "/feeds?state=failing", "/feeds?page=9"],
        "feed": [f"/feed/{rng.randrange(1, 1_000)}" for _ in range(50)],
        "outlets of a day": ["/outlets"],
        "outlets of a month": ["/outlets?span=month"],
        "outlet": [f"/outlet/{row['outlet']}" for row in rows],
        "decisions": [f"/decisions/{day}" for day in days],
    }


def measure(name: str, addresses: list[str], base: str, process_id: int, requests: int) -> None:
    took_ms, size = [], 0
    with httpx.Client(base_url=base, timeout=30) as client:
        client.get("/login")
        before_ms = processor_ms(process_id)
        for number in range(requests):
            start = time.perf_counter()
            answer = client.get(addresses[number % len(addresses)])
            took_ms.append((time.perf_counter() - start) * 1000)
            answer.raise_for_status()
            size = max(size, len(answer.content))
    cpu_ms = (processor_ms(process_id) - before_ms) / requests
    p95 = statistics.quantiles(took_ms, n=20)[-1]
    print(
        f"{name:28} {statistics.median(took_ms):8.1f} {p95:8.1f} {cpu_ms:8.1f} {size / 1000:6.0f}", flush=True
    )


def processor_ms(process_id: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(config: Path) -> Iterator[tuple[str, int]]:
    program = [sys.executable, "-m", "aggregator", "--config", config.absolute(), "serve", "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0], process.pid
        process.terminate()


@contextmanager
def writing(store: Store) -> Iterator[list[int]]:
    """A thread that stores a poll of new articles, again and again, until the context ends."""
    commits: list[int] = []
    is_over = threading.Event()
    rng = random.Random(time.time_ns())
    vocabulary = Vocabulary.invented(random.Random(0))
    with open_reader(store.path) as connection:
        feed = feeds.load_feeds(connection)[0]

    def write() -> None:
        while not is_over.wait(PAUSE_SECONDS):
            number = len(commits)
            drafts = (_draft(rng, vocabulary) for _ in range(ARTICLES_A_POLL))
            articles = tuple(DatedArticle(draft, NEWEST, NEWEST, NEWEST.date()) for draft in drafts)
            moment = NEWEST + timedelta(seconds=number)
            record = PollRecord(
                feed=replace(feed, last_polled_at=moment),
                started_at=moment,
                outcome=Outcome.MODIFIED,
                status=200,
                failure=None,
                articles=articles,
                entries=ARTICLES_A_POLL,
                skipped=0,
                wire_bytes=40_000,
                took_ms=100,
            )
            store.write(partial(polls.record_poll, record=record))
            commits.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield commits
    finally:
        is_over.set()
        writer.join()


def _draft(rng: random.Random, vocabulary: Vocabulary) -> ArticleDraft:
    outlet, host = rng.choice(vocabulary.outlets)
    url = f"https://{host}/{rng.getrandbits(64):x}"
    return ArticleDraft(
        identity=Identity(f"url:{url}"),
        headline=vocabulary.headline(rng, [vocabulary.word(rng) for _ in range(3)]),
        outlet=outlet,
        outlet_host=host,
        language="en",
        link=url,
        published=NEWEST,
        is_day_precise=False,
        summary=None,
        entry_id=None,
        needs_resolving=False,
        entry_position=0,
        list_position=0,
    )


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else Path("var/million.db"),
        int(sys.argv[2]) if len(sys.argv) > 2 else 60,
    )
