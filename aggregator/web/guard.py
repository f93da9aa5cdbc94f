"""What is let in and what goes out with every answer: hosts, lengths, origins, headers.

Facts
-----
* A page on loopback is reachable from every web site through DNS rebinding: a foreign name that resolves
  to 127.0.0.1. The browser then sends the foreign name as Host, so only known names are answered.
* Browsers tell where a request comes from: `Sec-Fetch-Site` (to HTTPS and loopback), `Origin` with every POST.
  Under a referrer policy of `no-referrer` a form's own `Origin` becomes "null", so ours is `same-origin`, which
  tells publishers as little; `no-referrer` stands before it for browsers that know nothing else.
* A policy without `script-src` beside `default-src 'none'` runs no script, whatever a headline holds.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
MAX_TARGET_BYTES: Final = 8_192
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer, same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::\d{1,5})?")


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Whether a Host header, with or without a port, is one of these names in lower case."""
    match = _HOST.fullmatch(host)
    return match is not None and match[1].lower().rstrip(".") in names


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a request that changes something was sent by a page of ours, as the browser tells.

    A request that tells nothing of the kind comes from no browser that a person logs in with.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


class Guard:
    """Middleware: refuses foreign hosts and endless addresses, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, *, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._refusal(scope) or self._app
        await app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) != 1 or not is_known_host(hosts[0], self._names):
            return PlainTextResponse("this server is not known by that name\n", 400)
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_TARGET_BYTES:
            return PlainTextResponse(f"the address is longer than {MAX_TARGET_BYTES} bytes\n", 414)
        return None
