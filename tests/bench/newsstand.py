"""A server of thousands of feeds on loopback, some of them hostile, fast enough to be no part of what is measured.

    python -m tests.bench.newsstand         prints its port, serves until its standard input ends

Facts
-----
* All of 127.0.0.0/8 is this machine: every feed has an address of its own, so each is a host of its own to
  whoever is polite by host.
* A feed's address says what it is: `http://127.x.y.z:PORT/KIND/NUMBER`. `good` ones have twenty items; every
  fifth poll of one brings a new item (10,000 feeds at 30 minutes: 96,000 a day). Even numbers know validators
  and answer 304, odd ones send the same body again.
* Hostile ones do what `tests/fault_server.py` does with threads, which thousands of connections rule out here.
"""

import asyncio
import contextlib
import random
import sys
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

ITEMS = 20
POLLS_A_NEW_ITEM = 5
_OLD_ITEMS_EVERY = timedelta(hours=3)
_PAGE_BYTES = 64_000

Hostile = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def address(number: int, port: int, kind: str = "good") -> str:
    """The URL of a feed; up to four million numbers."""
    high, low = divmod(number, 250)
    higher, high = divmod(high, 250)
    return f"http://127.{1 + higher}.{high}.{1 + low}:{port}/{kind}/{number}"


# --- good feeds ------------------------------------------------------------------------------------------


class Stand:
    """What each feed has published so far."""

    def __init__(self, now: datetime) -> None:
        self._opened_at = now
        self._polls: Counter[int] = Counter()

    def answer(self, number: int, head: bytes) -> bytes:
        """The whole answer to a request with this head."""
        self._polls[number] += 1
        newest = (self._polls[number] + number % POLLS_A_NEW_ITEM) // POLLS_A_NEW_ITEM
        validator = b'"%d-%d"' % (number, newest)
        if number % 2 == 0:
            if validator in head:
                return b"HTTP/1.1 304 Not Modified\r\nETag: %b\r\n\r\n" % validator
            header = b"ETag: %b\r\n" % validator
        else:
            header = b""
        body = self._body(number, newest)
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n%bContent-Length: %d\r\n\r\n%b" % (
            header,
            len(body),
            body,
        )

    def _body(self, number: int, newest: int) -> bytes:
        items = "".join(self._item(number, item) for item in range(newest, newest - ITEMS, -1))
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"<title>Courier {number}</title><link>https://courier-{number}.example/</link>{items}</channel></rss>"
        ).encode()

    def _item(self, number: int, item: int) -> str:
        at = self._opened_at + item * _OLD_ITEMS_EVERY if item < 0 else self._opened_at
        link = f"https://courier-{number}.example/news/{item + ITEMS}"
        return (
            f"<item><title>{_headline(number, item)}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{format_datetime(at)}</pubDate><description>{_PLAIN_TEXT}</description></item>"
        )


_PLAIN_TEXT = "The council met until late in the evening and will meet again; nobody left the room. " * 5


@cache
def _words() -> list[str]:
    rng = random.Random(0)
    parts = [
        "ba",
        "ko",
        "ri",
        "ten",
        "mar",
        "lo",
        "vis",
        "dun",
        "sel",
        "ga",
        "pru",
        "hin",
        "tor",
        "wes",
        "jo",
        "ly",
        "fen",
        "ost",
        "ar",
        "quil",
    ]
    return ["".join(rng.choices(parts, k=3)).title() for _ in range(5_000)]


def _headline(number: int, item: int) -> str:
    """Seven words; three feeds in a row tell of the same thing."""
    event, own = random.Random(f"{number // 3} {item}"), random.Random(f"{number} {item}")
    return " ".join([*event.choices(_words(), k=5), *own.choices(_words()[:500], k=2)])


# --- hostile feeds ---------------------------------------------------------------------------------------

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
_ITEM = b"<item><title>Much ado in Aldermoor</title><link>https://flood.example/1</link></item>"


async def _say(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _say(writer, _OK + b"\r\n<rss>")
    while True:
        await asyncio.sleep(1)
        await _say(writer, b" ")


async def _dripping_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for number in range(1_000_000):
        await _say(writer, _OK[number % len(_OK) :][:1])
        await asyncio.sleep(1)


async def _continuing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await _say(writer, b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)


async def _huge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _say(writer, _OK + b"Connection: close\r\n\r\n<rss version='2.0'><channel>")
    for _ in range(50_000_000 // _PAGE_BYTES):
        await _say(writer, _ITEM * (_PAGE_BYTES // len(_ITEM)))


async def _bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _say(writer, _OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + _bombs_head())
    for _ in range(100):
        await _say(writer, _bombs_megabyte())


@cache
def _bombs_head() -> bytes:
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"


@cache
def _bombs_megabyte() -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(b" " * 1_000_000) + squeezer.flush(zlib.Z_FULL_FLUSH)


async def _chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _say(writer, _OK + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        await _say(writer, b"1\r\na\r\n" * 10_000)


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _say(writer, random.Random(0).randbytes(_PAGE_BYTES))


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _whole(writer: asyncio.StreamWriter, body: bytes) -> None:
    await _say(writer, _OK + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


async def _rubbish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A body that is no XML, sent as a feed."""
    await _whole(writer, b"<rss version='2.0'><channel>" + random.Random(0).randbytes(_PAGE_BYTES))


async def _deep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _whole(writer, b"<rss>" + b"<a>" * 100_000)


async def _slow_to_parse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """No limit is broken, and a parser is at it for seconds: each category is looked for among all before it."""
    categories = b"".join(b"<category>%d</category>" % number for number in range(12_000))
    await _whole(writer, b"<rss version='2.0'><channel><item>%b</item></channel></rss>" % categories)


HOSTILE: dict[str, Hostile] = {
    "silent": _silent,
    "dripping": _dripping,
    "dripping-head": _dripping_head,
    "continuing": _continuing,
    "huge": _huge,
    "bomb": _bomb,
    "chunks": _chunks,
    "garbage": _garbage,
    "reset": _reset,
    "rubbish": _rubbish,
    "deep": _deep,
    "slow-to-parse": _slow_to_parse,
}


# --- the server ------------------------------------------------------------------------------------------


async def serve(stand: Stand, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    # A client that leaves in the middle is the usual end here.
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            _, kind, number = head.split(b" ", 2)[1].decode("ascii").split("/")
            if kind != "good":
                await HOSTILE[kind](reader, writer)
                break
            await _say(writer, stand.answer(int(number), head))
    writer.close()


async def main() -> None:
    stand = Stand(datetime.now(UTC))
    server = await asyncio.start_server(
        lambda reader, writer: serve(stand, reader, writer), "0.0.0.0", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
