"""Markup and Unicode to plain, printable text. Pure.

Facts
-----
* A headline is text, but feeds deliver it as text, as HTML, or as HTML escaped twice, and say so
  rarely. `5 < 7 & 9 > 3` is text; `<b>New</b> &amp; old` is HTML. Only names that HTML knows are tags.
* Bidi overrides, zero-width characters and tag characters change what a line seems to say; they
  carry nothing in a headline. ZWJ and ZWNJ stay: emoji, Persian and Indic scripts need them.
* Normalising to NFC is quadratic on long runs of combining marks, so text is cut first.

Every pattern stops at the next `<` or consumes what it starts on: linear time on hostile text.
"""

import html
import re
import unicodedata

MAX_HTML_CHARACTERS = 65_536

_INLINE = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark math nobr q rp rt ruby "
    "s samp small span strike strong sub sup svg time tt u var wbr path"
)
_BLOCK = (
    "address article aside audio blockquote body br button canvas caption center col colgroup dd details "
    "div dl dt embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html iframe img "
    "input legend li link main meta nav object ol optgroup option p param picture pre section select "
    "source summary table tbody td textarea tfoot th thead title tr track ul video"
)
_INLINE_TAGS = frozenset(_INLINE.split())
_BLOCK_TAGS = frozenset(_BLOCK.split())

_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|noscript|template|head)(?:\s[^<>]*)?>.*?(?:</(?P=raw)\s*>|\Z)"
    r"""|</?(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?:[\s/](?:[^<>"']|"[^"<]*"|'[^'<]*'|["'])*+)?>""",
    re.DOTALL | re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_UNUSABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def html_to_text(markup: str) -> str:
    """Return the text of HTML: known tags gone, scripts and styles with their content.

    References are resolved once, after the tags, so `&lt;b&gt;` stays readable as `<b>`.
    """
    return unescape_once(_MARKUP.sub(_replacement, markup[:MAX_HTML_CHARACTERS]))


def unescape_once(text: str) -> str:
    """Resolve references that end in a semicolon: `&amp;` yes, `AT&T` and `&copy2026` no."""
    return _REFERENCE.sub(lambda found: html.unescape(found.group()), text)


def clean_text(text: str, max_characters: int) -> str:
    """Return one printable line in NFC of at most `max_characters`; a fixed point.

    White space of every kind becomes one space; a cut is made between words if that loses little,
    and marked with "…".
    """
    if text.isascii() and text.isprintable():
        return _shorten(" ".join(text.split()), max_characters)
    text = _UNUSABLE.sub("\ufffd", _CONTROLS.sub(" ", _INVISIBLE.sub("", text)))
    text = " ".join(text.split())[: 4 * max_characters]
    return _shorten(unicodedata.normalize("NFC", text).strip(), max_characters)


def _replacement(found: re.Match[str]) -> str:
    name = (found["name"] or "").lower()
    if name in _INLINE_TAGS:
        return ""
    if not name or name in _BLOCK_TAGS:
        return " "
    return found.group()


def _shorten(text: str, max_characters: int) -> str:
    if len(text) <= max_characters:
        return text
    cut = text[: max_characters - 1]
    between_words = cut.rfind(" ")
    if between_words >= max_characters * 3 // 4:
        cut = cut[:between_words]
    return cut.rstrip() + "…"
