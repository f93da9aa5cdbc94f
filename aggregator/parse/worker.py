"""Parsing in processes that may be killed (guard layer G7).

Facts
-----
* A thread does not help against a slow document: regular expressions hold the interpreter lock, and a
  24 kB feed froze a whole event loop for 3 s.
* A start costs about 0.2 s and 25 MB, so workers are started when needed, kept, and replaced
  after some hundreds of documents.
* A worker that waits for work reads a pipe; if this process goes away, however it goes, the pipe ends
  and so does the worker. Nothing has to be cleaned up, and nothing keeps the program from exiting.

A pool belongs to the event loop that first used it.
"""

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from aggregator.model import Failure, FailureKind, ParsedFeed
from aggregator.parse.frames import HEADER, OUT_OF_MEMORY_STATUS, Request, pack, unpack
from aggregator.shortage import shortage_of

START_SECONDS = 60.0
DYING_SECONDS = 5.0

_COMMAND = (sys.executable, "-P", "-m", "aggregator.parse.child")


@dataclass(slots=True, eq=False)
class _Worker:
    """One running process and how many documents it has had."""

    process: asyncio.subprocess.Process
    documents: int = 0

    async def ask(self, request: Request) -> object:
        """Return the answer. Raises EOFError or ConnectionError if the process ends before it."""
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(pack(request))
        await stdin.drain()
        self.documents += 1
        return unpack(await self.receive())

    async def receive(self) -> bytes:
        stdout = self.process.stdout
        assert stdout is not None
        (length,) = HEADER.unpack(await stdout.readexactly(HEADER.size))
        return await stdout.readexactly(length)


class ParserPool:
    """Runs `parse_feed` in at most `workers` processes at a time.

    Each document may take `wall_seconds` of time and `cpu_seconds` of processor time, each process
    `memory_bytes` of address space; a process is replaced after `recycle_after` documents. Use it as
    an asynchronous context manager, or call `close`.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        wall_seconds: float = 15.0,
        cpu_seconds: int = 10,
        memory_bytes: int = 512 * 1024 * 1024,
        recycle_after: int = 500,
    ) -> None:
        self._wall_seconds = wall_seconds
        self._cpu_seconds = cpu_seconds
        self._memory_bytes = memory_bytes
        self._recycle_after = recycle_after
        self._places = asyncio.Semaphore(workers)
        self._workers: list[_Worker] = []  # every one that runs, idle or not
        self._idle: list[_Worker] = []
        self._is_closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run, idle or not."""
        return tuple(worker.process.pid for worker in self._workers)

    async def parse(
        self,
        body: bytes,
        *,
        content_type: str | None,
        feed_url: str,
        google_hosts: frozenset[str],
        now: datetime,
    ) -> ParsedFeed | Failure:
        """Return what `parse_feed` returns, or a failure WORKER_DIED that says which limit was met.

        A worker that cannot be started is a failure SHORTAGE: the document has no part in it.

        Waits for a free worker; the time limit starts when one has taken the document. Cancelling
        kills the worker. Raises RuntimeError after `close`.
        """
        request = Request(body, content_type, feed_url, google_hosts, now, self._cpu_seconds)
        async with self._places:
            if self._is_closed:
                raise RuntimeError("the pool is closed")
            try:
                worker = await self._take()
            except (OSError, EOFError, TimeoutError) as error:
                return _not_started(feed_url, error)
            return await self._ask(worker, request)

    async def close(self) -> None:
        """End every worker; idempotent. A `parse` under way then fails with WORKER_DIED."""
        self._is_closed = True
        await asyncio.gather(*(self._end(worker) for worker in tuple(self._workers)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, worker: _Worker, request: Request) -> ParsedFeed | Failure:
        """Have one document parsed; afterwards the worker is idle again, or gone."""
        try:
            async with asyncio.timeout(self._wall_seconds):
                answer = await worker.ask(request)
        except TimeoutError:
            await self._end(worker)
            return _died(request.feed_url, f"took longer than {self._wall_seconds:g} s")
        except (EOFError, ConnectionError):
            # Killing a process that has just died would lose its exit status: `Popen` then collects it
            # before asyncio does, and asyncio reports 255.
            return _died(request.feed_url, self._cause(await self._end(worker, DYING_SECONDS)))
        except BaseException:
            await self._end(worker)
            raise
        if worker.documents >= self._recycle_after:
            await self._end(worker)
        else:
            self._idle.append(worker)
        assert isinstance(answer, ParsedFeed | Failure)
        return answer

    async def _take(self) -> _Worker:
        """Return an idle worker that still lives, or a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.returncode is None:
                return worker
            await self._end(worker)
        return await self._start()

    async def _start(self) -> _Worker:
        # A session of its own keeps a Ctrl-C at the terminal from the workers; they import from
        # where this process does, installed or not.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            str(self._memory_bytes),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            env=environment,
        )
        worker = _Worker(process)
        self._workers.append(worker)
        try:
            async with asyncio.timeout(START_SECONDS):
                await worker.receive()
        except BaseException:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: _Worker, patience_seconds: float = 0.0) -> int:
        """Wait so long for a worker to end by itself, then kill it; return its exit status."""
        for places in (self._workers, self._idle):
            if worker in places:
                places.remove(worker)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_seconds):
                return await worker.process.wait()
        with contextlib.suppress(ProcessLookupError):  # it may have ended in this moment
            worker.process.kill()
        return await worker.process.wait()

    def _cause(self, status: int) -> str:
        if status == OUT_OF_MEMORY_STATUS:
            return f"needed more than {self._memory_bytes // 2**20} MiB of memory"
        if status == -signal.SIGXCPU:
            return f"took more than {self._cpu_seconds} s of processor time"
        return f"ended with status {status}"


def _not_started(feed_url: str, error: Exception) -> Failure:
    """Nobody has looked at the document yet, so what went wrong is this machine's."""
    cause = shortage_of(error) or f"it ended or fell silent before its first document ({error!r:.120})"
    return Failure(FailureKind.SHORTAGE, f"{feed_url}: no parser process could be started: {cause}")


def _died(feed_url: str, cause: str) -> Failure:
    return Failure(FailureKind.WORKER_DIED, f"{feed_url}: the parser process {cause}")
