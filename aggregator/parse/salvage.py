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

import re
from dataclasses import dataclass
from xml.parsers import expat

from aggregator.parse.scrub import escape_text, repair_references

_PREFIX = r"(?:[A-Za-z_][\w.-]{0,40}:)?"
_TAG_END = r"(?P<attributes>\s[^<>]*?)?(?P<empty>/?)>"
_ENTRY_TAG = re.compile(rf"<(?P<end>/?)(?P<name>{_PREFIX}(?:item|entry))(?=[\s/>]){_TAG_END}", re.IGNORECASE)
_ENTRY_FIELDS = (
    "title|link|guid|id|pubDate|published|updated|issued|modified|date|description|summary|source|origLink"
)
_FEED_FIELDS = "title|link|language|generator|ttl"
_ENTRY_FIELD = re.compile(
    rf"<(?P<end>/?)(?P<name>{_PREFIX}(?:{_ENTRY_FIELDS}))(?=[\s/>]){_TAG_END}", re.IGNORECASE
)
_FEED_FIELD = re.compile(rf"<(?P<end>/?)(?P<name>(?:{_FEED_FIELDS}))(?=[\s/>]){_TAG_END}", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([A-Za-z_][\w:.-]{0,40})\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>=]+))""")
_ROOT = re.compile(r"<([\w:.-]+)(\s[^<>]*)?>")
_SECTION = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
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
    found, entries_start = _entries(text, root.end())
    name, attributes = root.group(1), _sound_attributes(root.group(2) or "")
    head = _fields(text[root.end() : entries_start], _FEED_FIELD)
    entries = "".join(_sound_entry(tag, content) for tag, content in found[:max_entries])
    over_limit = max(len(found) - max_entries, 0)
    local = name.rpartition(":")[2].lower()
    if local == "feed" and "xmlns" not in attributes:
        attributes += _ATOM
    inside = f"{head}{entries}" if local == "feed" else f"<channel>{head}</channel>{entries}"
    if local == "rss":
        inside = f"<channel>{head}{entries}</channel>"
    return Salvaged(f"<{name}{attributes}>{inside}</{name}>", over_limit)


def _without_comments(text: str) -> str:
    return _SECTION.sub(_kept_section, text)


def _kept_section(section: re.Match[str]) -> str:
    """Drop a comment that ends; what only looks like one, at the fault, may hold entries."""
    found = section.group()
    return "" if found.startswith("<!--") and found.endswith("-->") else found


def _entries(text: str, start: int) -> tuple[list[tuple[re.Match[str], str]], int]:
    """Return start tag and content of every entry that ends, and where the first one begins.

    An entry also ends where the next begins, if its own end tag is missing.
    """
    entries: list[tuple[re.Match[str], str]] = []
    first = len(text)
    opened: re.Match[str] | None = None
    for tag in _ENTRY_TAG.finditer(text, start):
        if opened is not None:
            entries.append((opened, text[opened.end() : tag.start()]))
            opened = None
        if not tag["end"] and not tag["empty"]:
            first = min(first, tag.start())
            opened = tag
    return entries, first


def _sound_entry(tag: re.Match[str], content: str) -> str:
    name = tag["name"]
    inside = content if _is_sound(content) else _fields(content, _ENTRY_FIELD)
    return f"<{name}{_sound_attributes(tag['attributes'] or '')}>{inside}</{name}>"


def _fields(body: str, field: re.Pattern[str]) -> str:
    """Return the known elements of a broken piece, each one made well-formed.

    Of a repeated one the first counts (a later title is an image's), but for links: Atom has several.
    """
    pieces: dict[object, str] = {}
    opened: re.Match[str] | None = None
    last_source_end = body.rfind("</source")
    at = 0
    for tag in field.finditer(body):
        if tag.start() < at:
            continue
        if opened is not None:
            pieces.setdefault(_place(opened), _element(opened, body[opened.end() : tag.start()]))
            opened = None
        if tag["empty"]:
            pieces.setdefault(_place(tag), _element(tag, ""))
        elif tag["name"] == "source" and tag.end() <= last_source_end:
            at = body.index("</source", tag.end())  # Atom's source has a title and links of its own
            pieces.setdefault(_place(tag), _element(tag, body[tag.end() : at]))
        elif not tag["end"]:
            opened = tag
    if opened is not None:
        pieces.setdefault(_place(opened), _element(opened, body[opened.end() :]))
    return "".join(pieces.values())


def _place(tag: re.Match[str]) -> object:
    name = tag["name"].lower()
    return tag.start() if name == "link" else name


def _element(tag: re.Match[str], content: str) -> str:
    if not _is_sound(content):
        plain = content.replace("<![CDATA[", "").replace("]]>", "")
        content = repair_references(escape_text(plain))
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
        expat.ParserCreate().Parse(f"<x>{piece}</x>", True)
    except expat.ExpatError:
        return False
    return True
