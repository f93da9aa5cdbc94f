"""The composition root: the only builder of the clock, the HTTP client, the database and the workers."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.clock import Clock, SystemClock
from aggregator.config import load_settings
from aggregator.settings import GoogleNewsSettings, Settings
from aggregator.store import Store, open_store
from aggregator.store.feeds import sync_feeds

if TYPE_CHECKING:
    from aggregator.pipeline.grouper import Grouper
    from aggregator.pipeline.stages import Network, Stages

_GOOGLE_ORIGINS = ("https://news.google.com", "https://consent.google.com", "https://www.google.com")


@dataclass(frozen=True, slots=True)
class App:
    """Settings with the folder that relative paths start from, and what everything is built with."""

    settings: Settings
    home: Path
    config_path: Path | None = None
    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=random.Random)

    @property
    def store_path(self) -> Path:
        return self.home / self.settings.store.path

    def reread(self) -> "App":
        """The same with its configuration as it is written now; itself, if it was not read from a file.

        Raises:
            ConfigError: with every problem of the file.
        """
        return self if self.config_path is None else replace(self, settings=load_settings(self.config_path))

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Become the writer, with the feeds table following the configuration.

        Raises:
            StoreLocked, StoreError: see `open_store`.
        """
        with open_store(self.store_path) as store:
            self.sync_feeds(store)
            yield store

    def sync_feeds(self, store: Store) -> None:
        """Make the feeds table follow the configuration."""
        store.write(partial(sync_feeds, feeds=self.settings.feeds, now=self.clock.now()))

    def grouper(self, store: Store) -> "Grouper":
        """One that groups in this process."""
        # Imported here: the daemon, which lets another process group, needs no numerics.
        from aggregator.pipeline.local_grouper import LocalGrouper

        return LocalGrouper(store)

    @asynccontextmanager
    async def network(self) -> "AsyncIterator[Network]":
        """What asks for feeds and reads them; closed on the way out."""
        # Imported here: commands that only read must not wait a second for HTTP and numerics.
        from aggregator.fetch import HttpClient, Politeness
        from aggregator.parse import ParserPool
        from aggregator.pipeline.stages import Network

        google = self.settings.google_news
        parser = ParserPool()
        origins = google_origins(google)
        async with HttpClient(self.settings.http, clock=self.clock, origins=origins) as client:
            try:
                yield Network(
                    client=client,
                    parser=parser,
                    politeness=Politeness(self.settings.poll, self.clock),
                    clock=self.clock,
                    google_hosts=google_hosts(google),
                )
            finally:
                await parser.close()

    @asynccontextmanager
    async def stages(self, store: Store, grouper: "Grouper | None" = None) -> "AsyncIterator[Stages]":
        """Everything the pipeline works with; closed on the way out. Without a `grouper`, this process groups."""
        from aggregator.pipeline.stages import Stages
        from aggregator.resolve import LinkResolver

        async with self.network() as network:
            yield Stages(
                settings=self.settings,
                grouper=grouper or self.grouper(store),
                client=network.client,
                parser=network.parser,
                politeness=network.politeness,
                resolver=LinkResolver(network.client, self.settings.google_news),
                clock=self.clock,
                rng=self.rng,
                google_hosts=network.google_hosts,
            )


def load_app(config: Path, home: Path) -> App:
    """Read the configuration; `config` and all relative paths in it start at `home`.

    Raises:
        ConfigError: with every problem of the file.
    """
    path = home / config
    return App(load_settings(path), home, path)


def google_origins(google: GoogleNewsSettings) -> dict[str, str]:
    """Where requests to Google's hosts are dialled: nothing special unless `base_url` is set."""
    base = google.base_url.rstrip("/")
    return {} if base == _GOOGLE_ORIGINS[0] else dict.fromkeys(_GOOGLE_ORIGINS, base)


def google_hosts(google: GoogleNewsSettings) -> frozenset[str]:
    """Hosts whose article links are Google's: the real one and that of `base_url`."""
    return frozenset({"news.google.com", urlsplit(google.base_url).netloc})
