"""What the shell offers on Tab, beyond the commands and options that click knows itself."""

import click

from aggregator.cli.place import Place
from aggregator.errors import ConfigError


def complete_feed(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of configured feeds that begin as typed, whatever the case; none if there is no configuration."""
    del parameter
    given = context.find_root().params
    try:
        feeds = Place(given["config"], given["home"]).app().settings.feeds
    except ConfigError:
        return []
    return [feed.name for feed in feeds if feed.name.casefold().startswith(incomplete.casefold())]
