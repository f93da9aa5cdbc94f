"""An HTTP/1.1 server of one function, on its own thread. Knows nothing of news."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aggregator.replica.messages import BadRequest, Request, Response, parse_request

_MAX_HEAD_BYTES = 65_536
_MAX_BODY_BYTES = 2_000_000
_CLIENT_WENT_AWAY = (asyncio.IncompleteReadError, ConnectionError)


class Listener:
    """Answers every request with `answer(request)`, one after another on each kept-alive connection.

    The port is bound when the object is made (port 0: any free one) and served from `start` to `close`.
    """

    def __init__(self, host: str, port: int, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._socket = socket.create_server((host, port), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"replica:{self.port}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop serving, drop open connections, free the port."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._socket.close()
        self._loop.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._converse, sock=self._socket, limit=_MAX_HEAD_BYTES)
        await self._stop.wait()
        server.close()  # the runner cancels what conversations are left

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(*_CLIENT_WENT_AWAY, asyncio.CancelledError):
                await self._exchanges(reader, writer)
        finally:
            writer.close()

    async def _exchanges(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (BadRequest, asyncio.LimitOverrunError) as error:
            await _send(writer, Response(400, body=f"{error}\n".encode()))

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; say whether the connection stays open."""
        head = await reader.readuntil(b"\r\n\r\n")
        request = parse_request(head, client=writer.get_extra_info("peername")[0])
        if request.body_bytes > _MAX_BODY_BYTES:
            raise BadRequest(f"a body of {request.body_bytes} bytes is too long")
        request = replace(request, body=await reader.readexactly(request.body_bytes))
        response = await self._answer(request)
        await _send(writer, response, is_head=request.method == "HEAD")
        return not request.wants_close


async def _send(writer: asyncio.StreamWriter, response: Response, *, is_head: bool = False) -> None:
    writer.write(response.head() if is_head else response.encoded())
    await writer.drain()
