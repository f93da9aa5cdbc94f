"""From the material of a day to an issue: everything that is decided about a digest. Pure.

`compose` ranks, chooses what is quoted, sorts into sections and says it in the digest's language;
renderers only set it. The same day with the same settings gives the same issue, in any process and year.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from aggregator.model import DayCount, DigestArticle, DigestDay, DigestStory
from aggregator.publish import wording
from aggregator.publish.issue import Issue, IssueStory, OutletReports
from aggregator.publish.language import Language, language_of
from aggregator.publish.quoting import best_member, best_sentence
from aggregator.publish.ranking import RankedStory, hour_counts, rank
from aggregator.publish.sections import Headings, arrange
from aggregator.publish.tags import headline_tags, vouched_words
from aggregator.publish.text import safe_url, scrub, slug
from aggregator.publish.words import folded
from aggregator.settings import DigestOrder, DigestSettings, DigestStyle

WEEK_DAYS = 7


def compose(day: DigestDay, settings: DigestSettings) -> Issue:
    """Return the issue of a day; stories of a single outlet are in its compact list, all others in sections.

    Cost: about a tenth of a second for each hundred stories.
    """
    language = language_of(settings.language)
    is_key_events = settings.style is DigestStyle.KEY_EVENTS
    vouched = vouched_words(article.headline for story in day.stories for article in story.articles)
    ranked = rank(day, settings.ranking)
    if settings.order is DigestOrder.NEWEST:
        ranked.sort(key=lambda one: one.story.last_seen, reverse=True)
    stories = [_issue_story(one, day, language, vouched) for one in ranked]
    headings = Headings(language.say("top_section"), settings.other_title or language.say("other_section"))
    return Issue(
        day=day,
        stem=day_stem(day),
        language=language.tag,
        title=wording.title(day, language, is_key_events=is_key_events),
        date_text=language.long_date(day.day),
        dek=wording.dek(day, language, is_key_events=is_key_events),
        opening=wording.opening(day, language) if is_key_events and stories else "",
        sections=arrange([story for story in stories if story.outlets > 1], settings.sections, headings),
        also_title=language.say("also_section"),
        also=tuple(story for story in stories if story.outlets == 1),
        phrases=wording.phrases(language),
        is_key_events=is_key_events,
        base_url=settings.base_url,
    )


def bind_week(issues: Sequence[Issue]) -> Issue:
    """Return the issue that stands for a week in front of its days: title, counts, cover; no stories itself.

    `issues` are days of one ISO week in order, at least one; the last one gives date and language.
    """
    last = issues[-1]
    language = language_of(last.language)
    year, week, weekday = last.date.isocalendar()
    monday = last.date - timedelta(days=weekday - 1)
    return replace(
        last,
        day=replace(last.day, stories=()),
        stem=f"{year}-W{week:02}-{slug(last.day.topic, 'topic')}",
        title=wording.week_title(last.day, monday, language),
        date_text=f"{language.long_date(issues[0].date)} – {language.long_date(last.date)}",
        dek=wording.week_dek([issue.day for issue in issues], language),
        opening="",
        sections=(),
        also=(),
    )


def day_stem(day: DigestDay) -> str:
    """Return the file name of a day without its ending: "2026-01-07-world", "…-addendum", "…-addendum-2"."""
    late = "-addendum" if day.is_addendum else ""
    which = f"-{day.addendum}" if day.addendum > 1 else ""
    return f"{day.day.isoformat()}-{slug(day.topic, 'topic')}{late}{which}"


def _issue_story(
    ranked: RankedStory, day: DigestDay, language: Language, vouched: frozenset[str]
) -> IssueStory:
    story = replace(
        ranked.story, articles=tuple(_shown(article, language) for article in ranked.story.articles)
    )
    member = best_member(story)
    fact, fact_source = best_sentence(story, member)
    status = wording.status(story, member.headline, day, language)
    reports = _reports(story.articles)
    others = [report.outlet for report in reports if report.outlet != fact_source.outlet]
    return IssueStory(
        story=story,
        anchor=f"story-{story.story_id}",
        headline=member.headline,
        link=member.link or next((article.link for article in story.articles if article.link), None),
        reports=reports,
        independent_outlets=ranked.independent_outlets,
        status=status,
        facts=wording.facts(story, status, ranked.independent_outlets, day, language),
        neighbours=wording.neighbours(story, member.headline, language),
        coverage=hour_counts(story, day),
        week=_week(story, day),
        fact=fact,
        fact_source=fact_source,
        also_by=language.say("also_by", names=language.names(others)) if others else "",
        tags=headline_tags([article.headline for article in story.articles], story.outlets, vouched),
    )


def _shown(article: DigestArticle, language: Language) -> DigestArticle:
    """Return the article with plain texts and addresses that may be offered, or none."""
    return replace(
        article,
        headline=scrub(article.headline) or language.say("no_headline"),
        outlet=scrub(article.outlet) or language.say("no_outlet"),
        link=safe_url(article.link),
        feed_link=safe_url(article.feed_link),
        summary=scrub(article.summary or "") or None,
    )


def _reports(articles: Sequence[DigestArticle]) -> tuple[OutletReports, ...]:
    """Return the articles by outlet, both in order of appearance; a headline that it has twice is a repeat."""
    by_outlet: dict[str, list[DigestArticle]] = {}
    for article in articles:
        by_outlet.setdefault(article.outlet, []).append(article)
    return tuple(_outlet_reports(outlet, own) for outlet, own in by_outlet.items())


def _outlet_reports(outlet: str, own: Sequence[DigestArticle]) -> OutletReports:
    first = {folded(article.headline) or article.headline: article for article in reversed(own)}
    kept = {id(article) for article in first.values()}
    return OutletReports(
        outlet,
        tuple(article for article in own if id(article) in kept),
        tuple(article for article in own if id(article) not in kept),
    )


def _week(story: DigestStory, day: DigestDay) -> tuple[DayCount, ...]:
    known = {count.day: count for count in story.history}
    days = [day.day - timedelta(days=back) for back in reversed(range(WEEK_DAYS))]
    return tuple(known.get(one, DayCount(one, articles=0)) for one in days)
