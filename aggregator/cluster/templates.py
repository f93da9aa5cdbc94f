"""Templates: frames of words that a day repeats around ever different fillers. Pure.

"Weather in Aldford on Friday", "Weather in Brackwell on Friday" … share all but one word and are
no story. A frame is what stays of a headline when one slot of up to six words is cut out; where at
least eight headlines fill the slot of one frame with words that have nothing in common, the frame
is a form, and its words say nothing about what happened. Headlines of one story also repeat each
other word for word, but their fillers overlap ("files for bankruptcy", "files bankruptcy papers").

Found with rolling hashes of prefixes and suffixes, so that a day costs one sort.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIN_FILLERS = 8
MIN_FRAME_WORDS = 4
MAX_SLOT_WORDS = 6
_MAX_FRAMED_WORDS = 30  # of one headline; forms are short

_Hashes = NDArray[np.uint64]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)


def form_words(
    documents: Sequence[tuple[str, ...]], ids: Sequence[Sequence[int]]
) -> dict[int, frozenset[str]]:
    """Return, for each headline that fills in a form, the words of the form.

    Args:
        documents: Stems of each headline, in order.
        ids: The same as numbers, equal for equal stems.
    """
    frames = _repeated_frames(ids)
    best: dict[int, tuple[int, int, frozenset[str]]] = {}
    for members in frames:
        fillers = {documents[d][start : start + length] for d, start, length in members}
        different = _disjoint(fillers)
        if different < MIN_FILLERS:
            continue
        for d, start, length in members:
            words = documents[d]
            form = frozenset(words[:start] + words[start + length :]) - set(words[start : start + length])
            best[d] = max(best.get(d, (0, 0, frozenset())), (different, len(form), form), key=_strength)
    return {d: form for d, (_, _, form) in best.items()}


def _strength(found: tuple[int, int, frozenset[str]]) -> tuple[int, int, list[str]]:
    return (found[0], found[1], sorted(found[2]))


def _disjoint(fillers: set[tuple[str, ...]]) -> int:
    """Count, in sorted order, the fillers that share no word with any before them."""
    seen: set[str] = set()
    count = 0
    for filler in sorted(fillers):
        count += seen.isdisjoint(filler)
        seen.update(filler)
    return count


def _repeated_frames(ids: Sequence[Sequence[int]]) -> list[list[tuple[int, int, int]]]:
    """Return (headline, slot start, slot length) of each frame that occurs often enough to be a form."""
    lengths = np.array([min(len(row), _MAX_FRAMED_WORDS) for row in ids], dtype=np.int64)
    fits = np.flatnonzero((lengths > MIN_FRAME_WORDS) & (lengths == [len(row) for row in ids]))
    if len(fits) < MIN_FILLERS:
        return []
    prefixes, suffixes = _hashes([ids[d] for d in fits.tolist()], lengths[fits])
    keys, places = _frames(prefixes, suffixes, lengths[fits])
    if not len(keys):
        return []
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    often = np.flatnonzero(counts[inverse] >= MIN_FILLERS)
    found: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for frame, (row, start, length) in zip(inverse[often].tolist(), places[often].tolist(), strict=True):
        found[frame].append((int(fits[row]), start, length))
    return list(found.values())


def _hashes(rows: Sequence[Sequence[int]], lengths: NDArray[np.int64]) -> tuple[_Hashes, _Hashes]:
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


def _frames(
    prefixes: _Hashes, suffixes: _Hashes, lengths: NDArray[np.int64]
) -> tuple[_Hashes, NDArray[np.int64]]:
    """Return a key per (headline, slot) that may be frequent, and its (headline, slot start, slot length).

    Every headline has some forty slots and next to none recurs, so keys are first counted in coarse
    buckets, and only those of well-filled buckets are kept.
    """
    bits = max(12, min(22, (8 * len(lengths)).bit_length()))
    filled = np.zeros(1 << bits, dtype=np.int64)
    for length in range(1, MAX_SLOT_WORDS + 1):
        keys, _, _ = _slots(prefixes, suffixes, lengths, length)
        filled += np.bincount(_bucket(keys, bits), minlength=len(filled))
    kept_keys, places = [], []
    for length in range(1, MAX_SLOT_WORDS + 1):
        keys, rows, starts = _slots(prefixes, suffixes, lengths, length)
        often = filled[_bucket(keys, bits)] >= MIN_FILLERS
        rows, starts = rows[often], starts[often]
        kept_keys.append(keys[often])
        places.append(np.stack([rows, starts, np.full_like(rows, length)], axis=1))
    return np.concatenate(kept_keys), np.concatenate(places)


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


def _bucket(keys: _Hashes, bits: int) -> NDArray[np.int64]:
    return (keys >> np.uint64(64 - bits)).astype(np.int64)
