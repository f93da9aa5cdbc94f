"""Ids and signatures as Google makes them. Pure: the same URL always has the same id.

Facts
-----
* An opaque token is unpadded base64url of 48–301 bytes that begin 01 4f f2 a8 b3, which reads
  "AU_yqL" and one of M N O P; 19 % of the ids carry a second token, the AMP twin's.
* A story ("full coverage") id, as feeds had until 2023, wraps a decimal number: the item's old guid.
* A signature is 28 base64url characters, the first an "A", bound to one id and one timestamp.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

from aggregator.google.ids import article_id, youtube_id
from aggregator.replica.content import Article, LinkKind

_TOKEN_START = bytes.fromhex("014ff2a8b3")
_SIGNATURE_CHARACTERS = 28
_SECOND_TOKEN_PERCENT = 19


def google_id(article: Article) -> str:
    """Return the id that Google gives `article`; depends on its URL and kind of link alone."""
    url = article.url
    match article.link_kind:
        case LinkKind.OPAQUE:
            return article_id(_token(url), _token(amp_url(url)) if has_amp_token(url) else None)
        case LinkKind.LEGACY:
            return article_id(url)
        case LinkKind.LEGACY_EMPTY_AMP:
            return article_id(url, "")
        case LinkKind.LEGACY_AMP:
            return article_id(url, amp_url(url))
        case LinkKind.YOUTUBE:
            return youtube_id(parse_qs(urlsplit(url).query)["v"][0])


def google_link(article: Article) -> str:
    """Return the link that a feed of today shows for `article`."""
    return f"https://news.google.com/rss/articles/{google_id(article)}?oc=5"


def amp_url(url: str) -> str:
    """Return where an outlet of ours keeps the AMP twin of `url`."""
    parts = urlsplit(url)
    return parts._replace(path=f"/amp{parts.path}").geturl()


def has_amp_token(url: str) -> bool:
    """Say whether the opaque id of this URL carries a second token."""
    return _stretched(f"twin {url}", 1)[0] % 100 < _SECOND_TOKEN_PERCENT


def story_number(url: str) -> int:
    """Return the decimal number of the story whose lead is at `url`: the guid of feeds until 2023."""
    return int.from_bytes(_stretched(f"story {url}", 6))


def story_id(number: int) -> str:
    """Return the id ("CAAq…") of the full-coverage page of story `number`.

    `{1: 0, 5: {1: 10, 4: <text>, 10: 1}}`, the text being base64url of
    `{1: 18, 2: {7: "story-360", 9: {1: {1: number, 2: <fixed 64 bits>}}}, 5: 0}`.
    """
    numbers = b"\x08" + _varint(number) + b"\x11" + _stretched(f"coverage {number}", 8)
    story = _field(7, b"story-360") + _field(9, _field(1, numbers))
    reference = _base64url(b"\x08\x12" + _field(2, story) + b"\x28\x00").encode()
    return _base64url(b"\x08\x00" + _field(5, b"\x08\x0a" + _field(4, reference) + b"\x50\x01"))


def signature(secret: bytes, article: str, timestamp: int) -> str:
    """Return the signature of one article page served at `timestamp` (Unix seconds)."""
    digest = hmac.new(secret, f"{article} {timestamp}".encode(), hashlib.sha256).digest()
    return ("A" + _base64url(digest))[:_SIGNATURE_CHARACTERS]


def _token(url: str) -> str:
    # The mean of two draws bends the lengths towards the middle, as real ones are.
    first, second = _stretched(f"length {url}", 2)
    return _base64url(_TOKEN_START + _stretched(url, 43 + (first + second) // 4))


def _stretched(text: str, count: int) -> bytes:
    """Return `count` bytes that look random and depend on `text` alone."""
    return hashlib.shake_256(text.encode()).digest(count)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _field(number: int, content: bytes) -> bytes:
    """Return a length-delimited protobuf field; `number` below 16."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    groups = []
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
