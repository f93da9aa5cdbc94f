"""Working the link queue: from wrapper links to publishers' URLs.

What needs no request is done without one, then Google's articles as the budget allows, then the
short links. Nothing here sleeps or stores: a job goes in, a resolution comes out.
"""

from collections.abc import Sequence
from datetime import datetime

from aggregator.model import LinkJob, Resolution, ResolverState
from aggregator.resolve.follow import follow_all
from aggregator.resolve.google_round import GoogleRound
from aggregator.resolve.http import Http
from aggregator.resolve.identity import google_article_id, google_identity, identify
from aggregator.resolve.resolutions import resolved
from aggregator.resolve.wrappers import unwrap
from aggregator.settings import GoogleNewsSettings


class LinkResolver:
    """Turns wrapper links into publishers' URLs, politely."""

    def __init__(self, http: Http, settings: GoogleNewsSettings) -> None:
        self._http = http
        self._settings = settings

    async def resolve(
        self, jobs: Sequence[LinkJob], state: ResolverState, now: datetime
    ) -> tuple[list[Resolution], ResolverState]:
        """Try each job once; return one resolution per job and the budget that is left.

        Jobs are taken in order, so the most wanted come first. Those for which no page may be
        requested come back waiting, unchanged, with the time when there will be a token. The state is the
        caller's to store: a refusal that is forgotten is repeated.

        Cost: at most one page request per Google article (two when a signature is rejected), one
        call per 50 of them, and at most three requests per short link.
        """
        done = {job.article_id: resolution for job in jobs if (resolution := resolve_offline(job))}
        waiting = [job for job in jobs if job.article_id not in done]
        google = [(job, google_id) for job in waiting if (google_id := _google_id(job))]
        google_round = GoogleRound(self._http, self._settings, state, now)
        await google_round.run(google)
        asked = {job.article_id for job, _ in google}
        short = [(job, _target(job)) for job in waiting if job.article_id not in asked]
        followed = await follow_all(self._http, short, now)
        return [*done.values(), *google_round.results, *followed], google_round.state


def resolve_offline(job: LinkJob) -> Resolution | None:
    """Return the resolution of a job whose link says by itself where it leads, else None. Pure."""
    google_id = _google_id(job)
    if google_id:
        identity = google_identity(google_id)
    else:
        identity = identify(job.link, google_id=None, entry_id=None, feed_url="", headline="", published=None)
    if identity.publisher_url is None or identity.method is None:
        return None
    return resolved(job, identity.publisher_url, identity.method)


def _google_id(job: LinkJob) -> str | None:
    return job.google_id or google_article_id(_target(job))


def _target(job: LinkJob) -> str:
    unwrapped = unwrap(job.link)
    return unwrapped.url if unwrapped else job.link
