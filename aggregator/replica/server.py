"""The replica itself: which site answers a request, and the log of what was asked."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from aggregator.clock import SystemClock
from aggregator.replica.content import Article, Snapshot
from aggregator.replica.faults import Faults
from aggregator.replica.google_site import GoogleSite
from aggregator.replica.library import Library
from aggregator.replica.listener import Listener
from aggregator.replica.messages import HTML, Request, Response
from aggregator.replica.outlet_site import OutletSite
from aggregator.replica.routes import Place, find_route


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it came and what it got: `target` is path and query, `place` who answered."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    target: str
    place: Place
    status: int


class Replica:
    """Google News and a few outlets on one loopback port, for as long as the `with` block lasts.

    Links in its feeds name `https://news.google.com`; a client that dials that host at `base_url` (as
    `[google_news] base_url` does) talks to the replica without knowing. An outlet's site is at
    `/publishers/<slug>/…`.
    All methods may be called from any thread. `now` gives the replica's time; delays are real. `content` maps
    section keys, or URLs or paths of feeds, to what they show at first; `seed` fixes all that is drawn.
    `base_url` is where it listens: "http://127.0.0.1:PORT".
    """

    def __init__(
        self,
        content: Mapping[str, Snapshot] | None = None,
        *,
        faults: Faults | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], datetime] | None = None,
        seed: int = 0,
    ) -> None:
        self._now = now or SystemClock().now
        self._faults = faults or Faults()
        self._lock = threading.Lock()
        self._log: list[LoggedRequest] = []
        self._library = Library()
        self._listener = Listener(host, port, self._answer)
        self.base_url = f"http://{host}:{self._listener.port}"
        self._outlets = OutletSite(self._library)
        self._google = GoogleSite(self._library, base_url=self.base_url, rng=random.Random(seed))
        for address, snapshot in (content or {}).items():
            self.show(address, snapshot)

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.close()

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, oldest first."""
        with self._lock:
            return list(self._log)

    @property
    def counts(self) -> Counter[Place]:
        """How many requests each place has answered."""
        return Counter(logged.place for logged in self.requests)

    @property
    def faults(self) -> Faults:
        with self._lock:
            return self._faults

    def set_faults(self, faults: Faults) -> None:
        """Misbehave like this from the next request on."""
        with self._lock:
            self._faults = faults

    def show(self, address: str, snapshot: Snapshot) -> None:
        """Show `snapshot` from now on; `address` is a section key, or a feed's URL or path."""
        with self._lock:
            self._library.show(address, snapshot, self._now())

    def add_articles(self, articles: Iterable[Article]) -> None:
        """Make articles known to the online decoder and their outlets' sites without listing them."""
        with self._lock:
            self._library.add_articles(articles)

    async def _answer(self, request: Request) -> Response:
        """Answer one request; called by the listener, on its thread."""
        if delay_seconds := self.faults.delay_seconds:
            await asyncio.sleep(delay_seconds)
        with self._lock:
            place, response = self._decide(request)
            self._log.append(
                LoggedRequest(
                    method=request.method,
                    path=request.path,
                    query=request.query,
                    headers=request.headers,
                    target=request.target,
                    place=place,
                    status=response.status,
                )
            )
            return _compressed(request, response) if self._faults.allows_gzip else response

    def _decide(self, request: Request) -> tuple[Place, Response]:
        route = find_route(request.path)
        if route.place is not Place.OUTLET:
            return route.place, self._google.answer(request, route, self._now(), self._faults)
        outlet = self._library.find_outlet(route.name)
        if outlet is None:
            return route.place, Response(404, HTML, b"<h1>No such outlet</h1>")
        return route.place, self._outlets.answer(request, outlet, route.path)


def _compressed(request: Request, response: Response) -> Response:
    is_worth_it = response.status == 200 and not response.is_gzip
    return response.gzipped() if is_worth_it and request.accepts_gzip else response
