"""`/healthz` and `/metrics`, for programs: asked of the daemon at the moment they are asked for here.

Both answer while no daemon runs and while the store cannot be read, since that is when they matter.
"""

import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aggregator import health
from aggregator.errors import StoreError
from aggregator.health import Answer
from aggregator.health.exposition import CONTENT_TYPE
from aggregator.model import StoreFigures
from aggregator.store.figures import read_figures
from aggregator.web.site import Site

_NOT_KEPT = {"Cache-Control": "no-store"}


def routes(site: Site) -> list[Route]:
    def healthz(request: Request) -> Response:
        answer = _ask(site)
        values = {"healthy": answer.is_healthy, "problems": answer.problems, "notes": answer.notes}
        return JSONResponse(values, 200 if answer.is_healthy else 503, _NOT_KEPT)

    def metrics(request: Request) -> Response:
        answer = _ask(site)
        figures = _figures(site) if answer.health is None else None
        return Response(health.exposition(answer, figures), 200, _NOT_KEPT, CONTENT_TYPE)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/metrics", metrics, methods=["GET"])]


def _ask(site: Site) -> Answer:
    return health.look(site.app.store_path, site.app.clock.now())


def _figures(site: Site) -> StoreFigures | None:
    """What can be told without a daemon, or nothing."""
    try:
        return read_figures(site.app.store_path, site.today())
    except (StoreError, sqlite3.Error, OSError):
        return None
