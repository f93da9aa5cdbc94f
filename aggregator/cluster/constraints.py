"""What people decided, as hard constraints: joins are transitive, splits win over joins. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.cluster.linkage import Indices
from aggregator.model import Correction, CorrectionKind


@dataclass(frozen=True, slots=True)
class Constraints:
    """Corrections of one day by index: `start` is the group each item begins in.

    `apart` holds pairs of items that must stay apart, smaller index first; `conflicts` says in
    words which joins were left out, and what they contradict.
    """

    start: Indices
    apart: frozenset[tuple[int, int]]
    conflicts: tuple[str, ...]


def constraints_of(
    corrections: Sequence[Correction],
    index: Mapping[str, int],
    start: Indices,
    anchored: NDArray[np.bool_],
) -> Constraints:
    """Turn corrections into constraints; those that name an article of another day are ignored.

    Joins are taken in the order of their keys, each unless it would unite what a split parts, or
    two groups of `start` that are `anchored` (already published).
    """
    known = [c for c in corrections if c.a_key in index and c.b_key in index and c.a_key != c.b_key]
    apart = sorted({_pair(c, index) for c in known if c.kind is CorrectionKind.SPLIT})
    groups = start.copy()
    conflicts: list[str] = []
    for a, b in sorted({_pair(c, index) for c in known if c.kind is CorrectionKind.JOIN}):
        united = _united(groups, a, b)
        broken = next((pair for pair in apart if united[pair[0]] == united[pair[1]]), None)
        if broken is not None and groups[broken[0]] != groups[broken[1]]:
            conflicts.append(
                f"the join of {_names((a, b), index)} contradicts the split of {_names(broken, index)}"
            )
        elif groups[a] != groups[b] and _has_anchor(groups, anchored, a) and _has_anchor(groups, anchored, b):
            conflicts.append(f"the join of {_names((a, b), index)} would unite two groups already published")
        else:
            groups = united
    return Constraints(groups, frozenset(apart), tuple(conflicts))


def _pair(correction: Correction, index: Mapping[str, int]) -> tuple[int, int]:
    a, b = sorted((index[correction.a_key], index[correction.b_key]))
    return a, b


def _united(groups: Indices, a: int, b: int) -> Indices:
    low, high = sorted((groups[a], groups[b]))
    return np.where(groups == high, low, groups)


def _has_anchor(groups: Indices, anchored: NDArray[np.bool_], item: int) -> bool:
    return bool(anchored[groups == groups[item]].any())


def _names(pair: Iterable[int], index: Mapping[str, int]) -> str:
    keys = list(index)
    return " and ".join(keys[i] for i in pair)
