"""What a feed's first document comes to: how much of it, and which days it belongs to. Pure.

The numbers of a first poll surprise people: a feed holds a window of days, a Google feed lists several
headlines an entry, and only some of it is news of today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from aggregator.model import DatedArticle, ParsedFeed
from aggregator.schedule import LATE_DAYS


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Counts of one document: `groups` are entries of several headlines, `undated` headlines count as today's.

    `of_today`, `of_late_days` (the three days before) and `older` add up to `headlines`.
    """

    today: date
    entries: int
    groups: int
    headlines: int
    outlets: int
    of_today: int
    of_late_days: int
    older: int
    undated: int

    def __str__(self) -> str:
        groups = f", {self.groups} of them groups," if self.groups else ""
        parts = [f"{self.of_today} of today ({self.today})"]
        if self.undated:
            parts[0] += f", {self.undated} of them without a date"
        if self.of_late_days:
            parts.append(f"{self.of_late_days} of the {LATE_DAYS} days before")
        if self.older:
            parts.append(f"{self.older} older, kept for search but too late for a digest")
        return f"{self.entries} entries{groups} with {self.headlines} headlines: {'; '.join(parts)}"


def arrivals_of(parsed: ParsedFeed, articles: Sequence[DatedArticle], today: date) -> Arrivals:
    """Count a document's articles; `today` is the local day of the poll."""
    first_late = today - timedelta(days=LATE_DAYS)
    return Arrivals(
        today=today,
        entries=len(parsed.entries),
        groups=sum(len(entry.headlines) > 1 for entry in parsed.entries),
        headlines=len(articles),
        outlets=len({article.draft.outlet for article in articles}),
        of_today=sum(article.day >= today for article in articles),
        of_late_days=sum(first_late <= article.day < today for article in articles),
        older=sum(article.day < first_late for article in articles),
        undated=sum(article.draft.published is None for article in articles),
    )
