"""One day's headlines made ready for grouping: tokens, serials, similarities, evidence. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.linkage import FORBIDDEN, SCALE
from aggregator.cluster.listings import Listings
from aggregator.cluster.reading import Reader
from aggregator.cluster.rules import Rules
from aggregator.cluster.series import SeriesSlot
from aggregator.cluster.similarity import similarities
from aggregator.cluster.weights import TokenWeights, shipped_weights
from aggregator.model import Headline, Sighting
from aggregator.settings import ClusterSettings, GoogleGroups


@dataclass(frozen=True, slots=True)
class Day:
    """The headlines of one (language, day) in the order of their keys, prepared for comparison.

    `surfaces` are the words as written, `tokens` their stems. `textual` are similarities of the headlines alone, `agreement` with Google's evidence and the
    guards: what groups are made by. Both in millionths, (n, n), symmetric.
    """

    headlines: tuple[Headline, ...]
    index: dict[str, int]
    surfaces: list[tuple[str, ...]]
    tokens: list[tuple[str, ...]]
    slots: tuple[SeriesSlot | None, ...]
    weights: TokenWeights
    listings: Listings
    textual: sparse.csr_matrix
    agreement: sparse.csr_matrix


def prepare_day(
    headlines: Sequence[Headline],
    language: str,
    sightings: Sequence[Sighting],
    weights: TokenWeights | None,
    settings: ClusterSettings,
    rules: Rules,
    reader: Reader | None = None,
) -> Day:
    """Sort, tokenise and compare; of headlines with one key the first by text is kept."""
    by_key = {h.key: h for h in sorted(headlines, key=lambda h: (h.key, h.text), reverse=True)}
    ordered = tuple(by_key[key] for key in sorted(by_key))
    index = {headline.key: i for i, headline in enumerate(ordered)}
    reader = reader or Reader()
    read = [reader.read(headline.text, language) for headline in ordered]
    surfaces, tokens = [reading.surfaces for reading in read], [reading.tokens for reading in read]
    slots = tuple(reading.slot for reading in read)
    known = weights or shipped_weights(language)
    textual = similarities(tokens, known, rules)
    heard = sightings if settings.google_groups is GoogleGroups.EVIDENCE else ()
    listings = Listings.of(heard, index)
    agreement = _guarded(_with_listings(textual, listings, tokens, rules), slots)
    return Day(ordered, index, surfaces, tokens, slots, known, listings, textual, agreement)


def _with_listings(
    textual: sparse.csr_matrix, listings: Listings, tokens: Sequence[tuple[str, ...]], rules: Rules
) -> sparse.csr_matrix:
    """Add Google's evidence to the pairs that are compared and to those that it lists together.

    Where it lists two articles together more often than apart, up to `google_weight` is added, else up to
    `apart_weight` is taken; but headlines of nearly the same words are not parted by it.
    """
    rows, columns = _either(textual, *listings.pairs_together())
    together, possible = listings.counts(rows, columns)
    balance = (2 * together - possible) / (possible + rules.polls_unsure)
    for place in np.flatnonzero(balance < 0).tolist():
        if _are_copies(tokens[rows[place]], tokens[columns[place]], rules.copy_share):
            balance[place] = 0.0
    told = balance * np.where(balance > 0, rules.google_weight, rules.apart_weight)
    there = sparse.csr_matrix((np.rint(told * SCALE).astype(np.int64), (rows, columns)), shape=textual.shape)
    there.eliminate_zeros()
    return textual + there + there.T


def _either(
    textual: sparse.csr_matrix, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the compared pairs and the given ones, each once, smaller place first."""
    compared = sparse.triu(textual, 1).tocoo()
    count = textual.shape[0]
    pairs = np.union1d(compared.row.astype(np.int64) * count + compared.col, rows * count + columns)
    return pairs // max(count, 1), pairs % max(count, 1)


def _are_copies(one: tuple[str, ...], other: tuple[str, ...], share: float) -> bool:
    """Whether two headlines have nearly all of their words in common."""
    mine, theirs = set(one), set(other)
    return len(mine & theirs) >= share * len(mine | theirs)


def _guarded(agreement: sparse.csr_matrix, slots: Sequence[SeriesSlot | None]) -> sparse.csr_matrix:
    """Forbid every compared pair of issues of one series that are not the same issue."""
    has_slot = np.array([slot is not None for slot in slots], dtype=bool)
    if np.count_nonzero(has_slot) < 2:
        return agreement
    edges = agreement.tocoo()
    data = edges.data.copy()
    for place in np.flatnonzero(has_slot[edges.row] & has_slot[edges.col]).tolist():
        one, other = slots[edges.row[place]], slots[edges.col[place]]
        if one and other and one.differs_from(other):
            data[place] = FORBIDDEN
    return sparse.csr_matrix((data, (edges.row, edges.col)), shape=agreement.shape)
