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
_Pairs = tuple[Indices, Indices, NDArray[np.float64]]  # of words, and how alike they are


class Spelling:
    """The likenesses among the words of a day, carried along while words come and go."""

    def __init__(self) -> None:
        self._in_blocks = np.zeros(0, dtype=bool)  # words that were compared by their consonants
        self._named: _Pairs = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
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
        self._follow_consonants(lexicon, np.flatnonzero(live & is_rare))
        return sparse.csr_matrix(by_groups.maximum(_symmetric(*self._named, len(live))))

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
        others = self._words_by_group(groups, telling & (_occurrences(groups, came) > 0))
        lengths = np.diff(groups.indptr)
        for start in range(0, len(came), _CHUNK):
            words = came[start : start + _CHUNK]
            product = (groups[words] @ others).tocoo()
            one, other, shared = words[product.row], product.col, product.data.astype(np.int64)
            kept = (~is_new[other] | (other < one)) & _are_alike(shared, lengths[one], lengths[other])
            self._one = np.concatenate([self._one, one[kept]])
            self._other = np.concatenate([self._other, other[kept]])
            self._shared = np.concatenate([self._shared, shared[kept]])

    def _words_by_group(self, groups: sparse.csr_matrix, wanted: Mask) -> sparse.csr_matrix:
        """Return (letter groups, words): ones where a live word has a group that is wanted; of a poll, few are."""
        places = np.flatnonzero(wanted[groups.indices])
        words = np.searchsorted(groups.indptr, places, side="right") - 1
        places, words = places[self._live[words]], words[self._live[words]]
        return sparse.csr_matrix(
            (groups.data[places], (groups.indices[places], words)), shape=groups.shape[::-1]
        )

    def _follow_consonants(self, lexicon: Lexicon, rare: Indices) -> None:
        """Compare words whose consonants are the same, such as "kyiv" and "kiev", where a word of these came or went."""
        skeletons = np.array(lexicon.skeletons)
        in_blocks = _in_blocks(skeletons, rare)
        touched = np.zeros(skeletons.max() + 2, dtype=bool)  # the last is that of words that are no names
        touched[skeletons[in_blocks != grown(self._in_blocks, len(in_blocks))]] = True
        kept = ~touched[skeletons[self._named[0]]]
        fresh = _alike_in_blocks(lexicon, np.flatnonzero(in_blocks & touched[skeletons]))
        one, other, ratios = (
            np.concatenate([old[kept], new]) for old, new in zip(self._named, fresh, strict=True)
        )
        self._in_blocks, self._named = in_blocks, (one, other, ratios)


def _symmetric(one: Indices, other: Indices, values: NDArray[np.float64], size: int) -> sparse.csr_matrix:
    half = sparse.csr_matrix((values, (one, other)), shape=(size, size))
    return sparse.csr_matrix(half + half.T)


def _occurrences(groups: sparse.csr_matrix, words: Indices) -> Indices:
    return np.bincount(groups[words].indices, minlength=groups.shape[1])


def _are_alike(shared: Indices, one: Indices, other: Indices) -> Mask:
    return np.asarray(shared >= MIN_LIKENESS * np.sqrt(one * other))


def _in_blocks(skeletons: Indices, rare: Indices) -> Mask:
    """Return which words are rare and of a skeleton that several of these have, but not too many."""
    rare = rare[skeletons[rare] >= 0]
    sizes = np.bincount(skeletons[rare], minlength=1)[skeletons[rare]]
    chosen = np.zeros(len(skeletons), dtype=bool)
    chosen[rare[(sizes > 1) & (sizes <= MAX_NAMES)]] = True
    return chosen


def _alike_in_blocks(lexicon: Lexicon, words: Indices) -> _Pairs:
    """Compare all words of one skeleton with each other."""
    blocks: defaultdict[int, list[int]] = defaultdict(list)
    for word in words.tolist():
        blocks[lexicon.skeletons[word]].append(word)
    pairs = [pair for block in blocks.values() for pair in _alike(lexicon.words, block)]
    one, other, ratios = zip(*pairs, strict=True) if pairs else ((), (), ())
    return np.array(one, dtype=np.int64), np.array(other, dtype=np.int64), np.array(ratios, dtype=float)


def _alike(words: Sequence[str], block: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    names = [words[i] for i in block]
    ratios = process.cdist(names, names, scorer=fuzz.ratio) / 100.0
    for a, i in enumerate(block):
        for b in range(a):
            if ratios[a, b] >= MIN_NAME_LIKENESS:
                yield i, block[b], float(ratios[a, b])
