"""Text of a document to text that an XML parser can take (guard layers G2 to G4). Pure.

Facts
-----
* One NUL, one ESC or one `&#xD800;` makes a whole XML document ill-formed, and impossible character
  references leave feedparser's fallback parser as exceptions, behind `&amp;` as well.
* Feeds write `AT&T` and `&nbsp;` although XML knows neither; the fallback parser reads the first as
  `AT&T;`. Inside CDATA and comments an ampersand is only an ampersand.
* What stands before the root (byte-order marks, PHP warnings, blank lines, DOCTYPE) is worth nothing
  to us; 100 kB of blank lines there cost feedparser 17 s. An internal DTD subset is where entity
  bombs live, and a DTD can hide in a comment that only looks like one.

Every pattern here consumes what it starts on (`…|\\Z`) or stops at the next `<`, so that hostile
text costs linear time.
"""

import html.entities
import re

from aggregator.model import Failure, FailureKind

ROOT_WITHIN_CHARACTERS = 65_536

_BLANKS = "\ufeff \t\r\n"
_MAX_DECLARATION_CHARACTERS = 200

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMERIC = re.compile(r"&(?:amp;)*#(?:([0-9]+)|[xX]([0-9a-fA-F]+));?")
_MAX_REFERENCE_DIGITS = 7

_SECTION_OR_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|<!--.*?(?:-->|\Z)"
    r"|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,7});)(?:([A-Za-z][A-Za-z0-9]{1,31});)?",
    re.DOTALL,
)
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}

_LONG_PERSON = re.compile(
    r"(<(?:[\w.-]{1,40}:)?(?:author|creator|contributor|publisher|managingEditor|webMaster|name|email|credit)"
    r"(?:\s[^<>]*)?>(?:<!\[CDATA\[)?)[^<\]]{200,}",
    re.IGNORECASE,
)

_COMMENT_OR_INSTRUCTION = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?(?:rss|feed|rdf)(?=[\s/>])", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)

_CONSENT_MARKS = ("consent.google.", "consent.youtube.", "before you continue")
_PAGE_TITLE = re.compile(r"<title[^<>]*>([^<]{0,200})", re.IGNORECASE)


def scrub_characters(text: str) -> str:
    """Return the text with every character outside XML 1.0 replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def cut_prolog(text: str) -> str | Failure:
    """Return the text from the feed's root element on; blank lines before it cost nothing.

    A failure tells what is there instead: nothing, a page, a consent wall, entity declarations.
    """
    text = _after_declaration(text)
    head = text[:ROOT_WITHIN_CHARACTERS]
    visible = _COMMENT_OR_INSTRUCTION.sub(_blank, head)
    root = _ROOT.search(visible)
    page = _PAGE.search(visible)
    if root is None or (page is not None and page.start() < root.start()):
        return _describe_other(head)
    if _ENTITY.search(head, 0, root.start()):
        return Failure(FailureKind.UNREASONABLE, "the document declares XML entities, which no feed needs")
    return text[root.start() :]


def _after_declaration(text: str) -> str:
    text = text.lstrip(_BLANKS)
    end = text.find("?>", 0, _MAX_DECLARATION_CHARACTERS) if text.startswith("<?xml") else -1
    return text[end + 2 :].lstrip(_BLANKS) if end >= 0 else text


def _describe_other(text: str) -> Failure:
    """Say what a document is that is not a feed."""
    if not text.strip():
        return Failure(FailureKind.NOT_A_FEED, "the document is empty")
    lowered = text.lower()
    if any(mark in lowered for mark in _CONSENT_MARKS):
        return Failure(FailureKind.CONSENT_WALL, "a consent page came instead of a feed")
    if not _PAGE.search(text):
        return Failure(FailureKind.NOT_A_FEED, "the document is neither RSS, Atom nor JSON Feed")
    title = _PAGE_TITLE.search(text)
    named = f' titled "{" ".join(title.group(1).split())}"' if title else ""
    return Failure(FailureKind.NOT_A_FEED, f"an HTML page{named} came instead of a feed")


def repair_references(text: str) -> str:
    """Return the text with references that XML accepts: `AT&amp;T` for `AT&T`, "é" for `&eacute;`.

    Numeric references to characters that XML forbids become U+FFFD.
    """
    return _SECTION_OR_AMPERSAND.sub(_repaired, _NUMERIC.sub(_possible, text))


def blank_long_persons(text: str) -> str:
    """Return the text without names of people of 200 characters or more.

    We keep no authors, and feedparser's search for an e-mail address in them is quadratic; a paper's
    list of 300 authors shall not cost its entry.
    """
    return _LONG_PERSON.sub(r"\1", text)


def escape_text(text: str) -> str:
    """Return the text with its angle brackets and quotes escaped; ampersands are `repair_references`'s."""
    return text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _possible(found: re.Match[str]) -> str:
    decimal, hexadecimal = found.groups()
    digits = decimal or hexadecimal
    is_possible = len(digits) <= _MAX_REFERENCE_DIGITS and _is_xml(int(digits, 10 if decimal else 16))
    # HTML allows a capital X, XML does not.
    return found.group().replace("&#X", "&#x", 1) if is_possible else "\ufffd"


def _is_xml(code: int) -> bool:
    return code <= 0x10FFFF and not _NOT_XML.match(chr(code))


def _repaired(found: re.Match[str]) -> str:
    name = found.group(1)
    if name is None:
        return found.group() if len(found.group()) > 1 else "&amp;"
    meaning = html.entities.html5.get(name + ";")
    if meaning is None:
        return f"&amp;{name};"
    return "".join(_ESCAPED.get(character, character) for character in meaning)
