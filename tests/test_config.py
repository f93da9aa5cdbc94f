"""The configuration file: what is refused and why, what is accepted, and that it documents itself."""

import dataclasses
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.config import commented_default, load_settings, parse_settings, reference_markdown
from aggregator.config.keys import (
    COUNTER,
    DIGEST_SECTION,
    DIGEST_TABLES,
    DIGESTS,
    FEEDS,
    HTTP,
    POLL,
    RANKING,
    SECTIONS,
)
from aggregator.config.writing import toml_value
from aggregator.errors import ConfigError
from aggregator.settings import (
    DIGEST_FORMATS,
    CounterSettings,
    DigestSettings,
    DigestStyle,
    FeedSettings,
    GoogleGroups,
    RankingSettings,
    SectionSettings,
    Settings,
)

SHIPPED = Path(__file__).parent.parent / "config" / "aggregator.toml"

WORLD_ID = "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtVnVHZ0pWVXlnQVAB"
WORLD_JAPAN_ID = "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtcGhHZ0pLVUNnQVAB"
STORY_ID = "CAAqNggKIjBDQklTSGpvSmMzUnZjbmt0TXpZd1NoRUtEd2lIX3NYY0VSR3Q2em9xVUlVSmVTZ0FQAQ"


def feed(*lines: str, name: str = "Harbour", topic: str = "ports") -> str:
    """A [[feeds]] table of four lines or more: header, name, topic and what is given."""
    return "\n".join(["[[feeds]]", f'name = "{name}"', f'topic = "{topic}"', *lines]) + "\n"


def digest(*lines: str, topic: str = "ports") -> str:
    return "\n".join(["[[digests]]", f'topic = "{topic}"', *lines]) + "\n"


GOOD = feed('url = "https://harbour.example/feed.xml"')

# What many problems end with.
TABLES = "[store], [day], [http], [google_news], [poll], [cluster], [log], [web], [[feeds]], [[digests]]"
HTTP_KEYS = ", ".join(key.name for key in HTTP.keys)
POLL_KEYS = ", ".join(key.name for key in POLL.keys)
FEED_KEYS = ", ".join(key.name for key in FEEDS.keys)
SECTION_NAMES = (
    '"TOP", "WORLD", "BUSINESS", "TECHNOLOGY", "ENTERTAINMENT", "SPORTS", "SCIENCE", "HEALTH" or "NATION"'
)
EXACTLY_ONE = "exactly one of google_topic, google_topic_id, google_query, google_geo, url"
FEED_URL = "an http or https URL of at most 2,048 characters"
FORMATS = f'an array of one or more of {", ".join(map(toml_value, DIGEST_FORMATS[:-1]))} and "parquet"'
AGENT = "1 to 200 visible ASCII characters that name this program or you"
ZONE = 'an IANA name such as "UTC" or "Europe/Berlin"'

# What is wrong → (configuration, every problem of it)
BROKEN = {
    "no value after a key": (
        "[poll]\ninterval_minutes 30",
        [
            "line 2, column 18: found Expected '=' after a key in a key/value pair, in: interval_minutes 30; allowed: TOML (see toml.io)"
        ],
    ),
    "text without an end": (
        '[store]\npath = "var',
        ['line 2, column 12: found Unterminated string, in: path = "var; allowed: TOML (see toml.io)'],
    ),
    "a key twice": (
        "[poll]\njitter_seconds = 1\njitter_seconds = 2",
        [
            "line 3, column 19: found Cannot overwrite a value, in: jitter_seconds = 2; allowed: TOML (see toml.io)"
        ],
    ),
    "a date that does not exist": (
        "[day]\nx = 2022-02-31",
        ["line 2, column 5: found Invalid date or datetime, in: x = 2022-02-31; allowed: TOML (see toml.io)"],
    ),
    "arrays without end": (
        "x = " + "[" * 2_000,
        ["file: found arrays or tables nested hundreds deep; allowed: TOML as people write it"],
    ),
    "a number of thousands of digits": (
        "x = " + "9" * 5_000,
        [
            "file: found Exceeds the limit (4300 digits) for integer string conversion: value has 5000 d…; allowed: TOML"
        ],
    ),
    "a table nearly named right": (
        "[polls]\ninterval_minutes = 30",
        [f"polls (line 1): found an unknown table (did you mean [poll]?); allowed: {TABLES}"],
    ),
    "an unknown table": ("[weather]", [f"weather (line 1): found an unknown table; allowed: {TABLES}"]),
    "a key outside of its table": (
        'timezone = "UTC"',
        [f"timezone (line 1): found a key outside of any table (it belongs under [day]); allowed: {TABLES}"],
    ),
    "a single table written as an array": (
        "[[poll]]",
        ["poll: found an array of 1; allowed: one table [poll]"],
    ),
    "a value where a table should be": ("store = 3", ["store (line 1): found 3; allowed: one table [store]"]),
    "feeds in single brackets": (
        '[feeds]\nname = "Harbour"',
        ["feeds (line 1): found a table; allowed: tables that begin with [[feeds]]"],
    ),
    "a feed that is no table": (
        'feeds = ["https://harbour.example/"]',
        ['feeds[1]: found "https://harbour.example/"; allowed: a table that begins with [[feeds]]'],
    ),
    "a key nearly named right": (
        '[http]\nuser_agnet = "x"',
        [f"http.user_agnet (line 2): found an unknown key (did you mean user_agent?); allowed: {HTTP_KEYS}"],
    ),
    "a key in the wrong table": (
        "[http]\ninterval_minutes = 30",
        [
            f"http.interval_minutes (line 2): found an unknown key (it belongs under [poll] or [[feeds]]); allowed: {HTTP_KEYS}"
        ],
    ),
    "an unknown key": (
        "[store]\nspeed = 3",
        ["store.speed (line 2): found an unknown key; allowed: path, keep_days, max_bytes"],
    ),
    "an unknown key with a control character": (
        '[store]\n"a\\u001bb" = 1',
        ["store.a\\x1bb (line 1): found an unknown key; allowed: path, keep_days, max_bytes"],
    ),
    "many problems at once": (
        '[day]\ntimezone = "Europe/Berln"\n[poll]\ninterval_minutes = 1\njiter_seconds = 3\n[log]\nformat = "xml"',
        [
            f'day.timezone (line 2): found "Europe/Berln" (did you mean Europe/Berlin?); allowed: {ZONE}',
            "poll.interval_minutes (line 4): found 1; allowed: a number from 5 to 1,440",
            f"poll.jiter_seconds (line 5): found an unknown key (did you mean jitter_seconds?); allowed: {POLL_KEYS}",
            'log.format (line 7): found "xml"; allowed: "plain" or "json"',
        ],
    ),
    "true where a number should be": (
        "[poll]\nmax_concurrent = true",
        ["poll.max_concurrent (line 2): found true; allowed: a whole number from 1 to 256"],
    ),
    "a number where true or false should be": (
        "[google_news]\nresolve = 1",
        ["google_news.resolve (line 2): found 1; allowed: true or false"],
    ),
    "text where a number should be": (
        '[poll]\ninterval_minutes = "30"',
        ['poll.interval_minutes (line 2): found "30"; allowed: a number from 5 to 1,440'],
    ),
    "a fraction where a whole number should be": (
        "[google_news]\npage_budget = 1.5",
        ["google_news.page_budget (line 2): found 1.5; allowed: a whole number from 0 to 1,000"],
    ),
    "not a number": (
        "[poll]\njitter_seconds = nan",
        ["poll.jitter_seconds (line 2): found nan; allowed: a number from 0 to 3,600"],
    ),
    "infinity": (
        "[http]\ntotal_timeout_seconds = inf",
        ["http.total_timeout_seconds (line 2): found inf; allowed: a number from 0.1 to 600"],
    ),
    "a number beyond 64 bits": (
        "[poll]\nmax_concurrent = 0x" + "f" * 5_000,
        [
            "poll.max_concurrent (line 2): found a number beyond 64 bits; allowed: a whole number from 1 to 256"
        ],
    ),
    "polls too often": (
        "[poll]\ninterval_minutes = 4.9",
        ["poll.interval_minutes (line 2): found 4.9; allowed: a number from 5 to 1,440"],
    ),
    "negative jitter": (
        "[poll]\njitter_seconds = -1",
        ["poll.jitter_seconds (line 2): found -1; allowed: a number from 0 to 3,600"],
    ),
    "no requests at all": (
        "[poll]\nmax_per_host = 0",
        ["poll.max_per_host (line 2): found 0; allowed: a whole number from 1 to 256"],
    ),
    "bodies too small": (
        "[http]\nmax_body_bytes = 10",
        ["http.max_body_bytes (line 2): found 10; allowed: a whole number from 1,000 to 100,000,000"],
    ),
    "no time at all": (
        "[http]\ntotal_timeout_seconds = 0",
        ["http.total_timeout_seconds (line 2): found 0; allowed: a number from 0.1 to 600"],
    ),
    "no window": (
        "[cluster]\nwindow_days = 0",
        ["cluster.window_days (line 2): found 0; allowed: a whole number from 1 to 31"],
    ),
    "a pause beyond the longest": (
        "[google_news]\nbreaker_minutes = 361",
        ["google_news.breaker_minutes (line 2): found 361; allowed: a number from 0.01 to 360"],
    ),
    "publishers asked without a pause": (
        "[poll]\nhost_spacing_seconds = 0\ngoogle_spacing_seconds = 0.5",
        [
            "poll.host_spacing_seconds (line 2): found 0; allowed: 1 or more, unless http.allow_private_addresses is true",
            "poll.google_spacing_seconds (line 3): found 0.5; allowed: 1 or more, unless http.allow_private_addresses is true",
        ],
    ),
    "a zone in small letters": (
        '[day]\ntimezone = "europe/berlin"',
        [f'day.timezone (line 2): found "europe/berlin" (did you mean Europe/Berlin?); allowed: {ZONE}'],
    ),
    "a zone that is a path": (
        '[day]\ntimezone = "../zone"',
        [f'day.timezone (line 2): found "../zone"; allowed: {ZONE}'],
    ),
    "a zone that is an offset": (
        '[day]\ntimezone = "+02:00"',
        [f'day.timezone (line 2): found "+02:00"; allowed: {ZONE}'],
    ),
    "an empty path": (
        '[store]\npath = ""',
        ['store.path (line 2): found ""; allowed: 1 to 1,000 characters'],
    ),
    "a path with a NUL": (
        '[store]\npath = "a\\u0000b"',
        ['store.path (line 2): found "a\\x00b" (has control characters); allowed: 1 to 1,000 characters'],
    ),
    "a user agent with a second header": (
        '[http]\nuser_agent = "harbour\\nX: 1"',
        [f'http.user_agent (line 2): found "harbour\\nX: 1" (has control characters); allowed: {AGENT}'],
    ),
    "a user agent beyond ASCII": (
        '[http]\nuser_agent = "häfen/1"',
        [
            f'http.user_agent (line 2): found "häfen/1" (has characters that HTTP headers cannot carry); allowed: {AGENT}'
        ],
    ),
    "a user agent of somebody else": (
        '[http]\nuser_agent = "Googlebot/2.1"',
        [f'http.user_agent (line 2): found "Googlebot/2.1" (names another robot); allowed: {AGENT}'],
    ),
    "a base URL with a path": (
        '[google_news]\nbase_url = "https://news.google.com/rss"',
        [
            'google_news.base_url (line 2): found "https://news.google.com/rss" (has more than scheme, host and port); allowed: scheme and host of a web server'
        ],
    ),
    "a base URL without a scheme": (
        '[google_news]\nbase_url = "news.google.com"',
        [
            'google_news.base_url (line 2): found "news.google.com" (has no scheme); allowed: scheme and host of a web server'
        ],
    ),
    "a language by name": (
        '[google_news]\nlanguage = "english"',
        ['google_news.language (line 2): found "english"; allowed: a language tag such as "en-US" or "de"'],
    ),
    "a country of three letters": (
        '[google_news]\ncountry = "USA"',
        ['google_news.country (line 2): found "USA"; allowed: a country of two letters such as "US"'],
    ),
    "a slip in a choice": (
        '[cluster]\ngoogle_groups = "evidnce"',
        [
            'cluster.google_groups (line 2): found "evidnce" (did you mean evidence?); allowed: "evidence" or "ignore"'
        ],
    ),
    "a level of another library": (
        '[log]\nlevel = "warn"',
        [
            'log.level (line 2): found "warn" (did you mean warning?); allowed: "debug", "info", "warning" or "error"'
        ],
    ),
    "a feed without name and topic": (
        '[[feeds]]\nurl = "https://harbour.example/"',
        [
            "feeds[1].name (line 1): found nothing; allowed: 1 to 100 characters",
            "feeds[1].topic (line 1): found nothing; allowed: 1 to 60 characters without slashes",
        ],
    ),
    "a feed without an address": (feed(), [f"feeds[1] (line 1): found no address; allowed: {EXACTLY_ONE}"]),
    "a feed with two addresses": (
        feed('google_topic = "WORLD"', 'url = "https://harbour.example/"'),
        [f"feeds[1] (line 1): found google_topic and url; allowed: {EXACTLY_ONE}"],
    ),
    "a feed with an unknown kind of address": (
        feed('link = "https://harbour.example/"'),
        [
            f"feeds[1].link (line 4): found an unknown key; allowed: {FEED_KEYS}",
            f"feeds[1] (line 1): found no address; allowed: {EXACTLY_ONE}",
        ],
    ),
    "a topic that is a path": (
        feed('url = "https://harbour.example/"', topic="../up"),
        ['feeds[1].topic (line 3): found "../up" (has a slash); allowed: 1 to 60 characters without slashes'],
    ),
    "a topic of dots": (
        feed('url = "https://harbour.example/"', topic=".."),
        [
            'feeds[1].topic (line 3): found ".." (has neither letter nor figure); allowed: 1 to 60 characters without slashes'
        ],
    ),
    "a name with a space at its end": (
        feed('url = "https://harbour.example/"', name="Harbour "),
        ['feeds[1].name (line 2): found "Harbour " (has a space at an end); allowed: 1 to 100 characters'],
    ),
    "a slip in a section": (
        feed('google_topic = "TECHNOLGY"'),
        [
            f'feeds[1].google_topic (line 4): found "TECHNOLGY" (did you mean TECHNOLOGY?); allowed: {SECTION_NAMES}'
        ],
    ),
    "a topic id with a foreign character": (
        feed('google_topic_id = "CAAq!"'),
        [
            "feeds[1].google_topic_id (line 4): found \"CAAq!\" (the id is not base64url: '!' at character 5); allowed: an id as in news.google.com/topics/…"
        ],
    ),
    "a topic id that is cut off": (
        feed(f'google_topic_id = "{WORLD_ID[:30]}"'),
        [
            'feeds[1].google_topic_id (line 4): found "CAAqJggKIiBDQkFTRWdvSUwyMHZNRG" (the id is cut off at byte 22, in field 5); allowed: an id as in news.google.com/topics/…'
        ],
    ),
    "a topic id that names a story": (
        feed(f'google_topic_id = "{STORY_ID}"'),
        [
            'feeds[1].google_topic_id (line 4): found "CAAqNggKIjBDQklTSGpvSmMzUnZjbmt0TXpZd1NoRUtEd2lIX3NYY0VSR3Q2em9xVUlVSmVTZ0FQAQ" (names a story (full coverage), not a topic); allowed: an id as in news.google.com/topics/…'
        ],
    ),
    "a topic id with something behind it": (
        feed(f'google_topic_id = "{WORLD_ID}XXXX"'),
        [
            'feeds[1].google_topic_id (line 4): found "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtVnVHZ0pWVXlnQVABXXXX" (the id is cut off at byte 45, in field 11); allowed: an id as in news.google.com/topics/…'
        ],
    ),
    "a topic id that is a number": (
        feed("google_topic_id = 7"),
        ["feeds[1].google_topic_id (line 4): found 7; allowed: an id as in news.google.com/topics/…"],
    ),
    "an empty search": (
        feed('google_query = ""'),
        ['feeds[1].google_query (line 4): found ""; allowed: 1 to 1,000 characters'],
    ),
    "two places": (
        feed('google_geo = ["Lisbon", "Porto"]'),
        ["feeds[1].google_geo (line 4): found an array of 2; allowed: 1 to 100 characters"],
    ),
    "a URL of another scheme": (
        feed('url = "ftp://harbour.example/feed"'),
        [
            f'feeds[1].url (line 4): found "ftp://harbour.example/feed" (its scheme is ftp); allowed: {FEED_URL}'
        ],
    ),
    "a URL that is a script": (
        feed('url = "javascript:alert(1)"'),
        [
            f'feeds[1].url (line 4): found "javascript:alert(1)" (its scheme is javascript); allowed: {FEED_URL}'
        ],
    ),
    "a URL without a scheme": (
        feed('url = "harbour.example/feed"'),
        [f'feeds[1].url (line 4): found "harbour.example/feed" (has no scheme); allowed: {FEED_URL}'],
    ),
    "a URL without a host": (
        feed('url = "https:///feed"'),
        [f'feeds[1].url (line 4): found "https:///feed" (has no host); allowed: {FEED_URL}'],
    ),
    "a URL with a password": (
        feed('url = "https://anna:s3cret@harbour.example/feed"'),
        [
            f'feeds[1].url (line 4): found "https://***@harbour.example/feed" (has a user name or password, which would end up in logs and pages); allowed: {FEED_URL}'
        ],
    ),
    "a URL with a space": (
        feed('url = "https://harbour.example/a b"'),
        [
            f'feeds[1].url (line 4): found "https://harbour.example/a b" (has a space or a backslash); allowed: {FEED_URL}'
        ],
    ),
    "a URL with a backslash": (
        feed(r"url = 'https://harbour.example\@evil.example/'"),
        [
            f'feeds[1].url (line 4): found "https://***@evil.example/" (has a space or a backslash); allowed: {FEED_URL}'
        ],
    ),
    "a URL with an impossible port": (
        feed('url = "https://harbour.example:99999/"'),
        [
            f'feeds[1].url (line 4): found "https://harbour.example:99999/" (Port out of range 0-65535); allowed: {FEED_URL}'
        ],
    ),
    "a URL with half an address": (
        feed('url = "https://[::1/feed"'),
        [f'feeds[1].url (line 4): found "https://[::1/feed" (Invalid IPv6 URL); allowed: {FEED_URL}'],
    ),
    "a URL too long": (
        feed('url = "https://harbour.example/' + "a" * 2_100 + '"'),
        [
            f'feeds[1].url (line 4): found "https://harbour.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" (has 2,124 characters); allowed: {FEED_URL}'
        ],
    ),
    "an article of Google News": (
        feed('url = "https://news.google.com/articles/CBMiabc"'),
        [
            f'feeds[1].url (line 4): found "https://news.google.com/articles/CBMiabc" (one article, not a feed; give the outlet\'s own feed); allowed: {FEED_URL}'
        ],
    ),
    "a section that Google does not know": (
        feed('url = "https://news.google.com/rss/headlines/section/technology"'),
        [
            f'feeds[1].url (line 4): found "https://news.google.com/rss/headlines/section/technology" (/headlines/section/technology is no feed that Google News knows (it would answer with the top stories)); allowed: {FEED_URL}'
        ],
    ),
    "a Google address with a bad locale": (
        feed('url = "https://news.google.com/rss?hl=english"'),
        [
            f"feeds[1].url (line 4): found \"https://news.google.com/rss?hl=english\" ('english' is not a language tag such as en-US or de); allowed: {FEED_URL}"
        ],
    ),
    "a feed's own values out of range": (
        feed('url = "https://harbour.example/"', 'language = "x"', "interval_minutes = 2", 'enabled = "no"'),
        [
            'feeds[1].language (line 5): found "x"; allowed: a language tag such as "en-US" or "de"',
            "feeds[1].interval_minutes (line 6): found 2; allowed: a number from 5 to 1,440",
            'feeds[1].enabled (line 7): found "no"; allowed: true or false',
        ],
    ),
    "two feeds of one name": (
        feed('url = "https://harbour.example/1"') + feed('url = "https://harbour.example/2"', name="HARBOUR"),
        ["feeds[2].name (line 6): found the same as feeds[1].name; allowed: a name of its own"],
    ),
    "one feed twice in two spellings": (
        feed('google_topic = "WORLD"')
        + feed(f'url = "https://news.google.com/topics/{WORLD_ID}"', name="Other"),
        ["feeds[2] (line 5): found the same as feeds[1]; allowed: each address once"],
    ),
    "a digest of a topic that no feed has": (
        GOOD + digest(topic="world"),
        ['digests[1].topic (line 6): found "world"; allowed: a topic of the feeds: ports'],
    ),
    "a digest without feeds": (
        digest(topic="world"),
        ['digests[1].topic (line 2): found "world"; allowed: a topic of the feeds: there are none'],
    ),
    "a digest without a topic": (
        '[[digests]]\ntitle = "Ports"',
        ["digests[1].topic (line 1): found nothing; allowed: 1 to 60 characters without slashes"],
    ),
    "a slip in a format": (
        GOOD + digest('formats = ["markdwon"]'),
        [
            f'digests[1].formats (line 7): found an array of 1 ("markdwon" is none of them; did you mean markdown?); allowed: {FORMATS}'
        ],
    ),
    "an unknown format": (
        GOOD + digest('formats = ["hugo", "pdf"]'),
        [f'digests[1].formats (line 7): found an array of 2 ("pdf" is none of them); allowed: {FORMATS}'],
    ),
    "no format": (
        GOOD + digest("formats = []"),
        [f"digests[1].formats (line 7): found an array of 0; allowed: {FORMATS}"],
    ),
    "formats outside of an array": (
        GOOD + digest('formats = "hugo"'),
        [f'digests[1].formats (line 7): found "hugo"; allowed: {FORMATS}'],
    ),
    "a format twice": (
        GOOD + digest('formats = ["hugo", "hugo"]'),
        [f"digests[1].formats (line 7): found an array of 2 (one of them twice); allowed: {FORMATS}"],
    ),
    "formats in two brackets": (
        GOOD + digest('formats = [["hugo"]]'),
        [
            f"digests[1].formats (line 7): found an array of 1 (an array of 1 is none of them); allowed: {FORMATS}"
        ],
    ),
    "an hour of one figure": (
        GOOD + digest('at = "6:00"'),
        ['digests[1].at (line 7): found "6:00"; allowed: a time of day from "00:00" to "23:59"'],
    ),
    "an hour after the last": (
        GOOD + digest('at = "24:00"'),
        ['digests[1].at (line 7): found "24:00"; allowed: a time of day from "00:00" to "23:59"'],
    ),
    "a time without quotes": (
        GOOD + digest("at = 06:00:00"),
        ['digests[1].at (line 7): found 06:00:00; allowed: a time of day from "00:00" to "23:59"'],
    ),
    "an epoch in quotes": (
        GOOD + digest('counter = { epoch = "2022-02-24" }'),
        [
            'digests[1].counter.epoch (line 7): found "2022-02-24" (text; write the date without quotes); allowed: a date such as 2022-02-24'
        ],
    ),
    "an epoch with a time of day": (
        GOOD + digest("counter = { epoch = 2022-02-24T00:00:00Z }"),
        [
            "digests[1].counter.epoch (line 7): found 2022-02-24 00:00:00+00:00; allowed: a date such as 2022-02-24"
        ],
    ),
    "a counter without an epoch": (
        GOOD + digest("counter = { first_number = 1 }"),
        ["digests[1].counter.epoch (line 7): found nothing; allowed: a date such as 2022-02-24"],
    ),
    "a counter that is a number": (
        GOOD + digest("counter = 5"),
        ["digests[1].counter (line 7): found 5; allowed: a table in braces"],
    ),
    "a digest in a language without phrases": (
        GOOD + digest('language = "pl"'),
        [
            'digests[1].language (line 7): found "pl" (a language without phrases of its own); allowed: a language tag such as "de" or "en-GB"; the language one of "en", "de", "fr", "es", "uk" and "ru"'
        ],
    ),
    "a section that nothing can belong to, and a topic that no feed has": (
        GOOD + digest('sections = [{ title = "Ports" }, { title = "Sea", topics = ["sea"] }]'),
        [
            "digests[1].sections[1] (line 5): found nothing that a story could belong to it by; allowed: words, outlets or topics",
            'digests[1].sections[2].topics (line 5): found "sea"; allowed: topics of the feeds: ports',
        ],
    ),
    "a section without a title and with a word that is none": (
        GOOD + digest("sections = [{ words = [1] }]"),
        [
            "digests[1].sections[1].words (line 5): found an array of 1; allowed: an array of words or names",
            "digests[1].sections[1].title (line 5): found nothing; allowed: 1 to 100 characters",
        ],
    ),
    "sections that are no tables": (
        GOOD + digest('sections = ["Sea"]'),
        ["digests[1].sections (line 7): found an array of 1; allowed: an array of tables in braces"],
    ),
    "a weight beyond its limits": (
        GOOD + digest("ranking = { diversity = 2, colour = 1 }"),
        [
            "digests[1].ranking.diversity (line 7): found 2; allowed: a number from 0 to 1",
            "digests[1].ranking.colour (line 7): found an unknown key; allowed: outlets, recency, spread, diversity",
        ],
    ),
    "an unknown key in a counter's own table": (
        GOOD + digest("[digests.counter]", "epoch = 2022-02-24", "first = 1"),
        ["digests[1].counter.first (line 9): found an unknown key; allowed: epoch, first_number"],
    ),
    "two digests that write the same files": (
        GOOD + digest('out = "digests"') + digest('out = "./digests/"', 'formats = ["html"]'),
        ["digests[2] (line 8): found the same as digests[1]; allowed: each topic once in a folder"],
    ),
    "text over several lines gives up line numbers": (
        'store.path = """\n[[feeds]]\n"""\npoll.interval_minutes = 1',
        [
            'store.path: found "[[feeds]]\\n" (has a space at an end); allowed: 1 to 1,000 characters',
            "poll.interval_minutes: found 1; allowed: a number from 5 to 1,440",
        ],
    ),
    "a header in quotes gives up line numbers": (
        '["store"]\n["poll"]\ninterval_minutes = 1',
        ["poll.interval_minutes: found 1; allowed: a number from 5 to 1,440"],
    ),
    "a dotted key": (
        "poll.interval_minutes = 1",
        ["poll.interval_minutes (line 1): found 1; allowed: a number from 5 to 1,440"],
    ),
}


@pytest.mark.parametrize(("text", "problems"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_configuration_is_refused_with_every_problem(text, problems):
    with pytest.raises(ConfigError) as refusal:
        parse_settings(text, "harbour.toml")

    assert [str(problem) for problem in refusal.value.problems] == problems


def test_a_password_in_a_url_is_in_no_message():
    with pytest.raises(ConfigError) as refusal:
        parse_settings(feed('url = "https://anna:s3cret@harbour.example/feed'), "harbour.toml")
    syntax = str(refusal.value)
    with pytest.raises(ConfigError) as refusal:
        parse_settings(feed('url = "https://anna:s3cret@harbour.example/feed"'), "harbour.toml")

    assert "s3cret" not in syntax + str(refusal.value)


# --- files -----------------------------------------------------------------------------------------


def test_missing_file_says_how_to_get_one(tmp_path):
    path = tmp_path / "none.toml"

    with pytest.raises(ConfigError, match="aggregator init") as refusal:
        load_settings(path)

    assert str(path) in str(refusal.value)


def test_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match="Is a directory"):
        load_settings(tmp_path)


def test_file_in_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "latin1.toml"
    path.write_bytes(b"[log]\nlevel = 'info' # h\xe4fen\n")

    with pytest.raises(ConfigError, match="line 2: found byte 0xe4; allowed: text in UTF-8"):
        load_settings(path)


def test_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes("\ufeff[log]\r\nlevel = 'debug'\r\n".encode())

    assert load_settings(path).log.level == "debug"


# --- what is accepted ------------------------------------------------------------------------------


def test_nothing_is_needed():
    assert parse_settings("") == Settings()


def test_every_key_of_the_contract_is_read():
    settings = parse_settings(
        """
        [store]
        path = "data/news.db"
        [day]
        timezone = "Asia/Kathmandu"
        [http]
        user_agent = "harbour-watch/1.0 (+https://harbour.example/about)"
        allow_private_addresses = true
        max_body_bytes = 1_000_000
        total_timeout_seconds = 5
        [google_news]
        base_url = "http://127.0.0.1:8080/"
        language = "de-DE"
        country = "de"
        resolve = false
        page_budget = 10
        page_refill_seconds = 0.5
        breaker_minutes = 1
        [poll]
        interval_minutes = 5
        jitter_seconds = 0
        max_concurrent = 4
        max_per_host = 1
        host_spacing_seconds = 0
        google_spacing_seconds = 0
        [cluster]
        window_days = 7
        google_groups = "ignore"
        [log]
        format = "json"
        level = "debug"
        """
    )

    assert settings.store.path == "data/news.db"
    assert settings.day.timezone == "Asia/Kathmandu"
    assert settings.http.user_agent == "harbour-watch/1.0 (+https://harbour.example/about)"
    assert settings.http.allow_private_addresses
    assert (settings.http.max_body_bytes, settings.http.total_timeout_seconds) == (1_000_000, 5.0)
    assert settings.google_news.base_url == "http://127.0.0.1:8080"
    assert (settings.google_news.language, settings.google_news.country) == ("de", "DE")
    assert not settings.google_news.resolve
    assert settings.google_news.page_budget == 10
    assert (settings.google_news.page_refill_seconds, settings.google_news.breaker_minutes) == (0.5, 1.0)
    assert (settings.poll.interval_minutes, settings.poll.jitter_seconds) == (5.0, 0.0)
    assert (settings.poll.max_concurrent, settings.poll.max_per_host) == (4, 1)
    assert (settings.poll.host_spacing_seconds, settings.poll.google_spacing_seconds) == (0.0, 0.0)
    assert settings.cluster.window_days == 7
    assert settings.cluster.google_groups is GoogleGroups.IGNORE
    assert (settings.log.format, settings.log.level) == ("json", "debug")


US_QUERY = "?hl=en-US&gl=US&ceid=US:en"
BRITISH = ('language = "en-GB"', 'country = "GB"')
ACCEPTED_FEEDS = {
    "section": (
        ['google_topic = "World"'],
        (f"https://news.google.com/rss/topics/{WORLD_ID}{US_QUERY}", "en-US", "US", True),
    ),
    "section of another edition": (
        ['google_topic = "NATION"', *BRITISH],
        (
            "https://news.google.com/rss/headlines/section/topic/NATION?hl=en-GB&gl=GB&ceid=GB:en",
            "en-GB",
            "GB",
            True,
        ),
    ),
    "section of another country of the same language": (
        ['google_topic = "NATION"', 'country = "IE"'],
        (
            "https://news.google.com/rss/headlines/section/topic/NATION?hl=en-IE&gl=IE&ceid=IE:en",
            "en-IE",
            "IE",
            True,
        ),
    ),
    "section of a language with its country": (
        ['google_topic = "TOP"', 'language = "de-AT"'],
        ("https://news.google.com/rss?hl=de&gl=AT&ceid=AT:de", "de", "AT", True),
    ),
    "topic id": (
        [f'google_topic_id = "{WORLD_ID}"'],
        (f"https://news.google.com/rss/topics/{WORLD_ID}{US_QUERY}", "en-US", "US", True),
    ),
    "topic id of another edition brings it along": (
        [f'google_topic_id = "{WORLD_JAPAN_ID}"'],
        (f"https://news.google.com/rss/topics/{WORLD_JAPAN_ID}?hl=ja&gl=JP&ceid=JP:ja", "ja", "JP", True),
    ),
    "search": (
        ["google_query = 'harbour OR port when:1d'"],
        (
            "https://news.google.com/rss/search?q=harbour+OR+port+when%3A1d&" + US_QUERY[1:],
            "en-US",
            "US",
            True,
        ),
    ),
    "place": (
        ['google_geo = "Porto Velho"'],
        (f"https://news.google.com/rss/headlines/section/geo/Porto%20Velho{US_QUERY}", "en-US", "US", True),
    ),
    "page of Google News brings its edition along": (
        ['url = "https://news.google.com/search?q=porto&hl=pt-BR&gl=BR&ceid=BR%3Apt-419"'],
        ("https://news.google.com/rss/search?q=porto&hl=pt-BR&gl=BR&ceid=BR:pt-419", "pt-BR", "BR", True),
    ),
    "page of Google News in the edition that is asked for": (
        ['url = "https://news.google.com/topstories?hl=pt-BR&gl=BR&ceid=BR:pt-419"', *BRITISH],
        ("https://news.google.com/rss?hl=en-GB&gl=GB&ceid=GB:en", "en-GB", "GB", True),
    ),
    "plain feed": (
        ['url = "https://harbour.example/feed?x=1&y=2"'],
        ("https://harbour.example/feed?x=1&y=2", "en", "US", False),
    ),
    "plain feed on a private address, for the fetcher to judge": (
        ['url = "http://127.0.0.1:8000/feed"'],
        ("http://127.0.0.1:8000/feed", "en", "US", False),
    ),
    "plain feed with a fragment": (
        ['url = "https://harbour.example/feed#top"'],
        ("https://harbour.example/feed", "en", "US", False),
    ),
    "plain feed of another language": (
        ['url = "https://hafen.example/feed"', 'language = "de"', 'country = "de"'],
        ("https://hafen.example/feed", "de", "DE", False),
    ),
}


@pytest.mark.parametrize(("lines", "expected"), ACCEPTED_FEEDS.values(), ids=ACCEPTED_FEEDS.keys())
def test_feed_gets_its_url_and_language(lines, expected):
    url, language, country, is_google = expected

    assert parse_settings(feed(*lines)).feeds == (
        FeedSettings("Harbour", "ports", url, language, country, 30.0, is_google),
    )


def test_feed_has_its_own_interval_and_switch():
    text = "poll.interval_minutes = 45\n" + GOOD
    slow = feed('google_topic = "TOP"', "interval_minutes = 90", "enabled = false", name="Slow")

    first, second = parse_settings(text + slow).feeds

    assert (first.interval_minutes, first.enabled) == (45.0, True)
    assert (second.interval_minutes, second.enabled) == (90.0, False)


def test_digest_as_an_editor_wants_it():
    [read] = parse_settings(
        GOOD
        + digest(
            'language = "de-AT"',
            'style = "key-events"',
            'other_title = "Sonst"',
            'sections = [{ title = "See", words = ["Fähre*", "auf Grund"], outlets = ["Kieler Bote"] }]',
            "ranking = { recency = 2, diversity = 0 }",
        )
    ).digests

    assert read.language == "de-AT"
    assert read.style is DigestStyle.KEY_EVENTS
    assert read.other_title == "Sonst"
    assert read.sections == (SectionSettings("See", ("Fähre*", "auf Grund"), ("Kieler Bote",)),)
    assert read.ranking == RankingSettings(recency=2.0, diversity=0.0)


def test_digest_has_defaults_and_a_counter():
    text = (
        GOOD
        + digest()
        + digest(
            'title = "Ports, day by day"',
            'at = "23:30"',
            'formats = ["hugo"]',
            'out = "site/content"',
            "counter = { epoch = 2022-02-24, first_number = 1 }",
        )
    )

    plain, counted = parse_settings(text).digests

    assert plain == DigestSettings("ports", "Ports", at="06:00", formats=("markdown",), out="var/digests")
    assert counted == DigestSettings(
        "ports",
        "Ports, day by day",
        at="23:30",
        formats=("hugo",),
        out="site/content",
        counter=CounterSettings(date(2022, 2, 24), 1),
    )
    assert counted.counter.number(date(2022, 2, 26)) == 3


# --- the file and the reference that the table of keys writes --------------------------------------


def test_shipped_file_is_what_init_writes():
    assert SHIPPED.read_text(encoding="utf-8") == commented_default()


def test_default_file_works_as_it_is():
    settings = parse_settings(commented_default())

    assert dataclasses.replace(settings, feeds=(), digests=()) == Settings()
    assert [feed.name for feed in settings.feeds if feed.is_google] == ["World", "Business", "Technology"]
    assert len([feed for feed in settings.feeds if not feed.is_google]) == 3
    assert [digest.topic for digest in settings.digests] == ["world", "technology"]


def test_default_file_works_with_every_mark_taken_away():
    text = re.sub(r"^#(?=[a-z\[])", "", commented_default(), flags=re.MULTILINE)

    settings = parse_settings(text)

    assert dataclasses.replace(settings, feeds=(), digests=()) == Settings()
    assert len(settings.feeds) == 7
    assert settings.digests[0].counter == CounterSettings(date(2022, 2, 24))
    assert [section.title for section in settings.digests[0].sections] == ["Conflicts", "Diplomacy"]


def test_default_file_states_the_terms_beside_google_news():
    before, _, _ = commented_default().partition("[google_news]")

    assert "personal, non-commercial use" in " ".join(before.rpartition("\n\n")[2].replace("# ", "").split())


@pytest.mark.parametrize(
    "section", [*SECTIONS, FEEDS, DIGESTS, *DIGEST_TABLES], ids=lambda section: section.header
)
def test_reference_and_default_file_name_every_key(section):
    reference = reference_markdown().partition(f"**`{section.header}`**")[2].partition("\n**`")[0]

    assert re.findall(r"^\| `(\w+)` \|", reference, flags=re.MULTILINE) == [key.name for key in section.keys]
    for key in section.keys:
        assert re.search(rf"^#?{key.name} = |^#   {key.name}: ", commented_default(), flags=re.MULTILINE)


# Numbers that the program runs on and no configuration changes: protocol, politeness, safety.
FIXED = {
    "http.connect_timeout_seconds",
    "http.max_redirects",
    "google_news.breaker_max_minutes",
    "poll.min_interval_minutes",
    "poll.max_interval_minutes",
}


def test_every_setting_has_a_key_or_is_known_to_be_fixed():
    keys = {f"{section.name}.{key.name}" for section in SECTIONS for key in section.keys}
    fields = {
        f"{section.name}.{field.name}"
        for section in dataclasses.fields(Settings)
        if section.name not in ("feeds", "digests")
        for field in dataclasses.fields(getattr(Settings(), section.name))
    }

    assert keys == fields - FIXED
    assert fields >= FIXED
    assert {key.name for key in DIGESTS.keys} == {field.name for field in dataclasses.fields(DigestSettings)}
    assert {key.name for key in COUNTER.keys} == {field.name for field in dataclasses.fields(CounterSettings)}
    assert {key.name for key in RANKING.keys} == {field.name for field in dataclasses.fields(RankingSettings)}
    section_fields = {field.name for field in dataclasses.fields(SectionSettings)}
    assert {key.name for key in DIGEST_SECTION.keys} == section_fields


@pytest.mark.parametrize(
    ("section", "key"),
    [
        pytest.param(section, key, id=f"{section.name}.{key.name}")
        for section in SECTIONS
        for key in section.keys
    ],
)
def test_every_default_is_allowed(section, key):
    text = f"{section.header}\n{key.name} = {toml_value(section.default(key))}"

    assert parse_settings(text) == Settings()


# --- any text at all -------------------------------------------------------------------------------

KEY_NAMES = sorted(
    {key.name for section in (*SECTIONS, FEEDS, DIGESTS, *DIGEST_TABLES) for key in section.keys}
)
SECTION_HEADERS = [section.header for section in (*SECTIONS, FEEDS, DIGESTS)]
VALUES = st.one_of(
    st.booleans().map(toml_value),
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(st.characters(codec="utf-8", exclude_characters="\x7f")).map(toml_value),
    st.lists(st.integers(0, 9)).map(toml_value),
    st.sampled_from(
        ["{}", "[[]]", "{ epoch = 2022-02-24 }", "2022-02-24", "06:00:00", "nan", "-inf", '"hugo"']
    ),
)
LINES = st.one_of(
    st.sampled_from(SECTION_HEADERS),
    st.builds("{} = {}".format, st.sampled_from(KEY_NAMES), VALUES),
    st.sampled_from(['google_topic = "WORLD"', 'name = "a"', 'topic = "b"', "[digests.counter]"]),
)


@given(st.lists(LINES, max_size=12).map("\n".join))
@example("x = 0x" + "f" * 5_000)
@example("feeds = [{ name = 0x" + "f" * 5_000 + " }]")
def test_any_configuration_is_accepted_or_refused(text):
    try:
        assert isinstance(parse_settings(text), Settings)
    except ConfigError as refusal:
        assert refusal.problems  # noqa: PT017
        assert str(refusal).isprintable() or "\n" in str(refusal)  # noqa: PT017


@given(st.text())
def test_any_text_is_accepted_or_refused(text):
    try:
        assert isinstance(parse_settings(text), Settings)
    except ConfigError as refusal:
        assert refusal.problems  # noqa: PT017
