"""Rendered files on the disk: whole or not at all, and never outside their folder.

Facts
-----
* `rename` within one file system puts a whole file in place of another; a reader sees either.
* After a power cut the new name may be there and its bytes not, unless the file was synced before
  the rename; and the name itself may be gone, unless its folder was synced after it.
* A symbolic link inside the output folder can lead out of it. `rename` replaces such a link at the
  target; on the way to it the resolved folder is compared with the resolved root.

An unchanged file is not touched, so a site generator that watches the folder has nothing to do.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aggregator.errors import PublishError
from aggregator.model import RenderedFile

_MAX_NAME_BYTES = 200  # of the 255 that file systems take, so that the temporary name fits as well


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that is there now; `path` is absolute, without symbolic links above the output folder.

    `sha256` is of its bytes, in hex; `is_changed` is False if it was there before.
    """

    path: Path
    sha256: str
    is_changed: bool


def write_files(root: Path, files: Iterable[RenderedFile]) -> list[WrittenFile]:
    """Put the files below `root`, which is made if need be; the result is durable on return.

    All paths are checked before the first byte is written. Cost: one sync for each changed file and one
    for each folder that holds such a file.

    Raises:
        PublishError: a path is not a plain relative one, leads out of `root` or is given twice; or the
            disk refuses. Files already renamed stay; calling again finishes the work.
    """
    bodies: dict[PurePosixPath, bytes] = {}
    for file in files:
        path = _checked(file.path)
        if path in bodies:
            raise PublishError(f"two files for one path: {path}")
        bodies[path] = file.body
    try:
        root.mkdir(parents=True, exist_ok=True)
        inside = root.resolve()
        for folder in {(inside / path).parent for path in bodies}:
            _tidy_up(folder)
        written = [_write(inside, path, body) for path, body in bodies.items()]
        changed = {file.path.parent for file in written if file.is_changed}
        for folder in sorted({above for below in changed for above in _up_to(inside, below)}):
            _sync_folder(folder)
    except OSError as error:
        raise PublishError(f"{_refused(error, root)} cannot be written: {error.strerror}") from error
    return written


def _checked(path: str) -> PurePosixPath:
    """Return the path if it is relative, without tricks and without hidden names."""
    parts = path.split("/")
    is_plain = all(part and not part.startswith(".") and part.isprintable() for part in parts)
    if not is_plain or "\\" in path or any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
        raise PublishError(f"not a path to publish at: {path!r}")
    return PurePosixPath(path)


def _refused(error: OSError, root: Path) -> Path:
    """What the system would not have written: for a temporary file, which nobody knows, its folder."""
    path = Path(error.filename2 or error.filename or root)
    return path.parent if path.suffix == ".tmp" else path


def _write(inside: Path, path: PurePosixPath, body: bytes) -> WrittenFile:
    target = inside / path
    if not target.parent.resolve().is_relative_to(inside):
        raise PublishError(f"{path} leads out of {inside} by a symbolic link")
    sha256 = hashlib.sha256(body).hexdigest()
    if _content(target) == body:
        return WrittenFile(target, sha256, is_changed=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    # The process id keeps a command beside the daemon from renaming a file that is half written.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        _write_new(temporary, body)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return WrittenFile(target, sha256, is_changed=True)


def _tidy_up(folder: Path) -> None:
    """Remove what processes that were killed have left half written."""
    for path in folder.glob(".*.tmp"):
        number = path.suffixes[-2].removeprefix(".") if len(path.suffixes) > 1 else ""
        if number.isdecimal() and not _is_running(int(number)):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def _content(path: Path) -> bytes | None:
    """Return what the file holds; None if there is no file or a link in its place."""
    with suppress(FileNotFoundError):
        if not path.is_symlink():
            return path.read_bytes()
    return None


def _write_new(path: Path, body: bytes) -> None:
    path.unlink(missing_ok=True)  # left by a process that was killed and had the same id
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _up_to(inside: Path, folder: Path) -> list[Path]:
    """Return the folder and those above it, `inside` included: each may be new."""
    return [inside / above for above in (folder.relative_to(inside), *folder.relative_to(inside).parents)]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
