"""The templates of the page, and what they may use to show things.

Facts
-----
* Everything is escaped, and before that every text goes through `scrub`: bidi overrides and controls out of a
  headline would turn the page round without a single angle bracket.
* `scrub` takes the spaces at both ends away, also from a literal: `{{ ", " }}` is a comma.
* Escaping does not make an address safe: `javascript:` needs no quotes. Only what `safe_url` lets through
  becomes a link; anything else is shown as text.
* The style sheet's address holds a hash of it, so browsers may keep it for ever.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aggregator.publish.text import safe_url, scrub
from aggregator.store.values import time_of, time_text
from aggregator.web import charts

_FOLDER: Final = Path(__file__).parent / "templates"
_AGES: Final = ((timedelta(days=2), timedelta(days=1), "d"), (timedelta(minutes=90), timedelta(hours=1), "h"))


class Templates:
    """Templates by name, with times shown in the given zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.style = (_FOLDER / "style.css").read_bytes()
        self.style_path = f"/style-{hashlib.sha256(self.style).hexdigest()[:12]}.css"
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
            auto_reload=False,
        )
        self._environment.filters |= {
            "clock": self._clock,
            "moment": self._moment,
            "ago": ago,
            "stored": time_text,
            "segment": lambda text: quote(text, safe=""),
            "long_day": long_day,
            "short_day": short_day,
            "count": count,
            "size": size,
            "address": safe_url,
            "host": host,
            "outlet_path": self.outlet_path,
        }
        self._environment.globals |= {
            "style_path": self.style_path,
            "bars": charts.bars,
            "zone": zone.key,
        }

    @staticmethod
    def outlet_path(name: str) -> str:
        return f"/outlet/{quote(name, safe='')}"

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render(values)

    def _clock(self, text: str | None) -> str:
        """A stored time as the local time of day: "14:05"."""
        return "" if text is None else f"{time_of(text).astimezone(self._zone):%H:%M}"

    def _moment(self, text: str | None) -> str | Markup:
        """A stored time as a local day and time, exact for machines."""
        if text is None:
            return "never"
        local = time_of(text).astimezone(self._zone)
        return Markup('<time datetime="{}">{}</time>').format(text, f"{local.day} {local:%b %Y, %H:%M}")


def _shown(value: object) -> object:
    if isinstance(value, Markup) or not isinstance(value, str):
        return "" if value is None else value
    return scrub(value)


def age(text: str, now: datetime) -> str:
    """How far a stored time lies from now, on either side: "12 min", "3 h", "4 d"."""
    apart = abs(now - time_of(text))
    for least, unit, name in _AGES:
        if apart >= least:
            return f"{apart // unit} {name}"
    return f"{apart // timedelta(minutes=1)} min"


def ago(text: str | None, now: datetime) -> str:
    """A stored time as seen from now: "3 h ago", "in 12 min", "never"."""
    if text is None:
        return "never"
    return f"{age(text, now)} ago" if time_of(text) <= now else f"in {age(text, now)}"


def long_day(day: date | str) -> str:
    """ "Saturday, 21 November 2026"."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day:%A}, {day.day} {day:%B %Y}"


def short_day(day: date | str) -> str:
    """ "21 Nov"."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day.day} {day:%b}"


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 outlet", "2,000 outlets"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: float) -> str:
    """Bytes for people: "812 B", "14 kB"."""
    for unit in ("B", "kB", "MB"):
        if number < 1_000:
            return f"{number:.0f} {unit}"
        number /= 1_000
    return f"{number:.1f} GB"


def host(address: str) -> str:
    """The host of an address, as people read it."""
    return (urlsplit(address).hostname or "").removeprefix("www.")
