"""The series guard: what is a serial, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cluster import group_day, series_of
from aggregator.model import Headline

# Pairs of issues of one series: both have a serial of one kind, and they differ.
ISSUES = [
    ("List of key events, day 1,407", "List of key events, day 1,413"),
    ("Harbour war: List of key events – day 764", "Harbour war: List of key events, day 1,095"),
    ("Strike in Velm: Day 3", "Strike in Velm: Day 12"),
    ("War in the Straits: 1,407th day", "War in the Straits: 1,408th day"),
    ("The siege of Karsk, third day", "The siege of Karsk, fourth day"),
    ("Krieg an der Küste: Tag 1407", "Krieg an der Küste: Tag 1.413"),
    ("Streik der Fähren: 7. Tag", "Streik der Fähren: 8. Tag"),
    ("Guerre des Détroits, jour 88", "Guerre des Détroits, jour 89"),
    ("Guerra del Estrecho: día 31", "Guerra del Estrecho: día 32"),
    ("Guerra nello Stretto, giorno 12", "Guerra nello Stretto, giorno 13"),
    ("Guerra do Estreito, dia 5", "Guerra do Estreito, dia 6"),
    ("Oorlog aan zee: dag 20", "Oorlog aan zee: dag 21"),
    ("Wojna morska: dzień 40", "Wojna morska: dzień 41"),
    ("Война в проливе: день 1407", "Война в проливе: день 1408"),
    ("Сводка из Карска: 12-й день", "Сводка из Карска: 13-й день"),
    ("Πόλεμος στα Στενά: ημέρα 9", "Πόλεμος στα Στενά: ημέρα 10"),
    ("حرب المضيق: اليوم 15", "حرب المضيق: اليوم 16"),
    ("המלחמה במצר: יום 15", "המלחמה במצר: יום 16"),
    ("海峡战争第15天", "海峡战争第16天"),
    ("海峡の戦い 15日目", "海峡の戦い 16日目"),
    ("The Lantern Podcast, episode 12", "The Lantern Podcast, episode 13"),
    ("Night Harbour recap: Ep. 4", "Night Harbour recap: Ep. 5"),
    ("Night Harbour S02E04 recap", "Night Harbour S02E05 recap"),
    ("Nachthafen, Folge 12", "Nachthafen, Folge 13"),
    ("Port de nuit, épisode 3", "Port de nuit, épisode 4"),
    ("Ночная гавань: выпуск 8", "Ночная гавань: выпуск 9"),
    ("Gece Limanı 14. bölüm", "Gece Limanı 15. bölüm"),
    ("夜港 第3集", "夜港 第4集"),
    ("How the ferry sank, part 1", "How the ferry sank, part 2"),
    ("How the ferry sank, Part II", "How the ferry sank, Part III"),
    ("How the ferry sank: part one", "How the ferry sank: part two"),
    ("Wie die Fähre sank, Teil 1", "Wie die Fähre sank, Teil 2"),
    ("Как затонул паром: часть 1", "Как затонул паром: часть 2"),
    ("Norland league predictions, week 3", "Norland league predictions, week 4"),
    ("Norland league: Gameweek 11 preview", "Norland league: Gameweek 12 preview"),
    ("Nordliga, 14. Spieltag: die Spiele", "Nordliga, 15. Spieltag: die Spiele"),
    ("Ligue du Nord, 3e journée", "Ligue du Nord, 4e journée"),
    ("Liga del Norte: jornada 20", "Liga del Norte: jornada 21"),
    ("Tour of Norland, stage 4", "Tour of Norland, stage 5"),
    ("Tour de Norlande : étape 4", "Tour de Norlande : étape 5"),
    ("Draft board, round 2", "Draft board, round 3"),
    ("Finals, Game 3: as it happened", "Finals, Game 4: as it happened"),
    ("Veltri OS v2.1 is out", "Veltri OS v2.2 is out"),
    ("Veltri OS version 14 review", "Veltri OS version 15 review"),
    ("Amberly Foods reports Q3 results", "Amberly Foods reports Q4 results"),
    ("Amberly Foods Q1 2026 earnings call", "Amberly Foods Q2 2026 earnings call"),
    ("The Norland letter #48", "The Norland letter #49"),
    ("The Norland letter, issue 48", "The Norland letter, issue 49"),
    ("Der Nordbrief Nr. 48", "Der Nordbrief Nr. 49"),
    ("Fixtures for the 2025-26 season", "Fixtures for the 2026-27 season"),
    ("Storm in Velm: live updates, 7 January", "Storm in Velm: live updates, 8 January"),
    ("Morning briefing: Jan 7", "Morning briefing: Jan 8"),
    ("2026-01-07 briefing", "2026-01-08 briefing"),
    ("Offensive campaign assessment, January 10, 2026", "Offensive campaign assessment, January 11, 2026"),
    ("Lotto results for 3 May", "Lotto results for 10 May"),
    (
        "Météo Montclair: prévisions du vendredi 10 janvier",
        "Météo Montclair: prévisions du samedi 11 janvier",
    ),
    ("Wetter in Altfurt am 3. Mai", "Wetter in Altfurt am 4. Mai"),
    ("Horóscopo de hoy, 3 de mayo", "Horóscopo de hoy, 4 de mayo"),
    ("Гороскоп на 3 мая", "Гороскоп на 4 мая"),
    ("Strands hints, March 3", "Strands hints, March 4"),
    ("Racing tips for Velm, 12 June", "Racing tips for Velm, 13 June"),
    ("早报 1月7日", "早报 1月8日"),
]

# Numbers that change while a story goes on, or measure something: no serial at all.
TRAPS = [
    "War update: 104 clashes at the front",
    "At least 7 killed in Velm ferry fire",
    "Toll rises to 19 after Velm ferry fire",
    "Norland pledges $57 million for flood victims",
    "Boy, 12, rescued from the Amberly canal",
    "Girl aged 7 wins the chess title",
    "Rovers beat United 3-1",
    "Rovers draw 2:2 with United",
    "Norland in 2026: what the year brings",
    "Elections of 2024 were fair, court says",
    "Minister begins 5-day visit to Kars",
    "Ceasefire holds after 12 days of fighting",
    "Two days of talks end in Velm",
    "Search called off after three days",
    "Bank raises rates to 4.5%",
    "Inflation falls to 3 percent",
    "Drought is the worst in 40 years",
    "10 things to know about the Amberly dam",
    "The 5 best walks around Port Amberly",
    "Top 10 films of the year",
    "Flight 370: the search begins again",
    "Boeing 737 makes emergency landing in Velm",
    "Storm cuts power to 40,000 homes",
    "Company lays off 1,200 workers",
    "Shares fall 8% in Norland",
    "Police seize 3 tonnes of tobacco",
    "Man jailed for 25 years",
    "Runner, 80, finishes the Kars marathon",
    "World leaders meet at G20 in Velm",
    "The 7 January attack, ten years on",
    "Court to rule on 12 March",
    "Strike set for May 3",
    "Parliament votes on January 6 inquiry",
    "Norland marks 50th anniversary of the flood",
    "Rovers win for the fifth time in a row",
    "Third man held over Amberly fire",
    "Second ferry sinks off Cape Dunnet",
    "First snow falls in Kars",
    "One day after the flood, Velm counts its losses",
    "A day in the life of a lighthouse keeper",
    "Day of mourning in Velm",
    "Week of storms ahead for the coast",
    "Part of the harbour wall collapses",
    "Series of quakes shakes the island",
    "No 10 denies the report",
    "Game of the year goes to Night Harbour",
    "Round of talks ends without a deal",
    "Stage collapses at Velm festival",
    "Phase out coal, scientists urge",
    "King Karl IV opens the bridge",
    "World War II bomb found in the harbour",
    "Vitamin D does not help, study finds",
    "5G masts burn in Norland",
    "Covid-19 cases rise again",
    "Route 66 to close for repairs",
    "Une fillette de 3 ans retrouvée saine et sauve",
    "Zehn Verletzte nach Unfall auf der A7",
    "Погибли 7 человек при пожаре в Карске",
    "تسعة قتلى في حريق العبارة",
    "渡轮起火造成7人死亡",
    "フェリー火災で7人死亡",
    "Noventa familias pierden 40 casas",
    "Un séisme de magnitude 6.1 frappe Montclair",
]


@pytest.mark.parametrize(("one", "other"), ISSUES, ids=[one for one, _ in ISSUES])
def test_issues_of_a_series_differ(one, other):
    first, second = series_of(one), series_of(other)

    assert first is not None
    assert second is not None
    assert first.differs_from(second)
    assert first.order < second.order
    assert first.series == second.series


@pytest.mark.parametrize("headline", TRAPS)
def test_what_only_looks_like_a_serial_is_none(headline):
    assert series_of(headline) is None


@pytest.mark.parametrize(("one", "other"), ISSUES, ids=[one for one, _ in ISSUES])
def test_issues_of_a_series_are_never_one_story(one, other):
    found = group_day([Headline("a", one), Headline("b", other)], language="en")

    assert len(found.groups) == 2


def test_the_same_issue_at_two_outlets_follows_the_ordinary_rules():
    one = series_of("Strike in Velm: Day 3")
    other = series_of("Velm strike, day 3: ferries stay in port")

    assert one is not None
    assert other is not None
    assert not one.differs_from(other)


def test_the_table_is_large_and_balanced():
    assert len(ISSUES) + len(TRAPS) >= 120
    assert abs(len(ISSUES) - len(TRAPS)) <= 6


def test_a_season_that_is_only_mentioned_does_not_part_a_story():
    one = series_of("Night Harbour renewed for season 3 after record finale")
    other = series_of("Critics praise the season 2 finale of Night Harbour")

    assert one is not None
    assert other is not None
    assert not one.differs_from(other)


@given(st.text())
def test_any_text_may_be_asked_about(text):
    assert series_of(text) == series_of(text)
