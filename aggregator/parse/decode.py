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

FALLBACK_CODEC = "windows-1252"

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

# What a label stands for. A label that is not here is as good as none.
_CODECS = {
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "cp866": "cp866",
    "cp949": "cp949",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ibm866": "cp866",
    "iso-2022-jp": "iso2022_jp",
    "iso-8859-1": "windows-1252",
    "iso-8859-2": "iso8859_2",
    "iso-8859-3": "iso8859_3",
    "iso-8859-4": "iso8859_4",
    "iso-8859-5": "iso8859_5",
    "iso-8859-6": "iso8859_6",
    "iso-8859-7": "iso8859_7",
    "iso-8859-8": "iso8859_8",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-9": "windows-1254",
    "iso-8859-10": "iso8859_10",
    "iso-8859-11": "cp874",
    "iso-8859-13": "iso8859_13",
    "iso-8859-14": "iso8859_14",
    "iso-8859-15": "iso8859_15",
    "iso-8859-16": "iso8859_16",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "ks_c_5601-1987": "cp949",
    "latin1": "windows-1252",
    "macintosh": "mac_roman",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "tis-620": "cp874",
    "us-ascii": "windows-1252",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "windows-1250": "windows-1250",
    "windows-1251": "windows-1251",
    "windows-1252": "windows-1252",
    "windows-1253": "windows-1253",
    "windows-1254": "windows-1254",
    "windows-1255": "windows-1255",
    "windows-1256": "windows-1256",
    "windows-1257": "windows-1257",
    "windows-1258": "windows-1258",
    "windows-31j": "cp932",
    "windows-874": "cp874",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document as text without its byte-order mark, and the codec that gave it."""

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
        return Decoded(body.decode("iso2022_jp", "replace"), "iso-2022-jp")
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
    codecs_named = [_CODECS[label.lower()] for label in labels if label.lower() in _CODECS]
    return list(dict.fromkeys(codecs_named))


def _decode_damaged(body: bytes) -> Decoded:
    """Decode what no codec accepts: UTF-8 if most of its multi-byte characters are sound."""
    text = body.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if foreign - damaged >= 9 * damaged:
        return Decoded(text, "utf-8")
    return Decoded(body.decode(FALLBACK_CODEC, "replace"), FALLBACK_CODEC)
