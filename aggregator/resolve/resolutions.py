"""What an attempt at a link means for its place in the queue. Pure.

Facts
-----
* Some failures are the link's own (Google knows no such article, a short link is dead): they count
  as attempts, are tried again after 1 h, 2 h, 4 h … 7 days, and end after `MAX_ATTEMPTS`.
* Others are the surroundings' (a refusal, a consent wall, a changed layout, no network): every link
  meets them alike, so they never use up a link's attempts.
* Ids do not expire: an article of weeks ago still resolves. Waiting costs nothing.
"""

from datetime import datetime, timedelta

from aggregator.model import LinkJob, LinkState, Resolution
from aggregator.resolve.canonical import canonical_url

MAX_ATTEMPTS = 10
_FIRST_WAIT = timedelta(hours=1)
_LONGEST_WAIT = timedelta(days=7)


def resolved(
    job: LinkJob, url: str, method: str, *, declared_canonical: str | None = None, attempts: int = 0
) -> Resolution:
    """The publisher's URL is known, for ever; `attempts` is 1 when that took a request."""
    return Resolution(
        job.article_id,
        LinkState.RESOLVED,
        method,
        publisher_url=url,
        canonical_url=canonical_url(declared_canonical or url),
        attempts=job.attempts + attempts,
    )


def failed(job: LinkJob, method: str, error: str) -> Resolution:
    """The link leads nowhere, and asking again will not change that."""
    return Resolution(job.article_id, LinkState.FAILED, method, attempts=job.attempts + 1, error=error)


def try_again(job: LinkJob, method: str, error: str, now: datetime) -> Resolution:
    """The link's own failure: wait longer each time, and give up after `MAX_ATTEMPTS`."""
    attempts = job.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return failed(job, method, error)
    wait = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
    return Resolution(
        job.article_id,
        LinkState.WAITING,
        method,
        attempts=attempts,
        next_try_at=now + wait,
        error=error,
    )


def postponed(job: LinkJob, method: str, until: datetime, error: str | None = None) -> Resolution:
    """Not the link's fault, or not its turn: nothing is held against it."""
    return Resolution(
        job.article_id,
        LinkState.WAITING,
        method,
        attempts=job.attempts,
        next_try_at=until,
        error=error,
    )


def after_a_pause(now: datetime) -> datetime:
    """Return when to look again whether the surroundings have changed."""
    return now + _FIRST_WAIT
