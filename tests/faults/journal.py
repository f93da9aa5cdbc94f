"""Feeds of numbered articles that keep a journal of all they ever told, to hold a store to it.

    with FaultServer() as server:
        journal = Journal(server, feeds=4, seed=0)
        ...
        assert stored == journal.served()

A feed shows a window of its newest articles and moves on only when the client proves, by the ETag of the last
answer, that it has that: whoever sends a validator of what it did not store will never hear of it again.
"""

import random
import re
import threading
from dataclasses import dataclass, field

from tests.fault_server import FaultServer, Reply, Request, Wire

WINDOW = 4  # articles a document shows
NEWS = 2  # of which are new to a client that has kept up
_LINK = re.compile(r"https://outlet-(\d+)\.example/article/(\d+)\b")
_WORDS = [
    "harbour",
    "bridge",
    "senate",
    "glacier",
    "orchestra",
    "verdict",
    "ferry",
    "lantern",
    "census",
    "tunnel",
    "archive",
    "treaty",
    "vaccine",
    "quarry",
    "delta",
    "comet",
    "parish",
    "tariff",
    "museum",
    "dyke",
    "council",
    "strike",
    "orchard",
    "railway",
]

Article = tuple[int, int]  # feed and number


def article_of(link: str) -> Article:
    """The feed and number that a link of ours, in whatever form, stands for."""
    found = _LINK.match(link)
    assert found, link
    return int(found[1]), int(found[2])


@dataclass(slots=True)
class _Feed:
    number: int
    generation: int = 0
    last: int = WINDOW
    told: dict[str, frozenset[Article]] = field(default_factory=dict)  # by ETag
    proved: set[str] = field(default_factory=set)  # ETags that came back
    unchanged: int = 0

    @property
    def etag(self) -> str:
        return f'"{self.number}-{self.generation}"'

    def body(self) -> bytes:
        items = "".join(
            f"<item><title>{_headline(self.number, number)}</title><link>https://outlet-{self.number}.example/"
            f"article/{number}?utm_source=rss&amp;utm_content=g{self.generation}</link></item>"
            for number in range(self.last, self.last - WINDOW, -1)
        )
        return f'<rss version="2.0"><channel><title>Outlet</title>{items}</channel></rss>'.encode()

    def window(self) -> frozenset[Article]:
        return frozenset((self.number, number) for number in range(self.last - WINDOW + 1, self.last + 1))


class Journal:
    """`feeds` numbered feeds on a server, at `url(number)`; `is_quiet` ends the news."""

    def __init__(self, server: FaultServer, *, feeds: int, seed: int) -> None:
        self.is_quiet = False
        self._server = server
        self._lock = threading.Lock()
        self._rng = random.Random(seed)
        self._feeds = [_Feed(number) for number in range(feeds)]
        server.faults["numbered"] = self._answer

    def url(self, number: int) -> str:
        return f"{self._server.origin}/numbered/{number}"

    def served(self) -> frozenset[Article]:
        """Everything that was ever contained in an answer."""
        with self._lock:
            return frozenset().union(*(told for feed in self._feeds for told in feed.told.values()))

    def told_with(self, number: int, etag: str) -> frozenset[Article]:
        """What the answers with this validator contained."""
        with self._lock:
            return self._feeds[number].told[etag]

    def proved(self) -> frozenset[Article]:
        """Everything that the client said it has, by sending back a validator."""
        with self._lock:
            return frozenset().union(*(feed.told[etag] for feed in self._feeds for etag in feed.proved))

    @property
    def unchanged(self) -> int:
        """How often the answer was 304."""
        return sum(feed.unchanged for feed in self._feeds)

    def _answer(self, wire: Wire, request: Request) -> None:
        feed = self._feeds[int(request.path.rpartition("/")[2])]
        with self._lock:
            reply = self._reply(feed, request.headers.get("if-none-match"))
        wire.reply(reply)

    def _reply(self, feed: _Feed, known: str | None) -> Reply:
        if known is not None:
            feed.proved.add(known)
        if known == feed.etag and (self.is_quiet or self._rng.random() < 0.3):
            feed.unchanged += 1
            return Reply(304, (("ETag", feed.etag),), b"")
        if known == feed.etag:
            feed.generation += 1
            feed.last += NEWS
        feed.told[feed.etag] = feed.window()
        return Reply(headers=(("Content-Type", "application/rss+xml"), ("ETag", feed.etag)), body=feed.body())


def _headline(feed: int, number: int) -> str:
    return " ".join(random.Random(feed * 100_003 + number).sample(_WORDS, 6)).capitalize()
