"""`digest`: write the digests of a day."""

from pathlib import Path

import click

from aggregator import publish
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.cli.reading import parse_day
from aggregator.operations import perform


@click.command()
@click.option(
    "--day", "day_text", default="yesterday", show_default=True, help="today, yesterday or YYYY-MM-DD."
)
@click.option("--topic", help="Only this topic; else every configured digest.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(sorted(publish.FORMATS)),
    help="Instead of the configured formats; may be given several times.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Instead of the configured folder."
)
@json_option
@pass_place
def digest(
    place: Place,
    day_text: str,
    topic: str | None,
    formats: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Write the digests of a day; a day that is over is frozen by its first digest, today is a preview."""
    app = place.app()
    arguments = {
        "day": parse_day(day_text, app).isoformat(),
        "topic": topic,
        "formats": formats,
        "out": None if out is None else str(out.absolute()),
    }
    reports = perform(app, "digest", arguments)
    if as_json:
        console.print_json(reports)
        return
    for report in reports:
        console.line(report["line"])
        first, *others = report["paths"]
        console.line(f"  {first}" + (f" and {len(others)} more" if others else ""))
        if report["note"]:
            console.line(f"  {report['note']}")
