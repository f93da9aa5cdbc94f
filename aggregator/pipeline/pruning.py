"""Retention: how far back articles are kept, and the portions in which the others go.

Each portion is a transaction of its own, taken while nobody groups; between two of them whoever waits for
the writer gets his turn. Killed at any moment, what is gone is gone whole, and the next run goes on.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from aggregator import schedule
from aggregator.settings import Settings
from aggregator.store import Store, open_reader, pruning, upkeep

MIN_KEEP_DAYS = 31
"""Younger articles always stay: addenda, a story's next days and the words of the last weeks need them."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept: at most so many days, in at most so many bytes; None is no limit."""

    keep_days: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What went, or would go: articles of days before `before`; `kept` are old ones that a feed still lists."""

    before: date
    articles: int
    stories: int
    polls: int
    kept: int
    bytes_before: int
    bytes_after: int

    def __str__(self) -> str:
        return (
            f"prune before={self.before} articles={self.articles} stories={self.stories} polls={self.polls}"
            f" kept={self.kept} bytes={self.bytes_before} bytes_after={self.bytes_after}"
        )


def plan(store_path: Path, settings: Settings, retention: Retention, now: datetime) -> PruneReport:
    """What `prune` would do, as far as it can be told without doing it; changes nothing."""
    with open_reader(store_path) as connection:
        before = _cut(retention, settings, now, pruning.count_by_day(connection), _used(store_path))
        found = pruning.find_prunable(connection, before)
        size = store_path.stat().st_size
    return PruneReport(before, found.articles, 0, 0, found.kept, size, size)


def prune(
    store: Store,
    settings: Settings,
    retention: Retention,
    now: datetime,
    *,
    at_most: int | None = None,
    progress: Progress = lambda done, total: None,
) -> PruneReport:
    """Delete what is older or too much, and give the room back to the disk.

    Args:
        at_most: Articles after which to stop; a later run goes on.
    """
    size = store.path.stat().st_size
    articles = stories = polls = kept = 0
    before = date.min
    while True:  # what an article takes is an estimate, so a size may need a few rounds
        with open_reader(store.path) as connection:
            counts = pruning.count_by_day(connection)
            cut = _cut(retention, settings, now, counts, _used(store.path), done_before=before)
            if cut <= before:
                break
            before = cut
            found = pruning.find_prunable(connection, before)
        kept = found.kept
        done = _prune_portions(store, found.portions, at_most, progress)
        articles, stories = articles + done.articles, stories + done.stories
        polls += _prune_polls(store, before)
        store.write(partial(pruning.prune_weights, before=before))
        if done.articles:
            _merge_search(store)
        if retention.max_bytes is None or at_most is not None:
            break
    while (articles or polls) and store.maintain(upkeep.shrink):
        pass
    return PruneReport(before, articles, stories, polls, kept, size, store.path.stat().st_size)


def _used(store_path: Path) -> int:
    with open_reader(store_path) as connection:
        return pruning.used_bytes(connection)


def _cut(
    retention: Retention,
    settings: Settings,
    now: datetime,
    counts: Sequence[tuple[date, int]],
    used_bytes: int,
    done_before: date = date.min,
) -> date:
    """The first day that is kept; of days before `done_before` what could go has gone."""
    today = schedule.local_day(now, settings.day.timezone)
    by_age = date.min if retention.keep_days is None else today - timedelta(days=retention.keep_days)
    by_size = date.min
    if retention.max_bytes is not None:
        by_size = day_that_fits(counts, used_bytes, retention.max_bytes, done_before)
    return min(max(by_age, by_size), today - timedelta(days=MIN_KEEP_DAYS))


def day_that_fits(
    counts: Sequence[tuple[date, int]], used_bytes: int, max_bytes: int, done_before: date = date.min
) -> date:
    """The first day to keep so that about `max_bytes` are used, if each article takes as much as any other.

    Days before `done_before` have nothing more to give.
    """
    total = sum(articles for _, articles in counts)
    if used_bytes <= max_bytes or not total:
        return date.min
    too_many = math.ceil((used_bytes - max_bytes) * total / used_bytes)
    for day, articles in counts:
        too_many -= articles if day >= done_before else 0
        if too_many <= 0:
            return day + timedelta(days=1)
    return date.max


def _prune_portions(
    store: Store, portions: Sequence[Sequence[int]], at_most: int | None, progress: Progress
) -> pruning.Pruned:
    articles = stories = 0
    total = sum(map(len, portions))
    for portion in portions:
        with store.regrouping:
            pruned = store.write(partial(pruning.prune_articles, article_ids=portion))
        articles, stories = articles + pruned.articles, stories + pruned.stories
        progress(articles, total)
        if at_most is not None and articles >= at_most:
            break
    return pruning.Pruned(articles, stories)


def _prune_polls(store: Store, before: date) -> int:
    deleted, after = 0, 0
    while True:
        gone, last = store.write(partial(pruning.prune_polls, before=before, after_poll=after))
        deleted += gone
        if last is None:
            return deleted
        after = last


def _merge_search(store: Store) -> None:
    is_first = True
    while store.maintain(partial(upkeep.merge_search, is_first=is_first)):
        is_first = False
