"""What other processes ask the running daemon for: how it is, at once; an operation, when its turn comes.

A request may take minutes, and neither a reload nor polls wait for it: what it needs are the store and the grouper, which
outlast a reload, and the settings that were in force when its turn came. A stop waits for none either (`door`): the grouping
process ends, and with it the request's thread.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from aggregator import health, schedule
from aggregator.app import App
from aggregator.errors import StoreError, UsageError
from aggregator.health import Health, Pulse
from aggregator.operations import OPERATIONS
from aggregator.pipeline.grouper import Grouper
from aggregator.store.figures import read_figures

log = logging.getLogger(__name__)


class Desk:
    """Takes requests for as long as the daemon runs."""

    def __init__(self, app: App, grouper: Grouper, pulse: Pulse) -> None:
        self.app = app  # whose settings are in force; a reload puts another one here
        # Held by whoever groups days: two groupings of one day at once would waste each other.
        self.turn = asyncio.Lock()
        self._grouper = grouper
        self._pulse = pulse

    async def perform(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do what another process asks for, in turn with the jobs that group days; how the daemon is, at once.

        Raises:
            AggregatorError: as the operation does.
            UsageError: there is no such operation.
        """
        if name == health.REQUEST:
            return (await asyncio.to_thread(self._account)).to_plain()
        operation = OPERATIONS.get(name)
        if operation is None:
            raise UsageError(f"the daemon knows no request {name!r}; if it runs an older version, restart it")
        async with self.turn:
            result = await asyncio.to_thread(operation, self.app, self._grouper, arguments)
        log.info("request name=%s", name)
        return result

    def _account(self) -> Health:
        """How the daemon is; blocking, some milliseconds."""
        today = schedule.local_day(self.app.clock.now(), self.app.settings.day.timezone)
        try:
            return self._pulse.health(read_figures(self.app.store_path, today))
        except (StoreError, sqlite3.Error, OSError) as error:
            log.error("the store cannot be read: %s", error)
            return self._pulse.health(None)
