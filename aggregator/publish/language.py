"""Dates, numbers, plurals and phrases in the language of a digest. Pure.

`language_of("de")` says it in German; a tag with a country changes what that country writes otherwise:
"en-GB" puts the day first. The process's own locale is never asked: a digest must not follow it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from aggregator.google.editions import base_language
from aggregator.publish.language_tables import BRITISH, TABLES, LanguageTable

# Countries that write the month before the day; every other English edition writes the day first.
_MONTH_FIRST = frozenset({"CA", "PH", "US"})
# Spanish "y" becomes "e" before the sound of i: Marca e Infobae, but Marca y Hierro.
_SOUNDS_LIKE_I = re.compile(r"h?i(?!e)|hí|í", re.IGNORECASE)

MAX_NAMES = 3


@dataclass(frozen=True, slots=True)
class Language:
    """One language, ready to be spoken; `tag` is BCP 47, as configured."""

    tag: str
    table: LanguageTable

    def number(self, value: int) -> str:
        """Return "1,407", "1.407", "1 407" (with a space that does not break)."""
        if abs(value) < self.table.grouped_from:
            return str(value)
        return f"{value:,}".replace(",", self.table.thousands)

    def say(self, phrase: str, **values: str) -> str:
        """Return a fixed phrase with its fields filled. Raises KeyError for one that there is not."""
        return self.table.phrases[phrase].format(**values)

    def count(self, phrase: str, count: int, **values: str) -> str:
        """Return a phrase in the form that the number asks for: "1 story", "5 сюжетов"."""
        forms = self.table.plurals[phrase]
        return forms[self.table.plural_of(count)].format(n=self.number(count), **values)

    def long_date(self, day: date) -> str:
        """Return "January 7, 2026", "7. Januar 2026" …"""
        return self._date(self.table.calendar.long, day)

    def full_date(self, day: date) -> str:
        """Return "Wednesday, January 7, 2026" …"""
        return self._date(self.table.calendar.full, day)

    def weekday_date(self, day: date) -> str:
        """Return "Wednesday, January 7" …"""
        return self._date(self.table.calendar.weekday, day)

    def clock_time(self, moment: datetime, day: date, timezone: str) -> str:
        """Return the local time, "09:14"; with its date in front when that is not `day`."""
        local = moment.astimezone(ZoneInfo(timezone))
        time = f"{local:%H:%M}"
        return time if local.date() == day else f"{self.long_date(local.date())}, {time}"

    def names(self, items: Sequence[str]) -> str:
        """Return "A", "A and B", "A, B and C", or "A, B and 3 others"."""
        if len(items) > MAX_NAMES:
            shown = MAX_NAMES - 1
            return self.count("and_others", len(items) - shown, names=", ".join(items[:shown]))
        if len(items) < 2:
            return "".join(items)
        return ", ".join(items[:-1]) + self._and(items[-1]) + items[-1]

    def _and(self, following: str) -> str:
        is_e = self.table.last_and == " y " and _SOUNDS_LIKE_I.match(following)
        return " e " if is_e else self.table.last_and

    def _date(self, pattern: str, day: date) -> str:
        calendar = self.table.calendar
        return pattern.format(
            weekday=calendar.weekdays.split()[day.weekday()],
            month=calendar.months.split()[day.month - 1],
            day=calendar.first_of_month if day.day == 1 else day.day,
            year=day.year,
        )


@lru_cache(maxsize=64)
def language_of(tag: str) -> Language:
    """Return the language of a tag. Raises KeyError for one without a table; configuration checks that."""
    base = base_language(tag)
    country = tag.rpartition("-")[2].upper() if "-" in tag else "US"
    table = TABLES[base]
    if base == "en" and country not in _MONTH_FIRST:
        table = replace(table, calendar=BRITISH)
    return Language(tag, table)
