"""What feeds write as dates, to instants. Pure.

Facts
-----
* RFC 822, ISO 8601 and a dozen shapes near them occur; so do epoch numbers, years 0, 1 and 9999,
  February 30, `25:61:61` and offsets of 99 hours.
* feedparser never fails on them, but it makes an epoch number a date of 1717 and an ISO week a date in
  November, and reads `10/06/2026` although nobody can know which number is the month.
* `datetime` raises beyond the years 1 to 9999, and `int` accepts Arabic digits.

So: own patterns over ASCII digits; feedparser's reading is taken only for the Greek, Hungarian and
Korean shapes, which it alone knows. What is outside [1995, now + 48 h] is no date: the day is then
decided by when we first saw the entry.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
LATEST_AHEAD = timedelta(hours=48)

_MAX_CHARACTERS = 100
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "september", "sept"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
_ZONE_HOURS: Mapping[str, float] = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "cest": 2,
    "mest": 2, "eet": 2, "sast": 2, "eest": 3, "msk": 3, "gst": 4, "pkt": 5, "ist": 5.5, "wib": 7,
    "hkt": 8, "sgt": 8, "jst": 9, "kst": 9, "acst": 9.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip

_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
_HALF = r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = (
    r"(?:\s*(?P<zone>[A-Za-z]{1,5})?\s*(?P<offset>[+-][0-9]{1,2}(?::?[0-9]{2})?)?)?(?:\s*\([^()]{0,30}\))?"
)
_WEEKDAY = r"(?:[A-Za-z]{2,9}\.?,?\s+)?"
_YEAR = r"(?P<year>[0-9]{4}|[0-9]{2})"
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"

_ISO_DAY = r"(?P<year>[0-9]{4})(?P<separator>[-/.]?)(?P<month>[0-9]{2})(?P=separator)(?P<day>[0-9]{2})"
_BARE_CLOCK = r"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?"
_LONG_YEAR = r"(?P<year>[0-9]{4})"

_SHAPES = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        # Tue, 14 Jul 2026 03:33:16 GMT
        rf"{_WEEKDAY}{_DAY}[\s-]+{_MONTH},?[\s-]+{_YEAR}(?:,?\s+(?:at\s+)?{_CLOCK}{_HALF}{_ZONE})?",
        # 2026-07-14T03:33:16+02:00, 2026/07/14 03:33
        rf"{_ISO_DAY}(?:(?:\s*[Tt]\s*|\s+){_CLOCK}{_ZONE})?",
        # 20260714T033316Z
        rf"{_ISO_DAY}[Tt]{_BARE_CLOCK}{_ZONE}",
        # July 14, 2026 3:33 PM EST
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+{_LONG_YEAR}(?:,?\s+(?:at\s+)?{_CLOCK}{_HALF}{_ZONE})?",
        # Tue Jul 14 03:33:16 UTC 2026
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY}\s+{_CLOCK}{_ZONE}\s+{_LONG_YEAR}",
    )
)
_EPOCH = re.compile(r"([0-9]{10})(?:[0-9]{3}|\.[0-9]{1,6})?")


def parse_date(text: str | None, now: datetime, foreign: time.struct_time | None = None) -> datetime | None:
    """Return the instant that a feed's date names, or None if it names none worth believing.

    A time without a zone is taken as UTC, an unknown zone name too. `foreign` is feedparser's
    reading (UTC), used if the text has letters that are not ASCII. Never raises.
    """
    if text is None:
        return None
    text = text.strip()[:_MAX_CHARACTERS]
    moment = _epoch(text) or _shaped(text)
    if moment is None and foreign is not None and any(c.isalpha() and not c.isascii() for c in text):
        moment = _from_struct(foreign)
    if moment is None or not EARLIEST <= moment <= now + LATEST_AHEAD:
        return None
    return moment


def _epoch(text: str) -> datetime | None:
    found = _EPOCH.fullmatch(text)
    return datetime.fromtimestamp(int(found.group(1)), UTC) if found else None


def _shaped(text: str) -> datetime | None:
    for shape in _SHAPES:
        found = shape.fullmatch(text)
        if found:
            return _moment(found.groupdict())
    return None


def _moment(parts: Mapping[str, str | None]) -> datetime | None:
    year, month, hour = _year(parts["year"] or ""), _month(parts["month"] or ""), _hour(parts)
    offset_minutes = _offset_minutes(parts)
    if month is None or offset_minutes is None:
        return None
    day, minute, second = (int(parts.get(name) or 0) for name in ("day", "minute", "second"))
    is_midnight_after = (hour, minute, second) == (24, 0, 0)
    is_leap_second = second == 60
    try:
        local = datetime(
            year, month, day, 0 if is_midnight_after else hour, minute, 59 if is_leap_second else second,
            tzinfo=UTC,
        )  # fmt: skip
        return local + timedelta(days=int(is_midnight_after), minutes=-offset_minutes)
    except (ValueError, OverflowError):
        return None


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= 90 else 2000)


def _month(text: str) -> int | None:
    return int(text) if text.isdigit() else _MONTHS.get(text.lower())


def _hour(parts: Mapping[str, str | None]) -> int:
    hour = int(parts.get("hour") or 0)
    half = (parts.get("half") or "").lower()
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half == "p" else 0)


def _offset_minutes(parts: Mapping[str, str | None]) -> int | None:
    """Return the offset east of UTC, or None for one that no place has."""
    offset = parts.get("offset")
    if not offset:
        return round(_ZONE_HOURS.get((parts.get("zone") or "").lower(), 0) * 60)
    digits = offset[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    if hours > 14 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)


def _from_struct(foreign: time.struct_time) -> datetime | None:
    try:
        return datetime(*foreign[:6], tzinfo=UTC)
    except ValueError:
        return None
