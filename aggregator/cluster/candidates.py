"""Which pairs of headlines are worth comparing. Pure.

Only headlines that share a word which is not too common are compared. How common is decided by a
budget of comparisons per headline, so that the cost grows with the number of headlines and not
with its square; the words above it still count in the pairs that are compared.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.lexicon import Indices
from aggregator.cluster.rows import Mask
from aggregator.cluster.vectors import UNIT, Vectors

_ROWS_AT_ONCE = 500

Pairs = tuple[Indices, Indices]


def candidates(
    vectors: Vectors, selecting: Mask, left: Mask, right: Mask, changed: Mask, least_overlap: float
) -> Pairs:
    """Return pairs of rows of `vectors` to compare, each once, smaller first: one `left`, one `right`.

    One of the two at least is `changed`. A pair is worth comparing when its words that are `selecting`,
    or akin to one, alone come to `least_overlap`. No row is paired with itself.
    """
    words = sparse.csr_matrix(vectors.words @ sparse.diags_array(selecting.astype(float)))
    words.eliminate_zeros()
    among = _Search(words, vectors.kinship, vectors.lengths, least_overlap)
    found = [*among.pairs(changed & left, right)]
    if not np.array_equal(left, right):
        found = _each_once([*found, *among.pairs(changed & right, left)], len(left))
    nothing = np.zeros(0, dtype=np.int64)
    return np.concatenate([nothing, *(p for p, _ in found)]), np.concatenate(
        [nothing, *(p for _, p in found)]
    )


def _each_once(found: list[Pairs], count: int) -> list[Pairs]:
    """Return pairs of `count` rows without those that were found before, in order."""
    pairs = np.concatenate([np.zeros(0, dtype=np.int64), *(one * count + other for one, other in found)])
    return [np.divmod(np.unique(pairs), max(count, 1))]


class _Search:
    def __init__(
        self,
        words: sparse.csr_matrix,
        kinship: sparse.csr_matrix,
        lengths: NDArray[np.float64],
        least: float,
    ) -> None:
        self._words, self._kinship, self._lengths, self._least = words, kinship, lengths, least

    def pairs(self, searched: Mask, among: Mask) -> Iterator[Pairs]:
        """Yield the pairs of a row that is `searched` with one that is `among` the others, smaller first."""
        rows, others = np.flatnonzero(searched), np.flatnonzero(among)
        transposed = sparse.csr_matrix(self._words[others].T)
        needed = self._least * UNIT * self._lengths
        shortest = self._lengths[others].min(initial=np.inf)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            product = self._words[part] @ self._kinship @ transposed
            counts = np.diff(product.indptr)
            # Of a million products one in thirty would do for the shortest row: only those are looked at one by one.
            near = np.flatnonzero(product.data >= np.repeat(needed[part] * shortest, counts))
            one, other = np.repeat(part, counts)[near], others[product.indices[near]]
            alike = product.data[near] >= needed[one] * self._lengths[other]
            one, other = one[alike], other[alike]
            is_found_twice = searched[other] & among[one]
            kept = (one != other) & (~is_found_twice | (one < other))
            one, other = one[kept], other[kept]
            yield np.minimum(one, other), np.maximum(one, other)


def selecting_words(vectors: Vectors, budget: int) -> Mask:
    """Return which words may select pairs: the rarest first, within `budget` pairs for each row.

    A word is as frequent as the headlines that have it or a word akin to it. The limit is a power of
    two: one that moved with every headline would change the pairs of all.
    """
    frequency = np.bincount(vectors.akin.indices, vectors.akin.data > 0, minlength=vectors.words.shape[1])
    band = np.ceil(np.log2(np.maximum(frequency, 1))).astype(np.int64)
    spent = np.cumsum(np.bincount(band, weights=frequency**2))
    limit = int(np.searchsorted(spent, budget * vectors.words.shape[0], side="right")) - 1
    return band <= max(limit, 0)
