"""From the address that a person has to a feed: declared, guessed, ambiguous, absent; asked for politely."""

import asyncio
import json
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from aggregator.app import load_app
from aggregator.cli import run_command
from aggregator.cli.adding import short_title, web_address
from aggregator.config import load_settings
from aggregator.model import Failure
from aggregator.parse import FeedLink, feed_links
from aggregator.pipeline.discovery import COMMON_PATHS, FeedFound, FeedsDeclared, discover, preview
from aggregator.settings import FeedSettings
from aggregator.store import open_store
from aggregator.store.tombstones import add_tombstones
from tests.fault_server import FaultServer, Reply

URL = "https://courier.example/news/"


def declare(href: str, title: str = "News") -> str:
    return f'<link rel="alternate" type="application/rss+xml" href="{href}" title="{title}">'


RSS = declare("/rss")

DECLARED = {
    "one": (RSS, ["https://courier.example/rss"]),
    "relative to the page": (declare("rss"), ["https://courier.example/news/rss"]),
    "relative to a base": (f'<base href="https://b.example/x/">{RSS}', ["https://b.example/rss"]),
    "Atom and JSON": (
        "<link rel=alternate type=application/atom+xml href=/a><LINK REL='Alternate' TYPE='application/feed+json' HREF=/j>",
        ["https://courier.example/a", "https://courier.example/j"],
    ),
    "once": (RSS + RSS, ["https://courier.example/rss"]),
    "the comments are no news": (
        RSS + declare("/comments/feed/"),
        ["https://courier.example/rss"],
    ),
    "a translation is no feed": ('<link rel="alternate" hreflang="de" href="/de">', []),
    "an interface is no feed": ('<link rel="alternate" type="application/json" href="/wp-json/1">', []),
    "a style sheet is no feed": ('<link rel="stylesheet" type="application/rss+xml" href="/x">', []),
    "a script is no address": (declare("javascript:alert(1)"), []),
    "a broken page": (f"<![x {RSS}", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("page", "urls"), DECLARED.values(), ids=DECLARED.keys())
def test_a_page_declares_feeds(page, urls):
    assert [link.url for link in feed_links(page.encode(), URL, "text/html")] == urls


def test_a_title_is_one_clean_line():
    page = declare("/rss", "A\u202e\n&amp;   B")
    assert feed_links(page.encode(), URL, "text/html") == (FeedLink("https://courier.example/rss", "A & B"),)


ADDRESSES = {
    "courier.example": "https://courier.example",
    "courier.example:8080/feed": "https://courier.example:8080/feed",
    "feed:https://courier.example/": "https://courier.example/",
    "feed://courier.example/": "https://courier.example/",
    " http://courier.example/ ": "http://courier.example/",
    "javascript:alert(1)": "javascript:alert(1)",
}


@pytest.mark.parametrize(("text", "url"), ADDRESSES.items(), ids=ADDRESSES.keys())
def test_an_address_as_people_paste_it(text, url):
    assert web_address(text) == url


def test_googles_titles_are_shortened():
    assert short_title("World - Latest - Google News") == "World"
    assert short_title("Harbour - News") == "Harbour - News"


@pytest.fixture
def server():
    with FaultServer() as server:
        yield server


CONFIG = """\
[http]
allow_private_addresses = true
[poll]
host_spacing_seconds = 0
[store]
path = "news.db"
[[feeds]]
name = "Pilot"
topic = "ports"
url = "https://pilot.example/rss"
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "aggregator.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def html(text: str) -> Reply:
    return Reply(headers=(("Content-Type", "text/html"),), body=f"<!doctype html><html>{text}".encode())


def find(home, url):
    app = load_app(home / "config" / "aggregator.toml", home)

    async def ask():
        async with app.network() as network:
            return await discover(url, network)

    return asyncio.run(ask())


def test_the_address_of_a_feed_is_one_request(home, server):
    server.answers["feed"] = Reply()
    found = find(home, server.url("feed"))
    assert isinstance(found, FeedFound)
    assert (found.url, found.parsed.title, found.site) == (server.url("feed"), "Harbour Courier", None)
    assert [request.path for request in server.requests] == ["/feed"]


def test_the_feed_that_a_page_declares_is_found_with_its_site(home, server):
    server.answers["news"] = html(declare("/here.xml"))
    server.answers["here.xml"] = Reply()
    found = find(home, server.url("news"))
    assert isinstance(found, FeedFound)
    assert (found.url, found.site) == (server.url("here.xml"), server.url("news"))


def test_a_page_with_several_feeds_leaves_the_choice(home, server):
    server.answers["news"] = html(RSS + declare("/sports"))
    found = find(home, server.url("news"))
    assert isinstance(found, FeedsDeclared)
    assert [link.url for link in found.links] == [server.url("rss"), server.url("sports")]
    assert len(server.requests) == 1


def test_common_paths_are_tried_until_one_is_a_feed(home, server):
    server.answers["news"] = html("no word of a feed")
    server.answers["feed"] = Reply(404)
    server.answers["rss.xml"] = Reply()
    found = find(home, server.url("news"))
    assert isinstance(found, FeedFound)
    assert found.url == server.url("rss.xml")
    assert [request.path for request in server.requests] == ["/news", *COMMON_PATHS[:2]]


def test_a_page_without_a_feed_costs_seven_requests_and_says_what_was_tried(home, server):
    server.answers["news"] = html("no word of a feed")
    server.answers["feed"] = Reply(404)
    found = find(home, server.url("news"))
    assert isinstance(found, Failure)
    assert "/index.xml" in found.message
    assert len(server.requests) == 1 + len(COMMON_PATHS)


def test_a_permanent_redirect_leads_to_the_address_to_keep(home, server):
    server.answers["old"] = Reply(301, (("Location", "/feed"),), b"")
    server.answers["feed"] = Reply()
    found = find(home, server.url("old"))
    assert isinstance(found, FeedFound)
    assert found.url == server.url("feed")


def test_an_address_inside_is_not_asked(home, server):
    path = home / "config" / "aggregator.toml"
    path.write_text(
        CONFIG.replace("allow_private_addresses = true", "").replace("host_spacing_seconds = 0", "")
    )
    found = find(home, server.url("feed"))
    assert isinstance(found, Failure)
    assert server.requests == []


# --- the command -----------------------------------------------------------------------------------


def feeds(home):
    return {feed.name: feed for feed in load_settings(home / "config" / "aggregator.toml").feeds}


def test_a_dry_run_shows_what_would_be_stored_and_writes_nothing(home, server, capsys):
    server.answers["feed"] = Reply()
    assert run_command(["feeds", "add", server.url("feed"), "--topic", "ports", "--dry-run"]) == 0
    said = capsys.readouterr()

    assert "Harbour Courier" in said.out
    assert "2 entries with 2 headlines: 2 of today" in said.out
    assert "2 of them would be stored" in said.out
    assert 'topic = "ports"' in said.out
    assert "nothing was written" in said.err
    assert (home / "config" / "aggregator.toml").read_text(encoding="utf-8") == CONFIG
    assert sorted(path.name for path in home.iterdir()) == ["config"]


def test_what_was_pruned_is_not_promised(home, server, capsys):
    server.answers["feed"] = Reply()
    words = ["feeds", "add", server.url("feed"), "--dry-run", "--json"]
    assert run_command(words) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 2

    found = find(home, server.url("feed"))
    assert isinstance(found, FeedFound)
    feed = FeedSettings("Harbour", "ports", server.url("feed"), "en", "US", 30, is_google=False)
    seen = preview(found.parsed, feed, now=datetime(2026, 3, 4, tzinfo=UTC), timezone=ZoneInfo("UTC"))
    with open_store(home / "news.db") as store:
        store.write(partial(add_tombstones, keys=seen.keys[:1]))
    assert run_command(words) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 1


def test_a_dry_run_for_programs(home, server, capsys):
    server.answers["feed"] = Reply()
    assert run_command(["feeds", "add", server.url("feed"), "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["title"], told["entries"], told["new"], told["undated"]) == ("Harbour Courier", 2, 2, 2)
    assert told["table"] == {"name": "Harbour Courier", "topic": "news", "url": server.url("feed")}


def test_a_feed_is_added_under_its_own_title_and_known_the_second_time(home, server, capsys):
    server.answers["news"] = html(declare("/feed"))
    server.answers["feed"] = Reply()
    assert run_command(["feeds", "add", server.url("news")]) == 0
    assert feeds(home)["Harbour Courier"].site == server.url("news")
    assert run_command(["feeds", "add", server.url("feed"), "--name", "Other"]) == 0
    assert "there already, as Harbour Courier" in capsys.readouterr().err
    assert len(feeds(home)) == 2


def test_the_new_feed_is_polled_and_its_first_poll_explained(home, server, capsys):
    server.answers["feed"] = Reply()
    open_store(home / "news.db").close()
    assert run_command(["feeds", "add", server.url("feed")]) == 0
    capsys.readouterr()
    assert run_command(["poll", "Harbour Courier"]) == 0
    assert "first poll of Harbour Courier: 2 entries with 2 headlines: 2 of today" in capsys.readouterr().out
    assert run_command(["poll", "Harbour Courier"]) == 0
    assert "first poll" not in capsys.readouterr().out
    assert run_command(["feeds", "add", server.url("feed", again=1), "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 0


def test_several_feeds_are_shown_and_none_is_added(home, server, capsys):
    server.answers["news"] = html(RSS + declare("/sports"))
    assert run_command(["feeds", "add", server.url("news")]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [f"{server.url('rss')}\tNews", f"{server.url('sports')}\tNews"]
    assert "declares 2 feeds" in said.err
    assert len(feeds(home)) == 1


WITHOUT_ASKING = {
    "a plain feed": (["lantern.example/rss"], "lantern.example", "news"),
    "with a name and a topic": (["lantern.example/rss", "--name", "Lantern", "--topic", "sea"], "Lantern", "sea"),
    "a section of Google News": (["https://news.google.com/topics/CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtVnVHZ0pWVXlnQVAB"], "World", "world"),
    "a search": (["https://news.google.com/search?q=harbour"], "harbour", "news"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "name", "topic"), WITHOUT_ASKING.values(), ids=WITHOUT_ASKING.keys())
def test_a_feed_is_added_without_asking_for_it(words, name, topic, home):
    assert run_command(["feeds", "add", *words, "--no-fetch"]) == 0
    assert feeds(home)[name].topic == topic


BAD = {
    "a scheme": (["javascript:alert(1)"], 2, "scheme"),
    "an article of Google News": (["https://news.google.com/articles/CBMiabc"], 2, "one article, not a feed"),
    "nobody there": (["http://127.0.0.1:9/"], 1, "nothing was added"),
}


@pytest.mark.parametrize(("words", "status", "why"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_added_is_said(words, status, why, home, capsys):
    assert run_command(["feeds", "add", *words]) == status
    assert why in capsys.readouterr().err
    assert len(feeds(home)) == 1
