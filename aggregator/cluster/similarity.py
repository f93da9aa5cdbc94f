"""How alike two headlines are: a sparse matrix of similarities in millionths. Pure.

The similarity of two headlines is the mean of two cosines: of their weighted stems, and of their
weighted character groups (three and four inside words), which sees "Kyiv" in "Kyivans" and one
name spelled two ways.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.linkage import SCALE
from aggregator.cluster.weights import TokenWeights

FLOOR = 0.02


def similarities(documents: Sequence[tuple[str, ...]], weights: TokenWeights) -> sparse.csr_matrix:
    """Return the similarities of all pairs; (n, n) int64, symmetric, empty diagonal."""
    vectors = _vectors(documents, weights)
    product = (vectors @ vectors.T).tocoo()
    return _millionths(product, product.row != product.col)


def cross_similarities(
    left: Sequence[tuple[str, ...]], right: Sequence[tuple[str, ...]], weights: TokenWeights
) -> sparse.csr_matrix:
    """Return the similarities of each of `left` with each of `right`; (n, m) int64."""
    vectors = _vectors([*left, *right], weights)
    product = (vectors[: len(left)] @ vectors[len(left) :].T).tocoo()
    return _millionths(product, np.ones(len(product.data), dtype=bool))


def _vectors(documents: Sequence[tuple[str, ...]], weights: TokenWeights) -> sparse.csr_matrix:
    words = _cosine_rows([set(tokens) for tokens in documents], weights)
    grams = _cosine_rows([_grams(tokens) for tokens in documents], None)
    return sparse.csr_matrix(sparse.hstack([words, grams]) * np.sqrt(0.5))


def _millionths(product: sparse.coo_matrix, wanted: NDArray[np.bool_]) -> sparse.csr_matrix:
    kept = wanted & (product.data >= FLOOR)
    values = np.rint(product.data[kept] * SCALE).astype(np.int64)
    return sparse.csr_matrix((values, (product.row[kept], product.col[kept])), shape=product.shape)


def _grams(tokens: tuple[str, ...]) -> set[str]:
    return {f" {word} "[i : i + n] for word in tokens for n in (3, 4) for i in range(len(word) + 3 - n)}


def _cosine_rows(features: list[set[str]], weights: TokenWeights | None) -> sparse.csr_matrix:
    """Return rows of unit length, one column per feature; a headline without features is zero."""
    vocabulary = {feature: i for i, feature in enumerate(sorted(set().union(*features)))}
    columns = np.array([vocabulary[f] for row in features for f in sorted(row)], dtype=np.int64)
    rows = np.repeat(np.arange(len(features)), [len(row) for row in features])
    shape = (len(features), len(vocabulary))
    ones = sparse.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=shape)
    frequency = np.asarray(ones.sum(axis=0)).ravel()
    documents = float(len(features))
    if weights is not None:
        frequency = frequency + np.array([weights.frequencies.get(f, 0.0) for f in vocabulary])
        documents += weights.documents
    scaled = ones @ sparse.diags_array(np.log((documents + 1.0) / (frequency + 0.5) + 1.0))
    lengths = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags_array(1.0 / np.maximum(lengths, 1e-12)) @ scaled)
