"""Day groups: the partition of one (language, day), with the reasons. Pure.

Whatever comes in is sorted by article key first; from there on everything is a function of the
set of articles, co-listings and corrections.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.collector import collector_at_rest
from aggregator.cluster.constraints import Constraints, constraints_of
from aggregator.cluster.copies import folded, unfolded
from aggregator.cluster.day import Day, prepare_day
from aggregator.cluster.evidence import Ledger
from aggregator.cluster.linkage import FORBIDDEN, SCALE, average_link
from aggregator.cluster.membership import Ranks
from aggregator.cluster.reading import Reader
from aggregator.cluster.rows import row_sums
from aggregator.cluster.rules import DEFAULT_SETTINGS, RULES, Rules
from aggregator.cluster.weights import TokenWeights
from aggregator.model import Correction, DayGroup, DayGroups, Headline, Sighting
from aggregator.settings import ClusterSettings


@collector_at_rest()
def group_day(
    headlines: Sequence[Headline],
    *,
    language: str,
    sightings: Sequence[Sighting] = (),
    corrections: Sequence[Correction] = (),
    weights: TokenWeights | None = None,
    settings: ClusterSettings = DEFAULT_SETTINGS,
    rules: Rules = RULES,
    reader: Reader | None = None,
) -> DayGroups:
    """Part the headlines of one (language, day) into groups; every headline is in exactly one.

    The result depends on the set of arguments alone, not on their order. `weights` None takes the
    shipped ones; a `reader` that is passed again saves work and changes nothing. Never raises, whatever the texts are. Groups are ordered by size, then lead key.
    """
    reader = reader or Reader()
    told = folded(headlines, corrections, language, reader)
    day = prepare_day(told.headlines, language, sightings, weights, settings, rules, reader)
    return unfolded(group_prepared(day, corrections, rules), told.surplus)


def group_prepared(day: Day, corrections: Sequence[Correction], rules: Rules) -> DayGroups:
    """Part a day that is prepared for comparison, as `group_day` does."""
    alone = np.arange(len(day.headlines), dtype=np.int64)
    free = np.zeros(len(alone), dtype=bool)
    index = day.index if corrections else {}
    return _grouped(day, constraints_of(corrections, index, alone, free), free, rules)


@collector_at_rest()
def attach_late(
    late: Sequence[Headline],
    frozen: Sequence[DayGroup],
    headlines: Sequence[Headline],
    *,
    language: str,
    sightings: Sequence[Sighting] = (),
    corrections: Sequence[Correction] = (),
    weights: TokenWeights | None = None,
    settings: ClusterSettings = DEFAULT_SETTINGS,
    rules: Rules = RULES,
    reader: Reader | None = None,
) -> DayGroups:
    """Add late headlines to a day that is frozen: each joins one of its groups or begins a new one.

    `headlines` are all of the day, the frozen ones and the late ones. Frozen groups keep all their members
    and never join each other, not even by a correction.
    """
    reader = reader or Reader()
    place_of = {key: number for number, group in enumerate(frozen) for key in group.keys}
    told = folded(_with(headlines, late), corrections, language, reader, place_of)
    day = prepare_day(told.headlines, language, sightings, weights, settings, rules, reader)
    start = np.arange(len(day.headlines), dtype=np.int64)
    anchored = np.zeros(len(start), dtype=bool)
    for group in frozen:
        members = sorted(day.index[key] for key in group.keys if key in day.index)
        start[members] = members[:1]
        anchored[members] = True
    constraints = constraints_of(corrections, day.index, start, anchored)
    grouped = unfolded(_grouped(day, constraints, anchored, rules), told.surplus)
    return replace(grouped, groups=_with_frozen_order(grouped.groups, frozen))


def _with(headlines: Sequence[Headline], late: Sequence[Headline]) -> Sequence[Headline]:
    """Return the headlines of a day as they are if the late ones are among them, as they should be."""
    keys = {headline.key for headline in headlines}
    missing = [headline for headline in late if headline.key not in keys]
    return [*headlines, *missing] if missing else headlines


def _grouped(day: Day, constraints: Constraints, anchored: NDArray[np.bool_], rules: Rules) -> DayGroups:
    agreement = _forbidding(day.agreement, constraints.apart)
    suited = rules.suited_to(len(day.headlines), _lone(day.agreement, rules))
    groups = average_link(agreement, suited.line, constraints.start, anchored, suited)
    ledger = Ledger(day, agreement, groups, constraints, anchored, suited, suited.line)
    ranks = Ranks.of(groups, day.textual, day.read.seconds)
    told = day.decided.groups.tell(ranks, day.headlines, day.read.slots, day.read.since)
    return DayGroups(told, ledger.decisions(), rules.version, constraints.conflicts)


def _lone(agreement: sparse.csr_matrix, rules: Rules) -> int:
    """Count the headlines that stand alone."""
    agreeing = row_sums(agreement, agreement.data >= rules.mate * SCALE)
    return int(np.count_nonzero(agreeing == 0))


def _forbidding(agreement: sparse.csr_matrix, pairs: Iterable[tuple[int, int]]) -> sparse.csr_matrix:
    listed = sorted(pairs)
    if not listed:
        return agreement
    a, b = np.array(listed).T
    forbidden = np.full(len(listed), FORBIDDEN, dtype=np.int64)
    there = sparse.csr_matrix((forbidden, (a, b)), shape=agreement.shape)
    return agreement + there + there.T


def _with_frozen_order(groups: Sequence[DayGroup], frozen: Sequence[DayGroup]) -> tuple[DayGroup, ...]:
    """Keep the order of frozen members, with the late ones after them."""
    frozen_of = {key: group for group in frozen for key in group.keys}
    kept = []
    for group in groups:
        before = next((frozen_of[key] for key in group.keys if key in frozen_of), None)
        if before is None:
            kept.append(group)
            continue
        here = set(group.keys)
        old = tuple(key for key in before.keys if key in here)
        late = tuple(key for key in group.keys if key not in old)
        kept.append(DayGroup(old + late, before.series or group.series, before.serial or group.serial))
    return tuple(kept)
