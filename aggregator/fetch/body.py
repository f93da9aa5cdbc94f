"""A response body, inflated and bounded piece by piece. No I/O.

Facts
-----
* 269 bytes on the wire can hold 1 GiB (gzip three times over), and httpx inflates a whole read
  before its caller sees a byte. So the raw body is read, exactly one gzip coding is undone, and
  zlib is told how much it may produce.
* Only `eof` of the inflater tells a complete gzip stream from a cut one; zlib itself is content.
* RFC 1952 allows several gzip members one after another; some servers pad the end with zeros.
* A server can send one byte a chunk: 6 MB on the wire, 6 s of CPU in the chunk parser.
"""

import zlib

from aggregator.fetch.refusal import Refused
from aggregator.model import FailureKind

_GZIP_NAMES = frozenset({"gzip", "x-gzip"})
_PLAIN_NAMES = frozenset({"", "identity"})
_GZIP_WINDOW_BITS = 31  # 15, and 16 for a gzip header and trailer
_GZIP_FIRST_BYTE = b"\x1f"
_MAX_GZIP_MEMBERS = 64

# Drips and honest small chunks are fine; thousands of nearly empty ones are not.
_CHUNKS_ALLOWED = 2_000
_MIN_MEAN_CHUNK_BYTES = 32


class Body:
    """Collects one body: `data` is decoded, `wire_bytes` counts what came before decoding.

    Raises `Refused` from `feed` when a bound or the coding is broken; `data` then holds what had
    been decoded, never more than `max_bytes`.
    """

    def __init__(self, content_encoding: str, *, max_bytes: int) -> None:
        coding = content_encoding.strip().lower()
        if coding not in _GZIP_NAMES | _PLAIN_NAMES:
            raise Refused(FailureKind.ENCODING, f"content encoding {coding[:60]!r} was not asked for")
        self.data = bytearray()
        self.wire_bytes = 0
        self._max_bytes = max_bytes
        self._chunks = 0
        self._members = 1
        self._inflater = zlib.decompressobj(_GZIP_WINDOW_BITS) if coding in _GZIP_NAMES else None

    @property
    def has_gzip_end(self) -> bool:
        """Whether the trailer of a gzip stream was seen."""
        return self._inflater is not None and self._inflater.eof

    @property
    def is_cut(self) -> bool:
        """Whether the body ended inside a gzip stream; meaningful once all was fed."""
        return self._inflater is not None and self.wire_bytes > 0 and not self._inflater.eof

    def feed(self, chunk: bytes) -> None:
        """Take the next piece as it came from the wire."""
        self.wire_bytes += len(chunk)
        self._chunks += 1
        self._check_chunks()
        if self.wire_bytes > self._max_bytes:
            raise self._too_large()
        if self._inflater is None:
            self.data += chunk
        else:
            self._inflate(chunk)

    def _inflate(self, data: bytes) -> None:
        inflater = self._inflater
        while data and inflater is not None:
            if inflater.eof:
                if not data.startswith(_GZIP_FIRST_BYTE):
                    return  # padding
                inflater = self._next_member()
            room = self._max_bytes - len(self.data)
            try:
                self.data += inflater.decompress(data, room + 1)
            except zlib.error as error:
                raise Refused(
                    FailureKind.ENCODING, f"body is not the gzip it claims to be: {error}"
                ) from error
            if len(self.data) > self._max_bytes:
                raise self._too_large()
            data = inflater.unused_data

    def _next_member(self) -> "zlib._Decompress":
        self._members += 1
        if self._members > _MAX_GZIP_MEMBERS:
            raise Refused(FailureKind.ENCODING, f"body has more than {_MAX_GZIP_MEMBERS} gzip members")
        self._inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
        return self._inflater

    def _check_chunks(self) -> None:
        if self._chunks > _CHUNKS_ALLOWED and self.wire_bytes < self._chunks * _MIN_MEAN_CHUNK_BYTES:
            raise Refused(FailureKind.UNREASONABLE, f"body comes in {self._chunks} tiny chunks")

    def _too_large(self) -> Refused:
        del self.data[self._max_bytes :]
        return Refused(FailureKind.TOO_LARGE, f"body is larger than {self._max_bytes} bytes")
