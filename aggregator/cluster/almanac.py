"""Words that only say when: names of days and months, and the dates they make. Pure.

"Morning briefing, 19 November" and "Markets wrap, 19 November" share two words and no event. What
only says when tells nothing about what, so `date_places` names the words that grouping passes over:
days of the week and relative days anywhere, a month only as part of a date ("19 November",
"November 2026"), since May, March and Mars are words of their own.

Names are folded and without accents, as `aggregator.cluster.text.without_accents` leaves them.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from aggregator.cluster.text import Stemmer

MONTHS = {
    1: "january|jan|enero|janvier|januar|januari|gennaio|janeiro|января|січня|ιανουαριου",
    2: "february|feb|febrero|fevrier|februar|februari|febbraio|fevereiro|февраля|лютого|φεβρουαριου",
    3: "march|mar|marzo|mars|marz|maart|marco|марта|березня|μαρτιου",
    4: "april|apr|abril|avril|aprile|апреля|квітня|απριλιου",
    5: "may|mayo|mai|mei|maggio|maio|maj|мая|травня|μαιου",
    6: "june|jun|junio|juin|juni|giugno|junho|июня|червня|ιουνιου",
    7: "july|jul|julio|juillet|juli|luglio|julho|июля|липня|ιουλιου",
    8: "august|aug|agosto|aout|augustus|augusti|августа|серпня|αυγουστου",
    9: "september|sept|sep|septiembre|septembre|settembre|setembro|сентября|вересня|σεπτεμβριου",
    10: "october|oct|octubre|octobre|oktober|okt|ottobre|outubro|октября|жовтня|οκτωβριου",
    11: "november|nov|noviembre|novembre|novembro|ноября|листопада|νοεμβριου",
    12: "december|dec|diciembre|decembre|dezember|dez|dicembre|dezembro|декабря|грудня|δεκεμβριου",
}
WEEKDAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|lundi|mardi|mercredi|jeudi|vendredi|samedi"
    "|dimanche|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lunes|martes|miercoles|jueves"
    "|viernes|sabado|domingo"
)
_OTHER_DAYS = (
    "lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica|maandag|dinsdag|woensdag|donderdag|vrijdag"
    "|zaterdag|zondag|понедельник|вторник|среду|четверг|пятницу|субботу|воскресенье|понеділок|вівторок"
    "|weekend|wochenende|today|tonight|tomorrow|yesterday|demain|aujourd|hui|heute|gestern|hoy|ayer|oggi"
    "|ieri|domani|hoje|ontem|сегодня|вчера|завтра|сьогодні|вчора"
)
_LANGUAGES = ("da", "de", "en", "es", "fr", "it", "nb", "nl", "pt", "ru", "sv")
_DAY_OR_YEAR = re.compile(r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er)?|(?:19|20)\d\d")


def date_places(stems: Sequence[str]) -> set[int]:
    """Return the places in a headline, given as stems, of the words that only say when."""
    days, months = _stems_of_days(), _stems_of_months()
    places = {i for i, stem in enumerate(stems) if stem in days}
    for i, stem in enumerate(stems):
        if stem == "end" and i and stems[i - 1] == "week":
            places.update((i - 1, i))
        if stem in months:
            numbers = [k for k in (i - 1, i + 1) if 0 <= k < len(stems) and _DAY_OR_YEAR.fullmatch(stems[k])]
            places.update(numbers, [i] if numbers else [])
    return places


@cache
def _stems_of_days() -> frozenset[str]:
    return _stems(f"{WEEKDAYS}|{_OTHER_DAYS}".split("|"))


@cache
def _stems_of_months() -> frozenset[str]:
    return _stems(name for names in MONTHS.values() for name in names.split("|"))


def _stems(names: Iterable[str]) -> frozenset[str]:
    """Return the names and what stemmers make of them, unless little is left ("week" of "weekend")."""
    listed = sorted(names)
    pairs = [(name, Stemmer(language).tokens(name)[0]) for language in _LANGUAGES for name in listed]
    return frozenset(listed) | {stem for name, stem in pairs if len(stem) >= max(len(name) - 2, 3)}
