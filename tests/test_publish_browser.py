"""The page of a digest as a browser shows it: on a phone and a screen, by day and night, and on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from aggregator import publish
from aggregator.demo import DemoReport
from tests.browser import PHONE, WIDE, Scheme, look
from tests.test_publish_mail import SETTINGS, SIX

LOOKS: dict[str, tuple[tuple[int, int], Scheme]] = {
    "phone by day": (PHONE, "light"),
    "phone by night": (PHONE, "dark"),
    "screen by day": (WIDE, "light"),
    "screen by night": (WIDE, "dark"),
}


@pytest.fixture(scope="module")
def address(demo: tuple[Path, DemoReport]) -> str:
    home, _ = demo
    return max((home / "var/demo/digests").glob("*-world.html")).as_uri()


@pytest.mark.parametrize(("size", "scheme"), LOOKS.values(), ids=LOOKS.keys())
def test_the_page_is_sound_and_accessible(
    browser: Browser, address: str, size: tuple[int, int], scheme: Scheme
) -> None:
    with look(browser, address, size, scheme) as view:
        assert view.page.locator("main article").count() > 0
        assert view.overhang() == 0
        assert view.violations() == []
        assert view.complaints == []


def test_on_paper_everything_is_open_and_nothing_is_cut(browser: Browser, address: str) -> None:
    with look(browser, address, (718, 1000)) as view:
        view.page.emulate_media(media="print")

        assert view.page.locator("nav").is_hidden()
        assert view.overhang() == 0
        for hidden in view.page.locator("details li").all():
            assert hidden.is_visible()
        assert view.complaints == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS.values(), ids=LOOKS.keys())
def test_the_mail_is_sound_and_accessible(
    browser: Browser, tmp_path: Path, size: tuple[int, int], scheme: Scheme
) -> None:
    letter = tmp_path / "mail.html"
    letter.write_text(publish.render_letter(publish.compose(SIX, SETTINGS)), encoding="utf-8")
    with look(browser, letter.as_uri(), size, scheme) as view:
        assert view.overhang() == 0
        assert view.violations() == []
        assert view.complaints == []
