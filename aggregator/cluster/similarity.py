"""How alike two headlines are: sparse matrices of similarities in millionths. Pure.

The similarity of two headlines is the weighted share of words they have in common, whole or in
another form, less a part of their heaviest common word: agreement needs more than one word.

Only headlines that share a word which is not too common are compared. How common is decided by a
budget of comparisons per headline, so that the cost grows with the number of headlines and not
with its square; the words above it still count in the pairs that are compared.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.linkage import SCALE
from aggregator.cluster.rules import Rules
from aggregator.cluster.vectors import Vectors, vectors_of
from aggregator.cluster.weights import TokenWeights

_ROWS_AT_ONCE = 2_000
_PAIRS_AT_ONCE = 200_000

_Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def similarities(
    documents: Sequence[tuple[str, ...]], weights: TokenWeights, rules: Rules
) -> sparse.csr_matrix:
    """Return the similarities of all pairs worth comparing; (n, n) int64, symmetric, empty diagonal."""
    vectors = vectors_of(documents, weights, rules)
    rows, columns = _candidates(vectors, rules)
    values = _compared(vectors, rows, columns, rules)
    kept = values >= rules.floor_share * rules.line_for(len(documents)) * SCALE
    half = sparse.csr_matrix((values[kept], (rows[kept], columns[kept])), shape=(len(documents),) * 2)
    return sparse.csr_matrix(half + half.T)


def cross_similarities(
    left: Sequence[tuple[str, ...]], right: Sequence[tuple[str, ...]], weights: TokenWeights, rules: Rules
) -> sparse.csr_matrix:
    """Return the similarities of each of `left` with each of `right`; (n, m) int64."""
    together = similarities([*left, *right], weights, rules)
    return sparse.csr_matrix(together[: len(left), len(left) :])


def _candidates(vectors: Vectors, rules: Rules) -> _Pairs:
    """Return the pairs to compare, smaller index first."""
    expanded = sparse.csr_matrix(vectors.words @ vectors.kinship)
    telling = _not_too_common(expanded, rules.comparisons_per_headline)
    left = sparse.csr_matrix(vectors.words @ telling)
    right = sparse.csr_matrix((expanded @ telling).T)
    found: list[_Pairs] = []
    for start in range(0, left.shape[0], _ROWS_AT_ONCE):
        product = (left[start : start + _ROWS_AT_ONCE] @ right).tocoo()
        rows = product.row.astype(np.int64) + start
        kept = (rows < product.col) & (product.data >= rules.least_overlap)
        found.append((rows[kept], product.col[kept].astype(np.int64)))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])


def _not_too_common(expanded: sparse.csr_matrix, budget: int) -> sparse.dia_array:
    """Return a diagonal of ones for the words that may select pairs, rarest first within the budget."""
    frequency = np.bincount(expanded.indices, minlength=expanded.shape[1]).astype(float)
    order = np.argsort(frequency, kind="stable")
    spent = np.cumsum(frequency[order] ** 2)
    limit = (
        frequency[order][max(int(np.searchsorted(spent, budget * expanded.shape[0], side="right")) - 1, 0)]
        if len(order)
        else 0
    )
    return sparse.diags_array((frequency <= limit).astype(float))


def _compared(
    vectors: Vectors, rows: NDArray[np.int64], columns: NDArray[np.int64], rules: Rules
) -> NDArray[np.int64]:
    expanded = sparse.csr_matrix(vectors.words @ vectors.kinship)
    values = np.zeros(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        left, right = vectors.words[rows[part]], vectors.words[columns[part]]
        common = np.asarray(left.multiply(expanded[columns[part]]).sum(axis=1)).ravel()
        heaviest = left.multiply(right).max(axis=1).toarray().ravel()
        values[part] = np.rint((common - rules.single_word_discount * heaviest) * SCALE)
    return values
