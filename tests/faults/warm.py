"""What a fork server imports before its first fork, so that no fork spends half a second on it.

Importing this module asks nobody for a feed and reads a document, which makes libraries load their parts.
"""

import asyncio

import sqlite_utils  # noqa: F401 - the store imports it when it opens a file

from aggregator.clock import SystemClock
from aggregator.fetch import HttpClient
from aggregator.parse.feeds import parse_feed
from aggregator.pipeline.drafts import articles_of
from aggregator.settings import DaySettings, FeedSettings, HttpSettings
from aggregator.store import migrations  # noqa: F401
from aggregator.store.feeds import new_feed
from tests.fault_server import FEED
from tests.faults import killpoints  # noqa: F401
from tests.system.home import NO_FEEDS


async def _ask_nobody() -> None:
    async with HttpClient(HttpSettings(allow_private_addresses=True), clock=SystemClock()) as client:
        assert (await client.request("GET", NO_FEEDS)).failure is not None


def _read_one() -> None:
    now = SystemClock().now()
    parsed = parse_feed(FEED, content_type=None, feed_url=NO_FEEDS, google_hosts=frozenset(), now=now)
    feed = new_feed(FeedSettings("Courier", "world", NO_FEEDS, "en", "US", 30, is_google=False), now)
    assert articles_of(parsed, feed, now=now, timezone=DaySettings("UTC").zone)


asyncio.run(_ask_nobody())
_read_one()
