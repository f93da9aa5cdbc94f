"""Reading everything that the check-up judges; the only part of it that touches anything.

Facts
-----
* Who asks what is wrong has something wrong: whatever cannot be read becomes a finding, and the rest goes on.
* `quick_check` reads the whole file, about a second a gigabyte.
"""

import errno
import os
import platform
import pyexpat
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from aggregator import schedule
from aggregator.app import App, load_app
from aggregator.clock import Clock
from aggregator.doctor.environment import Environment, environment_findings
from aggregator.doctor.finding import Finding, Level
from aggregator.doctor.libraries import installed_libraries
from aggregator.doctor.storage import RESTORE, StoreFacts, storage_findings
from aggregator.doctor.work import OverdueDigest, WorkFacts, work_findings
from aggregator.errors import AggregatorError, ConfigError
from aggregator.health import look
from aggregator.model import StoreFigures
from aggregator.pipeline.editions import due_days
from aggregator.store import feeds, figures, migrations, open_reader, outbox, polls

_WEEK = timedelta(days=7)
_CORRECT = "put it right; `aggregator check-config` looks again"


def examine(config: Path, home: Path, clock: Clock) -> list[Finding]:
    """Look at everything, the store behind the configuration included; never raises for what it finds."""
    now = clock.now()
    try:
        app: App | None = replace(load_app(config, home), clock=clock)
        findings = [Finding(Level.OK, "configuration", f"{home / config} is fine")]
    except ConfigError as error:
        app = None
        advice = "`aggregator init` writes one" if not (home / config).exists() else _CORRECT
        findings = [
            Finding(Level.PROBLEM, "configuration", f"{error.path}: {problem}", advice)
            for problem in error.problems
        ]
    timezone = app.settings.day.timezone if app else None
    findings += environment_findings(_environment(now, timezone))
    return findings if app is None else [*findings, *_store_findings(app, now)]


def _environment(now: datetime, timezone: str | None) -> Environment:
    return Environment(
        now=now,
        timezone=timezone,
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        expat=pyexpat.EXPAT_VERSION.removeprefix("expat_"),
        libraries=installed_libraries(),
    )


def _store_findings(app: App, now: datetime) -> list[Finding]:
    facts = _store_facts(app, now)
    findings = storage_findings(facts, now)
    if facts.figures is None:
        return findings
    try:
        return [*findings, *work_findings(_work(app, facts.figures, now), now)]
    except (AggregatorError, sqlite3.Error) as error:
        return [*findings, Finding(Level.PROBLEM, "store", _unreadable(facts.path, error), RESTORE)]


def _store_facts(app: App, now: datetime) -> StoreFacts:
    path = app.store_path
    today = schedule.local_day(now, app.settings.day.timezone)
    facts = StoreFacts(path, today, migrations.SCHEMA_VERSION)
    if not path.exists():
        return facts
    facts = replace(
        facts,
        file_mode=path.stat().st_mode,
        is_writable=os.access(path, os.W_OK) and os.access(path.parent, os.W_OK),
        daemon=look(path, now),
    )
    try:
        with open_reader(path) as connection:
            facts = replace(
                facts,
                schema=connection.execute("PRAGMA user_version").fetchone()[0],
                integrity=connection.execute("PRAGMA quick_check(1)").fetchone()[0],
            )
        return replace(facts, figures=figures.read_figures(path, today))
    except (AggregatorError, sqlite3.Error) as error:
        return replace(facts, trouble=_unreadable(path, error))


def _unreadable(path: Path, error: AggregatorError | sqlite3.Error) -> str:
    """Ours name the file, SQLite's do not."""
    return str(error) if isinstance(error, AggregatorError) else f"{path} cannot be read: {error}"


def _work(app: App, read: StoreFigures, now: datetime) -> WorkFacts:
    with open_reader(app.store_path) as connection:
        known = feeds.load_feeds(connection)
        return WorkFacts(
            feeds=known,
            failures=polls.load_last_failures(connection),
            moved=frozenset(feed.feed_id for feed in known if schedule.has_moved(feed, now=now)),
            figures=read,
            overdue=_overdue(connection, app, now),
            link_seconds=app.settings.google_news.page_refill_seconds,
            failed_deliveries=outbox.load_failed(connection, now - _WEEK),
            unwritable=_unwritable(sorted({app.home / digest.out for digest in app.settings.digests})),
        )


def _unwritable(folders: Sequence[Path]) -> list[str]:
    """What keeps digests from being written there, in the words of the attempt; nothing is written to find out."""
    return [
        f"{folder} cannot be written: {os.strerror(number)}"
        for folder in folders
        if (number := _refusal(folder))
    ]


def _refusal(folder: Path) -> int:
    """The error that making a file there would end with, or 0."""
    there = next(path for path in (folder, *folder.parents) if os.access(path, os.F_OK))
    if not there.is_dir():
        return errno.EEXIST if there == folder else errno.ENOTDIR
    if os.access(there, os.W_OK | os.X_OK):
        return 0
    return errno.EROFS if os.statvfs(there).f_flag & os.ST_RDONLY else errno.EACCES


def _overdue(connection: sqlite3.Connection, app: App, now: datetime) -> list[OverdueDigest]:
    timezone = app.settings.day.timezone
    return [
        OverdueDigest(
            digest.topic,
            day,
            schedule.digest_due_at(day, at=schedule.time_of_day(digest.at), timezone=timezone),
        )
        for digest in app.settings.digests
        for day in due_days(connection, digest, app.home, app.settings, now)
    ]
