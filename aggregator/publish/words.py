"""The words of headlines, for comparing one with another. Pure.

Facts
-----
* The language of a headline is not known here: folding is by Unicode alone, and the stop words are those
  of all languages together.
* Chinese and Japanese put no spaces between words; pairs of neighbouring characters do for words there.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from aggregator.publish.stop_words import STOP_WORDS

MIN_WORD_LETTERS = 3

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_POSSESSIVE = re.compile(r"['’]s$")


def folded(text: str) -> str:
    """Return text in small letters without accents, words parted by one space, punctuation gone."""
    letters = text.casefold()
    if not letters.isascii():
        plain = unicodedata.normalize("NFKD", letters)
        letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(_POSSESSIVE.sub("", word) for word in _WORD.findall(letters))


def has_unspaced(text: str) -> bool:
    """Tell whether some of the text is in a script without spaces between words."""
    return _UNSPACED.search(text) is not None


def content_words(text: str) -> frozenset[str]:
    """Return the folded words that say what a headline is about."""
    return frozenset(_content_words(text))


def shared_words(headlines: Iterable[str], least: int = 1) -> frozenset[str]:
    """Return the words that a third of the different headlines have, and at least so many of them."""
    different = frozenset(headlines)
    counts = Counter(word for headline in different for word in content_words(headline))
    return frozenset(word for word, count in counts.items() if count >= least and 3 * count >= len(different))


def _content_words(text: str) -> Iterator[str]:
    for word in folded(text).split():
        runs = _UNSPACED.findall(word)
        for run in runs:
            yield from (run[start : start + 2] for start in range(max(1, len(run) - 1)))
        if not runs and (len(word) >= MIN_WORD_LETTERS or word.isdigit()) and word not in _FOLDED_STOP_WORDS:
            yield word


_FOLDED_STOP_WORDS = frozenset(word for stop_word in STOP_WORDS for word in folded(stop_word).split())
