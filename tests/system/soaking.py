"""Weeks of a daemon's life on a clock that a test sets, with everything that befalls it meanwhile.

The daemon is the program's own: a process opens the store and does its jobs in turn, each when its interval has
passed on the simulated clock; only the scheduler's waiting is left out. Requests go one after the other, so that what
happens follows from the seed. The process dies in the middle of writing and is started again; it sleeps through hours,
and it meets a disk that is full.
"""

import asyncio
import gc
import json
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from time import process_time

from aggregator.clock import ManualClock
from aggregator.daemon import Daemon, _Runner
from aggregator.health import Pulse
from aggregator.shortage import give_memory_back
from aggregator.signals import Orders
from aggregator.store import Store
from tests.fault_server import FaultServer
from tests.system.home import FORKS, Feed, Home
from tests.system.misfortune import FEEDS_PER_HOST, Answer, Misfortune
from tests.system.newsstand import Stand, newsstand

ZONE = "Europe/Berlin"
CENSUS = timedelta(hours=2)
MORNING = timedelta(hours=7)  # after the last day, when its digest has been made
TIMEOUT_SECONDS = 3
_RESTART = timedelta(seconds=10)
_DIGEST = '[[digests]]\ntopic = "world"\ntitle = "World"\nformats = ["text"]\nout = "digests"'
_WOUNDS = (
    "BEGIN IMMEDIATE",
    "INSERT INTO polls",
    "INSERT INTO articles",
    "INSERT INTO story_members",
    "UPDATE feeds SET",
    "COMMIT",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is simulated; the busiest feeds are asked `every` so often, and four times in between time passes."""

    days: int
    feeds: int
    deaths: int
    every: timedelta

    @property
    def step(self) -> timedelta:
        return self.every / 4


# --- what is to befall it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """From `at` on for so long."""

    at: datetime
    length: timedelta

    def __contains__(self, moment: datetime) -> bool:
        return self.at <= moment < self.at + self.length

    def within(self, start: datetime, end: datetime) -> timedelta:
        """How much of it lies between the two."""
        return max(timedelta(0), min(end, self.at + self.length) - max(start, self.at))


@dataclass(frozen=True, slots=True)
class Death:
    """From `at` on, at the `passing`-th beginning of such a statement."""

    at: datetime
    statement: str
    passing: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls a daemon between `start` and `end`."""

    start: datetime
    end: datetime
    step: timedelta
    sleeps: tuple[Span, ...]
    full_disk: Span
    deaths: tuple[Death, ...]

    @classmethod
    def drawn(cls, start: datetime, scale: Scale, seed: int) -> "Fate":
        """All deaths come in the first half, so that the last life is a long one."""
        rng, period = random.Random(f"{seed} fate"), timedelta(days=scale.days)
        moments = sorted(start + period * rng.uniform(0.02, 0.5) for _ in range(scale.deaths))
        return cls(
            start,
            start + period + MORNING,
            scale.step,
            (
                Span(start + period * 0.3, timedelta(hours=8)),
                Span(start + period * 0.7, timedelta(hours=27)),
            ),
            Span(start + period * 0.55, timedelta(hours=5)),
            tuple(Death(moment, rng.choice(_WOUNDS), rng.randint(1, 20)) for moment in moments),
        )


# --- a life ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Census:
    """What a process holds: resident bytes, and how many objects of each of our own classes; and what it has spent."""

    born: datetime
    at: datetime
    resident_bytes: int
    cpu_seconds: float
    objects: dict[str, int]


class _ToldClock(ManualClock):
    """Tells the time to the servers as well."""

    def __init__(self, start: datetime, told: "Synchronized[float]") -> None:
        super().__init__(start)
        self._told = told
        self._tell()

    def advance(self, by: timedelta) -> None:
        super().advance(by)
        self._tell()

    def jump_to(self, moment: datetime) -> None:
        super().jump_to(moment)
        self._tell()

    def _tell(self) -> None:
        self._told.value = self.now().timestamp()


def live(home: Home, born: datetime, fate: Fate, told: "Synchronized[float]") -> None:
    """What a process does from `born` to its death, or to the end."""
    os.dup2(os.open(home.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    give_memory_back()
    clock = _ToldClock(born, told)
    app = home.app(clock, seed=int(born.timestamp()))

    async def run() -> None:
        async with app.stages(store) as stages:
            daemon = Daemon(app, stages, Pulse(clock, os.getpid()), free_bytes=lambda folder: 10**12)
            await _Life(daemon, clock, fate, home.folder / "census").lead()

    with app.store() as store:
        asyncio.run(run())


class _Life:
    def __init__(self, daemon: Daemon, clock: ManualClock, fate: Fate, census: Path) -> None:
        self._daemon = daemon
        self._clock = clock
        self._fate = fate
        self._census = census
        self._born = clock.now()
        self._sleeps = [sleep for sleep in fate.sleeps if sleep.at >= self._born]
        self._deaths = [death for death in fate.deaths if death.at >= self._born]
        self._is_full = False

    async def lead(self) -> None:
        runner = _Runner(self._daemon, Orders())
        for job in runner.jobs():
            self._daemon.pulse.expect(job.name, job.every_seconds)
        next_at = {job.name: self._clock.monotonic() for job in runner.jobs()}
        counted_at = self._born
        while (now := self._clock.now()) < self._fate.end:
            self._befall(now)
            for job in runner.jobs():
                if self._clock.monotonic() >= next_at[job.name]:
                    next_at[job.name] = self._clock.monotonic() + job.every_seconds
                    await runner.do(job)
            if now - counted_at >= CENSUS:
                counted_at = now
                self._count(now)
            self._clock.advance(self._fate.step)

    def _befall(self, now: datetime) -> None:
        store = self._daemon.stages.store
        if self._is_full != (now in self._fate.full_disk):
            self._is_full = not self._is_full
            store.maintain(partial(_limit, is_full=self._is_full))
        if self._deaths and self._deaths[0].at <= now:
            _wound(store, self._deaths.pop(0))
        if self._sleeps and self._sleeps[0].at <= now:
            self._clock.jump_to(now + self._sleeps.pop(0).length)

    def _count(self, now: datetime) -> None:
        gc.collect()
        kinds = {
            f"{kind.__module__}.{kind.__qualname__}": number
            for kind, number in Counter(map(type, gc.get_objects())).items()
            if str(kind.__module__).startswith("aggregator.")
        }
        row = (self._born.isoformat(), now.isoformat(), _resident_bytes(), process_time(), kinds)
        with self._census.open("a") as file:
            file.write(json.dumps(row) + "\n")


def _limit(connection: sqlite3.Connection, *, is_full: bool) -> None:
    """Let the file grow no more, or as it likes."""
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages if is_full else 2**30}")


def _wound(store: Store, death: Death) -> None:
    passings = count(1)

    def look(statement: str) -> None:
        if statement.startswith(death.statement) and next(passings) == death.passing:
            os.kill(os.getpid(), signal.SIGKILL)

    store.maintain(lambda connection: connection.set_trace_callback(look))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- all its lives -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Soaked:
    """What was to be, what was served, and where it is stored."""

    home: Home
    fate: Fate
    stands: Sequence[Stand]
    answers: Sequence[Answer]
    deaths: Sequence[datetime]
    seed: int
    censuses: Sequence[Census]


def soak(folder: Path, start: datetime, scale: Scale, seed: int) -> Soaked:
    """Lead all the lives of one daemon; one that ends in a way that nobody planned is an AssertionError."""
    fate = Fate.drawn(start, scale, seed)
    stands = newsstand(scale.feeds, start, scale.days, scale.every, seed)
    told = FORKS.Value("d", start.timestamp())
    died, status = [], -signal.SIGKILL
    with ExitStack() as stack:
        servers = [stack.enter_context(FaultServer()) for _ in range(len(stands) // FEEDS_PER_HOST + 1)]
        misfortune = Misfortune(
            servers,
            stands,
            moment=partial(_moment, told),
            seed=seed,
            gone={"Gazette 7": start + timedelta(days=scale.days) * 0.4},
            moved={"Gazette 8": start + timedelta(days=scale.days) * 0.2},
        )
        home = _configured(folder, stands, misfortune, servers[0].origin)
        born = start
        while status == -signal.SIGKILL:
            process = FORKS.Process(target=live, args=(home, born, fate, told))
            process.start()
            process.join()
            status = process.exitcode
            if status == -signal.SIGKILL:
                died.append(_moment(told))
                born = died[-1] + _RESTART
        answers = misfortune.answers()
    assert status == 0, f"a life ended with status {status}: {(folder / 'log').read_text()[-2000:]}"
    return Soaked(home, fate, stands, answers, died, seed, _censuses(folder / "census"))


def _moment(told: "Synchronized[float]") -> datetime:
    return datetime.fromtimestamp(told.value, UTC)


def _configured(folder: Path, stands: Sequence[Stand], misfortune: Misfortune, base_url: str) -> Home:
    feeds = [
        Feed(stand.name, url=misfortune.url(number), interval_minutes=stand.interval_minutes)
        for number, stand in enumerate(stands)
    ]
    tables: dict[str, dict[str, object]] = {
        "http": {"total_timeout_seconds": TIMEOUT_SECONDS, "max_body_bytes": 1_000_000},
        "google_news": {"resolve": False},
        "poll": {"max_concurrent": 1},
        "day": {"timezone": ZONE},
    }
    return Home(folder).configure(feeds, base_url=base_url, tables=tables, more=_DIGEST)


def _censuses(path: Path) -> list[Census]:
    rows = map(json.loads, path.read_text().splitlines() if path.exists() else ())
    return [
        Census(datetime.fromisoformat(born), datetime.fromisoformat(at), *counts)
        for born, at, *counts in rows
    ]
