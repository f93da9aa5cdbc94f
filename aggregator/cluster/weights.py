"""How much a shared word tells: document frequencies, counted once and kept. Pure.

A word in one headline of a thousand says much about what the headline is about; a word in every
third says little. Words that keep standing side by side ("Hong Kong", "pleads guilty") are one name
and tell once. The counts come from headlines of earlier days (learned by the store, frozen per day, so
that a day can be rebuilt) or, in the first days, from the shipped prior.
"""

import json
import math
import sys
import zlib
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from itertools import pairwise, repeat
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from aggregator.cluster.text import Stemmer
from aggregator.errors import InputError
from aggregator.model import Headline

MAX_TOKENS = 50_000
MAX_PAIRS = 20_000
STORY_HEADLINES = 2  # what a story counts, however many report it
_FORMAT = 2
_FORMAT_WITHOUT_PAIRS = 1
_CHANCE_PAIRS = 3.0  # headlines in which two words stand side by side without being a name …
_CHANCE_HEADLINES = 2.0  # … and in which a word of a name is expected without the others


@dataclass(frozen=True, slots=True)
class TokenWeights:
    """Document frequencies of stems in one language.

    `frequencies[token]` headlines of `documents` contained the token, `pairs["hong kong"]` the two stems
    side by side; all may be fractions once old counts have been faded.
    """

    documents: float = 0.0
    frequencies: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    pairs: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def weight(self, token: str) -> float:
        """Return the token's inverse document frequency in nats: ≥ 0, larger for rarer tokens."""
        return math.log((self.documents + 1.0) / (self.frequencies.get(token, 0.0) + 0.5) + 1.0)

    def names(self) -> dict[tuple[str, str], tuple[str, float]]:
        """Return, for two stems that make a name, the rarer one and how much of it the other foretells.

        The share, in (0, 1], is that of its headlines in which it stands beside the other, beyond chance.
        """
        found = {}
        for pair, together in self.pairs.items():
            one, _, other = pair.partition(" ")
            rarer = min((one, other), key=lambda token: (self.frequencies.get(token, 0.0), token))
            known = self.frequencies.get(rarer, 0.0)
            share = (together - _CHANCE_PAIRS) / (max(known, together) + _CHANCE_HEADLINES)
            if share > 0.0:
                found[one, other] = (rarer, share)
        return found

    def without_chance(self) -> "TokenWeights":
        """Return what a grouping needs of them: without pairs too seldom for a name, which are the most by far."""
        pairs = {pair: together for pair, together in self.pairs.items() if together > _CHANCE_PAIRS}
        return replace(self, pairs=MappingProxyType(pairs))

    @classmethod
    def learn(
        cls,
        stories: Iterable[Sequence[Headline]],
        *,
        language: str,
        previous: "TokenWeights | None" = None,
        fade: float = 0.9,
    ) -> "TokenWeights":
        """Count the tokens of past days' stories, each given as its headlines, on top of the `previous` counts.

        A story counts as two headlines, however many report it: neither are the words of yesterday's event
        common words, nor are two words that stood together in it a name. Previous counts are multiplied by
        `fade`, so that a word that was news last month becomes rare again; at most `MAX_TOKENS` tokens and
        `MAX_PAIRS` pairs are kept, the most frequent first.
        """
        before = previous or cls()
        tokens, pairs = _Counted(), _Counted()
        documents = 0.0
        stemmer = Stemmer(language)
        for story in stories:
            each = min(len(story), STORY_HEADLINES) / max(len(story), 1)
            for headline in story:
                documents += each
                stems = [tokens.number(token) for token in stemmer.tokens(headline.text)]
                tokens.add(set(stems), each)
                pairs.add({one << 32 | other for one, other in pairwise(stems) if one != other}, each)
        names = [*tokens.numbers]

        def pair_named(code: int) -> str:
            return f"{names[code >> 32]} {names[code & 0xFFFFFFFF]}"

        return cls(
            round(documents + before.documents * fade, 3),
            _faded(*tokens.totals(), names.__getitem__, before.frequencies, fade, MAX_TOKENS),
            _faded(*pairs.totals(), pair_named, before.pairs, fade, MAX_PAIRS),
        )

    def to_bytes(self) -> bytes:
        """Return the counts in a compact form that is the same for the same counts."""
        counts = [dict(sorted(counted.items())) for counted in (self.frequencies, self.pairs)]
        text = json.dumps([_FORMAT, self.documents, *counts], ensure_ascii=False, separators=(",", ":"))
        return zlib.compress(text.encode(), 9)

    @classmethod
    def from_bytes(cls, packed: bytes) -> "TokenWeights":
        """Read what `to_bytes` wrote, also before it knew of pairs.

        Raises:
            InputError: the bytes are not token weights of this format.
        """
        try:
            version, documents, *counts = json.loads(zlib.decompress(packed))
        except (zlib.error, ValueError) as error:
            raise InputError("these bytes are not token weights") from error
        if version not in (_FORMAT, _FORMAT_WITHOUT_PAIRS):
            raise InputError(f"token weights of format {version}, this version reads {_FORMAT}")
        # Most words are the same from day to day, and several days are held: one object for each word.
        named = ({sys.intern(name): count for name, count in counted.items()} for counted in counts)
        return cls(float(documents), *map(MappingProxyType, named))


class _Counted:
    """What was counted, and how much each time: sixteen bytes, as most pairs of words of a day are there once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._codes, self._counts = array("q"), array("d")

    def number(self, token: str) -> int:
        return self.numbers.setdefault(token, len(self.numbers))

    def add(self, codes: Collection[int], count: float) -> None:
        self._codes.extend(codes)
        self._counts.extend(repeat(count, len(codes)))

    def totals(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return each code once, with what it was counted in all, added up in the order of counting."""
        codes, places = np.unique(np.array(self._codes), return_inverse=True)
        totals: NDArray[np.float64] = np.bincount(
            places, np.array(self._counts), minlength=len(codes)
        ).astype(float)
        return codes, totals


def _faded(
    codes: NDArray[np.int64],
    counts: NDArray[np.float64],
    name_of: Callable[[int], str],
    previous: Mapping[str, float],
    fade: float,
    most: int,
) -> Mapping[str, float]:
    """Add the previous counts, faded, and keep the `most` frequent."""
    # What is new and not among the most frequent of today is not among those of all.
    least = np.partition(counts, -most)[-most] if len(counts) > most else 0.0
    named = ((name_of(code), count) for code, count in zip(codes.tolist(), counts.tolist(), strict=True))
    totals = {name: count for name, count in named if count >= least or name in previous}
    for name, count in previous.items():
        totals[name] = totals.get(name, 0.0) + count * fade
    kept = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:most]
    return MappingProxyType({name: round(count, 3) for name, count in kept})


@cache
def shipped_weights(language: str) -> TokenWeights:
    """Return the prior for a language tag such as "en-US"; empty where none is shipped.

    The tables in `prior/` count in how many headlines of public evaluation sets a stem occurs (no texts).
    A story counts as two headlines, however many report it, so that the names of its own events stay
    rare words; all counts are tripled, which says how firmly the prior stands against a day's own counts.
    No set counts for more than 800 headlines of its language in the English table, whose largest sets would
    otherwise make the names of their own weeks common words. Pairs are those of three stories and two sets at least.
    They serve until the store has counted its own.
    """
    name = language.casefold().replace("_", "-").split("-")[0]
    table = resources.files("aggregator.cluster") / "prior" / f"{name}.bin"
    if not name.isalpha() or not table.is_file():
        return TokenWeights()
    return TokenWeights.from_bytes(table.read_bytes())
