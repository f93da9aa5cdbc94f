"""Google's lists as evidence: which articles were listed together, and which apart. Pure.

Facts
-----
* A document of a topic feed is a partition: an entry lists up to five articles of one story, and no article
  stands in two entries. Two articles of one document under one entry were one story to Google in that
  poll, under different entries they were two.
* Google hardly ever changes its mind: of 19,000 pairs of a recorded topic that one poll listed together 99 %
  were together in every poll that had both, of 28,000 compared pairs mostly listed apart 99.9 % in every one.
* How often one polls must not count: evidence is a share of the polls that had both, and a few polls
  say nearly as much as many.
* A search feed lists nearly everything alone and parts nothing; whoever makes sightings of one names each of
  its entries as a poll of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.model import Sighting

Places = NDArray[np.int64]
_PAIRS_AT_ONCE = 500_000


@dataclass(frozen=True, slots=True)
class Listings:
    """The lists that articles stood in: sparse (articles, polls) and (articles, entries), ones."""

    polls: sparse.csr_matrix
    entries: sparse.csr_matrix

    @classmethod
    def of(cls, sightings: Iterable[Sighting], index: Mapping[str, int], count: int) -> Self:
        """Read the sightings, in any order, of the articles in `index`, which gives each one of `count` rows.

        Articles of one row count as one, in every list that any of them stood in.
        """
        known = sorted({(index[s.key], s.poll, s.entry) for s in sightings if s.key in index})
        rows = [row for row, _, _ in known]
        polls = _numbered([poll for _, poll, _ in known])
        entries = _numbered([(poll, entry) for _, poll, entry in known])
        return cls(_marks(rows, polls, count), _marks(rows, entries, count))

    def pairs_together(self) -> tuple[Places, Places]:
        """Return the pairs that some entry listed, smaller row first. Cost: pairs per entry, about ten."""
        shared = sparse.triu(self.entries @ self.entries.T, 1).tocoo()
        return shared.row.astype(np.int64), shared.col.astype(np.int64)

    def counts(self, rows: Places, columns: Places) -> tuple[Places, Places]:
        """Return, for pairs of articles, in how many polls one entry listed both, and how many had both."""
        together, possible = np.zeros_like(rows), np.zeros_like(rows)
        is_listed = np.diff(self.polls.indptr) > 0
        listed = np.flatnonzero(is_listed[rows] & is_listed[columns])
        for start in range(0, len(listed), _PAIRS_AT_ONCE):
            part = listed[start : start + _PAIRS_AT_ONCE]
            for counts, lists in ((together, self.entries), (possible, self.polls)):
                counts[part] = np.asarray(
                    lists[rows[part]].multiply(lists[columns[part]]).sum(axis=1)
                ).ravel()
        return np.minimum(together, possible), possible


def _numbered(names: Iterable[object]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(name, len(numbers)) for name in names]


def _marks(rows: list[int], columns: list[int], height: int) -> sparse.csr_matrix:
    """Return ones at the given places."""
    width = max(columns, default=-1) + 1
    marks = sparse.csr_matrix((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=(height, width))
    marks.data[:] = 1
    return marks
