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

_ROWS_AT_ONCE = 2_000

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
    among = _Search(words, sparse.csr_matrix(words @ vectors.kinship), vectors.lengths, least_overlap)
    found = [*among.pairs(np.flatnonzero(changed & left), right)]
    if not np.array_equal(left, right):
        found += among.pairs(np.flatnonzero(changed & right), left)
    count = max(words.shape[0], 1)
    codes = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *found]))
    return codes // count, codes % count


class _Search:
    def __init__(
        self,
        words: sparse.csr_matrix,
        expanded: sparse.csr_matrix,
        lengths: NDArray[np.float64],
        least: float,
    ) -> None:
        self._words, self._expanded, self._lengths, self._least = words, expanded, lengths, least

    def pairs(self, rows: Indices, among: Mask) -> Iterator[Indices]:
        """Yield the pairs of each of `rows` with one that is `among` them, as single numbers."""
        others = np.flatnonzero(among)
        transposed = sparse.csr_matrix(self._words[others].T)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            product = (self._expanded[part] @ transposed).tocoo()
            one, other = part[product.row], others[product.col]
            needed = self._least * UNIT * self._lengths[one] * self._lengths[other]
            kept = (one != other) & (product.data >= needed)
            one, other = one[kept], other[kept]
            yield np.unique(np.minimum(one, other) * self._words.shape[0] + np.maximum(one, other))


def selecting_words(expanded: sparse.csr_matrix, budget: int) -> Mask:
    """Return which words may select pairs: the rarest first, within `budget` pairs for each row.

    `expanded` are the headlines by their words and the words akin to them. The limit is a power of
    two: one that moved with every headline would change the pairs of all.
    """
    frequency = np.bincount(expanded.indices, expanded.data > 0, minlength=expanded.shape[1])
    band = np.ceil(np.log2(np.maximum(frequency, 1))).astype(np.int64)
    spent = np.cumsum(np.bincount(band, weights=frequency**2))
    limit = int(np.searchsorted(spent, budget * expanded.shape[0], side="right")) - 1
    return band <= max(limit, 0)
