"""Google News ids of topics and articles, both ways. Pure.

Facts
-----
* An id is unpadded base64url of a protobuf message. Two of its wire types occur: varint (0) and
  length-delimited (2); the fixed-width ones (1 and 5) are skipped, as a reader of protobuf must.
* A length is a varint: a URL of 128 bytes or more has a length of two bytes. Strings are UTF-8.
* Topic: `{1: 0, 5: {1: 10, 4: <text>, 10: 1}}`, the text again base64url of
  `{1: 16, 2: {1: mid, 2: language, 3: country}, 5: 0}`. A region-free topic (Health) has no country.
* Article: `{1: kind, 4: payload, 26: second payload}`. Kind 19 ("CBMi…") holds a URL in ids made
  before July 2024 and an opaque token since; field 26 is its AMP twin and may be there but empty.
  Kind 2 ("CAIi…", about 2018) is a 16-byte hash, kind 32 ("CCAi…") a YouTube video.
* An id is chosen by whoever wrote the link, so a URL in it is a claim, not a fact about security.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

MAX_ID_CHARACTERS = 8_192  # the longest seen in the wild has 1,052

_ENVELOPE_TOPIC = 0
_ENVELOPE_REFERENCE = 10
_REFERENCE_TOPIC = 16
_REFERENCE_STORY = 18  # a "full coverage" page: looks like a topic and is not one

_KIND_HASH = 2
_KIND_ARTICLE = 19
_KIND_YOUTUBE = 32
_HASH_BYTES = 16
_VIDEO_CHARACTERS = 11

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_MID = re.compile(r"/[mg]/[0-9a-z_]{2,}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_COUNTRY = re.compile(r"[A-Z]{2}")
# "AU_yqL…" in every capture since July 2024; the shape alone is asked for, so that a new prefix
# sends us online instead of failing.
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{20,}")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TopicId:
    """What a topic id says: a Knowledge Graph machine id ("/m/09nm_"), a language tag, a country.

    `country` is two capital letters, or None in a region-free topic.
    """

    mid: str
    language: str
    country: str | None


class ArticleKind(StrEnum):
    """What the payload of an article id is."""

    URL = "url"  # the publisher's URL in clear (ids made before July 2024)
    OPAQUE = "opaque"  # a token that only Google can turn into a URL
    YOUTUBE = "youtube"
    HASH = "hash"  # about 2018; nothing can be read from it


@dataclass(frozen=True, slots=True)
class ArticleId:
    """What an article id says.

    `url` is set for URL and YOUTUBE, `amp_url` for a URL with an AMP twin, `token` for OPAQUE.
    """

    kind: ArticleKind
    url: str | None = None
    amp_url: str | None = None
    token: str | None = None


def topic_id(mid: str, language: str, country: str | None) -> str:
    """Return the id that Google itself gives this topic, byte for byte.

    `language` is the tag of the edition ("en", "pt-BR"), `country` its two capital letters, None
    for a region-free topic. Raises ValueError for values that no topic has.
    """
    _require_topic(TopicId(mid, language, country))
    name = _text_field(1, mid) + _text_field(2, language)
    if country is not None:
        name += _text_field(3, country)
    reference = _varint_field(1, _REFERENCE_TOPIC) + _bytes_field(2, name) + _varint_field(5, 0)
    body = _varint_field(1, _ENVELOPE_REFERENCE) + _text_field(4, _encode(reference)) + _varint_field(10, 1)
    return _encode(_varint_field(1, _ENVELOPE_TOPIC) + _bytes_field(5, body))


def parse_topic_id(text: str) -> TopicId:
    """Return what a topic id names. Raises ValueError with what is wrong, in plain words."""
    envelope = _fields(_decode(text, "the id"), "the id")
    body = _fields(_bytes_at(envelope, 5, "the id"), "its body")
    inner_text = _text_at(body, 4, "its body")
    reference = _fields(_decode(inner_text, "its inner string"), "its inner string")
    kind = _varint_at(reference, 1, "its inner string")
    if kind == _REFERENCE_STORY:
        raise ValueError("names a story (full coverage), not a topic")
    if kind != _REFERENCE_TOPIC:
        raise ValueError(f"names something of kind {kind}; a topic has kind {_REFERENCE_TOPIC}")
    name = _fields(_bytes_at(reference, 2, "its inner string"), "its topic")
    country = _text_at(name, 3, "its topic") if 3 in name else None
    topic = TopicId(_text_at(name, 1, "its topic"), _text_at(name, 2, "its topic"), country)
    _require_topic(topic)
    return topic


def article_id(payload: str, second: str | None = None) -> str:
    """Return the id ("CBMi…") of an article whose payload is a URL or an opaque token.

    `second` is the payload of field 26, the AMP twin; "" writes the field empty (d2 01 00), as
    real ids have it, None leaves it out.
    """
    message = _varint_field(1, _KIND_ARTICLE) + _text_field(4, payload)
    if second is not None:
        message += _text_field(26, second)
    return _encode(message)


def youtube_id(video: str) -> str:
    """Return the id ("CCAi…") of a YouTube video. Raises ValueError unless `video` has 11 characters."""
    if not _VIDEO.fullmatch(video):
        raise ValueError(f"a YouTube video id has {_VIDEO_CHARACTERS} base64url characters, got {video!r}")
    return _encode(_varint_field(1, _KIND_YOUTUBE) + _text_field(4, video) + _varint_field(19, 1))


def parse_article_id(text: str) -> ArticleId:
    """Return what an article id says. Raises ValueError, and nothing else, for any other text.

    A URL inside must be http or https with a host and without user name and control characters.
    """
    message = _fields(_decode(text, "the id"), "the id")
    kind = _varint_at(message, 1, "the id")
    if kind == _KIND_ARTICLE:
        second = _text_at(message, 26, "the id") if 26 in message else None
        return _parse_payload(_text_at(message, 4, "the id"), second or None)
    if kind == _KIND_YOUTUBE:
        video = _text_at(message, 4, "the id")
        if not _VIDEO.fullmatch(video):
            raise ValueError(f"{video!r} is no YouTube video id")
        return ArticleId(ArticleKind.YOUTUBE, url=f"https://www.youtube.com/watch?v={video}")
    if kind == _KIND_HASH and len(_bytes_at(message, 4, "the id")) == _HASH_BYTES:
        return ArticleId(ArticleKind.HASH)
    raise ValueError(f"names something of kind {kind}; an article has kind {_KIND_ARTICLE}")


def _parse_payload(payload: str, second: str | None) -> ArticleId:
    if _OPAQUE.fullmatch(payload):
        return ArticleId(ArticleKind.OPAQUE, token=payload)
    _require_web_url(payload)
    # A bad AMP twin costs nothing: the article's own URL is there.
    amp_url = second if second and not _web_url_fault(second) else None
    return ArticleId(ArticleKind.URL, url=payload, amp_url=amp_url)


def _require_topic(topic: TopicId) -> None:
    if not _MID.fullmatch(topic.mid):
        raise ValueError(f"its machine id {topic.mid!r} does not look like /m/… or /g/…")
    if not _LANGUAGE.fullmatch(topic.language):
        raise ValueError(f"its language {topic.language!r} is not a language tag such as en or pt-BR")
    if topic.country is not None and not _COUNTRY.fullmatch(topic.country):
        raise ValueError(f"its country {topic.country!r} is not two capital letters")


def _require_web_url(url: str) -> None:
    fault = _web_url_fault(url)
    if fault:
        raise ValueError(f"holds {url[:80]!r}, which {fault}")


def _web_url_fault(url: str) -> str | None:
    """Return why a URL cannot be a publisher's, or None."""
    if _UNSAFE.search(url):
        return "has control characters, spaces or backslashes"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port  # reading the port checks it
    except ValueError as error:
        return f"is not a URL ({error})"
    if parts.scheme not in ("http", "https"):
        return "is neither an http nor an https URL"
    if "@" in parts.netloc:
        return "has a user name"
    return None if host else "has no host"


# --- protobuf ------------------------------------------------------------------------------------


def _encode(message: bytes) -> str:
    return base64.urlsafe_b64encode(message).rstrip(b"=").decode("ascii")


def _decode(text: str, where: str) -> bytes:
    if len(text) > MAX_ID_CHARACTERS:
        raise ValueError(f"{where} has {len(text)} characters; the limit is {MAX_ID_CHARACTERS}")
    if not _BASE64URL.fullmatch(text):
        wrong = re.search(r"[^A-Za-z0-9_-]", text)
        found = f"{wrong.group()!r} at character {wrong.start() + 1}" if wrong else "empty"
        raise ValueError(f"{where} is not base64url: {found}")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError(f"{where} is not base64url: {len(text)} characters cannot be whole bytes") from None


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _bytes_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _text_field(number: int, value: str) -> bytes:
    return _bytes_field(number, value.encode())


def _fields(message: bytes, where: str) -> dict[int, int | bytes]:
    """Return a message's fields by number; of a repeated field the last, as protobuf has it."""
    fields: dict[int, int | bytes] = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at, where)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            fields[number], at = _read_varint(message, at, where)
            continue
        if wire_type == _BYTES:
            length, at = _read_varint(message, at, where)
        elif wire_type in (_FIXED32, _FIXED64):
            length = 4 if wire_type == _FIXED32 else 8
        else:
            raise ValueError(f"field {number} of {where} has wire type {wire_type}, which does not occur")
        if at + length > len(message):
            raise ValueError(f"{where} is cut off at byte {len(message)}, in field {number}")
        fields[number] = message[at : at + length]
        at += length
    return fields


def _read_varint(message: bytes, at: int, where: str) -> tuple[int, int]:
    """Return the number that begins at byte `at`, and where the next thing begins."""
    value = 0
    for length, byte in enumerate(message[at : at + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * length
        if byte < 0x80:
            return value, at + length + 1
    if at + _MAX_VARINT_BYTES > len(message):
        raise ValueError(f"{where} is cut off at byte {len(message)}, in a number")
    raise ValueError(f"the number at byte {at} of {where} has more than {_MAX_VARINT_BYTES} bytes")


def _varint_at(fields: Mapping[int, int | bytes], number: int, where: str) -> int:
    value = fields.get(number)
    if isinstance(value, int):
        return value
    raise ValueError(_fault(value, number, where, "a number"))


def _bytes_at(fields: Mapping[int, int | bytes], number: int, where: str) -> bytes:
    value = fields.get(number)
    if isinstance(value, bytes):
        return value
    raise ValueError(_fault(value, number, where, "bytes"))


def _fault(value: int | bytes | None, number: int, where: str, wanted: str) -> str:
    if value is None:
        return f"{where} has no field {number}"
    found = "a number" if isinstance(value, int) else "bytes"
    return f"field {number} of {where} is {found} where {wanted} should be"


def _text_at(fields: Mapping[int, int | bytes], number: int, where: str) -> str:
    try:
        return _bytes_at(fields, number, where).decode()
    except UnicodeDecodeError:
        raise ValueError(f"field {number} of {where} is not UTF-8 text") from None
