"""What headlines and Google's lists say together about pairs of articles. Pure."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from aggregator.cluster.linkage import SCALE
from aggregator.cluster.listings import Listings, Places
from aggregator.cluster.rules import Rules


def with_listings(
    textual: sparse.csr_matrix, listings: Listings, tokens: Sequence[tuple[str, ...]], rules: Rules
) -> sparse.csr_matrix:
    """Add Google's evidence to the pairs that are compared and to those that it lists together.

    Where it lists two articles together more often than apart, up to `google_weight` is added, else up to
    `apart_weight` is taken; but headlines of nearly the same words are not parted by it.
    """
    if not listings.polls.nnz:
        return textual
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


def _either(textual: sparse.csr_matrix, rows: Places, columns: Places) -> tuple[Places, Places]:
    """Return the compared pairs and the given ones, each once, smaller place first."""
    compared = sparse.triu(textual, 1).tocoo()
    count = textual.shape[0]
    pairs = np.union1d(compared.row.astype(np.int64) * count + compared.col, rows * count + columns)
    return pairs // max(count, 1), pairs % max(count, 1)


def _are_copies(one: tuple[str, ...], other: tuple[str, ...], share: float) -> bool:
    """Whether two headlines have nearly all of their words in common."""
    mine, theirs = set(one), set(other)
    return len(mine & theirs) >= share * len(mine | theirs)
