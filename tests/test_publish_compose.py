"""What is decided about a digest: order, independence, quotes, sections, words for what is new."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import DayCount, DigestArticle, DigestDay, DigestStory, StoryStatus
from aggregator.publish import Issue, compose
from aggregator.publish.independence import independent_outlets
from aggregator.publish.quoting import best_member, best_sentence, headline_faults, sentences
from aggregator.publish.ranking import hour_counts, rank
from aggregator.settings import (
    CounterSettings,
    DigestOrder,
    DigestSettings,
    DigestStyle,
    RankingSettings,
    SectionSettings,
)

MORNING = datetime(2026, 1, 7, 8, 14, tzinfo=UTC)
SETTINGS = DigestSettings("world", "World")


def article(headline: str, outlet: str, **changes: Any) -> DigestArticle:
    return replace(
        DigestArticle(headline, outlet, f"https://{outlet.casefold()}.example/1", None, MORNING), **changes
    )


def story(story_id: int, *articles: DigestArticle, **changes: Any) -> DigestStory:
    seen = [one.first_seen for one in articles]
    plain = DigestStory(
        story_id,
        articles[0].headline,
        StoryStatus.NEW,
        articles,
        first_seen=min(seen),
        last_seen=max(seen),
        articles_total=len(articles),
        outlets_total=len({one.outlet for one in articles}),
    )
    return replace(plain, **changes)


UPDATED = {"status": StoryStatus.UPDATED, "first_seen": MORNING - timedelta(days=2)}
WORDS = [
    "lantern",
    "harbour",
    "strike",
    "budget",
    "glacier",
    "comet",
    "orchard",
    "tunnel",
    "violin",
    "quarry",
]


def wide(
    story_id: int, outlets: int, words: str, *, hours: Sequence[int] = (8,), **changes: Any
) -> DigestStory:
    """A story of so many independent outlets, each with its own words about the same thing."""
    articles = [
        article(
            f"{words} {WORDS[number % 10]} {WORDS[(3 * number + 1) % 10]} {WORDS[(7 * number + 2) % 10]}",
            f"Outlet{chr(65 + number)}",
            first_seen=MORNING.replace(hour=hours[number % len(hours)]),
        )
        for number in range(outlets)
    ]
    return story(story_id, *articles, **changes)


def day_of(*stories: DigestStory, **changes: Any) -> DigestDay:
    return replace(DigestDay("world", "World", date(2026, 1, 7), "UTC", stories), **changes)


def ids(issue: Issue) -> list[int]:
    return [shown.story.story_id for shown in issue.stories]


# --- independence ----------------------------------------------------------------------------------

QUAKE = "Strong earthquake hits the coast of Sarran"
INDEPENDENT = {
    "own words, own houses": ([(QUAKE, "Alba"), ("Sarran shaken by magnitude 6.4 quake", "Brig")], 2),
    "one outlet twice": ([(QUAKE, "Alba"), ("Sarran shaken by magnitude 6.4 quake", "ALBA")], 1),
    "one text in two houses": ([(QUAKE, "Alba"), (QUAKE, "Brig")], 1),
    "one text but for case and stops": ([(QUAKE, "Alba"), (QUAKE.upper() + ".", "Brig")], 1),
    "one text but for a letter": ([(QUAKE, "Alba"), (QUAKE.replace("hits", "hit"), "Brig")], 1),
    "texts with other figures": (
        [("At least 7 dead in Sarran earthquake", "Alba"), ("At least 9 dead in Sarran earthquake", "Brig")],
        2,
    ),
    "short texts are not copies": ([("Quake hits Sarran", "Alba"), ("Quake hits Sarran", "Brig")], 1),
    "very short texts are not copies": ([("Sarran quake", "Alba"), ("Sarran quake", "Brig")], 2),
    "one house under two names": ([(QUAKE, "Alba News"), ("Sarran shaken by quake", "The Alba")], 1),
    "a chain of house and text": (
        [(QUAKE, "Alba News"), ("Sarran shaken by quake", "Alba"), ("Sarran shaken by quake", "Brig")],
        1,
    ),
    "names that are all house words": ([(QUAKE, "World News"), ("Sarran shaken", "Business News")], 2),
}


@pytest.mark.parametrize(("reports", "expected"), INDEPENDENT.values(), ids=INDEPENDENT.keys())
def test_independent_outlets(reports: list[tuple[str, str]], expected: int) -> None:
    articles = [DigestArticle(headline, outlet, None, None, MORNING) for headline, outlet in reports]

    assert independent_outlets(articles) == expected


DOMAINS = {
    "one registrable domain": ("www.alba.co.uk", "sport.alba.co.uk", 1),
    "one public suffix is no house": ("alba.co.uk", "brig.co.uk", 2),
    "one blog host is no house": ("alba.blogspot.com", "brig.blogspot.com", 2),
    "a go-between is no house": ("news.google.com", "news.google.com", 2),
    "nothing known": (None, None, 2),
}


@pytest.mark.parametrize(("one", "other", "expected"), DOMAINS.values(), ids=DOMAINS.keys())
def test_outlets_of_one_domain_count_once(one: str | None, other: str | None, expected: int) -> None:
    articles = [
        DigestArticle(QUAKE, "Alba", None, None, MORNING, outlet_host=one),
        DigestArticle("Sarran shaken by quake", "Brig", None, None, MORNING, outlet_host=other),
    ]

    assert independent_outlets(articles) == expected


def test_a_shared_description_is_a_shared_text() -> None:
    told = "SARRAN (Tallis) - A strong earthquake hit the coast early on Wednesday, officials said."
    articles = [article(QUAKE, "Alba", summary=told), article("Sarran shaken by quake", "Brig", summary=told)]

    assert independent_outlets(articles) == 1


@given(st.lists(st.tuples(st.sampled_from([QUAKE, "Sarran shaken by quake", "x"]), st.sampled_from("ABCDE"))))
def test_independent_outlets_are_at_most_the_outlets_in_any_order(reports: list[tuple[str, str]]) -> None:
    articles = [DigestArticle(headline, outlet, None, None, MORNING) for headline, outlet in reports]
    found = independent_outlets(articles)

    assert min(1, len(reports)) <= found <= len({outlet for _, outlet in reports}) or not reports
    assert independent_outlets(articles[::-1]) == found


# --- ranking ---------------------------------------------------------------------------------------

RANKED = {
    "more independent outlets first": [wide(2, 5, "sarran earthquake"), wide(1, 3, "vennhavn talks")],
    "copies count once": [
        wide(2, 3, "vennhavn talks"),
        story(1, *(article(QUAKE, f"Outlet{letter}") for letter in "ABCDEFGH")),
    ],
    "then the later one": [
        wide(2, 3, "sarran earthquake", hours=[20]),
        wide(1, 3, "vennhavn talks", hours=[3]),
    ],
    "then the one all day long": [
        wide(2, 6, "sarran earthquake", hours=[3, 5, 8, 11, 14, 20]),
        wide(1, 6, "vennhavn talks", hours=[20]),
    ],
    "then the smaller id": [wide(1, 3, "sarran earthquake"), wide(2, 3, "vennhavn talks")],
    "the second story of an event moves down": [
        wide(1, 6, "sarran coast earthquake rescue magnitude"),
        wide(3, 4, "vennhavn fishing rights delegation treaty"),
        wide(2, 5, "sarran coast earthquake rescue magnitude"),
    ],
}


@pytest.mark.parametrize("expected", RANKED.values(), ids=RANKED.keys())
def test_rank(expected: list[DigestStory]) -> None:
    for order in (expected, expected[::-1]):
        found = rank(day_of(*order), RankingSettings())
        assert [ranked.story.story_id for ranked in found] == [one.story_id for one in expected]


def test_diversity_is_a_matter_of_settings() -> None:
    *_, event = RANKED.values()

    plain = rank(day_of(*event), RankingSettings(diversity=0.0))

    assert [ranked.story.story_id for ranked in plain] == [1, 2, 3]


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from(["sarran quake", "vennhavn talks", "a"])), max_size=8
    )
)
def test_ranking_loses_nothing_and_does_not_depend_on_the_order(rows: list[tuple[int, str]]) -> None:
    stories = [wide(number, outlets, words) for number, (outlets, words) in enumerate(rows)]
    found = rank(day_of(*stories), RankingSettings())

    assert sorted(ranked.story.story_id for ranked in found) == list(range(len(rows)))
    assert found == rank(day_of(*stories[::-1]), RankingSettings())


HOURS = {
    "an ordinary day": (date(2026, 1, 7), "Europe/Berlin", 24),
    "the short day of spring": (date(2026, 3, 29), "Europe/Berlin", 23),
    "the long day of autumn": (date(2026, 10, 25), "Europe/Berlin", 25),
    "half an hour more": (date(2026, 4, 5), "Australia/Lord_Howe", 25),
}


@pytest.mark.parametrize(("day", "timezone", "hours"), HOURS.values(), ids=HOURS.keys())
def test_hours_of_a_day(day: date, timezone: str, hours: int) -> None:
    assert len(hour_counts(wide(1, 1, "x"), day_of(day=day, timezone=timezone))) == hours


def test_articles_are_counted_by_local_hour_and_those_of_other_days_left_out() -> None:
    seen = [MORNING, MORNING + timedelta(minutes=50), MORNING - timedelta(days=1)]
    shown = story(1, *(article("Ferry aground", "A", first_seen=moment) for moment in seen))

    counts = hour_counts(shown, day_of(timezone="Europe/Berlin"))

    assert {hour: count for hour, count in enumerate(counts) if count} == {9: 1, 10: 1}


# --- what is quoted --------------------------------------------------------------------------------

FAULTS = {
    "a plain statement": ("Ferry with 180 aboard runs aground off Kestrel Islands", 0),
    "a statement with an abbreviation in capitals": ("NATO and UNESCO sign accord on Vennhavn harbour", 0),
    "Chinese has no spaces": ("凯斯特尔群岛附近渡轮搁浅", 0),
    "a question": ("Why did the ferry run aground off Kestrel Islands?", 1),
    "a promise": ("Here's what we know about the Kestrel ferry", 1),
    "live": ("LIVE: Ferry runs aground off Kestrel Islands", 1),
    "a rubric behind a bar": ("Ferry runs aground off Kestrel Islands | Reader commentary", 1),
    "a rubric in brackets": ("Ferry runs aground off Kestrel Islands (exclusive)", 1),
    "a rubric in front": ("EXCLUSIVE INTERVIEW: the ferry's captain speaks of fog", 1),
    "a quotation without its end": ("“‘We heard the reef’: captain of the Kestrel ferry", 1),
    "a German quotation": ("Kapitän der Kestrel-Fähre: „Wir hörten das Riff“", 0),
    "live updates behind": ("Ferry aground off Kestrel: live updates", 1),
    "shouting": ("FERRY AGROUND OFF KESTREL ISLANDS", 1),
    "an exclamation": ("Ferry runs aground off Kestrel Islands!", 1),
    "the outlet behind": ("Ferry runs aground off Kestrel Islands | Harbour Post", 1),
    "opinion": ("Opinion: The Kestrel ferry should never have sailed", 1),
    "an essay": ("Perspective: what the Kestrel ferry means for us", 1),
    "an essay, said behind": ("Kestrel ferry and the price of cheap shipping – OpEd", 1),
    "a live page": ("Ferry runs aground off Kestrel Islands – Northern Isles live", 1),
    "what goes live": ("Ferry line's new timetable goes live", 0),
    "takeaways": ("Kestrel ferry inquiry: key takeaways", 1),
    "a look back": ("A look back at ferries that ran aground", 1),
    "advice": ("Ferry fares are rising: What passengers need to know", 1),
    "a list of things": ("Here are five ferries that ran aground", 1),
    "a list": ("The Ways a Ferry Could Run Aground", 1),
    "a map": ("Map: where the Kestrel ferry ran aground", 1),
    "cut": ("Ferry with 180 aboard runs aground off…", 1),
    "hardly a sentence": ("Kestrel ferry latest", 1),
    "too long": ("Ferry with 180 aboard runs aground " * 5 + "off Kestrel", 1),
    "German": ("Liveticker: Fähre läuft vor den Kestrel-Inseln auf Grund", 1),
    "Ukrainian": ("Наживо: пором сів на мілину біля островів", 1),
}


@pytest.mark.parametrize(("headline", "faults"), FAULTS.values(), ids=FAULTS.keys())
def test_headline_faults(headline: str, faults: int) -> None:
    assert headline_faults(headline) == faults


LABEL = "Northern Strait talks: List of key events, day 212"
BEST = {
    "the sober one": (["LIVE: FERRY AGROUND!", "Ferry runs aground off Kestrel"], 1),
    "a statement before a question": (
        ["Who sank the Kestrel ferry and why?", "Ferry runs aground off Kestrel"],
        1,
    ),
    "one without its outlet's name": (
        ["Ferry aground off Kestrel - outlet0", "Kestrel ferry stranded with 180"],
        1,
    ),
    "a label only if there is nothing else": ([LABEL, "Is this the end of the talks?"], 1),
    "a label among labels": ([LABEL, LABEL], 0),
    "what the others say too, before one beside it": (
        [
            "The early days of island shipping",
            "Kestrel ferry runs aground with 180 aboard",
            "Ferry aground off Kestrel: all safe",
            "Kestrel ferry aground after storm",
        ],
        1,
    ),
    "the lead among equals": (["Ferry runs aground off Kestrel", "Kestrel ferry stranded with 180"], 0),
}


@pytest.mark.parametrize(("headlines", "best"), BEST.values(), ids=BEST.keys())
def test_best_member(headlines: list[str], best: int) -> None:
    articles = [article(headline, f"Outlet{number}") for number, headline in enumerate(headlines)]

    assert best_member(story(1, *articles)) is articles[best]


def test_the_earlier_of_two_good_headlines_is_taken_and_a_pin_wins() -> None:
    late = article("Ferry runs aground off Kestrel", "A", first_seen=MORNING + timedelta(hours=2))
    early = article("Kestrel ferry stranded with 180 aboard", "B")

    assert best_member(story(1, late, early)) is early
    assert best_member(story(1, late, early, is_pinned=True)) is late


def test_an_updated_story_is_told_by_what_is_new() -> None:
    known = article("Kestrel ferry aground with 180 aboard", "Alba")
    fresh = article(
        "Tugs free Kestrel ferry with 180 aboard", "Brig", first_seen=MORNING + timedelta(hours=2)
    )
    shouting = replace(known, headline="LIVE: Tugs free Kestrel ferry with 180 aboard")

    assert best_member(story(1, known, fresh, **UPDATED, new_words=("Tugs", "free"))) is fresh
    assert best_member(story(1, known, shouting, **UPDATED, new_words=("Tugs", "free"))) is known


SENTENCES = {
    "two": ("Ferry aground. All safe.", ["Ferry aground.", "All safe."]),
    "titles and initials do not end one": (
        "Dr. Mia B. Brandt of the U.S. Coast Guard spoke. She left.",
        ["Dr. Mia B. Brandt of the U.S. Coast Guard spoke.", "She left."],
    ),
    "a quote is closed first": ("“All safe.” Then silence.", ["“All safe.”", "Then silence."]),
    "numbers go on": ("It cost 3.5 million. Really.", ["It cost 3.5 million.", "Really."]),
    "Ukrainian": ("Пором сів на мілину. Усі живі.", ["Пором сів на мілину.", "Усі живі."]),
    "a rest that is cut": ("All safe. The cap…", ["All safe.", "The cap…"]),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), SENTENCES.values(), ids=SENTENCES.keys())
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


HEADLINE = "Ferry runs aground off Kestrel Islands"
TOLD = "The ferry Alba with 180 people aboard ran aground off the Kestrel Islands on Wednesday."
QUOTES = {
    "a whole sentence about the same": (TOLD + " More soon.", TOLD),
    "the headline if there is none": (None, HEADLINE),
    "not a sentence that is cut": (TOLD[:-1] + "…", HEADLINE),
    "not one about something else": (
        "Our correspondents bring together everything that matters in the region today.",
        HEADLINE,
    ),
    "not an advertisement": (
        "Subscribe to our newsletter about the ferry off the Kestrel Islands.",
        HEADLINE,
    ),
    "not one shorter than a headline": ("Ferry aground off Kestrel.", HEADLINE),
}


@pytest.mark.parametrize(("summary", "expected"), QUOTES.values(), ids=QUOTES.keys())
def test_best_sentence(summary: str | None, expected: str) -> None:
    member = article(HEADLINE, "A", summary=summary)

    assert best_sentence(story(1, member), member) == (expected, member)


def test_another_articles_sentence_is_quoted_unless_a_person_pinned_the_headline() -> None:
    member, other = article(HEADLINE, "A"), article("Kestrel ferry stranded with 180", "B", summary=TOLD)

    assert best_sentence(story(1, member, other), member) == (TOLD, other)
    assert best_sentence(story(1, member, other, is_pinned=True), member) == (HEADLINE, member)


# --- sections --------------------------------------------------------------------------------------

SEA = SectionSettings("Sea", words=("ferr*", "auf grund"))
TALKS = SectionSettings("Talks", words=("peace talks",), outlets=("Strait Daily",), topics=("diplomacy",))
PLACES = {
    "by the beginning of a word": (
        story(1, article("Ferries stay in port", "A"), article("No sailing", "B")),
        "Sea",
    ),
    "by two words in a row": (
        story(1, article("Peace talks resume", "A"), article("Next round", "B")),
        "Talks",
    ),
    "not by the two words apart": (
        story(1, article("Talks about peace", "A"), article("Hope", "B")),
        "Other news",
    ),
    "not by a part of a word": (story(1, article("Auf Grundlage", "A"), article("Ja", "B")), "Other news"),
    "in whatever case and accents": (story(1, article("FÉRRY", "A"), article("x", "B")), "Sea"),
    "the first that takes it": (story(1, article("Ferry to peace talks", "A"), article("x", "B")), "Sea"),
    "by outlet": (story(1, article("Hope", "Strait Daily"), article("Doubt", "B")), "Talks"),
    "by topic": (
        story(1, article("Hope", "A"), article("Doubt", "B"), topics=("diplomacy", "world")),
        "Talks",
    ),
    "by one headline of three it is not": (
        story(
            1, article("Hope for delegates in Vennhavn", "A"), article("Doubt", "B"), article("Ferry", "C")
        ),
        "Other news",
    ),
}


@pytest.mark.parametrize(("shown", "title"), PLACES.values(), ids=PLACES.keys())
def test_sections(shown: DigestStory, title: str) -> None:
    issue = compose(day_of(shown), replace(SETTINGS, sections=(SEA, TALKS)))

    assert [section.title for section in issue.sections] == [title]


def test_sections_stand_in_their_order_with_the_dominating_story_first_and_the_rest_last() -> None:
    settings = replace(SETTINGS, sections=(SEA, TALKS), other_title="And also")
    stories = [
        wide(1, 9, "sarran earthquake"),
        wide(2, 3, "orchards in bloom"),
        wide(3, 2, "peace talks"),
        wide(4, 2, "ferries"),
        wide(5, 1, "lonely ferry"),
    ]

    issue = compose(day_of(*stories), settings)

    assert [
        (section.title, [one.story.story_id for one in section.stories]) for section in issue.sections
    ] == [
        ("Top story", [1]),
        ("Sea", [4]),
        ("Talks", [3]),
        ("And also", [2]),
    ]
    assert [one.story.story_id for one in issue.also] == [5]


DOMINATING = {
    "clearly ahead": ([6, 4], True),
    "hardly ahead": ([5, 4], False),
    "ahead of little": ([3, 1], False),
    "alone": ([4], True),
}


@pytest.mark.parametrize(("outlets", "expected"), DOMINATING.values(), ids=DOMINATING.keys())
def test_dominating_story(outlets: list[int], expected: bool) -> None:
    subjects = ["sarran earthquake", "vennhavn negotiations"]
    stories = [wide(n, count, words) for n, (count, words) in enumerate(zip(outlets, subjects, strict=False))]

    issue = compose(day_of(*stories), replace(SETTINGS, sections=(SEA,)))

    assert (issue.sections[0].title == "Top story") is expected


def test_without_sections_there_is_one_without_a_title() -> None:
    issue = compose(day_of(wide(1, 2, "sarran earthquake"), wide(2, 1, "bridge")), SETTINGS)

    assert [(section.title, len(section.stories)) for section in issue.sections] == [("", 1)]
    assert ids(issue) == [1, 2]
    assert compose(day_of(), SETTINGS).sections == ()


# --- what is said ----------------------------------------------------------------------------------

STATUSES = {
    "new": ({}, "new"),
    "what is new": (UPDATED | {"new_words": ("9", "rescuers")}, "updated, day 3: 9, rescuers"),
    "the headline says it": (
        UPDATED | {"new_words": ("Lantern", "nine"), "new_outlets": ("Brig",)},
        "updated, day 3",
    ),
    "who is new": (UPDATED | {"new_outlets": ("Brig", "Cairn")}, "updated, day 3: now also Brig and Cairn"),
    "stop words say nothing": (UPDATED | {"new_words": ("nach", "9", "und")}, "updated, day 3: 9"),
    "words before outlets": (
        UPDATED | {"new_words": ("9",), "new_outlets": ("Brig",)},
        "updated, day 3: 9",
    ),
    "ongoing": ({"status": StoryStatus.ONGOING, "first_seen": MORNING - timedelta(days=1)}, "ongoing, day 2"),
}


@pytest.mark.parametrize(("changes", "expected"), STATUSES.values(), ids=STATUSES.keys())
def test_status(changes: dict[str, Any], expected: str) -> None:
    issue = compose(day_of(replace(wide(1, 2, "ferry"), **changes)), SETTINGS)

    assert issue.stories[0].status == expected


def test_facts_tell_the_independent_outlets_where_they_are_fewer() -> None:
    shown = story(
        1, article(QUAKE, "Alba"), article(QUAKE, "Brig"), article("Sarran shaken by quake", "Cairn")
    )

    [line] = [one.facts for one in compose(day_of(shown), SETTINGS).stories]
    [german] = [one.facts for one in compose(day_of(shown), replace(SETTINGS, language="de")).stories]

    assert line == "New · first seen 08:14 · 3 outlets, 2 independent · 3 headlines"
    assert german == "Neu · zuerst gesehen 08:14 · 3 Medien, davon 2 unabhängige · 3 Schlagzeilen"


def test_the_week_has_seven_days() -> None:
    known = (DayCount(date(2026, 1, 5), 4, 2), DayCount(date(2026, 1, 7), 9, 5))

    [shown] = compose(day_of(wide(1, 2, "ferry", history=known)), SETTINGS).stories

    assert [count.articles for count in shown.week] == [0, 0, 0, 0, 4, 0, 9]


KEY_EVENTS = replace(SETTINGS, style=DigestStyle.KEY_EVENTS, counter=CounterSettings(date(2022, 2, 24), 0))


def key_events(day: date, language: str = "en") -> Issue:
    assert KEY_EVENTS.counter
    stories = (wide(1, 3, "ferry"), wide(2, 2, "quake"))
    return compose(
        day_of(*stories, day=day, number=KEY_EVENTS.counter.number(day)),
        replace(KEY_EVENTS, language=language),
    )


COUNTED_DAYS = {
    date(2025, 11, 26): ("1,371", "Wednesday, November 26"),
    date(2026, 1, 1): ("1,407", "Thursday, January 1"),
    date(2026, 1, 7): ("1,413", "Wednesday, January 7"),
}


@pytest.mark.parametrize(("day", "said"), COUNTED_DAYS.items(), ids=map(str, COUNTED_DAYS))
def test_the_day_counter(day: date, said: tuple[str, str]) -> None:
    number, weekday_date = said
    issue = key_events(day)

    assert issue.title == f"World: list of key events, day {number}"
    assert issue.dek == f"The key developments of day {number}: 2 stories from 3 outlets; times in UTC."
    assert issue.opening == f"Here is where things stand on {weekday_date}:"


# Title, dek and opening of January 1, 2026; "~" is a no-break space, a narrow one inside a French number.
EVENTS = {
    "en": (
        "World: list of key events, day 1,407",
        "The key developments of day 1,407: 2 stories from 3 outlets; times in UTC.",
        "Here is where things stand on Thursday, January 1:",
    ),
    "en-GB": (
        "World: list of key events, day 1,407",
        "The key developments of day 1,407: 2 stories from 3 outlets; times in UTC.",
        "Here is where things stand on Thursday, 1 January:",
    ),
    "de": (
        "World: die wichtigsten Ereignisse, Tag 1.407",
        "Die wichtigsten Entwicklungen von Tag 1.407: 2 Themen aus 3 Medien; Uhrzeiten in UTC.",
        "Das ist der Stand am Donnerstag, 1. Januar:",
    ),
    "fr": (
        "World~: les faits marquants, jour 1\u202f407",
        "Les faits marquants du jour 1\u202f407~: 2 sujets de 3 médias~; fuseau horaire~: UTC.",
        "Voici où en sont les choses le jeudi 1er janvier~:",
    ),
    "es": (
        "World: los hechos clave, día 1407",
        "Los hechos clave del día 1407: 2 temas de 3 medios; zona horaria: UTC.",
        "Así están las cosas el jueves, 1 de enero:",
    ),
    "uk": (
        "World: перелік головних подій, день 1~407",
        "Головні події, день 1~407: 2 сюжети з 3 видань; час — UTC.",
        "Ось стан справ на 1 січня (четвер):",
    ),
    "ru": (
        "World: список главных событий, день 1~407",
        "Главные события, день 1~407: 2 сюжета из 3 изданий; время — UTC.",
        "Вот положение дел на 1 января (четверг):",
    ),
}


@pytest.mark.parametrize(("language", "lines"), EVENTS.items(), ids=EVENTS.keys())
def test_key_events_in_each_language(language: str, lines: tuple[str, str, str]) -> None:
    issue = key_events(date(2026, 1, 1), language)

    assert (issue.title, issue.dek, issue.opening) == tuple(line.replace("~", "\xa0") for line in lines)


def test_only_key_events_with_stories_have_an_opening() -> None:
    assert compose(day_of(wide(1, 2, "ferry")), SETTINGS).opening == ""
    assert compose(day_of(), KEY_EVENTS).opening == ""


def test_a_key_event_is_one_fact_with_its_source_and_who_else() -> None:
    shown = story(
        1, article(HEADLINE, "Alba", summary=TOLD), article(HEADLINE, "Brig"), article("Safe", "Cairn")
    )

    [event] = compose(day_of(shown), KEY_EVENTS).stories

    assert event.fact == TOLD
    assert event.fact_source == event.reports[0].articles[0]
    assert event.also_by == "also Brig and Cairn"


def test_a_headline_that_an_outlet_has_twice_is_read_once_and_counted_twice() -> None:
    twice = [
        article(HEADLINE, "Alba"),
        article(HEADLINE.upper() + ".", "Alba", link="https://alba.example/2"),
    ]
    shown = story(1, *twice, article("Kestrel ferry stranded with 180", "Alba"), article(HEADLINE, "Brig"))

    alba, brig = compose(day_of(shown), SETTINGS).stories[0].reports

    assert [one.headline for one in alba.articles] == [HEADLINE, "Kestrel ferry stranded with 180"]
    assert alba.repeats == (twice[1],)
    assert (len(alba.all_articles), brig.repeats) == (3, ())


def test_everything_in_an_issue_is_plain_and_every_address_may_be_offered() -> None:
    raw = article("Ferry\u202e\n aground", "\x00", link="javascript:alert(1)", summary=" a\x00 b ")

    [shown] = compose(day_of(story(1, raw)), SETTINGS).stories
    [quoted] = shown.reports[0].articles

    assert (quoted.headline, quoted.outlet, quoted.link) == ("Ferry aground", "Unnamed outlet", None)
    assert (quoted.summary, shown.link, shown.headline) == ("a b", None, "Ferry aground")


def test_the_same_day_and_settings_give_the_same_issue() -> None:
    stories = [wide(n, 1 + n % 4, WORDS[n]) for n in range(10)]

    assert compose(day_of(*stories), SETTINGS) == compose(day_of(*stories), SETTINGS)
    assert ids(compose(day_of(*stories), SETTINGS)) == ids(compose(day_of(*stories[::-1]), SETTINGS))


def test_newest_first_is_by_the_newest_article_inside_each_section() -> None:
    early, late = wide(1, 5, "Sarran quake", hours=[8]), wide(2, 2, "Kestrel ferry", hours=[9, 20])
    alone = story(3, article("Glacier tunnel opens to trains", "Alba", first_seen=MORNING.replace(hour=22)))
    day = day_of(early, late, alone)

    assert ids(compose(day, SETTINGS)) == [1, 2, 3]
    assert ids(compose(day, replace(SETTINGS, order=DigestOrder.NEWEST))) == [2, 1, 3]


def test_a_story_stands_in_the_section_of_most_of_its_headlines() -> None:
    sections = (SectionSettings("Brig", words=("brig",)), SectionSettings("Sarran", words=("sarran",)))
    accord = story(
        1,
        article("Sarran asked to part from Brig and Morland", "A"),
        article("Sarran told to choose its friends", "B"),
        article("Pressure on Sarran over its friends", "C"),
    )
    issue = compose(day_of(accord), replace(SETTINGS, sections=sections))

    assert [section.title for section in issue.sections] == ["Sarran"]
