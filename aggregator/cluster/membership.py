"""The groups of a day as they are told: who is in each, in what order. Pure.

A poll changes one group in fifty of a large day: the others are found here instead of being made again, and are the
very same objects, by which later steps know them. No result depends on it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.linkage import Indices
from aggregator.cluster.rows import row_sums
from aggregator.cluster.series import SeriesSlot
from aggregator.model import DayGroup, Headline
from aggregator.sameness import Since, Told

Slots = Sequence[SeriesSlot | None]


@dataclass(frozen=True, slots=True)
class Ranks:
    """The places of headlines, group by group: one begins at each of `heads`, of this size, the lead first."""

    items: Indices
    heads: Indices
    sizes: Indices

    @classmethod
    def of(cls, groups: Indices, textual: sparse.csr_matrix, seconds: NDArray[np.float64]) -> "Ranks":
        """Rank the members of `groups` (the group of each headline): the most central first, the others by time, then key."""
        centrality = _centrality(textual, groups)
        highest = np.zeros(len(groups), dtype=np.int64)
        np.maximum.at(highest, groups, centrality)
        central = np.flatnonzero(centrality == highest[groups])[::-1]
        leads = np.zeros(len(groups), dtype=np.int64)
        leads[groups[central]] = central  # of several in one group the first by key, which is put there last
        follows = leads[groups] != np.arange(len(groups))
        sizes = np.bincount(groups)
        sizes = sizes[sizes > 0]
        return cls(np.lexsort((seconds, follows, groups)), np.cumsum(sizes) - sizes, sizes)

    @property
    def leads(self) -> Indices:
        return self.items[self.heads]

    def members(self, group: int) -> list[int]:
        members: list[int] = self.items[self.heads[group] :][: self.sizes[group]].tolist()
        return members

    def same_as(self, before: "Ranks", since: Since) -> Indices:
        """Return, for each group, which group of those before has the same members in the same order; -1 for none.

        `since` tells where the headlines stood before.
        """
        if not len(before.heads):
            return np.full(len(self.heads), -1, dtype=np.int64)
        # Those that came stand at -1, where no group is led from.
        led = np.full(len(before.items) + 1, -1, dtype=np.int64)
        led[before.leads] = np.arange(len(before.heads))
        group = led[since.places[self.leads]]
        shifts = np.repeat(before.heads[group] - self.heads, self.sizes)
        there = before.items[np.minimum(np.arange(len(self.items)) + shifts, len(before.items) - 1)]
        are_same = np.logical_and.reduceat(there == since.places[self.items], self.heads)
        return np.where((group >= 0) & (before.sizes[group] == self.sizes) & are_same, group, -1)


class ToldGroups:
    """The groups of the last grouping of a day. For one thread at a time."""

    def __init__(self) -> None:
        nothing = np.zeros(0, dtype=np.int64)
        self._headlines: Sequence[object] = ()
        self._ranks = Ranks(nothing, nothing, nothing)
        self._stands = nothing  # of each group, by rank, where it is among those that were told
        self._told: Told[DayGroup] = Told()

    def tell(self, ranks: Ranks, headlines: Sequence[Headline], slots: Slots, since: Since) -> Told[DayGroup]:
        """Return the groups, the largest first; those of the last time again, as far as they hold."""
        same = ranks.same_as(self._ranks, since.against(self._headlines))
        order = np.argsort(ranks.leads - ranks.sizes * len(headlines))  # by size, then lead
        places = np.append(self._stands, -1)[same][order]
        others = order[places < 0].tolist()
        fresh = [_told(ranks.members(group), headlines, slots) for group in others]
        self._headlines, self._ranks, self._told = headlines, ranks, Told.after(self._told, places, fresh)
        self._stands = np.argsort(order)
        return self._told


def _told(members: Sequence[int], headlines: Sequence[Headline], slots: Slots) -> DayGroup:
    """Return a group, with the series and the label that most of its members have if any has one."""
    keys = tuple([headlines[item].key for item in members])
    held = Counter([slot for item in sorted(members) if (slot := slots[item])])
    if not held:
        return DayGroup(keys)
    slot = min(held, key=lambda slot: (-held[slot], slot.order, slot.series))
    return DayGroup(keys, slot.series, slot.label)


def _centrality(textual: sparse.csr_matrix, groups: Indices) -> Indices:
    """Return how much each headline agrees with the others of its group, in millionths."""
    inside = np.repeat(groups, np.diff(textual.indptr)) == groups[textual.indices]
    return row_sums(textual, textual.data * inside)
