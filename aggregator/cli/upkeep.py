"""Care of the installation and its file: `doctor`, `health`, `backup`, `restore`."""

from dataclasses import asdict
from pathlib import Path

import click

from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.clock import SystemClock
from aggregator.store import copies, open_reader


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@pass_place
def backup(place: Place, path: Path) -> None:
    """Write a verified copy of the store to PATH, while the daemon runs or not."""
    with open_reader(place.app().store_path) as connection:
        copy = copies.backup(connection, path)
    console.line(f"{path}: {_contents(copy)}, verified")


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_place
def restore(place: Place, path: Path) -> None:
    """Put the backup at PATH in the place of the store; what was there is kept beside it."""
    app = place.app()
    restored = copies.restore(path, app.store_path, app.clock.now())
    console.line(f"{app.store_path}: {_contents(restored.copy)}, verified")
    if restored.kept is not None:
        console.line(f"what was there is now {restored.kept}")


def _contents(copy: copies.Copy) -> str:
    return f"{copy.articles:,} articles, {copy.stories:,} stories, {copy.size_bytes:,} bytes"


@click.command()
@json_option
@pass_place
def doctor(place: Place, as_json: bool) -> int:
    """Look for what is wrong: a line for each finding, how bad it is, and what to do."""
    from aggregator.doctor import Level, examine

    findings = examine(place.config, place.home, SystemClock())
    if as_json:
        console.print_json([asdict(finding) for finding in findings])
    else:
        columns = {"level": "", "check": "", "said": "finding", "advice": "what to do"}
        console.table(columns, [asdict(finding) for finding in findings])
    return 1 if any(finding.level is Level.PROBLEM for finding in findings) else 0


@click.command()
@json_option
@pass_place
def health(place: Place, as_json: bool) -> int:
    """Ask the daemon how it is; status 0 if it does its work."""
    from aggregator.health import look

    app = place.app()
    answer = look(app.store_path, app.clock.now())
    if as_json:
        account = answer.health.to_plain() if answer.health else None
        console.print_json(
            {
                "healthy": answer.is_healthy,
                "problems": answer.problems,
                "notes": answer.notes,
                "daemon": account,
            }
        )
    elif answer.health is not None and answer.is_healthy:
        console.line(
            f"process {answer.holder} does its work; it has polled {sum(answer.health.polls.values())} times"
        )
    if not as_json:
        for sentence in (*answer.problems, *answer.notes):
            console.say(sentence)
    return 0 if answer.is_healthy else 1
