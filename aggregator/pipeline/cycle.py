"""One tick: everything that is due, in order: poll, group. Resolving and digests have their own jobs."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from aggregator import schedule
from aggregator.model import FeedState, Outcome
from aggregator.pipeline.grouper import Regrouped
from aggregator.pipeline.poll import PollReport, poll_feeds
from aggregator.pipeline.stages import Progress, Stages
from aggregator.store import feeds, open_reader

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CycleReport:
    """All polls of one tick and the grouping that followed."""

    polls: tuple[PollReport, ...]
    grouped: Regrouped = field(default_factory=Regrouped)
    took_ms: int = 0

    @property
    def new(self) -> int:
        return sum(poll.new for poll in self.polls)

    @property
    def failed(self) -> int:
        return sum(poll.outcome not in (Outcome.MODIFIED, Outcome.UNCHANGED) for poll in self.polls)

    def __str__(self) -> str:
        outcomes = Counter(poll.outcome for poll in self.polls)
        return (
            f"cycle feeds={len(self.polls)} modified={outcomes[Outcome.MODIFIED]}"
            f" unchanged={outcomes[Outcome.UNCHANGED]} failed={self.failed} new={self.new}"
            f" days={self.grouped.days} stories={len(self.grouped.stories_changed)} took_ms={self.took_ms}"
        )


async def run_cycle(
    due: Sequence[FeedState],
    stages: Stages,
    progress: Progress | None = None,
    polled: Callable[[CycleReport], None] = lambda report: None,
) -> CycleReport:
    """Poll the given feeds, then group the days that changed; after a long grouping a later cycle does.

    What was `polled` is told before the grouping, and logged also where that fails.
    """
    started = stages.clock.monotonic()
    report = CycleReport(tuple(await poll_feeds(due, stages, progress)))
    polled(report)
    try:
        report = replace(report, grouped=await group_changed(stages))
    finally:
        report = replace(report, took_ms=int((stages.clock.monotonic() - started) * 1000))
        if report.polls or report.grouped.days:
            log.info("%s", report)
    for conflict in report.grouped.conflicts:
        log.warning("corrections contradict each other: %s", conflict)
    return report


async def group_changed(stages: Stages) -> Regrouped:
    """Group the days that changed, unless that took long and not long ago: then they wait for a later cycle."""
    grouper, clock = stages.grouper, stages.clock
    began = clock.monotonic()
    if grouper.rests(began):
        return Regrouped()
    try:
        return await asyncio.to_thread(grouper.regroup, stages.settings, clock.now())
    finally:
        grouper.took(began, clock.monotonic())


def _load_due(stages: Stages, now: datetime) -> list[FeedState]:
    settings = stages.settings.poll
    with open_reader(stages.store.path) as connection:
        candidates = feeds.load_feeds_polled_outside(connection, now, schedule.farthest_poll(now, settings))
    return [feed for feed in candidates if schedule.is_due(feed, now=now, settings=settings)]


async def due_feeds(stages: Stages, now: datetime) -> list[FeedState]:
    """Feeds whose time has come; after a start or a long sleep the many are spread over minutes."""
    settings = stages.settings.poll
    due = await asyncio.to_thread(_load_due, stages, now)
    later = schedule.catch_up(due, now=now, settings=settings)
    if later:
        log.info("catch-up feeds=%d last=%s", len(later), f"{max(later.values()):%H:%M:%SZ}")
        write = partial(feeds.reschedule, next_poll_at=later, reason=schedule.CATCH_UP)
        await asyncio.wrap_future(stages.store.submit(write))
    return [feed for feed in due if feed.feed_id not in later]
