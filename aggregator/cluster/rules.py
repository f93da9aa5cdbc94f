"""Every number that the grouping runs on, in one place, and the version they make. Pure."""

import zlib
from dataclasses import dataclass

import rapidfuzz

from aggregator.settings import ClusterSettings

_GENERATION = 1  # raised with every change of method that the numbers below do not show


@dataclass(frozen=True, slots=True)
class Rules:
    """Parameters of the grouping; similarities in [0, 1]. One set serves every feed and language."""

    line: float = 0.16  # groups join while their mean similarity is at least this
    continuation_line: float = 0.22  # a day group continues a story of the days before from here on
    google_weight: float = 0.5  # similarity that a certain co-listing adds
    near_line: float = 0.75  # a refusal is recorded from this share of the line on
    max_refusals: int = 3  # recorded per article

    @property
    def version(self) -> str:
        """A short name that changes whenever a result could."""
        rapidfuzz_minor = ".".join(rapidfuzz.__version__.split(".")[:2])
        return f"{_GENERATION}-{zlib.crc32(repr(self).encode()):08x}-rapidfuzz{rapidfuzz_minor}"


RULES = Rules()
DEFAULT_SETTINGS = ClusterSettings()
RULES_VERSION = RULES.version
