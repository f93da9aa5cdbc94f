"""Grouping of the days that changed: read, decide, write; one (language, day) at a time.

A day is grouped again whole whenever something in it changed; what a grouping sees is the set of the
day's articles, its listings and the corrections, so the order of arrival leaves no trace. A closed
day only grows an addendum, and beyond the window of late arrivals what comes for it is archive: stored,
searchable, in no story. A day before the first digest was never closed, and is grouped like any other.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from aggregator import cluster, schedule
from aggregator.cluster.weights import shipped_weights
from aggregator.model import Continuations, DayGroup, DayGroups, KnownStory
from aggregator.pipeline.grouper import Regrouped, first_late_day
from aggregator.pipeline.memory import GroupingMemory
from aggregator.settings import ClusterSettings, Settings
from aggregator.shortage import memory_kept
from aggregator.store import Writer, days, open_reader, stories
from aggregator.store.days import ChangedDay, DayInputs
from aggregator.store.grouped_days import GroupedDay, SavedDay, Saving, save_grouped_day

_SERIES_DAYS = 92  # how far apart two issues of a series may lie and be linked
_LEARN_DAYS = 14  # days of headlines that new token weights are learned from


@dataclass(frozen=True, slots=True)
class DayMaterial:
    """Everything a grouping decides from, read at one moment."""

    changed: ChangedDay
    inputs: DayInputs
    weights: cluster.TokenWeights | None
    today: tuple[KnownStory, ...]
    past: tuple[KnownStory, ...]
    frozen: tuple[DayGroup, ...]


def read_material(
    connection: sqlite3.Connection,
    changed: ChangedDay,
    window_days: int,
    memory: GroupingMemory | None = None,
) -> DayMaterial:
    memory = memory or GroupingMemory()
    changed = days.recounted(connection, changed)
    day, language = changed.day, changed.language
    weights = days.load_weights(connection, language, day)
    past: list[KnownStory] = []
    for age in range(window_days, 0, -1):
        past += _known_day(connection, day - timedelta(days=age), language, memory)
    articles = memory.day(day, language).articles
    inputs = days.load_day_inputs(connection, day, language, window_days, articles)
    begun = stories.load_first_days(connection, day, language)
    today = _known_day(connection, day, language, memory)
    return DayMaterial(
        changed=changed,
        inputs=inputs,
        weights=None if weights is None else memory.weights(weights),
        today=tuple(_with_first_days(today, begun)),
        past=tuple(past),
        frozen=stories.load_groups(connection, day, language) if changed.is_closed else (),
    )


def _with_first_days(stories: list[KnownStory], begun: Mapping[int, date]) -> list[KnownStory]:
    if not begun:
        return stories
    return [replace(s, first_day=begun[s.story_id]) if s.story_id in begun else s for s in stories]


def _known_day(
    connection: sqlite3.Connection, day: date, language: str, memory: GroupingMemory
) -> list[KnownStory]:
    """The stories of a day in the order of their ids."""
    known = memory.day(day, language)
    known.stories = stories.load_known_day(connection, day, language, known.stories, known.articles.headlines)
    return [known.stories.stories[story_id] for story_id in sorted(known.stories.stories)]


def group(
    material: DayMaterial, settings: ClusterSettings, reader: cluster.Reader | None = None
) -> GroupedDay:
    """Decide the groups of a day and which stories they are. Pure; the costly part.

    A `reader` that is passed again remembers the words of headlines and changes no result.
    """
    reader = reader or cluster.Reader()
    groups = _with_pins(_day_groups(material, settings, reader), material.inputs.pins)
    continuations = cluster.continue_stories(
        groups.groups,
        material.inputs.by_key,
        day=material.inputs.day,
        today=material.today,
        past=material.past,
        language=material.inputs.language,
        is_settled=material.changed.is_closed or material.changed.keeps_ids,
        sightings=material.inputs.sightings,
        weights=material.weights,
        settings=settings,
        corrections=material.inputs.corrections,
        reader=reader,
    )
    return GroupedDay(material.changed, groups, continuations, material.inputs.article_ids)


def _with_pins(groups: DayGroups, pins: Sequence[str]) -> DayGroups:
    """Let a pinned article lead its group; of several the newest pin."""
    if not pins:
        return groups
    rank = {key: number for number, key in enumerate(pins)}
    unpinned = len(pins)
    led = {
        place: group._replace(keys=tuple(sorted(group.keys, key=lambda key: rank.get(key, unpinned))))
        for place, group in enumerate(groups.groups)
        if not rank.keys().isdisjoint(group.keys)
    }
    if not led:
        return groups
    return replace(groups, groups=tuple([led.get(place, group) for place, group in enumerate(groups.groups)]))


def _day_groups(material: DayMaterial, settings: ClusterSettings, reader: cluster.Reader) -> DayGroups:
    inputs = material.inputs
    if not material.changed.is_closed:
        return cluster.group_day(
            inputs.headlines,
            language=inputs.language,
            sightings=inputs.sightings,
            corrections=inputs.corrections,
            weights=material.weights,
            settings=settings,
            reader=reader,
        )
    placed = {key for group in material.frozen for key in group.keys}
    return cluster.attach_late(
        [headline for headline in inputs.headlines if headline.key not in placed],
        material.frozen,
        inputs.headlines,
        language=inputs.language,
        sightings=inputs.sightings,
        corrections=inputs.corrections,
        weights=material.weights,
        settings=settings,
        reader=reader,
    )


@memory_kept()
def regroup_days(
    store: Writer,
    changed_days: Sequence[ChangedDay],
    settings: Settings,
    now: datetime,
    memory: GroupingMemory,
) -> Regrouped:
    """Group the given days again, oldest first, and the open days between them that may go on with their stories.

    Those after the last of them are noted as changed. Each while nobody else groups: a grouping that was read before
    another one's and written after it would put the older one back. A `memory` is of this store alone; it keeps nothing
    of days so old that no late article can touch them or the days they lead to.
    """
    changed_stories: set[int] = set()
    done, headlines, conflicts = 0, 0, []
    first_weighed = first_late_day(settings, now)
    passing = GroupingMemory()
    first_remembered = first_weighed - timedelta(days=settings.cluster.window_days)
    today = schedule.local_day(now, settings.day.timezone)
    last = max([changed.day for changed in changed_days], default=today)
    waiting = {(changed.day, changed.language): changed for changed in changed_days}
    while waiting:
        changed = waiting.pop(min(waiting))
        # An older day was corrected, or came of an archive: it is not grouped again soon.
        known = memory if changed.day >= first_remembered else passing
        with store.regrouping, cluster.collector_at_rest():
            known.turn_to(today)
            if changed.day >= first_weighed:
                _freeze_weights(store, changed)
            with open_reader(store.path) as connection:
                material = read_material(connection, changed, settings.cluster.window_days, known)
            grouped = group(material, settings.cluster, known.reader)
            touched, later = save(store, material, grouped, settings.cluster, now, known)
        waiting |= {(day.day, day.language): day for day in later if day.day <= last}
        changed_stories |= touched
        done += 1
        headlines += len(material.inputs.headlines)
        conflicts += list(grouped.groups.conflicts)
    return Regrouped(done, headlines, frozenset(changed_stories), tuple(conflicts))


def save(
    store: Writer,
    material: DayMaterial,
    grouped: GroupedDay,
    settings: ClusterSettings,
    now: datetime,
    memory: GroupingMemory,
) -> tuple[frozenset[int], list[ChangedDay]]:
    """Write a grouped day, then link its issues of series; only by then has each a story id.

    Returns the stories that changed and the days that are to be grouped again for it.
    """
    last = material.inputs.day + timedelta(days=settings.window_days)
    known = memory.day(material.inputs.day, material.inputs.language)
    saving, later = store.write(partial(_write, grouped=grouped, last=last, now=now, before=known.saved))
    known.stories = stories.known_after(known.stories, saving, material.inputs.day, known.articles)
    known.saved = saving.day
    if issues := [group for group in grouped.groups.groups if group.series]:
        links = _neighbours(store.path, material, issues, settings)
        store.write(partial(stories.link_issues, links=links))
    return saving.stories_changed, later


def _write(
    connection: sqlite3.Connection, grouped: GroupedDay, last: date, now: datetime, before: SavedDay | None
) -> tuple[Saving, list[ChangedDay]]:
    """Save a day and, in the same transaction, note which days' stories may go on otherwise now."""
    saving = save_grouped_day(connection, grouped, now, before)
    day, language = grouped.changed.day, grouped.changed.language
    later = days.load_later_days(connection, day, language, last) if saving.stories_changed else []
    days.mark_days_changed(connection, [(known.day.isoformat(), language) for known in later])
    return saving, later


def _neighbours(
    store_path: Path, material: DayMaterial, issues: Sequence[DayGroup], settings: ClusterSettings
) -> Continuations:
    """The stories of these groups, each with the issues nearest to it; months may lie between two."""
    inputs, day = material.inputs, material.inputs.day
    headlines = inputs.by_key
    outlets = sorted({headlines[key].outlet or "" for group in issues for key in group.keys})
    reach = timedelta(days=_SERIES_DAYS)
    with open_reader(store_path) as connection:
        known = stories.load_issues(connection, inputs.language, day - reach, day + reach, outlets)
    return cluster.continue_stories(
        issues,
        headlines,
        day=day,
        today=[story for story in known if story.day == day],
        past=[story for story in known if story.day != day],
        language=inputs.language,
        is_settled=True,
        weights=material.weights,
        settings=settings,
    )


def _freeze_weights(store: Writer, changed: ChangedDay) -> None:
    """Learn the day's token weights once, from days that are over.

    The day before is left out: it may still be filling up when the first headline of today comes, and
    the weights would depend on the moment. A new store starts from the shipped prior, and what was
    long over when it first came (a feed's archive) is grouped by that alone.
    """
    day, language = changed.day, changed.language
    last = day - timedelta(days=2)
    with open_reader(store.path) as connection:
        if days.load_weights(connection, language, day) is not None:
            return
        latest = days.load_latest_weights(connection, language, day)
        first = latest[0] - timedelta(days=1) if latest else day - timedelta(days=_LEARN_DAYS)
        learnt_from = days.load_told_between(connection, language, first, last)
    previous = cluster.TokenWeights.from_bytes(latest[1]) if latest else shipped_weights(language)
    weights = cluster.TokenWeights.learn(learnt_from, language=language, previous=previous)
    store.write(partial(days.save_weights, language=language, day=day, weights=weights.to_bytes()))
