"""A folder for one program under test: its configuration, the program in process, or as a process of its own."""

import asyncio
import json
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar

from aggregator.app import App, load_app
from aggregator.clock import Clock
from aggregator.pipeline.cycle import CycleReport, run_cycle
from aggregator.pipeline.stages import Stages
from aggregator.store import open_reader
from aggregator.store.feeds import load_pollable_feeds

T = TypeVar("T")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__, "aggregator.cli"])
PROGRAM = (sys.executable, "-m", "aggregator")
NO_FEEDS = "http://127.0.0.1:9"  # the discard port: nobody answers


@dataclass(frozen=True, slots=True)
class Feed:
    """A `[[feeds]]` table: `url` of a document, or `google_topic`, one of the two."""

    name: str
    topic: str = "world"
    url: str = ""
    google_topic: str = ""
    language: str = ""
    country: str = ""
    interval_minutes: int = 0  # 0: as often as any

    def __str__(self) -> str:
        keys = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name)}
        return "\n".join(["[[feeds]]", *(f"{name} = {_toml(value)}" for name, value in keys.items())])


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with `aggregator.toml` in it and `aggregator.db` to come."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "aggregator.toml"

    @property
    def store(self) -> Path:
        return self.folder / "aggregator.db"

    def configure(
        self,
        feeds: Sequence[Feed],
        *,
        base_url: str = NO_FEEDS,
        tables: dict[str, dict[str, object]] | None = None,
        more: str = "",
    ) -> "Home":
        """Write the configuration: nothing is spaced or jittered; `tables` adds keys, `more` is appended."""
        keys: dict[str, dict[str, object]] = {
            "store": {"path": self.store.name},
            "http": {"allow_private_addresses": True, "total_timeout_seconds": 10},
            "google_news": {"base_url": base_url},
            "poll": {"jitter_seconds": 0, "host_spacing_seconds": 0, "google_spacing_seconds": 0},
        }
        for name, table in (tables or {}).items():
            keys[name] = keys.get(name, {}) | table
        parts = ["\n".join([f"[{name}]", *_lines(table)]) for name, table in keys.items()]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text("\n\n".join([*parts, *map(str, feeds), more, ""]), encoding="utf-8")
        return self

    # --- in this process

    def app(self, clock: Clock, seed: int = 0) -> App:
        return replace(load_app(self.config, self.folder), clock=clock, rng=random.Random(seed))

    def work(self, clock: Clock, job: Callable[[Stages], Awaitable[T]]) -> T:
        """Run `job` with everything built as the program builds it."""
        app = self.app(clock)

        async def run() -> T:
            async with app.stages(store) as stages:
                return await job(stages)

        with app.store() as store:
            return asyncio.run(run())

    # --- as a process

    def fork(self, *words: str) -> BaseProcess:
        """Start a command in a fork that has everything imported already; what it prints is dropped."""
        process = FORKS.Process(target=_run_quietly, args=(self.command(*words)[len(PROGRAM) :],))
        process.start()
        return process

    def command(self, *words: str) -> list[str]:
        return [*PROGRAM, "--config", str(self.config), "--home", str(self.folder), *words]

    def run(self, *words: str, timeout_seconds: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=timeout_seconds, check=False
        )

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start without waiting; the log is on the pipe `stderr`."""
        return subprocess.Popen(
            self.command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )


async def poll_all(stages: Stages, *, reverse: bool = False) -> CycleReport:
    """What `poll --all` does; `reverse` hands the feeds over in the opposite order."""
    with open_reader(stages.store.path) as connection:
        feeds = load_pollable_feeds(connection)
    return await run_cycle(feeds[::-1] if reverse else feeds, stages)


def rows(store: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Read with plain sqlite3, as any user of the file may."""
    connection = sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def stories(store: Path) -> set[tuple[str, frozenset[str]]]:
    """Every daily story as its day and the keys of its articles."""
    found: dict[tuple[object, object], set[str]] = {}
    for day, story, key in rows(
        store, "SELECT m.day, m.story_id, a.key FROM story_members AS m JOIN articles AS a USING (article_id)"
    ):
        found.setdefault((day, story), set()).add(str(key))
    return {(str(day), frozenset(keys)) for (day, _), keys in found.items()}


def dump(store: Path, *, without: Sequence[str] = ()) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but those of `without`, sorted, by table."""
    names = rows(
        store, "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    )
    kept = [str(name) for (name,) in names if name not in without]
    return {name: sorted(rows(store, f"SELECT * FROM [{name}]"), key=repr) for name in kept}


def check(store: Path) -> str:
    """What `PRAGMA integrity_check` and `foreign_key_check` say: "ok" if all is well."""
    broken = rows(store, "PRAGMA foreign_key_check")
    return str(rows(store, "PRAGMA integrity_check")[0][0]) if not broken else f"foreign keys: {broken[:3]}"


def _run_quietly(words: Sequence[str]) -> None:
    from aggregator.cli import run_command

    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    sys.exit(run_command(words))


def _lines(table: dict[str, object]) -> list[str]:
    return [f"{name} = {_toml(value)}" for name, value in table.items()]


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
