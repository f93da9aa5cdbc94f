"""HTTP/1.1 messages as values: a request that was read, a response to be written. Pure."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from aggregator.replica.routes import parse_query

Headers = tuple[tuple[str, str], ...]

HTML: Headers = (("Content-Type", "text/html; charset=utf-8"),)


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    `target` is path and query as they came; `headers` are by lower-case name; `client` is the address
    that it came from.
    """

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = ""

    @property
    def accepts_gzip(self) -> bool:
        return "gzip" in self.headers.get("accept-encoding", "")

    @property
    def body_bytes(self) -> int:
        """Announced length of the body. Raises BadRequest for one that is none."""
        length = self.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise BadRequest(f"not a length: {length[:40]!r}")
        return int(length)

    @property
    def wants_close(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


@dataclass(frozen=True, slots=True)
class Response:
    """One response; `is_chunked` chooses chunked transfer over a length."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    is_chunked: bool = False

    @property
    def is_gzip(self) -> bool:
        return ("Content-Encoding", "gzip") in self.headers

    def gzipped(self) -> "Response":
        """The same response with its body compressed."""
        return self.with_gzip(gzip.compress(self.body, 6, mtime=0))

    def with_gzip(self, body: bytes) -> "Response":
        """The same response with `body`, which is gzip already."""
        return replace(self, body=body, headers=(*self.headers, ("Content-Encoding", "gzip")))

    def encoded(self) -> bytes:
        """Everything that goes over the wire."""
        return self.head() + (_chunks(self.body) if self.is_chunked else self.body)

    def head(self) -> bytes:
        """Status line and headers, the one that frames the body among them (304 has no body)."""
        framing = (
            ("Transfer-Encoding", "chunked") if self.is_chunked else ("Content-Length", str(len(self.body)))
        )
        headers = self.headers if self.status == 304 else (*self.headers, framing)
        lines = [f"{name}: {value}" for name, value in headers]
        return "\r\n".join([f"HTTP/1.1 {self.status} {_reason(self.status)}", *lines, "", ""]).encode(
            "latin-1"
        )


class BadRequest(Exception):
    """The bytes are no request that the replica understands; ends the connection."""


def parse_request(head: bytes, client: str) -> Request:
    """Read the head of a request, its empty line included. Raises BadRequest."""
    first, *lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = first.split(" ")
        parts = urlsplit(target)
    except ValueError:
        raise BadRequest(f"not a request line: {first[:80]!r}") from None
    if not version.startswith("HTTP/1."):
        raise BadRequest(f"not HTTP/1: {version[:20]!r}")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Request(method, target, parts.path, parse_query(parts.query), headers, client=client)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _chunks(body: bytes, size: int = 16_384) -> bytes:
    parts = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
