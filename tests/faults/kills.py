"""Kills a daemon again and again, and holds what it left to the five invariants after every death.

* I1 Whatever a client said it has, by sending back its validator, is stored.
* I2 A stored validator stands for articles that are all stored; a poll is stored whole or not at all.
* I3 Every article is stored once, and none that was never told.
* I4 First-seen time, effective time and day of an article never change.
* I5 A logged digest has exactly one file, with the logged bytes.

    python -m tests.faults.kills 500 [SEED]

prints how it went and what it found.
"""

import hashlib
import itertools
import multiprocessing
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import wait
from pathlib import Path

from tests.fault_server import FaultServer
from tests.faults.journal import Journal, article_of
from tests.faults.killpoints import OF_A_NEW_FILE, ONCE_IN_A_LIFE, POINTS, WITH_WORKERS, Death, live
from tests.system.home import Feed, Home, check, rows

FEEDS = 4
BORN = datetime(2026, 3, 2, 4, tzinfo=UTC)
LIFE = timedelta(hours=17)  # from one to the next; most are to make a digest, at five
AT_RANDOM = "at random"
_TRIES = 10  # lives for one death; whatever the points are, a day of lives comes by each of them
_REAPING = threading.Lock()
"""Two threads that look how their forks ended must take turns: starting one asks after all others, and the status of
an ended fork can be read only once; whoever comes second is told 255."""
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.warm", "tests.system.home", "aggregator.cli"])
_DIGEST = (
    '[[digests]]\ntopic = "world"\ntitle = "World"\nat = "05:00"\nformats = ["markdown"]\nout = "digests"'
)


@dataclass
class Record:
    """What came of many deaths; `start_seconds` are processor time until a store was open."""

    kills: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    start_seconds: list[float] = field(default_factory=list)
    articles: int = 0
    digests: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        return self.kills.total()

    def __str__(self) -> str:
        slowest, middle = max(self.start_seconds), sorted(self.start_seconds)[len(self.start_seconds) // 2]
        return (
            f"kills={self.total} violations={len(self.violations)} articles={self.articles}"
            f" digests={self.digests} answers_304={self.unchanged}"
            f" start_median={middle:.3f}s start_slowest={slowest:.3f}s"
        )


def kill_again_and_again(folder: Path, kills: int, *, seed: int) -> Record:
    """Kill so many times: at every named point in turn, and in between at random moments.

    Ends early with the first death that left a violation.
    """
    rng, record = random.Random(seed), Record()
    with FaultServer() as server:
        journal = Journal(server, feeds=FEEDS, seed=seed)
        feeds = [Feed(f"Outlet {number}", url=journal.url(number)) for number in range(FEEDS)]
        home = Home(folder).configure(feeds, more=_DIGEST)
        witness, lives = Witness(home, journal), Lives(home, rng, record)
        for death in itertools.islice(_deaths(rng), kills):
            lives.live_until(death)
            record.violations += witness.look()
            if record.violations:
                break
        journal.is_quiet = True
        lives.live(Death())
        record.violations += witness.look()
        missing = journal.served() - witness.stored()
        record.violations += [f"lost for ever: {sorted(missing)[:5]}"] if missing else []
        record.articles, record.unchanged = len(witness.stored()), journal.unchanged
        record.digests = rows(home.store, "SELECT count(*) FROM digest_log")[0][0]
    return record


def _deaths(rng: random.Random) -> Iterator[Death]:
    """First of all a new file's, then every point in turn, again and again."""
    yield from map(Death, OF_A_NEW_FILE)
    points = [point for point in POINTS if point not in OF_A_NEW_FILE]
    for turn in itertools.count():
        rng.shuffle(points)
        for number, point in enumerate(points):
            if turn == 0 or point not in WITH_WORKERS or rng.random() < 0.3:  # workers take half a second
                yield Death(point, passing=1 if point in ONCE_IN_A_LIFE else rng.randint(1, 4))
            if number % 3 == 0:
                yield Death(AT_RANDOM)


class Lives:
    """One life after the other in one home, seventeen hours apart.

    How long a life takes is measured, so that a random moment lies within one on a slow machine as on a fast one.
    """

    def __init__(self, home: Home, rng: random.Random, record: Record) -> None:
        self._home, self._rng, self._record = home, rng, record
        self._born = BORN
        self._seconds = 0.0

    def live_until(self, death: Death) -> None:
        """Have lives until one ends with this death; that none does is a violation."""
        if death.point == AT_RANDOM and not self._seconds:
            self.live(Death())
        for _ in range(_TRIES):
            if self.live(death) == -signal.SIGKILL:
                self._record.kills[death.point] += 1
                return
            death = replace(death, passing=1)  # the first life may not have come by so often
        self._record.violations.append(f"{_TRIES} lives ended without coming by {death.point!r}")

    def live(self, death: Death) -> int:
        """Let one life go on until it dies or is done; return its exit status."""
        is_random = death.point == AT_RANDOM
        listening, opened = _FORKS.Pipe(duplex=False)
        process = _FORKS.Process(target=live, args=(self._home, self._born, _armed(death), opened))
        began = time.monotonic()
        with _REAPING:
            process.start()
        opened.close()
        if is_random and not wait([process.sentinel], self._rng.uniform(0.0, self._seconds)):
            process.kill()
        wait([process.sentinel])
        with _REAPING:
            process.join()
        if (
            process.exitcode == 0
        ):  # a random death that came too late comes within half the time at the next try
            self._seconds = (time.monotonic() - began) / (2 if is_random else 1)
        with listening, suppress(EOFError):
            self._record.start_seconds.append(listening.recv())
        self._born += LIFE
        if process.exitcode not in (0, -signal.SIGKILL):
            self._record.violations.append(f"a life ended with status {process.exitcode} ({death})")
        return int(process.exitcode or 0)


def _armed(death: Death) -> Death:
    """What the process itself has to know of its end: nothing of one that comes from outside."""
    return Death() if death.point == AT_RANDOM else death


class Witness:
    """Looks at the file with connections of its own, and remembers what must not change."""

    def __init__(self, home: Home, journal: Journal) -> None:
        self._home = home
        self._journal = journal
        self._times: dict[str, tuple[object, ...]] = {}

    def stored(self) -> frozenset[tuple[int, int]]:
        return frozenset(article_of(str(link)) for (link,) in self._rows("SELECT link FROM articles"))

    def look(self) -> list[str]:
        """Whatever is not as it must be, in words."""
        if not self._home.store.exists():
            return []  # it died while its first file had no name yet
        if (verdict := check(self._home.store)) != "ok":
            return [f"integrity: {verdict}"]
        stored = self.stored()
        return [
            *self._validators(stored),
            *self._atomicity(),
            *self._once(stored),
            *self._same_times(),
            *self._digests(),
        ]

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        return rows(self._home.store, query)

    def _validators(self, stored: frozenset[tuple[int, int]]) -> list[str]:
        found = (
            [f"I1: proved and not stored: {sorted(lost)[:5]}"]
            if (lost := self._journal.proved() - stored)
            else []
        )
        for url, etag in self._rows("SELECT url, etag FROM feeds WHERE etag IS NOT NULL"):
            missing = self._journal.told_with(int(str(url).rpartition("/")[2]), str(etag)) - stored
            found += [f"I2: validator {etag} without {sorted(missing)}"] if missing else []
        return found

    def _atomicity(self) -> list[str]:
        [(loose,)] = self._rows(
            "SELECT count(*) FROM articles WHERE article_id NOT IN (SELECT article_id FROM listings)"
            " OR article_id NOT IN (SELECT article_id FROM article_topics)"
        )
        [(counted, there)] = self._rows(
            "SELECT (SELECT coalesce(sum(new_articles), 0) FROM polls), (SELECT count(*) FROM articles)"
        )
        found = [f"I2: {loose} articles without their listing"] if loose else []
        return [*found, *([f"I2: polls count {counted} articles of {there}"] if counted != there else [])]

    def _once(self, stored: frozenset[tuple[int, int]]) -> list[str]:
        [(count,)] = self._rows("SELECT count(*) FROM articles")
        unheard = stored - self._journal.served()
        found = [f"I3: {count} rows for {len(stored)} articles"] if count != len(stored) else []
        return [*found, *([f"I3: never told: {sorted(unheard)}"] if unheard else [])]

    def _same_times(self) -> list[str]:
        found = []
        for key, *times in self._rows("SELECT key, first_seen_at, effective_at, day FROM articles"):
            before = self._times.setdefault(str(key), tuple(times))
            found += [f"I4: {key} was {before}, is {times}"] if before != tuple(times) else []
        return found

    def _digests(self) -> list[str]:
        found = []
        for path, sha256 in self._rows("SELECT path, sha256 FROM digest_log"):
            file = self._home.folder / str(path)
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                found.append(f"I5: {path} is not what was logged")
        doubled = self._rows(
            "SELECT day, topic, format, addendum FROM digest_log GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"
        )
        return [*found, *(f"I5: more than one file for {each}" for each in doubled)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        result = kill_again_and_again(
            Path(place), int(sys.argv[1]), seed=int(sys.argv[2]) if sys.argv[2:] else 0
        )
    print(result)  # noqa: T201
    for point, count in sorted(result.kills.items()):
        print(f"  {count:4} × {point}")  # noqa: T201
    for violation in result.violations:
        print(f"  {violation}")  # noqa: T201
    sys.exit(bool(result.violations))
