"""Which pairs of headlines are worth comparing. Pure.

Only headlines that share a word which is not too common are compared. How common is decided by a
budget of comparisons per headline, so that the cost grows with the number of headlines and not
with its square; the words above it still count in the pairs that are compared.

Among the words that select, the commoner ones of a headline bring most others in and make few of them alike. Those that
come to no more than half of what is needed, whichever headline they meet, are not searched by: they are added up only for
what the rarer ones found and left undecided. Of 50,000 headlines that is one pair in eighty that share a word.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.lexicon import Indices
from aggregator.cluster.rows import Mask, with_data
from aggregator.cluster.vectors import UNIT, Vectors

_ROWS_AT_ONCE = 2_000
_MOST_UNSEARCHED = 0.5  # of what is needed, that the words which are not searched by may come to
_ROUNDING = 1e-9  # more than the errors of some sums and quotients, as shares

Pairs = tuple[Indices, Indices]
Floats = NDArray[np.float64]


def candidates(
    vectors: Vectors, selecting: Mask, left: Mask, right: Mask, changed: Mask, least_overlap: float
) -> Pairs:
    """Return pairs of rows of `vectors` to compare, each once, smaller first: one `left`, one `right`.

    One of the two at least is `changed`. A pair is worth comparing when its words that are `selecting`,
    or akin to one, alone come to `least_overlap`. No row is paired with itself.
    """
    words = with_data(vectors.words, vectors.words.data * selecting[vectors.words.indices]).copy()
    words.eliminate_zeros()
    among = _Search(words, vectors.kinship, vectors.lengths, least_overlap)
    found = [*among.pairs(changed & left, right)]
    if not np.array_equal(left, right):
        found = _each_once([*found, *among.pairs(changed & right, left)], len(left))
    nothing = np.zeros(0, dtype=np.int64)
    return np.concatenate([nothing, *(p for p, _ in found)]), np.concatenate(
        [nothing, *(p for _, p in found)]
    )


def _each_once(found: list[Pairs], count: int) -> list[Pairs]:
    """Return pairs of `count` rows without those that were found before, in order."""
    pairs = np.concatenate([np.zeros(0, dtype=np.int64), *(one * count + other for one, other in found)])
    return [np.divmod(np.unique(pairs), max(count, 1))]


class _Search:
    def __init__(
        self, words: sparse.csr_matrix, kinship: sparse.csr_matrix, lengths: Floats, least: float
    ) -> None:
        self._words, self._kinship, self._lengths, self._least = words, kinship, lengths, least

    def pairs(self, searched: Mask, among: Mask) -> Iterator[Pairs]:
        """Yield the pairs of a row that is `searched` with one that is `among` the others, smaller first."""
        rows, others = np.flatnonzero(searched), np.flatnonzero(among)
        index = _Index(self._words[others], self._lengths[others])
        needed = self._least * UNIT * self._lengths
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            asking, found = index.alike(sparse.csr_matrix(self._words[part] @ self._kinship), needed[part])
            one, other = part[asking], others[found]
            is_found_twice = searched[other] & among[one]
            kept = (one != other) & (~is_found_twice | (one < other))
            one, other = one[kept], other[kept]
            yield np.minimum(one, other), np.maximum(one, other)


class _Index:
    """Rows with their lengths, by the words that they carry."""

    def __init__(self, words: sparse.csr_matrix, lengths: Floats) -> None:
        self._words, self._lengths = words, lengths
        self._by_word = sparse.csr_matrix(words.T)
        self._frequency = np.diff(self._by_word.indptr)
        self._largest = np.zeros(len(self._frequency))  # that a word is, as a share of the length of its row
        shares = self._by_word.data / lengths[self._by_word.indices]
        carried = np.flatnonzero(self._frequency)
        self._largest[carried] = np.maximum.reduceat(shares, self._by_word.indptr[carried])

    def alike(self, asking: sparse.csr_matrix, needed: Floats) -> Pairs:
        """Return which rows of `asking` and of these have a product of the length of the latter times what is `needed`."""
        searched, besides, at_most = self._parted(asking, needed)
        enough = (needed - at_most) * (1 - _ROUNDING)
        product = searched @ self._by_word
        counts = np.diff(product.indptr)
        # Of all products one in eight would do for the shortest row: only those are looked at one by one.
        near = np.flatnonzero(product.data >= np.repeat(enough * self._lengths.min(initial=np.inf), counts))
        one, other = np.repeat(np.arange(len(counts)), counts)[near], product.indices[near]
        overlap = product.data[near]
        unsure = np.flatnonzero(overlap < needed[one] * self._lengths[other])
        unsure = unsure[overlap[unsure] >= enough[one[unsure]] * self._lengths[other[unsure]]]
        rest = besides[one[unsure]].multiply(self._words[other[unsure]])
        overlap[unsure] += np.asarray(rest.sum(axis=1)).ravel()
        alike = overlap >= needed[one] * self._lengths[other]
        return one[alike], other[alike]

    def _parted(
        self, asking: sparse.csr_matrix, needed: Floats
    ) -> tuple[sparse.csr_matrix, sparse.csr_matrix, Floats]:
        """Return what to search by, the commonest words of each row besides, and what those come to at most, by length."""
        row_of = np.repeat(np.arange(len(needed)), np.diff(asking.indptr))
        commonest = self._frequency.max(initial=0)
        order = np.argsort(row_of * (commonest + 1) + commonest - self._frequency[asking.indices])
        at_most = asking.data * self._largest[asking.indices]
        sums = np.append(0.0, np.cumsum(at_most[order]))
        come_to = sums[1:] - sums[asking.indptr[row_of]]
        is_besides = np.zeros(asking.nnz, dtype=bool)
        is_besides[order] = come_to <= _MOST_UNSEARCHED * needed[row_of]
        searched, besides = _where(asking, ~is_besides), _where(asking, is_besides)
        besides.sort_indices()
        most_besides = np.bincount(row_of, at_most * is_besides, minlength=len(needed))
        return searched, besides, most_besides.astype(np.float64)


def _where(matrix: sparse.csr_matrix, kept: Mask) -> sparse.csr_matrix:
    """Return some of the places of a matrix."""
    starts = np.append(0, np.cumsum(kept))[matrix.indptr]
    return sparse.csr_matrix((matrix.data[kept], matrix.indices[kept], starts), shape=matrix.shape)


def selecting_words(vectors: Vectors, budget: int) -> Mask:
    """Return which words may select pairs: the rarest first, within `budget` pairs for each row.

    A word is as frequent as the headlines that have it or a word akin to it. The limit is a power of
    two: one that moved with every headline would change the pairs of all.
    """
    carried = vectors.words + vectors.akin  # a sum has no zeros
    frequency = np.bincount(carried.indices, minlength=carried.shape[1])
    band = np.ceil(np.log2(np.maximum(frequency, 1))).astype(np.int64)
    spent = np.cumsum(np.bincount(band, weights=frequency**2))
    limit = int(np.searchsorted(spent, budget * vectors.words.shape[0], side="right")) - 1
    return band <= max(limit, 0)
