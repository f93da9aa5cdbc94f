"""One feed's turn: fetch, parse, store; and all feeds that are due, side by side.

The body of a feed is in memory only between its fetch and its commit, and the politeness slot is held
that long, so that at most `max_concurrent` bodies exist at once.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from aggregator import fetch, schedule
from aggregator.model import (
    Failure,
    FailureKind,
    FeedState,
    Fetched,
    Outcome,
    ParsedFeed,
    PollRecord,
    Validators,
)
from aggregator.pipeline.arrivals import Arrivals, arrivals_of
from aggregator.pipeline.drafts import articles_of
from aggregator.pipeline.stages import Progress, Stages
from aggregator.pipeline.turn import Turn, feed_after, is_poisoned, result_of
from aggregator.shortage import shortage_of
from aggregator.store.feeds import reschedule
from aggregator.store.polls import record_poll

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PollReport:
    """One line of what a poll came to."""

    feed: str
    url: str
    outcome: Outcome
    entries: int
    articles: int
    new: int
    skipped: int
    took_ms: int
    next_poll_at: datetime
    reason: str
    message: str | None
    first: Arrivals | None = None  # of the first document of a feed, so that its numbers can be explained

    @classmethod
    def of(
        cls,
        feed: FeedState,
        outcome: Outcome,
        *,
        entries: int = 0,
        articles: int = 0,
        new: int = 0,
        skipped: int = 0,
        took_ms: int = 0,
        message: str | None = None,
        first: Arrivals | None = None,
    ) -> "PollReport":
        return cls(
            feed=feed.name,
            url=feed.url,
            outcome=outcome,
            entries=entries,
            articles=articles,
            new=new,
            skipped=skipped,
            took_ms=took_ms,
            next_poll_at=feed.next_poll_at,
            reason=feed.next_poll_reason,
            message=message,
            first=first,
        )

    def __str__(self) -> str:
        line = (
            f"poll feed={self.feed!r} outcome={self.outcome} entries={self.entries} articles={self.articles}"
            f" new={self.new} took_ms={self.took_ms} next={self.next_poll_at:%H:%MZ} reason={self.reason}"
        )
        return line if self.message is None else f"{line} error={self.message!r}"


async def poll_feeds(
    feeds: Sequence[FeedState], stages: Stages, progress: Progress | None = None
) -> list[PollReport]:
    """Poll the given feeds side by side, as politeness allows; a failing feed stops no other.

    Raises:
        StoreError: the store failed; no poll that was not reported has left anything behind.
    """
    reports: list[PollReport] = []

    async def one(feed: FeedState) -> None:
        report = await _poll_one(feed, stages)
        reports.append(report)
        log.info("%s", report)
        if report.first is not None:
            log.info("first poll feed=%r: %s", report.feed, report.first)
        if progress is not None:
            progress(len(reports), len(feeds), str(report))

    try:
        async with asyncio.TaskGroup() as group:
            for feed in feeds:
                group.create_task(one(feed))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors  # a StoreError: any other has become a feed's row
    return reports


async def _poll_one(feed: FeedState, stages: Stages) -> PollReport:
    async with stages.politeness.slot(feed.url):
        started_at = stages.clock.now()
        held_until = stages.politeness.held_until(feed.url)
        if held_until is not None and held_until > started_at:
            return await _put_off(feed, held_until, stages)
        try:
            turn = await _take_turn(feed, stages, started_at)
        except Exception as error:
            if (shortage := shortage_of(error)) is not None:
                failure = Failure(FailureKind.SHORTAGE, str(shortage))
            else:
                log.critical("a bug, please report it: feed=%r", feed.name, exc_info=True)
                reason = f"a bug in this program, please report it: {error!r:.200}"
                failure = Failure(FailureKind.INTERNAL, reason)
            turn = _broken_off(feed, failure, started_at)
        return await _store_turn(turn, stages)


async def _take_turn(feed: FeedState, stages: Stages, now: datetime) -> Turn:
    is_conditional = not schedule.is_unconditional(feed, now=now, draw=stages.rng.random())
    fetched = await fetch.fetch_feed(
        stages.client,
        feed.url,
        validators=feed.validators if is_conditional else Validators(),
        previous_sha256=feed.body_sha256,
        now=now,
    )
    turn = Turn(feed, fetched, now, was_conditional=is_conditional)
    if fetched.outcome is not Outcome.MODIFIED:
        return turn
    if is_poisoned(feed, fetched.body_sha256):
        return replace(turn, failure=_POISONED)
    parsed = await stages.parser.parse(
        fetched.body,
        content_type=fetched.content_type,
        feed_url=fetched.url,
        google_hosts=stages.google_hosts,
        now=now,
    )
    if isinstance(parsed, Failure):
        return replace(turn, failure=parsed)
    # In a thread, for a document of a thousand entries takes 0.1 s; the loop gets its turn every few milliseconds.
    return await asyncio.to_thread(_read, turn, parsed, stages.timezone)


def _read(turn: Turn, parsed: ParsedFeed, timezone: ZoneInfo) -> Turn:
    """The turn with its document's articles, unless they are those of the last poll. Pure."""
    turn = replace(turn, parsed=parsed, entries_sha256=_digest(parsed))
    if turn.outcome is Outcome.UNCHANGED:
        return turn
    return replace(turn, articles=articles_of(parsed, turn.feed, now=turn.started_at, timezone=timezone))


_POISONED = Failure(
    FailureKind.WORKER_DIED,
    "this very document has killed the parser twice; it is parsed again when it changes",
)


def _broken_off(feed: FeedState, failure: Failure, now: datetime) -> Turn:
    """The turn of a feed that met what no feed can cause."""
    outcome = Outcome.TEMPORARY if failure.kind is FailureKind.SHORTAGE else Outcome.HARD
    return Turn(feed, Fetched(outcome, feed.url, failure=failure), now, was_conditional=True)


def _digest(parsed: ParsedFeed) -> str:
    """A hash of the entries alone: a new build date or a reordered header is no change."""
    return hashlib.sha256(repr(parsed.entries).encode("utf-8", "replace")).hexdigest()


async def _put_off(feed: FeedState, held_until: datetime, stages: Stages) -> PollReport:
    """The host refused another feed's poll: this one waits without a request."""
    plan = schedule.wait_for_host(held_until, settings=stages.settings.poll, jitter=stages.rng.random())
    write = partial(reschedule, next_poll_at={feed.feed_id: plan.next_poll_at}, reason=plan.reason)
    await asyncio.wrap_future(stages.store.submit(write))
    waiting = replace(feed, next_poll_at=plan.next_poll_at, next_poll_reason=plan.reason)
    message = f"its host asked for fewer requests; waits until {plan.next_poll_at:%H:%MZ}"
    return PollReport.of(waiting, Outcome.SOFT, message=message)


async def _store_turn(turn: Turn, stages: Stages) -> PollReport:
    now, settings = stages.clock.now(), stages.settings.poll
    feed = feed_after(turn, now=now, settings=settings, jitter=stages.rng.random())
    hold = schedule.host_hold(result_of(turn), now=now, settings=settings)
    if hold is not None:
        stages.politeness.hold(feed.url, hold)
    record = PollRecord(
        feed=feed,
        started_at=turn.started_at,
        outcome=turn.outcome,
        status=turn.fetched.status,
        failure=turn.problem,
        articles=turn.articles,
        entries=len(turn.parsed.entries) if turn.parsed else 0,
        skipped=sum(turn.parsed.skipped.values()) if turn.parsed else 0,
        wire_bytes=turn.fetched.wire_bytes,
        took_ms=turn.fetched.took_ms,
    )
    stored = await asyncio.wrap_future(stages.store.submit(partial(record_poll, record=record)))
    return PollReport.of(
        feed,
        record.outcome,
        entries=record.entries,
        articles=len(record.articles),
        new=stored.new,
        skipped=record.skipped,
        took_ms=record.took_ms,
        message=record.failure.message if record.failure else None,
        first=_first_arrivals(turn, stages),
    )


def _first_arrivals(turn: Turn, stages: Stages) -> Arrivals | None:
    """What the document came to, if it is the first that this feed ever gave."""
    if turn.parsed is None or turn.feed.last_success_at is not None:
        return None
    return arrivals_of(turn.parsed, turn.articles, turn.started_at.astimezone(stages.timezone).date())
