"""Rows C1 and C2: a daemon that is killed a hundred times, and the five invariants after every death."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.faults.killpoints import POINTS
from tests.faults.kills import kill_again_and_again
from tests.faults.mutants import MUTANTS, caught_by

KILLS = 600 if os.environ.get("LONG") else 100
HOMES = 2  # at a time


def test_C1_a_hundred_kills_at_every_named_point_and_at_random_moments_lose_nothing(tmp_path):
    kill = partial(kill_again_and_again, kills=KILLS // HOMES)
    with ThreadPoolExecutor(HOMES) as pool:
        records = list(pool.map(lambda seed: kill(tmp_path / str(seed), seed=seed), range(HOMES)))

    for record in records:
        print(record)  # noqa: T201 - how long starts take, for whoever asks with -s
        assert record.violations == []
        assert record.digests > 0
        assert record.unchanged > 0
    assert sum(record.total for record in records) == KILLS
    assert set(POINTS) <= {point for record in records for point in record.kills}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_C2_a_breakage_of_the_promise_is_caught(mutant):
    assert caught_by(mutant), "it got through"
