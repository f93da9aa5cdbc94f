"""From an address that a person has to a feed: asked once, and what would be stored of it.

Facts
-----
* People paste the page they read. Most sites declare their feeds there; many of the others have one at a
  path that their software chose. Six such paths are tried, one after the other, until one is a feed.
* Every request waits its turn at its host, as a poll's does.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from aggregator import fetch, parse
from aggregator.model import DatedArticle, Failure, FailureKind, Outcome, ParsedFeed
from aggregator.parse import FeedLink
from aggregator.pipeline.arrivals import Arrivals, arrivals_of
from aggregator.pipeline.drafts import articles_of
from aggregator.pipeline.stages import Network
from aggregator.settings import FeedSettings
from aggregator.store.feeds import new_feed

COMMON_PATHS = ("/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/rss", "/index.xml")

_MAX_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class FeedFound:
    """A feed, read: `url` is where to poll it (a permanent redirect is followed), `site` the page that led to it."""

    url: str
    parsed: ParsedFeed
    site: str | None = None


@dataclass(frozen=True, slots=True)
class FeedsDeclared:
    """A page that declares several feeds: which one is meant, a person knows."""

    page_url: str
    links: tuple[FeedLink, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    url: str
    body: bytes
    content_type: str | None


async def discover(url: str, network: Network) -> FeedFound | FeedsDeclared | Failure:
    """Find the feed at an address, or the one of the page there; at most seven requests to one host."""
    answer = await _look(url, network)
    if not isinstance(answer, _Page):
        return answer
    links = parse.feed_links(answer.body, answer.url, answer.content_type)
    if len(links) > 1:
        return FeedsDeclared(answer.url, links)
    urls = [link.url for link in links] or [urljoin(answer.url, path) for path in COMMON_PATHS]
    for candidate in urls:
        found = await _look(candidate, network)
        if isinstance(found, FeedFound):
            return replace(found, site=answer.url)
    tried = f"what it declares is none ({urls[0]})" if links else f"none is at {', '.join(COMMON_PATHS)}"
    return Failure(FailureKind.NOT_A_FEED, f"{url} is a page, and no feed of it was found: {tried}")


async def _look(url: str, network: Network) -> FeedFound | _Page | Failure:
    """Ask once; a page is what is no feed but has a body."""
    now = network.clock.now()
    async with network.politeness.slot(url):
        fetched, body = await fetch.fetch_feed_or_page(network.client, url, now=now)
    if fetched.outcome is Outcome.MODIFIED:
        parsed = await network.parser.parse(
            fetched.body,
            content_type=fetched.content_type,
            feed_url=fetched.url,
            google_hosts=network.google_hosts,
            now=now,
        )
        if isinstance(parsed, ParsedFeed):
            return FeedFound(fetched.moved_to or url, parsed)
        failure: Failure | None = parsed
    else:
        failure = fetched.failure
    assert failure is not None  # what is no success says why
    is_page = failure.kind is FailureKind.NOT_A_FEED and bool(body)
    return _Page(fetched.url, body, fetched.content_type) if is_page else failure


@dataclass(frozen=True, slots=True)
class Preview:
    """What a first poll would store; `keys` name the articles, `days` counts them, the newest day first."""

    arrivals: Arrivals
    keys: tuple[str, ...]
    days: dict[date, int]
    oldest: datetime | None
    newest: datetime | None
    samples: tuple[tuple[str, str], ...]  # outlet and headline of the first few


def preview(parsed: ParsedFeed, settings: FeedSettings, *, now: datetime, timezone: ZoneInfo) -> Preview:
    """Draft what `parsed` would leave behind as the first document of a feed."""
    articles = articles_of(parsed, new_feed(settings, now), now=now, timezone=timezone)
    moments = _published(articles)
    return Preview(
        arrivals=arrivals_of(parsed, articles, now.astimezone(timezone).date()),
        keys=tuple(article.draft.identity.key for article in articles),
        days=dict(sorted(Counter(article.day for article in articles).items(), reverse=True)),
        oldest=min(moments, default=None),
        newest=max(moments, default=None),
        samples=tuple(
            (article.draft.outlet or settings.name, article.draft.headline)
            for article in articles[:_MAX_SAMPLES]
        ),
    )


def _published(articles: Collection[DatedArticle]) -> list[datetime]:
    return [article.draft.published for article in articles if article.draft.published is not None]
