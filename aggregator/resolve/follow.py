"""Links that only a request unwraps: short links and feed proxies.

Facts
-----
* The redirect is the answer. What the publisher then serves (a paywall, a 403 for programs, a 404)
  does not change where the link leads.
* Some services refuse HEAD, so a GET is made and reading stops after the page's head.
* Redirects that lead to a consent wall, a login or Google are not followed; where one carries its
  target along (`google.com/url?q=`), the target is taken from it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from aggregator.model import Exchange, FailureKind, LinkJob, LinkState, Resolution
from aggregator.resolve.head import MAX_HEAD_BYTES, Head, believed_canonical, is_head_read, read_head
from aggregator.resolve.http import Http
from aggregator.resolve.resolutions import after_a_pause, failed, postponed, resolved, try_again
from aggregator.resolve.urls import is_publisher_url, registrable_domain
from aggregator.resolve.wrappers import needs_following, unwrap

METHOD = "redirect"
_MAX_PAGES = 3
_MAX_STUCK_IN_A_ROW = 3
# After these the host named last is not known to be anybody's.
_NOWHERE = frozenset({FailureKind.BLOCKED_ADDRESS, FailureKind.DNS, FailureKind.CONNECT})


@dataclass(frozen=True, slots=True)
class Step:
    """What one request showed: the publisher's URL, or where to ask next, or what went wrong."""

    publisher_url: str | None = None
    declared_canonical: str | None = None
    next_url: str | None = None
    error: str | None = None
    is_final: bool = False


async def follow_all(http: Http, jobs: Iterable[tuple[LinkJob, str]], now: datetime) -> list[Resolution]:
    """Follow (job, URL) pairs: the hosts side by side, the links of one host one after another."""
    by_host = defaultdict[str, list[tuple[LinkJob, str]]](list)
    for job, url in jobs:
        by_host[registrable_domain(url) or ""].append((job, url))
    rounds = await asyncio.gather(*(_follow_host(http, turn, now) for turn in by_host.values()))
    return [resolution for resolutions in rounds for resolution in resolutions]


async def _follow_host(http: Http, jobs: Iterable[tuple[LinkJob, str]], now: datetime) -> list[Resolution]:
    results: list[Resolution] = []
    stuck_in_a_row = 0
    for job, url in jobs:
        if stuck_in_a_row == _MAX_STUCK_IN_A_ROW:  # the host is down or has had enough of us
            results.append(postponed(job, METHOD, after_a_pause(now), "the host does not answer well"))
            continue
        results.append(await follow(http, job, url, now))
        stuck_in_a_row = stuck_in_a_row + 1 if results[-1].state is LinkState.WAITING else 0
    return results


async def follow(http: Http, job: LinkJob, url: str, now: datetime) -> Resolution:
    """Follow a link to its publisher; `url` is the job's link without the wrappers that need no request."""
    for _ in range(_MAX_PAGES):
        exchange = await http.request(
            "GET",
            url,
            max_body_bytes=2 * MAX_HEAD_BYTES,
            may_follow=may_follow,
            stop_at=is_head_read,
        )
        step = read_step(exchange)
        if step.publisher_url is not None:
            return resolved(
                job,
                step.publisher_url,
                METHOD,
                declared_canonical=step.declared_canonical,
                attempts=1,
            )
        if step.next_url is None:
            error = step.error or "the link leads nowhere"
            return failed(job, METHOD, error) if step.is_final else try_again(job, METHOD, error, now)
        url = step.next_url
    return try_again(job, METHOD, f"more than {_MAX_PAGES} pages that lead on", now)


def may_follow(url: str) -> bool:
    """Say whether a redirect is worth a request: it leads to a publisher or to the next short link."""
    return is_publisher_url(url) or needs_following(url)


def read_step(exchange: Exchange) -> Step:
    """Say what the answer to one request means. Pure."""
    arrived = _arrived_at(exchange)
    if arrived is None:
        return _nowhere(exchange)
    if arrived != exchange.url:  # a redirect that was not followed, or a wrapper on the way
        return Step(next_url=arrived) if needs_following(arrived) else Step(publisher_url=arrived)
    head = read_head(exchange.body, arrived) if exchange.status == 200 else Head()
    if head.refresh_url and _leads_on(arrived, head.refresh_url):
        return Step(next_url=head.refresh_url)
    canonical = believed_canonical(head, arrived)
    if not needs_following(arrived):
        return Step(publisher_url=arrived, declared_canonical=canonical)
    if canonical is not None and not needs_following(canonical):
        return Step(publisher_url=canonical)
    return _nowhere(exchange)


def _arrived_at(exchange: Exchange) -> str | None:
    """Return the last usable URL of the chain, unwrapped; None when it ends at a wall or nowhere."""
    url = exchange.url
    if exchange.failure is not None:
        if exchange.failure.kind in _NOWHERE:
            return None
        if exchange.failure.kind is FailureKind.REDIRECT:
            url = _refused_hop(exchange) or url
    unwrapped = unwrap(url)
    url = unwrapped.url if unwrapped else url
    return url if may_follow(url) else None


def _refused_hop(exchange: Exchange) -> str | None:
    location = exchange.headers.get("location")
    try:
        return urljoin(exchange.url, location) if location else None
    except ValueError:  # a Location that is no URL
        return None


def _leads_on(url: str, refresh_url: str) -> bool:
    """A refresh counts on a short-link page or when it leaves the domain; else it only reloads."""
    if not may_follow(refresh_url) or refresh_url == url:
        return False
    return needs_following(url) or registrable_domain(refresh_url) != registrable_domain(url)


def _nowhere(exchange: Exchange) -> Step:
    if exchange.failure is not None:
        return Step(error=exchange.failure.message)
    is_gone = exchange.status in (404, 410)
    return Step(error=f"HTTP {exchange.status} at {exchange.url}", is_final=is_gone)
