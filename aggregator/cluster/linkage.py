"""Average-link grouping of a sparse similarity graph. Pure, independent of order.

Facts
-----
* Single links chain: one point of threshold can turn many stories into one. Here two groups join
  only when *all* their pairs agree on average; a pair without an edge counts as 0.
* A mean over many pairs is firmer than one pair, so larger groups need a little less agreement,
  up to `pairs_full` pairs; and two groups that are each of one mind must agree with each other at
  least half as well as the looser of them agrees inside (`contrast`): two stories about one company
  are not one.
* All pairs of groups that are each other's best partner join in one round (reciprocal nearest
  neighbours, Murtagh 1983). A round is a handful of sparse operations, so the work runs in compiled
  code, and some twenty rounds do.
* Similarities are whole millionths: their sums are exact, so no order of addition changes a result.
  Ties go to the smaller index; callers index by article key.

Representation: `scipy.sparse` matrices of int64, symmetric, empty diagonal; sums over the pairs of
two groups. A forbidden pair carries `FORBIDDEN`, which no sum of agreements outweighs.
"""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from aggregator.cluster.rules import Rules

SCALE = 1_000_000
FORBIDDEN = -(2**50)

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Groups:
    """The groups of one round: sums between two, sums inside one, members, whether fixed."""

    between: sparse.csr_matrix
    inside: Indices
    sizes: Indices
    fixed: NDArray[np.bool_]


def average_link(
    similarities: sparse.csr_matrix, line: float, start: Indices, anchored: NDArray[np.bool_], rules: Rules
) -> Indices:
    """Return the group of each item, as the smallest index of its members.

    Args:
        similarities: Millionths, (n, n), symmetric, empty diagonal.
        line: In (0, 1]; groups join while their adjusted mean similarity is at least this.
        start: Groups to begin with, in the form of the result; they are never parted.
        anchored: Items whose groups never join one another.

    Cost: about 20 passes over the edges that can still matter.
    """
    labels, of_item = np.unique(start, return_inverse=True)
    count = len(start)
    singles = _Groups(similarities, np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64), anchored)
    groups = _joined(singles, of_item, len(labels))
    while True:
        groups, partner = _best_partners(groups, line, rules)
        rows = np.arange(len(groups.sizes), dtype=np.int64)
        mutual = (partner >= 0) & (partner[partner] == rows)
        if not mutual.any():
            return labels[of_item]
        kept, position = np.unique(np.where(mutual, np.minimum(rows, partner), rows), return_inverse=True)
        groups = _joined(groups, position, len(kept))
        labels, of_item = labels[kept], position[of_item]


def _joined(groups: _Groups, position: Indices, count: int) -> _Groups:
    """Unite the groups that get one position."""
    edges = groups.between.tocoo()
    rows, columns = position[edges.row], position[edges.col]
    apart = rows != columns
    between = sparse.csr_matrix((edges.data[apart], (rows[apart], columns[apart])), shape=(count, count))
    between.sum_duplicates()
    np.maximum(between.data, FORBIDDEN, out=between.data)
    inside = np.zeros(count, dtype=np.int64)
    np.add.at(inside, position, groups.inside)
    np.add.at(inside, rows[~apart], np.maximum(edges.data[~apart], 0))
    sizes = np.zeros(count, dtype=np.int64)
    np.add.at(sizes, position, groups.sizes)
    fixed = np.zeros(count, dtype=bool)
    np.logical_or.at(fixed, position, groups.fixed)
    return _Groups(between, inside, sizes, fixed)


def _best_partners(groups: _Groups, line: float, rules: Rules) -> tuple[_Groups, Indices]:
    """Return each row's best column, -1 where none reaches the line; ties to the smaller column.

    Edges that can no longer matter are left out of the groups returned with it.
    """
    edges = groups.between.tocoo()
    rows, columns = edges.row.astype(np.int64), edges.col.astype(np.int64)
    agreement = adjusted(edges.data, groups.sizes[rows], groups.sizes[columns], rules)
    good = (agreement >= line) & ~(groups.fixed[rows] & groups.fixed[columns])
    good &= edges.data >= rules.contrast * _looser(groups, rows, columns)
    firmest = rules.pairs_full**rules.size_power
    possible = edges.data * firmest >= line * SCALE * groups.sizes[rows] * groups.sizes[columns]
    kept = _still_open(rows, columns, possible, good, len(groups.sizes))
    between = sparse.csr_matrix((edges.data[kept], (rows[kept], columns[kept])), shape=groups.between.shape)
    return replace(groups, between=between), _first_best(
        rows, columns, np.where(good, agreement, -1.0), len(groups.sizes)
    )


def _first_best(rows: Indices, columns: Indices, agreement: Floats, count: int) -> Indices:
    """Return each row's column of the greatest agreement, the first of equals, -1 for none ≥ 0.

    Edges come sorted by row, then column, as compressed rows have them.
    """
    best = np.full(count, -1, dtype=np.int64)
    if not len(rows):
        return best
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    greatest = np.full(count, -1.0)
    greatest[rows[starts]] = np.maximum.reduceat(agreement, starts)
    winners = np.flatnonzero((agreement >= 0) & (agreement == greatest[rows]))
    first = winners[np.flatnonzero(np.diff(rows[winners], prepend=-1))]
    best[rows[first]] = columns[first]
    return best


def _still_open(
    rows: Indices, columns: Indices, possible: NDArray[np.bool_], good: NDArray[np.bool_], count: int
) -> NDArray[np.bool_]:
    """Return the edges inside those parts of the graph where groups can still join.

    A mean never exceeds the better of its parts, so groups that no chain of possible edges connects
    stay apart whatever happens, and a part without a good edge is finished.
    """
    graph = sparse.csr_matrix(
        (np.ones(np.count_nonzero(possible), dtype=np.int8), (rows[possible], columns[possible])),
        shape=(count, count),
    )
    part = connected_components(graph, directed=False)[1]
    is_open = np.zeros(count, dtype=bool)
    is_open[part[rows[good]]] = True
    kept: NDArray[np.bool_] = (part[rows] == part[columns]) & is_open[part[rows]]
    return kept


def adjusted(sums: Indices, left: Indices, right: Indices, rules: Rules) -> Floats:
    """Return mean similarities in [0, 1], raised by the firmness of many pairs; what meets the line."""
    pairs = left * right
    firmness = np.minimum(pairs, rules.pairs_full) ** rules.size_power
    return np.asarray(sums / (SCALE * pairs) * firmness, dtype=np.float64)


def _looser(groups: _Groups, rows: Indices, columns: Indices) -> Floats:
    """Return what the sum between two groups would be at the mean of the looser; 0 for a single item."""
    pairs_inside = groups.sizes * (groups.sizes - 1)
    means = groups.inside / np.maximum(pairs_inside, 1)
    sums = np.minimum(means[rows], means[columns]) * groups.sizes[rows] * groups.sizes[columns]
    return cast(Floats, sums)
