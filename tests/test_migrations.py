"""The schema's history: a step that a store somewhere has taken is not changed any more, another one follows it."""

import sqlite3
from contextlib import closing
from hashlib import sha256

from sqlite_utils import Database, Migrations

from aggregator.store import open_store
from aggregator.store.migrations import _STEPS, APPLICATION_ID, create_tables_and_views, migrations

# What the schema is after each step, as `schema_digest` tells it. Add a line with a step; never change one.
TAKEN = {
    "create_tables_and_views": "2cc9ec81ad2dd21bd753365cf72f3e6ff3adcf8df0555faf415e9da788cb25c5",
    "let_days_be_reopened": "cba30256a7e01db23b70b4188caccc6891ffbdf063004638212af3f14746155e",
}


def schema_digest(connection: sqlite3.Connection) -> str:
    """Tell a schema by its statements, whatever their spaces; the tables below a search index are SQLite's."""
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master"
        " WHERE sql IS NOT NULL AND name NOT GLOB '*_search_*' ORDER BY type, name"
    )
    told = [(kind, name, " ".join(statement.split())) for kind, name, statement in rows]
    return sha256(repr(told).encode()).hexdigest()


def test_each_step_makes_of_a_store_what_it_made_of_those_that_are_out_there():
    connection = sqlite3.connect(":memory:")
    digests = {}
    for step in _STEPS:
        step(Database(connection))
        digests[step.__name__] = schema_digest(connection)

    assert digests == TAKEN


def test_the_digest_tells_a_column_more():
    one, other = (sqlite3.connect(":memory:") for _ in range(2))
    one.execute("CREATE TABLE a (b)")
    other.execute("CREATE TABLE  a (b, c)")

    assert schema_digest(one) != schema_digest(other)


def test_a_store_made_by_the_first_step_has_no_day_that_was_reopened(tmp_path):
    path = tmp_path / "news.db"
    first = Migrations(migrations.name)
    first(name=create_tables_and_views.__name__)(create_tables_and_views)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        first.apply(Database(connection))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("INSERT INTO days (day, language, changes) VALUES ('2026-03-01', 'en', 2)")

    open_store(path).close()

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        days = connection.execute("SELECT day, language, changes, reopened FROM days").fetchall()
        assert days == [("2026-03-01", "en", 2, 0)]
