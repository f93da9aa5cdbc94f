"""One fault has one sentence: a command, the log, `doctor` and the page say the same words."""

import asyncio
import html
import json
import logging
import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from aggregator.app import App
from aggregator.cli import run_command
from aggregator.clock import ManualClock
from aggregator.daemon import Daemon, Job, _Runner
from aggregator.health import Pulse, judge
from aggregator.signals import Orders
from aggregator.store import database
from aggregator.web import build_app
from tests.fault_server import FaultServer, Reply
from tests.system.home import Feed, Home, poll_all

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
DIGEST = '[[digests]]\ntopic = "world"\ntitle = "World"\nformats = ["markdown"]\nout = "digests"'


@pytest.fixture(scope="module")
def server():
    with FaultServer() as running:
        running.answers["gone"] = Reply(410)
        yield running


@pytest.fixture(scope="module")
def polled(server, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("polled")).configure(
        [Feed("Courier", url=server.url("feed"))], more=DIGEST
    )
    home.work(ManualClock(NOW), poll_all)
    return home


@pytest.fixture
def home(polled, tmp_path):
    """A store with the two articles of a feed."""
    return Home(shutil.copytree(polled.folder, tmp_path / "home"))


@dataclass
class Surfaces:
    """Where a person looks; each method returns what is to be read there."""

    home: Home
    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture

    def command(self, *words: str, status: int) -> str:
        self.capsys.readouterr()
        given = run_command(["--config", str(self.home.config), "--home", str(self.home.folder), *words])
        assert given == status, words
        return "".join(self.capsys.readouterr())

    def doctor(self) -> str:
        findings = json.loads(self.command("doctor", "--json", status=1))
        return "\n".join(f"{finding['said']}; {finding['advice']}" for finding in findings)

    def page(self, path: str) -> str:
        app = build_app(self.home.app(ManualClock(NOW)), "a token of sixteen characters")
        with TestClient(app, base_url="http://127.0.0.1:8765") as client:
            return html.unescape(client.get(path).text)

    @contextmanager
    def daemon(self, clock: ManualClock | None = None):
        """The daemon's jobs on this thread: yields a function that runs one of them, and what it notes of itself."""
        app: App = self.home.app(clock or ManualClock(NOW))
        pulse = Pulse(app.clock, 1)
        with app.store() as store:

            def work(name: str) -> None:
                async def run() -> None:
                    async with app.stages(store) as stages:
                        daemon = Daemon(app, stages, pulse)
                        pulse.expect(name, 60)
                        await _Runner(daemon, Orders()).do(Job(name, getattr(daemon, name), 60))

                asyncio.run(run())

            yield work, pulse

    @property
    def log(self) -> str:
        return "\n".join(record.getMessage() for record in self.caplog.records)


@pytest.fixture
def seen(home, capsys, caplog):
    with caplog.at_level(logging.INFO, logger="aggregator"):
        yield Surfaces(home, capsys, caplog)


FEEDS = {
    "no network": (lambda server: "http://127.0.0.1:9/feed", "no connection to 127.0.0.1"),
    "a consent wall": (lambda server: server.url("wall"), "sent a consent or robot page, not a feed"),
    "a dead feed": (lambda server: server.url("gone"), "answered 410, gone for good"),
}


@pytest.mark.parametrize(("address", "words"), FEEDS.values(), ids=FEEDS)
def test_a_feed_that_cannot_be_read(seen, server, address, words):
    seen.home.configure([Feed("Courier", url=address(server)), Feed("Other", url=address(server) + "?2")])
    for hours in (1, 13, 25):  # what passes by itself is no matter for doctor
        with seen.daemon(ManualClock(NOW + timedelta(hours=hours))) as (work, _):
            work("poll")
    assert words in seen.log
    assert words in seen.command("poll", "--all", status=1)
    assert words in seen.command("feeds", "list", status=0)
    assert words in seen.doctor()
    assert words in seen.page("/feeds")


def test_a_configuration_that_is_wrong(seen):
    words = "poll.interval_minutes (line 3): found 1; allowed: a number from 5 to 1,440"
    with seen.daemon() as (_, pulse):
        app = seen.home.app(ManualClock(NOW))
        seen.home.config.write_text("[poll]\n\ninterval_minutes = 1\n")

        async def reload() -> None:
            _Runner(Daemon(app, None, pulse), Orders())._reload()

        asyncio.run(reload())
    assert f"reload refused, the old configuration stays: {seen.home.config}" in seen.log
    assert words in seen.log
    for command in ("check-config", "run", "poll"):
        assert words in seen.command(command, status=2)
    assert f"{words}; put it right" in seen.doctor()


def test_a_store_that_is_damaged(seen):
    words = "the database is damaged; stop, keep the file, and go on from the newest backup"
    seen.home.store.write_text("These are my recipes. " * 999)
    for command in ("run", "poll", "show"):
        said = seen.command(command, status=1)
        assert words in said
        assert said.count(str(seen.home.store)) == 1
    assert words in seen.doctor()
    assert words in seen.page("/")


def test_a_store_that_another_program_has_locked(seen, monkeypatch):
    words = (
        "nothing of this write was stored: another program holds a lock on the database; it is tried again"
    )
    monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 50)
    with seen.daemon() as (work, _):
        shell = sqlite3.connect(seen.home.store, isolation_level=None)
        shell.execute("BEGIN IMMEDIATE")
        work("heartbeat")
        shell.close()
    assert f"job heartbeat is tried again: {words}" in seen.log
    shell = sqlite3.connect(seen.home.store, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    assert words in seen.command("correct", "pin", "1", status=1)
    shell.close()


def test_a_store_that_is_being_written(seen):
    with seen.daemon():
        words = f"{seen.home.store} is being written by process "
        for command in ("run", "poll", "resolve"):
            assert words in seen.command(command, status=1)


def test_a_disk_that_is_full(seen, server, monkeypatch):
    words = "nothing of this write was stored: the disk has no room; it goes on when there is some"
    items = "".join(
        f"<item><title>Report {number} {'on and on ' * 40}</title></item>" for number in range(300)
    )
    server.answers["long"] = Reply(body=f'<rss version="2.0"><channel>{items}</channel></rss>'.encode())
    seen.home.configure([Feed("Long", url=server.url("long"))])
    with seen.daemon():
        pass  # the feed itself has found room
    open_writer = database._open_writer

    def open_without_room(path):
        connection = open_writer(path)
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(database, "_open_writer", open_without_room)
    with seen.daemon(ManualClock(NOW + timedelta(hours=1))) as (work, pulse):
        work("poll")
    problem = judge(pulse.health(None), NOW).problems[0]
    assert words in problem
    assert problem in seen.log
    assert words in seen.command("poll", "--all", status=1)


def test_a_folder_of_digests_that_cannot_be_written(seen):
    (seen.home.folder / "digests").write_text("a file in its place")
    words = f"{seen.home.folder / 'digests'} cannot be written: File exists"
    with seen.daemon(ManualClock(NOW + timedelta(days=1))) as (work, _):
        work("digest")
    assert f"not written, it stays due: {words}" in seen.log
    assert words in seen.command("digest", "--day", "2026-01-07", status=1)
    assert f"{words}; digests stay due until it can" in seen.doctor()
