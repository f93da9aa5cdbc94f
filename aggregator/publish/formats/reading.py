"""What several formats show of a story and have to choose the same way. Pure."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aggregator.publish.issue import Issue, IssueStory
from aggregator.publish.language import language_of
from aggregator.publish.text import shorten

STANDFIRST_LIMIT: Final = 300  # characters


def shown_words(issue: Issue, story: IssueStory) -> str:
    """Return the words that stand for a story: its sentence in the key-events style, else its headline."""
    return (issue.is_key_events and story.fact) or story.headline


class Standfirst(NamedTuple):
    """The words of an outlet under a headline, shortened, and whose they are."""

    text: str
    outlet: str


class Carrier(NamedTuple):
    """An outlet that runs a headline, and where."""

    outlet: str
    link: str | None


class Wording(NamedTuple):
    """One headline of a story and every outlet that runs it in these very words."""

    headline: str
    carriers: Sequence[Carrier]


def wordings(story: IssueStory) -> list[Wording]:
    """Return the story's headlines, its own first, the others in order of appearance.

    Headlines that differ in case and punctuation alone are one, as first seen; an outlet that runs one twice
    is named once.
    """
    found: dict[str, tuple[str, dict[str, Carrier]]] = {_folded(story.headline): (story.headline, {})}
    for report in story.reports:
        for article in report.articles:
            _, carriers = found.setdefault(_folded(article.headline), (article.headline, {}))
            known = carriers.get(report.outlet)
            if known is None or known.link is None:
                carriers[report.outlet] = Carrier(report.outlet, article.link)
    return [Wording(headline, tuple(carriers.values())) for headline, carriers in found.values() if carriers]


def unshown(issue: Issue, story: IssueStory, shown: int) -> str:
    """Return who else reports, beside those of the story's first `shown` headlines; "+ 2" for headlines of the same."""
    told = wordings(story)
    named = {carrier.outlet for wording in told[:shown] for carrier in wording.carriers}
    others = dict.fromkeys(carrier.outlet for wording in told[shown:] for carrier in wording.carriers)
    outlets = [outlet for outlet in others if outlet not in named]
    if not outlets:
        return f"+ {len(told) - shown}"
    language = language_of(issue.language)
    text = language.say("also_by", names=language.names(outlets))
    return text[0].upper() + text[1:]


def _folded(headline: str) -> str:
    return re.sub(r"[\W_]+", "", headline.casefold()) or headline


def standfirst(story: IssueStory) -> Standfirst | None:
    """Return the description that came with the story's headline, else the first that any article has.

    None when no article has one that says more than the headline.
    """
    articles = [(article, report.outlet) for report in story.reports for article in report.articles]
    articles.sort(key=lambda pair: (pair[0].headline, pair[0].link) != (story.headline, story.link))
    for article, outlet in articles:
        summary = article.summary or ""
        if len(summary) > len(article.headline) and not summary.startswith(article.headline):
            return Standfirst(shorten(summary, STANDFIRST_LIMIT), outlet)
    return None


def host(url: str) -> str:
    """Return the host of an address, without "www."."""
    return urlsplit(url).netloc.removeprefix("www.")
