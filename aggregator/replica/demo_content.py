"""The demo's few days of news, poll by poll. Pure.

What each feed shows at each moment follows from the events in `demo_news` by a few rules: Google lists a
report from a quarter of an hour after its publication for twenty hours; it groups what it lists of one
event, at most five, the newest first, but at every other poll the second newest leads; an outlet's own feed
shows its latest dozen.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import NamedTuple

from aggregator.replica.content import Article, Item, LinkKind, Outlet, Snapshot, midnight_pacific
from aggregator.replica.demo_news import EVENTS, Event, Report, Shown
from aggregator.replica.demo_news.outlets import HARBOUR, LANTERN, NORTHLIGHT
from aggregator.replica.demo_news.telling import BUSINESS, TECHNOLOGY, WELT, WORLD

DAYS = 4

# Outlets with a feed of their own, and the document of each that the demo polls.
OWN_FEEDS: Mapping[str, str] = {
    HARBOUR.slug: f"/publishers/{HARBOUR.slug}/feed.xml",
    NORTHLIGHT.slug: f"/publishers/{NORTHLIGHT.slug}/atom.xml",
    LANTERN.slug: f"/publishers/{LANTERN.slug}/feed.json",
}

_POLL_TIMES = (time(6, 40), time(11, 30), time(17, 0), time(22, 15))
_LAST_DAY_POLL_TIMES = _POLL_TIMES[:3]
_LISTED_AFTER = timedelta(minutes=15)
_LISTED_FOR = timedelta(hours=20)
_LARGEST_GROUP = 5
_OWN_FEED_ENTRIES = 12
_TOP_STORIES = {"en-US/top": (WORLD, BUSINESS, TECHNOLOGY), "de-DE/top": (WELT,)}
_TOP_ITEMS_PER_SECTION = 4


class Moment(NamedTuple):
    """One moment to poll at, and what every feed then shows, by section key."""

    at: datetime
    content: Mapping[str, Snapshot]


@dataclass(frozen=True, slots=True)
class _Told:
    """A report turned into an article, with what decides where it is shown."""

    article: Article
    report: Report
    event: Event


def days(today: date) -> tuple[Moment, ...]:
    """Return the moments of the days up to `today`, the last of them that day at 17:00 UTC, in order."""
    told = tuple(_told(today))
    return tuple(
        Moment(at, _content(told, at, is_second_leading=index % 2 == 1))
        for index, at in enumerate(_poll_moments(today))
    )


def articles(today: date) -> tuple[Article, ...]:
    """Return every article of the demo once; `story` is the grouping that is expected."""
    return tuple(told.article for told in _told(today))


def _poll_moments(today: date) -> Iterator[datetime]:
    for days_ago in reversed(range(DAYS)):
        day = today - timedelta(days=days_ago)
        for at in _POLL_TIMES if days_ago else _LAST_DAY_POLL_TIMES:
            yield datetime.combine(day, at, UTC)


def _told(today: date) -> Iterator[_Told]:
    first_day = today - timedelta(days=DAYS - 1)
    for event in EVENTS:
        for report in event.reports:
            yield _Told(_article(report, event.label, first_day + timedelta(days=report.day)), report, event)


def _article(report: Report, label: str, day: date) -> Article:
    headline = report.headline.format(date=f"{day.day} {day:%B}")
    at = datetime.combine(day, time.fromisoformat(report.at), UTC) if report.at else midnight_pacific(day)
    return Article(
        headline=headline,
        outlet=report.outlet,
        url=_url(report, headline, day),
        published=at,
        link_kind=report.link_kind,
        story=label,
        summary=report.summary,
    )


def _url(report: Report, headline: str, day: date) -> str:
    if report.link_kind is LinkKind.YOUTUBE:
        return f"https://{report.outlet.host}/watch?v={sha256(headline.encode()).hexdigest()[:11]}"
    return f"https://{report.outlet.host}/{day:%Y/%m/%d}/{_slug(headline)}"


def _slug(headline: str) -> str:
    """Return the first words of a headline as a path, or a number for another script."""
    plain = unicodedata.normalize("NFKD", headline.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    return "-".join(words[:8]) or str(int(sha256(headline.encode()).hexdigest()[:8], 16))


def _content(told: Iterable[_Told], at: datetime, *, is_second_leading: bool) -> dict[str, Snapshot]:
    published = [one for one in told if one.article.published + _LISTED_AFTER <= at]
    listed = [
        one
        for one in published
        if at < one.article.published + _LISTED_FOR and one.report.shown is not Shown.OWN_FEED
    ]
    content = {
        section: Snapshot(tuple(_items(listed, section, is_second_leading=is_second_leading)))
        for section in (WORLD, BUSINESS, TECHNOLOGY, WELT)
    }
    for top, sections in _TOP_STORIES.items():
        leading = (content[section].items[:_TOP_ITEMS_PER_SECTION] for section in sections)
        content[top] = Snapshot(tuple(dict.fromkeys(item for items in leading for item in items)))
    for outlet in (HARBOUR, NORTHLIGHT, LANTERN):
        content[f"outlet:{outlet.slug}"] = _own_feed(published, outlet)
    return content


def _items(listed: Iterable[_Told], section: str, *, is_second_leading: bool) -> list[Item]:
    """Return the items of a section, the largest groups first, then the newest."""
    groups: dict[str, list[Article]] = {}
    for one in listed:
        if section in one.event.sections:
            groups.setdefault(one.event.label, []).append(one.article)
    items = [_item(group, is_second_leading=is_second_leading) for group in groups.values()]
    return sorted(
        items, key=lambda item: (len(item.articles), item.lead.published, item.lead.url), reverse=True
    )


def _item(group: list[Article], *, is_second_leading: bool) -> Item:
    newest_first = sorted(group, key=lambda article: (article.published, article.url), reverse=True)
    if is_second_leading:
        newest_first[:2] = reversed(newest_first[:2])
    return Item(tuple(newest_first[:_LARGEST_GROUP]))


def _own_feed(published: Iterable[_Told], outlet: Outlet) -> Snapshot:
    own = [
        one.article
        for one in published
        if one.article.outlet == outlet and one.report.shown is not Shown.GOOGLE
    ]
    own.sort(key=lambda article: article.published, reverse=True)
    return Snapshot(tuple(Item((article,)) for article in own[:_OWN_FEED_ENTRIES]))
