"""Tags: names and rare words, whatever the language; never an outlet, never "after"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.tags import MAX_TAGS, headline_tags, vouched_words

CASES = {
    "names of several words come first": (
        ["Harbour chief Ines Kolbe quits after Skagen ferry inquiry", "Why Ines Kolbe had to go in Skagen"],
        [],
        ("Ines Kolbe", "Skagen"),
    ),
    "most headlines first": (
        ["Talks open in Oslo", "Envoy lands in Bergen for talks", "Talks go on in Bergen"],
        [],
        ("Bergen", "Oslo", "talks"),
    ),
    "a rank is not part of a name": (
        ["Polish President Jan Zielony meets Prime Minister Eva Lund"],
        [],
        ("Jan Zielony", "Eva Lund"),
    ),
    "small words inside a name": (
        ["Anna von der Aue opens Bank of Norway"],
        [],
        ("Anna von der Aue", "Bank of Norway"),
    ),
    "a part of a name is no tag of its own": (
        ["Envoy Mia Brandt arrives", "Crowd greets Brandt"],
        [],
        ("Mia Brandt",),
    ),
    "two names may share a word": (
        ["Border talks of North Avaria and South Avaria resume"],
        [],
        ("North Avaria", "South Avaria"),
    ),
    "possessives": (["Crowds cheer Avaria's Mia Brandt’s return"], [], ("Mia Brandt", "Avaria")),
    "capitals of title case need a witness": (
        ["Storm Floods Harbour As Mayor Flees Skagen Overnight", "Waves reach Skagen"],
        [],
        ("Skagen",),
    ),
    "a first word that is common elsewhere is no name": (
        ["Angry Brandt leaves summit", "Voters angry as Brandt leaves summit"],
        [],
        ("Brandt", "angry", "leaves", "summit"),
    ),
    "an acronym is not the word": (["Vaccine plan of WHO backed by EU"], [], ("WHO", "EU")),
    "outlets never": (
        ["Harbour Post wins top prize in Oslo", "What Herald readers in Oslo say about Gulf Dispatch"],
        ["Harbour Post", "The Herald", "Gulf Dispatch"],
        ("Oslo",),
    ),
    "German": (
        ["Kanzlerin Lena Roth reist nach Skagen", "Lena Roth in Skagen: Fähre bleibt liegen"],
        ["Nordlicht Kurier"],
        ("Lena Roth", "Skagen"),
    ),
    "Ukrainian": (
        ["Міністр Олена Коваль прибула до Осло", "В Осло зустріли Олену Коваль"],
        [],
        ("Олена Коваль", "Олену Коваль", "Осло"),
    ),
    "a script without capitals: shared words": (
        ["انفجار في مرفأ المدينة", "قتلى في انفجار مرفأ"],
        [],
        ("انفجار", "مرفأ"),
    ),
    "a syndicated copy counts once": (["Bridge shut for repairs"] * 3, [], ("repairs", "Bridge")),
    "numbers are no tags": (["45 clashes", "45 clashes in 2026"], [], ("clashes",)),
    "nothing worth a tag": (["What is it?"], [], ()),
    "no headlines": ([], [], ()),
}


@pytest.mark.parametrize(("headlines", "outlets", "expected"), CASES.values(), ids=CASES.keys())
def test_tags(headlines: list[str], outlets: list[str], expected: tuple[str, ...]) -> None:
    assert headline_tags(headlines, outlets, vouched_words(headlines)) == expected


def test_a_big_story_needs_two_headlines_for_a_tag() -> None:
    headlines = [f"Update {number}: Mia Brandt in Oslo" for number in range(8)]
    headlines.append("Mia Brandt seen in Bergen")

    assert headline_tags(headlines, [], vouched_words(headlines)) == ("Mia Brandt", "Oslo")


def test_other_headlines_of_the_day_bear_witness() -> None:
    headlines = ["Skagen waits"]

    assert headline_tags(headlines, [], vouched_words(headlines)) == ("Skagen", "waits")
    assert headline_tags(headlines, [], vouched_words([*headlines, "Ferry leaves Skagen"])) == ("Skagen",)


@given(st.lists(st.text(), max_size=10), st.lists(st.text(), max_size=3))
def test_tags_are_few_and_printable(headlines: list[str], outlets: list[str]) -> None:
    tags = headline_tags(headlines, outlets, vouched_words(headlines))

    assert len(tags) <= MAX_TAGS
    assert len({tag.casefold() for tag in tags}) == len(tags)
    assert all(tag == tag.strip() and any(letter.isalpha() for letter in tag) for tag in tags)
