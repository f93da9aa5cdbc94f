"""Rows of whole numbers, per document: which of them are the same as before. Pure.

Representation: a CSR matrix with a row for each of `documents`, which are in order, each once. A document
has the same columns in every matrix, zeros included, so two of its rows differ in their data alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.lexicon import Indices

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """A matrix by document, and one more number for each document."""

    documents: Indices
    matrix: sparse.csr_matrix
    sizes: NDArray[np.float64]

    @classmethod
    def none(cls) -> "Rows":
        return cls(np.zeros(0, dtype=np.int64), sparse.csr_matrix((0, 0)), np.zeros(0))

    def places(self, documents: Indices) -> Indices:
        """Return the row of each of `documents`, -1 for those that have none."""
        if not len(self.documents):
            return np.full(len(documents), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.documents, documents), len(self.documents) - 1)
        return np.where(self.documents[places] == documents, places, -1)

    def same_as(self, before: "Rows") -> Mask:
        """Return which rows were there `before`, and the same in every number."""
        return self._same_as(before)[0]

    def changes(self, before: "Rows") -> tuple[Mask, Mask]:
        """Return which rows came or changed, and which of those `before` went or changed."""
        same, places = self._same_as(before)
        went = np.ones(len(before.documents), dtype=bool)
        went[places[same]] = False
        return ~same, went

    def _same_as(self, before: "Rows") -> tuple[Mask, Indices]:
        """Return which rows are the same as `before`, and where each was then."""
        places = before.places(self.documents)
        known = np.flatnonzero(places >= 0)
        same = np.zeros(len(places), dtype=bool)
        old, new = before.matrix[places[known]], self.matrix[known]
        differs = np.concatenate([[0], np.cumsum(old.data != new.data)])
        unequal = differs[new.indptr[1:]] - differs[new.indptr[:-1]]
        same[known] = (unequal == 0) & (before.sizes[places[known]] == self.sizes[known])
        return same, places


def with_data(matrix: sparse.csr_matrix, data: NDArray[np.generic]) -> sparse.csr_matrix:
    """Return the same places with other numbers."""
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def row_sums(matrix: sparse.csr_matrix, data: NDArray[np.generic]) -> NDArray[np.int64]:
    """Sum whole numbers, one for each place of `matrix`, by row; exact up to 2 ** 63."""
    running = np.zeros(len(data) + 1, dtype=np.int64)
    np.cumsum(data, dtype=np.int64, out=running[1:])
    sums: NDArray[np.int64] = running[matrix.indptr[1:]] - running[matrix.indptr[:-1]]
    return sums
