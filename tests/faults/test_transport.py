"""Rows A of the matrix: servers, wires and names that misbehave, and what the store shows of each.

All of one poll's faults are served at once, beside a feed that is well: what one server does is its own
feed's affair.
"""

import os
import socket
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.clock import ManualClock
from aggregator.model import FailureKind
from tests.fault_server import FEED, FaultServer, Reply, redirecting
from tests.system.home import Feed, Home, check, poll_all, rows

NOW = datetime(2026, 1, 7, 6, tzinfo=UTC)
LIMIT_SECONDS = 6  # the good ones have to be done by then
GOOD_HEADLINES = 2  # in the fault server's feed
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the user sees of a feed after a poll."""

    outcome: str
    error: str | None
    next_poll_at: datetime
    headlines: int  # in the document, as far as it was read
    failure: str | None  # its class, in the history of polls


@dataclass(frozen=True, slots=True)
class Polled:
    """A store after one poll of every fault, and what each server was asked."""

    home: Home
    servers: dict[str, FaultServer]

    def seen(self, name: str) -> Seen:
        return look(self.home, name)


def look(home: Home, name: str) -> Seen:
    [(outcome, error, next_poll_at, headlines, failure)] = rows(
        home.store,
        "SELECT last_outcome, last_error, next_poll_at, p.articles, failure FROM feed_health"
        " JOIN polls AS p USING (feed_id) WHERE name = ? ORDER BY poll_id DESC LIMIT 1",
        name,
    )
    return Seen(outcome, error, datetime.fromisoformat(next_poll_at), headlines, failure)


# Name: (fault, its query, the class of failure that is shown).
FAILING: dict[str, tuple[str, dict[str, Any], FailureKind]] = {
    "A1 reset": ("reset", {}, FailureKind.CONNECT),
    "A1 closed without an answer": ("empty-reply", {}, FailureKind.CONNECT),
    "A3 never answers": ("silent", {}, FailureKind.TIMEOUT),
    "A4 a byte at a time": ("drip-body", {}, FailureKind.TIMEOUT),
    "A5 headers a byte at a time": ("drip-headers", {}, FailureKind.TIMEOUT),
    "A5 interim answers without end": ("continue-flood", {}, FailureKind.PROTOCOL),
    "A6 gzip bomb": ("gzip-bomb", {}, FailureKind.TOO_LARGE),
    "A7 two codings": ("gzip-layers", {"n": 2}, FailureKind.ENCODING),
    "A7 three codings": ("gzip-layers", {"n": 3}, FailureKind.ENCODING),
    "A7 brotli": ("coding", {"name": "br"}, FailureKind.ENCODING),
    "A7 zstd": ("coding", {"name": "zstd"}, FailureKind.ENCODING),
    "A9 a body without end": ("endless-body", {}, FailureKind.TOO_LARGE),
    "A10 chunks of one byte": ("one-byte-chunks", {}, FailureKind.UNREASONABLE),
    "A12 circle": ("redirect-loop", {}, FailureKind.REDIRECT),
    "A12 six hops": ("hops", {"n": 6}, FailureKind.REDIRECT),
    "A12 file": ("redirect", {"to": "file:///etc/passwd"}, FailureKind.REDIRECT),
    "A12 bad host": ("redirect", {"to": "http://a..b/"}, FailureKind.REDIRECT),
    "A12 70 kB": ("redirect-long", {}, FailureKind.REDIRECT),
    "A15 429 with seconds": ("status", {"code": 429, "retry_after": "7200"}, FailureKind.RATE_LIMITED),
    "A15 503 with a date": (
        "status",
        {"code": 503, "retry_after": "Wed, 07 Jan 2026 08:00:00 GMT"},
        FailureKind.RATE_LIMITED,
    ),
    "A15 429 without": ("status", {"code": 429}, FailureKind.RATE_LIMITED),
    "A16 Retry-After of thirty digits": (
        "status",
        {"code": 429, "retry_after": "9" * 30},
        FailureKind.RATE_LIMITED,
    ),
    "A16 Retry-After in the year 9999": (
        "status",
        {"code": 503, "retry_after": "Fri, 31 Dec 9999 23:59:59 GMT"},
        FailureKind.RATE_LIMITED,
    ),
    "A24 204": ("status", {"code": 204}, FailureKind.HTTP_STATUS),
    "A24 206": ("status", {"code": 206}, FailureKind.HTTP_STATUS),
    "A24 300": ("status", {"code": 300}, FailureKind.HTTP_STATUS),
    "A24 999": ("status", {"code": 999}, FailureKind.HTTP_STATUS),
}

LONG_ETAG = Reply(headers=(("Content-Type", "application/rss+xml"), ("ETag", f'"{"a" * 90_000}"')))

# Answers that are odd and yet bring their headlines.
BEARABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "A8 bomb in a redirect": ("bomb-in-redirect", {}),
    "A9 a length too small": ("long-length", {}),
    "A16 max-age without end": (
        "header",
        {"name": "Cache-Control", "value": "max-age=99999999999999"},
    ),
    "A19 not ASCII": ("header", {"name": "ETag", "value": '"é"'}),
    "A19 90 kB": ("long-etag", {}),
    "A19 empty": ("header", {"name": "ETag", "value": ""}),
    "A19 doubled": ("header", {"name": "ETag", "value": '"x"', "times": 2}),
}


@pytest.fixture(scope="module")
def polled(tmp_path_factory):
    """One poll of every fault of the two tables, of a closed port, of a full queue, and of a good feed."""
    home = Home(tmp_path_factory.mktemp("transport"))
    with ExitStack() as stack:
        servers, feeds = {}, []
        for name, (fault, query, *_) in (FAILING | BEARABLE).items():
            servers[name] = stack.enter_context(FaultServer())
            servers[name].answers["long-etag"] = LONG_ETAG
            feeds.append(Feed(name, url=servers[name].url(fault, **query)))
        good = stack.enter_context(FaultServer())
        feeds += [
            Feed("good", url=good.url("feed")),
            Feed("A1 refused", url=good.refusing_url()),
            Feed("A2 full queue", url=good.full_url()),
        ]
        home.configure(feeds, tables={"http": {"total_timeout_seconds": LIMIT_SECONDS}})
        home.work(ManualClock(NOW), poll_all)
        yield Polled(home, servers)
    assert check(home.store) == "ok"


def of(row: str, *tables: dict[str, Any]) -> Any:
    names = [name for table in tables for name in table if name.partition(" ")[0] == row]
    assert names
    return pytest.mark.parametrize("name", names)


def assert_failed(polled: Polled, name: str) -> Seen:
    """The feed says why, is tried again within a day, has stored nothing; the good one is whole."""
    seen = polled.seen(name)
    assert seen.outcome in ("temporary", "soft", "hard")
    assert seen.error
    assert name not in FAILING or seen.failure == FAILING[name][2]
    assert NOW < seen.next_poll_at <= NOW + DAY
    assert seen.headlines == 0
    good = polled.seen("good")
    assert good == Seen("modified", None, good.next_poll_at, GOOD_HEADLINES, None)
    return seen


@of("A1", FAILING, {"A1 refused": None})
def test_A1_no_connection(polled, name):
    assert_failed(polled, name)


def test_A2_full_queue(polled):
    assert_failed(polled, "A2 full queue")


@of("A3", FAILING)
def test_A3_silence(polled, name):
    assert_failed(polled, name)


@of("A4", FAILING)
def test_A4_slow_body(polled, name):
    assert_failed(polled, name)


@of("A5", FAILING)
def test_A5_slow_headers(polled, name):
    assert_failed(polled, name)


@of("A6", FAILING)
def test_A6_gzip_bomb(polled, name):
    assert_failed(polled, name)


@of("A7", FAILING)
def test_A7_codings(polled, name):
    assert_failed(polled, name)


@of("A8", BEARABLE)
def test_A8_bomb_in_a_redirect(polled, name):
    assert polled.seen(name).headlines == GOOD_HEADLINES


@of("A9", FAILING)
def test_A9_body_without_end(polled, name):
    assert_failed(polled, name)


@of("A9", BEARABLE)
def test_A9_length_that_is_too_small(polled, name):
    assert polled.seen(name).headlines <= GOOD_HEADLINES


@of("A10", FAILING)
def test_A10_tiny_chunks(polled, name):
    assert_failed(polled, name)


@of("A12", FAILING)
def test_A12_redirects(polled, name):
    assert_failed(polled, name)


@of("A15", FAILING)
def test_A15_rate_limits(polled, name):
    seen = assert_failed(polled, name)
    if "with " in name:
        assert seen.next_poll_at >= NOW + timedelta(hours=2)


@of("A16", FAILING)
def test_A16_absurd_waits(polled, name):
    assert_failed(polled, name)


@of("A16", BEARABLE)
def test_A16_absurd_ages(polled, name):
    assert NOW < polled.seen(name).next_poll_at <= NOW + DAY


@of("A24", FAILING)
def test_A24_statuses(polled, name):
    assert_failed(polled, name)


# --- several polls ------------------------------------------------------------------------------------


def poll_again(home: Home, times: int, every: timedelta, start: datetime = NOW) -> datetime:
    """Poll everything several times; return the moment after the last one."""
    clock = ManualClock(start)

    async def polls(stages: Any) -> None:
        for _ in range(times):
            await poll_all(stages)
            clock.advance(every)

    home.work(clock, polls)
    return clock.now()


@of("A19", BEARABLE)
def test_A19_etags_that_cannot_go_back(tmp_path, name):
    fault, query = BEARABLE[name]
    with FaultServer() as server:
        server.answers["long-etag"] = LONG_ETAG
        home = Home(tmp_path).configure([Feed(name, url=server.url(fault, **query))])
        poll_again(home, 2, timedelta(hours=1))
        sent = [request.headers.get("if-none-match") for request in server.requests]
    assert sent == [None, None]
    assert look(home, name).error is None
    assert rows(home.store, "SELECT count(*) FROM articles") == [(GOOD_HEADLINES,)]


CUT = ("short-length", "cut-chunked", "cut-gzip", "no-length-cut", "reset-in-body")


@pytest.mark.parametrize("fault", CUT)
def test_A11_what_came_whole_is_stored_and_asked_for_again(tmp_path, fault):
    with FaultServer() as server:
        home = Home(tmp_path).configure([Feed("cut", url=server.url(fault))])
        poll_again(home, 2, timedelta(hours=1))
        sent = [request.headers.get("if-none-match") for request in server.requests]
    seen = look(home, "cut")
    assert sent == [None, None]
    assert 0 < seen.headlines <= GOOD_HEADLINES
    assert seen.failure == "truncated"
    assert rows(home.store, "SELECT etag, last_modified, body_sha256 FROM feeds") == [(None, None, None)]


def test_A13_addresses_of_this_network_are_not_dialled(tmp_path):
    with FaultServer() as inside:
        spaced = {"host_spacing_seconds": 1, "google_spacing_seconds": 2}
        tables = {"http": {"allow_private_addresses": False}, "poll": spaced}
        forms = ("localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0")
        feeds = [Feed(form, url=f"http://{form}:{inside.port}/feed") for form in forms]
        home = Home(tmp_path).configure(feeds, tables=tables)
        home.work(ManualClock(NOW), poll_all)
        assert inside.connections == 0
    assert [look(home, form).failure for form in forms] == ["blocked-address"] * len(forms)


def test_A14_proxies_of_the_environment_are_ignored(tmp_path, monkeypatch):
    with FaultServer() as server, FaultServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setitem(os.environ, name, proxy.origin)
        home = Home(tmp_path).configure([Feed("near", url=server.url("feed"))])
        home.work(ManualClock(NOW), poll_all)
        assert proxy.connections == 0
    assert look(home, "near").headlines == GOOD_HEADLINES


@pytest.mark.parametrize("code", [410, 404, 403])
def test_A17_feeds_that_go_away_are_slower_and_nothing_of_them_is_deleted(tmp_path, code):
    with FaultServer() as server:
        home = Home(tmp_path).configure([Feed("leaving", url=server.url("feed"))])
        start = poll_again(home, 1, timedelta(hours=1))
        server.answers["feed"] = Reply(status=code)
        end = poll_again(home, 12, DAY, start)
    [(state,)] = rows(home.store, "SELECT state FROM feed_health")
    assert state == ("gone" if code == 410 else "failing")
    assert rows(home.store, "SELECT count(*) FROM articles") == [(GOOD_HEADLINES,)]
    if code == 410:
        requests = len(server.requests)
        poll_again(home, 1, DAY, end)
        assert len(server.requests) == requests
    else:
        assert look(home, "leaving").next_poll_at > end - DAY + timedelta(hours=1)


def test_A18_a_permanent_redirect_is_remembered_and_not_obeyed(tmp_path):
    with FaultServer() as old, FaultServer() as new:
        url = redirecting(old, new.url("feed"), 301)
        home = Home(tmp_path).configure([Feed("moving", url=url)])
        poll_again(home, 6, timedelta(days=2))
        assert rows(home.store, "SELECT url, moved_to FROM feeds") == [(url, new.url("feed"))]
        assert f"answering from {new.url('feed')}" in home.run("feeds", "list").stderr


def test_A18_a_portal_that_redirects_everything_moves_nothing(tmp_path):
    with FaultServer() as old, FaultServer() as portal:
        home = Home(tmp_path).configure([Feed("moving", url=redirecting(old, portal.url("page"), 301))])
        poll_again(home, 6, timedelta(days=2))
    assert rows(home.store, "SELECT moved_to FROM feeds") == [(None,)]


def test_A20_a_server_that_says_unchanged_for_ever_is_asked_in_full_within_a_day(tmp_path):
    fresh = FEED.replace(b"courier-2", b"courier-3").replace(b"/quay-bridge", b"/lighthouse")
    with FaultServer() as server:
        tagged = Reply(headers=(("Content-Type", "application/rss+xml"), ("ETag", '"same"')))

        def lie(wire, request):
            content = replace(tagged, body=FEED if len(server.requests) == 1 else fresh)
            wire.reply(Reply(status=304, body=b"") if "if-none-match" in request.headers else content)

        server.faults["liar"] = lie
        home = Home(tmp_path).configure([Feed("liar", url=server.url("liar"))])
        poll_again(home, 25, timedelta(hours=1))
    assert rows(home.store, "SELECT count(*) FROM articles") == [(GOOD_HEADLINES + 1,)]


def test_A20_an_unasked_304_is_no_success(tmp_path):
    with FaultServer() as server:
        home = Home(tmp_path).configure([Feed("304", url=server.url("status", code=304))])
        poll_again(home, 1, DAY)
    seen = look(home, "304")
    assert seen.outcome == "hard"
    assert "304" in str(seen.error)


def test_A21_names_that_hang_hold_up_no_other_feed(tmp_path, monkeypatch):
    released, look_up = threading.Event(), socket.getaddrinfo

    def stuck(host, *rest, **named):
        if str(host).endswith(".example"):
            released.wait()
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    with FaultServer() as server:
        hanging = [Feed(f"hanging {number}", url=f"http://n{number}.example/feed") for number in range(20)]
        tables = {"http": {"total_timeout_seconds": 1}}
        home = Home(tmp_path).configure([*hanging, Feed("near", url=server.url("feed"))], tables=tables)
        home.work(ManualClock(NOW), poll_all)
    released.set()
    assert look(home, "near").headlines == GOOD_HEADLINES
    assert {look(home, feed.name).outcome for feed in hanging} == {"temporary"}


def test_A23_cookies_are_not_kept(tmp_path):
    with FaultServer() as server:
        feeds = [Feed("cookie", url=server.url("cookie")), Feed("other", url=server.url("feed"))]
        home = Home(tmp_path).configure(feeds)
        poll_again(home, 2, timedelta(hours=1))
        assert len(server.requests) == 4
        assert not any("cookie" in request.headers for request in server.requests)
