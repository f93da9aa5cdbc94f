"""Groups whose commands are imported when they are used: reading a day must not wait for the numerics of
grouping and the HTTP client, which take a second to load."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """`lazy` maps names to (module of this package, name there), in the order of `--help`."""

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **others: Any) -> None:
        super().__init__(*args, **others)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, name = self._lazy[cmd_name]
        command = getattr(importlib.import_module(f"aggregator.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command
