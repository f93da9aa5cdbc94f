"""`aggregator run` as a service manager sees it: ready, reloaded, stopped; one writer, any number of readers."""

import asyncio
import json
import logging
import signal
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from datasette.app import Datasette
from sqlite_utils import Database

from aggregator.clock import SystemClock
from aggregator.daemon import run_daemon
from aggregator.pipeline.grouping_process import CHILD
from aggregator.replica import Faults, Replica, demo_days
from tests.fault_server import FaultServer
from tests.system.home import Feed, Home, check, rows
from tests.system.service import PATIENCE_SECONDS, service, wait_until

WORLD = Feed("World", google_topic="WORLD")
BUSINESS = Feed("Business", "business", google_topic="BUSINESS")
STOP_SECONDS = 10  # what a service manager was promised


@pytest.fixture
def replica():
    today = datetime.now(UTC).date()  # noqa: TID251 - the process under test lives by the real clock
    with Replica(demo_days(today)[-4].content) as running:
        yield running


@pytest.fixture
def home(tmp_path, replica):
    return Home(tmp_path).configure([WORLD], base_url=replica.base_url)


def test_it_polls_groups_resolves_and_ends_with_zero_when_told(home):
    with service(home) as running:
        running.wait_for("cycle feeds=1")
        running.wait_for("resolve tried=")
        status, seconds = running.stop()

    assert (status, seconds < STOP_SECONDS) == (0, True)
    assert "INFO stop" in running.log[-1]
    assert not home.store.with_name(f"{home.store.name}-wal").exists(), "the last connection has checkpointed"
    assert rows(home.store, "SELECT count(*) FROM stories_by_day")[0][0] > 0
    assert rows(home.store, "SELECT count(*) FROM link_queue WHERE state = 'resolved'")[0][0] > 0
    assert check(home.store) == "ok"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_in_the_middle_of_a_poll(tmp_path, number):
    with FaultServer() as server:
        home = Home(tmp_path).configure([Feed("Silent", url=server.url("silent"))])
        with service(home) as running:
            wait_until(lambda: server.requests)
            status, seconds = running.stop(number)

    assert (status, seconds < STOP_SECONDS) == (0, True)
    assert rows(home.store, "SELECT count(*) FROM articles") == [(0,)]
    assert not any("Traceback" in line for line in running.log), "".join(running.log)


def test_a_broken_configuration_is_refused_and_a_valid_one_taken_up(home, replica):
    with service(home) as running:
        running.wait_for("cycle feeds=1")
        valid = home.config.read_text()
        home.config.write_text(valid + '[[feeds]]\nname = "no topic"\nurl = "nowhere"\n')
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("reload refused, the old configuration stays")
        home.config.write_text("this is no TOML")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("reload refused, the old configuration stays", times=2)
        home.config.unlink()
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("reload refused, the old configuration stays", times=3)

        home.configure([WORLD, BUSINESS], base_url=replica.base_url)
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("reload feeds=2")
        running.wait_for("poll feed='Business'")
        status, _ = running.stop()
        told = [running.told(), running.told(), running.told()]
    assert [state.partition("\n")[0] for state in told] == ["RELOADING=1", "READY=1", "STOPPING=1"]

    assert status == 0
    states = rows(home.store, "SELECT name, state FROM feed_health ORDER BY name")
    assert states == [("Business", "ok"), ("World", "ok")]


def test_told_to_stop_while_it_reloads_it_stops(home):
    with service(home) as running:
        running.wait_for("cycle feeds=1")
        running.process.send_signal(signal.SIGHUP)
        assert running.stop()[0] == 0


def test_told_to_stop_about_its_first_tick_it_begins_nothing_more(home, caplog):
    """The scheduler may tick once more while the daemon ends: jobs would find a store that is closed."""

    async def stopped_after(seconds: float) -> set[str]:
        loop, handlers = asyncio.get_running_loop(), {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "add_signal_handler", lambda number, call: handlers.update({number: call}))
            daemon = asyncio.create_task(run_daemon(home.app(SystemClock())))
            while signal.SIGHUP not in handlers:
                await asyncio.sleep(0)
            await asyncio.sleep(seconds)
            handlers[signal.SIGTERM]()
            await daemon
        return {task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}}

    left = [asyncio.run(stopped_after(milliseconds / 1000)) for milliseconds in range(20)]

    assert left == [set()] * 20
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_second_daemon_names_the_first_and_leaves(home):
    with service(home) as running:
        second = home.run("run")
        assert second.returncode == 1
        assert str(running.process.pid) in second.stderr
        assert "Traceback" not in second.stderr
        assert running.stop()[0] == 0


def children_of(pid):
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in lists for child in path.read_text().split()]


def words_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_killed_it_leaves_no_workers_and_a_file_that_the_next_start_takes_up(home):
    with service(home) as running:
        running.wait_for("poll feed='World'")
        workers = children_of(running.process.pid)
        assert workers, "there is a parser"
        running.stop(signal.SIGKILL)
        wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    with service(home) as running:
        running.wait_for("resolve tried=")
        assert running.stop()[0] == 0
    assert check(home.store) == "ok"


def test_it_lets_another_process_group_and_loads_nothing_for_it(home):
    with service(home) as running:
        running.wait_for("cycle feeds=1")
        pid = running.process.pid
        [grouping] = [child for child in children_of(pid) if CHILD in words_of(child)]
        loaded = {
            process: "scipy/sparse" in Path(f"/proc/{process}/maps").read_text()
            for process in (pid, grouping)
        }
        assert running.stop()[0] == 0
    assert loaded == {pid: False, grouping: True}
    assert rows(home.store, "SELECT count(*) FROM stories_by_day")[0][0] > 0


def test_a_store_that_is_taken_away_stops_the_daemon(home):
    with service(home) as running:
        running.wait_for("cycle feeds=1")
        home.store.rename(home.folder / "elsewhere.db")
        running.process.send_signal(signal.SIGHUP)  # the jobs of a reloaded daemon all run at once
        running.process.wait(PATIENCE_SECONDS)
    assert running.process.returncode == 1
    assert "was moved, replaced or deleted" in "".join(running.log)


def test_the_log_is_json_lines_when_asked_for(home, replica):
    home.configure([WORLD], base_url=replica.base_url, tables={"log": {"format": "json"}})
    with service(home) as running:
        running.wait_for("cycle feeds=1")
        assert running.stop()[0] == 0
    lines = [json.loads(line) for line in running.log]
    assert {"time", "level", "logger", "message"} == set(lines[0])
    assert lines[0]["message"].startswith("start store=")


# --- readers --------------------------------------------------------------------------------------------

QUERY = "SELECT day, sum(articles) AS articles FROM stories_by_day GROUP BY day ORDER BY day"
VIEWS = ("stories_by_day", "story_articles", "feed_health", "link_queue", "decisions", "digest_log")


def polls(home):
    return rows(home.store, "SELECT count(*) FROM polls")[0][0]


@contextmanager
def busy(home, replica):
    """A daemon that stores one poll after another for as long as the block lasts, or longer."""
    replica.set_faults(Faults(delay_seconds=0.15, page_budget=None))
    places = [
        f"https://news.google.com/rss/headlines/section/geo/P{n}?hl=en-US&gl=US&ceid=US:en"
        for n in range(300)
    ]
    feeds = [WORLD, *(Feed(f"Place {number}", url=url) for number, url in enumerate(places))]
    with service(home) as running:
        running.wait_for("cycle feeds=1")
        home.configure(feeds, base_url=replica.base_url)
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("poll feed='Place")
        before = polls(home)
        yield
        wait_until(lambda: polls(home) > before)
        assert polls(home) < len(feeds), "it wrote all the while"
        assert running.stop()[0] == 0
        assert not any("locked" in line for line in running.log)


def test_sqlite3_and_sqlite_utils_read_while_it_writes(home, replica):
    with busy(home, replica):
        connection = sqlite3.connect(home.store)
        by_sqlite3 = connection.execute(QUERY).fetchall()
        connection.close()
        database = Database(home.store)
        by_sqlite_utils = [tuple(row.values()) for row in database.query(QUERY)]
        names = set(database.view_names())
        database.close()
    assert by_sqlite3 == by_sqlite_utils != []
    assert names == set(VIEWS)


def test_datasette_reads_while_it_writes(home, replica):
    async def visit():
        datasette = Datasette([str(home.store)])
        await datasette.invoke_startup()
        base = f"/{home.store.stem}"
        answers = [await datasette.client.get(f"{base}/{view}.json?_shape=array") for view in VIEWS]
        front = await datasette.client.get(base)
        asked = await datasette.client.get(f"{base}.json", params={"sql": QUERY, "_shape": "array"})
        return [front.status_code, *(answer.status_code for answer in answers)], asked.json()

    with busy(home, replica):
        statuses, by_day = asyncio.run(visit())
    assert statuses == [200] * 7
    assert by_day[0]["articles"] > 0


def test_a_reader_in_a_long_transaction_does_not_hold_up_the_writer(home, replica):
    with busy(home, replica):
        reader = sqlite3.connect(home.store, isolation_level=None)
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM polls").fetchone()[0]
        wait_until(lambda: polls(home) >= before + 10)
        assert reader.execute("SELECT count(*) FROM polls").fetchone()[0] == before
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM polls").fetchone()[0] >= before + 10
        reader.close()
