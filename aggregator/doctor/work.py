"""Findings about the work: feeds, links, digests, deliveries. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aggregator.doctor.finding import Finding, Level, span_text
from aggregator.model import FailureKind, FeedHealth, FeedState, StoreFigures

_SHOWN_FEEDS = 20
_EMPTY_POLLS = 3
_OLD_LINK = timedelta(days=7)
_LATE = timedelta(hours=1)

_ADVICE: Mapping[str, str] = {
    FailureKind.CONSENT_WALL: "its server shows a consent page instead; nothing here gets round that",
    FailureKind.NOT_A_FEED: "look at its address in a browser; the feed has probably moved",
    FailureKind.DNS: "check the host's name, and this machine's resolver",
    FailureKind.BLOCKED_ADDRESS: "if it is meant, set http.allow_private_addresses",
    FailureKind.TLS: "its certificate is not valid; tell its owner",
    FailureKind.RATE_LIMITED: "poll it less often: interval_minutes of the feed",
    FailureKind.TOO_LARGE: "raise http.max_body_bytes if the feed is worth it",
    FailureKind.GONE: "find its new address, or take it out of the configuration",
    FailureKind.SHORTAGE: "allow the service more: LimitNOFILE=, TasksMax=, MemoryMax=",
    FailureKind.INTERNAL: "please report it with the daemon's log",
}
_WAIT = "it is tried again less and less often, at least once a day"


@dataclass(frozen=True, slots=True)
class OverdueDigest:
    """A digest whose time has come and that is not there."""

    topic: str
    day: date
    due_at: datetime


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """How the work stands; `failures` is the kind of each feed's last failure, by feed id, and `moved`
    names the feeds that seem to have moved for good."""

    feeds: Sequence[FeedState]
    failures: Mapping[int, str]
    moved: frozenset[int]
    figures: StoreFigures
    overdue: Sequence[OverdueDigest]
    link_seconds: float  # between two links that are asked for, on average
    failed_deliveries: Sequence[str] = ()  # recipient and reason, of the last week
    unwritable: Sequence[str] = ()  # folders of digests, each a sentence


def work_findings(facts: WorkFacts, now: datetime) -> list[Finding]:
    return [
        *_feeds(facts, now),
        *_links(facts.figures, facts.link_seconds, now),
        *_folders(facts.unwritable),
        *_digests(facts.overdue, now),
        *_deliveries(facts, now),
    ]


def _feeds(facts: WorkFacts, now: datetime) -> list[Finding]:
    polled = [feed for feed in facts.feeds if feed.health is not FeedHealth.DISABLED]
    if not polled:
        return [Finding(Level.WARNING, "feeds", "no feed is polled", "add one to the configuration")]
    bad = [feed for feed in polled if feed.health in (FeedHealth.FAILING, FeedHealth.GONE)]
    findings = [_bad_feed(feed, facts.failures.get(feed.feed_id, ""), now) for feed in bad[:_SHOWN_FEEDS]]
    if len(bad) > _SHOWN_FEEDS:
        said = f"{len(bad) - _SHOWN_FEEDS} more feeds fail"
        findings.append(Finding(Level.WARNING, "feeds", said, "`aggregator feeds list` has them all"))
    if len(bad) == len(polled) > 1:
        advice = "is this machine online?"
        findings.insert(0, Finding(Level.PROBLEM, "feeds", "no feed at all can be read", advice))
    findings += [_moved_feed(feed) for feed in polled if feed.feed_id in facts.moved]
    findings += [_empty_feed(feed) for feed in polled if feed.empty_polls >= _EMPTY_POLLS]
    return findings or [Finding(Level.OK, "feeds", f"{len(polled)} feeds, none fails")]


def _bad_feed(feed: FeedState, kind: str, now: datetime) -> Finding:
    if feed.last_success_at is None:
        since = "has never been read"
    else:
        since = f"has not been read for {span_text((now - feed.last_success_at).total_seconds())}"
    if feed.health is FeedHealth.GONE:
        kind = FailureKind.GONE
    said = f"{feed.name!r} {since}: {feed.last_error or 'no reason was given'}"
    return Finding(Level.WARNING, "feeds", said, _ADVICE.get(kind, _WAIT))


def _moved_feed(feed: FeedState) -> Finding:
    said = f"{feed.name!r} has been answering from {feed.moved_to} for a week"
    return Finding(Level.NOTICE, "feeds", said, "its url is yours to change")


def _empty_feed(feed: FeedState) -> Finding:
    said = f"{feed.name!r} came without entries {feed.empty_polls} times in a row"
    return Finding(Level.NOTICE, "feeds", said, "look at its address in a browser if that lasts")


def _links(figures: StoreFigures, link_seconds: float, now: datetime) -> list[Finding]:
    findings = []
    if figures.breaker_open_until is not None and figures.breaker_open_until > now:
        said = (
            f"Google refuses article pages; the next one is asked for at {figures.breaker_open_until:%H:%M}Z"
        )
        advice = "nothing has to be done: links wait, stories are the same without"
        findings.append(Finding(Level.WARNING, "links", said, advice))
    if not figures.links_waiting:
        return findings or [Finding(Level.OK, "links", "none waits for its publisher")]
    age = now - figures.oldest_link_at if figures.oldest_link_at else timedelta(0)
    said = (
        f"{figures.links_waiting:,} wait for their publishers, the oldest for {span_text(age.total_seconds())};"
        f" the budget is good for {86_400 / link_seconds:,.0f} a day"
    )
    if age <= _OLD_LINK:
        return [*findings, Finding(Level.OK, "links", said)]
    advice = "stories are the same without; google_news.page_refill_seconds sets the budget"
    return [*findings, Finding(Level.NOTICE, "links", said, advice)]


def _folders(unwritable: Sequence[str]) -> list[Finding]:
    advice = "digests stay due until it can; see who owns it, and ReadWritePaths= of the service"
    return [Finding(Level.PROBLEM, "digests", said, advice) for said in unwritable]


def _digests(overdue: Sequence[OverdueDigest], now: datetime) -> list[Finding]:
    late = [digest for digest in overdue if now - digest.due_at > _LATE]
    if not late:
        return [Finding(Level.OK, "digests", "none is overdue")]
    days = ", ".join(f"{digest.topic} of {digest.day}" for digest in late[:5])
    more = f" and {len(late) - 5} more" if len(late) > 5 else ""
    advice = "start `aggregator run`, which makes them; if it runs, its log says what is in the way"
    return [Finding(Level.WARNING, "digests", f"not made: {days}{more}", advice)]


def _deliveries(facts: WorkFacts, now: datetime) -> list[Finding]:
    findings = [
        Finding(Level.WARNING, "deliveries", f"given up: {failed}", "check the address and the server")
        for failed in facts.failed_deliveries
    ]
    oldest = facts.figures.oldest_delivery_at
    if oldest is not None and now - oldest > _LATE:
        waiting = facts.figures.deliveries.get("waiting", 0)
        age = span_text((now - oldest).total_seconds())
        said = f"{waiting} wait in the outbox, the oldest for {age}"
        findings.append(
            Finding(Level.WARNING, "deliveries", said, "the daemon's log says what is in the way")
        )
    return findings
