"""A recording replayed: everything listed is stored once, nothing twice, and no order shows."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from aggregator.clock import ManualClock
from aggregator.model import Outcome
from aggregator.pipeline.cycle import group_changed
from aggregator.replica import Replica, demo_days
from tests.system.home import Feed, Home, check, dump, poll_all, rows, stories
from tests.system.recording import differences, read_plainly, show, write_recording

TODAY = date(2026, 1, 7)
WORLD = Feed("World", google_topic="WORLD")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return write_recording(tmp_path_factory.mktemp("recording") / "snapshots.jsonl.gz", TODAY)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory, recording):
    return replay(Home(tmp_path_factory.mktemp("replayed")), recording)


def replay(home, recording, *, times=1, seen=None):
    """Poll every snapshot `times` times, a quarter of an hour apart; `seen(store)` after each poll."""
    clock = ManualClock(read_plainly(recording)[0][0])
    with Replica(now=clock.now) as replica:
        home.configure([WORLD], base_url=replica.base_url)

        async def polls(stages):
            for at in show(replica, recording):
                clock.jump_to(at)
                for _ in range(times):
                    report = await poll_all(stages)
                    if seen:
                        seen(report)
                    clock.advance(timedelta(minutes=15))

        home.work(clock, polls)
    return home


def test_every_listed_article_is_stored_once_with_outlet_and_listing(replayed, recording):
    assert differences(replayed.store, read_plainly(recording)) == []
    assert len(rows(replayed.store, "SELECT 1 FROM articles")) > 50
    assert check(replayed.store) == "ok"


def test_every_stored_article_is_in_one_story(replayed):
    unplaced = "SELECT count(*) FROM articles WHERE article_id NOT IN (SELECT article_id FROM story_members)"
    assert rows(replayed.store, unplaced) == [(0,)]
    in_views = rows(replayed.store, "SELECT sum(articles) FROM stories_by_day")
    assert in_views == rows(replayed.store, "SELECT count(*) FROM articles")


def test_polling_a_snapshot_again_changes_nothing_but_the_log_of_polls(tmp_path, recording):
    home = Home(tmp_path / "home")
    states, feeds, outcomes = [], [], []

    def look(report):
        outcomes.append(report.polls[0].outcome)
        states.append(dump(home.store, without=["polls", "feeds"]))
        feeds.append(rows(home.store, "SELECT url, name, health, failures, entries_last FROM feeds"))

    replay(home, recording, times=2, seen=look)

    for once, again in zip(states[::2], states[1::2], strict=True):
        assert once == again
    assert feeds[::2] == feeds[1::2]
    assert outcomes[1::2] == [Outcome.UNCHANGED] * len(states[::2])


# --- order ----------------------------------------------------------------------------------------------

SECTIONS = {"World": "WORLD", "Business": "BUSINESS", "Technology": "TECHNOLOGY"}


def live_through(home, *, reverse):
    """Poll the demo's first moments, the feeds one by one in either order."""
    moments = demo_days(TODAY)[:9]
    clock = ManualClock(moments[0].at)
    with Replica(now=clock.now) as replica:
        feeds = [Feed(name, name.lower(), google_topic=section) for name, section in SECTIONS.items()]
        home.configure(feeds, base_url=replica.base_url, tables={"poll": {"max_concurrent": 1}})

        async def polls(stages):
            for moment in moments:
                clock.jump_to(moment.at)
                for address, snapshot in moment.content.items():
                    replica.show(address, snapshot)
                await poll_all(stages, reverse=reverse)

        home.work(clock, polls)
    return home


def test_the_order_of_the_feeds_leaves_no_trace_in_the_stories(tmp_path):
    forth = live_through(Home(tmp_path / "forth"), reverse=False)
    back = live_through(Home(tmp_path / "back"), reverse=True)

    assert stories(forth.store) == stories(back.store)
    assert len(stories(forth.store)) > 20


def test_after_a_long_grouping_what_is_new_waits_and_polls_do_not(tmp_path):
    async def scene(stages):
        stages.grouper.took(0.0, 100.0)
        report = await poll_all(stages)
        waiting = rows(stages.store.path, "SELECT count(*) FROM days WHERE changes > 0")
        stages.clock.advance(timedelta(seconds=301))
        return report, waiting, await group_changed(stages)

    at = datetime.combine(TODAY, time(12), UTC)
    with Replica(demo_days(TODAY)[-1].content) as replica:
        home = Home(tmp_path).configure([WORLD], base_url=replica.base_url)
        report, [(days_waiting,)], grouped = home.work(ManualClock(at), scene)
    assert report.new > 5
    assert report.grouped.days == 0
    assert days_waiting == grouped.days > 0
