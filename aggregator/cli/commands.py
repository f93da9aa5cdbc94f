"""The command group: global options, errors to exit statuses, the list of commands."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from aggregator import __version__
from aggregator.cli import console, correcting, digests, grouping, reading, running, setup, upkeep
from aggregator.cli.place import Place
from aggregator.errors import AggregatorError, ConfigError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


for _command in (
    running.demo,
    setup.init,
    setup.check_config,
    running.run,
    running.poll,
    running.resolve,
    grouping.cluster_command,
    grouping.evaluate,
    grouping.recluster,
    reading.show,
    reading.story,
    reading.search,
    reading.why,
    correcting.correct,
    digests.digest,
    reading.feeds,
    upkeep.backup,
):
    aggregator.add_command(_command)


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
