"""A digest handed to a program of the user's: an argument vector, never a shell.

Facts
-----
* Placeholders are replaced inside single arguments after the vector was made, so nothing in a topic or a path
  can become an argument, let alone a command.
* A program may start others and leave; its whole process group is ended when its time is up.
* Standard error goes to a file without a name: a pipe that a child of the program holds open would keep
  us waiting, and one that nobody reads would stop the program.
"""

import asyncio
import os
import re
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from aggregator.model import DeliveryFailure, DeliveryKey
from aggregator.settings import CommandSettings

_PLACEHOLDER = re.compile(r"\{(path|topic|day|format)\}")
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
"""What the program gets of our environment; passwords in it are none of its business."""

_MAX_REASON_BYTES = 200


async def run_command(
    settings: CommandSettings, key: DeliveryKey, path: Path, home: Path, environ: Mapping[str, str]
) -> DeliveryFailure | None:
    """Run the program in `home` with standard input closed; None when it ended with status 0 in time."""
    values = {"path": str(path), "topic": key.topic, "day": key.day.isoformat(), "format": settings.format}
    arguments = [_PLACEHOLDER.sub(lambda found: values[found[1]], word) for word in settings.run]
    with tempfile.TemporaryFile() as complaints:
        try:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                cwd=home,
                env={name: environ[name] for name in _PASSED_ON if name in environ},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
            )
        except OSError as error:
            return DeliveryFailure(f"command {settings.run[0]} cannot be started: {error.strerror}")
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                status = await process.wait()
        except TimeoutError:
            return DeliveryFailure(
                f"command {settings.run[0]} was ended after {settings.timeout_seconds:g} seconds"
            )
        finally:
            if process.returncode is None:
                await _end(process)
        return None if status == 0 else DeliveryFailure(_reason(settings.run[0], status, complaints))


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _reason(program: str, status: int, complaints: IO[bytes]) -> str:
    """The status and the end of what the program wrote to standard error."""
    size = complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, size - _MAX_REASON_BYTES))
    said = complaints.read().decode("utf-8", "replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    end = f"status {status}" if status > 0 else f"signal {-status}"
    return f"command {program} ended with {end}" + (f": {line}" if line else "")
