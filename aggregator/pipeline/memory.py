"""What groupings of one store keep for the next one, so that a poll costs what it brought. Results do not depend on it.

For one store and one thread at a time: whoever groups holds the store's `regrouping`.
"""

from dataclasses import dataclass, field
from datetime import date

from aggregator.cluster import Reader, TokenWeights
from aggregator.store.day_articles import DayArticles
from aggregator.store.grouped_days import SavedDay
from aggregator.store.stories import KnownDay

MAX_DAYS = 8  # of any language, those that were used last


@dataclass(slots=True)
class DayMemory:
    """One (day, language): its articles, its stories, and what was written of it."""

    articles: DayArticles = field(default_factory=DayArticles)
    stories: KnownDay | None = None
    saved: SavedDay | None = None


class GroupingMemory:
    """The last days that were grouped, and what their words came to."""

    def __init__(self) -> None:
        self.reader = Reader()
        self._days: dict[tuple[date, str], DayMemory] = {}
        self._weights: dict[bytes, TokenWeights] = {}
        self._today: date | None = None

    def turn_to(self, today: date) -> None:
        """Forget, when a new day has begun, the words of headlines that the last one had no use for."""
        if today != self._today:
            self._today = today
            self.reader.forget_unread()

    def day(self, day: date, language: str) -> DayMemory:
        found = self._days.pop((day, language), None) or DayMemory()
        while len(self._days) >= MAX_DAYS:
            del self._days[next(iter(self._days))]
        self._days[day, language] = found
        return found

    def weights(self, packed: bytes) -> TokenWeights:
        """Unpack token weights, as far as groupings need them; the same object for the same bytes."""
        found = self._weights.pop(packed, None) or TokenWeights.from_bytes(packed).without_chance()
        while len(self._weights) >= MAX_DAYS:
            del self._weights[next(iter(self._weights))]
        self._weights[packed] = found
        return found
