"""Rows E of the matrix: how the daemon ends, what limits others, and what is never told."""

import asyncio
import errno
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from datasette.app import Datasette
from starlette.testclient import TestClient

from aggregator.cli import run_command
from aggregator.clock import SystemClock
from aggregator.publish import files
from aggregator.store import open_store
from aggregator.web import build_app
from tests.fault_server import FaultServer, Reply
from tests.faults.killpoints import POINTS
from tests.faults.limits import limited, no_rights
from tests.faults.moments import NAMES_HANG, waiting_at
from tests.system.home import PROGRAM, Feed, Home, check, rows
from tests.system.service import PATIENCE_SECONDS, service, wait_until

ROOT = Path(__file__).parents[2]
DIGEST = '[[digests]]\ntopic = "world"\ntitle = "World"\nformats = ["markdown"]\nout = "digests"\n'


@pytest.fixture(scope="module")
def server():
    with FaultServer() as running:
        yield running


@pytest.fixture
def home(server, tmp_path):
    return Home(tmp_path).configure([Feed("Courier", url=server.url("feed"))], more=DIGEST)


@pytest.fixture
def told_yesterday(home, server):
    """A home with a story of yesterday, and that day."""
    day = datetime.now(UTC).date() - timedelta(days=1)  # noqa: TID251 - commands live by the real clock
    item = f"<item><title>Ferry strike ends</title><pubDate>{day:%d %b %Y} 12:00:00 GMT</pubDate></item>"
    server.answers["yesterday"] = Reply(body=f'<rss version="2.0"><channel>{item}</channel></rss>'.encode())
    more = DIGEST.replace("markdown", "hugo")
    home.configure([Feed("Courier", url=server.url("yesterday"))], more=more)
    assert limited(home, "poll", "--all", limit=no_rights).status == 0
    return home, day.isoformat()


def is_whole(home: Home) -> bool:
    """Whether every poll is stored with all that it counts, and nothing without one."""
    [(counted, there)] = rows(
        home.store,
        "SELECT (SELECT coalesce(sum(new_articles), 0) FROM polls), (SELECT count(*) FROM articles)",
    )
    return counted == there and check(home.store) == "ok"


# --- E1, E2: the end ---------------------------------------------------------------------------------

MOMENTS = (
    "headers",
    "a body",
    "a parser at work",
    "a poll's row",
    "half of the articles",
    "the validator",
    "the stories",
    "a checkpoint",
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_E1_told_to_stop_in_the_midst_of_work_it_ends_with_zero(home, moment):
    assert moment in POINTS
    with waiting_at(home, moment) as daemon:
        assert daemon.end() == 0
    assert is_whole(home)
    assert "Traceback" not in daemon.log
    assert daemon.log.splitlines()[-1].endswith("INFO stop")


def test_E1_a_name_server_that_never_answers_does_not_hold_up_the_end(tmp_path):
    home = Home(tmp_path).configure([Feed("Far", url="http://far.example/feed")])
    with waiting_at(home, NAMES_HANG) as daemon:
        os.kill(daemon.process.pid, signal.SIGTERM)
        daemon.process.join(PATIENCE_SECONDS)
        assert daemon.process.exitcode == 0
    assert is_whole(home)


STUCK = """
import sys, time
from aggregator import daemon
from aggregator.cli import run_command

async def stuck_for_ever(self):
    print("stuck", flush=True)
    time.sleep(10_000)

daemon.Daemon.poll = stuck_for_ever
sys.exit(run_command(sys.argv[1:]))
"""


def test_E2_a_loop_that_is_blocked_gives_no_sign_of_life_and_its_end_shows_where_it_stood(home):
    path, watchdog_seconds = home.folder / "notify", 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        daemon = subprocess.Popen(
            [sys.executable, "-c", STUCK, *home.command("run")[len(PROGRAM) :]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(path),
                "WATCHDOG_USEC": str(watchdog_seconds * 1_000_000),
                "PYTHONFAULTHANDLER": "1",  # as in our service unit
            },
        )
        assert daemon.stdout.readline() == "stuck\n"
        manager.settimeout(watchdog_seconds)
        with suppress(TimeoutError):  # which comes at last, when all is read that was said before
            while manager.recv(200):
                pass
        daemon.send_signal(signal.SIGABRT)  # which is what the unit has systemd do
        _, left = daemon.communicate()
    assert daemon.returncode == -signal.SIGABRT
    assert "stuck_for_ever" in left
    assert "PYTHONFAULTHANDLER=1" in (ROOT / "config/aggregator.service").read_text(encoding="utf-8")
    assert is_whole(home)


# --- E3, E4: configuration and log ---------------------------------------------------------------------


def test_E3_a_wrong_configuration_at_the_start_is_every_problem_and_status_2(home):
    home.config.write_text('[pol]\n\n[http]\nmax_body_bytes = "large"\n\n[[feeds]]\nname = "World"\n')
    ended = home.run("run")
    assert ended.returncode == 2
    for where in ("pol (line 1)", "http.max_body_bytes (line 4)", "feeds[1] (line 6)"):
        assert where in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not home.store.exists(), "nothing was begun"


def test_E3_a_secret_that_others_may_read_is_not_used_and_the_webhook_waits(told_yesterday, server):
    home, day = told_yesterday
    secret = home.folder / "hook"
    secret.write_text("a-secret\n")
    secret.chmod(0o644)
    with home.config.open("a") as config:
        config.write(f'webhook = {{ url = "{server.url("hook")}", secret_file = "hook" }}\n')
    assert limited(home, "digest", "--day", day, limit=no_rights).status == 0
    told = limited(home, "deliver", limit=no_rights)
    assert told.status == 1
    assert f"{secret} has mode 0644, others may read it; `chmod 600 {secret}` helps" in told.err
    assert rows(home.store, "SELECT state FROM outbox") == [("waiting",)]
    assert not any(request.path == "/hook" for request in server.requests)


TARGETS = {
    "a disk that is full": lambda: os.open("/dev/full", os.O_WRONLY),
    "a pipe that nobody reads": lambda: _write_end_of_a_closed_pipe(),
}


def _write_end_of_a_closed_pipe() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_E4_a_daemon_whose_log_goes_nowhere_polls_on(home, target):
    nowhere = target()
    daemon = subprocess.Popen(home.command("run"), stdout=nowhere, stderr=nowhere)
    os.close(nowhere)
    try:
        wait_until(lambda: home.store.exists() and rows(home.store, "SELECT count(*) FROM polls") == [(1,)])
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE_SECONDS) == 0
    finally:
        daemon.kill()
        daemon.wait()
    assert is_whole(home)


# --- E7: Datasette ---------------------------------------------------------------------------------------


def test_E7_a_query_without_end_is_ended_by_datasettes_time_limit(home):
    open_store(home.store).close()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    async def ask():
        datasette = Datasette([str(home.store)])
        await datasette.invoke_startup()
        return await datasette.client.get("/aggregator.json", params={"sql": endless})

    answer = asyncio.run(ask())
    assert answer.status_code == 400
    assert "SQL query took too long" in answer.text


def test_E7_an_enormous_value_ends_at_the_limit_that_the_readme_gives_the_process(home):
    open_store(home.store).close()
    [kilobytes] = re.findall(r"ulimit -v (\d+); datasette", (ROOT / "README.md").read_text(encoding="utf-8"))
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (int(kilobytes) * 1024,) * 2)
    enormous = "/aggregator.json?sql=select+hex(zeroblob(400000000))&_shape=array"
    done = subprocess.run(
        [sys.executable, "-m", "datasette", str(home.store), "--get", enormous],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert len(done.stdout) < 1_000_000
    assert "MemoryError" in done.stderr
    assert check(home.store) == "ok"


# --- E9: the digests' folder --------------------------------------------------------------------------


def bolt(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o555)


def lead_away(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    folder.mkdir()
    (folder / "hugo").symlink_to(folder.parent / "elsewhere")


def give_back(folder: Path) -> None:
    folder.unlink() if folder.is_file() else shutil.rmtree(folder)


REFUSALS = {
    "not writable": (bolt, "cannot be written: Permission denied"),
    "a file in its place": (Path.touch, "digests cannot be written: File exists"),
    "a link to elsewhere": (lead_away, "leads out of"),
}


@pytest.mark.parametrize(("prepare", "words"), REFUSALS.values(), ids=REFUSALS)
def test_E9_a_digest_that_cannot_be_written_is_one_sentence_and_made_when_it_can(
    told_yesterday, prepare, words
):
    home, day = told_yesterday
    folder = home.folder / "digests"
    prepare(folder)

    refused = limited(home, "digest", "--day", day, limit=no_rights)

    assert (refused.status, words in refused.err, refused.err.count("\n")) == (1, True, 1)
    assert rows(home.store, "SELECT count(*) FROM digest_log") == [(0,)]
    assert list(home.folder.rglob("*.tmp")) == [], "nothing half written is left"
    assert list(home.folder.glob("elsewhere/*")) == [], "nothing outside"
    give_back(folder)
    assert limited(home, "digest", "--day", day, limit=no_rights).status == 0
    assert rows(home.store, "SELECT count(*) > 0 FROM digest_log") == [(1,)]


def test_E9_a_disk_that_fills_up_half_way_through_a_file_leaves_nothing(told_yesterday, monkeypatch, capsys):
    home, day = told_yesterday

    def write_half(path: Path, body: bytes) -> None:
        path.write_bytes(body[: len(body) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(files, "_write_new", write_half)
    words = ["--config", str(home.config), "--home", str(home.folder), "digest", "--day", day]
    assert run_command(words) == 1
    assert "cannot be written: No space left on device" in capsys.readouterr().err
    assert [path for path in (home.folder / "digests").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert run_command(words) == 0


# --- E10, E11: secrets, dependencies --------------------------------------------------------------------------------------

MAIL, HOOK, ADDRESS, TOKEN = (
    "canary-mail-8f1",
    "canary-hook-2c7",
    "canary-address-5d3",
    "canary-page-token-9a4",
)
LEAP, LINK, FEED = "canary-leap-6b2", "canary-link-1e8", "canary-feed-3a5"
SECRETS = (MAIL, HOOK, ADDRESS, TOKEN, LEAP, LINK, FEED)
PAGES = (
    "/",
    "/feeds",
    "/digests",
    "/decisions",
    "/outlets",
    "/search?q=ferry",
    "/healthz",
    "/metrics",
    "/login",
)
COMMANDS = (
    ("poll", "--all", "--json"),
    ("digest",),
    ("deliver", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("health", "--json"),
    ("check-config",),
    ("feeds", "list", "--json"),
    ("feeds", "export", "{folder}/feeds.opml"),
    ("correct", "export"),
    ("show", "--json"),
    ("search", "ferry", "--json"),
    ("backup", "{folder}/backup.db"),
)


@pytest.fixture
def secretive(home, server, monkeypatch):
    """A home that has every secret one can give the program, or hear from a server."""
    server.answers["leap"] = Reply(302, (("Location", f"https://me:{LEAP}@127.0.0.1/feed"),))
    server.answers[ADDRESS] = Reply(500)
    item = f"<item><title>Ferry strike</title><link>https://me:{LINK}@courier.example/a</link></item>"
    server.answers["linked"] = Reply(body=f'<rss version="2.0"><channel>{item}</channel></rss>'.encode())
    monkeypatch.setenv("MAIL_PASSWORD", MAIL)
    monkeypatch.setenv("AGGREGATOR_TOKEN", TOKEN)
    (home.folder / "secret-hook").write_text(HOOK)
    (home.folder / "secret-hook").chmod(0o600)
    more = DIGEST + (
        f'webhook = {{ url = "{server.url(ADDRESS)}", secret_file = "secret-hook" }}\n'
        'email = { to = ["ann@readers.example"], sender = "n@courier.example", server = "127.0.0.1", port = 9,'
        ' security = "none", user = "news", password_env = "MAIL_PASSWORD" }\n'
    )
    feeds = [Feed(name, url=server.url(name)) for name in ("feed", "leap", "linked")]
    home.configure(feeds, more=more, tables={"log": {"level": "debug", "format": "json"}})
    return home


def everything_said(home: Home, capfd: pytest.CaptureFixture[str]) -> str:
    """What commands, the daemon and the page say."""
    place = ["--config", str(home.config), "--home", str(home.folder)]
    for command in COMMANDS:
        run_command([*place, *(word.format(folder=home.folder) for word in command)])
    with service(home) as running:
        running.wait_for("checkpoint")
        running.stop()
    said = ["".join(capfd.readouterr()), *running.log]
    with TestClient(build_app(home.app(SystemClock()), TOKEN), base_url="http://127.0.0.1:8765") as client:
        said += [client.get(page).text for page in PAGES]
    return "\n".join(said)


def test_E10_no_secret_is_in_anything_that_the_program_says_or_writes(secretive, server, capfd):
    home = secretive
    said = everything_said(home, capfd)
    assert said.lower().count("ferry") > 5, "all that was looked at has contents"
    assert f"/{ADDRESS}" in {request.path for request in server.requests}, "the webhook was tried"
    assert [state for (state,) in rows(home.store, "SELECT state FROM outbox")] == ["waiting"] * 2
    assert [secret for secret in SECRETS if secret in said] == []
    given = {home.config, home.folder / "secret-hook"}
    for path in home.folder.rglob("*"):
        if path.is_file() and path not in given:
            content = path.read_bytes()
            assert [secret for secret in SECRETS if secret.encode() in content] == [], path


def test_E10_a_password_in_a_feeds_address_is_refused_and_not_repeated(home):
    home.configure([Feed("Courier", url=f"https://me:{FEED}@courier.example/feed")])
    for command in ("check-config", "doctor", "run"):
        ended = home.run(command)
        assert ended.returncode != 0
        assert "user name or password" in ended.stdout + ended.stderr
        assert FEED not in ended.stdout + ended.stderr


def test_E11_every_dependency_has_a_lowest_version_that_can_be_tried():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["web"], *extras["parquet"]]
    lowest = (ROOT / "tests/lowest.sh").read_text(encoding="utf-8")
    [pattern] = re.findall(r're\.fullmatch\(r"(.*?)", wanted\)', lowest)
    assert [each for each in wanted if not re.fullmatch(pattern, each)] == []
    named = re.findall(r"tests/[\w/]+\.py", lowest)
    assert len(named) >= 15
    assert [test for test in named if not (ROOT / test).is_file()] == []
