"""Which words of a day are likely the same word in another form or spelling. Pure.

Headlines write "Zelensky", "Zelenskyy" and "Zelenskiy", "Kyiv" and "Kiev", "sanction" and
"sanctioned". Only words that share letter groups, or all consonants, are compared at all; RapidFuzz
tells how alike they are. Numbers are never alike: 7 and 17 are two tolls.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy import sparse

MIN_LETTERS = 4
MIN_LIKENESS = 0.5  # cosine of the letter groups, from which two words count as forms of one
MIN_NAME_LIKENESS = 0.7  # RapidFuzz ratio of two rare words with the same consonants
MAX_BLOCK = 400  # letter groups in more words than this ("tion") select nothing
_CHUNK = 4_000
_VOWELS = re.compile("[aeiouyj'’]")


def letter_groups(word: str) -> set[str]:
    """Return the groups of three and four letters of a word, its ends marked by spaces."""
    padded = f" {word} "
    return {padded[i : i + n] for n in (3, 4) for i in range(len(padded) - n + 1)}


def likenesses(words: Sequence[str], is_rare: NDArray[np.bool_]) -> sparse.csr_matrix:
    """Return how alike two different words are, in [0, 1]; sparse, symmetric, empty diagonal.

    `is_rare[i]` says that `words[i]` is rare enough to be compared by its consonants alone.
    """
    shape = (len(words), len(words))
    compared = [i for i, word in enumerate(words) if len(word) >= MIN_LETTERS and not word[0].isdigit()]
    by_groups = _by_letter_groups([words[i] for i in compared])
    places = np.array(compared, dtype=np.int64)
    found = sparse.csr_matrix((by_groups.data, (places[by_groups.row], places[by_groups.col])), shape=shape)
    names = _by_consonants(words, [i for i in compared if is_rare[i] and words[i].isascii()])
    rows, columns, values = zip(*names, strict=True) if names else ((), (), ())
    by_name = sparse.csr_matrix((np.array(values, dtype=float), (rows, columns)), shape=shape)
    return sparse.csr_matrix(found.maximum(by_name))


def _by_letter_groups(words: Sequence[str]) -> sparse.coo_matrix:
    """Return cosines of the letter groups from `MIN_LIKENESS` on."""
    groups = [sorted(letter_groups(word)) for word in words]
    numbers: dict[str, int] = {}
    columns = np.array([numbers.setdefault(g, len(numbers)) for row in groups for g in row], dtype=np.int64)
    rows = np.repeat(np.arange(len(words)), [len(row) for row in groups])
    lengths = np.array([len(row) for row in groups], dtype=float)
    data = 1.0 / np.sqrt(lengths[rows]) if len(rows) else np.zeros(0)
    matrix = sparse.csr_matrix((data, (rows, columns)), shape=(len(words), max(len(numbers), 1)))
    common = np.asarray((matrix > 0).sum(axis=0)).ravel() > MAX_BLOCK
    telling = sparse.csr_matrix(matrix @ sparse.diags_array((~common).astype(float)))
    transposed = telling.T.tocsr()  # once, not with every chunk
    parts = [sparse.coo_matrix((0, len(words)))]
    for start in range(0, len(words), _CHUNK):
        product = (telling[start : start + _CHUNK] @ transposed).tocoo()
        kept = (product.data >= MIN_LIKENESS) & (product.row + start != product.col)
        parts.append(
            sparse.coo_matrix(
                (product.data[kept], (product.row[kept], product.col[kept])), shape=product.shape
            )
        )
    return sparse.vstack(parts).tocoo()


def _by_consonants(words: Sequence[str], rare: Iterable[int]) -> list[tuple[int, int, float]]:
    """Compare words whose consonants are the same, such as "kyiv" and "kiev"."""
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for i in rare:
        skeleton = _VOWELS.sub("", words[i])
        if len(skeleton) >= 2 and words[i][0] == skeleton[0]:
            blocks[skeleton].append(i)
    return [pair for block in blocks.values() if 1 < len(block) <= 12 for pair in _alike(words, block)]


def _alike(words: Sequence[str], block: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    names = [words[i] for i in block]
    ratios = process.cdist(names, names, scorer=fuzz.ratio) / 100.0
    for a, i in enumerate(block):
        for b, j in enumerate(block):
            if a != b and ratios[a, b] >= MIN_NAME_LIKENESS:
                yield i, j, float(ratios[a, b])
