"""What an issue says about its day and its stories, in the language of the digest. Pure.

Only the order of things is here; the words are in `language_tables`, the grammar in `language`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from aggregator.model import DigestDay, DigestStory, StoryStatus
from aggregator.publish.issue import Phrases
from aggregator.publish.language import Language
from aggregator.publish.text import scrub
from aggregator.publish.words import content_words, folded


def title(day: DigestDay, language: Language, *, is_key_events: bool) -> str:
    """Return "World: list of key events, day 1,413" where days are counted, else with the date."""
    name = scrub(day.title)
    if day.number is not None:
        text = language.say("title_counted", title=name, n=language.number(day.number))
    else:
        phrase = "title_events" if is_key_events else "title_dated"
        text = language.say(phrase, title=name, date=language.long_date(day.day))
    if not day.is_addendum:
        return text
    text = language.say("title_addendum", title=text)
    return f"{text} {language.number(day.addendum)}" if day.addendum > 1 else text


def week_title(day: DigestDay, monday: date, language: Language) -> str:
    """Return "World: week of January 5, 2026" for the week that the day is in."""
    return language.say("title_week", title=scrub(day.title), date=language.long_date(monday))


def week_dek(days: Sequence[DigestDay], language: Language) -> str:
    """Return the one sentence under the title of a week: how many stories, from how many outlets."""
    stories = {story.story_id for day in days for story in day.stories}
    outlets = {outlet for day in days for story in day.stories for outlet in story.outlets}
    return language.say(
        "dek_week",
        stories=language.count("stories", len(stories)),
        from_outlets=language.count("from_outlets", len(outlets)),
    )


def dek(day: DigestDay, language: Language, *, is_key_events: bool) -> str:
    """Return the one sentence under the title: how much, from how many, on which day, how new."""
    full_date = language.full_date(day.day)
    if not day.stories:
        phrase = "dek_nothing_late" if day.is_addendum else "dek_nothing"
        return language.say(phrase, title=scrub(day.title), date=full_date)
    outlets = {outlet for story in day.stories for outlet in story.outlets}
    counts = {
        "stories": language.count("stories", len(day.stories)),
        "from_outlets": language.count("from_outlets", len(outlets)),
        "zone": day.timezone,
    }
    if is_key_events and not day.is_addendum:
        if day.number is not None:
            return language.say("dek_counted", n=language.number(day.number), **counts)
        return language.say("dek_events", date=full_date, **counts)
    phrase = "dek_late" if day.is_addendum else "dek"
    return language.say(phrase, date=full_date, states=_states(day, language), **counts)


def opening(day: DigestDay, language: Language) -> str:
    """Return "Here is where things stand on Wednesday, January 7:"."""
    return language.say("opening", weekday_date=language.weekday_date(day.day))


def status(story: DigestStory, headline: str, day: DigestDay, language: Language) -> str:
    """Return "new", "updated, day 2: nine, rescuers" or "ongoing, day 3: now also Harbour Post".

    Days are local ones, counted from the first sight of the story. What `headline` says is not said again.
    """
    text = language.say(f"status_{story.status}")
    first_day = story.first_seen.astimezone(ZoneInfo(day.timezone)).date()
    age_days = (day.day - first_day).days + 1
    if age_days > 1:
        text = language.say("status_day", status=text, n=language.number(age_days))
    what = _what_is_new(story, headline, language)
    return language.say("status_what", status=text, what=what) if what else text


def facts(story: DigestStory, told: str, independent_outlets: int, day: DigestDay, language: Language) -> str:
    """Return one line: `told`, the status · first seen · outlets, those independent if fewer, headlines, all outlets."""
    seen = language.say("first_seen", time=language.clock_time(story.first_seen, day.day, day.timezone))
    outlets = language.count("outlets", len(story.outlets))
    if independent_outlets < len(story.outlets):
        independent = language.count("independent", independent_outlets)
        outlets = language.say("independent_of", outlets=outlets, independent=independent)
    parts = [f"{told[0].upper()}{told[1:]}", seen, outlets, language.count("headlines", len(story.articles))]
    if story.outlets_total > len(story.outlets):
        parts.append(language.count("outlets_in_all", story.outlets_total))
    return " · ".join(parts)


def neighbours(story: DigestStory, headline: str, language: Language) -> str:
    """Return "Series: previous day 1,407, next day 1,414", or "" when no neighbour is known.

    Nor where `headline`, which stands for the story, is no issue: one list among fifteen headlines makes no series.
    """
    if not story.serial or folded(story.serial) not in folded(headline):
        return ""
    known = (("previous", story.previous_issue), ("next", story.next_issue))
    parts = [language.say(which, serial=scrub(serial)) for which, serial in known if serial]
    return language.say("series", neighbours=", ".join(parts)) if parts else ""


def phrases(language: Language) -> Phrases:
    """Return the fixed words that renderers need."""
    return Phrases(
        contents=language.say("contents"),
        feeds=language.say("feeds"),
        reported_by=language.say("reported_by"),
        first_seen=language.say("first_seen_label"),
        coverage=language.say("coverage"),
        week=language.say("week"),
        no_stories=language.say("no_stories"),
        read_at=language.table.phrases["read_at"],
    )


def _states(day: DigestDay, language: Language) -> str:
    counts = Counter(story.status for story in day.stories)
    return ", ".join(language.count(str(status), counts[status]) for status in StoryStatus if counts[status])


def _what_is_new(story: DigestStory, headline: str, language: Language) -> str:
    """Name the words that an earlier story has got, else the outlets.

    Nothing for a new story, and for one whose headline has such a word: it tells them in a sentence.
    """
    if story.status is StoryStatus.NEW:
        return ""
    words = [word for word in map(scrub, story.new_words) if content_words(word)]
    if words:
        is_told = not content_words(headline).isdisjoint(content_words(" ".join(words)))
        return "" if is_told else ", ".join(words)
    outlets = [scrub(outlet) or language.say("no_outlet") for outlet in story.new_outlets]
    return language.say("now_also", names=language.names(outlets)) if outlets else ""
