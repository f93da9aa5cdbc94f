"""Printing for people and for programs; feed text is text, never markup or escape codes.

On a terminal: tables and colours by Rich (which respects NO_COLOR). Piped: one line a row, columns
parted by tabs. `--json`: one JSON document on standard output. Messages about the work go to
standard error, results to standard output.
"""

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click


def clean(text: object) -> str:
    """Text that cannot move the cursor, ring, recolour or turn the line round."""
    return "".join(
        character
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs") or character == "\u200d"
        else " "
        for character in str(text)
    )


def say(text: str) -> None:
    """A line about the work, for people: standard error."""
    click.echo(clean(text), err=True)


def line(text: str) -> None:
    """A line of result: standard output."""
    click.echo(clean(text))


def is_terminal() -> bool:
    """Whether results go to a person's screen; else they are one line a row."""
    return sys.stdout.isatty()


def paragraph(text: str) -> None:
    """A line of result that may be long: on a terminal its continuation keeps the line's indent."""
    if not is_terminal():
        line(text)
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    words = clean(text).lstrip(" ")
    Console().print(Padding(Text(words), (0, 0, 0, len(text) - len(words))))


def short_time(text: str | None) -> str:
    """A stored time as a column of a narrow table has room for: "11-22 17:00Z"."""
    return "" if text is None else f"{text[5:10]} {text[11:16]}Z"


def print_json(value: Any) -> None:
    """One JSON document; times and days as ISO text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], *, title: str | None = None) -> None:
    """Rows as a table: `columns` maps a row's key to its heading; numbers are set right."""
    if is_terminal():
        _rich_table(columns, rows, title)
        return
    for row in rows:
        line_of_cells(row.get(key) for key in columns)


def line_of_cells(cells: Iterable[Any]) -> None:
    click.echo("\t".join("" if cell is None else clean(cell) for cell in cells))


def _rich_table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], title: str | None) -> None:
    # Rich takes 0.14 s to import; piped commands never need it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    printed = Table(
        title=Text(title) if title else None, title_justify="left", box=None, padding=(0, 1, 0, 0)
    )
    for key, heading in columns.items():
        is_number = all(isinstance(row.get(key), int | float | None) for row in rows)
        printed.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        printed.add_row(*(Text("" if row.get(key) is None else clean(row.get(key))) for key in columns))
    Console().print(printed)
