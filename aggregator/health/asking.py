"""Asking the daemon how it is, through its door; silence is an answer too."""

from datetime import datetime
from pathlib import Path

from aggregator import door
from aggregator.errors import AggregatorError
from aggregator.health.report import Answer, health_of, judge
from aggregator.store.lock import lock_holder

REQUEST = "health"
"""The name of the request, which the daemon answers whatever else it is doing."""

_PATIENCE_SECONDS = 5.0


def look(store: Path, now: datetime) -> Answer:
    """How the daemon of a store is; waits five seconds at most, and raises nothing for what is wrong."""
    holder = lock_holder(store)
    if holder is None:
        return Answer((f"no daemon runs on {store}",))
    try:
        health = health_of(door.ask(store, REQUEST, {}, timeout_seconds=_PATIENCE_SECONDS))
    except (AggregatorError, TypeError, KeyError, ValueError) as error:
        # The last three: a daemon of another version, whose account has other parts.
        return Answer(
            (f"process {holder} writes {store} and does not say how it is: {error}",), holder=holder
        )
    verdict = judge(health, now)
    return Answer(verdict.problems, verdict.notes, health, holder)
