"""What a service manager or a terminal asks of the daemon by a signal.

Facts
-----
* The event loop calls the handler that stood when the signal came, though another has taken its place since: a runner's own
  handlers lost what came between its end and the next one's start.
"""

import asyncio
import signal
from collections.abc import Callable


class Orders:
    """What signals ask for. They outlive a reload: what comes between two runners is carried out by the next."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.is_reload_asked = False
        self.tell: Callable[[], None] = lambda: None  # whoever runs is told that there is an order

    def listen(self) -> None:
        """Take signals from now on; once for a process."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask_for_stop)
        loop.add_signal_handler(signal.SIGHUP, self.ask_for_reload)

    def ask_for_stop(self) -> None:
        self.stop.set()
        self.tell()

    def ask_for_reload(self) -> None:
        self.is_reload_asked = True
        self.tell()
