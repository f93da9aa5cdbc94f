"""What the machine did not give: files, threads, memory; in our words.

Facts
-----
* A process may hold so many files at once, connections and pipes among them: 1,024 for most, `LimitNOFILE=` for
  a service. The last one may be missing anywhere, in an import or in a pipe to another process. So a shortage
  is told by its error, where errors become sentences or rows.
* The soft limit is a habit, the hard one is the limit: a process may raise the one to the other.
* glibc keeps what a thread has freed for that thread, and of large blocks the more, the larger they were before: a
  grouping of 20,000 headlines leaves 140 MB behind that nobody uses. What is set here undoes both.
* A large block that is given back when it is freed comes anew page by page: 500 headlines into 50,000 cost 150,000 page
  faults, 0.5 of 2.5 s. So a grouping keeps what it frees until it is done: 20,000 faults, as little is left behind, and
  meanwhile it holds a tenth more (a seventh with blocks of 32 MB among them, for 0.05 s less).
* With fewer than twenty files not even the event loop is sure to begin, nor to say so in an orderly way.
"""

import ctypes
import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.errors import Shortage

FEWEST_FILES = 32
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of malloc.h
_KEPT_BYTES = 131_072
_KEPT_MEANWHILE_BYTES, _LARGEST_KEPT_BYTES = 2**26, 2**22  # the latter of one block

_RAISE_FILES = (
    "what is stored is safe; allow more: LimitNOFILE= of the service, `ulimit -n` in a shell,"
    " or a smaller poll.max_concurrent"
)
_REASONS = {
    errno.EMFILE: f"too many files are open in this process; {_RAISE_FILES}",
    errno.ENFILE: "too many files are open on this machine; what is stored is safe; see which program has them",
    errno.ENOMEM: "there is not enough memory; what is stored is safe; allow more: MemoryMax= of the service",
}
_NO_THREADS = "no more threads may run; what is stored is safe; allow more: TasksMax= of the service"


def shortage_of(error: BaseException) -> Shortage | None:
    """The error in our words if the machine had too little of something; None for any other."""
    match error:
        case Shortage():
            return error
        case OSError(errno=int(number)) if number in _REASONS:
            return Shortage(_REASONS[number])
        case MemoryError():
            return Shortage(_REASONS[errno.ENOMEM])
        case RuntimeError() if str(error).startswith("can't start new thread"):
            return Shortage(_NO_THREADS)
    return None


def allow_files() -> None:
    """Let this process open as many files as it may.

    Raises:
        Shortage: they are fewer than any work needs.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        soft = hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != resource.RLIM_INFINITY and soft < FEWEST_FILES:
        raise Shortage(f"only {soft} files may be open at once, {FEWEST_FILES} are needed; {_RAISE_FILES}")


def give_memory_back() -> None:
    """Have what this process frees go back to the machine, as the service unit has it; other C libraries than glibc
    are left as they are."""
    if (library := _glibc()) is not None:
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


@contextmanager
def memory_kept() -> Iterator[None]:
    """What the process frees meanwhile is kept for what it needs next; at the end all of it goes back to the machine,
    and from then on block by block. For the whole process; also serves as a decorator."""
    library = _glibc()
    if library is None:
        yield
        return
    library.mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES)
    library.mallopt(_M_TRIM_THRESHOLD, _KEPT_MEANWHILE_BYTES)
    try:
        yield
    finally:
        library.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
