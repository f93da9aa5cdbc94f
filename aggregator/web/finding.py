"""Finding articles: search, outlets and what each carries."""

from datetime import date, timedelta
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from aggregator.errors import UsageError
from aggregator.store import browsing, searching
from aggregator.web import charts
from aggregator.web.site import Visit

PAGE_FOUND: Final = 50
_MAX_QUERY_CHARACTERS: Final = 500
_OUTLETS: Final = 500
_SPANS: Final = {"day": 1, "week": 7, "month": 30}
_CHART_DAYS: Final = 30


def show_search(visit: Visit) -> Response:
    """Articles that a query finds, newest first; the next page goes on below the last number."""
    words = (visit.asked("q") or "")[:_MAX_QUERY_CHARACTERS]
    before = visit.asked("before") or ""
    below = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    problem, rows = None, []
    try:
        rows = searching.search(visit.connection, words, limit=PAGE_FOUND + 1, before_article_id=below)
    except UsageError as error:
        problem = str(error)
    shown = rows[:PAGE_FOUND]
    return visit.page(
        "search.html",
        words=words,
        problem=problem,
        rows=shown,
        is_first_page=below is None,
        further=visit.here(before=shown[-1]["article_id"]) if len(rows) > PAGE_FOUND else None,
    )


def show_outlets(visit: Visit) -> Response:
    """Who carried how much on a day, in a week or in a month up to the newest day: first, and alone."""
    last = browsing.read_newest_day(visit.connection) or visit.site.today()
    span = visit.asked("span") or "day"
    if span not in _SPANS:
        raise HTTPException(404, f"{span[:20]!r} is no span; there are: {', '.join(_SPANS)}")
    first = last - timedelta(days=_SPANS[span] - 1)
    return visit.page(
        "outlets.html",
        rows=browsing.read_outlets(visit.connection, first, last, limit=_OUTLETS),
        first=first,
        last=last,
        span=span,
        spans=[(name, visit.here(span=name)) for name in _SPANS],
        limit=_OUTLETS,
    )


def show_outlet(visit: Visit) -> Response:
    """An outlet by name; a host leads to the name."""
    asked = visit.request.path_params["outlet"]
    name = browsing.find_outlet(visit.connection, asked)
    if name is None:
        raise HTTPException(404, f"no article is by {asked[:80]!r}")
    if name.lower() != asked.lower():
        return RedirectResponse(visit.site.templates.outlet_path(name), 302, {"Cache-Control": "no-cache"})
    page = visit.page_number()
    rows = browsing.read_outlet_articles(
        visit.connection, name, limit=PAGE_FOUND + 1, offset=(page - 1) * PAGE_FOUND
    )
    last = date.fromisoformat(rows[0]["day"]) if rows and page == 1 else visit.site.today()
    days = [last - timedelta(days=back) for back in reversed(range(_CHART_DAYS))]
    held = browsing.read_outlet_days(visit.connection, name, days[0])
    counts = [held.get(day, 0) for day in days]
    said = ", ".join(f"{day} {count}" for day, count in zip(days, counts, strict=True) if count)
    return visit.page(
        "outlet.html",
        name=name,
        hosts=sorted({row["outlet_host"] for row in rows if row["outlet_host"]}),
        rows=rows[:PAGE_FOUND],
        chart=charts.bars(counts, f"Articles by day: {said}", height=40, step=12),
        chart_days=_CHART_DAYS,
        chart_total=sum(counts),
        newer=visit.here(page=page - 1) if page > 1 else None,
        further=visit.here(page=page + 1) if len(rows) > PAGE_FOUND else None,
    )
