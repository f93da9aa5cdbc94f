"""An issue as one JSON document for programs. Pure.

    2026-01-07-world.json

`digest.schema.json` beside this module describes it. Within one `version` keys may be added; none goes,
and none changes its meaning.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from aggregator.errors import PublishError
from aggregator.model import DayCount, DigestArticle, RenderedFile
from aggregator.publish.issue import Issue, IssueStory

VERSION: Final = 1
SCHEMA: Final = Path(__file__).with_name("digest.schema.json")

Document: TypeAlias = dict[str, Any]


def render_json(issue: Issue) -> tuple[RenderedFile, ...]:
    """Return the one document of an issue, UTF-8, indented by a space."""
    text = json.dumps(document_of(issue), ensure_ascii=False, indent=1) + "\n"
    return (RenderedFile(f"{issue.stem}.json", text),)


def verify_json(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Parse the document back and compare it with the issue.

    Raises:
        PublishError: it is not JSON or says something else; names the file.
    """
    for file in files:
        try:
            document = json.loads(file.text)
        except ValueError as error:
            raise PublishError(f"{file.path}: not JSON: {error}") from error
        if document != document_of(issue):
            raise PublishError(f"{file.path}: does not give the issue back")


def document_of(issue: Issue) -> Document:
    """Return the document as Python values; keys in the order in which they are written."""
    day = issue.day
    return {
        "version": VERSION,
        "topic": day.topic,
        "day": day.day.isoformat(),
        "timezone": day.timezone,
        "number": day.number,
        "is_addendum": day.is_addendum,
        "language": issue.language,
        "title": issue.title,
        "date_text": issue.date_text,
        "dek": issue.dek,
        "opening": issue.opening,
        "sources": list(day.source_urls),
        "week": [_count(count) | {"stories": count.stories} for count in day.week],
        "sections": [
            {"title": section.title, "stories": list(map(_story, section.stories))}
            for section in issue.sections
        ],
        "also": {"title": issue.also_title, "stories": list(map(_story, issue.also))},
    }


def _story(shown: IssueStory) -> Document:
    story = shown.story
    return {
        "id": story.story_id,
        "anchor": shown.anchor,
        "headline": shown.headline,
        "link": shown.link,
        "status": str(story.status),
        "status_text": shown.status,
        "facts": shown.facts,
        "fact": _fact(shown),
        "first_seen_at": time_text(story.first_seen),
        "last_seen_at": time_text(story.last_seen),
        "outlets": shown.outlets,
        "independent_outlets": shown.independent_outlets,
        "outlets_total": story.outlets_total,
        "articles_total": story.articles_total,
        "series": story.series,
        "serial": story.serial,
        "previous_issue": story.previous_issue,
        "next_issue": story.next_issue,
        "new_words": list(story.new_words),
        "tags": list(shown.tags),
        "coverage": list(shown.coverage),
        "week": list(map(_count, shown.week)),
        "reports": [
            {"outlet": report.outlet, "articles": list(map(_article, report.all_articles))}
            for report in shown.reports
        ],
    }


def _fact(shown: IssueStory) -> Document | None:
    if shown.fact_source is None:
        return None
    return {"text": shown.fact, "outlet": shown.fact_source.outlet, "link": shown.fact_source.link}


def _article(article: DigestArticle) -> Document:
    return {
        "headline": article.headline,
        "link": article.link,
        "feed_link": article.feed_link,
        "published_at": None if article.published is None else time_text(article.published),
        "first_seen_at": time_text(article.first_seen),
        "summary": article.summary,
    }


def _count(count: DayCount) -> Document:
    return {"day": count.day.isoformat(), "articles": count.articles, "outlets": count.outlets}


def time_text(moment: datetime) -> str:
    """Return RFC 3339 in UTC, to the second: "2026-01-07T08:14:00Z"."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
