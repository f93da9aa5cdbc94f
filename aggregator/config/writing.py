"""The table of keys, written out: as a commented configuration file and as a reference. Pure."""

import json
import textwrap

from aggregator.config.keys import DIGEST_TABLES, DIGESTS, FEEDS, SECTIONS, Key, Section

_WIDTH = 100

_HEAD = """\
Configuration of headline-aggregator, in TOML. A key right behind a # stands there with its default: take \
the # away to change it. `aggregator check-config` says everything that is wrong with this file at once. A \
running daemon takes changes up on SIGHUP, and keeps what it had if anything is wrong."""

# The outlets have kept these addresses for many years and offer them for personal reading.
_FEEDS = """\
# Sections of Google News.
[[feeds]]
name = "World"
topic = "world"
google_topic = "WORLD"

[[feeds]]
name = "Business"
topic = "business"
google_topic = "BUSINESS"

[[feeds]]
name = "Technology"
topic = "technology"
google_topic = "TECHNOLOGY"

# A search.
#[[feeds]]
#name = "Climate"
#topic = "climate"
#google_query = "climate when:1d"

# Outlets' own feeds.
[[feeds]]
name = "BBC World"
topic = "world"
url = "https://feeds.bbci.co.uk/news/world/rss.xml"

[[feeds]]
name = "Deutsche Welle"
topic = "world"
url = "https://rss.dw.com/rdf/rss-en-world"

[[feeds]]
name = "Ars Technica"
topic = "technology"
url = "https://feeds.arstechnica.com/arstechnica/index"
"""

_DIGESTS = """\
[[digests]]
topic = "world"
title = "World"
formats = ["markdown", "hugo"]
#counter = { epoch = 2022-02-24, first_number = 0 }
#sections = [{ title = "Conflicts", words = ["war", "attack*"] }, { title = "Diplomacy", words = ["talks"] }]

[[digests]]
topic = "technology"
title = "Technology"
"""


def commented_default() -> str:
    """Return the configuration that `aggregator init` writes: it works as it is and explains every key."""
    blocks = [
        _comment(_HEAD),
        *(_section_text(section) for section in SECTIONS),
        _comment(FEEDS.doc) + _key_list(FEEDS),
        _FEEDS,
        "".join(_comment(section.doc) + _key_list(section) for section in (DIGESTS, *DIGEST_TABLES)),
        _DIGESTS,
    ]
    return "\n".join(blocks)


def reference_markdown() -> str:
    """Return the reference of every key, a Markdown table for each TOML table, for the README."""
    return "\n".join(_reference(section) for section in (*SECTIONS, FEEDS, DIGESTS, *DIGEST_TABLES))


def toml_value(value: object) -> str:
    """Return a value of ours as TOML writes it. Raises TypeError for what no key holds."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(str(value), ensure_ascii=False)
        case int():
            return f"{value:_}" if value >= 10_000 else str(value)
        case float():
            return f"{value:g}"
        case list() | tuple():
            return "[" + ", ".join(toml_value(item) for item in value) + "]"
        case _:
            raise TypeError(f"no TOML for {value!r}")


# --- the commented file ----------------------------------------------------------------------------


def _section_text(section: Section) -> str:
    """Return a table with every key at its default, live or behind a comment mark."""
    text = _comment(section.doc)
    if section.notice:
        text += _comment(section.notice)
    text += f"{section.header}\n"
    for key in section.keys:
        mark = "" if key.is_shown else "#"
        text += _comment(f"{key.doc} ({key.kind.allowed}).")
        text += f"{mark}{key.name} = {toml_value(section.default(key))}\n"
    return text


def _key_list(section: Section) -> str:
    """Return the keys of a table that may stand several times, as comments."""
    text = ""
    for key in section.keys:
        default = _default(section, key).replace("`", "")
        without_it = default if key.is_required or not default else f"by default {default}"
        limits = "; ".join(filter(None, [key.kind.allowed, without_it]))
        text += _comment(f"  {key.name}: {key.doc} ({limits}).", hanging="    ")
    return text


def _comment(text: str, hanging: str = "") -> str:
    lines = textwrap.wrap(
        text,
        _WIDTH,
        initial_indent="# ",
        subsequent_indent=f"# {hanging}",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{line}\n" for line in lines)


# --- the reference ---------------------------------------------------------------------------------


def _reference(section: Section) -> str:
    rows = "".join(
        f"| `{key.name}` | {_default(section, key)} | {key.kind.allowed} | {key.doc} |\n"
        for key in section.keys
    )
    notice = f"\n{section.notice}\n" if section.notice else ""
    return (
        f"**`{section.header}`** {section.doc}\n\n"
        f"| key | default | allowed | what it is |\n|---|---|---|---|\n{rows}{notice}"
    )


def _default(section: Section, key: Key) -> str:
    """Return in words what applies without the key."""
    if key.is_required:
        return "required"
    if key.default_words:
        return key.default_words
    default = section.default(key)
    return "" if default is None else f"`{toml_value(default)}`"
