"""The command group: global options, errors to exit statuses, the list of commands."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from aggregator import __version__
from aggregator.cli import console
from aggregator.cli.lazy import LazyGroup
from aggregator.cli.place import Place
from aggregator.errors import AggregatorError, ConfigError, UsageError
from aggregator.shortage import shortage_of

# name → (module of this package, name there), in the order of `--help`
_COMMANDS = {
    "demo": ("running", "demo"),
    "init": ("setup", "init"),
    "check-config": ("setup", "check_config"),
    "run": ("running", "run"),
    "poll": ("running", "poll"),
    "resolve": ("running", "resolve"),
    "show": ("reading", "show"),
    "story": ("story", "story"),
    "search": ("reading", "search"),
    "why": ("reading", "why"),
    "correct": ("correcting", "correct"),
    "serve": ("serving", "serve"),
    "digest": ("digests", "digest"),
    "deliver": ("digests", "deliver"),
    "feeds": ("feeds", "feeds"),
    "cluster": ("grouping", "cluster_command"),
    "evaluate": ("grouping", "evaluate"),
    "tune": ("grouping", "tune"),
    "recluster": ("grouping", "recluster"),
    "doctor": ("upkeep", "doctor"),
    "health": ("upkeep", "health"),
    "backup": ("upkeep", "backup"),
    "restore": ("upkeep", "restore"),
    "prune": ("pruning", "prune"),
}


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="AGGREGATOR_CONFIG",
    default=Path("config/aggregator.toml"),
    show_default=True,
    help="Configuration file; a relative path starts at --home.",
)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="AGGREGATOR_HOME",
    default=Path(),
    show_default="current directory",
    help="Folder that relative paths start from.",
)
@click.version_option(__version__, prog_name="headline-aggregator")
@click.pass_context
def aggregator(context: click.Context, config: Path, home: Path) -> None:
    """Poll Google News topics and feeds, group headlines into stories, keep them in one SQLite file."""
    context.obj = Place(config, home)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; never raises for an expected failure."""
    try:
        status = aggregator.main(args=list(arguments), prog_name="aggregator", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except (ConfigError, UsageError) as error:
        console.say(str(error))
        return 2
    except AggregatorError as error:
        console.say(str(error))
        return 1
    except (click.Abort, KeyboardInterrupt):
        console.say("stopped")
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # `| head` has had enough; no traceback at exit
        return 0
    except (OSError, MemoryError, RuntimeError) as error:
        if (shortage := shortage_of(error)) is None:
            raise
        console.say(str(shortage))
        return 1
