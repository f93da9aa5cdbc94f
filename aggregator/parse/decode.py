"""Bytes of a document to text (guard layer G1). Pure.

Facts
-----
* Strict UTF-8 that succeeds on non-ASCII text is right practically always, whatever the labels say;
  labels lie (a server's default charset, a template's copied declaration).
* "ISO-8859-1" on the web means windows-1252, "gb2312" means gb18030, and so on (WHATWG Encoding).
* ISO-2022-JP is 7-bit, so it passes as UTF-8; its escape sequences give it away.
* Some Python codecs are dangerous on foreign text: `undefined` raises, `unicode_escape`, `utf-7` and
  the EBCDIC ones hide markup from byte scans. Hence an allow-list, and every later look at the
  document happens after decoding.
* One bad byte (a description cut in the middle of a character) must not turn a whole UTF-8 document
  into windows-1252 mojibake.
"""

import codecs
import re
from dataclasses import dataclass

FALLBACK_CODEC = "cp1252"

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

# Longer marks first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (b"{\x00", "utf-16-le"),
    (b"\x00{", "utf-16-be"),
)

# Python's names of the codecs that a label may stand for: each maps bytes to characters and nothing
# else, and every one but the Japanese 7-bit one leaves ASCII alone.
_ALLOWED_NAMES = """
    big5hkscs cp437 cp737 cp775 cp850 cp852 cp855 cp857 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874
    cp932 cp949 cp1125 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 euc_jp gb18030 hp-roman8
    iso2022_jp iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13
    iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-t koi8-u kz1048 mac-cyrillic mac-greek mac-iceland mac-latin2
    mac-roman mac-turkish ptcp154 utf-8
    """
_ALLOWED = frozenset(_ALLOWED_NAMES.split())
# What the web means by a label, where that is more than the label says.
_MEANT = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "shift_jis": "cp932",
    "tis-620": "cp874",
}
_UNKNOWN_TO_PYTHON = {"iso-8859-8-i": "iso8859-8", "x-sjis": "cp932", "x-mac-cyrillic": "mac-cyrillic"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document as text without its byte-order mark, and Python's name of the codec that gave it."""

    text: str
    codec: str


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Return the text of a document; never raises, unreadable bytes become U+FFFD.

    Tried in this order: a byte-order mark, the zero bytes of unmarked UTF-16 and UTF-32, strict
    UTF-8, the label inside the document and the one of the `Content-Type` header if they are
    allowed, UTF-8 with a few bad bytes, windows-1252.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(codec, "replace"), codec)
    for start, codec in _UNMARKED:
        if body.startswith(start):
            return Decoded(body.decode(codec, "replace"), codec)
    labelled = _labelled_codecs(body, content_type)
    if b"\x1b$" in body and "iso2022_jp" in labelled:
        return Decoded(body.decode("iso2022_jp", "replace"), "iso2022_jp")
    for codec in ("utf-8", *labelled):
        try:
            return Decoded(body.decode(codec), codec)
        except UnicodeDecodeError:
            continue
    return _decode_damaged(body)


def _labelled_codecs(body: bytes, content_type: str | None) -> list[str]:
    """Return the codecs that the labels stand for, the more credible first.

    The document's own label was written by whoever wrote the document, the header's is often a
    server's default; so the document's goes first.
    """
    declared = _DECLARED.match(body[:400])
    charset = _CHARSET.search(content_type or "")
    labels = [declared.group(1).decode("ascii") if declared else "", charset.group(1) if charset else ""]
    named = (_allowed_codec(label.lower()) for label in labels if label)
    return list(dict.fromkeys(codec for codec in named if codec))


def _allowed_codec(label: str) -> str | None:
    try:
        name = _UNKNOWN_TO_PYTHON.get(label) or codecs.lookup(label).name
    except LookupError:
        return None
    name = _MEANT.get(name, name)
    return name if name in _ALLOWED else None


def _decode_damaged(body: bytes) -> Decoded:
    """Decode what no codec accepts: UTF-8 if most of its multi-byte characters are sound."""
    text = body.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if foreign - damaged >= 9 * damaged:
        return Decoded(text, "utf-8")
    return Decoded(body.decode(FALLBACK_CODEC, "replace"), FALLBACK_CODEC)
