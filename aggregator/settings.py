"""Every number the program runs on: frozen sections with defaults, units in the names.

`config.py` fills these from TOML and checks them; stages get the section they need.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from aggregator.google.editions import base_language


@dataclass(frozen=True, slots=True)
class StoreSettings:
    path: str = "var/aggregator.db"
    keep_days: int = 0  # 0: for ever
    max_bytes: int = 0  # 0: no limit


@dataclass(frozen=True, slots=True)
class DaySettings:
    timezone: str = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The zone; raises `ZoneInfoNotFoundError` for a name that `config` has not checked."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    user_agent: str = "headline-aggregator/0.1 (feed poller; honours 429 and Retry-After)"
    allow_private_addresses: bool = False
    max_body_bytes: int = 5_000_000
    total_timeout_seconds: float = 30.0
    connect_timeout_seconds: float = 5.0
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class GoogleNewsSettings:
    base_url: str = "https://news.google.com"
    language: str = "en-US"
    country: str = "US"
    resolve: bool = True
    page_budget: int = 15
    page_refill_seconds: float = 75.0
    breaker_minutes: float = 60.0
    breaker_max_minutes: float = 360.0


@dataclass(frozen=True, slots=True)
class PollSettings:
    interval_minutes: float = 30.0
    jitter_seconds: float = 60.0
    max_concurrent: int = 16
    max_per_host: int = 2
    host_spacing_seconds: float = 1.0
    google_spacing_seconds: float = 2.0
    min_interval_minutes: float = 5.0
    max_interval_minutes: float = 1440.0


class GoogleGroups(StrEnum):
    EVIDENCE = "evidence"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    window_days: int = 3
    google_groups: GoogleGroups = GoogleGroups.EVIDENCE


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One `[[feeds]]` table; `url` is already built, whichever way the feed was written."""

    name: str
    topic: str
    url: str
    language: str  # BCP 47, the edition's or the feed's own: "en-US", "de"
    country: str
    interval_minutes: float
    is_google: bool
    enabled: bool = True
    site: str | None = None  # the page for people that the feed belongs to

    @property
    def base_language(self) -> str:
        """The language without country, by which articles are grouped: "en" for "en-US"."""
        return base_language(self.language)


@dataclass(frozen=True, slots=True)
class CounterSettings:
    """Number of a day = `first_number` + days since `epoch`."""

    epoch: date
    first_number: int = 0

    def number(self, day: date) -> int:
        return self.first_number + (day - self.epoch).days


DIGEST_FORMATS = (
    *("markdown", "text", "hugo", "jekyll", "zola", "eleventy"),
    *("html", "json", "atom", "jsonfeed", "epub", "csv", "parquet"),
)
"""Names of the formats that a digest can be written in."""

WEEK_FORMATS = ("epub",)
"""Names of the formats that the days of a week are bound together in."""

DIGEST_LANGUAGES = ("en", "de", "fr", "es", "uk", "ru")
"""Languages whose dates, numbers and phrases a digest can have, whatever those of its headlines."""


class DigestStyle(StrEnum):
    STORIES = "stories"  # each story with all its outlets and headlines
    KEY_EVENTS = "key-events"  # one sentence a story, with who reports it


class DigestOrder(StrEnum):
    WIDEST = "widest"  # by the weight of `RankingSettings`
    NEWEST = "newest"  # by the newest article


@dataclass(frozen=True, slots=True)
class SectionSettings:
    """One section of a digest: a story belongs to it by a word, an outlet or a topic of its feeds."""

    title: str
    words: tuple[str, ...] = ()  # "strike*" is any word that begins so, "peace talks" two in a row
    outlets: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """What a story's place in a digest is made of; the formula is in `publish.ranking`."""

    outlets: float = 1.0
    recency: float = 0.3
    spread: float = 0.3
    diversity: float = 0.5  # 0 to 1: how much of its weight the second story of an event loses


class MailSecurity(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"  # from the first byte
    NONE = "none"

    @property
    def port(self) -> int:
        """The usual port: submission, submission over TLS, or a relay of one's own."""
        return {MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465, MailSecurity.NONE: 25}[self]


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """Where a digest is mailed; the password itself is never in a configuration."""

    to: tuple[str, ...]
    sender: str
    server: str = "localhost"
    port: int | None = None  # None is the usual one for `security`
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""
    password_env: str = ""
    password_file: str = ""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where a digest is posted as JSON, and where the secret is that signs it, if any."""

    url: str
    secret_env: str = ""
    secret_file: str = ""


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """What is run for a digest: an argument vector in which {path}, {topic}, {day} and {format} are filled in."""

    run: tuple[str, ...]
    format: str = "markdown"
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class DigestSettings:
    topic: str
    title: str
    at: str = "06:00"  # local time; the digest is that of the day before
    formats: tuple[str, ...] = ("markdown",)
    week: tuple[str, ...] = ()  # formats of the week, made with the digest of its Sunday
    out: str = "var/digests"
    counter: CounterSettings | None = None
    language: str = "en"  # BCP 47; of the digest's own words
    base_url: str = ""  # of the folder `out`, where it is published
    style: DigestStyle = DigestStyle.STORIES
    order: DigestOrder = DigestOrder.WIDEST
    sections: tuple[SectionSettings, ...] = ()
    other_title: str = ""  # of what no section took; "" is the language's own phrase
    ranking: RankingSettings = RankingSettings()
    email: EmailSettings | None = None
    webhook: WebhookSettings | None = None
    command: CommandSettings | None = None

    @property
    def frozen(self) -> "DigestSettings":
        """What decides about a digest's content, and is kept with each that is made: all but when it is due,
        where it goes and to whom."""
        plain = DigestSettings(self.topic, self.title)
        return replace(self, at=plain.at, out=plain.out, week=(), email=None, webhook=None, command=None)


@dataclass(frozen=True, slots=True)
class LogSettings:
    format: str = "plain"  # or "json"
    level: str = "info"


@dataclass(frozen=True, slots=True)
class WebSettings:
    hosts: tuple[str, ...] = ()  # names that the page answers to, beside loopback's


@dataclass(frozen=True, slots=True)
class Settings:
    store: StoreSettings = StoreSettings()
    day: DaySettings = DaySettings()
    http: HttpSettings = HttpSettings()
    google_news: GoogleNewsSettings = GoogleNewsSettings()
    poll: PollSettings = PollSettings()
    cluster: ClusterSettings = ClusterSettings()
    log: LogSettings = LogSettings()
    web: WebSettings = WebSettings()
    feeds: tuple[FeedSettings, ...] = field(default_factory=tuple)
    digests: tuple[DigestSettings, ...] = field(default_factory=tuple)
