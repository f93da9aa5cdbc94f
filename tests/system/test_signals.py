"""Signals that come while the daemon reloads: none is lost."""

import asyncio
import logging
import os
import signal

import pytest

from aggregator import daemon
from tests.system.home import NO_FEEDS, Feed, Home
from tests.system.service import running_here, until

FEED = Feed("Courier", url=f"{NO_FEEDS}/feed")


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path).configure([FEED])


def order(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 5, 8, 13, 21])
def test_told_to_stop_at_any_moment_of_a_reload_it_stops(home, milliseconds):
    async def life():
        async with running_here(home):
            order(signal.SIGHUP)
            await asyncio.sleep(milliseconds / 1000)

    asyncio.run(life())


def test_a_reload_asked_for_while_it_reloads_is_carried_out_too(home, monkeypatch, caplog):
    stock = daemon._take_up

    async def take_up(*arguments):
        monkeypatch.undo()
        home.configure([FEED, Feed("Harbour Post", url=f"{NO_FEEDS}/post")])
        order(signal.SIGHUP)
        await stock(*arguments)

    monkeypatch.setattr(daemon, "_take_up", take_up)

    async def life():
        async with running_here(home):
            order(signal.SIGHUP)
            await until(
                lambda: any(line.startswith("start") and "feeds=2" in line for line in caplog.messages)
            )

    with caplog.at_level(logging.INFO, logger="aggregator"):
        asyncio.run(life())
