"""What the pipeline works with: the stages' tools, built once by `app` and passed in."""

import random
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from aggregator.clock import Clock
from aggregator.fetch import HttpClient, Politeness
from aggregator.parse import ParserPool
from aggregator.pipeline.grouper import Grouper
from aggregator.resolve import LinkResolver
from aggregator.settings import Settings
from aggregator.store import Store


@dataclass(frozen=True, slots=True)
class Network:
    """What is needed to ask for a feed and read it, without a store."""

    client: HttpClient
    parser: ParserPool
    politeness: Politeness
    clock: Clock
    google_hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stages:
    """One of each; `google_hosts` are the hosts whose article links count as Google's."""

    settings: Settings
    grouper: Grouper
    client: HttpClient
    parser: ParserPool
    politeness: Politeness
    resolver: LinkResolver
    clock: Clock
    rng: random.Random
    google_hosts: frozenset[str]

    @property
    def store(self) -> Store:
        return self.grouper.store

    @property
    def timezone(self) -> ZoneInfo:
        return self.settings.day.zone


class Progress(Protocol):
    """Told of what happens while it happens: the terminal's progress bar, or the log."""

    def __call__(self, done: int, total: int, line: str) -> None: ...
