"""What the ledger told the last time, by what it was told from.

A day of 50,000 headlines has as many decisions, and a poll changes a few hundred: the others are found here
instead of being worded again. No result depends on it.
"""

from collections.abc import Iterable

from aggregator.cluster.weights import TokenWeights
from aggregator.model import Decision, Verdict

# Key and text of the article, of its partner; verdict, rule, score; alike, members, together, possible; line.
Figures = tuple[str, str, str, str, Verdict, str, float, int, int, int, int, float]


class Decided:
    """The decisions of the last grouping in one language. For one thread at a time.

    `words` are those that two texts were found to share, the rarest first; a score changes more often.
    """

    def __init__(self, weights: TokenWeights) -> None:
        self.weights = weights
        self.known: dict[Figures, Decision] = {}
        self.words: dict[tuple[str, str], tuple[str, ...]] = {}

    def keep(self, told: Iterable[tuple[Figures, Decision]]) -> None:
        """Remember these and no others."""
        self.known = dict(told)
        self.words = {(figures[1], figures[3]): told.words for figures, told in self.known.items()}
