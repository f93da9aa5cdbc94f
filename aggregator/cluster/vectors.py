"""Headlines as vectors: which words they carry, and how much each word tells today. Pure.

Facts
-----
* A rare word tells more than a common one: inverse document frequency, from earlier days and today.
* A short headline of common words ("A medal for the mayor") is close to many by its cosine alone.
  Every headline has an untold part, so its length is damped by `untold`.
* A word is telling today when the headlines that carry it have more in common than the word:
  those with "sinkhole" also share "Guangzhou", those with "concert" share nothing. This *coherence*
  discounts themes, places and agencies without any list of words.
* The words of a form ("Weather in … on Friday") tell nothing, see `templates`; neither do dates and
  days of the week, see `almanac`.

Representation: `Vectors.words`, float64 (headlines, words), rows at most of length 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.almanac import date_places
from aggregator.cluster.rules import Rules
from aggregator.cluster.spelling import likenesses
from aggregator.cluster.templates import form_words
from aggregator.cluster.weights import TokenWeights

Floats = NDArray[np.float64]
_RARE_SHARE = 0.002  # of all headlines; up to here a word may be a name with two spellings


@dataclass(frozen=True, slots=True)
class Vectors:
    """`words @ kinship @ words.T` are similarities; `kinship` has ones on its diagonal and, for two
    forms or spellings of a word, how alike they are."""

    words: sparse.csr_matrix
    kinship: sparse.csr_matrix


def vectors_of(documents: Sequence[tuple[str, ...]], weights: TokenWeights, rules: Rules) -> Vectors:
    """Return the vectors of headlines given as stems; a headline without words is a row of zeros."""
    vocabulary = sorted({token for tokens in documents for token in tokens})
    number = {token: i for i, token in enumerate(vocabulary)}
    ids = [[number[token] for token in tokens] for tokens in documents]
    present = _presence([_what(*pair) for pair in zip(ids, documents, strict=True)], len(vocabulary))
    known = weights.documents + len(documents)
    before = np.array([weights.frequencies.get(token, 0.0) for token in vocabulary], dtype=float)
    frequency = np.asarray(present.sum(axis=0)).ravel() + before
    scaled = sparse.csr_matrix(present @ sparse.diags_array(_weight(frequency, known)))
    untold = rules.untold * _weight(0.5, known) ** 2
    lengths = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel() + untold)
    unit = sparse.csr_matrix(sparse.diags_array(1.0 / lengths) @ scaled)
    forms, copies = _forms(documents, ids, number, unit)
    telling = unit - unit.multiply(forms)
    factors = _coherence_factors(telling, rules)
    words = sparse.hstack([telling @ sparse.diags_array(factors), copies]).tocsr()
    alike = likenesses(vocabulary, frequency <= max(_RARE_SHARE * known, 3.0))
    half = sparse.block_diag([alike * 0.5, sparse.csr_matrix((copies.shape[1],) * 2)])
    return Vectors(words, sparse.csr_matrix(half + sparse.eye_array(words.shape[1])))


def _what(ids: Sequence[int], tokens: tuple[str, ...]) -> list[int]:
    """Return the words of one headline without those that only say when."""
    when = date_places(tokens)
    return [i for place, i in enumerate(ids) if place not in when]


def _presence(ids: Sequence[Sequence[int]], count: int) -> sparse.csr_matrix:
    rows = [sorted(set(row)) for row in ids]
    columns = np.array([i for row in rows for i in row], dtype=np.int64)
    starts = np.cumsum([0] + [len(row) for row in rows])
    return sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(ids), count))


def _weight(frequency: Floats | float, documents: float) -> Floats:
    """Return inverse document frequencies in nats."""
    return cast(Floats, np.log((documents + 1.0) / (np.asarray(frequency) + 0.5) + 1.0))


def _forms(
    documents: Sequence[tuple[str, ...]],
    ids: Sequence[Sequence[int]],
    number: dict[str, int],
    unit: sparse.csr_matrix,
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Return where form words stand, and one column per filled-in form, so that copies still agree."""
    found = form_words(documents, ids)
    cells = [(d, number[word]) for d, words in sorted(found.items()) for word in sorted(words)]
    rows, columns = zip(*cells, strict=True) if cells else ((), ())
    marks = sparse.csr_matrix((np.ones(len(cells)), (rows, columns)), shape=unit.shape)
    lost = np.sqrt(np.asarray(unit.multiply(unit).multiply(marks).sum(axis=1)).ravel())
    texts = {documents[d] for d in found}
    column = {text: i for i, text in enumerate(sorted(texts))}
    filled = sorted(found)
    copies = sparse.csr_matrix(
        (lost[filled], (filled, [column[documents[d]] for d in filled])), shape=(unit.shape[0], len(texts))
    )
    return marks, copies


def _coherence_factors(vectors: sparse.csr_matrix, rules: Rules) -> Floats:
    """Return a factor per word in [`least_factor`, 1], by what its headlines share besides it."""
    present = sparse.csr_matrix((np.ones(vectors.nnz), vectors.indices, vectors.indptr), shape=vectors.shape)
    frequency = np.asarray(present.sum(axis=0)).ravel()
    sums = sparse.csr_matrix(present.T @ vectors)
    squares = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    shared = np.asarray(sums.multiply(sums).sum(axis=1)).ravel() - present.T @ squares
    own = np.asarray(vectors.sum(axis=0)).ravel()
    own_squares = np.asarray(vectors.multiply(vectors).sum(axis=0)).ravel()
    besides = np.maximum(shared - (own * own - own_squares), 0.0) / 2.0
    pairs = frequency * (frequency - 1.0) / 2.0
    expected = rules.expected_coherence
    coherence = (besides + rules.coherence_pairs * expected) / (pairs + rules.coherence_pairs)
    factors = np.clip(np.sqrt(coherence / rules.full_coherence), rules.least_factor, 1.0)
    return cast(Floats, factors)
