"""An issue: one dated digest, composed and ready to be rendered in any format. Values only.

`compose` makes it from a `DigestDay`; every renderer takes it and decides nothing about news any more:
what comes first, what belongs to which section, how it is said in the digest's language is all here.
All texts are plain and scrubbed; each format escapes them its own way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aggregator.model import DayCount, DigestArticle, DigestDay, DigestStory


@dataclass(frozen=True, slots=True)
class OutletReports:
    """What one outlet has in a story, in order of appearance; at least one article.

    `repeats` are further links under a headline that it has already (but for case and stops): nobody wants to read
    them, and data has them.
    """

    outlet: str
    articles: tuple[DigestArticle, ...]
    repeats: tuple[DigestArticle, ...] = ()

    @property
    def all_articles(self) -> tuple[DigestArticle, ...]:
        return self.articles + self.repeats


@dataclass(frozen=True, slots=True)
class IssueStory:
    """One story as the reader meets it.

    `headline` and `link` are those of the member that was chosen to stand for the story. `facts` is one
    line in the digest's language: status, first seen, outlets and how many of them are independent.
    `neighbours` names the previous and next issue of a series, or is empty. `coverage` counts the
    articles first seen in each local hour of the day, from midnight (23 to 25 numbers). `week` has seven
    days, those without the story too.

    `fact` is the story in one sentence, a headline or a sentence of a feed's description, word for
    word: what the key-events style prints instead of the headline and the outlets. It is from `fact_source`;
    `also_by` names who else reports the story ("also A, B and 3 others"), or is empty. `tags` are names and
    rare words of its headlines.
    """

    story: DigestStory
    anchor: str  # unique in the issue, letters, digits and hyphens: "story-412"
    headline: str
    link: str | None
    reports: tuple[OutletReports, ...]
    independent_outlets: int
    status: str
    facts: str
    neighbours: str
    coverage: tuple[int, ...]
    week: tuple[DayCount, ...]
    fact: str = ""
    fact_source: DigestArticle | None = None
    also_by: str = ""
    tags: tuple[str, ...] = ()

    @property
    def outlets(self) -> int:
        return len(self.reports)


@dataclass(frozen=True, slots=True)
class Section:
    """Stories under one heading, in their order; never empty."""

    title: str
    stories: tuple[IssueStory, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """One dated digest of one topic, whole.

    `title` has the day's number if one is configured; `dek` is one sentence with the counts; `opening`
    is the line in front of the stories ("Here is where things stand on Wednesday, 7 January 2026:").
    `also` are the stories of one outlet that stand in the compact list at the end, under `also_title`.
    `language` is BCP 47 and `date_text` the day in words of that language. In the key-events style
    (`is_key_events`) a story is printed as one bullet: its `fact`, the outlet of `fact_source`, `also_by`.
    `base_url` is where the digest's files are published, or "".
    """

    day: DigestDay
    stem: str  # file name without ending: "2026-01-07-world", "2026-01-07-world-addendum"
    language: str
    title: str
    date_text: str
    dek: str
    opening: str
    sections: tuple[Section, ...]
    also_title: str
    also: tuple[IssueStory, ...]
    phrases: "Phrases"
    is_key_events: bool = False
    base_url: str = ""

    @property
    def date(self) -> date:
        return self.day.day

    @property
    def stories(self) -> Sequence[IssueStory]:
        """Every story of the issue once, in reading order."""
        return [story for section in self.sections for story in section.stories] + list(self.also)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Fixed words a renderer needs, in the digest's language."""

    contents: str  # "Contents"
    feeds: str  # "Feeds"
    reported_by: str  # "Reported by"
    first_seen: str  # "first seen"
    coverage: str  # "Articles by hour"
    week: str  # "The last seven days"
    no_stories: str  # "No stories on this day."
    read_at: str  # "Read at {outlet}"
