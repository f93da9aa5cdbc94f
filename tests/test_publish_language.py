"""What a digest says in six languages: every phrase in each, and grammar as CLDR has it."""

import string
from datetime import UTC, date, datetime, timedelta

import pytest
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from aggregator.publish.language import language_of
from aggregator.publish.language_tables import TABLES, LanguageTable
from aggregator.settings import DIGEST_LANGUAGES

TAGS = [*TABLES, "en-GB", "en-US", "de-AT", "es-419"]
CLDR = {"es-419": "es", "de-AT": "de"}  # Austria's Jänner is not ours
COUNTS = [0, 1, 2, 3, 4, 5, 10, 11, 12, 14, 19, 20, 21, 22, 25, 100, 101, 111, 112, 121, 1001, 1_000_000]


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}


def test_the_settings_offer_the_languages_that_have_a_table() -> None:
    assert tuple(TABLES) == DIGEST_LANGUAGES


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_every_phrase_is_there_with_the_same_fields(table: LanguageTable) -> None:
    english = TABLES["en"]

    assert {name: fields(text) for name, text in table.phrases.items()} == {
        name: fields(text) for name, text in english.phrases.items()
    } | {"opening": {"weekday_date"}}
    assert table.plurals.keys() == english.plurals.keys()
    for name, forms in table.plurals.items():
        assert set(forms) == set(table.categories)
        assert {frozenset(fields(form)) for form in forms.values()} == {
            frozenset(fields(english.plurals[name]["other"]))
        }


@pytest.mark.parametrize("tag", TABLES)
def test_plural_categories_are_those_of_cldr(tag: str) -> None:
    # CLDR's "many" of a million in French and Spanish is for compact numbers ("1 million de").
    expected = {
        count: category if (category := Locale(tag).plural_form(count)) in TABLES[tag].categories else "other"
        for count in COUNTS
    }

    assert {count: TABLES[tag].plural_of(count) for count in COUNTS} == expected


@pytest.mark.parametrize("tag", TAGS)
def test_dates_are_those_of_cldr(tag: str) -> None:
    locale = Locale.parse(CLDR.get(tag, tag), sep="-")
    for offset in range(0, 366, 5):
        day = date(2026, 1, 2) + timedelta(days=offset)
        ours = language_of(tag)
        assert spaced(ours.long_date(day)) == spaced(format_date(day, "long", locale))
        assert spaced(ours.full_date(day)) == spaced(format_date(day, "full", locale))


@pytest.mark.parametrize("tag", TABLES)
def test_numbers_are_those_of_cldr(tag: str) -> None:
    for number in (0, 999, 12_407, 1_234_567):
        assert spaced(language_of(tag).number(number)) == spaced(format_decimal(number, locale=tag))


def spaced(text: str) -> str:
    """CLDR changes the kind of its spaces from release to release, and has no French "1er"."""
    return " ".join(text.replace("\u202f", " ").replace("1er ", "1 ").split())


COUNTED = {
    "one story": ("en", "stories", 1, "1 story"),
    "thousands": ("en", "stories", 1_204, "1,204 stories"),
    "German": ("de", "outlets", 1_204, "1.204 Medien"),
    "French says none in the singular": ("fr", "stories", 0, "0 sujet"),
    "Spanish marks thousands from ten thousand on": ("es", "headlines", 1_204, "1204 titulares"),
    "Russian 1": ("ru", "stories", 1, "1 сюжет"),
    "Russian 2": ("ru", "stories", 2, "2 сюжета"),
    "Russian 5": ("ru", "stories", 5, "5 сюжетов"),
    "Russian 11": ("ru", "stories", 11, "11 сюжетов"),
    "Russian 21": ("ru", "stories", 21, "21 сюжет"),
    "Ukrainian 1": ("uk", "from_outlets", 1, "з 1 видання"),
    "Ukrainian 2": ("uk", "stories", 2, "2 сюжети"),
    "Ukrainian 5": ("uk", "from_outlets", 5, "з 5 видань"),
    "Ukrainian 14": ("uk", "new", 14, "14 нових"),
    "Ukrainian 22": ("uk", "new", 22, "22 нові"),
}


@pytest.mark.parametrize(("tag", "phrase", "count", "expected"), COUNTED.values(), ids=COUNTED.keys())
def test_counts(tag: str, phrase: str, count: int, expected: str) -> None:
    assert language_of(tag).count(phrase, count) == expected


NAMED = {
    "none": ("en", [], ""),
    "one": ("en", ["A"], "A"),
    "two": ("de", ["A", "B"], "A und B"),
    "three": ("en", ["A", "B", "C"], "A, B and C"),
    "four": ("fr", ["A", "B", "C", "D"], "A, B et 2 autres"),
    "Spanish y": ("es", ["Marca", "Hierro"], "Marca y Hierro"),
    "Spanish e before i": ("es", ["Marca", "Infobae"], "Marca e Infobae"),
    "Ukrainian": ("uk", ["А", "Б", "В", "Г", "Ґ"], "А, Б та ще 3"),
}


@pytest.mark.parametrize(("tag", "items", "expected"), NAMED.values(), ids=NAMED.keys())
def test_names(tag: str, items: list[str], expected: str) -> None:
    assert language_of(tag).names(items) == expected


OPENINGS = {
    "en": "Thursday, January 1",
    "en-GB": "Thursday, 1 January",
    "de": "Donnerstag, 1. Januar",
    "fr": "jeudi 1er janvier",
    "es": "jueves, 1 de enero",
    "uk": "1 січня (четвер)",
    "ru": "1 января (четверг)",
}


@pytest.mark.parametrize(("tag", "expected"), OPENINGS.items(), ids=OPENINGS.keys())
def test_day_of_the_week(tag: str, expected: str) -> None:
    assert language_of(tag).weekday_date(date(2026, 1, 1)) == expected


def test_time_of_another_day_has_its_date() -> None:
    morning = datetime(2026, 1, 7, 8, 14, tzinfo=UTC)

    assert language_of("en").clock_time(morning, date(2026, 1, 7), "Europe/Berlin") == "09:14"
    assert language_of("de").clock_time(morning, date(2026, 1, 8), "UTC") == "7. Januar 2026, 08:14"
