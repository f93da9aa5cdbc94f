"""Datasette, as a process of its own, on a store that is being written: descriptions, pages and queries."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import urlopen

import pytest
import yaml

from aggregator.store import open_store

CONFIG = Path(__file__).parent.parent / "config"
METADATA: dict[str, Any] = yaml.safe_load((CONFIG / "datasette-metadata.yaml").read_text(encoding="utf-8"))
TABLES = METADATA["databases"]["aggregator"]["tables"]
QUERIES = METADATA["databases"]["aggregator"]["queries"]
ARGUMENTS = {
    "story": {"story_id": "1"},
    "first_reported_by": {"outlet": "Tallis Wire"},
    "why": {"article_id": "2"},
    "headlines_with": {"words": "northern strait"},
}
# What the demo has none of: failing feeds, and links that were not resolved.
EMPTY_IN_THE_DEMO = {"feeds_in_trouble", "slowest_links"}
SQLITES_OWN = re.compile(r"headline_search_.*|_sqlite_migrations|sqlite_(sequence|stat\d)")
SMALL = {"feed_health", "feeds", "digest_log"}  # thousands of rows at most: sorting them costs nothing
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def schema(demo):
    """Columns by table or view."""
    connection = sqlite3.connect(demo[0] / "var" / "demo" / "aggregator.db")
    names = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    ]
    columns = {
        name: [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", [name])]
        for name in names
    }
    connection.close()
    return columns


def test_every_table_and_column_is_described_and_nothing_else(schema):
    ours = {name: columns for name, columns in schema.items() if not SQLITES_OWN.fullmatch(name)}
    described = {name: list(table.get("columns", {})) for name, table in TABLES.items()}
    assert {name: described.get(name) for name in ours} == ours, (
        "describe it in config/datasette-metadata.yaml"
    )
    assert described.keys() - ours.keys() <= {name for name in schema if SQLITES_OWN.fullmatch(name)}
    assert all(table["title"] and table["description"] for table in TABLES.values())


def test_what_is_sqlites_own_is_hidden(schema):
    shown = {name for name in schema if not TABLES.get(name, {}).get("hidden")}
    assert {name for name in shown if SQLITES_OWN.fullmatch(name)} <= {"sqlite_stat1", "sqlite_stat4"}


def test_a_foreign_key_names_its_column(demo, schema):
    connection = sqlite3.connect(demo[0] / "var" / "demo" / "aggregator.db")
    for name in schema:
        assert None not in [row[4] for row in connection.execute(f"PRAGMA foreign_key_list({name})")], name
    connection.close()


def test_no_query_has_the_name_of_a_table(schema):
    assert QUERIES.keys().isdisjoint(schema)


def test_facets_sorts_labels_and_units_name_columns(schema):
    for name, table in TABLES.items():
        named = {
            table.get("sort"),
            table.get("sort_desc"),
            table.get("label_column"),
            *table.get("facets", ()),
        }
        assert (named | table.get("units", {}).keys()) - {None} <= set(schema[name]), name


def test_no_page_sorts_a_large_table_to_show_its_first_rows(demo):
    connection = sqlite3.connect(demo[0] / "var" / "demo" / "aggregator.db")
    for name, table in TABLES.items():
        order = f"{table['sort_desc']} DESC" if "sort_desc" in table else table.get("sort")
        if order and name not in SMALL:
            plan = connection.execute(
                f"EXPLAIN QUERY PLAN SELECT * FROM {name} ORDER BY {order} LIMIT 101"
            ).fetchall()
            assert not [row for row in plan if "TEMP B-TREE" in row[3]], name
    connection.close()


def test_datasette_1_gets_the_same_queries():
    loaded = yaml.safe_load((CONFIG / "datasette.yaml").read_text(encoding="utf-8"))
    assert loaded == {"databases": {"aggregator": {"queries": QUERIES}}}


# --- the process -----------------------------------------------------------------------------------


class Writer(threading.Thread):
    """Commits a poll's row and a fresh headline again and again, as the daemon does, until it is told to stop."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.stopping = threading.Event()
        self.commits = 0
        self._path = path

    def run(self) -> None:
        with open_store(self._path) as store:
            while not self.stopping.wait(0.01):
                store.write(self._write)
                self.commits += 1

    def _write(self, connection: sqlite3.Connection) -> None:
        text = f"{SCRIPT} fresh headline {self.commits}"
        connection.execute(
            "UPDATE articles SET headline = ?, outlet = ? WHERE article_id = 1", [text, SCRIPT]
        )
        connection.execute("UPDATE story_days SET headline = ? WHERE story_id = 1", [text])
        connection.execute("UPDATE feeds SET polls = polls + 1, last_error = ?", [SCRIPT])


@pytest.fixture(scope="module")
def store(demo, tmp_path_factory):
    path = tmp_path_factory.mktemp("datasette") / "aggregator.db"
    shutil.copy(demo[0] / "var" / "demo" / "aggregator.db", path)
    return path


@pytest.fixture(scope="module")
def site(store):
    """The address of a Datasette process that reads what a writer is writing."""
    program = Path(sys.executable).parent / "datasette"
    writer = Writer(store)
    writer.start()
    process = subprocess.Popen(
        [program, "serve", store, "-m", CONFIG / "datasette-metadata.yaml", "-p", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    try:
        lines = (re.search(r"running on (http://[\d.:]+)", line) for line in process.stderr)
        yield next(found[1] for found in lines if found)
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()
        writer.stopping.set()
        writer.join()
    assert writer.commits > 20


def get(url: str) -> str:
    with urlopen(url, timeout=30) as answer:  # raises for any status but 200
        return answer.read().decode()


def test_the_front_shows_the_promise_and_hides_the_rest(site):
    tables = json.loads(get(f"{site}/aggregator.json"))
    shown = {table["name"] for table in tables["tables"] if not table["hidden"]} | {
        view["name"] for view in tables["views"]
    }
    assert shown - {"sqlite_stat1", "sqlite_stat4"} == {
        name for name, table in TABLES.items() if not table.get("hidden")
    }
    assert {query["name"] for query in tables["queries"]} == set(QUERIES)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_page(name, site):
    page = get(f"{site}/aggregator/{quote(name)}")
    assert SCRIPT not in page
    for description in TABLES[name].get("columns", {}).values():
        assert description.partition("'")[0] in page


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_is_answered(name, site):
    arguments = urlencode(ARGUMENTS.get(name, {}))
    assert SCRIPT not in get(f"{site}/aggregator/{name}?{arguments}")
    rows = json.loads(get(f"{site}/aggregator/{name}.json?_shape=array&{arguments}"))
    assert bool(rows) != (name in EMPTY_IN_THE_DEMO)


def test_words_to_look_for_are_words(site):
    words = urlencode({"words": 'x" OR headline : "strait" NOT (', "_shape": "array"})
    assert json.loads(get(f"{site}/aggregator/headlines_with.json?{words}")) == []


def test_a_fresh_row_is_there_at_the_next_request(site):
    def newest() -> str:
        [row] = json.loads(get(f"{site}/aggregator/articles.json?article_id=1&_shape=array"))
        return row["headline"]

    first = newest()
    assert first.startswith(SCRIPT)
    seen = {newest() for _ in range(20)}
    assert seen - {first}


def test_the_process_writes_nothing(store, site):
    page = get(f"{site}/-/databases.json")
    [database] = [row for row in json.loads(page) if row["name"] == "aggregator"]
    assert (database["is_mutable"], database["path"]) == (True, str(store))
