"""Bodies are inflated within bounds, however they are cut into pieces."""

import contextlib
import gzip
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.body import Body
from aggregator.fetch.refusal import Refused
from aggregator.model import FailureKind
from tests.fault_server import gzip_bomb

LIMIT = 100_000


def fed(pieces: Sequence[bytes], coding: str = "gzip", *, max_bytes: int = LIMIT) -> Body:
    body = Body(coding, max_bytes=max_bytes)
    for piece in pieces:
        body.feed(piece)
    return body


def pieces_of(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """`data` cut into pieces of the given sizes, over and over."""
    pieces, start, number = [], 0, 0
    while start < len(data):
        size = sizes[number % len(sizes)]
        pieces.append(data[start : start + size])
        start, number = start + size, number + 1
    return pieces


@given(
    texts=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    padding=st.integers(0, 20),
    sizes=st.lists(st.integers(1, 50), min_size=1),
)
def test_how_a_stream_is_cut_makes_no_difference(texts: list[bytes], padding: int, sizes: list[int]) -> None:
    wire = b"".join(gzip.compress(text) for text in texts) + bytes(padding)

    body = fed(pieces_of(wire, sizes))

    assert bytes(body.data) == b"".join(texts)
    assert body.wire_bytes == len(wire)
    assert body.has_gzip_end
    assert not body.is_cut


@given(text=st.binary(max_size=2_000), kept=st.floats(0, 1, exclude_max=True))
def test_a_cut_stream_is_known_for_one(text: bytes, kept: float) -> None:
    wire = gzip.compress(text)
    wire = wire[: int(len(wire) * kept)]

    body = fed([wire] if wire else [])

    assert body.is_cut == bool(wire)
    assert text.startswith(bytes(body.data))


@given(wire=st.binary(), coding=st.sampled_from(["", "identity", "gzip", "x-gzip", " GZIP "]))
def test_any_bytes_are_taken_or_refused(wire: bytes, coding: str) -> None:
    body = Body(coding, max_bytes=100)

    with contextlib.suppress(Refused):
        body.feed(wire)

    assert len(body.data) <= 100


def test_what_was_inflated_before_the_bound_is_kept() -> None:
    body = Body("gzip", max_bytes=LIMIT)

    bomb = b"".join(gzip_bomb(10))

    with pytest.raises(Refused, match="larger than 100000 bytes"):
        body.feed(bomb)

    assert bytes(body.data) == bytes(LIMIT)


def test_the_bound_itself_is_allowed() -> None:
    assert len(fed([gzip.compress(bytes(LIMIT))]).data) == LIMIT
    assert len(fed([bytes(LIMIT)], "").data) == LIMIT
    with pytest.raises(Refused):
        fed([gzip.compress(bytes(LIMIT + 1))])
    with pytest.raises(Refused):
        fed([bytes(LIMIT), b"a"], "")


def test_an_empty_body_is_not_cut() -> None:
    assert not fed([]).is_cut


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip,", "*"])
def test_other_codings_are_refused(coding: str) -> None:
    with pytest.raises(Refused) as refused:
        Body(coding, max_bytes=LIMIT)

    assert refused.value.kind is FailureKind.ENCODING


def test_members_without_end_are_refused() -> None:
    with pytest.raises(Refused, match="gzip members"):
        fed([gzip.compress(b"") * 100])


CHUNKS = {
    "one byte each": (1, 3_000, True),
    "a short line each": (40, 3_000, False),
    "a thousand of one byte": (1, 1_000, False),
}


@pytest.mark.parametrize(("size", "count", "is_refused"), CHUNKS.values(), ids=CHUNKS.keys())
def test_thousands_of_tiny_chunks_are_refused(size: int, count: int, is_refused: bool) -> None:
    chunks = [b"a" * size] * count

    if is_refused:
        with pytest.raises(Refused, match="tiny chunks"):
            fed(chunks, "", max_bytes=10**9)
    else:
        assert len(fed(chunks, "", max_bytes=10**9).data) == size * count
