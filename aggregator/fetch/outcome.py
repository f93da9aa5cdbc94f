"""From an HTTP exchange to what it means for a feed. Pure.

Facts
-----
* Only 200 is a success. 204, 206, 300 and 999 carry no whole feed, whatever their body says.
* A 304 nobody asked for is a server's mistake, not "unchanged".
* Walls, portals and error pages come as 200 with HTML. Taking one for a feed would store its text,
  forget the validators and make every entry look gone; so a page is a hard failure.
* A body that is cut may still hold complete entries; its hash and validators must never be kept,
  or the server is not asked again for the rest.
"""

import hashlib
import re
from datetime import datetime

from aggregator.fetch.headers import max_age_seconds, retry_after_seconds, usable_validators
from aggregator.fetch.targets import shown_url
from aggregator.model import Exchange, Failure, FailureKind, Fetched, Outcome, Validators

_SOFT_STATUSES = frozenset({404, 408, 429})  # live feeds answer with these and come back
_RATE_STATUSES = frozenset({429, 503})
_PERMANENT_REDIRECTS = frozenset({301, 308})
_TEMPORARY_KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.CONNECT,
        FailureKind.TIMEOUT,
        FailureKind.TRUNCATED,
        FailureKind.SHORTAGE,
    }
)

_SNIFFED_BYTES = 4_096
_WALL_BYTES = 262_144
_TAIL_BYTES = 1_024
_FIRST_TAG = re.compile(rb"<(?:(!doctype\s+html|html|head|body)|(?:[a-z0-9_.-]+:)?(?:rss|feed|rdf))[\s/>]")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_WALL_MARKS = (b"consent.google.", b"before you continue", b"unusual traffic from your", b"/sorry/index")
_LAST_TAG = re.compile(rb"</(?:[a-z0-9_.-]+:)?(?:rss|feed|rdf)\s*>|\}\s*\Z")
_NO_VALIDATORS = Validators()


def judge(exchange: Exchange, *, sent: Validators, previous_sha256: str | None, now: datetime) -> Fetched:
    """Say what an answer to a feed request means.

    `sent` are the validators of the request, `previous_sha256` the hash of the last whole body that
    was read, `now` (aware UTC) the moment of the answer. A truncated body comes back as MODIFIED with
    `is_partial`, without hash and validators, and with the failure `truncated` as its visible reason.
    """
    if exchange.status == 304:
        return _not_modified(exchange, sent)
    if exchange.status == 200 and exchange.failure is None:
        return _delivered(exchange, previous_sha256)
    if exchange.status == 200 and exchange.is_truncated and exchange.body.strip():
        return _delivered(exchange, previous_sha256)
    failure, outcome = _reason(exchange)
    is_rate = failure.kind is FailureKind.RATE_LIMITED
    wait_seconds = retry_after_seconds(exchange.headers.get("retry-after"), now=now) if is_rate else None
    return _fetched(exchange, outcome, failure=failure, retry_after_seconds=wait_seconds)


def _not_modified(exchange: Exchange, sent: Validators) -> Fetched:
    """304: the validators that were sent stay, for only their body is known to be stored."""
    if sent == _NO_VALIDATORS:
        failure = Failure(
            FailureKind.HTTP_STATUS, f"{shown_url(exchange.url)} answered 304 to an unconditional request"
        )
        return _fetched(exchange, Outcome.HARD, failure=failure)
    return _fetched(exchange, Outcome.UNCHANGED, validators=sent)


def _delivered(exchange: Exchange, previous_sha256: str | None) -> Fetched:
    if failure := _page_failure(exchange):
        return _fetched(exchange, Outcome.HARD, failure=failure)
    is_partial = exchange.is_truncated or not (exchange.has_declared_end or _ends_like_feed(exchange.body))
    if is_partial:
        failure = exchange.failure or Failure(
            FailureKind.TRUNCATED, f"{shown_url(exchange.url)}: body ends before its feed does"
        )
        return _fetched(exchange, Outcome.MODIFIED, body=exchange.body, is_partial=True, failure=failure)
    sha256 = hashlib.sha256(exchange.body).hexdigest()
    is_known = sha256 == previous_sha256
    return _fetched(
        exchange,
        Outcome.UNCHANGED if is_known else Outcome.MODIFIED,
        body=b"" if is_known else exchange.body,
        body_sha256=sha256,
        validators=usable_validators(exchange.headers),
    )


def _reason(exchange: Exchange) -> tuple[Failure, Outcome]:
    """Why there is no feed. A final status says more than a failure while reading its body."""
    status, here = exchange.status, shown_url(exchange.url)
    failure = exchange.failure
    if status is None or status == 200 or (failure and failure.kind is FailureKind.REDIRECT):
        failure = failure or Failure(FailureKind.PROTOCOL, f"{here} gave no answer")
        return failure, Outcome.TEMPORARY if failure.kind in _TEMPORARY_KINDS else Outcome.HARD
    if status == 410:
        return Failure(FailureKind.GONE, f"{here} answered 410, gone for good"), Outcome.GONE
    if status in _RATE_STATUSES:
        return Failure(FailureKind.RATE_LIMITED, f"{here} answered {status}, asks us to wait"), Outcome.SOFT
    is_soft = status in _SOFT_STATUSES or 500 <= status <= 599
    return (
        Failure(FailureKind.HTTP_STATUS, f"{here} answered {status}"),
        Outcome.SOFT if is_soft else Outcome.HARD,
    )


def _page_failure(exchange: Exchange) -> Failure | None:
    """A failure when the body is a web page or nothing at all; what else it is, the parser decides."""
    here = shown_url(exchange.url)
    head = exchange.body[: 2 * _SNIFFED_BYTES].replace(b"\0", b"")[:_SNIFFED_BYTES].lower()
    if not head.strip():
        return Failure(FailureKind.NOT_A_FEED, f"{here} sent an empty body")
    first = _FIRST_TAG.search(_COMMENT.sub(b"", head))
    if first is None or first[1] is None:
        return None
    page = exchange.body[:_WALL_BYTES].lower()
    if any(mark in page for mark in _WALL_MARKS):
        return Failure(FailureKind.CONSENT_WALL, f"{here} sent a consent or robot page, not a feed")
    return Failure(FailureKind.NOT_A_FEED, f"{here} sent a web page, not a feed")


def _ends_like_feed(body: bytes) -> bool:
    tail = body[-2 * _TAIL_BYTES :].replace(b"\0", b"").lower()
    return _LAST_TAG.search(tail) is not None


def _moved_to(exchange: Exchange) -> str | None:
    """The target of an unbroken chain of permanent redirects, to be remembered, not obeyed."""
    is_permanent = bool(exchange.hops) and all(hop.status in _PERMANENT_REDIRECTS for hop in exchange.hops)
    return exchange.url if is_permanent else None


def _fetched(
    exchange: Exchange,
    outcome: Outcome,
    *,
    body: bytes = b"",
    body_sha256: str | None = None,
    validators: Validators = _NO_VALIDATORS,
    retry_after_seconds: float | None = None,
    is_partial: bool = False,
    failure: Failure | None = None,
) -> Fetched:
    is_success = outcome in (Outcome.MODIFIED, Outcome.UNCHANGED)
    return Fetched(
        outcome=outcome,
        url=exchange.url,
        status=exchange.status,
        body=body,
        body_sha256=body_sha256,
        content_type=exchange.headers.get("content-type"),
        validators=validators,
        moved_to=_moved_to(exchange) if is_success else None,
        retry_after_seconds=retry_after_seconds,
        max_age_seconds=max_age_seconds(exchange.headers.get("cache-control")) if is_success else None,
        is_partial=is_partial,
        wire_bytes=exchange.wire_bytes,
        took_ms=exchange.took_ms,
        failure=failure,
    )
