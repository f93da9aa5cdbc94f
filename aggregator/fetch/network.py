"""Names to addresses to connections: every address is checked, and the checked one is dialled.

Facts
-----
* Checking a name and then connecting by name lets a DNS server answer twice (rebinding). The check
  belongs into the connect step: one look-up per connection, every address of it checked, and the
  TLS name still that of the URL.
* `getaddrinfo` cannot be cancelled and may hang for 15 s. In the loop's default pool (cpu + 4
  threads) a handful of dead names stops every healthy one, and leaving the loop waits for them.
  So: a daemon thread a look-up, a cap on how many run, one flight per name, and failures are
  remembered for five minutes.
* A server can send interim answers (100 Continue) for ever: 13 µs each in the parser, a whole core
  until the deadline. Only the stream sees those bytes, so it counts them (`bounded_head`).
* httpx's transport has no parameter for a network backend; its pool has (`open_pool`).
* httpcore imports sniffio at every lock, a dozen times a request, to ask which event loop runs. Python does not
  remember that a module is missing: 0.1 ms each, a third of a request's processor time. A None in `sys.modules`
  says so at once (`open_pool`).
* Before every request httpcore asks all idle connections whether they can be read, which means closed; through
  anyio's attributes that takes 70 µs for each.
"""

import asyncio
import contextlib
import importlib.util
import os
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol

import httpcore

from aggregator.clock import Clock
from aggregator.fetch.refusal import Refused
from aggregator.model import FailureKind
from aggregator.shortage import shortage_of

_DNS_TIMEOUT_SECONDS = 5.0
_DEFAULT_CONNECT_SECONDS = 5.0
_FAILURE_KEPT_SECONDS = 300.0
_MAX_LOOKUPS = 32
_MAX_ADDRESSES_TRIED = 4
# Bounds the work between two turns of the event loop: 16 KiB hold 2,700 one-byte chunks.
_READ_BYTES = 16 * 1024

_MAX_HEAD_BYTES = 256 * 1024

_MAX_CONNECTIONS = 100
_MAX_IDLE_CONNECTIONS = 20
_IDLE_SECONDS = 10.0

Lookup = Callable[[str], Sequence[str]]

# Bytes of its answer that the current task has read while waiting for the end of the head.
_head_bytes: ContextVar[int | None] = ContextVar("_head_bytes", default=None)


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A name without address, and why; a value, for one look-up answers many requests."""

    why: str


_Answer = Sequence[str] | _Unknown


class Resolver(Protocol):
    """Finds the addresses of a host."""

    async def resolve(self, host: str) -> Sequence[str]:
        """Literal addresses of `host`, best first, at least one.

        Raises:
            OSError: there are none, or none were found in time; the text is for people.
        """
        ...


class SystemResolver:
    """The operating system's resolver, fenced in (see Facts)."""

    def __init__(
        self, clock: Clock, *, timeout_seconds: float = _DNS_TIMEOUT_SECONDS, lookup: Lookup
    ) -> None:
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._lookup = lookup
        self._slots = asyncio.Semaphore(_MAX_LOOKUPS)
        self._flights: dict[str, asyncio.Task[_Answer]] = {}
        self._failures: dict[str, tuple[float, str]] = {}  # host → (forgotten at, why)

    async def resolve(self, host: str) -> Sequence[str]:
        if failure := self._remembered_failure(host):
            raise OSError(failure)
        flight = self._flights.get(host) or self._take_off(host)
        await asyncio.wait({flight}, timeout=self._timeout_seconds)
        if not flight.done():
            self._note(host, _Unknown(f"no answer for {host} within {self._timeout_seconds:g} s"))
            raise TimeoutError(self._remembered_failure(host))
        answer = flight.result()
        if isinstance(answer, _Unknown):
            raise OSError(answer.why)
        return answer

    def _take_off(self, host: str) -> asyncio.Task[_Answer]:
        flight = asyncio.create_task(self._fly(host), name=f"look-up of {host}")
        self._flights[host] = flight
        return flight

    async def _fly(self, host: str) -> _Answer:
        """Look one name up; a late success still clears the failure that its slowness earned."""
        try:
            async with self._slots:
                answer = await _in_daemon_thread(self._lookup, host)
        finally:
            del self._flights[host]
        self._note(host, answer)
        return answer

    def _note(self, host: str, answer: _Answer) -> None:
        if isinstance(answer, _Unknown):
            self._failures[host] = (self._clock.monotonic() + _FAILURE_KEPT_SECONDS, answer.why)
        else:
            self._failures.pop(host, None)

    def _remembered_failure(self, host: str) -> str | None:
        now = self._clock.monotonic()
        self._failures = {name: kept for name, kept in self._failures.items() if kept[0] > now}
        kept = self._failures.get(host)
        return kept[1] if kept else None


async def _in_daemon_thread(lookup: Lookup, host: str) -> _Answer:
    """Run a look-up where neither a hang nor the end of the program has to wait for it."""
    loop = asyncio.get_running_loop()
    landed: asyncio.Future[_Answer] = loop.create_future()

    def land(answer: _Answer) -> None:
        if not landed.done():
            landed.set_result(answer)

    def work() -> None:
        answer: _Answer
        try:
            answer = lookup(host)
        except OSError as error:
            answer = _Unknown(f"{host}: {error.strerror or error}")
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody waits any more
            loop.call_soon_threadsafe(land, answer)

    try:
        threading.Thread(target=work, name=f"look-up of {host}", daemon=True).start()
    except RuntimeError as error:  # the service's limit of threads
        return _Unknown(f"{host}: {error}")
    return await landed


def system_lookup(host: str) -> Sequence[str]:
    """Ask the operating system, blocking. Bytes keep Python's own IDNA codec out of it."""
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials only addresses that were checked; everything else is the stock backend's work."""

    def __init__(self, resolver: Resolver, may_dial: Callable[[str], bool]) -> None:
        self._resolver = resolver
        self._may_dial = may_dial
        self._stock = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to `host`, trying its addresses in turn; `timeout` is for all of them together.

        Raises:
            Refused: no address, one that is not public, or nobody there.
        """
        addresses = self._checked(host, await self._addresses(host))[:_MAX_ADDRESSES_TRIED]
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + (timeout or _DEFAULT_CONNECT_SECONDS)
        refusal = Refused(FailureKind.DNS, f"{host} has no address")
        for position, address in enumerate(addresses):
            share_seconds = max(give_up_at - loop.time(), 0.0) / (len(addresses) - position)
            try:
                stream = await self._stock.connect_tcp(
                    address, port, share_seconds, local_address, socket_options
                )
            except httpcore.ConnectTimeout:
                refusal = Refused(FailureKind.TIMEOUT, f"no connection to {address} in time")
            except httpcore.ConnectError as error:
                refusal = _not_connected(address, error)
            else:
                return _GuardedStream(stream)
        raise refusal

    async def _addresses(self, host: str) -> Sequence[str]:
        with contextlib.suppress(ValueError):
            return (str(ip_address(host)),)
        try:
            return await self._resolver.resolve(host)
        except OSError as error:
            raise Refused(FailureKind.DNS, f"host name cannot be resolved: {error}") from error

    def _checked(self, host: str, addresses: Sequence[str]) -> Sequence[str]:
        for address in addresses:
            if not self._may_dial(address):
                raise Refused(
                    FailureKind.BLOCKED_ADDRESS, f"{host} is at {address}, which is not a public address"
                )
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _GuardedStream(httpcore.AsyncNetworkStream):
    """A stream that names TLS failures and reads in small portions."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(min(max_bytes, _READ_BYTES), timeout)
        if (counted := _head_bytes.get()) is not None:
            if counted > _MAX_HEAD_BYTES:
                raise Refused(FailureKind.PROTOCOL, f"no answer within its first {counted} bytes")
            _head_bytes.set(counted + len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            raise Refused(FailureKind.TLS, f"no trusted TLS connection: {error}") from error
        return _GuardedStream(stream)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._socket is not None:
            return _is_readable(self._socket.fileno())
        return self._stream.get_extra_info(info)


def _is_readable(descriptor: int) -> bool:
    """Whether reading would not wait: there is something, or the connection is closed, at this end (-1) or the other."""
    if descriptor < 0:
        return True
    watch = select.poll()
    watch.register(descriptor, select.POLLIN)
    return bool(watch.poll(0))


def _not_connected(address: str, error: BaseException) -> Refused:
    """With the operating system's words, which lie at the bottom of a pile of wrappers."""
    while error.__cause__ is not None:
        error = error.__cause__
    if (shortage := shortage_of(error)) is not None:
        return Refused(FailureKind.SHORTAGE, f"no connection to {address}: {shortage}")
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return Refused(FailureKind.CONNECT, f"no connection to {address}: {reason}")


@contextlib.contextmanager
def bounded_head() -> Iterator[None]:
    """Within the block, what the current task reads is an answer's head, and bounded as such."""
    token = _head_bytes.set(0)
    try:
        yield
    finally:
        _head_bytes.reset(token)


def open_pool(backend: GuardedBackend, ssl_context: ssl.SSLContext) -> httpcore.AsyncConnectionPool:
    """The connection pool that a transport has to use for the guard to hold."""
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    return httpcore.AsyncConnectionPool(
        ssl_context=ssl_context,
        max_connections=_MAX_CONNECTIONS,
        max_keepalive_connections=_MAX_IDLE_CONNECTIONS,
        keepalive_expiry=_IDLE_SECONDS,
        network_backend=backend,
    )
