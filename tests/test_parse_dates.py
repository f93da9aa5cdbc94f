"""What feeds write as dates, and what we make of it."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse.dates import EARLIEST, LATEST_AHEAD, parse_date

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)

READ = {
    "RFC 822": ("Tue, 14 Jul 2026 03:33:16 GMT", "2026-07-14T03:33:16"),
    "RFC 822 without weekday": ("14 Jul 2026 03:33:16 +0000", "2026-07-14T03:33:16"),
    "RFC 822 without seconds": ("Tue, 14 Jul 2026 03:33 GMT", "2026-07-14T03:33:00"),
    "RFC 822 with two digits of a year": ("Tue, 14 Jul 26 03:33:16 GMT", "2026-07-14T03:33:16"),
    "RFC 822 of the nineties": ("Wed, 02 Jun 99 10:00:00 GMT", "1999-06-02T10:00:00"),
    "RFC 822 with an offset": ("Tue, 14 Jul 2026 03:33:16 +0530", "2026-07-13T22:03:16"),
    "RFC 822 with a colon in the offset": ("Tue, 14 Jul 2026 03:33:16 -03:30", "2026-07-14T07:03:16"),
    "RFC 822 with a named zone": ("Tue, 14 Jul 2026 03:33:16 EDT", "2026-07-14T07:33:16"),
    "RFC 822 with a zone nobody knows": ("Tue, 14 Jul 2026 03:33:16 XYZ", "2026-07-14T03:33:16"),
    "RFC 822 with GMT and an offset": ("Tue, 14 Jul 2026 03:33:16 GMT+2", "2026-07-14T01:33:16"),
    "RFC 822 with a comment": ("Tue, 14 Jul 2026 03:33:16 -0700 (PDT)", "2026-07-14T10:33:16"),
    "RFC 822 with a full month": ("Tuesday, 14 July 2026 03:33:16 UTC", "2026-07-14T03:33:16"),
    "RFC 822 without a zone": ("Tue, 14 Jul 2026 03:33:16", "2026-07-14T03:33:16"),
    "RFC 822 without a time": ("Tue, 14 Jul 2026", "2026-07-14T00:00:00"),
    "RFC 850": ("Tuesday, 14-Jul-26 03:33:16 GMT", "2026-07-14T03:33:16"),
    "a wrong weekday": ("Fri, 14 Jul 2026 03:33:16 GMT", "2026-07-14T03:33:16"),
    "a leap second": ("Tue, 30 Jun 2015 23:59:60 GMT", "2015-06-30T23:59:59"),
    "midnight as 24:00": ("Tue, 14 Jul 2026 24:00:00 GMT", "2026-07-15T00:00:00"),
    "ISO 8601": ("2026-07-14T03:33:16Z", "2026-07-14T03:33:16"),
    "ISO 8601 with an offset": ("2026-07-14T03:33:16+02:00", "2026-07-14T01:33:16"),
    "ISO 8601 with fractions": ("2026-07-14T03:33:16.123456789Z", "2026-07-14T03:33:16"),
    "ISO 8601 without seconds": ("2026-07-14T03:33+0200", "2026-07-14T01:33:00"),
    "ISO 8601 without a zone": ("2026-07-14T03:33:16", "2026-07-14T03:33:16"),
    "ISO 8601 with a blank": ("2026-07-14 03:33:16", "2026-07-14T03:33:16"),
    "ISO 8601 with a blank and a zone": ("2026-07-14 03:33:16 UTC", "2026-07-14T03:33:16"),
    "ISO 8601 in lower case": ("2026-07-14t03:33:16z", "2026-07-14T03:33:16"),
    "ISO 8601, a day": ("2026-07-14", "2026-07-14T00:00:00"),
    "ISO 8601, basic": ("20260714T033316Z", "2026-07-14T03:33:16"),
    "ISO 8601, basic day": ("20260714", "2026-07-14T00:00:00"),
    "ISO 8601 with slashes": ("2026/07/14 03:33:16", "2026-07-14T03:33:16"),
    "American": ("July 14, 2026", "2026-07-14T00:00:00"),
    "American with a time": ("Tuesday, July 14, 2026 at 3:33 PM EST", "2026-07-14T20:33:00"),
    "American at midnight": ("Jul 14th, 2026, 12:05 a.m.", "2026-07-14T00:05:00"),
    "asctime": ("Tue Jul 14 03:33:16 2026", "2026-07-14T03:33:16"),
    "date(1)": ("Tue Jul 14 03:33:16 CEST 2026", "2026-07-14T01:33:16"),
    "an epoch number": ("1783999996", "2026-07-14T03:33:16"),
    "an epoch number in milliseconds": ("1783999996123", "2026-07-14T03:33:16"),
    "blanks around it": ("  2026-07-14  ", "2026-07-14T00:00:00"),
    "the first day that counts": ("1995-01-01", "1995-01-01T00:00:00"),
    "two days ahead": ("2026-07-22T12:00:00Z", "2026-07-22T12:00:00"),
}

REFUSED = {
    "nothing": "",
    "a word": "yesterday",
    "year 0": "0000-01-01T00:00:00Z",
    "year 1": "Mon, 01 Jan 0001 00:00:00 GMT",
    "year 9999": "9999-12-31T23:59:59Z",
    "year 9999 west of UTC": "9999-12-31T23:59:59-12:00",
    "year 10000": "10000-01-01T00:00:00Z",
    "a negative year": "-2026-07-14",
    "epoch zero": "Thu, 01 Jan 1970 00:00:00 GMT",
    "the day before the first that counts": "1994-12-31T23:59:59Z",
    "more than two days ahead": "2026-07-22T12:00:01Z",
    "February 30": "Mon, 30 Feb 2026 10:00:00 GMT",
    "February 29 of a common year": "2026-02-29",
    "month 13": "2026-13-01",
    "day 0": "2026-07-00",
    "an impossible clock": "Tue, 14 Jul 2026 25:61:61 GMT",
    "minute 60": "2026-07-14T03:60:00Z",
    "an impossible offset": "2026-07-14T03:33:16+99:99",
    "an offset no place has": "2026-07-14T03:33:16+15:00",
    "an ambiguous order": "10/06/2026",
    "an ISO week": "2026-W29-2",
    "an ordinal day": "2026-195",
    "a month": "2026-07",
    "a year": "2026",
    "a month that is no month": "14 Foo 2026",
    "a month that begins like one": "14 Marble 2026",
    "5,000 digits": "9" * 5000,
    "5,000 digits for a year": "14 Jul " + "2" * 5000,
    "Arabic digits": "٢٠٢٦-٠٧-١٤",
    "full-width digits": "２０２６-07-14",
    "a small epoch number": "171800",
    "NUL": "2026-07-14\x00",
}


@pytest.mark.parametrize(("text", "moment"), READ.values(), ids=READ.keys())
def test_a_date_is_read(text: str, moment: str) -> None:
    assert parse_date(text, NOW) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_date_is_not_believed(text: str) -> None:
    assert parse_date(text, NOW) is None


def test_no_date_is_none() -> None:
    assert parse_date(None, NOW) is None


def test_the_reading_of_others_counts_for_scripts_we_cannot_read() -> None:
    foreign = time.struct_time((2004, 7, 13, 14, 15, 0, 1, 195, 0))

    assert parse_date("2004년 7월 13일", NOW, foreign) == datetime(2004, 7, 13, 14, 15, tzinfo=UTC)
    assert parse_date("10/06/2026", NOW, foreign) is None
    absurd = time.struct_time((-1, 7, 13, 14, 15, 0, 1, 195, 0))
    assert parse_date("2004년 7월 13일", NOW, absurd) is None


@given(st.text(max_size=60))
def test_any_text_is_an_instant_in_the_window_or_none(text: str) -> None:
    moment = parse_date(text, NOW)

    assert moment is None or EARLIEST <= moment <= NOW + LATEST_AHEAD


@given(
    st.integers(int(EARLIEST.timestamp()), int(NOW.timestamp())),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(("%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%d %B %Y %H:%M:%S %z")),
)
def test_what_is_written_is_read_back(epoch_seconds: int, offset_minutes: int, shape: str) -> None:
    moment = datetime.fromtimestamp(epoch_seconds, timezone(timedelta(minutes=offset_minutes)))

    assert parse_date(moment.strftime(shape), NOW) == moment
