"""What is quoted of a story: its headline, and the one sentence of the key-events form. Pure.

Facts
-----
* Nothing is written here: a headline or a sentence is quoted whole, in its outlet's words, or not at all.
* Headlines have habits: "LIVE:", "Watch:", SHOUTED WORDS, questions that the text answers, "Here's what we
  know", dots where a feed cut them. None is forbidden; one with fewer of them stands for the story.
* Feeds hang names on a headline that are no part of it: "… | Reader commentary", "… - Harbour News" (the outlet
  itself), "(exclusive)", "…: video".
* A group has angles, and what most of its headlines name is the story: of 80 leading stories of five recorded
  days, the earliest sober headline was beside the point in 17 ("The early days of an empire").
* A series' own label ("List of key events, day 1,413") says nothing about the event, so it stands for a story
  only if there is nothing else.
* Descriptions end in "Continue reading", in dots, or in the middle of a word, and many only repeat the
  headline: only a whole sentence about the same thing is worth more than the headline.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from aggregator.model import DigestArticle, DigestStory
from aggregator.publish.text import scrub
from aggregator.publish.words import content_words, shared_words

MIN_WORDS = 4
MIN_UNSPACED_LETTERS = 8  # of a headline without spaces
MAX_HEADLINE_LETTERS = 140
SENTENCE_LETTERS = (50, 320)
MIN_SHARED_WORDS = 2  # of a sentence with the headlines, to be about the same thing

_LABEL = re.compile(
    r"\b(?:list of key events|key events|day|tag|jour|día|день|episode|folge|épisode|week|issue|part)\s+#?\d"
    r"|\b(?:what we know on day|in pictures|morning briefing|evening briefing|podcast)\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"^\W*(?:live|live updates|breaking|watch|video|exclusive(?: interview)?|opinion|analysis|comment|just in|updated?"
    r"|perspective|editorial|op-?ed|map|photos?|in pictures|book review|review|podcast|letters?|explainer|explained|fact check|q&a"
    r"|eilmeldung|liveticker|kommentar|en direct|direct|vidéo|en vivo|última hora|vídeo|наживо|онлайн|відео"
    r"|прямая трансляция|видео|срочно|терміново)\b\s*[:|–—-]"
    r"|\blive (?:updates|blog)\b|\bliveblog\b|\bliveticker\b",
    re.IGNORECASE,
)
_BAIT = re.compile(
    r"\?|\b(?:here['’]s|here is) (?:what|why|how)\b|^here (?:are|is)\b|^here['’]s\b|\bthis is (?:why|how)\b"
    r"|\bwhat (?:we know|to know|you need|\w+ (?:need|should|have) to know)\b|\bthings to (?:know|watch)\b|\btakeaways\b"
    r"|\byou (?:won['’]t|need to|should)\b|\b(?:everything|all) you need\b|^the (?:ways|reasons?)\b|^(?:a )?look (?:at|back|inside)\b|\ba look (?:at|back)\b|^(?:why|how|what|warum|wieso|was|wie"
    r"|pourquoi|comment|por qué|cómo|чому|як|почему|как|что)\b",
    re.IGNORECASE,
)
_RUBRIC = re.compile(
    r"\s[|•]\s|[(\[:|–—-]\s*(?:exclusive|video|photos|pictures|watch|opinion|analysis|commentary|perspective|editorial"
    r"|op-?ed|podcast|(?:\w+ ){0,3}live)\W*$",
    re.IGNORECASE,
)
_CUT = re.compile(r"(?:…|\.\.\.|[,:;–—-])$")
_SHOUTED = re.compile(r"\b[^\W\d_]{4,}\b")
_BOILERPLATE = re.compile(
    r"continue reading|read more|click|subscribe|sign up|newsletter|cookies?|©|all rights reserved|appeared first"
    r"|weiterlesen|abonnieren|lire la suite|abonnez|leer más|suscr[ií]b|читати далі|підпис|читать далее|подпис",
    re.IGNORECASE,
)
# The end of a sentence: its mark, perhaps a closing quote, a space, and something that can begin one.
_SENTENCE_END = re.compile(r"(?<=[.!?])([”\"»’)]?)\s+(?=[\"“„«(‘]?[^\W_a-zа-яєіїґß-öø-ÿ])")
_ABBREVIATION = re.compile(
    r"(?:\b[^\W\d_]|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Sen|Rep|Gov|Lt|Sgt|Jr|Sr|No|Nr|vs|bzw|ca|M|Mme|Sra?"
    r"|Jan|Feb|Aug|Sept?|Oct|Nov|Dec|Inc|Ltd|Co))\.$"
)


def best_member(story: DigestStory) -> DigestArticle:
    """Return the article whose headline stands for the story: a pinned one, else the best of all.

    Best is: no series label if another is none; fewest faults (see `headline_faults`, and its outlet's name
    behind); naming at least half of what the headlines share; of an updated story, naming something new; first seen
    first; else the lead that the grouping chose.
    """
    return story.articles[0] if story.is_pinned else _by_merit(story)[0]


def best_sentence(story: DigestStory, member: DigestArticle) -> tuple[str, DigestArticle]:
    """Return the story in one sentence and the article it is from: a description's first, else a headline.

    `member` is the one that stands for the story; where a person pinned it, no other is asked.
    """
    others = [] if story.is_pinned else _by_merit(story)
    known = content_words(" ".join(article.headline for article in story.articles))
    for article in (member, *others):
        sentence = next(sentences(scrub(article.summary or "")), "")
        if _is_worth_quoting(sentence) and len(content_words(sentence) & known) >= MIN_SHARED_WORDS:
            return sentence, article
    return scrub(member.headline), member


def headline_faults(headline: str) -> int:
    """Count what keeps a headline from being complete and sober: 0 for a plain statement.

    One each for: cut off or hardly a sentence; longer than anyone reads; a "LIVE:" in front; a rubric hung on;
    shouting (an exclamation mark, or most words in capitals); a question or a promise instead of a statement.
    """
    text = scrub(headline)
    words = _SHOUTED.findall(text)
    is_shouted = "!" in text or (len(words) > 1 and 2 * sum(word.isupper() for word in words) > len(words))
    faults = (
        _is_incomplete(text),
        len(text) > MAX_HEADLINE_LETTERS,
        _PREFIX.search(text) is not None,
        _RUBRIC.search(text) is not None,
        is_shouted,
        _BAIT.search(text) is not None,
    )
    return sum(faults)


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of scrubbed text; the last one may be cut, as descriptions are."""
    begin = 0
    for end in _SENTENCE_END.finditer(text):
        sentence = text[begin : end.end(1)]
        if not _ABBREVIATION.search(sentence):
            yield sentence.strip()
            begin = end.end()
    if text[begin:]:
        yield text[begin:].strip()


def _by_merit(story: DigestStory) -> list[DigestArticle]:
    """The articles, the best headline first; among equals the store's order decides, the grouping's lead first."""
    shared = shared_words((article.headline for article in story.articles), least=2)
    fresh = content_words(" ".join(story.new_words))

    def merit(article: DigestArticle) -> tuple[bool, int, bool, bool, datetime]:
        is_label = _LABEL.search(article.headline) is not None
        faults = headline_faults(article.headline) + _names_itself(article)
        words = content_words(article.headline)
        is_beside = 2 * len(words & shared) < len(shared)
        return is_label, faults, is_beside, words.isdisjoint(fresh), article.first_seen

    return sorted(story.articles, key=merit)


def _names_itself(article: DigestArticle) -> bool:
    """Tell whether the headline ends in the name of its own outlet: "Ferry aground - Harbour News"."""
    name = re.escape(scrub(article.outlet))
    return re.search(rf"\s[–—-]\s{name}$", scrub(article.headline), re.IGNORECASE) is not None


def _is_incomplete(text: str) -> bool:
    has_open_quote = "„" not in text and text.count("“") != text.count("”")
    if has_open_quote or _CUT.search(text):
        return True
    words = text.split()
    is_unspaced = text.upper() == text.lower() and len(text) >= MIN_UNSPACED_LETTERS
    return len(words) < MIN_WORDS and not is_unspaced


def _is_worth_quoting(sentence: str) -> bool:
    shortest, longest = SENTENCE_LETTERS
    is_whole = sentence.rstrip('”"»’)').endswith((".", "!")) and not sentence.endswith("...")
    is_plain = not (_BOILERPLATE.search(sentence) or _BAIT.search(sentence) or _PREFIX.search(sentence))
    return is_whole and is_plain and shortest <= len(sentence) <= longest
