"""A day: its stories, widest first, and the way to other days."""

import calendar
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from typing import Any, Final

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from aggregator import schedule
from aggregator.model import StoryStatus
from aggregator.store import browsing
from aggregator.store.browsing import Row, StoryFilter
from aggregator.web import charts
from aggregator.web.site import Visit

PAGE_STORIES: Final = 50
_NAMED_OUTLETS: Final = 4
_HOUR: Final = timedelta(hours=1)
_SHADES: Final = 4


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A story as a line of a day: its row, its outlets in order of appearance, its course over the day."""

    row: Row
    outlets: tuple[str, ...]
    chart: Markup

    @property
    def named(self) -> tuple[str, ...]:
        return self.outlets[:_NAMED_OUTLETS]

    @property
    def unnamed(self) -> int:
        return max(len(self.outlets) - _NAMED_OUTLETS, 0)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a day's stories can be filtered by, and how many that would show."""

    value: str
    stories: int
    address: str
    is_chosen: bool


def show_newest(visit: Visit) -> Response:
    """Lead to the newest day with stories, or say how to get one."""
    day = browsing.read_newest_day(visit.connection)
    if day is None:
        return visit.page("empty.html")
    return RedirectResponse(f"/day/{day}", 302, {"Cache-Control": "no-cache"})


def show_day(visit: Visit) -> Response:
    day, chosen = day_asked(visit), filter_asked(visit)
    page = visit.page_number()
    rows = browsing.read_ranked(
        visit.connection, day, chosen, limit=PAGE_STORIES + 1, offset=(page - 1) * PAGE_STORIES
    )
    return visit.page(
        "day.html",
        day=day,
        lines=story_lines(visit, day, rows[:PAGE_STORIES]),
        first_rank=(page - 1) * PAGE_STORIES + 1,
        choices=_choices(visit, day, chosen),
        is_filtered=any(astuple(chosen)),
        months=_month(visit, day),
        totals=browsing.read_calendar(visit.connection, day, day).get(day),
        before=browsing.read_day_before(visit.connection, day),
        after=browsing.read_day_after(visit.connection, day),
        newer=visit.here(page=page - 1) if page > 1 else None,
        further=visit.here(page=page + 1) if len(rows) > PAGE_STORIES else None,
        versions=f"/day/{day}",
    )


def day_asked(visit: Visit) -> date:
    """The day of the path.

    Raises:
        HTTPException: 404, it is none.
    """
    text = visit.request.path_params["day"]
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year < 1_900 or day.isoformat() != text:
        raise HTTPException(404, f"{text[:40]!r} is no day; days are written like 2026-11-21")
    return day


def filter_asked(visit: Visit) -> StoryFilter:
    return StoryFilter(visit.asked("topic"), visit.asked("language"), visit.asked("status"))


def story_lines(visit: Visit, day: date, rows: Sequence[Row]) -> list[StoryLine]:
    """The rows with outlets and chart, by one query."""
    begin, end = schedule.day_bounds(day, visit.site.timezone)
    hours = -((begin - end) // _HOUR)  # 23, 24 or 25
    outlets: dict[int, dict[str, str]] = {row["story_id"]: {} for row in rows}
    counts: dict[int, Counter[int]] = {row["story_id"]: Counter() for row in rows}
    for story_id, outlet, hour in browsing.read_courses(visit.connection, day, begin, list(outlets)):
        outlets[story_id].setdefault(outlet.lower(), outlet)
        counts[story_id][hour] += 1
    return [
        _line(
            row,
            tuple(outlets[row["story_id"]].values()),
            [counts[row["story_id"]][hour] for hour in range(hours)],
        )
        for row in rows
    ]


def _line(row: Row, outlets: tuple[str, ...], hours: Sequence[int]) -> StoryLine:
    said = ", ".join(f"{hour}:00 {count}" for hour, count in enumerate(hours) if count)
    return StoryLine(row, outlets, charts.bars(hours, f"Articles by hour: {said}", height=22, top=3))


def _choices(visit: Visit, day: date, chosen: StoryFilter) -> dict[str, list[Choice]]:
    """For topic, language and status: each value with the number of stories that it would leave."""
    kinds = [
        {**row, "topic": set(row["topics"].strip("/").split("/"))}
        for row in browsing.read_kinds(visit.connection, day)
    ]
    wanted = {"topic": chosen.topic, "language": chosen.language, "status": chosen.status}
    return {name: _values(visit, name, wanted, kinds) for name in wanted}


def _values(
    visit: Visit, name: str, wanted: dict[str, str | None], kinds: Sequence[dict[str, Any]]
) -> list[Choice]:
    counts: Counter[str] = Counter()
    for kind in kinds:
        others_fit = all(
            value is None
            or other == name
            or (value in kind[other] if other == "topic" else value == kind[other])
            for other, value in wanted.items()
        )
        for value in kind["topic"] if name == "topic" else {kind[name]}:
            counts[value] += kind["stories"] if others_fit else 0
    order = (
        [str(status) for status in StoryStatus]
        if name == "status"
        else sorted(counts, key=lambda v: (-counts[v], v))
    )
    return [
        Choice(
            value,
            counts[value],
            visit.here(**{name: None if value == wanted[name] else value, "page": None}),
            value == wanted[name],
        )
        for value in order
        if value in counts
    ]


def _month(visit: Visit, day: date) -> dict[str, Any]:
    """The month of a day as weeks of days with their counts, and the nearest months with stories."""
    first = day.replace(day=1)
    last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    held = browsing.read_calendar(visit.connection, first, last)
    most = max((row["stories"] for row in held.values()), default=1)
    weeks = [
        [
            {
                "day": each,
                "is_inside": each.month == day.month,
                "stories": held[each]["stories"] if each in held else 0,
                "shade": -(-_SHADES * held[each]["stories"] // most) if each in held else 0,
            }
            for each in week
        ]
        for week in calendar.Calendar().monthdatescalendar(day.year, day.month)
    ]
    return {
        "name": f"{day:%B %Y}",
        "weeks": weeks,
        "earlier": browsing.read_day_before(visit.connection, first),
        "later": browsing.read_day_after(visit.connection, last),
    }
