"""A server on loopback that misbehaves by name, for the tests of everything that fetches.

    with FaultServer() as server:
        exchange = asyncio.run(client.request("GET", server.url("gzip-bomb")))
        assert server.requests[-1].path == "/gzip-bomb"

It speaks through bare sockets, a thread a connection, because no HTTP library can be made to send
what is needed here. `FAULTS` is the table; a function in it gets the wire and the request and does
its worst. Parameters come in the query: `server.url("status", code=999)`. A test adds its own to
`server.faults`; for an answer that is merely particular, `server.answers["name"] = Reply(...)`.
"""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

FEED = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Harbour Courier</title><link>https://courier.example/</link>
<item><title>Ferry line to Aldermoor resumes after storm</title>
<link>https://courier.example/ferry-resumes</link><guid>courier-1</guid></item>
<item><title>Council votes to rebuild the Old Quay bridge</title>
<link>https://courier.example/quay-bridge</link><guid>courier-2</guid></item>
</channel></rss>
"""
PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Log in to the network</body></html>"
WALL = b"<!doctype html><html><head><title>Before you continue</title></head><body>cookies</body></html>"
XML = "application/rss+xml; charset=utf-8"

_MEGABYTE = 1_000_000
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """An ordinary answer. `Content-Length` is added unless `headers` speak of framing."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", XML),)
    body: bytes = FEED


class Wire:
    """One accepted connection, with the ways of ending it that tests need."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self.connection = connection
        self.stopping = stopping
        self.is_open = True

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than the server lives."""
        if self.stopping.wait(seconds):
            raise ConnectionAbortedError("server is stopping")

    def hang(self) -> None:
        """Say nothing until the other side or the server gives up."""
        while self.connection.recv(1024):
            self.pause(0)

    def close(self) -> None:
        self.is_open = False
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.is_open = False
        self.connection.close()

    def head(self, status: int, *headers: tuple[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def reply(self, reply: Reply) -> None:
        """Send a whole answer and keep the connection."""
        is_framed = any(name.lower() in {"content-length", "transfer-encoding"} for name, _ in reply.headers)
        length = () if is_framed else (("Content-Length", str(len(reply.body))),)
        self.head(reply.status, *reply.headers, *length)
        self.send(reply.body)


Fault = Callable[[Wire, Request], None]
FAULTS: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    def register(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return register


class FaultServer:
    """See the module's docstring. Thread-safe; leaves no thread that matters behind."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1") -> None:
        self.answers: dict[str, Reply] = {}
        self.faults: dict[str, Fault] = dict(FAULTS)
        self.connections = 0
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._tls = tls
        self._host = host
        self._listener = socket.create_server((host, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._spare: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="fault server", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):  # wakes the accepting thread
            self._listener.shutdown(socket.SHUT_RDWR)
        for listener in (self._listener, *self._spare):
            listener.close()

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}"

    def url(self, name: str, /, **query: object) -> str:
        """The URL of a fault, or of one of `answers`."""
        return f"{self.origin}/{name}" + (f"?{urlencode(query)}" if query else "")

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    def refusing_url(self) -> str:
        """A URL whose port is closed."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        return f"http://127.0.0.1:{port}/"

    def full_url(self) -> str:
        """A URL whose port is open but whose queue is full, so connecting hangs."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self._spare.append(listener)
        address = listener.getsockname()
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            self._spare.append(filler)
        return f"http://127.0.0.1:{address[1]}/"

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that leaves in the middle is the usual end here.
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            wire = Wire(connection, self._stopping)
            for request in _requests(connection):
                with self._lock:
                    self._requests.append(request)
                self._misbehave(wire, request)
                if not wire.is_open:
                    return

    def _misbehave(self, wire: Wire, request: Request) -> None:
        name = request.path.strip("/").partition("/")[0]
        if name in self.answers:
            wire.reply(self.answers[name])
        elif name in self.faults:
            self.faults[name](wire, request)
        else:
            wire.reply(Reply(404, body=b"no such fault"))


def _requests(connection: socket.socket) -> Iterator[Request]:
    """Requests of one connection, as they come."""
    with connection.makefile("rb") as stream:
        while line := stream.readline():
            method, _, rest = line.decode("latin-1").partition(" ")
            target, _, version = rest.partition(" ")
            if not version.startswith("HTTP/"):
                return  # a TLS greeting, for instance
            headers = {}
            while (header := stream.readline().decode("latin-1").strip()) != "":
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", "0")))
            parts = urlsplit(target)
            yield Request(
                method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body
            )


# --- good manners ----------------------------------------------------------------------------------


@fault("feed")
def _feed(wire: Wire, request: Request) -> None:
    """A feed with validators that are honoured."""
    etag, modified = '"harbour-1"', "Mon, 05 Jan 2026 06:00:00 GMT"
    validators = (("ETag", etag), ("Last-Modified", modified))
    if request.headers.get("if-none-match") == etag or request.headers.get("if-modified-since") == modified:
        wire.reply(Reply(304, validators, b""))
    else:
        wire.reply(Reply(headers=(("Content-Type", XML), *validators)))


@fault("gzip")
def _gzip(wire: Wire, request: Request) -> None:
    wire.reply(Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(FEED)))


@fault("gzip-members")
def _gzip_members(wire: Wire, request: Request) -> None:
    """Two gzip members and zero padding, as some proxies write."""
    body = gzip.compress(FEED[:100]) + gzip.compress(FEED[100:]) + bytes(16)
    wire.reply(Reply(headers=(("Content-Encoding", "x-gzip"),), body=body))


@fault("echo")
def _echo(wire: Wire, request: Request) -> None:
    """The body of the request."""
    wire.reply(Reply(headers=(("Content-Type", "text/plain"),), body=request.body))


@fault("once")
def _once(wire: Wire, request: Request) -> None:
    """A good answer that promises to keep the connection, which is then closed."""
    wire.reply(Reply())
    wire.close()


# --- connections -----------------------------------------------------------------------------------


@fault("reset")
def _reset(wire: Wire, request: Request) -> None:
    wire.reset()


@fault("empty-reply")
def _empty_reply(wire: Wire, request: Request) -> None:
    wire.close()


@fault("garbage")
def _garbage(wire: Wire, request: Request) -> None:
    wire.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    wire.close()


@fault("silent")
def _silent(wire: Wire, request: Request) -> None:
    wire.hang()


@fault("drip-body")
def _drip_body(wire: Wire, request: Request) -> None:
    wire.head(200, ("Content-Type", XML), ("Content-Length", str(len(FEED))))
    for byte in FEED:
        wire.send(bytes([byte]))
        wire.pause(0.05)


@fault("drip-headers")
def _drip_headers(wire: Wire, request: Request) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 100:
        wire.send(bytes([byte]))
        wire.pause(0.05)


@fault("continue-flood")
def _continue_flood(wire: Wire, request: Request) -> None:
    while True:
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        wire.pause(0.001)


@fault("header-flood")
def _header_flood(wire: Wire, request: Request) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        wire.send(b"X-Padding: " + b"a" * 50_000 + b"\r\n")
    wire.send(b"Content-Length: 0\r\n\r\n")


@fault("many-headers")
def _many_headers(wire: Wire, request: Request) -> None:
    """A thousand small headers, which is legal."""
    wire.head(200, *((f"X-{number}", "a") for number in range(1_000)), ("Content-Length", str(len(FEED))))
    wire.send(FEED)


# --- bodies ----------------------------------------------------------------------------------------


def gzip_bomb(inflated_megabytes: int) -> Iterator[bytes]:
    """A gzip stream of zeros, a thousandth of its inflated size, made without inflating it.

    A block that ends with a full flush depends on nothing before it, so it can be repeated.
    """
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeezer.compress(bytes(_MEGABYTE)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    yield _GZIP_HEADER
    for _ in range(inflated_megabytes):
        yield block


def _send_bomb(wire: Wire, status: int, *headers: tuple[str, str]) -> None:
    wire.head(status, ("Content-Encoding", "gzip"), *headers)
    for piece in gzip_bomb(10_000):
        wire.send(piece)
    wire.close()


@fault("gzip-bomb")
def _gzip_bomb(wire: Wire, request: Request) -> None:
    """10 MB that inflate to 10 GB."""
    _send_bomb(wire, 200)


@fault("bomb-in-redirect")
def _bomb_in_redirect(wire: Wire, request: Request) -> None:
    _send_bomb(wire, 302, ("Location", "/feed"))


@fault("gzip-layers")
def _gzip_layers(wire: Wire, request: Request) -> None:
    """`n` gzip codings over each other."""
    layers = int(request.query["n"])
    body = b"".join(gzip_bomb(10))
    for _ in range(layers - 1):
        body = gzip.compress(body)
    wire.reply(Reply(headers=(("Content-Encoding", ", ".join(["gzip"] * layers)),), body=body))


@fault("coding")
def _coding(wire: Wire, request: Request) -> None:
    """A body labelled with the content coding `name`."""
    wire.reply(Reply(headers=(("Content-Encoding", request.query["name"]),)))


@fault("many-codings")
def _many_codings(wire: Wire, request: Request) -> None:
    wire.reply(Reply(headers=(("Content-Encoding", ",".join(["gzip"] * 10_000)),)))


@fault("corrupt-gzip")
def _corrupt_gzip(wire: Wire, request: Request) -> None:
    body = bytearray(gzip.compress(FEED))
    body[len(body) // 2] ^= 0xFF
    wire.reply(Reply(headers=(("Content-Encoding", "gzip"),), body=bytes(body)))


@fault("endless-body")
def _endless_body(wire: Wire, request: Request) -> None:
    wire.head(200, ("Content-Type", XML))
    while True:
        wire.send(b"<item/>" * 10_000)


@fault("one-byte-chunks")
def _one_byte_chunks(wire: Wire, request: Request) -> None:
    wire.head(200, ("Transfer-Encoding", "chunked"))
    wire.send(b"1\r\na\r\n" * _MEGABYTE + b"0\r\n\r\n")


@fault("endless-trailers")
def _endless_trailers(wire: Wire, request: Request) -> None:
    wire.head(200, ("Transfer-Encoding", "chunked"))
    wire.send(b"4\r\n<rss\r\n0\r\n")
    while True:
        wire.send(b"X-Trailer: " + b"a" * 10_000 + b"\r\n")


@fault("short-length")
def _short_length(wire: Wire, request: Request) -> None:
    """Content-Length promises more than comes."""
    wire.head(200, ("Content-Length", str(len(FEED) * 2)))
    wire.send(FEED)
    wire.close()


@fault("long-length")
def _long_length(wire: Wire, request: Request) -> None:
    """More comes than Content-Length promises; the connection stays."""
    wire.head(200, ("Content-Length", str(len(FEED))))
    wire.send(FEED + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")


@fault("cut-chunked")
def _cut_chunked(wire: Wire, request: Request) -> None:
    wire.head(200, ("Transfer-Encoding", "chunked"))
    wire.send(f"{len(FEED):x}\r\n".encode() + FEED + b"\r\n")
    wire.close()


@fault("broken-chunks")
def _broken_chunks(wire: Wire, request: Request) -> None:
    wire.head(200, ("Transfer-Encoding", "chunked"))
    wire.send(b"no hexadecimal number\r\n")
    wire.close()


@fault("cut-gzip")
def _cut_gzip(wire: Wire, request: Request) -> None:
    """Whole by its length, cut by its gzip stream."""
    wire.reply(Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(FEED)[:-40]))


@fault("no-length")
def _no_length(wire: Wire, request: Request) -> None:
    """A whole feed whose end is the end of the connection."""
    wire.head(200, ("Content-Type", XML))
    wire.send(FEED)
    wire.close()


@fault("no-length-cut")
def _no_length_cut(wire: Wire, request: Request) -> None:
    wire.head(200, ("Content-Type", XML))
    wire.send(FEED[:-60])
    wire.close()


@fault("reset-in-body")
def _reset_in_body(wire: Wire, request: Request) -> None:
    wire.head(200, ("Content-Length", str(len(FEED) * 2)))
    wire.send(FEED)
    wire.pause(0.05)
    wire.reset()


# --- redirects -------------------------------------------------------------------------------------


def _redirect(wire: Wire, status: int, location: str) -> None:
    wire.reply(Reply(status, (("Location", location),), b"moved"))


@fault("redirect")
def _redirect_to(wire: Wire, request: Request) -> None:
    """To the URL `to`, with the status `code`; the bytes of `to` are sent as they are."""
    location = request.query.get("to", "").encode("utf-8").decode("latin-1")
    _redirect(wire, int(request.query.get("code", "302")), location)


@fault("redirect-loop")
def _redirect_loop(wire: Wire, request: Request) -> None:
    _redirect(wire, 302, "/redirect-loop")


@fault("hops")
def _hops(wire: Wire, request: Request) -> None:
    """`n` redirects with the status `code`, then the feed."""
    left, code = int(request.query["n"]), int(request.query.get("code", "302"))
    if left == 0:
        _feed(wire, request)
    else:
        _redirect(wire, code, f"/hops?n={left - 1}&code={code}")


@fault("redirect-long")
def _redirect_long(wire: Wire, request: Request) -> None:
    _redirect(wire, 302, "/feed?" + "a" * 70_000)


@fault("redirect-nowhere")
def _redirect_nowhere(wire: Wire, request: Request) -> None:
    wire.reply(Reply(302, (), b"moved, but where"))


@fault("redirect-utf8")
def _redirect_utf8(wire: Wire, request: Request) -> None:
    """A Location in raw UTF-8, as servers in a hurry send it."""
    _redirect(wire, 302, "/feed?ort=Köln".encode().decode("latin-1"))


# --- statuses and headers ----------------------------------------------------------------------------


@fault("status")
def _status(wire: Wire, request: Request) -> None:
    """The status `code`, with a good feed as body and `retry_after` if given."""
    wait = request.query.get("retry_after")
    headers = (("Retry-After", wait),) if wait is not None else ()
    code = int(request.query["code"])
    wire.reply(Reply(code, headers, b"" if code in {204, 304} else FEED))


@fault("header")
def _header(wire: Wire, request: Request) -> None:
    """A good feed with one more header: `name`, `value`, `times` times."""
    value = request.query["value"].encode("utf-8").decode("latin-1")
    header = (request.query["name"], value)
    wire.reply(Reply(headers=(header,) * int(request.query.get("times", "1"))))


@fault("cookie")
def _cookie(wire: Wire, request: Request) -> None:
    wire.reply(Reply(headers=(("Set-Cookie", "id=1; Path=/"), ("Set-Cookie", "session=2; Path=/"))))


@fault("page")
def _page(wire: Wire, request: Request) -> None:
    wire.reply(Reply(headers=(("Content-Type", XML),), body=PAGE))


@fault("wall")
def _wall(wire: Wire, request: Request) -> None:
    wire.reply(Reply(headers=(("Content-Type", "text/html"),), body=WALL))


@fault("empty")
def _empty(wire: Wire, request: Request) -> None:
    wire.reply(Reply(body=b""))


def redirecting(server: FaultServer, to: str, code: int = 302) -> str:
    """The URL of `server` that redirects to `to`."""
    return f"{server.origin}/redirect?code={code}&to={quote(to, safe='')}"
