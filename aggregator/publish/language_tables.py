"""What a digest says in each language: calendar, numbers, plurals and every fixed phrase. Data.

Facts
-----
* CLDR changes its date patterns between releases (the space in "2026 р." did), and a digest that is built
  again next year has to be the same to the byte. So the tables are ours; the tests hold them against
  CLDR as Babel has it, and adding a language is adding a table here.
* English has one day-first and one month-first habit; "en" is the American one, as in CLDR.
* A headline's subject is masculine in French, Spanish, Ukrainian and Russian (sujet, tema, сюжет), which
  the words for "new" agree with. No phrase puts a weekday or a name where it would have to be inflected.

A phrase is a format string; its fields are the same in every language. A plural phrase has one form
per category of the language, and `{n}` is the number as written there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Calendar:
    """Names and patterns of dates; months as they stand inside a date, weeks begin on Monday."""

    months: str
    weekdays: str
    long: str  # "7 January 2026"
    full: str  # "Wednesday, 7 January 2026"
    weekday: str  # "Wednesday, 7 January"
    first_of_month: str = "1"  # French says 1er


@dataclass(frozen=True, slots=True)
class LanguageTable:
    """Everything of one language; `grouped_from` is the smallest number that gets `thousands` marks."""

    calendar: Calendar
    thousands: str
    plural_of: Callable[[int], str]
    categories: tuple[str, ...]
    last_and: str
    phrases: Mapping[str, str]
    plurals: Mapping[str, Mapping[str, str]]
    grouped_from: int = 1_000


def _one_is_one(count: int) -> str:
    return "one" if count == 1 else "other"


def _none_is_one(count: int) -> str:
    return "one" if count in (0, 1) else "other"


def _east_slavic(count: int) -> str:
    """1, 21, 101: one; 2–4, 22–24: few; 0, 5–20, 25–30, 111: many."""
    if count % 10 == 1 and count % 100 != 11:
        return "one"
    return "few" if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else "many"


def _two(one: str, other: str) -> Mapping[str, str]:
    return {"one": one, "other": other}


def _three(one: str, few: str, many: str) -> Mapping[str, str]:
    return {"one": one, "few": few, "many": many}


_ENGLISH_MONTHS = "January February March April May June July August September October November December"
_ENGLISH_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"

_AMERICAN = Calendar(
    _ENGLISH_MONTHS,
    _ENGLISH_WEEKDAYS,
    long="{month} {day}, {year}",
    full="{weekday}, {month} {day}, {year}",
    weekday="{weekday}, {month} {day}",
)

BRITISH: Final = Calendar(
    _ENGLISH_MONTHS,
    _ENGLISH_WEEKDAYS,
    long="{day} {month} {year}",
    full="{weekday}, {day} {month} {year}",
    weekday="{weekday}, {day} {month}",
)

_ENGLISH = LanguageTable(
    _AMERICAN,
    thousands=",",
    plural_of=_one_is_one,
    categories=("one", "other"),
    last_and=" and ",
    phrases={
        "title_dated": "{title}: {date}",
        "title_counted": "{title}: list of key events, day {n}",
        "title_events": "{title}: list of key events, {date}",
        "title_week": "{title}: week of {date}",
        "title_addendum": "{title}, addendum",
        "dek": "{stories} {from_outlets} on {date} ({states}); times in {zone}.",
        "dek_week": "{stories} {from_outlets} in one week.",
        "dek_late": "{stories} that arrived late {from_outlets} on {date} ({states}); times in {zone}.",
        "dek_nothing": "No stories were found for {title} on {date}.",
        "dek_nothing_late": "Nothing was added to {title} on {date}.",
        "dek_counted": "The key developments of day {n}: {stories} {from_outlets}; times in {zone}.",
        "dek_events": "The key developments of {date}: {stories} {from_outlets}; times in {zone}.",
        "opening": "Here is where things stand on {weekday_date}:",
        "status_new": "new",
        "status_updated": "updated",
        "status_ongoing": "ongoing",
        "status_day": "{status}, day {n}",
        "status_what": "{status}: {what}",
        "now_also": "now also {names}",
        "first_seen": "first seen {time}",
        "independent_of": "{outlets}, {independent}",
        "series": "Series: {neighbours}",
        "previous": "previous {serial}",
        "next": "next {serial}",
        "also_by": "also {names}",
        "reported": "Reported by {names}: {text}",
        "quoted": "“{text}” ({outlet})",
        "top_section": "Top story",
        "other_section": "Other news",
        "also_section": "Also reported",
        "feeds_line": "Feeds: {feeds}",
        "no_headline": "(no headline)",
        "no_outlet": "Unnamed outlet",
        "contents": "Contents",
        "feeds": "Feeds",
        "reported_by": "Reported by",
        "first_seen_label": "first seen",
        "coverage": "Articles by hour",
        "week": "The last seven days",
        "no_stories": "No stories on this day.",
        "read_at": "Read at {outlet}",
    },
    plurals={
        "stories": _two("{n} story", "{n} stories"),
        "outlets": _two("{n} outlet", "{n} outlets"),
        "from_outlets": _two("from {n} outlet", "from {n} outlets"),
        "headlines": _two("{n} headline", "{n} headlines"),
        "independent": _two("{n} independent", "{n} independent"),
        "outlets_in_all": _two("{n} outlet in all", "{n} outlets in all"),
        "new": _two("{n} new", "{n} new"),
        "updated": _two("{n} updated", "{n} updated"),
        "ongoing": _two("{n} ongoing", "{n} ongoing"),
        "and_others": _two("{names} and {n} other", "{names} and {n} others"),
    },
)

_GERMAN = LanguageTable(
    Calendar(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        long="{day}. {month} {year}",
        full="{weekday}, {day}. {month} {year}",
        weekday="{weekday}, {day}. {month}",
    ),
    thousands=".",
    plural_of=_one_is_one,
    categories=("one", "other"),
    last_and=" und ",
    phrases={
        "title_dated": "{title}: {date}",
        "title_counted": "{title}: die wichtigsten Ereignisse, Tag {n}",
        "title_events": "{title}: die wichtigsten Ereignisse, {date}",
        "title_week": "{title}: Woche vom {date}",
        "title_addendum": "{title}, Nachtrag",
        "dek": "{stories} {from_outlets} am {date} ({states}); Uhrzeiten in {zone}.",
        "dek_week": "{stories} {from_outlets} in einer Woche.",
        "dek_late": "{stories} {from_outlets}, verspätet eingetroffen, am {date} ({states}); "
        "Uhrzeiten in {zone}.",
        "dek_nothing": "Für {title} gab es am {date} keine Meldungen.",
        "dek_nothing_late": "Zu {title} kam für {date} nichts hinzu.",
        "dek_counted": "Die wichtigsten Entwicklungen von Tag {n}: {stories} {from_outlets}; "
        "Uhrzeiten in {zone}.",
        "dek_events": "Die wichtigsten Entwicklungen, {date}: {stories} {from_outlets}; Uhrzeiten in {zone}.",
        "opening": "Das ist der Stand am {weekday_date}:",
        "status_new": "neu",
        "status_updated": "aktualisiert",
        "status_ongoing": "läuft weiter",
        "status_day": "{status}, Tag {n}",
        "status_what": "{status}: {what}",
        "now_also": "jetzt auch {names}",
        "first_seen": "zuerst gesehen {time}",
        "independent_of": "{outlets}, davon {independent}",
        "series": "Reihe: {neighbours}",
        "previous": "davor {serial}",
        "next": "danach {serial}",
        "also_by": "auch {names}",
        "reported": "Berichtet von {names}: {text}",
        "quoted": "„{text}“ ({outlet})",
        "top_section": "Thema des Tages",
        "other_section": "Weitere Themen",
        "also_section": "Außerdem berichtet",
        "feeds_line": "Feeds: {feeds}",
        "no_headline": "(ohne Überschrift)",
        "no_outlet": "Medium ohne Namen",
        "contents": "Inhalt",
        "feeds": "Feeds",
        "reported_by": "Berichtet von",
        "first_seen_label": "zuerst gesehen",
        "coverage": "Artikel je Stunde",
        "week": "Die letzten sieben Tage",
        "no_stories": "Keine Meldungen an diesem Tag.",
        "read_at": "Lesen bei {outlet}",
    },
    plurals={
        "stories": _two("{n} Thema", "{n} Themen"),
        "outlets": _two("{n} Medium", "{n} Medien"),
        "from_outlets": _two("aus {n} Medium", "aus {n} Medien"),
        "headlines": _two("{n} Schlagzeile", "{n} Schlagzeilen"),
        "independent": _two("{n} unabhängiges", "{n} unabhängige"),
        "outlets_in_all": _two("insgesamt {n} Medium", "insgesamt {n} Medien"),
        "new": _two("{n} neu", "{n} neu"),
        "updated": _two("{n} aktualisiert", "{n} aktualisiert"),
        "ongoing": _two("{n} laufend", "{n} laufend"),
        "and_others": _two("{names} und {n} weiteres", "{names} und {n} weitere"),
    },
)

_FRENCH = LanguageTable(
    Calendar(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        long="{day} {month} {year}",
        full="{weekday} {day} {month} {year}",
        weekday="{weekday} {day} {month}",
        first_of_month="1er",
    ),
    thousands="\u202f",
    plural_of=_none_is_one,
    categories=("one", "other"),
    last_and=" et ",
    phrases={
        "title_dated": "{title}\xa0: {date}",
        "title_counted": "{title}\xa0: les faits marquants, jour {n}",
        "title_events": "{title}\xa0: les faits marquants, {date}",
        "title_week": "{title}\xa0: semaine du {date}",
        "title_addendum": "{title}, complément",
        "dek": "{stories} {from_outlets} le {date} ({states})\xa0; fuseau horaire\xa0: {zone}.",
        "dek_week": "{stories} {from_outlets} en une semaine.",
        "dek_late": "{stories} {from_outlets}, arrivés après coup, pour le {date} ({states})\xa0; "
        "fuseau horaire\xa0: {zone}.",
        "dek_nothing": "Aucun sujet pour {title} le {date}.",
        "dek_nothing_late": "Rien n’a été ajouté à {title} pour le {date}.",
        "dek_counted": "Les faits marquants du jour {n}\xa0: {stories} {from_outlets}\xa0; fuseau horaire\xa0: {zone}.",
        "dek_events": "Les faits marquants du {date}\xa0: {stories} {from_outlets}\xa0; fuseau horaire\xa0: {zone}.",
        "opening": "Voici où en sont les choses le {weekday_date}\xa0:",
        "status_new": "nouveau",
        "status_updated": "mis à jour",
        "status_ongoing": "en cours",
        "status_day": "{status}, jour {n}",
        "status_what": "{status}\xa0: {what}",
        "now_also": "désormais aussi {names}",
        "first_seen": "première apparition {time}",
        "independent_of": "{outlets}, dont {independent}",
        "series": "Série\xa0: {neighbours}",
        "previous": "précédent {serial}",
        "next": "suivant {serial}",
        "also_by": "aussi {names}",
        "reported": "Selon {names}\xa0: {text}",
        "quoted": "«\xa0{text}\xa0» ({outlet})",
        "top_section": "À la une",
        "other_section": "Autres sujets",
        "also_section": "Aussi dans l’actualité",
        "feeds_line": "Flux\xa0: {feeds}",
        "no_headline": "(sans titre)",
        "no_outlet": "Média sans nom",
        "contents": "Sommaire",
        "feeds": "Flux",
        "reported_by": "Selon",
        "first_seen_label": "première apparition",
        "coverage": "Articles par heure",
        "week": "Les sept derniers jours",
        "no_stories": "Aucun sujet ce jour-là.",
        "read_at": "Lire chez {outlet}",
    },
    plurals={
        "stories": _two("{n} sujet", "{n} sujets"),
        "outlets": _two("{n} média", "{n} médias"),
        "from_outlets": _two("de {n} média", "de {n} médias"),
        "headlines": _two("{n} titre", "{n} titres"),
        "independent": _two("{n} indépendant", "{n} indépendants"),
        "outlets_in_all": _two("{n} média en tout", "{n} médias en tout"),
        "new": _two("{n} nouveau", "{n} nouveaux"),
        "updated": _two("{n} mis à jour", "{n} mis à jour"),
        "ongoing": _two("{n} en cours", "{n} en cours"),
        "and_others": _two("{names} et {n} autre", "{names} et {n} autres"),
    },
)

_SPANISH = LanguageTable(
    Calendar(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lunes martes miércoles jueves viernes sábado domingo",
        long="{day} de {month} de {year}",
        full="{weekday}, {day} de {month} de {year}",
        weekday="{weekday}, {day} de {month}",
    ),
    thousands=".",
    plural_of=_one_is_one,
    categories=("one", "other"),
    last_and=" y ",
    phrases={
        "title_dated": "{title}: {date}",
        "title_counted": "{title}: los hechos clave, día {n}",
        "title_events": "{title}: los hechos clave, {date}",
        "title_week": "{title}: semana del {date}",
        "title_addendum": "{title}, adenda",
        "dek": "{stories} {from_outlets} el {date} ({states}); zona horaria: {zone}.",
        "dek_week": "{stories} {from_outlets} en una semana.",
        "dek_late": "{stories} {from_outlets}, llegados con retraso, para el {date} ({states}); zona horaria: {zone}.",
        "dek_nothing": "No hubo temas para {title} el {date}.",
        "dek_nothing_late": "No se añadió nada a {title} para el {date}.",
        "dek_counted": "Los hechos clave del día {n}: {stories} {from_outlets}; zona horaria: {zone}.",
        "dek_events": "Los hechos clave del {date}: {stories} {from_outlets}; zona horaria: {zone}.",
        "opening": "Así están las cosas el {weekday_date}:",
        "status_new": "nuevo",
        "status_updated": "actualizado",
        "status_ongoing": "en curso",
        "status_day": "{status}, día {n}",
        "status_what": "{status}: {what}",
        "now_also": "ahora también {names}",
        "first_seen": "visto por primera vez: {time}",
        "independent_of": "{outlets}, {independent}",
        "series": "Serie: {neighbours}",
        "previous": "anterior {serial}",
        "next": "siguiente {serial}",
        "also_by": "también {names}",
        "reported": "Según {names}: {text}",
        "quoted": "«{text}» ({outlet})",
        "top_section": "Tema del día",
        "other_section": "Otros temas",
        "also_section": "También en las noticias",
        "feeds_line": "Fuentes: {feeds}",
        "no_headline": "(sin titular)",
        "no_outlet": "Medio sin nombre",
        "contents": "Contenido",
        "feeds": "Fuentes",
        "reported_by": "Según",
        "first_seen_label": "visto por primera vez",
        "coverage": "Artículos por hora",
        "week": "Los últimos siete días",
        "no_stories": "No hubo temas este día.",
        "read_at": "Leer en {outlet}",
    },
    plurals={
        "stories": _two("{n} tema", "{n} temas"),
        "outlets": _two("{n} medio", "{n} medios"),
        "from_outlets": _two("de {n} medio", "de {n} medios"),
        "headlines": _two("{n} titular", "{n} titulares"),
        "independent": _two("{n} independiente", "{n} independientes"),
        "outlets_in_all": _two("{n} medio en total", "{n} medios en total"),
        "new": _two("{n} nuevo", "{n} nuevos"),
        "updated": _two("{n} actualizado", "{n} actualizados"),
        "ongoing": _two("{n} en curso", "{n} en curso"),
        "and_others": _two("{names} y {n} más", "{names} y {n} más"),
    },
    grouped_from=10_000,
)

_UKRAINIAN = LanguageTable(
    Calendar(
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "понеділок вівторок середа четвер пʼятниця субота неділя",
        long="{day} {month} {year}\xa0р.",
        full="{weekday}, {day} {month} {year}\xa0р.",
        weekday="{day} {month} ({weekday})",
    ),
    thousands="\xa0",
    plural_of=_east_slavic,
    categories=("one", "few", "many"),
    last_and=" та ",
    phrases={
        "title_dated": "{title}: {date}",
        "title_counted": "{title}: перелік головних подій, день {n}",
        "title_events": "{title}: перелік головних подій, {date}",
        "title_week": "{title}: тиждень від {date}",
        "title_addendum": "{title}, доповнення",
        "dek": "{date}: {stories} {from_outlets} ({states}); час — {zone}.",
        "dek_week": "{stories} {from_outlets} за тиждень.",
        "dek_late": "{date}, надійшло пізніше: {stories} {from_outlets} ({states}); час — {zone}.",
        "dek_nothing": "{title}, {date}: сюжетів немає.",
        "dek_nothing_late": "{title}, {date}: доповнень немає.",
        "dek_counted": "Головні події, день {n}: {stories} {from_outlets}; час — {zone}.",
        "dek_events": "Головні події, {date}: {stories} {from_outlets}; час — {zone}.",
        "opening": "Ось стан справ на {weekday_date}:",
        "status_new": "новий",
        "status_updated": "оновлений",
        "status_ongoing": "триває",
        "status_day": "{status}, день {n}",
        "status_what": "{status}: {what}",
        "now_also": "тепер також {names}",
        "first_seen": "уперше помічено: {time}",
        "independent_of": "{outlets}, з них {independent}",
        "series": "Серія: {neighbours}",
        "previous": "попередній {serial}",
        "next": "наступний {serial}",
        "also_by": "також {names}",
        "reported": "Джерела — {names}: {text}",
        "quoted": "«{text}» ({outlet})",
        "top_section": "Тема дня",
        "other_section": "Інші новини",
        "also_section": "Також повідомляють",
        "feeds_line": "Стрічки: {feeds}",
        "no_headline": "(без заголовка)",
        "no_outlet": "Видання без назви",
        "contents": "Зміст",
        "feeds": "Стрічки",
        "reported_by": "Джерела",
        "first_seen_label": "уперше помічено",
        "coverage": "Статті за годинами",
        "week": "Останні сім днів",
        "no_stories": "Цього дня сюжетів немає.",
        "read_at": "Читати: {outlet}",
    },
    plurals={
        "stories": _three("{n} сюжет", "{n} сюжети", "{n} сюжетів"),
        "outlets": _three("{n} видання", "{n} видання", "{n} видань"),
        "from_outlets": _three("з {n} видання", "з {n} видань", "з {n} видань"),
        "headlines": _three("{n} заголовок", "{n} заголовки", "{n} заголовків"),
        "independent": _three("{n} незалежне", "{n} незалежні", "{n} незалежних"),
        "outlets_in_all": _three("усього {n} видання", "усього {n} видання", "усього {n} видань"),
        "new": _three("{n} новий", "{n} нові", "{n} нових"),
        "updated": _three("{n} оновлений", "{n} оновлені", "{n} оновлених"),
        "ongoing": _three("{n} триває", "{n} тривають", "{n} триває"),
        "and_others": _three("{names} та ще {n}", "{names} та ще {n}", "{names} та ще {n}"),
    },
)

_RUSSIAN = LanguageTable(
    Calendar(
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "понедельник вторник среда четверг пятница суббота воскресенье",
        long="{day} {month} {year}\xa0г.",
        full="{weekday}, {day} {month} {year}\xa0г.",
        weekday="{day} {month} ({weekday})",
    ),
    thousands="\xa0",
    plural_of=_east_slavic,
    categories=("one", "few", "many"),
    last_and=" и ",
    phrases={
        "title_dated": "{title}: {date}",
        "title_counted": "{title}: список главных событий, день {n}",
        "title_events": "{title}: список главных событий, {date}",
        "title_week": "{title}: неделя с {date}",
        "title_addendum": "{title}, дополнение",
        "dek": "{date}: {stories} {from_outlets} ({states}); время — {zone}.",
        "dek_week": "{stories} {from_outlets} за неделю.",
        "dek_late": "{date}, поступило позже: {stories} {from_outlets} ({states}); время — {zone}.",
        "dek_nothing": "{title}, {date}: сюжетов нет.",
        "dek_nothing_late": "{title}, {date}: дополнений нет.",
        "dek_counted": "Главные события, день {n}: {stories} {from_outlets}; время — {zone}.",
        "dek_events": "Главные события, {date}: {stories} {from_outlets}; время — {zone}.",
        "opening": "Вот положение дел на {weekday_date}:",
        "status_new": "новый",
        "status_updated": "обновлён",
        "status_ongoing": "продолжается",
        "status_day": "{status}, день {n}",
        "status_what": "{status}: {what}",
        "now_also": "теперь также {names}",
        "first_seen": "впервые замечено: {time}",
        "independent_of": "{outlets}, из них {independent}",
        "series": "Серия: {neighbours}",
        "previous": "предыдущий {serial}",
        "next": "следующий {serial}",
        "also_by": "также {names}",
        "reported": "Источники — {names}: {text}",
        "quoted": "«{text}» ({outlet})",
        "top_section": "Тема дня",
        "other_section": "Другие новости",
        "also_section": "Также сообщают",
        "feeds_line": "Ленты: {feeds}",
        "no_headline": "(без заголовка)",
        "no_outlet": "Издание без названия",
        "contents": "Содержание",
        "feeds": "Ленты",
        "reported_by": "Источники",
        "first_seen_label": "впервые замечено",
        "coverage": "Статьи по часам",
        "week": "Последние семь дней",
        "no_stories": "В этот день сюжетов нет.",
        "read_at": "Читать: {outlet}",
    },
    plurals={
        "stories": _three("{n} сюжет", "{n} сюжета", "{n} сюжетов"),
        "outlets": _three("{n} издание", "{n} издания", "{n} изданий"),
        "from_outlets": _three("из {n} издания", "из {n} изданий", "из {n} изданий"),
        "headlines": _three("{n} заголовок", "{n} заголовка", "{n} заголовков"),
        "independent": _three("{n} независимое", "{n} независимых", "{n} независимых"),
        "outlets_in_all": _three("всего {n} издание", "всего {n} издания", "всего {n} изданий"),
        "new": _three("{n} новый", "{n} новых", "{n} новых"),
        "updated": _three("{n} обновлённый", "{n} обновлённых", "{n} обновлённых"),
        "ongoing": _three("{n} продолжается", "{n} продолжаются", "{n} продолжаются"),
        "and_others": _three("{names} и ещё {n}", "{names} и ещё {n}", "{names} и ещё {n}"),
    },
)

TABLES: Final[Mapping[str, LanguageTable]] = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
    "uk": _UKRAINIAN,
    "ru": _RUSSIAN,
}
