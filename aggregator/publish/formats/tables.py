"""An issue as two tables, stories and articles: CSV for spreadsheets, Parquet for analysis.

    2026-01-07-world-stories.csv       2026-01-07-world-stories.parquet
    2026-01-07-world-articles.csv      2026-01-07-world-articles.parquet

The tables join on `story_id`. CSV is RFC 4180 (commas, CRLF, a line of names).

Facts
-----
* Spreadsheets take UTF-8 for something else unless the file begins with a byte order mark; pandas,
  DuckDB and sqlite-utils drop it.
* A spreadsheet computes a cell that begins with `=`, `+`, `-` or `@`, also a full-width one; the headline
  then is a formula of a stranger. An apostrophe in front makes it text. Parquet needs none and has none.
* Parquet bytes depend on the version of the writer, whose name stands in the file.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeAlias

from aggregator.errors import PublishError, UsageError
from aggregator.model import RenderedFile
from aggregator.publish.formats.json_digest import time_text
from aggregator.publish.issue import Issue, IssueStory

Cell: TypeAlias = str | int | date | datetime | None

BOM: Final = "\ufeff"
_FORMULA_STARTS: Final = tuple("=+-@＝＋－＠")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the kind of a column is what its cells are if they are not None."""

    name: str
    columns: tuple[tuple[str, type], ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


_STORY_COLUMNS: Final[tuple[tuple[str, type], ...]] = (
    ("day", date),
    ("topic", str),
    ("story_id", int),
    ("section", str),
    ("place", int),  # in reading order, from 1
    ("headline", str),
    ("link", str),
    ("status", str),
    ("outlets", int),
    ("independent_outlets", int),
    ("articles", int),
    ("outlets_total", int),
    ("articles_total", int),
    ("first_seen_at", datetime),
    ("last_seen_at", datetime),
    ("series", str),
    ("serial", str),
)
_ARTICLE_COLUMNS: Final[tuple[tuple[str, type], ...]] = (
    ("day", date),
    ("topic", str),
    ("story_id", int),
    ("headline", str),
    ("outlet", str),
    ("link", str),
    ("feed_link", str),
    ("published_at", datetime),
    ("first_seen_at", datetime),
    ("summary", str),
)


def tables_of(issue: Issue) -> tuple[Table, Table]:
    """Return the stories and the articles of an issue, in reading order."""
    return (
        Table("stories", _STORY_COLUMNS, tuple(_story_rows(issue))),
        Table("articles", _ARTICLE_COLUMNS, tuple(_article_rows(issue))),
    )


def _story_rows(issue: Issue) -> Iterator[tuple[Cell, ...]]:
    titled = [(section.title, story) for section in issue.sections for story in section.stories]
    titled += [(issue.also_title, story) for story in issue.also]
    for place, (section, shown) in enumerate(titled, start=1):
        story = shown.story
        yield (
            *(issue.date, issue.day.topic, story.story_id, section, place),
            *(shown.headline, shown.link, str(story.status)),
            *(shown.outlets, shown.independent_outlets, _articles(shown)),
            *(story.outlets_total, story.articles_total, story.first_seen, story.last_seen),
            *(story.series, story.serial),
        )


def _article_rows(issue: Issue) -> Iterator[tuple[Cell, ...]]:
    for shown in issue.stories:
        for report in shown.reports:
            for article in report.all_articles:
                yield (
                    *(issue.date, issue.day.topic, shown.story.story_id),
                    *(article.headline, report.outlet, article.link, article.feed_link),
                    *(article.published, article.first_seen, article.summary),
                )


def _articles(story: IssueStory) -> int:
    return sum(len(report.all_articles) for report in story.reports)


# --- CSV -------------------------------------------------------------------------------------------


def render_csv(issue: Issue) -> tuple[RenderedFile, ...]:
    """Return the two tables as CSV; None is an empty cell."""
    return tuple(
        RenderedFile(f"{issue.stem}-{table.name}.csv", _csv_text(table)) for table in tables_of(issue)
    )


def verify_csv(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Parse the tables back and compare them, cell by cell, with what should be in them.

    Raises:
        PublishError: a table says something else; names the file.
    """
    for file, table in zip(files, tables_of(issue), strict=True):
        found = list(csv.reader(io.StringIO(file.text.removeprefix(BOM), newline=""), strict=True))
        if found != [list(table.names), *(list(map(_csv_cell, row)) for row in table.rows)]:
            raise PublishError(f"{file.path}: does not give the rows back")


def _csv_text(table: Table) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.names)
    writer.writerows(map(_csv_cell, row) for row in table.rows)
    return BOM + out.getvalue()


def _csv_cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return time_text(value)
        case str() if value.startswith(_FORMULA_STARTS):
            return f"'{value}"
        case _:
            return str(value)


# --- Parquet ---------------------------------------------------------------------------------------


def render_parquet(issue: Issue) -> tuple[RenderedFile, ...]:
    """Return the two tables as Parquet, typed, times in UTC.

    Raises:
        UsageError: the extra `parquet` is not installed.
    """
    arrow, parquet = _arrow()
    files = []
    for table in tables_of(issue):
        out = io.BytesIO()
        parquet.write_table(_arrow_table(arrow, table), out, compression="zstd")
        files.append(RenderedFile(f"{issue.stem}-{table.name}.parquet", data=out.getvalue()))
    return tuple(files)


def verify_parquet(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Read the tables back and compare them with what should be in them.

    Raises:
        PublishError: a table cannot be read or says something else; names the file.
    """
    arrow, parquet = _arrow()
    for file, table in zip(files, tables_of(issue), strict=True):
        try:
            found = parquet.read_table(io.BytesIO(file.body))
        except arrow.ArrowException as error:
            raise PublishError(f"{file.path}: not Parquet: {error}") from error
        if not found.equals(_arrow_table(arrow, table)):
            raise PublishError(f"{file.path}: does not give the rows back")


def _arrow() -> tuple[ModuleType, ModuleType]:
    """Return PyArrow and its Parquet part; imported here, since it is large and few need it."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError(
            "the digest format parquet needs the extra: pip install 'headline-aggregator[parquet]'"
        ) from error


def _arrow_table(arrow: ModuleType, table: Table) -> Any:
    kinds: dict[type, Callable[[], Any]] = {
        str: arrow.string,
        int: arrow.int64,
        date: arrow.date32,
        datetime: lambda: arrow.timestamp("us", tz="UTC"),
    }
    schema = arrow.schema([(name, kinds[kind]()) for name, kind in table.columns])
    rows = [dict(zip(table.names, row, strict=True)) for row in table.rows]
    return arrow.Table.from_pylist(rows, schema=schema)
