"""Rows D of the matrix: machines that sleep, clocks that jump, polls that are late; what is polled and what is printed.

A machine that sleeps wakes with its wall clock ahead and its monotonic clock where it was, so `jump_to` is what
a sleep looks like from inside.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest

from aggregator import schedule
from aggregator.clock import ManualClock, SystemClock
from aggregator.daemon import Daemon, _Runner
from aggregator.health import Pulse
from aggregator.pipeline import digests as pipeline_digests
from aggregator.pipeline.cycle import due_feeds
from aggregator.settings import DaySettings, DigestSettings, EmailSettings
from aggregator.signals import Orders
from aggregator.store import feeds
from tests.fault_server import FaultServer, Reply
from tests.faults.ticking import Ticker, live
from tests.system.home import Feed, Home, check, rows
from tests.system.paper import open_paper

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FEEDS = 24
DIGEST = '[[digests]]\ntopic = "world"\ntitle = "World"\nformats = ["text"]\nout = "digests"'


@pytest.fixture(scope="module")
def server():
    with FaultServer() as running:
        yield running


def serve(server: FaultServer, count: int, told: datetime) -> list[Feed]:
    """So many feeds, each with one headline of its own."""
    for number in range(count):
        server.answers[f"feed-{number}"] = Reply(body=document(f"Bulletin {number} from Vennhavn", told))
    return [Feed(f"Feed {number}", url=server.url(f"feed-{number}")) for number in range(count)]


def document(headline: str, told: datetime) -> bytes:
    item = (
        f"<item><title>{headline}</title><link>https://courier.example/{headline.replace(' ', '-')}</link>"
        f"<pubDate>{format_datetime(told)}</pubDate></item>"
    )
    return f'<rss version="2.0"><channel><title>C</title>{item}</channel></rss>'.encode()


def polls_since(home: Home, first: int) -> Counter[str]:
    """How often each feed was polled, from the `first` poll on."""
    found = rows(home.store, "SELECT name FROM polls JOIN feeds USING (feed_id) WHERE poll_id > ?", first)
    return Counter(str(name) for (name,) in found)


def newest_poll(home: Home) -> int:
    return rows(home.store, "SELECT coalesce(max(poll_id), 0) FROM polls")[0][0]


def printed_days(home: Home) -> list[str]:
    return [
        day for (day,) in rows(home.store, "SELECT day FROM digest_log WHERE addendum = 0 ORDER BY made_at")
    ]


SLEEPS = {
    "6 seconds": (timedelta(seconds=6), 0, []),
    "8 hours": (timedelta(hours=8), 1, []),
    "3 days": (timedelta(days=3), 1, ["2026-01-07", "2026-01-08", "2026-01-09"]),
}


@pytest.mark.parametrize(("slept", "times", "digests"), SLEEPS.values(), ids=SLEEPS)
def test_D1_after_a_sleep_each_feed_is_polled_once_and_digests_come_in_order(
    tmp_path, server, slept, times, digests
):
    home = Home(tmp_path).configure(serve(server, FEEDS, NOW), more=DIGEST)
    clock, at_once = ManualClock(NOW), []

    async def life(ticker: Ticker) -> None:
        await ticker.tick(4)
        before = newest_poll(home)
        clock.jump_to(clock.now() + slept)
        for _ in range(8):
            already = newest_poll(home)
            await ticker.tick()
            at_once.append(newest_poll(home) - already)
        assert polls_since(home, before) == Counter(
            {f"Feed {number}": times for number in range(FEEDS * times)}
        )

    live(home, clock, life)

    assert max(at_once) <= 16, "no more in one moment than run side by side"
    assert printed_days(home) == digests


JUMPS = {
    "a day ahead": NOW + DAY,
    "a day back": NOW - DAY,
    "to 1970": datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC),
    "to 2099": datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
}


@pytest.mark.parametrize("moment", JUMPS.values(), ids=JUMPS)
def test_D2_a_clock_that_jumps_and_comes_back_polls_neither_madly_nor_never(tmp_path, server, moment):
    home = Home(tmp_path).configure(serve(server, 3, NOW - timedelta(hours=1)), more=DIGEST)
    clock = ManualClock(NOW)
    days = "SELECT key, day FROM articles ORDER BY key"

    async def life(ticker: Ticker) -> None:
        await ticker.tick(2)
        known = rows(home.store, days)
        for there in (moment, NOW + timedelta(hours=1)):
            before = newest_poll(home)
            clock.jump_to(there)
            await ticker.tick(8, step=timedelta(seconds=30))
            assert all(count <= 1 for count in polls_since(home, before).values()), "no busy loop"
            await ticker.tick(5, step=timedelta(hours=5))
            assert len(polls_since(home, before)) == 3, "no long silence"
        assert rows(home.store, days) == known

    live(home, clock, life)

    printed = printed_days(home)
    assert len(printed) == len(set(printed))
    assert check(home.store) == "ok"


ZONES = {
    "to the east": ("UTC", "Pacific/Auckland"),
    "to the west": ("UTC", "Pacific/Honolulu"),
    "over the date line": ("Pacific/Kiritimati", "Pacific/Pago_Pago"),
}


@pytest.mark.parametrize(("old", "new"), ZONES.values(), ids=ZONES)
def test_D3_another_zone_in_the_configuration_prints_no_day_twice_and_leaves_none_out(tmp_path, old, new):
    digest = DigestSettings("world", "World", formats=("text",), out="digests")
    with open_paper(tmp_path, digest, timezone=old) as paper:
        for number in range(24):
            now = NOW + timedelta(hours=10 * number)
            paper.hear(now, f"Bulletin {number} from Tallis")
            paper.tick(now)
            if number == 12:
                paper.settings = replace(paper.settings, day=DaySettings(new))
        days = [
            date.fromisoformat(day) for (day,) in paper.rows("SELECT day FROM digest_log WHERE addendum = 0")
        ]
        assert sorted(days) == [min(days) + number * DAY for number in range(len(days))]
        assert paper.rows("SELECT count(*) FROM articles") == [(24,)]


def test_D4_polls_of_one_feed_never_overlap_however_often_the_daemon_ticks(tmp_path, monkeypatch):
    monkeypatch.setattr("aggregator.daemon.TICK_SECONDS", 0.05)
    with FaultServer() as server:
        home = Home(tmp_path).configure([Feed("Slow", url=server.url("drip-body"))])
        app = home.app(SystemClock())

        async def life() -> None:
            async with app.stages(store) as stages:
                daemon = Daemon(app, stages, Pulse(app.clock, 1))
                orders = Orders()
                runner = _Runner(daemon, orders)
                run = asyncio.create_task(runner.run())
                while not server.requests:
                    await asyncio.sleep(0.02)
                await asyncio.sleep(0.5)
                assert len(server.requests) == 1, "ten ticks later"
                orders.ask_for_stop()
                await run

        with app.store() as store:
            asyncio.run(life())


def test_D5_two_thousand_due_feeds_are_spread_over_ten_minutes(tmp_path):
    home = Home(tmp_path).configure([Feed(f"Feed {n}", url=f"http://127.0.0.1:9/{n}") for n in range(2000)])
    clock, each_minute = ManualClock(NOW), []

    async def life(ticker: Ticker) -> None:
        clock.jump_to(NOW + timedelta(hours=3))
        for _ in range(11):
            due = await due_feeds(ticker.stages, clock.now())
            each_minute.append(len(due))
            later = {feed.feed_id: clock.now() + timedelta(minutes=30) for feed in due}
            ticker.stages.store.write(partial(feeds.reschedule, next_poll_at=later, reason="base"))
            clock.advance(timedelta(minutes=1))

    live(home, clock, life)

    assert sum(each_minute) == 2000
    assert each_minute[0] == 16
    assert max(each_minute) <= 201
    assert sum(count > 0 for count in each_minute) >= 10, "minutes"


class Killed(BaseException):
    """The process is gone."""


def test_D6_killed_between_a_digests_file_and_its_row_it_writes_the_same_file_and_mails_once(
    tmp_path, monkeypatch
):
    email = EmailSettings(to=("ann@readers.example",), sender="news@courier.example", security="none")
    digest = DigestSettings("world", "World", formats=("text",), out="digests", email=email)

    def die(*_: object) -> None:
        raise Killed

    with open_paper(tmp_path, digest) as paper:
        paper.hear(NOW, "Harbour bridge of Vennhavn reopens")
        with monkeypatch.context() as patch:
            patch.setattr(pipeline_digests.digests, "load_logged", die)
            with pytest.raises(Killed):
                paper.tick(NOW + DAY)
        left = paper.files()
        assert (len(left), paper.rows("SELECT count(*) FROM digest_log")) == (1, [(0,)])

        for _ in range(2):
            paper.tick(NOW + DAY)

        assert paper.files() == left
        assert paper.rows("SELECT count(*) FROM digest_log") == [(1,)]
        assert paper.rows("SELECT count(*) FROM outbox") == [(1,)]


def test_D7_after_five_days_down_every_day_has_its_digest_and_says_when_it_is_empty(tmp_path):
    digest = DigestSettings("world", "World", formats=("text",), out="digests")
    with open_paper(tmp_path, digest) as paper:
        paper.hear(NOW, "Harbour bridge of Vennhavn reopens")
        paper.tick(NOW)
    woken = NOW + 5 * DAY
    with open_paper(tmp_path, digest) as paper:
        paper.hear(woken - 2 * DAY, "Ferry to Aldermoor sails again", seen=woken)
        paper.tick(woken)
        log = paper.rows("SELECT day, stories FROM digest_log WHERE addendum = 0 ORDER BY made_at, day")
        first = NOW.date()
        assert log == [((first + number * DAY).isoformat(), int(number in (0, 3))) for number in range(5)]
    assert schedule.MAX_DAYS_BACK >= 5
