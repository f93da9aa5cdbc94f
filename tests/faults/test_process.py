"""Rows E of the matrix that need a process of their own: too little of what a process lives on."""

import asyncio
import errno
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from aggregator.clock import SystemClock
from aggregator.daemon import Daemon, Job, _Runner
from aggregator.errors import Shortage, StoreBusy
from aggregator.health import Pulse
from aggregator.model import Failure, FailureKind, FeedState, ParsedFeed
from aggregator.parse import ParserPool
from aggregator.shortage import FEWEST_FILES, shortage_of
from aggregator.signals import Orders
from aggregator.store import open_reader, open_store
from aggregator.store.feeds import load_feeds
from tests.fault_server import FEED, FaultServer
from tests.faults.limits import limited
from tests.system.home import Feed, Home, check, rows

FEEDS = 12
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    with FaultServer() as server:
        feeds = [Feed(f"Feed {number}", url=server.url("feed", number=number)) for number in range(FEEDS)]
        yield Home(tmp_path).configure(feeds)


def outcomes(home: Home) -> list[str]:
    return [str(outcome) for (outcome,) in rows(home.store, "SELECT last_outcome FROM feed_health")]


def bound(kind: int, value: int) -> partial[None]:
    return partial(resource.setrlimit, kind, (value, value))


@contextmanager
def no_file_left():
    """Within the block this process can open no file: its limit is the next number it would get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


MAPPED = """
import ctypes
import sys
from contextlib import nullcontext
from aggregator.shortage import give_memory_back, memory_kept

give_memory_back()
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]


def heap():
    maps = [line.split()[0].split("-") for line in open("/proc/self/maps") if "[heap]" in line]
    return [range(int(first, 16), int(last, 16)) for first, last in maps]


def is_of_the_heap(block):
    return any(block in part for part in heap())


def heap_bytes():
    return sum(map(len, heap()))


library.free(library.malloc(16_000_000))  # by itself, glibc would keep every later block that is smaller
before = heap_bytes()
with memory_kept() if sys.argv[1] == "kept" else nullcontext():
    block = library.malloc(2_000_000)
    told = is_of_the_heap(block)
    library.free(block)
    print(told, heap_bytes() - before > 1_000_000)
block = library.malloc(2_000_000)
print(is_of_the_heap(block), heap_bytes() - before > 1_000_000)
"""


@pytest.mark.parametrize(
    ("when", "meanwhile"),
    [("always", "False False"), ("kept", "True True")],
    ids=["block by block", "at the end of what keeps it"],
)
def test_E5_what_a_process_has_freed_is_given_back(when, meanwhile):
    done = subprocess.run([sys.executable, "-c", MAPPED, when], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [meanwhile, "False False"]


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
    done = subprocess.run(
        home.command("poll", "--all"),
        capture_output=True,
        text=True,
        preexec_fn=bound(limit, value),
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert len(outcomes(home)) == FEEDS
    assert set(outcomes(home)) <= {"modified", "temporary", "hard"}
    assert check(home.store) == "ok"


@pytest.mark.parametrize("command", ["poll", "run", "resolve"])
def test_E5_work_with_hopelessly_few_files_is_refused_in_one_sentence(home, command):
    ended = limited(home, command, limit=bound(resource.RLIMIT_NOFILE, FEWEST_FILES - 8))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("only 24 files may be open at once, 32 are needed; what is stored is safe")
    assert "LimitNOFILE=" in ended.err


def test_E5_the_soft_limit_of_files_is_no_limit(home):
    softened = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (FEWEST_FILES - 8, 256))
    assert limited(home, "poll", limit=softened).status == 0
    assert outcomes(home) == ["modified"] * FEEDS


def test_E5_a_feed_without_a_file_for_its_connection_is_a_row_that_says_so(tmp_path):
    """Sixty servers that say nothing hold sixty connections, as far as there are files for them."""
    with FaultServer() as server:
        feeds = [Feed(f"Feed {number}", url=server.url("silent", number=number)) for number in range(60)]
        tables = {"poll": {"max_concurrent": 60, "max_per_host": 60}, "http": {"total_timeout_seconds": 6}}
        home = Home(tmp_path).configure(feeds, tables=tables)
        ended = limited(home, "poll", limit=bound(resource.RLIMIT_NOFILE, 40))
    assert (
        ended.err == "no feed could be read; what is stored is untouched, `aggregator feeds list` says why\n"
    )
    kinds = rows(home.store, "SELECT failure, count(*) FROM polls GROUP BY failure ORDER BY failure")
    assert [kind for kind, _ in kinds] == ["shortage", "timeout"]
    assert set(outcomes(home)) == {"temporary"}, "no feed is to blame"


def test_E5_a_parser_that_cannot_be_started_is_no_fault_of_the_document():
    async def life() -> None:
        async with ParserPool(workers=1) as pool:
            parse = partial(
                pool.parse,
                FEED,
                content_type=None,
                feed_url="https://feed.example/rss",
                google_hosts=frozenset(),
                now=NOW,
            )
            with no_file_left():
                answer = await parse()
            assert isinstance(answer, Failure)
            assert answer.kind is FailureKind.SHORTAGE
            assert "no parser process could be started: too many files are open" in answer.message
            assert isinstance(await parse(), ParsedFeed)

    asyncio.run(life())


ERRORS = {
    "files of the process": (OSError(errno.EMFILE, "Too many open files"), "LimitNOFILE="),
    "files of the machine": (OSError(errno.ENFILE, "Too many open files in system"), "this machine"),
    "memory for a process": (OSError(errno.ENOMEM, "Cannot allocate memory"), "MemoryMax="),
    "memory": (MemoryError(), "MemoryMax="),
    "threads": (RuntimeError("can't start new thread"), "TasksMax="),
}


@pytest.mark.parametrize(("error", "words"), ERRORS.values(), ids=ERRORS)
def test_E5_a_shortage_says_what_is_safe_and_what_to_do(error, words):
    sentence = str(shortage_of(error))
    assert words in sentence
    assert "what is stored is safe" in sentence


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOENT, "no such file"), RuntimeError("a bug"), ValueError()]
)
def test_E5_any_other_error_is_none(error):
    assert shortage_of(error) is None


def load_all(path: Path) -> list[FeedState]:
    with open_reader(path) as connection:
        return load_feeds(connection)


def test_E5_a_database_without_a_file_for_it_is_not_taken_for_a_foreign_one(tmp_path):
    path = tmp_path / "aggregator.db"
    open_store(path).close()
    with no_file_left(), pytest.raises(StoreBusy, match="too many files are open in this process"):
        load_all(path)
    with no_file_left(), pytest.raises(Shortage, match="too many files are open in this process"):
        open_store(path)


def test_E5_a_job_of_the_daemon_that_met_a_shortage_is_tried_again(home, caplog):
    app, pulse = home.app(SystemClock()), Pulse(SystemClock(), os.getpid())
    pulse.expect("poll", 15)

    async def life() -> None:
        async with app.stages(store) as stages:
            runner = _Runner(Daemon(app, stages, pulse), Orders())
            for error in (OSError(errno.EMFILE, "Too many open files"), StoreBusy("no file left")):
                await runner.do(Job("poll", partial(_fail, error), 15))
            await runner.do(Job("poll", Daemon(app, stages, pulse).poll, 15))

    with app.store() as store:
        asyncio.run(life())
    said = [record.getMessage() for record in caplog.records if "job poll" in record.getMessage()]
    assert len(said) == 2
    assert all("is tried again" in line for line in said)
    assert outcomes(home) == ["modified"] * FEEDS


async def _fail(error: Exception) -> None:
    raise error
