"""Digests on a clock that jumps, in zones whose clocks do, by a process that dies at every kind of step.

Each local day has its digest once. The suite lives through the days round each change of the clock; with LONG set in the
environment (see tests/long.sh) it lives through whole years, with news every day.
"""

import hashlib
import os
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from aggregator.schedule import digest_due_at, time_of_day
from aggregator.settings import DigestSettings
from tests.system.paper import Paper, open_paper

IS_LONG = bool(os.environ.get("LONG"))
NEWS = 0.4 if IS_LONG else 0.12  # how often a look finds some
WORLD = DigestSettings("world", "World", formats=("text", "jsonfeed"), out="digests")
TOWNS = ("Vennhavn", "Sarran", "Kestrel", "Osterra", "Belmora", "Skarn", "Tallis", "Aldermoor")

# Wall times that the change leaves out or repeats, where there are any.
CHANGES = {
    "Berlin in spring, left out": ("Europe/Berlin", "02:30", date(2026, 3, 29)),
    "Berlin in autumn, twice": ("Europe/Berlin", "02:30", date(2026, 10, 25)),
    "Cairo in spring, midnight left out": ("Africa/Cairo", "00:00", date(2026, 4, 24)),
    "Cairo in autumn, twice": ("Africa/Cairo", "23:30", date(2026, 10, 29)),
    "Lord Howe in autumn, half an hour twice": ("Australia/Lord_Howe", "01:45", date(2026, 4, 5)),
    "Lord Howe in spring, half an hour left out": ("Australia/Lord_Howe", "02:15", date(2026, 10, 4)),
    "New York in spring, left out": ("America/New_York", "02:30", date(2026, 3, 8)),
    "New York in autumn, twice": ("America/New_York", "01:30", date(2026, 11, 1)),
}
YEARS = {
    f"{timezone} in {year} at {at}": (timezone, at, year)
    for timezone in ("Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe", "America/New_York")
    for year, at in ((2026, "02:30"), (2026, "01:30"), (2028, "00:00"))
}


class Killed(BaseException):
    """The process is gone: nothing after this line happens, and nobody tidies up."""


class Fate:
    """Decides at each step whether it is the last one; a step is a transaction begun or ended, or a sync."""

    def __init__(self, rng: random.Random, steps: int) -> None:
        self._rng, self._steps = rng, steps
        self._left = steps
        self.is_merciful = False
        self.deaths: Counter[str] = Counter()

    def step(self, where: str) -> None:
        self._left -= 1
        if self._left <= 0 and not self.is_merciful:
            self._left = self._rng.randint(1, 2 * self._steps)
            self.deaths[where] += 1
            raise Killed(where)


class MortalStore:
    """The store of a process that may die before and after each of its transactions."""

    def __init__(self, store, fate: Fate) -> None:
        self._store, self._fate = store, fate

    def __getattr__(self, name):
        return getattr(self._store, name)

    def write(self, write):
        self._fate.step("before a transaction")
        result = self._store.write(write)
        self._fate.step("after a transaction")
        return result


def live(paper: Paper, fate: Fate, rng: random.Random, first: date, last: date) -> None:
    """Look every few hours whether a digest is due, with deaths, some days of absence and late news."""
    mortal = replace(paper, store=MortalStore(paper.store, fate))
    now = datetime.combine(first, time(0, 40), paper.timezone).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=6), time(0), paper.timezone).astimezone(UTC)
    paper.hear(now, "First bulletin from Tallis")
    while now < end:
        try:
            if rng.random() < NEWS:
                told = now - timedelta(days=rng.choice((0, 0, 1, 2)))
                mortal.hear(told, f"Bulletin {rng.randrange(10**6)} from {rng.choice(TOWNS)}", seen=now)
                mortal.regroup(now)
            mortal.tick(now)
        except Killed:
            now += timedelta(minutes=1)  # the service manager starts it again
            continue
        is_away = rng.random() < 0.03
        now += timedelta(days=rng.uniform(2, 9)) if is_away else timedelta(hours=rng.uniform(3, 15))
    fate.is_merciful = True
    paper.tick(now)


def live_and_check(home, monkeypatch, timezone: str, at: str, first: date, last: date) -> Fate:
    rng = random.Random(f"{timezone} {first} {at}")
    fate = Fate(rng, steps=40 if IS_LONG else 10)
    monkeypatch.setattr(os, "fsync", lambda handle: fate.step("at a sync"))
    with open_paper(home, replace(WORLD, at=at), timezone=timezone) as paper:
        # The process only seems to die, so nothing is lost that was not synced.
        paper.store.maintain(lambda connection: connection.execute("PRAGMA synchronous = OFF"))
        live(paper, fate, rng, first, last)
        check_days(paper, at, first, last)
    return fate


@pytest.mark.parametrize(("timezone", "at", "change"), CHANGES.values(), ids=CHANGES)
def test_every_day_round_a_change_of_the_clock_has_its_digest_once(
    tmp_path, monkeypatch, timezone, at, change
):
    some = timedelta(days=5)

    fate = live_and_check(tmp_path, monkeypatch, timezone, at, change - some, change + some)

    assert fate.deaths.total() > 2


if IS_LONG:

    @pytest.mark.parametrize(("timezone", "at", "year"), YEARS.values(), ids=YEARS)
    def test_every_day_of_a_year_has_its_digest_once(tmp_path, monkeypatch, timezone, at, year):
        first, last = date(year, 1, 1), date(year, 12, 31)

        fate = live_and_check(tmp_path, monkeypatch, timezone, at, first, last)

        assert len(fate.deaths) == 3
        assert min(fate.deaths.values()) > 5
        assert (last - first).days + 1 == (366 if year == 2028 else 365)


def check_days(paper: Paper, at: str, first: date, last: date) -> None:
    """Every day once in every format, not before its time; files are what the log says; no article is lost."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    log = paper.rows(
        "SELECT day, format, path, sha256, made_at FROM digest_log WHERE addendum = 0 ORDER BY day"
    )
    for name in WORLD.formats:
        made = [date.fromisoformat(row[0]) for row in log if row[1] == name]
        assert made[: len(days)] == days, name
    for day, _, path, sha256, made_at in log:
        due = digest_due_at(date.fromisoformat(day), at=time_of_day(at), timezone=paper.settings.day.timezone)
        assert datetime.fromisoformat(made_at) >= due
        assert hashlib.sha256((paper.home / path).read_bytes()).hexdigest() == sha256
    in_stories = "SELECT article_id FROM story_members WHERE day BETWEEN ? AND ? ORDER BY 1"
    printed = "SELECT article_id FROM digest_articles WHERE day BETWEEN ? AND ? ORDER BY 1"
    assert paper.rows(in_stories, str(first), str(last)) == paper.rows(printed, str(first), str(last))
    assert paper.rows("SELECT count(*) > 2 FROM digest_articles") == [(1,)]
