"""`digest`, `deliver`: write the digests of a day, send them."""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path

import click

from aggregator import logs, publish
from aggregator.app import App
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.cli.reading import parse_day
from aggregator.errors import UsageError
from aggregator.operations import perform
from aggregator.pipeline.delivery import DeliveryReport, deliver_all_due


@click.command()
@click.option(
    "--day", "day_text", default="yesterday", show_default=True, help="today, yesterday or YYYY-MM-DD."
)
@click.option("--week", "is_week", is_flag=True, help="The book of the week that the day is in, instead.")
@click.option("--topic", help="Only this topic; else every configured digest.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(sorted(publish.FORMATS)),
    help="Instead of the configured formats; may be given several times.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Instead of the configured folder; as all paths of a command line, from the current directory.",
)
@json_option
@pass_place
def digest(
    place: Place,
    day_text: str,
    is_week: bool,
    topic: str | None,
    formats: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Write the digests of a day; a day that is over is frozen by its first digest, today is a preview."""
    if is_week and formats:
        raise UsageError("--week is a book; --format goes with the digests of a day")
    app = place.app()
    arguments = {
        "day": parse_day(day_text, app).isoformat(),
        "is_week": is_week,
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


@click.command()
@json_option
@pass_place
def deliver(place: Place, as_json: bool) -> int:
    """Send what waits in the outbox and is due, each delivery once; 1 if any was not taken.

    `aggregator run` does this by itself; this is for who makes digests with `aggregator digest` from cron.
    """
    app = place.app()
    logs.set_up_logging(app.settings.log.format, "warning")
    report = asyncio.run(_deliver(app))
    if as_json:
        console.print_json(asdict(report))
    else:
        console.line(str(report))
    return 1 if report.waiting or report.failed else 0


async def _deliver(app: App) -> DeliveryReport:
    with app.store() as store:
        async with app.stages(store) as stages:
            return await deliver_all_due(stages, app.home, os.environ)
