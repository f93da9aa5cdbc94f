"""The page that shows the matrix, and the promise in the README, say what the tests are."""

import re

from tests.faults.matrix import ROWS
from tests.faults.table import FOLDER, TABLE, module_tests, render, row_tests


def test_the_page_is_what_the_rows_and_tests_make():
    page = TABLE.read_text(encoding="utf-8")
    named = [test for tests in row_tests().values() for test in tests]
    proofs = [proof for row in ROWS for proof in row.proofs]
    assert page == render(dict.fromkeys([*named, *proofs], "passed")), "run: python -m tests.faults.table"


def test_rows_are_in_order_and_named_once():
    ids = [row.id for row in ROWS]
    assert ids == [row.id for row in sorted(ROWS, key=lambda row: row.order)]
    assert len(set(ids)) == len(ids) == 73


def test_every_test_belongs_to_a_row():
    ids = {row.id for row in ROWS}
    assert set(row_tests()) <= ids
    named = {test.partition("::")[2] for tests in row_tests().values() for test in tests}
    for path in FOLDER.glob("test_*.py"):
        if path.name != "test_table.py":
            assert set(module_tests(path)) <= named, path.name


def test_the_proofs_of_other_folders_exist():
    for row in ROWS:
        for proof in row.proofs:
            file, _, name = proof.partition("::")
            assert name in module_tests(FOLDER.parent / file), proof


def test_every_row_has_a_test_or_says_why_not():
    tests = row_tests()
    assert [row.id for row in ROWS if not (row.id in tests or row.proofs or row.not_injected)] == []


def test_the_tests_that_the_promise_names_exist():
    readme = (FOLDER.parent.parent / "README.md").read_text(encoding="utf-8")
    promise = readme.partition("## What is promised")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", promise)
    assert len(named) >= 14
    for file, name in named:
        assert not name or name in module_tests(FOLDER.parent / file), f"{file}::{name}"
        assert (FOLDER.parent / file).is_file()


def test_what_takes_long_is_run_by_one_script():
    tests, asks = FOLDER.parent, re.compile(r'"LONG"(\)| in os\.environ)')
    named = {tests.parent / name for name in re.findall(r"tests/\S+\.py", (tests / "long.sh").read_text())}
    assert {path for path in tests.rglob("test_*.py") if asks.search(path.read_text())} == named
