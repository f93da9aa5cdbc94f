"""What was decided and what was written: the ledger of a day, and the digests with their files."""

import itertools
from datetime import date
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from aggregator import explain
from aggregator.store import browsing
from aggregator.web.days import day_asked
from aggregator.web.site import Visit

PAGE_DECISIONS: Final = 50
PAGE_FILES: Final = 300
_SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
_DOWNLOAD: Final = "application/octet-stream"
_TYPES: Final = {
    ".html": "text/html",
    ".md": "text/plain",
    ".txt": "text/plain",
    ".json": "application/json",
    ".atom": "application/atom+xml",
    ".csv": "text/csv",
    ".epub": "application/epub+zip",
    ".parquet": "application/vnd.apache.parquet",
}
_SHOWN: Final = frozenset({".html", ".md", ".txt", ".json", ".atom"})  # the others are saved


def show_newest_decisions(visit: Visit) -> Response:
    day = browsing.read_newest_day(visit.connection)
    return visit.page("empty.html") if day is None else _decisions_of(visit, day)


def show_decisions(visit: Visit) -> Response:
    return _decisions_of(visit, day_asked(visit))


def _decisions_of(visit: Visit, day: date) -> Response:
    """Decisions of a day, the nearest to the line first."""
    verdict, rule, page = visit.asked("verdict"), visit.asked("rule"), visit.page_number()
    rows = browsing.read_day_decisions(
        visit.connection,
        day,
        verdict=verdict,
        rule=rule,
        limit=PAGE_DECISIONS + 1,
        offset=(page - 1) * PAGE_DECISIONS,
    )
    return visit.page(
        "decisions.html",
        day=day,
        reasons=explain.reasons(visit.connection, rows[:PAGE_DECISIONS]),
        kinds=[
            {
                **kind,
                "address": visit.here(verdict=kind["verdict"], rule=kind["rule"], page=None),
                "is_chosen": (kind["verdict"], kind["rule"]) == (verdict, rule),
            }
            for kind in browsing.read_decision_kinds(visit.connection, day)
        ],
        everything=visit.here(verdict=None, rule=None, page=None) if verdict or rule else None,
        before=browsing.read_day_before(visit.connection, day),
        after=browsing.read_day_after(visit.connection, day),
        newer=visit.here(page=page - 1) if page > 1 else None,
        further=visit.here(page=page + 1) if len(rows) > PAGE_DECISIONS else None,
    )


def show_digests(visit: Visit) -> Response:
    """Digests by day and topic, newest first, each with its files."""
    page = visit.page_number()
    rows = browsing.read_digest_files(visit.connection, limit=PAGE_FILES + 1, offset=(page - 1) * PAGE_FILES)
    issues = [
        {"day": day, "topic": topic, "addendum": addendum, "files": [_file(row) for row in files]}
        for (day, topic, addendum), files in itertools.groupby(
            rows[:PAGE_FILES], key=lambda row: (row["day"], row["topic"], row["addendum"])
        )
    ]
    return visit.page(
        "digests.html",
        issues=issues,
        newer=visit.here(page=page - 1) if page > 1 else None,
        further=visit.here(page=page + 1) if len(rows) > PAGE_FILES else None,
    )


def _file(row: browsing.Row) -> browsing.Row:
    """The row with the file's name, and whether it is the digest and not a single story of it."""
    name = Path(row["path"]).name
    return {**row, "name": name, "is_whole": row["day"] in name}


def send_digest(visit: Visit) -> Response:
    """A digest's file as it was written; a page in a sandbox of its own, so that nothing in it acts as ours.

    Raises:
        HTTPException: 404, it is not logged, not there any more, or not below a configured folder.
    """
    digest_id = visit.number("digest_id")
    row = browsing.read_digest_file(visit.connection, digest_id)
    name = visit.request.path_params["name"]
    path = None if row is None or Path(row["path"]).name != name else _inside(visit, row["path"])
    if path is None:
        raise HTTPException(404, "there is no such file of a digest")
    suffix = path.suffix.lower()
    disposition = "inline" if suffix in _SHOWN else f'attachment; filename="digest-{digest_id}{suffix}"'
    return Response(
        path.read_bytes(),
        headers={
            "Content-Disposition": disposition,
            "Content-Security-Policy": _SANDBOX,
            "Cache-Control": "no-cache",
        },
        media_type=_TYPES.get(suffix, _DOWNLOAD),
    )


def _inside(visit: Visit, logged: str) -> Path | None:
    """The file of a logged path, links followed, if it lies below a folder that digests are written to."""
    home = visit.site.app.home
    folders = [(home / digest.out).resolve() for digest in visit.site.app.settings.digests]
    try:
        path = (home / logged).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None
    return path if path.is_file() and any(path.is_relative_to(folder) for folder in folders) else None
