"""The daemon: a ticker, an orderly stop.

Facts
-----
* APScheduler is a ticker, not a promise: it drops what it slept through, skips a job in a clock gap and
  doubles one in a fold. What is due is a column or a function of the wall clock; every job here asks
  "what is due now" and may run late, twice or not at all without harm.
* Its `shutdown(wait=True)` cancels running coroutines, so the jobs here only set tasks going that this
  module keeps, and the stop waits for those itself. `shutdown` acts in the next turn of the loop, and cancels
  with a traceback what a last tick has begun: it is paused first.
* Writes to an unlinked database succeed and vanish, so the heartbeat looks whether the path still leads
  to the file.
* A full disk is no reason to end: what is stored is safe, and room comes back. Nothing is polled meanwhile,
  since a document that cannot be stored would be fetched again and again. A small write may still succeed
  on a disk that is full for all others, so the pause has a length, and ends only with room to spare.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.app import App
from aggregator.desk import Desk
from aggregator.door import open_door
from aggregator.errors import ConfigError, StoreBusy, StoreError, StoreFull
from aggregator.health import LOW_DISK_BYTES, Pulse
from aggregator.notify import notify, watchdog_interval_seconds
from aggregator.pipeline import pruning
from aggregator.pipeline.cycle import due_feeds, group_changed, run_cycle
from aggregator.pipeline.delivery import deliver_due
from aggregator.pipeline.digests import make_due_digests
from aggregator.pipeline.grouping_process import GroupingProcess
from aggregator.pipeline.links import resolve_links
from aggregator.pipeline.stages import Stages
from aggregator.shortage import shortage_of
from aggregator.signals import Orders
from aggregator.store import Store, upkeep

log = logging.getLogger(__name__)

TICK_SECONDS = 15
RESOLVE_SECONDS = 60
DIGEST_SECONDS = 60
DELIVER_SECONDS = 60
UPKEEP_SECONDS = 3600
HEARTBEAT_SECONDS = 20
PRUNED_AT_ONCE = 50_000  # articles; polling waits for so many
RETRY_SECONDS = 5.0  # between two tries to store the feeds of a changed configuration
PAUSE_SECONDS = 300.0  # at least, after the disk was full
STOP_SECONDS = 8.0  # what SIGTERM leaves running work before it is cancelled

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """Something the daemon does again and again; safe to do at any moment and as often as one likes."""

    name: str
    work: Work
    every_seconds: float


@dataclass(slots=True)
class Daemon:
    """The jobs of one running daemon; each is safe to call at any moment and as often as one likes."""

    app: App
    stages: Stages
    pulse: Pulse
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by whoever groups days
    _paused_until: float = 0.0

    async def poll(self) -> None:
        """Poll what is due and group what changed."""
        now = self.stages.clock.now()
        due = await due_feeds(self.stages, now)
        await run_cycle(
            due,
            self.stages,
            lambda done, total, line: self.pulse.got_on("poll"),
            lambda report: self.pulse.polled((poll.outcome for poll in report.polls), report.new),
        )

    async def resolve(self) -> None:
        """Work the link queue, then group what merging changed."""
        if not self.stages.settings.google_news.resolve:
            return
        report = await resolve_links(self.stages)
        if report.resolved:
            await group_changed(self.stages)

    async def digest(self) -> None:
        """Make the digests that are due."""
        now, settings = self.stages.clock.now(), self.stages.settings
        await asyncio.to_thread(make_due_digests, self.stages.grouper, self.app.home, settings, now)

    async def deliver(self) -> None:
        """Send what waits in the outbox."""
        await deliver_due(self.stages, self.app.home, os.environ)

    async def keep_up(self) -> None:
        """Hourly care of the file."""
        left = await asyncio.to_thread(self.stages.store.maintain, upkeep.checkpoint)
        log.debug("checkpoint wal_pages_left=%d", left)

    async def prune(self) -> None:
        """Take out what is too old or too much, as far as the configuration sets a limit; some at a time."""
        limits = self.stages.settings.store
        if not limits.keep_days and not limits.max_bytes:
            return
        prune = partial(
            pruning.prune,
            at_most=PRUNED_AT_ONCE,
            progress=lambda done, total: self.pulse.got_on("prune"),
        )
        retention = pruning.Retention(limits.keep_days or None, limits.max_bytes or None)
        now, stages = self.stages.clock.now(), self.stages
        report = await asyncio.to_thread(prune, stages.store, stages.settings, retention, now)
        if report.articles or report.polls:
            log.info("%s", report)

    async def heartbeat(self) -> None:
        """Tell the service manager that the loop turns, the store writes and the file is still ours.

        Raises:
            StoreError: the path leads to another file, or to none.
        """
        store = self.stages.store
        if taken := store.taken_away():
            raise taken
        try:
            await asyncio.wrap_future(store.submit(partial(upkeep.beat, now=self.stages.clock.now())))
            self.pulse.committed()
            self._watch_disk()
        except StoreFull as error:
            self.pause_for(error)
        notify("WATCHDOG=1")

    def _watch_disk(self) -> None:
        """Rest while there is little room on the disk, go on when there is enough again."""
        free = self.free_bytes(self.stages.store.path.parent)
        if free < LOW_DISK_BYTES:
            self._pause(
                f"only {free // 1_000_000} MB are free on the store's disk, nothing is polled below"
                f" {LOW_DISK_BYTES // 1_000_000} MB; what is stored is safe"
            )
        elif self.pulse.paused is not None and self.stages.clock.monotonic() >= self._paused_until:
            log.info("there is room on the disk again, polling goes on")
            self.pulse.paused = None
            notify("STATUS=")

    def pause_for(self, error: StoreFull) -> None:
        """Poll, group and send nothing for some minutes at least."""
        self._pause(f"the disk is full, nothing is polled; what is stored is safe ({error})")
        self._paused_until = self.stages.clock.monotonic() + PAUSE_SECONDS

    def _pause(self, reason: str) -> None:
        if self.pulse.paused is None:
            log.error("%s", reason)
        self.pulse.paused = reason
        notify(f"STATUS={reason}")


async def run_daemon(app: App) -> None:
    """Run until SIGTERM or SIGINT; returns when everything is put away.

    SIGHUP takes up a changed configuration if it is valid, by an orderly stop and start within the
    process: the store stays open and locked, and what other processes ask for goes on.

    Raises:
        StoreLocked: another process writes this file.
        StoreError: the store failed or its file was taken away.
    """
    orders = Orders()
    pulse = Pulse(app.clock, os.getpid())
    with app.store() as store, GroupingProcess(store) as grouper:
        desk = Desk(app, grouper, pulse)
        async with open_door(app.store_path, desk.perform):
            orders.listen()
            running: App | None = app
            while running is not None and not orders.stop.is_set():
                desk.app = running
                async with running.stages(store, grouper) as stages:
                    daemon = Daemon(running, stages, pulse, turn=desk.turn)
                    running = await _Runner(daemon, orders).run()
                if running is not None:
                    await _take_up(running, store, orders.stop)


async def _take_up(app: App, store: Store, stop_asked: asyncio.Event) -> None:
    """Store the feeds of a changed configuration; wait where another program or the disk is in the way."""
    while not stop_asked.is_set():
        # A grouping that is writing has the store for as long as that takes; its end at a stop comes after this.
        storing = asyncio.create_task(asyncio.to_thread(app.sync_feeds, store))
        told = asyncio.create_task(stop_asked.wait())
        await asyncio.wait((storing, told), return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not storing.done():
            storing.cancel()
            return
        try:
            storing.result()
        except (StoreBusy, StoreFull) as error:
            log.error("reload waits: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await stop_asked.wait()
        else:
            return


class _Runner:
    """Ticks, keeps the tasks, stops in order."""

    def __init__(self, daemon: Daemon, orders: Orders) -> None:
        self._daemon = daemon
        self._orders = orders
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._next_app: asyncio.Future[App | None] = asyncio.get_running_loop().create_future()

    async def run(self) -> App | None:
        """Run until told to stop; return the app to go on with after a reload, or None."""
        self._orders.tell = self._obey
        self._obey()
        if self._next_app.done():
            return self._next_app.result()
        app = self._daemon.app
        scheduler = self._scheduler()
        lag_watch = asyncio.create_task(self._daemon.pulse.watch_loop())
        scheduler.start()
        notify("READY=1")
        log.info("start store=%s feeds=%d", app.store_path, len(app.settings.feeds))
        try:
            return await self._next_app
        finally:
            notify(self._farewell())
            scheduler.pause()
            scheduler.shutdown(wait=False)
            lag_watch.cancel()
            await self._put_away()
            log.info("stop")

    def _obey(self) -> None:
        """Carry out what signals have asked for; what comes after this runner's end is the next one's."""
        if self._next_app.done():
            return
        if self._orders.stop.is_set():
            self._next_app.set_result(None)
        elif self._orders.is_reload_asked:
            self._orders.is_reload_asked = False
            self._reload()

    def _reload(self) -> None:
        """Go on with the changed configuration if it is valid; keep the old one otherwise."""
        app = self._daemon.app
        try:
            fresh = app.reread()
        except ConfigError as error:
            log.error("reload refused, the old configuration stays: %s", error)
            return
        if fresh.settings.store != app.settings.store:
            log.error("reload refused, the old configuration stays: store.path changes only with a restart")
            return
        log.info("reload feeds=%d digests=%d", len(fresh.settings.feeds), len(fresh.settings.digests))
        self._next_app.set_result(fresh)

    def _scheduler(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        for job in self.jobs():
            self._daemon.pulse.expect(job.name, job.every_seconds)
            # The first run comes at once: APScheduler would wait one interval.
            scheduler.add_job(
                self._start,
                "interval",
                args=[job],
                seconds=job.every_seconds,
                id=job.name,
                next_run_time=self._daemon.stages.clock.now() + timedelta(milliseconds=10),
            )
        return scheduler

    def jobs(self) -> tuple[Job, ...]:
        """What the daemon does again and again, in the order of its first pass."""
        daemon = self._daemon
        heartbeat = min(HEARTBEAT_SECONDS, watchdog_interval_seconds() or HEARTBEAT_SECONDS)
        return (
            Job("heartbeat", daemon.heartbeat, heartbeat),
            Job("poll", self._unless_paused(self._in_turn(daemon.poll)), TICK_SECONDS),
            Job("resolve", self._unless_paused(self._in_turn(daemon.resolve)), RESOLVE_SECONDS),
            Job("digest", self._unless_paused(self._in_turn(daemon.digest)), DIGEST_SECONDS),
            Job("deliver", self._unless_paused(daemon.deliver), DELIVER_SECONDS),
            Job("prune", self._in_turn(daemon.prune), UPKEEP_SECONDS),
            Job("upkeep", daemon.keep_up, UPKEEP_SECONDS),
        )

    def _unless_paused(self, work: Work) -> Work:
        """Work that has to be stored is not begun while it cannot be."""

        async def run() -> None:
            if self._daemon.pulse.paused is None:
                await work()

        return run

    def _in_turn(self, work: Work) -> Work:
        """Jobs that group days take turns; two groupings of one day at once would waste each other."""

        async def run() -> None:
            async with self._daemon.turn:
                await work()

        return run

    async def _start(self, job: Job) -> None:
        """Set a job going unless its last run is still at it; a tick that comes after the end begins nothing."""
        if self._next_app.done():
            return
        running = self._tasks.get(job.name)
        if running is not None and not running.done():
            log.debug("tick job=%s skipped, still running", job.name)
            return
        self._tasks[job.name] = asyncio.create_task(self.do(job), name=job.name)

    async def do(self, job: Job) -> None:
        """A store that cannot be trusted stops the daemon; a bug in one job is loud and the others go on."""
        pulse, is_well = self._daemon.pulse, False
        pulse.begun(job.name)
        try:
            await job.work()
            is_well = True
        except StoreFull as error:
            self._daemon.pause_for(error)
            is_well = True
        except StoreBusy as error:
            log.error("job %s is tried again: %s", job.name, error)
        except StoreError as error:
            # Whichever job trips over a file that was taken away, the reason is the same.
            reason = self._daemon.stages.store.taken_away() or error
            log.critical("stopping: %s", reason)
            if not self._next_app.done():
                self._next_app.set_exception(reason)
        except Exception as error:
            # Whatever else leaves a job is ours to mend; it must not take the other jobs down with it.
            if (shortage := shortage_of(error)) is not None:
                log.error("job %s is tried again: %s", job.name, shortage)
            else:
                log.critical("a bug in job %s, please report it", job.name, exc_info=True)
        finally:
            pulse.ended(job.name, is_well=is_well)

    def _farewell(self) -> str:
        """What the service manager is told; one that hears of a stop kills what has not ended soon after."""
        end = self._next_app
        if end.done() and not end.cancelled() and end.exception() is None and end.result() is not None:
            return f"RELOADING=1\nMONOTONIC_USEC={int(self._daemon.stages.clock.monotonic() * 1_000_000)}"
        return "STOPPING=1"

    async def _put_away(self) -> None:
        """Cancel what runs and wait for it: a transaction that has begun is finished, a fetch is repeated."""
        running = [task for task in self._tasks.values() if not task.done()]
        if not running:
            return
        for task in running:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*running, return_exceptions=True)
