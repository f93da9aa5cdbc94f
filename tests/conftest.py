"""What every test gets: a network that ends at this machine, and the demo's home, made once."""

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from aggregator.demo import DemoReport, run_demo
from tests.browser import started_browser

# A busy machine is no failure: nothing in this suite is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: for a third of the time tests wait, for timers and other processes."""
    return (os.cpu_count() or 1) + 1


def _is_near(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", ""}


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Connecting to anything but this machine is an error; nothing of it leaves the machine."""
    stock = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guarded(name: str) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_near(address):
                raise AssertionError(f"a test tried to reach {address!r}")
            return stock[name](self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in stock:
            patch.setattr(socket.socket, name, guarded(name))
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoReport]:
    """A home in which the demo has run, and what it reported; only to be read."""
    home = tmp_path_factory.mktemp("demo")
    return home, run_demo(home, lambda done, total, line: None)


@pytest.fixture
def demo_copy(demo: tuple[Path, DemoReport], tmp_path: Path) -> Path:
    """A copy of the demo's home, to be written to."""
    home = tmp_path / "home"
    shutil.copytree(demo[0], home)
    return home


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one module; see tests/browser.py for why not of several."""
    with started_browser() as browser:
        yield browser
