"""Kinds of values: what a key may hold, in words and as a check. Pure, but for the zone database.

A kind's `read` takes any TOML value and returns ours, or raises ValueError whose text says what is
wrong with this one; the text is empty when `allowed` says it all.
"""

import difflib
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from aggregator.google.editions import COUNTRY_CODE, LANGUAGE_TAG, Edition, base_language
from aggregator.google.feed_urls import SECTIONS, edition_of_url, is_google_url, rewrite_web_url
from aggregator.google.ids import parse_topic_id
from aggregator.settings import DIGEST_FORMATS, DIGEST_LANGUAGES, WEEK_FORMATS

MAX_URL_CHARACTERS = 2_048
COMMAND_PLACEHOLDERS = ("path", "topic", "day", "format")

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LOCAL_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_VISIBLE_ASCII = re.compile(r"[\x20-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9:][A-Za-z0-9.:-]*")
_MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_BRACED = re.compile(r"\{([a-z]+)\}")
_ANY_EDITION = Edition("en-US", "US")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value must be: in words for people, and as the function that checks and converts it."""

    allowed: str
    read: Callable[[object], object]


def whole(low: int, high: int) -> Kind:
    """A whole number in [low, high]; true and false are none."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ValueError

    return Kind(f"a whole number from {_figure(low)} to {_figure(high)}", read)


def limit(low: int, high: int) -> Kind:
    """A whole number in [low, high], or 0, which stands for no limit."""
    kind = whole(low, high)
    return Kind(f"{kind.allowed}, or 0 for no limit", lambda value: 0 if value == 0 else kind.read(value))


def number(low: float, high: float) -> Kind:
    """A number in [low, high], whole or not."""

    def read(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise ValueError

    return Kind(f"a number from {_figure(low)} to {_figure(high)}", read)


def text(allowed: str, max_characters: int) -> Kind:
    """Text of 1 to `max_characters`, without control characters and outer spaces."""
    return Kind(allowed, lambda value: _plain_text(value, max_characters))


def texts(allowed: str, max_characters: int) -> Kind:
    """An array of texts, each of 1 to `max_characters`."""

    def read(value: object) -> tuple[str, ...]:
        if isinstance(value, list):
            return tuple(_plain_text(item, max_characters) for item in value)
        raise ValueError

    return Kind(allowed, read)


def one_of(choices: Mapping[str, object] | Sequence[str]) -> Kind:
    """One of a few words; of a mapping, the value behind the word."""
    values = choices if isinstance(choices, Mapping) else {choice: choice for choice in choices}

    def read(value: object) -> object:
        if isinstance(value, str) and value in values:
            return values[value]
        raise ValueError(_near(value, values))

    return Kind(_quoted_list(values, "or"), read)


def some_of(choices: Sequence[str]) -> Kind:
    """An array of distinct words out of a few, at least one."""

    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise ValueError
        for word in value:
            if word not in choices:
                raise ValueError(f"{described(word)} is none of them; {_near(word, choices)}".rstrip("; "))
        if len(set(value)) < len(value):
            raise ValueError("one of them twice")
        return tuple(value)

    some = f"one or more of {_quoted_list(choices, 'and')}" if len(choices) > 1 else f'"{choices[0]}"'
    return Kind(f"an array of {some}", read)


def described(value: object) -> str:
    """Return a TOML value for a message: shortened, printable, and without passwords."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + shortened(value) + '"'
        case int() if abs(value) >= 2**63:
            return "a number beyond 64 bits"
        case int():
            return str(value)
        case float():
            return f"{value:g}"
        case dict():
            return "a table"
        case list():
            return f"an array of {len(value)}"
        case _:  # dates and times
            return str(value)


def shortened(words: str, max_characters: int = 80) -> str:
    """Return text fit for a message: one line, printable, user names and passwords of URLs out."""
    clean = re.sub(r"//[^/@\s]*@", "//***@", words)
    if len(clean) > max_characters:
        clean = clean[: max_characters - 1] + "…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in clean)


# --- readers of one kind ---------------------------------------------------------------------------


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _tables(value: object) -> object:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise ValueError


def _table(value: object) -> object:
    if isinstance(value, dict):
        return value
    raise ValueError


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("text; write the date without quotes" if isinstance(value, str) else "")


def _local_time(value: object) -> str:
    if isinstance(value, str) and _LOCAL_TIME.fullmatch(value):
        return value
    raise ValueError


def _timezone(value: object) -> str:
    name = _plain_text(value, 100)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder, such as "Europe"
        raise ValueError(_near(name, sorted(zoneinfo.available_timezones()))) from None
    return name


def _language(value: object) -> str:
    if isinstance(value, str) and LANGUAGE_TAG.fullmatch(value):
        return value
    raise ValueError


def _digest_language(value: object) -> str:
    tag = _language(value)
    if base_language(tag) not in DIGEST_LANGUAGES:
        raise ValueError("a language without phrases of its own")
    return tag


def _country(value: object) -> str:
    if isinstance(value, str) and COUNTRY_CODE.fullmatch(value):
        return value.upper()
    raise ValueError


def _user_agent(value: object) -> str:
    agent = _plain_text(value, 200)
    if not _VISIBLE_ASCII.fullmatch(agent):
        raise ValueError("has characters that HTTP headers cannot carry")
    if "googlebot" in agent.lower():
        raise ValueError("names another robot")
    return agent


def _base_url(value: object) -> str:
    url = _web_url(value).rstrip("/")
    parts = urlsplit(url)
    if parts.path or parts.query or parts.fragment:
        raise ValueError("has more than scheme, host and port")
    return url


def _feed_url(value: object) -> str:
    url = _web_url(value)
    if is_google_url(url):
        rewrite_web_url(url, edition_of_url(url, _ANY_EDITION))  # raises when it has no feed
    return url


def _web_url(value: object) -> str:
    """Return an absolute http or https URL as it is, but for a fragment, which no server ever sees."""
    url = _plain_text(value, MAX_URL_CHARACTERS).partition("#")[0]
    if re.search(r"[\s\\]", url):
        raise ValueError("has a space or a backslash")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port  # reading the port checks it
    except ValueError as error:
        raise ValueError(str(error)) from None
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError(f"its scheme is {parts.scheme}" if parts.scheme else "has no scheme")
    if "@" in parts.netloc:
        raise ValueError("has a user name or password, which would end up in logs and pages")
    if not host:
        raise ValueError("has no host")
    return url


def _section(value: object) -> str:
    if isinstance(value, str) and value.upper() in SECTIONS:
        return value.upper()
    raise ValueError(_near(value, SECTIONS))


def _topic(value: object) -> str:
    """Topics end up in file names and addresses of pages."""
    topic = _plain_text(value, 60)
    if "/" in topic or "\\" in topic:
        raise ValueError("has a slash")
    if not any(character.isalnum() for character in topic):
        raise ValueError("has neither letter nor figure")
    return topic


def _topic_id(value: object) -> str:
    identifier = _plain_text(value, 1_000)
    parse_topic_id(identifier)
    return identifier


def _mail_address(value: object) -> str:
    """Return an address in plain ASCII; names beside it and quoted forms are not taken."""
    address = _plain_text(value, 254)
    if not _MAIL_ADDRESS.fullmatch(address) or ".." in address:
        raise ValueError
    return address


def _mail_addresses(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    for item in value:
        try:
            _mail_address(item)
        except ValueError:
            raise ValueError(f"{described(item)} is none") from None
    if len({item.lower() for item in value}) < len(value):
        raise ValueError("one of them twice")
    return tuple(value)


def _host(value: object) -> str:
    host = _plain_text(value, 253)
    if not _HOST.fullmatch(host):
        raise ValueError
    return host


def _hosts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_host(item).lower() for item in value)
    raise ValueError


def _variable(value: object) -> str:
    if isinstance(value, str) and _VARIABLE.fullmatch(value):
        return value
    raise ValueError


def _arguments(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError
    for item in value:
        if UNPRINTABLE.search(item):
            raise ValueError("has control characters")
        for name in _BRACED.findall(item):
            if name not in COMMAND_PLACEHOLDERS:
                raise ValueError(f"nothing is filled in for {{{name}}}")
    if not value[0] or _BRACED.search(value[0]):
        raise ValueError("the program itself must be named")
    return tuple(value)


# --- helpers ---------------------------------------------------------------------------------------


def _plain_text(value: object, max_characters: int) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    if value != value.strip():
        raise ValueError("has a space at an end")
    if UNPRINTABLE.search(value):
        raise ValueError("has control characters")
    if len(value) > max_characters:
        raise ValueError(f"has {len(value):,} characters")
    return value


def _near(value: object, names: Iterable[str]) -> str:
    """Return "did you mean …?" for a word that is nearly one of `names`, else nothing."""
    near = near_name(value, names) if isinstance(value, str) else None
    return f"did you mean {near}?" if near else ""


def near_name(word: str, names: Iterable[str]) -> str | None:
    """Find the name that `word` is probably a slip of, whatever its case."""
    by_small_letters = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word[:100].lower(), by_small_letters, n=1, cutoff=0.7)
    return by_small_letters[near[0]] if near else None


def _quoted_list(words: Iterable[str], joiner: str) -> str:
    *others, last = [f'"{word}"' for word in words]
    return f"{', '.join(others)} {joiner} {last}" if others else last


def _figure(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


# --- the kinds -------------------------------------------------------------------------------------

FLAG = Kind("true or false", _flag)
TABLE = Kind("a table in braces", _table)
TABLES = Kind("an array of tables in braces", _tables)
DAY = Kind("a date such as 2022-02-24", _day)
LOCAL_TIME = Kind('a time of day from "00:00" to "23:59"', _local_time)
TIMEZONE = Kind('an IANA name such as "UTC" or "Europe/Berlin"', _timezone)
LANGUAGE = Kind('a language tag such as "en-US" or "de"', _language)
COUNTRY = Kind('a country of two letters such as "US"', _country)
USER_AGENT = Kind("1 to 200 visible ASCII characters that name this program or you", _user_agent)
BASE_URL = Kind("scheme and host of a web server", _base_url)
FEED_URL = Kind(f"an http or https URL of at most {MAX_URL_CHARACTERS:,} characters", _feed_url)
SECTION = Kind(_quoted_list(SECTIONS, "or"), _section)
TOPIC_ID = Kind("an id as in news.google.com/topics/…", _topic_id)
FORMATS = some_of(DIGEST_FORMATS)
BOUND = some_of(WEEK_FORMATS)
DIGEST_LANGUAGE = Kind(
    f'a language tag such as "de" or "en-GB"; the language one of {_quoted_list(DIGEST_LANGUAGES, "and")}',
    _digest_language,
)
WORDS = texts("an array of words or names", 100)
PATH = text("1 to 1,000 characters", 1_000)
LABEL = text("1 to 100 characters", 100)
TOPIC = Kind("1 to 60 characters without slashes", _topic)
QUERY = text("1 to 1,000 characters", 1_000)
PLACE = text("1 to 100 characters", 100)
MAIL_ADDRESS = Kind('a mail address such as "news@example.org"', _mail_address)
MAIL_ADDRESSES = Kind("an array of one or more mail addresses", _mail_addresses)
HOST = Kind("the name or address of a machine", _host)
HOSTS = Kind('an array of names or addresses, as in ["news.example.org"]', _hosts)
VARIABLE = Kind("the name of an environment variable", _variable)
WEB_URL = Kind(f"an http or https URL of at most {MAX_URL_CHARACTERS:,} characters", _web_url)
ARGUMENTS = Kind('an array of a program and its arguments, as in ["cp", "{path}", "/srv/news"]', _arguments)
