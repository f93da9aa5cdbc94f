"""How much a shared word tells: document frequencies, counted once and kept. Pure.

A word in one headline of a thousand says much about what the headline is about; a word in every
third says little. The counts come from headlines of earlier days (learned by the store, frozen
per day, so that a day can be rebuilt) or, in the first days, from the shipped prior.
"""

import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType

from aggregator.cluster.text import Stemmer
from aggregator.errors import InputError
from aggregator.model import Headline

MAX_TOKENS = 50_000
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class TokenWeights:
    """Document frequencies of stems in one language.

    `frequencies[token]` headlines of `documents` contained the token; both may be fractions once
    old counts have been faded.
    """

    documents: float = 0.0
    frequencies: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def weight(self, token: str) -> float:
        """Return the token's inverse document frequency in nats: ≥ 0, larger for rarer tokens."""
        return math.log((self.documents + 1.0) / (self.frequencies.get(token, 0.0) + 0.5) + 1.0)

    @classmethod
    def learn(
        cls,
        headlines: Iterable[Headline],
        *,
        language: str,
        previous: "TokenWeights | None" = None,
        fade: float = 0.9,
    ) -> "TokenWeights":
        """Count the tokens of one day's headlines on top of the `previous` counts.

        Previous counts are multiplied by `fade`, so that a word that was news last month becomes
        rare again; at most `MAX_TOKENS` tokens are kept, the most frequent first.
        """
        counts: Counter[str] = Counter()
        documents = 0
        stemmer = Stemmer(language)
        for headline in headlines:
            documents += 1
            counts.update(set(stemmer.tokens(headline.text)))
        totals = {token: float(count) for token, count in counts.items()}
        for token, count in (previous.frequencies if previous else {}).items():
            totals[token] = totals.get(token, 0.0) + count * fade
        kept = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:MAX_TOKENS]
        before = previous.documents * fade if previous else 0.0
        return cls(documents + before, MappingProxyType({token: round(count, 3) for token, count in kept}))

    def to_bytes(self) -> bytes:
        """Return the counts in a compact form that is the same for the same counts."""
        ordered = sorted(self.frequencies.items())
        text = json.dumps([_FORMAT, self.documents, dict(ordered)], ensure_ascii=False, separators=(",", ":"))
        return zlib.compress(text.encode(), 9)

    @classmethod
    def from_bytes(cls, packed: bytes) -> "TokenWeights":
        """Read what `to_bytes` wrote.

        Raises:
            InputError: the bytes are not token weights of this format.
        """
        try:
            version, documents, frequencies = json.loads(zlib.decompress(packed))
        except (zlib.error, ValueError) as error:
            raise InputError("these bytes are not token weights") from error
        if version != _FORMAT:
            raise InputError(f"token weights of format {version}, this version reads {_FORMAT}")
        return cls(float(documents), MappingProxyType(dict(frequencies)))


@cache
def shipped_weights(language: str) -> TokenWeights:
    """Return the prior for a language tag such as "en-US"; empty where none is shipped.

    The tables in `prior/` count in how many headlines of public evaluation sets a stem occurs (no texts).
    A story counts as two headlines, however many report it, so that the names of its own events stay
    rare words; all counts are tripled, which says how firmly the prior stands against a day's own counts.
    They serve until the store has counted its own.
    """
    name = language.casefold().replace("_", "-").split("-")[0]
    table = resources.files("aggregator.cluster") / "prior" / f"{name}.bin"
    if not name.isalpha() or not table.is_file():
        return TokenWeights()
    return TokenWeights.from_bytes(table.read_bytes())
