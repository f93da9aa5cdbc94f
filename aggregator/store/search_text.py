"""Headlines as the full-text index holds them. Pure.

Facts
-----
* FTS5's `unicode61` splits at anything that is no letter or digit; scripts written without spaces
  (Chinese, Japanese, Thai, Lao, Khmer, Burmese) would become one token a sentence.
* Here every character of such a script is a token of its own and a query word is a phrase of
  them, so "北京" finds "…在北京举行…" by adjacency. The trigram tokenizer would need three characters.
* A raw query is a language with operators (`NOT`, `*`, `column:`); twelve of nineteen ordinary inputs
  raise. Every word is therefore quoted.
"""

import re

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


def search_text(*parts: str | None) -> str:
    """Join the parts and put spaces round every character of an unspaced script."""
    joined = " ".join(part for part in parts if part)
    return " ".join(_UNSPACED.sub(r" \g<0> ", joined).split())


def match_expression(words: str) -> str | None:
    """An FTS5 expression that finds all the words; None when there is nothing to search for.

    At most 64 words are used; every one is quoted, so no input is an error or an operator.
    """
    phrases = []
    for word in words.split()[:_MAX_QUERY_WORDS]:
        tokens = search_text(word.replace("\0", " ")).replace('"', '""')
        if any(character.isalnum() for character in tokens):
            phrases.append(f'"{tokens}"')
    return " ".join(phrases) or None
