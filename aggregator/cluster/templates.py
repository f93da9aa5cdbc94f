"""Templates: frames of words that a day repeats around ever different fillers. Pure.

"Weather in Aldford on Friday", "Weather in Brackwell on Friday" … share all but one word and are
no story. A frame is what stays of a headline when one slot of up to six words is cut out; where at
least eight headlines fill the slot of one frame with words that have nothing in common, the frame
is a form, and its words say nothing about what happened. Headlines of one story also repeat each
other word for word, but their fillers overlap ("files for bankruptcy", "files bankruptcy papers").

Found with rolling hashes of prefixes and suffixes, about 700 bytes a headline, kept between groupings.
"""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from aggregator.cluster.lexicon import Document, Indices, Lexicon

MIN_FILLERS = 8
MIN_FRAME_WORDS = 4
MAX_SLOT_WORDS = 6
_MAX_FRAMED_WORDS = 30  # of one headline; forms are short

_Hashes = NDArray[np.uint64]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)


class Frames:
    """The frames of a day's headlines, carried along while headlines come and go."""

    def __init__(self) -> None:
        self._documents = np.zeros(0, dtype=np.int64)
        self._keys = np.zeros(0, dtype=np.uint64)
        self._places = np.zeros((0, 3), dtype=np.int32)  # document, slot start, slot length

    def form_words(self, lexicon: Lexicon, documents: Indices) -> dict[int, frozenset[str]]:
        """Return, for each of `documents` (in order, each once) that fills in a form, the words of the form."""
        self._follow(lexicon, documents)
        best: dict[int, tuple[int, int, frozenset[str]]] = {}
        for members in self._repeated():
            texts = [(d, lexicon.documents[d], start, start + length) for d, start, length in members]
            different = _disjoint({words[start:end] for _, words, start, end in texts})
            if different < MIN_FILLERS:
                continue
            for d, words, start, end in texts:
                form = frozenset(words[:start] + words[end:]) - set(words[start:end])
                best[d] = max(best.get(d, (0, 0, frozenset())), (different, len(form), form), key=_strength)
        return {d: form for d, (_, _, form) in best.items()}

    def _follow(self, lexicon: Lexicon, documents: Indices) -> None:
        gone = np.setdiff1d(self._documents, documents, assume_unique=True)
        if len(gone):
            kept = ~np.isin(self._places[:, 0], gone)
            self._keys, self._places = self._keys[kept], self._places[kept]
        came = np.setdiff1d(documents, self._documents, assume_unique=True)
        keys, places = _frames(came, [lexicon.in_order(d) for d in came.tolist()])
        self._keys = np.concatenate([self._keys, keys])
        self._places = np.concatenate([self._places, places])
        self._documents = documents

    def _repeated(self) -> list[list[tuple[int, int, int]]]:
        """Return (document, slot start, slot length) of each frame that occurs often enough to be a form.

        Every headline has some forty slots and next to none recurs, so keys are first counted in
        coarse buckets, and only those of well-filled buckets are sorted.
        """
        bits = max(12, min(22, (len(self._keys) // 4).bit_length()))
        buckets = (self._keys >> np.uint64(64 - bits)).astype(np.int64)
        candidates = np.flatnonzero(np.bincount(buckets, minlength=1)[buckets] >= MIN_FILLERS)
        _, inverse, counts = np.unique(self._keys[candidates], return_inverse=True, return_counts=True)
        often = counts[inverse] >= MIN_FILLERS
        found: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        places = self._places[candidates][often].tolist()
        for frame, (document, start, length) in zip(inverse[often].tolist(), places, strict=True):
            found[frame].append((document, start, length))
        return list(found.values())


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


def _frames(documents: Indices, rows: list[list[int]]) -> tuple[_Hashes, NDArray[np.int32]]:
    """Return a key per (document, slot), and its (document, slot start, slot length)."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    fits = np.flatnonzero((lengths > MIN_FRAME_WORDS) & (lengths <= _MAX_FRAMED_WORDS))
    if not len(fits):
        return np.zeros(0, dtype=np.uint64), np.zeros((0, 3), dtype=np.int32)
    lengths = lengths[fits]
    prefixes, suffixes = _hashes([rows[d] for d in fits.tolist()], lengths)
    kept_keys, places = [], []
    for length in range(1, MAX_SLOT_WORDS + 1):
        keys, row, starts = _slots(prefixes, suffixes, lengths, length)
        kept_keys.append(keys)
        place = np.stack([documents[fits[row]], starts, np.full_like(row, length)], axis=1)
        places.append(place.astype(np.int32))
    return np.concatenate(kept_keys), np.concatenate(places)


def _hashes(rows: list[list[int]], lengths: NDArray[np.int64]) -> tuple[_Hashes, _Hashes]:
    """Return hashes of the words before and from each place on; (rows, longest + 1) each."""
    width = int(lengths.max())
    words = np.zeros((len(rows), width), dtype=np.uint64)
    words[np.arange(width) < lengths[:, None]] = np.concatenate(
        [np.asarray(row, dtype=np.uint64) for row in rows]
    )
    mixed = (words + np.uint64(1)) * _SPREAD
    mixed ^= mixed >> np.uint64(29)
    prefixes = np.zeros((len(rows), width + 1), dtype=np.uint64)
    suffixes = np.zeros((len(rows), width + 1), dtype=np.uint64)
    for place in range(width):
        prefixes[:, place + 1] = prefixes[:, place] * _STEP + mixed[:, place]
        back = width - 1 - place
        inside = back < lengths
        suffixes[inside, back] = suffixes[inside, back + 1] * _STEP + mixed[inside, back]
    return prefixes, suffixes


def _slots(
    prefixes: _Hashes, suffixes: _Hashes, lengths: NDArray[np.int64], length: int
) -> tuple[_Hashes, NDArray[np.int64], NDArray[np.int64]]:
    """Return all slots of this many words: the key of the frame that is left, the headline, the start."""
    starts = np.arange(max(int(lengths.max()) - length + 1, 0))
    keys = prefixes[:, : len(starts)] * _SPREAD
    keys += suffixes[:, length : length + len(starts)]
    keys += starts.astype(np.uint64)
    fits = (starts + length <= lengths[:, None]) & (lengths >= length + MIN_FRAME_WORDS)[:, None]
    rows, columns = np.nonzero(fits)
    return keys[fits], rows, columns
