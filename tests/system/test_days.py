"""The daemon's jobs through simulated days: a digest a day, whatever clocks and pauses do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.app import App
from aggregator.clock import ManualClock
from aggregator.daemon import Daemon
from aggregator.errors import Shortage
from aggregator.health import Health, Pulse
from aggregator.replica import Article, Item, Outlet, Replica, Snapshot
from tests.system.home import Feed, Home, rows

BERLIN = ZoneInfo("Europe/Berlin")
TOPICS = {"world": "WORLD", "business": "BUSINESS"}
OUTLETS = [Outlet(slug, slug.title(), f"www.{slug}.example") for slug in ("courier", "tribune", "lantern")]
EVENTS = ("Harbour bridge reopens", "Glassmakers call a strike", "Lighthouse keeper finds a meteorite")
DIGESTS = "\n".join(
    f'[[digests]]\ntopic = "{topic}"\ntitle = "{topic.title()}"\nat = "06:00"\nformats = ["markdown"]\nout = "digests"'
    for topic in TOPICS
)


def shown_at(moment):
    """Per section one item of the last twelve hours: an event told by every outlet."""
    now = moment.replace(hour=moment.hour // 12 * 12, minute=0, second=0)
    event = EVENTS[now.timetuple().tm_yday % len(EVENTS)]
    return {
        f"en-US/{section}": Snapshot(
            (
                Item(
                    tuple(
                        Article(
                            f"{event} {where} on {now:%d %B at %H}",
                            outlet,
                            f"https://{outlet.host}/{where}/{now:%m%d%H}",
                            now - timedelta(minutes=10),
                        )
                        for outlet in OUTLETS
                    )
                ),
            )
        )
        for where, section in TOPICS.items()
    }


def tick(now):
    """Every three hours, and often round six in the morning."""
    return timedelta(minutes=20) if 4 <= now.astimezone(BERLIN).hour < 7 else timedelta(hours=3)


async def live(daemon, replica, clock, *, until, step=None):
    """What the ticker does, but for most of the waiting: every job once a `step`."""
    while clock.now() < until:
        for section, snapshot in shown_at(clock.now()).items():
            replica.show(section, snapshot)
        await daemon.poll()
        await daemon.resolve()
        await daemon.digest()
        await daemon.keep_up()
        clock.advance(step or tick(clock.now()))


def daemon_of(app, stages):
    pulse = Pulse(app.clock, 1)
    pulse.expect("poll", 60)
    return Daemon(app, stages, pulse)


def simulate(home, start, life, *, feeds=None, more=DIGESTS):
    clock = ManualClock(start)
    with Replica(now=clock.now) as replica:
        google = [Feed(topic, topic, google_topic=section) for topic, section in TOPICS.items()]
        tables = {"day": {"timezone": "Europe/Berlin"}}
        home.configure(feeds or google, base_url=replica.base_url, tables=tables, more=more)
        app: App = home.app(clock)

        async def run(stages):
            await life(daemon_of(app, stages), replica, clock)

        home.work(clock, run)
    return home


def digests(home):
    """Every digest proper: topic, day and when it was made, in Berlin's time."""
    log = rows(
        home.store,
        "SELECT topic, day, made_at FROM digest_log WHERE addendum = 0 ORDER BY topic, day, made_at",
    )
    return [(topic, day, datetime.fromisoformat(made).astimezone(BERLIN)) for topic, day, made in log]


def days_from(first, count):
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]


CLOCK_CHANGES = {
    "spring": datetime(2026, 3, 27, 7, tzinfo=UTC),  # on 29 March the day has 23 hours
    "autumn": datetime(2026, 10, 23, 7, tzinfo=UTC),  # on 25 October it has 25
}


@pytest.mark.parametrize("start", CLOCK_CHANGES.values(), ids=CLOCK_CHANGES)
def test_five_days_through_a_clock_change_make_a_digest_a_day_at_six(tmp_path, start):
    async def life(daemon, replica, clock):
        await live(daemon, replica, clock, until=start + timedelta(days=5, hours=1))

    home = simulate(Home(tmp_path), start, life)

    made = digests(home)
    expected = days_from(start.date(), 5)
    for topic in TOPICS:
        assert [day for name, day, _ in made if name == topic] == expected
    for _, day, at in made:
        assert at.date() == date.fromisoformat(day) + timedelta(days=1)
        assert (
            timedelta(hours=6) <= timedelta(hours=at.hour, minutes=at.minute) < timedelta(hours=6, minutes=20)
        )
    files = list((tmp_path / "digests").rglob("*.md"))
    assert len(files) >= len(made)
    assert rows(home.store, "SELECT min(stories) FROM digest_log WHERE addendum = 0")[0][0] > 0


def test_after_three_days_of_sleep_each_missed_digest_is_made_once(tmp_path):
    start = datetime(2026, 3, 27, 7, tzinfo=UTC)

    async def life(daemon, replica, clock):
        await live(daemon, replica, clock, until=start + timedelta(days=1))
        clock.advance(timedelta(days=3))
        await live(daemon, replica, clock, until=clock.now() + timedelta(hours=2))

    home = simulate(Home(tmp_path), start, life)

    days = [day for topic, day, _ in digests(home) if topic == "world"]
    assert days == days_from(start.date(), 4)


def test_a_wall_clock_that_is_set_back_makes_nothing_twice(tmp_path):
    start = datetime(2026, 3, 27, 7, tzinfo=UTC)

    async def life(daemon, replica, clock):
        await live(daemon, replica, clock, until=start + timedelta(days=1))
        clock.jump_to(clock.now() - timedelta(hours=5))
        await live(daemon, replica, clock, until=start + timedelta(days=2))

    home = simulate(Home(tmp_path), start, life)

    days = [day for topic, day, _ in digests(home) if topic == "world"]
    assert days == days_from(start.date(), 2)


def test_a_restart_between_any_two_jobs_changes_no_digest(tmp_path):
    start = datetime(2026, 3, 27, 7, tzinfo=UTC)
    home, clock = Home(tmp_path), ManualClock(start)
    with Replica(now=clock.now) as replica:
        google = [Feed(topic, topic, google_topic=section) for topic, section in TOPICS.items()]
        home.configure(
            google, base_url=replica.base_url, tables={"day": {"timezone": "Europe/Berlin"}}, more=DIGESTS
        )
        app = home.app(clock)
        while clock.now() <= start + timedelta(days=2):
            for section, snapshot in shown_at(clock.now()).items():
                replica.show(section, snapshot)
            for job in (Daemon.poll, Daemon.resolve, Daemon.digest):
                home.work(clock, lambda stages, job=job: job(daemon_of(app, stages)))
            clock.advance(timedelta(hours=8))

    assert [(topic, day) for topic, day, _ in digests(home) if topic == "world"] == [
        ("world", day) for day in days_from(start.date(), 2)
    ]


def test_after_a_pause_many_feeds_are_spread_over_minutes(tmp_path):
    start = datetime(2026, 3, 27, 7, tzinfo=UTC)
    places = [f"Place {number}" for number in range(60)]
    polled_at = []

    async def life(daemon, replica, clock):
        await live(daemon, replica, clock, until=start + timedelta(minutes=30), step=timedelta(seconds=15))
        clock.advance(timedelta(days=3))
        woken = clock.now()
        await live(daemon, replica, clock, until=woken + timedelta(minutes=5), step=timedelta(seconds=15))
        polls = rows(
            daemon.app.store_path,
            "SELECT started_at FROM polls WHERE started_at >= ?",
            f"{woken:%Y-%m-%dT%H:%M:%SZ}",
        )
        polled_at.extend((datetime.fromisoformat(at) - woken).total_seconds() for (at,) in polls)

    feeds = [
        Feed(
            place,
            url=f"https://news.google.com/rss/headlines/section/geo/{place.replace(' ', '%20')}?hl=en-US&gl=US&ceid=US:en",
        )
        for place in places
    ]
    simulate(Home(tmp_path), start, life, feeds=feeds, more="")

    first_rush = sum(seconds < 1 for seconds in polled_at)
    assert len(polled_at) == 60, "each once"
    assert first_rush <= 16
    assert max(polled_at) > 15


def test_polls_are_counted_and_logged_while_no_day_can_be_grouped(tmp_path, monkeypatch, caplog):
    def without_memory(*_):
        raise Shortage("the grouping process was killed")

    async def life(daemon, replica, clock):
        await daemon.poll()
        for section, snapshot in shown_at(clock.now()).items():
            replica.show(section, snapshot)
        clock.advance(timedelta(hours=1))
        monkeypatch.setattr("aggregator.pipeline.grouping.group", without_memory)
        with pytest.raises(Shortage):
            await daemon.poll()
        account.append(daemon.pulse.health(None))

    account: list[Health] = []
    with caplog.at_level("INFO", logger="aggregator"):
        simulate(Home(tmp_path), datetime(2026, 3, 27, 7, tzinfo=UTC), life)

    [health] = account
    assert health.polls == {"modified": 4}
    assert health.new_articles == len(TOPICS) * len(OUTLETS)
    cycles = [text for text in caplog.messages if text.startswith("cycle feeds=")]
    assert len(cycles) == 2
    assert cycles[1].startswith("cycle feeds=2 modified=2 unchanged=0 failed=0 new=6 days=0 stories=0")
