"""Which pairs of headlines are worth comparing. Pure.

Only headlines that share a word which is not too common are compared. How common is decided by a
budget of comparisons per headline, so that the cost grows with the number of headlines and not
with its square; the words above it still count in the pairs that are compared.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.rules import Rules
from aggregator.cluster.vectors import UNIT, Vectors

_ROWS_AT_ONCE = 2_000

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def candidates(
    vectors: Vectors, expanded: sparse.csr_matrix, rules: Rules, first_of_others: int = 0
) -> Pairs:
    """Return the pairs to compare by row, smaller index first, ordered by it.

    `expanded` are the headlines by their words and the words akin to them. A pair is worth comparing when its telling words alone come to `overlap_share` of the line. With `first_of_others` only pairs of a
    headline before that place and one from there on are returned.
    """
    words, lengths = vectors.words, vectors.lengths
    least_overlap = rules.overlap_share * rules.line_for(words.shape[0]) * UNIT
    telling = _not_too_common(expanded, rules.comparisons_per_headline)
    left = sparse.csr_matrix(words @ telling)
    right = sparse.csr_matrix((expanded @ telling).T)
    found: list[Pairs] = []
    end = first_of_others or left.shape[0]
    for start in range(0, end, _ROWS_AT_ONCE):
        product = (left[start : min(start + _ROWS_AT_ONCE, end)] @ right).tocoo()
        rows = product.row + start
        kept = np.maximum(rows + 1, first_of_others) <= product.col
        kept &= product.data >= least_overlap * lengths[rows] * lengths[product.col]
        found.append((rows[kept].astype(np.int64), product.col[kept].astype(np.int64)))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])


def _not_too_common(expanded: sparse.csr_matrix, budget: int) -> sparse.dia_array:
    """Return a diagonal of ones for the words that may select pairs, rarest first within the budget.

    The limit is a power of two: a limit that moved with every headline would change the pairs of all.
    """
    frequency = np.bincount(expanded.indices, minlength=expanded.shape[1])
    band = np.ceil(np.log2(np.maximum(frequency, 1))).astype(np.int64)
    spent = np.cumsum(np.bincount(band, weights=frequency.astype(float) ** 2))
    limit = np.searchsorted(spent, budget * expanded.shape[0], side="right") - 1
    return sparse.diags_array((band <= max(limit, 0)).astype(float))
