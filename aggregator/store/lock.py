"""The lock beside a database file: who holds it is the one that writes."""

import fcntl
import os
import time
from pathlib import Path

from aggregator.errors import StoreLocked

_LOCK_TRIES = 11
_LOCK_PAUSE_SECONDS = 0.05


def lock_holder(path: Path) -> str | None:
    """The process that writes `path` at this moment, by its id; None when nobody does."""
    try:
        lock = os.open(_lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _named_holder(lock)
    finally:
        os.close(lock)
    return None


def _lock_path(path: Path) -> str:
    return f"{path}.lock"


def _named_holder(lock: int) -> str:
    return os.read(lock, 100).decode("ascii", "replace").strip() or "unknown"


def take_lock(path: Path) -> int:
    """An exclusive `flock` on `<path>.lock`, whose text names the holder; it ends when the descriptor is closed.

    Whoever asks who writes (`lock_holder`) holds the lock himself for an instant, so a refusal is asked again
    for up to half a second.

    Raises:
        StoreLocked: another process holds it.
    """
    lock = os.open(_lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    if not _is_locked(lock):
        holder = _named_holder(lock)
        os.close(lock)
        raise StoreLocked(_refusal(path, holder), holder)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    return lock


def _refusal(path: Path, holder: str) -> str:
    if holder.isdecimal() and not _is_alive(int(holder)):
        return (
            f"{path} is still held by what process {holder} left behind, and that is ending; try again in a moment"
            " (or it runs where its number means another process: in a container)"
        )
    return (
        f"{path} is being written by process {holder}; one writer at a time "
        "(stop the daemon first, or use the commands that only read)"
    )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # of another user; no number of ours
        return True
    return True


def _is_locked(lock: int) -> bool:
    for remaining in reversed(range(_LOCK_TRIES)):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if remaining:
                time.sleep(_LOCK_PAUSE_SECONDS)
        else:
            return True
    return False
