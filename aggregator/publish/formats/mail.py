"""An issue as the HTML part of a mail. Pure but for the templates it reads.

Facts
-----
* Gmail and Outlook drop inline SVG, and many readers do not load pictures: charts are rows of table cells.
* A bar is the border of its cell. Backgrounds are neither printed nor kept by every reader, borders are, in
  the colour of the text, by day and by night. Numbers stand beside the bars where there is room, else in the
  table's `aria-label`.
* Outlook on Windows lays a mail out with Word: tables and their attributes work, `flex`, variables and
  `max-width` of a block do not. Gmail keeps a `<style>` with plain rules.
* Gmail shows the first 102 kB of an HTML part and hides the rest behind a link. A long day shows fewer of
  its headlines instead, the leading stories last; the text part of the mail always has them all. A link of Google's
  has 400 bytes, so that 76 stories of 400 articles leave no room for a second link to most; their outlets are named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from aggregator.model import RenderedFile
from aggregator.publish.formats.charts import hours_of_day, on_days, week_days
from aggregator.publish.formats.html import verify_html
from aggregator.publish.formats.templating import Templates
from aggregator.publish.issue import Issue, IssueStory

CLIP_BYTES: Final = 100_000

_HOUR_WIDTH: Final = 7
_HOUR_HEIGHT: Final = 20
_DAY_WIDTH: Final = 34
_DAY_HEIGHT: Final = 36
_TABLE: Final = Markup(
    '<table role="img" aria-label="{label}" class="chart" cellpadding="0" cellspacing="1">{rows}</table>'
)
_BAR: Final = Markup('<td width="{width}" style="border-bottom:{height}px solid">{text}</td>')


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a mail shows: headlines beside its own of each leading story, bars or none, and stories in all."""

    wordings: int
    leading: int = 1_000_000
    has_bars: bool = True
    stories: int = 1_000_000


_DETAILS: Final = (
    *(Detail(wordings) for wordings in (6, 3, 1)),
    *(Detail(3, leading, has_bars=False) for leading in (20, 10, 5)),
    *(Detail(0, has_bars=False, stories=stories) for stories in (1_000_000, 150, 100, 75, 50, 25)),
)


def render_mail(issue: Issue, templates: Templates) -> str:
    """Return the HTML of a mail that no reader cuts: with all its headlines, or as many as there is room for.

    Raises:
        PublishError: the template is wrong, or the page does not read back as what was written.
    """
    for detail in _DETAILS:
        text = templates.render(
            "mail.html", issue, detail=detail, hour_bars=hour_bars, day_bars=day_bars(issue)
        )
        if len(text.encode()) <= CLIP_BYTES:
            break
    verify_html(issue, [RenderedFile(f"{issue.stem}.mail.html", text)])
    return text


def hour_bars(issue: Issue, story: IssueStory) -> Markup:
    """Return the articles of each local hour of the day as a row of cells, midnight on the left."""
    hours = hours_of_day(issue.date, issue.day.timezone, len(story.coverage))
    said = [f"{hour} {value}" for hour, value in zip(hours, story.coverage, strict=True) if value]
    top = max(1, *story.coverage)
    cells = Markup("<td>0</td>")
    for value, run in groupby(story.coverage):
        times = len(list(run))
        if value:
            height = max(3, round(_HOUR_HEIGHT * value / top))
            cells += _BAR.format(width=_HOUR_WIDTH, height=height, text="") * times
        else:  # hours without an article are one cell, for most hours have none
            cells += _BAR.format(width=(_HOUR_WIDTH + 1) * times - 1, height=1, text="")
    return _chart(issue.phrases.coverage, said, [cells + Markup("<td>24</td>")])


def day_bars(issue: Issue) -> Markup:
    """Return the topic's stories on each of the last seven days as cells with their numbers."""
    days = week_days(issue.date)
    values = [count.stories for count in on_days(issue.day.week, days)]
    top = max(1, *values)
    bars = [
        _BAR.format(width=_DAY_WIDTH, height=max(1, round(_DAY_HEIGHT * value / top)), text=value)
        for value in values
    ]
    names = [Markup("<td>{}</td>").format(day.day) for day in days[:-1]]
    names.append(Markup("<td><b>{}</b></td>").format(days[-1].day))
    said = [f"{day.isoformat()} {value}" for day, value in zip(days, values, strict=True)]
    return _chart(issue.phrases.week, said, [Markup("").join(bars), Markup("").join(names)])


def _chart(title: str, said: Sequence[str], rows: Sequence[Markup]) -> Markup:
    return _TABLE.format(
        label=f"{title}: {', '.join(said)}",
        rows=Markup("").join(Markup('<tr valign="bottom">{}</tr>').format(row) for row in rows),
    )
