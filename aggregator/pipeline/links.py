"""One round of the link queue: what is due is resolved as far as the budget goes, and stored."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aggregator import resolve
from aggregator.model import LinkJob, LinkState, Resolution, ResolverState
from aggregator.pipeline.stages import Stages
from aggregator.store import links, open_reader

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResolveReport:
    """Links by what became of them in this round; `open_until` while the breaker is open."""

    tried: int
    resolved: int
    waiting: int
    failed: int
    pages_left: float
    open_until: datetime | None

    def __str__(self) -> str:
        line = (
            f"resolve tried={self.tried} resolved={self.resolved} waiting={self.waiting} failed={self.failed}"
        )
        return line if self.open_until is None else f"{line} breaker_open_until={self.open_until:%H:%MZ}"


async def resolve_links(stages: Stages, *, limit: int = 500) -> ResolveReport:
    """Work the queue once; writes nothing when nothing is due."""
    now = stages.clock.now()
    jobs, state = _read_queue(stages, now, limit)
    if not jobs:
        return ResolveReport(0, 0, 0, 0, state.tokens, state.open_until)
    resolutions, state = await stages.resolver.resolve(jobs, state, now)
    write = partial(links.save_resolutions, resolutions=resolutions, state=state, now=now)
    await asyncio.wrap_future(stages.store.submit(write))
    report = _report(resolutions, state)
    log.info("%s", report)
    return report


def _read_queue(stages: Stages, now: datetime, limit: int) -> tuple[Sequence[LinkJob], ResolverState]:
    with open_reader(stages.store.path) as connection:
        state = links.load_resolver_state(connection)
        jobs = links.load_due_links(connection, now, limit)
    return jobs, state or resolve.new_state(stages.settings.google_news, now)


def _report(resolutions: Sequence[Resolution], state: ResolverState) -> ResolveReport:
    states = Counter(resolution.state for resolution in resolutions)
    return ResolveReport(
        tried=len(resolutions),
        resolved=states[LinkState.RESOLVED],
        waiting=states[LinkState.WAITING],
        failed=states[LinkState.FAILED],
        pages_left=state.tokens,
        open_until=state.open_until,
    )
