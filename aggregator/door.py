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
* Since Python 3.12.1 the end of `async with server`, `wait_closed`, waits for every client, a silent one for ever;
  before, it waited for none. So the tasks that serve are kept here, and the end does not wait for what they do.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from aggregator.errors import AggregatorError, InputError, StoreError, UsageError, system_words
from aggregator.shortage import shortage_of

log = logging.getLogger(__name__)

Handler = Callable[[str, Mapping[str, Any]], Awaitable[Any]]

_MAX_REQUEST_BYTES = 50_000_000  # an export of corrections is the largest
_MAX_PATH_BYTES = 100
_ANSWER_SECONDS = 600.0
_FAREWELL_SECONDS = 1.0  # at most, until all who wait have heard that the door closes
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
    """Take requests for as long as the context lasts; the caller holds the database's lock.

    Its end waits for no request: whoever has no answer by then is told that the daemon stops, and `handle` is cancelled.
    """
    serving: set[asyncio.Task[None]] = set()

    def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_serve(handle, reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    door = _door(database)
    door.unlink(missing_ok=True)  # left by a process that was killed
    with _reachable(door) as path:
        server = await asyncio.start_unix_server(let_in, path, limit=_MAX_REQUEST_BYTES)
        door.chmod(0o600)
        try:
            yield
        finally:
            server.close()
            door.unlink(missing_ok=True)
            await _send_away(serving)


async def _send_away(serving: set[asyncio.Task[None]]) -> None:
    for task in serving:
        task.cancel()
    if serving:
        await asyncio.wait(serving, timeout=_FAREWELL_SECONDS)


async def _serve(handle: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):  # whoever asked has gone
            writer.write(await _answer(handle, reader))
            await writer.drain()
    finally:
        writer.close()


async def _answer(handle: Handler, reader: asyncio.StreamReader) -> bytes:
    name = "that was on its way"
    try:
        try:
            name, arguments = _parts(await reader.readline())
        except (ValueError, KeyError, TypeError) as error:
            return _refusal(UsageError(f"that is no request: {error!r}"))
        return await _carried_out(handle, name, arguments)
    except asyncio.CancelledError:
        return _refusal(
            StoreError(
                f"the daemon stops and did not finish the request {name}; each change is stored whole or not at all:"
                " see whether it is there (`aggregator correct list` has the corrections) before you ask again"
            )
        )


def _parts(line: bytes) -> tuple[str, Mapping[str, Any]]:
    request = json.loads(line)
    name, arguments = request["name"], request["arguments"]
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise TypeError("a name and its arguments by name are wanted")
    return name, arguments


async def _carried_out(handle: Handler, name: str, arguments: Mapping[str, Any]) -> bytes:
    try:
        return _line({"result": await handle(name, arguments)})
    except AggregatorError as error:
        return _refusal(error)
    except Exception as error:  # loud here, in words for whoever asked; the daemon goes on
        if (shortage := shortage_of(error)) is not None:
            log.error("request %s is refused: %s", name, shortage)
            return _refusal(shortage)
        log.critical("a bug in request %s, please report it", name, exc_info=True)
        return _refusal(
            AggregatorError(
                f"the daemon met with a bug of its own ({type(error).__name__}: {error}); what is stored is safe,"
                " and the daemon goes on; please report what its log says about this request"
            )
        )


def _refusal(error: AggregatorError) -> bytes:
    known = next(name for name, kind in _ERRORS.items() if isinstance(error, kind))
    return _line({"error": known, "message": str(error)})


def _line(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer, default=str).encode() + b"\n"


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
