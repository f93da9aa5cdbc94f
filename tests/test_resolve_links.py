"""The link queue: what is asked of whom, and what comes of each job."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from aggregator.google.ids import article_id, youtube_id
from aggregator.model import (
    Exchange,
    Failure,
    FailureKind,
    Hop,
    LinkJob,
    LinkState,
    Resolution,
    ResolverState,
)
from aggregator.resolve import LinkResolver, new_state
from aggregator.resolve.follow import Step, read_step
from aggregator.resolve.head import Head, believed_canonical, read_head
from aggregator.resolve.resolutions import MAX_ATTEMPTS, try_again
from aggregator.settings import GoogleNewsSettings

NOW = datetime(2026, 1, 7, 6, tzinfo=UTC)
SETTINGS = GoogleNewsSettings(page_budget=100)
SIGNATURE = "AbCdEfGhIjKlMnOpQrStUvWxYz01"


def later(**duration):
    return NOW + timedelta(**duration)


def opaque(number):
    google_id = article_id(f"AU_yqLNinvented-token-of-article-number-{number:04d}")
    return LinkJob(number, f"https://news.google.com/rss/articles/{google_id}?oc=5", google_id)


def short(number, url="https://t.co/AbC"):
    return LinkJob(number, url, None)


@dataclass
class FakeGoogle:
    """An `Http` that answers like Google on a good day, and as told on a bad one.

    `page` and `row` may be replaced: by what a page request of an id gets, by what an id's row says.
    `elsewhere` answers for all other hosts.
    """

    page: Callable[[str], Exchange | None] = lambda google_id: None
    row: Callable[[str], tuple[str | None, list[int] | None] | None] = lambda google_id: (
        f"https://outlet.example/{google_id[-8:]}",
        None,
    )
    call: Callable[[int], Exchange | None] = lambda number: None
    elsewhere: dict[str, Exchange] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)

    async def request(self, method, url, *, headers=None, content=None, **limits) -> Exchange:
        assert "cookie" not in (headers or {})
        if method == "POST":
            return self._answer_call(url, content)
        if url.startswith("https://news.google.com/rss/articles/"):
            return self._answer_page(url)
        self.followed.append(url)
        return self.elsewhere.get(url) or Exchange(404, url)

    def _answer_page(self, url):
        google_id = url.partition("/rss/articles/")[2].partition("?")[0]
        self.pages.append(google_id)
        element = f'<div data-n-a-ts="1767765600" data-n-a-sg="{SIGNATURE}" data-n-a-id="{google_id}"></div>'
        return self.page(google_id) or Exchange(200, url, body=b"<html>" + element.encode())

    def _answer_call(self, url, content):
        envelopes = json.loads(parse_qs(content.decode())["f.req"][0])[0]
        asked = {envelope[3]: json.loads(envelope[1])[2] for envelope in envelopes}
        self.calls.append(list(asked.values()))
        rows = []
        for tag, google_id in reversed(asked.items()):
            if answer := self.row(google_id):
                target, error = answer
                payload = None if target is None else json.dumps(["garturlres", target, 1])
                rows.append(["wrb.fr", "Fbv4je", payload, None, None, error, tag])
        body = ")]}'\n\n" + json.dumps([*rows, ["di", 9]])
        return self.call(len(self.calls)) or Exchange(200, url, body=body.encode())


def resolve(http, jobs, *, state=None, now=NOW, settings=SETTINGS):
    state = state or new_state(settings, now)
    resolutions, state = asyncio.run(LinkResolver(http, settings).resolve(jobs, state, now))
    assert sorted(found.article_id for found in resolutions) == sorted(job.article_id for job in jobs)
    return {found.article_id: found for found in resolutions}, state


def states(found):
    return [found[number].state for number in sorted(found)]


# --- without a request ------------------------------------------------------------------------------


def test_links_that_say_where_they_lead_take_no_request_and_no_budget():
    jobs = [
        LinkJob(1, "x", article_id("https://outlet.example/a?utm_source=rss")),
        LinkJob(2, "x", youtube_id("ab-CD_12345")),
        LinkJob(3, "https://www.google.com/url?q=https%3A%2F%2Foutlet.example%2Fb", None),
        LinkJob(4, "https://www.google.com/amp/s/outlet.example/c", None, attempts=2),
    ]
    http = FakeGoogle()
    empty = ResolverState(0.0, NOW, open_until=later(hours=1), trips=1)

    found, state = resolve(http, jobs, state=empty)

    assert http.pages == http.calls == http.followed == []
    assert state == empty
    assert found[1] == Resolution(
        1,
        LinkState.RESOLVED,
        "url-id",
        publisher_url="https://outlet.example/a?utm_source=rss",
        canonical_url="https://outlet.example/a",
    )
    assert found[2].publisher_url == "https://www.youtube.com/watch?v=ab-CD_12345"
    assert (found[3].canonical_url, found[3].method) == ("https://outlet.example/b", "google-url")
    assert (found[4].canonical_url, found[4].attempts) == ("https://outlet.example/c", 2)


def test_an_empty_queue_asks_nobody():
    http = FakeGoogle()

    assert resolve(http, []) == ({}, new_state(SETTINGS, NOW))
    assert http.pages == http.calls == []


# --- Google ----------------------------------------------------------------------------------------


def test_sixty_opaque_links_take_sixty_pages_and_two_calls():
    http = FakeGoogle()
    jobs = [opaque(number) for number in range(60)]

    found, state = resolve(http, jobs)

    assert [len(call) for call in http.calls] == [50, 10]
    assert http.pages == [job.google_id for job in jobs]
    assert state.tokens == 40
    for job in jobs:
        assert found[job.article_id].publisher_url == f"https://outlet.example/{job.google_id[-8:]}"
        assert found[job.article_id].attempts == 1


def test_a_link_behind_the_consent_page_is_asked_for_as_an_article():
    job = replace(opaque(1), google_id=None)
    wrapped = replace(job, link=f"https://consent.google.com/m?continue={job.link}")
    http = FakeGoogle()

    found, _ = resolve(http, [wrapped])

    assert http.pages == [opaque(1).google_id]
    assert found[1].state is LinkState.RESOLVED


def test_beyond_the_budget_links_keep_their_place():
    http = FakeGoogle()
    jobs = [replace(opaque(number), attempts=number) for number in range(5)]
    start = ResolverState(2.5, NOW)

    found, state = resolve(http, jobs, state=start)

    assert len(http.pages) == 2
    assert states(found)[2:] == [LinkState.WAITING] * 3
    assert [found[number].attempts for number in (2, 3, 4)] == [2, 3, 4]
    assert found[4].next_try_at == later(seconds=38)  # half a token is there
    assert found[4].error is None
    assert state.tokens == 0.5


def refused(google_id):
    return Exchange(429, "https://news.google.com/", body=b"<html>unusual traffic</html>")


def test_a_refusal_stops_all_pages_and_the_rest_waits_for_the_end_of_it():
    jobs = [opaque(number) for number in range(20)]
    served = {job.google_id for job in jobs[:10]}
    http = FakeGoogle(page=lambda google_id: None if google_id in served else refused(google_id))

    found, state = resolve(http, jobs)

    assert len(http.pages) == 11
    assert states(found) == [LinkState.RESOLVED] * 10 + [LinkState.WAITING] * 10
    assert {found[number].next_try_at for number in range(10, 20)} == {later(hours=1)}
    assert (found[10].error, found[10].attempts) == ("refused", 0)
    assert (state.open_until, state.trips) == (later(hours=1), 1)


def test_while_refused_nothing_is_asked_and_afterwards_all_is_done():
    jobs = [opaque(number) for number in range(10)]
    tripped = ResolverState(0.0, NOW, open_until=later(hours=1), trips=1)

    quiet = FakeGoogle()
    found, state = resolve(quiet, jobs, state=tripped, now=later(minutes=30))
    assert quiet.pages == []
    assert {one.next_try_at for one in found.values()} == {later(hours=1)}

    found, state = resolve(FakeGoogle(), jobs, state=state, now=later(hours=1))
    assert states(found) == [LinkState.RESOLVED] * 10
    assert (state.open_until, state.trips) == (None, 0)


def test_a_refused_trial_doubles_the_pause():
    tripped = ResolverState(0.0, NOW, open_until=later(hours=1), trips=1)
    http = FakeGoogle(page=refused)

    found, state = resolve(http, [opaque(1), opaque(2)], state=tripped, now=later(hours=1))

    assert len(http.pages) == 1
    assert (state.open_until, state.trips) == (later(hours=3), 2)
    assert found[2].next_try_at == later(hours=3)


def test_an_unclear_trial_ends_the_round():
    tripped = ResolverState(0.0, NOW, open_until=NOW, trips=2)
    http = FakeGoogle(page=lambda google_id: Exchange(503, "https://news.google.com/"))

    found, state = resolve(http, [opaque(1), opaque(2)], state=tripped, now=later(hours=1))

    assert len(http.pages) == 1
    assert state.trips == 2
    assert found[2].next_try_at == later(hours=2)


SURROUNDINGS = {
    "consent-wall": Exchange(
        200, "https://consent.google.com/m", body=b"<title>Before you continue</title>We use cookies"
    ),
    "layout-changed": Exchange(200, "https://news.google.com/", body=b"<html>all new</html>"),
    "unreachable": Exchange(None, "https://news.google.com/", failure=Failure(FailureKind.DNS, "no DNS")),
}


@pytest.mark.parametrize("kind", SURROUNDINGS)
def test_what_every_link_would_meet_is_held_against_none(kind):
    http = FakeGoogle(page=lambda google_id: SURROUNDINGS[kind])

    found, state = resolve(http, [replace(opaque(number), attempts=9) for number in range(6)])

    assert len(http.pages) == 3
    assert states(found) == [LinkState.WAITING] * 6
    assert [one.attempts for one in found.values()] == [9] * 6
    assert [found[number].error for number in range(6)] == [kind] * 3 + [None] * 3
    assert {one.next_try_at for one in found.values()} == {later(hours=1)}
    assert state.trips == 0
    assert not any("cookies" in str(one) for one in found.values())


def test_one_bad_page_among_good_ones_ends_nothing():
    jobs = [opaque(number) for number in range(9)]
    bad = {job.google_id for job in jobs[::2]}
    http = FakeGoogle(page=lambda google_id: SURROUNDINGS["unreachable"] if google_id in bad else None)

    found, _ = resolve(http, jobs)

    assert len(http.pages) == 9
    assert states(found).count(LinkState.RESOLVED) == 4


def test_an_article_that_google_does_not_know_is_tried_again_later_and_later():
    http = FakeGoogle(page=lambda google_id: Exchange(404, "https://news.google.com/"))

    found, _ = resolve(http, [opaque(1), replace(opaque(2), attempts=3), replace(opaque(3), attempts=9)])

    assert (found[1].attempts, found[1].next_try_at) == (1, later(hours=1))
    assert (found[2].attempts, found[2].next_try_at) == (4, later(hours=8))
    assert (found[3].state, found[3].attempts) == (LinkState.FAILED, 10)


ROWS = {
    "not found is final": ((None, [5]), LinkState.FAILED, None),
    "no row": (None, LinkState.WAITING, later(hours=1)),
    "a Google URL": (("https://news.google.com/x", None), LinkState.WAITING, later(hours=1)),
    "an error to come": ((None, [13]), LinkState.WAITING, later(hours=1)),
}


@pytest.mark.parametrize(("answer", "state", "next_try_at"), ROWS.values(), ids=ROWS.keys())
def test_a_bad_row_is_that_links_own_failure(answer, state, next_try_at):
    bad = opaque(1).google_id
    fine = FakeGoogle().row
    http = FakeGoogle(row=lambda google_id: answer if google_id == bad else fine(google_id))

    found, _ = resolve(http, [opaque(1), opaque(2)])

    assert found[1].state is state
    assert (found[1].attempts, found[1].next_try_at) == (1, next_try_at)
    assert found[2].state is LinkState.RESOLVED


def test_a_rejected_signature_is_fetched_again_once():
    fine = FakeGoogle().row
    http = FakeGoogle()
    http.row = lambda google_id: fine(google_id) if len(http.calls) > 1 else (None, [3])

    found, state = resolve(http, [opaque(1), opaque(2)])

    assert len(http.pages) == 4
    assert states(found) == [LinkState.RESOLVED] * 2
    assert state.tokens == 96


def test_a_signature_rejected_twice_is_a_failure_of_the_link():
    http = FakeGoogle(row=lambda google_id: (None, [3]))

    found, _ = resolve(http, [opaque(1)])

    assert len(http.calls) == 2
    assert (found[1].state, found[1].attempts) == (LinkState.WAITING, 1)


def test_a_rejected_signature_without_budget_waits_for_its_turn():
    http = FakeGoogle(row=lambda google_id: (None, [3]))

    found, _ = resolve(http, [opaque(1)], state=ResolverState(1.0, NOW))

    assert len(http.pages) == 1
    assert (found[1].attempts, found[1].next_try_at) == (0, later(seconds=75))


CALLS = {
    "refused": (Exchange(429, "x"), 1, later(hours=1)),
    "malformed": (Exchange(400, "x", body=b")]}'\n\n[]"), 0, later(hours=1)),
    "unreachable": (Exchange(503, "x"), 0, later(hours=1)),
}


@pytest.mark.parametrize(("exchange", "trips", "next_try_at"), CALLS.values(), ids=CALLS.keys())
def test_a_call_that_fails_holds_nothing_against_its_links(exchange, trips, next_try_at):
    http = FakeGoogle(call=lambda number: exchange)

    found, state = resolve(http, [opaque(number) for number in range(60)])

    assert len(http.pages) == 50
    assert len(http.calls) == 1
    assert state.trips == trips
    assert {(one.attempts, one.next_try_at) for one in found.values()} == {(0, next_try_at)}


# --- short links -----------------------------------------------------------------------------------

SHORT_URL = "https://t.co/AbC"
TARGET = "https://outlet.example/a"
REDIRECT = Failure(FailureKind.REDIRECT, "not followed")


def page(body="", *, url=TARGET, status=200, **changes):
    return Exchange(status, url, body=f"<html><head>{body}</head>".encode(), **changes)


def refused_hop(location):
    return Exchange(301, SHORT_URL, headers={"location": location}, failure=REDIRECT)


STEPS = {
    "arrived": (page(), Step(publisher_url=TARGET)),
    "arrived at a page with a canonical": (
        page('<link rel="canonical" href="/b">'),
        Step(publisher_url=TARGET, declared_canonical="https://outlet.example/b"),
    ),
    "arrived at a paywall": (page(status=403), Step(publisher_url=TARGET)),
    "arrived at a page that is gone": (page(status=404), Step(publisher_url=TARGET)),
    "arrived, and the page never came": (
        Exchange(None, TARGET, hops=(Hop(301, TARGET),), failure=Failure(FailureKind.TIMEOUT, "slow")),
        Step(publisher_url=TARGET),
    ),
    "to an inner address": (
        Exchange(None, "http://10.0.0.1/", failure=Failure(FailureKind.BLOCKED_ADDRESS, "private")),
        Step(error="private"),
    ),
    "to a host that is not there": (
        Exchange(None, "https://gone.example/", failure=Failure(FailureKind.DNS, "no DNS")),
        Step(error="no DNS"),
    ),
    "down to http": (refused_hop("http://outlet.example/a"), Step(publisher_url="http://outlet.example/a")),
    "through Google": (
        refused_hop("https://www.google.com/url?q=https%3A%2F%2Foutlet.example%2Fa"),
        Step(publisher_url=TARGET),
    ),
    "through a consent page": (
        refused_hop("https://consent.yahoo.com/v2/x?continue=https%3A%2F%2Foutlet.example%2Fa"),
        Step(publisher_url=TARGET),
    ),
    "to a consent page": (refused_hop("https://consent.outlet.example/"), Step(error="not followed")),
    "to a login": (refused_hop("https://outlet.example/login?next=a"), Step(error="not followed")),
    "to the sorry page": (refused_hop("https://www.google.com/sorry/index"), Step(error="not followed")),
    "to nowhere": (refused_hop("javascript:alert(1)"), Step(error="not followed")),
    "to the next short link": (refused_hop("https://bit.ly/x"), Step(next_url="https://bit.ly/x")),
    "a refresh": (
        page(f'<noscript><meta http-equiv="refresh" content="0;URL={TARGET}"></noscript>', url=SHORT_URL),
        Step(next_url=TARGET),
    ),
    "a refresh after a minute": (
        page(f'<meta http-equiv="refresh" content="60;url={TARGET}">', url=SHORT_URL),
        Step(error="HTTP 200 at https://t.co/AbC"),
    ),
    "a refresh to another outlet": (
        page('<meta http-equiv="refresh" content="1; url=https://other.example/b">'),
        Step(next_url="https://other.example/b"),
    ),
    "a page that only reloads": (
        page('<meta http-equiv="refresh" content="1; url=/a?noscript=1">'),
        Step(publisher_url=TARGET),
    ),
    "a refresh to a wall": (
        page('<meta http-equiv="refresh" content="0; url=https://consent.outlet.example/">'),
        Step(publisher_url=TARGET),
    ),
    "a short link's page with a canonical": (
        page(f'<link rel=canonical href="{TARGET}">', url=SHORT_URL),
        Step(publisher_url=TARGET),
    ),
    "a dead short link": (
        page(url=SHORT_URL, status=404),
        Step(error="HTTP 404 at https://t.co/AbC", is_final=True),
    ),
    "a short link's bad day": (page(url=SHORT_URL, status=503), Step(error="HTTP 503 at https://t.co/AbC")),
}


@pytest.mark.parametrize(("exchange", "expected"), STEPS.values(), ids=STEPS.keys())
def test_one_step_of_a_short_link(exchange, expected):
    assert read_step(exchange) == expected


HEADS = {
    "canonical": ('<link rel="canonical" href="https://outlet.example/b">', "https://outlet.example/b"),
    "several words in rel": ('<LINK HREF="/b" REL="alternate Canonical">', "https://outlet.example/b"),
    "the first counts": (
        '<link rel=canonical href="/b"><link rel=canonical href="/c">',
        "https://outlet.example/b",
    ),
    "relative to the base": (
        '<base href="https://outlet.example/x/"><link rel=canonical href="b">',
        "https://outlet.example/x/b",
    ),
    "escaped": ('<link rel=canonical href="/b?x=1&amp;y=2">', "https://outlet.example/b?x=1&y=2"),
    "inside a comment": ('<!-- <link rel=canonical href="/b"> -->', None),
    "inside a script": ('<script>"<link rel=canonical href=/b>"</script>', None),
    "in the body": ('<title>A</title><body><link rel=canonical href="/b">', None),
    "no web address": ('<link rel=canonical href="javascript:alert(1)">', None),
    "no URL": ('<link rel=canonical href="https://[b">', None),
    "empty": ('<link rel=canonical href="">', None),
    "a tag that does not end": ('<link rel=canonical href="/b"', None),
}


@pytest.mark.parametrize(("head", "expected"), HEADS.values(), ids=HEADS.keys())
def test_declared_canonical(head, expected):
    assert read_head(f"<html><head>{head}".encode(), TARGET).declared_canonical == expected


CLAIMS = {
    "the same host": ("https://outlet.example/b", True),
    "the same registrable domain": ("https://www.outlet.example/b", True),
    "another outlet": ("https://other.example/b", False),
    "a consent page of its own": ("https://consent.outlet.example/b", False),
    "the home page": ("https://outlet.example/", False),
    "none": (None, False),
}


@pytest.mark.parametrize(("claim", "is_believed"), CLAIMS.values(), ids=CLAIMS.keys())
def test_a_page_may_speak_for_its_own_domain_only(claim, is_believed):
    assert believed_canonical(Head(declared_canonical=claim), TARGET) == (claim if is_believed else None)


def test_a_short_link_is_followed_page_by_page():
    http = FakeGoogle(
        elsewhere={
            SHORT_URL: refused_hop("https://bit.ly/x"),
            "https://bit.ly/x": page('<link rel="canonical" href="https://outlet.example/b?utm_source=x">'),
        }
    )

    found, state = resolve(http, [short(1)])

    assert http.followed == [SHORT_URL, "https://bit.ly/x"]
    assert found[1] == Resolution(
        1,
        LinkState.RESOLVED,
        "redirect",
        publisher_url=TARGET,
        canonical_url="https://outlet.example/b",
        attempts=1,
    )
    assert state.tokens == 100


def test_short_links_without_end_are_left_after_three_pages():
    there, back = refused_hop("https://bit.ly/x"), replace(refused_hop(SHORT_URL), url="https://bit.ly/x")
    http = FakeGoogle(elsewhere={SHORT_URL: there, "https://bit.ly/x": back})

    found, _ = resolve(http, [short(1)])

    assert http.followed == [SHORT_URL, "https://bit.ly/x", SHORT_URL]
    assert (found[1].state, found[1].attempts) == (LinkState.WAITING, 1)


def test_a_dead_short_link_has_failed():
    found, _ = resolve(FakeGoogle(), [short(1)])

    assert (found[1].state, found[1].error) == (LinkState.FAILED, "HTTP 404 at https://t.co/AbC")


def test_a_service_that_is_down_is_not_asked_for_every_link():
    down = Exchange(None, SHORT_URL, failure=Failure(FailureKind.TIMEOUT, "slow"))
    links = [f"https://bit.ly/{number}" for number in range(6)]
    http = FakeGoogle(elsewhere={**dict.fromkeys(links, replace(down, url=links[0])), SHORT_URL: page()})

    found, _ = resolve(http, [*(short(number, url) for number, url in enumerate(links)), short(9)])

    assert len(http.followed) == 4
    assert [found[number].attempts for number in range(6)] == [1, 1, 1, 0, 0, 0]
    assert found[9].state is LinkState.RESOLVED


def test_a_links_own_failures_wait_longer_and_longer_and_end():
    job, waits = opaque(1), []
    while (found := try_again(job, "google", "x", NOW)).state is LinkState.WAITING:
        waits.append((found.next_try_at - NOW) / timedelta(hours=1))
        job = replace(job, attempts=found.attempts)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 168]
    assert (found.state, found.attempts, found.next_try_at) == (LinkState.FAILED, MAX_ATTEMPTS, None)
