"""Passwords and signing secrets: from the environment or from a file that nobody else can read.

Facts
-----
* A configuration is copied, shown and committed, so it names the place of a secret and never holds one.
* systemd keeps credentials in a folder that only the service can enter; the files in it may carry a group
  bit, which stands for an access list there and lets nobody else in.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from aggregator.errors import SecretError

_MAX_BYTES = 4_096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_secret(variable: str, file: str, home: Path, environ: Mapping[str, str]) -> str | None:
    """Return the secret in the environment's `variable`, else in `file` (relative to `home`), else None.

    Both names empty means that there is none. White space at the end of a file is dropped.

    Raises:
        SecretError: the variable or file is missing or empty, or others may read the file.
    """
    if variable:
        if value := environ.get(variable):
            return value
        raise SecretError(f"the environment variable {variable} is not set")
    if file:
        return _read_file(home / file, environ.get("CREDENTIALS_DIRECTORY"))
    return None


def _read_file(path: Path, credentials: str | None) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold us up
        with os.fdopen(handle, "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SecretError(f"{path} is no ordinary file")
            if mode & _OTHERS and not _is_inside(path, credentials):
                shown = stat.S_IMODE(mode)
                raise SecretError(
                    f"{path} has mode {shown:04o}, others may read it; `chmod 600 {path}` helps"
                )
            content = stream.read(_MAX_BYTES)
    except OSError as error:
        raise SecretError(f"{path} cannot be read: {error.strerror}") from error
    try:
        secret = content.decode().rstrip()
    except UnicodeDecodeError:
        raise SecretError(f"{path} is not text in UTF-8") from None  # the cause would show the bytes
    if not secret:
        raise SecretError(f"{path} is empty")
    return secret


def _is_inside(path: Path, folder: str | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(Path(folder).resolve())
