"""What another line would change: figures on labelled rows, merges and splits on stored days. Pure.

The similarities of a pool are computed once, for the lowest of the lines, and grouped at each of them.
A line above the lowest is thus measured with a few more pairs compared than a run at that line alone
would compare; the figures may differ in the third decimal.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aggregator.cluster.copies import in_order
from aggregator.cluster.day import Day, prepare_day
from aggregator.cluster.evaluate import Scores, evaluate
from aggregator.cluster.grouping import group_prepared
from aggregator.cluster.jsonl import ClusterRow, cluster_rows
from aggregator.cluster.rules import DEFAULT_SETTINGS, RULES, Rules
from aggregator.cluster.weights import TokenWeights
from aggregator.model import Correction, CorrectionKind, DayGroup, DayGroups, Headline, Sighting
from aggregator.settings import ClusterSettings


@dataclass(frozen=True, slots=True)
class Trial:
    """What one line would make of one stored day.

    `merges`: per group that would hold articles of several present groups, the lead keys of these;
    `splits`: per present group that would fall apart, the lead keys of the groups its articles would
    be in. `honoured` of `corrections` would come out as the person decided by the line alone.
    """

    line: float
    merges: tuple[tuple[str, ...], ...]
    splits: tuple[tuple[str, ...], ...]
    corrections: int
    honoured: int


def sweep(
    rows: Sequence[ClusterRow],
    gold: Sequence[str],
    lines: Sequence[float],
    settings: ClusterSettings = DEFAULT_SETTINGS,
    *,
    weights: TokenWeights | None = None,
    rules: Rules = RULES,
) -> tuple[Scores, ...]:
    """Return the scores of the rows at each line (`Rules.line`, in (0, 1]), in the order of `lines`.

    `gold` is the true label of each row, as for `evaluate`.
    """
    prepared: dict[tuple[str, tuple[str, ...]], Day] = {}

    def grouped_at(line: float) -> Callable[[Sequence[Headline], str], DayGroups]:
        def group(headlines: Sequence[Headline], language: str) -> DayGroups:
            pool = (language, tuple(headline.key for headline in headlines))
            if pool not in prepared:
                prepared[pool] = prepare_day(in_order(headlines), language, (), weights, settings, lowest)
            return group_prepared(prepared[pool], (), replace(rules, line=line))

        return group

    lowest = replace(rules, line=min(lines, default=rules.line))
    return tuple(evaluate(cluster_rows(rows, settings, group=grouped_at(line)), gold) for line in lines)


def try_lines(
    headlines: Sequence[Headline],
    present: Sequence[DayGroup],
    lines: Sequence[float],
    *,
    language: str,
    sightings: Sequence[Sighting] = (),
    corrections: Sequence[Correction] = (),
    weights: TokenWeights | None = None,
    settings: ClusterSettings = DEFAULT_SETTINGS,
    rules: Rules = RULES,
) -> tuple[Trial, ...]:
    """Return, for each line, what it would change in the `present` groups of one (language, day).

    Merges and splits are told with the corrections applied, as a regrouping would.
    """
    lowest = replace(rules, line=min(lines, default=rules.line))
    day = prepare_day(in_order(headlines), language, sightings, weights, settings, lowest)
    return tuple(_trial(day, present, corrections, replace(rules, line=line)) for line in lines)


def _trial(day: Day, present: Sequence[DayGroup], corrections: Sequence[Correction], rules: Rules) -> Trial:
    made = group_prepared(day, corrections, rules).groups
    free = _lead_of(group_prepared(day, (), rules).groups) if corrections else {}
    told = [c for c in corrections if c.a_key != c.b_key and c.a_key in free and c.b_key in free]
    return Trial(
        line=rules.line,
        merges=_across(made, _lead_of(present)),
        splits=_across(present, _lead_of(made)),
        corrections=len(told),
        honoured=sum((free[c.a_key] == free[c.b_key]) == (c.kind is CorrectionKind.JOIN) for c in told),
    )


def _lead_of(groups: Sequence[DayGroup]) -> dict[str, str]:
    return {key: group.lead_key for group in groups for key in group.keys}


def _across(groups: Sequence[DayGroup], lead_of: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    """Return, per group whose articles lie in several others, the leads of these, the largest share first."""
    found = []
    for group in groups:
        shares: defaultdict[str, int] = defaultdict(int)
        for key in group.keys:
            if key in lead_of:
                shares[lead_of[key]] += 1
        if len(shares) > 1:
            found.append(tuple(sorted(shares, key=lambda lead: (-shares[lead], lead))))
    return tuple(sorted(found))
