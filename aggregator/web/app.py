"""The page as an ASGI application: routes, what stands before them, and what errors look like."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from aggregator.app import App
from aggregator.errors import StoreError
from aggregator.store.readers import ReaderPool
from aggregator.web import corrections, days, feeds, finding, health, records, stories, versions
from aggregator.web.guard import LOOPBACK, Guard
from aggregator.web.login import Keeper
from aggregator.web.site import Site, View
from aggregator.web.templating import Templates

_PAGES: Mapping[str, View] = {
    "/": days.show_newest,
    "/day/{day}.json": versions.day_json,
    "/day/{day}.atom": versions.day_atom,
    "/day/{day}": days.show_day,
    "/story/{story_id:int}.json": versions.story_json,
    "/story/{story_id:int}.atom": versions.story_atom,
    "/story/{story_id:int}": stories.show_story,
    "/article/{article_id:int}": stories.show_article,
    "/why": stories.show_why,
    "/search": finding.show_search,
    "/outlets": finding.show_outlets,
    "/outlet/{outlet:path}": finding.show_outlet,
    "/feeds": feeds.show_feeds,
    "/feed/{feed_id:int}": feeds.show_feed,
    "/decisions": records.show_newest_decisions,
    "/decisions/{day}": records.show_decisions,
    "/digests": records.show_digests,
    "/digests/{digest_id:int}/{name}": records.send_digest,
    "/corrections": corrections.show_corrections,
    "/corrections.jsonl": corrections.export_corrections,
    "/login": corrections.show_login,
}
_KEPT_FOR_EVER = "public, max-age=31536000, immutable"


def build_app(app: App, token: str, hosts: Collection[str] = ()) -> Starlette:
    """The page of an app's store; `token` is what lets a person correct.

    Answers to loopback's names, to `web.hosts` of the settings and to `hosts`.
    """
    templates = Templates(app.settings.day.zone)
    site = Site(app, ReaderPool(app.store_path, app.clock.monotonic), Keeper(token), templates)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        site.readers.close()

    return Starlette(
        routes=_routes(site),
        middleware=[Middleware(Guard, names=LOOPBACK.union(app.settings.web.hosts, hosts))],
        exception_handlers={HTTPException: _shown(site), StoreError: _shown(site)},
        lifespan=lifespan,
    )


def _routes(site: Site) -> list[BaseRoute]:
    def style(request: Request) -> Response:
        return Response(site.templates.style, 200, {"Cache-Control": _KEPT_FOR_EVER}, "text/css")

    return [
        *(site.route(path, view) for path, view in _PAGES.items()),
        *corrections.routes(site),
        *health.routes(site),
        Route(site.templates.style_path, style),
    ]


def _shown(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Errors as pages: what was asked for in vain, and what the store cannot answer now."""

    async def handle(request: Request, error: Exception) -> Response:
        status, message = (
            (error.status_code, error.detail) if isinstance(error, HTTPException) else (503, str(error))
        )
        values = {"status": status, "message": message}
        return await run_in_threadpool(
            site.page, request, site.session_of(request), "error.html", values, status
        )

    return handle
