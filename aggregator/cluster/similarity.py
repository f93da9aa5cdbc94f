"""How alike two headlines are: sparse matrices of similarities in millionths. Pure.

The similarity of two headlines is the weighted share of words they have in common, whole or in
another form, less a part of their heaviest common word, the more so where no other word backs it:
agreement needs more than one word.

It depends on the rows of the two headlines and on nothing else. So what was computed before holds for
every two headlines whose rows are the same, and only the others are compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.candidates import candidates, selecting_words
from aggregator.cluster.decided import Decided
from aggregator.cluster.lexicon import Document, Indices, Lexicon, grown
from aggregator.cluster.linkage import SCALE
from aggregator.cluster.names import Names
from aggregator.cluster.rows import Mask, Rows, row_maxima, row_sums
from aggregator.cluster.rules import Rules
from aggregator.cluster.templates import Frames
from aggregator.cluster.vectors import KIN, UNIT, Vectors, Weighing
from aggregator.cluster.weights import TokenWeights
from aggregator.sameness import Since

SPARE_DOCUMENTS = 5_000  # of one language, remembered beside twice those in use; about 400 bytes each
MAX_POOLS = 3  # of each use
MAX_DECIDED = 3
_PAIRS_AT_ONCE = 25_000


class Use(Enum):
    """What headlines are compared for; each use compares others, of which each day has its own."""

    GROUPING = auto()  # those of a day
    CONTINUING = auto()  # those of a day with those of the days before
    CONTRASTING = auto()  # those of groups and stories that agree


class Memory:
    """What comparing the headlines of one language has come to, for the next time.

    Results do not depend on it. For one thread at a time.
    """

    def __init__(self) -> None:
        self._lexicon = Lexicon()
        self._frames = Frames()
        self._pools: list[_Pool] = []  # the last used of each use is last
        self._decided: list[Decided] = []  # the last used is last

    def decided(self, weights: TokenWeights) -> Decided:
        """Return what was told of the last grouping that had these weights, as each day has its own."""
        same = [decided for decided in self._decided if decided.weights == weights]
        found = same[0] if same else Decided(weights)
        self._decided = [*(decided for decided in self._decided if decided is not found), found][
            -MAX_DECIDED:
        ]
        return found

    def lexicon(self) -> Lexicon:
        """Return the words and documents so far; a new one when most of it is of days that nobody groups any more."""
        if self._is_mostly_spare():
            self._lexicon, self._frames, self._pools = Lexicon(), Frames(), []
        return self._lexicon

    def _is_mostly_spare(self) -> bool:
        """Return whether the pools, of which the largest often holds all that is in use, hold less than half."""
        held = [pool.documents for pool in self._pools]
        most_in_use = (len(self._lexicon.documents) - SPARE_DOCUMENTS) / 2
        if max(map(len, held), default=0) >= most_in_use:
            return False
        return not held or len(np.unique(np.concatenate(held))) < most_in_use

    def pool(self, use: Use, documents: Indices, weights: TokenWeights, rules: Rules) -> "_Pool":
        """Return the pool of this use that has most in common with `documents`, or a new one."""
        alike = [pool for pool in self._pools if pool.use is use]
        fitting = [pool for pool in alike if pool.is_for(weights, rules)]
        common = [len(np.intersect1d(pool.documents, documents, assume_unique=True)) for pool in fitting]
        if common and 2 * max(common) > len(documents):
            pool = fitting[common.index(max(common))]
            alike.remove(pool)
        else:
            names = [pool.names for pool in self._pools if pool.names.weights == weights]
            pool = _Pool(use, names[0] if names else Names(weights), self._frames, rules)
        others = [pool for pool in self._pools if pool.use is not use]
        self._pools = [*others, *alike[1 - MAX_POOLS :], pool]
        return pool


def similarities(
    documents: Sequence[Document],
    weights: TokenWeights,
    rules: Rules,
    memory: Memory | None = None,
    since: Since | None = None,
    use: Use = Use.GROUPING,
) -> sparse.csr_matrix:
    """Return the similarities of all pairs worth comparing; (n, n) int64, symmetric, empty diagonal.

    `since` tells which of the headlines are as before, and saves looking them up.
    """
    if not documents:
        return sparse.csr_matrix((0, 0), dtype=np.int64)
    memory = memory or Memory()
    lexicon = memory.lexicon()
    numbers = lexicon.numbers(documents, since)
    unique, rows, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    everywhere = np.ones(len(unique), dtype=bool)
    pool = memory.pool(use, unique, weights, rules)
    edges = pool.similarities(lexicon, _Sides(unique, counts, everywhere, everywhere))
    headlines = _Headlines.of(rows, len(unique))
    return edges.between(headlines, headlines)


def cross_similarities(
    left: Sequence[Document],
    right: Sequence[Document],
    weights: TokenWeights,
    rules: Rules,
    memory: Memory | None = None,
) -> sparse.csr_matrix:
    """Return the similarities of each of `left` with each of `right`; (n, m) int64."""
    if not left or not right:
        return sparse.csr_matrix((len(left), len(right)), dtype=np.int64)
    memory = memory or Memory()
    lexicon = memory.lexicon()
    ours, theirs = lexicon.numbers(left), lexicon.numbers(right)
    unique, rows, counts = np.unique(np.concatenate([ours, theirs]), return_inverse=True, return_counts=True)
    sides = _Sides(unique, counts, np.isin(unique, ours), np.isin(unique, theirs))
    pool = memory.pool(Use.CONTINUING, unique, weights, rules)
    edges = pool.similarities(lexicon, sides)
    mine, others = rows[: len(ours)], rows[len(ours) :]
    return edges.between(_Headlines.of(mine, len(unique)), _Headlines.of(others, len(unique)))


@dataclass(frozen=True, slots=True)
class _Headlines:
    """Which headlines are which document: those of each, one document after the other, and where they begin."""

    in_order: Indices
    starts: Indices
    counts: Indices

    @property
    def first(self) -> Indices:
        """The first headline of each document, of those that have any."""
        return self.in_order[np.minimum(self.starts, max(len(self.in_order) - 1, 0))]

    @property
    def are_single(self) -> Mask:
        """Which documents are one headline."""
        return np.asarray(self.counts == 1)

    @classmethod
    def of(cls, documents: Indices, width: int) -> Self:
        """Read the document of each headline, one of `width`."""
        counts = np.bincount(documents, minlength=width)
        return cls(np.argsort(documents, kind="stable"), np.cumsum(counts) - counts, counts)


@dataclass(frozen=True, slots=True)
class _Edges:
    """Similarities of documents, each pair once; those of one document are of its own headlines."""

    one: Indices
    other: Indices
    values: Indices

    def between(self, left: _Headlines, right: _Headlines) -> sparse.csr_matrix:
        """Return the similarities of headlines, (left, right); none of a headline with itself where both are the same."""
        apart, itself = self._where(self.one != self.other), self._where(self.one == self.other)
        rows, columns, values = apart._pairs(left, right)
        back = (columns, rows, values) if left is right else apart._turned()._pairs(left, right)
        parts = zip((rows, columns, values), back, itself._pairs(left, right), strict=True)
        rows, columns, values = map(np.concatenate, parts)
        return sparse.csr_matrix((values, (rows, columns)), shape=(len(left.in_order), len(right.in_order)))

    def _where(self, chosen: Mask) -> "_Edges":
        if chosen.all():
            return self
        return _Edges(self.one[chosen], self.other[chosen], self.values[chosen])

    def _turned(self) -> "_Edges":
        return _Edges(self.other, self.one, self.values)

    def _pairs(self, left: _Headlines, right: _Headlines) -> tuple[Indices, Indices, Indices]:
        """Return the headlines of each edge, one of the left and one of the right, and how alike they are."""
        once = left.are_single[self.one] & right.are_single[self.other]
        most, rest = self._where(once), self._where(~once)
        several = rest._several(left, right)
        told = zip((left.first[most.one], right.first[most.other], most.values), several, strict=True)
        rows, columns, values = map(np.concatenate, told)
        return rows, columns, values

    def _several(self, left: _Headlines, right: _Headlines) -> tuple[Indices, Indices, Indices]:
        """Return the pairs of headlines of documents that several are; none of a headline with itself."""
        one, other, values = self.one, self.other, self.values
        times = left.counts[one] * right.counts[other]
        edge = np.repeat(np.arange(len(one)), times)
        which = np.arange(len(edge)) - np.repeat(np.cumsum(times) - times, times)
        one, other, values = one[edge], other[edge], values[edge]
        rows = left.in_order[left.starts[one] + which // right.counts[other]]
        columns = right.in_order[right.starts[other] + which % right.counts[other]]
        told = (rows != columns) if left is right else np.ones(len(rows), dtype=bool)
        return rows[told], columns[told], values[told]


@dataclass(frozen=True, slots=True)
class _Sides:
    """Documents, in order, each once, with their headlines counted; which are compared with which."""

    documents: Indices
    counts: Indices
    left: Mask
    right: Mask

    def same_as(self, before: "_Sides") -> Mask:
        """Return which documents are compared with the same sides as before."""
        known = np.isin(self.documents, before.documents, assume_unique=True)
        places = np.searchsorted(before.documents, self.documents[known])
        same = known.copy()
        same[known] = (self.left[known] == before.left[places]) & (self.right[known] == before.right[places])
        return same


class _Pool:
    """Headlines that are compared with each other, with their similarities as of the last time."""

    def __init__(self, use: Use, names: Names, frames: Frames, rules: Rules) -> None:
        self.use, self.names, self._rules = use, names, rules
        self._weighing = Weighing(names, frames, rules)
        self._rows = Rows.none()
        nothing = np.zeros(0, dtype=np.int64)
        self._sides = _Sides(nothing, nothing, nothing.astype(bool), nothing.astype(bool))
        self._selecting = np.zeros(0, dtype=bool)
        self._kinship = sparse.csr_matrix((0, 0))
        self._line = -1.0
        self._one, self._other, self._values = nothing, nothing, nothing

    @property
    def documents(self) -> Indices:
        return self._rows.documents

    def is_for(self, weights: TokenWeights, rules: Rules) -> bool:
        return rules == self._rules and (weights is self.names.weights or weights == self.names.weights)

    def similarities(self, lexicon: Lexicon, sides: _Sides) -> _Edges:
        """Return the similarities of documents, and those of equal headlines."""
        documents, rules = sides.documents, self._rules
        vectors = self._weighing.vectors(lexicon, documents, sides.counts)
        line = rules.line_for(int(sides.counts.sum()))
        selecting = selecting_words(vectors, rules.comparisons_per_headline)
        changed = self._changed(vectors, sides, selecting, line)
        pairs = candidates(vectors, selecting, sides.left, sides.right, changed, rules.overlap_share * line)
        values = _compared(vectors, *pairs, rules)
        self._keep_between(documents[~changed], len(lexicon.documents))
        self._add(documents, *pairs, values, rules.floor_share * line * SCALE)
        self._remember(vectors, sides, selecting, line)
        return self._edges(vectors, np.flatnonzero(sides.counts > 1))

    def _changed(self, vectors: Vectors, sides: _Sides, selecting: Mask, line: float) -> Mask:
        """Return which documents are new or not what they were."""
        rows = Rows(vectors.documents, vectors.words, vectors.lengths)
        if line != self._line:
            return np.ones(len(rows.documents), dtype=bool)
        same: Mask = rows.same_as(self._rows) & sides.same_as(self._sides)
        words = vectors.words.shape[1]
        other = grown(self._selecting, words) != selecting
        other |= self._akin_otherwise(vectors.kinship, words)
        touched = np.asarray(vectors.words.astype(bool) @ other, dtype=bool)
        return np.asarray(~same | touched)

    def _akin_otherwise(self, kinship: sparse.csr_matrix, words: int) -> Mask:
        """Return the words that were there before and are not alike to the same of them."""
        self._kinship.resize((words, words))
        was_there = np.zeros(words, dtype=bool)
        was_there[self._rows.matrix.indices] = True
        both = sparse.diags_array(was_there.astype(float))
        differing = sparse.csr_matrix(both @ (kinship - self._kinship) @ both)
        differing.eliminate_zeros()
        return np.asarray(np.diff(differing.indptr) > 0)

    def _keep_between(self, documents: Indices, count: int) -> None:
        """Let go of the similarities of all other documents, of which there are `count` with these."""
        stays = np.zeros(count, dtype=bool)
        stays[documents] = True
        kept = np.flatnonzero(stays[self._one] & stays[self._other])
        self._one, self._other, self._values = self._one[kept], self._other[kept], self._values[kept]

    def _add(self, documents: Indices, one: Indices, other: Indices, values: Indices, least: float) -> None:
        kept = values >= least
        self._one = np.concatenate([self._one, documents[one[kept]]])
        self._other = np.concatenate([self._other, documents[other[kept]]])
        self._values = np.concatenate([self._values, values[kept]])

    def _remember(self, vectors: Vectors, sides: _Sides, selecting: Mask, line: float) -> None:
        self._rows = Rows(vectors.documents, vectors.words, vectors.lengths)
        self._sides, self._selecting, self._kinship, self._line = sides, selecting, vectors.kinship, line

    def _edges(self, vectors: Vectors, several: Indices) -> _Edges:
        """Return what is remembered, and how alike the headlines of the same words are where there are `several`."""
        itself = _compared(vectors, several, several, self._rules)
        several, itself = several[itself > 0], itself[itself > 0]
        place_of = np.zeros(vectors.documents.max(initial=-1) + 1, dtype=np.int64)
        place_of[vectors.documents] = np.arange(len(vectors.documents))
        return _Edges(
            np.concatenate([place_of[self._one], several]),
            np.concatenate([place_of[self._other], several]),
            np.concatenate([self._values, itself]),
        )


def _compared(vectors: Vectors, rows: Indices, columns: Indices, rules: Rules) -> NDArray[np.int64]:
    values = np.zeros(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        one, other = rows[start : start + _PAIRS_AT_ONCE], columns[start : start + _PAIRS_AT_ONCE]
        size = UNIT * vectors.lengths[one] * vectors.lengths[other]
        in_form = np.where(one == other, vectors.forms[one], 0.0) ** 2
        words = vectors.words[one]
        same, akin = words.multiply(vectors.words[other]), words.multiply(vectors.akin[other])
        common = (row_sums(same, same.data) + in_form) * KIN + row_sums(akin, akin.data)
        heaviest = np.maximum(row_maxima(same), in_form)
        common, heaviest = common / size, heaviest * KIN / size
        besides = np.maximum(common - heaviest, 0.0)
        backed = rules.lone_word_share * heaviest + besides
        heaviest = np.minimum((1.0 - rules.single_word_discount) * heaviest, backed)
        values[start : start + _PAIRS_AT_ONCE] = np.rint((besides + heaviest) * SCALE)
    return values
