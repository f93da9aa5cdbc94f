"""How the inner parts of the fetcher give up on a request."""

from aggregator.model import FailureKind


class Refused(Exception):
    """A request ends here, for a reason that is expected; never leaves `HttpClient.request`.

    `reason` goes on where "https://…/feed: " leaves off.

    The HTTP libraries let exceptions they do not know pass unchanged, so one raised inside their
    connection pool arrives as it is.
    """

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
