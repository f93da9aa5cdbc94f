"""The HTTP client against a server that misbehaves: every fault ends as a value, bounded."""

import asyncio
import ssl
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.clock import Clock, ManualClock, SystemClock
from aggregator.fetch import HttpClient
from aggregator.model import Exchange, FailureKind, Hop
from aggregator.settings import HttpSettings
from tests.fault_server import FEED, FaultServer, Reply, redirecting

SETTINGS = HttpSettings(
    user_agent="test-reader/1.0",
    allow_private_addresses=True,
    max_body_bytes=1_000_000,
)
HASTY = replace(SETTINGS, total_timeout_seconds=0.3, connect_timeout_seconds=0.2)


# Reading the certificates of the world takes 30 ms, and loopback needs none.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def open_client(
    settings: HttpSettings = SETTINGS, *, clock: Clock | None = None, origins: Mapping[str, str] | None = None
) -> HttpClient:
    return HttpClient(settings, clock=clock or SystemClock(), origins=origins or {}, ssl_context=NO_TLS)


def get(url: str, *, settings: HttpSettings = SETTINGS, **wishes: Any) -> Exchange:
    async def ask() -> Exchange:
        async with open_client(settings) as client:
            return await client.request("GET", url, **wishes)

    return asyncio.run(ask())


def kind_of(exchange: Exchange) -> FailureKind | None:
    return exchange.failure.kind if exchange.failure else None


@pytest.fixture(scope="module")
def server():
    with FaultServer() as server:
        yield server


FAILING: dict[str, tuple[str, dict[str, Any], FailureKind]] = {
    "A1 reset": ("reset", {}, FailureKind.CONNECT),
    "A1 empty reply": ("empty-reply", {}, FailureKind.CONNECT),
    "not HTTP at all": ("garbage", {}, FailureKind.PROTOCOL),
    "A3 never answers": ("silent", {}, FailureKind.TIMEOUT),
    "A4 a byte at a time": ("drip-body", {}, FailureKind.TIMEOUT),
    "A5 slow headers": ("drip-headers", {}, FailureKind.TIMEOUT),
    "A5 interim answers for ever": ("continue-flood", {}, FailureKind.PROTOCOL),
    "N11 header flood": ("header-flood", {}, FailureKind.PROTOCOL),
    "N11 endless trailers": ("endless-trailers", {}, FailureKind.PROTOCOL),
    "A6 gzip bomb": ("gzip-bomb", {}, FailureKind.TOO_LARGE),
    "A7 two layers": ("gzip-layers", {"n": 2}, FailureKind.ENCODING),
    "A7 three layers": ("gzip-layers", {"n": 3}, FailureKind.ENCODING),
    "A7 br": ("coding", {"name": "br"}, FailureKind.ENCODING),
    "A7 zstd": ("coding", {"name": "zstd"}, FailureKind.ENCODING),
    "A7 deflate": ("coding", {"name": "deflate"}, FailureKind.ENCODING),
    "A7 gzip in name only": ("coding", {"name": "gzip"}, FailureKind.ENCODING),
    "N8 ten thousand codings": ("many-codings", {}, FailureKind.ENCODING),
    "broken gzip": ("corrupt-gzip", {}, FailureKind.ENCODING),
    "A9 endless body": ("endless-body", {}, FailureKind.TOO_LARGE),
    "A10 one-byte chunks": ("one-byte-chunks", {}, FailureKind.UNREASONABLE),
    "A11 shorter than promised": ("short-length", {}, FailureKind.TRUNCATED),
    "A11 no last chunk": ("cut-chunked", {}, FailureKind.TRUNCATED),
    "A11 cut gzip": ("cut-gzip", {}, FailureKind.TRUNCATED),
    "A11 reset in the body": ("reset-in-body", {}, FailureKind.TRUNCATED),
    "broken chunks": ("broken-chunks", {}, FailureKind.PROTOCOL),
    "A12 loop": ("redirect-loop", {}, FailureKind.REDIRECT),
    "A12 six hops": ("hops", {"n": 6}, FailureKind.REDIRECT),
    "A12 70 kB Location": ("redirect-long", {}, FailureKind.REDIRECT),
    "A12 no Location": ("redirect-nowhere", {}, FailureKind.REDIRECT),
    "A12 file": ("redirect", {"to": "file:///etc/passwd"}, FailureKind.REDIRECT),
    "A12 javascript": ("redirect", {"to": "javascript:alert(1)"}, FailureKind.REDIRECT),
    "A12 two dots": ("redirect", {"to": "http://a..b/"}, FailureKind.REDIRECT),
    "A12 long label": ("redirect", {"to": f"http://{'a' * 64}.example/"}, FailureKind.REDIRECT),
    "A12 bad punycode": ("redirect", {"to": "http://xn--a/"}, FailureKind.REDIRECT),
    "A12 bad bracket": ("redirect", {"to": "http://[::1/"}, FailureKind.REDIRECT),
    "A12 password": ("redirect", {"to": "http://me:secret@127.0.0.1/"}, FailureKind.REDIRECT),
    "switch of protocols": ("status", {"code": 101}, FailureKind.PROTOCOL),
}


@pytest.mark.parametrize(("fault", "query", "kind"), FAILING.values(), ids=FAILING.keys())
def test_faults_become_failures(
    server: FaultServer, fault: str, query: Mapping[str, Any], kind: FailureKind
) -> None:
    exchange = get(server.url(fault, **query), settings=HASTY if kind is FailureKind.TIMEOUT else SETTINGS)

    assert exchange.failure is not None
    assert exchange.failure.kind == kind
    assert exchange.failure.message.startswith(f"{server.origin}/")
    assert len(exchange.body) <= SETTINGS.max_body_bytes
    assert exchange.is_truncated == (kind is FailureKind.TRUNCATED)
    assert not exchange.has_declared_end


BAD_URLS = {
    "empty": "",
    "scheme": "gopher://courier.example/",
    "password": "http://me:secret@courier.example/",
    "bad punycode": "http://xn--a/",
    "impossible number": "http://999.999.999.999/",
    "bracket": "http://[::1",
    "surrogate": "http://\udc80/",
}


@pytest.mark.parametrize("url", BAD_URLS.values(), ids=BAD_URLS.keys())
def test_what_is_no_url_is_never_dialled(url: str) -> None:
    assert kind_of(get(url)) is FailureKind.BAD_URL


def test_a_closed_port_is_a_connect_failure_with_the_systems_words(server: FaultServer) -> None:
    exchange = get(server.refusing_url())

    assert kind_of(exchange) is FailureKind.CONNECT
    assert "refused" in exchange.failure.message.lower()


def test_a_full_queue_is_given_up_within_the_connect_timeout(server: FaultServer) -> None:
    exchange = get(server.full_url(), settings=replace(SETTINGS, connect_timeout_seconds=0.2))

    assert kind_of(exchange) is FailureKind.TIMEOUT
    assert "no connection" in exchange.failure.message


BODIES: dict[str, tuple[str, bool]] = {
    "feed": ("feed", True),
    "gzip": ("gzip", True),
    "gzip members and padding": ("gzip-members", True),
    "a thousand headers": ("many-headers", True),
    "ended by closing": ("no-length", False),
    "more than promised": ("long-length", True),
}


@pytest.mark.parametrize(("name", "has_declared_end"), BODIES.values(), ids=BODIES.keys())
def test_whole_bodies_arrive(server: FaultServer, name: str, has_declared_end: bool) -> None:
    exchange = get(server.url(name))

    assert (exchange.status, exchange.failure) == (200, None)
    assert exchange.body == FEED
    assert exchange.has_declared_end == has_declared_end
    assert len(exchange.headers) <= 200


def test_a_cut_body_is_handed_over_as_far_as_it_came(server: FaultServer) -> None:
    assert get(server.url("short-length")).body == FEED
    assert FEED.startswith(get(server.url("cut-gzip")).body)
    assert not get(server.url("no-length-cut")).has_declared_end


def test_a_bomb_is_stopped_within_a_few_reads(server: FaultServer) -> None:
    exchange = get(server.url("gzip-bomb"))

    assert exchange.wire_bytes <= 32_768
    assert len(exchange.body) == SETTINGS.max_body_bytes


def test_the_limit_can_be_lowered_for_one_request(server: FaultServer) -> None:
    assert kind_of(get(server.url("feed"), max_body_bytes=len(FEED) - 1)) is FailureKind.TOO_LARGE
    assert kind_of(get(server.url("feed"), max_body_bytes=len(FEED))) is None


def test_reading_stops_when_the_caller_has_enough(server: FaultServer) -> None:
    exchange = get(server.url("endless-body"), stop_at=lambda body: b"<item/>" in body)

    assert exchange.failure is None
    assert exchange.body.startswith(b"<item/>")
    assert not exchange.is_truncated
    assert not exchange.has_declared_end


class TestRedirects:
    def test_hops_are_reported_with_status_and_target(self, server: FaultServer) -> None:
        exchange = get(server.url("hops", n=2, code=301))

        assert exchange.status == 200
        assert exchange.hops == (
            Hop(301, f"{server.origin}/hops?n=1&code=301"),
            Hop(301, f"{server.origin}/hops?n=0&code=301"),
        )
        assert exchange.url == exchange.hops[-1].url

    def test_five_hops_are_followed(self, server: FaultServer) -> None:
        assert get(server.url("hops", n=5)).status == 200

    def test_the_body_of_a_redirect_is_not_read(self, server: FaultServer) -> None:
        exchange = get(server.url("bomb-in-redirect"))

        assert (exchange.status, exchange.body) == (200, FEED)

    @pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
    def test_all_kinds_are_followed(self, server: FaultServer, code: int) -> None:
        assert get(redirecting(server, "/feed", code)).body == FEED

    @pytest.mark.parametrize("code", [300, 304, 305])
    def test_other_statuses_are_answers(self, server: FaultServer, code: int) -> None:
        exchange = get(redirecting(server, "/feed", code))

        assert (exchange.status, exchange.hops, exchange.failure) == (code, (), None)

    def test_a_location_in_utf8_is_understood(self, server: FaultServer) -> None:
        exchange = get(server.url("redirect-utf8"))

        assert exchange.url == f"{server.origin}/feed?ort=Köln"
        assert server.requests[-1].query == {"ort": "Köln"}

    def test_one_that_is_not_wanted_is_left_to_the_caller(self, server: FaultServer) -> None:
        exchange = get(redirecting(server, "/wall"), may_follow=lambda url: "/wall" not in url)

        assert kind_of(exchange) is FailureKind.REDIRECT
        assert (exchange.status, exchange.headers["location"]) == (302, "/wall")

    def test_none_is_followed_when_none_may_be(self, server: FaultServer) -> None:
        exchange = get(redirecting(server, "/feed"), max_redirects=0)

        assert (exchange.status, kind_of(exchange)) == (302, FailureKind.REDIRECT)

    def test_a_password_in_a_location_is_not_repeated(self, server: FaultServer) -> None:
        server.answers["leak"] = Reply(302, (("Location", "http://me:secret@127.0.0.1/"),))

        exchange = get(server.url("leak"))

        assert "user name or password" in exchange.failure.message
        assert "secret" not in exchange.failure.message

    def test_a_post_is_not_sent_elsewhere(self, server: FaultServer) -> None:
        async def post() -> Exchange:
            async with open_client() as client:
                return await client.request("POST", redirecting(server, "/feed", 307), content=b"a=1")

        before = len(server.requests)

        assert kind_of(asyncio.run(post())) is FailureKind.REDIRECT
        assert len(server.requests) == before + 1

    def test_the_conditional_headers_go_along(self, server: FaultServer) -> None:
        exchange = get(redirecting(server, "/feed"), headers={"If-None-Match": '"harbour-1"'})

        assert exchange.status == 304


class TestOrigins:
    def ask(self, server: FaultServer, url: str, *names: str) -> Exchange:
        async def ask() -> Exchange:
            origins = dict.fromkeys(names, server.origin)
            async with open_client(origins=origins) as client:
                return await client.request("GET", url)

        return asyncio.run(ask())

    def test_a_mapped_origin_is_served_elsewhere_under_its_own_name(self, server: FaultServer) -> None:
        url = "https://news.google.com/hops?n=2"

        exchange = self.ask(server, url, "https://news.google.com", "https://www.google.com")

        assert exchange.body == FEED
        assert [hop.url for hop in exchange.hops] == [
            "https://news.google.com/hops?n=1&code=302",
            "https://news.google.com/hops?n=0&code=302",
        ]

    def test_a_redirect_may_lead_from_one_mapped_origin_to_another(self, server: FaultServer) -> None:
        url = "https://news.google.com/redirect?to=https%3A%2F%2Fconsent.google.com%2Ffeed"

        exchange = self.ask(server, url, "https://news.google.com", "https://consent.google.com")

        assert (exchange.url, exchange.body) == ("https://consent.google.com/feed", FEED)

    def test_the_name_the_server_gives_itself_is_translated_back(self, server: FaultServer) -> None:
        url = f"https://news.google.com/redirect?to={server.origin}/feed"

        exchange = self.ask(server, url, "https://news.google.com")

        assert (exchange.url, exchange.body) == ("https://news.google.com/feed", FEED)

    def test_the_name_the_server_gives_itself_stays_when_it_could_be_several(
        self, server: FaultServer
    ) -> None:
        url = f"https://news.google.com/redirect?to={server.origin}/feed"

        exchange = self.ask(server, url, "https://news.google.com", "https://consent.google.com")

        assert (exchange.url, exchange.body) == (server.url("feed"), FEED)


class TestRequests:
    def test_headers_are_honest_and_few(self, server: FaultServer) -> None:
        get(server.url("feed"), headers={"Accept": "application/rss+xml"})

        headers = dict(server.requests[-1].headers)
        assert headers.pop("host") == server.origin.removeprefix("http://")
        assert headers == {
            "accept": "application/rss+xml",
            "accept-encoding": "gzip",
            "user-agent": "test-reader/1.0",
        }

    def test_cookies_are_not_kept(self, server: FaultServer) -> None:
        async def twice() -> None:
            async with open_client() as client:
                exchange = await client.request("GET", server.url("cookie"))
                assert exchange.headers["set-cookie"] == "id=1; Path=/, session=2; Path=/"
                await client.request("GET", server.url("feed"))

        asyncio.run(twice())

        assert "cookie" not in server.requests[-1].headers

    def test_proxies_of_the_environment_are_not_used(
        self, server: FaultServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with FaultServer() as proxy:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.origin)
            monkeypatch.delenv("NO_PROXY", raising=False)

            assert get(server.url("feed")).body == FEED
            assert proxy.connections == 0

    def test_a_body_is_posted(self, server: FaultServer) -> None:
        async def post() -> Exchange:
            async with open_client() as client:
                return await client.request("POST", server.url("echo"), content=b"f.req=1")

        assert asyncio.run(post()).body == b"f.req=1"

    def test_header_bytes_survive_as_latin_1(self, server: FaultServer) -> None:
        exchange = get(server.url("header", name="ETag", value='"é"'))

        assert exchange.headers["etag"].encode("latin-1").decode("utf-8") == '"é"'

    def test_a_header_that_cannot_be_sent_is_a_failure(self, server: FaultServer) -> None:
        assert get(server.url("feed"), headers={"If-None-Match": "a\r\nX: y"}).failure is not None
        assert get(server.url("feed"), headers={"If-None-Match": "é\u2013"}).failure is not None


class TestConnections:
    def test_no_module_is_looked_for_on_the_way_of_a_request(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """httpcore asks for sniffio at every lock; finding out that it is missing took a third of a request."""
        names: list[str] = []

        class Recorder:
            def find_spec(self, name: str, path: object = None, target: object = None) -> None:
                names.append(name)

        async def twice(server: FaultServer) -> None:
            async with open_client() as client:
                await client.request("GET", server.url("feed"))  # what is imported once is imported now
                monkeypatch.setattr(sys, "meta_path", [Recorder(), *sys.meta_path])
                exchange = await client.request("GET", server.url("feed"))
                assert exchange.status == 200

        with FaultServer() as server:
            asyncio.run(twice(server))
        assert names == []

    def test_a_connection_is_kept(self) -> None:
        async def twice(server: FaultServer) -> None:
            async with open_client() as client:
                for _ in range(2):
                    await client.request("GET", server.url("feed"))

        with FaultServer() as server:
            asyncio.run(twice(server))

            assert server.connections == 1

    def test_a_kept_connection_that_was_closed_is_replaced_unnoticed(self) -> None:
        async def twice(server: FaultServer) -> list[Exchange]:
            async with open_client() as client:
                return [
                    await client.request("GET", server.url("feed")),
                    await client.request("GET", server.url("ends-kept")),
                ]

        with FaultServer() as server:
            # The second request of a connection finds it closed; the repetition has a fresh one.
            seen: list[int] = []

            def close_if_kept(wire: Any, request: Any) -> None:
                seen.append(server.connections)
                if len(seen) == 1:
                    wire.close()
                else:
                    wire.reply(Reply())

            server.faults["ends-kept"] = close_if_kept
            exchanges = asyncio.run(twice(server))

            assert [exchange.body for exchange in exchanges] == [FEED, FEED]
            assert seen == [1, 2]

    def test_a_fresh_connection_is_not_tried_twice(self) -> None:
        with FaultServer() as server:
            get(server.url("empty-reply"))

            assert len(server.requests) == 1

    def test_a_failed_request_leaves_the_others_alone(self, server: FaultServer) -> None:
        async def mixed() -> list[Exchange]:
            async with open_client() as client:
                faults = ["gzip-bomb", "reset", "continue-flood", "endless-trailers", "short-length"]
                asks = [client.request("GET", server.url(fault)) for fault in faults]
                return await asyncio.gather(
                    *asks, *(client.request("GET", server.url("feed")) for _ in "123")
                )

        assert [exchange.body for exchange in asyncio.run(mixed())[-3:]] == [FEED] * 3

    def test_cancelling_passes_through(self, server: FaultServer) -> None:
        async def cancel() -> None:
            async with open_client() as client:
                ask = asyncio.create_task(client.request("GET", server.url("silent")))
                await asyncio.sleep(0.05)
                ask.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await ask

        asyncio.run(cancel())


def test_a_bug_in_a_callback_is_logged_and_not_taken_for_the_servers_fault(
    server: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(body: bytes) -> bool:
        raise RuntimeError("our own mistake")

    exchange = get(server.url("feed"), stop_at=broken)

    assert kind_of(exchange) is FailureKind.INTERNAL
    assert "our own mistake" in caplog.text


def test_time_taken_is_read_from_the_clock(server: FaultServer) -> None:
    clock = ManualClock(datetime(2026, 1, 5, tzinfo=UTC))

    async def ask() -> Exchange:
        async with open_client(clock=clock) as client:
            return await client.request("GET", server.url("feed"))

    assert asyncio.run(ask()).took_ms == 0
