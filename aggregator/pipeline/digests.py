"""Digests that are due: begin the editions, render them, write the files, log them.

What is printed is decided by `editions` and `publish`; here it becomes files and rows. Files first, then the log: a
crash in between writes the same bytes again. A file that would not be what was published says why.
"""

import glob
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from aggregator import deliver, publish
from aggregator.errors import PublishError, UsageError
from aggregator.model import Recipient, RenderedFile
from aggregator.pipeline import editions
from aggregator.pipeline.editions import DigestJob, DigestReport
from aggregator.pipeline.grouper import Grouper
from aggregator.pipeline.weeks import make_due_weeks
from aggregator.settings import DigestSettings, Settings
from aggregator.store import digests, open_reader, outbox
from aggregator.store.digests import Edition

log = logging.getLogger(__name__)

_DELIVERED_DAYS = 7  # a digest that is made later than that is written, and no news to be sent to anybody
_DAY_PREFIX = "????-??-??-"
_SUBSCRIBED = (".atom", ".feed.json")


def make_due_digests(grouper: Grouper, home: Path, settings: Settings, now: datetime) -> list[DigestReport]:
    """Make every digest and addendum whose time has come and that is not there yet, oldest day first."""
    reports: list[DigestReport] = []
    for digest in settings.digests:
        job = DigestJob(grouper, home, settings, digest, now)
        editions.begin_due_editions(job)
        editions.take_due_addenda(job)
        reports += _publish_missing(job)
        reports += make_due_weeks(job)
    for report in reports:
        log.info("%s", report)
    return reports


def make_digest(
    grouper: Grouper, home: Path, settings: Settings, digest: DigestSettings, day: date, now: datetime
) -> list[DigestReport]:
    """Make the digest of one topic and day in all its formats, and its addenda up to now.

    A day that is over is frozen by its first digest, and a digest that is made keeps its configuration. A day
    that is not over is a preview: files below `preview/`, no snapshot, no row in the log, and the day goes on.

    Raises:
        PublishError, UsageError: a file cannot be written; what is frozen stays so.
    """
    job = DigestJob(grouper, home, settings, digest, now)
    if day >= job.today:
        preview = editions.preview_issue(job, day)
        return [_write(job, preview, name, folder="preview")[0] for name in digest.formats]
    edition = editions.begin_edition(job, day)
    editions.take_addendum(job, day)
    with open_reader(job.store.path) as connection:
        numbers = digests.load_addenda(connection, digest.topic, day)
        issues = [editions.frozen_issue(connection, edition, number) for number in numbers]
    return [_publish(job, edition, issue, name) for issue in issues for name in digest.formats]


def _publish_missing(job: DigestJob) -> list[DigestReport]:
    """Write what editions were begun for and do not have yet, in formats that are still wanted."""
    with open_reader(job.store.path) as connection:
        missing = digests.load_missing(connection, job.topic, job.folder, job.first_recent_day)
    reports = []
    for (day, addendum), rows in groupby(missing, key=lambda row: row[:2]):
        wanted = [name for _, _, name in rows if name in job.digest.formats]
        if not wanted:
            continue
        edition = editions.begin_edition(job, day)
        with open_reader(job.store.path) as connection:
            issue = editions.frozen_issue(connection, edition, addendum)
        for name in wanted:
            try:
                reports.append(_publish(job, edition, issue, name))
            except (PublishError, UsageError) as error:
                # The folder of one digest may be unwritable for a while, or the library of a format missing:
                # that stays due, the others are made.
                where = f"topic={job.topic} day={day} format={name}"
                log.error("digest %s not written, it stays due: %s", where, error)
    return reports


def _publish(job: DigestJob, edition: Edition, issue: publish.Issue, format_name: str) -> DigestReport:
    """Write the files, then log them; the first row in the log puts the digest into the outbox as well."""
    report, written = _write(job, issue, format_name)
    files = [(editions.shown_path(file.path, job.home), file.sha256) for file in written]
    addendum = issue.day.addendum
    with open_reader(job.store.path) as connection:
        logged = digests.load_logged(connection, edition, addendum, format_name)
    differing = [path for path, sha256 in files if path in logged and logged[path].sha256 != sha256]
    recipients = () if addendum else _recipients(job, edition.day)  # people asked for one digest a day

    def write(connection: sqlite3.Connection) -> None:
        outbox.queue_deliveries(
            connection, job.topic, edition.folder, edition.day, addendum, recipients, job.now
        )
        digests.log_digest(connection, edition, issue.day, format_name, files, job.now)

    job.store.write(write)
    return replace(report, note=_note(job, edition, differing))


def _note(job: DigestJob, edition: Edition, differing: Sequence[str]) -> str:
    """Why files are not what was published, or what the configuration says that they do not."""
    if differing:
        rules = publish.rules_version()
        is_same = rules == edition.rules_version
        cause = (
            "templates or libraries have changed" if is_same else f"{edition.rules_version} is {rules} now"
        )
        return f"{differing[0]} is not what was published: {cause}"
    if changed := editions.changed_settings(edition, job.digest):
        return (
            f"made with the configuration of {edition.made_at:%Y-%m-%d}, before {', '.join(changed)} changed;"
            " another --out makes it by today's"
        )
    return ""


def _recipients(job: DigestJob, day: date) -> Sequence[Recipient]:
    """Everyone who gets this digest; nobody for a day that is long over."""
    if day < job.today - timedelta(days=_DELIVERED_DAYS):
        return ()
    return deliver.recipients_of(job.digest)


def _write(
    job: DigestJob, issue: publish.Issue, format_name: str, *, folder: str = ""
) -> tuple[DigestReport, list[publish.WrittenFile]]:
    """Render and write below `out`; nothing is written that does not read back."""
    root = job.home / job.digest.out / folder
    files = publish.render(issue, format_name, job.templates)
    written = publish.write_files(root, files)
    if not folder and not issue.day.is_addendum:
        publish.write_files(root, _newest(root, files))
    report = DigestReport(
        topic=job.topic,
        day=issue.date,
        format=format_name,
        paths=tuple(file.path for file in written),
        stories=len(issue.day.stories),
        addendum=issue.day.addendum,
        written=sum(file.is_changed for file in written),
    )
    return report, written


def _newest(root: Path, files: Sequence[RenderedFile]) -> list[RenderedFile]:
    """Feeds once more under an address that people can subscribe to, unless a newer day's are there.

    "2026-01-07-world.atom" becomes "world.atom". They are not in the log, since the next day replaces them.
    """
    found = []
    for file in files:
        day, name = file.path[: len(_DAY_PREFIX)], file.path[len(_DAY_PREFIX) :]
        if name.endswith(_SUBSCRIBED):
            there = max(path.name for path in root.glob(f"{_DAY_PREFIX}{glob.escape(name)}"))
            if there.startswith(day):
                found.append(replace(file, path=name))
    return found
