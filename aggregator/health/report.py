"""What a daemon says of itself, and what follows from it. Pure.

Facts
-----
* A scheduler that runs is no work that is done: jobs have been skipped for days behind a green light. So
  what counts is what ended well and what reached the disk.
* Wall clocks jump; everything here is a duration by the clock that does not.
* A daemon that is paused for lack of disk, or kept waiting by Google, does what it should. The first is a
  problem all the same, because articles are being missed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from aggregator.model import StoreFigures

LOW_DISK_BYTES = 200_000_000
"""With less than this left on the disk nothing is polled; the files that are open need room to be put away."""

_SILENT_SECONDS = 90.0  # without a commit; one is tried every 20 s
_STUCK_SECONDS = 900.0  # of a job that runs without a sign of progress
_LATE_ROUNDS, _LATE_SECONDS = 3, 30.0  # what a job that should have begun is granted
_LAG_SECONDS = 5.0
_FAILURES = 3


@dataclass(frozen=True, slots=True)
class JobState:
    """One of the daemon's jobs: how often it is due, and how long ago it last gave a sign (began, got on, ended).

    `failures` counts runs in a row that ended in a bug of ours.
    """

    every_seconds: float
    is_running: bool
    quiet_seconds: float
    failures: int


@dataclass(frozen=True, slots=True)
class Health:
    """A daemon's account of itself at one moment.

    `commit_seconds` have passed since something reached the disk; `lag_seconds` is the longest that the
    event loop was busy in the last minute; `paused` says why nothing is polled, if nothing is; `polls`
    counts by outcome since the start. `figures` is None when the store cannot be read.
    """

    process: int
    up_seconds: float
    commit_seconds: float
    lag_seconds: float
    paused: str | None
    jobs: Mapping[str, JobState]
    polls: Mapping[str, int]
    new_articles: int
    figures: StoreFigures | None

    def to_plain(self) -> dict[str, Any]:
        """Values that fit into JSON; `health_of` reads them back."""
        plain = asdict(self)
        for name, value in (plain["figures"] or {}).items():
            if isinstance(value, date):
                plain["figures"][name] = value.isoformat()
        return plain


def health_of(plain: Mapping[str, Any]) -> Health:
    """The value that `Health.to_plain` wrote."""
    jobs = {name: JobState(**job) for name, job in plain["jobs"].items()}
    figures = None if plain["figures"] is None else _figures_of(plain["figures"])
    return Health(**{**plain, "jobs": jobs, "figures": figures})


def _figures_of(plain: Mapping[str, Any]) -> StoreFigures:
    values = dict(plain)
    for name, text in plain.items():
        if name.endswith(("_at", "_until")):
            values[name] = None if text is None else datetime.fromisoformat(text)
    newest = plain["newest_day"]
    return StoreFigures(**{**values, "newest_day": None if newest is None else date.fromisoformat(newest)})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problems` make a daemon unhealthy, one sentence each; `notes` do not."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking. `holder` is the process that writes the store, if one does; without `health` nobody
    has answered for it, and `problems` says so."""

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    health: Health | None = None
    holder: str | None = None

    @property
    def is_healthy(self) -> bool:
        return not self.problems


def judge(health: Health, now: datetime) -> Verdict:
    """What is wrong with a daemon that has answered; `now` only dates Google's pause."""
    return Verdict(tuple(_problems(health)), tuple(_notes(health, now)))


def _problems(health: Health) -> Iterator[str]:
    if health.paused is not None:
        yield health.paused
    elif health.commit_seconds > _SILENT_SECONDS:
        yield f"nothing has reached the disk for {health.commit_seconds:.0f} seconds"
    if health.lag_seconds > _LAG_SECONDS:
        yield f"the event loop stood still for {health.lag_seconds:.0f} seconds within the last minute"
    if health.figures is None:
        yield "the store cannot be read"
    for name, job in health.jobs.items():
        if job.failures >= _FAILURES:
            yield f"job {name} has failed {job.failures} times in a row; the log says why"
        elif job.is_running and job.quiet_seconds > _STUCK_SECONDS:
            yield f"job {name} has been running for {job.quiet_seconds:.0f} seconds without getting on"
        elif not job.is_running and job.quiet_seconds > _LATE_ROUNDS * job.every_seconds + _LATE_SECONDS:
            yield f"the scheduler stands still: job {name} last gave a sign {job.quiet_seconds:.0f} seconds ago"


def _notes(health: Health, now: datetime) -> Iterator[str]:
    figures = health.figures
    if figures is None:
        return
    if figures.breaker_open_until is not None and figures.breaker_open_until > now:
        until = f"{figures.breaker_open_until:%H:%M}Z"
        yield f"Google refuses article pages; links wait until {until}, stories are the same without"
    bad = figures.feeds.get("failing", 0) + figures.feeds.get("gone", 0)
    good = figures.feeds.get("ok", 0)
    if bad and not good:
        yield "no feed at all can be read; is this machine online?"
    elif bad:
        yield f"{bad} of {bad + good + figures.feeds.get('new', 0)} feeds fail"
