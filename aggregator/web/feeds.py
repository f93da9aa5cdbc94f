"""The feeds: how each fares, when it is asked next, and why it fails."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from aggregator import schedule
from aggregator.model import FeedHealth, Outcome
from aggregator.store import browsing
from aggregator.store.browsing import Row
from aggregator.store.feeds import load_feed
from aggregator.store.values import time_of
from aggregator.web import charts
from aggregator.web.site import Visit

PAGE_FEEDS: Final = 100
_CHART_POLLS: Final = 48
_CHART_SPAN: Final = timedelta(days=1)
_HISTORY_POLLS: Final = 200
_SHOWN_POLLS: Final = 50
_LISTED: Final = 50
_Poll = tuple[str, int]  # outcome, new articles
_ANSWERED: Final = frozenset({str(Outcome.MODIFIED), str(Outcome.UNCHANGED)})


def show_feeds(visit: Visit) -> Response:
    """Feeds, failing ones first, each with its polls of the day up to the newest."""
    state = visit.asked("state")
    if state is not None and state not in list(FeedHealth):
        raise HTTPException(404, f"{state[:20]!r} is no state of a feed; there are: {', '.join(FeedHealth)}")
    page = visit.page_number()
    rows = browsing.read_feeds(visit.connection, state, limit=PAGE_FEEDS + 1, offset=(page - 1) * PAGE_FEEDS)
    shown = rows[:PAGE_FEEDS]
    return visit.page(
        "feeds.html",
        rows=shown,
        charts=_charts(visit, shown),
        states=browsing.read_feed_states(visit.connection),
        state=state,
        newer=visit.here(page=page - 1) if page > 1 else None,
        further=visit.here(page=page + 1) if len(rows) > PAGE_FEEDS else None,
    )


def _charts(visit: Visit, rows: Sequence[Row]) -> dict[int, Markup]:
    polled = [row["last_polled_at"] for row in rows if row["last_polled_at"]]
    since = time_of(max(polled)) - _CHART_SPAN if polled else visit.now
    polls: dict[int, list[_Poll]] = {row["feed_id"]: [] for row in rows}
    for feed_id, outcome, new in browsing.read_polls(visit.connection, list(polls), since):
        polls[feed_id].append((outcome, new))
    return {feed_id: _polls_chart(own[-_CHART_POLLS:], height=18, step=3) for feed_id, own in polls.items()}


def _polls_chart(polls: Sequence[_Poll], *, height: int, step: int) -> Markup:
    """New articles of each poll, oldest first; a failed poll is a full bar of its own kind."""
    failed = [place for place, (outcome, _) in enumerate(polls) if outcome not in _ANSWERED]
    counts = [new for _, new in polls]
    return charts.bars(
        counts,
        f"{len(polls)} polls, {sum(counts)} new articles, {len(failed)} failed",
        height=height,
        step=step,
        top=4,
        failed=failed,
    )


def show_feed(visit: Visit) -> Response:
    feed_id = visit.number("feed_id")
    feed = load_feed(visit.connection, feed_id)
    if feed is None:
        raise HTTPException(404, f"there is no feed {feed_id}")
    polls = browsing.read_last_polls(visit.connection, feed_id, limit=_HISTORY_POLLS)
    (row,) = browsing.read_feed(visit.connection, feed_id)
    return visit.page(
        "feed.html",
        feed=row,
        has_moved=schedule.has_moved(feed, now=visit.now),
        polls=polls[:_SHOWN_POLLS],
        answered=_ANSWERED,
        chart=_polls_chart(
            [(poll["outcome"], poll["new_articles"]) for poll in reversed(polls)], height=60, step=5
        ),
        chart_polls=len(polls),
        chart_since=polls[-1]["started_at"] if polls else None,
        listed=browsing.read_last_listed(visit.connection, feed_id, limit=_LISTED),
    )
