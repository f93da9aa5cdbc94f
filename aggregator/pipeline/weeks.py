"""The week: the issues of the days up to a Sunday, bound together.

It is due as soon as the edition of the Sunday is begun, and made of the editions that the folder has of the week's
days, so it says what they said. It is logged with that Sunday's day, as "epub-week".
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from aggregator import publish
from aggregator.errors import PublishError
from aggregator.pipeline import editions
from aggregator.pipeline.editions import DigestJob, DigestReport
from aggregator.settings import WEEK_FORMATS
from aggregator.store import digests, open_reader
from aggregator.store.digests import Edition

log = logging.getLogger(__name__)

_DAYS = 7


def make_due_weeks(job: DigestJob) -> list[DigestReport]:
    """Make the weeks whose Sunday has an edition, and that are configured and not there yet."""
    return list(_made(job)) if job.digest.week else []


def make_week(job: DigestJob, day: date) -> DigestReport:
    """Make the book of the week that a day is in; a week without its Sunday's digest is a preview.

    Raises:
        PublishError: no day of the week has a digest, or the file cannot be written.
    """
    week = _editions_of(job, day)
    if not week:
        raise PublishError(f"no day of the week of {day} has a digest of {job.topic} in {job.folder}")
    is_whole = week[-1].day.isoweekday() == _DAYS
    return _bound(job, week, "" if is_whole else "preview")


def _made(job: DigestJob) -> Iterator[DigestReport]:
    with open_reader(job.store.path) as connection:
        recent = digests.load_editions(connection, job.topic, job.folder, job.first_recent_day, job.today)
    for edition in recent:
        if edition.day.isoweekday() != _DAYS:
            continue
        with open_reader(job.store.path) as connection:
            is_there = digests.load_logged(connection, edition, 0, _logged_as(WEEK_FORMATS[0]))
        if is_there:
            continue
        try:
            yield _bound(job, _editions_of(job, edition.day), "")
        except PublishError as error:
            log.error("week topic=%s day=%s not written, it stays due: %s", job.topic, edition.day, error)


def _editions_of(job: DigestJob, day: date) -> list[Edition]:
    """Editions of the days of the ISO week that the day is in, in order."""
    monday = day - timedelta(days=day.isoweekday() - 1)
    with open_reader(job.store.path) as connection:
        sunday = monday + timedelta(days=_DAYS - 1)
        return digests.load_editions(connection, job.topic, job.folder, monday, sunday)


def _bound(job: DigestJob, week: list[Edition], folder: str) -> DigestReport:
    """Write the book of these editions; log it unless it is a preview."""
    with open_reader(job.store.path) as connection:
        issues = [editions.frozen_issue(connection, edition, 0) for edition in week]
    book = publish.render_week(issues, job.templates)
    [written] = publish.write_files(job.home / job.digest.out / folder, [book])
    sunday, last = week[-1], issues[-1].day
    format_name = _logged_as(WEEK_FORMATS[0])
    stories = tuple({story.story_id: story for issue in issues for story in issue.day.stories}.values())
    if not folder:
        files = [(editions.shown_path(written.path, job.home), written.sha256)]
        bound = replace(last, stories=stories)
        job.store.write(
            partial(
                digests.log_digest,
                edition=sunday,
                snapshot=bound,
                format_name=format_name,
                files=files,
                now=job.now,
            )
        )
    return DigestReport(
        topic=job.topic,
        day=sunday.day,
        format=format_name,
        paths=(written.path,),
        stories=len(stories),
        addendum=0,
        written=int(written.is_changed),
    )


def _logged_as(format_name: str) -> str:
    return f"{format_name}-week"
