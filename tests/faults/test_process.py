"""Rows E of the matrix that need a process of their own: too little of what a process lives on."""

import resource
import subprocess
from pathlib import Path

import pytest

from tests.fault_server import FaultServer
from tests.system.home import Feed, Home, check, rows

FEEDS = 12


@pytest.fixture
def home(tmp_path):
    with FaultServer() as server:
        feeds = [Feed(f"Feed {number}", url=server.url("feed", number=number)) for number in range(FEEDS)]
        yield Home(tmp_path).configure(feeds)


def outcomes(home: Home) -> list[str]:
    return [str(outcome) for (outcome,) in rows(home.store, "SELECT last_outcome FROM feed_health")]


def test_E4_a_log_that_cannot_be_written_stops_no_poll(home):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(home.command("poll", "--all"), stdout=full, stderr=full, check=False)
    assert outcomes(home) == ["modified"] * FEEDS
    assert done.returncode in (0, 1), "1 where the lines that were asked for cannot be printed"


LIMITS = {
    "file descriptors": (resource.RLIMIT_NOFILE, 40),
    "memory": (resource.RLIMIT_AS, 1_500_000_000),
}


@pytest.mark.parametrize(("limit", "value"), LIMITS.values(), ids=LIMITS)
def test_E5_with_too_little_of_it_feeds_fail_one_by_one_or_not_at_all(home, limit, value):
    def bound() -> None:
        resource.setrlimit(limit, (value, value))

    done = subprocess.run(
        home.command("poll", "--all"), capture_output=True, text=True, preexec_fn=bound, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert len(outcomes(home)) == FEEDS
    assert set(outcomes(home)) <= {"modified", "temporary", "hard"}
    assert check(home.store) == "ok"
