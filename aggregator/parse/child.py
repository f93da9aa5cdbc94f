"""The worker process: reads requests from standard input until it ends, answers on standard output.

Started by `ParserPool` as `python -m aggregator.parse.child MEMORY_BYTES`. It opens no socket and no
file of its own accord, and ends when the pool or the pool's process does, by the end of its input.

Processor time is limited per request by moving the soft limit along (RLIMIT_CPU counts the whole life
of a process); the kernel's SIGXCPU then ends the process, whatever C code it is in.
"""

import contextlib
import math
import os
import resource
import sys
import traceback
from typing import BinaryIO

from aggregator.model import Failure, FailureKind, ParsedFeed
from aggregator.parse.feeds import parse_feed
from aggregator.parse.frames import HEADER, OUT_OF_MEMORY_STATUS, READY, Request, pack, unpack


def main() -> None:
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not become an answer
    _limit_memory(int(sys.argv[1]))
    _write(answers, READY)
    try:
        while (request := _read(requests)) is not None:
            _limit_processor_time(request.cpu_seconds)
            _write(answers, pack(_answer(request)))
    except MemoryError:
        os._exit(OUT_OF_MEMORY_STATUS)  # after one, nothing here is sure to work any more
    except BrokenPipeError:
        os._exit(0)  # nobody waits for the answer


def _answer(request: Request) -> ParsedFeed | Failure:
    try:
        return parse_feed(
            request.body,
            content_type=request.content_type,
            feed_url=request.feed_url,
            google_hosts=request.google_hosts,
            now=request.now,
        )
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug must reach the log of the other process
        traceback.print_exc()
        return Failure(
            FailureKind.INTERNAL,
            f"{request.feed_url}: a bug in this program, please report it: {error!r:.200}",
        )


def _limit_memory(size_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # macOS knows this limit and refuses to set it
        resource.setrlimit(resource.RLIMIT_AS, (size_bytes, size_bytes))


def _limit_processor_time(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + seconds, hard))


def _read(stream: BinaryIO) -> Request | None:
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    payload = stream.read(length)
    request = unpack(payload) if len(payload) == length else None
    return request if isinstance(request, Request) else None


def _write(stream: BinaryIO, frame: bytes) -> None:
    stream.write(frame)
    stream.flush()


if __name__ == "__main__":
    main()
