"""The list of what is wrong in one configuration, with the lines where it stands. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.config.kinds import described, shortened
from aggregator.errors import ConfigError, Problem

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_MISLEADING = re.compile(r"\"{3}|'{3}|^\s*\[\[?\s*[\"']", re.MULTILINE)
_KEY = re.compile(r"\s*([\w.-]+)\s*=")


@dataclass(slots=True)
class Report:
    """Collects problems; `lines` gives the line of a key such as `feeds[2].url`, where it is known."""

    lines: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, where: str, value: object, allowed: str, because: str = "") -> None:
        """Note a value that may not stand where it stands; `because` says what is wrong with it."""
        self.add(where, f"{described(value)} ({because})" if because else described(value), allowed)

    def add(self, where: str, found: str, allowed: str) -> None:
        """Note a problem; `where` is a dotted key, counted from 1 in arrays: `feeds[1].url`."""
        line = self._line(where)
        place = shortened(where) + (f" (line {line})" if line else "")
        self.problems.append(Problem(place, found, allowed))

    def raise_if_any(self, path: str) -> None:
        """Raise ConfigError with every problem, or do nothing."""
        if self.problems:
            raise ConfigError(path, self.problems)

    def _line(self, where: str) -> int | None:
        """Return the line of a key, else of the table it belongs to."""
        while where:
            if where in self.lines:
                return self.lines[where]
            where = where.rpartition(".")[0]
        return None


def key_lines(text: str) -> dict[str, int]:
    """Return the line, from 1, of every header and key of a TOML text, named as problems name them.

    TOML readers do not tell lines, so this looks at the beginnings of lines. Text over several lines
    could look like keys, and headers in quotes are not looked into: a file that has any gets no line
    numbers rather than wrong ones.
    """
    if _MISLEADING.search(text):
        return {}
    lines: dict[str, int] = {}
    table = ""
    counts: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = _table_name(header[2], is_array=header[1] == "[[", counts=counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}.{key[1]}".removeprefix("."), number)
    return lines


def _table_name(header: str, *, is_array: bool, counts: dict[str, int]) -> str:
    """Return `feeds[2]` for the second [[feeds]], and `digests[1].counter` for a [digests.counter] in the first."""
    if is_array:
        counts[header] = counts.get(header, 0) + 1
    first, dot, rest = header.partition(".")
    return f"{first}[{counts[first]}]{dot}{rest}" if first in counts else header
