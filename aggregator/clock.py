"""The only reader of the clocks.

Everything that means one moment takes `now: datetime` (aware UTC) instead; a `Clock` is held
only by what outlives a moment: the daemon, the command line, the fetcher's politeness.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What code that outlives a moment may ask of time."""

    def now(self) -> datetime:
        """Wall time, aware UTC; may jump in either direction."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for durations and deadlines only."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero or less."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))


class ManualClock:
    """A clock that moves only when told to, for tests and simulated days.

    `sleep` advances it, so code that waits runs at once and the waiting shows in `now()`.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start must be aware, got {start!r}")
        self._now = start.astimezone(UTC)
        self._elapsed_seconds = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed_seconds

    def advance(self, by: timedelta) -> None:
        """Move both clocks forward; a negative `by` is an error (use `jump_to` for wall jumps)."""
        if by < timedelta(0):
            raise ValueError(f"a clock advances forward, got {by!r}")
        self._now += by
        self._elapsed_seconds += by.total_seconds()

    def jump_to(self, moment: datetime) -> None:
        """Set the wall clock alone, in any direction, as an operator or NTP would."""
        self._now = moment.astimezone(UTC)

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)
