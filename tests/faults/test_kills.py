"""Rows C1 and C2: a daemon that is killed a hundred times, and the five invariants after every death."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.faults.killpoints import POINTS
from tests.faults.kills import AT_RANDOM, kill_again_and_again
from tests.faults.mutants import MUTANTS, ROOT, caught_by, mutate

IS_LONG = bool(os.environ.get("LONG"))
KILLS = 600 if IS_LONG else 100
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
        assert record.total == KILLS // HOMES
        assert set(record.kills) == {*POINTS, AT_RANDOM}
        assert max(record.start_seconds) < 2.0, "of processor time, whatever the last life left behind"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_C2_each_breakage_has_its_place_in_the_program(tmp_path, mutant):
    (tmp_path / mutant.file).parent.mkdir(parents=True)
    shutil.copy(ROOT / mutant.file, tmp_path / mutant.file)
    mutate(tmp_path, mutant)
    compile((tmp_path / mutant.file).read_bytes(), mutant.file, "exec")


@pytest.mark.parametrize("mutant", MUTANTS if IS_LONG else MUTANTS[:1], ids=lambda mutant: mutant.name)
def test_C2_a_breakage_of_the_promise_is_caught(mutant):
    assert caught_by(mutant), "it got through"
