"""A grouping process that meets with something, the first time that it comes by a place.

What it is to meet with stands in DOOM, the file that it makes when it is there in DOOMED.
"""

import os
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aggregator.pipeline import grouping, grouping_child
from aggregator.store import Guest

DOOMED = "tests.doomed_grouping"  # what to run instead of the program's own


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_in_its_answer() -> None:
    os.write(int(sys.argv[1]), struct.pack("!i", 5_000) + b"half")
    killed()


def told_to_end() -> None:
    os.kill(os.getpid(), signal.SIGUSR1)


def gives_up() -> None:
    os._exit(3)


def mistaken() -> None:
    raise ValueError("seven is no colour")


class Opaque(Exception):
    """It is pickled, and cannot be read again."""

    def __init__(self, number: str, colour: str) -> None:
        super().__init__(f"{number} is no {colour}")


def mistaken_in_two_words() -> None:
    raise Opaque("seven", "colour")


def starved() -> None:
    raise MemoryError


def threadless() -> None:
    raise RuntimeError("can't start new thread")


def moves_the_store() -> None:
    Path(sys.argv[2]).rename(f"{sys.argv[2]}.moved")


def waits() -> None:
    signal.pause()


def at_its_start(strike: Callable[[], None]) -> None:
    grouping_child.give_memory_back = strike


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
