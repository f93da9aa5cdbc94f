"""Writes the fault matrix with its tests and their results as `tests/faults.md`.

    python -m tests.faults.table

runs the tests of this folder and writes the table; `test_table.py` holds the table to what it says.
"""

import ast
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.matrix import PARTS, ROWS, Row
from tests.syntax import syntax_tree

FOLDER = Path(__file__).parent
TABLE = FOLDER.parent / "faults.md"
_NAME = re.compile(r"test_([A-E]\d+)_\w+")
_HEAD = """\
# The fault matrix

What happens to a feed daemon, and what the user of this one sees of it. Every row is a test whose name begins with the
row's id; `python -m tests.faults.table` runs them and writes this page.
"""


def module_tests(path: Path) -> list[str]:
    """Return the names of the tests of a module, those of its classes among them, in its order."""
    tree = syntax_tree(path)
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    functions = [node for body in bodies for node in body if isinstance(node, ast.FunctionDef)]
    return [function.name for function in functions if function.name.startswith("test_")]


def row_tests() -> Mapping[str, list[str]]:
    """Return the tests of this folder as `file::name`, by the row that their names begin with."""
    found = defaultdict(list)
    for path in sorted(FOLDER.glob("test_*.py")):
        for name in module_tests(path):
            if match := _NAME.fullmatch(name):
                found[match[1]].append(f"faults/{path.name}::{name}")
    return found


def render(results: Mapping[str, str]) -> str:
    """Return the page; `results` are outcomes by `file::name`."""
    tests = row_tests()
    lines = [_HEAD]
    for letter, title in PARTS.items():
        lines += [
            f"## {letter}. {title}",
            "",
            "| row | fault | the user sees | test | result |",
            "|---|---|---|---|---|",
        ]
        rows = [row for row in ROWS if row.id[0] == letter]
        lines += [_line(row, [*tests.get(row.id, []), *row.proofs], results) for row in rows]
        lines.append("")
    return "\n".join(lines)


def _line(row: Row, tests: list[str], results: Mapping[str, str]) -> str:
    named = "<br>".join(f"`{test}`" for test in tests)
    outcomes = {results[test] for test in tests if test in results}
    result = row.not_injected or ", ".join(sorted(outcomes))
    return f"| {row.id} | {row.fault} | {row.sees} | {named} | {result} |"


def _run() -> dict[str, str]:
    """Run this folder's tests and those that rows name elsewhere; return their outcomes."""
    elsewhere = sorted({f"tests/{proof.partition('::')[0]}" for row in ROWS for proof in row.proofs})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", f"--junitxml={report}", "-o", "junit_family=xunit1"]
        command = [sys.executable, "-m", "pytest", *options, str(FOLDER), *elsewhere]
        subprocess.run(command, cwd=FOLDER.parent.parent, check=False)
        cases = ElementTree.parse(report).iter("testcase")
        outcomes: defaultdict[str, set[str]] = defaultdict(set)
        for case in cases:
            file = case.get("file", "").removeprefix("tests/")
            outcomes[f"{file}::{case.get('name', '').partition('[')[0]}"].add(_outcome(case))
    return {name: "passed" if found == {"passed"} else "FAILED" for name, found in outcomes.items()}


def _outcome(case: ElementTree.Element) -> str:
    return (
        "passed"
        if not list(case.iter("failure")) + list(case.iter("error")) + list(case.iter("skipped"))
        else "failed"
    )


if __name__ == "__main__":
    TABLE.write_text(render(_run()), encoding="utf-8")
