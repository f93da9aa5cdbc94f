"""Findings about the file and where it lies: integrity, size, disk, lock, permissions. Pure."""

import stat
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from aggregator.doctor.finding import Finding, Level, size_text, span_text
from aggregator.health.report import LOW_DISK_BYTES, Answer
from aggregator.model import StoreFigures

_SCARCE_DISK_BYTES = 1_000_000_000
_SCARCE_DAYS = 30
_LARGE_WAL_BYTES = 64_000_000
_CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What was found where the store should be.

    `figures` is None when it could not be read, and `trouble` is the sentence that says why. `integrity` is "ok" or what
    SQLite complains of; `daemon` is what came of asking the process that writes the store.
    """

    path: Path
    today: date
    known_schema: int
    figures: StoreFigures | None = None
    trouble: str | None = None
    integrity: str = "ok"
    schema: int = 0
    file_mode: int = 0o600
    is_writable: bool = True
    daemon: Answer | None = None


def storage_findings(facts: StoreFacts, now: datetime) -> list[Finding]:
    """Judge the store; without one there is little to say."""
    if facts.figures is None:
        if facts.trouble is None:
            advice = "`aggregator poll --all` or `aggregator run` makes it"
            return [Finding(Level.NOTICE, "store", f"there is no store at {facts.path} yet", advice)]
        return [Finding(Level.PROBLEM, "store", facts.trouble, RESTORE)]
    return [
        _integrity(facts, facts.figures),
        _schema(facts),
        _permissions(facts),
        *_daemon(facts.daemon),
        _disk(facts.figures),
        *_wal(facts.figures),
        *_times(facts, facts.figures, now),
    ]


RESTORE = "stop the daemon, keep the file, and `aggregator restore` the newest backup"


def _integrity(facts: StoreFacts, figures: StoreFigures) -> Finding:
    if facts.integrity != "ok":
        return Finding(Level.PROBLEM, "store", f"{facts.path} is damaged: {facts.integrity}", RESTORE)
    said = f"{facts.path}: {size_text(figures.file_bytes)}, {figures.articles:,} articles, sound"
    return Finding(Level.OK, "store", said)


def _schema(facts: StoreFacts) -> Finding:
    if facts.schema > facts.known_schema:
        said = f"the store has schema {facts.schema}, this program knows {facts.known_schema}"
        return Finding(Level.PROBLEM, "schema", said, "it was written by a newer version; use that one")
    if facts.schema < facts.known_schema:
        said = f"the store has schema {facts.schema}; the next command that writes brings it to {facts.known_schema}"
        return Finding(
            Level.NOTICE, "schema", said, "`aggregator backup` first, if an older version is to read it"
        )
    return Finding(Level.OK, "schema", f"version {facts.schema}")


def _permissions(facts: StoreFacts) -> Finding:
    if facts.file_mode & stat.S_IWOTH:
        return Finding(
            Level.WARNING,
            "permissions",
            f"anybody on this machine may write {facts.path}",
            f"chmod o-w {facts.path}",
        )
    if not facts.is_writable:
        said = f"you may read {facts.path} but not write it"
        return Finding(Level.NOTICE, "permissions", said, "commands that write want the daemon's user")
    return Finding(Level.OK, "permissions", "the store and its folder can be written")


def _daemon(answer: Answer | None) -> list[Finding]:
    if answer is None or answer.holder is None:
        return [Finding(Level.NOTICE, "daemon", "none runs on this store", "`aggregator run` is the daemon")]
    if answer.health is None:
        advice = "a command at work ends by itself; a daemon that stays silent wants a restart"
        return [Finding(Level.WARNING, "daemon", problem, advice) for problem in answer.problems]
    if answer.problems:
        return [Finding(Level.PROBLEM, "daemon", problem, "its log says more") for problem in answer.problems]
    said = f"process {answer.holder} has been at work for {span_text(answer.health.up_seconds)}"
    return [Finding(Level.OK, "daemon", said)]


def _disk(figures: StoreFigures) -> Finding:
    free, a_day = figures.disk_free_bytes, figures.bytes_a_day
    said = f"{size_text(free)} free"
    if a_day:
        said += f"; the store grows by {size_text(a_day)} a day, {size_text(a_day * 365)} a year"
    advice = "make room, or `aggregator prune --older-than 400d`"
    if free < LOW_DISK_BYTES:
        return Finding(Level.PROBLEM, "disk", f"{said}; nothing is polled until there is more", advice)
    if a_day and free / a_day < _SCARCE_DAYS:
        return Finding(Level.WARNING, "disk", f"{said}; full in {span_text(free / a_day * 86_400)}", advice)
    if free < _SCARCE_DISK_BYTES:
        return Finding(Level.WARNING, "disk", said, advice)
    return Finding(Level.OK, "disk", said)


def _wal(figures: StoreFigures) -> list[Finding]:
    if figures.wal_bytes <= _LARGE_WAL_BYTES:
        return []
    said = (
        f"the write-ahead log has {size_text(figures.wal_bytes)}: somebody has been reading for a long time"
    )
    return [Finding(Level.WARNING, "wal", said, "close idle `sqlite3` shells and Datasettes on the store")]


def _times(facts: StoreFacts, figures: StoreFigures, now: datetime) -> list[Finding]:
    findings = []
    if figures.newest_at is not None and figures.newest_at > now + _CLOCK_SLACK:
        said = (
            f"the store was written at {figures.newest_at:%Y-%m-%d %H:%M}Z,"
            f" which lies {span_text((figures.newest_at - now).total_seconds())} ahead of the clock"
        )
        findings.append(
            Finding(Level.WARNING, "clock", said, "the clock is or was wrong; have it kept by NTP")
        )
    if figures.newest_day is not None and figures.newest_day > facts.today + timedelta(days=1):
        said = f"there are articles of {figures.newest_day}, which is still to come"
        findings.append(Finding(Level.WARNING, "clock", said, "the clock was wrong when they were stored"))
    return findings
