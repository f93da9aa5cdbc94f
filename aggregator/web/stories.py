"""A story: who carries it, why each article is in it, what was kept out, where it came from and goes on."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from aggregator import explain
from aggregator.errors import UsageError
from aggregator.store import browsing, reading
from aggregator.store.browsing import Row
from aggregator.web import charts
from aggregator.web.corrections import what_was_done
from aggregator.web.site import Visit

PAGE_ARTICLES: Final = 100
_SHOWN_REFUSALS: Final = 20
_CHART_DAYS: Final = 14


def show_story(visit: Visit) -> Response:
    story_id = visit.number("story_id")
    current = current_story_id(visit, story_id)
    if current != story_id:
        query = f"?{visit.request.url.query}" if visit.request.url.query else ""
        return RedirectResponse(f"/story/{current}{query}", 301, {"Cache-Control": "no-cache"})
    ids = reading.story_ids(visit.connection, current)
    page = visit.page_number()
    members = browsing.read_members(
        visit.connection, ids, limit=PAGE_ARTICLES + 1, offset=(page - 1) * PAGE_ARTICLES
    )
    shown = members[:PAGE_ARTICLES]
    numbers = [row["article_id"] for row in shown]
    refused = browsing.read_refusals(visit.connection, current, numbers, limit=_SHOWN_REFUSALS)
    return visit.page(
        "story.html",
        **story_head(visit, current, ids),
        members=_by_day(shown),
        joins=explain.strongest_joins(visit.connection, numbers),
        refusals=explain.reasons(visit.connection, refused),
        outlets=browsing.read_story_outlets(visit.connection, ids),
        done=what_was_done(visit),
        newer=visit.here(page=page - 1) if page > 1 else None,
        further=visit.here(page=page + 1) if len(members) > PAGE_ARTICLES else None,
        versions=f"/story/{current}",
    )


def current_story_id(visit: Visit, story_id: int) -> int:
    """The story that a number leads to.

    Raises:
        HTTPException: 404, there is none.
    """
    try:
        return reading.current_story_id(visit.connection, story_id)
    except UsageError:
        raise HTTPException(404, f"there is no story {story_id}") from None


def story_head(visit: Visit, story_id: int, ids: Sequence[int]) -> dict[str, Any]:
    """A story's number, days and neighbours; `latest` is None for one that has lost all its articles."""
    days = reading.read_story_days(visit.connection, ids)
    neighbours = reading.read_neighbours(visit.connection, story_id)
    latest = days[-1] if days else None
    return {
        "story_id": story_id,
        "days": days,
        "latest": latest,
        "previous": neighbours[0],
        "next": neighbours[1],
        "course": _course(days) if len(days) > 1 else None,
    }


def _course(days: Sequence[Row]) -> Markup:
    """Articles on each day from the first to the last, at most two weeks."""
    last = date.fromisoformat(days[-1]["day"])
    first = max(date.fromisoformat(days[0]["day"]), last - timedelta(days=_CHART_DAYS - 1))
    counts = {date.fromisoformat(row["day"]): row["articles"] for row in days}
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    values = [counts.get(day, 0) for day in span]
    said = ", ".join(f"{day} {value}" for day, value in zip(span, values, strict=True))
    return charts.bars(values, f"Articles by day: {said}", height=36, step=14)


def _by_day(members: Sequence[Row]) -> dict[str, list[Row]]:
    days: dict[str, list[Row]] = {}
    for row in members:
        days.setdefault(row["day"], []).append(row)
    return days


def show_article(visit: Visit) -> Response:
    article_id = visit.number("article_id")
    try:
        article = reading.read_article(visit.connection, article_id)
    except UsageError:
        raise HTTPException(404, f"there is no article {article_id}") from None
    decisions = explain.reasons(visit.connection, reading.read_decisions(visit.connection, article_id))
    return visit.page(
        "article.html",
        article=article,
        place=explain.place_of(article),
        joins=[reason for reason in decisions if reason.is_join],
        refusals=[reason for reason in decisions if not reason.is_join][:_SHOWN_REFUSALS],
        history=browsing.read_article_history(visit.connection, article_id),
        done=what_was_done(visit),
    )


def show_why(visit: Visit) -> Response:
    """Why two articles are together or apart, in the words of `aggregator why`."""
    a, b = visit.asked("a"), visit.asked("b")
    sentences: list[str] = []
    problem = None
    if a:
        try:
            sentences = explain.explain(visit.connection, a, b).sentences
        except UsageError as error:
            problem = str(error)
    return visit.page("why.html", a=a or "", b=b or "", sentences=sentences, problem=problem)
