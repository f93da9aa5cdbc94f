"""The servers of a newsstand: they know what time the program takes it to be, answer badly now and then, and note it.

What an answer is like follows from the seed, the feed and how often that feed was asked, and from nothing else. No
connection is kept: whether one were still open would depend on how fast the machine is, and a request whose old connection
is closed under it is repeated.
"""

import gzip
import hashlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.fault_server import PAGE, WALL, XML, Fault, FaultServer, Reply, Request, Wire, gzip_bomb
from tests.system.newsstand import Stand

WHOLE, UNCHANGED, PARTIAL = "whole", "unchanged", "cut short"
FEEDS_PER_HOST = 10
FAULT_SHARE = 0.12
_SILENCE_SHARE = 0.001  # each costs a whole timeout
_BOMB_MEGABYTES = 4
_STATUSES = (403, 404, 408, 410, 500, 502, 503)
_LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))

# Gets the wire, the document that would have been right, and chance.
Misdeed = Callable[[Wire, bytes, random.Random], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a feed answered at a moment of the program's time."""

    feed: str
    at: datetime
    kind: str


class Misfortune:
    """Serves `stands`, some on each of `servers`; `moment` tells the program's time.

    `gone` and `moved` name feeds and the moment from which they answer 410, or 301 to another address.
    """

    def __init__(
        self,
        servers: Sequence[FaultServer],
        stands: Sequence[Stand],
        *,
        moment: Callable[[], datetime],
        seed: int,
        gone: Mapping[str, datetime],
        moved: Mapping[str, datetime],
    ) -> None:
        self._servers = servers
        self._stands = stands
        self._moment = moment
        self._seed = seed
        self._gone = gone
        self._moved = moved
        self._lock = threading.Lock()
        self._asked: Counter[int] = Counter()
        self._answers: list[Answer] = []
        for server in servers:
            server.faults |= {
                "stand": _once(self._at_the_stand),
                "rss": _once(self._at_the_stand),
                "straight": _once(self._straight),
            }

    def url(self, number: int) -> str:
        """Where the feed of this number is."""
        if self._stands[number].is_google:
            place = f"https://news.google.com/rss/headlines/section/geo/{number}"
            return f"{place}?hl=en-US&gl=US&ceid=US:en"
        return self._servers[number // FEEDS_PER_HOST].url(f"stand/{number}")

    def answers(self) -> list[Answer]:
        """In the order in which they were given."""
        with self._lock:
            return list(self._answers)

    def _at_the_stand(self, wire: Wire, request: Request) -> None:
        number = _number(request)
        stand, moment = self._stands[number], self._moment()
        with self._lock:
            self._asked[number] += 1
            rng = random.Random(f"{self._seed} {number} {self._asked[number]}")
        if stand.name in self._gone and moment >= self._gone[stand.name]:
            self._note(stand, moment, "gone")
            wire.reply(Reply(410, body=b""))
        elif stand.name in self._moved and moment >= self._moved[stand.name]:
            wire.reply(Reply(301, (("Location", f"/straight/{number}"),), b""))
        elif (draw := rng.random()) < _SILENCE_SHARE:
            self._note(stand, moment, "silence")
            wire.hang()
        elif draw < FAULT_SHARE:
            self._misbehave(wire, request, moment, rng)
        else:
            self._deliver(wire, request, moment)

    def _straight(self, wire: Wire, request: Request) -> None:
        self._deliver(wire, request, self._moment())

    def _note(self, stand: Stand, moment: datetime, kind: str) -> None:
        with self._lock:
            self._answers.append(Answer(stand.name, moment, kind))

    def _deliver(self, wire: Wire, request: Request, moment: datetime) -> None:
        """An honest answer; every fifth feed knows no validators, every seventh marks its links anew each time."""
        number = _number(request)
        stand = self._stands[number]
        etag = _etag(stand, moment)
        validators = (("ETag", etag),) if number % 5 != 2 else ()
        if validators and request.headers.get("if-none-match") == etag:
            self._note(stand, moment, UNCHANGED)
            wire.reply(Reply(304, validators, b""))
            return
        mark = f"?utm_source=rss&amp;utm_id={moment:%d%H%M}" if number % 7 == 3 else ""
        self._note(stand, moment, WHOLE)
        wire.reply(Reply(headers=(("Content-Type", XML), *validators), body=stand.body(moment, mark)))

    def _misbehave(self, wire: Wire, request: Request, moment: datetime, rng: random.Random) -> None:
        stand, kind = self._stands[_number(request)], rng.choice(tuple(_MISDEEDS))
        if kind == "redirected":
            wire.reply(Reply(302, (("Location", f"/straight/{_number(request)}"),), b""))
        elif kind == "a false 304" and "if-none-match" not in request.headers:
            self._deliver(wire, request, moment)
        else:
            self._note(stand, moment, kind)
            _MISDEEDS[kind](wire, stand.body(moment, ""), rng)


def _once(fault: Fault) -> Fault:
    def answer(wire: Wire, request: Request) -> None:
        fault(wire, request)
        if wire.is_open:
            wire.close()

    return answer


def _number(request: Request) -> int:
    return int(request.path.rpartition("/")[2])


def _etag(stand: Stand, moment: datetime) -> str:
    shown = [(article.key, article.headline_at(moment)) for article in stand.window(moment)]
    return f'"{hashlib.sha256(repr(shown).encode()).hexdigest()[:16]}"'


# --- misdeeds ----------------------------------------------------------------------------------------


def _say(reply: Reply) -> Misdeed:
    return lambda wire, body, rng: wire.reply(reply)


def _no_http(wire: Wire, body: bytes, rng: random.Random) -> None:
    wire.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    wire.close()


def _cut_short(wire: Wire, body: bytes, rng: random.Random) -> None:
    wire.head(200, ("Content-Type", XML), ("Content-Length", str(len(body))))
    wire.send(body[: len(body) * 2 // 3])
    wire.close()


def _cut_inside_gzip(wire: Wire, body: bytes, rng: random.Random) -> None:
    packed = gzip.compress(body)
    wire.reply(Reply(headers=(("Content-Encoding", "gzip"),), body=packed[: len(packed) // 2]))


def _bomb(wire: Wire, body: bytes, rng: random.Random) -> None:
    wire.head(200, ("Content-Encoding", "gzip"))
    for piece in gzip_bomb(_BOMB_MEGABYTES):
        wire.send(piece)
    wire.close()


_MISDEEDS: dict[str, Misdeed] = {
    "reset": lambda wire, body, rng: wire.reset(),
    "closed without a word": lambda wire, body, rng: wire.close(),
    "no HTTP": _no_http,
    PARTIAL: _cut_short,
    "cut inside gzip": _cut_inside_gzip,
    "a bomb": _bomb,
    "a bad status": lambda wire, body, rng: wire.reply(Reply(rng.choice(_STATUSES), body=b"")),
    "asked to wait": lambda wire, body, rng: wire.reply(
        Reply(429, (("Retry-After", str(rng.randrange(60, 7200))),), b"")
    ),
    "redirected": _say(Reply(302)),
    "a false 304": _say(Reply(304, (("ETag", '"new"'),), b"")),
    "a web page": _say(Reply(body=PAGE)),
    "a consent wall": _say(Reply(body=WALL)),
    "an empty body": _say(Reply(body=b"")),
    "JSON": _say(Reply(body=b'{"status": "ok"}')),
    "a thousand million laughs": _say(Reply(body=f"<!DOCTYPE r [{_LAUGHS}]><rss>&e9;</rss>".encode())),
    "no entries": _say(Reply(body=b'<rss version="2.0"><channel><title>Back soon</title></channel></rss>')),
}
KINDS = frozenset(_MISDEEDS)
