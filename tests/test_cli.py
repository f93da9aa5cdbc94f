"""The command line: exit statuses, plain output when piped, no markup or escape code from feed text."""

import io
import json
import sys

import pytest

from aggregator.cli import console, run_command
from aggregator.cli.progress import progress_bar

ROWS = [
    {"id": "1", "title": "Bridge collapses in Vennhavn after storm", "outlet": "Meridian Times"},
    {"id": "2", "title": "Storm brings down Vennhavn bridge", "outlet": "Tallis Wire", "published": None},
    {"id": "3", "title": "Parliament passes pension reform", "outlet": None, "lang": "en"},
]


@pytest.fixture
def jsonl(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row | {"lang": "en"}) + "\n" for row in ROWS), encoding="utf-8")
    return path


STATUSES = {
    "help": (["--help"], 0),
    "version": (["--version"], 0),
    "no such command": (["frobnicate"], 2),
    "no such option": (["show", "--frob"], 2),
    "no configuration": (["show"], 2),
    "an input that is not there": (["cluster", "none.jsonl"], 1),
}


@pytest.mark.parametrize(("words", "status"), STATUSES.values(), ids=STATUSES.keys())
def test_exit_status(words, status, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_command(words) == status
    assert capsys.readouterr() != ("", "")


def test_init_then_check_config_then_show_says_what_makes_a_store(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_command(["init"]) == 0
    assert run_command(["init"]) == 2
    assert "--force" in capsys.readouterr().err
    assert run_command(["check-config"]) == 0
    assert run_command(["show"]) == 1
    assert "aggregator poll" in capsys.readouterr().err


def test_every_problem_of_a_configuration_is_listed_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text("[poll]\ninterval_minutes = 1\n[dya]\ntimezone = 'UTC'\n")
    assert run_command(["--config", "bad.toml", "check-config"]) == 2
    said = capsys.readouterr().err
    assert "interval_minutes" in said
    assert "dya" in said


def test_cluster_adds_its_columns_and_keeps_the_others(jsonl, tmp_path):
    out = tmp_path / "out.jsonl"
    assert run_command(["cluster", str(jsonl), "-o", str(out)]) == 0

    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert [row["outlet"] for row in rows] == ["Meridian Times", "Tallis Wire", None]
    assert rows[0]["story"] == rows[1]["story"] != rows[2]["story"]
    assert all({"story", "rule", "score", "partner"} <= row.keys() for row in rows)


def test_cluster_reads_standard_input_and_writes_standard_output(jsonl, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(jsonl.read_text(encoding="utf-8")))
    assert run_command(["cluster", "-"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_cluster_names_file_and_line_of_a_bad_row(tmp_path, capsys):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"title": "fine"}\n{"headline": "no title"}\n')
    assert run_command(["cluster", str(path)]) == 1
    assert "bad.jsonl" in (said := capsys.readouterr().err)
    assert "line 2" in said


def test_evaluate_wants_a_label_on_every_row(jsonl, capsys):
    assert run_command(["evaluate", str(jsonl)]) == 1
    assert "row 1 has no `cluster`" in capsys.readouterr().err


def test_evaluate_prints_both_measures(tmp_path, capsys):
    path = tmp_path / "gold.jsonl"
    labelled = [row | {"lang": "en", "cluster": label} for row, label in zip(ROWS, "aab", strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in labelled))
    assert run_command(["evaluate", str(path)]) == 0
    assert "bcubed" in capsys.readouterr().out
    assert run_command(["evaluate", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bcubed"]["f1"] == 1.0


HOSTILE = {
    "escape codes": ("\x1b[31mred\x1b[0m", " [31mred [0m"),
    "a C1 control": ("\u009b31m", " 31m"),
    "a bell and a return": ("ding\a\rdong", "ding  dong"),
    "a bidi override": ("abc\u202edef", "abc def"),
    "half a surrogate pair": ("a\ud800b", "a b"),
    "Rich markup stays text": ("[bold]x[/bold]", "[bold]x[/bold]"),
    "an emoji family keeps its joiners": ("👩\u200d👧", "👩\u200d👧"),
}


@pytest.mark.parametrize(("text", "printed"), HOSTILE.values(), ids=HOSTILE.keys())
def test_feed_text_cannot_move_the_terminal(text, printed, capsys):
    console.line(text)
    assert capsys.readouterr().out == printed + "\n"
    console.table({"headline": "headline"}, [{"headline": text}])
    assert capsys.readouterr().out == printed + "\n"


def test_piped_tables_are_one_line_a_row_parted_by_tabs(capsys):
    console.table({"n": "number", "t": "text"}, [{"n": 1, "t": "a\tb\nc"}, {"n": None, "t": "d"}])
    assert capsys.readouterr().out == "1\ta b c\n\td\n"


def test_progress_is_silent_when_piped(capsys):
    with progress_bar("poll") as progress:
        progress(1, 2, "line")
    assert capsys.readouterr() == ("", "")
