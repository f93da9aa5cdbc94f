"""Google's online protocol and the budget for it, as values."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.google.editions import Edition
from aggregator.model import Exchange, Failure, FailureKind, Hop, ResolverState
from aggregator.resolve import budget
from aggregator.resolve.google_decode import (
    MAX_BATCH,
    Answer,
    AnswerKind,
    BatchKind,
    Envelope,
    PageKind,
    Signature,
    article_page_url,
    batch_body,
    find_signature,
    page_hop_filter,
    read_batch,
    read_page,
    signature_watch,
)
from aggregator.settings import GoogleNewsSettings

ID = "CBMiAAAA_test-id"
PAGE_URL = f"https://news.google.com/rss/articles/{ID}?hl=en-US&gl=US&ceid=US:en"
SIGNATURE = "AbCdEfGhIjKlMnOpQrStUvWxYz01"
PAIR = Signature(SIGNATURE, 1767765600)
US = Edition("en-US", "US")
NOW = datetime(2026, 1, 7, 6, tzinfo=UTC)

ELEMENT = f'<div data-n-a-id="{ID}" data-n-a-ts="1767765600" data-n-a-sg="{SIGNATURE}"></div>'
DATA_P = f"%.@.[[null,1],&quot;{ID}&quot;,null,null,0,0,1767765600,&quot;{SIGNATURE}&quot;]".replace(
    "%.@.[[null,1],", "%.@.[null,&quot;x&quot;],"
)

PAGES = {
    "as today": (ELEMENT, PAIR),
    "attributes the other way round": (
        f"<div data-n-a-sg='{SIGNATURE}' data-n-a-ts='1767765600' data-n-a-id='{ID}'>",
        PAIR,
    ),
    "escaped": (
        f'<div data-n-a-ts="&#49;767765600" data-n-a-sg="{SIGNATURE.replace("Q", "&#x51;")}">',
        PAIR,
    ),
    "spaces and line breaks": (
        f'<div\n data-n-a-ts = "1767765600"\n data-n-a-sg = "{SIGNATURE}"\n>',
        PAIR,
    ),
    "only in data-p": (f'<c-wiz jsdata="x" data-p="{DATA_P}">', PAIR),
    "a second article's element first": (
        ELEMENT.replace(ID, "CBMiOther").replace(SIGNATURE, "AnotherSignature0123456789AB") + ELEMENT,
        PAIR,
    ),
    "the two in different elements": (
        f'<div data-n-a-ts="1767765600"></div><div data-n-a-sg="{SIGNATURE}"></div>',
        None,
    ),
    "an empty signature": ('<div data-n-a-ts="1767765600" data-n-a-sg="">', None),
    "a signature with markup": ('<div data-n-a-ts="1767765600" data-n-a-sg="&lt;script&gt;alert">', None),
    "a timestamp in Arabic digits": (f'<div data-n-a-ts="١٧٦٧٧٦٥٦٠٠" data-n-a-sg="{SIGNATURE}">', None),
    "data-p of another article": (f'<c-wiz data-p="{DATA_P.replace(ID, "CBMiOther")}">', None),
    "data-p that is no JSON": ('<c-wiz data-p="%.@.[[[">', None),
    "data-p of another kind": ('<c-wiz data-p="[1,2,3]">', None),
    "data-p of another length": ('<c-wiz data-p="%.@.1]">', None),
    "nothing of it": ("<html><title>News</title></html>", None),
}


@pytest.mark.parametrize(("page", "expected"), PAGES.values(), ids=PAGES.keys())
def test_signature_and_timestamp_come_from_one_element(page, expected):
    assert find_signature(f"<html>{page}</html>", ID) == expected


def test_reading_may_stop_after_the_element_not_inside_it():
    page = f"<html>{'x' * 1000}{ELEMENT}".encode()
    end = page.index(b"data-n-a-sg") + len(f'data-n-a-sg="{SIGNATURE}">')

    has_signature = signature_watch()
    pieces = [has_signature(page[:length]) for length in range(0, end + 1, 3)]
    assert not any(pieces[:-1])
    assert not has_signature(page[: end - 1])
    assert has_signature(page[:end])


def test_the_page_is_asked_for_in_the_form_that_still_works():
    assert article_page_url(ID, US) == PAGE_URL


HOPS = {
    "to Google News": (PAGE_URL, True),
    "to the consent page": (f"https://consent.google.com/m?continue={PAGE_URL}", True),
    "to the host in its place": ("http://127.0.0.1:8123/m?continue=x", True),
    "to another port of that host": ("http://127.0.0.1:8124/m", False),
    "to the sorry page": ("https://www.google.com/sorry/index?continue=x", False),
    "to the sorry page in its place": ("http://127.0.0.1:8123/sorry/index", False),
    "to a consent page elsewhere": ("https://consent.evil.example/m", False),
    "to nowhere": ("javascript:alert(1)", False),
}


@pytest.mark.parametrize(("url", "expected"), HOPS.values(), ids=HOPS.keys())
def test_redirects_of_an_article_page(url, expected):
    assert page_hop_filter("http://127.0.0.1:8123")(url) is expected


def answered(status=200, body="", *, url=PAGE_URL, **changes):
    return Exchange(status, url, body=body.encode(), **changes)


def broken(kind, **changes):
    return Exchange(None, PAGE_URL, failure=Failure(kind, "broken"), **changes)


WALL = "<html><head><title>Before you continue to Google News</title></head></html>"
ANSWERS_TO_PAGE = {
    "a page": (answered(body=ELEMENT), PageKind.SIGNED),
    "a page about a wall": (answered(body=f"<title>Before you continue</title>{ELEMENT}"), PageKind.SIGNED),
    "a page about traffic": (answered(body=f"<h1>unusual traffic</h1>{ELEMENT}"), PageKind.SIGNED),
    "the bounce": (
        answered(body=ELEMENT, hops=(Hop(302, "https://consent.google.com/m"), Hop(303, PAGE_URL))),
        PageKind.SIGNED,
    ),
    "the wall by its title": (answered(body=WALL), PageKind.CONSENT_WALL),
    "the wall by its host": (answered(url="https://consent.google.com/m?x"), PageKind.CONSENT_WALL),
    "the wall by its form": (
        answered(body='<form action="https://consent.google.com/save">'),
        PageKind.CONSENT_WALL,
    ),
    "the wall as the client sees it": (
        Exchange(200, PAGE_URL, failure=Failure(FailureKind.CONSENT_WALL, "wall")),
        PageKind.CONSENT_WALL,
    ),
    "429": (answered(429), PageKind.REFUSED),
    "403": (answered(403), PageKind.REFUSED),
    "429 as the client sees it": (broken(FailureKind.RATE_LIMITED), PageKind.REFUSED),
    "the sorry page": (answered(200, url="https://www.google.com/sorry/index?x"), PageKind.REFUSED),
    "a redirect to the sorry page": (
        answered(302, headers={"location": "https://www.google.com/sorry/index?continue=x"}),
        PageKind.REFUSED,
    ),
    "a relative redirect to it": (answered(302, headers={"location": "/sorry/index"}), PageKind.REFUSED),
    "unusual traffic with 200": (answered(body="Our systems detected unusual traffic"), PageKind.REFUSED),
    "404": (answered(404, "<h1>Not found</h1>"), PageKind.UNKNOWN_ARTICLE),
    "400": (answered(400), PageKind.UNKNOWN_ARTICLE),
    "500": (answered(500), PageKind.UNREACHABLE),
    "no network": (broken(FailureKind.CONNECT), PageKind.UNREACHABLE),
    "a page that broke off": (answered(body="<html>", is_truncated=True), PageKind.UNREACHABLE),
    "a page without a signature": (answered(body="<html><title>News</title>"), PageKind.LAYOUT_CHANGED),
    "a redirect elsewhere": (
        answered(302, headers={"location": "https://[broken"}),
        PageKind.LAYOUT_CHANGED,
    ),
}


@pytest.mark.parametrize(("exchange", "expected"), ANSWERS_TO_PAGE.values(), ids=ANSWERS_TO_PAGE.keys())
def test_what_an_article_page_is(exchange, expected):
    page = read_page(exchange, ID)

    assert page.kind is expected
    assert page.signature == (PAIR if expected is PageKind.SIGNED else None)


def test_the_call_has_three_array_levels_and_our_tags():
    body = batch_body([Envelope("1", ID, PAIR), Envelope("2", "CBMiB", PAIR)], Edition("pt-BR", "BR"))

    calls = json.loads(parse_qs(body.decode())["f.req"][0])
    assert [(call[0], call[2], call[3]) for call in calls[0]] == [
        ("Fbv4je", None, "1"),
        ("Fbv4je", None, "2"),
    ]
    inner = json.loads(calls[0][0][1])
    assert inner[0] == "garturlreq"
    assert inner[1][0][7] == "BR:pt-419"
    assert inner[2:] == [ID, 1767765600, SIGNATURE]


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
def test_a_call_has_at_most_fifty_articles(count):
    with pytest.raises(ValueError, match=f"got {count}"):
        batch_body([Envelope("1", ID, PAIR)] * count, US)


URL = "https://outlet.example/a?x=1&y=2"
OTHER = "https://outlet.example/other"


def row(tag, url=URL, *, error=None, rpc="Fbv4je", payload=None):
    inner = json.dumps(["garturlres", url, 1]).replace("=", "\\u003d").replace("&", "\\u0026")
    payload = payload if payload is not None else None if error else inner
    return ["wrb.fr", rpc, payload, None, None, error, tag]


def plain(*rows):
    return ")]}'\n\n" + json.dumps([*rows, ["di", 14], ["af.httprm", 13, "-41", 7]])


def chunked(*rows):
    chunks = [json.dumps([a_row]) for a_row in (*rows, ["di", 14])]
    lines = [line for chunk in chunks for line in (str(len(chunk) + 7), chunk)]
    return ")]}'\n\n" + "\n".join([*lines, "25", '[["e",4,null,null,143]]']) + "\n"


def url_of(url):
    return Answer(AnswerKind.URL, url)


BATCHES = {
    "one row": (plain(row("1")), {"1": url_of(URL)}),
    "one row, only one row after it": (
        ")]}'\n\n" + json.dumps([row("1"), ["di", 14]]),
        {"1": url_of(URL)},
    ),
    "any order": (plain(row("2", OTHER), row("1")), {"1": url_of(URL), "2": url_of(OTHER)}),
    "chunks": (chunked(row("2", OTHER), row("1")), {"1": url_of(URL), "2": url_of(OTHER)}),
    "a missing row": (plain(row("2")), {"1": Answer(AnswerKind.MISSING), "2": url_of(URL)}),
    "the only row missing": (plain(), {"1": Answer(AnswerKind.MISSING)}),
    "rejected": (plain(row("1", error=[3])), {"1": Answer(AnswerKind.REJECTED)}),
    "rejected, in chunks": (chunked(row("1", error=[3])), {"1": Answer(AnswerKind.REJECTED)}),
    "not found": (plain(row("1", error=[5])), {"1": Answer(AnswerKind.NOT_FOUND)}),
    "an error to come": (plain(row("1", error=[13, "x"])), {"1": Answer(AnswerKind.MISSING)}),
    "the same row twice": (plain(row("1"), row("1")), {"1": url_of(URL)}),
    "two URLs for one tag": (plain(row("1"), row("1", OTHER)), {"1": Answer(AnswerKind.CONFLICT)}),
    "a foreign tag": (plain(row("1"), row("9", OTHER)), {"1": url_of(URL)}),
    "another call's row": (plain(row("1"), row("1", OTHER, rpc="Other")), {"1": url_of(URL)}),
    "more elements than today": (
        plain(row("1", payload='["garturlres","https://outlet.example/other",1,null,[2]]')),
        {"1": url_of(OTHER)},
    ),
    "an answer of another name": (
        plain(row("1", payload='["other","x"]')),
        {"1": Answer(AnswerKind.MISSING)},
    ),
    "an answer that is no JSON": (plain(row("1", payload='["gartur')), {"1": Answer(AnswerKind.MISSING)}),
    "an answer nested to death": (plain(row("1", payload="[" * 99999)), {"1": Answer(AnswerKind.MISSING)}),
    "a Google URL": (plain(row("1", "https://news.google.com/x")), {"1": Answer(AnswerKind.UNUSABLE)}),
    "no web URL": (plain(row("1", "javascript:alert(1)")), {"1": Answer(AnswerKind.UNUSABLE)}),
    "a URL with a control character": (
        plain(row("1", "https://outlet.example/\x1b")),
        {"1": Answer(AnswerKind.UNUSABLE)},
    ),
    "rows that are no rows": (plain("x", [], ["wrb.fr"], row("1")), {"1": url_of(URL)}),
}


@pytest.mark.parametrize(("body", "expected"), BATCHES.values(), ids=BATCHES.keys())
def test_answers_are_read_by_tag(body, expected):
    batch = read_batch(answered(body=body), list(expected))

    assert batch.kind is BatchKind.ANSWERED
    assert batch.answers == expected


ENVELOPE_ERROR = ")]}'\n\n104\n" + '[["er",null,null,null,null,400,null,null,null,3],["di",23]]\n'
NO_BATCHES = {
    "HTML": (answered(body="<html>unusual traffic</html>"), BatchKind.REFUSED),
    "429": (answered(429), BatchKind.REFUSED),
    "redirected to the sorry page": (
        answered(302, headers={"location": "https://www.google.com/sorry/index"}),
        BatchKind.REFUSED,
    ),
    "400": (answered(400, ENVELOPE_ERROR), BatchKind.MALFORMED),
    "without the first line": (answered(body=json.dumps([row("1")])), BatchKind.MALFORMED),
    "no rows at all": (answered(body=")]}'\n\n25\n"), BatchKind.MALFORMED),
    "no row of ours among many": (answered(body=plain()), BatchKind.MALFORMED),
    "empty": (answered(body=""), BatchKind.MALFORMED),
    "503": (answered(503, "<html>"), BatchKind.UNREACHABLE),
    "no network": (broken(FailureKind.TIMEOUT), BatchKind.UNREACHABLE),
}


@pytest.mark.parametrize(("exchange", "expected"), NO_BATCHES.values(), ids=NO_BATCHES.keys())
def test_what_is_no_answer(exchange, expected):
    assert read_batch(exchange, ["1", "2"]).kind is expected


@given(st.text(max_size=200).map(lambda text: f")]}}'\n\n{text}"))
def test_no_answer_makes_the_reader_raise(body):
    exchange = Exchange(200, PAGE_URL, body=body.encode(errors="surrogatepass"))

    read_batch(exchange, ["1"])
    read_page(exchange, ID)


# --- budget ----------------------------------------------------------------------------------------

SETTINGS = GoogleNewsSettings(
    page_budget=15, page_refill_seconds=75, breaker_minutes=60, breaker_max_minutes=360
)


def later(**duration):
    return NOW + timedelta(**duration)


def test_a_new_bucket_is_full():
    state = budget.new_state(SETTINGS, NOW)

    assert (state.tokens, state.trips, state.open_until) == (15.0, 0, None)
    assert budget.may_ask(state)


REFILLS = {
    "nothing at once": (0.0, {}, 0.0),
    "one token": (0.0, {"seconds": 75}, 1.0),
    "half a token": (2.0, {"seconds": 37.5}, 2.5),
    "never more than the bucket holds": (14.5, {"days": 3}, 15.0),
    "nothing when the clock goes back": (3.0, {"days": -400}, 3.0),
}


@pytest.mark.parametrize(("tokens", "elapsed", "expected"), REFILLS.values(), ids=REFILLS.keys())
def test_the_bucket_refills_with_time(tokens, elapsed, expected):
    state = budget.refill(ResolverState(tokens, NOW), later(**elapsed), SETTINGS)

    assert state.tokens == expected
    assert state.counted_at == later(**elapsed)


def test_an_empty_bucket_lets_nobody_through_until_the_time_it_names():
    state = ResolverState(0.4, NOW)
    ready_at = budget.next_page_at(state, SETTINGS)

    assert ready_at == later(seconds=45)
    assert not budget.may_ask(budget.refill(state, ready_at - timedelta(seconds=1), SETTINGS))
    assert budget.may_ask(budget.refill(state, ready_at, SETTINGS))


@given(st.floats(0, 1), st.integers(0, 999_999))
def test_the_time_it_names_is_never_too_early(tokens, microsecond):
    state = ResolverState(tokens, NOW.replace(microsecond=microsecond))
    ready_at = budget.next_page_at(state, SETTINGS)

    assert ready_at.microsecond == 0
    assert budget.may_ask(budget.refill(state, ready_at, SETTINGS))


def test_the_pause_doubles_up_to_six_hours():
    state = budget.new_state(SETTINGS, NOW)
    pauses = []
    for _ in range(5):
        state = budget.trip(state, SETTINGS)
        pauses.append((state.open_until - NOW).total_seconds() / 60)

    assert pauses == [60, 120, 240, 360, 360]
    assert budget.trip(replace(state, trips=10_000), SETTINGS).open_until == later(hours=6)


def test_after_the_pause_one_trial_decides():
    tripped = budget.trip(budget.new_state(SETTINGS, NOW), SETTINGS)
    during = budget.refill(tripped, later(minutes=59), SETTINGS)
    after = budget.refill(tripped, later(minutes=60), SETTINGS)

    assert not budget.may_ask(during)
    assert budget.next_page_at(during, SETTINGS) == later(minutes=60)
    assert budget.may_ask(after)
    assert budget.is_trial(after)
    assert not budget.is_trial(budget.close(after))


def test_a_wrong_date_does_not_close_the_door_for_years():
    tripped = budget.trip(ResolverState(1.0, datetime(2031, 1, 1, tzinfo=UTC)), SETTINGS)

    corrected = budget.refill(tripped, NOW, SETTINGS)

    assert corrected.open_until == later(hours=6)
