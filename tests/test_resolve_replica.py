"""Resolving against the replica of Google News, over real sockets."""

import asyncio
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.app import google_origins
from aggregator.clock import ManualClock
from aggregator.fetch import HttpClient
from aggregator.model import LinkJob, LinkState, Resolution
from aggregator.replica import Article, Faults, Outlet, Replica, SignatureForm
from aggregator.replica.minting import google_id, google_link
from aggregator.resolve import LinkResolver, new_state
from aggregator.settings import GoogleNewsSettings, HttpSettings

NOW = datetime(2026, 1, 7, 6, tzinfo=UTC)
OUTLET = Outlet("harbour", "Harbour Herald", "harbour-herald.example")


def articles(count: int) -> list[Article]:
    return [
        Article(f"Ferry {number} sails", OUTLET, f"https://{OUTLET.host}/{number}?a=1&utm_source=rss", NOW)
        for number in range(count)
    ]


class Desk:
    """A replica, a clock, and a resolver that works a queue as the daemon does."""

    def __init__(self, replica: Replica, clock: ManualClock, count: int, page_budget: int) -> None:
        self.replica = replica
        self.clock = clock
        self.articles = articles(count)
        self.settings = GoogleNewsSettings(base_url=replica.base_url, page_budget=page_budget)
        self.state = new_state(self.settings, clock.now())
        self.queue = [
            LinkJob(number, google_link(one), google_id(one)) for number, one in enumerate(self.articles)
        ]
        self.stored: dict[int, Resolution] = {}
        replica.add_articles(self.articles)

    def round(self) -> Sequence[Resolution]:
        """Resolve what is due; keep what comes of it."""
        due = [job for job in self.queue if self._is_due(job)]
        found = asyncio.run(self._resolve(due))
        self.stored |= {resolution.article_id: resolution for resolution in found}
        return found

    def _is_due(self, job: LinkJob) -> bool:
        known = self.stored.get(job.article_id)
        return known is None or (known.next_try_at is not None and known.next_try_at <= self.clock.now())

    async def _resolve(self, due: Sequence[LinkJob]) -> Sequence[Resolution]:
        http = HttpSettings(allow_private_addresses=True)
        async with HttpClient(http, clock=self.clock, origins=google_origins(self.settings)) as client:
            resolver = LinkResolver(client, self.settings)
            found, self.state = await resolver.resolve(due, self.state, self.clock.now())
        return found

    @property
    def resolved(self) -> list[int]:
        return [number for number, one in self.stored.items() if one.state is LinkState.RESOLVED]

    def asked(self, place: str) -> int:
        return self.replica.counts.get(place, 0)


@contextmanager
def desk(faults: Faults, count: int, page_budget: int = 100):
    clock = ManualClock(NOW)
    with Replica(faults=faults, now=clock.now) as replica:
        yield Desk(replica, clock, count, page_budget)


def test_sixty_opaque_links_resolve_in_two_calls():
    with desk(Faults(page_budget=None), count=60) as at:
        at.round()

        assert len(at.resolved) == 60
        assert (at.asked("article-page"), at.asked("batch")) == (60, 2)
        for number, article in enumerate(at.articles):
            assert at.stored[number].publisher_url == article.url
            assert at.stored[number].canonical_url == article.url.partition("&")[0]


def test_after_a_refusal_the_rest_stays_queued_and_is_done_when_it_ends():
    with desk(Faults(page_budget=10, refusal_seconds=3000), count=30) as at:
        at.round()
        assert len(at.resolved) == 10
        assert at.asked("article-page") == 11

        at.clock.advance(timedelta(minutes=59))
        assert at.round() == []
        assert at.asked("article-page") == 11

        for _ in range(8):
            at.clock.advance(timedelta(hours=2))
            at.round()
        assert len(at.resolved) == 30


def test_within_our_own_budget_google_never_has_to_refuse():
    with desk(Faults(page_budget=16, page_refill_seconds=75), count=40, page_budget=15) as at:
        for _ in range(9):
            at.round()
            at.clock.advance(timedelta(minutes=5))

        assert len(at.resolved) == 40
        assert at.state.trips == 0


@pytest.mark.parametrize("names_itself", [False, True], ids=["Google's hosts", "the replica's host"])
def test_with_the_consent_wall_up_all_resolve_and_none_of_it_is_kept(names_itself):
    faults = Faults(page_budget=None, has_consent_wall=True, redirects_to_self=names_itself)
    with desk(faults, count=12) as at:
        at.round()

        assert len(at.resolved) == 12
        assert at.asked("consent") > 0
        assert not any("cookie" in logged.headers for logged in at.replica.requests)
        assert not any("Before you continue" in str(asdict(one)) for one in at.stored.values())


SIGNATURES = [SignatureForm.PLAIN, SignatureForm.SWAPPED, SignatureForm.ESCAPED, SignatureForm.DATA_P]


@pytest.mark.parametrize("form", SIGNATURES)
@pytest.mark.parametrize("chunks", [False, True], ids=["plain", "chunks"])
def test_every_form_of_page_and_answer_is_read(form, chunks):
    with desk(Faults(signature=form, chunks_batches=chunks), count=3) as at:
        at.round()

        assert len(at.resolved) == 3


def test_rows_that_are_missing_doubled_or_final_touch_their_own_links_only():
    for switch, state in (("drops_first_row", LinkState.WAITING), ("doubles_first_row", LinkState.WAITING)):
        with desk(Faults(**{switch: True}), count=4) as at:
            at.round()
            others = [one.state for one in at.stored.values()]
            assert sorted(others) == sorted([state] + [LinkState.RESOLVED] * 3)

    forgotten = google_id(articles(1)[0])
    with desk(Faults(forgotten_ids=frozenset({forgotten})), count=4) as at:
        at.round()
        assert at.stored[0].state is LinkState.FAILED
        assert len(at.resolved) == 3


def test_a_refusal_by_redirect_is_not_followed_to_the_sorry_page():
    with desk(Faults(page_budget=2, refuses_with_redirect=True), count=4) as at:
        at.round()

        assert len(at.resolved) == 2
        assert at.asked("sorry") == 0
        assert at.state.trips == 1
