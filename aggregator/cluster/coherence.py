"""Which words are telling today: what the headlines of a word share besides it. Pure.

A word is telling when the headlines that carry it have more in common than the word: those with
"sinkhole" also share "Guangzhou", those with "concert" share nothing. This *coherence* discounts themes,
places and agencies without any list of words. It is the mean of what two headlines of the word agree in
without the word; of a word in few headlines little is known, so it starts from what is expected.

Representation: headlines in whole parts of their length; per two words, the sum of the second's over all
headlines that carry the first. These sums are exact, so they are carried along as headlines come and go.
"""

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.lexicon import Indices
from aggregator.cluster.rows import Rows, row_sums, with_data
from aggregator.cluster.rules import Rules

FULL_FACTOR = 64  # what a coherent word counts, in whole parts
_FINE = 4096  # parts of a headline's length
_MOST_CHANGED = 0.4  # share of headlines, from which on starting afresh is cheaper

Floats = NDArray[np.float64]


class Coherence:
    """The coherence of the words of a day."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._rows = Rows.none()
        self._sums = sparse.csr_matrix((0, 0), dtype=np.int64)

    def factors(
        self, documents: Indices, telling: sparse.csr_matrix, lengths: Floats, counts: Indices
    ) -> Floats:
        """Return a factor per word, whole, up to `FULL_FACTOR`; `counts` are headlines of each document."""
        sizes = np.repeat(lengths, np.diff(telling.indptr))
        matrix = with_data(telling, np.rint(telling.data / sizes * _FINE).astype(np.int64))
        self._follow(Rows(documents, matrix, counts.astype(float)))
        width = matrix.shape[1]
        frequency = _sums_at(matrix, (matrix.data > 0).astype(np.int64), counts, width)
        own, squares = (_sums_at(matrix, data, counts, width) for data in (matrix.data, matrix.data**2))
        lost = row_sums(matrix, matrix.data**2) * counts
        shared = row_sums(self._sums, self._sums.data**2) - _presence(matrix).T @ lost
        besides = np.maximum(shared - (own * own - squares), 0) / 2.0 / _FINE**2
        pairs = frequency * (frequency - 1.0) / 2.0
        known = self._rules.coherence_pairs
        coherence = (besides + known * self._rules.expected_coherence) / (pairs + known)
        return _banded(np.sqrt(coherence / self._rules.full_coherence), self._rules)

    def _follow(self, rows: Rows) -> None:
        """Take the sums of headlines that came or changed in, and of those that went out."""
        came, went = rows.changes(self._rows)
        width = rows.matrix.shape[1]
        if np.count_nonzero(came) > _MOST_CHANGED * len(came):
            self._sums = _sums(rows, slice(None))
        else:
            self._sums.resize((width, width))
            self._rows.matrix.resize((self._rows.matrix.shape[0], width))
            self._sums = sparse.csr_matrix(self._sums + (_sums(rows, came) - _sums(self._rows, went)))
        self._rows = rows


def _sums(rows: Rows, which: NDArray[np.bool_] | slice) -> sparse.csr_matrix:
    matrix = sparse.csr_matrix(rows.matrix[which])
    counts = rows.sizes[which].astype(np.int64)
    weighed = with_data(matrix, matrix.data * np.repeat(counts, np.diff(matrix.indptr)))
    return sparse.csr_matrix(_presence(matrix).T @ weighed)


def _presence(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    return with_data(matrix, (matrix.data > 0).astype(np.int64))


def _sums_at(
    matrix: sparse.csr_matrix, data: NDArray[np.int64], counts: Indices, width: int
) -> NDArray[np.int64]:
    """Sum by word, each headline as often as there are of it."""
    times = np.repeat(counts, np.diff(matrix.indptr))
    # Whole and below 2 ** 53, so exact in float64.
    return np.bincount(matrix.indices, weights=data * times, minlength=width).astype(np.int64)


def _banded(factors: Floats, rules: Rules) -> Floats:
    """Bring factors into [`least_factor`, 1] and into `coherence_bands` equal steps of their logarithm."""
    bands = rules.coherence_bands
    table = np.rint(FULL_FACTOR * rules.least_factor ** (np.arange(bands + 1) / bands))
    kept = np.clip(factors, rules.least_factor, 1.0)
    band = np.rint(np.log(kept) / math.log(rules.least_factor) * bands).astype(np.int64)
    return cast(Floats, table[band])
