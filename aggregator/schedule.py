"""When things are due: feeds, unconditional requests, digests. Pure; `now` and chance are passed in.

Facts
-----
* A feed shows a window of its newest entries: whoever comes late has lost some. An outage of
  hours is common and ends by itself. So the interval grows linearly with failures, not by doubling,
  and never beyond a day.
* Feeds that work do answer 404, 429 and 5xx for a while; a name that does not resolve is as often
  our network as theirs. Failures are graded: 1 hard, ½ soft, ¼ temporary (Media Cloud's rss-fetcher).
* A captive portal answers 301 for every feed, and a 410 may be a mistake: both count only when they
  last (five polls over a week, three over three days).
* Some servers answer 304 for ever while their feed changes; now and then a feed is asked without
  validators.
* A local day can have 23, 24 or 25 hours (or 24½, on Lord Howe), can lack its midnight (Cairo) and
  its 02:30. Nothing is counted in hours from another day: each question is answered from the wall
  time of the day itself. A wall time that does not exist is taken as the moment the clock jumps over
  it; of one that comes twice, the first counts.
* Wall clocks are set back and forth, and machines sleep; a due time too far ahead is due.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.model import (
    Failure,
    FailureKind,
    FeedHealth,
    FeedState,
    Fetched,
    Outcome,
    PollPlan,
)
from aggregator.settings import PollSettings

_WEIGHTS = {Outcome.HARD: 1.0, Outcome.GONE: 1.0, Outcome.SOFT: 0.5, Outcome.TEMPORARY: 0.25}
_FAILING_FROM = 1.0  # one hard failure, two soft ones, four temporary ones

_GONE_POLLS, _GONE_AFTER = 3, timedelta(days=3)
_MOVED_POLLS, _MOVED_AFTER = 5, timedelta(days=7)
_UNCONDITIONAL_EVERY, _UNCONDITIONAL_SHARE = timedelta(days=1), 1 / 50

CATCH_UP = "catch-up"  # the reason of a poll time that a pause gave a feed
_CATCH_UP_SECONDS_PER_FEED = 0.3  # 2,000 feeds in ten minutes
_DAY = timedelta(days=1)
MAX_DAYS_BACK = 31  # that missed digests are made up for
LATE_DAYS = 3  # how far back an addendum reaches


# --- feeds -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll came to, request and parsing together, as far as later polls depend on it.

    `outcome` is HARD when the body turned out to be no feed. The waits are what the server and the
    feed ask for, in seconds, None when they ask for nothing.
    """

    outcome: Outcome
    failure: Failure | None = None
    was_conditional: bool = True
    moved_to: str | None = None
    retry_after_seconds: float | None = None
    max_age_seconds: float | None = None
    ttl_seconds: float | None = None

    @property
    def is_success(self) -> bool:
        return self.outcome in (Outcome.MODIFIED, Outcome.UNCHANGED)


def poll_result(
    fetched: Fetched,
    *,
    was_conditional: bool,
    ttl_seconds: float | None = None,
    parse_failure: Failure | None = None,
) -> PollResult:
    """Join what was fetched with what the parser made of it; a `parse_failure` is a hard one."""
    return PollResult(
        outcome=Outcome.HARD if parse_failure else fetched.outcome,
        failure=parse_failure or fetched.failure,
        was_conditional=was_conditional,
        moved_to=None if parse_failure else fetched.moved_to,
        retry_after_seconds=fetched.retry_after_seconds,
        max_age_seconds=None if parse_failure else fetched.max_age_seconds,
        ttl_seconds=ttl_seconds,
    )


def after_poll(
    feed: FeedState, result: PollResult, *, now: datetime, settings: PollSettings, jitter: float
) -> FeedState:
    """The feed as it is after a poll: counters, health and next poll time.

    What the document itself left behind (validators, hashes, numbers of entries) is not touched.

    Args:
        now: Aware UTC time at which the poll ended.
        jitter: Drawn from [0, 1).
    """
    _require_aware(now)
    feed = _noted_gone(_noted_move(feed, result, now), result, now)
    feed = replace(
        feed,
        polls=feed.polls + 1,
        failures=0.0 if result.is_success else feed.failures + failure_weight(result.outcome),
        last_polled_at=now,
        last_success_at=now if result.is_success else feed.last_success_at,
        last_outcome=str(result.outcome),
        last_error=result.failure.message if result.failure else None,
    )
    if result.is_success and not result.was_conditional:
        feed = replace(feed, last_unconditional_at=now)
    plan = next_poll(
        now,
        result,
        settings=settings,
        interval_minutes=feed.interval_minutes,
        failures=feed.failures,
        jitter=jitter,
    )
    return replace(
        feed, health=_health(feed, now), next_poll_at=plan.next_poll_at, next_poll_reason=plan.reason
    )


def next_poll(
    now: datetime,
    result: PollResult,
    *,
    settings: PollSettings,
    interval_minutes: float,
    failures: float,
    jitter: float,
) -> PollPlan:
    """Return when to poll a feed again.

    The interval grows linearly with failures, is raised to what the server asks for, and is clamped
    to [`min_interval_minutes`, `max_interval_minutes`] last, so that a misconfigured server cannot
    silence a feed for weeks. Then `jitter` of `jitter_seconds` is added.

    Args:
        now: Aware UTC time at which the poll ended.
        failures: Weighted count since the last success, this poll included; 0.0 after a success.
        jitter: Drawn from [0, 1).

    Raises:
        ValueError: `now` is naive, or `failures` is negative.

    Source: linear back-off and fractional weights as in Media Cloud's rss-fetcher; Retry-After:
    RFC 9110 §10.2.3.
    """
    _require_aware(now)
    if failures < 0:
        raise ValueError(f"failures must not be negative, got {failures!r}")
    base_seconds = interval_minutes * 60
    waits = {
        "base": base_seconds,
        "backoff": base_seconds * failures,
        "retry-after": result.retry_after_seconds or 0.0,
        "max-age": result.max_age_seconds or 0.0,
        "ttl": result.ttl_seconds or 0.0,
        "gone": settings.max_interval_minutes * 60 if result.outcome is Outcome.GONE else 0.0,
    }
    reason = max(waits, key=lambda name: waits[name])  # of equals the first
    seconds = min(max(waits[reason], settings.min_interval_minutes * 60), settings.max_interval_minutes * 60)
    return PollPlan(now + timedelta(seconds=seconds + settings.jitter_seconds * jitter), reason)


def failure_weight(outcome: Outcome) -> float:
    """How much a poll counts as a failure: 1 hard, ½ soft, ¼ temporary, 0 for a success."""
    return _WEIGHTS.get(outcome, 0.0)


def is_due(feed: FeedState, *, now: datetime, settings: PollSettings) -> bool:
    """Whether a feed's time has come.

    A time further ahead than any plan reaches was written before the wall clock was set back.
    """
    return not now < feed.next_poll_at <= farthest_poll(now, settings)


def farthest_poll(now: datetime, settings: PollSettings) -> datetime:
    """The latest time that a plan made now can name."""
    return now + timedelta(minutes=settings.max_interval_minutes, seconds=settings.jitter_seconds)


def is_unconditional(feed: FeedState, *, now: datetime, draw: float) -> bool:
    """Whether to ask without validators: once a day, and one time in fifty (`draw` from [0, 1))."""
    last = feed.last_unconditional_at
    if last is None or not last <= now < last + _UNCONDITIONAL_EVERY:
        return True
    return draw < _UNCONDITIONAL_SHARE


def has_moved(feed: FeedState, *, now: datetime) -> bool:
    """Whether `feed.moved_to` has been the feed long enough to say so: five polls over a week."""
    if feed.moved_to is None or feed.moved_since is None:
        return False
    return feed.moved_polls >= _MOVED_POLLS and now - feed.moved_since >= _MOVED_AFTER


def host_hold(result: PollResult, *, now: datetime, settings: PollSettings) -> datetime | None:
    """Until when a host that refused this poll gets no request for any of its feeds.

    What it asked for, or the shortest interval there is; None when it did not refuse.
    """
    if result.failure is None or result.failure.kind is not FailureKind.RATE_LIMITED:
        return None
    if result.retry_after_seconds is None:
        return now + timedelta(minutes=settings.min_interval_minutes)
    return now + timedelta(seconds=result.retry_after_seconds)


def wait_for_host(until: datetime, *, settings: PollSettings, jitter: float) -> PollPlan:
    """The plan of a feed that was due while its host is on hold."""
    return PollPlan(until + timedelta(seconds=settings.jitter_seconds * jitter), "host")


def catch_up(due: Sequence[FeedState], *, now: datetime, settings: PollSettings) -> dict[int, datetime]:
    """New times for feeds that a pause made overdue, as feed id → next poll time; often empty.

    After a long sleep everything is due at once. As many as may run together are polled now, the
    longest overdue first; the others are spread evenly over minutes, over the base interval at most.
    A feed that is late by less than the shortest interval is not touched, and none is put off twice, however
    late its turn comes: where one round of polls takes longer than that interval, some would never be polled.

    Args:
        due: The feeds that are due.
    """
    late = timedelta(minutes=settings.min_interval_minutes)
    overdue = sorted(
        (feed.next_poll_at, feed.feed_id)
        for feed in due
        if now - feed.next_poll_at > late and feed.next_poll_reason != CATCH_UP
    )
    if len(overdue) <= settings.max_concurrent:
        return {}
    window_seconds = min(len(overdue) * _CATCH_UP_SECONDS_PER_FEED, settings.interval_minutes * 60)
    step = timedelta(seconds=window_seconds) / len(overdue)
    return {
        feed_id: now + position * step
        for position, (_, feed_id) in enumerate(overdue)
        if position >= settings.max_concurrent
    }


def _noted_gone(feed: FeedState, result: PollResult, now: datetime) -> FeedState:
    """Count 410s in a row; what says nothing about the feed (no answer, soft) does not break the row."""
    if result.outcome is Outcome.GONE:
        return replace(feed, gone_polls=feed.gone_polls + 1, gone_since=feed.gone_since or now)
    if result.outcome in (Outcome.TEMPORARY, Outcome.SOFT):
        return feed
    return replace(feed, gone_polls=0, gone_since=None)


def _noted_move(feed: FeedState, result: PollResult, now: datetime) -> FeedState:
    """Count polls in a row that were permanently redirected to one target, which was the feed."""
    if not result.is_success:
        return feed
    if result.moved_to is None:
        return replace(feed, moved_to=None, moved_since=None, moved_polls=0)
    if result.moved_to != feed.moved_to:
        return replace(feed, moved_to=result.moved_to, moved_since=now, moved_polls=1)
    return replace(feed, moved_polls=feed.moved_polls + 1)


def _health(feed: FeedState, now: datetime) -> FeedHealth:
    if feed.health is FeedHealth.DISABLED:
        return FeedHealth.DISABLED
    if (
        feed.gone_since is not None
        and feed.gone_polls >= _GONE_POLLS
        and now - feed.gone_since >= _GONE_AFTER
    ):
        return FeedHealth.GONE
    if feed.failures >= _FAILING_FROM:
        return FeedHealth.FAILING
    return FeedHealth.NEW if feed.last_success_at is None else FeedHealth.OK


# --- days and digests --------------------------------------------------------------------------------


def time_of_day(text: str) -> time:
    """The wall time "06:00" as a value.

    Raises:
        ValueError: `text` is not a time of day.
    """
    return time.fromisoformat(text).replace(tzinfo=None)


def local_day(moment: datetime, timezone: str) -> date:
    """The calendar day of an aware moment in an IANA time zone."""
    _require_aware(moment)
    return moment.astimezone(ZoneInfo(timezone)).date()


def day_bounds(day: date, timezone: str) -> tuple[datetime, datetime]:
    """First moment of a local day and of the day after it, in UTC: [start, end).

    The day may have 23 or 25 hours; `local_day(moment) == day` just for the moments within.
    """
    return _moment(day, time.min, timezone), _moment(day + _DAY, time.min, timezone)


def digest_due_at(day: date, *, at: time, timezone: str) -> datetime:
    """When the digest of a local day is due, in UTC: at the wall time `at` of the day after."""
    return _moment(day + _DAY, at, timezone)


def first_digest_day(first_poll: datetime, *, now: datetime, timezone: str) -> date:
    """The first day that a digest which is new in the configuration is due for: today, never old news.

    A store that was begun yesterday has its first day still to come, whatever delayed the question.
    """
    started, today = local_day(first_poll, timezone), local_day(now, timezone)
    return started if today - _DAY <= started <= today else today


def digest_days_due(
    made: Container[date],
    *,
    first_day: date,
    at: time,
    timezone: str,
    now: datetime,
    max_days_back: int = MAX_DAYS_BACK,
) -> list[date]:
    """The days whose digests are due and not made, oldest first.

    Whatever happened in between (sleep, a crash, a clock that jumped) plays no part: the answer
    follows from the days made and from `now`.

    Args:
        first_day: The first day that can have a digest.
        max_days_back: A longer gap than this is not filled; 1 is yesterday only.
    """
    today = local_day(now, timezone)
    is_due = digest_due_at(today - _DAY, at=at, timezone=timezone) <= now
    newest = today - _DAY if is_due else today - 2 * _DAY
    oldest = max(first_day, today - max_days_back * _DAY)
    days = (oldest + offset * _DAY for offset in range((newest - oldest).days + 1))
    return [day for day in days if day not in made]


def addendum_due_at(day: date, *, at: time, timezone: str, now: datetime, late_days: int) -> datetime | None:
    """The newest moment by which a day's addendum is due, None before the first.

    What is late for a day's digest comes with the digests of the next `late_days` days.
    """
    moments = [digest_due_at(day + n * _DAY, at=at, timezone=timezone) for n in range(1, late_days + 1)]
    return max((moment for moment in moments if moment <= now), default=None)


def _moment(day: date, wall: time, timezone: str) -> datetime:
    """A wall time as a moment. `fold=0` gives the first of two, and for a missing one the offset
    before the gap, so the moment lies just as far behind the jump as the time lies inside the gap."""
    return datetime.combine(day, wall.replace(fold=0), ZoneInfo(timezone)).astimezone(UTC)


def _require_aware(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError(f"moment must be aware, got {moment!r}")
