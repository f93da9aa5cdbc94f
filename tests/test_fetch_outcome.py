"""What an answer means for a feed, and what its headers ask for."""

import asyncio
import hashlib
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.clock import SystemClock
from aggregator.fetch import HttpClient, fetch_feed
from aggregator.fetch.headers import max_age_seconds, retry_after_seconds, usable_validators
from aggregator.fetch.outcome import judge
from aggregator.model import Exchange, Failure, FailureKind, Fetched, Hop, Outcome, Validators
from aggregator.settings import HttpSettings
from tests.fault_server import FEED, PAGE, WALL, FaultServer, Reply, redirecting

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
URL = "https://courier.example/feed"
NONE = Validators()
SENT = Validators(etag='"harbour-1"')
DAY = 86_400.0


def exchange(status: int | None = 200, body: bytes = FEED, **fields: Any) -> Exchange:
    return Exchange(status=status, url=URL, body=body, **fields)


def judged(answer: Exchange, *, sent: Validators = NONE, previous_sha256: str | None = None) -> Fetched:
    return judge(answer, sent=sent, previous_sha256=previous_sha256, now=NOW)


def failed(kind: FailureKind, status: int | None = None, **fields: Any) -> Exchange:
    return exchange(status, failure=Failure(kind, f"{URL}: {kind}"), **fields)


JUDGEMENTS: dict[str, tuple[Exchange, Outcome, FailureKind | None]] = {
    "200 with a feed": (exchange(), Outcome.MODIFIED, None),
    "204": (exchange(204, b""), Outcome.HARD, FailureKind.HTTP_STATUS),
    "206 with a feed": (exchange(206), Outcome.HARD, FailureKind.HTTP_STATUS),
    "300 with a feed": (exchange(300), Outcome.HARD, FailureKind.HTTP_STATUS),
    "304 nobody asked for": (exchange(304, b""), Outcome.HARD, FailureKind.HTTP_STATUS),
    "400": (exchange(400), Outcome.HARD, FailureKind.HTTP_STATUS),
    "401": (exchange(401), Outcome.HARD, FailureKind.HTTP_STATUS),
    "403": (exchange(403), Outcome.HARD, FailureKind.HTTP_STATUS),
    "404": (exchange(404), Outcome.SOFT, FailureKind.HTTP_STATUS),
    "408": (exchange(408), Outcome.SOFT, FailureKind.HTTP_STATUS),
    "410": (exchange(410), Outcome.GONE, FailureKind.GONE),
    "429": (exchange(429), Outcome.SOFT, FailureKind.RATE_LIMITED),
    "500": (exchange(500), Outcome.SOFT, FailureKind.HTTP_STATUS),
    "503": (exchange(503), Outcome.SOFT, FailureKind.RATE_LIMITED),
    "599": (exchange(599), Outcome.SOFT, FailureKind.HTTP_STATUS),
    "999": (exchange(999), Outcome.HARD, FailureKind.HTTP_STATUS),
    "DNS": (failed(FailureKind.DNS), Outcome.TEMPORARY, FailureKind.DNS),
    "connect": (failed(FailureKind.CONNECT), Outcome.TEMPORARY, FailureKind.CONNECT),
    "timeout": (failed(FailureKind.TIMEOUT), Outcome.TEMPORARY, FailureKind.TIMEOUT),
    "timeout in the body": (failed(FailureKind.TIMEOUT, 200), Outcome.TEMPORARY, FailureKind.TIMEOUT),
    "TLS": (failed(FailureKind.TLS), Outcome.HARD, FailureKind.TLS),
    "blocked": (failed(FailureKind.BLOCKED_ADDRESS), Outcome.HARD, FailureKind.BLOCKED_ADDRESS),
    "too large": (failed(FailureKind.TOO_LARGE, 200), Outcome.HARD, FailureKind.TOO_LARGE),
    "not followed": (failed(FailureKind.REDIRECT, 302), Outcome.HARD, FailureKind.REDIRECT),
    "404 with an endless page": (failed(FailureKind.TOO_LARGE, 404), Outcome.SOFT, FailureKind.HTTP_STATUS),
    "429 cut off": (failed(FailureKind.TRUNCATED, 429), Outcome.SOFT, FailureKind.RATE_LIMITED),
    "cut before the first byte": (
        failed(FailureKind.TRUNCATED, 200, body=b"", is_truncated=True),
        Outcome.TEMPORARY,
        FailureKind.TRUNCATED,
    ),
    "empty": (exchange(body=b""), Outcome.HARD, FailureKind.NOT_A_FEED),
    "blank": (exchange(body=b" \r\n" * 2_000), Outcome.HARD, FailureKind.NOT_A_FEED),
    "a page": (exchange(body=PAGE), Outcome.HARD, FailureKind.NOT_A_FEED),
    "a page in UTF-16": (
        exchange(body=PAGE.decode().encode("utf-16")),
        Outcome.HARD,
        FailureKind.NOT_A_FEED,
    ),
    "a page behind a comment": (
        exchange(body=b"<!-- <rss> -->" + PAGE),
        Outcome.HARD,
        FailureKind.NOT_A_FEED,
    ),
    "a consent wall": (exchange(body=WALL), Outcome.HARD, FailureKind.CONSENT_WALL),
    "a robot check": (
        exchange(body=b"<html><body>Our systems have detected unusual traffic from your network"),
        Outcome.HARD,
        FailureKind.CONSENT_WALL,
    ),
    "a feed about a consent wall": (
        exchange(body=FEED.replace(b"Ferry", b"Before you continue: &lt;html&gt;")),
        Outcome.MODIFIED,
        None,
    ),
    "a feed behind a warning": (
        exchange(body=b"<br />\n<b>Warning</b>: x in <b>y.php</b>" + FEED),
        Outcome.MODIFIED,
        None,
    ),
    "a feed behind a comment with a page": (
        exchange(body=b"<?xml version='1.0'?><!-- <html> --><feed></feed>"),
        Outcome.MODIFIED,
        None,
    ),
    "RDF": (exchange(body=b"<rdf:RDF xmlns:rdf='x'></rdf:RDF>"), Outcome.MODIFIED, None),
    "JSON": (exchange(body=b'{"version": "https://jsonfeed.org/version/1.1"}'), Outcome.MODIFIED, None),
    "what only the parser can tell": (exchange(body=b"\x1f\x8b\x08garbage"), Outcome.MODIFIED, None),
}


@pytest.mark.parametrize(("answer", "outcome", "kind"), JUDGEMENTS.values(), ids=JUDGEMENTS.keys())
def test_answers_are_judged(answer: Exchange, outcome: Outcome, kind: FailureKind | None) -> None:
    fetched = judged(answer)

    assert fetched.outcome == outcome
    assert (fetched.failure.kind if fetched.failure else None) == kind
    assert bool(fetched.body) == (outcome is Outcome.MODIFIED)
    assert fetched.failure is None or URL in fetched.failure.message


class TestUnchanged:
    def test_304_keeps_what_was_sent_whatever_comes_with_it(self) -> None:
        fetched = judged(exchange(304, b"", headers={"etag": '"other"'}), sent=SENT)

        assert (fetched.outcome, fetched.validators) == (Outcome.UNCHANGED, SENT)

    def test_the_same_body_brings_new_validators(self) -> None:
        sha256 = hashlib.sha256(FEED).hexdigest()

        fetched = judged(exchange(headers={"etag": '"harbour-2"'}), sent=SENT, previous_sha256=sha256)

        assert (fetched.outcome, fetched.body) == (Outcome.UNCHANGED, b"")
        assert fetched.validators == Validators(etag='"harbour-2"')
        assert fetched.body_sha256 == sha256

    def test_a_cut_body_is_never_unchanged(self) -> None:
        sha256 = hashlib.sha256(FEED).hexdigest()
        answer = failed(FailureKind.TRUNCATED, 200, body=FEED, is_truncated=True)

        assert judged(answer, previous_sha256=sha256).outcome is Outcome.MODIFIED


PARTIAL = {
    "cut before its length": failed(
        FailureKind.TRUNCATED, 200, is_truncated=True, headers={"etag": '"harbour-2"'}
    ),
    "no end declared, none there": exchange(
        body=FEED[:-60], has_declared_end=False, headers={"etag": '"harbour-2"'}
    ),
}


@pytest.mark.parametrize("answer", PARTIAL.values(), ids=PARTIAL.keys())
def test_a_partial_body_is_used_and_not_remembered(answer: Exchange) -> None:
    fetched = judged(answer)

    assert (fetched.outcome, fetched.is_partial) == (Outcome.MODIFIED, True)
    assert fetched.body == answer.body
    assert (fetched.body_sha256, fetched.validators) == (None, NONE)
    assert fetched.failure.kind is FailureKind.TRUNCATED


ENDS = {
    "rss": FEED,
    "prefixed atom": b"<atom:feed>...</atom:feed>\n",
    "rdf": b"<rdf:RDF></rdf:RDF>",
    "json": b'{"version": "1"}\n',
    "a comment behind": b"<rss></rss><!-- served in 3 ms -->",
    "UTF-16": FEED.decode().encode("utf-16"),
}


@pytest.mark.parametrize("body", ENDS.values(), ids=ENDS.keys())
def test_a_body_that_ends_like_a_feed_needs_no_declared_end(body: bytes) -> None:
    assert not judged(exchange(body=body, has_declared_end=False)).is_partial


MOVES = {
    "no redirect": ((), None),
    "301": ((301,), URL),
    "301 and 308": ((301, 308), URL),
    "302": ((302,), None),
    "a temporary one in the chain": ((301, 302), None),
}


@pytest.mark.parametrize(("statuses", "moved_to"), MOVES.values(), ids=MOVES.keys())
def test_only_an_unbroken_permanent_chain_moves_a_feed(
    statuses: tuple[int, ...], moved_to: str | None
) -> None:
    hops = tuple(Hop(status, URL) for status in statuses)

    assert judged(exchange(hops=hops)).moved_to == moved_to
    assert judged(exchange(body=PAGE, hops=hops)).moved_to is None


RETRY_AFTER = {
    "seconds": ("120", 120.0),
    "zero": ("0", 0.0),
    "fraction": ("1.5", 1.5),
    "negative": ("-5", 0.0),
    "more than a day": ("90000", DAY),
    "thirty digits": ("9" * 30, DAY),
    "ninety digits": ("9" * 90, DAY),
    "five thousand digits": ("9" * 5_000, None),
    "Arabic digits": ("٣٠", None),
    "words": ("soon", None),
    "empty": ("", None),
    "missing": (None, None),
    "date": ("Mon, 05 Jan 2026 12:10:00 GMT", 600.0),
    "date of another zone": ("Mon, 05 Jan 2026 14:10:00 +0200", 600.0),
    "old form of date": ("Monday, 05-Jan-26 12:10:00 GMT", 600.0),
    "date without zone": ("Mon, 05 Jan 2026 12:10:00", 600.0),
    "date in the past": ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    "year 9999": ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
    "year 9999, behind GMT": ("Fri, 31 Dec 9999 23:59:59 -2300", DAY),
    "year 10000": ("Sat, 01 Jan 10000 00:00:00 GMT", None),
    "Feb 30": ("Mon, 30 Feb 2026 00:00:00 GMT", None),
    "infinite": ("inf", None),
    "not a number": ("nan", None),
    "exponent": ("1e9", None),
}


@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER.values(), ids=RETRY_AFTER.keys())
def test_retry_after_is_read_and_clamped(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, now=NOW) == seconds


@given(st.text())
def test_no_header_raises(value: str) -> None:
    for seconds in (retry_after_seconds(value, now=NOW), max_age_seconds(f"max-age={value}")):
        assert seconds is None or 0 <= seconds <= DAY


MAX_AGE = {
    "plain": ("max-age=600", 600.0),
    "among others": ("public, max-age=600, must-revalidate", 600.0),
    "upper case, quoted": ('Public, Max-Age="600"', 600.0),
    "zero": ("no-cache, max-age=0", 0.0),
    "huge": ("max-age=99999999999999", DAY),
    "only s-maxage": ("s-maxage=600", None),
    "negative": ("max-age=-1", None),
    "Arabic digits": ("max-age=٣٠", None),
    "two hundred digits": ("max-age=" + "9" * 200, None),
    "missing": (None, None),
}


@pytest.mark.parametrize(("value", "seconds"), MAX_AGE.values(), ids=MAX_AGE.keys())
def test_max_age_is_read_and_clamped(value: str | None, seconds: float | None) -> None:
    assert max_age_seconds(value) == seconds


ETAGS = {
    "quoted": ('"abc"', '"abc"'),
    "weak": ('W/"abc"', 'W/"abc"'),
    "without quotes": ("abc", "abc"),
    "empty": ("", None),
    "not ASCII": ('"\xc3\xa9"', None),
    "doubled": ('"abc", "def"', None),
    "512 characters": ("a" * 512, "a" * 512),
    "513 characters": ("a" * 513, None),
}


@pytest.mark.parametrize(("value", "kept"), ETAGS.values(), ids=ETAGS.keys())
def test_an_etag_is_kept_byte_for_byte_or_not_at_all(value: str, kept: str | None) -> None:
    assert usable_validators({"etag": value}).etag == kept


DATES = {
    "HTTP date": ("Mon, 05 Jan 2026 06:00:00 GMT", True),
    "odd but its own": ("2026-01-05 06:00", True),
    "doubled": ("Mon, 05 Jan 2026 06:00:00 GMT, Mon, 05 Jan 2026 06:00:00 GMT", False),
    "not ASCII": ("5. J\xe4nner 2026", False),
}


@pytest.mark.parametrize(("value", "is_kept"), DATES.values(), ids=DATES.keys())
def test_last_modified_is_kept_byte_for_byte_or_not_at_all(value: str, is_kept: bool) -> None:
    assert usable_validators({"last-modified": value}).last_modified == (value if is_kept else None)


def test_expires_zero_means_no_validators() -> None:
    assert usable_validators({"etag": '"a"', "expires": "0"}) == NONE


class TestFetchFeed:
    """The same over the wire."""

    @staticmethod
    def fetch(url: str, validators: Validators = NONE, previous_sha256: str | None = None) -> Fetched:
        async def ask() -> Fetched:
            settings = HttpSettings(allow_private_addresses=True)
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            async with HttpClient(settings, clock=SystemClock(), ssl_context=tls) as client:
                return await fetch_feed(
                    client, url, validators=validators, previous_sha256=previous_sha256, now=NOW
                )

        return asyncio.run(ask())

    def test_what_a_server_gave_is_sent_back_verbatim_and_304_means_unchanged(self) -> None:
        with FaultServer() as server:
            first = self.fetch(server.url("feed"))
            second = self.fetch(server.url("feed"), first.validators, first.body_sha256)

            asked = server.requests[-1].headers
            assert asked["if-none-match"] == '"harbour-1"'
            assert asked["if-modified-since"] == "Mon, 05 Jan 2026 06:00:00 GMT"
            assert (first.outcome, second.outcome) == (Outcome.MODIFIED, Outcome.UNCHANGED)
            assert second.status == 304

    def test_without_validators_the_request_is_unconditional(self) -> None:
        with FaultServer() as server:
            self.fetch(server.url("feed"))

            assert not {"if-none-match", "if-modified-since"} & server.requests[0].headers.keys()
            assert server.requests[0].headers["accept"].startswith("application/rss+xml")

    @pytest.mark.parametrize(
        "etag", ['"é"', "a" * 90_000, "", '"a b"'], ids=["not ASCII", "90 kB", "empty", "space"]
    )
    def test_an_etag_that_cannot_go_back_does_not_spoil_the_next_request(self, etag: str) -> None:
        with FaultServer() as server:
            server.answers["tagged"] = Reply(headers=(("ETag", etag),))
            first = self.fetch(server.url("tagged"))
            second = self.fetch(server.url("feed"), first.validators, None)

            assert first.status == 200
            assert first.validators.etag is None
            assert second.outcome is Outcome.MODIFIED

    def test_a_doubled_etag_is_not_kept(self) -> None:
        with FaultServer() as server:
            fetched = self.fetch(server.url("header", name="ETag", value='"a"', times=2))

            assert fetched.validators == NONE

    @pytest.mark.parametrize(
        ("retry_after", "seconds"),
        [("60", 60.0), ("Mon, 05 Jan 2026 12:01:00 GMT", 60.0), ("9" * 30, DAY), (None, None)],
        ids=["seconds", "date", "thirty digits", "none"],
    )
    @pytest.mark.parametrize("code", [429, 503])
    def test_a_refusal_says_how_long(self, code: int, retry_after: str | None, seconds: float | None) -> None:
        with FaultServer() as server:
            query = {"code": code} | ({"retry_after": retry_after} if retry_after else {})

            fetched = self.fetch(server.url("status", **query))

            assert fetched.failure.kind is FailureKind.RATE_LIMITED
            assert fetched.retry_after_seconds == seconds

    def test_a_move_is_told_and_a_portal_is_no_move(self) -> None:
        with FaultServer() as server:
            assert self.fetch(redirecting(server, "/feed", 301)).moved_to == server.url("feed")
            assert self.fetch(redirecting(server, "/page", 301)).moved_to is None

    @pytest.mark.parametrize("fault", ["short-length", "cut-chunked", "cut-gzip", "no-length-cut"])
    def test_cut_bodies_are_partial(self, fault: str) -> None:
        with FaultServer() as server:
            fetched = self.fetch(server.url(fault))

            assert (fetched.outcome, fetched.is_partial) == (Outcome.MODIFIED, True)
            assert (fetched.body_sha256, fetched.validators) == (None, NONE)

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("page", FailureKind.NOT_A_FEED),
            ("wall", FailureKind.CONSENT_WALL),
            ("empty", FailureKind.NOT_A_FEED),
        ],
    )
    def test_pages_are_no_feeds(self, fault: str, kind: FailureKind) -> None:
        with FaultServer() as server:
            fetched = self.fetch(server.url(fault), SENT)

            assert (fetched.outcome, fetched.failure.kind) == (Outcome.HARD, kind)
            assert fetched.body == b""
