"""Headlines as the full-text index holds them. Pure.

Facts
-----
* FTS5's `unicode61` splits at anything that is no letter or digit; scripts written without spaces
  (Chinese, Japanese, Thai, Lao, Khmer, Burmese) would become one token a sentence.
* Here every character of such a script is a token of its own and a query word is a phrase of
  them, so "北京" finds "…在北京举行…" by adjacency. The trigram tokenizer would need three characters.
* A raw query is a language with operators (`NOT`, `*`, `column:`); twelve of nineteen ordinary inputs
  raise. Every word is therefore quoted, and the operators are ours: `outlet:`, `day:`, `topic:`, `language:`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from aggregator.errors import UsageError

_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # CJK ideographs
    "\U00020000-\U0003ffff"
    "]"
)
_MAX_QUERY_WORDS = 64
# A word, or words in double quotes, with an operator before it or none; a quote that is never closed is ignored.
_TERM = re.compile(r'(?:(outlet|day|topic|language):)?(?:"([^"]*)"|([^\s"]+))|"', re.IGNORECASE)
_DAYS = re.compile(r"(\d{4}(?:-\d\d){0,2})(?:\.\.(\d{4}(?:-\d\d){0,2}))?")


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody searches for: all the `words`, and of each other field one of its values, if it has any.

    `words` and `outlets` are as typed, a phrase is one of them; `days` are first and last days as text.
    """

    words: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    days: tuple[tuple[str, str], ...] = ()
    topics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == Query()


def parse_query(text: str) -> Query:
    """Read `strait talks "cease fire" outlet:"Harbour Post" day:2026-11..2026-12-24 topic:world language:en`.

    A day may be a month or a year, or two of any with `..` between. What is no operator is a word; at most 64
    terms are used.

    Raises:
        UsageError: a `day:` that is none.
    """
    found: dict[str, list[str]] = {"words": [], "outlet": [], "topic": [], "language": []}
    days: list[tuple[str, str]] = []
    for operator, value in _terms(text):
        if operator == "day":
            days.append(_days_of(value))
        else:
            found[operator].append(value)
    return Query(
        words=tuple(found["words"]),
        outlets=tuple(found["outlet"]),
        days=tuple(days),
        topics=tuple(found["topic"]),
        languages=tuple(found["language"]),
    )


def _terms(text: str) -> Iterator[tuple[str, str]]:
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair: no database takes it
    for number, term in enumerate(_TERM.finditer(text)):
        if number == _MAX_QUERY_WORDS:
            return
        operator, phrase, word = term.groups()
        value = (phrase or word or "").strip()
        if value:
            yield (operator or "words").lower(), value


def _days_of(text: str) -> tuple[str, str]:
    """First and last day, as texts that days can be compared with."""
    match = _DAYS.fullmatch(text)
    if match:
        first, last = match[1], match[2] or match[1]
        try:
            for part in (first, last):
                date.fromisoformat((part + "-01-01")[:10] if len(part) < 10 else part)
        except ValueError:
            match = None
    if not match:
        raise UsageError(
            f"day:{text} is no day; allowed: day:2026-11-21, day:2026-11, day:2026-11-01..2026-11-21"
        )
    return first, f"{last}~"  # "~" sorts behind every digit and hyphen


def search_text(*parts: str | None) -> str:
    """Join the parts and put spaces round every character of an unspaced script."""
    joined = " ".join(part for part in parts if part)
    return " ".join(_UNSPACED.sub(r" \g<0> ", joined).split())


def match_expression(query: Query) -> str | None:
    """An FTS5 expression that finds all the words, by any of the outlets; None when it would find everything.

    Words are looked for in headlines and names of outlets, outlets by name or host. Every word is quoted, so no input is an error or an operator.
    """
    words = [f"{{headline outlet}} : {phrase}" for phrase in map(_phrase, query.words) if phrase]
    outlets = [f"{{outlet host}} : {phrase}" for phrase in map(_phrase, query.outlets) if phrase]
    by_outlet = f"({' OR '.join(outlets)})" if outlets else ""
    return " AND ".join(filter(None, [*words, by_outlet])) or None


def _phrase(text: str) -> str | None:
    tokens = search_text(text.replace("\0", " ")).replace('"', '""')
    return f'"{tokens}"' if any(character.isalnum() for character in tokens) else None
