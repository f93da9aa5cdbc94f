"""What `tests/audit.sh` says of a report, and the floors that stand for advisories which are known."""

import tomllib
from pathlib import Path

import pytest

from aggregator.cli import run_command
from aggregator.doctor.finding import Level
from aggregator.doctor.libraries import FLOORS, installed_libraries, library_findings, version_of
from aggregator.store import open_store
from tests.audit import CLEAN, NOT_AUDITED, VULNERABLE, judge
from tests.system.home import Home

SOUND = {"name": "harbour", "version": "1.0", "vulns": []}
BAD = {"name": "quay", "version": "2.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "ferry", "skip_reason": "not found"}
REPORTS = {
    "sound": ([SOUND], CLEAN, "1 packages, no known vulnerability"),
    "vulnerable": ([SOUND, BAD], VULNERABLE, "quay 2.0: CVE-2026-1; mended in 2.1"),
    "partly known": ([SOUND, UNKNOWN], CLEAN, "not in the source of advisories: ferry"),
    "vulnerable and partly known": ([BAD, UNKNOWN], VULNERABLE, "not in the source of advisories: ferry"),
    "nothing known": ([UNKNOWN], NOT_AUDITED, "nothing was audited"),
    "nothing at all": ([], NOT_AUDITED, "nothing was audited"),
}


@pytest.mark.parametrize(("packages", "status", "words"), REPORTS.values(), ids=REPORTS)
def test_a_report_is_judged(packages, status, words):
    given, said = judge({"dependencies": packages})
    assert given == status
    assert words in "\n".join(said)


KNOWN_ADVISORIES = {"h11": "0.16", "jinja2": "3.1.6", "idna": "3.7", "sqlite-utils": "4", "httpx": "0.28.1"}


def test_no_dependency_brings_extras():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"]
    assert [each for each in wanted if "[" in each] == [], (
        "httpx's http2, brotli and zstd unpack without bounds"
    )


@pytest.mark.parametrize(("name", "at_least"), KNOWN_ADVISORIES.items())
def test_a_version_with_a_known_fault_is_told_with_what_to_do(name, at_least):
    assert library_findings(installed_libraries())[0].level is Level.OK
    [finding] = library_findings({**installed_libraries(), name: "0.0.1"})
    assert (finding.level, finding.advice) == (
        Level.WARNING,
        f"pip install --upgrade '{name}>={_floor(name)}'",
    )
    assert version_of(_floor(name)) >= version_of(at_least)


def _floor(name: str) -> str:
    return next(floor.at_least for floor in FLOORS if floor.name == name)


def test_the_daemon_says_at_its_start_what_doctor_would_say(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "aggregator.cli.running.installed_libraries", lambda: {**installed_libraries(), "h11": "0.14"}
    )
    home = Home(tmp_path).configure([])
    with open_store(home.store):  # so that the start is also its end
        assert run_command(["--config", str(home.config), "--home", str(home.folder), "run"]) == 1
    said = capsys.readouterr().err
    assert "WARNING h11 0.16 or later is needed, 0.14 is installed" in said
    assert "pip install --upgrade 'h11>=0.16'" in said
