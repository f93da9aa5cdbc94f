"""What resolving asks of the network; the fetch stage has the real thing."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from aggregator.model import Exchange

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Http(Protocol):
    """A client without cookies that never raises for what a network or a server does.

    A redirect that `may_follow` refuses leaves the status and headers of the redirect itself.
    Addresses at https://news.google.com may be dialled elsewhere; what comes back keeps its name.
    """

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        content: bytes | None = None,
        max_body_bytes: int | None = None,
        max_redirects: int | None = None,
        may_follow: Callable[[str], bool] | None = None,
        stop_at: Callable[[bytes], bool] | None = None,
    ) -> Exchange:
        """Make one request and follow its redirects; whatever goes wrong is in `failure`."""
        ...
