"""What one word of a name foretells of the other: "Hong" of "Kong". Pure.

The names of a language are found in all headlines once, whoever compares them then.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.lexicon import Indices, Lexicon
from aggregator.cluster.weights import TokenWeights

Floats = NDArray[np.float64]
_DOCUMENTS_AT_ONCE = 20_000


class Names:
    """The names of token weights in the headlines of one lexicon, carried along while it grows."""

    def __init__(self, weights: TokenWeights) -> None:
        self.weights = weights
        self._names = weights.names()
        self._documents = 0  # of the lexicon, that were looked through
        # Where words that others foretell stand, as document and word in one number, ascending, and by how much.
        self._places, self._shares = np.zeros(0, dtype=np.int64), np.zeros(0)

    def told(
        self, lexicon: Lexicon, documents: Indices, present: sparse.csr_matrix
    ) -> tuple[Indices, Floats]:
        """Return the few places of `present` where another word of a name has told a share, and that share.

        `documents` are in order, each once; `present` is their presence.
        """
        self._follow(lexicon)
        places = (np.repeat(documents, np.diff(present.indptr)) << 32) + present.indices
        if not len(places):
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        at = np.minimum(np.searchsorted(places, self._places), len(places) - 1)  # both ascend
        stands = places[at] == self._places
        return at[stands], self._shares[stands]

    def _follow(self, lexicon: Lexicon) -> None:
        """Look through the documents that came."""
        count = len(lexicon.documents)
        if self._documents == count:
            return
        pairs, rarer, shares = self._numbered(lexicon)
        for start in range(self._documents, count, _DOCUMENTS_AT_ONCE):
            words, starts = lexicon.in_order.of(slice(start, start + _DOCUMENTS_AT_ONCE))
            document = np.repeat(np.arange(start, start + len(starts) - 1), np.diff(starts))
            standing = (words[:-1].astype(np.int64) << 32) + words[1:]
            at = np.minimum(np.searchsorted(pairs, standing), len(pairs) - 1)
            found = np.flatnonzero((pairs[at] == standing) & (document[:-1] == document[1:]))
            places = (document[found] << 32) + rarer[at[found]]
            order = np.lexsort((-shares[at[found]], places))  # of several, the one that tells most
            places, first = np.unique(places[order], return_index=True)
            self._places = np.concatenate([self._places, places])
            self._shares = np.concatenate([self._shares, shares[at[found]][order][first]])
        self._documents = count

    def _numbered(self, lexicon: Lexicon) -> tuple[Indices, Indices, Floats]:
        """Return the names in words that the lexicon has, as one number each, ascending; the rarer word; its share."""
        number = lexicon.number_of
        found = sorted(
            ((number(one) << 32) + number(other), number(rarer), share)
            for (one, other), (rarer, share) in self._names.items()
            if number(one) >= 0 and number(other) >= 0
        ) or [(-1, -1, 0.0)]
        pairs, rarer, shares = zip(*found, strict=True)
        return (
            np.array(pairs, dtype=np.int64),
            np.array(rarer, dtype=np.int64),
            np.array(shares, dtype=np.float64),
        )
