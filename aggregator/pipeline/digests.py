"""Digests that are due: freeze the day, render it, write the files, log them.

Facts
-----
* "Due" is asked of the wall clock and the store, never of a scheduler: whatever the daemon slept
  through, each local day gets its digest once.
* A snapshot is taken when a day's digest is first made; every later rendering is made from it, so it is the
  same to the byte. A crash between files and log writes the same files again.
* Articles that come after that are the day's addendum, a file of its own, until the window of late
  arrivals is over.
"""

import glob
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from aggregator import deliver, publish, schedule
from aggregator.errors import PublishError, UsageError
from aggregator.model import DigestDay, Recipient, RenderedFile
from aggregator.pipeline.grouping import LATE_DAYS, regroup
from aggregator.settings import DigestSettings, Settings
from aggregator.store import Store, days, digests, feeds, open_reader, outbox

log = logging.getLogger(__name__)

TEMPLATES = "config/templates"  # below the home; a template there stands in front of the shipped one
_ADDENDUM = 1
_DELIVERED_DAYS = 7  # a digest that is made later than that is written, and no news to be sent to anybody
_DAY_PREFIX = "????-??-??-"
_SUBSCRIBED = (".atom", ".feed.json")


@dataclass(frozen=True, slots=True)
class DigestReport:
    """One digest that was made or found made."""

    topic: str
    day: date
    format: str
    paths: tuple[Path, ...]
    stories: int
    is_addendum: bool

    def __str__(self) -> str:
        kind = "addendum" if self.is_addendum else "digest"
        return (
            f"{kind} topic={self.topic} day={self.day} format={self.format} stories={self.stories}"
            f" files={len(self.paths)}"
        )


def make_due_digests(store: Store, home: Path, settings: Settings, now: datetime) -> list[DigestReport]:
    """Make every digest whose time has come and that is not there yet, oldest day first."""
    reports: list[DigestReport] = []
    for digest in settings.digests:
        try:
            reports += _make_due(store, home, settings, digest, now)
        except (PublishError, UsageError) as error:
            # The folder of one digest may be unwritable for a while, or the library of a format missing:
            # it stays due, the others are made.
            log.error("digest topic=%s not written, it stays due: %s", digest.topic, error)
    for report in reports:
        log.info("%s", report)
    return reports


def _make_due(
    store: Store, home: Path, settings: Settings, digest: DigestSettings, now: datetime
) -> list[DigestReport]:
    reports = []
    for day in _days_due(store, digest, settings, now):
        reports += make_digest(store, home, settings, digest, day, now)
    for day in _days_with_addendum(store, digest, settings, now):
        reports += _make_addendum(store, home, settings, digest, day, now)
    return reports


def _days_due(store: Store, digest: DigestSettings, settings: Settings, now: datetime) -> Sequence[date]:
    with open_reader(store.path) as connection:
        made = digests.load_digest_days(connection, digest.topic)
        logged = [
            day
            for day in made[-LATE_DAYS:]
            if all(digests.is_logged(connection, digest.topic, day, name) for name in digest.formats)
        ]
        started = feeds.load_first_poll(connection)
    if started is None:
        return []
    unfinished = [day for day in made[-LATE_DAYS:] if day not in logged]
    due = schedule.digest_days_due(
        last_made=made[-1] if made else None,
        started_day=schedule.local_day(started, settings.day.timezone),
        at=schedule.time_of_day(digest.at),
        timezone=settings.day.timezone,
        now=now,
    )
    return sorted({*unfinished, *due})


def make_digest(
    store: Store, home: Path, settings: Settings, digest: DigestSettings, day: date, now: datetime
) -> list[DigestReport]:
    """Make the digest of one topic and day in all its formats.

    A day that is over is frozen by its first digest. A day that is not is a preview: files below
    `preview/`, no snapshot, no row in the log, and the day goes on.
    """
    if day >= schedule.local_day(now, settings.day.timezone):
        regroup(store, settings, now)
        preview = publish.compose(read_digest_day(store.path, settings, digest, day), digest)
        return [_write(home, digest, preview, name, folder="preview")[0] for name in digest.formats]
    issue = publish.compose(_snapshot(store, settings, digest, day, now), digest)
    recipients = _recipients(settings, digest.topic, day, now)
    return [
        _publish(store, home, digest, issue, name, now, addendum=0, recipients=recipients)
        for name in digest.formats
    ]


def _snapshot(
    store: Store, settings: Settings, digest: DigestSettings, day: date, now: datetime
) -> DigestDay:
    """The day's snapshot; the first call takes it: groups what is pending, then closes the day."""
    with open_reader(store.path) as connection:
        known = digests.load_snapshot(connection, digest.topic, day)
    if known is not None:
        return known
    regroup(store, settings, now)
    store.write(partial(days.close_day, day=day, timezone=settings.day.timezone, now=now))
    snapshot = read_digest_day(store.path, settings, digest, day)
    store.write(partial(digests.save_snapshot, snapshot=snapshot, now=now))
    return snapshot


def read_digest_day(
    store_path: Path, settings: Settings, digest: DigestSettings, day: date, *, is_addendum: bool = False
) -> DigestDay:
    """What the store has for a topic and day at this moment, stories by id."""
    with open_reader(store_path) as connection:
        stories = digests.load_digest_stories(connection, digest.topic, day, addendum_only=is_addendum)
        source_urls = digests.load_topic_sources(connection, digest.topic)
        week = digests.load_week(connection, digest.topic, day)
    return DigestDay(
        topic=digest.topic,
        title=digest.title,
        day=day,
        timezone=settings.day.timezone,
        stories=stories,
        is_addendum=is_addendum,
        number=digest.counter.number(day) if digest.counter else None,
        source_urls=source_urls,
        week=week,
    )


def _days_with_addendum(
    store: Store, digest: DigestSettings, settings: Settings, now: datetime
) -> list[date]:
    first = schedule.local_day(now, settings.day.timezone) - timedelta(days=LATE_DAYS + 1)
    with open_reader(store.path) as connection:
        return [day for day in digests.load_digest_days(connection, digest.topic) if day >= first]


def _make_addendum(
    store: Store, home: Path, settings: Settings, digest: DigestSettings, day: date, now: datetime
) -> list[DigestReport]:
    snapshot = read_digest_day(store.path, settings, digest, day, is_addendum=True)
    with open_reader(store.path) as connection:
        known = digests.load_snapshot(connection, digest.topic, day, _ADDENDUM)
    if not snapshot.stories or snapshot == known:
        return []
    store.write(partial(digests.replace_addendum, snapshot=snapshot, now=now, addendum=_ADDENDUM))
    issue = publish.compose(snapshot, digest)
    # Written, not sent: people asked for one digest a day.
    return [
        _publish(store, home, digest, issue, format_name, now, addendum=_ADDENDUM, recipients=())
        for format_name in digest.formats
    ]


def _recipients(settings: Settings, topic: str, day: date, now: datetime) -> list[Recipient]:
    """Everyone who gets the topic's digest, by any of its digests; nobody for a day that is long over."""
    if day < schedule.local_day(now, settings.day.timezone) - timedelta(days=_DELIVERED_DAYS):
        return []
    of_topic = [digest for digest in settings.digests if digest.topic == topic]
    return [recipient for digest in of_topic for recipient in deliver.recipients_of(digest)]


def _publish(
    store: Store,
    home: Path,
    digest: DigestSettings,
    issue: publish.Issue,
    format_name: str,
    now: datetime,
    *,
    addendum: int,
    recipients: Sequence[Recipient],
) -> DigestReport:
    """Files first, then the log: a crash in between writes the same bytes again.

    The first row in the log puts the digest into the outbox, in the same transaction.
    """
    report, written = _write(home, digest, issue, format_name)
    log_rows = [(_shown_path(file.path, home.resolve()), file.sha256) for file in written]

    def write(connection: sqlite3.Connection) -> None:
        outbox.queue_deliveries(connection, issue.day.topic, issue.date, addendum, recipients, now)
        digests.log_digest(connection, issue.day, format_name, log_rows, now, addendum)

    store.write(write)
    return report


def _write(
    home: Path, digest: DigestSettings, issue: publish.Issue, format_name: str, *, folder: str = ""
) -> tuple[DigestReport, list[publish.WrittenFile]]:
    """Render and write below `out`; nothing is written that does not read back."""
    root = home / digest.out / folder
    templates = home / TEMPLATES
    files = publish.render(issue, format_name, templates if templates.is_dir() else None)
    written = publish.write_files(root, files)
    if not folder and not issue.day.is_addendum:
        publish.write_files(root, _newest(root, files))
    paths = tuple(file.path for file in written)
    report = DigestReport(
        digest.topic, issue.date, format_name, paths, len(issue.day.stories), issue.day.is_addendum
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


def _shown_path(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.as_posix()
