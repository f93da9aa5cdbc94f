"""Which words of a day are likely the same word in another form or spelling. Pure.

Headlines write "Zelensky", "Zelenskyy" and "Zelenskiy", "Kyiv" and "Kiev", "sanction" and
"sanctioned". Only words that share letter groups, or all consonants, are compared at all; RapidFuzz
tells how alike they are. Numbers are never alike: 7 and 17 are two tolls.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy import sparse

from aggregator.cluster.lexicon import Indices, Lexicon, grown

MIN_LIKENESS = 0.5  # cosine of the letter groups, from which two words count as forms of one
MIN_NAME_LIKENESS = 0.7  # RapidFuzz ratio of two rare words with the same consonants
MAX_BLOCK = 400  # letter groups in more words than this ("tion") select nothing
MAX_NAMES = 12  # words of one skeleton, from which on it selects nothing either
_CHUNK = 500

Mask = NDArray[np.bool_]
_Names = list[tuple[int, int, float]]


class Spelling:
    """The likenesses among the words of a day, carried along while words come and go."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, ...], _Names] = {}
        self._forget()

    def _forget(self) -> None:
        self._live = np.zeros(0, dtype=bool)
        self._counts = np.zeros(0, dtype=np.int64)  # live words per letter group
        # Pairs of live words that are alike, and how many telling letter groups they share.
        self._one, self._other = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._shared = np.zeros(0, dtype=np.int64)

    def likenesses(self, lexicon: Lexicon, live: Mask, is_rare: Mask) -> sparse.csr_matrix:
        """Return how alike two different words of those `live` are, in [0, 1]; (words, words), symmetric.

        `is_rare[i]` says that word `i` is rare enough to be compared by its consonants alone.
        """
        groups = lexicon.letter_groups()
        self._follow(groups, live)
        lengths = np.diff(groups.indptr)
        cosines = self._shared / np.sqrt(lengths[self._one] * lengths[self._other])
        by_groups = _symmetric(self._one, self._other, cosines, len(live))
        rows, columns, values = self._by_consonants(lexicon, np.flatnonzero(live & is_rare))
        return sparse.csr_matrix(by_groups.maximum(_symmetric(rows, columns, values, len(live))))

    def _follow(self, groups: sparse.csr_matrix, live: Mask) -> None:
        """Take in the words that came and let go those that went."""
        before = grown(self._live, len(live))
        came, went = np.flatnonzero(live & ~before), np.flatnonzero(before & ~live)
        counts = grown(self._counts, groups.shape[1]).astype(np.int64)
        was_common = counts > MAX_BLOCK
        counts = counts + _occurrences(groups, came) - _occurrences(groups, went)
        is_common = counts > MAX_BLOCK
        if np.any(was_common & ~is_common):  # pairs that were passed over may be alike now
            self._forget()
            came, counts = np.flatnonzero(live), _occurrences(groups, np.flatnonzero(live))
            was_common, is_common = np.zeros(len(counts), dtype=bool), counts > MAX_BLOCK
        self._live, self._counts = live.copy(), counts
        self._discount(groups, np.flatnonzero(is_common & ~was_common))
        self._compare(groups, came, ~is_common)

    def _discount(self, groups: sparse.csr_matrix, common: Indices) -> None:
        """Take letter groups that have become common out of what words share."""
        if len(common) and len(self._one):
            marks = sparse.csr_matrix(groups[:, common])
            both = marks[self._one].multiply(marks[self._other])
            self._shared = self._shared - np.asarray(both.sum(axis=1)).ravel().astype(np.int64)
        lengths = np.diff(groups.indptr)
        alive = self._live[self._one] & self._live[self._other]
        kept = alive & _are_alike(self._shared, lengths[self._one], lengths[self._other])
        self._one, self._other, self._shared = self._one[kept], self._other[kept], self._shared[kept]

    def _compare(self, groups: sparse.csr_matrix, came: Indices, telling: Mask) -> None:
        """Compare the words that came with all."""
        is_new = np.zeros(len(self._live), dtype=bool)
        is_new[came] = True
        live = np.flatnonzero(self._live)
        others = sparse.csr_matrix((groups[live] @ sparse.diags_array(telling.astype(float))).T)
        lengths = np.diff(groups.indptr)
        for start in range(0, len(came), _CHUNK):
            words = came[start : start + _CHUNK]
            product = (groups[words] @ others).tocoo()
            one, other, shared = words[product.row], live[product.col], product.data.astype(np.int64)
            kept = (~is_new[other] | (other < one)) & _are_alike(shared, lengths[one], lengths[other])
            self._one = np.concatenate([self._one, one[kept]])
            self._other = np.concatenate([self._other, other[kept]])
            self._shared = np.concatenate([self._shared, shared[kept]])

    def _by_consonants(self, lexicon: Lexicon, rare: Indices) -> tuple[Indices, Indices, NDArray[np.float64]]:
        """Compare words whose consonants are the same, such as "kyiv" and "kiev"."""
        known, self._names = self._names, {}
        for block in _blocks(np.array(lexicon.skeletons, dtype=np.int64), rare):
            self._names[block] = known.get(block) or list(_alike(lexicon.words, block))
        pairs = [pair for names in self._names.values() for pair in names]
        rows, columns, values = zip(*pairs, strict=True) if pairs else ((), (), ())
        return (
            np.array(rows, dtype=np.int64),
            np.array(columns, dtype=np.int64),
            np.array(values, dtype=float),
        )


def _symmetric(one: Indices, other: Indices, values: NDArray[np.float64], size: int) -> sparse.csr_matrix:
    half = sparse.csr_matrix((values, (one, other)), shape=(size, size))
    return sparse.csr_matrix(half + half.T)


def _occurrences(groups: sparse.csr_matrix, words: Indices) -> Indices:
    return np.bincount(groups[words].indices, minlength=groups.shape[1])


def _are_alike(shared: Indices, one: Indices, other: Indices) -> Mask:
    return np.asarray(shared >= MIN_LIKENESS * np.sqrt(one * other))


def _blocks(skeletons: Indices, rare: Indices) -> Iterator[tuple[int, ...]]:
    """Yield the words of each skeleton that has several, but not too many."""
    rare = rare[skeletons[rare] >= 0]
    sizes = np.bincount(skeletons[rare], minlength=1)
    several = rare[(sizes[skeletons[rare]] > 1) & (sizes[skeletons[rare]] <= MAX_NAMES)]
    blocks: defaultdict[int, list[int]] = defaultdict(list)
    for word, skeleton in zip(several.tolist(), skeletons[several].tolist(), strict=True):
        blocks[skeleton].append(word)
    return (tuple(block) for block in blocks.values())


def _alike(words: Sequence[str], block: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    names = [words[i] for i in block]
    ratios = process.cdist(names, names, scorer=fuzz.ratio) / 100.0
    for a, i in enumerate(block):
        for b in range(a):
            if ratios[a, b] >= MIN_NAME_LIKENESS:
                yield i, block[b], float(ratios[a, b])
