"""One pass over a document before the parser sees it (guard layer G5). Pure.

Facts
-----
* Some documents of less than 1 MB burn a minute in the parser: 20,000 attributes on one element, an
  author of 100 kB (its e-mail pattern is quadratic), 30,000 categories (it looks for each among
  all), a million nested elements.
* Namespace prefixes are often used without being declared (`media:`, `dc:`), or are declared in
  another entry; the strict parser then gives up on the whole document.
* At the end of `<item></item>` expat stands before the end tag, at that of `<item/>` behind it.

So: one expat pass that judges every entry by itself. A limit broken inside an entry costs that
entry, outside of entries it costs the document (`Unreasonable`).
Cost: about 15 ms for 300 kB; linear, whatever the document.
"""

import contextlib
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_ENTRIES = 1_000
MAX_DEPTH = 256  # in an entry
MAX_DOCUMENT_DEPTH = 2_048
MAX_ATTRIBUTES = 64
MAX_ATTRIBUTE_CHARACTERS = 65_536
MAX_ELEMENTS = 200_000
MAX_ELEMENTS_OUTSIDE = 5_000
MAX_CHILDREN = 500
MAX_NAMESPACES = 200
MAX_TEXT_CHARACTERS = 1_048_576
MAX_FIELD_CHARACTERS = 65_536
MAX_PERSON_CHARACTERS = 2_048

_ENTRY_NAMES = frozenset({"item", "entry"})
_ENTRY_DEPTHS = frozenset({2, 3})  # below feed or RDF; below rss and channel
# What feedparser does costly things to, in lower case and without prefix.
_CHARACTER_LIMITS = {
    **dict.fromkeys(("title", "link", "id", "guid"), MAX_FIELD_CHARACTERS),
    **dict.fromkeys(("date", "pubdate", "published", "updated", "modified"), MAX_FIELD_CHARACTERS),
    **dict.fromkeys(("issued", "created", "lastbuilddate"), MAX_FIELD_CHARACTERS),
    **dict.fromkeys(("author", "creator", "contributor", "publisher"), MAX_PERSON_CHARACTERS),
    **dict.fromkeys(("managingeditor", "webmaster", "name", "email"), MAX_PERSON_CHARACTERS),
}


class Unreasonable(Exception):
    """A limit is broken outside of any entry; the text names the limit."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of one entry, end exclusive; `fault` is why it cannot be kept, None if it can.

    The faults are "unreasonable" (it breaks a limit) and "over-limit" (1,000 came before it).
    """

    start: int
    end: int
    fault: str | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass saw.

    `spans` are the complete entries in order; `undeclared_prefixes` those that the root does not
    declare; `root_end` is the byte after the root element, None if the document is ill-formed
    before its end.
    """

    spans: tuple[Span, ...]
    undeclared_prefixes: frozenset[str]
    root_end: int | None


@dataclass(slots=True)
class _Name:
    """What an element's name means for us."""

    is_entry: bool
    prefix: str
    text_limit: int


@dataclass(slots=True)
class _Surveyor:
    """Expat's handlers and what they gather."""

    document: bytes
    parser: expat.XMLParserType
    open_names: list[str] = field(default_factory=list)
    open_characters: list[int] = field(default_factory=list)
    names: dict[str, _Name] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    attribute_prefixes: set[str] = field(default_factory=set)
    elements: int = 0
    elements_outside: int = 0
    namespace_prefixes: set[str] = field(default_factory=set)
    is_just_open: bool = False
    entry_start: int | None = None
    entry_depth: int = 0
    entry_children: int = 0
    entry_fault: str | None = None
    root_end: int | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        known = self.names.get(name) or self._learn(name)
        self.open_names.append(name)
        self.open_characters.append(0)
        self.is_just_open = True
        depth = len(self.open_names)
        if self.entry_start is None:
            self._start_outside(known, depth)
        elif depth == self.entry_depth + 1:
            self.entry_children += 1
        self._check_size(depth)
        if attributes:
            self._check_attributes(attributes)

    def end(self, name: str) -> None:
        depth = len(self.open_names)
        self.open_names.pop()
        self.open_characters.pop()
        if depth == self.entry_depth and self.entry_start is not None:
            end = self._element_end()
            self.spans.append(Span(self.entry_start, end, self.entry_fault))
            self.entry_start = None
        if depth == 1:
            self.root_end = self._element_end()
        self.is_just_open = False

    def text(self, characters: str) -> None:
        self.is_just_open = False
        if not self.open_characters:
            return
        self.open_characters[-1] += len(characters)
        limit = self.names[self.open_names[-1]].text_limit
        if self.open_characters[-1] > limit:
            self._fault(f"more than {limit} characters in <{self.open_names[-1][:40]}>")

    def _learn(self, name: str) -> _Name:
        prefix, colon, local = name.rpartition(":")
        local = local.lower()
        limit = _CHARACTER_LIMITS.get(local, MAX_TEXT_CHARACTERS)
        known = _Name(local in _ENTRY_NAMES, prefix if colon else "", limit)
        self.names[name] = known
        return known

    def _start_outside(self, known: _Name, depth: int) -> None:
        if known.is_entry and depth in _ENTRY_DEPTHS:
            self.entry_start = self.parser.CurrentByteIndex
            self.entry_depth = depth
            self.entry_children = 0
            self.entry_fault = None if len(self.spans) < MAX_ENTRIES else "over-limit"
            return
        self.elements_outside += 1
        if self.elements_outside > MAX_ELEMENTS_OUTSIDE:
            raise Unreasonable(f"more than {MAX_ELEMENTS_OUTSIDE} elements outside of entries")

    def _check_size(self, depth: int) -> None:
        if depth > MAX_DOCUMENT_DEPTH:
            raise Unreasonable(f"elements nested more than {MAX_DOCUMENT_DEPTH} deep")
        if depth > MAX_DEPTH:
            self._fault(f"elements nested more than {MAX_DEPTH} deep")
        if self.entry_children > MAX_CHILDREN:
            self._fault(f"more than {MAX_CHILDREN} elements in one entry")
        if self.entry_fault is None:
            self.elements += 1
            if self.elements > MAX_ELEMENTS:
                self._fault(f"more than {MAX_ELEMENTS} elements")

    def _check_attributes(self, attributes: dict[str, str]) -> None:
        if len(attributes) > MAX_ATTRIBUTES:
            self._fault(f"more than {MAX_ATTRIBUTES} attributes on one element")
        if sum(map(len, attributes.values())) > MAX_ATTRIBUTE_CHARACTERS:
            self._fault(f"more than {MAX_ATTRIBUTE_CHARACTERS} characters of attributes on one element")
        for name in attributes:
            prefix, colon, local = name.partition(":")
            if prefix == "xmlns":
                self.namespace_prefixes.add(local)
                if len(self.open_names) == 1:
                    self.declared.add(local)
            elif colon:
                self.attribute_prefixes.add(prefix)
        if len(self.namespace_prefixes) > MAX_NAMESPACES:
            raise Unreasonable(f"more than {MAX_NAMESPACES} namespace prefixes")

    def _fault(self, fault: str) -> None:
        if self.entry_start is None:
            raise Unreasonable(fault)
        self.entry_fault = self.entry_fault or "unreasonable"

    def _element_end(self) -> int:
        """The byte after the element that ends here."""
        at = self.parser.CurrentByteIndex
        if self.is_just_open and self.document.endswith(b"/>", 0, at):
            return at
        return self.document.index(b">", at) + 1

    def undeclared(self) -> frozenset[str]:
        used = {known.prefix for known in self.names.values()} | self.attribute_prefixes
        return frozenset(used - self.declared - {"", "xml", "xmlns"})


def survey(document: bytes) -> Survey:
    """Look over an XML document (UTF-8, without DTD). Raises Unreasonable."""
    # Without a namespace separator expat leaves prefixes alone, declared or not.
    parser = expat.ParserCreate()
    parser.buffer_text = True
    surveyor = _Surveyor(document, parser)
    parser.StartElementHandler = surveyor.start
    parser.EndElementHandler = surveyor.end
    parser.CharacterDataHandler = surveyor.text
    with contextlib.suppress(expat.ExpatError):
        parser.Parse(document, True)
    return Survey(tuple(surveyor.spans), surveyor.undeclared(), surveyor.root_end)
