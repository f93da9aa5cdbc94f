"""TOML → `Settings`, or every problem at once.

Facts
-----
* TOML has booleans, whole numbers, floats, dates and text; none of them is taken for another, but for
  a whole number where any number may stand.
* `tomllib` tells the place of a syntax error only inside its message, and lets RecursionError out for
  arrays nested a few hundred deep.
* Editors on Windows begin a file with U+FEFF, which TOML does not know: it is dropped.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from posixpath import normpath
from typing import Any

from aggregator.config.keys import (
    ADDRESSES,
    CLUSTER,
    COMMAND,
    COUNTER,
    DAY,
    DIGEST_SECTION,
    DIGESTS,
    EMAIL,
    FEEDS,
    GOOGLE_NEWS,
    HTTP,
    LOG,
    POLL,
    RANKING,
    SECTIONS,
    STORE,
    WEB,
    WEBHOOK,
    Section,
)
from aggregator.config.kinds import near_name, shortened
from aggregator.config.report import Report, key_lines
from aggregator.errors import ConfigError, Problem
from aggregator.google.editions import Edition, base_language
from aggregator.google.feed_urls import (
    edition_of_topic_id,
    edition_of_url,
    geo_feed_url,
    is_google_feed,
    is_google_url,
    rewrite_web_url,
    search_feed_url,
    topic_feed_url,
    topic_id_feed_url,
)
from aggregator.settings import (
    ClusterSettings,
    CommandSettings,
    CounterSettings,
    DaySettings,
    DigestSettings,
    EmailSettings,
    FeedSettings,
    GoogleNewsSettings,
    HttpSettings,
    LogSettings,
    MailSecurity,
    PollSettings,
    RankingSettings,
    SectionSettings,
    Settings,
    StoreSettings,
    WebhookSettings,
    WebSettings,
)

Table = Mapping[str, Any]
"""A table as TOML has it, or as `_read_table` has checked it: only known keys with good values."""

_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\s*$")
_POLITE_SPACING_SECONDS = 1.0


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file.

    Raises ConfigError with every problem of the file; a file that is not there or not readable is
    one too. Paths stay as written: they are relative to --home, which is not known here.
    """
    return parse_settings(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Return the text of a configuration file, its line ends as they are. Raises ConfigError if there is none."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(
            str(path), "no such file", "a TOML file; `aggregator init` writes one to begin with"
        )
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(f"line {line}", f"byte 0x{error.object[error.start]:02x}", "text in UTF-8")
    except OSError as error:
        problem = Problem(str(path), error.strerror or type(error).__name__, "a readable TOML file")
    raise ConfigError(str(path), [problem])


def parse_settings(text: str, path: str = "configuration") -> Settings:
    """Check a configuration; `path` is what ConfigError calls it. Raises ConfigError with every problem."""
    document = _parse_toml(text, path)
    report = Report(key_lines(text))
    _refuse_unknown_sections(document, report)
    values = {section.name: _read_section(document, section, report) for section in SECTIONS}
    google = _google_news(values[GOOGLE_NEWS.name])
    _refuse_hasty_spacing(values, report)
    poll = PollSettings(**values[POLL.name])
    feeds = _read_feeds(_tables(document, FEEDS, report), google, poll, report)
    digests = _read_digests(_tables(document, DIGESTS, report), _topics(document), report)
    report.raise_if_any(path)
    return Settings(
        store=StoreSettings(**values[STORE.name]),
        day=DaySettings(**values[DAY.name]),
        http=HttpSettings(**values[HTTP.name]),
        google_news=google,
        poll=poll,
        cluster=ClusterSettings(**values[CLUSTER.name]),
        log=LogSettings(**values[LOG.name]),
        web=WebSettings(**values[WEB.name]),
        feeds=feeds,
        digests=digests,
    )


def parse_feed(table: Table, settings: Settings, name: str) -> FeedSettings:
    """Check one `[[feeds]]` table as it would stand in a configuration; ConfigError calls it `name`.

    Whether another feed has its name or address is for the caller to see.
    """
    report = Report({})
    feed = _read_feed("feed", table, settings.google_news, settings.poll, report)
    report.raise_if_any(name)
    assert feed is not None  # what is not reported was read
    return feed


def _parse_toml(text: str, path: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = _syntax_problem(str(error), text)
    except ValueError as error:  # a number of thousands of digits
        problem = Problem("file", shortened(str(error)), "TOML")
    except RecursionError:
        problem = Problem("file", "arrays or tables nested hundreds deep", "TOML as people write it")
    raise ConfigError(path, [problem])


def _syntax_problem(message: str, text: str) -> Problem:
    lines = text.split("\n")
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place and place[1] else (len(lines), len(lines[-1]) + 1)
    said = shortened(_PLACE.sub("", message))
    source = shortened(lines[min(line, len(lines)) - 1].strip())
    return Problem(f"line {line}, column {column}", f"{said}, in: {source}", "TOML (see toml.io)")


# --- tables ----------------------------------------------------------------------------------------


def _refuse_unknown_sections(document: Table, report: Report) -> None:
    headers = {section.name: section.header for section in (*SECTIONS, FEEDS, DIGESTS)}
    for name, value in document.items():
        if name not in headers:
            what = "an unknown table" if isinstance(value, dict | list) else "a key outside of any table"
            report.add(name, what + _hint(name, headers), ", ".join(headers.values()))


def _read_section(document: Table, section: Section, report: Report) -> Table:
    table = document.get(section.name, {})
    if isinstance(table, dict):
        return _read_table(table, section, section.name, report)
    report.refuse(section.name, table, f"one table {section.header}")
    return {}


def _tables(document: Table, section: Section, report: Report) -> Sequence[tuple[str, Table]]:
    """Return the tables of an array with the names that problems call them by, counted from 1."""
    found = document.get(section.name, [])
    if not isinstance(found, list):
        report.refuse(section.name, found, f"tables that begin with {section.header}")
        return []
    named = [(f"{section.name}[{number}]", table) for number, table in enumerate(found, start=1)]
    for where, table in named:
        if not isinstance(table, dict):
            report.refuse(where, table, f"a table that begins with {section.header}")
    return [(where, table) for where, table in named if isinstance(table, dict)]


def _read_table(table: Table, section: Section, where: str, report: Report) -> dict[str, Any]:
    """Return the good values of a table by key, and report the others, unknown and missing keys."""
    keys = {key.name: key for key in section.keys}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in keys:
            found = "an unknown key" + _hint(name, {known: known for known in keys})
            report.add(f"{where}.{name}", found, ", ".join(keys))
            continue
        try:
            values[name] = keys[name].kind.read(value)
        except ValueError as error:
            report.refuse(f"{where}.{name}", value, keys[name].kind.allowed, str(error))
    for key in section.keys:
        if key.is_required and key.name not in table:
            report.add(f"{where}.{key.name}", "nothing", key.kind.allowed)
    return values


def _hint(name: str, known: Mapping[str, str]) -> str:
    """Return, in brackets, the known name that an unknown one is nearly, or the table it belongs to."""
    if near := near_name(name, known):
        return f" (did you mean {known[near]}?)"
    tables = (*SECTIONS, FEEDS, DIGESTS)
    homes = [table.header for table in tables if any(key.name == name for key in table.keys)]
    return f" (it belongs under {' or '.join(homes)})" if homes else ""


# --- what depends on more than one key -------------------------------------------------------------


def _google_news(values: Table) -> GoogleNewsSettings:
    """Return the section with its edition in Google's spelling."""
    settings = GoogleNewsSettings(**values)
    edition = Edition(settings.language, settings.country)
    return replace(settings, language=edition.language, country=edition.country)


def _refuse_hasty_spacing(values: Mapping[str, Table], report: Report) -> None:
    """Publishers get a second between requests; only who polls machines of his own may do without."""
    if values[HTTP.name].get("allow_private_addresses"):
        return
    for name in ("host_spacing_seconds", "google_spacing_seconds"):
        seconds = values[POLL.name].get(name, _POLITE_SPACING_SECONDS)
        if seconds < _POLITE_SPACING_SECONDS:
            report.refuse(
                f"{POLL.name}.{name}", seconds, "1 or more, unless http.allow_private_addresses is true"
            )


def _topics(document: Table) -> tuple[str, ...]:
    """Return the topics of the feeds as written, so that one mistake in a feed is not two problems."""
    feeds = document.get(FEEDS.name)
    tables = [table for table in feeds if isinstance(table, dict)] if isinstance(feeds, list) else []
    topics = [table.get("topic") for table in tables]
    return tuple(dict.fromkeys(topic for topic in topics if isinstance(topic, str)))


def _read_feeds(
    tables: Sequence[tuple[str, Table]], google: GoogleNewsSettings, poll: PollSettings, report: Report
) -> tuple[FeedSettings, ...]:
    named = [(f"{where}.name", table.get("name")) for where, table in tables]
    names = [(where, name.casefold()) for where, name in named if isinstance(name, str)]
    read = [(where, _read_feed(where, table, google, poll, report)) for where, table in tables]
    feeds = [(where, feed) for where, feed in read if feed]
    _refuse_twice(names, "a name of its own", report)
    _refuse_twice([(where, feed.url) for where, feed in feeds], "each address once", report)
    return tuple(feed for _, feed in feeds)


def _refuse_twice(places: Sequence[tuple[str, str]], allowed: str, report: Report) -> None:
    """Report every value that an earlier place has."""
    first: dict[str, str] = {}
    for where, value in places:
        if first.setdefault(value, where) != where:
            report.add(where, f"the same as {first[value]}", allowed)


def _read_feed(
    where: str, table: Table, google: GoogleNewsSettings, poll: PollSettings, report: Report
) -> FeedSettings | None:
    """Return a feed, or None if it is reported."""
    before = len(report.problems)
    values = _read_table(table, FEEDS, where, report)
    given = [name for name in ADDRESSES if name in table]
    if len(given) != 1:
        report.add(where, " and ".join(given) or "no address", f"exactly one of {', '.join(ADDRESSES)}")
    if len(report.problems) > before:
        return None
    address = given[0]
    edition = _edition(address, values, Edition(google.language, google.country))
    url = _feed_url(address, values[address], edition)
    is_google = is_google_feed(url)
    return FeedSettings(
        name=values["name"],
        topic=values["topic"],
        url=url,
        language=edition.language if is_google else values.get("language", base_language(google.language)),
        country=edition.country,
        interval_minutes=values.get("interval_minutes", poll.interval_minutes),
        is_google=is_google,
        enabled=values.get("enabled", True),
        site=values.get("site"),
    )


def _edition(address: str, values: Table, default: Edition) -> Edition:
    """Return a feed's edition: what its keys say, else what its address says, else the default.

    One of the two keys alone is enough where it says both: language "de-AT", country "GB" of English.
    """
    own = default
    if address == "google_topic_id":
        own = edition_of_topic_id(values[address], default)
    elif address == "url" and is_google_url(values[address]):
        own = edition_of_url(values[address], default)
    if "language" in values:
        region = values["language"].rpartition("-")[2]
        own_country = region if len(region) == 2 and region != values["language"] else own.country
        return Edition(values["language"], values.get("country", own_country))
    if "country" in values:
        return Edition(base_language(own.language), values["country"])
    return own


def _feed_url(address: str, value: str, edition: Edition) -> str:
    match address:
        case "google_topic":
            return topic_feed_url(value, edition)
        case "google_topic_id":
            return topic_id_feed_url(value, edition)
        case "google_query":
            return search_feed_url(value, edition)
        case "google_geo":
            return geo_feed_url(value, edition)
    return rewrite_web_url(value, edition) if is_google_url(value) else value


def _read_digests(
    tables: Sequence[tuple[str, Table]], topics: Sequence[str], report: Report
) -> tuple[DigestSettings, ...]:
    read = [(where, _read_digest(where, table, topics, report)) for where, table in tables]
    digests = [(where, digest) for where, digest in read if digest]
    folders = [(where, f"{digest.topic} in {normpath(digest.out)}") for where, digest in digests]
    _refuse_twice(folders, "each topic once in a folder", report)
    return tuple(digest for _, digest in digests)


def _read_digest(where: str, table: Table, topics: Sequence[str], report: Report) -> DigestSettings | None:
    """Return a digest, or None if it is reported."""
    before = len(report.problems)
    values = _read_table(table, DIGESTS, where, report)
    topic = values.get("topic", "")
    if topic and topic not in topics:
        report.refuse(
            f"{where}.topic", topic, f"a topic of the feeds: {', '.join(topics) or 'there are none'}"
        )
    if "counter" in values:
        values["counter"] = _read_counter(f"{where}.counter", values["counter"], report)
    if "sections" in values:
        values["sections"] = _read_sections(f"{where}.sections", values["sections"], topics, report)
    if "ranking" in values:
        ranking = _read_table(values["ranking"], RANKING, f"{where}.ranking", report)
        values["ranking"] = RankingSettings(**ranking)
    if "email" in values:
        values["email"] = _read_email(f"{where}.email", values["email"], report)
    if "webhook" in values:
        values["webhook"] = _read_webhook(f"{where}.webhook", values["webhook"], report)
    if "command" in values:
        formats = values.get("formats", DigestSettings(topic, topic).formats)
        values["command"] = _read_command(f"{where}.command", values["command"], formats, report)
    if len(report.problems) > before:
        return None
    return DigestSettings(**{"title": topic[0].upper() + topic[1:], **values})


def _read_counter(where: str, table: Table, report: Report) -> CounterSettings | None:
    values = _read_table(table, COUNTER, where, report)
    return CounterSettings(**values) if "epoch" in values else None


def _read_sections(
    where: str, tables: Sequence[Table], topics: Sequence[str], report: Report
) -> tuple[SectionSettings, ...]:
    """Return the sections of a digest; one that takes no story at all is a mistake."""
    sections = []
    for number, table in enumerate(tables, start=1):
        place = f"{where}[{number}]"
        values = _read_table(table, DIGEST_SECTION, place, report)
        for topic in values.get("topics", ()):
            if topic not in topics:
                report.refuse(f"{place}.topics", topic, f"topics of the feeds: {', '.join(topics)}")
        if not any(table.get(name) for name in ("words", "outlets", "topics")):
            report.add(place, "nothing that a story could belong to it by", "words, outlets or topics")
        if "title" in values:
            sections.append(SectionSettings(**values))
    return tuple(sections)


def _read_email(where: str, table: Table, report: Report) -> EmailSettings | None:
    """Return where a digest is mailed; a login needs a password, and a line on which nobody else reads it."""
    before = len(report.problems)
    values = _read_table(table, EMAIL, where, report)
    places = [name for name in ("password_env", "password_file") if name in table]
    if len(places) != ("user" in table):
        found = " and ".join(name for name in ("user", *places) if name in table)
        report.add(where, found, "user with either password_env or password_file, or none of them")
    if len(report.problems) > before:
        return None
    email = EmailSettings(**values)
    if email.user and email.security is MailSecurity.NONE and not _is_loopback(email.server):
        allowed = '"starttls" or "tls" where a password is sent to another machine'
        report.refuse(f"{where}.security", "none", allowed)
    return email


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def _read_webhook(where: str, table: Table, report: Report) -> WebhookSettings | None:
    before = len(report.problems)
    values = _read_table(table, WEBHOOK, where, report)
    if "secret_env" in table and "secret_file" in table:
        report.add(where, "secret_env and secret_file", "one of them")
    return WebhookSettings(**values) if len(report.problems) == before else None


def _read_command(where: str, table: Table, formats: Sequence[str], report: Report) -> CommandSettings | None:
    """Return what is run; its file must be one that the digest is written as, the first format by default."""
    before = len(report.problems)
    values = {"format": formats[0], **_read_table(table, COMMAND, where, report)}
    if values["format"] not in formats:
        report.refuse(f"{where}.format", values["format"], f"a format of the digest: {', '.join(formats)}")
    return CommandSettings(**values) if len(report.problems) == before else None
