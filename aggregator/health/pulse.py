"""What a running daemon notes of its work, for whoever asks how it is."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from aggregator.clock import Clock
from aggregator.health.report import Health, JobState
from aggregator.model import StoreFigures

_LAG_STEP_SECONDS = 1.0
_LAG_STEPS = 60


@dataclass(slots=True)
class _Job:
    every_seconds: float
    signed_at: float
    is_running: bool = False
    failures: int = 0


@dataclass(slots=True)
class Pulse:
    """Signs of life, by the clock that does not jump; outlives a reload of the configuration."""

    clock: Clock
    process: int
    paused: str | None = None
    _started_at: float = field(init=False)
    _committed_at: float = field(init=False)
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _polls: Counter[str] = field(default_factory=Counter)
    _new_articles: int = 0
    _lags: deque[float] = field(default_factory=lambda: deque(maxlen=_LAG_STEPS))

    def __post_init__(self) -> None:
        self._started_at = self._committed_at = self.clock.monotonic()

    def expect(self, name: str, every_seconds: float) -> None:
        """A job that is to be run this often, from now on."""
        self._jobs[name] = _Job(every_seconds, self.clock.monotonic())

    def begun(self, name: str) -> None:
        self._jobs[name].is_running = True
        self.got_on(name)

    def got_on(self, name: str) -> None:
        self._jobs[name].signed_at = self.clock.monotonic()

    def ended(self, name: str, *, is_well: bool) -> None:
        job = self._jobs[name]
        job.is_running = False
        job.failures = 0 if is_well else job.failures + 1
        self.got_on(name)

    def committed(self) -> None:
        """Something has reached the disk."""
        self._committed_at = self.clock.monotonic()

    def polled(self, outcomes: Iterable[str], new_articles: int) -> None:
        self._polls.update(outcomes)
        self._new_articles += new_articles

    async def watch_loop(self) -> None:
        """Measure how late the event loop comes back to what waits, until cancelled."""
        while True:
            slept_at = self.clock.monotonic()
            await asyncio.sleep(_LAG_STEP_SECONDS)
            self._lags.append(max(self.clock.monotonic() - slept_at - _LAG_STEP_SECONDS, 0.0))

    def health(self, figures: StoreFigures | None) -> Health:
        """The account of this moment."""
        now = self.clock.monotonic()
        return Health(
            process=self.process,
            up_seconds=now - self._started_at,
            commit_seconds=now - self._committed_at,
            lag_seconds=max(self._lags, default=0.0),
            paused=self.paused,
            jobs={
                name: JobState(job.every_seconds, job.is_running, now - job.signed_at, job.failures)
                for name, job in self._jobs.items()
            },
            polls=dict(self._polls),
            new_articles=self._new_articles,
            figures=figures,
        )
