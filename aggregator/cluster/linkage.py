"""Average-link grouping of a sparse similarity graph. Pure, exact, independent of order.

Facts
-----
* Single links chain: one point of threshold can turn many stories into one. Here two groups join
  only when *all* their pairs agree on average; a pair without an edge counts as 0.
* Joining, in every round, all pairs of groups that are each other's best partner gives the same
  tree as joining the best pair of all again and again, because an average never exceeds the better
  of its parts (Murtagh 1983, reciprocal nearest neighbours). A round is a handful of sparse
  products, so the work runs in compiled code, and about twenty rounds do.
* Similarities are whole millionths: their sums are exact, so no order of addition and no machine
  can tell a different story. Ties go to the smaller index; callers index by article key.

Representation: `scipy.sparse` matrices of int64, symmetric, empty diagonal; sums over the pairs of
two groups. A forbidden pair carries `FORBIDDEN`, which no sum of agreements outweighs.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

SCALE = 1_000_000
FORBIDDEN = -(2**50)

Indices = NDArray[np.int64]


def average_link(
    similarities: sparse.csr_matrix, threshold: float, start: Indices, anchored: NDArray[np.bool_]
) -> Indices:
    """Return the group of each item, as the smallest index of its members.

    Args:
        similarities: Millionths, (n, n), symmetric, empty diagonal.
        threshold: In (0, 1]; groups join while their mean similarity is at least this.
        start: Groups to begin with, in the form of the result; they are never parted.
        anchored: Items whose groups never join one another.

    Cost: about 20 passes over the edges that can still matter.
    """
    labels, of_item = np.unique(start, return_inverse=True)
    sizes = np.bincount(of_item, minlength=len(labels)).astype(np.int64)
    fixed = np.bincount(of_item, weights=anchored, minlength=len(labels)) > 0
    sums = _sums_between(similarities, of_item, len(labels))
    while True:
        partner = _best_partner(sums, sizes, fixed, threshold * SCALE)
        rows = np.arange(len(sizes), dtype=np.int64)
        mutual = (partner >= 0) & (partner[partner] == rows)
        if not mutual.any():
            return labels[of_item]
        target = np.where(mutual, np.minimum(rows, partner), rows)
        kept, position = np.unique(target, return_inverse=True)
        sums = _sums_between(sums, position, len(kept))
        sizes = np.bincount(position, weights=sizes, minlength=len(kept)).astype(np.int64)
        fixed = np.bincount(position, weights=fixed, minlength=len(kept)) > 0
        labels = labels[kept]
        of_item = position[of_item]


def _sums_between(sums: sparse.csr_matrix, position: Indices, count: int) -> sparse.csr_matrix:
    edges = sums.tocoo()
    rows, columns = position[edges.row], position[edges.col]
    apart = rows != columns
    merged = sparse.csr_matrix((edges.data[apart], (rows[apart], columns[apart])), shape=(count, count))
    merged.sum_duplicates()
    np.maximum(merged.data, FORBIDDEN, out=merged.data)
    return merged


def _best_partner(sums: sparse.csr_matrix, sizes: Indices, fixed: NDArray[np.bool_], line: float) -> Indices:
    """Return each row's best column, -1 where none reaches the line; ties to the smaller column."""
    edges = sums.tocoo()
    means = edges.data / (sizes[edges.row] * sizes[edges.col])
    good = (means >= line) & ~(fixed[edges.row] & fixed[edges.col])
    rows, columns, means = edges.row[good], edges.col[good], means[good]
    order = np.lexsort((columns, -means, rows))
    first = np.unique(rows[order], return_index=True)[1]
    best = np.full(len(sizes), -1, dtype=np.int64)
    best[rows[order][first]] = columns[order][first]
    return best
