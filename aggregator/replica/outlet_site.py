"""The sites of the outlets: feeds with validators, article pages, and the detours that sites make."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256

from aggregator.replica import outlet_feeds
from aggregator.replica.content import Outlet
from aggregator.replica.library import Library
from aggregator.replica.messages import HTML, Headers, Request, Response
from aggregator.replica.rss import rfc822

_MOVED = re.compile(r"/moved/([0-9]{1,2})(/.*)")


class OutletSite:
    """Answers as the sites of all outlets in the library.

    Beside its feeds and articles every site has `/amp/<path>`, the AMP twin; `/refresh/<path>`, a page
    that sends on by `<meta http-equiv=refresh>`; and `/moved/<n>/<path>`, n redirects before the page.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def answer(self, request: Request, outlet: Outlet, path: str) -> Response:
        """Answer for `path` on the site of `outlet`, wherever that site is mounted."""
        if path in outlet_feeds.DOCUMENTS:
            return self._feed(request, outlet, path)
        root = request.path.removesuffix(path)
        if moved := _MOVED.fullmatch(path):
            hops = int(moved[1])
            return _redirect(f"{root}/moved/{hops - 1}{moved[2]}" if hops > 1 else root + moved[2])
        if path.startswith("/refresh/"):
            return _html(200, outlet_feeds.refresh_page(root + path.removeprefix("/refresh")))
        return self._page(request, outlet, path)

    def _feed(self, request: Request, outlet: Outlet, path: str) -> Response:
        key = f"outlet:{outlet.slug}"
        snapshot, since = self._library.find_snapshot(key), self._library.shown_since(key)
        if snapshot is None or since is None:
            return _html(404, "<h1>This outlet has no feed</h1>")
        content_type, render = outlet_feeds.DOCUMENTS[path]
        body = render(outlet, snapshot.articles).encode()
        etag = f'"{sha256(body).hexdigest()[:20]}"'
        validators: Headers = (
            ("ETag", etag),
            ("Last-Modified", rfc822(since)),
            ("Cache-Control", "max-age=300"),
        )
        if _is_unchanged(request.headers, etag, since):
            return Response(304, validators)
        return Response(200, (("Content-Type", content_type), *validators), body)

    def _page(self, request: Request, outlet: Outlet, path: str) -> Response:
        is_amp = path.startswith("/amp/")
        query = request.target.partition("?")[2]
        article = self._library.find_page(outlet.slug, path.removeprefix("/amp") if is_amp else path, query)
        if article is None:
            return _html(404, "<h1>Not found</h1>")
        return _html(200, (outlet_feeds.amp_page if is_amp else outlet_feeds.article_page)(article))


def _is_unchanged(headers: Mapping[str, str], etag: str, since: datetime) -> bool:
    """Say whether the client's validators still hold; `If-None-Match` silences the other one (RFC 9110)."""
    if (asked := headers.get("if-none-match")) is not None:
        return etag in (part.strip().removeprefix("W/") for part in asked.split(","))
    try:
        return since.replace(microsecond=0) <= parsedate_to_datetime(headers.get("if-modified-since", ""))
    except (TypeError, ValueError):  # no date there, or one without a zone
        return False


def _redirect(target: str) -> Response:
    return Response(301, (("Location", target), *HTML), b"<h1>Moved</h1>")


def _html(status: int, page: str) -> Response:
    return Response(status, HTML, page.encode())
