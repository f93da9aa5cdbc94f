"""The fixed phrases of a digest: dates, counts, lists of names, the state of a story. Pure.

English only so far; whoever adds a language replaces this module's functions and nothing else.
No `strftime` names: they follow the locale of the process, and a digest must not.
"""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aggregator.model import DigestDay, DigestStory, StoryStatus
from aggregator.publish.text import scrub

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

NO_HEADLINE = "(no headline)"
NO_OUTLET = "Unnamed outlet"


def long_date(day: date) -> str:
    """Return "7 January 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def weekday(day: date) -> str:
    return _WEEKDAYS[day.weekday()]


def clock_time(moment: datetime, day: date, timezone: str) -> str:
    """Return the local time, "09:14"; with its date, "5 January 2026, 21:40", when not on `day`."""
    local = moment.astimezone(ZoneInfo(timezone))
    time = f"{local:%H:%M}"
    return time if local.date() == day else f"{long_date(local.date())}, {time}"


def counted(count: int, one: str, many: str) -> str:
    """Return "1 story", "1,204 stories"."""
    return f"{count:,} {one if count == 1 else many}"


def stories_counted(count: int) -> str:
    return counted(count, "story", "stories")


def outlets_counted(count: int) -> str:
    return counted(count, "outlet", "outlets")


def names(items: Sequence[str]) -> str:
    """Return "A", "A and B", "A, B and C", or "A, B and 3 others"."""
    if len(items) > 3:
        return f"{items[0]}, {items[1]} and {len(items) - 2:,} others"
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def outlet_name(outlet: str) -> str:
    return scrub(outlet) or NO_OUTLET


def headline_text(headline: str) -> str:
    return scrub(headline) or NO_HEADLINE


def day_title(day: DigestDay) -> str:
    """Return "World: list of key events, day 1,413" where days are counted, else "World: 7 January 2026"."""
    dated = long_date(day.day) if day.number is None else f"list of key events, day {day.number:,}"
    return f"{scrub(day.title)}: {dated}" + (", addendum" if day.is_addendum else "")


def day_dek(day: DigestDay) -> str:
    """Return the one sentence under the title: how much, from how many, on which day, how new."""
    on_day = f"on {weekday(day.day)}, {long_date(day.day)}"
    if not day.stories:
        what = "Nothing was added to" if day.is_addendum else "No stories were found for"
        return f"{what} {scrub(day.title)} {on_day}."
    outlets = {outlet for story in day.stories for outlet in story.outlets}
    statuses = [story.status for story in day.stories]
    states = ", ".join(f"{statuses.count(status):,} {status}" for status in StoryStatus if status in statuses)
    late = " that arrived late" if day.is_addendum else ""
    return (
        f"{stories_counted(len(day.stories))}{late} from {outlets_counted(len(outlets))} {on_day} "
        f"({states}); times in {day.timezone}."
    )


def status_words(story: DigestStory, day: DigestDay) -> str:
    """Return "new", "updated, day 2" or "ongoing, day 3", counting local days from the first seen."""
    first_day = story.first_seen.astimezone(ZoneInfo(day.timezone)).date()
    age_days = (day.day - first_day).days + 1
    return f"{story.status}, day {age_days:,}" if age_days > 1 else str(story.status)


def facts(story: DigestStory, day: DigestDay) -> str:
    """Return "New · first seen 09:14 · 3 outlets, 4 headlines", and on a later day "…, 7 outlets in all"."""
    status = status_words(story, day)
    seen = clock_time(story.first_seen, day.day, day.timezone)
    headlines = counted(len(story.articles), "headline", "headlines")
    counts = f"{outlets_counted(len(story.outlets))}, {headlines}"
    if story.outlets_total > len(story.outlets):
        counts += f", {outlets_counted(story.outlets_total)} in all"
    return f"{status[0].upper()}{status[1:]} · first seen {seen} · {counts}"


def series_neighbours(story: DigestStory) -> str:
    """Return "Series: previous 1,407, next 1,414", or "" when no neighbour is known."""
    known = (("previous", story.previous_issue), ("next", story.next_issue))
    parts = [f"{which} {scrub(serial)}" for which, serial in known if serial]
    return f"Series: {', '.join(parts)}" if parts else ""
