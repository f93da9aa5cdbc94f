"""An ill-formed document to a well-formed one (part of guard layer G5). Pure.

Facts
-----
* Real feeds are ill-formed in one entry (a bare `<`, an unclosed CDATA section, `<br>` unescaped) or at
  the end, where a transfer was cut; the other entries are sound.
* feedparser's own fallback parser reads such documents, but it keeps impossible characters, turns
  `AT&T` into `AT&T;`, and some ill-formed documents of 200 kB keep it busy for minutes.

So we cut the document at its entries' tags. Sound entries are kept as they stand; of an unsound one the
elements that we need are taken out one by one, and what in them is not XML becomes text. Of what
stands before the first entry, only what describes the feed is kept. An entry that never ends is
dropped: the rest of it is still to come.
Cost: linear.
"""

import pyexpat
import re
from dataclasses import dataclass

from aggregator.parse.scrub import escape_text, repair_references

_PREFIX = r"(?:[A-Za-z_][\w.-]{0,40}:)?"
_ENTRY_TAG = re.compile(rf"<(?P<end>/?)(?P<name>{_PREFIX}(?:item|entry))(?=[\s>])[^<>]*>", re.IGNORECASE)
_ENTRY_FIELDS = (
    "title|link|guid|id|pubDate|published|updated|issued|modified|date|description|summary|source|origLink"
)
_FEED_FIELDS = "title|link|language|generator|ttl"
_TAG_END = r"(?P<attributes>\s[^<>]*?)?(?P<empty>/?)>"
_ENTRY_FIELD = re.compile(
    rf"<(?P<end>/?)(?P<name>{_PREFIX}(?:{_ENTRY_FIELDS}))(?=[\s/>]){_TAG_END}", re.IGNORECASE
)
_FEED_FIELD = re.compile(rf"<(?P<end>/?)(?P<name>(?:{_FEED_FIELDS}))(?=[\s/>]){_TAG_END}", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([A-Za-z_][\w:.-]{0,40})\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>=]+))""")
_ROOT = re.compile(r"<([\w:.-]+)(\s[^<>]*)?>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ATOM = ' xmlns="http://www.w3.org/2005/Atom"'


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A well-formed document from the root on, and how many entries after the limit it leaves out."""

    text: str
    over_limit: int


def salvage(text: str, max_entries: int) -> Salvaged | None:
    """Return what can be had from an ill-formed document that begins with a feed's root.

    None if not even the root's tag can be read.
    """
    root = _ROOT.match(text)
    if root is None:
        return None
    text = _without_comments(text)
    bodies, entries_start = _entries(text, root.end())
    name, attributes = root.group(1), _sound_attributes(root.group(2) or "")
    head = _fields(text[root.end() : entries_start], _FEED_FIELD)
    entries = "".join(f"<{tag}>{_sound_entry(body)}</{tag}>" for tag, body in bodies[:max_entries])
    over_limit = max(len(bodies) - max_entries, 0)
    local = name.rpartition(":")[2].lower()
    if local == "feed" and "xmlns" not in attributes:
        attributes += _ATOM
    inside = f"{head}{entries}" if local == "feed" else f"<channel>{head}</channel>{entries}"
    if local == "rss":
        inside = f"<channel>{head}{entries}</channel>"
    return Salvaged(f"<{name}{attributes}>{inside}</{name}>", over_limit)


def _without_comments(text: str) -> str:
    last_end = text.rfind("-->") + 3
    # Up to the last end every comment has one, so the pattern never runs to the end in vain.
    return _COMMENT.sub("", text[:last_end]) + text[last_end:] if last_end >= 3 else text


def _entries(text: str, start: int) -> tuple[list[tuple[str, str]], int]:
    """Return tag name and content of every entry that ends, and where the first one begins.

    An entry also ends where the next begins, if its own end tag is missing.
    """
    bodies: list[tuple[str, str]] = []
    first = len(text)
    opened: tuple[str, int] | None = None
    for tag in _ENTRY_TAG.finditer(text, start):
        if opened is not None:
            bodies.append((opened[0], text[opened[1] : tag.start()]))
            opened = None
        if not tag["end"]:
            first = min(first, tag.start())
            opened = (tag["name"], tag.end())
    return bodies, first


def _sound_entry(body: str) -> str:
    return body if _is_sound(body) else _fields(body, _ENTRY_FIELD)


def _fields(body: str, field: re.Pattern[str]) -> str:
    """Return the known elements of a broken piece, each one made well-formed."""
    pieces: list[str] = []
    opened: re.Match[str] | None = None
    for tag in field.finditer(body):
        if opened is not None:
            pieces.append(_element(opened, body[opened.end() : tag.start()]))
            opened = None
        if tag["empty"]:
            pieces.append(_element(tag, ""))
        elif not tag["end"]:
            opened = tag
    if opened is not None:
        pieces.append(_element(opened, body[opened.end() :]))
    return "".join(pieces)


def _element(tag: re.Match[str], content: str) -> str:
    if not _is_sound(content):
        plain = content.replace("<![CDATA[", "").replace("]]>", "")
        content = escape_text(repair_references(plain))
    name = tag["name"]
    return f"<{name}{_sound_attributes(tag['attributes'] or '')}>{content}</{name}>"


def _sound_attributes(text: str) -> str:
    if _is_sound(f"<x{text}/>"):
        return text
    found = {name: double or single or bare for name, double, single, bare in _ATTRIBUTE.findall(text)}
    attributes = (f' {name}="{repair_references(escape_text(value))}"' for name, value in found.items())
    return "".join(attributes)


def _is_sound(piece: str) -> bool:
    """Return whether a piece of a document is well-formed in itself; prefixes need no declaration."""
    try:
        pyexpat.ParserCreate().Parse(f"<x>{piece}</x>", True)
    except pyexpat.ExpatError:
        return False
    return True
