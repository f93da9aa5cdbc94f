"""A daemon's jobs on a clock that a test sets: the scheduler's ticks without their waiting."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aggregator.clock import ManualClock
from aggregator.daemon import Daemon
from aggregator.health import Pulse
from aggregator.pipeline.stages import Stages
from tests.system.home import Home

TICK = timedelta(seconds=15)


class Ticker:
    """One life of a daemon; `tick` does what each of its intervals brings."""

    def __init__(self, daemon: Daemon, clock: ManualClock) -> None:
        self.daemon = daemon
        self.clock = clock

    @property
    def stages(self) -> Stages:
        return self.daemon.stages

    async def tick(self, count: int = 1, step: timedelta = TICK) -> None:
        """Poll and make digests as often, the clock going on by `step` after each."""
        for _ in range(count):
            await self.daemon.poll()
            await self.daemon.digest()
            self.clock.advance(step)


def live(home: Home, clock: ManualClock, life: Callable[[Ticker], Awaitable[None]]) -> None:
    """Open the store as a daemon does, and lead a life."""
    app = home.app(clock)

    async def run() -> None:
        async with app.stages(store) as stages:
            pulse = Pulse(clock, os.getpid())
            pulse.expect("poll", TICK.total_seconds())
            await life(Ticker(Daemon(app, stages, pulse), clock))

    with app.store() as store:
        asyncio.run(run())
