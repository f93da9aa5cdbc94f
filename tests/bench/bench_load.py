"""10,000 feeds at half-hour intervals: processor time, lateness of the loop and memory, beside two other programs.

    python -m tests.bench.bench_load [--polled 600] [--rate 20000] [--feeds 10000]

The daemon runs as it is, on a configuration of so many feeds, against a server of feeds in a process of its own
(`newsstand.py`). The first `--polled` of them are polled as fast as it goes, to be known; then once more at
`--rate` polls an hour, and a third time with every tenth of them hostile. The others wait for their turn. What
comes out holds for all: a feed that is not due costs what the daemon does for it anyway.

A bare loop of httpx and feedparser, which stores nothing, and the library `reader` get the same feeds as fast as
they can. `reader` is no dependency: `pip install reader`, in a folder of its own if need be
(`pip install --target FOLDER reader`, then PYTHONPATH=FOLDER).

Seconds are processor time, of the daemon and its children; lateness is that of a task which sleeps for 10 ms. An
idle loop beside each run says how much of that is this machine's.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aggregator.app import load_app
from aggregator.store.feeds import load_feeds, reschedule
from tests.bench.newsstand import HOSTILE, address
from tests.bench.pollers import AT_ONCE, START_SECONDS
from tests.bench.processes import cpu_seconds, grouping_cpu_seconds, resident_bytes
from tests.system.fleet import family, proportional_bytes
from tests.system.home import Feed, Home, rows

A_HOSTILE_ONE_IN = 10
RATE_PER_HOUR = 20_000
PATIENCE_SECONDS = 300
_UNIT = Path(__file__).parents[2] / "config" / "aggregator.service"
_HEAD = f"{'':34}{'polls':>6}{'polls/s':>9}{'ms a poll':>11}{'cores':>7}{'lag p50':>9}{'p99':>7}{'max':>7}{'RSS':>6}{'all':>6}"
_IDLE = "  (an idle loop beside it)"


@dataclass(slots=True)
class Watched:
    """A process and its children: processor time by now, and the most memory seen."""

    process: "subprocess.Popen[str]"
    resident_bytes: int = 0
    all_bytes: int = 0

    def look(self) -> None:
        pid = self.process.pid
        self.resident_bytes = max(self.resident_bytes, resident_bytes(pid))
        self.all_bytes = max(self.all_bytes, sum(map(proportional_bytes, family(pid))))

    def cpu_seconds(self) -> float:
        """Of the process and all that came from it, the ended ones as far as they were waited for."""
        return sum(map(cpu_seconds, family(self.process.pid)))


@contextmanager
def started(
    module: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A Python module of this folder as a process; killed at the end, if it is still there."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=log, text=True, env={**os.environ, **(environment or {})}
        )
        try:
            yield process
        except BaseException:
            log.seek(0)
            print(log.read()[-2_000:], file=sys.stderr)
            raise
        finally:
            process.kill()
            process.communicate()


def service_environment() -> dict[str, str]:
    """The variables that the service unit sets."""
    lines = _UNIT.read_text(encoding="utf-8").splitlines()
    pairs = [pair for line in lines if line.startswith("Environment=") for pair in line[12:].split()]
    return dict(pair.split("=", 1) for pair in pairs)


def told(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The next line of figures of a poller."""
    assert process.stdout is not None
    figures: dict[str, Any] = json.loads(process.stdout.readline())
    return figures


def ended(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Have it stop, and return its figures."""
    process.send_signal(signal.SIGTERM)
    return told(process)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of figures."""

    name: str
    polls: int
    seconds: float
    cpu_seconds: float
    watched: Watched
    lag: dict[str, float] | None = None
    grouping_seconds: float = 0.0

    @property
    def poll_ms(self) -> float:
        return 1000 * self.cpu_seconds / self.polls

    @property
    def grouping_ms(self) -> float:
        return 1000 * self.grouping_seconds / self.polls

    def __str__(self) -> str:
        memory = (self.watched.resident_bytes, self.watched.all_bytes)
        return (
            f"{self.name:34}{self.polls:6,}{self.polls / self.seconds:9.1f}{self.poll_ms:11.1f}"
            f"{self.poll_ms * RATE_PER_HOUR / 3_600_000:7.2f}{_lag_text(self.lag)}"
            f"{memory[0] / 1e6:6.0f}{memory[1] / 1e6:6.0f}"
        )


def _lag_text(lag: dict[str, float] | None) -> str:
    return (
        f"{'-':>9}{'-':>7}{'-':>7}" if lag is None else f"{lag['p50']:9.1f}{lag['p99']:7.0f}{lag['max']:7.0f}"
    )


# --- the daemon ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The feeds of one run: the first `polled` come round, the others wait."""

    home: Home
    port: int
    feeds: int
    polled: int

    def configure(self, *, is_hostile: bool) -> None:
        tables: dict[str, dict[str, object]] = {
            "http": {"total_timeout_seconds": 30},
            "poll": {"jitter_seconds": 0, "host_spacing_seconds": 1, "max_concurrent": AT_ONCE},
            "log": {"level": "warning"},
        }
        urls = self.urls(is_hostile=is_hostile)
        self.home.configure(
            [Feed(f"Feed {number}", url=url) for number, url in enumerate(urls)], tables=tables
        )

    def urls(self, *, is_hostile: bool) -> list[str]:
        kinds = [
            list(HOSTILE)[number // A_HOSTILE_ONE_IN % len(HOSTILE)]
            if is_hostile and number % A_HOSTILE_ONE_IN == 0 and number < self.polled
            else "good"
            for number in range(self.feeds)
        ]
        return [address(number, self.port, kind) for number, kind in enumerate(kinds)]

    def schedule(self, rate_per_hour: float | None, *, is_hostile: bool) -> None:
        """Make the polled ones due, one after the other; with no rate all at once."""
        place = {url: number for number, url in enumerate(self.urls(is_hostile=is_hostile))}
        step = timedelta(hours=1) / rate_per_hour if rate_per_hour else timedelta(0)
        first, never = (
            datetime.now(UTC) + timedelta(seconds=START_SECONDS + 2),
            datetime.now(UTC) + timedelta(hours=12),
        )
        with load_app(self.home.config, self.home.folder).store() as store:
            due = {
                feed.feed_id: first + place[feed.url] * step if place[feed.url] < self.polled else never
                for feed in store.write(load_feeds)
                if feed.url in place
            }
            store.write(partial(reschedule, next_poll_at=due, reason="bench"))

    def poll_count(self) -> int:
        ((count,),) = rows(self.home.store, "SELECT count(*) FROM polls")
        assert isinstance(count, int)
        return count

    def waits_for_grouping(self) -> bool:
        return rows(self.home.store, "SELECT 1 FROM days WHERE changes > 0 LIMIT 1") != []


def run_daemon(name: str, feeds: Subscriptions, rate_per_hour: float | None, *, is_hostile: bool) -> Line:
    """Have the daemon poll the feeds that are due until all were polled; print what it took."""
    feeds.configure(is_hostile=is_hostile)
    feeds.schedule(rate_per_hour, is_hostile=is_hostile)
    before = feeds.poll_count()
    daemon = started("pollers", "daemon", feeds.home.folder, environment=service_environment())
    with daemon as process, started("pollers", "idle") as other:
        watched = Watched(process)
        while feeds.poll_count() == before:
            time.sleep(0.1)
        began, cpu_before = time.monotonic(), watched.cpu_seconds()
        grouping_before = grouping_cpu_seconds(process.pid)
        while feeds.poll_count() < before + feeds.polled:
            watched.look()
            time.sleep(0.2)
        seconds = time.monotonic() - began
        while feeds.waits_for_grouping():
            if time.monotonic() > began + seconds + PATIENCE_SECONDS:
                raise TimeoutError("the daemon does not group what it has polled; its log says why")
            time.sleep(0.2)
        spent = watched.cpu_seconds() - cpu_before
        grouping_spent = grouping_cpu_seconds(process.pid) - grouping_before
        figures, idle = ended(process), ended(other)
    line = Line(name, feeds.polled, seconds, spent, watched, figures["lag"], grouping_spent)
    print(line)
    print(f"{_IDLE:67}{_lag_text(idle['lag'])}")
    print(f"{'  of which grouping':50}{line.grouping_ms:11.1f}", flush=True)
    return line


# --- the others ------------------------------------------------------------------------------------------


def run_other(name: str, program: str, rounds: Sequence[str], *arguments: object) -> Line:
    """Have another program poll, a round for each name; print each, return the last."""
    with started("pollers", program, *arguments) as process:
        assert process.stdin is not None
        watched = Watched(process)
        for title in rounds:
            cpu_before = watched.cpu_seconds()
            process.stdin.write("\n")
            process.stdin.flush()
            figures = told(process)
            watched.look()
            spent = watched.cpu_seconds() - cpu_before
            line = Line(
                f"{name}, {title}",
                figures["polls"],
                figures["seconds"],
                spent,
                watched,
                figures.get("lag"),
            )
            print(line, flush=True)
    return line


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--feeds", type=int, default=10_000)
    options.add_argument("--polled", type=int, default=600)
    options.add_argument("--rate", type=float, default=RATE_PER_HOUR)
    options.add_argument("--only", choices=["daemon", "others"])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, started("newsstand") as stand:
        assert stand.stdout is not None
        port = int(stand.stdout.readline())
        feeds = Subscriptions(Home(Path(folder)), port, chosen.feeds, min(chosen.polled, chosen.feeds))
        print(f"{chosen.feeds:,} feeds, {feeds.polled:,} of them polled; lag in ms, memory in MB")
        print(_HEAD, flush=True)
        ours = None
        if chosen.only != "others":
            run_daemon("daemon, first polls, all at once", feeds, None, is_hostile=False)
            ours = run_daemon(f"daemon, {chosen.rate:,.0f} an hour", feeds, chosen.rate, is_hostile=False)
            run_daemon("daemon, the same, 10 % hostile", feeds, chosen.rate, is_hostile=True)
        if chosen.only != "daemon":
            run_others(Path(folder), feeds, ours)


def run_others(folder: Path, feeds: Subscriptions, ours: Line | None) -> None:
    lists = {}
    for is_hostile in (False, True):
        lists[is_hostile] = folder / f"urls-{is_hostile}"
        lists[is_hostile].write_text("\n".join(feeds.urls(is_hostile=is_hostile)[: feeds.polled]))
    rounds = ("first polls", "again")
    lines = [run_other("bare loop", "bare", rounds, lists[False])]
    run_other("bare loop", "bare", ("10 % hostile",), lists[True])
    if find_spec("reader"):
        lines.append(run_other("reader", "reader", rounds, lists[False], folder / "reader.db"))
    else:
        print("reader is not installed")
    if ours is not None:
        for line in lines:
            alone = (ours.poll_ms - ours.grouping_ms) / line.poll_ms
            print(
                f"a poll costs the daemon {ours.poll_ms / line.poll_ms:.1f} times what it costs {line.name};"
                f" without the grouping, {alone:.1f} times"
            )


if __name__ == "__main__":
    main()
