"""The words and headlines of one language as numbers, and what is read off each alone.

A word or a headline (its stems, in order: a *document*) keeps the number it got when it first came, so
what one grouping computed is found again by the next. No result depends on the numbers.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.almanac import date_places
from aggregator.sameness import Since, are_few

Indices = NDArray[np.int64]
Document = tuple[str, ...]
T = TypeVar("T", bound=np.generic)

MIN_LETTERS = 4  # shorter words are compared as they are, not by letter groups
_VOWELS = re.compile("[aeiouyj'’]")


class Lists:
    """Lists of numbers, one after the other in four bytes each, which can be appended to."""

    def __init__(self) -> None:
        self._values = array("i")
        self._starts = array("q", [0])

    def __len__(self) -> int:
        return len(self._starts) - 1

    def append(self, values: Iterable[int]) -> None:
        self._values.extend(values)
        self._starts.append(len(self._values))

    def __getitem__(self, row: int) -> list[int]:
        return self._values[self._starts[row] : self._starts[row + 1]].tolist()

    def of(self, rows: Indices | slice) -> tuple[NDArray[np.int32], Indices]:
        """Return copies of these lists, one after the other, and where each of them begins, the end at last."""
        # No array grows while a view of it lives, so none leaves here.
        values, starts = np.frombuffer(self._values, "i"), np.frombuffer(self._starts, "q")
        begins, ends = starts[:-1][rows], starts[1:][rows]
        new = np.concatenate([[0], np.cumsum(ends - begins)])
        if isinstance(rows, slice) and len(begins):  # one after the other already
            return values[begins[0] : ends[-1]].copy(), new
        return values[np.repeat(begins - new[:-1], ends - begins) + np.arange(new[-1])], new

    def matrix(self, rows: Indices | slice, width: int) -> sparse.csr_matrix:
        """Return these lists as rows of ones."""
        values, starts = self.of(rows)
        return sparse.csr_matrix((np.ones(len(values)), values, starts), shape=(len(starts) - 1, width))


class Lexicon:
    """Numbers words and documents of one language; it only grows. For one thread at a time."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.documents: list[Document] = []
        self.skeletons = array("q")  # of each word: the number of its consonants, -1 if it is no name
        self._word_numbers: dict[str, int] = {}
        self._document_numbers: dict[Document, int] = {}
        self._last: tuple[Sequence[object], Indices] = ((), np.zeros(0, dtype=np.int64))
        self._group_numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._skeleton_numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self.in_order = Lists()  # of each document: its words in the order in which they stand
        self._telling = Lists()
        self._letter_groups = Lists()
        self._add_word("")  # so that no matrix is without a column

    def numbers(self, documents: Sequence[Document], since: Since | None = None) -> Indices:
        """Return the number of each document.

        `since` tells of the headlines that they are of which were there before; it saves looking the others up.
        """
        before, known = self._last
        if since is None or are_few(documents, before):
            return self._looked_up(documents)
        since = since.against(before)
        fresh = self._looked_up([documents[place] for place in since.came.tolist()])
        numbers = since.carried_numbers(known, fresh)
        self._last = (since.objects, numbers)
        return numbers

    def _looked_up(self, documents: Iterable[Document]) -> Indices:
        return np.array([self._number(document) for document in documents], dtype=np.int64)

    def _number(self, document: Document) -> int:
        known = self._document_numbers.get(document)
        return self._add_document(document) if known is None else known

    def number_of(self, word: str) -> int:
        """Return the number of a word, -1 if no document has it."""
        return self._word_numbers.get(word, -1)

    def presence(self, documents: Indices) -> sparse.csr_matrix:
        """Return (documents, words): ones where a word stands that says what, not merely when, in order."""
        return self._telling.matrix(documents, len(self.words))

    def letter_groups(self) -> sparse.csr_matrix:
        """Return (words, letter groups): ones; rows of words that are not compared by letters are empty."""
        return self._letter_groups.matrix(slice(None), max(len(self._group_numbers), 1))

    def _add_document(self, document: Document) -> int:
        number = self._document_numbers[document] = len(self.documents)
        self.documents.append(document)
        ids = [self._word_numbers[w] if w in self._word_numbers else self._add_word(w) for w in document]
        when = date_places(document)
        self.in_order.append(ids)
        self._telling.append(sorted({i for place, i in enumerate(ids) if place not in when}))
        return number

    def _add_word(self, word: str) -> int:
        number = self._word_numbers[word] = len(self.words)
        self.words.append(word)
        is_compared = len(word) >= MIN_LETTERS and not word[0].isdigit()
        groups = letter_groups(word) if is_compared else ()
        self._letter_groups.append(map(self._group_numbers.__getitem__, groups))
        skeleton = _VOWELS.sub("", word) if is_compared and word.isascii() else ""
        is_name = len(skeleton) >= 2 and word[0] == skeleton[0]
        self.skeletons.append(self._skeleton_numbers[skeleton] if is_name else -1)
        return number


def letter_groups(word: str) -> set[str]:
    """Return the groups of three and four letters of a word, its ends marked by spaces."""
    padded = f" {word} "
    places = range(len(padded) - 3)
    groups = {padded[i : i + 4] for i in places}
    groups.update([padded[i : i + 3] for i in places], (padded[-3:],))
    return groups


def grown(values: NDArray[T], size: int) -> NDArray[T]:
    """Return `values` with zeros at its end, up to `size`."""
    return np.concatenate([values, np.zeros(size - len(values), dtype=values.dtype)])
