"""`correct`: a person's decisions about stories, kept as rows and replayed on every regrouping."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.errors import InputError, system_words
from aggregator.explain import number
from aggregator.operations import perform
from aggregator.store import corrections, open_reader


@click.group()
def correct() -> None:
    """Join, split, move and pin articles; the next run never undoes a person's decision."""


@correct.command()
@click.argument("a")
@click.argument("b")
@pass_place
def join(place: Place, a: str, b: str) -> None:
    """Articles A and B are one story."""
    _apply(place, kind="join", a=number(a), b=number(b))


@correct.command()
@click.argument("a")
@click.argument("b", required=False)
@pass_place
def split(place: Place, a: str, b: str | None) -> None:
    """Article A is not one story with B; without B, with nothing of the story it is in."""
    _apply(place, kind="split", a=number(a), b=None if b is None else number(b))


@correct.command()
@click.argument("a")
@click.argument("story")
@pass_place
def move(place: Place, a: str, story: str) -> None:
    """Article A leaves its story and belongs to STORY."""
    _apply(place, kind="move", a=number(a), story=number(story))


@correct.command()
@click.argument("a")
@pass_place
def pin(place: Place, a: str) -> None:
    """The headline of article A stands for its story."""
    _apply(place, kind="pin", a=number(a))


@correct.command()
@click.argument("correction")
@pass_place
def undo(place: Place, correction: str) -> None:
    """Take a correction back; it stays listed."""
    done = perform(place.app(), "undo", {"correction_id": number(correction)})
    console.line(f"correction {number(correction)} is undone; {len(done['stories'])} stories changed")


@correct.command("list")
@json_option
@pass_place
def list_(place: Place, as_json: bool) -> None:
    """Every correction, undone ones too."""
    with open_reader(place.app().store_path) as connection:
        rows = corrections.list_corrections(connection)
    if as_json:
        console.print_json([asdict(row) for row in rows])
        return
    if not rows:
        console.say("no corrections yet")
        return
    table = [{**asdict(row), "state": "undone" if row.undone_at else "in force"} for row in rows]
    columns = {"correction_id": "correction", "kind": "kind", "state": "state", "note": "what"}
    console.table(columns, table)


@correct.command("export")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@pass_place
def export(place: Place, path: Path | None) -> None:
    """Write the corrections in force as JSON Lines to PATH, or to standard output."""
    with open_reader(place.app().store_path) as connection:
        text = corrections.export_lines(corrections.list_corrections(connection))
    if path is None:
        click.echo(text, nl=False)
    else:
        path.write_text(text, encoding="utf-8")


@correct.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@pass_place
def import_(place: Place, path: Path) -> None:
    """Add the corrections of an export; those that are here already are passed over."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {system_words(error)}") from error
    done = perform(place.app(), "import-corrections", {"text": text})
    console.line(f"{done['added']} corrections added")


def _apply(place: Place, **arguments: Any) -> None:
    done = perform(place.app(), "correct", arguments)
    console.line(f"correction {done['correction_id']}: {done['note']}")
    console.line(f"{len(done['stories'])} stories changed")
    for conflict in done["conflicts"]:
        console.say(f"contradiction: {conflict}")
