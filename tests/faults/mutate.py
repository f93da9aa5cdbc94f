"""Feeds with something done to them that a byte flipper would not hit upon.

    python -m tests.faults.mutate [CASES] [SEED]

parses that many mutants in this process and prints what they came to, how fast, and the costliest. It fails for
any exception, for an entry that is not clean, and for a document that would have cost a worker its life.

A document is taken as its pieces (tags, references, CDATA, comments, texts, JSON scalars); a mutation moves,
doubles, nests, drops or replaces pieces, crosses two documents, or lies about the encoding. Most cases are of a document
with one of its entries alone: what a mutation does to a feed, it does to a short one too, in a third of the time.
"""

import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aggregator.model import Failure, FailureKind, ParsedFeed
from aggregator.parse import parse_feed
from tests.fault_server import FEED
from tests.hostile import LINKS, TEXTS
from tests.test_parse_properties import check_entry

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
FILES = sorted((Path(__file__).parent.parent / "feeds").iterdir())
SEEDS = (FEED, *(path.read_bytes().partition(b"-->\n")[2] or path.read_bytes() for path in FILES))
_ENTRY = re.compile(rb"<(item|entry)\b.*?</\1>\s*", re.DOTALL)
WORKER_SECONDS = 10.0  # of processor time, what a worker has for a document

_PIECES = re.compile(
    r"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<[^<>]*>|&[#\w]{1,12};|\"(?:[^\"\\<>]|\\.)*\"|[^<&\"]+|.", re.DOTALL
)
_CODECS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-be",
    "utf-32",
    "latin-1",
    "cp1251",
    "gb18030",
    "iso2022_jp",
)
_LABELS = (*_CODECS, "utf-7", "undefined", "unicode_escape", "cp037", "x" * 50, "")
_STRANGE = (
    *(text for row in TEXTS.values() for text in row),
    *(link for row in LINKS.values() for link in row),
    *("<item>", "</item>", "<entry>", "</channel></rss>", "<![CDATA[", "]]>", "<!--", "-->", "<?xml ?>", "&", "<"),
    *("<!DOCTYPE rss [<!ENTITY a 'b'>]>", "&a;", "&#0;", "&#xD800;", "&#x110000;", "&amp;#27;", "\x00", "\x1b"),
    *("<a:b c:d='e'/>", "<title xmlns='urn:x'>", "<link/>", "<rss>", "<source url='", "<author>", "'/>"),
    *("Mon, 30 Feb 2026 25:61:61 +9999", "9999-12-31T23:59:59-14:00", "1" * 400, "\ufffe", "\U0001f600", "e\u0301"),
    *('{"items":[{}]}', "[[[[", "null", "1e999", '"\\ud800"'),
)  # fmt: skip

Pieces = list[str]
Mutation = Callable[[Pieces, random.Random], Pieces]


def _alone(body: bytes) -> list[bytes]:
    """Return the document with each of its entries alone; as it is, if it has none."""
    entries = [entry.span() for entry in _ENTRY.finditer(body)]
    if not entries:
        return [body]
    (first, _), (_, last) = entries[0], entries[-1]
    return [body[:first] + body[start:end] + body[last:] for start, end in entries]


SHORT = tuple(short for body in SEEDS for short in _alone(body))


def mutant(chance: random.Random) -> bytes:
    """Return a document of ours with one to five mutations, perhaps in another encoding."""
    pieces = _pieces(chance.choice(SEEDS if chance.random() < 0.05 else SHORT))
    for _ in range(chance.randint(1, 5)):
        pieces = chance.choice(MUTATIONS)(pieces, chance) or [""]
    text = "".join(pieces)
    if chance.random() < 0.2:
        text = re.sub(r'encoding="[^"]*"', f'encoding="{chance.choice(_LABELS)}"', text, count=1)
    body = text.encode(chance.choice(_CODECS) if chance.random() < 0.15 else "utf-8", "replace")
    return body[: chance.randint(0, len(body))] if chance.random() < 0.1 else body


def _pieces(body: bytes) -> Pieces:
    return _PIECES.findall(body.decode("utf-8", "replace")) or [""]


def _span(pieces: Pieces, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(pieces))
    return start, min(len(pieces), start + chance.choice((1, 1, 1, 2, 5, 20)))


def _many(chance: random.Random, most: int) -> int:
    """Return how often something is repeated: once as often as not, ten times one time in ten, a hundred one in a hundred."""
    return min(most, int(chance.paretovariate(1)))


def _drop(pieces: Pieces, chance: random.Random) -> Pieces:
    start, end = _span(pieces, chance)
    return pieces[:start] + pieces[end:]


def _repeat(pieces: Pieces, chance: random.Random) -> Pieces:
    start, end = _span(pieces, chance)
    return pieces[:end] + pieces[start:end] * _many(chance, 300) + pieces[end:]


def _move(pieces: Pieces, chance: random.Random) -> Pieces:
    start, end = _span(pieces, chance)
    rest = pieces[:start] + pieces[end:]
    at = chance.randint(0, len(rest))
    return rest[:at] + pieces[start:end] + rest[at:]


def _put_in(pieces: Pieces, chance: random.Random) -> Pieces:
    at = chance.randint(0, len(pieces))
    return [*pieces[:at], chance.choice(_STRANGE), *pieces[at:]]


def _replace(pieces: Pieces, chance: random.Random) -> Pieces:
    at = chance.randrange(len(pieces))
    return [*pieces[:at], chance.choice(_STRANGE), *pieces[at + 1 :]]


def _nest(pieces: Pieces, chance: random.Random) -> Pieces:
    start, end = _span(pieces, chance)
    depth, tag = _many(chance, 400), chance.choice(("a", "div", "item", "source", "x:y", "title"))
    return [*pieces[:start], f"<{tag}>" * depth, *pieces[start:end], f"</{tag}>" * depth, *pieces[end:]]


def _attribute(pieces: Pieces, chance: random.Random) -> Pieces:
    tags = [at for at, piece in enumerate(pieces) if re.match(r"<\w", piece)] or [0]
    at = chance.choice(tags)
    value, many = chance.choice(_STRANGE), range(_many(chance, 80))
    added = "".join(f" a{number}='{value}'" for number in many)
    return [*pieces[:at], re.sub(r"(/?>)$", lambda end: added + end[0], pieces[at]), *pieces[at + 1 :]]


def _rename(pieces: Pieces, chance: random.Random) -> Pieces:
    """Give a tag another one's name, so that ends and beginnings no longer fit."""
    tags = [at for at, piece in enumerate(pieces) if piece.startswith("<")] or [0]
    return [*pieces[: (at := chance.choice(tags))], pieces[chance.choice(tags)], *pieces[at + 1 :]]


def _escape(pieces: Pieces, chance: random.Random) -> Pieces:
    """Escape what was not, or resolve what was."""
    start, end = _span(pieces, chance)
    text = "".join(pieces[start:end])
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return [*pieces[:start], chance.choice((plain, escaped, f"<![CDATA[{text}]]>")), *pieces[end:]]


def _cross(pieces: Pieces, chance: random.Random) -> Pieces:
    """Go on in the middle of another document."""
    other = _pieces(chance.choice(SEEDS))
    start, end = _span(pieces, chance)
    return pieces[:start] + other[chance.randrange(len(other)) :] + chance.choice(([], pieces[end:]))


MUTATIONS: tuple[Mutation, ...] = (
    *(_drop, _repeat, _move, _put_in, _replace, _nest, _attribute, _rename, _escape, _cross),
)  # fmt: skip


def parsed_here(body: bytes) -> ParsedFeed | Failure:
    """Return what the parser makes of a document, without a worker."""
    return parse_feed(
        body,
        content_type="application/xml",
        feed_url="https://feed.example/rss",
        google_hosts=frozenset({"news.google.com"}),
        now=NOW,
    )


def judge(body: bytes) -> str:
    """Return what a document came to: `entries`, or the kind of its failure. Raises for anything else."""
    parsed = parsed_here(body)
    if isinstance(parsed, Failure):
        assert parsed.kind is not FailureKind.INTERNAL, parsed
        return str(parsed.kind)
    assert "error" not in parsed.skipped, "a fault of ours was counted as an entry's"
    for entry in parsed.entries:
        check_entry(entry)
    return "entries"


def judge_mutant(seed: int, number: int) -> str:
    """Return what a mutant came to; whatever is raised says which one it was."""
    body = mutant(random.Random(f"{seed}/{number}"))
    try:
        return judge(body)
    except BaseException as error:
        error.add_note(f"of mutant(random.Random('{seed}/{number}')):\n{body[:2000]!r}")
        raise


def main(cases: int, seed: int) -> int:
    """Judge so many mutants."""
    results: Counter[str] = Counter()
    worst_seconds, started = 0.0, time.process_time()
    for number in range(cases):
        before = time.process_time()
        results[judge_mutant(seed, number)] += 1
        worst_seconds = max(worst_seconds, time.process_time() - before)
    a_second = cases / (time.process_time() - started)
    print(f"{cases} mutants, {a_second:.0f} a second, the costliest took {worst_seconds:.2f} s")  # noqa: T201
    print(", ".join(f"{kind} {count}" for kind, count in results.most_common()))  # noqa: T201
    return int(worst_seconds > WORKER_SECONDS)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in (*sys.argv[1:3], *("2000", "0")[len(sys.argv) - 1 :]))))
