"""A real browser for the tests that look at pages: `look` opens one as a reader has it and collects complaints.

Facts
-----
* Playwright's synchronous API runs an event loop in the thread of the tests for as long as it is started, and
  `asyncio.run` refuses to work beside it. So the fixture `browser` (tests/conftest.py) lasts for one module,
  and such a module calls nothing asynchronous itself.
* Playwright's own browsers are a download; Debian's chromium does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.tools import require

Scheme = Literal["light", "dark"]
PHONE = (360, 740)
WIDE = (1280, 900)

_ARGUMENTS = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_GRAVE = {"serious", "critical"}


@dataclass(frozen=True)
class View:
    """An open page and what the browser complained about: console errors, exceptions, failed requests."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """Return what axe holds against the page as it is now, if serious or critical: rule and elements."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{violation['id']} ({violation['impact']}): {node['html']}"
            for violation in found
            if violation["impact"] in _GRAVE
            for node in violation["nodes"]
        ]

    def overhang(self) -> int:
        """Return by how many pixels the page is wider than its window: 0 if nothing scrolls sideways."""
        return int(
            self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )


@contextmanager
def started_browser() -> Iterator[Browser]:
    """A chromium without a window."""
    executable = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def look(
    browser: Browser, address: str, size: tuple[int, int] = WIDE, scheme: Scheme = "light"
) -> Iterator[View]:
    """Open an address in a window of `size` CSS pixels, with nothing remembered from other pages."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    view = View(context.new_page())
    view.page.on(
        "console", lambda message: view.complaints.append(message.text) if message.type == "error" else None
    )
    view.page.on("pageerror", lambda error: view.complaints.append(str(error)))
    view.page.on("requestfailed", lambda request: view.complaints.append(f"failed: {request.url}"))
    view.page.goto(address)
    yield view
    context.close()
