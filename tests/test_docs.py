"""The README tells the truth: its commands run, its reference is the program's own, its names exist."""

import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aggregator.cli import aggregator
from aggregator.clock import SystemClock
from aggregator.config import parse_settings, reference_markdown
from aggregator.replica import Replica, demo_content

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line[2:].split("  #")[0].strip()
    for block in re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
# It runs until it is told to stop: tests/system starts it as a process and stops it.
ENDLESS = {"aggregator run", "aggregator --config var/demo/aggregator.toml serve"}


@pytest.fixture
def home(demo_copy) -> Path:
    """A home with the demo's folder, as the README's reader has it after the first command."""
    return demo_copy


def test_the_readme_has_commands():
    assert len(COMMANDS) > 12


def test_the_commands_of_the_readme_run_in_its_order(home, monkeypatch):
    monkeypatch.chdir(home)
    (home / "tests").symlink_to(ROOT / "tests")
    (home / "config").mkdir()
    (home / "config" / "datasette-metadata.yaml").symlink_to(ROOT / "config" / "datasette-metadata.yaml")
    moment = demo_content.days(SystemClock().now().date())[0]
    with Replica(moment.content) as replica:
        for command in COMMANDS:
            if command in ENDLESS:
                continue
            run(command)
            if command == "aggregator init":
                point_at(replica.base_url, home / "config" / "aggregator.toml")


def point_at(base_url: str, path: Path) -> None:
    """Turn the shipped configuration to the replica, and leave the outlets' real feeds alone."""
    text = path.read_text(encoding="utf-8")
    text = text.replace("#allow_private_addresses = false", "allow_private_addresses = true")
    text = re.sub(r"#base_url = .*", f'base_url = "{base_url}"', text)
    text = re.sub(r"\[\[feeds\]\]\n(?:(?!\[\[).)*?\nurl = .*?\n", "", text, flags=re.DOTALL)
    path.write_text(text, encoding="utf-8")


def run(command: str) -> None:
    program, *words = shlex.split(command)
    if program == "aggregator":
        result = CliRunner().invoke(aggregator, words)
        assert result.exception is None, f"{command}\n{result.output}"
    elif program == "sqlite3":
        path, sql = words
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        assert connection.execute(sql).fetchall(), command
        connection.close()
    else:
        done = subprocess.run(
            [Path(sys.executable).parent / program, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout


def test_the_configuration_reference_is_the_programs_own():
    assert reference_markdown().strip() in README


def test_toml_examples_of_the_readme_are_valid():
    examples = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    assert examples
    for example in examples:
        parse_settings(example)


def test_every_command_of_the_program_has_help():
    context = click.Context(aggregator)
    for name in aggregator.list_commands(context):
        command = aggregator.get_command(context, name)
        assert command is not None
        assert command.help, name
        assert CliRunner().invoke(aggregator, [name, "--help"]).exit_code == 0


def test_every_command_line_names_a_command_that_exists():
    names = {shlex.split(line)[1] for line in COMMANDS if line.startswith("aggregator ")}
    named = {word for word in names if not word.startswith("--")}
    assert named <= set(aggregator.list_commands(click.Context(aggregator)))


def test_every_dependency_is_named_with_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = README.split("## What it is built on")[1].split("\n## ")[0].lower()
    for requirement in project["dependencies"]:
        name = re.match(r"[A-Za-z0-9_.-]+", requirement).group().lower()
        assert name in table, name
        assert re.search(r">=.*,<", requirement), f"{requirement} has no upper bound"


def test_the_two_set_up_commands_stand_where_ci_reads_them():
    commands = re.findall(r"^\d\. `(.*)`$", README, flags=re.MULTILINE)
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/aggregator demo",
        'python3 -m venv .venv && .venv/bin/pip install -q -e ".[dev]" && .venv/bin/pytest -n auto --dist loadfile',
    ]


def test_the_views_of_the_readme_are_those_of_the_store(home):
    connection = sqlite3.connect(home / "var" / "demo" / "aggregator.db")
    views = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
    connection.close()
    assert views == set(re.findall(r"^\| `(\w+)` \| (?:an? |why)", README, flags=re.MULTILINE))
