"""The batchexecute endpoint: what it accepts and how it answers. Pure.

Facts
-----
* `f.req` is `[[envelope, …]]`, an envelope `["Fbv4je", inner, null, tag]`, `inner` a JSON *string*. Of
  several lists of envelopes only the first is worked on; two levels instead of three are an error.
* The answer is `)]}'`, an empty line and an array of rows, in any order, told apart by the tag at index 6;
  or the same array in chunks, each after its length (which counts the line breaks around it).
* `=` and `&` in a URL are written `\\u003d` and `\\u0026` in the inner JSON, so twice escaped on the wire.
"""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qs

RPC = "Fbv4je"
INVALID_ARGUMENT = 3
NOT_FOUND = 5

_PREFIX = ")]}'\n\n"

Row = list[object]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One question: the publisher's URL of `google_id`, signed for `timestamp`; echoed under `tag`.

    The three are None when the inner request is not what this RPC understands.
    """

    tag: str
    google_id: str | None = None
    timestamp: int | None = None
    signature: str | None = None


def read_request(content_type: str, body: bytes) -> list[Envelope] | None:
    """Return the envelopes of a POST, or None for what is answered with status 400."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    try:
        question = json.loads(parse_qs(body.decode("utf-8"))["f.req"][0])
    except (ValueError, KeyError):
        return None
    envelopes = _first_list(question)
    # One list around every envelope is a level too many: it is accepted, and the rest ignored.
    if envelopes and (inner := _first_list(envelopes[:1])) and isinstance(inner[0], list):
        envelopes = inner[:1]
    if not envelopes or not all(_is_envelope(envelope) for envelope in envelopes):
        return None
    return [_read_envelope(cast(list[object], envelope)) for envelope in envelopes]


def resolved_row(tag: str, url: str, *rest: str) -> Row:
    """Return the row that answers with a URL; `rest` follows it, as the AMP twin does."""
    inner = json.dumps(["garturlres", url, 1, *rest], separators=(",", ":"))
    return ["wrb.fr", RPC, inner.replace("=", "\\u003d").replace("&", "\\u0026"), None, None, None, tag]


def error_row(tag: str, code: int) -> Row:
    return ["wrb.fr", RPC, None, None, None, [code], tag]


def answer(rows: Iterable[Row], rng: random.Random, *, is_chunked: bool) -> bytes:
    """Return the body of a 200 answer; what follows the rows is drawn, as it varies."""
    return _framed([*rows, *_trailer(rng)], is_chunked=is_chunked)


def bad_request(rng: random.Random) -> bytes:
    """Return the body of a 400 answer, which is always in chunks."""
    row: Row = ["er", None, None, None, None, 400, None, None, None, INVALID_ARGUMENT]
    return _framed([row, *_trailer(rng)], is_chunked=True)


def _first_list(value: object) -> list[object] | None:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], list) else None


def _is_envelope(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and value[0] == RPC and isinstance(value[1], str)


def _read_envelope(envelope: list[object]) -> Envelope:
    tag = envelope[3] if len(envelope) > 3 and isinstance(envelope[3], str) else ""
    try:
        inner = json.loads(cast(str, envelope[1]))
    except ValueError:
        return Envelope(tag)
    match inner:
        case ["garturlreq", [*_], str(google_id), int() | str() as timestamp, str(signature)]:
            return _signed(tag, google_id, str(timestamp), signature)
    return Envelope(tag)


def _signed(tag: str, google_id: str, timestamp: str, signature: str) -> Envelope:
    if not (timestamp.isascii() and timestamp.isdigit()):
        return Envelope(tag)
    return Envelope(tag, google_id, int(timestamp), signature)


def _trailer(rng: random.Random) -> list[Row]:
    took = rng.randint(10, 60)
    rows: list[Row] = [["di", took]]
    if rng.random() < 0.5:
        rows.append(["af.httprm", took - 1, str(rng.randint(-(2**63), 2**63 - 1)), rng.randint(1, 99)])
    return rows


def _framed(rows: list[Row], *, is_chunked: bool) -> bytes:
    if not is_chunked:
        return (_PREFIX + _compact(rows)).encode()
    end: list[Row] = [["e", 4, None, None, 100 + len(rows)]]
    return (_PREFIX + _chunk(rows) + _chunk(end)).encode()


def _chunk(rows: list[Row]) -> str:
    text = _compact(rows)
    return f"{len(text) + 2}\n{text}\n"


def _compact(rows: list[Row]) -> str:
    return json.dumps(rows, separators=(",", ":"))
