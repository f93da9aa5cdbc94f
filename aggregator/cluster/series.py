"""Series and their serials: which headlines are numbered issues of one thing. Pure.

Facts
-----
* "List of key events, day 1,407" and "…, day 1,413" are two issues of one series. By words they
  are more alike than most pairs of one story, so no threshold tells them apart; the number must be
  understood.
* A number is a serial when a word of counting stands by it (day, week, episode, part, round,
  season, Q3, #48), or when it dates a thing that comes out again and again (a live blog, a
  briefing, a forecast, a draw).
* Tolls, amounts, ages, scores, years and measures are not serials: "7 killed", "$57 million",
  "aged 12", "3-1". They change while a story goes on.
* A serial is a label of one series, never a date and never a key between outlets: counters slip,
  and two outlets count differently.

Representation: `SeriesSlot(series, label, order)`; `series` is the folded headline with the slot
cut out, so two headlines are issues of one series when it is (nearly) the same.
"""

import re
from dataclasses import dataclass

from aggregator.cluster.text import fold


@dataclass(frozen=True, slots=True)
class SeriesSlot:
    """The serial found in a headline.

    `series` is what stays when the slot is taken out, folded; `kind` is the counting word's kind
    ("day", "date" …); `label` is shown to people; `order` sorts the issues of one kind.
    """

    series: str
    kind: str
    label: str
    order: tuple[int, ...]

    def differs_from(self, other: "SeriesSlot") -> bool:
        """Whether both carry a serial of the same kind that is not the same."""
        return self.kind == other.kind and self.order != other.order


_NUMBER = r"(\d{1,3}(?:[,.\u202f\u00a0 ]\d{3})+|\d+)"
_COUNTERS = {
    "day": r"days?|día|dia|jour|tag|giorno|dag|день|дня|día",
}
_DAY = re.compile(rf"\b(?:{_COUNTERS['day']})\s+{_NUMBER}\b(?!\s*(?:%|percent|million|km))")


def series_of(headline: str) -> SeriesSlot | None:
    """Return the serial slot of `headline`, None where there is none."""
    text = fold(headline)
    match = _DAY.search(text)
    if match is None:
        return None
    number = int(re.sub(r"\D", "", match[1]))
    rest = " ".join(re.findall(r"\w+", text[: match.start()] + " " + text[match.end() :]))
    return SeriesSlot(rest, "day", match[0], (number,))
