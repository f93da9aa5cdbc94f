"""Which URLs may be requested, where redirects lead, and origins served elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.targets import OriginMap, origin_of, redirect_target, shown_url, target_problem

USABLE = {
    "plain": "https://courier.example/feed.xml",
    "port": "http://courier.example:8080/feed",
    "address": "http://127.0.0.1:8000/",
    "IPv6": "http://[2606:2800:220:1::1]/feed",
    "other script": "https://новости.example/лента",
    "trailing dot": "https://courier.example./feed",
    "underscore": "https://my_feeds.example/feed",
    "space in the path": "https://courier.example/all news",
    "no path": "https://courier.example",
}
REFUSED = {
    "empty": ("", "scheme"),
    "no scheme": ("courier.example/feed", "scheme"),
    "file": ("file:///etc/passwd", "scheme 'file'"),
    "ftp": ("ftp://courier.example/", "scheme 'ftp'"),
    "javascript": ("javascript:alert(1)", "scheme 'javascript'"),
    "no host": ("http:///feed", "no host"),
    "only a port": ("http://:80/feed", "no host"),
    "user": ("https://reader@courier.example/", "user name"),
    "password": ("https://reader:secret@courier.example/", "user name"),
    "backslash trick": ("https://courier.example\\@evil.example/", "user name"),
    "backslash in the host": ("https://courier.example\\evil.example/", "impossible host"),
    "space in the host": ("http://courier example/", "impossible host"),
    "percent in the host": ("http://courier%2eexample/", "impossible host"),
    "two dots": ("http://a..b/", "impossible host"),
    "long label": (f"http://{'a' * 64}.example/", "impossible host"),
    "long host": (f"http://{'a.' * 130}example/", "impossible host"),
    "open bracket": ("http://[::1/", "cannot be read"),
    "port too high": ("http://courier.example:99999/", "cannot be read"),
    "port is a word": ("http://courier.example:http/", "cannot be read"),
    "newline": ("http://courier.example/\r\nX: y", "control"),
    "NUL": ("http://courier.example/\0", "control"),
    "surrogate": ("http://courier.example/\udc80", "control"),
    "huge": ("http://courier.example/" + "a" * 70_000, "longer than"),
}


@pytest.mark.parametrize("url", USABLE.values(), ids=USABLE.keys())
def test_usable_urls_have_no_problem(url: str) -> None:
    assert target_problem(url) is None


@pytest.mark.parametrize(("url", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_unusable_urls_are_named(url: str, problem: str) -> None:
    assert problem in (target_problem(url) or "")


@given(st.text())
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    target_problem(text)
    target_problem(f"http://{text}/")
    assert len(shown_url(text)) <= 201


BASE = "https://courier.example/world/feed?page=1"
LOCATIONS = {
    "absolute": ("https://other.example/x", "https://other.example/x"),
    "path": ("/feed.xml", "https://courier.example/feed.xml"),
    "relative": ("rss", "https://courier.example/world/rss"),
    "query alone": ("?page=2", "https://courier.example/world/feed?page=2"),
    "without scheme": ("//cdn.example/x", "https://cdn.example/x"),
    "spaces around": ("  /feed.xml ", "https://courier.example/feed.xml"),
    "fragment": ("/feed.xml#top", "https://courier.example/feed.xml"),
}


@pytest.mark.parametrize(("location", "target"), LOCATIONS.values(), ids=LOCATIONS.keys())
def test_a_location_is_resolved_against_its_sender(location: str, target: str) -> None:
    assert redirect_target(BASE, location) == target


@pytest.mark.parametrize("location", ["file:///etc/passwd", "javascript:alert(1)", "http://[", "//a@b/"])
def test_an_impossible_location_is_refused(location: str) -> None:
    with pytest.raises(ValueError, match=r"scheme|read|user"):
        redirect_target(BASE, location)


def test_shown_urls_hide_passwords_and_control_characters() -> None:
    assert shown_url("https://me:secret@courier.example/\x1b[2Ja") == "https://courier.example/[2Ja"


ORIGINS = {
    "case and default port": ("HTTPS://Courier.Example:443/a", "https://courier.example"),
    "other port": ("http://courier.example:8080/a", "http://courier.example:8080"),
    "IPv6": ("http://[::1]:80/", "http://[::1]"),
}


@pytest.mark.parametrize(("url", "origin"), ORIGINS.values(), ids=ORIGINS.keys())
def test_origins_are_normalised(url: str, origin: str) -> None:
    assert origin_of(url) == origin


class TestOriginMap:
    REPLICA = "http://127.0.0.1:8123"

    def test_a_mapped_origin_is_dialled_elsewhere_with_path_and_query(self) -> None:
        origins = OriginMap({"https://news.google.com": f"{self.REPLICA}/"})

        assert origins.dialled("https://news.google.com:443/rss?hl=en") == f"{self.REPLICA}/rss?hl=en"
        assert origins.dialled("https://news.google.com") == f"{self.REPLICA}/"
        assert origins.dialled("https://courier.example/a") == "https://courier.example/a"

    def test_one_original_is_reported_for_what_the_server_calls_itself(self) -> None:
        origins = OriginMap({"https://news.google.com": self.REPLICA})

        assert origins.original(f"{self.REPLICA}/rss") == "https://news.google.com/rss"

    def test_of_several_originals_none_is_guessed(self) -> None:
        origins = OriginMap(
            {"https://news.google.com": self.REPLICA, "https://consent.google.com": self.REPLICA}
        )

        assert origins.original(f"{self.REPLICA}/rss") == f"{self.REPLICA}/rss"
