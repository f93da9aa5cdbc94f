"""How much is asked of whom at once.

Facts
-----
* A publisher's limits are per server, and one publisher's feeds share servers, so "host" is the
  registrable domain: feeds.example.co.uk and www.example.co.uk are one. Addresses count with their
  port, as loopback services do in tests and intranets.
* Google refuses addresses that ask for several pages at a time: one request, two seconds apart.
* A 429 or 503 speaks for the whole host, so it holds all of the host's feeds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import tldextract

from aggregator.clock import Clock
from aggregator.settings import PollSettings

_GOOGLE_DOMAIN = "google.com"
_LONGEST_HOLD = timedelta(days=1)


class _Host:
    """What is going on at one host; times are seconds on the monotonic clock."""

    def __init__(self, *, limit: int, spacing_seconds: float) -> None:
        self.running = asyncio.Semaphore(limit)
        self.starting = asyncio.Lock()
        self.spacing_seconds = spacing_seconds
        self.next_start = float("-inf")


class Politeness:
    """Limits for all requests together and for each host; waiting is first come, first served."""

    def __init__(self, settings: PollSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._everyone = asyncio.Semaphore(settings.max_concurrent)
        self._hosts: dict[str, _Host] = {}
        self._holds: dict[str, datetime] = {}
        # The list that comes with the package; never the network, never a cache on disk.
        self._extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    @asynccontextmanager
    async def slot(self, url: str) -> AsyncIterator[None]:
        """Wait for a turn at the host of `url` and hold it for the body of the `async with`.

        A request waits at its host before it takes one of the places for all, so a slow host keeps
        nobody else waiting. Starts at one host are spaced even when two of its requests may run.
        """
        host = self._host(url)
        async with host.running:
            async with host.starting:
                while (wait_seconds := host.next_start - self._clock.monotonic()) > 0:
                    await self._clock.sleep(wait_seconds)
                await self._everyone.acquire()
                host.next_start = self._clock.monotonic() + host.spacing_seconds
            # Leaving the lock does not suspend, so nothing can be cancelled between here and `try`.
            try:
                yield
            finally:
                self._everyone.release()

    def hold(self, url: str, until: datetime) -> None:
        """Note that the whole host of `url` wants no request before `until` (aware; a day at most)."""
        capped = min(until, self._clock.now() + _LONGEST_HOLD)
        self._holds[self.host_key(url)] = max(capped, self.held_until(url) or capped)

    def held_until(self, url: str) -> datetime | None:
        """When the host of `url` may be asked again; None when it may now."""
        key = self.host_key(url)
        until, now = self._holds.get(key), self._clock.now()
        if until is None:
            return None
        # More than a day ahead: the wall clock has been set back since.
        if now < until <= now + _LONGEST_HOLD:
            return until
        del self._holds[key]
        return None

    def host_key(self, url: str) -> str:
        """What counts as one host: the registrable domain, or address (or bare name) and port."""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        if not _is_address(host):
            domain = self._extract.extract_str(host).top_domain_under_public_suffix
            if domain:
                return domain
        return f"{host}:{parts.port}" if parts.port is not None else host

    def _host(self, url: str) -> _Host:
        key = self.host_key(url)
        if key not in self._hosts:
            is_google = key == _GOOGLE_DOMAIN
            settings = self._settings
            self._hosts[key] = _Host(
                limit=1 if is_google else settings.max_per_host,
                spacing_seconds=(
                    settings.google_spacing_seconds if is_google else settings.host_spacing_seconds
                ),
            )
        return self._hosts[key]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
