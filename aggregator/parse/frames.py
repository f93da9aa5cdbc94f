"""How a pool and its worker processes talk: a length of four bytes and a pickle. Pure.

Both ends are this program, over pipes that nobody else holds; a worker runs no foreign code.
"""

import pickle
import struct
from dataclasses import dataclass
from datetime import datetime

HEADER = struct.Struct("!I")
READY = HEADER.pack(0)  # an empty frame: the worker's imports are done
OUT_OF_MEMORY_STATUS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of one `parse_feed`, and the processor time it may take."""

    body: bytes
    content_type: str | None
    feed_url: str
    google_hosts: frozenset[str]
    now: datetime
    cpu_seconds: int


def pack(value: object) -> bytes:
    payload = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(payload)) + payload


def unpack(payload: bytes) -> object:
    return pickle.loads(payload)
