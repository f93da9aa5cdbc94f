"""Grouping without and with a store: `cluster`, `evaluate`, `recluster`."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from aggregator import cluster
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.cli.reading import parse_day
from aggregator.errors import InputError
from aggregator.operations import perform
from aggregator.pipeline.grouping import recluster_days


def _read_text(path: str) -> str:
    """The text of a file, or of standard input for "-".

    Raises:
        InputError: it cannot be read as UTF-8.
    """
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _read_rows(path: str) -> list[cluster.ClusterRow]:
    """The rows of a JSON Lines file.

    Raises:
        InputError: names file and line.
    """
    lines = _read_text(path).split("\n")  # not splitlines: a headline may hold U+2028
    try:
        return cluster.read_rows(lines)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


@click.command("cluster")
@click.argument("source", metavar="IN.jsonl")
@click.option(
    "-o", "--output", default="-", metavar="OUT.jsonl", help="Where the rows go; - is standard output."
)
def cluster_command(source: str, output: str) -> None:
    """Group headlines without a store: JSON Lines in, the same rows with their story out."""
    lines = (f"{line}\n" for line in cluster.write_rows(cluster.cluster_rows(_read_rows(source))))
    if output == "-":
        sys.stdout.writelines(lines)
        return
    with Path(output).open("w", encoding="utf-8") as file:
        file.writelines(lines)


@click.command()
@click.argument("source", metavar="GOLD.jsonl")
@click.option("--worst", default=10, show_default=True, help="Print so many of the worst merges and splits.")
@json_option
def evaluate(source: str, worst: int, as_json: bool) -> None:
    """Group rows that people have labelled and compare: pairwise and BCubed precision, recall, F1."""
    rows = _read_rows(source)
    unlabelled = next((number for number, row in enumerate(rows, 1) if row.cluster is None), None)
    if unlabelled is not None:
        raise InputError(f"{source}: row {unlabelled} has no `cluster`; evaluate needs a label on every row")
    scores = cluster.evaluate(cluster.cluster_rows(rows), [str(row.cluster) for row in rows])
    if as_json:
        console.print_json(_scores_as_dict(scores, worst))
        return
    for text in _score_lines(scores, worst):
        console.line(text)


def _scores_as_dict(scores: cluster.Scores, worst: int) -> dict[str, Any]:
    values: dict[str, Any] = asdict(scores)
    for name in ("pairwise", "bcubed"):
        values[name]["f1"] = getattr(scores, name).f1
    for name in ("false_merges", "false_splits"):
        values[name] = values[name][:worst]
    return values


def _score_lines(scores: cluster.Scores, worst: int) -> Iterator[str]:
    yield f"{scores.rows} rows, {scores.gold_groups} labelled groups, {scores.stories} stories"
    for name in ("pairwise", "bcubed"):
        rating = getattr(scores, name)
        yield f"{name:9} precision {rating.precision:.3f}  recall {rating.recall:.3f}  F1 {rating.f1:.3f}"
    for title, faults in (("false merges", scores.false_merges), ("false splits", scores.false_splits)):
        if faults[:worst]:
            yield f"worst {title}:"
        for fault in faults[:worst]:
            yield f"  {fault.pairs} pairs in {fault.label}: {fault.reason}"
            yield from (f"      {example}" for example in fault.examples)


@click.command()
@click.option("--from", "first", required=True, metavar="DAY", help="First day to rebuild.")
@click.option("--to", "last", required=True, metavar="DAY", help="Last day to rebuild.")
@click.option("--dry-run", is_flag=True, help="Print the difference and write nothing.")
@json_option
@pass_place
def recluster(place: Place, first: str, last: str, dry_run: bool, as_json: bool) -> None:
    """Group stored days again, closed ones too."""
    app = place.app()
    first_day, last_day = parse_day(first, app), parse_day(last, app)
    if dry_run:
        found = recluster_days(
            app.store_path, None, app.settings, app.clock.now(), first=first_day, last=last_day
        )
        changes = [asdict(change) | {"line": str(change)} for change in found]
    else:
        changes = perform(app, "recluster", {"first": first_day.isoformat(), "last": last_day.isoformat()})
    if as_json:
        console.print_json(changes)
        return
    for change in changes:
        console.line(change["line"])
    console.say(f"{len(changes)} groups {'would change' if dry_run else 'changed'}")
