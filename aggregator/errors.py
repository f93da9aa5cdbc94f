"""Every exception this package raises on purpose, with what happens to it.

* AggregatorError
  x ConfigError      a bad configuration; lists every problem at once; exit status 2
  x UsageError       a command was asked for something that is not there; exit status 2
  x StoreError       the database cannot be trusted or used; stops the daemon; exit status 1
    + StoreLocked    another process is the writer of this file; names it
    + StoreBusy      a reading took too long or had no file left, or another program holds the lock that a write
                     waits for; the page says so with status 503, a job of the daemon is tried again
    + StoreFull      the disk has no room; nothing that was stored is lost; the daemon pauses and goes on
  x InputError       a file handed to a command cannot be read as what it should be; exit status 1
  x PublishError     a digest cannot be written where it should go; logged, tried again; exit status 1
  x Shortage         the machine gave too few files, threads or too little memory; a feed's row, a job of the daemon
                     that is tried again, or exit status 1
  x SecretError      a password is missing or not kept safely; the delivery waits and is tried again

Expected failures inside a batch (a feed that is down, a link that does not resolve) are values,
not exceptions: see `model.Failure`.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class AggregatorError(Exception):
    """Base of all our exceptions; its text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration.

    `where` is a dotted key such as `feeds[2].google_topic`, or `line 7` for a syntax error;
    `found` is what stands there (already shortened), `allowed` says in words what may.
    """

    where: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}; allowed: {self.allowed}"


class ConfigError(AggregatorError):
    """A configuration with at least one problem; all of them are listed."""

    def __init__(self, path: str, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        lines = [f"{path}: {len(self.problems)} problem(s)", *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


class UsageError(AggregatorError):
    """Something named on the command line does not exist or cannot be meant."""


class InputError(AggregatorError):
    """A given file cannot be read as what it should be; the text names file and line."""


class StoreError(AggregatorError):
    """The database cannot be trusted or used."""


class StoreLocked(StoreError):
    """Another process writes this file; `holder` is its process id as text, or "unknown"."""

    def __init__(self, message: str, holder: str) -> None:
        super().__init__(message)
        self.holder = holder


class StoreBusy(StoreError):
    """A reading or a write took too long, or waited too long for its turn."""


class StoreFull(StoreError):
    """The disk, or what this user may have of it, is full: this write did not happen, a later one may."""


class PublishError(AggregatorError):
    """A rendered file cannot be written where it should go; the text names the path."""


class Shortage(AggregatorError):
    """The machine gave too little of something; see `shortage.shortage_of`."""


class SecretError(AggregatorError):
    """A password is missing or not kept safely; the text names the place, never the value."""


def system_words(error: Exception) -> str:
    """What an error of the system or of a decoder says, without its number, its class and the name of the file."""
    if isinstance(error, UnicodeError):
        return "it is not text in UTF-8"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
