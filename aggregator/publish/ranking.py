"""Which story comes first. Pure.

    weight  =  outlets · log2(1 + independent outlets)
             + recency · (how late in the day its newest article came: 0 at midnight, 1 at the next)
             + spread  · (hours of the day with a new article of it, less one, of seven; at most 1)

    place   =  the greatest  weight · Π (1 - diversity · shared²)  comes next, again and again

`outlets`, `recency`, `spread` and `diversity` are configured. The product is over the stories placed so
far; `shared` is the part of the story's rare words that the placed one has too, each word weighing
log((1 + stories of the day) / stories with it). So the second story of an event moves down, the third
further, and a story that shares a name with another hardly at all.

Newsrooms that choose a story by themselves are the best evidence of its weight, hence independent
outlets; the logarithm, since the step from one to two says more than that from eleven to twelve.
Ties: more outlets, more articles, newer, smaller story id, so that the order is total.
"""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.model import DigestDay, DigestStory
from aggregator.publish.independence import independent_outlets
from aggregator.publish.words import shared_words
from aggregator.settings import RankingSettings

SPREAD_HOURS = 7  # after the first one; then a story was all day long in the news

Weights = Mapping[str, float]
"""The rare words of one story, each with its weight."""


@dataclass(frozen=True, slots=True)
class RankedStory:
    """A story in its place; `weight` is before any other story of the day took some of it."""

    story: DigestStory
    independent_outlets: int
    weight: float


def rank(day: DigestDay, settings: RankingSettings) -> list[RankedStory]:
    """Return the stories of the day, the weightiest first; their order in `day` does not matter.

    Cost: for each word, the square of the number of stories that have it.
    """
    weighed = [_weighed(story, day, settings) for story in day.stories]
    ordered = sorted(weighed, key=_order)
    words = _rare_words([ranked.story for ranked in ordered])
    return [ordered[index] for index in _diverse_order(ordered, words, settings.diversity)]


def hour_counts(story: DigestStory, day: DigestDay) -> tuple[int, ...]:
    """Count the articles first seen in each hour of the local day, 23 to 25 of them."""
    begin, end = day_bounds(day)
    hours = math.ceil((end - begin) / timedelta(hours=1))  # Lord Howe's clock moves by half an hour
    passed = ((article.first_seen - begin) // timedelta(hours=1) for article in story.articles)
    counts = Counter(passed)
    return tuple(counts[hour] for hour in range(hours))


def day_bounds(day: DigestDay) -> tuple[datetime, datetime]:
    """Return the first moments of the day and of the next one, in UTC."""
    zone, utc = ZoneInfo(day.timezone), ZoneInfo("UTC")
    midnight = datetime(day.day.year, day.day.month, day.day.day, tzinfo=zone)
    return midnight.astimezone(utc), (midnight + timedelta(days=1)).astimezone(utc)


def _weighed(story: DigestStory, day: DigestDay, settings: RankingSettings) -> RankedStory:
    begin, end = day_bounds(day)
    independent = independent_outlets(story.articles)
    recency = min(1.0, max(0.0, (story.last_seen - begin) / (end - begin)))
    busy_hours = sum(count > 0 for count in hour_counts(story, day))
    spread = min(1.0, max(0, busy_hours - 1) / SPREAD_HOURS)
    weight = (
        settings.outlets * math.log2(1 + independent) + settings.recency * recency + settings.spread * spread
    )
    # The last digits of a logarithm differ between C libraries, and an order must not.
    return RankedStory(story, independent, round(weight, 9))


def _order(ranked: RankedStory) -> tuple[float, int, int, float, int]:
    story = ranked.story
    newest = -story.last_seen.timestamp()
    return (-ranked.weight, -len(story.outlets), -len(story.articles), newest, story.story_id)


def _rare_words(stories: Sequence[DigestStory]) -> list[Weights]:
    """Return for each story the words that a third of its headlines have, the rarer the heavier."""
    of_stories = [shared_words(article.headline for article in story.articles) for story in stories]
    uses = Counter(word for words in of_stories for word in words)
    weight = {word: math.log((1 + len(stories)) / count) for word, count in uses.items()}
    return [{word: weight[word] for word in sorted(words)} for words in of_stories]


def _diverse_order(ordered: Sequence[RankedStory], words: Sequence[Weights], diversity: float) -> list[int]:
    """Return the places in `ordered` in their final order: greedy, each placed story lowers its likes."""
    stories_with: dict[str, list[int]] = defaultdict(list)
    for index, weights in enumerate(words):
        for word in weights:
            stories_with[word].append(index)
    kept = [1.0] * len(ordered)
    heap = [(-ranked.weight, index) for index, ranked in enumerate(ordered)]
    heapq.heapify(heap)
    placed: dict[int, None] = {}
    while heap:
        negative, index = heapq.heappop(heap)
        if index in placed or negative != _lowered(ordered[index], kept[index]):
            continue  # an entry from before the story was lowered
        placed[index] = None
        for other, shared in _shares(index, words, stories_with).items():
            if other not in placed:
                kept[other] *= 1 - diversity * shared**2
                heapq.heappush(heap, (_lowered(ordered[other], kept[other]), other))
    return list(placed)


def _lowered(ranked: RankedStory, kept: float) -> float:
    return -round(ranked.weight * kept, 9)


def _shares(index: int, words: Sequence[Weights], stories_with: Mapping[str, list[int]]) -> dict[int, float]:
    """Return for each other story the part of its rare words that this one has."""
    shared: dict[int, float] = defaultdict(float)
    for word, weight in words[index].items():
        for other in stories_with[word]:
            shared[other] += weight
    totals = {other: sum(words[other].values()) for other in shared}
    return {other: weight / totals[other] for other, weight in shared.items() if totals[other] > 0}
