"""Fetch: from a URL to the bytes of a feed, and what the answer means.

The only stage that talks HTTP, and `client` the only module that knows the library. Every answer is
bounded in time, bytes and hops, every address is checked when it is dialled, and everything that can
go wrong comes back as a value. `Politeness` says when a request may start; when a feed is due at all
is not decided here.
"""

from aggregator.fetch.client import HttpClient
from aggregator.fetch.feeds import fetch_feed, fetch_feed_or_page
from aggregator.fetch.politeness import Politeness

__all__ = ["HttpClient", "Politeness", "fetch_feed", "fetch_feed_or_page"]
