"""The page as strangers and friends meet it: what is refused, what is harmless, what a token's holder may do."""

import json
import re
import sqlite3
import stat
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aggregator.app import load_app
from aggregator.errors import SecretError, StoreBusy
from aggregator.operations import OPERATIONS
from aggregator.pipeline.local_grouper import LocalGrouper
from aggregator.store import open_reader, open_store
from aggregator.store.readers import ReaderPool
from aggregator.web import build_app, load_token, token_path
from aggregator.web.guard import is_from_here, is_known_host
from aggregator.web.login import Keeper
from tests.test_door import Opened

TOKEN = "a token of sixteen characters or more"
ORIGIN = "http://127.0.0.1:8765"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONFIG = Path("var/demo/aggregator.toml")


def client_of(home: Path) -> TestClient:
    app = build_app(load_app(CONFIG, home), TOKEN)
    return TestClient(app, base_url=ORIGIN, follow_redirects=False, raise_server_exceptions=True)


@pytest.fixture(scope="module")
def client(demo):
    with client_of(demo[0]) as client:
        yield client


@pytest.fixture(scope="module")
def widest(demo):
    """The widest story of the demo's last day."""
    return demo[1].stories[0]


@pytest.fixture
def writable(demo_copy):
    """A page of a copy of the demo, with a person logged in; and the copy's store."""
    with client_of(demo_copy) as client:
        log_in(client)
        yield client, demo_copy / "var/demo/aggregator.db"


def log_in(client: TestClient) -> None:
    answer = client.post("/login", data={"token": TOKEN}, headers={"Origin": ORIGIN})
    assert answer.status_code == 303, answer.text


def form_token(client: TestClient) -> str:
    return re.search(r'name="form_token" value="(\w+)"', client.get("/corrections").text)[1]


def send(client: TestClient, path: str, origin: str = ORIGIN, **fields: object):
    fields = {"form_token": form_token(client), **fields}
    return client.post(path, data=fields, headers={"Origin": origin})


# --- what everybody may read -----------------------------------------------------------------------


def test_every_kind_of_page_can_be_walked_to(client):
    """Follow our links from the first page, some of each kind: all lead somewhere, nothing is left unescaped."""
    kinds, seen, waiting = Counter(), set(), ["/"]
    while waiting:
        address = waiting.pop(0)
        kind = re.match(r"/[^/?]*\??", address).group()
        if address in seen or kinds[kind] == 5:
            continue
        seen.add(address)
        kinds[kind] += 1
        answer = client.get(address)
        assert answer.status_code in (200, 302), address
        if answer.status_code == 302:
            waiting.append(answer.headers["location"])
        elif answer.headers["content-type"].startswith("text/html") and kind != "/digests":
            assert "<script" not in answer.text
            assert " style=" not in answer.text
            waiting += [found.replace("&amp;", "&") for found in re.findall(r'href="(/[^"]*)"', answer.text)]
    walked = {kind.strip("/?") for kind in kinds}
    assert walked >= {
        "day",
        "story",
        "article",
        "outlet",
        "outlets",
        "feed",
        "decisions",
        "digests",
        "corrections",
    }


def test_the_first_page_is_the_newest_day(client, demo):
    assert client.get("/").headers["location"] == f"/day/{demo[1].day}"


def test_a_day_shows_its_stories_in_order_with_outlets_and_other_days(client, demo):
    page = client.get(f"/day/{demo[1].day}").text
    numbers = [int(number) for number in re.findall(r'<h2[^>]*><a href="/story/(\d+)"', page)]
    assert numbers == [row["story_id"] for row in demo[1].stories]
    assert f'rel="prev" href="/day/{demo[1].day - timedelta(days=1)}"' in page
    articles = sum(row["articles"] for row in demo[1].stories)
    assert f"{len(numbers)} stories from {articles} articles" in page


FILTERS = {
    "status": ("status=ongoing", lambda story: story["status"] == "ongoing"),
    "language": ("language=de", lambda story: story["language"] == "de"),
    "topic": ("topic=technology", lambda story: "technology" in story["topics"]),
    "two at once": (
        "topic=world&status=new",
        lambda story: "world" in story["topics"] and story["status"] == "new",
    ),
    "nothing fits": ("topic=gardening", lambda story: False),
}


@pytest.mark.parametrize(("query", "fits"), FILTERS.values(), ids=FILTERS.keys())
def test_filters_of_a_day(client, demo, query, fits):
    day = demo[1].day
    every = client.get(f"/day/{day}.json").json()["stories"]
    chosen = client.get(f"/day/{day}.json?{query}").json()["stories"]
    assert chosen == [story for story in every if fits(story)]
    page = client.get(f"/day/{day}?{query}").text
    assert [int(n) for n in re.findall(r'<h2[^>]*><a href="/story/(\d+)"', page)] == [
        s["story_id"] for s in chosen
    ]


def test_the_number_beside_a_filter_is_what_it_shows(client, demo):
    address = f"/day/{demo[1].day}"
    choices = re.findall(
        r'<a href="([^"]+)"[^>]*>[\w-]+ <span class="n">(\d+)</span>', client.get(address).text
    )
    assert len(choices) > 6
    for choice, number in choices:
        page = client.get(choice.replace("&amp;", "&")).text
        assert len(re.findall(r'<li class="story\b', page)) == int(number), choice


def test_a_story_says_why_each_article_is_in_it(client, widest):
    page = client.get(f"/story/{widest['story_id']}").text
    story = client.get(f"/story/{widest['story_id']}.json").json()
    assert len(story["articles"]) == widest["articles_total"]
    assert all(article["why"].startswith(("joined with", "alone")) for article in story["articles"])
    assert "their headlines are alike" in page
    assert re.search(r"mean similarity 0\.\d+ to \d+ of \d+ members, line at 0\.\d+", page)
    assert "listed together by Google" in page


def test_feeds_for_readers_are_atom_with_lasting_ids(client, widest, demo):
    for address in (f"/day/{demo[1].day}.atom", f"/story/{widest['story_id']}.atom"):
        answer = client.get(address)
        assert answer.headers["content-type"].startswith("application/atom+xml")
        feed = ET.fromstring(answer.content)
        atom = "{http://www.w3.org/2005/Atom}"
        ids = [entry.findtext(f"{atom}id") for entry in feed.iterfind(f"{atom}entry")]
        assert ids
        assert len(set(ids)) == len(ids)
        assert all(ident.startswith("tag:headline-aggregator,20") for ident in ids)
        assert feed.find(f"{atom}link[@rel='self']").get("href") == ORIGIN + address


SEARCHES = {
    "words": ("strait", "Strait"),
    "operators": ('outlet:"Harbour Post" topic:world', "The Harbour Post"),
    "Cyrillic": ("лавины", "лавины"),
    "nothing": ("zzzz", "Nothing found"),
    "no day": ("day:soon", "day:soon is no day"),
    "a tag": ("<script>alert(1)</script>", "“&lt;script&gt;"),
    "a query language": ('" OR 1=1 NEAR(', "Nothing found"),
}


@pytest.mark.parametrize(("words", "shown"), SEARCHES.values(), ids=SEARCHES.keys())
def test_search(client, words, shown):
    answer = client.get("/search", params={"q": words})
    assert answer.status_code == 200
    assert shown in answer.text


NOT_THERE = [
    *("/nothing", "/story/999999", "/story/99999999999999999999", "/story/x", "/story/-1", "/article/999999"),
    *("/day/2026-02-30", "/day/yesterday", "/day/2026-1-1", "/day/0001-01-01", "/day/2026-02-30.json"),
    *(
        "/feed/999",
        "/outlet/Nobody",
        "/outlet/",
        "/digests/999999/x.md",
        "/decisions/soon",
        "/feeds?state=odd",
    ),
    *("/outlets?span=century", "/story/999999.atom", "/style-0.css"),
]


@pytest.mark.parametrize("address", NOT_THERE)
def test_what_is_not_there_is_a_404_page(client, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "To the newest day" in answer.text


def test_a_day_without_stories_is_a_page(client):
    answer = client.get("/day/2020-01-01")
    assert answer.status_code == 200
    assert "Nothing came in on this day" in answer.text


def test_a_merged_story_leads_to_the_one_that_it_is_in(demo_copy):
    store = demo_copy / "var/demo/aggregator.db"
    with open_store(store) as opened:
        opened.write(lambda db: db.execute("UPDATE stories SET merged_into = 2 WHERE story_id = 1"))
    with client_of(demo_copy) as client:
        answer = client.get("/story/1")
        assert (answer.status_code, answer.headers["location"]) == (301, "/story/2")
        assert client.get("/story/1.json").json()["story_id"] == 2


# --- caching and methods ---------------------------------------------------------------------------


def test_a_page_is_asked_about_again_and_not_sent_twice(client, demo):
    first = client.get(f"/day/{demo[1].day}")
    again = client.get(f"/day/{demo[1].day}", headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_the_style_sheet_is_kept_for_ever_under_a_name_of_its_own(client):
    address = re.search(r'rel="stylesheet" href="([^"]+)"', client.get("/feeds").text)[1]
    answer = client.get(address)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("address", ["/feeds", "/search?q=strait", "/decisions", "/corrections.jsonl"])
def test_head_tells_what_get_would(client, address):
    head, get = client.head(address), client.get(address)
    assert (head.status_code, head.headers["content-length"]) == (200, get.headers["content-length"])
    assert head.content == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_pages_take_no_other_method(client, method):
    assert client.request(method, "/feeds").status_code == 405


# --- strangers -------------------------------------------------------------------------------------


def test_every_answer_carries_the_headers(client):
    for address in ("/feeds", "/nothing", "/day/2026-02-30"):
        headers = client.get(address).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "no-referrer" in headers["referrer-policy"]


HOSTS = {
    "loopback with a port": ("127.0.0.1:8765", True),
    "its name": ("localhost", True),
    "its name in capitals, with a dot": ("LOCALHOST.:80", True),
    "IPv6": ("[::1]:8765", True),
    "configured": ("news.example.org", True),
    "a foreign name that leads here": ("evil.example", False),
    "a name that begins like ours": ("localhost.evil.example", False),
    "a user before it": ("localhost@evil.example", False),
    "a port that is none": ("localhost:x", False),
    "nothing": ("", False),
}


@pytest.mark.parametrize(("host", "is_known"), HOSTS.values(), ids=HOSTS.keys())
def test_hosts(client, host, is_known):
    assert is_known_host(host, {"127.0.0.1", "localhost", "[::1]", "news.example.org"}) is is_known
    if host != "news.example.org":
        assert client.get("/feeds", headers={"Host": host}).status_code == (200 if is_known else 400)


ORIGINS = {
    "a page of ours": ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
    "a page of ours, of an older browser": ({"origin": "http://localhost:1"}, True),
    "another site": ({"sec-fetch-site": "cross-site", "origin": "http://localhost:1"}, False),
    "another port": ({"sec-fetch-site": "same-site", "origin": "http://localhost:2"}, False),
    "typed": ({"sec-fetch-site": "none"}, False),
    "another site, of an older browser": ({"origin": "http://evil.example"}, False),
    "a sandbox": ({"origin": "null"}, False),
    "no browser": ({}, False),
}


@pytest.mark.parametrize(("headers", "is_ours"), ORIGINS.values(), ids=ORIGINS.keys())
def test_where_a_form_comes_from(headers, is_ours):
    assert is_from_here({"host": "localhost:1", **headers}) is is_ours


def test_an_endless_address_is_refused(client):
    assert client.get("/search?q=" + "a" * 8_000).status_code == 200
    assert client.get("/search?q=" + "a" * 9_000).status_code == 414


def test_a_form_has_a_largest_size(writable):
    client, _ = writable
    assert send(client, "/correct", kind="pin", a="9" * 20_000).status_code == 413


HOSTILE = '</a><script>alert("x")</script> \u202egnp.exe'


@pytest.fixture
def hostile(demo_copy):
    """A story whose first article has markup in every text and a script in every address."""
    store = demo_copy / "var/demo/aggregator.db"
    with open_store(store) as opened:
        opened.write(
            lambda db: db.execute(
                "UPDATE articles SET headline = ?, outlet = ?, outlet_host = ?, link = 'javascript:alert(1)',"
                " publisher_url = ' JaVaScRiPt:alert(2)', canonical_url = 'data:text/html,x', summary = ?",
                [HOSTILE] * 4,
            )
        )
        opened.write(lambda db: db.execute("UPDATE story_days SET headline = ?, topic = ?", [HOSTILE] * 2))
        opened.write(lambda db: db.execute("UPDATE outlet_days SET name = ?", [HOSTILE]))
        opened.write(lambda db: db.execute("UPDATE feeds SET name = ?, last_error = ?", [HOSTILE] * 2))
    with client_of(demo_copy) as client:
        yield client


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/story/50",
        "/article/129",
        "/search?q=a",
        "/search?q=day:2026",
        "/outlets",
        "/feeds",
        "/feed/1",
        "/decisions",
    ],
)
def test_markup_and_scripts_of_feeds_are_text(hostile, address):
    page = hostile.get(address, follow_redirects=True).text
    assert "<script" not in page
    assert "\u202e" not in page
    for found in re.findall(r'href="([^"]*)"', page):
        assert re.match(r"/|https?://|data:,$|#", found), found


def test_a_script_as_address_is_shown_and_not_linked(hostile):
    page = hostile.get("/article/129").text
    assert "javascript:alert(1)" in page
    assert not re.search(r'href="\s*javascript', page, re.IGNORECASE)
    atom = hostile.get("/story/50.atom").text
    assert "javascript" not in atom


# --- digests' files --------------------------------------------------------------------------------


def digest_of(store: Path, ending: str) -> tuple[int, str]:
    with open_reader(store) as connection:
        row = connection.execute(
            "SELECT digest_id, path FROM digests WHERE path LIKE ?", [f"%{ending}"]
        ).fetchone()
    return row["digest_id"], Path(row["path"]).name


def test_a_digests_page_is_shown_in_a_sandbox(client, demo):
    number, name = digest_of(demo[1].store, ".html")
    answer = client.get(f"/digests/{number}/{name}")
    assert answer.headers["content-type"].startswith("text/html")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (demo[0] / "var/demo/digests" / name).read_bytes() == answer.content


ESCAPES = {
    "upwards": "var/demo/digests/../../../secret.md",
    "absolute": "{outside}",
    "a link that leads outside": "var/demo/digests/link.md",
    "a folder": "var/demo/digests",
    "gone": "var/demo/digests/gone.md",
    "not text": "var/demo/digests/\0.md",
}


@pytest.mark.parametrize("path", ESCAPES.values(), ids=ESCAPES.keys())
def test_no_file_outside_of_the_digests_is_sent(demo_copy, tmp_path, path):
    outside = tmp_path / "outside.md"
    for secret in (outside, demo_copy / "secret.md"):
        secret.write_text("secret")
    (demo_copy / "var/demo/digests/link.md").symlink_to(outside)
    logged = path.format(outside=outside)
    with open_store(demo_copy / "var/demo/aggregator.db") as store:
        store.write(lambda db: db.execute("UPDATE digests SET path = ? WHERE digest_id = 1", [logged]))
    with client_of(demo_copy) as client:
        name = Path(logged.replace("\0", "%00")).name
        assert client.get(f"/digests/1/{name}").status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2faggregator.toml", "../1/../../aggregator.toml", "other.md"])
def test_a_file_is_asked_for_by_its_own_name_only(client, name):
    assert client.get(f"/digests/1/{name}").status_code == 404


# --- correcting ------------------------------------------------------------------------------------


def test_a_split_and_its_undoing(writable):
    client, store = writable
    before = members(store, 50)
    article = before[-1]
    answer = send(client, "/correct", kind="split", a=article, back="story 50")
    assert answer.headers["location"] == "/story/50?done=1"
    page = client.get("/story/50?done=1").text
    assert "is a story of its own" in page
    assert article not in members(store, 50)
    assert send(client, "/undo", correction_id=1, back="story 50").status_code == 303
    assert members(store, 50) == before
    assert "Correction 1 is undone" in client.get("/story/50?done=1").text


def members(store: Path, story_id: int) -> list[int]:
    with open_reader(store) as connection:
        rows = connection.execute(
            "SELECT article_id FROM story_members WHERE story_id = ? ORDER BY 1", [story_id]
        )
        return [row["article_id"] for row in rows]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"kind": "join", "a": 129, "b": 1}, "join"),
        ({"kind": "move", "a": 129, "story": "s2"}, "move"),
        ({"kind": "pin", "a": 130}, "pin"),
        ({"kind": "split", "a": 129, "b": 130}, "split"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_of_correction(writable, fields, kind):
    client, store = writable
    answer = send(client, "/correct", **fields)
    assert answer.headers["location"] == "/corrections?done=1", answer.text
    with open_reader(store) as connection:
        assert [row["kind"] for row in connection.execute("SELECT kind FROM corrections")] == [kind]
    exported = [json.loads(line) for line in client.get("/corrections.jsonl").text.splitlines()]
    assert [row["kind"] for row in exported] == [kind]


def test_a_correction_goes_by_the_configuration_of_now(writable, demo_copy):
    client, store = writable
    config = demo_copy / CONFIG
    added = '\n[[feeds]]\nname = "Later"\ntopic = "world"\nurl = "https://later.example/feed"\n'
    config.write_text(config.read_text() + added)
    with load_app(CONFIG, demo_copy).store():
        pass  # some other command takes the feed up
    assert send(client, "/correct", kind="pin", a=130).status_code == 303
    with open_reader(store) as connection:
        states = dict(connection.execute("SELECT name, state FROM feed_health").fetchall())
    assert states["Later"] == "new"
    config.write_text("[day]\ntimezone = 7\n")
    answer = send(client, "/correct", kind="pin", a=129)
    assert answer.status_code == 503
    assert "timezone" in answer.text


def test_while_the_daemon_holds_the_store_it_makes_the_correction(writable, demo_copy):
    client, store = writable
    app = load_app(CONFIG, demo_copy)
    with (
        open_store(store) as held,
        Opened(store, lambda name, given: OPERATIONS[name](app, LocalGrouper(held), given)),
    ):
        answer = send(client, "/correct", kind="pin", a=130, back="article 130")
        assert answer.headers["location"] == "/article/130?done=1", answer.text
        assert "stands for its story" in client.get("/article/130?done=1").text
        assert send(client, "/undo", correction_id=1).status_code == 303
        assert send(client, "/undo", correction_id=1).status_code == 409


def test_while_a_command_holds_the_store_the_page_says_so_and_what_to_do(writable):
    client, store = writable
    with open_store(store):
        answer = send(client, "/correct", kind="pin", a=130)
    assert answer.status_code == 503
    assert "is being written by another process" in answer.text
    assert "try again when it has ended" in answer.text
    assert send(client, "/correct", kind="pin", a=130).headers["location"] == "/corrections?done=1"


WRONG = {
    "no such article": ({"kind": "split", "a": 99999}, 409),
    "no number": ({"kind": "split", "a": "all"}, 400),
    "no such kind": ({"kind": "delete", "a": 1}, 400),
    "something missing": ({"kind": "join", "a": 1}, 400),
    "a foreign form token": ({"kind": "pin", "a": 1, "form_token": "0" * 64}, 403),
}


@pytest.mark.parametrize(("fields", "status"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_form_changes_nothing_and_says_why(writable, fields, status):
    client, store = writable
    answer = send(client, "/correct", **fields)
    assert answer.status_code == status
    assert "To the newest day" in answer.text
    with open_reader(store) as connection:
        assert connection.execute("SELECT count(*) FROM corrections").fetchone()[0] == 0


@pytest.mark.parametrize("path", ["/correct", "/undo", "/logout", "/login"])
def test_a_form_from_another_site_is_refused(writable, path):
    client, _ = writable
    assert send(client, path, origin="http://evil.example", kind="pin", a=1).status_code == 403


@pytest.mark.parametrize("back", ["story //evil.example", "https://evil.example", "story 1/../x", "page 3"])
def test_a_form_leads_back_to_pages_of_ours_only(writable, back):
    client, _ = writable
    answer = send(client, "/correct", kind="pin", a=129, back=back)
    assert answer.headers["location"] == "/corrections?done=1"


def test_without_a_session_nothing_is_offered_and_nothing_taken(client, widest):
    page = client.get(f"/story/{widest['story_id']}").text
    assert 'action="/correct"' not in page
    answer = client.post("/correct", data={"kind": "pin", "a": "1"}, headers={"Origin": ORIGIN})
    assert answer.status_code == 403


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], f"{TOKEN}x", "ü" * 20])
def test_a_wrong_token_logs_nobody_in(client, token):
    answer = client.post("/login", data={"token": token}, headers={"Origin": ORIGIN})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_session_is_a_strict_cookie_and_its_pages_are_kept_nowhere(demo):
    with client_of(demo[0]) as client:
        answer = client.post("/login", data={"token": TOKEN}, headers={"Origin": ORIGIN})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert client.get("/feeds").headers["cache-control"] == "no-store"
        assert send(client, "/logout").status_code == 303
        assert "log in" in client.get("/feeds").text


def test_sessions_end_and_cannot_be_made_up():
    keeper = Keeper(TOKEN)
    session = keeper.begin(NOW, "number")
    assert keeper.find(session.cookie, NOW + timedelta(days=13)) == session
    assert keeper.find(session.cookie, NOW + timedelta(days=15)) is None
    assert Keeper(f"{TOKEN}2").find(session.cookie, NOW) is None
    for cookie in ("", ".", "9999999999.number.0", session.cookie.replace("number", "other"), "é.é.é"):
        assert keeper.find(cookie, NOW) is None
    assert not session.owns(keeper.begin(NOW, "another").form_token)


def test_the_token_is_made_once_for_its_owner_alone(tmp_path):
    store = tmp_path / "news.db"
    token = load_token(store, {})
    assert len(token) > 30
    assert load_token(store, {}) == token
    assert stat.S_IMODE(token_path(store).stat().st_mode) == 0o600
    assert load_token(store, {"AGGREGATOR_TOKEN": TOKEN}) == TOKEN


def test_a_token_that_others_can_read_or_guess_is_refused(tmp_path):
    store = tmp_path / "news.db"
    load_token(store, {})
    token_path(store).chmod(0o644)
    with pytest.raises(SecretError, match="has mode 0644"):
        load_token(store, {})
    with pytest.raises(SecretError, match="fewer than 16 characters"):
        load_token(store, {"AGGREGATOR_TOKEN": "short"})


# --- the store behind it ---------------------------------------------------------------------------


def test_without_a_database_the_page_says_how_to_get_one(tmp_path):
    (tmp_path / "a.toml").write_text("")
    app = build_app(load_app(Path("a.toml"), tmp_path), TOKEN)
    with TestClient(app, base_url=ORIGIN) as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "aggregator poll" in answer.text
        open_store(tmp_path / "var/aggregator.db").close()
        assert "No stories yet" in client.get("/").text


def test_readers_follow_the_path_to_another_file(tmp_path):
    path, other = tmp_path / "a.db", tmp_path / "b.db"
    for each in (path, other):
        open_store(each).close()
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("INSERT INTO closed_days VALUES ('2026-01-01', 'UTC', '2026-01-02T00:00:00Z')")
        connection.commit()
    pool = ReaderPool(path, lambda: 0.0, size=1)
    count = "SELECT count(*) FROM closed_days"
    with pool.reading() as connection:
        assert connection.execute(count).fetchone()[0] == 0
    other.replace(path)
    with pool.reading() as connection:
        assert connection.execute(count).fetchone()[0] == 1
    pool.close()


def test_a_reading_that_takes_too_long_is_given_up_and_the_next_one_works(tmp_path):
    open_store(tmp_path / "a.db").close()
    seconds = iter(range(1_000_000))
    pool = ReaderPool(tmp_path / "a.db", lambda: float(next(seconds)), size=1, max_seconds=3)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    with pytest.raises(StoreBusy, match="longer than 3 seconds"), pool.reading() as connection:
        connection.execute(endless).fetchone()
    with pool.reading() as connection:
        assert connection.execute("SELECT 1").fetchone()[0] == 1
    pool.close()


def test_readers_take_turns(tmp_path):
    open_store(tmp_path / "a.db").close()
    pool = ReaderPool(tmp_path / "a.db", lambda: 0.0, size=1, max_seconds=0.01)
    with pool.reading(), pytest.raises(StoreBusy, match="in use"), pool.reading():
        pass
    results: list[int] = []

    def read() -> None:
        with pool.reading() as connection:
            results.append(connection.execute("SELECT 1").fetchone()[0])

    reader = threading.Thread(target=read)
    reader.start()
    reader.join()
    assert results == [1]
    pool.close()
