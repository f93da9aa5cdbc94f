"""What we know about Google's wire: editions, feed URLs, ids. Pure, and known to every stage.

`Edition` names a language-and-country variant, `feed_urls` builds and recognises the addresses of
its feeds, `ids` reads and writes the ids of topics and articles.
"""

from aggregator.google.editions import Edition
from aggregator.google.feed_urls import is_google_feed, is_search_feed

__all__ = ["Edition", "is_google_feed", "is_search_feed"]
