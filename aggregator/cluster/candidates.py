"""Which pairs of headlines are worth comparing. Pure.

Only headlines that share a word which is not too common are compared. How common is decided by a
budget of comparisons per headline, so that the cost grows with the number of headlines and not
with its square; the words above it still count in the pairs that are compared.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.rules import Rules

_ROWS_AT_ONCE = 2_000

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def candidates(
    words: sparse.csr_matrix, expanded: sparse.csr_matrix, rules: Rules, first_of_others: int = 0
) -> Pairs:
    """Return the pairs to compare by row, smaller index first, ordered by it.

    `words` are headlines by their words, `expanded` the same with the words akin to them. A pair is
    worth comparing when its telling words alone come to `overlap_share` of the line. With `first_of_others` only pairs of a
    headline before that place and one from there on are returned.
    """
    least_overlap = rules.overlap_share * rules.line_for(words.shape[0])
    telling = _not_too_common(expanded, rules.comparisons_per_headline)
    left = sparse.csr_matrix(words @ telling)
    right = sparse.csr_matrix((expanded @ telling).T)
    found: list[Pairs] = []
    end = first_of_others or left.shape[0]
    for start in range(0, end, _ROWS_AT_ONCE):
        product = (left[start : min(start + _ROWS_AT_ONCE, end)] @ right).tocoo()
        rows = product.row + start
        kept = (np.maximum(rows + 1, first_of_others) <= product.col) & (product.data >= least_overlap)
        found.append((rows[kept].astype(np.int64), product.col[kept].astype(np.int64)))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])


def _not_too_common(expanded: sparse.csr_matrix, budget: int) -> sparse.dia_array:
    """Return a diagonal of ones for the words that may select pairs, rarest first within the budget."""
    frequency = np.bincount(expanded.indices, minlength=expanded.shape[1]).astype(float)
    order = np.argsort(frequency, kind="stable")
    spent = np.cumsum(frequency[order] ** 2)
    within = max(int(np.searchsorted(spent, budget * expanded.shape[0], side="right")) - 1, 0)
    limit = frequency[order][within] if len(order) else 0
    return sparse.diags_array((frequency <= limit).astype(float))
