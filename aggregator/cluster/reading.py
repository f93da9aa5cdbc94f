"""What is read off headlines, remembered between calls: words, stems, serials, likenesses.

A day is grouped again with every poll, and nearly all of its headlines were there before.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from sys import intern

import numpy as np

from aggregator.cluster.sameness import places_before
from aggregator.cluster.series import SeriesSlot, series_of
from aggregator.cluster.similarity import Memory
from aggregator.cluster.text import Stemmer, surfaces_of
from aggregator.model import Headline

MAX_TEXTS = 200_000  # about 400 bytes each


@dataclass(frozen=True, slots=True)
class Reading:
    """`surfaces` are the words as written, with their hash, `tokens` their stems, `slot` the serial, if there is one."""

    surfaces: tuple[str, ...]
    surfaces_hash: int
    tokens: tuple[str, ...]
    slot: SeriesSlot | None


class Reader:
    """Reads headlines and remembers `max_texts` of them in each language, those that came last; and what they were
    compared with, per language.

    Results do not depend on what is remembered. For one thread at a time.
    """

    def __init__(self, max_texts: int = MAX_TEXTS) -> None:
        self._max_texts = max_texts
        self._known: defaultdict[str, dict[str, Reading]] = defaultdict(dict)
        self._older: defaultdict[str, dict[str, Reading]] = defaultdict(
            dict
        )  # not read since `forget_unread`
        self._last: dict[str, tuple[Sequence[Headline], Sequence[Reading]]] = {}
        self._memories: dict[str, Memory] = {}

    def memory(self, language: str) -> Memory:
        """Return what comparing headlines of `language` has come to so far."""
        return self._memories.setdefault(language, Memory())

    def read(self, text: str, language: str) -> Reading:
        """Return the reading of `text`, a headline in `language` (BCP 47)."""
        return self._known[language].get(text) or self._read(text, language)

    def read_all(self, headlines: Sequence[Headline], language: str) -> Sequence[Reading]:
        """Return the reading of each headline; a day's cost little where they are known, or were asked for just now."""
        before, known = self._last.get(language, ((), ()))
        if headlines is before:
            return known
        if len(headlines) * 4 < len(before):  # a few are looked up sooner than compared
            return [self.read(headline.text, language) for headline in headlines]
        places = places_before(headlines, before)
        if not len(known):
            read = [self.read(headline.text, language) for headline in headlines]
        else:
            read = list(map(known.__getitem__, places.tolist()))
            for place in np.flatnonzero(places < 0).tolist():
                read[place] = self.read(headlines[place].text, language)
        self._last[language] = (headlines, read)
        return read

    def _read(self, text: str, language: str) -> Reading:
        reading = self._older[language].pop(text, None) or _reading(text, language)
        known = self._known[language]
        if len(known) >= self._max_texts:
            del known[next(iter(known))]
        known[text] = reading
        return reading

    def forget_unread(self) -> None:
        """Let go of what was not read since the last time that this was asked for."""
        self._older, self._known = self._known, defaultdict(dict)
        self._last.clear()


def _reading(text: str, language: str) -> Reading:
    surfaces = tuple(map(intern, surfaces_of(text)))  # a word is in many headlines
    return Reading(surfaces, hash(surfaces), Stemmer(language).stems(surfaces), series_of(text))
