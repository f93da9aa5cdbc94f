"""Stored days grouped again by the rules of today: to have them so, or to see what would be."""

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from aggregator import cluster
from aggregator.model import DayGroup
from aggregator.pipeline.grouper import GroupChange
from aggregator.pipeline.grouping import DayMaterial, group, read_material, save
from aggregator.pipeline.memory import GroupingMemory
from aggregator.settings import Settings
from aggregator.shortage import memory_kept
from aggregator.store import Writer, days, open_reader, stories
from aggregator.store.days import ChangedDay


@memory_kept()
def recluster_days(
    store_path: Path,
    store: Writer | None,
    settings: Settings,
    now: datetime,
    *,
    first: date,
    last: date,
) -> list[GroupChange]:
    """Group stored days again, closed ones too, and return the groups that differ.

    Without a `store` nothing is written. Published digests keep their snapshots either way.
    """
    changes: list[GroupChange] = []
    with open_reader(store_path) as connection:
        stored_days = days.load_days(connection, first, last)
    for changed in stored_days:
        memory = GroupingMemory()
        with store.regrouping if store else nullcontext():
            with open_reader(store_path) as connection:
                material = read_material(connection, changed, settings.cluster.window_days, memory)
                before = stories.load_groups(connection, changed.day, changed.language)
            grouped = group(material, settings.cluster)
            changes += _differences(changed, before, grouped.groups.groups, material)
            if store is not None:
                save(store, material, grouped, settings.cluster, now, memory)
    return changes


def _differences(
    changed: ChangedDay, before: Sequence[DayGroup], after: Sequence[DayGroup], material: DayMaterial
) -> list[GroupChange]:
    text = {headline.key: headline.text for headline in material.inputs.headlines}
    group_before = {key: number for number, group in enumerate(before) for key in group.keys}
    known = {frozenset(group.keys) for group in before}
    changes = []
    for made in after:
        if frozenset(made.keys) in known:
            continue
        parts = Counter(group_before.get(key) for key in made.keys)
        sizes = tuple(sorted(parts.values(), reverse=True))
        headlines = tuple(text[key] for key in made.keys)
        changes.append(GroupChange(changed.day, changed.language, headlines, sizes))
    return changes


@dataclass(frozen=True, slots=True)
class DayTrial:
    """What one line would make of one stored day; merges and splits as headlines of the groups' leads."""

    day: date
    language: str
    line: float
    merges: tuple[tuple[str, ...], ...]
    splits: tuple[tuple[str, ...], ...]
    corrections: int
    honoured: int


def try_days(
    store_path: Path, settings: Settings, lines: Sequence[float], *, first: date, last: date
) -> list[DayTrial]:
    """What each line would change in the stored days from `first` to `last`; nothing is written."""
    trials: list[DayTrial] = []
    with open_reader(store_path) as connection:
        stored_days = days.load_days(connection, first, last)
    for stored in stored_days:
        with open_reader(store_path) as connection:
            material = read_material(connection, stored, settings.cluster.window_days)
            present = stories.load_groups(connection, stored.day, stored.language)
        trials += _try_day(material, present, lines, settings)
    return trials


def _try_day(
    material: DayMaterial, present: Sequence[DayGroup], lines: Sequence[float], settings: Settings
) -> list[DayTrial]:
    inputs = material.inputs
    text = {headline.key: headline.text for headline in inputs.headlines}
    found = cluster.try_lines(
        inputs.headlines,
        present,
        lines,
        language=inputs.language,
        sightings=inputs.sightings,
        corrections=inputs.corrections,
        weights=material.weights,
        settings=settings.cluster,
    )

    def named(groups: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(text[key] for key in group) for group in groups)

    return [
        DayTrial(
            inputs.day,
            inputs.language,
            trial.line,
            named(trial.merges),
            named(trial.splits),
            trial.corrections,
            trial.honoured,
        )
        for trial in found
    ]
