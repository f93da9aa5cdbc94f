"""One round of asking Google where its opaque articles lead: pages one by one, calls by the fifty.

Facts
-----
* Every page costs a token of the budget, a call costs none. So pages are asked for in the order of
  the queue until the bucket is empty or Google refuses; the rest keep their place.
* The first page after a pause is a trial: unless it is served, nothing else is asked.
* What goes wrong for three articles in a row goes wrong for all: a wall, a new layout, no network. The
  round ends there instead of spending the budget on it.
* A rejected signature is fetched again once; then it counts as a failure of that link.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from aggregator.google.editions import Edition
from aggregator.model import LinkJob, Resolution, ResolverState
from aggregator.resolve import budget, google_decode
from aggregator.resolve.google_decode import (
    AnswerKind,
    Batch,
    BatchKind,
    Envelope,
    PageKind,
    Signature,
)
from aggregator.resolve.http import Http
from aggregator.resolve.resolutions import after_a_pause, failed, postponed, resolved, try_again
from aggregator.settings import GoogleNewsSettings

METHOD = "google"
_MAX_UNREADABLE_IN_A_ROW = 3
_MAX_ANSWER_BYTES = 2_000_000

_log = logging.getLogger(__name__)


class GoogleRound:
    """The state of one round; use it for one `run` and read `results` and `state` afterwards."""

    def __init__(self, http: Http, settings: GoogleNewsSettings, state: ResolverState, now: datetime) -> None:
        self.results: list[Resolution] = []
        self.state = budget.refill(state, now, settings)
        self._http = http
        self._settings = settings
        self._edition = Edition(settings.language, settings.country)
        self._may_follow = google_decode.page_hop_filter(settings.base_url)
        self._now = now
        self._unreadable_in_a_row = 0
        self._is_over = False

    async def run(self, jobs: Iterable[tuple[LinkJob, str]]) -> None:
        """Work through (job, article id) pairs, most wanted first. Every job gets one result."""
        rejected = await self._decode(jobs)
        for job, _ in await self._decode(rejected):
            self._note(try_again(job, METHOD, "Google rejected the signature twice", self._now))

    async def _decode(self, jobs: Iterable[tuple[LinkJob, str]]) -> list[tuple[LinkJob, str]]:
        """Decode what the budget allows; return the jobs whose signature was rejected."""
        rejected: list[tuple[LinkJob, str]] = []
        signed: list[tuple[LinkJob, Envelope]] = []
        for job, google_id in jobs:
            if signature := await self._ask_page(job, google_id):
                signed.append((job, Envelope(str(len(signed) + 1), google_id, signature)))
            if len(signed) == google_decode.MAX_BATCH:
                rejected += await self._ask_batch(signed)
                signed = []
        if signed:
            rejected += await self._ask_batch(signed)
        return rejected

    async def _ask_page(self, job: LinkJob, google_id: str) -> Signature | None:
        if self._is_over or not budget.may_ask(self.state):
            self._wait_for_turn(job)
            return None
        self.state = budget.spend(self.state)
        exchange = await self._http.request(
            "GET",
            google_decode.article_page_url(google_id, self._edition),
            max_body_bytes=google_decode.MAX_PAGE_BYTES,
            may_follow=self._may_follow,
            stop_at=google_decode.signature_watch(),
        )
        page = google_decode.read_page(exchange, google_id)
        self._take_page(job, page.kind)
        return page.signature

    def _take_page(self, job: LinkJob, kind: PageKind) -> None:
        match kind:
            case PageKind.SIGNED:
                self._door_is_open()
            case PageKind.UNKNOWN_ARTICLE:
                self._door_is_open()
                self._note(try_again(job, METHOD, "Google knows no such article", self._now))
            case PageKind.REFUSED:
                self._trip()
                self._wait_for_turn(job, "refused")
            case _:
                self._unreadable_in_a_row += 1
                is_trial = budget.is_trial(self.state)
                if is_trial or self._unreadable_in_a_row >= _MAX_UNREADABLE_IN_A_ROW:
                    self._end(f"article pages come back as {kind}")
                self._note(postponed(job, METHOD, after_a_pause(self._now), str(kind)))

    async def _ask_batch(self, signed: Sequence[tuple[LinkJob, Envelope]]) -> list[tuple[LinkJob, str]]:
        envelopes = [envelope for _, envelope in signed]
        exchange = await self._http.request(
            "POST",
            google_decode.BATCH_URL,
            headers=google_decode.BATCH_HEADERS,
            content=google_decode.batch_body(envelopes, self._edition),
            max_body_bytes=_MAX_ANSWER_BYTES,
        )
        batch = google_decode.read_batch(exchange, [envelope.tag for envelope in envelopes])
        if batch.kind is BatchKind.ANSWERED:
            return self._take_answers(signed, batch)
        if batch.kind is BatchKind.REFUSED:
            self._trip()
        else:
            self._end(f"the batch call came back as {batch.kind}")
        for job, _ in signed:
            self._wait_for_turn(job, f"batch-{batch.kind}")
        return []

    def _take_answers(
        self, signed: Sequence[tuple[LinkJob, Envelope]], batch: Batch
    ) -> list[tuple[LinkJob, str]]:
        rejected: list[tuple[LinkJob, str]] = []
        for job, envelope in signed:
            answer = batch.answers[envelope.tag]
            if answer.url is not None:
                self._note(resolved(job, answer.url, METHOD, attempts=1))
            elif answer.kind is AnswerKind.REJECTED:
                rejected.append((job, envelope.google_id))
            elif answer.kind is AnswerKind.NOT_FOUND:
                self._note(failed(job, METHOD, "Google knows no such article"))
            else:
                self._note(try_again(job, METHOD, f"Google's answer was {answer.kind}", self._now))
        return rejected

    def _wait_for_turn(self, job: LinkJob, error: str | None = None) -> None:
        """Put a job back unchanged until a page may be asked for again."""
        until = budget.next_page_at(self.state, self._settings)
        if self._is_over:
            until = max(until, after_a_pause(self._now))
        self._note(postponed(job, METHOD, until, error))

    def _door_is_open(self) -> None:
        self._unreadable_in_a_row = 0
        if self.state.trips:
            _log.info("resolve breaker=closed")
            self.state = budget.close(self.state)

    def _trip(self) -> None:
        self.state = budget.trip(self.state, self._settings)
        _log.warning("resolve breaker=open until=%s trips=%d", self.state.open_until, self.state.trips)

    def _end(self, reason: str) -> None:
        self._is_over = True
        _log.warning("resolve round=ended reason=%r", reason)

    def _note(self, resolution: Resolution) -> None:
        self.results.append(resolution)
