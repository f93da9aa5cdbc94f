"""Where the program works: the two global options, and what every command makes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from aggregator.app import App, load_app


@dataclass(frozen=True, slots=True)
class Place:
    """`--config` and `--home` as given."""

    config: Path
    home: Path

    @property
    def path(self) -> Path:
        """The configuration file."""
        return self.home / self.config

    def app(self) -> App:
        """Read the configuration.

        Raises:
            ConfigError: with every problem of the file.
        """
        return load_app(self.config, self.home)


pass_place = click.make_pass_decorator(Place)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`, the same everywhere."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)
