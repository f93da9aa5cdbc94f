"""Which story stands under which heading. Pure.

Sections are configured, in order; a story goes into the one that takes most of its articles, the first of equals.
"Trump presses Venezuela to dismiss agents from China, Russia and Iran" is about Venezuela: all its headlines
name that, some the others. A section takes a story

* by a word, if the headline that stands for it, or at least half of its headlines, has one,
* by an outlet, if at least half of its articles are by one of those named, or
* by a topic, if a feed of that topic brought one of its articles.

What no section took comes last, under a heading of its own. The story that dominates the day has its
own section in front of all: it has at least four independent outlets, and half as many again as any
other. A section without stories is left out. Where nothing is configured, all stories are one section without a heading.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.publish.issue import IssueStory, Section
from aggregator.publish.words import folded, has_unspaced
from aggregator.settings import SectionSettings

DOMINATING_OUTLETS = 4
DOMINATING_FACTOR = 1.5


@dataclass(frozen=True, slots=True)
class Headings:
    """What the sections beside the configured ones are called."""

    top: str
    other: str


def arrange(
    stories: Sequence[IssueStory], rules: Sequence[SectionSettings], headings: Headings
) -> tuple[Section, ...]:
    """Return the stories in sections; the order inside each is that given."""
    if not rules:
        return (Section("", tuple(stories)),) if stories else ()
    top = dominating(stories)
    found: list[tuple[str, list[IssueStory]]] = [(headings.top, [top] if top else [])]
    found += [(rule.title, []) for rule in rules]
    found.append((headings.other, []))
    patterns = [_word_pattern(rule.words) for rule in rules]
    for story in stories:
        if story is not top:
            taken = [_taken(rule, pattern, story) for rule, pattern in zip(rules, patterns, strict=True)]
            place = 1 + taken.index(max(taken)) if any(taken) else len(rules) + 1
            found[place][1].append(story)
    return tuple(Section(title, tuple(members)) for title, members in found if members)


def dominating(stories: Sequence[IssueStory]) -> IssueStory | None:
    """Return the story with clearly more independent outlets than any other, if there is one."""
    widest = sorted(stories, key=lambda story: -story.independent_outlets)
    if not widest or widest[0].independent_outlets < DOMINATING_OUTLETS:
        return None
    rival = widest[1].independent_outlets if len(widest) > 1 else 0
    return widest[0] if widest[0].independent_outlets >= DOMINATING_FACTOR * rival else None


def _taken(rule: SectionSettings, pattern: re.Pattern[str], story: IssueStory) -> int:
    """Return by how many of its articles a section takes a story: all for a topic, 0 if it does not take it."""
    articles = story.story.articles
    with_word = sum(pattern.search(folded(article.headline)) is not None for article in articles)
    outlets = {folded(outlet) for outlet in rule.outlets}
    by_outlet = sum(folded(article.outlet) in outlets for article in articles)
    if not set(rule.topics).isdisjoint(story.story.topics):
        return len(articles)
    most = max(with_word, by_outlet)
    is_taken = pattern.search(folded(story.headline)) is not None or 2 * most >= len(articles)
    return max(1, most) if is_taken else 0


def _word_pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Return what finds one of the words in folded text; of no words, nothing."""
    either = "|".join(_one_pattern(word) for word in words if folded(word))
    return re.compile(either or r"(?!)")


def _one_pattern(word: str) -> str:
    plain = folded(word)
    if has_unspaced(plain):
        return re.escape(plain)
    return rf"(?<!\w){re.escape(plain)}" + (r"\w*" if word.endswith("*") else r"(?!\w)")
