"""What the replica publishes: outlets, articles, Google's groups of them, and snapshots. Pure.

On this side of the wire the words are the wire's: an `Item` is one `<item>` that a server writes;
what our parser makes of it is an entry.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

_PACIFIC = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who publishes: `name` as readers know it, `host` of its site, `language` as BCP 47."""

    slug: str
    name: str
    host: str
    language: str = "en"


class LinkKind(StrEnum):
    """Which of Google's article ids an article gets."""

    OPAQUE = "opaque"  # since July 2024: only Google can tell the URL
    LEGACY = "legacy"  # the URL in clear, no second field
    LEGACY_EMPTY_AMP = "legacy-empty-amp"  # the same with the second field there but empty
    LEGACY_AMP = "legacy-amp"  # the same with the URL of the AMP twin
    YOUTUBE = "youtube"  # a video; `url` must be a watch?v= URL


@dataclass(frozen=True, slots=True)
class Article:
    """One article: what an outlet published at `url` under `headline`.

    `published` is aware UTC. `story` is our own label of the event, for checking a grouping
    against; it never goes over the wire. `summary` is shown by the outlet's own feed.
    """

    headline: str
    outlet: Outlet
    url: str
    published: datetime
    link_kind: LinkKind = LinkKind.OPAQUE
    story: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a feed: a group of articles that Google made, the lead first.

    `published` is the item's date; None stands for the lead's own.
    """

    articles: tuple[Article, ...]
    published: datetime | None = None

    @property
    def lead(self) -> Article:
        return self.articles[0]


@dataclass(frozen=True, slots=True)
class RecordedItem:
    """An item taken from a recording: every value goes over the wire as it stands.

    `title` still ends with " - Outlet"; `description` is HTML, escaped for XML only when written.
    """

    title: str
    link: str
    guid: str
    published: datetime
    description: str
    outlet: str
    outlet_url: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one feed shows at one moment, in order."""

    items: tuple[Item | RecordedItem, ...] = ()

    @property
    def articles(self) -> tuple[Article, ...]:
        """Every article that the snapshot lists; recorded items have none."""
        return tuple(article for item in self.items if isinstance(item, Item) for article in item.articles)


def midnight_pacific(day: date) -> datetime:
    """Return how Google dates an article of which it knows only the day: midnight in California."""
    return datetime.combine(day, time(), _PACIFIC).astimezone(UTC)
