"""Average-link grouping of a sparse similarity graph. Pure, independent of order.

Facts
-----
* Single links chain: one point of threshold can turn many stories into one. Here two groups join
  only when *all* their pairs agree on average; a pair without an edge counts as 0.
* A mean over many pairs is firmer than one pair, so larger groups need a little less agreement,
  up to `pairs_full` pairs. Two groups that are each of one mind are expected to agree with each other
  at least half as well as they do inside (`contrast`); what they agree less lowers their merit twice:
  two stories about one company are not one.
* All pairs of groups that are each other's best partner join in one round (reciprocal nearest
  neighbours, Murtagh 1983). A day takes a hundred rounds, but after the first few only some groups
  join: a round measures their edges alone, and looks for a new best partner only where the old one
  joined or a better one came up. To leave out edges that can never matter costs more than it saves (a tenth to a
  fifth of the time, on a dozen days): firmness leaves too many possible.
* Similarities are whole millionths: their sums are exact, so no order of addition changes a result.
  Ties go to the smaller index; callers index by article key.

Representation: edges in parallel arrays, the smaller group first; sums of millionths over the pairs of
two groups. A group is named by its smallest member. A forbidden pair carries
`FORBIDDEN`, which no sum of agreements outweighs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.rules import Rules

SCALE = 1_000_000
FORBIDDEN = -(2**50)
_MOST_DEAD = 0.25  # share of edges that are gone before the arrays are packed

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class _Groups:
    """The groups between two rounds, changed in place.

    Per edge: `rows`, `columns`, `sums`, and `merits`: the adjusted mean, -1 where the two may not join.
    An edge that is gone leads from and to `nowhere`, one past the last group. Per group: `inside` sums
    the agreements of its pairs, both ways, `sizes` counts its members, `fixed` says that it is anchored, `partner`
    is the best one, -1 for none, and `best` the merit of that edge, -1 for none.
    """

    rows: Indices
    columns: Indices
    sums: Indices
    merits: Floats
    inside: Indices
    sizes: Indices
    fixed: Mask
    partner: Indices
    best: Floats
    dead: int = 0

    @property
    def nowhere(self) -> int:
        return len(self.sizes) - 1


def average_link(
    similarities: sparse.csr_matrix, line: float, start: Indices, anchored: Mask, rules: Rules
) -> Indices:
    """Return the group of each item, as the smallest index of its members.

    Args:
        similarities: Millionths, (n, n), symmetric, empty diagonal.
        line: In (0, 1]; groups join while their adjusted mean similarity is at least this.
        start: Groups to begin with, in the form of the result; they are never parted.
        anchored: Items whose groups never join one another.

    Cost: a few passes over all edges, then a hundred over those of groups that just joined.
    """
    groups = _begun(similarities, line, start, anchored, rules)
    group_of = start
    while len(absorbed := _mutual(groups.partner)):
        into = np.arange(len(start) + 1, dtype=np.int64)
        into[absorbed] = groups.partner[absorbed]
        group_of = into[group_of]
        _join(groups, absorbed, into, line, rules)
    return group_of


def _begun(
    similarities: sparse.csr_matrix, line: float, start: Indices, anchored: Mask, rules: Rules
) -> _Groups:
    """Return the groups of `start`, each with its best partner."""
    count = len(start)
    rows = np.repeat(np.arange(count), np.diff(similarities.indptr))
    once = np.flatnonzero(rows < similarities.indices)
    groups = _Groups(
        rows=rows[once],
        columns=similarities.indices[once].astype(np.int64),
        sums=similarities.data[once].astype(np.int64),
        merits=np.zeros(len(once)),
        inside=np.zeros(count + 1, dtype=np.int64),
        sizes=np.append(np.ones(count, dtype=np.int64), 0),
        fixed=np.append(anchored, False),
        partner=np.full(count + 1, -1, dtype=np.int64),
        best=np.full(count + 1, -1.0),
    )
    into = np.append(start, count)
    absorbed = np.flatnonzero(into != np.arange(count + 1))
    if len(absorbed):
        _unite(groups, absorbed, into)
        _keep(groups, groups.rows != groups.nowhere)
    groups.merits = _merits(groups, slice(None), line, rules)
    _offer(groups, np.flatnonzero(groups.merits >= 0))
    return groups


def _mutual(partner: Indices) -> Indices:
    """Return the larger of each two groups that are each other's best partner."""
    rows = np.flatnonzero(partner >= 0)
    rows = rows[partner[partner[rows]] == rows]
    larger: Indices = rows[partner[rows] < rows]
    return larger


def _join(groups: _Groups, absorbed: Indices, into: Indices, line: float, rules: Rules) -> None:
    """Let each of `absorbed` go `into` another group, and find the best partners that this changes."""
    joined = np.zeros(len(into), dtype=bool)
    joined[absorbed] = joined[into[absorbed]] = True
    places = _unite(groups, absorbed, into)
    groups.merits[places] = _merits(groups, places, line, rules)
    # Who has lost its partner looks at all its edges again, everyone else at those that changed.
    bereft = joined | ((groups.partner >= 0) & joined[groups.partner])
    groups.partner[bereft], groups.best[bereft] = -1, -1.0
    able = np.flatnonzero(groups.merits >= 0)
    _offer(groups, able[bereft[groups.rows[able]] | bereft[groups.columns[able]]])
    _offer(groups, places)
    if groups.dead > _MOST_DEAD * len(groups.rows):
        _keep(groups, groups.rows != groups.nowhere)


def _unite(groups: _Groups, absorbed: Indices, into: Indices) -> Indices:
    """Add `absorbed` to the groups they go `into`; return the places of the edges that changed."""
    taking = into[absorbed]
    for values in (groups.sizes, groups.inside):
        np.add.at(values, taking, values[absorbed])
        values[absorbed] = 0
    np.logical_or.at(groups.fixed, taking, groups.fixed[absorbed])
    touched = np.zeros(len(into), dtype=bool)
    touched[absorbed] = touched[taking] = True
    places = np.flatnonzero(touched[groups.rows] | touched[groups.columns])
    return _unite_edges(groups, places, into)


def _unite_edges(groups: _Groups, places: Indices, into: Indices) -> Indices:
    """Lead the edges at `places` to the groups that took their ends, and add up those that now agree.

    Returns the places that still hold one.
    """
    count = len(into)
    ends, sums = (into[groups.rows[places]], into[groups.columns[places]]), groups.sums[places]
    rows, columns = np.minimum(*ends), np.maximum(*ends)
    apart = rows != columns
    np.add.at(groups.inside, rows[~apart], 2 * np.maximum(sums[~apart], 0))
    rows, columns, sums = rows[apart], columns[apart], sums[apart]
    edges = rows * count + columns
    order = np.argsort(edges)  # of equal ones the sum alone counts, so any order will do
    heads = np.flatnonzero(np.diff(edges[order], prepend=-1))
    first = order[heads]
    kept, gone = places[: len(heads)], places[len(heads) :]
    groups.rows[gone] = groups.columns[gone] = groups.nowhere
    groups.merits[gone] = -1.0
    groups.rows[kept], groups.columns[kept] = rows[first], columns[first]
    if len(heads):
        groups.sums[kept] = np.maximum(np.add.reduceat(sums[order], heads), FORBIDDEN)
    groups.dead += len(gone)
    return kept


def _offer(groups: _Groups, places: Indices) -> None:
    """Let groups take a partner over the edges at `places` where it beats their own; ties to the smaller."""
    one, other, merits = groups.rows[places], groups.columns[places], groups.merits[places]
    for takers, offered in ((one, other), (other, one)):
        better = (merits >= groups.best[takers]) & (merits >= 0)
        rows, columns, reached = takers[better], offered[better], merits[better]
        before = groups.best[rows]
        np.maximum.at(groups.best, rows, reached)
        groups.partner[rows[before < groups.best[rows]]] = groups.nowhere
        winners = reached == groups.best[rows]
        np.minimum.at(groups.partner, rows[winners], columns[winners])


def _merits(groups: _Groups, places: Indices | slice, line: float, rules: Rules) -> Floats:
    """Return the adjusted mean of each edge whose two groups may join, -1 for the others."""
    rows, columns, sums = groups.rows[places], groups.columns[places], groups.sums[places]
    sizes = np.maximum(groups.sizes, 1)
    merits = adjusted(sums, sizes[rows], sizes[columns], rules)
    near = np.flatnonzero(merits >= line)  # what contrast takes away brings no other one to the line
    rows, columns = rows[near], columns[near]
    left, right = groups.sizes[rows], groups.sizes[columns]
    inside = [
        groups.inside[ends] / np.maximum(size * (size - 1), 1)
        for ends, size in ((rows, left), (columns, right))
    ]
    expected = rules.contrast * np.sqrt(inside[0] * inside[1]) * left * right
    reached = merits[near] * np.minimum(np.maximum(sums[near], 0) / np.maximum(expected, 1.0), 1.0) ** 2
    joinable = (reached >= line) & ~(groups.fixed[rows] & groups.fixed[columns])
    merits[:] = -1.0
    merits[near[joinable]] = reached[joinable]
    return merits


def _keep(groups: _Groups, kept: Mask) -> None:
    groups.rows, groups.columns = groups.rows[kept], groups.columns[kept]
    groups.sums, groups.merits = groups.sums[kept], groups.merits[kept]
    groups.dead = 0


def adjusted(sums: Indices, left: Indices, right: Indices, rules: Rules) -> Floats:
    """Return mean similarities in [0, 1], raised by the firmness of many pairs; what meets the line."""
    pairs = left * right
    firmness = np.arange(rules.pairs_full + 1) ** rules.size_power
    means = sums / (SCALE * pairs) * firmness[np.minimum(pairs, rules.pairs_full)]
    return np.asarray(means, dtype=np.float64)
