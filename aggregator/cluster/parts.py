"""Groups and stories as the sides of a comparison: the articles of each, in order. Pure.

Of 50,000 groups and as many stories of the days before, one in twenty is looked at by itself. So each side is one row
of headlines, and what a single group holds is gathered when it is asked for. Yesterday's stories are the same with
every poll: they are put in a row once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import is_

import numpy as np

from aggregator.cluster.linkage import Indices
from aggregator.model import DayGroup, Headline, KnownStory


@dataclass(frozen=True)
class Parts(Mapping[int, Mapping[str, Headline]]):
    """The articles of each part by its number (of a story its id): key → headline.

    `keys_of` and `headlines` are of one part after the other, in the order of `numbers`.
    """

    numbers: Sequence[int]
    keys_of: Sequence[Sequence[str]]
    headlines: Sequence[Headline]

    @classmethod
    def of_groups(cls, groups: Sequence[DayGroup], headlines: Mapping[str, Headline]) -> "Parts":
        """Read groups, each by its place; no two hold the same article."""
        keys_of = [group.keys for group in groups]
        return cls(
            range(len(groups)), keys_of, list(map(headlines.__getitem__, chain.from_iterable(keys_of)))
        )

    @classmethod
    def of_stories(cls, stories: Sequence[KnownStory]) -> "Parts":
        """Read stories, each over all its days, the latest day last."""
        told: dict[int, tuple[KnownStory, ...]] = {}
        for story in sorted(stories, key=lambda s: s.day):
            told[story.story_id] = (*told.get(story.story_id, ()), story)
        each = [_articles(days) for days in told.values()]
        return cls([*told], [keys for keys, _ in each], [*chain.from_iterable(known for _, known in each)])

    @cached_property
    def _starts(self) -> Indices:
        sizes = np.fromiter(map(len, self.keys_of), dtype=np.int64, count=len(self.keys_of))
        return np.concatenate([[0], np.cumsum(sizes)])

    @cached_property
    def ids(self) -> Indices:
        """The numbers."""
        return np.array(self.numbers, dtype=np.int64)

    @cached_property
    def place_of(self) -> Mapping[int, int]:
        """The place of each part among the others."""
        return {number: place for place, number in enumerate(self.numbers)}

    def __getitem__(self, number: int) -> dict[str, Headline]:
        place = self.place_of[number]
        start, end = self._starts[place : place + 2]
        return dict(zip(self.keys_of[place], self.headlines[start:end], strict=True))

    def __contains__(self, number: object) -> bool:
        return number in self.place_of

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def places_of_keys(self, first: int = 0) -> dict[str, int]:
        """Return the place of the part that each article is in, counted from `first`."""
        owners = np.repeat(np.arange(first, first + len(self)), np.diff(self._starts))
        return dict(zip(chain.from_iterable(self.keys_of), owners.tolist(), strict=True))

    def first(self, most: int) -> tuple[Sequence[Headline], Indices]:
        """Return the first headlines of each part, at most so many, in a row, and the place of the part of each."""
        return self._row(np.arange(len(self.headlines)) - self._by_headline(self._starts[:-1]) < most)

    def last(self, most: int) -> tuple[Sequence[Headline], Indices]:
        """Return the same of the last ones."""
        return self._row(self._by_headline(self._starts[1:]) - np.arange(len(self.headlines)) <= most)

    def _by_headline(self, values: Indices) -> Indices:
        return np.repeat(values, np.diff(self._starts))

    def _row(self, chosen: np.ndarray) -> tuple[Sequence[Headline], Indices]:
        owners = self._by_headline(np.arange(len(self)))
        if chosen.all():
            return self.headlines, owners
        return [self.headlines[place] for place in np.flatnonzero(chosen).tolist()], owners[chosen]


class PastStories:
    """The stories of the days before a day, put in a row once for as long as they are the very same objects."""

    def __init__(self) -> None:
        self._stories: Sequence[KnownStory] = ()
        self._parts = Parts.of_stories(())

    def parts(self, stories: Sequence[KnownStory]) -> Parts:
        if len(stories) != len(self._stories) or not all(map(is_, stories, self._stories)):
            self._stories, self._parts = stories, Parts.of_stories(stories)
        return self._parts


def _articles(days: Sequence[KnownStory]) -> tuple[Sequence[str], Sequence[Headline]]:
    """Return the articles of a story, each once."""
    if len(days) == 1 and len(days[0].keys) == 1:
        return days[0].keys, days[0].headlines
    known: dict[str, Headline] = {}
    for story in days:
        known.update(zip(story.keys, story.headlines, strict=True))
    return tuple(known), tuple(known.values())
