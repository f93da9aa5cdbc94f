"""One headline a thousand times: a day like any other, whatever the copies are and in which order they come."""

import random
from datetime import UTC, datetime

from aggregator.cluster import attach_late, group_day
from aggregator.cluster.copies import MAX_COPIES
from aggregator.model import Correction, CorrectionKind, Headline

AT = datetime(2026, 1, 7, 6, tzinfo=UTC)
COPIES = [
    Headline(f"copy-{n:04}", "Ferry line to Aldermoor resumes after storm", f"Outlet {n}", AT)
    for n in range(3 * MAX_COPIES)
]
OTHERS = [
    Headline("other-1", "Comet Adler visible before dawn over Belmora", "Harbour Courier", AT),
    Headline("other-2", "Belmora sees comet Adler before dawn", "Skarn Gazette", AT),
    Headline("retold", "Storm over: Aldermoor ferry line resumes", "Osterra Times", AT),
]
FERRY = {copy.key for copy in COPIES} | {"retold"}


def partition(grouped):
    return {frozenset(group.keys) for group in grouped.groups}


def test_copies_are_one_group_with_all_that_tell_the_same():
    grouped = group_day([*COPIES, *OTHERS], language="en")
    assert partition(grouped) == {frozenset(FERRY), frozenset({"other-1", "other-2"})}
    assert [len(group.keys) for group in grouped.groups] == [len(FERRY), 2]
    assert {decision.key for decision in grouped.decisions} >= FERRY


def test_their_order_makes_no_difference():
    shuffled = random.Random(7).sample([*COPIES, *OTHERS], len(COPIES) + len(OTHERS))
    assert group_day(shuffled, language="en") == group_day([*COPIES, *OTHERS], language="en")


def test_a_copy_that_a_person_took_out_stays_out():
    last = COPIES[-1].key
    split = Correction(CorrectionKind.SPLIT, last, COPIES[0].key)
    grouped = group_day([*COPIES, *OTHERS], language="en", corrections=[split])
    parted = next(group for group in grouped.groups if last in group.keys)
    assert COPIES[0].key not in parted.keys


def test_late_copies_join_the_frozen_group_of_the_others():
    early, late = COPIES[: 2 * MAX_COPIES], COPIES[2 * MAX_COPIES :]
    frozen = group_day([*early, *OTHERS], language="en").groups
    grouped = attach_late(late, frozen, [*early, *OTHERS], language="en")
    assert partition(grouped) == {frozenset(FERRY), frozenset({"other-1", "other-2"})}
    ferry = next(group for group in frozen if "retold" in group.keys)
    assert grouped.groups[0].keys[: len(ferry.keys)] == ferry.keys
