"""What every page is made with: the store's readers, the templates, the session, the time.

A view is a plain function from a `Visit` to a response; it runs in a thread, inside one read transaction.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator import schedule
from aggregator.app import App
from aggregator.store.readers import ReaderPool
from aggregator.web.login import Keeper, Session
from aggregator.web.templating import Templates

MAX_NUMBER = 10**15
"""Larger than any article, story or feed; SQLite's integers end at 9.2 · 10¹⁸."""


@dataclass(frozen=True, slots=True)
class Site:
    """One store on one server."""

    app: App
    readers: ReaderPool
    keeper: Keeper
    templates: Templates
    correcting: threading.Lock = field(default_factory=threading.Lock)  # one writer at a time, here too

    @property
    def timezone(self) -> str:
        return self.app.settings.day.timezone

    def today(self) -> date:
        return schedule.local_day(self.app.clock.now(), self.timezone)

    def session_of(self, request: Request) -> Session | None:
        cookie = request.cookies.get(self.keeper.cookie_name)
        return self.keeper.find(cookie, self.app.clock.now()) if cookie else None

    def route(self, path: str, view: "View") -> Route:
        """A GET (and HEAD) route to a view."""

        def endpoint(request: Request) -> Response:
            with self.readers.reading() as connection:
                return view(Visit(self, request, connection, self.session_of(request)))

        return Route(path, endpoint, methods=["GET"])

    def page(
        self, request: Request, session: Session | None, template: str, values: Mapping[str, Any], status: int
    ) -> Response:
        """Render a page; with a session nothing of it is kept by any cache."""
        shown = {
            "session": session,
            "path": request.url.path,
            "query": request.url.query,
            "now": self.app.clock.now(),
        }
        text = self.templates.render(template, {**shown, **values})
        return answer(request, text.encode(), "text/html", is_private=session is not None, status=status)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to read something."""

    site: Site
    request: Request
    connection: sqlite3.Connection
    session: Session | None

    @property
    def now(self) -> datetime:
        return self.site.app.clock.now()

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        return self.site.page(self.request, self.session, template, values, status)

    def asked(self, name: str) -> str | None:
        """A value of the query, None if it is absent or empty."""
        return self.request.query_params.get(name) or None

    def number(self, name: str) -> int:
        """A number in the path; the route's pattern allows digits only.

        Raises:
            HTTPException: 404, it is larger than any there is.
        """
        value = int(self.request.path_params[name])
        if value > MAX_NUMBER:
            raise HTTPException(404, f"there is no {name.removesuffix('_id')} {value}")
        return value

    def page_number(self) -> int:
        """`page` of the query, from 1; whatever is no such number is 1."""
        text = self.asked("page") or "1"
        return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1

    def here(self, **changes: object) -> str:
        """This address with other values in its query; None takes one out."""
        kept = {name: value for name, value in self.request.query_params.items() if name not in changes}
        chosen = kept | {name: str(value) for name, value in changes.items() if value is not None}
        return self.request.url.path + (f"?{urlencode(chosen)}" if chosen else "")

    def absolute(self, path: str) -> str:
        return str(self.request.base_url).rstrip("/") + path


View = Callable[[Visit], Response]


def answer(
    request: Request, body: bytes, media_type: str, *, is_private: bool = False, status: int = 200
) -> Response:
    """A response that a browser may keep but must ask about again; 304 if it has the same already."""
    if is_private or status != 200:
        return Response(body, status, {"Cache-Control": "no-store"}, media_type)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": tag, "Vary": "Cookie"}
    known = (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(","))
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type)
