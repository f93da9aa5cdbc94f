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

    def part(self, which: Mask) -> "Rows":
        """Return the rows of some of the documents."""
        return Rows(self.documents[which], sparse.csr_matrix(self.matrix[which]), self.sizes[which])

    def as_of(self, before: "Rows") -> "Rows":
        """Return the rows of the same documents as they were `before`, zeros for those that were not there."""
        places = before.places(self.documents)
        known = places >= 0
        data, sizes = np.zeros_like(self.matrix.data), np.zeros_like(self.sizes)
        data[np.repeat(known, np.diff(self.matrix.indptr))] = before.matrix[places[known]].data
        sizes[known] = before.sizes[places[known]]
        return Rows(self.documents, with_data(self.matrix, data), sizes)

    def same_as(self, before: "Rows") -> Mask:
        """Return which rows were there `before`, and the same in every number."""
        places = before.places(self.documents)
        known, stays = places >= 0, np.zeros(len(before.documents), dtype=bool)
        stays[places[known]] = True
        # What both have stands in the order of the documents in both, so the numbers are compared where they are.
        differing = np.flatnonzero(before._data_of(stays) != self._data_of(known))
        ends = np.cumsum(np.diff(self.matrix.indptr)[known])
        same = known.copy()
        same[known] = before.sizes[places[known]] == self.sizes[known]
        same[np.flatnonzero(known)[np.searchsorted(ends, differing, side="right")]] = False
        return same

    def _data_of(self, which: Mask) -> NDArray[np.generic]:
        """Return the numbers of some of the documents, one row after the other."""
        data: NDArray[np.generic] = self.matrix.data
        return data if which.all() else data[np.repeat(which, np.diff(self.matrix.indptr))]


def with_data(matrix: sparse.csr_matrix, data: NDArray[np.generic]) -> sparse.csr_matrix:
    """Return the same places with other numbers."""
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def row_sums(matrix: sparse.csr_matrix, data: NDArray[np.generic]) -> NDArray[np.int64]:
    """Sum whole numbers, one for each place of `matrix`, by row; exact up to 2 ** 63."""
    return _by_row(np.add, matrix, data)


def row_maxima(matrix: sparse.csr_matrix) -> NDArray[np.int64]:
    """Return the largest of the whole numbers of each row, 0 where it has none."""
    return _by_row(np.maximum, matrix, matrix.data)


def _by_row(ufunc: np.ufunc, matrix: sparse.csr_matrix, data: NDArray[np.generic]) -> NDArray[np.int64]:
    reduced = np.zeros(matrix.shape[0], dtype=np.int64)
    begins = matrix.indptr[:-1]
    holding = np.flatnonzero(begins < matrix.indptr[1:])  # `reduceat` has no empty rows
    if len(holding):
        reduced[holding] = ufunc.reduceat(data, begins[holding], dtype=np.int64)
    return reduced
