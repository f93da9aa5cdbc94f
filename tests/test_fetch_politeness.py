"""How many requests run at once, and how far apart they start."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.clock import ManualClock
from aggregator.fetch import Politeness
from aggregator.settings import PollSettings

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HASTE = PollSettings(host_spacing_seconds=0, google_spacing_seconds=0)

HOSTS = {
    "registrable domain": ("https://feeds.courier.example.co.uk/a", "example.co.uk"),
    "upper case": ("https://WWW.COURIER.com/a", "courier.com"),
    "port of a domain": ("https://www.courier.com:8443/a", "courier.com"),
    "all of Google": ("https://news.google.com/rss", "google.com"),
    "address": ("http://93.184.216.34/a", "93.184.216.34"),
    "address with port": ("http://127.0.0.1:8001/a", "127.0.0.1:8001"),
    "IPv6 with port": ("http://[::1]:8001/a", "::1:8001"),
    "bare name": ("http://localhost:8001/a", "localhost:8001"),
    "only a suffix": ("http://co.uk/a", "co.uk"),
}


@pytest.mark.parametrize(("url", "host"), HOSTS.values(), ids=HOSTS.keys())
def test_what_counts_as_one_host(url: str, host: str) -> None:
    assert Politeness(HASTE, ManualClock(START)).host_key(url) == host


class Watch:
    """Runs requests that each take a few turns of the loop; records when they started, and how many."""

    def __init__(self, settings: PollSettings) -> None:
        self.clock = ManualClock(START)
        self.politeness = Politeness(settings, self.clock)
        self.starts: list[tuple[str, float]] = []
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def request(self, url: str) -> None:
        host = self.politeness.host_key(url)
        async with self.politeness.slot(url):
            self.starts.append((url, self.clock.monotonic()))
            for key in (host, "all"):
                self.running[key] += 1
                self.most[key] = max(self.most[key], self.running[key])
            for _ in range(5):
                await asyncio.sleep(0)
            self.running.subtract((host, "all"))

    def run(self, urls: Sequence[str]) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(self.request(url) for url in urls))

        asyncio.run(all_of_them())


def urls(*hosts: str, each: int) -> list[str]:
    return [f"https://{host}/{number}" for number in range(each) for host in hosts]


def test_the_limit_for_all_holds() -> None:
    watch = Watch(PollSettings(max_concurrent=3, host_spacing_seconds=0))

    watch.run(urls(*(f"outlet{number}.com" for number in range(10)), each=2))

    assert watch.most["all"] == 3
    assert len(watch.starts) == 20


def test_the_limit_for_a_host_holds_and_leaves_the_others_alone() -> None:
    watch = Watch(PollSettings(max_concurrent=16, max_per_host=2, host_spacing_seconds=0))

    watch.run(urls("courier.com", each=8) + urls("gazette.com", each=1))

    assert watch.most["courier.com"] == 2
    assert [url for url, _ in watch.starts].index("https://gazette.com/0") == 2


def test_starts_at_one_host_are_spaced() -> None:
    watch = Watch(PollSettings(max_per_host=2, host_spacing_seconds=1.0))

    watch.run(urls("courier.com", each=4))

    assert [start for _, start in watch.starts] == [0.0, 1.0, 2.0, 3.0]


def test_google_is_asked_one_at_a_time_two_seconds_apart() -> None:
    watch = Watch(PollSettings(max_per_host=4, google_spacing_seconds=2.0))

    watch.run(urls("news.google.com", "consent.google.com", each=2))

    assert watch.most["google.com"] == 1
    assert [start for _, start in watch.starts] == [0.0, 2.0, 4.0, 6.0]


def test_waiting_is_first_come_first_served() -> None:
    watch = Watch(PollSettings(max_per_host=1, host_spacing_seconds=0))
    wanted = urls("courier.com", each=6)

    watch.run(wanted)

    assert [url for url, _ in watch.starts] == wanted


def test_requests_that_are_cancelled_or_fail_give_their_places_back() -> None:
    watch = Watch(PollSettings(max_concurrent=2, max_per_host=1, host_spacing_seconds=0))

    async def misfortunes() -> None:
        release = asyncio.Event()

        async def hold(url: str) -> None:
            async with watch.politeness.slot(url):
                await release.wait()

        running = asyncio.create_task(hold("https://courier.com/running"))
        waiting = asyncio.create_task(hold("https://courier.com/waiting"))
        for _ in range(5):
            await asyncio.sleep(0)
        for task in (waiting, running):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        with pytest.raises(RuntimeError):
            async with watch.politeness.slot("https://courier.com/failing"):
                raise RuntimeError
        await asyncio.gather(*(watch.request(url) for url in urls("courier.com", "gazette.com", each=3)))

    asyncio.run(misfortunes())

    assert watch.most["all"] == 2
    assert len(watch.starts) == 6


class TestHolds:
    def politeness(self) -> tuple[Politeness, ManualClock]:
        clock = ManualClock(START)
        return Politeness(HASTE, clock), clock

    def test_a_hold_covers_the_whole_host_and_ends(self) -> None:
        politeness, clock = self.politeness()
        until = START + timedelta(minutes=10)

        politeness.hold("https://feeds.courier.com/world", until)

        assert politeness.held_until("https://www.courier.com/sport") == until
        assert politeness.held_until("https://gazette.com/") is None
        clock.advance(timedelta(minutes=10))
        assert politeness.held_until("https://www.courier.com/sport") is None

    def test_the_longer_of_two_holds_counts(self) -> None:
        politeness, _ = self.politeness()

        for minutes in (10, 5):
            politeness.hold("https://courier.com/", START + timedelta(minutes=minutes))

        assert politeness.held_until("https://courier.com/") == START + timedelta(minutes=10)

    def test_no_hold_is_longer_than_a_day(self) -> None:
        politeness, _ = self.politeness()

        politeness.hold("https://courier.com/", START + timedelta(days=400))

        assert politeness.held_until("https://courier.com/") == START + timedelta(days=1)

    def test_a_clock_that_is_set_back_ends_the_hold(self) -> None:
        politeness, clock = self.politeness()
        politeness.hold("https://courier.com/", START + timedelta(hours=1))

        clock.jump_to(START - timedelta(days=300))

        assert politeness.held_until("https://courier.com/") is None
