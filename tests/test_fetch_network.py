"""Names, addresses and TLS: what is dialled is what was checked."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.clock import ManualClock, SystemClock
from aggregator.fetch import HttpClient
from aggregator.fetch.network import SystemResolver
from aggregator.model import Exchange, FailureKind
from aggregator.settings import HttpSettings
from tests.fault_server import FEED, FaultServer, redirecting

TLS = Path(__file__).parent / "tls"
GUARDED = HttpSettings()
OPEN = HttpSettings(allow_private_addresses=True)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class FixedResolver:
    """Answers every look-up from a list of answers, the last one for ever; remembers what was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise OSError(f"{host}: no such name")
        return answer


def get(
    url: str,
    settings: HttpSettings,
    resolver: FixedResolver | None = None,
    trusted: ssl.SSLContext = NO_TLS,
    may_dial: Callable[[str], bool] | None = None,
) -> Exchange:
    return get_all(url, settings, resolver, trusted, may_dial)[0]


def get_all(
    url: str,
    settings: HttpSettings,
    resolver: FixedResolver | None = None,
    trusted: ssl.SSLContext = NO_TLS,
    may_dial: Callable[[str], bool] | None = None,
    *,
    times: int = 1,
) -> list[Exchange]:
    async def ask() -> list[Exchange]:
        async with HttpClient(
            settings, clock=SystemClock(), resolver=resolver, may_dial=may_dial, ssl_context=trusted
        ) as client:
            return [await client.request("GET", url) for _ in range(times)]

    return asyncio.run(ask())


LOOPBACK_FORMS = {
    "dotted": "127.0.0.1",
    "name": "localhost",
    "short": "127.1",
    "one number": "2130706433",
    "hexadecimal": "0x7f000001",
    "nothing": "0",
    "IPv6": "[::1]",
    "v4-mapped": "[::ffff:127.0.0.1]",
    "v4-compatible": "[::127.0.0.1]",
    "NAT64": "[64:ff9b::7f00:1]",
    "full-width dots": "127。0。0。1",
}


class TestAddressCheck:
    @pytest.mark.parametrize("host", LOOPBACK_FORMS.values(), ids=LOOPBACK_FORMS.keys())
    def test_no_form_of_loopback_is_dialled(self, host: str) -> None:
        with FaultServer() as server:
            exchange = get(f"http://{host}:{server.port}/feed", GUARDED)

            assert exchange.failure.kind is FailureKind.BLOCKED_ADDRESS
            assert server.connections == 0

    def test_a_name_is_judged_by_every_address_it_has(self) -> None:
        resolver = FixedResolver(["93.184.216.34", "10.0.0.1"])

        exchange = get("http://courier.example/", GUARDED, resolver)

        assert exchange.failure.kind is FailureKind.BLOCKED_ADDRESS
        assert "courier.example is at 10.0.0.1" in exchange.failure.message

    def test_a_redirect_is_checked_like_a_first_request(self) -> None:
        def is_public(address: str) -> bool:
            return address == "127.0.0.1"  # no server of a test is on the real internet

        with FaultServer() as server, FaultServer(host="127.0.0.2") as inner:
            exchange = get(redirecting(server, inner.url("feed")), GUARDED, may_dial=is_public)

            assert exchange.failure.kind is FailureKind.BLOCKED_ADDRESS
            assert "127.0.0.2" in exchange.failure.message
            assert (len(server.requests), inner.connections) == (1, 0)

    def test_the_address_that_was_checked_is_the_one_that_is_dialled(self) -> None:
        """A name server that changes its mind after the check changes nothing."""
        with FaultServer() as server:
            resolver = FixedResolver(["127.0.0.1"], ["127.0.0.2"])
            url = f"http://courier.example:{server.port}/feed"

            exchange = get(url, GUARDED, resolver, may_dial="127.0.0.1".__eq__)

            assert exchange.body == FEED
            assert resolver.asked == ["courier.example"]
            assert server.requests[0].headers["host"] == f"courier.example:{server.port}"

    def test_every_connection_is_checked(self) -> None:
        with FaultServer() as server:
            resolver = FixedResolver(["127.0.0.1"], ["127.0.0.2"])
            url = f"http://courier.example:{server.port}/no-length"

            first, second = get_all(url, GUARDED, resolver, may_dial="127.0.0.1".__eq__, times=2)

            assert first.body == FEED
            assert second.failure.kind is FailureKind.BLOCKED_ADDRESS

    def test_a_dead_address_is_passed_over_for_the_next(self) -> None:
        with FaultServer() as server:
            resolver = FixedResolver(["::1", "127.0.0.1"])  # the server listens on IPv4 only

            assert get(f"http://courier.example:{server.port}/feed", OPEN, resolver).body == FEED

    def test_a_name_without_address_is_a_dns_failure(self) -> None:
        exchange = get("http://courier.example/", OPEN, FixedResolver([]))

        assert exchange.failure.kind is FailureKind.DNS
        assert "no such name" in exchange.failure.message


def resolve_all(resolver: SystemResolver, *hosts: str) -> list[Sequence[str] | BaseException]:
    async def ask() -> list[Sequence[str] | BaseException]:
        return await asyncio.gather(*(resolver.resolve(host) for host in hosts), return_exceptions=True)

    return asyncio.run(ask())


class TestSystemResolver:
    CLOCK_START = datetime(2026, 1, 5, tzinfo=UTC)

    def resolver(
        self, lookup: Callable[[str], Sequence[str]], *, timeout_seconds: float = 5.0
    ) -> tuple[SystemResolver, ManualClock]:
        clock = ManualClock(self.CLOCK_START)
        return SystemResolver(clock, timeout_seconds=timeout_seconds, lookup=lookup), clock

    def test_requests_for_one_name_share_a_look_up(self) -> None:
        asked: list[str] = []

        def lookup(host: str) -> Sequence[str]:
            asked.append(host)
            return ("93.184.216.34",)

        resolver, _ = self.resolver(lookup)

        assert resolve_all(resolver, *["courier.example"] * 5) == [("93.184.216.34",)] * 5
        assert asked == ["courier.example"]

    def test_a_failure_is_remembered_for_five_minutes(self) -> None:
        asked: list[str] = []

        def lookup(host: str) -> Sequence[str]:
            asked.append(host)
            if len(asked) == 1:
                raise OSError(-2, "Name or service not known")
            return ("93.184.216.34",)

        resolver, clock = self.resolver(lookup)

        for wait, times_asked in ((0, 1), (299, 1), (1, 2)):
            clock.advance(timedelta(seconds=wait))
            (answer,) = resolve_all(resolver, "courier.example")
            assert len(asked) == times_asked
        assert answer == ("93.184.216.34",)

    def test_twenty_hanging_names_do_not_stop_a_healthy_one_nor_the_end(self) -> None:
        released = threading.Event()

        def lookup(host: str) -> Sequence[str]:
            if host.startswith("dead"):
                released.wait()
            return ("93.184.216.34",)

        resolver, _ = self.resolver(lookup, timeout_seconds=0.5)
        dead = [f"dead{number}.example" for number in range(20)]

        *failed, healthy = resolve_all(resolver, *dead, "courier.example")  # would hang here if it waited

        released.set()
        assert healthy == ("93.184.216.34",)
        assert all(isinstance(failure, OSError) and "0.5 s" in str(failure) for failure in failed)

    def test_an_answer_that_comes_late_is_welcome_the_next_time(self) -> None:
        released = threading.Event()

        def lookup(host: str) -> Sequence[str]:
            released.wait()
            return ("93.184.216.34",)

        resolver, _ = self.resolver(lookup, timeout_seconds=0.05)

        async def ask() -> Sequence[str]:
            with pytest.raises(TimeoutError):
                await resolver.resolve("slow.example")
            with pytest.raises(OSError, match="no answer"):
                await resolver.resolve("slow.example")
            released.set()
            while True:
                await asyncio.sleep(0.01)
                try:
                    return await resolver.resolve("slow.example")
                except OSError:
                    continue

        assert asyncio.run(ask()) == ("93.184.216.34",)

    def test_a_request_that_is_cancelled_leaves_the_look_up_to_the_others(self) -> None:
        released = threading.Event()

        def lookup(host: str) -> Sequence[str]:
            released.wait()
            return ("93.184.216.34",)

        resolver, _ = self.resolver(lookup)

        async def ask() -> Sequence[str]:
            hasty = asyncio.create_task(resolver.resolve("courier.example"))
            patient = asyncio.create_task(resolver.resolve("courier.example"))
            await asyncio.sleep(0)
            hasty.cancel()
            await asyncio.wait({hasty})
            released.set()
            return await patient

        assert asyncio.run(ask()) == ("93.184.216.34",)


def server_tls(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}.pem")
    return context


UNTRUSTED = {
    "expired": ("expired", "expired"),
    "for another name": ("wrong-name", "mismatch"),
    "signed by itself": ("self-signed", "self-signed"),
}


class TestTls:
    TRUSTED = ssl.create_default_context(cafile=TLS / "authority.pem")

    def test_a_trusted_certificate_is_accepted(self) -> None:
        with FaultServer(server_tls("trusted")) as server:
            assert get(server.url("feed"), OPEN, trusted=self.TRUSTED).body == FEED

    @pytest.mark.parametrize(("certificate", "word"), UNTRUSTED.values(), ids=UNTRUSTED.keys())
    def test_a_certificate_that_is_not_in_order_is_refused(self, certificate: str, word: str) -> None:
        with FaultServer(server_tls(certificate)) as server:
            exchange = get(server.url("feed"), OPEN, trusted=self.TRUSTED)

            assert exchange.failure.kind is FailureKind.TLS
            assert word in exchange.failure.message
            assert server.requests == []

    def test_the_authorities_of_the_world_do_not_include_ours(self) -> None:
        async def ask(url: str) -> Exchange:
            async with HttpClient(OPEN, clock=SystemClock()) as client:
                return await client.request("GET", url)

        with FaultServer(server_tls("trusted")) as server:
            assert asyncio.run(ask(server.url("feed"))).failure.kind is FailureKind.TLS

    def test_plain_http_on_the_tls_port_is_a_tls_failure(self) -> None:
        with FaultServer() as server:
            exchange = get(f"https://127.0.0.1:{server.port}/feed", OPEN, trusted=self.TRUSTED)

            assert exchange.failure.kind is FailureKind.TLS

    def test_a_redirect_never_leaves_tls(self) -> None:
        with FaultServer() as plain, FaultServer(server_tls("trusted")) as server:
            exchange = get(redirecting(server, plain.url("feed")), OPEN, trusted=self.TRUSTED)

            assert exchange.failure.kind is FailureKind.REDIRECT
            assert plain.connections == 0

    def test_the_name_checked_is_the_urls_not_the_address(self) -> None:
        with FaultServer(server_tls("wrong-name")) as server:
            url = f"https://other.example:{server.port}/feed"

            assert get(url, OPEN, FixedResolver(["127.0.0.1"]), self.TRUSTED).body == FEED


def test_the_tests_themselves_reach_no_network() -> None:
    with (
        socket.socket() as outward,
        pytest.raises(AssertionError, match=r"tried to reach \('203\.0\.113\.7'"),
    ):
        outward.connect(("203.0.113.7", 80))
