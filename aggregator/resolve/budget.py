"""How many article pages we may ask Google for, and when. Pure.

Facts
-----
* Only article pages are scarce: an address is refused after some tens of them, whatever the pace, and a
  request during the refusal seems to prolong it. 15 at once and one more every 75 s stays inside
  everything published.
* A refusal carries no `Retry-After`. One hour was enough where people measured it.
* The wall clock may jump; the state is read back after a restart, possibly of another day.

Representation: a token bucket and a circuit breaker in one `ResolverState`. Every function takes a
state and returns a new one; only `refill` moves its clock.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from aggregator.model import ResolverState
from aggregator.settings import GoogleNewsSettings

_WHOLE_TOKEN = 1 - 1e-6  # a sum of refills may miss 1.0 by a rounding error


def new_state(settings: GoogleNewsSettings, now: datetime) -> ResolverState:
    """Return the state of a program that never asked: a full bucket, the breaker closed."""
    return ResolverState(tokens=float(settings.page_budget), counted_at=now)


def refill(state: ResolverState, now: datetime, settings: GoogleNewsSettings) -> ResolverState:
    """Return the state as of `now`.

    When the clock went back no tokens are gained, and a pause is cut to the longest there is, so a
    wrong date, once corrected, costs at most `breaker_max_minutes`.
    """
    gained = max((now - state.counted_at).total_seconds(), 0.0) / settings.page_refill_seconds
    tokens = min(state.tokens + gained, float(settings.page_budget))
    open_until = state.open_until
    if open_until is not None:
        open_until = min(open_until, now + timedelta(minutes=settings.breaker_max_minutes))
    return replace(state, tokens=tokens, counted_at=now, open_until=open_until)


def may_ask(state: ResolverState) -> bool:
    """Say whether a page may be requested now; `state` is freshly refilled."""
    return not _is_open(state) and state.tokens >= _WHOLE_TOKEN


def is_trial(state: ResolverState) -> bool:
    """Say whether the next request is the half-open trial: one page, and all depends on it."""
    return state.trips > 0 and not _is_open(state)


def next_page_at(state: ResolverState, settings: GoogleNewsSettings) -> datetime:
    """Return when the next page may be requested: a token is there and the breaker lets it through.

    Rounded up to a whole second, which is as fine as times are stored: never too early.
    """
    missing_seconds = ceil(max(1.0 - state.tokens, 0.0) * settings.page_refill_seconds)
    token_at = state.counted_at + timedelta(seconds=missing_seconds)
    earliest = max(token_at, state.open_until) if state.open_until is not None else token_at
    return earliest if earliest.microsecond == 0 else earliest.replace(microsecond=0) + timedelta(seconds=1)


def spend(state: ResolverState) -> ResolverState:
    """Take the token of one page request."""
    return replace(state, tokens=max(state.tokens - 1.0, 0.0))


def trip(state: ResolverState, settings: GoogleNewsSettings) -> ResolverState:
    """Open the breaker after a refusal: `breaker_minutes`, doubled for each refusal in a row.

    The bucket is emptied too: it was fuller than Google's.
    """
    doublings = min(state.trips, 16)  # 2 ** trips of a broken row must not overflow
    minutes = min(settings.breaker_minutes * 2.0**doublings, settings.breaker_max_minutes)
    open_until = state.counted_at + timedelta(minutes=minutes)
    return replace(state, tokens=0.0, open_until=open_until, trips=state.trips + 1)


def close(state: ResolverState) -> ResolverState:
    """Forget the refusals: a page was served."""
    return replace(state, open_until=None, trips=0)


def _is_open(state: ResolverState) -> bool:
    return state.open_until is not None and state.counted_at < state.open_until
