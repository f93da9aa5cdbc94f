"""Templates: frames of words that a day repeats around ever different fillers. Pure.

"Weather in Aldford on Friday", "Weather in Brackwell on Friday" … share all but one word and are
no story. A frame is what stays of a headline when one slot of up to six words is cut out; where at
least eight headlines fill the slot of one frame with words that have nothing in common, the frame
is a form, and its words say nothing about what happened. Headlines of one story also repeat each
other word for word, but their fillers overlap ("files for bankruptcy", "files bankruptcy papers").

Found with rolling hashes of prefixes and suffixes, which are kept in order between groupings: about 170 bytes a headline.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from aggregator.cluster.lexicon import Document, Indices, Lexicon

MIN_FILLERS = 8
MIN_FRAME_WORDS = 4
MAX_SLOT_WORDS = 6
_MAX_FRAMED_WORDS = 30  # of one headline; forms are short
_DOCUMENTS_AT_ONCE = 10_000

_Hashes = NDArray[np.uint64]
_Place = tuple[int, int, int]  # document, start of the slot, its length
_STEP = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(32)  # bits


class Frames:
    """The frames of the headlines of one lexicon: a hash of four bytes for each slot, made once.

    The slots of a headline stand in the order of `_slots_of`, one headline after the other; so numbered, a slot is kept in
    eight bytes with the hash of its frame before its number. In order, equal hashes are neighbours, and those that came
    are put in without a look at where the others stand.
    """

    def __init__(self) -> None:
        self._starts = np.zeros(1, dtype=np.int64)  # the first slot of each document, the end at last
        self._in_order = np.zeros(0, dtype=np.uint64)
        self._often = np.zeros(0, dtype=np.uint64)  # those of a hash that occurs often enough

    def form_words(self, lexicon: Lexicon, documents: Indices) -> dict[int, frozenset[str]]:
        """Return, for each of `documents` (in order, each once) that fills in a form, the words of the form."""
        self._follow(lexicon)
        best: dict[int, tuple[int, int, frozenset[str]]] = {}
        for members in self._repeated(lexicon, documents):
            texts = [(d, lexicon.documents[d], start, start + length) for d, start, length in members]
            different = _disjoint({words[start:end] for _, words, start, end in texts})
            if different < MIN_FILLERS:
                continue
            for d, words, start, end in texts:
                form = frozenset(words[:start] + words[end:]) - set(words[start:end])
                best[d] = max(best.get(d, (0, 0, frozenset())), (different, len(form), form), key=_strength)
        return {d: form for d, (_, _, form) in best.items()}

    def _follow(self, lexicon: Lexicon) -> None:
        """Hash the slots of the documents that came."""
        hashed = [np.zeros(0, dtype=np.uint64)]
        for start in range(len(self._starts) - 1, len(lexicon.documents), _DOCUMENTS_AT_ONCE):
            keys, counts = _frames(*lexicon.in_order.of(slice(start, start + _DOCUMENTS_AT_ONCE)))
            ends = self._starts[-1] + np.cumsum(counts)
            hashed.append((keys << _HALF) + np.arange(self._starts[-1], ends[-1], dtype=np.uint64))
            self._starts = np.concatenate([self._starts, ends])
        fresh = np.concatenate(hashed)
        fresh.sort()
        if len(fresh):
            self._in_order = np.insert(self._in_order, np.searchsorted(self._in_order, fresh), fresh)
            self._often = _occurring_often(self._in_order)

    def _repeated(self, lexicon: Lexicon, documents: Indices) -> list[list[_Place]]:
        """Return the slots of each frame that occurs often enough to be a form.

        Two frames of one hash are told apart by their words.
        """
        found: defaultdict[tuple[int, Document, Document], list[_Place]] = defaultdict(list)
        for document, slot in self._slots_in(documents):
            words = lexicon.documents[document]
            start, length = _slots_of(len(words))[slot]
            found[start, words[:start], words[start + length :]].append((document, start, length))
        return [members for members in found.values() if len(members) >= MIN_FILLERS]

    def _slots_in(self, documents: Indices) -> Iterator[tuple[int, int]]:
        """Yield (document, number of the slot) where a hash occurs often enough in these; most that do are of other days."""
        in_these = self._often[np.isin(self._documents_of(_numbers(self._often)), documents)]
        _, inverse, counts = np.unique(in_these >> _HALF, return_inverse=True, return_counts=True)
        slots = np.sort(_numbers(in_these[counts[inverse] >= MIN_FILLERS]))
        holding = self._documents_of(slots)
        yield from zip(holding.tolist(), (slots - self._starts[holding]).tolist(), strict=True)

    def _documents_of(self, slots: Indices) -> Indices:
        return np.searchsorted(self._starts, slots, side="right") - 1


def _numbers(hashed: _Hashes) -> Indices:
    return (hashed & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _occurring_often(in_order: _Hashes) -> _Hashes:
    """Return those of a hash that occurs often enough.

    Every headline has some twenty slots and next to none recurs: of all hashes in order, those that are the same as
    the `MIN_FILLERS`-th from there on are few.
    """
    others = MIN_FILLERS - 1
    begins = np.flatnonzero((in_order[others:] ^ in_order[:-others]) >> _HALF == 0)
    is_often = np.zeros(len(in_order), dtype=bool)
    for other in range(MIN_FILLERS):
        is_often[begins + other] = True
    return in_order[is_often]


def _strength(found: tuple[int, int, frozenset[str]]) -> tuple[int, int, list[str]]:
    return (found[0], found[1], sorted(found[2]))


def _disjoint(fillers: set[Document]) -> int:
    """Count, in sorted order, the fillers that share no word with any before them."""
    seen: set[str] = set()
    count = 0
    for filler in sorted(fillers):
        count += seen.isdisjoint(filler)
        seen.update(filler)
    return count


@cache
def _slots_of(words: int) -> list[tuple[int, int]]:
    """Return the start and the length of each slot of a headline of so many words; none of a long one."""
    if words > _MAX_FRAMED_WORDS:
        return []
    lengths = range(1, min(MAX_SLOT_WORDS, words - MIN_FRAME_WORDS) + 1)
    return [(start, length) for length in lengths for start in range(words - length + 1)]


def _frames(words: NDArray[np.int32], starts: Indices) -> tuple[_Hashes, Indices]:
    """Return the hash of the frame of each slot, headline by headline, and how many slots each has."""
    sizes = np.diff(starts)
    is_fit = (sizes > MIN_FRAME_WORDS) & (sizes <= _MAX_FRAMED_WORDS)
    fits = np.flatnonzero(is_fit)
    prefixes, suffixes = _hashes(words[np.repeat(is_fit, sizes)], sizes[fits])
    keys, rows = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)]
    for length in range(1, MAX_SLOT_WORDS + 1):
        hashed, row = _slots(prefixes, suffixes, sizes[fits], length)
        keys.append(hashed >> _HALF)
        rows.append(fits[row])
    slots = np.concatenate(rows)
    return np.concatenate(keys)[np.argsort(slots, kind="stable")], np.bincount(slots, minlength=len(sizes))


def _hashes(words: NDArray[np.int32], lengths: Indices) -> tuple[_Hashes, _Hashes]:
    """Return hashes of the words before and from each place on of rows of these lengths; (rows, longest + 1) each."""
    width = int(lengths.max(initial=0))
    rows = np.zeros((len(lengths), width), dtype=np.uint64)
    rows[np.arange(width) < lengths[:, None]] = words
    mixed = (rows + np.uint64(1)) * _SPREAD
    mixed ^= mixed >> np.uint64(29)
    prefixes = np.zeros((len(rows), width + 1), dtype=np.uint64)
    suffixes = np.zeros((len(rows), width + 1), dtype=np.uint64)
    for place in range(width):
        prefixes[:, place + 1] = prefixes[:, place] * _STEP + mixed[:, place]
        back = width - 1 - place
        inside = back < lengths
        suffixes[inside, back] = suffixes[inside, back + 1] * _STEP + mixed[inside, back]
    return prefixes, suffixes


def _slots(prefixes: _Hashes, suffixes: _Hashes, lengths: Indices, length: int) -> tuple[_Hashes, Indices]:
    """Return all slots of this many words, row by row: the hash of the frame that is left, and the row."""
    starts = np.arange(max(int(lengths.max(initial=0)) - length + 1, 0))
    keys = prefixes[:, : len(starts)] * _SPREAD
    keys += suffixes[:, length : length + len(starts)]
    keys += starts.astype(np.uint64)
    fits = (starts + length <= lengths[:, None]) & (lengths >= length + MIN_FRAME_WORDS)[:, None]
    keys ^= keys >> np.uint64(31)
    keys *= _STEP
    return keys[fits], np.nonzero(fits)[0]
