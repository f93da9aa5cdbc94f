"""Feeds as functions of simulated time: what each shows at any moment is known beforehand, and afterwards.

Three kinds: `Gazette` publishes articles of its own, from one a week to three an hour, and edits some of their
headlines; `Blend` shows the newest of several gazettes, as a collecting feed does; `Section` is one of Google's,
whose entries list what several outlets tell of one event, and more with time.
"""

import heapq
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

from aggregator.replica import Article, Item, Outlet, Snapshot
from aggregator.replica.minting import google_link
from aggregator.replica.rss import Channel, google_feed
from tests.system.fleet import headline

WINDOW = 20  # entries that a document of ours shows at most
EVENTS = 12  # entries of a section
LISTED = 5  # outlets of one event
DAY_MINUTES = 1440  # the longest interval

# How much it publishes, in articles a day, and how much less often than the busiest it is therefore asked.
_BUSY = ((1 / 7, 12), (0.5, 12), (1, 6), (1, 6), (2, 4), (3, 4), (6, 2), (24, 2), (72, 1))
_CALM = ((1 / 7, 12), (0.5, 12), (1, 6), (1, 6), (2, 4), (3, 4), (6, 2), (6, 2), (1, 6))
_PACES = (*_BUSY, *4 * _CALM)
_EDITED = 0.1  # of all headlines
_SHARED = 0.5  # of all articles tell of an event that others tell of as well
_EVENT_EVERY = timedelta(hours=2)
_PHRASES = (
    "",
    ", officials say",
    " after long talks",
    ", residents relieved",
    " amid protests",
    ": what is known",
)


@dataclass(frozen=True, slots=True)
class Told:
    """One article as its outlet tells it; `key` is its link without a query, the same wherever it is listed.

    `published` is None where a feed does not give the article a date of its own.
    """

    key: str
    headline: str
    published: datetime | None = None
    edited: str | None = None
    edited_at: datetime | None = None

    def headline_at(self, moment: datetime) -> str:
        is_edited = self.edited is not None and self.edited_at is not None and self.edited_at <= moment
        return self.edited if is_edited and self.edited is not None else self.headline


class Stand(Protocol):
    """One feed of the newsstand."""

    name: str
    interval_minutes: int
    is_google: bool

    def window(self, moment: datetime) -> tuple[Told, ...]:
        """What it lists at that moment, newest first."""
        ...

    def body(self, moment: datetime, mark: str) -> bytes:
        """Its document at that moment; links carry `mark`, a query, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class Gazette:
    """Publishes articles of its own; `articles` are sorted by time."""

    name: str
    interval_minutes: int
    articles: tuple[Told, ...]
    moments: tuple[datetime, ...]
    is_google: bool = False

    def window(self, moment: datetime) -> tuple[Told, ...]:
        end = bisect_right(self.moments, moment)
        return self.articles[max(0, end - WINDOW) : end][::-1]

    def body(self, moment: datetime, mark: str) -> bytes:
        return _document(self.name, self.window(moment), moment, mark)


@dataclass(frozen=True, slots=True)
class Blend:
    """Shows the newest of several gazettes, under their own links."""

    name: str
    interval_minutes: int
    gazettes: tuple[Gazette, ...]
    is_google: bool = False

    def window(self, moment: datetime) -> tuple[Told, ...]:
        found = [article for gazette in self.gazettes for article in gazette.window(moment)]
        return tuple(heapq.nlargest(WINDOW, found, key=lambda article: (article.published, article.key)))

    def body(self, moment: datetime, mark: str) -> bytes:
        return _document(self.name, self.window(moment), moment, mark)


@dataclass(frozen=True, slots=True)
class Section:
    """One of Google's: `events` in the order of their beginnings, each with its articles in theirs."""

    name: str
    interval_minutes: int
    events: tuple[tuple[Article, ...], ...]
    is_google: bool = True

    def items(self, moment: datetime) -> tuple[Item, ...]:
        begun = bisect_right(self.events, moment, key=lambda event: event[0].published)
        shown = self.events[max(0, begun - EVENTS) : begun][::-1]
        return tuple(
            Item(tuple(article for article in event if article.published <= moment)) for event in shown
        )

    def window(self, moment: datetime) -> tuple[Told, ...]:
        listed = (article for item in self.items(moment) for article in item.articles)
        return tuple(Told(key_of(google_link(article)), article.headline) for article in listed)

    def body(self, moment: datetime, mark: str) -> bytes:
        channel = Channel(self.name, "https://news.google.com/", "en-US", moment)
        return google_feed(channel, Snapshot(self.items(moment))).encode()


def key_of(link: str) -> str:
    return link.partition("?")[0]


@dataclass(frozen=True, slots=True)
class _Press:
    """What all feeds are made from; the busiest are asked `every` so many minutes."""

    start: datetime
    end: datetime
    every: int
    events: Sequence[str]
    seed: int

    def chance(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")


def newsstand(feeds: int, start: datetime, days: int, every: timedelta, seed: int) -> list[Stand]:
    """So many feeds that tell news from some days before `start` on: of each twenty, one is Google's, one a blend."""
    few = max(1, feeds // 20)
    press = _pressed(start - timedelta(days=3), days + 4, every, seed)
    gazettes = [_gazette(number, press) for number in range(feeds - 2 * few)]
    blends = [_blend(number, gazettes, press) for number in range(few)]
    return [*gazettes, *blends, *(_section(number, press) for number in range(few))]


def _pressed(start: datetime, days: int, every: timedelta, seed: int) -> _Press:
    rng, period = random.Random(f"{seed} events"), timedelta(days=days)
    events = [headline(rng) for _ in range(period // _EVENT_EVERY + 1)]
    return _Press(start, start + period, every // timedelta(minutes=1), events, seed)


def _gazette(number: int, press: _Press) -> Gazette:
    rng = press.chance(f"gazette {number}")
    a_day, pace = _PACES[number % len(_PACES)]
    articles: list[Told] = []
    moments: list[datetime] = []
    moment = press.start
    while (moment := moment + _gap(a_day, rng)) < press.end:
        words = headline(rng)
        if rng.random() < _SHARED:
            words = press.events[(moment - press.start) // _EVENT_EVERY] + rng.choice(_PHRASES)
        edited_at = moment + timedelta(minutes=rng.randrange(600)) if rng.random() < _EDITED else None
        edited = f"Correction: {words}" if edited_at else None
        key = f"https://gazette-{number}.example/article/{len(articles)}"
        articles.append(Told(key, words, moment, edited, edited_at))
        moments.append(moment)
    interval_minutes = min(pace * press.every, DAY_MINUTES)
    return Gazette(f"Gazette {number}", interval_minutes, tuple(articles), tuple(moments))


def _blend(number: int, gazettes: Sequence[Gazette], press: _Press) -> Blend:
    chosen = press.chance(f"blend {number}").sample(gazettes, 3)
    return Blend(f"Blend {number}", 2 * press.every, tuple(chosen))


def _gap(a_day: float, rng: random.Random) -> timedelta:
    """Whole seconds, since that is what a feed's dates have."""
    return timedelta(seconds=1 + int(rng.expovariate(a_day / 86_400)))


def _section(number: int, press: _Press) -> Section:
    rng = press.chance(f"section {number}")
    outlets = [Outlet(f"outlet-{n}", f"Outlet {n}", f"outlet-{n}.example") for n in range(12)]
    events, moment = [], press.start
    while (moment := moment + _gap(8, rng)) < press.end:
        words, told_at = headline(rng), moment
        event = []
        for outlet in rng.sample(outlets, rng.randint(1, LISTED)):
            url = f"https://{outlet.host}/section-{number}/{len(events)}"
            event.append(Article(words + rng.choice(_PHRASES), outlet, url, told_at))
            told_at += _gap(12, rng)
        events.append(tuple(event))
    return Section(f"Section {number}", press.every, tuple(events))


def _document(name: str, articles: Sequence[Told], moment: datetime, mark: str) -> bytes:
    items = "".join(
        f"<item><title>{article.headline_at(moment)}</title><link>{article.key}{mark}</link>"
        f"<pubDate>{format_datetime(article.published)}</pubDate></item>"
        for article in articles
        if article.published is not None
    )
    return f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'.encode()
