"""Small pictures of a story's course, as inline SVG. Pure.

Facts
-----
* A chart must say its numbers to who cannot see it: `<title>` and `<desc>` hold them, in that order
  and referred to by `aria-labelledby`.
* Print and colour blindness leave only shape: the height is the number, and the day itself is a full
  bar among hollow ones.
* A local day has 23, 24 or 25 hours; the hour under a bar is asked of the time zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from aggregator.model import DayCount
from aggregator.publish.issue import Issue, IssueStory

WEEK_DAYS: Final = 7

_FRAME: Final = Markup(
    '<svg class="chart {kind}" role="img" aria-labelledby="{id}-t {id}-d" viewBox="0 0 {width} {height}"'
    ' width="{width}" height="{height}"><title id="{id}-t">{title}</title><desc id="{id}-d">{desc}</desc>'
    "{shapes}</svg>"
)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where bars stand, in pixels: `top` is left free above them, `bottom` below the base line."""

    step: int
    bar: int
    height: int
    top: int = 0
    bottom: int = 0

    @property
    def base(self) -> int:
        return self.top + self.height


_HOURS: Final = _Grid(step=6, bar=4, height=24, bottom=14)
_DAYS: Final = _Grid(step=18, bar=12, height=24, bottom=14)
_TOPIC_DAYS: Final = _Grid(step=34, bar=22, height=40, top=14, bottom=15)


def coverage_chart(issue: Issue, story: IssueStory) -> Markup:
    """Return the articles of each local hour of the day as bars, midnight on the left."""
    values = story.coverage
    width = _HOURS.step * len(values)
    hours = hours_of_day(issue.date, issue.day.timezone, len(values))
    ticks = [_label(at, _HOURS, _HOURS.base + 12, int(hours[at][:2])) for at in range(0, len(values), 6)]
    said = [f"{hour} {value}" for hour, value in zip(hours, values, strict=True) if value]
    shapes = (
        _bars(values, _HOURS, full=range(len(values))) + _base_line(width, _HOURS) + Markup("").join(ticks)
    )
    return _chart("hours", f"{story.anchor}-h", width, _HOURS, issue.phrases.coverage, said, shapes)


def week_chart(issue: Issue, story: IssueStory) -> Markup:
    """Return the story's articles on each of the last seven days as bars, the day itself full.

    Nothing for a story of this day alone: one bar tells nothing.
    """
    days = week_days(issue.date)
    values = [count.articles for count in on_days(story.week, days)]
    if not any(values[:-1]):
        return Markup("")
    return _week(issue, f"{story.anchor}-w", values, _DAYS, shows_values=False)


def topic_chart(issue: Issue) -> Markup:
    """Return the topic's stories on each of the last seven days as bars with their numbers."""
    days = week_days(issue.date)
    values = [count.stories for count in on_days(issue.day.week, days)]
    return _week(issue, "week", values, _TOPIC_DAYS, shows_values=True)


def week_days(last: date) -> list[date]:
    """Return the seven days up to `last`, oldest first."""
    return [last - timedelta(days=back) for back in range(WEEK_DAYS - 1, -1, -1)]


def on_days(counts: Sequence[DayCount], days: Sequence[date]) -> list[DayCount]:
    """Return one count for each day; nought where there is none."""
    known = {count.day: count for count in counts}
    return [known.get(day, DayCount(day, 0)) for day in days]


def hours_of_day(day: date, timezone: str, hours: int) -> list[str]:
    """Return the local time at which each hour of the day begins: "00:00", "01:00", "03:00" …"""
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    return [f"{(midnight + timedelta(hours=hour)).astimezone(zone):%H:%M}" for hour in range(hours)]


def _week(issue: Issue, ident: str, values: Sequence[int], grid: _Grid, *, shows_values: bool) -> Markup:
    days = week_days(issue.date)
    width = grid.step * WEEK_DAYS
    labels = [_label(index, grid, grid.base + 12, day.day) for index, day in enumerate(days)]
    if shows_values:
        tops = [grid.base - height - 4 for height in _heights(values, grid)]
        labels += [
            _label(index, grid, top, value)
            for index, (top, value) in enumerate(zip(tops, values, strict=True))
        ]
    said = [f"{day.isoformat()} {value}" for day, value in zip(days, values, strict=True)]
    shapes = _bars(values, grid, full=[WEEK_DAYS - 1]) + _base_line(width, grid) + Markup("").join(labels)
    return _chart("days", ident, width, grid, issue.phrases.week, said, shapes)


def _chart(
    kind: str, ident: str, width: int, grid: _Grid, title: str, said: Sequence[str], shapes: Markup
) -> Markup:
    height = grid.base + grid.bottom
    return _FRAME.format(
        kind=kind, id=ident, width=width, height=height, title=title, desc=", ".join(said), shapes=shapes
    )


def _bars(values: Sequence[int], grid: _Grid, full: Sequence[int]) -> Markup:
    """Return a bar for each value above nought, the highest as high as the grid, none lower than 2."""
    shapes = [
        f'<rect class="{"full" if index in full else "hollow"}"'
        f' x="{index * grid.step + (grid.step - grid.bar) / 2:g}" y="{grid.base - height}"'
        f' width="{grid.bar}" height="{height}"/>'
        for index, height in enumerate(_heights(values, grid))
        if height
    ]
    return Markup("".join(shapes))


def _heights(values: Sequence[int], grid: _Grid) -> list[int]:
    top = max(values, default=0)
    return [max(2, round(grid.height * value / top)) if value else 0 for value in values]


def _label(index: int, grid: _Grid, y: int, number: int) -> Markup:
    return Markup(f'<text x="{index * grid.step + grid.step / 2:g}" y="{y}">{number}</text>')


def _base_line(width: int, grid: _Grid) -> Markup:
    return Markup(f'<path d="M0 {grid.base + 0.5:g}H{width}"/>')
