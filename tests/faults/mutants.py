"""Five breakages of the program that the suite must notice, each made in a copy of the project.

    python -m tests.faults.mutants

applies them by exact replacement of text (a text that is not there is an error: it has moved), runs the kill loop or
the tests that have to fail, and prints what did. Status 1 if a breakage got through.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_COPIED = ("aggregator", "tests", "config", "pyproject.toml", "README.md")
_KILLS = 200  # at most: the loop ends with its first violation
_COMMIT = """\
    for statement in ("COMMIT", "BEGIN IMMEDIATE"):
        connection.execute(statement)
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A breakage: in `file`, each text of `changes` becomes the other; the kill loop or `test` must fail of it."""

    name: str
    file: str
    changes: Mapping[str, str]
    test: str = ""


_FAILED = re.compile(r"^(?:FAILED \S*?::(\w+)|  (I\d: .{1,70}))", re.MULTILINE)
_BEGIN = "    poll_id = _insert_poll(connection, record)\n"
_SAVE = "    save_feed(connection, replace(record.feed, new_last=len(new_ids)))\n"
_COUNT = '    connection.execute("UPDATE polls SET new_articles'
_KNOWN = "    if known is not None:\n"

MUTANTS = (
    Mutant(
        "the validator first",
        "aggregator/store/polls.py",
        {_SAVE: "", _BEGIN: f"    save_feed(connection, record.feed)\n{_COMMIT}{_BEGIN}"},
    ),
    Mutant("two transactions", "aggregator/store/polls.py", {_COUNT: f"{_COMMIT}{_COUNT}"}),
    Mutant(
        "a key with the link's query",
        "aggregator/resolve/identity.py",
        {'    key = f"url:{canonical}"\n': '    key = f"url:{target}"\n'},
    ),
    Mutant(
        "the day recomputed",
        "aggregator/store/polls.py",
        {
            _KNOWN: f"{_KNOWN}        connection.execute(\n"
            '            "UPDATE articles SET effective_at = ?, day = ? WHERE key = ?",\n'
            "            [time_text(article.effective_at), article.day.isoformat(), draft.identity.key],\n"
            "        )\n"
        },
        "tests/test_store.py::test_first_seen_and_day_are_written_once",
    ),
    Mutant(
        "no guard against entities",
        "aggregator/parse/scrub.py",
        {"    if _ENTITY.search(head, 0, root.start()):\n": "    if False:\n"},
        "tests/test_parse_guard.py",
    ),
)


def mutate(project: Path, mutant: Mutant) -> None:
    """Break a copy of the project.

    Raises:
        ValueError: a text is not there exactly once.
    """
    path = project / mutant.file
    text = path.read_text(encoding="utf-8")
    for old, new in mutant.changes.items():
        if text.count(old) != 1:
            raise ValueError(f"{mutant.name}: {mutant.file} has {text.count(old)} times {old!r}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def caught_by(mutant: Mutant) -> list[str]:
    """What fails of a breakage, run in a copy: tests by name, or what the kill loop found."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in _COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, project / name)
        mutate(project, mutant)
        words = ["pytest", "-q", "-p", "no:cacheprovider", "--tb=no", mutant.test]
        done = subprocess.run(
            [sys.executable, "-m", *(words if mutant.test else ["tests.faults.kills", str(_KILLS)])],
            cwd=project,
            env={**os.environ, "PYTHONPATH": folder},  # also for the parser's processes
            capture_output=True,
            text=True,
            check=False,
        )
        return sorted({test or found for test, found in _FAILED.findall(done.stdout)})


def main() -> int:
    caught = {mutant.name: caught_by(mutant) for mutant in MUTANTS}
    for name, tests in caught.items():
        print(f"{name:30} {', '.join(tests) or 'NOT CAUGHT'}")  # noqa: T201
    return 0 if all(caught.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
