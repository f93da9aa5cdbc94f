"""An issue without traps: what every renderer of this package is given. Pure.

Facts
-----
* Feed text reaches a digest as it was stored. Controls, lone surrogates and bidi overrides break XML or
  the reader's eye in any format, so they go once, here, and not in each renderer.
* Escaping does nothing for an address: `javascript:…` needs no angle bracket. An address that is no
  absolute http(s) one is None from here on, also in a template that a user wrote.

Escaping itself stays with the format: a quote that is harmless in JSON ends an attribute in HTML.
"""

from dataclasses import fields, replace
from functools import cache

from aggregator.model import DigestArticle, DigestDay, DigestStory
from aggregator.publish.issue import Issue, IssueStory, OutletReports, Section
from aggregator.publish.text import safe_url, scrub

NAMELESS = "—"
"""Stands for a text of which nothing can be shown."""


class CleanIssue(Issue):
    """An issue that has been through `cleaned`, so that it need not go again for every format."""

    __slots__ = ()


def cleaned(issue: Issue) -> CleanIssue:
    """Return the issue with every feed text scrubbed, every address safe or None.

    Headlines, outlets and titles are not empty afterwards; a section may be without a title. A fixed
    point. Cost: about half a second for 1,000 stories; nothing for an issue that is clean.
    """
    return issue if isinstance(issue, CleanIssue) else _Cleaner().issue(issue)


class _Cleaner:
    """Cleans one issue, and once only what comes up again: day, story and reports share their articles."""

    def __init__(self) -> None:
        self._text = cache(lambda text: scrub(text) or NAMELESS)
        self._address = cache(safe_url)
        self._article = cache(self._new_article)
        self._story = cache(self._new_story)

    def issue(self, issue: Issue) -> CleanIssue:
        as_it_was = {field.name: getattr(issue, field.name) for field in fields(issue)}
        clean = {
            "day": self._day(issue.day),
            "title": self._text(issue.title),
            "date_text": scrub(issue.date_text),
            "dek": scrub(issue.dek),
            "opening": scrub(issue.opening),
            "sections": tuple(
                Section(scrub(section.title), tuple(map(self._shown, section.stories)))
                for section in issue.sections
            ),
            "also_title": self._text(issue.also_title),
            "also": tuple(map(self._shown, issue.also)),
        }
        return CleanIssue(**as_it_was | clean)

    def _day(self, day: DigestDay) -> DigestDay:
        return replace(
            day,
            title=self._text(day.title),
            stories=tuple(map(self._story, day.stories)),
            source_urls=tuple(filter(None, map(self._address, day.source_urls))),
        )

    def _shown(self, story: IssueStory) -> IssueStory:
        return replace(
            story,
            story=self._story(story.story),
            headline=self._text(story.headline),
            link=self._address(story.link),
            reports=tuple(
                OutletReports(
                    self._text(report.outlet),
                    tuple(map(self._article, report.articles)),
                    tuple(map(self._article, report.repeats)),
                )
                for report in story.reports
            ),
            status=scrub(story.status),
            facts=scrub(story.facts),
            neighbours=scrub(story.neighbours),
            fact=scrub(story.fact),
            fact_source=story.fact_source and self._article(story.fact_source),
            also_by=scrub(story.also_by),
            tags=tuple(filter(None, map(scrub, story.tags))),
        )

    def _new_story(self, story: DigestStory) -> DigestStory:
        return replace(
            story,
            headline=self._text(story.headline),
            articles=tuple(map(self._article, story.articles)),
            series=_optional(story.series),
            serial=_optional(story.serial),
            previous_issue=_optional(story.previous_issue),
            next_issue=_optional(story.next_issue),
            new_words=tuple(filter(None, map(scrub, story.new_words))),
        )

    def _new_article(self, article: DigestArticle) -> DigestArticle:
        return replace(
            article,
            headline=self._text(article.headline),
            outlet=self._text(article.outlet),
            link=self._address(article.link),
            summary=_optional(article.summary),
            outlet_host=_optional(article.outlet_host),
            feed_link=self._address(article.feed_link),
        )


def _optional(text: str | None) -> str | None:
    return scrub(text or "") or None
