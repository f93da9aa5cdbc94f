"""The one HTTP caller: bounded, checked at every hop, and never surprised.

Facts
-----
* httpx's client follows redirects by reading their bodies whole, keeps cookies for every feed and
  has no total time limit. None of that can be switched off entirely, so only its transport is used;
  redirects, decoding and the deadline are ours.
* `InvalidURL`, IDNA and Unicode errors are no `HTTPError`s. What a URL or a server can cause is
  turned into a `Failure` in one place, `_failure_of`.
* A server may close an idle connection at any time; the request that meets this is repeated.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from aggregator.clock import Clock
from aggregator.fetch.addresses import is_public
from aggregator.fetch.body import Body
from aggregator.fetch.network import (
    GuardedBackend,
    Resolver,
    SystemResolver,
    bounded_head,
    open_pool,
    system_lookup,
)
from aggregator.fetch.refusal import Refused
from aggregator.fetch.targets import OriginMap, redirect_target, shown_url, target_problem
from aggregator.model import Exchange, Failure, FailureKind, Hop
from aggregator.settings import HttpSettings

log = logging.getLogger(__name__)

_READ_TIMEOUT_SECONDS = 10.0
_MAX_HEADERS = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BODYLESS = frozenset({204, 304})
_NO_HEADERS: Mapping[str, str] = {}
_NO_ORIGINS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Ask:
    """What the caller wants, the same for every hop."""

    method: str
    headers: Mapping[str, str]
    content: bytes | None
    max_body_bytes: int
    max_redirects: int
    may_follow: Callable[[str], bool] | None
    stop_at: Callable[[bytes], bool] | None


@dataclass(slots=True)
class _Trail:
    """What is known of a request so far, so that a failure can be told with all that came before."""

    url: str
    hops: list[Hop] = field(default_factory=list)
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_framed: bool = False  # by length or chunks
    body: Body | None = None
    was_stopped: bool = False
    failure: Failure | None = None

    def take_head(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = _joined_headers(response)
        self.is_framed = "content-length" in response.headers or "transfer-encoding" in response.headers

    def move(self, target: str) -> None:
        assert self.status is not None
        self.hops.append(Hop(self.status, target))
        self.url, self.status, self.headers, self.body = target, None, {}, None

    def exchange(self, took_ms: int) -> Exchange:
        return Exchange(
            status=self.status,
            url=self.url,
            headers=self.headers,
            body=bytes(self.body.data) if self.body else b"",
            hops=tuple(self.hops),
            wire_bytes=self.body.wire_bytes if self.body else 0,
            is_truncated=self.failure is not None and self.failure.kind is FailureKind.TRUNCATED,
            has_declared_end=self.failure is None and self._has_declared_end(),
            took_ms=took_ms,
            failure=self.failure,
        )

    def _has_declared_end(self) -> bool:
        if self.was_stopped:
            return False
        is_gzip_end = self.body is not None and self.body.has_gzip_end
        return self.is_framed or is_gzip_end or self.status in _BODYLESS


class HttpClient:
    """Requests for feeds and links; one for the whole program, closed at its end.

    `origins` maps an origin to another one that is dialled in its place
    (`{"https://news.google.com": "http://127.0.0.1:8123"}`); every URL that is reported stays the
    original one (see `OriginMap`). Addresses are checked all the same: by `may_dial`, which is
    `is_public` unless the settings allow private addresses.
    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        clock: Clock,
        origins: Mapping[str, str] = _NO_ORIGINS,
        resolver: Resolver | None = None,
        may_dial: Callable[[str], bool] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._origins = OriginMap(origins)
        may_dial = may_dial or (_any_address if settings.allow_private_addresses else is_public)
        backend = GuardedBackend(resolver or SystemResolver(clock, lookup=system_lookup), may_dial)
        self._transport = httpx.AsyncHTTPTransport(trust_env=False, verify=False)
        # The transport has no parameter for a network backend. `verify=False` above is for the pool
        # that is thrown away here (it would load the certificates a second time).
        self._transport._pool = open_pool(backend, ssl_context or httpx.create_ssl_context(trust_env=False))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; look-ups that hang are not waited for."""
        await self._transport.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        content: bytes | None = None,
        max_body_bytes: int | None = None,
        max_redirects: int | None = None,
        may_follow: Callable[[str], bool] | None = None,
        stop_at: Callable[[bytes], bool] | None = None,
    ) -> Exchange:
        """Make one request and follow its redirects; whatever goes wrong is in `failure`.

        A redirect that is not followed (too many, `may_follow` says no, an impossible target, any
        redirect of a method other than GET) leaves status and headers of the redirect itself, with
        the failure `redirect`. `headers` go to every hop, so they must hold no secret. After a
        failure in the body, `body` is what had arrived.

        Args:
            max_body_bytes: On the wire and after decoding; default from the settings.
            may_follow: Asked with the absolute URL of each redirect, after our own checks.
            stop_at: Asked with the decoded body so far after each piece; True ends the reading
                without a failure.

        Raises:
            asyncio.CancelledError: and nothing else that a URL, a network or a server could cause.
        """
        settings = self._settings
        ask = _Ask(
            method=method.upper(),
            headers=headers,
            content=content,
            max_body_bytes=settings.max_body_bytes if max_body_bytes is None else max_body_bytes,
            max_redirects=settings.max_redirects if max_redirects is None else max_redirects,
            may_follow=may_follow,
            stop_at=stop_at,
        )
        trail = _Trail(url)
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(settings.total_timeout_seconds):
                await self._travel(ask, trail)
        except Exception as error:  # noqa: BLE001 - the one place where a request's errors are classified
            trail.failure = self._failure_of(error, trail)
        return trail.exchange(took_ms=round((self._clock.monotonic() - started) * 1000))

    async def _travel(self, ask: _Ask, trail: _Trail) -> None:
        if problem := target_problem(trail.url):
            raise Refused(FailureKind.BAD_URL, problem)
        while True:
            response = await self._send(ask, trail.url)
            try:
                trail.take_head(response)
                if trail.status not in _REDIRECTS:
                    await self._read(response, ask, trail)
                    return
                target = self._next_target(ask, trail)
            finally:
                await response.aclose()  # the body of a redirect is never read
            trail.move(target)

    async def _send(self, ask: _Ask, url: str) -> httpx.Response:
        """Send one request until it met a live connection.

        A kept-alive connection that turns out to be closed has left the pool by then, so the
        repetition ends with a fresh one, whose failure counts.
        """
        while True:
            watch = _DialWatch()
            request = self._request(ask, url, watch)
            try:
                with bounded_head():
                    return await self._transport.handle_async_request(request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                if watch.has_dialled or ask.method != "GET":
                    raise

    def _request(self, ask: _Ask, url: str, watch: "_DialWatch") -> httpx.Request:
        settings = self._settings
        timeouts = httpx.Timeout(_READ_TIMEOUT_SECONDS, connect=settings.connect_timeout_seconds, pool=None)
        own = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": settings.user_agent}
        try:
            return httpx.Request(
                ask.method,
                self._origins.dialled(url),
                headers={**own, **ask.headers},
                content=ask.content,
                extensions={"timeout": timeouts.as_dict(), "trace": watch},
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Refused(FailureKind.BAD_URL, f"no request can be made of it: {error}") from error

    def _next_target(self, ask: _Ask, trail: _Trail) -> str:
        location = trail.headers.get("location")
        if not location:
            raise Refused(FailureKind.REDIRECT, "redirects without saying where")
        if ask.method != "GET":
            raise Refused(FailureKind.REDIRECT, f"redirects a {ask.method}, which is not followed")
        if len(trail.hops) >= ask.max_redirects:
            raise Refused(FailureKind.REDIRECT, f"is redirect number {len(trail.hops) + 1}, one too many")
        target = self._checked_target(trail.url, _header_text(location))
        if ask.may_follow is not None and not ask.may_follow(target):
            raise Refused(FailureKind.REDIRECT, f"redirects to {shown_url(target)}, which is not wanted")
        return target

    def _checked_target(self, base: str, location: str) -> str:
        try:
            target = self._origins.original(redirect_target(base, location))
            _ = httpx.URL(target).host  # decodes the name, which no other check does
        except (ValueError, httpx.InvalidURL) as error:
            raise Refused(FailureKind.REDIRECT, f"redirects to {shown_url(location)}: {error}") from error
        is_https = self._origins.dialled(base).startswith("https:")
        if is_https and not self._origins.dialled(target).startswith("https:"):
            raise Refused(FailureKind.REDIRECT, f"redirects from https to {shown_url(target)}")
        return target

    async def _read(self, response: httpx.Response, ask: _Ask, trail: _Trail) -> None:
        body = Body(trail.headers.get("content-encoding", ""), max_bytes=ask.max_body_bytes)
        trail.body = body
        async for chunk in response.aiter_raw():
            body.feed(chunk)
            if ask.stop_at is not None and ask.stop_at(bytes(body.data)):
                trail.was_stopped = True
                return
        if body.is_cut:
            raise Refused(FailureKind.TRUNCATED, "body ends inside its gzip stream")

    def _failure_of(self, error: Exception, trail: _Trail) -> Failure:
        """Name what went wrong. What no server should be able to cause is logged with its trace."""
        here = shown_url(trail.url)
        match error:
            case Refused():
                kind, reason = error.kind, error.reason
            case TimeoutError():
                kind = FailureKind.TIMEOUT
                reason = f"not done within {self._settings.total_timeout_seconds:g} s"
            case httpx.TimeoutException():
                kind, reason = FailureKind.TIMEOUT, f"fell silent for {_READ_TIMEOUT_SECONDS:g} s"
            case httpx.TransportError():
                kind, reason = _transport_failure(error, is_reading=trail.body is not None)
            case _:
                log.error("a bug, please report it: request url=%s", here, exc_info=error)
                kind, reason = (
                    FailureKind.INTERNAL,
                    f"a bug in this program, please report it: {error!r:.200}",
                )
        return Failure(kind, f"{here}: {reason}")


def _transport_failure(error: httpx.TransportError, *, is_reading: bool) -> tuple[FailureKind, str]:
    """A connection that failed: before the answer nobody was there, within the body it was cut."""
    text = str(error)
    is_lost = isinstance(error, httpx.NetworkError)
    # h11's words for "closed before the declared end"; anything else it says is broken framing.
    if is_reading and (is_lost or text.startswith("peer closed connection")):
        return FailureKind.TRUNCATED, "body was cut off"
    if is_lost or text.startswith("Server disconnected"):
        return FailureKind.CONNECT, "connection was closed without an answer"
    return FailureKind.PROTOCOL, f"does not speak HTTP as it should: {text}"


def _any_address(address: str) -> bool:
    return True


class _DialWatch:
    """A trace hook of the transport that notes whether a new connection was dialled."""

    def __init__(self) -> None:
        self.has_dialled = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.has_dialled = True


def _joined_headers(response: httpx.Response) -> dict[str, str]:
    """The first 200 headers, names in lower case, repeated ones joined; latin-1 loses no byte."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw[:_MAX_HEADERS]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _header_text(value: str) -> str:
    """A header value that may hold UTF-8 (Location of servers in a hurry) as text."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value
