"""What a person sees: on terminals of 80 and 140 columns, in a pipe, and on Tab."""

import fcntl
import json
import os
import pty
import re
import sqlite3
import struct
import subprocess
import sys
import termios
import unicodedata

import pytest

from aggregator.cli import run_command

PROGRAM = [sys.executable, "-m", "aggregator"]
CONFIG = "var/demo/aggregator.toml"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "[bold]Harbour[/bold] \x1b[31mred\x1b[0m \x1b]0;title\x07 \u202eturned"


def on_terminal(home, words, columns):
    """Everything a command shows on a terminal so wide."""
    main, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [*PROGRAM, "--config", CONFIG, *words],
        cwd=home,
        env={
            **environment,
            "TERM": "xterm-256color",
            "NO_COLOR": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdin=child,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    shown = b""
    try:
        while piece := os.read(main, 65_536):
            shown += piece
    except OSError:  # the other end is gone: the command has ended
        pass
    os.close(main)
    assert process.wait() == 0
    return shown.decode().replace("\r\n", "\n")


def width(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


@pytest.fixture(scope="module")
def story_id(demo):
    """A story of two days."""
    connection = sqlite3.connect(demo[0] / "var" / "demo" / "aggregator.db")
    [(number,)] = connection.execute(
        "SELECT story_id FROM stories_by_day GROUP BY story_id HAVING count(*) > 1 ORDER BY articles_total DESC LIMIT 1"
    )
    connection.close()
    return str(number)


SHOWN = {
    "show": ["show", "yesterday", "--limit", "3"],
    "story": ["story"],
    "search": ["search", "strait", "topic:world"],
    "why": ["why"],
    "feeds list": ["feeds", "list"],
}


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.parametrize("words", SHOWN.values(), ids=SHOWN.keys())
def test_every_line_fits_the_terminal_but_links_which_stay_whole(words, columns, demo, story_id):
    words = [*words, *({"story": [story_id], "why": [f"s{story_id}"]}.get(words[0], []))]
    lines = STYLE.sub("", on_terminal(demo[0], words, columns)).splitlines()

    assert len(lines) > 3
    assert [line for line in lines if width(line) > columns and "https://" not in line] == []
    assert not any("…" in line for line in lines if "https://" in line)
    assert not any("\x1b" in line for line in lines)


def test_a_day_says_how_much_more_there_is(demo):
    shown = STYLE.sub("", on_terminal(demo[0], ["show", "yesterday", "--limit", "3"], 140))
    assert re.search(r"the 3 widest of \d+ stories", shown)


def test_text_of_feeds_is_text_on_a_terminal_too(demo_copy):
    connection = sqlite3.connect(demo_copy / "var" / "demo" / "aggregator.db")
    connection.execute("UPDATE story_days SET headline = ?, topic = ?", [HOSTILE, HOSTILE])
    connection.execute("UPDATE articles SET headline = ?, outlet = ?", [HOSTILE, HOSTILE])
    connection.execute("UPDATE feeds SET name = ?, last_error = ?", [HOSTILE, HOSTILE])
    connection.commit()
    [(story,)] = connection.execute("SELECT min(story_id) FROM story_days")
    connection.close()
    for words in (["show", "yesterday"], ["story", str(story)], ["why", f"s{story}"], ["feeds", "list"]):
        shown = STYLE.sub("", on_terminal(demo_copy, words, 140))
        assert "[bold]Harbour[/bold]" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_a_story_in_a_pipe_is_rows_of_days_and_rows_of_articles(demo, story_id, monkeypatch, capsys):
    monkeypatch.chdir(demo[0])
    assert run_command(["--config", CONFIG, "story", story_id]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {len(row) for row in rows} == {5, 6}
    assert run_command(["--config", CONFIG, "story", story_id, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["days"]) + len(told["articles"]) == len(rows)


def test_a_series_names_its_neighbours(demo, monkeypatch, capsys):
    monkeypatch.chdir(demo[0])
    connection = sqlite3.connect(demo[0] / "var" / "demo" / "aggregator.db")
    [(story, neighbour)] = connection.execute(
        "SELECT story_id, previous_story_id FROM stories WHERE previous_story_id IS NOT NULL LIMIT 1"
    )
    connection.close()
    assert run_command(["--config", CONFIG, "story", str(story)]) == 0
    assert re.search(
        rf"previous issue: story {neighbour}, \d{{4}}-\d\d-\d\d, .+: .+", capsys.readouterr().out
    )


COMPLETED = {
    "a command": (["sea"], {"search"}),
    "a command of a group": (["feeds", "ex"], {"export"}),
    "an option": (["show", "--to"], {"--topic"}),
    "the name of a feed, in any case": (["feeds", "remove", "the"], {"The Harbour Post"}),
    "a feed to poll": (["poll", "Wor"], {"World"}),
}


@pytest.mark.parametrize(("words", "offered"), COMPLETED.values(), ids=COMPLETED.keys())
def test_tab_completes(words, offered, demo, monkeypatch, capsys):
    monkeypatch.chdir(demo[0])
    line = ["aggregator", "--config", CONFIG, *words]
    monkeypatch.setenv("_AGGREGATOR_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(line))
    monkeypatch.setenv("COMP_CWORD", str(len(line) - 1))
    with pytest.raises(SystemExit):
        run_command([])
    assert {row.partition(",")[2] for row in capsys.readouterr().out.splitlines()} == offered


def test_tab_offers_nothing_without_a_configuration(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_AGGREGATOR_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "aggregator feeds remove x")
    monkeypatch.setenv("COMP_CWORD", "3")
    with pytest.raises(SystemExit):
        run_command([])
    assert capsys.readouterr().out.strip() == ""


def test_the_shell_gets_its_script(monkeypatch, capsys):
    monkeypatch.setenv("_AGGREGATOR_COMPLETE", "bash_source")
    with pytest.raises(SystemExit):
        run_command([])
    assert "complete -o nosort -F _aggregator_completion aggregator" in capsys.readouterr().out
