"""From a headline to comparable words: normalised, stemmed, in order. Pure.

Facts
-----
* Unicode has several spellings of one text; NFKC and case folding leave one.
* Accents vary between outlets ("Málaga", "Malaga"), vowel points of Arabic and Hebrew too; vowel
  signs of Indic and Thai script carry meaning and stay. Python's `\\w` leaves them out, so the
  blocks of these scripts are named below.
* Chinese, Japanese, Thai, Lao, Khmer and Burmese put no spaces between words. Overlapping pairs
  of characters stand in for words there, and for Korean, whose particles stick to the word.
* "1,407", "1.407" and "1407" are one number to readers; "3.5" is another.
* A feed may carry 400 kB in a title. Only the beginning is a headline.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

import snowballstemmer

MAX_CHARACTERS = 600
MAX_WORDS = 60
MAX_STEMMED_LETTERS = 40

_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}

_ACCENTS = re.compile("[\u0300-\u036f]")
_POINTS = re.compile("[\u0591-\u05c7\u064b-\u0652\u0670\u0640]")
_UNSEGMENTED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7a3"  # Japanese syllables, Korean
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Chinese characters
)
_INDIC = "\u0900-\u0963\u0966-\u0dff"
_WORD = re.compile(
    rf"(?:[^\W\d_]\.){{2,}}|\d+(?:[.,]\d+)*|[{_UNSEGMENTED}]+|(?:[^\W\d_{_UNSEGMENTED}]|[{_INDIC}])(?:[^\W_{_UNSEGMENTED}]|[{_INDIC}])*"
)
_ASCII_WORD = re.compile(r"(?:[A-Za-z]\.){2,}|\d+(?:[.,]\d+)*|[A-Za-z][A-Za-z0-9]*")  # the same, quicker
_IS_UNSEGMENTED = re.compile(rf"[{_UNSEGMENTED}]")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def fold(text: str) -> str:
    """Return the beginning of `text` in one spelling: NFKC, case folded, without vowel points."""
    return _POINTS.sub("", _beginning(text).casefold())


def _beginning(text: str) -> str:
    beginning = text[:MAX_CHARACTERS]
    return beginning if beginning.isascii() else unicodedata.normalize("NFKC", beginning)[:MAX_CHARACTERS]


def without_accents(word: str) -> str:
    """Return `word` with the accents of Latin, Greek and Cyrillic letters taken off."""
    return word if word.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFD", word))


def surfaces_of(text: str) -> tuple[str, ...]:
    """Return the words of `text` in order as they are written, at most `MAX_WORDS`."""
    beginning = _beginning(text)
    if "'" in beginning or "’" in beginning:
        beginning = _POSSESSIVE.sub("", beginning)
    if beginning.isascii():
        return tuple(_ASCII_WORD.findall(beginning)[:MAX_WORDS])
    found: list[str] = []
    for word in _WORD.findall(beginning):
        if _IS_UNSEGMENTED.match(word):
            found.extend(_bigrams(word))
        else:
            found.append(word)
    return tuple(found[:MAX_WORDS])


def _folded(word: str) -> str:
    if word[0].isdigit():
        return re.sub(r"[.,]", "", word) if _THOUSANDS.fullmatch(word) else word
    folded = word.replace(".", "").casefold()
    return folded if folded.isascii() else _POINTS.sub("", folded) or folded


def _bigrams(run: str) -> Iterable[str]:
    if len(run) == 1:
        return (run,)
    return (run[i : i + 2] for i in range(len(run) - 1))


_STEMS = 20_000  # of the last words, some 300 bytes each; a headline that was read is not stemmed again


@cache
def _stemmer(name: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(name)


@lru_cache(maxsize=_STEMS)
def _stem_of(name: str | None, surface: str) -> str:
    """Return the stem of a word as it is written."""
    return _stem(name, _folded(surface))


def _stem(name: str | None, word: str) -> str:
    """Return the stem of a folded word, without accents; never empty, digits unchanged."""
    if name is None or word[0].isdigit() or len(word) > MAX_STEMMED_LETTERS:
        return without_accents(word)
    # Stemmers of French, Russian and others read accents, so these go last.
    return without_accents(str(_stemmer(name).stemWord(word)) or word)


class Stemmer:
    """The stems of one language; a language without a stemmer keeps its words as they are."""

    def __init__(self, language: str) -> None:
        self._name = _STEMMERS.get(language.casefold().replace("_", "-").split("-")[0])

    def tokens(self, text: str) -> tuple[str, ...]:
        """Return the stems of the words of `text`, in order; one for each of `surfaces_of`."""
        return self.stems(surfaces_of(text))

    def stems(self, surfaces: Iterable[str]) -> tuple[str, ...]:
        """Return the stems of words as they are written."""
        name = self._name
        return tuple([_stem_of(name, surface) for surface in surfaces])
