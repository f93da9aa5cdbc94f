"""A daemon that dies at a named point: a fork whose seams are patched, so that the program itself knows nothing of it.

A point is where in the way of an article from the wire to a digest the process gets its SIGKILL, at the n-th time
that it comes by there.
"""

import asyncio
import itertools
import os
import signal
import sqlite3
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

from aggregator.clock import ManualClock
from aggregator.daemon import Daemon
from aggregator.fetch.client import HttpClient
from aggregator.health import Pulse
from aggregator.parse import ParserPool
from aggregator.parse.feeds import parse_feed
from aggregator.pipeline import digests as pipeline_digests
from aggregator.pipeline import poll as pipeline_poll
from aggregator.publish import files
from aggregator.store import database, migrations
from tests.system.home import Home

CYCLES = 3  # polls of all feeds in one life, half an hour apart


@dataclass(frozen=True, slots=True)
class Death:
    """Where and at which passing; without a point the life is left alone, or killed from outside."""

    point: str = ""
    passing: int = 1


# --- the points --------------------------------------------------------------------------------------

Strike = Callable[[], None]


def _before(owner: Any, name: str) -> Callable[[Strike], None]:
    def arm(strike: Strike) -> None:
        stock = getattr(owner, name)

        def patched(*args: Any, **named: Any) -> Any:
            strike()
            return stock(*args, **named)

        setattr(owner, name, patched)

    return arm


def _after(owner: Any, name: str) -> Callable[[Strike], None]:
    def arm(strike: Strike) -> None:
        stock = getattr(owner, name)

        def patched(*args: Any, **named: Any) -> Any:
            result = stock(*args, **named)
            strike()
            return result

        setattr(owner, name, patched)

    return arm


def _after_awaiting(owner: Any, name: str) -> Callable[[Strike], None]:
    def arm(strike: Strike) -> None:
        stock = getattr(owner, name)

        async def patched(*args: Any, **named: Any) -> Any:
            result = await stock(*args, **named)
            strike()
            return result

        setattr(owner, name, patched)

    return arm


def _at_statement(beginning: str) -> Callable[[Strike], None]:
    """When the writer begins to carry out such a statement."""

    def arm(strike: Strike) -> None:
        stock = database._open_writer

        def open_traced(path: Any) -> sqlite3.Connection:
            connection = stock(path)
            connection.set_trace_callback(lambda text: strike() if text.startswith(beginning) else None)
            return connection

        database._open_writer = open_traced

    return arm


def _at_acknowledgement(strike: Strike) -> None:
    """After a commit, before anybody has heard of it."""

    class Mortal(Future[Any]):
        def set_result(self, result: Any) -> None:
            strike()
            super().set_result(result)

    database.Future = Mortal  # type: ignore[misc]


def _during_checkpoint(strike: Strike) -> None:
    """Some hundred microseconds into it."""

    def strike_soon() -> None:
        threading.Timer(0.0003, strike).start()

    _at_statement("PRAGMA wal_checkpoint")(strike_soon)


POINTS: dict[str, Callable[[Strike], None]] = {
    "a schema half made": _before(migrations, "_is_complete"),
    "a schema made, without its version": _after(migrations.migrations, "apply"),
    "a new file, before its name": _after(migrations, "migrate"),
    "headers": _before(HttpClient, "_read"),
    "a body": _after_awaiting(HttpClient, "_read"),
    "a judged answer": _after_awaiting(pipeline_poll.fetch, "fetch_feed"),
    "a parser at work": _before(ParserPool, "_ask"),
    "a parser's answer": _after_awaiting(ParserPool, "parse"),
    "BEGIN": _at_statement("BEGIN IMMEDIATE"),
    "a poll's row": _at_statement("INSERT INTO polls"),
    "half of the articles": _at_statement("INSERT INTO articles"),
    "the listings": _at_statement("INSERT OR IGNORE INTO listings"),
    "the validator": _at_statement("UPDATE feeds SET"),
    "the stories": _at_statement("INSERT INTO story_members"),
    "COMMIT": _at_statement("COMMIT"),
    "an acknowledgement": _at_acknowledgement,
    "a checkpoint": _during_checkpoint,
    "a digest, before its rename": _after(files, "_write_new"),
    "a digest, after its rename": _before(files, "_sync_folder"),
    "a digest, before its row": _before(pipeline_digests.digests, "log_digest"),
}
OF_A_NEW_FILE = tuple(POINTS)[:3]
ONCE_IN_A_LIFE = frozenset(list(POINTS)[-3:])
WITH_WORKERS = frozenset({"a parser at work", "a parser's answer"})


def arm(death: Death) -> None:
    """Have this process killed there and then."""
    passings = itertools.count(1)

    def strike() -> None:
        if next(passings) == death.passing:
            os.kill(os.getpid(), signal.SIGKILL)

    if death.point:
        POINTS[death.point](strike)


# --- a life ------------------------------------------------------------------------------------------


class _ParserWithoutWorkers:
    """Reads documents that are known to be harmless, without half a second of a worker's start."""

    async def parse(self, body: bytes, **named: Any) -> Any:
        return parse_feed(body, **named)


def _no_certificates(**_: Any) -> ssl.SSLContext:
    """The journal's server speaks plain HTTP; the machine's certificates take a sixth of a second to read."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def live(home: Home, born: datetime, death: Death, opened: Connection) -> None:
    """What a daemon does in an hour and a half of simulated time; tells `opened` what opening its store cost."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    httpx.create_ssl_context = _no_certificates
    arm(death)
    app = home.app(ManualClock(born), seed=born.toordinal())
    with app.store() as store:
        opened.send(time.process_time())
        asyncio.run(_live(app, store, has_workers=death.point in WITH_WORKERS))


async def _live(app: Any, store: database.Store, *, has_workers: bool) -> None:
    async with app.stages(store) as stages:
        if not has_workers:
            stages = replace(stages, parser=_ParserWithoutWorkers())
        daemon = Daemon(app, stages, Pulse(app.clock, os.getpid()))
        for job in (daemon.poll, daemon.digest, daemon.keep_up, daemon.heartbeat):
            daemon.pulse.expect(job.__name__, 60)
        for _ in range(CYCLES):
            await daemon.poll()
            await daemon.digest()
            await daemon.keep_up()
            await daemon.heartbeat()
            app.clock.advance(timedelta(minutes=31))


def open_newer(path: Path, script: str, death: Death) -> None:
    """Open a store as a program does that knows one migration more, and die of it."""
    migrations.migrations(name="one_more")(partial(migrations.run_script, script=script))
    migrations.SCHEMA_VERSION += 1
    arm(death)
    database.open_store(path).close()
