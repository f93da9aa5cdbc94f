"""What stands between a body from the network and the parser (guard layers G1 to G5). Pure.

The layers in order: decode (`decode`), scrub, find the root, refuse entities, repair references
(`scrub`), survey the structure (`survey`), make an ill-formed document well-formed (`salvage`), and
cut here what breaks a limit. What comes out is a document that feedparser's strict parser takes; its
fallback parser, which is slow and inexact, has nothing left to do.

Decisions
---------
* An entry that breaks a limit is cut out and counted; the rest of the feed is kept.
* An ill-formed document is *partial*, whether it was cut or is badly made: its entries count, its
  validators do not, so the next poll asks again.
* What follows the end of the root is not read: comments, scripts, another document.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aggregator.model import Failure, FailureKind
from aggregator.parse.decode import decode
from aggregator.parse.salvage import salvage
from aggregator.parse.scrub import (
    blank_long_persons,
    cut_prolog,
    repair_references,
    scrub_characters,
)
from aggregator.parse.survey import MAX_ENTRIES, Survey, Unreasonable, survey

_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
_ENTRY_STARTS = (b"<item", b"<entry")

# Prefixes that feeds use and forget to declare, and what everybody means by them.
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}


@dataclass(frozen=True, slots=True)
class Guarded:
    """A document that may be parsed.

    `document` is XML from our own declaration on, or JSON text, in UTF-8; `codec` is what the body
    was in; `skipped` counts the entries that were cut out, by reason.
    """

    document: bytes
    is_json: bool
    codec: str
    is_partial: bool = False
    skipped: Mapping[str, int] = field(default_factory=dict)


def guard(body: bytes, content_type: str | None) -> Guarded | Failure:
    """Return a document that is safe to parse, or why there is none.

    `content_type` is the header as received. Never raises; time and memory are linear in the body.
    """
    decoded = decode(body, content_type)
    text = scrub_characters(decoded.text)
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return Guarded(decoded.text.encode("utf-8", "replace"), is_json=True, codec=decoded.codec)
    rooted = cut_prolog(text)
    if isinstance(rooted, Failure):
        return rooted
    try:
        return _guard_xml(repair_references(blank_long_persons(rooted)), decoded.codec)
    except Unreasonable as limit:
        return Failure(FailureKind.UNREASONABLE, f"the document has {limit}")


def _guard_xml(text: str, codec: str) -> Guarded | Failure:
    """Return the document that begins with this root. Raises Unreasonable."""
    document, surveyed = _survey(text)
    if surveyed.root_end is not None:
        guarded = _settle(document, surveyed, surveyed.root_end, codec)
        return replace(guarded, is_partial=_holds_entries(document[surveyed.root_end :]))
    salvaged = salvage(text, MAX_ENTRIES)
    document, surveyed = _survey(salvaged.text if salvaged else "")
    if salvaged is None or surveyed.root_end is None:
        return Failure(FailureKind.PARSE_ERROR, "the document is not XML, and nothing in it can be saved")
    if not surveyed.spans:
        return Failure(FailureKind.TRUNCATED, "the document ends before its first complete entry")
    guarded = _settle(document, surveyed, surveyed.root_end, codec)
    skipped = Counter(guarded.skipped) + Counter({"over-limit": salvaged.over_limit})
    return replace(guarded, is_partial=True, skipped=dict(skipped))


def _survey(text: str) -> tuple[bytes, Survey]:
    """Return the document with a declaration and all its prefixes declared, and what is in it."""
    document = _DECLARATION + text.encode()
    surveyed = survey(document)
    if surveyed.undeclared_prefixes and surveyed.root_end is not None:
        document = _declare(document, surveyed.undeclared_prefixes)
        surveyed = survey(document)
    return document, surveyed


def _declare(document: bytes, prefixes: frozenset[str]) -> bytes:
    """Declare prefixes on the root element."""
    root = len(_DECLARATION)
    name_end = next(at for at in range(root, len(document)) if document[at : at + 1] in b" \t\r\n/>")
    declarations = "".join(
        f' xmlns:{prefix}="{_NAMESPACES.get(prefix, "urn:undeclared:" + prefix)}"'
        for prefix in sorted(prefixes)
    )
    return document[:name_end] + declarations.encode() + document[name_end:]


def _settle(document: bytes, surveyed: Survey, end: int, codec: str) -> Guarded:
    """Cut out the entries that break a limit, and what follows the root."""
    pieces = []
    at = 0
    for span in surveyed.spans:
        if span.fault:
            pieces.append(document[at : span.start])
            at = span.end
    pieces.append(document[at:end])
    skipped = Counter(span.fault for span in surveyed.spans if span.fault)
    return Guarded(b"".join(pieces), is_json=False, codec=codec, skipped=dict(skipped))


def _holds_entries(tail: bytes) -> bool:
    lowered = tail.lower()
    return any(mark in lowered for mark in _ENTRY_STARTS)
