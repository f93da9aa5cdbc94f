"""One feed request: the right headers out, the judged answer back."""

from datetime import datetime

from aggregator.fetch.client import HttpClient
from aggregator.fetch.outcome import judge
from aggregator.model import Fetched, Validators

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)


async def fetch_feed(
    client: HttpClient,
    url: str,
    *,
    validators: Validators,
    previous_sha256: str | None,
    now: datetime,
) -> Fetched:
    """Request a feed, conditionally if there are `validators`; never raises for a bad feed.

    For an unconditional request pass empty `Validators()`. `now` (aware UTC) only serves to read a
    `Retry-After` that is a date.
    """
    headers = {"Accept": _ACCEPT}
    if validators.etag is not None:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified is not None:
        headers["If-Modified-Since"] = validators.last_modified
    exchange = await client.request("GET", url, headers=headers)
    return judge(exchange, sent=validators, previous_sha256=previous_sha256, now=now)


async def fetch_feed_or_page(client: HttpClient, url: str, *, now: datetime) -> tuple[Fetched, bytes]:
    """Request an address that may be a feed's or a page's: the answer judged as a feed's, and its body.

    The body is there even when it is no feed. Never raises for a bad answer.
    """
    exchange = await client.request(
        "GET", url, headers={"Accept": _ACCEPT.replace("*/*", "text/html;q=0.7, */*")}
    )
    return judge(exchange, sent=Validators(), previous_sha256=None, now=now), exchange.body
