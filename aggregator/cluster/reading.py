"""What is read off headlines, remembered between calls: words, stems, serials, likenesses.

A day is grouped again with every poll, and nearly all of its headlines were there before.
"""

from dataclasses import dataclass

from aggregator.cluster.series import SeriesSlot, series_of
from aggregator.cluster.similarity import Memory
from aggregator.cluster.text import Stemmer, surfaces_of

MAX_TEXTS = 200_000  # about 1 kB each


@dataclass(frozen=True, slots=True)
class Reading:
    """`surfaces` are the words as written, `tokens` their stems, `slot` the serial, if there is one."""

    surfaces: tuple[str, ...]
    tokens: tuple[str, ...]
    slot: SeriesSlot | None


class Reader:
    """Reads headlines and remembers `max_texts` of them, those that came last; and what they were
    compared with, per language.

    Results do not depend on what is remembered. For one thread at a time.
    """

    def __init__(self, max_texts: int = MAX_TEXTS) -> None:
        self._max_texts = max_texts
        self._known: dict[tuple[str, str], Reading] = {}
        self._older: dict[tuple[str, str], Reading] = {}  # not asked for since `forget_unread`
        self._memories: dict[str, Memory] = {}

    def memory(self, language: str) -> Memory:
        """Return what comparing headlines of `language` has come to so far."""
        return self._memories.setdefault(language, Memory())

    def read(self, text: str, language: str) -> Reading:
        """Return the reading of `text`, a headline in `language` (BCP 47)."""
        place = (language, text)
        reading = self._known.get(place)
        if reading is None:
            reading = self._older.pop(place, None) or _reading(text, language)
            if len(self._known) >= self._max_texts:
                del self._known[next(iter(self._known))]
            self._known[place] = reading
        return reading

    def forget_unread(self) -> None:
        """Let go of what was not read since the last time that this was asked for."""
        self._older, self._known = self._known, {}


def _reading(text: str, language: str) -> Reading:
    surfaces = surfaces_of(text)
    return Reading(surfaces, Stemmer(language).stems(surfaces), series_of(text))
