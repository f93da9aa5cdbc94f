"""The replica must be what a client meets at Google: documents, walls, budgets, signatures, answers."""

import gzip
import html
import http.client
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote, urlencode, urlsplit

import feedparser
import pytest

from aggregator.clock import ManualClock
from aggregator.google.ids import topic_id
from aggregator.replica import (
    Article,
    Faults,
    FeedFault,
    FeedForm,
    Item,
    LinkKind,
    Outlet,
    Replica,
    SignatureForm,
    Snapshot,
)
from aggregator.replica.minting import google_id, google_link
from aggregator.replica.routes import Place

NOW = datetime(2026, 7, 14, 4, 8, 56, tzinfo=UTC)
LOCALE = "hl=en-US&gl=US&ceid=US:en"
WORLD_ID = topic_id("/m/09nm_", "en", "US")

LAMP = Outlet("lamp", "Lamp & Anchor - Evening", "lampanchor.example")
BUOY = Outlet("buoy", "The Buoy", "thebuoy.example")
BRIDGE = Article(
    'Bridge "opens" | at <last> & again',
    LAMP,
    "https://lampanchor.example/2026/07/bridge?id=7&x=1",
    datetime(2026, 7, 14, 3, 33, 16, tzinfo=UTC),
    LinkKind.LEGACY,
    summary="Nobody fell in.",
)
CROWD = Article(
    "Crowd at new bridge", BUOY, "https://thebuoy.example/2026/07/crowd", datetime(2026, 7, 13, 9, tzinfo=UTC)
)
OTTER = Article(
    "Otter seen", BUOY, "https://thebuoy.example/2026/07/otter", datetime(2026, 7, 12, 8, tzinfo=UTC)
)
WORLD = Snapshot((Item((BRIDGE, CROWD)), Item((OTTER,))))
TOP = Snapshot((Item((OTTER,)),))
WELT = Snapshot((Item((CROWD,)),))
CONTENT = {
    "en-US/WORLD": WORLD,
    "en-US/top": TOP,
    "de-DE/WORLD": WELT,
    "en-US/geo:Port Alder": WELT,
    "en-US/search:otter when:1d": TOP,
    "outlet:buoy": Snapshot((Item((CROWD,)), Item((OTTER,)))),
}


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """One kept-alive connection without any cleverness of its own: no redirects, cookies, encodings."""

    def __init__(self, replica: Replica, source: str = "127.0.0.1") -> None:
        host = urlsplit(replica.base_url).netloc
        self._connection = http.client.HTTPConnection(host, source_address=(source, 0), timeout=10)

    def get(self, target: str, **headers: str) -> Got:
        return self._ask("GET", target, None, headers)

    def post(self, target: str, body: str, content_type: str) -> Got:
        return self._ask("POST", target, body.encode(), {"Content-Type": content_type})

    def _ask(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, target, body, named)
        response = self._connection.getresponse()
        return Got(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def replica(clock: ManualClock) -> Iterator[Replica]:
    with Replica(CONTENT, now=clock.now) as replica:
        yield replica


@pytest.fixture
def client(replica: Replica) -> Client:
    return Client(replica)


# --- feeds

HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><generator>NFE/5.0</generator>'
    "<title>World - Latest - Google News</title>"
    f"<link>https://news.google.com/topics/{WORLD_ID}?hl=en-US&amp;gl=US&amp;ceid=US:en</link>"
    "<language>en-US</language><webMaster>news-webmaster@google.com</webMaster>"
    "<copyright>Copyright © 2026 Google. All rights reserved. This XML feed is made available solely for the"
    " purpose of rendering Google News results within a personal feed reader for personal, non-commercial use."
    " Any other use of the feed is expressly prohibited. By accessing this feed or using these results in any"
    " manner whatsoever, you agree to be bound by the foregoing restrictions.</copyright>"
    "<lastBuildDate>Tue, 14 Jul 2026 04:08:56 GMT</lastBuildDate><image><title>Google News</title>"
    "<url>https://lh3.googleusercontent.com/-DR60l-K8vnyi99NZovm9HlXyZwQ85GMDxiwJWzoasZYCUrPuUM_P_4Rb7ei03j-"
    "0nRs0c4F=w256</url><link>https://news.google.com/</link><height>256</height><width>256</width></image>"
    "<description>Google News</description>"
)
GROUP = (
    '<item><title>Bridge "opens" | at &lt;last&gt; &amp; again - Lamp &amp; Anchor - Evening</title>'
    "<link>https://news.google.com/rss/articles/{bridge}?oc=5</link>"
    '<guid isPermaLink="false">{bridge}</guid><pubDate>Tue, 14 Jul 2026 03:33:16 GMT</pubDate><description>'
    '&lt;ol&gt;&lt;li&gt;&lt;a href="https://news.google.com/rss/articles/{bridge}?oc=5" target="_blank"&gt;'
    'Bridge "opens" | at &lt;last&gt; &amp; again&lt;/a&gt;&amp;nbsp;&amp;nbsp;&lt;font color="#6f6f6f"&gt;'
    "Lamp &amp; Anchor - Evening&lt;/font&gt;&lt;/li&gt;&lt;li&gt;"
    '&lt;a href="https://news.google.com/rss/articles/{crowd}?oc=5" target="_blank"&gt;Crowd at new bridge'
    '&lt;/a&gt;&amp;nbsp;&amp;nbsp;&lt;font color="#6f6f6f"&gt;The Buoy&lt;/font&gt;&lt;/li&gt;&lt;/ol&gt;'
    '</description><source url="https://lampanchor.example">Lamp &amp; Anchor - Evening</source></item>'
)
SINGLE = (
    "<item><title>Otter seen - The Buoy</title><link>https://news.google.com/rss/articles/{otter}?oc=5</link>"
    '<guid isPermaLink="false">{otter}</guid><pubDate>Sun, 12 Jul 2026 08:00:00 GMT</pubDate><description>'
    '&lt;a href="https://news.google.com/rss/articles/{otter}?oc=5" target="_blank"&gt;Otter seen&lt;/a&gt;'
    '&amp;nbsp;&amp;nbsp;&lt;font color="#6f6f6f"&gt;The Buoy&lt;/font&gt;</description>'
    '<source url="https://thebuoy.example">The Buoy</source></item>'
)
WORLD_PATH = f"/rss/topics/{WORLD_ID}?{LOCALE}"


def test_feed_document_is_character_for_character_googles(client: Client) -> None:
    ids = {"bridge": google_id(BRIDGE), "crowd": google_id(CROWD), "otter": google_id(OTTER)}

    got = client.get(WORLD_PATH)

    assert got.text == HEAD + GROUP.format(**ids) + SINGLE.format(**ids) + "</channel></rss>"


def test_feed_headers_offer_nothing_to_revalidate_with(client: Client) -> None:
    headers = client.get(WORLD_PATH).headers

    assert headers["content-type"] == "application/xml; charset=utf-8"
    assert headers["cache-control"] == "no-cache, no-store, max-age=0, must-revalidate"
    assert headers["transfer-encoding"] == "chunked"
    assert headers["date"] == "Tue, 14 Jul 2026 04:08:56 GMT"
    assert not headers.keys() & {"etag", "last-modified", "retry-after", "set-cookie", "content-encoding"}


def test_gzip_is_served_on_request_only_and_can_be_switched_off(replica: Replica, client: Client) -> None:
    plain = client.get(WORLD_PATH).body
    zipped = client.get(WORLD_PATH, Accept_Encoding="gzip")
    replica.set_faults(Faults(allows_gzip=False))

    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain
    assert client.get(WORLD_PATH, Accept_Encoding="gzip").body == plain


COVERAGE = r'<strong><a href="https://news\.google\.com/stories/CAAq[\w-]+\?oc=5" target="_blank">View full coverage on Google News</a></strong>'
FORMS = {
    "lists switched off": (FeedForm.NO_LISTS, "https://news.google.com/rss/articles/", r"<a .*</font>", 1),
    "publisher links of 2022": (FeedForm.DIRECT_2022, "https://lampanchor.example/", r"<ol>.*</ol>", 2),
    "redirect links of 2019": (
        FeedForm.COVERAGE_2019,
        "https://news.google.com/__i/rss/rd/articles/",
        rf"<ol>.*<li>{COVERAGE}</li></ol>",
        3,
    ),
    "full coverage of 2023": (
        FeedForm.COVERAGE_2023,
        "https://news.google.com/rss/articles/",
        rf"<ol>.*<li>{COVERAGE}</li></ol>",
        3,
    ),
}


@pytest.mark.parametrize(("form", "link", "description", "links"), FORMS.values(), ids=FORMS.keys())
def test_old_forms(
    replica: Replica, client: Client, form: FeedForm, link: str, description: str, links: int
) -> None:
    replica.set_faults(Faults(feed_form=form))

    entry = feedparser.parse(client.get(WORLD_PATH).body, sanitize_html=False).entries[0]

    assert entry.link.startswith(link)
    assert re.fullmatch(description, entry.summary)
    assert entry.summary.count("<a ") == links
    assert entry.id.isdecimal() is (form in (FeedForm.COVERAGE_2019, FeedForm.COVERAGE_2023))


ROUTES = {
    "topic by id": (f"/rss/topics/{WORLD_ID}?{LOCALE}", "World - Latest", 2),
    "the id decides, not the query": (f"/rss/topics/{WORLD_ID}?hl=de&gl=DE&ceid=DE:de", "Welt - Aktuell", 2),
    "German topic": (
        f"/rss/topics/{topic_id('/m/09nm_', 'de', 'DE')}?hl=de&gl=DE&ceid=DE:de",
        "Welt - Aktuell",
        1,
    ),
    "section by name": (f"/rss/headlines/section/topic/WORLD?{LOCALE}", "World - Latest", 2),
    "place": (f"/rss/headlines/section/geo/Port%20Alder?{LOCALE}", "Port Alder", 1),
    "search": (f"/rss/search?q=otter+when:1d&{LOCALE}", '"otter when:1d"', 1),
    "search without results": (f"/rss/search?q=heron&{LOCALE}", '"heron"', 0),
    "top stories": (f"/rss?{LOCALE}", "Top stories", 1),
    "unknown section shows top stories": (f"/rss/headlines/section/technology?{LOCALE}", "Top stories", 1),
    "section without content shows top stories": (
        f"/rss/headlines/section/topic/SPORTS?{LOCALE}",
        "Top stories",
        1,
    ),
    "invented topic id shows top stories": (f"/rss/topics/CAAqnonsense?{LOCALE}", "Top stories", 1),
    "unknown edition is empty": ("/rss?hl=fr&gl=FR&ceid=FR:fr", "Top stories", 0),
}


@pytest.mark.parametrize(("target", "title", "items"), ROUTES.values(), ids=ROUTES.keys())
def test_content_is_chosen_by_section_and_edition(
    client: Client, target: str, title: str, items: int
) -> None:
    got = client.get(target)

    assert f"<title>{title} - Google News</title>" in got.text
    assert got.text.count("<item>") == items


ARTICLE_PATH = f"/rss/articles/{google_id(CROWD)}"
LOCALE_REDIRECTS = {
    "no locale": ("/rss", f"https://news.google.com/rss?{LOCALE}"),
    "half a locale": ("/rss?hl=de&gl=DE", f"https://news.google.com/rss?{LOCALE}"),
    "other parameters stay": ("/rss/search?q=a+b", f"https://news.google.com/rss/search?q=a+b&{LOCALE}"),
    "non-canonical language is dropped first": (
        "/rss?hl=EN-US&gl=US&ceid=US:en",
        "https://news.google.com/rss?gl=US&ceid=US:en",
    ),
    "article page": (f"{ARTICLE_PATH}?oc=5", f"https://news.google.com{ARTICLE_PATH}?oc=5&{LOCALE}"),
}


@pytest.mark.parametrize(("target", "location"), LOCALE_REDIRECTS.values(), ids=LOCALE_REDIRECTS.keys())
def test_a_locale_that_is_missing_or_misspelled_is_redirected(
    client: Client, target: str, location: str
) -> None:
    got = client.get(target)

    assert (got.status, got.headers["location"]) == (302, location)


FEED_FAULTS = {
    "empty": (FeedFault.EMPTY, 200, r"<\?xml.*</description></channel></rss>"),
    "truncated in an item": (FeedFault.TRUNCATED, 200, r"<\?xml.*<item>(?!.*</item>).*"),
    "unavailable": (FeedFault.UNAVAILABLE, 503, r".*Service Unavailable.*"),
    "too many requests": (FeedFault.TOO_MANY, 429, r".*unusual traffic.*"),
    "consent page instead": (FeedFault.CONSENT, 200, r".*<title>Before you continue.*"),
}


@pytest.mark.parametrize(("fault", "status", "body"), FEED_FAULTS.values(), ids=FEED_FAULTS.keys())
def test_feed_faults(replica: Replica, client: Client, fault: FeedFault, status: int, body: str) -> None:
    replica.set_faults(Faults(feed=fault))

    got = client.get(WORLD_PATH)

    assert got.status == status
    assert re.fullmatch(body, got.text, re.DOTALL)
    assert ("retry-after" in got.headers) is (status in (429, 503))


def test_content_moves_on_by_section_key_or_by_the_feeds_url(replica: Replica, client: Client) -> None:
    replica.show("https://news.google.com" + WORLD_PATH, TOP)
    assert client.get(WORLD_PATH).text.count("<item>") == 1

    replica.show("en-US/WORLD", Snapshot())
    assert client.get(WORLD_PATH).text.count("<item>") == 0


# --- article pages

PAGE = f"{ARTICLE_PATH}?{LOCALE}"


def element(page: str) -> dict[str, str]:
    found = re.search(r'<div jscontroller="aLI87"([^>]*)>', page)
    assert found
    return {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', found[1])}


def inner_of_data_p(page: str) -> list[object]:
    """The widely copied recipe, as the second extractor of clients has it."""
    data_p = re.search(r'<c-wiz[^>]* data-p="([^"]*)"', page)
    assert data_p
    array = json.loads(html.unescape(data_p[1]).replace("%.@.", '["garturlreq",'))
    return [*array[:-6], *array[-2:]]


def test_article_page_is_as_long_as_googles_and_signs_at_its_end(client: Client) -> None:
    got = client.get(PAGE)
    at = got.body.index(b"data-n-a-sg")

    assert len(got.body) == 597_296
    assert 595_296 < at < 597_296
    assert not got.headers.keys() & {"set-cookie", "retry-after"}
    assert re.fullmatch(r"A[\w-]{27}", element(got.text)["data-n-a-sg"])
    assert element(got.text)["data-n-a-ts"] == str(int(NOW.timestamp()))
    assert element(got.text)["data-n-a-id"] == google_id(CROWD)


def test_gzipped_page_is_the_same_page_and_much_smaller(client: Client) -> None:
    zipped = client.get(PAGE, Accept_Encoding="gzip")

    assert gzip.decompress(zipped.body) == client.get(PAGE).body
    assert 5 < 597_296 / len(zipped.body) < 8


SIGNATURE_FORMS = {
    "timestamp first": (SignatureForm.PLAIN, r'data-n-a-ts="\d+" data-n-a-sg="A[\w-]{27}"', True),
    "signature first": (SignatureForm.SWAPPED, r'data-n-a-sg="A[\w-]{27}" data-n-a-ts="\d+"', True),
    "character references": (SignatureForm.ESCAPED, r'data-n-a-sg="(&#\d+;){28}"', True),
    "data-p only": (SignatureForm.DATA_P, None, True),
    "layout changed": (SignatureForm.NONE, None, False),
}


@pytest.mark.parametrize(
    ("form", "attributes", "has_data_p"), SIGNATURE_FORMS.values(), ids=SIGNATURE_FORMS.keys()
)
def test_signature_forms(
    replica: Replica, client: Client, form: SignatureForm, attributes: str | None, has_data_p: bool
) -> None:
    replica.set_faults(Faults(signature=form))

    page = client.get(PAGE).text

    assert bool(re.search(attributes or r"data-n-a-[st][gs]", page)) is (attributes is not None)
    assert (" data-p=" in page) is has_data_p


def test_an_id_that_is_none_is_a_bad_request(client: Client) -> None:
    assert client.get(f"/rss/articles/nonsense?{LOCALE}").status == 400


# --- budget


def statuses(client: Client, count: int) -> list[int]:
    return [client.get(PAGE, Accept_Encoding="gzip").status for _ in range(count)]


def test_pages_beyond_the_budget_are_refused_until_the_refusal_ends(
    replica: Replica, client: Client, clock: ManualClock
) -> None:
    replica.set_faults(Faults(page_budget=3, refusal_seconds=600))

    assert statuses(client, 4) == [200, 200, 200, 429]
    clock.advance(timedelta(seconds=599))
    assert statuses(client, 1) == [429]  # and starts the refusal anew
    clock.advance(timedelta(seconds=599))
    assert statuses(client, 1) == [429]
    clock.advance(timedelta(seconds=600))
    assert statuses(client, 4) == [200, 200, 200, 429]


def test_who_waits_is_never_refused(replica: Replica, client: Client, clock: ManualClock) -> None:
    replica.set_faults(Faults(page_budget=1, page_refill_seconds=70))
    served = []
    for _ in range(5):
        served += statuses(client, 1)
        clock.advance(timedelta(seconds=70))

    assert served == [200] * 5


def test_the_budget_is_per_address_and_only_pages_count(replica: Replica, client: Client) -> None:
    replica.set_faults(Faults(page_budget=1))

    assert statuses(client, 2) == [200, 429]
    assert statuses(Client(replica, source="127.0.0.2"), 1) == [200]
    assert client.get(WORLD_PATH).status == 200


def test_a_refusal_says_nothing_about_when_it_ends(replica: Replica, client: Client) -> None:
    replica.set_faults(Faults(page_budget=0))
    refused = client.get(PAGE)
    replica.set_faults(Faults(page_budget=0, refuses_with_redirect=True))
    redirected = client.get(PAGE)

    assert (refused.status, "unusual traffic" in refused.text) == (429, True)
    assert "retry-after" not in refused.headers
    assert redirected.status == 302
    assert redirected.headers["location"].startswith(
        "https://www.google.com/sorry/index?continue=https://news."
    )
    assert client.get("/sorry/index?continue=x").status == 429


# --- walls


@pytest.mark.parametrize("prefix", ["/articles/", "/read/"])
def test_other_article_paths_lead_to_the_sorry_page_unless_classic(
    replica: Replica, client: Client, prefix: str
) -> None:
    target = f"{prefix}{google_id(CROWD)}?{LOCALE}"
    blocked = client.get(target)
    replica.set_faults(Faults(blocks_articles_path=False))

    assert urlsplit(blocked.headers["location"]).path == "/sorry/index"
    assert element(client.get(target).text)["data-n-a-id"] == google_id(CROWD)


@pytest.mark.parametrize("target", ["/", "/search?q=x", f"/stories/CAAq?{LOCALE}", f"/topics/{WORLD_ID}"])
def test_pages_for_people_are_refused(client: Client, target: str) -> None:
    assert client.get(target).status == 429


def path_of(location: str, host: str) -> str:
    parts = urlsplit(location)
    assert f"{parts.scheme}://{parts.netloc}" == host
    return f"{parts.path}?{parts.query}"


def test_consent_wall_lets_through_who_sends_no_cookie(replica: Replica, client: Client) -> None:
    replica.set_faults(Faults(has_consent_wall=True))
    walled = client.get(PAGE)
    consent = path_of(walled.headers["location"], "https://consent.google.com")
    back = client.get(consent)

    assert walled.status == 302
    assert consent.startswith("/m?continue=https%3A%2F%2Fnews.google.com%2Frss%2Farticles%2F")
    assert consent.endswith("&gl=DE&m=0&pc=n&cm=2&hl=en-US&src=1")
    assert back.status == 303
    assert element(client.get(path_of(back.headers["location"], "https://news.google.com")).text)


def test_consent_wall_stops_who_sends_its_cookie_back(replica: Replica, client: Client) -> None:
    replica.set_faults(Faults(has_consent_wall=True))
    walled = client.get(PAGE)
    cookie = walled.headers["set-cookie"].partition(";")[0]
    page = client.get(path_of(walled.headers["location"], "https://consent.google.com"), Cookie=cookie)

    assert cookie.startswith("SOCS=CAAaBg")
    assert page.status == 200
    assert "<title>Before you continue" in page.text
    assert 600_000 < len(page.body) < 700_000


def test_consent_wall_knows_a_decision_and_no_forged_marker(replica: Replica, client: Client) -> None:
    replica.set_faults(Faults(has_consent_wall=True))

    assert client.get(PAGE, Cookie="SOCS=CAESHAgBEhJnd3NfMjAyNg").status == 200
    assert client.get(f"{PAGE}&cbk=abcdefghijkl").status == 302


def test_redirects_can_name_the_replica_itself(replica: Replica, client: Client) -> None:
    replica.set_faults(Faults(has_consent_wall=True, redirects_to_self=True))
    consent = path_of(client.get(PAGE).headers["location"], replica.base_url)
    back = client.get(consent).headers["location"]

    assert unquote(consent).startswith(f"/m?continue={replica.base_url}/rss/articles/")
    assert client.get(path_of(back, replica.base_url)).status == 200


# --- batchexecute

FORM = "application/x-www-form-urlencoded;charset=UTF-8"
BATCH = "/_/DotsSplashUi/data/batchexecute"


def envelope(client: Client, article: Article, tag: str) -> list[object]:
    page = client.get(f"/rss/articles/{google_id(article)}?{LOCALE}").text
    inner = json.dumps(inner_of_data_p(page), separators=(",", ":"))
    return ["Fbv4je", inner, None, tag]


def post(client: Client, envelopes: list[object], query: str = "") -> Got:
    return client.post(BATCH + query, urlencode({"f.req": json.dumps([envelopes])}), FORM)


def rows(got: Got) -> list[list[object]]:
    assert got.text.startswith(")]}'\n\n")
    text = got.text.removeprefix(")]}'\n\n")
    lines = [line for line in text.split("\n") if line.startswith("[")]
    return [row for line in lines for row in json.loads(line)]


def answers(got: Got) -> dict[object, object]:
    return {
        row[6]: json.loads(str(row[2]))[1] if row[2] else row[5] for row in rows(got) if row[0] == "wrb.fr"
    }


@pytest.mark.parametrize("is_chunked", [False, True], ids=["one array", "chunks"])
def test_a_batch_is_answered_by_tag_in_both_framings(
    replica: Replica, client: Client, is_chunked: bool
) -> None:
    replica.set_faults(Faults(chunks_batches=is_chunked))

    got = post(
        client, [envelope(client, article, str(n)) for n, article in enumerate((BRIDGE, CROWD, OTTER))]
    )

    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert answers(got) == {"0": BRIDGE.url, "1": CROWD.url, "2": OTTER.url}
    assert "?id\\\\u003d7\\\\u0026x\\\\u003d1" in got.text
    assert bool(re.match(r"\)\]\}'\n\n\d+\n\[", got.text)) is is_chunked


def test_chunk_lengths_count_the_line_breaks_around_them(client: Client) -> None:
    got = post(client, [envelope(client, OTTER, "x")], query="?rt=c")

    _, _, *chunks = got.text.split("\n")
    lengths, arrays = chunks[0:4:2], chunks[1:4:2]
    assert [int(length) for length in lengths] == [len(array) + 2 for array in arrays]
    assert json.loads(arrays[1])[0][:2] == ["e", 4]


def test_rows_come_in_any_order_and_the_trailer_varies(client: Client) -> None:
    sent = [envelope(client, OTTER, str(n)) for n in range(8)]
    got = [rows(post(client, list(sent))) for _ in range(8)]

    assert len({tuple(row[6] for row in each if row[0] == "wrb.fr") for each in got}) > 1
    assert {each[-1][0] for each in got} == {"di", "af.httprm"}


def test_a_tag_that_was_left_out_is_echoed_as_nothing(client: Client) -> None:
    assert answers(post(client, [envelope(client, OTTER, "x")[:2]])) == {"": OTTER.url}


def test_envelopes_in_lists_of_their_own_are_accepted_and_only_the_first_is_answered(client: Client) -> None:
    wrapped = [[envelope(client, OTTER, "1")], [envelope(client, CROWD, "2")]]

    assert answers(post(client, wrapped)) == {"1": OTTER.url}


UNKNOWN = replace(OTTER, url="https://thebuoy.example/never-shown")
INVALID = {
    "unsigned": lambda inner: inner[:-2],
    "signature of another article": lambda inner: [*inner[:-1], "A" + "x" * 27],
    "timestamp of another page": lambda inner: [*inner[:-2], inner[-2] + 1, inner[-1]],
    "another question": lambda inner: ["gurlreq", *inner[1:]],
}


@pytest.mark.parametrize("change", INVALID.values(), ids=INVALID.keys())
def test_invalid_arguments_get_3(client: Client, change) -> None:
    good = envelope(client, OTTER, "good")
    bad = ["Fbv4je", json.dumps(change(json.loads(str(good[1])))), None, "bad"]

    assert answers(post(client, [good, bad])) == {"good": OTTER.url, "bad": [3]}


def test_an_article_that_was_never_shown_gets_3_and_a_forgotten_one_5(
    replica: Replica, client: Client
) -> None:
    replica.set_faults(Faults(forgotten_ids=frozenset({google_id(OTTER)})))

    got = post(client, [envelope(client, UNKNOWN, "unknown"), envelope(client, OTTER, "forgotten")])

    assert answers(got) == {"unknown": [3], "forgotten": [5]}


def test_a_signature_ages(client: Client, clock: ManualClock) -> None:
    sent = [envelope(client, OTTER, "x")]
    clock.advance(timedelta(seconds=600))
    in_time = answers(post(client, list(sent)))
    clock.advance(timedelta(seconds=1))

    assert (in_time, answers(post(client, list(sent)))) == ({"x": OTTER.url}, {"x": [3]})


def test_faulty_answers(replica: Replica, client: Client) -> None:
    sent = [envelope(client, OTTER, "1"), envelope(client, CROWD, "2")]
    replica.set_faults(Faults(drops_first_row=True))
    dropped = answers(post(client, list(sent)))
    replica.set_faults(Faults(doubles_first_row=True))
    tags = [row[6] for row in rows(post(client, list(sent))) if row[0] == "wrb.fr"]

    assert dropped == {"2": CROWD.url}
    assert sorted(map(str, tags)) == ["1", "1", "2"]


MALFORMED = {
    "two levels": (urlencode({"f.req": json.dumps([["Fbv4je", "[]", None, "1"]])}), FORM),
    "no f.req": ("other=1", FORM),
    "not JSON": ("f.req=%5B", FORM),
    "another RPC": (urlencode({"f.req": json.dumps([[["Xyz", "[]", None, "1"]]])}), FORM),
    "wrong content type": (urlencode({"f.req": json.dumps([[["Fbv4je", "[]", None, "1"]]])}), "text/plain"),
}


@pytest.mark.parametrize(("body", "content_type"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_requests_get_400(client: Client, body: str, content_type: str) -> None:
    got = client.post(BATCH, body, content_type)

    assert got.status == 400
    assert rows(got)[0] == ["er", None, None, None, None, 400, None, None, None, 3]


# --- outlets

OTTER_PAGE = "/publishers/buoy/2026/07/otter"
DOCUMENTS = {"RSS": "feed.xml", "Atom": "atom.xml", "JSON Feed": "feed.json"}


@pytest.mark.parametrize("name", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_outlets_have_feeds_whose_validators_hold_until_the_content_changes(
    replica: Replica, client: Client, clock: ManualClock, name: str
) -> None:
    target = f"/publishers/buoy/{name}"
    first = client.get(target)
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    unchanged = client.get(target, If_None_Match=etag)
    replica.show("outlet:buoy", CONTENT["outlet:buoy"])  # the same again
    still = client.get(target, If_Modified_Since=modified)
    clock.advance(timedelta(hours=1))
    replica.show(target, TOP)

    assert OTTER.url + "?utm_source=rss" in html.unescape(first.text)
    assert (unchanged.status, unchanged.body, still.status) == (304, b"", 304)
    assert unchanged.headers["etag"] == etag
    assert client.get(target, If_None_Match=etag, If_Modified_Since=modified).status == 200
    assert client.get(target, If_Modified_Since=modified).status == 200


def test_feeds_of_outlets_are_what_they_say(client: Client) -> None:
    versions = [
        feedparser.parse(client.get(f"/publishers/buoy/{name}").body) for name in ("feed.xml", "atom.xml")
    ]
    document = json.loads(client.get("/publishers/buoy/feed.json").body)

    assert [parsed.version for parsed in versions] == ["rss20", "atom10"]
    assert [[entry.title for entry in parsed.entries] for parsed in versions] == [
        [CROWD.headline, OTTER.headline]
    ] * 2
    assert [item["title"] for item in document["items"]] == [CROWD.headline, OTTER.headline]


PAGES = {
    "article": (OTTER_PAGE, 200, '<link rel="canonical" href="https://thebuoy.example/2026/07/otter">'),
    "AMP twin": (
        "/publishers/buoy/amp/2026/07/otter",
        200,
        '<link rel="canonical" href="https://thebuoy.example/2026',
    ),
    "meta refresh": ("/publishers/buoy/refresh/2026/07/otter", 200, f'content="0; url={OTTER_PAGE}"'),
    "unknown page": ("/publishers/buoy/nowhere", 404, "Not found"),
    "unknown outlet": ("/publishers/nobody/feed.xml", 404, "No such outlet"),
    "outlet without feed": ("/publishers/lamp/feed.xml", 404, "no feed"),
}


@pytest.mark.parametrize(("target", "status", "text"), PAGES.values(), ids=PAGES.keys())
def test_pages_of_outlets(client: Client, target: str, status: int, text: str) -> None:
    got = client.get(target)

    assert (got.status, text in got.text) == (status, True)


def test_redirect_chains_end_at_the_page(client: Client) -> None:
    target, hops = "/publishers/buoy/moved/3/2026/07/otter", 0
    while (got := client.get(target)).status == 301:
        target, hops = got.headers["location"], hops + 1

    assert (target, hops, got.status) == (OTTER_PAGE, 3, 200)


# --- the server

RAW = {
    "no request line": (b"nonsense\r\n\r\n", b"HTTP/1.1 400 "),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\n", b"HTTP/1.1 400 "),
    "a length that is none": (b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 400 "),
    "HEAD has no body": (
        b"HEAD /publishers/buoy/feed.xml HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 ",
    ),
    "unknown path": (b"GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 404 "),
    "wrong method": (b"POST /rss HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 405 "),
}


@pytest.mark.parametrize(("sent", "begins"), RAW.values(), ids=RAW.keys())
def test_raw_requests(replica: Replica, sent: bytes, begins: bytes) -> None:
    address = urlsplit(replica.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert received.startswith(begins)
    assert not sent.startswith(b"HEAD") or received.endswith(b"\r\n\r\n")


def test_every_request_is_in_the_log(replica: Replica, client: Client) -> None:
    client.get("/rss?x=%41", X_Thing="1")
    client.get(f"/publishers/buoy/feed.xml?{quote('ü')}")

    first, second = replica.requests
    assert (first.method, first.path, first.query, first.target) == ("GET", "/rss", {"x": "A"}, "/rss?x=%41")
    assert (first.headers["x-thing"], first.place, first.status) == ("1", Place.FEED, 302)
    assert second.place is Place.OUTLET
    assert replica.counts == {Place.FEED: 1, Place.OUTLET: 1}


def test_leaving_the_block_frees_the_port_with_connections_open() -> None:
    with Replica() as first:
        Client(first).get("/")
        port = urlsplit(first.base_url).port or 0
    with Replica(port=port) as second:
        assert Client(second).get("/").status == 429


def test_articles_can_be_known_without_being_listed(replica: Replica, client: Client) -> None:
    replica.add_articles([UNKNOWN])

    assert answers(post(client, [envelope(client, UNKNOWN, "x")])) == {"x": UNKNOWN.url}
    assert google_link(UNKNOWN).endswith("?oc=5")
