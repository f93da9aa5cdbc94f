"""Every number that the grouping runs on, in one place, and the version they make. Pure.

Facts
-----
* Two days of as many headlines differ a hundredfold in how many pairs are one story: a topic's page is
  all coverage of a few events, of a country's whole day nine stories in ten are one headline. What is
  good evidence on the first is chance on the second, and no pair shows which day it is from.
* How many headlines stand alone (`mate`) tells the two apart without knowing a story, and does not
  depend on how many headlines there are.
"""

import math
import zlib
from dataclasses import dataclass, replace

import rapidfuzz

from aggregator.settings import ClusterSettings

_GENERATION = 9  # raised with every change of method that the numbers below do not show


@dataclass(frozen=True, slots=True)
class Rules:
    """Parameters of the grouping; similarities in [0, 1]. One set serves every feed and language."""

    line: float = 0.034  # groups join while their mean similarity, adjusted, is at least this
    continuation_factor: float = 2.8  # times the line: where a group continues a story of days before
    continuation_size_power: float = 0.4  # in place of `size_power` there
    google_weight: float = 0.3  # similarity that being listed together in all polls adds
    apart_weight: float = 2.0  # similarity that being listed apart in all polls takes
    polls_unsure: float = 0.5  # polls that say nothing, so that one is a little less sure than many
    copy_share: float = 0.8  # of all their words in common: a copy, whatever Google's lists say
    near_line: float = 0.75  # a refusal is recorded from this share of the line on
    max_refusals: int = 3  # recorded per article
    untold: float = 3.5  # what a headline leaves unsaid, in words of the rarest kind
    single_word_discount: float = 0.65  # share of the heaviest common word that does not count
    lone_word_share: float = 0.2  # of the heaviest common word that counts where it is the only one
    full_coherence: float = 0.05  # from here on a word counts fully
    expected_coherence: float = 0.012  # of a word about which little is known …
    coherence_pairs: float = 3.0  # … as if seen in this many pairs
    least_factor: float = 0.3  # what an incoherent word still counts
    coherence_bands: int = 3  # steps of its factor from there to 1
    size_power: float = 0.28  # agreement of many pairs is firmer: times min(pairs, pairs_full) ** power
    pairs_full: int = 256
    contrast: float = 0.5  # of its inner agreement; groups that agree less with each other count less
    usual_size: int = 300  # headlines of a day for which the line is meant, and fewer
    crowd_power: float = 0.3  # more headlines, more chance likeness: line times (n / usual) ** power
    crowd_doublings: int = 3  # of the usual size, from which on …
    throng_power: float = (
        0.1  # … it rises by this power: most of what is alike by chance is ruled out by then
    )
    mate: float = 0.06  # a headline that agrees with no other as much as this stands alone
    usual_lone: float = 0.5  # share of headlines that do on a day for which the line is meant
    usual_count: int = 20  # headlines of a usual day that stand in for what a small one does not show
    lone_steps: int = 32  # of that share, so that the line seldom moves
    most_odds: float = 8.0  # against a join, as against those of a usual day, that are told apart
    contrast_power: float = 0.33  # the contrast rises with these odds to this power
    comparisons_per_headline: int = 1_000
    overlap_share: float = 0.25  # of the line; pairs whose telling words have less in common are not compared
    floor_share: float = 0.12  # of the line; lesser similarities count as none

    def line_for(self, headlines: int) -> float:
        """Return the line for a set of this many headlines; it moves only where they double."""
        doublings = max(round(math.log2(max(headlines, 1) / self.usual_size)), 0)
        crowd = min(doublings, self.crowd_doublings)
        return float(self.line * 2.0 ** (crowd * self.crowd_power + (doublings - crowd) * self.throng_power))

    def suited_to(self, headlines: int, lone: int) -> "Rules":
        """Return the rules for a day of this many headlines, of which `lone` stand alone.

        The more of them stand alone, the longer the odds against any join, and the smaller the stories
        to be expected: line and contrast rise with the odds, and size makes agreement less firm.
        """
        seen = (lone + self.usual_count * self.usual_lone) / (headlines + self.usual_count)
        share = min(round(seen * self.lone_steps), self.lone_steps - 1) / self.lone_steps
        odds = share / (1.0 - share) * (1.0 - self.usual_lone) / self.usual_lone
        odds = min(max(odds, 1.0), self.most_odds)
        return replace(
            self,
            line=self.line_for(headlines) * odds,
            contrast=self.contrast * odds**self.contrast_power,
            size_power=self.size_power * (1.0 - share) / (1.0 - self.usual_lone),
        )

    def for_continuation(self, headlines: int) -> "Rules":
        """Return the rules for continuing a story of days before, among this many headlines."""
        line = self.continuation_factor * self.line_for(headlines)
        return replace(self, line=line, size_power=self.continuation_size_power)

    @property
    def version(self) -> str:
        """A short name that changes whenever a result could."""
        rapidfuzz_minor = ".".join(rapidfuzz.__version__.split(".")[:2])
        return f"{_GENERATION}-{zlib.crc32(repr(self).encode()):08x}-rapidfuzz{rapidfuzz_minor}"


RULES = Rules()
DEFAULT_SETTINGS = ClusterSettings()
RULES_VERSION = RULES.version
