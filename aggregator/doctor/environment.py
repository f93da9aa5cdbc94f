"""Findings about what the program runs on: Python, SQLite, expat, libraries, clock. Pure.

Facts
-----
* SQLite 3.7.0–3.51.2 can lose committed writes when two connections write and checkpoint at one moment
  (WAL-reset); mended in 3.51.3, and in 3.50.7 and 3.44.6 for those who stay. There is one writer here.
* SQLite before 3.53.2 can be led astray by the full-text index of a file that a stranger has made.
* expat before 2.8.4 spends minutes on some hostile documents; ours are parsed in a process with limits.
* The store needs what SQLite has had since 3.40, the program what Python has had since 3.11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator.doctor.finding import Finding, Level
from aggregator.doctor.libraries import library_findings, version_of

_FIRST_YEAR, _LAST_YEAR = 2026, 2100  # this program was written in the first of them


@dataclass(frozen=True, slots=True)
class Environment:
    """Versions as their makers write them; `timezone` is None when the configuration cannot be read."""

    now: datetime
    timezone: str | None
    python: str
    sqlite: str
    expat: str
    libraries: Mapping[str, str | None]


def environment_findings(environment: Environment) -> list[Finding]:
    return [
        _python(environment.python),
        _sqlite(environment.sqlite),
        _expat(environment.expat),
        *library_findings(environment.libraries),
        _clock(environment.now, environment.timezone),
    ]


def _python(version: str) -> Finding:
    if version_of(version) < (3, 11):
        return Finding(Level.PROBLEM, "python", f"Python {version} is too old", "install 3.11 or later")
    return Finding(Level.OK, "python", f"Python {version}")


def _sqlite(text: str) -> Finding:
    version = version_of(text)
    said = f"SQLite {text}"
    if version < (3, 40):
        return Finding(Level.PROBLEM, "sqlite", f"{said} is too old", "3.40 is the oldest that will do")
    if has_wal_reset_bug(version):
        said += " can lose writes when two programs write the file at one moment; this program is one writer"
        advice = "never write to the store with another program while it runs"
        return Finding(Level.NOTICE, "sqlite", said, advice)
    if version < (3, 53, 2):
        said += " can be led astray by the search index of a file that a stranger has made"
        return Finding(Level.NOTICE, "sqlite", said, "open no stores of strangers with it")
    return Finding(Level.OK, "sqlite", said)


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether this SQLite can lose committed writes of one connection to the checkpoint of another."""
    is_mended = (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return (3, 7) <= version < (3, 51, 3) and not is_mended


def _expat(text: str) -> Finding:
    said = f"expat {text}"
    if version_of(text) < (2, 8, 4):
        said += " is slow on hostile documents; they are parsed in a process that is ended in time"
        return Finding(Level.NOTICE, "expat", said, "a newer patch release of Python brings a newer one")
    return Finding(Level.OK, "expat", said)


def _clock(now: datetime, timezone: str | None) -> Finding:
    if not _FIRST_YEAR <= now.year <= _LAST_YEAR:
        said = f"the clock says {now:%Y-%m-%d %H:%M}Z; days and digests would be wrong"
        return Finding(Level.PROBLEM, "clock", said, "set it, and have it kept by NTP")
    said = f"{now:%Y-%m-%d %H:%M}Z"
    if timezone is not None:
        said += f", {now.astimezone(ZoneInfo(timezone)):%A %H:%M} in {timezone}"
    return Finding(Level.OK, "clock", said)
