"""Which of many objects are the very same as before. Pure.

A day's headlines are the same objects from one grouping to the next, but for those that came. To tell by identity
takes a fifth of what looking up 50,000 texts takes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def are_few(objects: Sequence[object], before: Sequence[object]) -> bool:
    """Return whether each of `objects` is looked up sooner than all are compared with those before."""
    return len(objects) * 4 < len(before)


def places_before(objects: Sequence[object], before: Sequence[object]) -> NDArray[np.int64]:
    """Return where in `before` each of `objects` stands, the same object, -1 for those that do not."""
    if not before:
        return np.full(len(objects), -1, dtype=np.int64)
    known = _identities(before)
    order = np.argsort(known)
    asked = _identities(objects)
    at = order[np.minimum(np.searchsorted(known, asked, sorter=order), len(known) - 1)]
    places: NDArray[np.int64] = np.where(known[at] == asked, at, -1)
    return places


def _identities(objects: Sequence[object]) -> NDArray[np.int64]:
    return np.fromiter(map(id, objects), dtype=np.int64, count=len(objects))
