"""The grouping process: does what it is asked through a pipe, until the process that started it ends.

Started by `GroupingProcess` as `python -m aggregator.pipeline.grouping_child PIPE STORE`, with the lock of the store
among its open files, and deaf to what is told to all processes of the service. Nothing of what it knows is lost with it:
it reads everything again. What it needs the most of is loaded by `main`, so that a lack of that is told as one.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from aggregator.pipeline.carrying import carried
from aggregator.shortage import give_memory_back

_OOM_SCORE = "500"  # of 1,000: killed before the daemon is, and long after what fills the machine


def main() -> None:
    pipe = Connection(int(sys.argv[1]))
    try:
        serve = _begun(pipe, Path(sys.argv[2]))
    except Exception as error:  # noqa: BLE001 - raised in the other process, which classifies it
        with suppress(EOFError):
            pipe.recv_bytes()  # the first request, whatever it is
            pipe.send(carried(error))
    else:
        serve()


def _begun(pipe: Connection, path: Path) -> Callable[[], None]:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    give_memory_back()
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    from aggregator.pipeline.grouping_work import GroupingWork

    return partial(GroupingWork(pipe, path).serve)


def _end_with_parent() -> None:
    """Standard input ends when the process at its other end does; what is being written is then undone."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


if __name__ == "__main__":
    main()
