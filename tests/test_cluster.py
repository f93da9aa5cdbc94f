"""Day groups: what joins, what does not, and that no order of arrival matters."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.cluster import attach_late, group_day
from aggregator.cluster.listings import Listings
from aggregator.model import Correction, CorrectionKind, Headline, Sighting, Verdict
from aggregator.settings import ClusterSettings, GoogleGroups

MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)

DAY = {
    "sink-1": "Sinkhole swallows three houses in Port Amberly",
    "sink-2": "Port Amberly sinkhole: families flee as houses vanish",
    "sink-3": "Families flee Port Amberly after sinkhole opens",
    "rate-1": "Norland central bank raises rates to 4.5%",
    "rate-2": "Norland raises interest rates to 4.5% in surprise move",
    "solo-1": "Review: the new Veltri opera is a quiet triumph",
}


def headlines(texts: dict[str, str]) -> list[Headline]:
    return [Headline(key, text, "The Lantern", MORNING) for key, text in texts.items()]


def partition(groups) -> set[frozenset[str]]:
    return {frozenset(group.keys) for group in groups.groups}


def sightings(polls: dict[str, dict[str, tuple[str, ...]]]) -> list[Sighting]:
    """Sightings from poll → entry → keys."""
    return [
        Sighting(p, e, key) for p, entries in polls.items() for e, keys in entries.items() for key in keys
    ]


def test_headlines_of_one_event_are_grouped_and_others_stand_alone():
    found = group_day(headlines(DAY), language="en")

    assert partition(found) == {
        frozenset({"sink-1", "sink-2", "sink-3"}),
        frozenset({"rate-1", "rate-2"}),
        frozenset({"solo-1"}),
    }


def test_every_join_names_partner_score_line_and_words():
    found = group_day(headlines(DAY), language="en")
    joins = {d.key: d for d in found.decisions if d.verdict is Verdict.JOINED}

    assert joins.keys() == {"sink-1", "sink-2", "sink-3", "rate-1", "rate-2"}
    assert joins["rate-1"].partner_key == "rate-2"
    assert joins["rate-1"].rule == "headlines"
    assert joins["rate-1"].score >= joins["rate-1"].threshold
    assert {"Norland", "rates"} <= set(joins["rate-1"].words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "!!! ??? …",
        "—",
        "Flood",
        "🌊🌊🌊",
        "A" * 400_000,
        "so " * 130_000,
        "\x00\ud800",
        "١٢٣",
        "ๆ",
    ],
    ids=[
        "empty",
        "spaces",
        "symbols",
        "dash",
        "one word",
        "emoji",
        "one long word",
        "many words",
        "not text",
        "digits of another script",
        "a mark alone",
    ],
)
def test_no_text_breaks_the_grouping_or_draws_others_to_it(text):
    texts = {**DAY, "odd-1": text, "odd-2": text[:200] + " unlike"}

    found = group_day(headlines(texts), language="en")

    assert sorted(key for group in found.groups for key in group.keys) == sorted(texts)
    assert {frozenset({"sink-1", "sink-2", "sink-3"}), frozenset({"solo-1"})} <= partition(found)


@pytest.mark.parametrize("language", ["en", "en-US", "zh", "ru", "xx", "", "und"])
def test_any_language_tag_is_taken(language):
    assert len(group_day(headlines(DAY), language=language).groups) <= len(DAY)


LANGUAGES = {
    "French": ("fr", "Un séisme frappe la ville de Montclair", "Séisme à Montclair : la ville sous le choc"),
    "Russian": ("ru", "Землетрясение в Северограде: десять раненых", "В Северограде произошло землетрясение"),
    "Greek": (
        "el",
        "Σεισμός στην Καλλίπολη, δέκα τραυματίες",
        "Δέκα τραυματίες από τον σεισμό στην Καλλίπολη",
    ),
    "Arabic": ("ar", "زلزال يضرب مدينة النخيل ويصيب عشرة", "عشرة مصابين في زلزال مدينة النخيل"),
    "Hebrew": ("he", "רעידת אדמה בעיר גבעון, עשרה פצועים", "עשרה פצועים ברעידת אדמה בגבעון"),
    "Hindi": ("hi", "सुंदरपुर में भूकंप से दस लोग घायल", "भूकंप: सुंदरपुर में दस घायल"),
    "Chinese": ("zh", "青河市发生地震十人受伤", "青河市地震造成十人受伤"),
    "Japanese": ("ja", "青川市で地震、十人がけが", "青川市の地震で十人けが"),
    "Thai": ("th", "แผ่นดินไหวที่เมืองบัวขาว บาดเจ็บสิบคน", "บาดเจ็บสิบคนจากแผ่นดินไหวเมืองบัวขาว"),
}


@pytest.mark.parametrize(("language", "one", "other"), LANGUAGES.values(), ids=LANGUAGES.keys())
def test_every_script_is_grouped(language, one, other):
    found = group_day(headlines({"a": one, "b": other, "c": "Ωmega 77 unrelated"}), language=language)

    assert partition(found) == {frozenset({"a", "b"}), frozenset({"c"})}


def test_google_lists_join_what_headlines_do_not():
    listed = sightings({"poll-1": {"entry-1": ("sink-1", "solo-1")}})

    found = group_day(headlines({k: DAY[k] for k in ("sink-1", "solo-1")}), language="en", sightings=listed)

    assert partition(found) == {frozenset({"sink-1", "solo-1"})}
    assert {d.rule for d in found.decisions} == {"google-listing"}


def test_a_chain_of_lists_does_not_become_one_story():
    names = [f"n-{i:02}" for i in range(30)]
    texts = {name: f"{word}ing {word}s {word}" for name, word in zip(names, _WORDS, strict=True)}
    chain = sightings({f"poll {a}": {"entry": (a, b)} for a, b in itertools.pairwise(names)})

    found = group_day(headlines(texts), language="en", sightings=chain)

    assert max(len(group.keys) for group in found.groups) <= 6


_WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeo" for c in ("lm", "rn")]


def test_listings_count_polls_together_and_polls_possible():
    seen = sightings(
        {"p1": {"e1": ("a", "b"), "e2": ("c",)}, "p2": {"e1": ("a",), "e2": ("b", "c")}, "p3": {"e1": ("a",)}}
    )
    listings = Listings.of([*seen, *seen[:2]], {"a": 0, "b": 1, "c": 2, "never seen": 3}, 4)

    rows, columns = listings.pairs_together()
    together, possible = listings.counts(np.array([0, 0, 1, 0]), np.array([1, 2, 2, 3]))

    assert {*zip(rows.tolist(), columns.tolist(), strict=True)} == {(0, 1), (1, 2)}
    assert (together.tolist(), possible.tolist()) == ([1, 0, 1, 0], [2, 2, 2, 0])


APART = {
    "headlines alone": ({}, True),
    "one poll has them apart": ({"p1": {"e1": ("rate-1",), "e2": ("rate-2",)}}, False),
    "five polls have them apart": (
        {f"p{n}": {"e1": ("rate-1",), "e2": ("rate-2",)} for n in range(5)},
        False,
    ),
    "apart in one of five": (
        {f"p{n}": {"e1": ("rate-1", "rate-2")} for n in range(4)}
        | {"p4": {"e1": ("rate-1",), "e2": ("rate-2",)}},
        True,
    ),
    "together in one of five": (
        {f"p{n}": {"e1": ("rate-1",), "e2": ("rate-2",)} for n in range(4)}
        | {"p4": {"e1": ("rate-1", "rate-2")}},
        False,
    ),
    "each in polls of its own": ({"p1": {"e1": ("rate-1",)}, "p2": {"e2": ("rate-2",)}}, True),
}


@pytest.mark.parametrize(("polls", "is_one_story"), APART.values(), ids=APART.keys())
def test_google_parts_what_headlines_would_join(polls, is_one_story):
    found = group_day(headlines(DAY), language="en", sightings=sightings(polls))

    assert (frozenset({"rate-1", "rate-2"}) in partition(found)) is is_one_story


def test_articles_listed_apart_say_so():
    polls = {f"p{n}": {"e1": ("rate-1",), "e2": ("rate-2",)} for n in range(4)}

    found = group_day(headlines(DAY), language="en", sightings=sightings(polls))

    (refusal,) = [d for d in found.decisions if d.key == "rate-1"]
    assert (refusal.verdict, refusal.rule, refusal.partner_key) == (Verdict.REFUSED, "google-apart", "rate-2")
    assert (refusal.together, refusal.possible, refusal.alike, refusal.members) == (0, 4, 1, 1)


def test_copies_are_one_story_whatever_the_lists_say():
    texts = {
        "a": "Port Amberly sinkhole swallows three houses",
        "b": "Port Amberly: sinkhole swallows three houses",
    }
    apart = sightings({f"p{n}": {"e1": ("a",), "e2": ("b",)} for n in range(5)})

    assert len(group_day(headlines(texts), language="en", sightings=apart).groups) == 1


def test_a_person_outranks_the_lists():
    apart = sightings({"p1": {"e1": ("rate-1",), "e2": ("rate-2",)}})
    told = [Correction(CorrectionKind.JOIN, "rate-1", "rate-2")]

    found = group_day(headlines(DAY), language="en", sightings=apart, corrections=told)

    assert frozenset({"rate-1", "rate-2"}) in partition(found)


@pytest.mark.parametrize(
    "polls", [{"p": {"e1": ("rate-1",), "e2": ("rate-2",)}}, {"p": {"e": ("rate-1", "solo-1")}}]
)
def test_lists_that_are_to_be_ignored_leave_no_trace(polls):
    ignoring = ClusterSettings(google_groups=GoogleGroups.IGNORE)

    found = group_day(headlines(DAY), language="en", sightings=sightings(polls), settings=ignoring)

    assert found == group_day(headlines(DAY), language="en")


@pytest.mark.parametrize("times", [1, 3, 50])
def test_how_often_one_polls_changes_no_group(times):
    names = ("rate-1", "solo-1", "sink-1")
    first, second = {"e1": names[:2], "e2": names[2:]}, {"e1": names[:1], "e2": names[1:]}
    polls = {f"a{n}": first for n in range(4 * times)} | {f"b{n}": second for n in range(times)}

    found = group_day(headlines(DAY), language="en", sightings=sightings(polls))

    assert frozenset({"rate-1", "rate-2", "solo-1"}) in partition(found)


JOIN, SPLIT = CorrectionKind.JOIN, CorrectionKind.SPLIT
CORRECTIONS = {
    "a join unites": ([(JOIN, "rate-1", "solo-1")], {frozenset({"rate-1", "rate-2", "solo-1"})}, 0),
    "a split parts": ([(SPLIT, "rate-2", "rate-1")], {frozenset({"rate-1"}), frozenset({"rate-2"})}, 0),
    "joins are transitive": (
        [(JOIN, "rate-1", "solo-1"), (JOIN, "solo-1", "odd-1"), (SPLIT, "rate-1", "rate-2")],
        {frozenset({"rate-1", "solo-1", "odd-1"}), frozenset({"rate-2"})},
        0,
    ),
    "a split wins over the join that contradicts it": (
        [(JOIN, "rate-1", "rate-2"), (SPLIT, "rate-1", "rate-2")],
        {frozenset({"rate-1"}), frozenset({"rate-2"})},
        1,
    ),
    "an unknown article changes nothing": ([(JOIN, "rate-1", "gone")], {frozenset({"rate-1", "rate-2"})}, 0),
    "a join with itself changes nothing": (
        [(SPLIT, "rate-1", "rate-1")],
        {frozenset({"rate-1", "rate-2"})},
        0,
    ),
}


@pytest.mark.parametrize(("told", "expected", "conflicts"), CORRECTIONS.values(), ids=CORRECTIONS.keys())
def test_corrections_are_honoured_exactly(told, expected, conflicts):
    texts = {**DAY, "odd-1": "Puppy rescued from canal"}

    found = group_day(headlines(texts), language="en", corrections=[Correction(*c) for c in told])

    assert expected <= partition(found)
    assert len(found.conflicts) == conflicts


def test_late_headlines_join_frozen_groups_without_moving_anyone():
    frozen = group_day(headlines(DAY), language="en").groups
    late = [
        Headline("late-1", "Port Amberly sinkhole still growing"),
        Headline("late-2", "Chess title goes to Ruiz"),
    ]

    found = attach_late(late, frozen, headlines(DAY) + late, language="en")

    sink = next(group for group in found.groups if "sink-1" in group.keys)
    assert set(sink.keys) == {"sink-1", "sink-2", "sink-3", "late-1"}
    assert sink.keys[0] == next(g for g in frozen if "sink-1" in g.keys).lead_key
    assert frozenset({"late-2"}) in partition(found)


def test_a_late_bridge_does_not_unite_frozen_groups():
    texts = {"a": "Ferry fire off Cape Dunnet", "b": "Cape Dunnet ferry fire: captain held"}
    frozen = tuple(group_day([h], language="en").groups[0] for h in headlines(texts))
    late = [Headline("c", "Ferry fire off Cape Dunnet: captain held")]

    found = attach_late(late, frozen, headlines(texts) + late, language="en")

    assert not any({"a", "b"} <= set(group.keys) for group in found.groups)


words = st.sampled_from(
    [
        "storm",
        "port",
        "bank",
        "rates",
        "flood",
        "vote",
        "strike",
        "opera",
        "train",
        "fire",
        "Lund",
        "Kars",
        "Velm",
        "12",
        "7",
        "day",
    ]
)
texts = st.lists(words, max_size=7).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=25), st.randoms(use_true_random=False), st.data())
def test_the_order_of_arrival_does_not_matter(some, rng, data):
    arrived = [Headline(f"k{i:02}", text, "o", MORNING + timedelta(minutes=i)) for i, text in enumerate(some)]
    keys = [h.key for h in arrived]
    pair = st.tuples(st.sampled_from(keys), st.sampled_from(keys)) if keys else st.nothing()
    pairs = data.draw(st.lists(pair, max_size=4)) if keys else []
    listed = [Sighting(poll, poll, key) for poll, pair in zip("ab", pairs[:2], strict=False) for key in pair]
    told = [Correction(rng.choice([JOIN, SPLIT]), *p) for p in pairs[2:]]
    first = group_day(arrived, language="en", sightings=listed, corrections=told)

    for values in (arrived, listed, told):
        rng.shuffle(values)

    assert group_day(arrived, language="en", sightings=listed, corrections=told) == first


def test_two_runs_in_a_row_are_equal_whatever_the_random_state():
    arrived = headlines(DAY)
    random.Random(3).shuffle(arrived)

    assert group_day(arrived, language="en") == group_day(headlines(DAY), language="en")
