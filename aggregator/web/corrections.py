"""A person's decisions: logging in, making them, taking them back, and the list of them.

What changes the store goes through `operations.perform`: done here when nobody holds the store, else by the
daemon that does.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aggregator.errors import ConfigError, UsageError
from aggregator.explain import number
from aggregator.store import corrections
from aggregator.web.forms import read_form
from aggregator.web.guard import is_from_here
from aggregator.web.login import LIFETIME, Session, new_number, token_path
from aggregator.web.site import Site, Visit, answer

_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "join": ("a", "b"),
    "split": ("a",),
    "move": ("a", "story"),
    "pin": ("a",),
}
"""What each kind of correction must be told; a split may be told `b` as well."""

Action = Callable[[Site, dict[str, str]], Response]


def routes(site: Site) -> list[Route]:
    """The routes that change something; each takes a form of ours and nothing else."""
    return [
        Route("/login", _login(site), methods=["POST"]),
        Route("/logout", _posted(site, _logout), methods=["POST"]),
        Route("/correct", _posted(site, _correct), methods=["POST"]),
        Route("/undo", _posted(site, _undo), methods=["POST"]),
    ]


def show_login(visit: Visit) -> Response:
    return visit.page("login.html", problem=None, place=token_path(visit.site.app.store_path))


def show_corrections(visit: Visit) -> Response:
    rows = corrections.list_corrections(visit.connection)
    return visit.page("corrections.html", rows=list(reversed(rows)), done=what_was_done(visit))


def export_corrections(visit: Visit) -> Response:
    """The corrections in force as JSON Lines, as `aggregator correct export` writes them."""
    text = corrections.export_lines(corrections.list_corrections(visit.connection))
    return answer(visit.request, text.encode(), "application/jsonl")


def what_was_done(visit: Visit) -> corrections.CorrectionRow | None:
    """The correction that the address speaks of (`?done=3`), to be shown with its way back."""
    text = visit.asked("done") or ""
    if not visit.session or not text.isdigit() or len(text) > 9:
        return None
    rows = corrections.list_corrections(visit.connection)
    return next((row for row in rows if row.correction_id == int(text)), None)


def _login(site: Site) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        _require_own_page(request)
        form = await read_form(request)
        if not site.keeper.is_token(form.get("token", "")):
            values = {
                "problem": "That is not the token of this store.",
                "place": token_path(site.app.store_path),
            }
            return await run_in_threadpool(site.page, request, None, "login.html", values, 403)
        session = site.keeper.begin(site.app.clock.now(), new_number())
        response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
        response.set_cookie(
            site.keeper.cookie_name,
            session.cookie,
            max_age=int(LIFETIME.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    return endpoint


def _posted(site: Site, act: Action) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for a form of a page of ours, sent by a person who is logged in."""

    async def endpoint(request: Request) -> Response:
        _require_own_page(request)
        session = _require_session(site, request)
        form = await read_form(request)
        if not session.owns(form.get("form_token", "")):
            raise HTTPException(403, "this form is not from your session; load the page again")
        return await run_in_threadpool(act, site, form)

    return endpoint


def _require_own_page(request: Request) -> None:
    if not is_from_here(request.headers):
        raise HTTPException(403, "a form is taken from this site's own pages only")


def _require_session(site: Site, request: Request) -> Session:
    session = site.session_of(request)
    if session is None:
        raise HTTPException(403, "log in first")
    return session


def _logout(site: Site, form: dict[str, str]) -> Response:
    response = RedirectResponse("/", 303)
    response.delete_cookie(site.keeper.cookie_name, httponly=True, samesite="strict")
    return response


def _correct(site: Site, form: dict[str, str]) -> Response:
    kind = form.get("kind", "")
    if kind not in _REQUIRED:
        raise HTTPException(400, f"{kind[:20]!r} is no correction; there are: {', '.join(_REQUIRED)}")
    given: dict[str, Any] = {"kind": kind, "b": None}
    for name in ("a", "b", "story"):
        if name in _REQUIRED[kind] or form.get(name):
            given[name] = _number_in(form, name)
    done = _perform(site, "correct", given)
    return _back_to(form, done=done["correction_id"])


def _undo(site: Site, form: dict[str, str]) -> Response:
    correction_id = _number_in(form, "correction_id")
    _perform(site, "undo", {"correction_id": correction_id})
    return _back_to(form, done=correction_id)


def _number_in(form: Mapping[str, str], name: str) -> int:
    try:
        return number(form.get(name, "").strip())
    except UsageError as error:
        raise HTTPException(400, str(error)) from error


def _perform(site: Site, name: str, arguments: Mapping[str, Any]) -> Any:
    # Imported here: reading must not wait a second for the numerics of grouping.
    from aggregator.operations import perform

    try:
        with site.correcting:
            # The writer makes the feeds follow the configuration: that of now, not that of the page's start.
            return perform(site.app.reread(), name, arguments)
    except UsageError as error:
        raise HTTPException(409, str(error)) from error
    except ConfigError as error:
        raise HTTPException(503, str(error)) from error


def _back_to(form: Mapping[str, str], *, done: int) -> Response:
    """The page that the form was on, as far as it is one of a story or an article."""
    kind, _, text = form.get("back", "").partition(" ")
    is_page = kind in ("story", "article") and text.isascii() and text.isdigit()
    place = f"/{kind}/{text}" if is_page else "/corrections"
    return RedirectResponse(f"{place}?{urlencode({'done': done})}", 303, {"Cache-Control": "no-store"})
