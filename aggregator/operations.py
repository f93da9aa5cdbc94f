"""What changes the store at a person's request, by name: done here if this process can be the writer, else
by the daemon that is. Arguments and results are plain values that fit into JSON."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from aggregator import door
from aggregator.app import App
from aggregator.errors import StoreLocked, UsageError
from aggregator.pipeline import correcting, pruning
from aggregator.pipeline import digests as pipeline_digests
from aggregator.pipeline.editions import DigestJob
from aggregator.pipeline.grouper import Grouper
from aggregator.pipeline.weeks import make_week

Arguments = Mapping[str, Any]
Operation = Callable[[App, Grouper, Arguments], Any]


def perform(app: App, name: str, arguments: Arguments) -> Any:
    """Carry out an operation and return its result.

    Raises:
        AggregatorError: as the operation does, wherever it is done.
    """
    try:
        with app.store() as store:
            return OPERATIONS[name](app, app.grouper(store), arguments)
    except StoreLocked:
        return door.ask(app.store_path, name, arguments)


def _correct(app: App, grouper: Grouper, arguments: Arguments) -> dict[str, Any]:
    decide = _DECISIONS[arguments["kind"]](arguments)
    done = correcting.apply_correction(grouper, decide, app.settings, app.clock.now())
    return {
        "correction_id": done.correction_id,
        "note": done.note,
        "stories": sorted(done.grouped.stories_changed),
        "conflicts": list(done.grouped.conflicts),
    }


_DECISIONS: Mapping[str, Callable[[Arguments], correcting.Decide]] = {
    "join": lambda arguments: correcting.join(arguments["a"], arguments["b"]),
    "split": lambda arguments: correcting.split(arguments["a"], arguments["b"]),
    "move": lambda arguments: correcting.move(arguments["a"], arguments["story"]),
    "pin": lambda arguments: correcting.pin(arguments["a"]),
}


def _undo(app: App, grouper: Grouper, arguments: Arguments) -> dict[str, Any]:
    grouped = correcting.undo(grouper, arguments["correction_id"], app.settings, app.clock.now())
    return {"stories": sorted(grouped.stories_changed)}


def _import_corrections(app: App, grouper: Grouper, arguments: Arguments) -> dict[str, Any]:
    return {"added": correcting.import_corrections(grouper, arguments["text"], app.settings, app.clock.now())}


def _digest(app: App, grouper: Grouper, arguments: Arguments) -> list[dict[str, Any]]:
    """Digests of one day, or its week; `topic`, `formats` and `out` stand in for the configured ones."""
    topic, formats, out = arguments["topic"], tuple(arguments["formats"]), arguments["out"]
    wanted = [settings for settings in app.settings.digests if topic in (None, settings.topic)]
    if not wanted:
        topics = ", ".join(settings.topic for settings in app.settings.digests) or "none"
        raise UsageError(f"no digest is configured for topic {topic!r}; there are: {topics}")
    reports = []
    for settings in wanted:
        chosen = replace(settings, formats=formats or settings.formats)
        if out:  # a copy for whoever asks: nobody is sent anything
            chosen = replace(chosen, out=out, email=None, webhook=None, command=None)
        day = date.fromisoformat(arguments["day"])
        now = app.clock.now()
        if arguments["is_week"]:
            reports.append(make_week(DigestJob(grouper, app.home, app.settings, chosen, now), day))
        else:
            reports += pipeline_digests.make_digest(grouper, app.home, app.settings, chosen, day, now)
    return [asdict(report) | {"line": str(report)} for report in reports]


def _recluster(app: App, grouper: Grouper, arguments: Arguments) -> list[dict[str, Any]]:
    first, last = (date.fromisoformat(arguments[name]) for name in ("first", "last"))
    changes = grouper.recluster_days(app.settings, app.clock.now(), first=first, last=last)
    return [asdict(change) | {"line": str(change)} for change in changes]


def _prune(app: App, grouper: Grouper, arguments: Arguments) -> dict[str, Any]:
    retention = pruning.Retention(arguments["keep_days"], arguments["max_bytes"])
    return asdict(pruning.prune(grouper.store, app.settings, retention, app.clock.now()))


OPERATIONS: Mapping[str, Operation] = {
    "correct": _correct,
    "undo": _undo,
    "import-corrections": _import_corrections,
    "digest": _digest,
    "recluster": _recluster,
    "prune": _prune,
}
