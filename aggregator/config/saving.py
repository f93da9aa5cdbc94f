"""A configuration rewritten in place: whole or not at all, and only if the program would take it.

Facts
-----
* `rename` puts a whole file in the place of another; the new name may lack its bytes after a power cut
  unless the file was synced before, and may be missing unless its folder was synced after.
* The file may be a symbolic link (dotfiles, NixOS): what it leads to is replaced, not the link.
* Two commands at a time would each drop the other's change: they take turns by a lock on the folder.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.config.reading import parse_settings, read_text
from aggregator.errors import InputError

_MARK = "\ufeff"  # editors on Windows begin a file with it


def rewrite(path: Path, edit: Callable[[str], str]) -> None:
    """Replace a configuration by `edit` of its text; an unchanged text leaves the file alone.

    Raises:
        ConfigError: the file, or what would become of it, is no good configuration; the file stays.
        InputError: the disk refuses.
    """
    target = path.resolve()
    try:
        with _turn(target.parent):
            before = read_text(target)
            edited = edit(before)
            parse_settings(edited, str(path))
            if edited != before:
                _replace(target, edited)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(target: Path, text: str) -> None:
    mark = _MARK if target.read_bytes().startswith(_MARK.encode()) else ""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            file.write(mark + text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
