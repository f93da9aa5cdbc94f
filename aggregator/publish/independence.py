"""How many of a story's outlets speak for themselves. Pure.

Ten outlets that print one agency's text, or belong to one house, are one voice. Two outlets count once
when they have in common

* the registrable domain of their site (sport.harbour.example and www.harbour.example),
* the name without what houses hang on it ("BBC News", "BBC"; "Sky News", "Sky Sports"), or
* a text: a headline, or the first sentences of a description, that is the same but for punctuation, case
  and a letter or two; figures must be equal.

This is carried on: if A and B share a domain and B and C a text, the three count once. The number is
meant to be too small rather than too large. Who owns whom is not known here: two titles of one
publisher under different names and domains, each with its own words, count as two.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process
from tldextract import TLDExtract

from aggregator.model import DigestArticle
from aggregator.publish.text import scrub
from aggregator.publish.words import folded

COPY_LINE = 92.0  # of 100, RapidFuzz's `ratio` of two folded texts
MIN_COPY_LETTERS = 16  # "Quake hits Sarran" is written twice without anyone copying
DESCRIPTION_LETTERS = 160  # of a description that are compared

# Their pages stand between us and the outlet, so their domain is not the outlet's.
_GO_BETWEENS = frozenset({"google.com", "feedproxy.com", "feedburner.com"})

_HOUSE_WORDS = re.compile(
    r"^the | (?:news|online|tv|radio|com|net|org|international|world|sports?|business|english|live|uk|usa|us)$"
)
_FIGURES = re.compile(r"\d+")


def independent_outlets(articles: Sequence[DigestArticle]) -> int:
    """Return how many groups of outlets have neither house nor text in common; 0 without articles.

    Cost: one comparison for each pair of different headlines.
    """
    outlets = [_outlet_key(article) for article in articles]
    parent = {outlet: outlet for outlet in outlets}

    def root(outlet: str) -> str:
        while parent[outlet] != outlet:
            parent[outlet] = outlet = parent[parent[outlet]]
        return outlet

    first_with: dict[str, str] = {}
    for outlet, mark in _marks(articles, outlets):
        parent[root(outlet)] = root(first_with.setdefault(mark, outlet))
    return len({root(outlet) for outlet in parent})


def _marks(articles: Sequence[DigestArticle], outlets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each outlet with everything that makes it one with others that have the same."""
    for article, outlet in zip(articles, outlets, strict=True):
        yield outlet, f"name {_house_name(outlet)}"
        if domain := _domain(article):
            yield outlet, f"domain {domain}"
    for kind, texts in (
        ("headline", [article.headline for article in articles]),
        ("description", [(article.summary or "")[:DESCRIPTION_LETTERS] for article in articles]),
    ):
        for index, text in _same_texts(texts):
            yield outlets[index], f"{kind} {text}"


def _outlet_key(article: DigestArticle) -> str:
    return scrub(article.outlet).casefold()


def _house_name(outlet: str) -> str:
    """Return the name without "The" and "News"; the whole of it if nothing else would be left."""
    name = folded(outlet)
    while (shorter := _HOUSE_WORDS.sub("", name)) not in (name, ""):
        name = shorter
    return name or outlet


def _domain(article: DigestArticle) -> str | None:
    try:
        host = article.outlet_host or urlsplit(article.link or "").hostname or ""
    except ValueError:  # brackets that are none
        return None
    domain = _suffix_list()(host).top_domain_under_public_suffix or host
    return None if not domain or domain in _GO_BETWEENS else domain


@cache
def _suffix_list() -> TLDExtract:
    """The list bundled with the library: without addresses to load a newer one from, it never tries."""
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _same_texts(texts: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the place of every text long enough, with the first text that it is a copy of."""
    plain = [folded(text) for text in texts]
    distinct = list(dict.fromkeys(text for text in plain if len(text) >= MIN_COPY_LETTERS))
    originals = _originals(distinct)
    yield from ((index, originals[text]) for index, text in enumerate(plain) if text in originals)


def _originals(texts: Sequence[str]) -> dict[str, str]:
    """Return for each text the first that is near enough, itself as a rule."""
    if len(texts) < 2:
        return {text: text for text in texts}
    near = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=COPY_LINE)
    figures = [_FIGURES.findall(text) for text in texts]
    return {
        text: next(
            texts[other] for other in range(row + 1) if near[row][other] and figures[row] == figures[other]
        )
        for row, text in enumerate(texts)
    }
