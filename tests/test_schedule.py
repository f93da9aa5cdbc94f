"""When feeds, unconditional requests and digests are due."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Failure,
    FailureKind,
    FeedHealth,
    FeedState,
    Fetched,
    Outcome,
)
from aggregator.schedule import (
    CATCH_UP,
    PollResult,
    addendum_due_at,
    after_poll,
    catch_up,
    day_bounds,
    digest_days_due,
    digest_due_at,
    failure_weight,
    first_digest_day,
    has_moved,
    host_hold,
    is_due,
    is_unconditional,
    local_day,
    next_poll,
    poll_result,
    time_of_day,
    wait_for_host,
)
from aggregator.settings import PollSettings

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SETTINGS = PollSettings(jitter_seconds=60)
DAY_MINUTES = 1440
FEED = FeedState(
    feed_id=1,
    url="https://courier.example/feed",
    name="Harbour Courier",
    topic="world",
    language="en",
    country="US",
    is_google=False,
    interval_minutes=30,
    health=FeedHealth.NEW,
    next_poll_at=NOW,
)
REFUSED = Failure(FailureKind.RATE_LIMITED, "https://courier.example/feed answered 429")


def result(outcome: Outcome = Outcome.MODIFIED, **fields: Any) -> PollResult:
    return PollResult(outcome, **fields)


PLANS: dict[str, tuple[PollResult, float, float, str]] = {
    "a quiet feed": (result(Outcome.UNCHANGED), 0.0, 30, "base"),
    "temporary failures do not slow down yet": (result(Outcome.TEMPORARY), 0.75, 30, "base"),
    "one hard failure neither": (result(Outcome.HARD), 1.0, 30, "base"),
    "hard failures slow down linearly": (result(Outcome.HARD), 3.0, 90, "backoff"),
    "soft ones half as fast": (result(Outcome.SOFT), 1.5, 45, "backoff"),
    "a dead feed is tried once a day": (result(Outcome.HARD), 500.0, DAY_MINUTES, "backoff"),
    "Retry-After": (result(Outcome.SOFT, retry_after_seconds=7200.0), 0.5, 120, "retry-after"),
    "a short Retry-After": (result(Outcome.SOFT, retry_after_seconds=60.0), 0.5, 30, "base"),
    "a Retry-After shorter than the back-off": (
        result(Outcome.SOFT, retry_after_seconds=7200.0),
        5.0,
        150,
        "backoff",
    ),
    "an absurd Retry-After": (
        result(Outcome.SOFT, retry_after_seconds=1e9),
        0.5,
        DAY_MINUTES,
        "retry-after",
    ),
    "max-age": (result(max_age_seconds=3600.0), 0.0, 60, "max-age"),
    "TTL": (result(ttl_seconds=5400.0, max_age_seconds=3600.0), 0.0, 90, "ttl"),
    "an absurd TTL": (result(ttl_seconds=1e12), 0.0, DAY_MINUTES, "ttl"),
    "410": (result(Outcome.GONE), 1.0, DAY_MINUTES, "gone"),
}


@pytest.mark.parametrize(("poll", "failures", "minutes", "reason"), PLANS.values(), ids=PLANS.keys())
def test_next_poll(poll: PollResult, failures: float, minutes: float, reason: str) -> None:
    plan = next_poll(NOW, poll, settings=SETTINGS, interval_minutes=30, failures=failures, jitter=0.0)

    assert plan.next_poll_at == NOW + timedelta(minutes=minutes)
    assert plan.reason == reason


seconds = st.none() | st.floats(min_value=0, max_value=1e12)


@given(
    outcome=st.sampled_from(Outcome),
    failures=st.floats(0, 1e6),
    retry_after=seconds,
    max_age=seconds,
    ttl=seconds,
    jitter=st.floats(0, 1, exclude_max=True),
    interval=st.floats(0.001, 1e5),
)
def test_every_plan_lies_between_five_minutes_and_a_day(
    outcome: Outcome,
    failures: float,
    retry_after: float | None,
    max_age: float | None,
    ttl: float | None,
    jitter: float,
    interval: float,
) -> None:
    poll = PollResult(outcome, retry_after_seconds=retry_after, max_age_seconds=max_age, ttl_seconds=ttl)

    plan = next_poll(
        NOW, poll, settings=SETTINGS, interval_minutes=interval, failures=failures, jitter=jitter
    )

    wait = plan.next_poll_at - NOW
    assert timedelta(minutes=5) <= wait <= timedelta(days=1, seconds=60)
    assert wait >= timedelta(seconds=min(retry_after or 0, 86_400)) - timedelta(microseconds=1)


def test_jitter_only_adds_and_can_be_switched_off() -> None:
    def wait(jitter_seconds: float, jitter: float) -> timedelta:
        settings = replace(SETTINGS, jitter_seconds=jitter_seconds)
        plan = next_poll(NOW, result(), settings=settings, interval_minutes=30, failures=0.0, jitter=jitter)
        return plan.next_poll_at - NOW - timedelta(minutes=30)

    assert wait(60, 0.5) == timedelta(seconds=30)
    assert wait(0, 0.999) == timedelta(0)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next_poll(
            NOW.replace(tzinfo=None), result(), settings=SETTINGS, interval_minutes=30, failures=0, jitter=0
        )
    with pytest.raises(ValueError, match="negative"):
        next_poll(NOW, result(), settings=SETTINGS, interval_minutes=30, failures=-1, jitter=0)


WEIGHTS = {
    Outcome.MODIFIED: 0.0,
    Outcome.UNCHANGED: 0.0,
    Outcome.TEMPORARY: 0.25,
    Outcome.SOFT: 0.5,
    Outcome.HARD: 1.0,
    Outcome.GONE: 1.0,
}


@pytest.mark.parametrize(("outcome", "weight"), WEIGHTS.items())
def test_failures_are_graded(outcome: Outcome, weight: float) -> None:
    assert failure_weight(outcome) == weight


def polled(feed: FeedState, *polls: PollResult, every: timedelta = timedelta(minutes=30)) -> FeedState:
    """The feed after several polls, the first of them at NOW."""
    for number, poll in enumerate(polls):
        feed = after_poll(feed, poll, now=NOW + number * every, settings=SETTINGS, jitter=0.0)
    return feed


class TestAfterPoll:
    def test_a_success_clears_what_was_bad(self) -> None:
        feed = polled(FEED, result(Outcome.HARD, failure=REFUSED), result(Outcome.UNCHANGED))

        assert (feed.failures, feed.health, feed.last_error) == (0.0, FeedHealth.OK, None)
        assert (feed.polls, feed.last_outcome) == (2, "unchanged")
        assert feed.last_success_at == feed.last_polled_at == NOW + timedelta(minutes=30)
        assert feed.next_poll_at == NOW + timedelta(minutes=60)

    def test_a_failure_keeps_what_was_good(self) -> None:
        before = replace(FEED, last_success_at=NOW - timedelta(hours=1), body_sha256="ab", entries_last=9)

        feed = polled(before, result(Outcome.TEMPORARY, failure=REFUSED))

        assert (feed.failures, feed.last_error) == (0.25, REFUSED.message)
        assert feed.health is FeedHealth.OK
        assert (feed.last_success_at, feed.body_sha256, feed.entries_last) == (
            before.last_success_at,
            "ab",
            9,
        )

    @pytest.mark.parametrize(
        ("outcome", "times"), [(Outcome.HARD, 1), (Outcome.SOFT, 2), (Outcome.TEMPORARY, 4)]
    )
    def test_a_feed_is_failing_from_a_weight_of_one(self, outcome: Outcome, times: int) -> None:
        good = polled(FEED, result())

        assert polled(good, *[result(outcome)] * (times - 1)).health is FeedHealth.OK
        assert polled(good, *[result(outcome)] * times).health is FeedHealth.FAILING

    def test_a_feed_that_never_worked_is_new_until_it_fails(self) -> None:
        assert polled(FEED, result(Outcome.TEMPORARY)).health is FeedHealth.NEW

    def test_a_disabled_feed_that_was_asked_for_by_name_stays_disabled(self) -> None:
        disabled = replace(FEED, health=FeedHealth.DISABLED)

        assert polled(disabled, result()).health is FeedHealth.DISABLED

    def test_only_an_unconditional_success_counts_as_one(self) -> None:
        assert polled(FEED, result()).last_unconditional_at is None
        assert polled(FEED, result(Outcome.HARD, was_conditional=False)).last_unconditional_at is None
        assert polled(FEED, result(was_conditional=False)).last_unconditional_at == NOW


class TestGone:
    GONE = result(Outcome.GONE)
    DAY = timedelta(days=1)

    def test_three_times_over_three_days(self) -> None:
        assert polled(FEED, *[self.GONE] * 3, every=self.DAY).health is FeedHealth.FAILING
        assert polled(FEED, *[self.GONE] * 4, every=self.DAY).health is FeedHealth.GONE

    def test_twice_is_not_enough_however_long(self) -> None:
        feed = polled(FEED, *[self.GONE] * 2, every=timedelta(days=30))

        assert feed.health is FeedHealth.FAILING

    @pytest.mark.parametrize(
        ("between", "health"),
        [
            (Outcome.MODIFIED, FeedHealth.FAILING),
            (Outcome.HARD, FeedHealth.FAILING),
            (Outcome.SOFT, FeedHealth.GONE),
            (Outcome.TEMPORARY, FeedHealth.GONE),
        ],
    )
    def test_another_answer_in_between_starts_anew(self, between: Outcome, health: FeedHealth) -> None:
        polls = [self.GONE, self.GONE, result(between), self.GONE]

        assert polled(FEED, *polls, every=self.DAY).health is health


class TestMoves:
    MOVED = result(moved_to="https://new.example/feed")

    def moved(self, *polls: PollResult, every: timedelta = timedelta(days=2)) -> bool:
        feed = polled(FEED, *polls, every=every)
        return has_moved(feed, now=NOW + (len(polls) - 1) * every)

    def test_five_polls_over_a_week(self) -> None:
        assert self.moved(*[self.MOVED] * 5)

    def test_fewer_or_faster_is_not_enough(self) -> None:
        assert not self.moved(*[self.MOVED] * 4, every=timedelta(days=10))
        assert not self.moved(*[self.MOVED] * 50, every=timedelta(hours=3))

    def test_a_poll_without_the_move_or_to_elsewhere_starts_anew(self) -> None:
        elsewhere = result(moved_to="https://portal.example/")

        for other in (result(), elsewhere):
            assert not self.moved(*[self.MOVED] * 3, other, *[self.MOVED] * 4)

    def test_failures_in_between_do_not(self) -> None:
        assert self.moved(*[self.MOVED] * 3, result(Outcome.SOFT), *[self.MOVED] * 2)


UNCONDITIONAL = {
    "never asked so": (None, 0.9, True),
    "an hour ago": (NOW - timedelta(hours=1), 0.9, False),
    "an hour ago, one in fifty": (NOW - timedelta(hours=1), 0.019, True),
    "a day ago": (NOW - timedelta(days=1), 0.9, True),
    "in the future: the clock was set back": (NOW + timedelta(hours=1), 0.9, True),
}


@pytest.mark.parametrize(("last", "draw", "expected"), UNCONDITIONAL.values(), ids=UNCONDITIONAL.keys())
def test_now_and_then_a_feed_is_asked_without_validators(
    last: datetime | None, draw: float, expected: bool
) -> None:
    feed = replace(FEED, last_unconditional_at=last)

    assert is_unconditional(feed, now=NOW, draw=draw) == expected


DUE = {
    "its time has come": (timedelta(0), True),
    "overdue": (timedelta(days=-3), True),
    "in a minute": (timedelta(minutes=1), False),
    "in a day": (timedelta(days=1, seconds=60), False),
    "further than any plan": (timedelta(days=1, seconds=61), True),
    "after a jump back to 1970": (timedelta(days=20_000), True),
}


@pytest.mark.parametrize(("ahead", "expected"), DUE.values(), ids=DUE.keys())
def test_a_feed_is_due(ahead: timedelta, expected: bool) -> None:
    feed = replace(FEED, next_poll_at=NOW + ahead)

    assert is_due(feed, now=NOW, settings=SETTINGS) == expected


class TestHosts:
    def test_a_refusal_holds_the_host_as_long_as_it_said(self) -> None:
        refused = result(Outcome.SOFT, failure=REFUSED, retry_after_seconds=120.0)

        assert host_hold(refused, now=NOW, settings=SETTINGS) == NOW + timedelta(minutes=2)

    def test_without_a_word_for_the_shortest_interval(self) -> None:
        refused = result(Outcome.SOFT, failure=REFUSED)

        assert host_hold(refused, now=NOW, settings=SETTINGS) == NOW + timedelta(minutes=5)

    def test_other_failures_hold_nobody_else(self) -> None:
        failure = Failure(FailureKind.HTTP_STATUS, "500")

        assert host_hold(result(Outcome.SOFT, failure=failure), now=NOW, settings=SETTINGS) is None

    def test_who_had_to_wait_is_polled_shortly_after(self) -> None:
        plan = wait_for_host(NOW, settings=SETTINGS, jitter=0.5)

        assert (plan.next_poll_at, plan.reason) == (NOW + timedelta(seconds=30), "host")


def waiting(due: Mapping[int, datetime], reason: str = "base") -> list[FeedState]:
    return [
        replace(FEED, feed_id=number, next_poll_at=at, next_poll_reason=reason) for number, at in due.items()
    ]


class TestCatchUp:
    def plan(self, count: int, late: timedelta = timedelta(hours=8)) -> dict[int, datetime]:
        due = {number: NOW - late + timedelta(seconds=number) for number in range(count)}
        return catch_up(waiting(due), now=NOW, settings=SETTINGS)

    def test_a_few_are_polled_at_once(self) -> None:
        assert self.plan(16) == {}

    def test_two_thousand_are_spread_over_ten_minutes(self) -> None:
        plan = self.plan(2_000)

        assert sorted(plan) == list(range(16, 2_000))  # the longest overdue are not put off
        assert list(plan.values()) == sorted(plan.values())
        assert timedelta(minutes=9) < max(plan.values()) - NOW <= timedelta(minutes=10)

    def test_never_over_more_than_the_interval(self) -> None:
        assert max(self.plan(50_000).values()) - NOW <= timedelta(minutes=30)

    def test_feeds_that_are_only_a_little_late_are_left_alone(self) -> None:
        assert self.plan(2_000, late=timedelta(minutes=5)) == {}

    @pytest.mark.parametrize("minutes", [5, 45], ids=["a tick in time", "a tick that comes late"])
    def test_nobody_is_put_off_twice(self, minutes: int) -> None:
        later = NOW + timedelta(minutes=minutes)
        put_off = {number: at for number, at in self.plan(2_000).items() if at <= later}

        assert catch_up(waiting(put_off, reason=CATCH_UP), now=later, settings=SETTINGS) == {}


def test_a_parse_failure_is_a_hard_one_and_says_nothing_about_the_address() -> None:
    fetched = Fetched(Outcome.MODIFIED, FEED.url, moved_to="https://portal.example/", max_age_seconds=60.0)
    failure = Failure(FailureKind.NOT_A_FEED, "no feed root")

    assert poll_result(fetched, was_conditional=True, parse_failure=failure) == PollResult(
        Outcome.HARD, failure
    )
    assert poll_result(fetched, was_conditional=False, ttl_seconds=3600.0) == PollResult(
        Outcome.MODIFIED,
        was_conditional=False,
        moved_to="https://portal.example/",
        max_age_seconds=60.0,
        ttl_seconds=3600.0,
    )


# --- days and digests --------------------------------------------------------------------------------

DAYS = {
    "UTC": ("UTC", date(2026, 1, 5), "2026-01-05T00:00Z", 24.0),
    "Berlin, winter": ("Europe/Berlin", date(2026, 1, 5), "2026-01-04T23:00Z", 24.0),
    "Berlin, spring": ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00Z", 23.0),
    "Berlin, autumn": ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00Z", 25.0),
    "New York, spring": ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00Z", 23.0),
    "New York, autumn": ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00Z", 25.0),
    "Cairo, a day without midnight": ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00Z", 23.0),
    "Cairo, a day with 23:00 twice": ("Africa/Cairo", date(2026, 10, 29), "2026-10-28T21:00Z", 25.0),
    "Havana, a day with 00:00 twice": ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00Z", 25.0),
    "Lord Howe, half an hour less": ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30Z", 23.5),
    "Lord Howe, half an hour more": ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00Z", 24.5),
    "Apia, a day that was left out": ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00Z", 0.0),
}


@pytest.mark.parametrize(("timezone", "day", "start", "hours"), DAYS.values(), ids=DAYS.keys())
def test_local_days_have_their_own_length(timezone: str, day: date, start: str, hours: float) -> None:
    first, after_last = day_bounds(day, timezone)

    assert first == datetime.fromisoformat(start)
    assert after_last - first == timedelta(hours=hours)
    if hours:
        tick = timedelta(microseconds=1)
        assert [local_day(moment, timezone) for moment in (first, after_last - tick)] == [day, day]
        assert local_day(first - tick, timezone) == day - timedelta(days=1)


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu"]


@given(
    since_2015=st.timedeltas(timedelta(0), timedelta(days=22 * 365)),
    timezone=st.sampled_from(ZONES),
)
def test_every_moment_lies_within_the_bounds_of_its_day(since_2015: timedelta, timezone: str) -> None:
    moment = datetime(2015, 1, 1, tzinfo=UTC) + since_2015

    start, end = day_bounds(local_day(moment, timezone), timezone)

    assert start <= moment < end


DIGESTS = {
    "plain": ("Europe/Berlin", date(2026, 1, 5), "06:00", "2026-01-06T05:00Z"),
    "at midnight": ("Europe/Berlin", date(2026, 1, 5), "00:00", "2026-01-05T23:00Z"),
    "at a time the spring leaves out": ("Europe/Berlin", date(2026, 3, 28), "02:30", "2026-03-29T01:30Z"),
    "at a time that comes twice": ("Europe/Berlin", date(2026, 10, 24), "02:30", "2026-10-25T00:30Z"),
    "at Cairo's missing midnight": ("Africa/Cairo", date(2026, 4, 23), "00:00", "2026-04-23T22:00Z"),
    "on Lord Howe": ("Australia/Lord_Howe", date(2026, 10, 3), "02:15", "2026-10-03T15:45Z"),
}


@pytest.mark.parametrize(("timezone", "day", "at", "due"), DIGESTS.values(), ids=DIGESTS.keys())
def test_a_digest_is_due_at_its_wall_time_on_the_day_after(
    timezone: str, day: date, at: str, due: str
) -> None:
    assert digest_due_at(day, at=time_of_day(at), timezone=timezone) == datetime.fromisoformat(due)


def days_due(made: Sequence[str], now: str, **changes: Any) -> list[str]:
    wishes = {
        "first_day": date(2026, 1, 4),
        "at": time(6, 0),
        "timezone": "Europe/Berlin",
        "max_days_back": 5,
    } | changes
    known = {date.fromisoformat(day) for day in made}
    return [str(day) for day in digest_days_due(known, now=datetime.fromisoformat(now), **wishes)]


MISSED = {
    "before its time": (["2026-01-04"], "2026-01-06T04:59Z", []),
    "at its time": (["2026-01-04"], "2026-01-06T05:00Z", ["2026-01-05"]),
    "made": (["2026-01-04", "2026-01-05"], "2026-01-06T05:00Z", []),
    "made, and the clock set back since": (["2026-01-04", "2026-01-05"], "1970-01-01T00:00Z", []),
    "after three days of sleep": (
        ["2026-01-04"],
        "2026-01-08T12:00Z",
        ["2026-01-05", "2026-01-06", "2026-01-07"],
    ),
    "after three days of sleep, early": (
        ["2026-01-04"],
        "2026-01-08T02:00Z",
        ["2026-01-05", "2026-01-06"],
    ),
    "a hole that a person left by making a later one": (
        ["2026-01-04", "2026-01-06"],
        "2026-01-07T06:00Z",
        ["2026-01-05"],
    ),
    "the first one": ([], "2026-01-05T05:00Z", ["2026-01-04"]),
    "the first one, in the evening of the first day": ([], "2026-01-04T20:00Z", []),
    "after a jump to 2099": (
        ["2026-01-04"],
        "2099-06-08T12:00Z",
        ["2099-06-03", "2099-06-04", "2099-06-05", "2099-06-06", "2099-06-07"],
    ),
    "back from a jump to 2099": (["2026-01-04", "2099-06-07"], "2026-01-06T12:00Z", ["2026-01-05"]),
}


@pytest.mark.parametrize(("made", "now", "days"), MISSED.values(), ids=MISSED.keys())
def test_missed_digests_are_due_in_order(made: list[str], now: str, days: list[str]) -> None:
    assert days_due(made, now) == days


BEGINNINGS = {
    "a new store": ("2026-01-07T10:00Z", "2026-01-07T10:01Z", "2026-01-07"),
    "a new store, asked first after midnight": ("2026-01-07T22:50Z", "2026-01-07T23:10Z", "2026-01-07"),
    "a new digest of an old store": ("2025-03-01T10:00Z", "2026-01-07T10:00Z", "2026-01-07"),
    "a clock that was ahead at the first poll": ("2099-01-01T10:00Z", "2026-01-07T10:00Z", "2026-01-07"),
}


@pytest.mark.parametrize(("first_poll", "now", "day"), BEGINNINGS.values(), ids=BEGINNINGS.keys())
def test_a_digest_begins_with_today_never_with_old_news(first_poll: str, now: str, day: str) -> None:
    first, asked = datetime.fromisoformat(first_poll), datetime.fromisoformat(now)

    assert first_digest_day(first, now=asked, timezone="Europe/Berlin") == date.fromisoformat(day)


ADDENDA = {
    "not with the digest itself": ("2026-01-08T05:00Z", None),
    "with the next one": ("2026-01-09T05:00Z", "2026-01-09T05:00Z"),
    "after days of sleep, with the newest": ("2026-01-10T20:00Z", "2026-01-10T05:00Z"),
    "never later than with the third": ("2026-03-01T05:00Z", "2026-01-11T05:00Z"),
}


@pytest.mark.parametrize(("now", "due"), ADDENDA.values(), ids=ADDENDA.keys())
def test_addenda_come_with_the_next_digests(now: str, due: str | None) -> None:
    found = addendum_due_at(
        date(2026, 1, 7),
        at=time(6, 0),
        timezone="Europe/Berlin",
        now=datetime.fromisoformat(now),
        late_days=3,
    )

    assert found == (datetime.fromisoformat(due) if due else None)


@pytest.mark.parametrize("timezone", [*ZONES, "America/Havana"])
@pytest.mark.parametrize("at", ["00:00", "00:30", "01:30", "02:15", "02:30", "06:00", "23:45"])
def test_a_year_of_ticks_makes_each_day_once(timezone: str, at: str) -> None:
    """Ticks of seven hours, through both clock changes, with nothing remembered but the days made."""
    made: list[date] = []
    now = datetime(2026, 1, 1, tzinfo=UTC)
    first_day = local_day(now, timezone)
    while now < datetime(2027, 1, 3, tzinfo=UTC):
        made += digest_days_due(made, first_day=first_day, at=time_of_day(at), timezone=timezone, now=now)
        now += timedelta(hours=7)

    assert made == [first_day + timedelta(days=number) for number in range(len(made))]
    assert len(made) >= 365
