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
from aggregator.errors import InputError, UsageError, system_words
from aggregator.operations import perform
from aggregator.pipeline.rebuilding import recluster_days, try_days

_SHOWN_CHANGES = 10


def _read_text(path: str) -> str:
    """The text of a file, or of standard input for "-".

    Raises:
        InputError: it cannot be read as UTF-8.
    """
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {system_words(error)}") from error


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
@click.option(
    "--sweep", "sweep_text", metavar="LINES", help="Instead: the figures at each of these lines, 0.03,0.05,…"
)
@json_option
def evaluate(source: str, worst: int, sweep_text: str | None, as_json: bool) -> None:
    """Group rows that people have labelled and compare: pairwise and BCubed precision, recall, F1."""
    rows = _read_rows(source)
    unlabelled = next((number for number, row in enumerate(rows, 1) if row.cluster is None), None)
    if unlabelled is not None:
        raise InputError(f"{source}: row {unlabelled} has no `cluster`; evaluate needs a label on every row")
    if sweep_text is not None:
        _sweep(rows, _lines(sweep_text), as_json=as_json)
        return
    scores = cluster.evaluate(cluster.cluster_rows(rows), [str(row.cluster) for row in rows])
    if as_json:
        console.print_json(_scores_as_dict(scores, worst))
        return
    for text in _score_lines(scores, worst):
        console.line(text)


def _lines(text: str) -> list[float]:
    """Lines as typed, "0.03,0.05".

    Raises:
        UsageError: one of them is no number in (0, 1].
    """
    try:
        lines = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"{text!r} is no list of numbers such as 0.03,0.05") from error
    if not all(0 < line <= 1 for line in lines):
        raise UsageError(f"a line lies above 0 and is at most 1; found {text}")
    return lines


def _sweep(rows: list[cluster.ClusterRow], lines: list[float], *, as_json: bool) -> None:
    found = cluster.sweep(rows, [str(row.cluster) for row in rows], lines)
    table = [
        {
            "line": line,
            "stories": scores.stories,
            "pairwise_precision": round(scores.pairwise.precision, 4),
            "pairwise_recall": round(scores.pairwise.recall, 4),
            "bcubed_precision": round(scores.bcubed.precision, 4),
            "bcubed_recall": round(scores.bcubed.recall, 4),
            "bcubed_f1": round(scores.bcubed.f1, 4),
        }
        for line, scores in zip(lines, found, strict=True)
    ]
    if as_json:
        console.print_json(table)
        return
    console.table({name: name.replace("_", " ") for name in table[0]}, table)


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
@click.option(
    "--threshold", "text", required=True, metavar="LINES", help="The line to try; several with commas."
)
@click.option("--from", "first", default="yesterday", show_default=True, metavar="DAY", help="First day.")
@click.option("--to", "last", default="today", show_default=True, metavar="DAY", help="Last day.")
@json_option
@pass_place
def tune(place: Place, text: str, first: str, last: str, as_json: bool) -> None:
    """Which of your own stories another threshold would merge or split, and which corrections it honours."""
    app = place.app()
    first_day, last_day = parse_day(first, app), parse_day(last, app)
    trials = try_days(app.store_path, app.settings, _lines(text), first=first_day, last=last_day)
    if as_json:
        console.print_json([asdict(trial) for trial in trials])
        return
    console.say(f"the line in force is {cluster.RULES.line}; nothing is written")
    for trial in trials:
        console.line(
            f"{trial.day} {trial.language} at {trial.line}: {len(trial.merges)} merges, {len(trial.splits)} splits,"
            f" {trial.honoured} of {trial.corrections} corrections honoured without being told"
        )
        for name, groups in (("merge", trial.merges), ("split", trial.splits)):
            for group in groups[:_SHOWN_CHANGES]:
                console.line(f"  {name}: " + " | ".join(group[:4]))


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
