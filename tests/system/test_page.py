"""The page in a browser, from `aggregator serve` on a copy of the demo: a person's walk, by day and by night, on a
phone and on a screen."""

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PHONE, WIDE, look

CONFIG = "var/demo/aggregator.toml"
TOKEN = "a token for the browser's walk"


@dataclass(frozen=True)
class Served:
    """A running page: its address, its port, the day and the widest story that it shows first."""

    address: str
    port: int
    day: str
    story_id: int


@pytest.fixture(scope="module")
def served(demo, tmp_path_factory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("page") / "home"
    shutil.copytree(demo[0], home)
    program = [
        Path(sys.executable).parent / "aggregator",
        "--home",
        home,
        "--config",
        CONFIG,
        "serve",
        "--port",
        "0",
    ]
    environment = {"AGGREGATOR_TOKEN": TOKEN, "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0].rstrip("/")
        report = demo[1]
        yield Served(address, int(address.rpartition(":")[2]), str(report.day), report.stories[0]["story_id"])
        process.terminate()


def test_a_walk_from_the_day_to_the_feeds(served: Served, browser: Browser):
    with look(browser, served.address + "/login") as view:
        page = view.page
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(f"{served.address}/day/{served.day}")
        page.locator(".story h2 a").first.click()
        expect(page).to_have_url(f"{served.address}/story/{served.story_id}")
        expect(page.locator(".why").first).to_contain_text("their headlines are alike")
        _split_and_undo(page)
        page.get_by_role("searchbox").fill('strait outlet:"Harbour Post"')
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator("tbody tr").first).to_contain_text("The Harbour Post")
        page.get_by_role("link", name="Feeds").click()
        page.locator("tbody th a").first.click()
        expect(page.get_by_role("heading", name="Polls")).to_be_visible()
        assert view.complaints == []


def _split_and_undo(page: Page) -> None:
    articles = page.locator(".articles > li")
    before = articles.count()
    articles.last.get_by_role("button", name="Split off").click()
    expect(page.get_by_role("status")).to_contain_text("is a story of its own")
    expect(articles).to_have_count(before - 1)
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("is undone")
    expect(articles).to_have_count(before)


PAGES = {
    "day": "/day/{day}",
    "story": "/story/{story_id}",
    "article": "/article/1",
    "search": "/search?q=strait",
    "outlets": "/outlets",
    "outlet": "/outlet/Tallis%20Wire",
    "feeds": "/feeds",
    "feed": "/feed/1",
    "decisions": "/decisions",
    "digests": "/digests",
    "corrections": "/corrections",
    "why": "/why?a=1&b=2",
    "login": "/login",
    "nothing": "/story/999999",
}


@pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "light"), (WIDE, "dark")], ids=["phone by day", "screen by night"]
)
def test_every_page_is_accessible_and_fits(served: Served, browser: Browser, size, scheme):
    with look(browser, served.address + "/login", size, scheme) as view:
        for address in PAGES.values():
            path = address.format(day=served.day, story_id=served.story_id)
            view.page.goto(served.address + path)
            assert view.violations() == [], path
            assert view.overhang() == 0, path
        assert [line for line in view.complaints if "404" not in line] == []


def test_buttons_of_a_person_who_is_logged_in_are_accessible(served: Served, browser: Browser):
    with look(browser, served.address + "/login", PHONE) as view:
        view.page.get_by_label("Token").fill(TOKEN)
        view.page.get_by_role("button", name="Log in").click()
        for path in (f"/story/{served.story_id}", "/decisions", "/corrections", "/article/1"):
            view.page.goto(served.address + path)
            assert view.violations() == [], path
            assert view.overhang() == 0, path


def test_the_keyboard_reaches_the_content_first(served: Served, browser: Browser):
    with look(browser, f"{served.address}/day/{served.day}") as view:
        view.page.keyboard.press("Tab")
        expect(view.page.get_by_role("link", name="Skip to the content")).to_be_focused()
        view.page.keyboard.press("Enter")
        expect(view.page).to_have_url(re.compile("#main$"))


REQUESTS = {
    "ten megabytes of query": (
        b"GET /search?q=" + b"a" * 10_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"400|414|431",
    ),
    "a foreign host": (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"400"),
    "no host": (b"GET / HTTP/1.0\r\n\r\n", b"400"),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"400"),
}


@pytest.mark.parametrize(("request_bytes", "status"), REQUESTS.values(), ids=REQUESTS.keys())
def test_what_no_browser_sends_is_refused(served: Served, request_bytes, status):
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        try:
            connection.sendall(request_bytes)
        except (BrokenPipeError, ConnectionResetError):
            return  # the server hung up before it had all of it
        answer = connection.recv(100)
    assert not answer or re.match(rb"HTTP/1.1 (?:" + status + b")", answer)
