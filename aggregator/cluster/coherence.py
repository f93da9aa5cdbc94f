"""Which words are telling today: what the headlines of a word share besides it. Pure.

A word is telling when the headlines that carry it have more in common than the word: those with
"sinkhole" also share "Guangzhou", those with "concert" share nothing. This *coherence* discounts themes,
places and agencies without any list of words. It is the mean of what two headlines of the word agree in
without the word; of a word in few headlines little is known, so it starts from what is expected.

Representation: headlines in whole parts of their length; per word and per two words, sums over all headlines
that carry the (first) word. These sums are exact, so they are carried along as headlines come and go.
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
        self._by_word = np.zeros((3, 0), dtype=np.int64)
        self._by_two = sparse.csr_matrix((0, 0), dtype=np.int64)

    def factors(
        self, documents: Indices, telling: sparse.csr_matrix, lengths: Floats, counts: Indices
    ) -> Floats:
        """Return a factor per word, whole, up to `FULL_FACTOR`; `counts` are headlines of each document."""
        sizes = np.repeat(lengths, np.diff(telling.indptr))
        matrix = with_data(telling, np.rint(telling.data / sizes * _FINE).astype(np.int64))
        self._follow(Rows(documents, matrix, counts.astype(float)))
        frequency, own, others = self._by_word
        shared = row_sums(self._by_two, self._by_two.data**2)
        besides = np.maximum(shared - own**2 - others, 0) / 2.0 / _FINE**2
        pairs = frequency * (frequency - 1.0) / 2.0
        known = self._rules.coherence_pairs
        coherence = (besides + known * self._rules.expected_coherence) / (pairs + known)
        return _banded(np.sqrt(coherence / self._rules.full_coherence), self._rules)

    def _follow(self, rows: Rows) -> None:
        """Take the sums of headlines that came or changed in, and of those that went out."""
        came = ~rows.same_as(self._rows)
        width = rows.matrix.shape[1]
        if np.count_nonzero(came) > _MOST_CHANGED * len(came):
            self._by_word = _sums_by_word(rows)
            self._by_two = sparse.csr_matrix(_presence(rows.matrix).T @ _weighed(rows))
        else:
            self._by_word = np.pad(self._by_word, ((0, 0), (0, width - self._by_word.shape[1])))
            self._by_two.resize((width, width))
            self._rows.matrix.resize((self._rows.matrix.shape[0], width))
            new, gone = rows.part(came), self._rows.part(rows.places(self._rows.documents) < 0)
            old = new.as_of(self._rows)
            self._by_word += _sums_by_word(new) - _sums_by_word(old) - _sums_by_word(gone)
            self._by_two = sparse.csr_matrix(self._by_two + _differences_by_two(new, old, gone))
        self._rows = rows


def _differences_by_two(new: Rows, old: Rows, gone: Rows) -> sparse.csr_matrix:
    """Return the sums by two words of the rows that are `new`, less those of the same rows as they were and those `gone`.

    With a poll of one headline in a hundred, one row in eight changes, and next to none in which words it carries. To take
    out their old sums and take in their new ones would be twice as many products as to add what their numbers differ by.
    """
    present, was_present = _presence(new.matrix), _presence(old.matrix)
    carrying = sparse.vstack([present, present - was_present, -_presence(gone.matrix)], format="csr")
    carried = sparse.vstack([_weighed(new) - _weighed(old), _weighed(old), _weighed(gone)], format="csr")
    return sparse.csr_matrix(carrying.T @ carried)


def _presence(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    return with_data(matrix, (matrix.data > 0).astype(np.int64))


def _weighed(rows: Rows) -> sparse.csr_matrix:
    """Return the rows, each as often as there are headlines of it."""
    counts = rows.sizes.astype(np.int64)
    return with_data(rows.matrix, rows.matrix.data * np.repeat(counts, np.diff(rows.matrix.indptr)))


def _sums_by_word(rows: Rows) -> NDArray[np.int64]:
    """Return, over the headlines that carry each word: how many, its own parts, and the squares of all others'."""
    matrix = rows.matrix
    lengths, squares, is_carried = np.diff(matrix.indptr), matrix.data**2, matrix.data > 0
    others = is_carried * (np.repeat(row_sums(matrix, squares), lengths) - squares)
    counts = np.repeat(rows.sizes, lengths)
    # Whole and below 2 ** 53, so exact in float64.
    sums = [
        np.bincount(matrix.indices, weights=data * counts, minlength=matrix.shape[1])
        for data in (is_carried, matrix.data, others)
    ]
    return np.array(sums, dtype=np.int64)


def _banded(factors: Floats, rules: Rules) -> Floats:
    """Bring factors into [`least_factor`, 1] and into `coherence_bands` equal steps of their logarithm."""
    bands = rules.coherence_bands
    table = np.rint(FULL_FACTOR * rules.least_factor ** (np.arange(bands + 1) / bands))
    kept = np.clip(factors, rules.least_factor, 1.0)
    band = np.rint(np.log(kept) / math.log(rules.least_factor) * bands).astype(np.int64)
    return cast(Floats, table[band])
