"""Hundreds of feeds on loopback, some of them broken in every way there is a name for, and the memory of a process."""

import random
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import cycle, islice
from pathlib import Path
from subprocess import Popen

from aggregator.replica import Article, Item, Outlet, Replica, Snapshot
from tests.fault_server import FaultServer, Reply
from tests.system.home import Feed, Home

FEEDS_PER_HOST = 10
TIMEOUT_SECONDS = 10  # the good ones have to be done by then
TOO_SLOW = "not done within"  # on a busy machine a reason for any of them

# Path of the misbehaving server, and words of which one stands in the reason that the store keeps.
BROKEN = {
    "reset": ("",),
    "empty-reply": ("",),
    "garbage": ("",),
    "silent": (TOO_SLOW,),
    "drip-headers": (TOO_SLOW,),
    "header-flood": ("",),
    "gzip-bomb": ("large", "bytes"),
    "endless-body": ("large", "bytes"),
    "endless-trailers": ("",),
    "corrupt-gzip": ("",),
    "broken-chunks": ("",),
    "coding?name=br": ("br",),
    "redirect-loop": ("redirect",),
    "redirect-nowhere": ("redirect", "Location"),
    "redirect?code=302&to=file:///etc/passwd": ("",),
    "status?code=404": ("404",),
    "status?code=410": ("410",),
    "status?code=429&retry_after=120": ("429",),
    "status?code=500": ("500",),
    "status?code=503": ("503",),
    "page": ("HTML", "feed"),
    "wall": ("consent", "feed"),
    "empty": ("empty", "feed"),
    "no-feed": ("feed",),
    "laughs": ("",),
    "deep": ("",),
    "nowhere": ("",),
}
_LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
_BODIES = {
    "no-feed": b'{"status": "ok"}',
    "laughs": f'<!DOCTYPE r [<!ENTITY e0 "ha">{_LAUGHS}]><rss><channel><title>&e9;</title></channel></rss>'.encode(),
    "deep": b"<rss>" + b"<a>" * 100_000,
}

_DO = (
    "reject",
    "welcome",
    "question",
    "postpone",
    "uncover",
    "survey",
    "rebuild",
    "abandon",
    "defend",
    "measure",
)
_WHAT = (
    "bridge",
    "levy",
    "glacier",
    "orchestra",
    "census",
    "harbour",
    "vaccine",
    "treaty",
    "archive",
    "tunnel",
)
_SYLLABLES = re.findall(
    r"\w+", "bel mo ra sk arn os ter ra val din ke lu fa mir tho gan pe lis quo nar dis eb ul"
)


@dataclass(frozen=True, slots=True)
class Fleet:
    """What runs: `feeds` to configure, and by name what is to come of them."""

    feeds: list[Feed]
    good: dict[str, int]  # articles each
    broken: dict[str, str]  # kind of breakage each
    base_url: str

    def configure(self, home: Home) -> Home:
        tables = {"http": {"total_timeout_seconds": TIMEOUT_SECONDS}}
        return home.configure(self.feeds, base_url=self.base_url, tables=tables)


@contextmanager
def fleet(plain: int, google: int, now: datetime, *, entries: int = 20) -> Iterator[Fleet]:
    """Serve `plain` feeds, every fourth broken, and `google` Google feeds, of so many entries each."""
    rng = random.Random(0)
    with ExitStack() as stack:
        broken = list(islice(cycle(BROKEN), plain // 4))
        good = [f"good {number}" for number in range(plain - len(broken))]
        feeds = []
        for first in range(0, len(good), FEEDS_PER_HOST):
            server = stack.enter_context(FaultServer())
            for name in good[first : first + FEEDS_PER_HOST]:
                path = name.replace(" ", "-")
                server.answers[path] = Reply(body=_feed(name, now, entries, rng))
                feeds.append(Feed(name, url=server.url(path)))
        names = {f"broken {number}: {kind}": kind for number, kind in enumerate(broken)}
        for name, kind in names.items():
            server = stack.enter_context(FaultServer())
            server.answers |= {path: Reply(body=body) for path, body in _BODIES.items()}
            url = server.refusing_url() if kind == "nowhere" else f"{server.origin}/{kind}"
            feeds.append(Feed(name, url=f"{url}{'&' if '?' in url else '?'}feed={len(feeds)}"))
        rng.shuffle(feeds)
        replica = stack.enter_context(Replica())
        places = {f"Google {number}": f"Place{number}" for number in range(google)}
        for name, place in places.items():
            url = f"https://news.google.com/rss/headlines/section/geo/{place}?hl=en-US&gl=US&ceid=US:en"
            replica.show(url, _snapshot(place, now, entries, rng))
            feeds.append(Feed(name, url=url))
        expected = dict.fromkeys(good, entries) | dict.fromkeys(places, 5 * entries)
        yield Fleet(feeds, expected, names, replica.base_url)


def headline(rng: random.Random) -> str:
    """Rare names among common words, as in news."""
    names = ["".join(rng.choices(_SYLLABLES, k=3)).title() for _ in range(4)]
    return (
        f"{names[0]} and {names[1]} {rng.choice(_DO)} {rng.choice(_WHAT)} of {names[2]},"
        f" {names[3]} to {rng.choice(_DO)} {rng.choice(_WHAT)}"
    )


def _feed(name: str, now: datetime, entries: int, rng: random.Random) -> bytes:
    items = "".join(
        f"<item><title>{headline(rng)}</title><link>https://{name.replace(' ', '')}.example/{number}</link>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=number))}</pubDate></item>"
        for number in range(entries)
    )
    return f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'.encode()


def _snapshot(place: str, now: datetime, entries: int, rng: random.Random) -> Snapshot:
    outlets = [
        Outlet(f"outlet-{number}", f"Outlet {number}", f"outlet-{number}.example") for number in range(5)
    ]
    items = []
    for number in range(entries):
        words = headline(rng)
        told = [
            Article(f"{words} – {outlet.name}", outlet, f"https://{outlet.host}/{place}/{number}", now)
            for outlet in outlets
        ]
        items.append(Item(tuple(told)))
    return Snapshot(tuple(items))


def peak_memory_bytes(process: Popen[str]) -> int:
    """Wait for a process; return the most resident memory that it and its descendants had at one moment.

    Looked at fifty times a second, in /proc; pages that they share are counted once (PSS).
    """
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(proportional_bytes, family(process.pid))))
        time.sleep(0.02)
    return peak


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    try:
        children = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return
    for child in (int(child) for row in children for child in row):
        yield from family(child)


def proportional_bytes(pid: int) -> int:
    """Resident memory of a process, what it shares with others counted in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has ended in this moment
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
