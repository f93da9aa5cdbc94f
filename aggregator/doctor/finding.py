"""One finding: what was looked at, how bad it is, what is so, what to do. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is; only a problem makes the check-up fail."""

    OK = "ok"
    NOTICE = "notice"  # good to know; nothing has to be done
    WARNING = "warning"  # something works less well than it could, or soon will
    PROBLEM = "problem"  # something does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """`said` is a plain sentence without its full stop; `advice` is empty when nothing is to be done."""

    level: Level
    check: str
    said: str
    advice: str = ""


_BYTE_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


def size_text(count: float) -> str:
    """1234567 → "1.2 MB"."""
    for unit, name in _BYTE_UNITS:
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count:.0f} bytes"


def span_text(seconds: float) -> str:
    """Seconds in the largest unit of which there are two or more: "3 hours", "90 minutes"."""
    for length, name in ((365 * 86_400, "years"), (86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {name}"
    return f"{max(seconds, 0):.0f} seconds"
