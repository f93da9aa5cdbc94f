"""`digest`: write the digests of a day."""

from dataclasses import asdict, replace
from pathlib import Path

import click

from aggregator import publish
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.cli.reading import parse_day
from aggregator.errors import UsageError
from aggregator.pipeline import digests as pipeline_digests


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
    day = parse_day(day_text, app)
    wanted = [settings for settings in app.settings.digests if topic in (None, settings.topic)]
    if not wanted:
        topics = ", ".join(settings.topic for settings in app.settings.digests) or "none"
        raise UsageError(f"no digest is configured for topic {topic!r}; there are: {topics}")
    reports = []
    with app.store() as store:
        for settings in wanted:
            chosen = replace(
                settings,
                formats=formats or settings.formats,
                out=settings.out if out is None else str(out.absolute()),
            )
            reports += pipeline_digests.make_digest(
                store, app.home, app.settings, chosen, day, app.clock.now()
            )
    if as_json:
        console.print_json([asdict(report) for report in reports])
        return
    for report in reports:
        console.line(str(report))
        for path in report.paths[:1]:
            console.line(
                f"  {path}" + (f" and {len(report.paths) - 1} more" if len(report.paths) > 1 else "")
            )
