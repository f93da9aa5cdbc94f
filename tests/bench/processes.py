"""What a process has used of the machine by now; from /proc, so on Linux alone."""

import os
from pathlib import Path

from aggregator.pipeline.grouping_process import CHILD
from tests.system.fleet import family

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Of a process and those of its children that have ended; nothing of one that is gone."""
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, values[11:15])) / _TICKS  # utime, stime, and those of children that have ended


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_resident_bytes(pid: int) -> int:
    """The most that was resident at one moment of its life."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def grouping_cpu_seconds(pid: int) -> float:
    """Of the processes that group for a daemon."""
    return sum(cpu_seconds(child) for child in family(pid) if CHILD in _command(child))


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []  # it has ended in this moment
