"""Editions: the digest of a day in a folder, begun once and frozen; and what came too late for it.

Facts
-----
* "Due" is asked of the wall clock and the store, never of a scheduler: whatever the daemon slept
  through, each local day gets its digest once.
* Beginning an edition is one transaction: the day is closed, its snapshot taken (or that of another
  digest of the topic found), the configuration of the moment kept. Everything after it follows from the two,
  so it can be interrupted anywhere and done again, to the byte.
* A day is grouped with those before it, and whether today can be grouped is no matter: where the memory for that is
  missing, yesterday's digest comes all the same.
* What comes later goes into addenda: one with each of the digests of the next days, frozen like a digest.
  No file that people have is rewritten for it.
"""

import sqlite3
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from aggregator import publish, schedule
from aggregator.errors import PublishError
from aggregator.model import DigestDay
from aggregator.pipeline.grouper import Grouper
from aggregator.settings import DigestSettings, Settings
from aggregator.store import Store, days, digests, feeds, open_reader
from aggregator.store.digest_material import load_digest_day
from aggregator.store.digests import Edition

TEMPLATES = "config/templates"  # below the home; a template there stands in front of the shipped one


@dataclass(frozen=True, slots=True)
class DigestJob:
    """One configured digest at one moment, with what making it needs."""

    grouper: Grouper
    home: Path
    settings: Settings
    digest: DigestSettings
    now: datetime

    @property
    def store(self) -> Store:
        return self.grouper.store

    @property
    def topic(self) -> str:
        return self.digest.topic

    @property
    def timezone(self) -> str:
        return self.settings.day.timezone

    @property
    def today(self) -> date:
        return schedule.local_day(self.now, self.timezone)

    @property
    def first_recent_day(self) -> date:
        """The first of the days that missed digests are made up for."""
        return self.today - timedelta(days=schedule.MAX_DAYS_BACK)

    @property
    def folder(self) -> str:
        return folder_of(self.home, self.digest)

    @property
    def templates(self) -> Path | None:
        """The folder of the user's templates, if there is one."""
        folder = self.home / TEMPLATES
        return folder if folder.is_dir() else None


@dataclass(frozen=True, slots=True)
class DigestReport:
    """One digest in one format that was made or found made.

    `written` counts the files that were not there with these bytes. `note` is a sentence about what is not as one
    might expect, or empty.
    """

    topic: str
    day: date
    format: str
    paths: tuple[Path, ...]
    stories: int
    addendum: int
    written: int
    note: str = ""

    def __str__(self) -> str:
        kind = f"addendum={self.addendum}" if self.addendum else "digest"
        return (
            f"{kind} topic={self.topic} day={self.day} format={self.format} stories={self.stories}"
            f" files={len(self.paths)} written={self.written}"
        )


def begin_due_editions(job: DigestJob) -> None:
    """Begin the edition of every day that is due and has none, oldest first."""
    with open_reader(job.store.path) as connection:
        start = _start(connection, job.digest, job.folder, job.settings, job.now)
        known = digests.load_start(connection, job.topic, job.folder)
        due = due_days(connection, job.digest, job.home, job.settings, job.now)
    if start is not None and start != known:
        # From now on a day that is missed is made up for.
        job.store.write(partial(digests.save_start, topic=job.topic, folder=job.folder, first_day=start))
    for day in due:
        begin_edition(job, day)


def due_days(
    connection: sqlite3.Connection, digest: DigestSettings, home: Path, settings: Settings, now: datetime
) -> list[date]:
    """The days of a digest that are due and have no edition yet, oldest first."""
    folder = folder_of(home, digest)
    start = _start(connection, digest, folder, settings, now)
    if start is None:
        return []
    recent = schedule.local_day(now, settings.day.timezone) - timedelta(days=schedule.MAX_DAYS_BACK)
    return schedule.digest_days_due(
        digests.load_late_until(connection, digest.topic, folder, recent),
        first_day=start,
        at=schedule.time_of_day(digest.at),
        timezone=settings.day.timezone,
        now=now,
    )


def _start(
    connection: sqlite3.Connection, digest: DigestSettings, folder: str, settings: Settings, now: datetime
) -> date | None:
    """The first day that a digest is due for: today for one that is new; None while nothing was polled."""
    known = digests.load_start(connection, digest.topic, folder)
    if known is not None and known <= schedule.local_day(now, settings.day.timezone):
        return known
    first_poll = feeds.load_first_poll(connection)
    if first_poll is None:
        return None
    return schedule.first_digest_day(first_poll, now=now, timezone=settings.day.timezone)


def begin_edition(job: DigestJob, day: date) -> Edition:
    """The edition of a day that is over; the first call groups what is pending up to it and freezes the day."""
    with open_reader(job.store.path) as connection:
        known = digests.load_edition(connection, job.topic, job.folder, day)
    if known is not None:
        return known
    job.grouper.regroup(job.settings, job.now, until=day)

    def freeze(connection: sqlite3.Connection) -> Edition | None:
        days.close_day(connection, day, job.timezone, job.now)
        digests.take_snapshot(connection, job.topic, day, job.timezone, job.now)
        digests.begin_edition(connection, job.digest, job.folder, day, publish.rules_version(), job.now)
        return digests.load_edition(connection, job.topic, job.folder, day)

    edition = job.store.write(freeze)
    assert edition is not None
    return edition


def take_due_addenda(job: DigestJob) -> None:
    """Freeze what came late for a day and is due by now; each due moment is looked at once."""
    with open_reader(job.store.path) as connection:
        taken = digests.load_late_until(connection, job.topic, job.folder, job.first_recent_day)
    for day, late_until in taken.items():
        until = schedule.addendum_due_at(
            day,
            at=schedule.time_of_day(job.digest.at),
            timezone=job.timezone,
            now=job.now,
            late_days=schedule.LATE_DAYS,
        )
        if until is not None and until > late_until:
            job.grouper.regroup(job.settings, job.now, until=day)
            job.store.write(partial(_take_until, job=job, day=day, until=until))


def take_addendum(job: DigestJob, day: date) -> None:
    """Freeze what came late for a day until now, if anything did."""
    job.store.write(
        partial(
            digests.take_addendum,
            topic=job.topic,
            day=day,
            timezone=job.timezone,
            until=job.now,
            now=job.now,
        )
    )


def _take_until(connection: sqlite3.Connection, job: DigestJob, day: date, until: datetime) -> None:
    digests.take_addendum(connection, job.topic, day, job.timezone, until, job.now)
    digests.note_late_until(connection, job.topic, job.folder, day, until)


# --- issues ------------------------------------------------------------------------------------------


def preview_issue(job: DigestJob, day: date) -> publish.Issue:
    """A day as it would be printed at this moment; nothing is frozen."""
    job.grouper.regroup(job.settings, job.now, until=day)
    with open_reader(job.store.path) as connection:
        material = load_digest_day(connection, job.topic, day, job.timezone)
    return publish.compose(_titled(material, job.digest), job.digest)


def frozen_issue(connection: sqlite3.Connection, edition: Edition, addendum: int) -> publish.Issue:
    """An edition's issue or one of its addenda: by the same rules the same as when it was made.

    Raises:
        PublishError: there is no such snapshot.
    """
    snapshot = digests.load_snapshot(connection, edition.topic, edition.day, addendum)
    if snapshot is None:
        raise PublishError(f"there is no snapshot of {edition.topic} on {edition.day}, addendum {addendum}")
    return publish.compose(_titled(snapshot, edition.settings), edition.settings)


def _titled(material: DigestDay, digest: DigestSettings) -> DigestDay:
    """The material with what the configuration says about the day itself."""
    number = digest.counter.number(material.day) if digest.counter else None
    return replace(material, title=digest.title, number=number)


def changed_settings(edition: Edition, digest: DigestSettings) -> list[str]:
    """Names of what the configuration says otherwise now; formats aside, which may come and go."""
    now, then = digest.frozen, edition.settings
    names = [field.name for field in fields(DigestSettings) if field.name != "formats"]
    return [name for name in names if getattr(now, name) != getattr(then, name)]


def folder_of(home: Path, digest: DigestSettings) -> str:
    """A digest's folder as the store knows it."""
    return shown_path((home / digest.out).resolve(), home)


def shown_path(path: Path, home: Path) -> str:
    """A path below the home without it, any other whole."""
    home = home.resolve()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.as_posix()
