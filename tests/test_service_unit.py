"""The service unit: how much of the machine it leaves to the daemon, and that the daemon can live on that."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from tests.confined import UNIT, system_calls
from tests.fault_server import FaultServer
from tests.system.home import Feed, Home, rows
from tests.system.service import PATIENCE_SECONDS, wait_until
from tests.tools import require

EXPOSURE = 1.1
"""What is left: sockets of three families, on the host's network and in its root folder, which a daemon that polls the
world and stores below /var needs; and the clock device that ProtectClock= itself adds."""


@pytest.fixture(scope="module")
def analyze():
    return require("systemd-analyze", package="systemd")


def test_the_unit_leaves_the_daemon_no_more_than_it_needs(analyze):
    told = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    [exposure] = re.findall(r"Overall exposure level .*: ([\d.]+)", told)
    assert float(exposure) <= EXPOSURE, told


def test_without_memory_for_a_grouping_the_daemon_goes_on():
    assert "OOMPolicy=continue" in UNIT.read_text(encoding="utf-8").splitlines()


def test_the_daemon_polls_parses_and_ends_well_under_the_units_filters(analyze, tmp_path):
    allowed = system_calls()
    assert {"read", "clone3", "prlimit64"} <= allowed
    assert not {"setrlimit", "mount", "ptrace", "reboot", "setpriority"} & allowed
    with FaultServer() as server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_SECONDS)
        by_name = server.url("feed").replace("127.0.0.1", "localhost")
        home = Home(tmp_path).configure([Feed("Courier", url=by_name)])
        daemon = subprocess.Popen(
            [sys.executable, "-m", "tests.confined", *home.command("run")],
            cwd=UNIT.parents[1],
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "OPENBLAS_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert manager.recv(200) == b"READY=1"
            wait_until(lambda: rows(home.store, "SELECT count(*) FROM stories_by_day")[0][0] > 0)
        finally:
            daemon.send_signal(signal.SIGTERM)
            _, log = daemon.communicate()
    assert daemon.returncode == 0, log
    assert rows(home.store, "SELECT last_outcome FROM feed_health") == [("modified",)]
    assert "Traceback" not in log
