"""A soak on a simulated clock: a week of twenty feeds here, a month of two hundred with LONG=1.

`-s` prints the figures.
"""

import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.store import copies, open_reader
from tests.system.home import Home, dump
from tests.system.misfortune import KINDS
from tests.system.oracle import Oracle, grown, last_life, leaked, memory
from tests.system.soaking import Census, Scale, Soaked, soak

IS_LONG = bool(os.environ.get("LONG"))
SEED = 1
SHORT = Scale(days=7, feeds=20, deaths=3, every=timedelta(hours=3))
MONTH = Scale(days=30, feeds=200, deaths=10, every=timedelta(hours=3))
STARTS = {SHORT: datetime(2026, 3, 25, tzinfo=UTC), MONTH: datetime(2026, 3, 10, tzinfo=UTC)}
SCALE = MONTH if IS_LONG else SHORT  # clocks change on 29 March in both


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Soaked:
    result = soak(tmp_path_factory.mktemp("soak"), STARTS[SCALE], SCALE, SEED)
    for figure in (*Oracle(result).figures(), memory(last_life(result.censuses))):
        print(figure)  # noqa: T201 - for whoever asks with -s
    return result


def test_nothing_is_lost_nothing_is_twice_and_every_day_has_one_digest(soaked):
    assert Oracle(soaked).violations() == [], f"seed {soaked.seed}"


def test_it_died_it_slept_the_disk_was_full_and_servers_did_their_worst(soaked):
    assert len(soaked.deaths) == SCALE.deaths
    assert "the disk is full" in (soaked.home.folder / "log").read_text()
    seen = {answer.kind for answer in soaked.answers}
    assert len(seen & KINDS) >= (len(KINDS) - 1 if IS_LONG else len(KINDS) // 2)
    assert seen >= {"whole", "unchanged", "gone"}


def test_no_class_of_ours_has_more_and_more_objects(soaked):
    assert grown(last_life(soaked.censuses)) == []


if IS_LONG:  # a life of four days has not filled its windows yet

    def test_a_long_life_takes_no_more_and_more_memory(soaked):
        articles = Oracle(soaked).count("articles")

        assert leaked(last_life(soaked.censuses), articles / SCALE.days) == []


LIVES = {
    "never more": ([200.0] * 17, False),
    "more until its windows are full": ([*range(190, 200), *[200.0] * 7], False),
    "less": ([200.0 - day for day in range(17)], False),
    "more, and every five days less": ([200.0 + 2 * (day % 5) for day in range(17)], False),
    "more for eight days, then less": ([200.0 + day % 8 / 2 for day in range(17)], False),
    "a kilobyte of each article": ([200.0 + day for day in range(17)], True),
    "a third of what an article takes": ([200.0 + 3.5 * day for day in range(17)], True),
    "more in the end": ([*[200.0] * 11, *range(200, 206)], True),
}


@pytest.mark.parametrize(("megabytes", "is_leak"), LIVES.values(), ids=LIVES)
def test_what_a_life_of_a_thousand_articles_a_day_may_keep(megabytes, is_leak):
    rng = random.Random(0)
    censuses = [
        Census(STARTS[MONTH], STARTS[MONTH] + timedelta(days=day, hours=hour), int(1e6 * noisy), 0.0, {})
        for day, resident in enumerate(megabytes)
        for hour in range(0, 24, 2)
        for noisy in [resident + rng.gauss(0, 1.6)]  # as a daemon's memory goes up and down in a day
    ]

    assert bool(leaked(censuses, 1000)) == is_leak


def test_a_backup_that_is_restored_elsewhere_is_the_same(soaked, tmp_path):
    backup, elsewhere = tmp_path / "backup.db", tmp_path / "elsewhere" / "aggregator.db"
    with open_reader(soaked.home.store) as connection:
        copies.backup(connection, backup)
    copies.restore(backup, elsewhere, soaked.fate.end)

    assert dump(elsewhere) == dump(soaked.home.store)


BREAKAGES = {
    "an article is lost": (
        "UPDATE articles SET link = 'https://a.example/' WHERE article_id = 1",
        "lost",
    ),
    "an article is there twice": (
        "UPDATE articles SET link = (SELECT link FROM articles WHERE article_id = 1) WHERE article_id = 2",
        "stored 2 times",
    ),
    "a listing is lost": ("DELETE FROM listings WHERE article_id = 1", "listing"),
    "a poll is lost": (
        "UPDATE polls SET started_at = '2026-01-01T00:00:00Z' WHERE poll_id = 9",
        "has no poll",
    ),
    "a digest is lost": ("DELETE FROM digests WHERE digest_id = 1", "digests of"),
    "an article has left its story": ("DELETE FROM story_members WHERE article_id = 1", "without a story"),
    "a day is another": ("UPDATE articles SET day = '2026-03-01' WHERE article_id = 1", "has the day"),
}


@pytest.mark.parametrize(("breakage", "said"), BREAKAGES.values(), ids=BREAKAGES)
def test_the_oracle_notices(soaked, tmp_path, breakage, said):
    violations = violations_after(soaked, tmp_path, breakage)

    assert any(said in violation for violation in violations), violations[:3]


ONE = "article_id = (SELECT min(article_id) FROM articles JOIN closed_days USING (day))"
OUT_OF_ITS_STORY = f"DELETE FROM story_members WHERE {ONE}"
SEEN_LATE = f"UPDATE articles SET first_seen_at = date(day, '{{days}} days') || 'T12:00:00Z' WHERE {ONE}"
DAY_REOPENED = f"DELETE FROM closed_days WHERE day = (SELECT day FROM articles WHERE {ONE})"
LATE = {
    "seen in time for the last addendum": ((SEEN_LATE.format(days=3),), True),
    "seen after the last addendum": ((SEEN_LATE.format(days=4),), False),
    "of a day that was never closed": ((SEEN_LATE.format(days=4), DAY_REOPENED), True),
}


@pytest.mark.parametrize(("changes", "is_missed"), LATE.values(), ids=LATE)
def test_an_article_is_in_no_story_only_if_its_day_took_no_more(soaked, tmp_path, changes, is_missed):
    violations = violations_after(soaked, tmp_path, OUT_OF_ITS_STORY, *changes)

    assert any("without a story" in violation for violation in violations) == is_missed


def violations_after(soaked: Soaked, folder: Path, *statements: str) -> list[str]:
    """What the oracle says of a copy in which these statements have been executed."""
    broken = Home(folder / "broken")
    shutil.copytree(soaked.home.folder, broken.folder)
    with closing(sqlite3.connect(broken.store, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return Oracle(replace(soaked, home=broken)).violations()
