"""What counts as evidence that two headlines tell of one event, and what does not."""

import json
import random
import zlib
from dataclasses import replace

import pytest

from aggregator.cluster import RULES, TokenWeights, group_day
from aggregator.cluster.almanac import date_places
from aggregator.cluster.similarity import similarities
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


def test_the_line_rises_with_the_odds_of_standing_alone():
    days = [RULES.suited_to(1_000, lone) for lone in (0, 300, 420, 600, 800, 1_000)]

    assert [day.line for day in days] == sorted(day.line for day in days)
    assert [day.contrast for day in days] == sorted(day.contrast for day in days)
    assert [day.size_power for day in days] == sorted((day.size_power for day in days), reverse=True)
    assert days[0].line == days[2].line == RULES.line_for(1_000) < days[3].line < days[5].line


def test_one_headline_more_seldom_moves_the_line():
    lines = [RULES.suited_to(1_000 + lone, lone).line for lone in range(700, 800)]

    assert len(set(lines)) <= 3


def told_four_times(events: int) -> list[Headline]:
    """Events of made-up names, each told four times in other words."""
    rng = random.Random(7)
    headlines = []
    for event in range(events):
        names = ["".join(rng.choices("bcdfghklmnprstvwxz", k=8)) for _ in range(4)]
        for telling in range(4):
            words = [
                *rng.sample(names, 3),
                *rng.choices(["says", "new", "after", "over", "report", "first"], k=3),
            ]
            headlines.append(Headline(f"{event}-{telling}", " ".join(words)))
    return headlines


@pytest.mark.parametrize("events", [50, 800])
def test_stories_are_found_in_a_crowd_as_well(events):
    assert len(group_day(told_four_times(events), language="en").groups) == events


@pytest.mark.parametrize(("headlines", "lone"), [(0, 0), (1, 1), (2, 0), (100_000, 100_000)])
def test_every_day_has_rules(headlines, lone):
    suited = RULES.suited_to(headlines, lone)

    assert 0.0 < suited.line <= RULES.line_for(headlines) * RULES.most_odds
    assert 0.0 < suited.size_power < 1.0


def named(*names, each=6, **learnt) -> TokenWeights:
    """Weights of days on which these names stood in `each` stories."""
    told = [
        "opens a school",
        "wins a prize",
        "loses a lawsuit",
        "sells its ferry",
        "moves house",
        "turns ninety",
    ]
    texts = [f"{name} {event}" for name in names for event in told[:each]]
    return TokenWeights.learn([[Headline(str(i), t)] for i, t in enumerate(texts)], language="en", **learnt)


def test_words_that_keep_standing_together_are_a_name():
    weights = named("Calder & Voss", "Port Alder")

    shares = weights.names()

    assert set(shares) == {("calder", "voss"), ("port", "alder")}
    assert all(0.0 < share < 1.0 for _, share in shares.values())
    assert shares["calder", "voss"][1] < named("Calder & Voss", previous=weights).names()["calder", "voss"][1]


def test_words_seen_together_in_a_few_headlines_are_no_name():
    assert named("Calder & Voss", each=3).names() == {}


def test_one_story_makes_no_name_and_no_common_word_however_many_report_it():
    story = [Headline(str(i), f"Calder & Voss collapses, outlet {i} reports") for i in range(40)]

    weights = TokenWeights.learn([story], language="en")

    assert weights.documents == weights.frequencies["calder"] == 2.0
    assert weights.names() == {}


def test_a_name_of_several_words_tells_once():
    titles = ("Calder & Voss to close its Sundby mill", "Regulator fines Calder & Voss over late accounts")
    documents = [Stemmer("en").tokens(title) for title in titles]
    known = replace(named("Calder & Voss"), documents=5_000.0)
    strangers = replace(known, pairs={})

    apart, as_name = (similarities(documents, weights, RULES)[0, 1] for weights in (strangers, known))

    assert 0 < as_name < 0.75 * apart


def test_weights_from_before_pairs_were_counted_can_be_read():
    packed = zlib.compress(json.dumps([1, 12.0, {"ferri": 3.0}]).encode())

    weights = TokenWeights.from_bytes(packed)

    assert (weights.documents, dict(weights.frequencies), weights.names()) == (12.0, {"ferri": 3.0}, {})
