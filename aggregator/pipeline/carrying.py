"""An exception on its way to another process, which raises it there.

Facts
-----
* What is pickled of one is its class with its `args`: one whose constructor takes others (`StoreLocked`) is written without
  a word and cannot be read.
* Where memory or files are short, a traceback may not be had: it reads the source.
"""

import pickle
import traceback

from aggregator.errors import AggregatorError
from aggregator.shortage import shortage_of


def carried(error: Exception) -> Exception:
    """The error as it can be raised elsewhere: a shortage in our words; one that is not ours with its traceback as a note;
    one that cannot be read there as a RuntimeError that says it all."""
    if (shortage := shortage_of(error)) is not None:
        return shortage
    trace = "".join(traceback.format_exception(error))
    if not isinstance(error, AggregatorError):
        error.add_note(f"in the grouping process:\n{trace}")
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its constructor or its parts make of that
        return RuntimeError(f"in the grouping process:\n{trace}")
    return error
