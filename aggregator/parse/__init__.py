"""Parse: the body of an answer to a feed's entries.

Bodies come from strangers. `parse_feed` decodes, scrubs, limits and reads one and reduces every item
to plain text, http links and believable dates; it is pure. `ParserPool` runs it in processes of
their own that may be killed, because no guard catches every document that keeps a parser busy.
`feed_links` finds the feeds that a page declares.
"""

from aggregator.parse.feeds import parse_feed
from aggregator.parse.page import FeedLink, feed_links
from aggregator.parse.worker import ParserPool

__all__ = ["FeedLink", "ParserPool", "feed_links", "parse_feed"]
