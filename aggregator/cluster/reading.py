"""What is read off headlines, remembered between calls: words, stems, serials, likenesses.

A day is grouped again with every poll, and nearly all of its headlines were there before.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.cluster.sameness import are_few, places_before
from aggregator.cluster.series import SeriesSlot, series_of
from aggregator.cluster.similarity import Memory
from aggregator.cluster.text import Stemmer, surfaces_of
from aggregator.model import Headline

MAX_TEXTS = 200_000  # about 300 bytes each


@dataclass(frozen=True, slots=True)
class Reading:
    """`surfaces` are the words of `text` as written, found again when asked for, `tokens` their stems, `slot` the serial,
    if there is one."""

    text: str
    tokens: tuple[str, ...]
    slot: SeriesSlot | None

    @property
    def surfaces(self) -> tuple[str, ...]:
        return surfaces_of(self.text)


_UNREAD = Reading("", (), None)


@dataclass(frozen=True, slots=True)
class _Together:
    """Headlines that were read together, with their readings and the hash of the stems of each."""

    headlines: Sequence[Headline]
    readings: Sequence[Reading]
    said: NDArray[np.int64]


def _hashes(readings: Iterable[Reading]) -> NDArray[np.int64]:
    return np.array([hash(reading.tokens) for reading in readings], dtype=np.int64)


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
        self._last: dict[str, _Together] = {}
        self._memories: dict[str, Memory] = {}

    def memory(self, language: str) -> Memory:
        """Return what comparing headlines of `language` has come to so far."""
        return self._memories.setdefault(language, Memory())

    def read(self, text: str, language: str) -> Reading:
        """Return the reading of `text`, a headline in `language` (BCP 47)."""
        return self._known[language].get(text) or self._read(text, language)

    def read_each(self, headlines: Iterable[Headline], language: str) -> list[Reading]:
        """Return the reading of each headline, each looked up."""
        known = self._known[language]
        return [known.get(headline.text) or self._read(headline.text, language) for headline in headlines]

    def read_all(self, headlines: Sequence[Headline], language: str) -> Sequence[Reading]:
        """Return the reading of each headline; a day's cost little where they are known, or were asked for just now."""
        return self._read_together(headlines, language).readings

    def most_alike(self, headlines: Sequence[Headline], language: str) -> int:
        """Return how many of the headlines are the same word for word, at most; never less than there are."""
        said = self._read_together(headlines, language).said
        return int(np.unique(said, return_counts=True)[1].max(initial=0))

    def _read_together(self, headlines: Sequence[Headline], language: str) -> "_Together":
        last = self._last.get(language, _Together((), (), np.zeros(0, dtype=np.int64)))
        if headlines is last.headlines:
            return last
        if are_few(headlines, last.headlines):
            readings = self.read_each(headlines, language)
            return _Together(headlines, readings, _hashes(readings))
        places = places_before(headlines, last.headlines)
        known, new = np.flatnonzero(places >= 0), np.flatnonzero(places < 0)
        readings = [last.readings[place] if place >= 0 else _UNREAD for place in places.tolist()]
        for place in new.tolist():
            readings[place] = self.read(headlines[place].text, language)
        said = np.zeros(len(headlines), dtype=np.int64)
        said[known] = last.said[places[known]]
        said[new] = _hashes([readings[place] for place in new.tolist()])
        self._last[language] = _Together(headlines, readings, said)
        return self._last[language]

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
    return Reading(text, Stemmer(language).tokens(text), series_of(text))
