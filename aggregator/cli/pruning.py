"""Retention: `prune`."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from aggregator import operations
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.doctor.finding import size_text
from aggregator.errors import UsageError
from aggregator.pipeline import pruning

_DAYS = {"d": 1, "w": 7, "y": 365}
_BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def _measure(text: str | None, units: Mapping[str, int], option: str, example: str) -> int | None:
    """ "400d" or "2GB" as a number of the smallest unit.

    Raises:
        UsageError: it is neither.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([A-Za-z]+)", text)
    if match is None or match[2] not in units:
        raise UsageError(
            f"{option}: found {text!r}; allowed: a number with {', '.join(units)}, as in {example}"
        )
    return int(float(match[1]) * units[match[2]])


@click.command()
@click.option("--older-than", metavar="AGE", help="Articles of days that are longer ago: 400d, 52w, 2y.")
@click.option(
    "--max-size", metavar="SIZE", help="The oldest articles, until the file holds less: 2GB, 500MB."
)
@click.option("--dry-run", is_flag=True, help="Say what would go.")
@json_option
@pass_place
def prune(place: Place, older_than: str | None, max_size: str | None, dry_run: bool, as_json: bool) -> None:
    """Delete old articles for good; what a feed still lists stays, and so do all digests."""
    app = place.app()
    keep_days = _measure(older_than, _DAYS, "--older-than", "400d")
    max_bytes = _measure(max_size, _BYTES, "--max-size", "2GB")
    keep_days = app.settings.store.keep_days or None if keep_days is None else keep_days
    max_bytes = app.settings.store.max_bytes or None if max_bytes is None else max_bytes
    if keep_days is None and max_bytes is None:
        raise UsageError("nothing says what is to go: --older-than 400d, --max-size 2GB, or keys of [store]")
    if keep_days is not None and keep_days < pruning.MIN_KEEP_DAYS:
        raise UsageError(f"--older-than: found {older_than}; allowed: {pruning.MIN_KEEP_DAYS}d or more")
    if dry_run:
        retention = pruning.Retention(keep_days, max_bytes)
        done = asdict(pruning.plan(app.store_path, app.settings, retention, app.clock.now()))
    else:
        done = operations.perform(app, "prune", {"keep_days": keep_days, "max_bytes": max_bytes})
    if as_json:
        console.print_json(done)
        return
    _print_pruned(done, is_plan=dry_run)


def _print_pruned(done: Mapping[str, Any], *, is_plan: bool) -> None:
    if not done["articles"] and not done["polls"]:
        console.line("nothing is old or large enough to go")
    elif is_plan:
        console.line(f"{done['articles']:,} articles of days before {done['before']} would go")
    else:
        console.line(
            f"{done['articles']:,} articles of days before {done['before']} are gone, {done['stories']:,} stories have"
            f" none left, {done['polls']:,} polls are forgotten;"
            f" the file has {size_text(done['bytes_after'])}, it had {size_text(done['bytes_before'])}"
        )
    if done["kept"]:
        console.line(
            f"{done['kept']:,} older ones stay: a feed still lists them, or an article of their story"
        )
