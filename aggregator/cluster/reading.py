"""What is read off headlines, remembered between calls: words, stems, serials, likenesses.

A day is grouped again with every poll, and nearly all of its headlines were there before.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aggregator.cluster.series import SeriesSlot, series_of
from aggregator.cluster.similarity import Memory
from aggregator.cluster.text import Stemmer, surfaces_of
from aggregator.model import Headline
from aggregator.sameness import Since, are_few

MAX_TEXTS = 200_000  # about 300 bytes each
_NEVER = float("inf")


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


@dataclass(frozen=True, slots=True)
class Readings:
    """Headlines that were read together, and what was read off each.

    `said` are hashes of their stems, `seconds` their times since 1970, infinity where there is none. `since` tells where
    each stands among the headlines that were read together before; `are_in_order` that their keys ascend.
    """

    headlines: Sequence[Headline]
    each: list[Reading]
    tokens: list[tuple[str, ...]]
    slots: list[SeriesSlot | None]
    said: NDArray[np.int64]
    seconds: NDArray[np.float64]
    since: Since
    are_in_order: bool

    @classmethod
    def of(cls, headlines: Sequence[Headline], each: list[Reading]) -> Self:
        tokens = [reading.tokens for reading in each]
        return cls(
            headlines=headlines,
            each=each,
            tokens=tokens,
            slots=[reading.slot for reading in each],
            said=np.array([hash(stems) for stems in tokens], dtype=np.int64),
            seconds=np.array(
                [_NEVER if h.at is None else h.at.timestamp() for h in headlines], dtype=np.float64
            ),
            since=Since.of(headlines, ()),
            are_in_order=_ascend(headlines, range(1, len(headlines))),
        )

    def followed_by(self, headlines: Sequence[Headline], since: Since, fresh: "Readings") -> "Readings":
        """Return the readings of `headlines`, most of which are `since` these; `fresh` are those of the others."""
        return Readings(
            headlines,
            since.carried(self.each, fresh.each),
            since.carried(self.tokens, fresh.tokens),
            since.carried(self.slots, fresh.slots),
            since.carried_numbers(self.said, fresh.said),
            since.carried_numbers(self.seconds, fresh.seconds),
            since,
            self._stays_in_order(headlines, since),
        )

    def _stays_in_order(self, headlines: Sequence[Headline], since: Since) -> bool:
        """Return whether keys ascend; those of two neighbours that were there before do, if they did and none overtook another."""
        stayed = since.places[since.places >= 0]
        if not self.are_in_order or np.any(np.diff(stayed) <= 0):
            return _ascend(headlines, range(1, len(headlines)))
        beside = np.concatenate([since.came, since.came + 1])
        return _ascend(headlines, beside[(beside > 0) & (beside < len(headlines))].tolist())

    @property
    def most_alike(self) -> int:
        """How many of the headlines are the same word for word, at most; never less than there are."""
        return int(np.unique(self.said, return_counts=True)[1].max(initial=0))


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
        self._last: dict[str, Readings] = {}
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

    def read_all(self, headlines: Sequence[Headline], language: str) -> Readings:
        """Return the readings of the headlines; a day's cost little where they are known, or were asked for just now."""
        last = self._last.get(language) or self._read_afresh((), language)
        if headlines is last.headlines:
            return last
        if are_few(headlines, last.headlines):
            return self._read_afresh(headlines, language)
        since = Since.of(headlines, last.headlines)
        fresh = self._read_afresh([headlines[place] for place in since.came.tolist()], language)
        self._last[language] = last.followed_by(headlines, since, fresh)
        return self._last[language]

    def _read_afresh(self, headlines: Sequence[Headline], language: str) -> Readings:
        return Readings.of(headlines, self.read_each(headlines, language))

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


def _ascend(headlines: Sequence[Headline], places: Iterable[int]) -> bool:
    """Return whether the key at each of these places is greater than the one before it."""
    return all(headlines[place - 1].key < headlines[place].key for place in places)


def _reading(text: str, language: str) -> Reading:
    return Reading(text, Stemmer(language).tokens(text), series_of(text))
