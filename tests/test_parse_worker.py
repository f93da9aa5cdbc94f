"""The pool: real processes that are reused, limited, killed and replaced."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.model import Failure, FailureKind, ParsedFeed
from aggregator.parse import ParserPool, parse_feed

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
GOOGLE_HOSTS = frozenset({"news.google.com"})
GOOD = b'<rss version="2.0"><channel><title>T</title><item><title>Good</title></item></channel></rss>'
# No limit is broken, and it takes a minute: feedparser looks for each category among all before it.
CATEGORIES = b"".join(b"<category>%d</category>" % number for number in range(40_000))
SLOW = GOOD.replace(b"</item>", b"<x>" + CATEGORIES + b"</x></item>")
BIG = GOOD.replace(b"</channel>", b"<item><title>Big</title></item>" * 150_000 + b"</channel>")


async def parse(pool: ParserPool, body: bytes, content_type: str | None = None) -> ParsedFeed | Failure:
    return await pool.parse(
        body,
        content_type=content_type,
        feed_url="https://feed.example/rss",
        google_hosts=GOOGLE_HOSTS,
        now=NOW,
    )


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # A container's first process may never collect the orphans that have ended ("Z").
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_worker_answers_like_the_function_and_is_reused() -> None:
    async def scenario() -> None:
        async with ParserPool() as pool:
            assert pool.pids == ()
            first = await parse(pool, GOOD)
            pids = pool.pids
            second = await parse(pool, b"<html>no feed</html>")
            assert pool.pids == pids
        expected = parse_feed(
            GOOD, content_type=None, feed_url="https://feed.example/rss", google_hosts=GOOGLE_HOSTS, now=NOW
        )
        assert first == expected
        assert isinstance(second, Failure)
        assert second.kind is FailureKind.NOT_A_FEED

    asyncio.run(scenario())


def test_no_more_workers_run_than_allowed() -> None:
    async def scenario() -> None:
        async with ParserPool(workers=2) as pool:
            answers = await asyncio.gather(*(parse(pool, GOOD) for _ in range(8)))
            assert len(pool.pids) == 2
        assert all(isinstance(answer, ParsedFeed) for answer in answers)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("limit", "body", "cause"),
    [
        ({"wall_seconds": 0.05}, SLOW, r"took longer than 0\.05 s"),
        ({"cpu_seconds": 1}, SLOW, "took more than 1 s of processor time"),
        # Without memory even the interpreter may fall before it can say why.
        ({"memory_bytes": 48 * 2**20}, BIG, "needed more than 48 MiB of memory|ended with status"),
    ],
    ids=["time", "processor time", "memory"],
)
def test_a_worker_over_its_limit_is_killed(limit: dict[str, int], body: bytes, cause: str) -> None:
    async def scenario() -> None:
        async with ParserPool(workers=1, **limit) as pool:  # type: ignore[arg-type]
            answer = await parse(pool, body)
            assert isinstance(answer, Failure)
            assert answer.kind is FailureKind.WORKER_DIED
            assert re.search(f"^https://feed.example/rss: the parser process ({cause})", answer.message)
            assert pool.pids == ()

    asyncio.run(scenario())


def test_the_next_document_gets_a_new_worker() -> None:
    async def scenario() -> None:
        async with ParserPool(workers=1) as pool:
            await parse(pool, GOOD)
            (pid,) = pool.pids
            os.kill(pid, signal.SIGKILL)
            died = await parse(pool, GOOD)
            assert isinstance(died, Failure)
            assert died.kind is FailureKind.WORKER_DIED
            assert isinstance(await parse(pool, GOOD), ParsedFeed)
            assert pid not in pool.pids

    asyncio.run(scenario())


def test_a_worker_that_died_idle_costs_no_document() -> None:
    async def scenario() -> None:
        async with ParserPool(workers=1) as pool:
            await parse(pool, GOOD)
            (pid,) = pool.pids
            os.kill(pid, signal.SIGKILL)
            while is_running(pid):
                await asyncio.sleep(0.01)
            while pool._idle[0].process.returncode is None:
                await asyncio.sleep(0.01)  # until the event loop has heard of it
            assert isinstance(await parse(pool, GOOD), ParsedFeed)
            assert pid not in pool.pids

    asyncio.run(scenario())


def test_a_worker_is_replaced_after_its_share() -> None:
    async def scenario() -> None:
        async with ParserPool(workers=1, recycle_after=2) as pool:
            await parse(pool, GOOD)
            (pid,) = pool.pids
            await parse(pool, GOOD)
            assert pool.pids == ()
            assert not is_running(pid)
            assert isinstance(await parse(pool, GOOD), ParsedFeed)

    asyncio.run(scenario())


def test_cancelling_kills_the_worker_and_spares_the_pool() -> None:
    async def scenario() -> None:
        async with ParserPool(workers=1) as pool:
            await parse(pool, GOOD)
            (pid,) = pool.pids
            task = asyncio.create_task(parse(pool, SLOW))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not is_running(pid)
            assert isinstance(await parse(pool, GOOD), ParsedFeed)

    asyncio.run(scenario())


def test_closing_ends_every_worker_also_a_busy_one() -> None:
    async def scenario() -> None:
        pool = ParserPool(workers=2)
        await parse(pool, GOOD)
        busy = asyncio.create_task(parse(pool, SLOW))
        await asyncio.sleep(0.05)
        pids = pool.pids
        await pool.close()
        await pool.close()
        answer = await busy
        assert isinstance(answer, Failure)
        assert answer.kind is FailureKind.WORKER_DIED
        assert not any(is_running(pid) for pid in pids)
        with pytest.raises(RuntimeError, match="closed"):
            await parse(pool, GOOD)

    asyncio.run(scenario())


def test_a_fault_of_ours_has_its_own_kind(capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with ParserPool() as pool:
            answer = await parse(pool, GOOD, content_type=5)  # type: ignore[arg-type]
            assert isinstance(answer, Failure)
            assert answer.kind is FailureKind.INTERNAL
            assert isinstance(await parse(pool, GOOD), ParsedFeed)

    asyncio.run(scenario())

    assert "Traceback" in capfd.readouterr().err


PROGRAM = """
import asyncio, os, sys
from datetime import datetime, timezone
from aggregator.parse import ParserPool

async def main():
    pool = ParserPool(workers=1)
    await pool.parse(b"<rss><channel/></rss>", content_type=None, feed_url="u", google_hosts=frozenset(),
                     now=datetime(2026, 7, 20, tzinfo=timezone.utc))
    print(pool.pids[0], flush=True)
    {ending}

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "ending",
    ["pass", "raise KeyboardInterrupt", "os.kill(os.getpid(), 9)"],
    ids=["returns", "is interrupted", "is killed"],
)
def test_a_worker_ends_with_the_program_however_it_ends(ending: str) -> None:
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(ending=ending)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    pid = int(program.stdout)

    deadline = time.monotonic() + 30
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(pid)
