"""A grouping process that meets with something, the first time that it comes by a place.

What it is to meet with stands in DOOM, the file that it makes when it is there in DOOMED.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aggregator.pipeline import grouping, grouping_child
from aggregator.store import Guest

DOOMED = "tests.doomed_grouping"  # what to run instead of the program's own


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def gives_up() -> None:
    os._exit(3)


def mistaken() -> None:
    raise ValueError("seven is no colour")


def starved() -> None:
    raise MemoryError


def waits() -> None:
    signal.pause()


def before_comparing(strike: Callable[[], None]) -> None:
    stock = grouping.group

    def group(*arguments: Any) -> Any:
        strike()
        return stock(*arguments)

    grouping.group = group


def while_writing(strike: Callable[[], None]) -> None:
    stock = grouping.save_grouped_day

    def save(*arguments: Any) -> Any:
        saving = stock(*arguments)
        strike()
        return saving

    grouping.save_grouped_day = save


def on_a_full_disk(_: Callable[[], None]) -> None:
    """From the first transaction on, until somebody makes room by removing the file."""
    stock = Guest.write

    def write(guest: Guest, work: Any) -> Any:
        pages = 1 if Path(os.environ["DOOMED"]).exists() else 2**30
        guest._connection.execute(f"PRAGMA max_page_count = {pages}")
        return stock(guest, work)

    Guest.write = write  # type: ignore[method-assign]


def strike() -> None:
    there = Path(os.environ["DOOMED"])
    if not there.exists():
        there.touch()
        globals()[os.environ["DOOM"]]()


if __name__ == "__main__":
    globals()[os.environ["PLACE"]](strike)
    grouping_child.main()
