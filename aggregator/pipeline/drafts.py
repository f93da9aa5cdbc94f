"""A parsed document → the articles it lists, dated and identified. Pure.

Facts
-----
* An entry of a Google feed is a group: every headline it lists is an article of its own. Only the lead
  has a date and an outlet address; a listed headline takes the date of the entry that lists it.
* Feeds back-date, post-date and omit dates. An article's effective time is its published time when
  that is not later than an hour after we first saw it, else the time we first saw it; its day is the
  calendar day of that in the configured zone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aggregator import resolve
from aggregator.model import ArticleDraft, DatedArticle, Entry, FeedState, ParsedFeed

_CLOCK_TOLERANCE = timedelta(hours=1)


def articles_of(
    parsed: ParsedFeed, feed: FeedState, *, now: datetime, timezone: ZoneInfo
) -> tuple[DatedArticle, ...]:
    """Every article the document lists, once, in its order; `now` is when we first see them."""
    articles: dict[str, DatedArticle] = {}
    for entry in parsed.entries:
        for draft in _drafts(entry, feed):
            effective_at = effective_time(draft.published, now)
            articles.setdefault(
                draft.identity.key,
                DatedArticle(draft, now, effective_at, effective_at.astimezone(timezone).date()),
            )
    return tuple(articles.values())


def effective_time(published: datetime | None, first_seen: datetime) -> datetime:
    """`published` when it is a real date not later than an hour after `first_seen`, else that."""
    if published is None or published > first_seen + _CLOCK_TOLERANCE:
        return first_seen
    return published


def _drafts(entry: Entry, feed: FeedState) -> Iterator[ArticleDraft]:
    for position, listed in enumerate(entry.headlines):
        identity = resolve.identify(
            listed.link,
            google_id=listed.google_id,
            entry_id=entry.entry_id if position == 0 else None,
            feed_url=feed.url,
            headline=listed.headline,
            published=entry.published,
        )
        yield ArticleDraft(
            identity=identity,
            headline=listed.headline,
            outlet=listed.outlet or feed.name,
            outlet_host=_outlet_host(entry, position, identity.publisher_url),
            language=feed.language,
            link=listed.link,
            published=entry.published,
            is_day_precise=entry.is_day_precise,
            summary=entry.summary if position == 0 else None,
            entry_id=entry.entry_id if position == 0 else None,
            needs_resolving=resolve.needs_resolving(identity, listed.link),
            entry_position=entry.position,
            list_position=position,
        )


def _outlet_host(entry: Entry, position: int, publisher_url: str | None) -> str | None:
    """The outlet's host: the feed says it for the lead, a known publisher link for any other."""
    address = entry.outlet_url if position == 0 and entry.outlet_url else publisher_url
    return urlsplit(address).hostname if address else None
