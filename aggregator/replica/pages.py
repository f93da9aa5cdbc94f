"""Google's pages for people: the article page that hides a signature, the consent and the sorry page. Pure.

Facts
-----
* An article page is about 597,000 bytes, and what a client needs stands in its last two thousand; gzip
  makes it six and a half times smaller.
* Signature and timestamp are attributes of one element, in either order. The page's `data-p` says
  them too: `%.@.` stands for `["garturlreq",`, and of the array that makes, the four elements before the
  last two are dropped.
* The consent page is 200, about 644,000 bytes, and known by its title; the sorry page is 429 and speaks of
  "unusual traffic".
"""

import json
import zlib
from functools import cache
from hashlib import shake_256
from html import escape

from aggregator.replica.faults import SignatureForm

PAGE_BYTES = 597_296
CONSENT_BYTES = 644_000

_FILLER_BYTES = 593_000
_GZIP_WINDOW = 31
_CLOSING = "<script>window.wiz_progress&&window.wiz_progress();</script>".ljust(1_450) + "</body></html>"
_LOCALE = ["en-US", "US", ["FINANCE_TOP_INDICES", "WEB_TEST_1_0_0"], None, None, 1, 1, "US:en", None, 1]
_CONTEXT = [[*_LOCALE, *[None] * 5, 0, 1], "en-US", "US", 1, [2, 3, 4, 8], 1, 0, "655000234", 0, 0, None, 0]


def article_page(google_id: str, timestamp: int, signature: str, form: SignatureForm) -> bytes:
    """Return the page of one article, as long as the real one."""
    return _filler() + _tail(google_id, timestamp, signature, form)


def gzipped_article_page(google_id: str, timestamp: int, signature: str, form: SignatureForm) -> bytes:
    """Return the same page as gzip; the filler is compressed once for all pages."""
    start, compressor = _compressed_filler()
    rest = compressor.copy()
    return start + rest.compress(_tail(google_id, timestamp, signature, form)) + rest.flush()


def consent_page() -> bytes:
    """Return the page that asks for a decision on cookies."""
    head = b"<!doctype html><html lang='en-US'><head><title>Before you continue</title></head><body>"
    form = b"<form action='https://consent.google.com/save' method='POST'></form></body></html>"
    return head + _filler().ljust(CONSENT_BYTES - len(head) - len(form)) + form


def sorry_page() -> bytes:
    """Return the page of a refusal."""
    return (
        b"<html><head><title>Sorry...</title></head><body><p>We're sorry... but your computer or network"
        b" may be sending automated queries. Our systems have detected unusual traffic from your computer"
        b" network.</p></body></html>"
    )


def _tail(google_id: str, timestamp: int, signature: str, form: SignatureForm) -> bytes:
    """Return the end of the page: the wiz element with its `data-p`, in it the element that signs."""
    data_p = "" if form is SignatureForm.NONE else f' data-p="{_data_p(google_id, timestamp, signature)}"'
    wiz = (
        f'<c-wiz jsrenderer="Fssdnc"{data_p} data-node-index="1;0">'
        f'<div jscontroller="aLI87" data-n-a-id="{google_id}"{_attributes(timestamp, signature, form)}></div>'
        "</c-wiz>"
    )
    return (wiz.rjust(PAGE_BYTES - _FILLER_BYTES - len(_CLOSING)) + _CLOSING).encode()


def _attributes(timestamp: int, signature: str, form: SignatureForm) -> str:
    moment, sign = f' data-n-a-ts="{timestamp}"', f' data-n-a-sg="{signature}"'
    match form:
        case SignatureForm.PLAIN:
            return moment + sign
        case SignatureForm.SWAPPED:
            return sign + moment
        case SignatureForm.ESCAPED:
            return f' data-n-a-ts="{timestamp}" data-n-a-sg="{_character_references(signature)}"'
    return ""


def _character_references(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def _data_p(google_id: str, timestamp: int, signature: str) -> str:
    array = [_CONTEXT, google_id, None, None, None, 0, timestamp, signature]
    text = json.dumps(array, separators=(",", ":"))
    return escape("%.@." + text.removeprefix("["))


@cache
def _filler() -> bytes:
    """Return the scripts before everything of interest; about as compressible as the real ones."""
    digits = shake_256(b"filler").hexdigest(_FILLER_BYTES // 8)
    lines = (
        f"AF_initDataCallback({{key:'ds:0',hash:'{digits[start : start + 18]}',data:[null,null,[]]}});\n"
        for start in range(0, len(digits), 18)
    )
    opening = "<!doctype html><html lang='en-US'><head><title>Google News</title></head><body><script>\n"
    return (opening + "".join(lines))[: _FILLER_BYTES - 9].encode() + b"</script>"


# The compressor is only ever copied, so caching it shares no state.
@cache
def _compressed_filler() -> tuple[bytes, "zlib._Compress"]:
    compressor = zlib.compressobj(wbits=_GZIP_WINDOW)
    return compressor.compress(_filler()), compressor
