"""Every row of what strangers write, X1 to X14, through every format, read back by the format's own consumer.

A reader below returns what its consumer gets to see: all texts, all addresses that can be followed, and the
elements of markup. The texts are there, the addresses are those of the articles, no element acts.
"""

import csv
import email
import io
import json
import re
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

import feedparser
import jsonschema
import pyarrow.parquet
import pytest
import yaml
from markdown_it import MarkdownIt

from aggregator.deliver import compose_mail
from aggregator.model import Channel, DeliveryKey, Recipient, RenderedFile
from aggregator.publish import FORMATS, Issue, compose, render, render_letter, write_files
from aggregator.publish.formats.html import read_page
from aggregator.publish.formats.json_digest import SCHEMA
from aggregator.publish.text import scrub
from aggregator.settings import DigestSettings
from tests.hostile import ROWS, expected_links, hostile_day

Files = Sequence[RenderedFile]
STRUCTURE = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "footer",
        "nav",
        "section",
        "article",
    ),
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "br",
        "div",
        "span",
        "bdi",
        "b",
        "i",
        "em",
        "strong",
        "a",
        "ul",
        "ol",
        "li",
        "time",
    ),
    *("figure", "figcaption", "details", "summary", "table", "tr", "td", "link", "img"),
    *("svg", "desc", "rect", "path", "text", "g"),
}


@dataclass
class Seen:
    """What a consumer of a format sees."""

    texts: list[str] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)

    def add_markup(self, html: str) -> None:
        page = read_page(RenderedFile("page", f"<div id=all>{html}</div>"))
        self.texts.append(page.text_of["all"])
        self.links |= {address for address in page.addresses if not address.startswith("#")}
        self.tags |= page.tags

    def add_values(self, value: Any, key: str = "") -> None:
        """Take the texts of a document apart from its addresses, which stand under keys that say so."""
        if isinstance(value, dict):
            for name, inner in value.items():
                self.add_values(inner, name)
        elif isinstance(value, list):
            for inner in value:
                self.add_values(inner, key)
        elif isinstance(value, str) and key in {"link", "url", "feed_link", "source", "source_urls", "feeds"}:
            self.links |= {value} - {""}
        elif key == "content_html":
            self.add_markup(value)
        elif isinstance(value, str):
            self.texts.append(value)


def read_markdown(files: Files) -> Seen:
    seen = Seen()
    for file in files:
        assert not re.search(r"\{\{|\{%|<!--", file.text)
        seen.add_markup(MarkdownIt("commonmark").render(file.text))
    return seen


def read_posts(fence: str, load: Callable[[str], Any]) -> Callable[[Files], Seen]:
    def read(files: Files) -> Seen:
        seen = Seen()
        for file in files:
            _, front, body = re.split(rf"^{re.escape(fence)}\n", file.text, maxsplit=2, flags=re.MULTILINE)
            loaded = load(front)
            assert loaded.get("title")
            assert loaded.get("draft", False) is False
            seen.add_values(loaded)
            page = read_markdown([RenderedFile(file.path, body)])
            seen = Seen(seen.texts + page.texts, seen.links | page.links, seen.tags | page.tags)
        return seen

    return read


def read_text(files: Files) -> Seen:
    """Lines of plain text; one that is nothing but an address may be clicked in a terminal."""
    [file] = files
    addresses = re.findall(r"^\s*(https?://\S+)$", file.text, re.MULTILINE)
    assert all(line.isprintable() for line in file.text.splitlines())
    return Seen([file.text], set(addresses))


def read_html(files: Files) -> Seen:
    seen = Seen()
    for file in files:
        seen.add_markup(re.sub(r"<!doctype html>\s*", "", file.text))
    return seen


def read_json(files: Files) -> Seen:
    [file] = files
    document = json.loads(file.body)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    seen = Seen()
    seen.add_values(document)
    return seen


def read_jsonfeed(files: Files) -> Seen:
    [file] = files
    document = json.loads(file.body)
    del document["version"]
    seen = Seen()
    seen.add_values(document)
    return seen


def read_atom(files: Files) -> Seen:
    [file] = files
    ET.fromstring(file.body)
    feed = feedparser.parse(io.BytesIO(file.body), sanitize_html=False, resolve_relative_uris=False)
    assert not feed.bozo
    seen = Seen([entry.title for entry in feed.entries])
    for entry in feed.entries:
        seen.links |= {link.href for link in entry.get("links", [])}
        seen.add_markup(entry.content[0].value)
    return seen


def read_epub(files: Files) -> Seen:
    [file] = files
    book = zipfile.ZipFile(io.BytesIO(file.body))
    assert all(re.fullmatch(r"(META-INF/|book/)?[a-z0-9-]+(\.[a-z]+)?", name) for name in book.namelist())
    seen = Seen()
    for name in book.namelist():
        if name.endswith((".xhtml", ".svg")):
            for element in ET.fromstring(book.read(name)).iter():
                seen.tags.add(element.tag.rpartition("}")[2])
                seen.texts += filter(None, [element.text, element.tail])
                followed = [element.get("href"), element.get("src")]
                seen.links |= {
                    to for to in followed if to and not re.match(r"[a-z0-9-]+\.(xhtml|css|svg)", to)
                }
    return seen


def read_csv(files: Files) -> Seen:
    seen = Seen()
    for file in files:
        for row in csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"), newline="")):
            for name, cell in row.items():
                assert not cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"))
                target = seen.links if name.endswith(("link", "url")) else seen.texts
                (target.add if isinstance(target, set) else target.append)(cell.removeprefix("'"))
    seen.links.discard("")
    return seen


def read_parquet(files: Files) -> Seen:
    seen = Seen()
    for file in files:
        for row in pyarrow.parquet.read_table(io.BytesIO(file.body)).to_pylist():
            seen.links |= {str(cell) for name, cell in row.items() if name.endswith(("link", "url")) and cell}
            seen.texts += [cell for name, cell in row.items() if isinstance(cell, str) and "link" not in name]
    return seen


def read_mail(files: Files) -> Seen:
    """A mail of the issue, as a mail program takes it apart."""
    [file] = files
    message = email.message_from_bytes(file.body, policy=policy.default)
    assert [message.get_all(name) for name in ("Bcc", "Cc")] == [None, None]
    assert message["To"] == "ann@readers.example"
    assert message.defects == []
    seen = read_html([RenderedFile("mail", message.get_body(("html",)).get_content())])  # type: ignore[union-attr]
    return replace(seen, texts=[*seen.texts, message["Subject"]])


def mail(issue: Issue) -> tuple[RenderedFile, ...]:
    key = DeliveryKey(
        issue.day.topic, "digests", issue.date, 0, Recipient(Channel.EMAIL, "ann@readers.example")
    )
    body = compose_mail(
        key,
        sender="news@site.example",
        name=issue.day.title,
        subject=issue.title,
        made_at=datetime(2026, 1, 8, 6, tzinfo=UTC),
        text=render(issue, "text")[0].text,
        html=render_letter(issue),
    )
    return (RenderedFile("mail.eml", data=body),)


READERS: dict[str, Callable[[Files], Seen]] = {
    "markdown": read_markdown,
    "text": read_text,
    "hugo": read_posts("---", yaml.safe_load),
    "jekyll": read_posts("---", yaml.safe_load),
    "zola": read_posts("+++", tomllib.loads),
    "eleventy": read_posts("---", yaml.safe_load),
    "html": read_html,
    "json": read_json,
    "atom": read_atom,
    "jsonfeed": read_jsonfeed,
    "epub": read_epub,
    "csv": read_csv,
    "parquet": read_parquet,
    "mail": read_mail,
}


def unspaced(texts: Iterable[str]) -> str:
    """Return the texts without white space: formats break lines where they like."""
    return re.sub(r"\s+", "", "".join(texts))


def test_every_format_has_a_reader() -> None:
    assert READERS.keys() == {*FORMATS, "mail"}


@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("row", ROWS)
def test_words_stay_words(row: str, format: str, tmp_path: Path) -> None:
    day = hostile_day(row)
    issue = compose(day, DigestSettings(day.topic, day.title))
    files = mail(issue) if format == "mail" else render(issue, format)
    seen = READERS[format](files)

    shown = unspaced(seen.texts)
    for story in day.stories:
        assert unspaced([scrub(story.headline)]) in shown
    assert seen.links <= expected_links(day)
    assert seen.tags <= STRUCTURE
    for written in write_files(tmp_path / "out", files):
        assert written.path.is_relative_to(tmp_path / "out")
        assert written.path.name.isascii()
