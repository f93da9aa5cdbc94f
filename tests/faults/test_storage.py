"""Rows C5 to C15: what happens to the file, and what its user sees of it."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlite_utils

from aggregator import daemon
from aggregator.cli import run_command
from aggregator.clock import SystemClock
from aggregator.door import ask
from aggregator.errors import StoreError, StoreLocked
from aggregator.store import database, migrations, open_store, upkeep
from tests.fault_server import FaultServer, Reply
from tests.faults.killpoints import Death, open_newer
from tests.faults.limits import file_size, limited, no_rights
from tests.system.home import Feed, Home, check, dump, rows

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


DIGEST = '[[digests]]\ntopic = "world"\ntitle = "World"\nformats = ["markdown"]\nout = "digests"'


def feed_of(first: int, last: int) -> Reply:
    items = "".join(
        f"<item><title>Report {number} from the harbour of Aldermoor {'and beyond ' * 10}</title>"
        f"<link>https://courier.example/report-{number}</link></item>"
        for number in range(first, last)
    )
    return Reply(body=f'<rss version="2.0"><channel><title>C</title>{items}</channel></rss>'.encode())


@pytest.fixture(scope="module")
def server():
    with FaultServer() as running:
        yield running


@pytest.fixture(scope="module")
def polled(server, tmp_path_factory):
    """A home whose one feed has been polled once: twenty articles."""
    server.answers["courier"] = feed_of(0, 20)
    feeds = [Feed("Courier", url=server.url("courier"))]
    made = Home(tmp_path_factory.mktemp("polled")).configure(feeds, more=DIGEST)
    assert command(made, "poll", "--all") == 0
    server.answers["courier"] = feed_of(20, 60)
    return made


@pytest.fixture
def home(polled, tmp_path):
    """A copy of that home; its feed has forty new articles by now."""
    return Home(shutil.copytree(polled.folder, tmp_path / "home"))


def command(home: Home, *words: str) -> int:
    return run_command(["--config", str(home.config), "--home", str(home.folder), *words])


def articles(home: Home) -> int:
    return rows(home.store, "SELECT count(*) FROM articles")[0][0]


def sentence(captured: str) -> str:
    """The one line that a command wrote."""
    [line] = captured.strip().splitlines()
    assert "Traceback" not in line
    return line


# --- the disk --------------------------------------------------------------------------------------


def test_C5_a_limit_on_the_size_of_files_undoes_the_poll_and_loses_nothing(home):
    ended = limited(home, "poll", "--all", limit=file_size(40_000))  # of the log

    assert (ended.status, articles(home), check(home.store)) == (1, 20, "ok")
    assert "nothing of this write was stored" in sentence(ended.err)

    assert command(home, "poll", "--all") == 0
    assert articles(home) == 60


READ_ONLY = {
    "the file": (0o444, 0o755, "this user may read the database but not write it"),
    "the folder": (0o444, 0o555, "cannot be written by this user"),
}


@pytest.mark.parametrize(("file_mode", "folder_mode", "words"), READ_ONLY.values(), ids=READ_ONLY)
def test_C6_a_store_that_may_only_be_read_is_one_sentence(home, file_mode, folder_mode, words):
    home.store.with_name(f"{home.store.name}.lock").unlink()
    before = home.store.read_bytes()
    home.store.chmod(file_mode)
    home.folder.chmod(folder_mode)

    ended = limited(home, "poll", "--all", limit=no_rights)

    home.folder.chmod(0o755)
    assert ended.status == 1
    assert words in sentence(ended.err)
    assert home.store.read_bytes() == before


def overwrite(store, at, data):
    with store.open("r+b") as file:
        file.seek(at)
        file.write(data)


def damage_all_but_the_header(store):
    overwrite(store, 8192, b"\xa5" * (store.stat().st_size - 8192))


def make_anothers(store):
    store.unlink()
    connection = sqlite3.connect(store)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def leave_only_the_log(store):
    store.rename(store.with_name(f"{store.name}-wal"))


WRECKS = {
    "the header": (lambda store: overwrite(store, 0, b"\xff" * 100), "is damaged"),
    "the pages": (damage_all_but_the_header, "is damaged"),
    "the end is cut off": (lambda store: os.truncate(store, 8192 * 3 + 100), "is damaged"),
    "nothing is left": (lambda store: os.truncate(store, 0), "is empty, which a database never is"),
    "a text": (lambda store: store.write_text("These are my recipes. " * 999), "is damaged"),
    "another program's": (make_anothers, "belongs to another program"),
    "only the log is left": (leave_only_the_log, "its log aggregator.db-wal is still there"),
}


@pytest.mark.parametrize(("wreck", "words"), WRECKS.values(), ids=WRECKS)
def test_C7_a_damaged_file_is_one_sentence_and_stays_as_it_is(home, capsys, wreck, words):
    wreck(home.store)
    before = home.store.read_bytes() if home.store.exists() else None
    capsys.readouterr()

    assert command(home, "poll", "--all") == 1

    assert words in sentence(capsys.readouterr().err)
    assert (home.store.read_bytes() if home.store.exists() else None) == before


# --- others at the file ----------------------------------------------------------------------------


@contextmanager
def running(home, monkeypatch):
    """The daemon on a loop in a thread, its heart beating ten times a second; yields its task's end."""
    for name in ("TICK_SECONDS", "HEARTBEAT_SECONDS"):
        monkeypatch.setattr(daemon, name, 0.1)
    loop = asyncio.new_event_loop()
    monkeypatch.setattr(loop, "add_signal_handler", lambda number, call: handlers.update({number: call}))
    handlers, ended = {}, []

    def live():
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(daemon.run_daemon(home.app(SystemClock())))
        except StoreError as error:
            ended.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        wait_until(lambda: signal.SIGTERM in handlers and healthy(home))
        yield thread, ended
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(handlers[signal.SIGTERM])
        thread.join()


def healthy(home: Home) -> bool:
    try:
        return bool(ask(home.store, "health", {}, timeout_seconds=5))
    except StoreError:
        return False


def wait_until(is_so) -> None:
    pause = threading.Event()
    for _ in range(6000):
        if is_so():
            return
        pause.wait(0.02)
    raise AssertionError("it has not come about")


def replace_with_a_copy(store):
    copy = store.with_suffix(".copy")
    copy.write_bytes(store.read_bytes())
    copy.replace(store)


LOST = {
    "the file is deleted": lambda store: store.unlink(),
    "the file is replaced": replace_with_a_copy,
    "the log is deleted": lambda store: store.with_name(f"{store.name}-wal").unlink(),
}


@pytest.mark.parametrize("take", LOST.values(), ids=LOST)
def test_C8_a_file_or_log_that_is_taken_away_stops_the_daemon(home, monkeypatch, take):
    with running(home, monkeypatch) as (thread, ended):
        take(home.store)
        thread.join(60)
    assert "was moved, replaced or deleted while being written" in str(ended[0])


def test_C9_of_two_daemons_the_second_leaves_and_the_first_goes_on(home, monkeypatch, capsys):
    with running(home, monkeypatch) as (_, ended):
        assert command(home, "run") == 1
        assert f"is being written by process {os.getpid()}" in capsys.readouterr().err
        assert healthy(home)
    assert ended == []


def test_C9_of_many_starts_at_once_one_becomes_the_writer(tmp_path):
    opened, refused, start = [], [], threading.Barrier(8)

    def open_it():
        start.wait()
        try:
            opened.append(open_store(tmp_path / "news.db"))
        except StoreLocked as error:
            refused.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(opened), len(refused)) == (1, 7)
    opened[0].close()
    assert check(tmp_path / "news.db") == "ok"


@contextmanager
def foreign_writer(home: Home):
    """A shell that has begun to write and does not end."""
    shell = sqlite3.connect(home.store, isolation_level=None, check_same_thread=False)
    shell.execute("BEGIN IMMEDIATE")
    try:
        yield shell
    finally:
        shell.close()


def test_C10_a_write_waits_for_a_lock_that_ends(home):
    with foreign_writer(home) as shell:
        timer = threading.Timer(0.3, shell.execute, ["ROLLBACK"])
        timer.start()
        assert command(home, "poll", "--all") == 0
        timer.join()
    assert articles(home) == 60


def test_C10_a_lock_that_stays_is_one_sentence(home, monkeypatch, capsys):
    monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 100)
    with foreign_writer(home):
        assert command(home, "poll", "--all") == 1
    assert "another program holds a lock on the database" in sentence(capsys.readouterr().err)
    assert articles(home) == 20


def test_C10_the_daemon_outlives_the_lock(home, monkeypatch, caplog):
    monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 50)

    def beats():
        return rows(home.store, "SELECT beat_at FROM heartbeat")

    with running(home, monkeypatch) as (_, ended):
        with foreign_writer(home):
            wait_until(lambda: "is tried again" in caplog.text)
        before = beats()  # none, if the lock was there first
        wait_until(lambda: beats() > before)
    assert ended == []


def test_C10_a_reload_waits_for_the_lock_to_end(home, monkeypatch, caplog):
    monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 50)
    monkeypatch.setattr(daemon, "RETRY_SECONDS", 0.02)
    home.configure([Feed("Gazette", url="http://127.0.0.1:9/feed")], more=DIGEST)
    before = home.app(SystemClock())

    async def reload(store) -> None:
        with foreign_writer(home):
            taking = asyncio.create_task(daemon._take_up(before, store, asyncio.Event()))
            while "reload waits: nothing of this write was stored" not in caplog.text:
                await asyncio.sleep(0.02)
        await taking

    with open_store(home.store) as store:
        asyncio.run(reload(store))
    assert ("Gazette",) in rows(home.store, "SELECT name FROM feed_health")


def test_C11_a_long_reading_lets_the_log_grow_and_doctor_says_so(home, monkeypatch, capsys):
    monkeypatch.setattr("aggregator.doctor.storage._LARGE_WAL_BYTES", 100_000)
    with sqlite3.connect(home.store, isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM articles").fetchone()
        assert command(home, "poll", "--all") == 0
        command(home, "doctor")
        assert "somebody has been reading for a long time" in " ".join(capsys.readouterr().out.split())
        reader.execute("COMMIT")
    reader.close()

    with open_store(home.store) as store:
        store.maintain(upkeep.checkpoint)
    assert not home.store.with_name(f"{home.store.name}-wal").exists()


BESIDE_A_DAEMON = {
    "poll --all": 1,  # it is told who holds the file
    "digest --day 2026-01-06": 0,
    "recluster --from 2026-01-06 --to 2026-01-06": 0,
    "show": 0,
    "search harbour": 0,
    "why 1": 0,
    "feeds list": 0,
    "doctor": None,
    "backup copy.db": 0,
}


def test_C12_there_is_one_connection_that_may_write_whatever_is_done_beside_the_daemon(home, monkeypatch):
    opened = []
    connect = sqlite3.connect

    def noted(target, *arguments, **named):
        opened.append(str(target))
        return connect(target, *arguments, **named)

    monkeypatch.chdir(home.folder)
    monkeypatch.setattr(sqlite3, "connect", noted)
    with running(home, monkeypatch) as (_, ended):
        statuses = {words: command(home, *words.split()) for words in BESIDE_A_DAEMON}

    assert ended == []
    assert [words for words, status in BESIDE_A_DAEMON.items() if status not in (None, statuses[words])] == []
    writing = f"{home.store.as_uri()}?mode=rw"
    assert opened.count(writing) == 1
    for target in set(opened) - {writing}:
        assert target.endswith("?mode=ro") or ".copy.db" in target, target


# --- what commits, and when ------------------------------------------------------------------------


def test_C13_helpers_of_sqlite_utils_commit_nothing_inside_a_write(home):
    def write(connection):
        db = sqlite_utils.Database(connection, execute_plugins=False)
        with db.atomic():
            db["closed_days"].insert_all(
                {"day": f"2026-02-{day:02}", "timezone": "UTC", "closed_at": "now"} for day in range(1, 29)
            )
        seen.append(rows(home.store, "SELECT count(*) FROM closed_days"))
        raise ValueError("half way")

    seen = []
    with open_store(home.store) as store, pytest.raises(ValueError, match="half way"):
        store.write(write)
    assert [*seen, rows(home.store, "SELECT count(*) FROM closed_days")] == [[(0,)], [(0,)]]


MIGRATION = """
CREATE TABLE recipes (name TEXT NOT NULL) STRICT;
INSERT INTO recipes SELECT headline FROM articles;
UPDATE articles SET summary = 'migrated';
"""
KILLED_AT = {
    "its first statement": Death("a schema half made", 1),
    "its third statement": Death("a schema half made", 4),
    "its end, without the version": Death("a schema made, without its version"),
}


def migrate_in_a_fork(store, death):
    """Open the store with a program that knows one migration more; return the exit code."""
    fork = multiprocessing.get_context("forkserver").Process
    process = fork(target=open_newer, args=(store, MIGRATION, death))
    process.start()
    process.join()
    return process.exitcode


@pytest.mark.parametrize("death", KILLED_AT.values(), ids=KILLED_AT)
def test_C14_a_killed_migration_is_done_whole_by_the_next_start(home, death):
    assert migrate_in_a_fork(home.store, death) == -signal.SIGKILL

    assert check(home.store) == "ok"
    assert rows(home.store, "SELECT count(*) FROM articles WHERE summary = 'migrated'")[0][0] in (0, 20)

    assert migrate_in_a_fork(home.store, Death()) == 0
    [(version,)] = rows(home.store, "PRAGMA user_version")
    assert version == migrations.SCHEMA_VERSION + 1
    assert rows(home.store, "SELECT count(*) FROM recipes") == [(20,)]


def test_C14_a_file_of_a_newer_version_is_refused_and_left_alone(home, capsys):
    assert migrate_in_a_fork(home.store, Death()) == 0
    before = home.store.read_bytes()
    assert command(home, "poll", "--all") == 1
    assert "was written by a newer version" in sentence(capsys.readouterr().err)
    assert home.store.read_bytes() == before


def test_C15_a_backup_restored_elsewhere_is_the_same_to_the_row_and_goes_on(home, tmp_path, server):
    assert command(home, "backup", str(tmp_path / "copy.db")) == 0
    elsewhere = Home(tmp_path / "elsewhere").configure([Feed("Courier", url=server.url("courier"))])
    (tmp_path / "copy.db").rename(elsewhere.store)

    assert dump(elsewhere.store) == dump(home.store)
    assert check(elsewhere.store) == "ok"
    for each in (home, elsewhere):
        assert command(each, "poll", "--all") == 0
    headlines = "SELECT key, headline FROM articles ORDER BY key"
    assert rows(elsewhere.store, headlines) == rows(home.store, headlines)
    assert articles(elsewhere) == 60
