"""Health tells the truth: of values, and of a real daemon that is blocked, full, stuck or alone."""

import asyncio
import json
import os
import re
import signal
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from starlette.testclient import TestClient

from aggregator import daemon, door
from aggregator.cli import run_command
from aggregator.clock import ManualClock, SystemClock
from aggregator.health import Answer, Health, Pulse, asking, exposition, judge, look, report
from aggregator.health.report import JobState, health_of
from aggregator.model import ResolverState, StoreFigures
from aggregator.operations import OPERATIONS
from aggregator.replica import Replica, demo_days
from aggregator.store import links, open_store
from aggregator.web import build_app
from tests.system.home import Feed, Home, rows

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
FIGURES = StoreFigures(
    file_bytes=100_000_000,
    wal_bytes=4_096,
    unused_bytes=8_192,
    disk_free_bytes=50_000_000_000,
    articles=100_000,
    articles_last_week=7_000,
    feeds={"ok": 3},
    links_waiting=5,
    oldest_link_at=NOW - timedelta(hours=1),
    deliveries={"waiting": 1, "sent": 9},
    oldest_delivery_at=None,
    breaker_open_until=None,
    newest_at=NOW,
    newest_day=date(2026, 3, 4),
)
JOB = JobState(every_seconds=15, is_running=False, quiet_seconds=10, failures=0)
WELL = Health(
    process=7,
    up_seconds=3_600.0,
    commit_seconds=12.0,
    lag_seconds=0.02,
    paused=None,
    jobs={"poll": JOB, "upkeep": replace(JOB, every_seconds=3_600, quiet_seconds=3_500)},
    polls={"modified": 40, "soft": 2},
    new_articles=312,
    figures=FIGURES,
)


def job(**changes) -> dict[str, dict[str, JobState]]:
    return {"jobs": {"poll": replace(JOB, **changes)}}


VERDICTS = {
    "all is well": ({}, "", ""),
    "nothing is committed": ({"commit_seconds": 95.0}, "reached the disk for 95 seconds", ""),
    "paused, and so nothing is committed": (
        {"commit_seconds": 950.0, "paused": "the disk is full"},
        "the disk is full",
        "",
    ),
    "the loop was blocked": ({"lag_seconds": 12.0}, "stood still for 12 seconds", ""),
    "a job is late by a tick": (job(quiet_seconds=40), "", ""),
    "the scheduler stands still": (job(quiet_seconds=80), "scheduler stands still: job poll", ""),
    "a job takes long and gets on": (job(is_running=True, quiet_seconds=600), "", ""),
    "a job hangs": (job(is_running=True, quiet_seconds=1_000), "running for 1000 seconds", ""),
    "a job failed twice": (job(failures=2), "", ""),
    "a job fails again and again": (job(failures=3), "failed 3 times in a row", ""),
    "the store cannot be read": ({"figures": None}, "the store cannot be read", ""),
    "Google refuses": (
        {"figures": replace(FIGURES, breaker_open_until=NOW + timedelta(hours=1))},
        "",
        "links wait until 13:00Z",
    ),
    "some feeds fail": (
        {"figures": replace(FIGURES, feeds={"ok": 3, "failing": 1})},
        "",
        "1 of 4 feeds fail",
    ),
    "all feeds fail": ({"figures": replace(FIGURES, feeds={"failing": 2, "gone": 1})}, "", "online?"),
}


@pytest.mark.parametrize(("change", "problem", "note"), VERDICTS.values(), ids=VERDICTS.keys())
def test_what_follows_from_an_account(change, problem, note):
    verdict = judge(replace(WELL, **change), NOW)
    assert len(verdict.problems) == bool(problem)
    assert problem in "".join(verdict.problems)
    assert len(verdict.notes) == bool(note)
    assert note in "".join(verdict.notes)


@pytest.mark.parametrize("health", [WELL, replace(WELL, figures=None, paused="x")], ids=["well", "ill"])
def test_an_account_comes_through_the_door_as_it_was(health):
    assert health_of(json.loads(json.dumps(health.to_plain()))) == health


def test_the_pulse_notes_what_jobs_do_and_wall_clocks_play_no_part():
    clock = ManualClock(NOW)
    pulse = Pulse(clock, 7)
    pulse.expect("poll", 15)
    pulse.begun("poll")
    clock.advance(timedelta(seconds=5))
    pulse.ended("poll", is_well=False)
    pulse.committed()
    pulse.polled(["modified", "soft", "modified"], 3)
    clock.jump_to(NOW + timedelta(days=900))
    clock.advance(timedelta(seconds=10))

    health = pulse.health(FIGURES)

    assert health.jobs == {"poll": JobState(15, False, 10.0, 1)}
    assert (health.up_seconds, health.commit_seconds, health.new_articles) == (15.0, 10.0, 3)
    assert health.polls == {"modified": 2, "soft": 1}


# --- the text for Prometheus -----------------------------------------------------------------------

SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"\\\n]*"\})? (-?[0-9]+(\.[0-9]+)?)')
ANSWERS = {
    "a daemon that is well": (Answer((), health=WELL, holder="7"), None),
    "a daemon that is ill": (Answer(("it rests",), health=replace(WELL, figures=None), holder="7"), FIGURES),
    "no daemon": (Answer(("nobody is there",)), FIGURES),
    "no daemon and no store": (Answer(("nobody is there",)), None),
}


@pytest.mark.parametrize(("answer", "figures"), ANSWERS.values(), ids=ANSWERS.keys())
def test_the_exposition_keeps_to_the_format(answer, figures):
    text = exposition(answer, figures)
    assert text.endswith("\n")
    described: set[str] = set()
    samples: list[str] = []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in described, "all lines of a metric stand together"
            assert kind == ("counter" if name.endswith("_total") else "gauge")
            described.add(name)
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] in described
            samples.append(sample[1] + (sample[2] or ""))
    assert len(samples) == len(set(samples))
    assert f"aggregator_healthy {int(answer.is_healthy)}" in text
    assert f"aggregator_up {int(answer.health is not None)}" in text


def test_the_labels_are_the_same_whatever_there_is():
    def series(health):
        text = exposition(Answer((), health=health, holder="7"), None)
        return {line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")}

    empty = replace(FIGURES, feeds={}, deliveries={})
    assert series(WELL) == series(replace(WELL, polls={}, figures=empty))
    assert 'aggregator_polls_total{outcome="gone"}' in series(WELL)


# --- a real daemon ---------------------------------------------------------------------------------

WORLD = Feed("World", google_topic="WORLD")


@pytest.fixture(scope="module")
def replica():
    today = datetime.now(UTC).date()  # noqa: TID251 - the daemon under test lives by the real clock
    with Replica(demo_days(today)[-4].content) as running:
        yield running


@pytest.fixture
def home(tmp_path, replica):
    return Home(tmp_path).configure([WORLD], base_url=replica.base_url)


@pytest.fixture
def quick(monkeypatch):
    """Jobs every fraction of a second."""
    for name in ("TICK_SECONDS", "HEARTBEAT_SECONDS", "PAUSE_SECONDS"):
        monkeypatch.setattr(daemon, name, 0.1)


@asynccontextmanager
async def running(home):
    """The daemon on this very loop, until the block ends."""
    work = asyncio.create_task(daemon.run_daemon(home.app(SystemClock())))
    try:
        await until(lambda answer: answer.health is not None, home)
        yield
    finally:
        if not work.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await work


async def until(is_so, home) -> Answer:
    """Ask until the answer is as it is to be."""
    for _ in range(6_000):
        answer = await asyncio.to_thread(look, home.store, NOW)
        if is_so(answer):
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError(answer)


def test_a_daemon_at_work_is_healthy_and_the_command_says_so(home, capsys):
    async def scene():
        async with running(home):
            answer = await until(lambda answer: answer.health.new_articles > 0, home)
            words = ["--config", str(home.config), "--home", str(home.folder), "health"]
            return answer, await asyncio.to_thread(run_command, words)

    answer, status = asyncio.run(scene())
    assert (answer.problems, answer.notes) == ((), ())
    assert answer.holder == str(os.getpid())
    assert answer.health.polls == {"modified": 1}
    assert answer.health.figures.articles == answer.health.new_articles
    assert status == 0
    assert "does its work" in capsys.readouterr().out


def test_without_a_daemon_that_is_what_it_says(home, capsys):
    words = ["--config", str(home.config), "--home", str(home.folder), "health"]
    assert run_command(words) == 1
    assert "no daemon runs" in capsys.readouterr().err
    assert run_command([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["healthy"] is False


def test_a_command_that_writes_is_no_daemon_and_is_named(home, monkeypatch):
    monkeypatch.setattr(asking, "_PATIENCE_SECONDS", 0.2)
    with open_store(home.store):
        answer = look(home.store, NOW)
    assert f"process {os.getpid()} writes" in answer.problems[0]


def test_a_blocked_loop_does_not_answer_and_is_told_of_afterwards(home, monkeypatch):
    monkeypatch.setattr(asking, "_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(report, "_LAG_SECONDS", 0.5)
    answers: list[Answer] = []

    async def scene():
        async with running(home):
            asker = threading.Thread(target=lambda: answers.append(look(home.store, NOW)))
            await asyncio.sleep(0.1)
            asker.start()
            threading.Event().wait(2.5)  # the loop stands still, more than one step of its watch
            asker.join()
            return await until(lambda answer: answer.problems, home)

    afterwards = asyncio.run(scene())
    assert "does not say how it is" in answers[0].problems[0]
    assert "the event loop stood still" in afterwards.problems[0]


def test_a_long_request_holds_the_turn_and_not_the_answer(home, monkeypatch):
    begun, may_end = threading.Event(), threading.Event()

    def slow(app, store, arguments):
        begun.set()
        assert may_end.wait(30)
        return "done"

    monkeypatch.setitem(OPERATIONS, "slow", slow)

    async def scene():
        async with running(home):
            request = asyncio.create_task(asyncio.to_thread(door.ask, home.store, "slow", {}))
            await asyncio.to_thread(begun.wait, 30)
            answer = await asyncio.to_thread(look, home.store, NOW)
            may_end.set()
            return answer, await request

    answer, result = asyncio.run(scene())
    assert answer.is_healthy
    assert result == "done"


def test_a_full_store_pauses_polling_is_said_and_passes(home, monkeypatch, quick):
    opened = []
    monkeypatch.setattr(
        "aggregator.app.open_store", lambda path: opened.append(open_store(path)) or opened[-1]
    )
    open_store(home.store).close()
    pages = rows(home.store, "PRAGMA page_count")[0][0]

    async def scene():
        with monkeypatch.context() as patch:
            patch.setattr(daemon, "LOW_DISK_BYTES", 10**18)  # it rests before its first poll
            async with running(home):
                low = await until(lambda answer: answer.problems, home)
                await asyncio.to_thread(
                    opened[-1].maintain, lambda c: c.execute(f"PRAGMA max_page_count={pages}")
                )
                patch.setattr(daemon, "LOW_DISK_BYTES", 0)
                full = await until(lambda answer: "disk is full" in str(answer.problems), home)
                stored = rows(home.store, "SELECT count(*) FROM articles")[0][0]
                await asyncio.to_thread(
                    opened[-1].maintain, lambda c: c.execute("PRAGMA max_page_count=100000")
                )
                well = await until(lambda answer: answer.is_healthy and answer.health.new_articles, home)
                return low, full, stored, well

    low, full, stored, well = asyncio.run(scene())
    assert "nothing is polled" in low.problems[0]
    assert "what is stored is safe" in full.problems[0]
    assert stored == 0
    assert well.health.figures.articles > 0


def test_a_scheduler_that_stands_still_is_not_healthy(home, monkeypatch, quick):
    start = AsyncIOScheduler.start
    monkeypatch.setattr(AsyncIOScheduler, "start", lambda self: start(self, paused=True))
    monkeypatch.setattr(report, "_LATE_SECONDS", 0.2)

    async def scene():
        async with running(home):
            return await until(lambda answer: answer.problems, home)

    assert "the scheduler stands still" in asyncio.run(scene()).problems[0]


def test_an_open_breaker_is_said(home):
    with open_store(home.store) as store:
        state = ResolverState(0.0, NOW, open_until=NOW + timedelta(hours=1), trips=1)
        store.write(lambda connection: links.save_resolver_state(connection, state))
    home.configure([], tables={"google_news": {"resolve": False}})

    async def scene():
        async with running(home):
            return await until(lambda answer: answer.health is not None, home)

    answer = asyncio.run(scene())
    assert answer.is_healthy
    assert "Google refuses article pages" in answer.notes[0]


# --- over HTTP -------------------------------------------------------------------------------------------


def test_over_http_the_truth_is_told_with_a_daemon_and_without(home):
    app = home.app(SystemClock())
    with TestClient(
        build_app(app, "a token of sixteen characters"), base_url="http://127.0.0.1:8765"
    ) as client:
        alone = client.get("/healthz"), client.get("/metrics")

        async def scene():
            async with running(home):
                await until(lambda answer: answer.health.new_articles > 0, home)
                return [await asyncio.to_thread(client.get, path) for path in ("/healthz", "/metrics")]

        together = asyncio.run(scene())
        after = client.get("/healthz"), client.get("/metrics")

    assert (alone[0].status_code, alone[0].json()["healthy"]) == (503, False)
    assert "no daemon runs" in alone[0].json()["problems"][0]
    assert "aggregator_up 0\n" in alone[1].text
    assert "aggregator_articles" not in alone[1].text, "there is no store yet"
    assert (together[0].status_code, together[0].json()["healthy"]) == (200, True)
    assert together[1].headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'aggregator_polls_total{outcome="modified"} 1\n' in together[1].text
    assert after[0].status_code == 503
    assert "aggregator_articles 0" not in after[1].text, "the file still tells its figures"
    assert "aggregator_articles " in after[1].text
