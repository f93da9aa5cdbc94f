"""Whatever is typed into a search finds rows, finds nothing, or is told what is wrong with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import UsageError
from aggregator.store import open_reader, searching

PIECES = (
    '"', "'", "(", ")", "*", "-", "+", "^", ":", "{", "}", "..", " ", "NOT", "AND", "OR", "NEAR(", "headline:", "outlet:", "day:", "topic:",
    "language:", "day:2026", "day:2026-13", "2026-02-30", "strait", "北京", "พิธี", "Київ", "\0", "\ud800", "\u202e", "é", "\n", "%", "]", ";--",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection(demo):
    with open_reader(demo[0] / "var" / "demo" / "aggregator.db") as connection:
        yield connection


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40))
def test_any_query_is_answered_or_refused_in_our_words(connection, text):
    try:
        rows = searching.search(connection, text, limit=5)
    except UsageError:
        return
    assert len(rows) <= 5


def test_ten_megabytes_of_query_are_answered_by_their_first_words(connection):
    assert searching.search(connection, "strait " * 1_500_000) == searching.search(connection, "strait")
