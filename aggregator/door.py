"""How another process asks the one writer to do something: a Unix socket beside the database.

Facts
-----
* One process writes the file. A person who corrects a story while the daemon runs must neither stop the
  daemon nor become a second writer, so the command hands its request to the daemon and waits.
* The socket is `<database>.door`, mode 0600: whoever may write the file may knock. Nothing listens on a
  network.
* A socket's path may have about 100 bytes; longer ones are reached through the open folder.
* One request is one JSON line, `{"name": …, "arguments": {…}}`; the answer is one too, `{"result": …}` or
  `{"error": …, "message": …}`.
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from aggregator.errors import AggregatorError, InputError, StoreError, UsageError, system_words

Handler = Callable[[str, Mapping[str, Any]], Awaitable[Any]]

_MAX_REQUEST_BYTES = 50_000_000  # an export of corrections is the largest
_MAX_PATH_BYTES = 100
_ANSWER_SECONDS = 600.0
_ERRORS = {error.__name__: error for error in (UsageError, InputError, StoreError, AggregatorError)}


def ask(
    database: Path, name: str, arguments: Mapping[str, Any], *, timeout_seconds: float = _ANSWER_SECONDS
) -> Any:
    """Have the process that writes `database` do something; return its result.

    Raises:
        StoreError: nobody answers behind the door.
        AggregatorError: whatever the request ended in over there, as it would have here.
    """
    request = json.dumps({"name": name, "arguments": dict(arguments)}, default=str).encode() + b"\n"
    try:
        with _reachable(_door(database)) as path, socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(timeout_seconds)
            channel.connect(path)
            channel.sendall(request)
            with channel.makefile("rb") as answers:
                answer = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{database} is being written by another process that does not take requests ({system_words(error)});"
            " try again when it has ended"
        ) from error
    if "error" in answer:
        raise _ERRORS.get(answer["error"], AggregatorError)(answer["message"])
    return answer["result"]


@asynccontextmanager
async def open_door(database: Path, handle: Handler) -> AsyncIterator[None]:
    """Take requests for as long as the context lasts; the caller holds the database's lock."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            answer = await _answer(handle, reader)
            writer.write(json.dumps(answer, default=str).encode() + b"\n")
            await writer.drain()
        writer.close()

    door = _door(database)
    door.unlink(missing_ok=True)  # left by a process that was killed
    with _reachable(door) as path:
        server = await asyncio.start_unix_server(serve, path, limit=_MAX_REQUEST_BYTES)
        door.chmod(0o600)
        try:
            async with server:
                yield
        finally:
            door.unlink(missing_ok=True)


async def _answer(handle: Handler, reader: asyncio.StreamReader) -> dict[str, Any]:
    try:
        request = json.loads(await reader.readline())
        return {"result": await handle(request["name"], request["arguments"])}
    except AggregatorError as error:
        known = next(name for name, kind in _ERRORS.items() if isinstance(error, kind))
        return {"error": known, "message": str(error)}
    except (ValueError, KeyError, TypeError) as error:
        return {"error": "UsageError", "message": f"that is no request: {error!r}"}


def _door(database: Path) -> Path:
    return database.absolute().with_name(f"{database.name}.door")


@contextmanager
def _reachable(door: Path) -> Iterator[str]:
    """A path to the door that is short enough for a socket address."""
    if len(os.fsencode(door)) <= _MAX_PATH_BYTES:
        yield str(door)
        return
    folder = os.open(door.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{door.name}"
    finally:
        os.close(folder)
