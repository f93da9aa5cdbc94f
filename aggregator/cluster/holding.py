"""Which stories begun today each group of the day holds. Pure.

A poll leaves all but one group in fifty as they were, the very same objects, and a story knows the group that it was
written from: those find each other without a look at their articles.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from aggregator.cluster.linkage import Indices
from aggregator.model import DayGroup, KnownStory
from aggregator.sameness import Since


@dataclass(frozen=True, slots=True)
class Held:
    """The ids of the stories of each group: the one to keep, -1 for none, and all where they are several, that one first."""

    first: Indices
    several: Mapping[int, tuple[int, ...]]

    def of(self, index: int) -> tuple[int, ...]:
        """Return the stories of one group."""
        first = int(self.first[index])
        return self.several.get(index) or ((first,) if first >= 0 else ())

    def to_keep(self) -> dict[int, int]:
        """Return the story to keep of each group that holds any."""
        holding = np.flatnonzero(self.first >= 0)
        return dict(zip(holding.tolist(), self.first[holding].tolist(), strict=True))

    def where(self, is_left: Callable[[int, int], bool]) -> "Held":
        """Leave out the stories of which that is not so, told the group and the story."""
        left = {
            index: tuple([story_id for story_id in self.of(index) if is_left(index, story_id)])
            for index in np.flatnonzero(self.first >= 0).tolist()
        }
        first = np.full_like(self.first, -1)
        for index, ids in left.items():
            first[index] = ids[0] if ids else -1
        return Held(first, {index: ids for index, ids in left.items() if len(ids) > 1})


def held_by(groups: Sequence[DayGroup], today: Sequence[KnownStory]) -> Held:
    """Return the stories of which each group holds the largest part; the one with most articles there is to keep."""
    holders, shares = _holders(groups, today)
    ids = np.fromiter((story.story_id for story in today), dtype=np.int64, count=len(today))
    first = np.full(len(groups) + 1, -1, dtype=np.int64)
    first[holders] = ids
    several: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    times = np.bincount(holders + 1, minlength=1)[holders + 1]
    for place in np.flatnonzero((holders >= 0) & (times > 1)).tolist():
        story = today[place]
        several[int(holders[place])].append((-shares.get(place, len(story.keys)), story.story_id))
    ranked = {index: tuple([i for _, i in sorted(stories)]) for index, stories in several.items()}
    for index, stories in ranked.items():
        first[index] = stories[0]
    return Held(first[:-1], ranked)


def _holders(groups: Sequence[DayGroup], today: Sequence[KnownStory]) -> tuple[Indices, dict[int, int]]:
    """Return the group that has most of each story, -1 for none, and how much it has of those that several have."""
    holders = Since.of([story.group for story in today], groups).places.copy()
    others, rest = np.flatnonzero(holders < 0), np.ones(len(groups), dtype=bool)
    rest[holders[holders >= 0]] = False  # no article is in two stories
    keys = {index: groups[index].keys for index in np.flatnonzero(rest).tolist()}
    owners = chain.from_iterable(map(repeat, keys, map(len, keys.values())))
    group_of = dict(zip(chain.from_iterable(keys.values()), owners, strict=True))
    holders[others] = _only_groups([today[place].keys for place in others.tolist()], group_of)
    shares = {}
    for place in np.flatnonzero(holders < 0).tolist():  # hardly any
        if parts := Counter([group_of[key] for key in today[place].keys if key in group_of]):
            holders[place] = min(parts, key=lambda index: (-parts[index], min(groups[index].keys)))
            shares[place] = parts[holders[place]]
    return holders, shares


def _only_groups(told: Sequence[Sequence[str]], group_of: Mapping[str, int]) -> Indices:
    """Return the group that all articles of a story are in, for each story; -1 where they are in several, or some in none."""
    sizes = np.fromiter(map(len, told), dtype=np.int64, count=len(told))
    where = np.fromiter(map(group_of.get, chain.from_iterable(told), repeat(-1)), dtype=np.int64)
    if not len(where):
        return np.full(len(told), -1, dtype=np.int64)
    starts = np.minimum(np.cumsum(sizes) - sizes, len(where) - 1)
    lowest, highest = np.minimum.reduceat(where, starts), np.maximum.reduceat(where, starts)
    return np.where((lowest == highest) & (sizes > 0), lowest, -1)
