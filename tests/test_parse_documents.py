"""One feed document is one test: the file says why it exists and what it expects.

An XML file begins with a comment of sentences and lines `given NAME = LITERAL` (feed_url,
content_type, or the encoding that the document is stored in) and `expect PATH = LITERAL`; the document
follows. A JSON file has its lines in `_expect`. Paths begin with an entry's number, `feed`, `count`,
`failure` or `message`; a number expected where a list is found is the list's length.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aggregator.model import Failure, ParsedFeed
from aggregator.parse import parse_feed

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
DOCUMENTS = sorted((Path(__file__).parent / "feeds").iterdir())


def test_expat_reads_the_document_whatever_other_parser_is_installed(monkeypatch):
    def create_parser():
        raise AssertionError("libxml2 was asked for a parser")

    monkeypatch.setitem(sys.modules, "drv_libxml2", SimpleNamespace(create_parser=create_parser))

    body = (DOCUMENTS[0].parent / "rss-2.0.xml").read_bytes()
    parsed = parse_feed(
        body,
        content_type=None,
        feed_url="https://feed.example/rss",
        google_hosts=frozenset(),
        now=NOW,
    )

    assert isinstance(parsed, ParsedFeed), parsed


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_document(path: Path) -> None:
    body, given, expected = _read(path)
    assert expected, "the file expects nothing"

    parsed = parse_feed(
        body,
        content_type=given.get("content_type"),
        feed_url=given.get("feed_url", "https://feed.example/rss"),
        google_hosts=frozenset({"news.google.com"}),
        now=NOW,
    )

    found = {line: _find(parsed, line, value) for line, value in expected.items()}
    assert found == expected, parsed


def _read(path: Path) -> tuple[bytes, dict[str, str], dict[str, object]]:
    """Return the document's bytes, what is given, and what is expected by path."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        header = re.search(r'"_expect": \[(.*?)\n? *\],?$', text, re.DOTALL | re.MULTILINE)
        assert header, "no _expect"
        lines = [f"expect {ast.literal_eval(line)}" for line in re.findall(r'"(?:[^"\\]|\\.)*"', header[1])]
        return text.encode(), {}, dict(_assignments(lines, "expect"))
    header_text, _, document = text.partition("-->\n")
    given = {name: str(value) for name, value in _assignments(header_text.splitlines(), "given")}
    body = document.encode(given.pop("encoding", "utf-8"))
    return body, given, dict(_assignments(header_text.splitlines(), "expect"))


def _assignments(lines: list[str], verb: str) -> Iterator[tuple[str, object]]:
    for line in lines:
        if line.startswith(verb + " "):
            path, _, literal = line.removeprefix(verb + " ").partition(" = ")
            yield path, ast.literal_eval(literal)


def _find(parsed: Any, path: str, expected: object) -> object:
    if isinstance(parsed, Failure):
        return {"failure": parsed.kind.value, "message": parsed.message}.get(path, parsed)
    value: Any = {"feed": parsed, "count": len(parsed.entries), "failure": None}
    value |= {str(number): entry for number, entry in enumerate(parsed.entries)}
    for step in path.split("."):
        if isinstance(value, tuple):
            value = value[int(step)]
        else:
            value = value[step] if isinstance(value, Mapping) else getattr(value, step)
    if isinstance(value, datetime):
        return value.isoformat()
    return len(value) if isinstance(value, tuple) and isinstance(expected, int) else value
