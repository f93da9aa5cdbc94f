"""One feed's turn as values: what the poll brought, and the feed as it is afterwards. Pure.

Facts
-----
* A validator may be stored only with every entry of the body that carried it: after a partial document
  or a parse failure none is stored, so that the server is asked again for the whole.
* A document that kills the parser twice is not parsed again until its body changes; otherwise one
  poisonous feed would cost a worker every half hour.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from aggregator import schedule
from aggregator.model import (
    DatedArticle,
    Failure,
    FailureKind,
    FeedState,
    Fetched,
    Outcome,
    ParsedFeed,
    Validators,
)
from aggregator.settings import PollSettings

_DEADLY = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """What one feed's turn brought, before anything is stored.

    `parsed` is there when the body was new and readable; `failure` is the parser's; `articles` is empty
    when the entries are those of the last poll.
    """

    feed: FeedState
    fetched: Fetched
    started_at: datetime
    was_conditional: bool
    parsed: ParsedFeed | None = None
    failure: Failure | None = None
    entries_sha256: str | None = None
    articles: tuple[DatedArticle, ...] = ()

    @property
    def outcome(self) -> Outcome:
        if self.failure is not None:
            return Outcome.TEMPORARY if self.failure.kind is FailureKind.SHORTAGE else Outcome.HARD
        is_repeat = self.parsed is not None and self.entries_sha256 == self.feed.entries_sha256
        return Outcome.UNCHANGED if is_repeat else self.fetched.outcome

    @property
    def problem(self) -> Failure | None:
        return self.failure or self.fetched.failure


def is_poisoned(feed: FeedState, body_sha256: str | None) -> bool:
    """Whether this very body has killed the parser before, twice."""
    return body_sha256 is not None and feed.poison_sha256 == body_sha256 and feed.poison_deaths >= _DEADLY


def result_of(turn: Turn) -> schedule.PollResult:
    """The turn as the schedule sees it."""
    result = schedule.poll_result(
        turn.fetched,
        was_conditional=turn.was_conditional,
        ttl_seconds=turn.parsed.ttl_seconds if turn.parsed else None,
        parse_failure=turn.failure,
    )
    return replace(result, outcome=turn.outcome)


def feed_after(turn: Turn, *, now: datetime, settings: PollSettings, jitter: float) -> FeedState:
    """The feed after this turn: schedule, health, validators, hashes, counts.

    Args:
        now: Aware UTC time at which the turn ended.
        jitter: Drawn from [0, 1).
    """
    feed = schedule.after_poll(turn.feed, result_of(turn), now=now, settings=settings, jitter=jitter)
    if turn.failure is not None and turn.failure.kind is FailureKind.SHORTAGE:
        return replace(feed, new_last=0)  # nothing was learnt about the document
    if turn.failure is not None:
        return replace(_poison_counted(feed, turn), validators=Validators(), new_last=0)
    if turn.parsed is not None:
        return _read(feed, turn, turn.parsed)
    if turn.fetched.outcome is Outcome.UNCHANGED:
        return replace(feed, validators=_refreshed(feed.validators, turn.fetched.validators), new_last=0)
    return replace(feed, new_last=0)


def _read(feed: FeedState, turn: Turn, parsed: ParsedFeed) -> FeedState:
    is_whole = not (parsed.is_partial or turn.fetched.is_partial)
    return replace(
        feed,
        validators=turn.fetched.validators if is_whole else Validators(),
        body_sha256=turn.fetched.body_sha256 if is_whole else None,
        entries_sha256=turn.entries_sha256 if is_whole else None,
        empty_polls=0 if parsed.entries else feed.empty_polls + 1,
        entries_last=len(parsed.entries),
        new_last=0,
        poison_sha256=None,
        poison_deaths=0,
    )


def _refreshed(known: Validators, received: Validators) -> Validators:
    """What a 304 confirms stays; it never takes a validator away."""
    return Validators(received.etag or known.etag, received.last_modified or known.last_modified)


def _poison_counted(feed: FeedState, turn: Turn) -> FeedState:
    if turn.failure is None or turn.failure.kind is not FailureKind.WORKER_DIED:
        return feed
    sha256 = turn.fetched.body_sha256
    deaths = feed.poison_deaths + 1 if feed.poison_sha256 == sha256 else 1
    return replace(feed, poison_sha256=sha256, poison_deaths=deaths)
