"""Rows B of the matrix: documents that harm, lie or are no documents, and what the store keeps of each.

All of one poll's documents are served at once, beside a feed that is well: what one document does is its own
feed's affair. What a single document comes to stands in the tests of the parser; here it goes the whole way.
"""

import json
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import pytest

from aggregator.cli import run_command
from aggregator.clock import ManualClock
from aggregator.model import Failure, FailureKind, RenderedFile
from aggregator.parse import ParserPool
from aggregator.parse.frames import Request
from aggregator.parse.google_news import MAX_HEADLINE_CHARACTERS
from aggregator.parse.survey import MAX_ENTRIES
from aggregator.parse.worker import _Worker
from aggregator.publish import FORMATS
from aggregator.store.polls import MAX_REVISIONS
from tests.fault_server import FEED, PAGE, WALL, FaultServer, Reply
from tests.faults.mutate import SEEDS, judge_mutant, mutant, parsed_here
from tests.hostile import LINKS, TEXTS
from tests.system.home import Feed, Home, check, poll_all, rows
from tests.test_parse_dates import READ as READ_DATES
from tests.test_parse_dates import REFUSED as REFUSED_DATES
from tests.test_parse_guard import KEPT, REFUSED, rss
from tests.test_parse_worker import SLOW
from tests.test_publish_hostile_rows import READERS, STRUCTURE

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD_HEADLINES = [
    "Ferry line to Aldermoor resumes after storm",
    "Council votes to rebuild the Old Quay bridge",
]
TAGGED = (("Content-Type", "application/rss+xml"), ("ETag", '"harbour-1"'))
IS_LONG = "LONG" in os.environ  # the full figures, see tests/long.sh
DIGESTS = '[[digests]]\ntopic = "world"\ntitle = "World"\nformats = ["html"]'


@dataclass(frozen=True, slots=True)
class Seen:
    """What the user sees of a feed after a poll: how it went, why not, and what it brought."""

    state: str
    failure: str | None
    headlines: list[str]
    skipped: int


def look(home: Home, name: str) -> Seen:
    [(feed_id, state, failure, skipped)] = rows(
        home.store,
        "SELECT feed_id, state, failure, skipped FROM feed_health JOIN polls AS p USING (feed_id)"
        " WHERE name = ? ORDER BY poll_id DESC LIMIT 1",
        name,
    )
    headlines = rows(
        home.store,
        "SELECT headline FROM listings AS l JOIN articles USING (article_id) WHERE l.feed_id = ?"
        " ORDER BY poll_id, entry_position",
        feed_id,
    )
    return Seen(str(state), failure, [str(headline) for (headline,) in headlines], int(str(skipped)))


def poll(
    home: Home, bodies: Mapping[str, bytes | Reply], *, tables: dict[str, dict[str, object]] | None = None
) -> Home:
    """Poll each document once, as a feed of its name."""
    with FaultServer() as server:
        feeds = serve(server, bodies)
        home.configure(feeds, tables={"poll": {"max_per_host": 8}} | (tables or {}), more=DIGESTS)
        home.work(ManualClock(NOW), poll_all)
    return home


def serve(server: FaultServer, bodies: Mapping[str, bytes | Reply]) -> list[Feed]:
    feeds = []
    for number, (name, body) in enumerate(bodies.items()):
        server.answers[f"f{number}"] = body if isinstance(body, Reply) else Reply(body=body)
        feeds.append(Feed(name, url=server.url(f"f{number}")))
    return feeds


def poll_in_turn(
    home: Home, turns: Mapping[str, Sequence[bytes | Reply]], *, every: timedelta = HOUR
) -> None:
    """Poll each feed as often as there are documents of it; each time it is another of them."""
    clock = ManualClock(NOW)
    with FaultServer() as server:
        feeds = serve(server, {name: bodies[0] for name, bodies in turns.items()})

        async def polls(stages: Any) -> None:
            for bodies in zip(*turns.values(), strict=True):
                for number, body in enumerate(bodies):
                    reply = body if isinstance(body, Reply) else Reply(headers=TAGGED, body=body)
                    server.answers[f"f{number}"] = reply
                await poll_all(stages)
                clock.advance(every)

        home.configure(feeds, tables={"poll": {"max_per_host": 8}}).work(clock, polls)


def listing(titles: Sequence[str], more: str = "") -> bytes:
    """A feed of items with these titles, each with a link of its own."""
    link = "<link>https://courier.example/{}</link>"
    items = [
        f"<item><title>{escape(title)}</title>{link.format(number)}{more}</item>"
        for number, title in enumerate(titles)
    ]
    return rss("".join(items))


def said(home: Home, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints, warnings and all."""
    run_command(["--config", str(home.config), "--home", str(home.folder), *words])
    printed = capsys.readouterr()
    return printed.out + printed.err


# --- one poll of everything ---------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>'
QUADRATIC = f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>'
EXTERNAL = '<!DOCTYPE rss [<!ENTITY f SYSTEM "{}">]>'
USES = "<item><title>&l9;&f;</title></item>"
ENTITIES = {
    "B1 a billion laughs": rss(USES, BILLION),
    "B1 in UTF-16": rss(USES, BILLION).decode().encode("utf-16"),
    "B1 behind a comment": rss(USES, "<!--<a-->" + BILLION),
    "B1 quadratic": rss(f"<item><title>{'&a;' * 20_000}</title></item>", QUADRATIC),
    "B1 a file": rss(USES, EXTERNAL.format("file:///etc/hostname")),
    "B1 an address": rss(USES, EXTERNAL.format("http://127.0.0.1:9/")),
}

BURNING = (
    "an author of 100 kB",
    "an author in pieces",
    "a style that backtracks",
    "100 kB of blank lines first",
    "20,000 attributes",
    "an attribute of 1 MB",
    "a comment of 2 MB",
)
LARGE = ("a title of 4 MB", "1,000 nested elements", "30,000 items", "30,000 items, ill-formed")
KEEPING = {f"B2 {name}": KEPT[name] for name in BURNING} | {f"B4 {name}": KEPT[name] for name in LARGE}
REFUSING = {
    "B2 45 kB of entities without end": REFUSED["45 kB of entities without end"][0],
    "B2 a root with 100,000 attributes": REFUSED["a root with 100,000 attributes"][0],
    "B4 300,000 nested elements": REFUSED["300,000 nested elements"][0],
}

# Name: (what stands in a title, the headline).
CHARACTERS = {
    "B5 NUL": ("a\x00b", "a\ufffdb"),
    "B5 escape": ("a\x1bb", "a\ufffdb"),
    "B5 a reference to NUL": ("a&#0;b", "a\ufffdb"),
    "B5 a surrogate": ("a&#xD800;b", "a\ufffdb"),
    "B5 beyond Unicode": ("a&#x110000;b", "a\ufffdb"),
    "B5 twenty digits": (f"a&#{'9' * 20};b", "a\ufffdb"),
    "B5 5,000 digits": (f"a&#{'9' * 5_000};b", "a\ufffdb"),
}

LATIN, CYRILLIC, JAPANESE = "Fähre nach Südköping fährt wieder", "Паром снова ходит", "フェリー運航再開"
CHINESE, EURO = "渡轮恢复通航", "Fähre kostet 9 €"
# Name: (headline, codec of the bytes, what the document says, what the header says).
LIES = {
    "B6 UTF-8": (LATIN, "utf-8", "utf-8", "utf-8"),
    "B6 UTF-8 unlabelled": (JAPANESE, "utf-8", None, None),
    "B6 UTF-8 as latin-1": (LATIN, "utf-8", "iso-8859-1", "iso-8859-1"),
    "B6 UTF-8, the header lies": (CYRILLIC, "utf-8", "utf-8", "windows-1251"),
    "B6 UTF-8 with a mark, both lie": (LATIN, "utf-8-sig", "us-ascii", "koi8-r"),
    "B6 latin-1 as UTF-8": (LATIN, "latin-1", "utf-8", "utf-8"),
    "B6 latin-1 unlabelled": (LATIN, "latin-1", None, None),
    "B6 windows-1252 as latin-1": (EURO, "cp1252", "iso-8859-1", None),
    "B6 windows-1251, the header lies": (CYRILLIC, "cp1251", "windows-1251", "utf-8"),
    "B6 koi8-r in the header": (CYRILLIC, "koi8-r", None, "koi8-r"),
    "B6 gb18030 as gb2312": (CHINESE, "gb18030", "gb2312", None),
    "B6 shift-jis in the header": (JAPANESE, "shift_jis", None, "Shift_JIS"),
    "B6 iso-2022-jp": (JAPANESE, "iso2022_jp", "iso-2022-jp", None),
    "B6 UTF-16 as UTF-8": (CYRILLIC, "utf-16", "utf-8", "utf-8"),
    "B6 UTF-16 without a mark": (CYRILLIC, "utf-16-be", "utf-16", None),
}
HOSTILE_LABELS = (
    *("undefined", "utf-8\0", "utf-7", "unicode_escape", "punycode", "idna", "cp037", "zlib", "rot13", "x" * 300),
)  # fmt: skip


def encoded(text: str, codec: str, declared: str | None, header: str | None) -> Reply:
    label = f' encoding="{declared}"' if declared else ""
    body = rss(f"<item><title>{text}</title></item>", f'<?xml version="1.0"{label}?>').decode().encode(codec)
    charset = f"; charset={header}" if header else ""
    return Reply(headers=(("Content-Type", f"text/xml{charset}"),), body=body)


ODD = {
    **ENTITIES,
    **REFUSING,
    **{name: body for name, (body, _, _) in KEEPING.items()},
    **{name: rss(f"<item><title>{text}</title></item>") for name, (text, _) in CHARACTERS.items()},
    **{name: encoded(*lie) for name, lie in LIES.items()},
    **{f"B6 label {label[:20]!r}": encoded(LATIN, "utf-8", label, None) for label in HOSTILE_LABELS},
}  # fmt: skip


@pytest.fixture(scope="module")
def polled(tmp_path_factory):
    """One poll of every document of the tables, and of a good one."""
    home = poll(Home(tmp_path_factory.mktemp("content")), ODD | {"good": FEED})
    assert check(home.store) == "ok"
    assert look(home, "good").headlines == GOOD_HEADLINES
    return home


def of(row: str, *tables: Mapping[str, object]) -> Any:
    names = [name for table in tables for name in table if name.partition(" ")[0] == row]
    assert names
    return pytest.mark.parametrize("name", names)


def assert_refused(home: Home, name: str) -> None:
    seen = look(home, name)
    assert (seen.state, seen.failure, seen.headlines) == ("failing", FailureKind.UNREASONABLE, [])


def assert_kept(home: Home, name: str) -> None:
    _, headlines, skipped = KEEPING[name]
    assert look(home, name) == Seen("ok", None, headlines, sum(skipped.values()))


@of("B1", ENTITIES)
def test_B1_entities(polled, name):
    assert_refused(polled, name)


@of("B2", REFUSING)
def test_B2_documents_that_burn_time_are_refused(polled, name):
    assert_refused(polled, name)


@of("B2", KEEPING)
def test_B2_what_would_burn_time_is_defused(polled, name):
    assert_kept(polled, name)


@of("B4", REFUSING)
def test_B4_depth(polled, name):
    assert_refused(polled, name)


@of("B4", KEEPING)
def test_B4_sizes(polled, name):
    assert_kept(polled, name)
    assert len(look(polled, name).headlines) <= MAX_ENTRIES


@of("B5", CHARACTERS)
def test_B5_characters(polled, name):
    assert look(polled, name) == Seen("ok", None, [CHARACTERS[name][1]], 0)


@of("B6", LIES)
def test_B6_encodings_that_lie(polled, name):
    assert look(polled, name) == Seen("ok", None, [LIES[name][0]], 0)


@of("B6", {name: None for name in ODD if "B6 label" in name})
def test_B6_hostile_labels(polled, name):
    assert look(polled, name) == Seen("ok", None, [LATIN], 0)


# --- parsers that die ---------------------------------------------------------------------------------


class Shot(ParserPool):
    """A pool whose worker gets a fatal signal with every document that says DOOMED."""

    async def _ask(self, worker: _Worker, request: Request) -> Any:
        if b"DOOMED" in request.body:
            os.kill(worker.process.pid, signal.SIGSEGV)
        return await super()._ask(worker, request)


def test_B2_a_document_that_killed_the_parser_twice_is_left_alone_until_it_changes(tmp_path):
    home, asked, clock = Home(tmp_path), [], ManualClock(NOW)

    class Counting(ParserPool):
        async def parse(self, body: bytes, **rest: Any) -> Any:
            asked.append(body)
            return await super().parse(body, **rest)

    async def polls(stages: Any) -> None:
        async with Counting(workers=1, cpu_seconds=1) as parser:
            for body in (SLOW, SLOW, SLOW, FEED):
                server.answers["f0"] = Reply(body=body)
                await poll_all(replace(stages, parser=parser))
                clock.advance(timedelta(days=1))

    with FaultServer() as server:
        home.configure(serve(server, {"feed": SLOW})).work(clock, polls)
    assert asked == [SLOW, SLOW, FEED]
    failures = rows(home.store, "SELECT failure, message FROM polls ORDER BY poll_id")
    assert [failure for failure, _ in failures] == [*["worker-died"] * 3, None]
    assert "twice" in str(failures[2][1])
    assert look(home, "feed").headlines == GOOD_HEADLINES


def test_B3_a_reader_that_dies_costs_its_own_document_only(tmp_path):
    bodies = {f"doomed {n}": FEED.replace(b"Courier", b"DOOMED %d" % n) for n in range(3)}
    good = {f"good {n}": listing([f"Ferry {n} sails again"]) for n in range(6)}

    async def poll_shot(stages: Any) -> None:
        async with Shot(workers=2) as parser:
            await poll_all(replace(stages, parser=parser))

    with FaultServer() as server:
        home = Home(tmp_path).configure(serve(server, bodies | good))
        home.work(ManualClock(NOW), poll_shot)
    assert {look(home, name).failure for name in bodies} == {FailureKind.WORKER_DIED}
    assert [len(look(home, name).headlines) for name in good] == [1] * len(good)


# --- dates, documents that are none, none at all --------------------------------------------------------


def dated(dates: Mapping[str, str]) -> bytes:
    items = [
        f"<item><title>{escape(name)}</title><pubDate>{date}</pubDate></item>" for name, date in dates.items()
    ]
    return rss("".join(items))


def test_B7_dates_that_are_none_leave_the_time_of_first_sight(tmp_path):
    written = {name: date for name, (date, _) in READ_DATES.items()}
    home = poll(Home(tmp_path), {"odd": dated(REFUSED_DATES), "read": dated(written)})
    query = (
        "SELECT headline, published_at, effective_at, day FROM articles JOIN feeds USING (feed_id)"
        " WHERE name = ? ORDER BY article_id"
    )
    first_seen = (None, "2026-07-20T12:00:00Z", "2026-07-20")
    assert rows(home.store, query, "odd") == [(name, *first_seen) for name in REFUSED_DATES]
    read = [(name, published) for name, published, _, _ in rows(home.store, query, "read")]
    assert read == [(name, f"{moment}Z") for name, (_, moment) in READ_DATES.items()]


def test_B7_nothing_is_later_than_it_was_seen(tmp_path):
    home = poll(Home(tmp_path), {"read": dated({"tomorrow": "2026-07-21T12:00:00Z"})})
    assert rows(home.store, "SELECT effective_at, day FROM articles") == [
        ("2026-07-20T12:00:00Z", "2026-07-20")
    ]


NO_FEEDS = {
    "page": (PAGE, FailureKind.NOT_A_FEED),
    "consent wall": (WALL, FailureKind.CONSENT_WALL),
    "JSON": (b'{"error": "not found"}', FailureKind.NOT_A_FEED),
    "text": (b"Service unavailable.", FailureKind.NOT_A_FEED),
    "empty": (b"", FailureKind.NOT_A_FEED),
    "zeros": (bytes(1_000), FailureKind.NOT_A_FEED),
}


# --- several polls --------------------------------------------------------------------------------------


def identified(guid: str, link: str, *, poll_number: int = 0) -> bytes:
    """Ten items and their guid and link, in which {n} is the item's number and {p} the poll's."""
    items = []
    for n in range(10):
        fields = "".join(
            f"<{tag}>{text.format(n=n, p=poll_number)}</{tag}>"
            for tag, text in (("guid", guid), ("link", link))
            if text
        )
        date = f"<pubDate>Mon, 20 Jul 2026 0{n}:00:00 GMT</pubDate>"
        items.append(f"<item><title>Ferry {n} sails again</title>{date}{fields}</item>")
    return rss("".join(items))


LINK = "https://courier.example/{n}"
POLLS = 4
IDENTITIES = {
    "one guid for all": ("same", LINK),
    "a new guid with each poll": ("{n}-{p}", LINK),
    "no guid": ("", LINK),
    "neither guid nor link": ("", ""),
    "a new campaign with each poll": ("", LINK + "?utm_source=p{p}"),
    "a new link with each poll": ("", LINK + "/token-{p}"),
    "a new link and a new guid with each poll": ("{n}-{p}", LINK + "/token-{p}"),
    "a new guid with each poll and no link": ("{n}-{p}", ""),
}


def walled(body: bytes) -> Reply:
    return Reply(headers=(("Content-Type", "application/rss+xml"), ("ETag", '"wall"')), body=body)


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """Four polls of feeds that change from each to the next."""
    home = Home(tmp_path_factory.mktemp("turns"))
    turns: dict[str, list[bytes | Reply]] = {
        name: [FEED, *[walled(body)] * (POLLS - 1)] for name, (body, _) in NO_FEEDS.items()
    }
    turns["emptied"] = [FEED, *(rss(f"<ttl>{n}</ttl>") for n in range(POLLS - 1))]
    for place, (name, (guid, link)) in enumerate(IDENTITIES.items()):
        of_its_own = link.replace("courier", f"courier{place}")
        turns[name] = [identified(guid, of_its_own, poll_number=number) for number in range(POLLS)]
    poll_in_turn(home, turns)
    assert check(home.store) == "ok"
    return home


@pytest.mark.parametrize("name", NO_FEEDS)
def test_B8_what_is_no_feed_changes_nothing_that_is_stored(turned, capsys, name):
    seen = look(turned, name)
    assert (seen.state, seen.failure, seen.headlines) == ("failing", NO_FEEDS[name][1], GOOD_HEADLINES)
    [(etag, body_sha256, moved_to)] = rows(
        turned.store, "SELECT etag, body_sha256, moved_to FROM feeds WHERE name = ?", name
    )
    assert (etag in (None, '"harbour-1"'), body_sha256, moved_to) == (True, sha256(FEED).hexdigest(), None)
    assert re.search(rf"^{name}\tfailing\t", said(turned, capsys, "feeds", "list"), re.MULTILINE)


def test_B9_a_feed_without_entries_is_a_success_with_a_notice(turned, capsys):
    assert look(turned, "emptied") == Seen("ok", None, GOOD_HEADLINES, 0)
    assert "'emptied' came without entries 3 times in a row" in said(turned, capsys, "doctor")


@pytest.mark.parametrize("name", IDENTITIES)
def test_B10_each_article_is_stored_once(turned, name):
    assert len(look(turned, name).headlines) == 10


def test_B10_an_item_that_is_listed_twice_is_one_article(tmp_path):
    item = "<item><title>Ferry sails again</title><guid>1</guid><link>https://courier.example/1</link></item>"
    home = poll(Home(tmp_path), {"twice": rss(item * 2), "elsewhere": rss(item)})
    assert rows(home.store, "SELECT count(*) FROM articles") == [(1,)]


UNSTORABLE = {"a list": [], "a number": 2**70, "null": None, "no text": {"title": 2**70, "url": 2**70}}


def test_B11_one_entry_that_cannot_be_stored_costs_itself(tmp_path):
    items: list[object] = [{"title": f"Ferry {n} sails again", "id": 2**70 + n} for n in range(99)]
    version = "https://jsonfeed.org/version/1.1"
    bodies = {
        name: json.dumps({"version": version, "items": [*items[:50], item, *items[50:]]}).encode()
        for name, item in UNSTORABLE.items()
    }
    home = poll(Home(tmp_path), bodies)
    seen = [look(home, name) for name in UNSTORABLE]
    assert [(one.state, len(one.headlines), one.skipped) for one in seen] == [("ok", 99, 1)] * len(seen)


def test_B11_a_lone_surrogate_is_stored_as_a_replacement(tmp_path):
    document = {"version": "https://jsonfeed.org/version/1.1", "items": [{"title": "a\udc80b"}]}
    home = poll(Home(tmp_path), {"feed": json.dumps(document).encode()})
    assert look(home, "feed").headlines == ["a\ufffdb"]


def test_B12_a_headline_edited_fifty_times_is_one_article_with_a_bounded_history(tmp_path):
    home = Home(tmp_path)
    poll_in_turn(home, {"feed": [listing([f"Ferry sails again, {edit} aboard"]) for edit in range(51)]})
    assert look(home, "feed").headlines == ["Ferry sails again, 0 aboard"]
    assert rows(home.store, "SELECT count(*) FROM headline_revisions") == [(MAX_REVISIONS,)]


# --- what strangers write -------------------------------------------------------------------------------


def hostile_feed() -> bytes:
    """Every text of strangers in every field that takes text, every link of theirs as a link."""
    items = []
    texts = [text for row in ("X1", "X4", "X5", "X6", "X8", "X9", "X12") for text in TEXTS[row]]
    links = [link for row in LINKS.values() for link in row]
    for number, text in enumerate(texts):
        inside = escape(text)
        fields = "".join(f"<{tag}>{inside}</{tag}>" for tag in ("title", "description", "author", "category"))
        link = escape(links[number % len(links)])
        source = f'<source url="{link}">{inside}</source>'
        items.append(f"<item>{fields}<guid>{number}</guid><link>{link}</link>{source}</item>")
    return rss("".join(items))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    """A home that has polled what strangers write."""
    home = poll(Home(tmp_path_factory.mktemp("strangers")), {"strangers": hostile_feed()})
    assert len(look(home, "strangers").headlines) > 50
    return home


def written(home: Home, tmp_path: Path, format: str) -> list[RenderedFile]:
    """The files of a digest of that day."""
    out = tmp_path / "out"
    words = ["digest", "--day", "2026-07-20", "--format", format, "--out", str(out)]
    assert run_command(["--config", str(home.config), "--home", str(home.folder), *words]) == 0
    paths = [path for path in out.rglob("*") if path.is_file() and not path.name.startswith(".")]
    for path in paths:
        assert re.fullmatch(r"[a-z0-9/._-]+", str(path.relative_to(out)))
    bodies = [(path, path.read_bytes()) for path in sorted(paths)]
    return [RenderedFile(path.name, body.decode("utf-8", "replace"), data=body) for path, body in bodies]


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_B13_nothing_of_a_digest_acts(strangers, tmp_path, format):
    files = written(strangers, tmp_path, format)
    assert files
    for file in files:
        seen = READERS[format]([file])
        assert seen.tags <= STRUCTURE
        assert all(address.startswith(("http://", "https://")) for address in seen.links)


def test_B14_no_control_character_reaches_the_terminal_or_the_log(strangers, capsys, caplog):
    commands = [["show", "2026-07-20", "--limit", "100"], ["feeds", "list"], ["search", "words"], ["doctor"]]
    shown = "".join(said(strangers, capsys, *words) for words in commands).replace("\t", " ")
    assert "words" in shown
    assert [line for line in shown.split("\n") if not line.isprintable()] == []
    assert all(record.getMessage().isprintable() for record in caplog.records)


def test_B14_a_server_cannot_write_into_the_log(tmp_path, caplog):
    caplog.set_level("DEBUG", "aggregator")
    evil = "/\x1b[31m\x9b2J\u202e%0d%0aERROR forged".encode().decode("latin-1")
    poll(Home(tmp_path), {"feed": Reply(302, (("Location", evil),), b"")})
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("aggregator")]
    assert messages
    assert all(message.isprintable() for message in messages)


@pytest.mark.parametrize("format", ["text", "csv", "hugo", "markdown"])
def test_B14_no_control_character_reaches_a_file(strangers, tmp_path, format):
    for file in written(strangers, tmp_path, format):
        text = file.text.removeprefix("\ufeff").replace("\r\n", "\n")
        assert [line for line in text.split("\n") if not line.isprintable()] == []


def flood(titles: Sequence[str], host: str) -> dict[str, bytes]:
    """Feeds of these headlines, each as full as one may be."""
    parts = [titles[start : start + MAX_ENTRIES] for start in range(0, len(titles), MAX_ENTRIES)]
    return {
        f"{host} {n}": listing(part).replace(b"courier", b"%s%d" % (host.encode(), n))
        for n, part in enumerate(parts)
    }


def test_B15_floods_of_headlines_are_grouped_whole(tmp_path):
    equal, different = (10_000, 10_000) if IS_LONG else (200, 1_000)
    chance = random.Random(0)
    words = ["".join(chance.choices("abdeilnorst", k=6)).title() for _ in range(2_000)]
    floods = {
        **flood(["Ferry line to Aldermoor resumes after storm"] * equal, "equal"),
        **flood([" ".join(chance.choices(words, k=9)) for _ in range(different)], "random"),
        "long title": listing(["x" * 60_000]),
        "long text": rss(f"<item><description>{'word ' * 80_000}</description></item>"),
    }
    home = poll(Home(tmp_path), floods)
    [(articles, longest)] = rows(home.store, "SELECT count(*), max(length(headline)) FROM articles")
    assert (articles, longest) == (equal + different + 2, MAX_HEADLINE_CHARACTERS)
    assert rows(home.store, "SELECT count(DISTINCT article_id) FROM story_members") == [(articles,)]


# --- documents at random ----------------------------------------------------------------------------------

MUTANTS_OF_A_SEED = 100_000 if IS_LONG else 10_000


@pytest.mark.parametrize("seed", range(10))
def test_B16_every_mutant_is_entries_or_a_classified_failure(seed):
    results = Counter(judge_mutant(seed, number) for number in range(MUTANTS_OF_A_SEED))
    assert set(results) <= {"entries", *FailureKind}
    assert results["entries"] > MUTANTS_OF_A_SEED // 3


def test_B16_hundreds_of_odd_feeds_in_one_poll_are_counted_exactly(tmp_path):
    bodies = [*SEEDS, *(mutant(random.Random(f"corpus/{number}")) for number in range(200 - len(SEEDS)))]
    xml = (("Content-Type", "application/xml"),)
    home = poll(Home(tmp_path), {f"odd {n}": Reply(headers=xml, body=body) for n, body in enumerate(bodies)})
    counted = rows(
        home.store, "SELECT failure, entries, skipped FROM polls JOIN feeds USING (feed_id) ORDER BY feed_id"
    )
    assert counted == [judged(body) for body in bodies]
    assert check(home.store) == "ok"


def judged(body: bytes) -> tuple[str | None, int, int]:
    """What a document comes to by itself: class of failure, entries, what is skipped of it."""
    parsed = parsed_here(body)
    if isinstance(parsed, Failure):
        return str(parsed.kind), 0, 0
    return None, len(parsed.entries), sum(parsed.skipped.values())
