"""A command of the program in a fork of its own, under limits: of rights, or of the size of files.

Root may write anything, so `no_rights` gives up the capabilities; what then counts are owner and mode.
"""

import ctypes
import io
import multiprocessing
import resource
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial

from tests.system.home import Home

_FORKS = multiprocessing.get_context("forkserver")
_CAPABILITY_VERSION_3 = 0x20080522

Limit = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left: exit status and what it wrote."""

    status: int
    out: str
    err: str


def limited(home: Home, *words: str, limit: Limit) -> Ended:
    """Run a command with `limit` called first, in a process of its own."""
    receiving, sending = _FORKS.Pipe(duplex=False)
    arguments = ["--config", str(home.config), "--home", str(home.folder), *words]
    process = _FORKS.Process(target=_run, args=(arguments, limit, sending))
    process.start()
    sending.close()
    with receiving:
        ended: Ended = receiving.recv()
    process.join()
    return ended


def file_size(byte_count: int) -> Limit:
    """No file may grow beyond so many bytes."""
    return partial(resource.setrlimit, resource.RLIMIT_FSIZE, (byte_count, byte_count))


def no_rights() -> None:
    """Give up every capability, so that the modes of files count for root as well."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _run(words: Sequence[str], limit: Limit, sending: "multiprocessing.connection.Connection") -> None:
    from aggregator.cli import run_command

    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        limit()
        try:
            status = run_command(words)
        except BaseException as error:  # noqa: BLE001 - what a user would see as a traceback
            status, _ = -1, print(repr(error), file=sys.stderr)  # noqa: T201
    sending.send(Ended(status, out.getvalue(), err.getvalue()))
