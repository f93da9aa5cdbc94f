"""How alike two headlines are: sparse matrices of similarities in millionths. Pure.

The similarity of two headlines is the weighted share of words they have in common, whole or in
another form, less a part of their heaviest common word, the more so where no other word backs it:
agreement needs more than one word.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.candidates import candidates
from aggregator.cluster.linkage import SCALE
from aggregator.cluster.rules import Rules
from aggregator.cluster.vectors import KIN, UNIT, Vectors, vectors_of
from aggregator.cluster.weights import TokenWeights

_PAIRS_AT_ONCE = 200_000


def similarities(
    documents: Sequence[tuple[str, ...]], weights: TokenWeights, rules: Rules, first_of_others: int = 0
) -> sparse.csr_matrix:
    """Return the similarities of all pairs worth comparing; (n, n) int64, symmetric, empty diagonal.

    With `first_of_others` only headlines before that place are compared with those from there on.
    """
    vectors = vectors_of(documents, weights, rules)
    expanded = sparse.csr_matrix(vectors.words @ vectors.kinship)
    rows, columns = candidates(vectors, expanded, rules, first_of_others)
    values = _compared(vectors, expanded, rows, columns, rules)
    kept = values >= rules.floor_share * rules.line_for(len(documents)) * SCALE
    half = sparse.csr_matrix((values[kept], (rows[kept], columns[kept])), shape=(len(documents),) * 2)
    return sparse.csr_matrix(half + half.T)


def cross_similarities(
    left: Sequence[tuple[str, ...]], right: Sequence[tuple[str, ...]], weights: TokenWeights, rules: Rules
) -> sparse.csr_matrix:
    """Return the similarities of each of `left` with each of `right`; (n, m) int64."""
    if not left or not right:
        return sparse.csr_matrix((len(left), len(right)), dtype=np.int64)
    together = similarities([*left, *right], weights, rules, first_of_others=len(left))
    return sparse.csr_matrix(together[: len(left), len(left) :])


def _compared(
    vectors: Vectors,
    expanded: sparse.csr_matrix,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    rules: Rules,
) -> NDArray[np.int64]:
    values = np.zeros(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        left, right = vectors.words[rows[part]], vectors.words[columns[part]]
        size = UNIT * vectors.lengths[rows[part]] * vectors.lengths[columns[part]]
        common = np.asarray(left.multiply(expanded[columns[part]]).sum(axis=1)).ravel() / size
        heaviest = left.multiply(right).max(axis=1).toarray().ravel() * KIN / size
        besides = np.maximum(common - heaviest, 0.0)
        backed = rules.lone_word_share * heaviest + besides
        heaviest = np.minimum((1.0 - rules.single_word_discount) * heaviest, backed)
        values[part] = np.rint((besides + heaviest) * SCALE)
    return values
