"""A progress bar on a terminal, nothing when piped."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.cli.console import clean
from aggregator.pipeline.stages import Progress


@contextmanager
def progress_bar(title: str, *, is_quiet: bool = False) -> Iterator[Progress]:
    """Yield a callable (done, total, line); it draws on standard error if that is a terminal."""
    if is_quiet or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[now]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, now="")

        def report(done: int, total: int, line: str) -> None:
            bar.update(task, completed=done, total=total, now=clean(line)[:70])

        yield report


def _nothing(done: int, total: int, line: str) -> None:
    del done, total, line
