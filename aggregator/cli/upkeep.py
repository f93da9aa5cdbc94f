"""Care of the file: `backup`."""

from pathlib import Path

import click

from aggregator.cli import console
from aggregator.cli.place import Place, pass_place
from aggregator.store import open_reader
from aggregator.store import upkeep as store_upkeep


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@pass_place
def backup(place: Place, path: Path) -> None:
    """Write a verified copy of the store to PATH, while the daemon runs or not."""
    with open_reader(place.app().store_path) as connection:
        size = store_upkeep.backup(connection, path)
    console.line(f"{path}: {size:,} bytes, verified")
