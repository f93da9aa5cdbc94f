"""Series and their serials: which headlines are numbered issues of one thing. Pure.

Facts
-----
* "List of key events, day 1,407" and "…, day 1,413" are two issues of one series. By words they
  are more alike than most pairs of one story, so no threshold tells them apart; the number must be
  understood.
* A number is a serial when a word of counting stands by it ("day 7", "7. Tag", "episode 12", "Q3",
  "#48"), or when it dates a thing that comes out again and again (a live blog, a briefing, a
  forecast, a draw).
* Tolls, amounts, ages, scores, years and spans are not serials: "7 killed", "$57 million", "aged
  12", "3-1", "in 2026", "a 5-day visit", "after 12 days". They change while a story goes on.
* A serial is a label of one series, never a date and never a key between outlets: counters slip,
  and two outlets count differently.

Representation: `SeriesSlot`; two headlines whose slots differ (`differs_from`) are never one story,
and they are neighbours when `series`, what stays without the slot, is the same.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz import fuzz

from aggregator.cluster.almanac import MONTHS, WEEKDAYS
from aggregator.cluster.text import without_accents

MAX_CHARACTERS = 300
DECISIVE_KINDS = frozenset({"day", "date"})
SAME_SERIES_RATIO = 70  # RapidFuzz, 0 … 100


@dataclass(frozen=True, slots=True)
class SeriesSlot:
    """The serial found in a headline.

    `series` is what stays when the slot is taken out, folded; `kind` is what is counted ("day",
    "date" …); `label` is the slot as written; `order` sorts the issues of one kind.
    """

    series: str
    kind: str
    label: str
    order: tuple[int, ...]

    def differs_from(self, other: "SeriesSlot") -> bool:
        """Whether both are issues of one series, and not the same one.

        Days and dates stand for the issue whatever else the headline says. A season, a part or a
        quarter may just be mentioned ("renewed for season 3", "season 2 finale"), so there the
        rest of the headline must be the same for the most part.
        """
        if self.kind != other.kind or self.order == other.order:
            return False
        return (
            self.kind in DECISIVE_KINDS
            or fuzz.token_sort_ratio(self.series, other.series) >= SAME_SERIES_RATIO
        )


_NUMBER = r"\d{1,3}(?:[,.\u202f\u00a0]\d{3})+(?!\d)|\d{1,5}(?![\d.,]*\d)"
_ROMAN = r"(?=[ivx])x{0,3}(?:ix|iv|v?i{0,3})"
_SPELLED = (
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
)
_ORDINAL_END = r"(?:st|nd|rd|th|e|eme|er|º|ª|\.|-?(?:и|я|е|го))"

# What is counted, in Latin, Greek, Cyrillic, Arabic, Hebrew, Indic and East Asian scripts; folded,
# without accents. Words that also measure a span ("12 days of talks") count only before the number.
_COUNTERS = {
    "day": "day|dia|jour|tag|giorno|dag|dzien|den|gun|nap|paiva|ziua|день|дня|ημερα|اليوم|يوم|יום|दिन|hari|ngay",
    "week": "week|semana|semaine|woche|settimana|uge|vecka|tydzien|tyden|hafta|неделя|неделю|тиждень|εβδομαδα|الأسبوع|שבוע",
    "matchday": "matchday|match day|gameweek|game week|gw|jornada|journee|spieltag|giornata|speelronde|omgang|тур|αγωνιστικη",
    "episode": "episode|ep|episodio|folge|aflevering|avsnitt|afsnit|odcinek|epizoda|bolum|эпизод|выпуск|серия|επεισοδιο|الحلقة|פרק",
    "part": "part|pt|parte|partie|teil|deel|del|czesc|часть|μερος|الجزء|חלק",
    "chapter": "chapter|capitulo|chapitre|kapitel|capitolo|глава",
    "volume": "volume|vol|band|tome|tomo|том",
    "issue": "issue|no(?=[.])|nr|n°|nº|№|numero|ausgabe|edition|edicion|edizione|number|draw|tirage|sorteo|ziehung|concorso",
    "season": "season|series|temporada|saison|staffel|stagione|seizoen|sasong|сезон|الموسم|עונה",
    "round": "round|rd|ronda|runde|ronde|turno|раунд",
    "stage": "stage|etape|etapa|etappe|tappa|этап",
    "game": "game|match|race|heat|test",
    "phase": "phase|fase",
}
_AFTER = {  # "1,407th day", "7. Tag", "3e journée", "12-й день"
    "day": "day|jour|tag|dag|giorno|dia|день|gun|nap|ημερα",
    "week": "week|semaine|woche|неделя|тиждень|hafta",
    "matchday": "journee|spieltag|giornata|jornada|тур|αγωνιστικη",
    "stage": "etape|etappe|tappa|etapa|stage|этап",
    "episode": "episode|folge|выпуск|эпизод|серия|bolum",
    "round": "round|runde|раунд",
    "part": "part|teil|часть",
}
_MONTH_OF = {name: number for number, names in MONTHS.items() for name in names.split("|")}
_MONTH = "|".join(sorted(_MONTH_OF, key=lambda name: (-len(name), name)))
# Things that come out again and again under one name; a date beside one is its serial.
_PERIODICAL = re.compile(
    r"\b(?:live (?:updates?|blog|coverage)|liveblog|live-?ticker|en direct|en vivo|ao vivo|in diretta|newsletter"
    r"|(?:morning|evening|daily|weekly|news) (?:briefing|brief|digest|roundup|round-up|update|wrap|report|bulletin|quiz)"
    r"|briefing|news (?:wrap|brief|quiz)|(?:campaign )?assessment|what to know today|today in history|on this day"
    r"|horoscopes?|horoskop|horoscopo|oroscopo|гороскоп|crossword|wordle|connections|strands|quordle|hints?(?: and answers?)?"
    r"|powerball|mega millions|lotto|lottery|loto|loteria|lotteria|euromillions?|euromillones|winning numbers|lottozahlen"
    r"|weather|forecast|meteo|previsions? meteo\w*|quel temps|wetter|wettervorhersage|tiempo|pronostico|previsioni|погода"
    r"|race ?cards?|racing tips|tips|runners|quinte|tierce|turf|tv guide|programme tv|tv-programm|fernsehprogramm"
    r"|market wrap|stock market today|markets today|live scores?|results?|fixtures|box score|power rankings"
    r"|morning (?:mail|squawk|bid)|key events|highlights|сводка|итоги дня|обзор|главное|ежедневн\w+|天气|运势|星座|早报|晚报)"
    r"(?!\w)"
)
_WEEKDAY = rf"(?:{WEEKDAYS}|mon|tue|wed|thu|fri|sat|sun)"

_Reader = Callable[[re.Match[str]], tuple[int, ...] | None]


def _value(text: str) -> int:
    """Read a number in digits, Roman figures or words."""
    plain = text.strip("-. ")
    for words in _SPELLED:
        if plain in words:
            return words.index(plain) + 1
    digits = re.sub(r"\D", "", plain)
    return int(digits) if digits else _roman(plain)


def _roman(text: str) -> int:
    figures = {"i": 1, "v": 5, "x": 10}
    values = [figures.get(letter, 0) for letter in text]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def _first_group(match: re.Match[str]) -> tuple[int, ...]:
    return (_value(match[1]),)


def _date(match: re.Match[str]) -> tuple[int, ...] | None:
    found = match.groupdict()
    month = found.get("month") or ""
    number = int(month) if month.isdigit() else _MONTH_OF.get(month, 0)
    day = int(found.get("day") or 0)
    return (number, day) if 1 <= number <= 12 and 1 <= day <= 31 else None


_SPELLED_NUMBER = "|".join(word for words in _SPELLED for word in words)
_UNIT_AFTER = (
    r"(?!\s*(?:%|percent|per cent|million|billion|bn|mln|km|kg|people|killed|dead|injured|hurt|years?|hours?|minutes?"
    r"|men|women|children|goals?|points?|runs?|wickets?|[-–:/]\s*\d))"
)


_Patterns = list[tuple[str, re.Pattern[str], _Reader]]


def _sign_patterns() -> _Patterns:
    """Return (kind, pattern, reader) of serials that are known by their form."""
    return [
        ("quarter", re.compile(r"\b([qt][1-4])(?:\s+(?:fy)?(?:20)?\d\d)?\b"), lambda m: (int(m[1][1]),)),
        (
            "season-years",
            re.compile(r"\b((?:19|20)\d\d)\s?[-/–]\s?\d\d(?:\d\d)?\s+(?:season|saison|temporada)\b"),
            _first_group,
        ),
        (
            "version",
            re.compile(r"\bv(?:ersion)?\s?(\d{1,3}(?:\.\d{1,3}){0,3})\b"),
            lambda m: tuple(int(p) for p in m[1].split(".")),
        ),
        ("issue", re.compile(r"(?<![\w#])#\s?(\d{1,5})\b"), _first_group),
        ("season-episode", re.compile(r"\bs(\d{1,2})\s?e(\d{1,3})\b"), lambda m: (int(m[1]), int(m[2]))),
    ]


def _counting_patterns() -> _Patterns:
    """Return (kind, pattern, reader) of serials that are known by the word beside them."""
    made: _Patterns = []
    for kind, names in _COUNTERS.items():
        figure = rf"({_NUMBER}|{_ROMAN}\b|(?:{_SPELLED_NUMBER})\b)"
        made.append(
            (
                kind,
                re.compile(
                    rf"(?<![\w-])(?:{names})[.:]?\s*(?:#|no\.?\s|nr\.?\s|n[°º]\s?)?{figure}(?!\w){_UNIT_AFTER}"
                ),
                _first_group,
            )
        )
    for kind, names in _AFTER.items():
        ordinal = rf"(?:({_NUMBER}){_ORDINAL_END}\s?|({'|'.join(_SPELLED[1])})\s)"
        made.append(
            (
                kind,
                re.compile(
                    rf"(?<![\w.,])(?:{ordinal})(?:{names})\b(?!\s+(?:old|anniversary|in a row|running|straight))"
                ),
                lambda m: (_value(m[1] or m[2]),),
            )
        )
    return made


def _east_asian_patterns() -> _Patterns:
    return [
        ("day", re.compile(r"第\s?(\d{1,5})\s?[天日]"), _first_group),
        ("episode", re.compile(r"第\s?(\d{1,5})\s?[集话話回期]"), _first_group),
        ("day", re.compile(r"(\d{1,5})\s?日目"), _first_group),
        ("episode", re.compile(r"(\d{1,5})\s?[회화]"), _first_group),
    ]


# In the order in which they are tried.
_PATTERNS = [*_sign_patterns(), *_counting_patterns(), *_east_asian_patterns()]
_PATTERNS_WITHOUT_COUNTING = [*_sign_patterns(), *_east_asian_patterns()]
_LETTERS = re.compile(r"[^\W\d_]+")
_COUNTING_WORDS = frozenset(
    found[0]
    for names in (*_COUNTERS.values(), *_AFTER.values())
    for name in names.split("|")
    if (found := _LETTERS.match(name))
)
_MAY_HOLD_SERIAL = re.compile(r"\d|\b(?:part|chapter|volume|episode|day|phase)\b|[a-z] [ivx]+\b")
_DATES = (
    re.compile(rf"\b(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?"),
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:de\s+|of\s+)?(?P<month>{_MONTH})\b(?:,?\s+(?:de\s+)?\d{{4}})?"
    ),
    re.compile(r"\b(?:19|20)\d\d[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})\b"),
    re.compile(r"(?P<month>\d{1,2})月(?P<day>\d{1,2})日"),
)


def series_of(headline: str) -> SeriesSlot | None:
    """Return the serial slot of `headline`, None where there is none.

    A counted serial goes before a date; of several the first kind of the table counts.
    """
    text = _plain(headline)
    if not _MAY_HOLD_SERIAL.search(text):
        return None
    counts = "№" in text or not _COUNTING_WORDS.isdisjoint(_LETTERS.findall(text))
    for kind, pattern, read in _PATTERNS if counts else _PATTERNS_WITHOUT_COUNTING:
        match = pattern.search(text)
        order = read(match) if match else None
        if match and order and _is_serial(kind, text, match):
            return _slot(text, kind, match, order)
    return _dated(text)


def _plain(headline: str) -> str:
    folded = unicodedata.normalize("NFKC", headline[:MAX_CHARACTERS]).casefold()
    return " ".join(without_accents(folded).split())


def _is_serial(kind: str, text: str, match: re.Match[str]) -> bool:
    """Tell the traps apart that a pattern alone cannot see."""
    before = text[: match.start()]
    if (
        kind == "day"
        and re.search(r"(?:\ba|\bone|\bper|\bthe)\s$", before)
        and match[0].startswith(("day o", "day a"))
    ):
        return False
    if kind in ("season", "round", "game", "stage", "phase") and re.search(r"(?:19|20)\d\d$", match[0]):
        return False
    return not (kind in ("issue", "quarter") and re.search(r"[$€£¥]\s?$", before))


def _slot(text: str, kind: str, match: re.Match[str], order: tuple[int, ...]) -> SeriesSlot:
    rest = text[: match.start()] + " " + text[match.end() :]
    return SeriesSlot(" ".join(re.findall(r"\w+", rest)), kind, match[0].strip(" .:,"), order)


def _dated(text: str) -> SeriesSlot | None:
    """Return the date as the serial of something periodical."""
    if not _PERIODICAL.search(text):
        return None
    for pattern in _DATES:
        match = pattern.search(text)
        order = _date(match) if match else None
        if match and order:
            rest = re.sub(rf"\b{_WEEKDAY}\b", " ", text[: match.start()] + " " + text[match.end() :])
            return SeriesSlot(" ".join(re.findall(r"\w+", rest)), "date", match[0], order)
    return None
