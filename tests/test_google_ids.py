"""Topic and article ids of Google News: the bytes, the refusals, the way back."""

import base64
import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.google.ids import (
    MAX_ID_CHARACTERS,
    ArticleId,
    ArticleKind,
    article_id,
    parse_article_id,
    parse_topic_id,
    topic_id,
    youtube_id,
)

OPAQUE = "AU_yqLNq3vT0hZ8wYb1RkX2cM5pJd7fGs9aLeWuQiOoPzVtBnCxKmDrFhEyT46gS"

# Published by Google in its own pages.
TOPICS = {
    "World, United States": (
        ("/m/09nm_", "en", "US"),
        "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtVnVHZ0pWVXlnQVAB",
    ),
    "Business, Germany": (
        ("/m/09s1f", "de", "DE"),
        "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx6TVdZU0FtUmxHZ0pFUlNnQVAB",
    ),
    "Technology, France": (
        ("/m/07c1v", "fr", "FR"),
        "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGRqTVhZU0FtWnlHZ0pHVWlnQVAB",
    ),
    "World, Japan": (("/m/09nm_", "ja", "JP"), "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtcGhHZ0pLVUNnQVAB"),
    "Entertainment": (("/m/02jjt", "en", "US"), "CAAqJggKIiBDQkFTRWdvSUwyMHZNREpxYW5RU0FtVnVHZ0pWVXlnQVAB"),
    "Sports": (("/m/06ntj", "en", "US"), "CAAqJggKIiBDQkFTRWdvSUwyMHZNRFp1ZEdvU0FtVnVHZ0pWVXlnQVAB"),
    "Science": (("/m/06mq7", "en", "US"), "CAAqJggKIiBDQkFTRWdvSUwyMHZNRFp0Y1RjU0FtVnVHZ0pWVXlnQVAB"),
    "Health has no country": (
        ("/m/0kt51", "en", None),
        "CAAqIQgKIhtDQkFTRGdvSUwyMHZNR3QwTlRFU0FtVnVLQUFQAQ",
    ),
}


def encoded(message: bytes) -> str:
    return base64.urlsafe_b64encode(message).rstrip(b"=").decode()


def wrapped(inner: bytes) -> str:
    """An envelope that is right, round an inner message that may not be."""
    text = encoded(inner).encode()
    body = b"\x08\x0a\x22" + bytes([len(text)]) + text + b"\x50\x01"
    return encoded(b"\x08\x00\x2a" + bytes([len(body)]) + body)


@pytest.mark.parametrize(("topic", "text"), TOPICS.values(), ids=TOPICS.keys())
def test_topic_ids_are_googles_own_byte_for_byte(topic, text):
    assert topic_id(*topic) == text
    parsed = parse_topic_id(text)
    assert (parsed.mid, parsed.language, parsed.country) == topic


BAD_TOPICS = {
    "empty": ("", "not base64url: empty"),
    "a word": ("WORLD", "5 characters cannot be whole bytes"),
    "a URL": ("https://x", "not base64url: ':' at character 6"),
    "padding": ("CAAqJg==", "not base64url: '=' at character 7"),
    "too long": ("C" * (MAX_ID_CHARACTERS + 1), f"the limit is {MAX_ID_CHARACTERS}"),
    "cut": (TOPICS["Sports"][1][:-8], "cut off at byte 36, in field 5"),
    "cut in a number": (encoded(b"\x08"), "cut off at byte 1, in a number"),
    "endless number": (encoded(b"\x08" + b"\xff" * 12), "the number at byte 1 of the id has more than 10"),
    "field 5 is a number": (encoded(b"\x08\x00\x28\x01"), "field 5 of the id is a number where bytes"),
    "field 5 is missing": (encoded(b"\x08\x00"), "the id has no field 5"),
    "impossible wire type": (encoded(b"\x0b\x00"), "field 1 of the id has wire type 3"),
    "inner text is not base64url": (
        encoded(b"\x08\x00\x2a\x09\x08\x0a\x22\x03a.b\x50\x01"),
        "its inner string is not base64url: '.' at character 2",
    ),
    "inner text is not text": (
        encoded(b"\x08\x00\x2a\x06\x08\x0a\x22\x02\xff\xfe"),
        "field 4 of its body is not UTF-8",
    ),
    "a story": (wrapped(b"\x08\x12\x12\x02\x3a\x00"), "names a story"),
    "something else": (wrapped(b"\x08\x07"), "kind 7; a topic has kind 16"),
    "the kind is no number": (wrapped(b"\x0a\x00"), "field 1 of its inner string is bytes where a number"),
    "no machine id": (wrapped(b"\x08\x10\x12\x08\x0a\x02/x\x12\x02en"), "'/x' does not look like /m/"),
    "no language": (wrapped(b"\x08\x10\x12\x0a\x0a\x08/m/09nm_"), "its topic has no field 2"),
    "a country in small letters": (
        wrapped(b"\x08\x10\x12\x12\x0a\x08/m/09nm_\x12\x02en\x1a\x02us"),
        "'us' is not two capital letters",
    ),
}


@pytest.mark.parametrize(("text", "complaint"), BAD_TOPICS.values(), ids=BAD_TOPICS.keys())
def test_a_bad_topic_id_is_refused_with_what_is_wrong(text, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_topic_id(text)


@given(
    mid=st.from_regex(r"/[mg]/[0-9a-z_]{2,12}", fullmatch=True),
    language=st.sampled_from(["en", "en-GB", "pt-BR", "es-419", "zh-Hant", "uk"]),
    country=st.one_of(st.none(), st.from_regex("[A-Z]{2}", fullmatch=True)),
)
def test_topic_ids_round_trip(mid, language, country):
    parsed = parse_topic_id(topic_id(mid, language, country))

    assert (parsed.mid, parsed.language, parsed.country) == (mid, language, country)


@pytest.mark.parametrize("wrong", [("world", "en", "US"), ("/m/09nm_", "EN", "US"), ("/m/09nm_", "en", "us")])
def test_a_topic_id_is_not_made_of_what_no_topic_has(wrong):
    with pytest.raises(ValueError, match="its "):
        topic_id(*wrong)


SHORT = "https://outlet.example/a"
LONG = "https://outlet.example/" + "long-headline-" * 10
ARTICLES = {
    "a URL": (b"\x08\x13\x22\x18" + SHORT.encode(), ArticleId(ArticleKind.URL, url=SHORT)),
    "a URL, the second field empty": (
        b"\x08\x13\x22\x18" + SHORT.encode() + b"\xd2\x01\x00",
        ArticleId(ArticleKind.URL, url=SHORT),
    ),
    "a URL and its AMP twin": (
        b"\x08\x13\x22\x18" + SHORT.encode() + b"\xd2\x01\x1c" + b"https://outlet.example/amp/a",
        ArticleId(ArticleKind.URL, url=SHORT, amp_url="https://outlet.example/amp/a"),
    ),
    "a URL of two length bytes": (
        b"\x08\x13\x22\xa3\x01" + LONG.encode(),
        ArticleId(ArticleKind.URL, url=LONG),
    ),
    "a URL in UTF-8": (
        b"\x08\x13\x22\x1f" + "https://outlet.example/вести".encode()[:31],
        ArticleId(ArticleKind.URL, url="https://outlet.example/вест"),
    ),
    "a bad AMP twin is dropped": (
        b"\x08\x13\x22\x18" + SHORT.encode() + b"\xd2\x01\x05hello",
        ArticleId(ArticleKind.URL, url=SHORT),
    ),
    "an opaque token": (
        b"\x08\x13\x22\x40" + OPAQUE.encode(),
        ArticleId(ArticleKind.OPAQUE, token=OPAQUE),
    ),
    "a token of a kind to come": (
        b"\x08\x13\x22\x18" + b"BV_newPrefix-0123456789_",
        ArticleId(ArticleKind.OPAQUE, token="BV_newPrefix-0123456789_"),
    ),
    "fixed-width fields are passed over": (
        b"\x08\x13\x1d\x01\x02\x03\x04\x19\x01\x02\x03\x04\x05\x06\x07\x08\x22\x18" + SHORT.encode(),
        ArticleId(ArticleKind.URL, url=SHORT),
    ),
    "a YouTube video": (
        b"\x08\x20\x22\x0bab-CD_12345\x98\x01\x01",
        ArticleId(ArticleKind.YOUTUBE, url="https://www.youtube.com/watch?v=ab-CD_12345"),
    ),
    "a hash of 2018": (b"\x08\x02\x22\x10" + bytes(range(16)) + b"\x2a\x00", ArticleId(ArticleKind.HASH)),
}


@pytest.mark.parametrize(("message", "expected"), ARTICLES.values(), ids=ARTICLES.keys())
def test_article_ids(message, expected):
    assert parse_article_id(encoded(message)) == expected


def article_with(payload: bytes) -> str:
    return encoded(b"\x08\x13\x22" + bytes([len(payload)]) + payload)


BAD_ARTICLES = {
    "nothing": "",
    "too long": "C" * (MAX_ID_CHARACTERS + 1),
    "another kind": encoded(b"\x08\x63\x22\x00"),
    "no payload": encoded(b"\x08\x13"),
    "payload longer than the id": encoded(b"\x08\x13\x22\x7fhttps://"),
    "a hash of another length": encoded(b"\x08\x02\x22\x02ab"),
    "a video id of another length": encoded(b"\x08\x20\x22\x02ab"),
    "javascript": article_with(b"javascript:alert(document.domain)"),
    "a file": article_with(b"file:///etc/passwd"),
    "no host": article_with(b"https:///a"),
    "a user name": article_with(b"https://outlet.example@evil.example/"),
    "a control character": article_with(b"https://outlet.example/\x1b[31m"),
    "a line break": article_with(b"https://outlet.example/a\nb"),
    "a backslash": article_with(b"https://outlet.example\\@evil.example/"),
    "a port that is none": article_with(b"https://outlet.example:99999/"),
    "brackets that do not close": article_with(b"https://[::1/"),
    "not UTF-8": article_with(b"https://outlet.example/\xe9"),
}


@pytest.mark.parametrize("text", BAD_ARTICLES.values(), ids=BAD_ARTICLES.keys())
def test_a_bad_article_id_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_article_id(text)


def test_an_article_id_is_written_as_google_writes_it():
    assert article_id(SHORT, "") == encoded(b"\x08\x13\x22\x18" + SHORT.encode() + b"\xd2\x01\x00")
    assert article_id(OPAQUE).startswith("CBMi")
    assert youtube_id("ab-CD_12345") == encoded(b"\x08\x20\x22\x0bab-CD_12345\x98\x01\x01")


def test_a_youtube_id_needs_a_video_id():
    with pytest.raises(ValueError, match="11"):
        youtube_id("short")


@given(
    path=st.text(
        alphabet=st.characters(exclude_categories=["C", "Z"], exclude_characters="\\"), max_size=300
    ),
    second=st.sampled_from([None, "", "https://outlet.example/amp"]),
)
def test_article_ids_round_trip(path, second):
    url = f"https://outlet.example/{path}"

    parsed = parse_article_id(article_id(url, second))

    assert parsed == ArticleId(ArticleKind.URL, url=url, amp_url=second or None)


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80).map(encoded)))
def test_nothing_but_value_error_is_ever_raised(text):
    for parse in (parse_article_id, parse_topic_id):
        with contextlib.suppress(ValueError):
            parse(text)
