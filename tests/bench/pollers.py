"""The programs whose load is measured, each in a process of its own; `bench_load.py` starts them.

    python -m tests.bench.pollers daemon HOME           until SIGTERM
    python -m tests.bench.pollers bare URLS             one round at each line of standard input
    python -m tests.bench.pollers reader URLS DATABASE  the same
    python -m tests.bench.pollers idle                  an event loop without work, until SIGTERM

Each prints a line of JSON for a round: polls, seconds, lateness of the event loop in milliseconds.
"""

import asyncio
import json
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AT_ONCE = 64
TIMEOUT_SECONDS = 30
START_SECONDS = 8  # what a program may take to begin; the first feeds are due a little later
_STEP_SECONDS = 0.01


@dataclass(slots=True)
class Lateness:
    """How much later than asked for the loop comes back to a task that sleeps 10 ms."""

    _seconds: list[float] = field(default_factory=list)

    async def watch(self, after_seconds: float = 0.0) -> None:
        await asyncio.sleep(after_seconds)
        while True:
            due = time.monotonic() + _STEP_SECONDS
            await asyncio.sleep(_STEP_SECONDS)
            self._seconds.append(max(time.monotonic() - due, 0.0))

    def milliseconds(self) -> dict[str, float]:
        """Median, 99th percentile and maximum; forgets what it has seen."""
        seen, self._seconds = sorted(self._seconds) or [0.0], []
        at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
        return {name: 1000 * seen[min(int(part * len(seen)), len(seen) - 1)] for name, part in at.items()}


def say(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


async def daemon(home: Path) -> None:
    """`aggregator run`, with a watch on its loop."""
    from aggregator.app import load_app
    from aggregator.daemon import run_daemon

    lateness = Lateness()
    watch = asyncio.create_task(lateness.watch(START_SECONDS))
    await run_daemon(load_app(home / "aggregator.toml", home))
    watch.cancel()
    say(lag=lateness.milliseconds())


async def idle() -> None:
    """Nothing: how late a loop is on this machine at this time anyway."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    lateness = Lateness()
    watch = asyncio.create_task(lateness.watch())
    await told.wait()
    watch.cancel()
    say(lag=lateness.milliseconds())


async def bare(urls: list[str]) -> None:
    """What one would write in an afternoon: a client, a semaphore, feedparser; nothing is stored."""
    import feedparser
    import httpx

    at_once = asyncio.Semaphore(AT_ONCE)
    validators: dict[str, str] = {}
    lateness = Lateness()
    watch = asyncio.create_task(lateness.watch())

    async def poll(client: httpx.AsyncClient, url: str) -> None:
        async with at_once:
            with suppress(httpx.HTTPError, TimeoutError, ValueError):
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    known = {"If-None-Match": validators[url]} if url in validators else {}
                    answer = await client.get(url, headers=known)
                validators[url] = answer.headers.get("ETag", "")
                if answer.status_code == 200:
                    feedparser.parse(answer.content)

    async with httpx.AsyncClient(follow_redirects=True, timeout=10) as client:
        while await asyncio.to_thread(sys.stdin.readline):
            lateness.milliseconds()
            started = time.monotonic()
            await asyncio.gather(*(poll(client, url) for url in urls))
            say(polls=len(urls), seconds=time.monotonic() - started, lag=lateness.milliseconds())
    watch.cancel()


def reader(urls: list[str], database: Path) -> None:
    """The library of that name, with as many workers."""
    from reader import make_reader

    with make_reader(str(database)) as library:
        for url in urls:
            library.add_feed(url)
        while sys.stdin.readline():
            started = time.monotonic()
            library.update_feeds(scheduled=False, workers=AT_ONCE)
            say(polls=len(urls), seconds=time.monotonic() - started)


def main(program: str, *arguments: str) -> None:
    match program:
        case "daemon":
            asyncio.run(daemon(Path(arguments[0])))
        case "idle":
            asyncio.run(idle())
        case "bare":
            asyncio.run(bare(Path(arguments[0]).read_text().split()))
        case "reader":
            reader(Path(arguments[0]).read_text().split(), Path(arguments[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
