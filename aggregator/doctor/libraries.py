"""Versions of what we are built on: the floors below which something is known to break.

The floors are those of `pyproject.toml` (a test holds the two together). An installer keeps them; a
distribution's package or a hand at work may not.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from aggregator.doctor.finding import Finding, Level

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """The oldest version of a library that will do, and what is wrong with those before it."""

    name: str
    at_least: str
    before: str


FLOORS = (
    Floor("apscheduler", "3.11.2", "jobs of older ones are lost in a clock change"),
    Floor("feedparser", "6.0.12", "older ones stand on a package that nobody keeps any more"),
    Floor("h11", "0.16", "older ones can be made to read one answer as two (CVE-2025-43859)"),
    Floor("httpcore", "1.0.9", "older ones allow an h11 that can be misled"),
    Floor("httpx", "0.28.1", "the guards against endless bodies are made for this one"),
    Floor("idna", "3.7", "a long host name keeps older ones busy (CVE-2024-3651)"),
    Floor("jinja2", "3.1.6", "templates get out of older ones' sandbox (CVE-2025-27516)"),
    Floor("rapidfuzz", "3.14.1", "older ones score differently, and groups would not come out the same"),
    Floor("sqlite-utils", "4.2.1", "older ones commit half a transaction behind our back"),
)


def library_findings(installed: Mapping[str, str | None]) -> list[Finding]:
    """Judge installed versions, by name; None is a library that is not there."""
    wrong = [
        Finding(
            Level.PROBLEM if version is None else Level.WARNING,
            "libraries",
            f"{floor.name} {floor.at_least} or later is needed, {version or 'none'} is installed: {floor.before}",
            f"pip install --upgrade '{floor.name}>={floor.at_least}'",
        )
        for floor in FLOORS
        if (version := installed.get(floor.name)) is None or version_of(version) < version_of(floor.at_least)
    ]
    if wrong:
        return wrong
    versions = ", ".join(f"{name} {version}" for name, version in sorted(installed.items()))
    return [Finding(Level.OK, "libraries", versions)]


def installed_libraries() -> dict[str, str | None]:
    """The installed version of every library that has a floor."""
    return {floor.name: _installed(floor.name) for floor in FLOORS}


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def version_of(text: str) -> Version:
    """ "3.51.3" → (3, 51, 3); whatever follows the numbers is left out."""
    match = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
