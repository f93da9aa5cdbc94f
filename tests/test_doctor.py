"""The check-up: what it says of given facts, and that it says it of a real home, whatever is wrong there."""

import json
import re
import sqlite3
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.cli import run_command
from aggregator.demo import FOLDER
from aggregator.doctor import Finding, Level, library_findings
from aggregator.doctor.environment import Environment, environment_findings
from aggregator.doctor.finding import size_text, span_text
from aggregator.doctor.libraries import FLOORS, installed_libraries
from aggregator.doctor.storage import StoreFacts, storage_findings
from aggregator.doctor.work import OverdueDigest, WorkFacts, work_findings
from aggregator.health import Answer, Health
from aggregator.model import FeedHealth, FeedState, StoreFigures
from aggregator.store import open_store

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
GB = 1_000_000_000

SOUND = Environment(
    now=NOW,
    timezone="Europe/Berlin",
    python="3.13.9",
    sqlite="3.53.4",
    expat="2.8.4",
    libraries={floor.name: floor.at_least for floor in FLOORS},
)
FIGURES = StoreFigures(
    file_bytes=100_000_000,
    wal_bytes=0,
    unused_bytes=0,
    disk_free_bytes=50 * GB,
    articles=100_000,
    articles_last_week=7_000,
    feeds={"ok": 3},
    links_waiting=0,
    oldest_link_at=None,
    deliveries={},
    oldest_delivery_at=None,
    breaker_open_until=None,
    newest_at=NOW,
    newest_day=NOW.date(),
)
DAEMON = Answer((), health=Health(7, 3_600, 1, 0, None, {}, {}, 0, FIGURES), holder="7")
STORE = StoreFacts(Path("news.db"), NOW.date(), known_schema=1, figures=FIGURES, schema=1, daemon=DAEMON)
FEED = FeedState(
    feed_id=1,
    url="https://times.example/feed",
    name="Example Times",
    topic="world",
    language="en",
    country="US",
    is_google=False,
    interval_minutes=30,
    health=FeedHealth.OK,
    next_poll_at=NOW,
    last_success_at=NOW - timedelta(hours=3),
)
FAILING = replace(FEED, health=FeedHealth.FAILING, failures=3.0, last_error="answered 500")
WORK = WorkFacts([FEED], {}, frozenset(), FIGURES, (), link_seconds=75)


def worst(findings: list[Finding]) -> tuple[str, str]:
    """The level and the words of the worst finding."""
    order = list(Level)
    finding = max(findings, key=lambda finding: order.index(finding.level))
    return finding.level, f"{finding.check}: {finding.said}; {finding.advice}"


ENVIRONMENTS = {
    "all is well": ({}, "ok", ""),
    "an old Python": ({"python": "3.10.2"}, "problem", "too old"),
    "SQLite with the WAL-reset bug": ({"sqlite": "3.40.1"}, "notice", "can lose writes"),
    "the last one that has it": ({"sqlite": "3.51.2"}, "notice", "can lose writes"),
    "a branch in which it is mended": ({"sqlite": "3.50.7"}, "notice", "search index"),
    "SQLite that lacks what we need": ({"sqlite": "3.37.2"}, "problem", "too old"),
    "SQLite before the search index was hardened": ({"sqlite": "3.53.1"}, "notice", "search index"),
    "an old expat": ({"expat": "2.5.0"}, "notice", "hostile documents"),
    "a library below its floor": ({"libraries": {**SOUND.libraries, "h11": "0.14.0"}}, "warning", "h11"),
    "a library that is not there": ({"libraries": {**SOUND.libraries, "idna": None}}, "problem", "idna"),
    "a clock of 1970": ({"now": datetime(1970, 1, 1, tzinfo=UTC)}, "problem", "1970"),
    "a clock of 2107": ({"now": datetime(2107, 1, 1, tzinfo=UTC)}, "problem", "NTP"),
    "no readable configuration": ({"timezone": None}, "ok", ""),
}


@pytest.mark.parametrize(("change", "level", "words"), ENVIRONMENTS.values(), ids=ENVIRONMENTS.keys())
def test_what_the_program_runs_on(change, level, words):
    found_level, said = worst(environment_findings(replace(SOUND, **change)))
    assert found_level == level
    assert words in said


STORES = {
    "all is well": ({}, {}, "ok", ""),
    "no store yet": ({"figures": None}, {}, "notice", "makes it"),
    "a file that is no database": ({"figures": None, "trouble": "not a database"}, {}, "problem", "restore"),
    "damage": ({"integrity": "row 7 missing from index"}, {}, "problem", "row 7 missing"),
    "a newer schema": ({"schema": 9}, {}, "problem", "newer version"),
    "an older schema": ({"known_schema": 2}, {}, "notice", "backup"),
    "writable for everyone": ({"file_mode": 0o100666}, {}, "warning", "chmod"),
    "not ours to write": ({"is_writable": False}, {}, "notice", "daemon's user"),
    "no daemon": ({"daemon": None}, {}, "notice", "aggregator run"),
    "a daemon that is silent": ({"daemon": Answer(("no word",), holder="7")}, {}, "warning", "restart"),
    "a daemon that is ill": ({"daemon": replace(DAEMON, problems=("it rests",))}, {}, "problem", "it rests"),
    "hardly any disk": ({}, {"disk_free_bytes": 100_000_000}, "problem", "prune"),
    "little disk": ({}, {"disk_free_bytes": 900_000_000}, "warning", "900.0 MB free"),
    "a disk that will be full": (
        {},
        {"disk_free_bytes": 2 * GB, "articles_last_week": 700_000},
        "warning",
        "full in 20 days",
    ),
    "a reader that stays": ({}, {"wal_bytes": 70_000_000}, "warning", "70.0 MB"),
    "a time from the future": ({}, {"newest_at": NOW + timedelta(hours=5)}, "warning", "5 hours ahead"),
    "a time a minute ahead": ({}, {"newest_at": NOW + timedelta(minutes=1)}, "ok", ""),
    "an article of next year": ({}, {"newest_day": date(2027, 1, 1)}, "warning", "2027-01-01"),
}


@pytest.mark.parametrize(("change", "figures", "level", "words"), STORES.values(), ids=STORES.keys())
def test_the_file_and_where_it_lies(change, figures, level, words):
    facts = replace(replace(STORE, figures=replace(FIGURES, **figures)), **change)
    found_level, said = worst(storage_findings(facts, NOW))
    assert found_level == level
    assert words in said


OVERDUE = OverdueDigest("world", date(2026, 3, 3), NOW - timedelta(hours=6))
WORKS = {
    "all is well": ({}, {}, "ok", ""),
    "no feeds": ({"feeds": []}, {}, "warning", "no feed is polled"),
    "one of two fails": (
        {"feeds": [FEED, FAILING]},
        {},
        "warning",
        "not been read for 3 hours: answered 500",
    ),
    "all fail": ({"feeds": [FAILING, FAILING]}, {}, "problem", "online?"),
    "a consent page": (
        {"feeds": [FAILING], "failures": {1: "consent-wall"}},
        {},
        "warning",
        "nothing here gets round that",
    ),
    "a feed that is gone": (
        {"feeds": [FEED, replace(FAILING, health=FeedHealth.GONE)]},
        {},
        "warning",
        "find its new address",
    ),
    "a feed that is switched off": (
        {"feeds": [FEED, replace(FAILING, health=FeedHealth.DISABLED)]},
        {},
        "ok",
        "1 feeds, none fails",
    ),
    "a feed that has moved": (
        {"feeds": [replace(FEED, moved_to="https://new.example/feed")], "moved": frozenset({1})},
        {},
        "notice",
        "new.example",
    ),
    "an empty feed": ({"feeds": [replace(FEED, empty_polls=3)]}, {}, "notice", "without entries 3 times"),
    "Google refuses": ({}, {"breaker_open_until": NOW + timedelta(hours=1)}, "warning", "at 13:00Z"),
    "the breaker was open": ({}, {"breaker_open_until": NOW - timedelta(hours=1)}, "ok", ""),
    "links that wait": (
        {},
        {"links_waiting": 12_345, "oldest_link_at": NOW - timedelta(days=8)},
        "notice",
        "12,345 wait for their publishers, the oldest for 8 days; the budget is good for 1,152 a day",
    ),
    "a digest that is not made": ({"overdue": [OVERDUE]}, {}, "warning", "world of 2026-03-03"),
    "a digest that has just come due": (
        {"overdue": [replace(OVERDUE, due_at=NOW - timedelta(minutes=5))]},
        {},
        "ok",
        "",
    ),
    "an outbox that is stuck": (
        {},
        {"deliveries": {"waiting": 2}, "oldest_delivery_at": NOW - timedelta(hours=9)},
        "warning",
        "2 wait in the outbox, the oldest for 9 hours",
    ),
    "a delivery that was given up": ({"failed_deliveries": ["email to ann"]}, {}, "warning", "email to ann"),
}


@pytest.mark.parametrize(("change", "figures", "level", "words"), WORKS.values(), ids=WORKS.keys())
def test_the_work(change, figures, level, words):
    facts = replace(replace(WORK, figures=replace(FIGURES, **figures)), **change)
    found_level, said = worst(work_findings(facts, NOW))
    assert found_level == level
    assert words in said


def test_of_very_many_failing_feeds_the_first_are_named_and_the_others_counted():
    findings = work_findings(replace(WORK, feeds=[FEED, *[FAILING] * 50]), NOW)
    assert sum("Example Times" in finding.said for finding in findings) == 20
    assert any(finding.said == "30 more feeds fail" for finding in findings)


def test_the_floors_are_those_of_the_project_file():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = dict(
        re.match(r"([A-Za-z0-9-]+)>=([0-9.]+)", line).groups() for line in project["dependencies"]
    )
    assert {floor.name: floor.at_least for floor in FLOORS}.items() <= required.items()
    assert library_findings(installed_libraries())[0].level is Level.OK


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_234_567, "1.2 MB"), (5_600_000_000, "5.6 GB")],
    ids=str,
)
def test_sizes_read_well(count, text):
    assert size_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 seconds"), (90, "90 seconds"), (7_200, "2 hours"), (86_400, "24 hours"), (10**9, "32 years")],
    ids=str,
)
def test_spans_read_well(seconds, text):
    assert span_text(seconds) == text


# --- on a real home ------------------------------------------------------------------------------


def examined(home: Path, capsys, config: str = f"{FOLDER}/aggregator.toml") -> tuple[int, dict[str, list]]:
    """The exit status, and findings by what was checked."""
    status = run_command(["--home", str(home), "--config", config, "doctor", "--json"])
    findings: dict[str, list] = {}
    for finding in json.loads(capsys.readouterr().out):
        findings.setdefault(finding["check"], []).append(finding)
    return status, findings


def test_the_demo_is_sound_and_its_feeds_are_what_they_are(demo, capsys):
    status, findings = examined(demo[0], capsys)
    assert status == 0
    assert findings["store"][0]["level"] == "ok"
    assert "articles, sound" in findings["store"][0]["said"]


def test_it_prints_a_line_for_each_finding(demo, capsys):
    arguments = ["--home", str(demo[0]), "--config", f"{FOLDER}/aggregator.toml", "doctor"]
    assert run_command(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 10
    assert all(line.split("\t")[0] in list(Level) for line in lines)


def test_a_configuration_with_problems_is_a_finding_each(tmp_path, capsys):
    (tmp_path / "a.toml").write_text('[poll]\ninterval_minutes = 1\n[day]\ntimezone = "Mars/Base"\n')
    status, findings = examined(tmp_path, capsys, "a.toml")
    assert status == 1
    assert len(findings["configuration"]) >= 2
    assert "python" in findings


def test_without_a_configuration_it_says_what_writes_one(tmp_path, capsys):
    status, findings = examined(tmp_path, capsys, "none.toml")
    assert status == 1
    assert "aggregator init" in findings["configuration"][0]["advice"]


def damage(store: Path) -> None:
    """Overwrite pages in the middle, with SQLite not looking."""
    with store.open("r+b") as file:
        file.seek(store.stat().st_size // 5)
        file.write(b"\xff" * (store.stat().st_size // 2))


def make_newer(store: Path) -> None:
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


WRECKS = {
    "a damaged page": (damage, "store"),
    "a text file": (lambda store: store.write_text("These are recipes. " * 999), "store"),
    "an empty file": (lambda store: store.write_bytes(b""), "store"),
    "a newer schema": (make_newer, "schema"),
}


@pytest.mark.parametrize(("wreck", "check"), WRECKS.values(), ids=WRECKS.keys())
def test_a_store_that_cannot_be_used_is_a_problem_and_left_as_it_is(demo_copy, capsys, wreck, check):
    store = demo_copy / FOLDER / "aggregator.db"
    wreck(store)
    before = store.read_bytes()
    status, findings = examined(demo_copy, capsys)
    assert status == 1
    assert "problem" in {finding["level"] for finding in findings[check]}
    assert store.read_bytes() == before


def test_a_process_that_writes_is_named(demo_copy, capsys):
    with open_store(demo_copy / FOLDER / "aggregator.db"):
        _, findings = examined(demo_copy, capsys)
    assert "process" in findings["daemon"][0]["said"]
