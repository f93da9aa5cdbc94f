"""What counts as evidence that two headlines tell of one event, and what does not."""

import pytest

from aggregator.cluster import RULES, group_day
from aggregator.cluster.almanac import date_places
from aggregator.cluster.text import Stemmer
from aggregator.model import Headline

WHEN = {
    "a date": ("en", "Morning briefing, 19 November", ["19", "November"]),
    "a date, month first": ("en", "Markets wrap: November 19", ["November", "19"]),
    "a month and a year": ("en", "Toll of floods in June 2031", ["June", "2031"]),
    "a day of the week": ("en", "Strike on Friday halts ferries", ["Friday"]),
    "May that is no month": ("en", "May the best baker win", []),
    "a march": ("en", "Thousands march in Kars", []),
    "a month alone": ("en", "The coldest November for years", []),
    "a number that counts": ("en", "Avalanche kills 7 climbers", []),
    "a toll beside no month": ("en", "31 rescued off Cape Dunnet", []),
    "a week that does not end": ("en", "Comet visible this week", []),
    "French": ("fr", "Brocante ce week-end, vendredi 3 avril", ["week", "end", "vendredi", "3", "avril"]),
    "German": ("de", "Stichwahl am Sonntag, 4. Oktober", ["Sonntag", "4", "Oktober"]),
    "Russian": ("ru", "Погода на завтра, 5 декабря", ["завтра", "5", "декабря"]),
    "nothing": ("en", "", []),
}


@pytest.mark.parametrize(("language", "title", "when"), WHEN.values(), ids=WHEN.keys())
def test_words_that_only_say_when_are_known(language, title, when):
    stemmer = Stemmer(language)
    stems = stemmer.tokens(title)

    places = date_places(stems)

    assert [stems[i] for i in sorted(places)] == [stemmer.tokens(word)[0] for word in when]


APART = {
    "two things of one date": ("Morning briefing, 19 November", "Markets wrap, 19 November"),
    "two things of one weekend": ("Quiet weekend ahead in the south", "Ten things to do this weekend"),
    "one place": ("Skerrin pass reopens to lorries", "Bakers of Skerrin go on strike over ovens"),
}
TOGETHER = {
    "an event in other words": (
        "Barge hits Carrow bridge, trains halted",
        "Trains stopped after barge strikes bridge at Carrow",
    ),
    "a copy": ("Morning briefing, 19 November", "Morning briefing, 19 November"),
}


def groups_of(titles) -> int:
    headlines = [Headline(str(i), title) for i, title in enumerate(titles)]
    return len(group_day(headlines, language="en").groups)


@pytest.mark.parametrize("titles", APART.values(), ids=APART.keys())
def test_little_in_common_is_no_story(titles):
    assert groups_of(titles) == 2


@pytest.mark.parametrize("titles", TOGETHER.values(), ids=TOGETHER.keys())
def test_one_event_is_one_story(titles):
    assert groups_of(titles) == 1


def test_the_line_rises_with_the_crowd_and_only_where_it_doubles():
    lines = [RULES.line_for(count) for count in (0, 1, 300, 420, 430, 600, 800, 100_000)]

    assert lines == sorted(lines)
    assert lines[0] == lines[2] == lines[3] == RULES.line
    assert lines[4] == lines[6] > RULES.line
