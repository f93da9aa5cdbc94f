"""Asking the daemon: a correction while it runs is made by it, and its errors come back as ours."""

import asyncio
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

import pytest

from aggregator import door
from aggregator.demo import FOLDER
from aggregator.desk import Desk
from aggregator.errors import AggregatorError, InputError, StoreError, UsageError


def _echo(name, arguments):
    if name == "fail":
        raise {"usage": UsageError, "input": InputError, "store": StoreError}[arguments["kind"]]("no good")
    return {"name": name, **arguments}


class Opened:
    """A door with a handler, open on a loop of its own thread."""

    def __init__(self, database: Path, answer=_echo) -> None:
        self._database = database
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._done = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    async def _serve(self) -> None:
        async with door.open_door(self._database, self._handle):
            self._ready.set()
            await self._done.wait()

    async def _handle(self, name, arguments):
        return await asyncio.to_thread(self._answer, name, arguments)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture(params=["a short path", "a path longer than a socket address"])
def database(request, tmp_path):
    folder = tmp_path / ("x" * 120 if "longer" in request.param else "d")
    folder.mkdir()
    return folder / "news.db"


def test_a_request_is_answered(database):
    with Opened(database):
        assert door.ask(database, "echo", {"a": 1, "text": "Élysée 桥"}) == {
            "name": "echo",
            "a": 1,
            "text": "Élysée 桥",
        }


@pytest.mark.parametrize(
    ("kind", "error"), [("usage", UsageError), ("input", InputError), ("store", StoreError)], ids=str
)
def test_an_error_over_there_is_the_same_error_here(database, kind, error):
    with Opened(database), pytest.raises(error, match="no good"):
        door.ask(database, "fail", {"kind": kind})


def test_only_the_owner_may_knock_and_the_door_is_gone_afterwards(database):
    path = database.with_name("news.db.door")
    with Opened(database):
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()


def test_a_door_left_by_a_killed_process_is_replaced(database):
    left = database.with_name("news.db.door")
    left.write_text("")
    with Opened(database):
        assert door.ask(database, "echo", {}) == {"name": "echo"}


def test_a_writer_without_a_door_is_named_as_such(database):
    with pytest.raises(StoreError, match="does not take requests"):
        door.ask(database, "echo", {})


NO_REQUESTS = {
    "no JSON": b"nonsense\n",
    "no object": b"[1]\n",
    "empty": b"\n",
    "a name that is none": b'{"name": ["echo"], "arguments": {}}\n',
    "arguments without names": b'{"name": "echo", "arguments": [1]}\n',
}


@pytest.mark.parametrize("line", NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_what_is_no_request_is_answered_with_an_error(tmp_path, line):
    database = tmp_path / "news.db"
    with Opened(database), socket.socket(socket.AF_UNIX) as channel:
        channel.connect(str(database.with_name("news.db.door")))
        channel.sendall(line)
        assert b"UsageError" in channel.makefile("rb").readline()


def test_an_operation_that_the_daemon_does_not_know_is_named():
    with pytest.raises(UsageError, match=r"knows no request 'fly'; if it runs an older version, restart it"):
        asyncio.run(Desk(None, None, None).perform("fly", {}))


BUGS = {
    "a wrong value": ValueError("seven is no colour"),
    "a missing key": KeyError("seven"),
    "a wrong type": TypeError("seven is no colour"),
    "a lost connection of its own": ConnectionResetError("seven"),
    "an answer that is no JSON": {("seven",): 1},
}


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_in_a_request_is_logged_and_told_as_one(tmp_path, caplog, bug):
    def answer(name, arguments):
        if isinstance(bug, Exception):
            raise bug
        return bug

    with (
        Opened(tmp_path / "news.db", answer),
        pytest.raises(AggregatorError, match="a bug of its own") as told,
    ):
        door.ask(tmp_path / "news.db", "echo", {})
    assert type(told.value) is AggregatorError
    assert "what is stored is safe" in str(told.value)
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (
        logging.CRITICAL,
        "a bug in request echo, please report it",
    )
    assert record.exc_info


def test_a_request_that_the_machine_has_too_little_for_is_told_so(tmp_path, caplog):
    def starved(name, arguments):
        raise MemoryError

    with Opened(tmp_path / "news.db", starved), pytest.raises(AggregatorError, match="not enough memory"):
        door.ask(tmp_path / "news.db", "echo", {})
    [record] = caplog.records
    assert record.levelno == logging.ERROR


SENT = {
    "nothing": b"",
    "half a request": b'{"name": "echo", ',
    "a request that takes long": b'{"name": "echo", "arguments": {}}\n',
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_a_door_that_closes_waits_for_nobody_and_says_so(tmp_path, caplog, sent):
    begun, may_end = threading.Event(), threading.Event()

    def slow(name, arguments):
        begun.set()
        may_end.wait(60)

    try:
        with Opened(tmp_path / "news.db", slow), socket.socket(socket.AF_UNIX) as last:
            channel = socket.socket(socket.AF_UNIX)
            for client in (channel, last):  # whoever is let in last shows that all before were
                client.connect(str(tmp_path / "news.db.door"))
            channel.sendall(sent)
            last.sendall(b"nonsense\n")
            last.makefile("rb").readline()
            if sent.endswith(b"\n"):
                assert begun.wait(60)
    finally:
        may_end.set()
    with channel:
        answer = json.loads(channel.makefile("rb").readline())
    assert answer["error"] == "StoreError"
    assert answer["message"].startswith("the daemon stops and did not finish the request")
    assert caplog.records == []


def test_a_correction_while_the_daemon_runs_is_made_by_the_daemon(demo_copy):
    command = [
        sys.executable,
        "-m",
        "aggregator",
        "--home",
        demo_copy,
        "--config",
        f"{FOLDER}/aggregator.toml",
    ]

    def run(*words: str) -> str:
        done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    daemon = subprocess.Popen([*command, "run"], stderr=subprocess.PIPE, text=True)
    try:
        assert daemon.stderr is not None
        assert any("start store=" in line for line in daemon.stderr)
        articles = re.findall(r"^(\d+)\t", run("search", "strait"), flags=re.MULTILINE)
        assert "stands for its story" in run("correct", "pin", articles[0])
        assert "in force" in run("correct", "list")
        run("correct", "undo", "1")
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=20) == os.EX_OK
        daemon.stderr.close()
