"""The schema's history: a step that a store somewhere has taken is not changed any more, another one follows it."""

import sqlite3
from hashlib import sha256

from sqlite_utils import Database

from aggregator.store.migrations import _STEPS

# What the schema is after each step, as `schema_digest` tells it. Add a line with a step; never change one.
TAKEN = {"create_tables_and_views": "2cc9ec81ad2dd21bd753365cf72f3e6ff3adcf8df0555faf415e9da788cb25c5"}


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
