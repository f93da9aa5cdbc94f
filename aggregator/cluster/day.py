"""One day's headlines made ready for grouping: tokens, serials, similarities, evidence. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from operator import attrgetter

import numpy as np
from scipy import sparse

from aggregator.cluster.agreement import with_listings
from aggregator.cluster.decided import Decided
from aggregator.cluster.linkage import FORBIDDEN
from aggregator.cluster.listings import Listings
from aggregator.cluster.reading import Reader, Readings
from aggregator.cluster.rows import with_data
from aggregator.cluster.rules import Rules
from aggregator.cluster.series import SeriesSlot
from aggregator.cluster.similarity import similarities
from aggregator.cluster.weights import TokenWeights, shipped_weights
from aggregator.model import Headline, Sighting
from aggregator.settings import ClusterSettings, GoogleGroups


@dataclass(frozen=True, slots=True)
class Day:
    """The headlines of one (language, day) in the order of their keys, prepared for comparison.

    `read` is what was read off them. `textual` are similarities of the headlines alone, `agreement` with Google's evidence and the
    guards: what groups are made by. Both in millionths, (n, n), symmetric. `decided` is what was told of such a day before.
    """

    headlines: tuple[Headline, ...]
    places: Callable[[], dict[str, int]]
    read: Readings
    weights: TokenWeights
    listings: Listings
    textual: sparse.csr_matrix
    agreement: sparse.csr_matrix
    decided: Decided

    @property
    def index(self) -> dict[str, int]:
        """The place of each headline by its key: made when Google's lists or a correction first ask for it."""
        return self.places()


def prepare_day(
    headlines: tuple[Headline, ...],
    language: str,
    sightings: Sequence[Sighting],
    weights: TokenWeights | None,
    settings: ClusterSettings,
    rules: Rules,
    reader: Reader | None = None,
) -> Day:
    """Read and compare headlines that are `in_order`."""
    reader = reader or Reader()
    read = reader.read_all(headlines, language)
    memory = reader.memory(language)
    known = weights or shipped_weights(language)
    textual = similarities(read.tokens, known, rules, memory, read.since)
    heard = sightings if settings.google_groups is GoogleGroups.EVIDENCE else ()
    places = cache(partial(_places, headlines))
    listings = Listings.of(heard, places() if heard else {}, len(headlines))
    agreement = _guarded(with_listings(textual, listings, read.tokens, rules), read.slots)
    return Day(headlines, places, read, known, listings, textual, agreement, memory.decided(known))


def _places(headlines: Sequence[Headline]) -> dict[str, int]:
    return dict(zip(map(attrgetter("key"), headlines), count()))


def _guarded(agreement: sparse.csr_matrix, slots: Sequence[SeriesSlot | None]) -> sparse.csr_matrix:
    """Forbid every compared pair of issues of one series that are not the same issue."""
    if len(slots) - slots.count(None) < 2:
        return agreement
    has_slot = np.array([slot is not None for slot in slots], dtype=bool)
    rows, columns = np.repeat(np.arange(len(slots)), np.diff(agreement.indptr)), agreement.indices
    forbidden = [
        place
        for place in np.flatnonzero(has_slot[rows] & has_slot[columns]).tolist()
        if (one := slots[rows[place]]) and (other := slots[columns[place]]) and one.differs_from(other)
    ]
    if not forbidden:
        return agreement
    data = agreement.data.copy()
    data[forbidden] = FORBIDDEN
    return with_data(agreement, data)
