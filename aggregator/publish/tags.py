"""Names and rare words of headlines, as tags. Pure.

Facts
-----
* No language is known here, and German writes every noun with a capital, so a capital alone does
  not make a name. Two or three capitalised words in a row, mid-sentence, mostly do.
* A first word has a capital always, and some outlets set Every Word of a Headline Like This. Such a
  capital says nothing by itself; another headline of the day can vouch for the word, by a capital
  inside a sentence.
* The first headline says "Mia Brandt", the next ones "Brandt": the last word speaks for the name.
* Arabic, Hebrew, Hindi and others have no capitals: there a tag is a word that two headlines share.
* Inflected names ("Києва", "Києву") stay as they are written; no stemmer is right for an unknown
  language.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aggregator.publish.stop_words import STOP_WORDS
from aggregator.publish.text import scrub

MAX_TAGS = 6
MAX_NAME_WORDS = 3
MAX_PLAIN_TAGS = 2
BIG_STORY_HEADLINES = 8  # from here on a tag must be in two of them
MAX_TAG_LETTERS = 40
WORD_LETTERS = (5, MAX_TAG_LETTERS)
CASELESS_LETTERS = (3, 12)  # a longer one is a clause of a script without spaces

# Small words that may stand inside a name: Ursula von der Leyen, Bank of England.
_PARTICLES = frozenset(
    ["al", "bin", "da", "de", "del", "den", "der", "di", "dos", "du", "ibn", "la", "of", "van", "von"]
)
# What outlets carry around the word they are called by: The Guardian, BBC News, Ukrinform.net.
_OUTLET_TRIM = re.compile(r"^the | (?:news|online|tv)$|\.[a-z]{2,4}$", re.IGNORECASE)

_WORD = re.compile(r"[^\W_]+(?:[-'’.&](?=[^\W_])[^\W_]+)*\.?")
_POSSESSIVE = re.compile(r"['’]s$")
_BEGINS_SENTENCE = re.compile(r"[.!?:;…–—|\"“„«‘'(]")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a headline: `gap` is what stands between it and the word before."""

    text: str
    gap: str
    is_first: bool  # of a sentence

    @property
    def folded(self) -> str:
        return self.text.casefold().replace("’", "'")

    @property
    def is_capitalised(self) -> bool:
        return self.text[0].isupper()


def vouched_words(headlines: Iterable[str]) -> frozenset[str]:
    """Return the words, folded, that headlines of a day set with a capital inside a sentence.

    What directly follows a first word with a capital is not vouched for: in "Mia Brandt leaves" it belongs
    to the first word. Words that are also seen in small letters are left out.
    """
    vouched: set[str] = set()
    common: set[str] = set()
    for headline in headlines:
        words = _words(headline)
        common.update(word.folded for word in words if word.text.islower())
        if not _is_title_case(words):
            vouched.update(word.folded for word in _own_capitals(words))
    return frozenset(vouched - common)


def headline_tags(
    headlines: Iterable[str], outlets: Iterable[str], vouched: frozenset[str]
) -> tuple[str, ...]:
    """Return at most `MAX_TAGS` tags of one story: names, then single names, then shared words.

    What two headlines have goes before the rest; within each kind what most headlines have comes
    first, then what came first. A story that has no tag by these rules gets its longest words.
    Equal headlines (syndicated copies) count once; no tag is part of another; the outlets' names
    are left out.
    """
    outlet_names = _outlet_names(outlets)
    texts = [_words(outlet_names.sub(",", headline)) for headline in dict.fromkeys(headlines)]
    singles = _by_frequency(_proper_words(words, vouched) for words in texts)
    names = _with_last_words(_by_frequency(_names(words, vouched) for words in texts), singles)
    plain = _by_frequency(_long_words(words) for words in texts)
    tiers = [*_shared(names), *_shared(singles)]
    if len(texts) < BIG_STORY_HEADLINES:
        tiers += [*names, *singles]
    chosen = _choose([*tiers, *_shared(plain)], MAX_TAGS)
    return chosen or _choose(sorted(plain, key=len, reverse=True), MAX_PLAIN_TAGS)


def _words(headline: str) -> list[Word]:
    words: list[Word] = []
    line = scrub(headline)
    end = 0
    for found in _WORD.finditer(line):
        # "U.S." keeps its last full stop; any other ends a sentence, so it belongs to the gap.
        whole = found[0] if "." in found[0][:-1] else found[0].removesuffix(".")
        text = _POSSESSIVE.sub("", whole)
        gap = line[end : found.start()]
        words.append(Word(text, gap, is_first=not words or bool(_BEGINS_SENTENCE.search(gap))))
        end = found.start() + len(text)
    return words


def _is_title_case(words: Sequence[Word]) -> bool:
    """Whether every long word has a capital; German comes near, so at least four must."""
    long_words = [word for word in words if len(word.text) > 3 and not word.is_first]
    return len(long_words) > 3 and all(word.is_capitalised for word in long_words)


def _own_capitals(words: Sequence[Word]) -> Iterator[Word]:
    """Yield words whose capital comes neither from the place nor, it may be, from the word before."""
    is_opening = False
    for word in words:
        goes_on = word.is_capitalised or word.folded in _PARTICLES
        is_opening = word.is_first or (is_opening and goes_on and word.gap == " ")
        if word.is_capitalised and not is_opening:
            yield word


def _is_name_word(word: Word, vouched: frozenset[str], is_title_case: bool) -> bool:
    if not word.is_capitalised:
        return False
    if is_title_case:
        return word.folded in vouched and word.folded not in STOP_WORDS
    is_acronym = word.text.isupper() and len(word.text) > 1  # WHO is not who
    return word.folded not in STOP_WORDS or is_acronym


def _runs(words: Sequence[Word], vouched: frozenset[str]) -> Iterator[list[Word]]:
    """Yield the longest runs of name words with nothing but a space, or a particle, between them."""
    is_title_case = _is_title_case(words)
    run: list[Word] = []
    particles: list[Word] = []
    for word in words:
        goes_on = bool(run) and word.gap == " "
        is_name = _is_name_word(word, vouched, is_title_case)
        if goes_on and word.folded in _PARTICLES:
            particles.append(word)
        elif goes_on and is_name:
            run += [*particles, word]
            particles = []
        else:
            yield run
            run, particles = ([word] if is_name else []), []
    yield run


def _names(words: Sequence[Word], vouched: frozenset[str]) -> Iterator[str]:
    for run in _runs(words, vouched):
        if run and run[0].is_first and run[0].folded not in vouched:
            run = _without_opening(run, vouched)
        capitalised = sum(word.is_capitalised for word in run)
        name = " ".join(word.text for word in run)
        if 2 <= capitalised <= MAX_NAME_WORDS and len(name) <= MAX_TAG_LETTERS:
            yield name


def _without_opening(run: list[Word], vouched: frozenset[str]) -> list[Word]:
    """Drop a first word that is rather an attribute: "Envoy Mia Brandt", "Angry Brandt" if there is a Brandt."""
    capitalised = [word for word in run if word.is_capitalised]
    stands_alone = any(word.folded in vouched for word in capitalised[1:])
    return run[1:] if len(capitalised) > 2 or stands_alone else run


def _proper_words(words: Sequence[Word], vouched: frozenset[str]) -> Iterator[str]:
    is_title_case = _is_title_case(words)
    for word in words:
        has_inner_capital = not word.text[1:].islower()
        is_sure = not word.is_first or has_inner_capital or word.folded in vouched
        is_word = 1 < len(word.text) <= MAX_TAG_LETTERS
        if is_sure and is_word and _is_name_word(word, vouched, is_title_case):
            yield word.text


def _long_words(words: Sequence[Word]) -> Iterator[str]:
    for word in words:
        is_caseless = word.text.upper() == word.text.lower()
        shortest, longest = CASELESS_LETTERS if is_caseless else WORD_LETTERS
        has_letter = any(letter.isalpha() for letter in word.text)
        is_stop_word = word.folded in STOP_WORDS
        if has_letter and not is_stop_word and shortest <= len(word.text) <= longest:
            yield word.text


def _by_frequency(found: Iterable[Iterator[str]]) -> dict[str, int]:
    """Return the tags with the number of headlines that have each, those of most headlines first.

    Each as first written, but in small letters if it is ever written so.
    """
    written: dict[str, str] = {}
    count: Counter[str] = Counter()
    for tags in found:
        of_headline = {tag.casefold(): tag for tag in tags}
        count.update(of_headline.keys())
        for folded, tag in of_headline.items():
            if folded not in written or tag.islower():
                written[folded] = tag
    return {written[folded]: headlines for folded, headlines in count.most_common()}


def _with_last_words(names: Mapping[str, int], singles: Mapping[str, int]) -> dict[str, int]:
    """Return the names with the headlines that have at least the last word; most first."""
    of_word = {word.casefold(): headlines for word, headlines in singles.items()}
    known = {name: of_word.get(name.casefold().split()[-1], own) for name, own in names.items()}
    return dict(sorted(known.items(), key=lambda item: -item[1]))


def _shared(tags: Mapping[str, int]) -> Iterator[str]:
    """Yield the tags that at least two headlines have."""
    return (tag for tag, headlines in tags.items() if headlines > 1)


def _choose(tags: Iterable[str], limit: int) -> tuple[str, ...]:
    """Return the first `limit` tags without those that are part of an earlier one, or hold it."""
    chosen: list[str] = []
    for tag in tags:
        parts = _parts(tag)
        others = [_parts(other) for other in chosen]
        if len(chosen) < limit and not any(parts <= other or other <= parts for other in others):
            chosen.append(tag)
    return tuple(chosen)


def _parts(tag: str) -> frozenset[str]:
    return frozenset(tag.casefold().split())


def _outlet_names(outlets: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the names of outlets, whole and without their "The", "News" and ".com"."""
    whole = {scrub(outlet) for outlet in outlets}
    trimmed = {_OUTLET_TRIM.sub("", _OUTLET_TRIM.sub("", name)) for name in whole}
    longest_first = sorted(whole | trimmed, key=lambda name: (-len(name), name))
    either = "|".join(re.escape(name) for name in longest_first if name)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)" if either else r"(?!)", re.IGNORECASE)
