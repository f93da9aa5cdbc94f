"""`aggregator run` as a process with a service manager: what it logs, what it tells, how it ends."""

import asyncio
import os
import signal
import socket
import threading
import time
from contextlib import asynccontextmanager, contextmanager

from aggregator.clock import SystemClock
from aggregator.daemon import run_daemon

PATIENCE_SECONDS = 120  # for what comes about in less than one, on a machine that has time


def wait_until(is_so, otherwise=lambda: "it has not come about"):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.02)


class Service:
    """A running daemon with its log and what it told the service manager, both line by line."""

    def __init__(self, home, manager):
        self.process = home.start("run", NOTIFY_SOCKET=str(manager))
        self.log = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line)

    def wait_for(self, words, *, times=1):
        wait_until(
            lambda: sum(words in line for line in self.log) >= times,
            lambda: f"no {words!r} in:\n{''.join(self.log)}",
        )

    def told(self):
        """What the service manager hears next, but for signs of life."""
        while (state := self.manager.recv(200).decode()) == "WATCHDOG=1":
            pass
        return state

    def stop(self, number=signal.SIGTERM):
        """Send a signal; return exit status and how long the end took in seconds."""
        started = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_SECONDS)
        self._reader.join()
        return status, time.monotonic() - started


@contextmanager
def service(home):
    """Start the daemon, wait until it says READY=1, and see to it that it is gone afterwards."""
    path = home.folder / "notify"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE_SECONDS)
        running = Service(home, path)
        try:
            assert manager.recv(200) == b"READY=1"
            running.manager = manager
            yield running
        finally:
            running.process.kill()
            running.process.wait()


@asynccontextmanager
async def running_here(home):
    """The daemon on this very loop; told to stop at the end of the block, which ends when it has ended."""
    before = signal.getsignal(signal.SIGHUP)
    work = asyncio.create_task(run_daemon(home.app(SystemClock())))
    try:
        await until(lambda: signal.getsignal(signal.SIGHUP) != before)
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await work


async def until(is_so):
    await asyncio.to_thread(wait_until, is_so)
