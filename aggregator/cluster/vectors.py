"""Headlines as vectors: which words they carry, and how much each word tells today. Pure.

Facts
-----
* A rare word tells more than a common one: inverse document frequency, from earlier days and today.
* A short headline of common words ("A medal for the mayor") is close to many by its cosine alone.
  Every headline has an untold part, so its length is damped by `untold`.
* "Hong Kong" is one piece of evidence, not two: of the words of a name, the rarer counts only for what
  the other does not foretell. The names come from earlier days, never from today: on the day of a story
  about Calder & Voss these two words are what its headlines share.
* A word tells less where its headlines have nothing else in common, see `coherence`.
* The words of a form ("Weather in … on Friday") tell nothing, see `templates`; neither do dates and
  days of the week, see `almanac`.
* Weights go in steps: half doublings of the odds of a word (of its share, if it is common), a few bands
  of coherence. So a poll that adds one headline in a hundred leaves most headlines as they were to the
  last digit, and what was computed from them holds. Whole doublings leave twice as many as they were, but
  cost the mixture .04 of its pairwise precision.

Representation: whole numbers, in float64, so that no order of addition changes a sum. `Vectors.words`
is (documents, words); a similarity is a sum of products over `UNIT` and both `lengths`.
"""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.coherence import FULL_FACTOR, Coherence
from aggregator.cluster.lexicon import Indices, Lexicon
from aggregator.cluster.names import Names
from aggregator.cluster.rows import row_sums, with_data
from aggregator.cluster.rules import Rules
from aggregator.cluster.spelling import Spelling
from aggregator.cluster.templates import Frames

Floats = NDArray[np.float64]

STEPS_PER_DOUBLING = 2
KIN = 64  # likeness of a word and itself, in whole parts
UNIT = FULL_FACTOR * FULL_FACTOR * KIN
_KIN_SHARE = 0.5  # another form of a word counts half, times how alike they are
_COMMON = 16  # headlines of a word, from which on its share is steadier than its count
_RARE_SHARE = 0.002  # of all headlines; up to here a word may be a name with two spellings


@dataclass(frozen=True, slots=True)
class Vectors:
    """`words @ kinship @ words.T` over `UNIT` and both lengths are similarities.

    A row of `words` for each document, zeros where a word tells nothing. `kinship` has `KIN` on its
    diagonal and, for two forms or spellings of a word, a part of it; `akin` is `words @ kinship` but for that diagonal: what
    other forms of the words of a headline count. `forms` is what the words of a form weigh: they count between
    headlines that are the same, word for word.
    """

    documents: Indices
    words: sparse.csr_matrix
    lengths: Floats
    forms: Floats
    kinship: sparse.csr_matrix
    akin: sparse.csr_matrix


class Weighing:
    """Weighs the words of a day's headlines; what it found out is carried along to the next time."""

    def __init__(self, names: Names, frames: Frames, rules: Rules) -> None:
        self._weights = names.weights
        self._rules = rules
        self._names = names
        self._before = np.zeros(0)
        self._spelling = Spelling()
        self._frames = frames
        self._coherence = Coherence(rules)

    def vectors(self, lexicon: Lexicon, documents: Indices, counts: Indices) -> Vectors:
        """Return the vectors of `documents`, in order, each once; `counts` are the headlines of each.

        A headline without words is a row of zeros.
        """
        present = lexicon.presence(documents)
        own = np.bincount(
            present.indices, np.repeat(counts, np.diff(present.indptr)), minlength=present.shape[1]
        )
        size = _doubled(int(counts.sum()))
        known = self._weights.documents + size
        frequency = _settled(own, size / max(counts.sum(), 1)) + self._known_before(lexicon)
        weights = _steps(frequency, known)[present.indices]
        told, shares = self._names.told(lexicon, documents, present)
        weights[told] -= np.rint(weights[told] * shares)
        untold = self._rules.untold * _steps(0.5, known) ** 2
        lengths = np.sqrt(row_sums(present, weights**2) + untold)
        in_form, rows = _in_forms(present, documents, self._frames.form_words(lexicon, documents), lexicon)
        forms = np.sqrt(np.bincount(rows, weights[in_form] ** 2, minlength=len(documents)))
        weights[in_form] = 0.0
        telling = with_data(present, weights)
        factors = self._coherence.factors(documents, telling, lengths, counts)
        words = with_data(telling, telling.data * factors[telling.indices])
        is_rare = frequency <= max(_RARE_SHARE * known, 3.0)
        alike = self._spelling.likenesses(lexicon, own > 0, is_rare)
        kin = with_data(alike, np.rint(alike.data * _KIN_SHARE * KIN))
        kinship = sparse.csr_matrix(kin + KIN * sparse.eye_array(len(own)))
        akin = sparse.csr_matrix(words @ kin)
        akin.sort_indices()  # what is in order is multiplied sooner
        return Vectors(documents, words, lengths, np.rint(FULL_FACTOR * forms), kinship, akin)

    def _known_before(self, lexicon: Lexicon) -> Floats:
        """Return the frequencies of the words on earlier days."""
        frequencies = self._weights.frequencies
        new = [frequencies.get(word, 0.0) for word in lexicon.words[len(self._before) :]]
        self._before = np.concatenate([self._before, new])
        return self._before


def _doubled(count: int) -> float:
    """Return the power of two nearest to `count`, by ratio: a size that seldom changes."""
    return 2.0 ** round(math.log2(max(count, 1)))


def _settled(own: Indices, growth: float) -> Floats:
    """Return today's frequencies as if the day had grown to its next size already.

    The share of a common word changes less than its count, that of a rare word more.
    """
    return np.where(own < _COMMON, own, own * growth)


def _steps(frequency: Floats | float, documents: float) -> Floats:
    """Return inverse document frequencies in whole steps of a half doubling, at least one."""
    odds = (documents + 1.0) / (np.asarray(frequency) + 0.5) + 1.0
    return cast(Floats, np.maximum(np.rint(STEPS_PER_DOUBLING * np.log2(odds)), 1.0))


def _in_forms(
    present: sparse.csr_matrix, documents: Indices, forms: dict[int, frozenset[str]], lexicon: Lexicon
) -> tuple[Indices, Indices]:
    """Return the places of `present` where a word belongs to the form that the document fills in, and the row of each."""
    places: list[int] = []
    for document, words in forms.items():
        row = int(np.searchsorted(documents, document))
        stands = range(present.indptr[row], present.indptr[row + 1])
        places.extend(p for p in stands if lexicon.words[present.indices[p]] in words)
    found = np.array(places, dtype=np.int64)
    return found, np.searchsorted(present.indptr, found, side="right") - 1
