"""What response headers say about when to come back and what to send along. Pure, never raises.

Facts
-----
* Every value here was seen hostile: `Retry-After: Fri, 31 Dec 9999 …`, thirty digits, -5,
  `max-age=99999999999999`, Arabic digits (which Python's `int` takes). One such header ended the
  run of a feed reader for all feeds after it. So: ASCII digits only, float seconds, clamped.
* A validator that cannot be sent back (`ETag: "é"`) would fail the next request, and every one
  after it. Only visible ASCII is kept; a repeated ETag, joined by ", ", has a space and fails this.
* Validators are opaque: quotes, weakness marks and odd dates are sent back byte for byte.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aggregator.model import Validators

DAY_SECONDS = 86_400.0

_MAX_VALIDATOR_CHARS = 512
_MAX_TIME_CHARS = 100
_ETAG = re.compile(r"[\x21-\x7e]+")
_DATE_TEXT = re.compile(r"[\x20-\x7e]+")
_SECONDS = re.compile(r"-?[0-9]{1,90}(?:\.[0-9]{1,9})?")
_MAX_AGE = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?([0-9]{1,90})(?![0-9])', re.IGNORECASE)


def usable_validators(headers: Mapping[str, str]) -> Validators:
    """The validators of a response that can be sent back, each None when missing or unusable.

    `Expires: 0` is how servers ask not to be believed later; they get unconditional requests.
    """
    if headers.get("expires", "").strip() == "0":
        return Validators()
    etag = headers.get("etag", "")
    modified = headers.get("last-modified", "")
    is_etag = _ETAG.fullmatch(etag) is not None and len(etag) <= _MAX_VALIDATOR_CHARS
    # An HTTP date has one comma; more are a repeated header.
    is_date = _DATE_TEXT.fullmatch(modified) is not None and modified.count(",") <= 1
    return Validators(
        etag=etag if is_etag else None,
        last_modified=modified if is_date and len(modified) <= _MAX_VALIDATOR_CHARS else None,
    )


def retry_after_seconds(value: str | None, *, now: datetime) -> float | None:
    """`Retry-After` (RFC 9110 §10.2.3) as seconds in [0, 86400]; None when missing or unreadable."""
    text = (value or "").strip()
    if not text or len(text) > _MAX_TIME_CHARS:
        return None
    if _SECONDS.fullmatch(text):
        return _clamped(float(text))
    moment = _http_date(text)
    return None if moment is None else _clamped((moment - now).total_seconds())


def max_age_seconds(cache_control: str | None) -> float | None:
    """`max-age` of a `Cache-Control` as seconds in [0, 86400]; None when there is none."""
    found = _MAX_AGE.search((cache_control or "")[:1_000])
    return _clamped(float(found[1])) if found else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _clamped(seconds: float) -> float:
    return min(max(seconds, 0.0), DAY_SECONDS)
