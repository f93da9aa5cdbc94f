"""Foreign text made safe to publish: one function per place it can stand in. Pure.

Facts
-----
* Headlines and outlet names come from strangers and hold anything: Markdown, HTML, shortcodes,
  line breaks, bidi overrides, lone surrogates.
* Hugo looks for shortcodes (`{{<`, `{{%`) and `<!--more-->` in the raw file, before Markdown; an
  unknown shortcode stops the build of the whole site.
* Hugo, GitHub and others turn a bare `https://…`, `www.…` or mail address into a link.
* A backslash is an escape before ASCII punctuation in every CommonMark parser; `\\<` is none in
  older ones, `&lt;` is one in all of them.
* A JSON string is a YAML double-quoted scalar if nothing outside the Basic Multilingual Plane is
  written as a pair of escapes, hence `ensure_ascii=False`.

What a parser gives back is `scrub(text)`, exactly; this is tested by property.
"""

import json
import re
import unicodedata
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from anyascii import anyascii

# Line breaks and tabs of every kind: they part words, so they become a space.
_BREAKS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
# What no one reads: other controls, surrogates, bidi controls, soft hyphen, invisible characters,
# tag characters, noncharacters. The joiners U+200C and U+200D stay: Persian, Hindi and emoji
# need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(" {2,}")

_MARKDOWN = re.compile(
    r"[\\`*_{}\[\]|~]|(?<=\{)%"  # active anywhere
    r"|:(?=//)|(?<=www)\.|(?<=\w)@(?=\w)"  # would become a link by itself
    r"|^[-+=:#]|#$",  # would begin a block, or end a heading
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"^(\d+)([.)])")
_ENTITY = re.compile(r"&(?=#?\w+;)")

_HOST = re.compile(r"[^\s\\/?#@<>\"'`{}|^%()*]+")
_URL_SAFE = "!$&'()*+,/:;=?@~%"
# What most addresses look like: nothing in them to drop, quote or refuse.
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*/[A-Za-z0-9_./~,;:=&?+-]*")
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def scrub(text: str) -> str:
    """Return `text` as one line of visible characters, without spaces at its ends.

    Non-breaking spaces inside stay, as French typography wants them. A fixed point.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # most texts, most of the time
    seen = _UNSEEN.sub("", _BREAKS.sub(" ", text))
    return _SPACES.sub(" ", seen).strip()


def shorten(text: str, limit: int) -> str:
    """Cut scrubbed text to at most `limit` characters, "…" included, at the end of a word.

    Text with hardly a space in it (Chinese, one endless word) is cut between characters, never
    between a letter and its marks.
    """
    if len(text) <= limit:
        return text
    end = limit - 1
    space = text.rfind(" ", 0, end + 1)
    if space > end // 2:
        end = space
    while end > 0 and (unicodedata.combining(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end].rstrip(" ,;:–—-") + "…"


def escape_markdown(text: str) -> str:
    """Return scrubbed `text` so that any Markdown dialect shows it as it is.

    Safe at the start of a line, in a heading, in a list, as link text and between asterisks; ordinary
    headlines come out unchanged. No shortcode, template tag, HTML or automatic link survives.
    """
    line = _ENTITY.sub("&amp;", scrub(text))
    line = _MARKDOWN.sub(r"\\\g<0>", line)
    line = _LIST_NUMBER.sub(r"\1\\\2", line)
    return line.replace("<", "&lt;").replace(">", "&gt;")


def markdown_link(text: str, url: str | None) -> str:
    """Return `[text](url)`, or the escaped text alone when `safe_url` refuses the address."""
    address = safe_url(url)
    if address is None:
        return escape_markdown(text)
    target = re.sub(r"[()]", r"\\\g<0>", _ENTITY.sub("&amp;", address))
    return f"[{escape_markdown(text)}]({target})"


def safe_url(url: str | None) -> str | None:
    """Return an absolute http(s) address all in ASCII, or None for anything else.

    User names and passwords are dropped; a host of another script is in its "xn--" form, which no reader
    takes for another one and every program understands; characters that may not stand in a URL are
    percent-encoded. A fixed point.
    """
    if url is not None and _PLAIN_URL.fullmatch(url):
        return url
    try:
        parts = urlsplit(scrub(url or ""))
        is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets or a port that are none
        return None
    host = _ascii_host(parts.netloc.rpartition("@")[2])
    # A browser takes `\\` for `/`, so it and we would disagree about where the host ends.
    if not is_web or "\\" in parts.netloc or host is None:
        return None
    path, query, fragment = (
        _STRAY_PERCENT.sub("%25", quote(part, safe=_URL_SAFE))
        for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, host, path, query, fragment))


def _ascii_host(host: str) -> str | None:
    """Return a host, with its port if it has one, in ASCII; None if it is none or has no such form."""
    if not _HOST.fullmatch(host):
        return None
    if host.isascii():
        return host
    name, colon, port = host.partition(":")
    try:
        return idna.encode(name, uts46=True).decode("ascii") + colon + port
    except (idna.IDNAError, UnicodeError):
        return None


def quoted_scalar(text: str) -> str:
    """Return scrubbed `text` in double quotes, valid in YAML 1.1, YAML 1.2, TOML 1.0 and JSON."""
    return json.dumps(scrub(text), ensure_ascii=False)


def slug(text: str, fallback: str, limit: int = 60) -> str:
    """Return at most `limit` characters of `a-z0-9-` that spell `text`, whatever its script.

    Cut at a word where there is one; `fallback` when nothing of the text can be spelled.
    """
    spelled = anyascii(scrub(text)).lower()
    joined = re.sub(r"(?<=\d),(?=\d{3})|['`]", "", spelled)  # 1,407 is one number, mayor's one word
    whole = re.sub(r"[^a-z0-9]+", "-", joined).strip("-")
    if len(whole) <= limit:
        return whole or fallback
    cut = whole[:limit]
    if whole[limit] != "-" and "-" in cut[limit // 2 :]:
        cut = cut.rpartition("-")[0]
    return cut.strip("-")
