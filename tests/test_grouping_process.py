"""Grouping in a process of its own comes to the same, and whatever happens to it, nothing is lost and the store goes on."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from aggregator.errors import Shortage, StoreError, StoreFull, StoreLocked
from aggregator.pipeline import correcting
from aggregator.pipeline.grouper import Grouper
from aggregator.pipeline.grouping_process import GroupingProcess
from aggregator.store import days, open_store
from tests.doomed_grouping import DOOMED
from tests.system.home import check
from tests.system.paper import Paper, open_paper
from tests.system.service import wait_until

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEADLINES = (
    "Ferry runs aground off Vennhavn, 40 taken ashore",
    "Forty taken ashore as ferry runs aground off Vennhavn",
    "Tallis parliament votes down the harbour tax",
    "Harbour tax voted down by parliament in Tallis",
    "Glassworkers of Ombra end their strike",
)
TABLES = (
    "SELECT * FROM story_members ORDER BY article_id",
    "SELECT * FROM story_days ORDER BY day, story_id",
    "SELECT * FROM decisions ORDER BY article_id, partner_article_id",
    "SELECT day, language, changes FROM days ORDER BY day, language",
)


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    with open_paper(tmp_path) as paper:
        hear(paper)
        yield paper


def hear(paper: Paper, headlines: tuple[str, ...] = HEADLINES) -> None:
    for number, headline in enumerate(headlines):
        paper.hear(NOON, headline, outlet=f"Courier{number}")


def tables(paper: Paper) -> list[object]:
    return [paper.rows(query) for query in TABLES]


def days_to_group(paper: Paper) -> int:
    return len(paper.rows("SELECT day FROM days WHERE changes > 0"))


def state_of(pid: int) -> str:
    """As in /proc: T for one that was stopped, Z for one that has ended; the latter also for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


# --- the same ---------------------------------------------------------------------------------------


def live(paper: Paper, grouper: Grouper) -> list[list[object]]:
    """Polls, a correction and a rebuild, and what the tables are after each."""
    states = []
    hear(paper, HEADLINES[:3])
    assert grouper.regroup(paper.settings, NOON).days == 1
    states.append(tables(paper))
    hear(paper, HEADLINES[3:])
    assert grouper.regroup(paper.settings, NOON).headlines == len(HEADLINES)
    states.append(tables(paper))
    assert grouper.regroup(paper.settings, NOON).days == 0, "nothing has changed"
    correcting.apply_correction(grouper, correcting.split(1, 2), paper.settings, NOON)
    states.append(tables(paper))
    correcting.undo(grouper, 1, paper.settings, NOON)
    changes = grouper.recluster_days(paper.settings, NOON, first=NOON.date(), last=NOON.date())
    assert changes == [], "it is grouped by the same rules already"
    return [*states, tables(paper)]


def test_another_process_comes_to_the_same(tmp_path):
    with open_paper(tmp_path / "here") as paper:
        here = live(paper, paper.grouper)
    with open_paper(tmp_path / "there? 100% #1") as paper, GroupingProcess(paper.store) as grouper:
        assert grouper.pid is None, "none is started before there is something to group"
        there = live(paper, grouper)
        pid = grouper.pid
        assert pid is not None
        assert pid != os.getpid()
    assert there == here
    assert state_of(pid) == "Z"


def test_what_goes_wrong_there_is_told_in_the_same_words(paper):
    paper.store.write(lambda connection: connection.execute("DROP TABLE ledger"))
    with GroupingProcess(paper.store) as grouper, pytest.raises(sqlite3.OperationalError) as there:
        grouper.regroup(paper.settings, NOON)
    with pytest.raises(sqlite3.OperationalError) as here:
        paper.grouper.regroup(paper.settings, NOON)
    assert str(there.value) == str(here.value)
    assert there.value.sqlite_errorcode == here.value.sqlite_errorcode


# --- misfortunes ------------------------------------------------------------------------------------

MISFORTUNES = {
    "killed while it compares": (
        "before_comparing",
        "killed",
        Shortage,
        "was killed, most likely for lack of memory; what was polled is stored",
    ),
    "killed while it writes": ("while_writing", "killed", Shortage, "was killed, most likely"),
    "killed in its answer": ("before_comparing", "killed_in_its_answer", Shortage, "was killed, most likely"),
    "ended by another signal": (
        "before_comparing",
        "told_to_end",
        Shortage,
        "was ended by SIGUSR1; what was polled is stored",
    ),
    "ended by a library": (
        "before_comparing",
        "gives_up",
        Shortage,
        "ended with status 3; what was polled is stored",
    ),
    "a bug before it writes": ("before_comparing", "mistaken", ValueError, "seven is no colour"),
    "a bug while it writes": ("while_writing", "mistaken", ValueError, "seven is no colour"),
    "a bug that cannot be read here": (
        "before_comparing",
        "mistaken_in_two_words",
        RuntimeError,
        r"(?s)in mistaken_in_two_words.*seven is no colour",
    ),
    "a bug at its start": ("at_its_start", "mistaken", ValueError, "seven is no colour"),
    "no threads at its start": (
        "at_its_start",
        "threadless",
        Shortage,
        "no grouping process could be started: no more threads may run; what is stored is safe",
    ),
    "no memory": ("before_comparing", "starved", Shortage, "there is not enough memory"),
    "no room": ("on_a_full_disk", "killed", StoreFull, "nothing of this write was stored"),
}


@pytest.mark.parametrize(("place", "doom", "error", "words"), MISFORTUNES.values(), ids=MISFORTUNES)
def test_what_happens_to_it_is_told_and_the_next_one_groups(
    paper, tmp_path, monkeypatch, place, doom, error, words
):
    there = tmp_path / "there"
    for name, value in (("PLACE", place), ("DOOM", doom), ("DOOMED", str(there))):
        monkeypatch.setenv(name, value)
    if place == "on_a_full_disk":
        there.touch()
    untouched = tables(paper)
    with GroupingProcess(paper.store, DOOMED) as grouper:
        with pytest.raises(error, match=words):
            grouper.regroup(paper.settings, NOON)
        assert tables(paper) == untouched, "nothing is stored by halves"
        assert days_to_group(paper) == 1
        paper.hear(NOON, "Lighthouse at Cape Brevan goes dark", outlet="Courier")
        if place == "on_a_full_disk":
            there.unlink()
        assert grouper.regroup(paper.settings, NOON).headlines == len(HEADLINES) + 1
    assert days_to_group(paper) == 0
    assert check(paper.store.path) == "ok"


def test_a_correction_of_a_closed_day_is_carried_out_by_the_next_one(paper, tmp_path, monkeypatch):
    paper.regroup(NOON)
    paper.store.write(partial(days.close_day, day=NOON.date(), timezone="UTC", now=NOON))
    for name, value in (
        ("PLACE", "before_comparing"),
        ("DOOM", "killed"),
        ("DOOMED", str(tmp_path / "there")),
    ):
        monkeypatch.setenv(name, value)
    with GroupingProcess(paper.store, DOOMED) as grouper:
        with pytest.raises(Shortage, match="was killed"):
            correcting.apply_correction(grouper, correcting.join(1, 3), paper.settings, NOON)
        assert grouper.regroup(paper.settings, NOON).conflicts == ()
    stories = dict(paper.rows("SELECT article_id, story_id FROM story_members"))
    assert stories[1] == stories[3]
    assert days_to_group(paper) == 0


def test_a_bug_is_told_with_the_place_where_it_happened(paper, tmp_path, monkeypatch):
    for name, value in (
        ("PLACE", "while_writing"),
        ("DOOM", "mistaken"),
        ("DOOMED", str(tmp_path / "there")),
    ):
        monkeypatch.setenv(name, value)
    with GroupingProcess(paper.store, DOOMED) as grouper, pytest.raises(ValueError, match="seven") as raised:
        grouper.regroup(paper.settings, NOON)
    [note] = raised.value.__notes__
    assert "doomed_grouping.py" in note


def test_one_that_cannot_be_started_is_a_shortage(paper, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with GroupingProcess(paper.store) as grouper, pytest.raises(Shortage, match="no grouping process could"):
        grouper.regroup(paper.settings, NOON)
    assert days_to_group(paper) == 1


def test_told_to_stop_with_all_of_the_service_it_goes_on_until_the_daemon_has_ended_it(paper):
    with GroupingProcess(paper.store) as grouper:
        grouper.regroup(paper.settings, NOON)
        pid = grouper.pid
        assert pid is not None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, number)
        paper.hear(NOON, "Lighthouse at Cape Brevan goes dark", outlet="Courier")
        assert grouper.regroup(paper.settings, NOON).days == 1
        assert grouper.pid == pid


def test_one_that_was_killed_while_it_had_nothing_to_do_is_missed_by_nobody(paper, caplog):
    with GroupingProcess(paper.store) as grouper:
        grouper.regroup(paper.settings, NOON)
        pid = grouper.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        paper.hear(NOON, "Lighthouse at Cape Brevan goes dark", outlet="Courier")
        assert grouper.regroup(paper.settings, NOON).days == 1
    [said] = caplog.messages
    assert said.startswith("the grouping process was killed, most likely for lack of memory;")


# --- beside the store -------------------------------------------------------------------------------


@pytest.fixture
def waiting(paper, tmp_path, monkeypatch) -> Iterator["Waiting"]:
    monkeypatch.setenv("DOOM", "waits")
    monkeypatch.setenv("DOOMED", str(tmp_path / "there"))
    with GroupingProcess(paper.store, DOOMED) as grouper, ThreadPoolExecutor(1) as executor:
        yield Waiting(paper, grouper, executor, tmp_path / "there", monkeypatch)
        grouper.close()


class Waiting:
    """A grouping that has come to a place and stays there."""

    def __init__(self, paper, grouper, executor, there, monkeypatch) -> None:
        self.paper, self.grouper = paper, grouper
        self._executor, self._there, self._monkeypatch = executor, there, monkeypatch

    def begin(self, place: str) -> "Future[object]":
        self._monkeypatch.setenv("PLACE", place)
        asked = self._executor.submit(self.grouper.regroup, self.paper.settings, NOON)
        wait_until(self._there.exists)
        return asked


def test_while_it_compares_the_store_writes_what_is_polled(waiting):
    waiting.begin("before_comparing")
    before = waiting.paper.rows("SELECT count(*) FROM articles")
    waiting.paper.hear(NOON, "Lighthouse at Cape Brevan goes dark", outlet="Courier")
    assert waiting.paper.rows("SELECT count(*) FROM articles") != before


def test_while_it_writes_the_store_waits_and_what_was_polled_comes_after(waiting):
    waiting.begin("while_writing")
    polled = threading.Thread(
        target=waiting.paper.hear, args=(NOON, "Lighthouse at Cape Brevan goes dark"), daemon=True
    )
    polled.start()
    polled.join(0.2)
    assert polled.is_alive()
    waiting.grouper.close()
    polled.join(60)
    assert not polled.is_alive()
    assert waiting.paper.rows("SELECT count(*) FROM articles") == [(len(HEADLINES) + 1,)]
    assert waiting.paper.rows("SELECT count(*) FROM story_members") == [(0,)], "it was undone"


@pytest.mark.parametrize("place", ["before_comparing", "while_writing"])
def test_a_daemon_that_stops_waits_for_no_grouping(waiting, place):
    asked = waiting.begin(place)
    waiting.grouper.close()
    with pytest.raises(Shortage, match="was killed"):
        asked.result(60)
    with pytest.raises(StoreError, match="is closed already"):
        waiting.grouper.regroup(waiting.paper.settings, NOON)


# --- another file in its place -----------------------------------------------------------------------


def put_a_copy_in_its_place(path: Path) -> None:
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.replace(path)


TAKEN = {
    "moved": lambda path: path.rename(f"{path}.moved"),
    "replaced": put_a_copy_in_its_place,
    "deleted": Path.unlink,
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_nothing_is_begun_on_a_file_that_is_not_the_stores(paper, take):
    take(paper.store.path)
    with GroupingProcess(paper.store) as grouper:
        with pytest.raises(StoreError, match="was moved, replaced or deleted while being written"):
            grouper.regroup_days([], paper.settings, NOON)
        assert grouper.pid is None


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("at_its_start", "cannot be opened as a database"),
        ("before_comparing", "was moved, replaced or deleted while being written"),
    ],
)
def test_a_file_that_is_moved_meanwhile_is_not_written_and_none_is_made_in_its_place(
    paper, tmp_path, monkeypatch, place, words
):
    for name, value in (
        ("PLACE", place),
        ("DOOM", "moves_the_store"),
        ("DOOMED", str(tmp_path / "there")),
    ):
        monkeypatch.setenv(name, value)
    with GroupingProcess(paper.store, DOOMED) as grouper, pytest.raises(StoreError, match=words):
        grouper.regroup(paper.settings, NOON)
    assert not paper.store.path.exists()
    stored = "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM story_members)"
    [found] = paper.store.write(lambda connection: connection.execute(stored).fetchall())
    assert tuple(found) == (len(HEADLINES), 0)


# --- without its daemon -----------------------------------------------------------------------------

DAEMON = """
import sys
from pathlib import Path
from datetime import datetime
from aggregator.pipeline.grouping_process import GroupingProcess
from aggregator.settings import Settings
from aggregator.store import open_store

with open_store(Path(sys.argv[1])) as store, GroupingProcess(store, sys.argv[2]) as grouper:
    grouper.regroup(Settings(), datetime.fromisoformat(sys.argv[3]))
"""


def test_it_ends_with_its_daemon_and_holds_the_lock_until_then(tmp_path, monkeypatch):
    with open_paper(tmp_path) as paper:
        hear(paper)
    there = tmp_path / "there"
    for name, value in (("PLACE", "while_writing"), ("DOOM", "waits"), ("DOOMED", str(there))):
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-c", DAEMON, str(paper.store.path), DOOMED, NOON.isoformat()]
    with subprocess.Popen(command) as daemon:
        wait_until(there.exists)
        [child] = map(int, Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split())
        os.kill(child, signal.SIGSTOP)
        wait_until(lambda: state_of(child) == "T")
        daemon.kill()
        daemon.wait()
    with pytest.raises(StoreLocked, match=f"what process {daemon.pid} left behind, and that is ending"):
        open_store(paper.store.path)
    os.kill(child, signal.SIGCONT)
    wait_until(lambda: state_of(child) == "Z")
    with open_store(paper.store.path) as store:
        assert check(store.path) == "ok"
        assert Paper(tmp_path, paper.settings, store).rows("SELECT count(*) FROM story_members") == [(0,)]
