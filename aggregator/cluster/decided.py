"""What was told of a day the last time: its groups, what they continue, and its ledger with the figures that it is from.

A day of 50,000 headlines has as many decisions, and a poll changes a few hundred: the others are found here
instead of being worded again, and are the very same objects. No result depends on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.cluster.linkage import Indices, Mask
from aggregator.cluster.membership import ToldGroups
from aggregator.cluster.parts import PastStories
from aggregator.cluster.weights import TokenWeights
from aggregator.model import Continuation, Decision, Headline, Verdict
from aggregator.sameness import Since, Told

VERDICTS = (Verdict.JOINED, Verdict.REFUSED)
RULE_NAMES = (
    "headlines",
    "correction",
    "google-listing",
    "series-guard",
    "google-apart",
    "group-agreement",
)
_Asked = tuple[object, Continuation]  # what was asked, and what was told
PARTS = 10_000  # of a score, a whole number here


@dataclass(frozen=True, slots=True)
class Grounds:
    """The figures of decisions, a row for each; no two are of the same items and verdict.

    `items` and `partners` are places among the headlines of the day, `verdicts` places in `VERDICTS`; the columns of
    `figures` are the place in `RULE_NAMES`, the score in `PARTS`, alike, members, together, possible.
    """

    items: Indices
    partners: Indices
    verdicts: Indices
    figures: NDArray[np.int64]

    @classmethod
    def none(cls) -> "Grounds":
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, np.zeros((0, 6), dtype=np.int64))

    def of(self, chosen: Indices | Mask) -> "Grounds":
        return Grounds(self.items[chosen], self.partners[chosen], self.verdicts[chosen], self.figures[chosen])

    def and_then(self, others: "Grounds") -> "Grounds":
        return Grounds(
            np.concatenate([self.items, others.items]),
            np.concatenate([self.partners, others.partners]),
            np.concatenate([self.verdicts, others.verdicts]),
            np.concatenate([self.figures, others.figures]),
        )

    def names(self, place_of: Indices, count: int) -> Indices:
        """Return a number for each row that tells its items and verdict, once the items are where `place_of` says."""
        names: Indices = (place_of[self.items] * count + place_of[self.partners]) * 2 + self.verdicts
        return names


class Decided:
    """The groups, continuations and decisions of the last grouping with some weights. For one thread at a time."""

    def __init__(self, weights: TokenWeights) -> None:
        self.weights = weights
        self.groups = ToldGroups()
        self.past = PastStories()
        self.continuations = ToldContinuations()
        self._headlines: Sequence[object] = ()
        self._line = -1
        self._grounds = Grounds.none()
        self.told: Told[Decision] = Told()

    def keep(self, headlines: Sequence[object], line: int, grounds: Grounds, told: Told[Decision]) -> None:
        """Remember these, in the order of `grounds`, and no others."""
        self._headlines, self._line, self._grounds, self.told = headlines, line, grounds, told

    def same_pairs(self, since: Since, line: int, grounds: Grounds) -> tuple[Indices, Mask]:
        """Return where the same two headlines with the same verdict are `told`, -1 for those that are not, and whether all
        figures are the same."""
        count = len(since.objects)
        place_of = since.against(self._headlines).inverse()
        there = (place_of[self._grounds.items] >= 0) & (place_of[self._grounds.partners] >= 0)
        known = np.flatnonzero(there)
        if not len(known):
            return np.full(len(grounds.items), -1, dtype=np.int64), np.zeros(len(grounds.items), dtype=bool)
        names = self._grounds.of(known).names(place_of, count)
        order = np.argsort(names)
        asked = grounds.names(np.arange(count), count)
        at = np.minimum(np.searchsorted(names, asked, sorter=order), len(names) - 1)
        before = known[order[at]]
        is_known = names[order[at]] == asked
        same = is_known & (line == self._line)
        same &= (self._grounds.figures[before] == grounds.figures).all(axis=1)
        return np.where(is_known, before, -1), same


class ToldContinuations:
    """What groups were told to continue the last time, for as long as the days before are the same. For one thread at a time."""

    def __init__(self) -> None:
        self._before: object = None
        self._last: dict[str, _Asked] = {}
        self._now: dict[str, _Asked] = {}

    def turn_to(self, before: object) -> None:
        """Begin to tell groups what they continue of the stories `before`."""
        self._last, self._now = self._now if before is self._before else {}, {}
        self._before = before

    def again(self, key: str, asked: object, tell: Callable[[], Continuation]) -> Continuation:
        """Return what a group was told by this key, if the same was `asked` then; else tell it."""
        known = self._last.get(key)
        self._now[key] = told = known if known and known[0] == asked else (asked, tell())
        return told[1]


def worded(
    grounds: Grounds, headlines: Sequence[Headline], line: int, words: Sequence[tuple[str, ...]]
) -> list[Decision]:
    """Return decisions of these figures, each with its `words`."""
    rules, scores, *counts = grounds.figures.T.tolist()
    columns = (
        [headlines[item].key for item in grounds.items.tolist()],
        [headlines[partner].key for partner in grounds.partners.tolist()],
        [VERDICTS[verdict] for verdict in grounds.verdicts.tolist()],
        [RULE_NAMES[rule] for rule in rules],
        [score / PARTS for score in scores],
        [line / PARTS] * len(rules),
        words,
        *counts,
    )
    return list(map(Decision._make, zip(*columns, strict=True)))  # sooner than by fields
