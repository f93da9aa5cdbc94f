"""What the stages hand to each other: frozen values, no behaviour, nothing is done here.

All times are aware UTC. `published` is a feed's claim, `first_seen` is ours.
The words are those of the glossary in the README; a *story* is a group of articles, an *article*
is what one outlet published under one headline.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # whoever groups has it; a command that reads a table need not wait for it
    import numpy as np
    from numpy.typing import NDArray


class FailureKind(StrEnum):
    """Classes of expected failure; the value is what the store and the terminal show."""

    BAD_URL = "bad-url"  # not a URL that may be requested at all
    BLOCKED_ADDRESS = "blocked-address"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    ENCODING = "encoding"
    TOO_LARGE = "too-large"
    TRUNCATED = "truncated"
    REDIRECT = "redirect"
    RATE_LIMITED = "rate-limited"
    HTTP_STATUS = "http-status"
    GONE = "gone"
    NOT_A_FEED = "not-a-feed"
    CONSENT_WALL = "consent-wall"
    UNREASONABLE = "unreasonable"  # breaks a structural limit: depth, attributes, entities
    PARSE_ERROR = "parse-error"
    WORKER_DIED = "worker-died"
    SHORTAGE = "shortage"  # of this machine: files, threads, memory; says nothing about the feed
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Failure:
    """An expected failure as a value: `message` is one plain sentence that names the input."""

    kind: FailureKind
    message: str


# --- fetch ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validators:
    """`ETag` and `Last-Modified` byte for byte as received (RFC 9110 §8.8), None when unusable."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed: the status that asked for it and where it led."""

    status: int
    url: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request with its redirects, finished or failed.

    `status` is None when no answer came; `headers` have lower-case names, repeated ones joined by
    ", "; `body` is decoded and bounded; `failure` is a transport failure (a 404 is none).
    `is_truncated`: the body ended before its length, its gzip stream or its last chunk said so;
    `has_declared_end`: the end of the body was marked by length, chunk or gzip trailer.
    """

    status: int | None
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hops: tuple[Hop, ...] = ()
    wire_bytes: int = 0
    is_truncated: bool = False
    has_declared_end: bool = True
    took_ms: int = 0
    failure: Failure | None = None


class Outcome(StrEnum):
    """What one feed request came to."""

    MODIFIED = "modified"
    UNCHANGED = "unchanged"  # 304, or the same body hash as before
    SOFT = "soft"  # 404, 408, 429, 5xx: live feeds do this and come back
    TEMPORARY = "temporary"  # DNS, connect, timeout
    HARD = "hard"  # refused, not a feed, 4xx
    GONE = "gone"  # 410


@dataclass(frozen=True, slots=True)
class Fetched:
    """The judged answer to one feed request; `body` is there only when MODIFIED."""

    outcome: Outcome
    url: str
    status: int | None = None
    body: bytes = b""
    body_sha256: str | None = None
    content_type: str | None = None
    validators: Validators = Validators()
    moved_to: str | None = None  # target of an unbroken chain of 301/308, to be remembered
    retry_after_seconds: float | None = None  # clamped to [0, 86400]
    max_age_seconds: float | None = None  # clamped to [0, 86400]
    is_partial: bool = False  # truncated: entries may be stored, validators must not
    wire_bytes: int = 0
    took_ms: int = 0
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class PollPlan:
    """When a feed is polled next and why: base, backoff, retry-after, max-age, gone …"""

    next_poll_at: datetime
    reason: str


# --- parse ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListedHeadline:
    """One headline of an entry: plain text without markup and without the " - Outlet" suffix.

    `link` is unchanged from the feed (http or https) or None; `google_id` is the last path segment of
    a Google News article link.
    """

    headline: str
    outlet: str | None
    link: str | None
    google_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of one feed, as parsed; nothing is resolved or grouped yet.

    `headlines[0]` is the lead; a Google group has up to about ten, any other entry one.
    `published` is None when the feed's date is missing, unreadable or absurd; `is_day_precise` marks
    Google's midnight-Pacific dates ("some time that day"). `outlet_url` is scheme and host of the
    lead's outlet where the feed names it.
    """

    position: int
    entry_id: str | None
    headlines: tuple[ListedHeadline, ...]
    published: datetime | None = None
    is_day_precise: bool = False
    outlet_url: str | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed document, reduced to what we keep.

    `version` is feedparser's name of the format ("rss20", "atom10", "json11"); `skipped` counts the
    entries that could not be used, by reason; `is_partial` says that the document was cut or
    repaired, so its validators must not be stored.
    """

    title: str | None
    language: str | None
    version: str
    entries: tuple[Entry, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    is_partial: bool = False
    ttl_seconds: float | None = None
    codec: str = "utf-8"


# --- articles and listings -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """What a link alone says about an article, without any request.

    `key` identifies the article for ever: `google:<id>`, `url:<canonical URL>` or `entry:<hash>`.
    `publisher_url` and `canonical_url` are set when the link gives them away (legacy Google ids,
    known wrappers, plain links); `method` names how ("legacy-id", "wrapper", "plain" …).
    """

    key: str
    google_id: str | None = None
    publisher_url: str | None = None
    canonical_url: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleDraft:
    """An article as one poll saw it, ready to be stored if it is new."""

    identity: Identity
    headline: str
    outlet: str | None
    outlet_host: str | None
    language: str
    link: str | None
    published: datetime | None
    is_day_precise: bool
    summary: str | None
    entry_id: str | None
    needs_resolving: bool  # the link leads through an aggregator and does not tell where
    entry_position: int  # 0-based place of the entry in the document
    list_position: int  # 0-based place in the entry's list; 0 is the lead


@dataclass(frozen=True, slots=True)
class DatedArticle:
    """A draft with its place in time.

    `effective_at` is `published` when that is a real date not later than an hour after `first_seen`,
    else `first_seen`; `day` is its calendar day in the configured zone, written once.
    """

    draft: ArticleDraft
    first_seen: datetime
    effective_at: datetime
    day: date


class FeedHealth(StrEnum):
    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    GONE = "gone"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class FeedState:
    """Everything remembered about one feed; a poll turns one state into the next.

    `failures` is the weighted count since the last success (1 hard, ½ soft, ¼ temporary);
    `entries_sha256` is the hash of the parsed entries, the same for two documents that differ only in
    their build date; `poison_sha256` is the body that killed the parser, `poison_deaths` how often.
    """

    feed_id: int
    url: str
    name: str
    topic: str
    language: str
    country: str
    is_google: bool
    interval_minutes: float
    health: FeedHealth
    next_poll_at: datetime
    next_poll_reason: str = "new"
    validators: Validators = Validators()
    body_sha256: str | None = None
    entries_sha256: str | None = None
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_unconditional_at: datetime | None = None
    polls: int = 0
    failures: float = 0.0
    gone_since: datetime | None = None
    gone_polls: int = 0
    moved_to: str | None = None
    moved_since: datetime | None = None
    moved_polls: int = 0
    poison_sha256: str | None = None
    poison_deaths: int = 0
    empty_polls: int = 0
    last_outcome: str | None = None
    last_error: str | None = None
    entries_last: int = 0
    new_last: int = 0


@dataclass(frozen=True, slots=True)
class PollRecord:
    """One finished poll, everything that one transaction stores: the feed's next state, the articles
    of the document in its order, and the poll's own row."""

    feed: FeedState
    started_at: datetime
    outcome: Outcome
    status: int | None
    failure: Failure | None
    articles: tuple[DatedArticle, ...]
    entries: int
    skipped: int
    wire_bytes: int
    took_ms: int


# --- grouping --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Headline:
    """An article as the grouping sees it.

    `key` is the article's identity, the same whatever the order of arrival, and settles every tie.
    `at` is the effective time.
    """

    key: str
    text: str
    outlet: str | None = None
    at: datetime | None = None


class Sighting(NamedTuple):
    """That an entry of a Google feed listed an article.

    `poll` names a document that parts its articles among its entries, `entry` one entry of it.
    """

    poll: str
    entry: str
    key: str


class CorrectionKind(StrEnum):
    """What a person may decide about two articles of one day."""

    JOIN = "join"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's decision that two articles are, or are not, one story."""

    kind: CorrectionKind
    a_key: str
    b_key: str


class Verdict(StrEnum):
    JOINED = "joined"
    REFUSED = "refused"


class Decision(NamedTuple):
    """Why an article is with its partner, or apart from it: one row of the evidence ledger.

    `score` and `threshold` are similarities in [0, 1]; `words` are the deciding tokens, heaviest
    first; `rule` is a short name: headlines, google-listing, google-apart, group-agreement,
    correction, series-guard, same-article, continuation. The score is a mean over the `members` of a group (the
    article's own or the partner's), `alike` of which agree at all. Google listed the two articles under one
    entry in `together` of the `possible` polls that had both.
    """

    key: str
    partner_key: str | None
    verdict: Verdict
    rule: str
    score: float | None
    threshold: float | None
    words: tuple[str, ...] = ()
    alike: int | None = None
    members: int | None = None
    together: int = 0
    possible: int = 0


class DayGroup(NamedTuple):
    """One group of one (language, day): member keys in order, the lead first.

    `series` and `serial` are set when the group is an issue of a numbered series ("…, day 1,407").
    """

    keys: tuple[str, ...]
    series: str | None = None
    serial: str | None = None

    @property
    def lead_key(self) -> str:
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class DayGroups:
    """The partition of one (language, day) and the ledger that explains it: at most one join of each article.

    `conflicts` are sentences: corrections that contradict another and were left out.
    """

    groups: tuple[DayGroup, ...]
    decisions: tuple[Decision, ...]
    rules_version: str
    conflicts: tuple[str, ...] = ()


class StoryStatus(StrEnum):
    NEW = "new"
    UPDATED = "updated"
    ONGOING = "ongoing"


@dataclass(frozen=True, slots=True)
class KnownStory:
    """A story on one day, as stored: who was in it, and its place in a series if it has one.

    `first_day` is the first day of the story that has articles, None if that is not known. `group` is the one it was
    written from, where it was one and whoever asks has written it himself.
    """

    story_id: int
    day: date
    keys: tuple[str, ...]
    headlines: tuple[Headline, ...]
    series: str | None = None
    serial: str | None = None
    first_day: date | None = None
    group: DayGroup | None = field(default=None, compare=False, repr=False)

    @property
    def is_begun_that_day(self) -> bool:
        return self.first_day is None or self.first_day >= self.day


class Continuation(NamedTuple):
    """Which story a day group is.

    `story_id` is None when the group begins one; `merged_ids` are stories of the same day that end in
    this one and become redirects; `previous_story_id` and `next_story_id` are the neighbours in a
    series; `new_words` name what an updated story has that it did not have before.
    """

    story_id: int | None
    status: StoryStatus
    merged_ids: tuple[int, ...] = ()
    previous_story_id: int | None = None
    next_story_id: int | None = None
    new_words: tuple[str, ...] = ()
    decision: Decision | None = None


BEGINS, OTHERWISE = -1, -2  # instead of the id of a story


@dataclass(frozen=True, slots=True, eq=False)
class Continuations:
    """Which story each group of a day is, in the order of the groups.

    Of most there is nothing to tell but which story of today they keep, or that they begin one: `kept` has that id, or
    `BEGINS`. It has `OTHERWISE` for all others, which are told by their places.
    """

    kept: "NDArray[np.int64]"
    others: Mapping[int, Continuation]

    def __len__(self) -> int:
        return len(self.kept)

    def __iter__(self) -> Iterator[Continuation]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, place: int) -> Continuation:
        kept = int(self.kept[place])
        if kept == OTHERWISE:
            return self.others[place]
        return Continuation(None if kept == BEGINS else kept, StoryStatus.NEW)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Continuations) and [*self] == [*other]


# --- resolving -------------------------------------------------------------------------------------


class LinkState(StrEnum):
    """Where a link stands in the queue; `resolved` and `failed` are final."""

    WAITING = "waiting"
    RESOLVED = "resolved"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LinkJob:
    """One wrapper link that waits for its publisher's URL."""

    article_id: int
    link: str
    google_id: str | None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Resolution:
    """What one attempt at one link came to; `next_try_at` is set while WAITING."""

    article_id: int
    state: LinkState
    method: str
    publisher_url: str | None = None
    canonical_url: str | None = None
    attempts: int = 0
    next_try_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ResolverState:
    """Token bucket and circuit breaker of the article-page requests; survives a restart.

    `tokens` as of `counted_at`; while `open_until` lies ahead no page is requested; `trips` counts
    refusals in a row and doubles the pause; the first request after it is the half-open trial.
    """

    tokens: float
    counted_at: datetime
    open_until: datetime | None = None
    trips: int = 0


# --- digests ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayCount:
    """How much there was on one day: of one story its articles and outlets, of a topic its stories."""

    day: date
    articles: int
    outlets: int = 0
    stories: int = 0


@dataclass(frozen=True, slots=True)
class DigestArticle:
    """One article of a story, as a digest shows it.

    `link` is the best there is: canonical, publisher's, or the feed's; `feed_link` is the feed's own.
    `article_id` is the store's number of it, None for what is from no store.
    """

    headline: str
    outlet: str
    link: str | None
    published: datetime | None
    first_seen: datetime
    summary: str | None = None
    outlet_host: str | None = None
    feed_link: str | None = None
    article_id: int | None = None


@dataclass(frozen=True, slots=True)
class DigestStory:
    """One story on one day, as a digest shows it; `articles[0]` is the lead.

    `previous_issue` and `next_issue` are the serials of the neighbours in a series, if known;
    `first_seen` is that of the whole story, over all its days; `new_words` name what an updated story
    has that it did not have before, `new_outlets` who had not reported it on an earlier day; `history`
    counts the story's last seven days, oldest first, this day included, days without it left out.
    `is_pinned`: a person chose the lead. `topics` are those of all feeds that brought its articles.
    """

    story_id: int
    headline: str
    status: StoryStatus
    articles: tuple[DigestArticle, ...]
    first_seen: datetime
    last_seen: datetime
    articles_total: int
    outlets_total: int
    series: str | None = None
    serial: str | None = None
    previous_issue: str | None = None
    next_issue: str | None = None
    new_words: tuple[str, ...] = ()
    history: tuple[DayCount, ...] = ()
    new_outlets: tuple[str, ...] = ()
    is_pinned: bool = False
    topics: tuple[str, ...] = ()

    @property
    def outlets(self) -> tuple[str, ...]:
        """Distinct outlets in order of appearance."""
        return tuple(dict.fromkeys(article.outlet for article in self.articles))


@dataclass(frozen=True, slots=True)
class DigestDay:
    """Everything of the store that a digest of one topic and local day is made from.

    `title` and `number` are those that the digest is configured with; an addendum, which has a number from
    1, holds what came after the digest and the addenda before it.
    """

    topic: str
    title: str
    day: date
    timezone: str
    stories: tuple[DigestStory, ...]
    addendum: int = 0  # 0 is the digest proper
    number: int | None = None  # of the day, when a counter is configured
    source_urls: tuple[str, ...] = ()  # of the feeds of this topic
    week: tuple[DayCount, ...] = ()  # of the topic, the last seven days, oldest first, this one included

    @property
    def is_addendum(self) -> bool:
        return self.addendum > 0


# --- deliveries ------------------------------------------------------------------------------------


class Channel(StrEnum):
    """The ways a digest leaves this machine."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    COMMAND = "command"


class DeliveryState(StrEnum):
    """Where a delivery stands in the outbox; `sent` and `failed` are final."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a digest: a mail address, or a name without secrets for a webhook or a command."""

    channel: Channel
    name: str


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """One digest for one recipient; there is never a second delivery of the same.

    `folder` is where the digest is written, which tells two digests of one topic apart.
    """

    topic: str
    folder: str
    day: date
    addendum: int  # 0 is the digest proper
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox. `made_at` is when the digest's snapshot was taken; `next_try_at` is set while
    WAITING; `error` says in a sentence what the last attempt came to."""

    key: DeliveryKey
    made_at: datetime
    queued_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    next_try_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFailure:
    """Why one attempt did not deliver, in a sentence without secrets; `is_final` if asking again is no use."""

    message: str
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file to publish: relative POSIX path below the output folder, and its text.

    `data` is there instead of the text, which is then empty, for formats that are no text (EPUB, Parquet).
    """

    path: str
    text: str = ""
    data: bytes | None = None

    @property
    def body(self) -> bytes:
        """What stands in the file."""
        return self.text.encode() if self.data is None else self.data


# --- operation -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """How large the store is and what waits in it, as of one moment.

    `feeds` and `deliveries` are counts by state; `articles_last_week` are those of the seven days that
    are over. `newest_at` is the newest time that the program itself has stored, `newest_day` the newest
    day of an article; either lying ahead means that a clock was wrong.
    """

    file_bytes: int
    wal_bytes: int
    unused_bytes: int  # inside the file, taken before the file grows
    disk_free_bytes: int
    articles: int
    articles_last_week: int
    feeds: Mapping[str, int]
    links_waiting: int
    oldest_link_at: datetime | None
    deliveries: Mapping[str, int]
    oldest_delivery_at: datetime | None
    breaker_open_until: datetime | None
    newest_at: datetime | None
    newest_day: date | None

    @property
    def bytes_a_day(self) -> float:
        """What the file grows by on a day like those of the last week; 0 without articles."""
        if not self.articles:
            return 0.0
        return (self.file_bytes - self.unused_bytes) / self.articles * self.articles_last_week / 7
