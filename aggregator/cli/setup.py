"""`init` and `check-config`."""

import click

from aggregator import config
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.errors import ConfigError, UsageError


@click.command()
@click.option("--force", is_flag=True, help="Replace an existing file.")
@pass_place
def init(place: Place, force: bool) -> None:
    """Write a commented configuration with working feeds."""
    path = place.home / place.config
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; --force replaces it, `aggregator check-config` checks it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(config.commented_default(), encoding="utf-8")
    app = place.app()
    console.line(f"wrote {path}: {len(app.settings.feeds)} feeds, store at {app.store_path}")
    console.line("next: `aggregator poll --all`, then `aggregator show`")


@click.command("check-config")
@json_option
@pass_place
def check_config(place: Place, as_json: bool) -> None:
    """Check the configuration whole and list every problem."""
    try:
        settings = place.app().settings
    except ConfigError as error:
        if as_json:
            problems = [{"where": p.where, "found": p.found, "allowed": p.allowed} for p in error.problems]
            console.print_json({"path": error.path, "problems": problems})
            raise SystemExit(2) from error
        raise
    if as_json:
        console.print_json({"path": str(place.home / place.config), "problems": []})
        return
    console.line(
        f"{place.home / place.config} is fine: {len(settings.feeds)} feeds, {len(settings.digests)} digests"
    )
