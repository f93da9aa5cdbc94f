"""`aggregator feeds …`, as a person uses it: on a configuration of their own."""

import json
import os

import pytest

from aggregator.cli import run_command
from aggregator.config import load_settings
from aggregator.store import open_store

CONFIG = """\
# Mine.
[store]
path = "news.db"

# The ports.
[[feeds]]
name = "Pilot"
topic = "ports"
url = "https://pilot.example/rss"
"""
LIST = """\
<opml version="2.0"><body>
<outline text="Harbour" xmlUrl="https://harbour.example/rss"/>
<outline text="Sea"><outline text="Lantern" xmlUrl="https://lantern.example/rss" htmlUrl="https://lantern.example/"/></outline>
<outline text="Pilot again" xmlUrl="https://pilot.example/rss"/>
<outline text="Bad" xmlUrl="ftp://bad.example/rss"/>
</body></opml>
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "aggregator.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "list.opml").write_text(LIST, encoding="utf-8")
    return tmp_path


def names(home):
    return [feed.name for feed in load_settings(home / "config" / "aggregator.toml").feeds]


def test_a_list_is_imported_and_what_was_left_out_is_told_by_name(home, capsys):
    assert run_command(["feeds", "import", "list.opml", "--topic", "misc"]) == 0
    said = capsys.readouterr()

    assert said.out == "2 feeds added, 1 there already, 1 not added\n"
    assert "there already: Pilot again (as Pilot)" in said.err
    assert "not added: Bad: " in said.err
    text = (home / "config" / "aggregator.toml").read_text(encoding="utf-8")
    assert text.startswith(CONFIG)
    feeds = {feed.name: feed for feed in load_settings(home / "config" / "aggregator.toml").feeds}
    assert (feeds["Harbour"].topic, feeds["Lantern"].topic) == ("misc", "Sea")
    assert feeds["Lantern"].site == "https://lantern.example/"


def test_a_list_of_nothing_but_bad_feeds_fails(home, capsys):
    (home / "list.opml").write_text("<opml><outline text='Bad' xmlUrl='ftp://bad.example/'/></opml>")
    assert run_command(["feeds", "import", "list.opml"]) == 1
    assert (home / "config" / "aggregator.toml").read_text(encoding="utf-8") == CONFIG


UNREADABLE = {
    "no such file": (["feeds", "import", "none.opml"], 1, "none.opml cannot be read: No such file"),
    "no list": (["feeds", "import", "config/aggregator.toml"], 1, "config/aggregator.toml is no OPML"),
    "no such feed": (["feeds", "remove", "Lantern"], 2, "no feed is called 'Lantern'"),
    "nowhere to write": (
        ["feeds", "export", "none/list.opml"],
        1,
        "none/list.opml cannot be written: No such",
    ),
}


@pytest.mark.parametrize(("words", "status", "why"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_done_is_said(words, status, why, home, capsys):
    assert run_command(words) == status
    assert why in capsys.readouterr().err


def test_a_feed_is_removed_by_name_in_any_case_and_its_lines_are_shown(home, capsys):
    assert run_command(["feeds", "import", "list.opml"]) == 0
    capsys.readouterr()
    assert run_command(["feeds", "remove", "harbour"]) == 0
    assert 'name = "Harbour"' in capsys.readouterr().out
    assert names(home) == ["Pilot", "Lantern"]


def test_a_feed_whose_topic_a_digest_wants_stays(home, capsys):
    path = home / "config" / "aggregator.toml"
    path.write_text(CONFIG + '[[digests]]\ntopic = "ports"\n', encoding="utf-8")
    assert run_command(["feeds", "remove", "Pilot"]) == 2
    assert "digests[1].topic" in capsys.readouterr().err
    assert names(home) == ["Pilot"]


def test_an_export_is_a_list_that_another_home_takes(home, capsys):
    assert run_command(["feeds", "import", "list.opml"]) == 0
    assert run_command(["feeds", "export", "out.opml"]) == 0
    (home / "config" / "aggregator.toml").write_text("", encoding="utf-8")
    assert run_command(["feeds", "import", "out.opml"]) == 0
    assert names(home) == ["Pilot", "Harbour", "Lantern"]
    capsys.readouterr()
    assert run_command(["feeds", "export"]) == 0
    assert capsys.readouterr().out.count("xmlUrl=") == 3


def test_the_store_follows_at_once_if_there_is_one(home, capsys):
    assert run_command(["feeds", "import", "list.opml"]) == 0
    assert not (home / "news.db").exists()
    open_store(home / "news.db").close()
    assert run_command(["feeds", "remove", "Lantern"]) == 0
    capsys.readouterr()
    assert run_command(["feeds", "list", "--json"]) == 0
    states = {row["name"]: row["state"] for row in json.loads(capsys.readouterr().out)}
    assert states == {"Pilot": "new", "Harbour": "new"}


def test_a_running_daemon_takes_it_up_on_a_signal(home, capsys):
    with open_store(home / "news.db"):
        assert run_command(["feeds", "import", "list.opml"]) == 0
    assert f"kill -HUP {os.getpid()}" in capsys.readouterr().err


def test_feeds_are_removed_and_exported_for_programs(home, capsys):
    assert run_command(["feeds", "export", "--json"]) == 0
    exported = json.loads(capsys.readouterr().out)
    assert (exported["path"], exported["feeds"]) == (None, 1)
    assert "https://pilot.example/rss" in exported["opml"]

    assert run_command(["feeds", "export", "out.opml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"path": "out.opml", "feeds": 1, "opml": None}
    assert "https://pilot.example/rss" in (home / "out.opml").read_text(encoding="utf-8")

    assert run_command(["feeds", "remove", "Pilot", "--json"]) == 0
    removed = json.loads(capsys.readouterr().out)
    assert (removed["removed"], removed["url"]) == ("Pilot", "https://pilot.example/rss")
    assert 'topic = "ports"' in removed["lines"]
    assert names(home) == []
