"""Subscription lists: OPML to outlines, and feeds to OPML. Pure.

Facts
-----
* Every reader exports OPML and few export XML: bare ampersands, attributes in any case, labels of a
  charset that the file does not have. `listparser` reads what is there by the rules of HTML, which expand no
  entity of a document's own and fetch nothing.
* `listparser.parse` fetches a text that looks like a URL, drops `htmlUrl` and joins feeds of one address;
  so only its handler is used, on a text decoded here, and each outline is noted as it goes by.
* Folders nest, topics do not: a topic is the folders joined by " › ", and is taken apart again there.
* OPML knows neither languages of feeds (`language` is the usual extension) nor feeds switched off.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from listparser.opml import OpmlMixin

from aggregator.errors import InputError
from aggregator.parse.decode import decode
from aggregator.settings import FeedSettings

MAX_BYTES = 50_000_000
FOLDER_MARK = " › "

_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_ILLEGAL_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list, as the list has it; nothing is checked yet but that there is a URL.

    `folders` are the titles of the outlines round it, or its first category; outermost first.
    """

    title: str
    url: str
    site: str | None = None
    language: str | None = None
    folders: tuple[str, ...] = ()


def read_opml(body: bytes, path: str) -> list[Outline]:
    """Return the feeds of a list in its order, those of one address too; `path` is what errors call it.

    Raises:
        InputError: it is no OPML, is larger than 50 MB, or declares entities.
    """
    if len(body) > MAX_BYTES:
        raise InputError(f"{path} has {len(body):,} bytes; a list of feeds has {MAX_BYTES:,} at most")
    text = decode(body, None).text
    if _ENTITY.search(text):
        raise InputError(f"{path} declares XML entities, which no list of feeds needs")
    reader = _Reader()
    try:
        reader.feed(text)
    except AssertionError as error:  # html.parser, on a malformed <![…
        raise InputError(f"{path} cannot be read as OPML: {error}") from error
    if not reader.harvest.get("version"):
        raise InputError(f"{path} is no OPML: it has no <opml>")
    return reader.outlines


def opml_text(feeds: Sequence[FeedSettings], *, default_language: str, now: datetime) -> str:
    """Return a list of the feeds, in their order, each topic a folder where it first comes up.

    `language` is written where it is not `default_language`. Characters that XML cannot hold are left out.
    """
    root = Element("opml", version="2.0")
    head, body = SubElement(root, "head"), SubElement(root, "body")
    SubElement(head, "title").text = "Feeds of headline-aggregator"
    SubElement(head, "dateCreated").text = format_datetime(now)
    folders: dict[tuple[str, ...], Element] = {(): body}
    for feed in feeds:
        SubElement(_folder(folders, feed.topic), "outline", _attributes(feed, default_language))
    indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{tostring(root, encoding='unicode')}\n"


class _Reader(OpmlMixin):
    """listparser's handler, which also notes each feed with its folders and all that it drops."""

    def __init__(self) -> None:
        super().__init__()
        self.harvest = {"version": "", "feeds": [], "lists": [], "opportunities": [], "meta": {}}
        self.outlines: list[Outline] = []

    def start_opml_outline(self, attrs: dict[str, str]) -> None:
        super().start_opml_outline(attrs)
        url = attrs.get("xmlurl", "").strip()
        kind, found = self.found_urls.get(url, ("", {}))
        if url and kind == "feeds":
            folders = [folder for folder in self.hierarchy if folder] or _first_category(found)
            title = attrs.get("text", "").strip() or attrs.get("title", "").strip()
            site, language = attrs.get("htmlurl", "").strip(), attrs.get("language", "").strip()
            self.outlines.append(Outline(title, url, site or None, language or None, tuple(folders)))

    def end_opml_outline(self) -> None:
        if self.hierarchy:  # a stray end tag ends nothing
            super().end_opml_outline()


def _first_category(found: Mapping[str, Any]) -> list[str]:
    return next(iter(found.get("categories", [])), [])


def _folder(folders: dict[tuple[str, ...], Element], topic: str) -> Element:
    """Return the outline of a topic, made inside those of its outer folders if it is new."""
    path: tuple[str, ...] = ()
    for name in topic.split(FOLDER_MARK):
        outer, path = folders[path], (*path, name)
        if path not in folders:
            folders[path] = SubElement(outer, "outline", text=_legal(name), title=_legal(name))
    return folders[path]


def _attributes(feed: FeedSettings, default_language: str) -> dict[str, str]:
    name = _legal(feed.name)
    attributes = {"type": "rss", "text": name, "title": name, "xmlUrl": _legal(feed.url)}
    if feed.site:
        attributes["htmlUrl"] = _legal(feed.site)
    if feed.base_language != default_language:
        attributes["language"] = feed.language
    return attributes


def _legal(text: str) -> str:
    return _ILLEGAL_IN_XML.sub("", text)
