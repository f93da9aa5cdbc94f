"""What other processes ask a daemon for, and its end or a reload in the midst of that: nobody waits for anybody."""

import asyncio
import logging
import os
import signal
import socket
import threading
from datetime import UTC, datetime
from functools import partial

import pytest

from aggregator import daemon, door
from aggregator.clock import SystemClock
from aggregator.errors import StoreError
from aggregator.operations import OPERATIONS
from aggregator.pipeline.grouping_process import GroupingProcess
from aggregator.store import open_store
from tests.doomed_grouping import DOOMED
from tests.system.home import NO_FEEDS, Feed, Home, check, rows
from tests.system.paper import Paper
from tests.system.service import PATIENCE_SECONDS, running_here, until


@pytest.fixture
def home(tmp_path):
    """A home with a day that is grouped."""
    home = Home(tmp_path).configure([Feed("Courier", url=f"{NO_FEEDS}/feed")])
    app, now = home.app(SystemClock()), datetime.now(UTC)  # noqa: TID251 - the daemon lives by the real clock
    with app.store() as store:
        paper = Paper(home.folder, app.settings, store)
        paper.hear(now, "Ferry runs aground off Vennhavn", "Tallis parliament votes down the harbour tax")
        paper.regroup(now)
    return home


def troubles(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_told_to_stop_it_waits_for_no_client_that_says_nothing(home, caplog):
    async def scene():
        with socket.socket(socket.AF_UNIX) as silent:
            async with running_here(home):
                silent.connect(f"{home.store}.door")

    asyncio.run(scene())
    assert troubles(caplog) == []


@pytest.mark.parametrize("is_reloading", [False, True], ids=["running", "reloading"])
@pytest.mark.parametrize("place", ["before_comparing", "while_writing"])
def test_told_to_stop_it_waits_for_no_grouping_and_whoever_asked_is_told(
    home, tmp_path, monkeypatch, caplog, place, is_reloading
):
    there = tmp_path / "there"
    for name, value in (("PLACE", place), ("DOOM", "waits"), ("DOOMED", str(there))):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(daemon, "GroupingProcess", partial(GroupingProcess, child=DOOMED))

    async def scene():
        pin = {"kind": "pin", "a": 1}
        async with running_here(home):
            request = asyncio.create_task(asyncio.to_thread(door.ask, home.store, "correct", pin))
            await until(there.exists)
            if is_reloading:
                os.kill(os.getpid(), signal.SIGHUP)
                await until(lambda: "reload feeds=1 digests=0" in caplog.messages)
        await request

    with (
        caplog.at_level(logging.INFO, logger="aggregator"),
        pytest.raises(StoreError, match="the daemon stops and did not finish the request"),
    ):
        asyncio.run(scene())
    assert troubles(caplog) == []
    assert rows(home.store, "SELECT kind FROM corrections") == [("pin",)]
    with open_store(home.store) as store:  # the grouping process has ended, or it would hold the lock
        assert check(store.path) == "ok"


def test_a_request_and_a_reload_do_not_wait_for_one_another(home, monkeypatch, caplog):
    begun, may_end = threading.Event(), threading.Event()

    def slow(app, grouper, arguments):
        begun.set()
        assert may_end.wait(PATIENCE_SECONDS)
        return "done"

    monkeypatch.setitem(OPERATIONS, "slow", slow)

    def starts():
        return sum(record.getMessage().startswith("start store=") for record in caplog.records)

    async def scene():
        async with running_here(home):
            request = asyncio.create_task(asyncio.to_thread(door.ask, home.store, "slow", {}))
            await until(begun.is_set)
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: starts() == 2)
            may_end.set()
            return await request

    with caplog.at_level(logging.INFO, logger="aggregator"):
        assert asyncio.run(scene()) == "done"
    assert troubles(caplog) == []
