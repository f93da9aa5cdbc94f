"""Feeds put into, and taken out of, the text of a configuration. Pure.

Facts
-----
* The file is a person's: comments, order and spacing are theirs. TOML libraries that keep them count a
  comment to the table above it, so that removing a feed would take the next one's heading along; and
  they take seconds for thousands of tables. So whole blocks of lines go in and out, and nothing else moves.
* A line that looks like a header may stand inside a text of several lines. Each edit is therefore read
  back, and stands only if the document differs by just the feeds that were meant.
* A comment right above a `[[feeds]]` is kept with what it stands over: it may head several feeds.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence

from aggregator.config.writing import toml_value
from aggregator.errors import InputError

Table = Mapping[str, object]

_FEED_HEADER = re.compile(r"""\s*\[\[\s*(feeds|"feeds"|'feeds')\s*\]\]""")
_HEADER = re.compile(r"\s*\[")
_COMMENT = re.compile(r"\s*#")


def feed_block(table: Table) -> str:
    """Return one `[[feeds]]` table as people write it; keys that are None are left out."""
    lines = [f"{key} = {toml_value(value)}\n" for key, value in table.items() if value is not None]
    return "".join(["[[feeds]]\n", *lines])


def with_feeds(text: str, tables: Sequence[Table]) -> str:
    """Return the configuration with feeds added behind the last one, else at its end.

    Cost: twice the reading of the text, whatever the number of feeds.

    Raises:
        InputError: the feeds are not written as `[[feeds]]` tables.
    """
    if not tables:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    blocks = "\n".join(feed_block(table) for table in tables).replace("\n", newline)
    document = tomllib.loads(text)
    wanted = {**document, "feeds": [*document.get("feeds", []), *map(_without_none, tables)]}
    lines = text.splitlines(keepends=True)
    for place in (_end_of_last_feed(lines), len(lines)):
        before, after = "".join(lines[:place]), "".join(lines[place:])
        end_of_line = "" if before.endswith("\n") or not before else newline
        edited = before + end_of_line + (newline if before.strip() else "") + blocks + after
        if _reads_as(edited, wanted):
            return edited
    raise InputError("feeds are not written as [[feeds]] tables here; add by hand:\n" + blocks)


def without_feed(text: str, position: int) -> tuple[str, str]:
    """Return the configuration without one feed (counted from 0), and the lines that went.

    Raises:
        InputError: the feed is not written as a `[[feeds]]` table.
    """
    document = tomllib.loads(text)
    feeds = document["feeds"]
    wanted = {**document, "feeds": feeds[:position] + feeds[position + 1 :]}
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines) if _FEED_HEADER.match(line)]
    if position < len(headers):
        start = headers[position]
        end = _end_of_table(lines, start)
        is_apart = start == 0 or not lines[start - 1].strip()
        while is_apart and end < len(lines) and not lines[end].strip():
            end += 1  # the empty lines before it are enough
        edited = "".join(lines[:start] + lines[end:])
        if _reads_as(edited, wanted):
            return edited, "".join(lines[start:end]).rstrip() + "\n"
    raise InputError("the feed is not written as a [[feeds]] table; take it out by hand")


def _end_of_last_feed(lines: Sequence[str]) -> int:
    headers = [number for number, line in enumerate(lines) if _FEED_HEADER.match(line)]
    return _end_of_table(lines, headers[-1]) if headers else len(lines)


def _end_of_table(lines: Sequence[str], start: int) -> int:
    """Return the line behind a table: its last key with the comments that hang on to it."""
    limit = next((n for n in range(start + 1, len(lines)) if _HEADER.match(lines[n])), len(lines))
    last = max(n for n in range(start, limit) if lines[n].strip() and not _COMMENT.match(lines[n]))
    end = last + 1
    while end < limit and _COMMENT.match(lines[end]):
        end += 1
    is_heading = end < len(lines) and end == limit  # the comments stand right over the next header
    return last + 1 if is_heading else end


def _reads_as(text: str, wanted: Mapping[str, object]) -> bool:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return {"feeds": [], **read} == wanted


def _without_none(table: Table) -> dict[str, object]:
    return {key: value for key, value in table.items() if value is not None}
