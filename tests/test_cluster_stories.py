"""Stories over days: who keeps an id, who continues what, and what is new."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial

import pytest

from aggregator.cluster import Reader, continue_stories
from aggregator.cluster.rules import DEFAULT_SETTINGS
from aggregator.cluster.series import series_of
from aggregator.model import (
    Correction,
    CorrectionKind,
    DayGroup,
    Headline,
    KnownStory,
    Sighting,
    StoryStatus,
    Verdict,
)
from aggregator.settings import ClusterSettings, GoogleGroups

TODAY, YESTERDAY, LAST_WEEK = date(2026, 3, 2), date(2026, 3, 1), date(2026, 2, 22)

TEXTS = {
    "sink-a": "Sinkhole swallows three houses in Port Amberly",
    "sink-b": "Port Amberly sinkhole: families flee as houses vanish",
    "sink-c": "Port Amberly sinkhole claims two lives, 40 houses empty",
    "sink-d": "Sinkhole in Port Amberly: two lives lost",
    "rate-a": "Norland central bank raises rates to 4.5%",
    "opera-a": "Veltri opera opens to long applause",
    "war-1407": "Strait war: list of key events, day 1,407",
    "war-1413": "Strait war: list of key events, day 1,413",
    "war-1371": "Strait war: list of key events, day 1,371",
    "brief-dec-30": "Strait war morning briefing, December 30, 2025",
    "brief-dec-31": "Strait war morning briefing, December 31, 2025",
    "brief-jan-2": "Strait war morning briefing, January 2",
    "brief-jan-5": "Strait war morning briefing, January 5, 2026",
}
HEADLINES = {key: Headline(key, text, "The Lantern") for key, text in TEXTS.items()}


def known(story_id: int, day: date, *keys: str) -> KnownStory:
    return KnownStory(story_id, day, keys, tuple(HEADLINES[key] for key in keys))


def begun(story_id: int, first_day: date, *keys: str) -> KnownStory:
    """A story as today has it, begun today or on an earlier day."""
    return replace(known(story_id, TODAY, *keys), first_day=first_day)


def issue_or_group(keys):
    slots = [slot for slot in (series_of(HEADLINES[key].text) for key in keys) if slot]
    return DayGroup(keys, slots[0].series, slots[0].label) if slots else DayGroup(keys)


def follow(
    groups, today=(), past=(), corrections=(), sightings=(), *, is_settled=False, settings=DEFAULT_SETTINGS
):
    told = continue_stories(
        [issue_or_group(keys) for keys in groups],
        HEADLINES,
        day=TODAY,
        today=today,
        past=past,
        language="en",
        corrections=corrections,
        sightings=sightings,
        is_settled=is_settled,
        settings=settings,
    )
    return tuple(told)


def test_a_group_that_nothing_precedes_begins_a_story():
    (found,) = follow([("opera-a",)], past=[known(1, YESTERDAY, "sink-a", "sink-b")])

    assert (found.story_id, found.status) == (None, StoryStatus.NEW)


def test_yesterdays_story_goes_on_and_what_is_new_is_named():
    (found,) = follow([("sink-c", "sink-d")], past=[known(1, YESTERDAY, "sink-a", "sink-b")])

    assert (found.story_id, found.status) == (1, StoryStatus.UPDATED)
    assert "lives" in found.new_words
    assert found.decision is not None
    assert found.decision.rule == "continuation"


def test_a_story_outside_the_window_is_over():
    (found,) = follow([("sink-c",)], past=[known(1, LAST_WEEK, "sink-a", "sink-b")])

    assert found.story_id is None


def test_the_same_words_again_are_ongoing():
    (found,) = follow([("sink-a",)], past=[known(1, YESTERDAY, "sink-a")])

    assert (found.story_id, found.status) == (1, StoryStatus.ONGOING)
    assert found.decision is not None
    assert found.decision.rule == "same-article"


def test_an_id_stays_with_the_largest_part_of_its_articles():
    found = follow([("sink-a", "sink-b"), ("sink-c",)], today=[known(5, TODAY, "sink-a", "sink-b", "sink-c")])

    assert [c.story_id for c in found] == [5, None]


def test_two_stories_of_today_that_meet_become_one_and_the_other_redirects():
    today = [known(5, TODAY, "sink-a", "sink-b"), known(4, TODAY, "sink-c")]

    (found,) = follow([("sink-a", "sink-b", "sink-c")], today=today)

    assert (found.story_id, found.merged_ids) == (5, (4,))


def test_what_took_an_id_early_in_the_day_is_decided_again():
    """The first report of the day looked like yesterday's story, the group that it has become does not."""
    past, today = [known(1, YESTERDAY, "sink-a", "sink-b")], [begun(1, YESTERDAY, "opera-a")]

    (found,) = follow([("opera-a",)], today=today, past=past)

    assert (found.story_id, found.status) == (None, StoryStatus.NEW)


def test_a_story_begun_today_ends_in_the_older_one_that_its_group_turns_out_to_be():
    past, today = [known(1, YESTERDAY, "sink-a", "sink-b")], [begun(7, TODAY, "sink-c")]

    (found,) = follow([("sink-c", "sink-d")], today=today, past=past)

    assert (found.story_id, found.merged_ids) == (1, (7,))


def test_a_day_whose_digest_is_made_keeps_its_ids():
    past, today = [known(1, YESTERDAY, "sink-a", "sink-b")], [begun(1, YESTERDAY, "opera-a")]

    found = follow([("opera-a",), ("sink-c",)], today=today, past=past, is_settled=True)

    assert [c.story_id for c in found] == [1, 1]


LISTS = {
    "no lists": ([], [1, 1]),
    "one list has both": ([("p1", "e1", "sink-c"), ("p1", "e1", "sink-d")], [1, 1]),
    "two lists of a poll have them": ([("p1", "e1", "sink-c"), ("p1", "e2", "sink-d")], [1, None]),
    "lists part a group from yesterday's": (
        [("p1", "e1", "sink-a"), ("p1", "e1", "sink-b"), ("p1", "e2", "sink-c")],
        [None, 1],
    ),
}


@pytest.mark.parametrize(("lists", "expected"), LISTS.values(), ids=LISTS.keys())
def test_lists_of_google_join_and_part_over_days(lists, expected):
    found = follow(
        [("sink-c",), ("sink-d",)],
        past=[known(1, YESTERDAY, "sink-a", "sink-b")],
        sightings=[Sighting(*sighting) for sighting in lists],
    )

    assert [c.story_id for c in found] == expected


def test_lists_that_are_to_be_ignored_neither_join_nor_part_over_days():
    together = [Sighting("p1", "e1", key) for key in ("opera-a", "rate-a")]
    apart = [Sighting("p2", entry, key) for entry, key in (("e1", "sink-a"), ("e2", "sink-c"))]
    past = [known(1, YESTERDAY, "sink-a", "sink-b"), known(2, YESTERDAY, "rate-a")]
    groups = [("opera-a",), ("sink-c",)]

    heard = follow(groups, past=past, sightings=[*together, *apart])
    ignored = follow(
        groups,
        past=past,
        sightings=[*together, *apart],
        settings=ClusterSettings(google_groups=GoogleGroups.IGNORE),
    )

    assert [c.story_id for c in heard] == [2, None]
    assert [c.story_id for c in ignored] == [None, 1]


def test_articles_listed_together_over_midnight_are_one_story():
    listed = [Sighting("p1", "e1", key) for key in ("opera-a", "rate-a")]

    (found,) = follow([("opera-a",)], past=[known(2, YESTERDAY, "rate-a")], sightings=listed)

    assert found.story_id == 2
    assert found.decision is not None
    assert (found.decision.together, found.decision.possible) == (1, 1)


FIRE = {
    f"fire-{n}": text
    for n, text in enumerate(
        (
            "Fire at a ski resort bar in Corvalle leaves dozens dead",
            "Corvalle bar fire: dozens dead at ski resort",
            "Dozens die in bar fire at the Corvalle ski resort",
            "Ski resort bar fire in Corvalle: what is known of the dead",
        )
    )
}
LIFT = {
    f"lift-{n}": text
    for n, text in enumerate(
        (
            "Boy, 5, dead after arm trapped in travelator at a ski resort in Hakuro",
            "Hakuro ski resort: boy, 5, dies in travelator",
            "Travelator at Hakuro ski resort stopped after boy, 5, dies",
            "Boy dead after travelator accident at the Hakuro ski resort",
        )
    )
}


def test_two_groups_that_agree_a_little_are_two_stories_however_large():
    known_headlines = {key: Headline(key, text, "The Lantern") for key, text in (FIRE | LIFT).items()}
    past = KnownStory(1, YESTERDAY, tuple(LIFT), tuple(known_headlines[key] for key in LIFT))

    (found,) = continue_stories(
        [DayGroup(tuple(FIRE))], known_headlines, day=TODAY, today=[], past=[past], language="en"
    )

    assert found.story_id is None
    assert found.decision is not None
    assert (found.decision.verdict, found.decision.rule) == (Verdict.REFUSED, "group-agreement")
    assert found.decision.score >= found.decision.threshold


def test_a_tie_goes_to_the_older_story():
    (found,) = follow([("sink-a", "sink-b")], today=[known(5, TODAY, "sink-a"), known(4, TODAY, "sink-b")])

    assert (found.story_id, found.merged_ids) == (4, (5,))


def test_two_groups_that_continue_one_story_are_one_daily_story():
    found = follow([("sink-c",), ("sink-d",)], past=[known(1, YESTERDAY, "sink-a", "sink-b")])

    assert [c.story_id for c in found] == [1, 1]


def test_issues_of_a_series_are_neighbours_and_never_one_story():
    past = [known(7, YESTERDAY, "war-1407"), known(3, LAST_WEEK, "war-1371")]

    (found,) = follow([("war-1413",)], past=past)

    assert (found.story_id, found.previous_story_id, found.next_story_id) == (None, 7, None)


def test_an_issue_between_two_known_ones_has_both_neighbours():
    past = [known(7, YESTERDAY, "war-1413"), known(3, LAST_WEEK, "war-1371")]

    (found,) = follow([("war-1407",)], past=past)

    assert (found.previous_story_id, found.next_story_id) == (3, 7)


DATED = {
    "the last of a year": ("brief-dec-31", (1, 3)),
    "the first of a year": ("brief-jan-2", (2, 4)),
    "the oldest": ("brief-dec-30", (None, 2)),
    "the newest": ("brief-jan-5", (3, None)),
}


@pytest.mark.parametrize(("key", "neighbours"), DATED.values(), ids=DATED)
def test_issues_named_by_dates_are_in_order_over_the_turn_of_the_year(key, neighbours):
    briefs = [name for name in TEXTS if name.startswith("brief")]
    past = [known(number, YESTERDAY, name) for number, name in enumerate(briefs, 1) if name != key]

    (found,) = follow([(key,)], past=past)

    assert (found.previous_story_id, found.next_story_id) == neighbours


def test_a_person_may_join_and_part_across_days():
    past = [known(1, YESTERDAY, "sink-a", "sink-b"), known(2, YESTERDAY, "rate-a")]
    join = Correction(CorrectionKind.JOIN, "opera-a", "rate-a")
    split = Correction(CorrectionKind.SPLIT, "sink-c", "sink-a")

    found = follow([("opera-a",), ("sink-c",)], past=past, corrections=[join, split])

    assert [c.story_id for c in found] == [2, None]
    assert found[0].decision is not None
    assert found[0].decision.rule == "correction"


def test_the_order_of_groups_and_stories_does_not_matter():
    past = [
        known(1, YESTERDAY, "sink-a", "sink-b"),
        known(2, YESTERDAY, "rate-a"),
        known(7, YESTERDAY, "war-1407"),
    ]
    groups = [("sink-c", "sink-d"), ("war-1413",), ("opera-a",)]

    forwards = follow(groups, past=past)
    backwards = follow(groups[::-1], past=past[::-1])

    assert [c.story_id for c in forwards] == [c.story_id for c in backwards[::-1]]
    assert [c.new_words for c in forwards] == [c.new_words for c in backwards[::-1]]


SPLITS = {
    "the part that keeps today's id leaves the other without": (
        [("sink-a", "sink-b"), ("sink-c",)],
        [("TODAY", 1, ("sink-a", "sink-b", "sink-c"))],
        [("sink-c", "sink-a")],
        [1, None],
    ),
    "a past story goes on in one part alone": (
        [("sink-c",), ("sink-d",)],
        [("YESTERDAY", 1, ("sink-a", "sink-b"))],
        [("sink-c", "sink-d")],
        [1, None],
    ),
    "the other part takes its next best story": (
        [("sink-c",), ("sink-d",)],
        [("YESTERDAY", 1, ("sink-a",)), ("YESTERDAY", 2, ("sink-b",))],
        [("sink-c", "sink-d")],
        [1, 2],
    ),
    "today's id does not hold against a split from yesterday's article": (
        [("sink-c",)],
        [("YESTERDAY", 1, ("sink-a",)), ("TODAY", 1, ("sink-c",))],
        [("sink-a", "sink-c")],
        [None],
    ),
    "a story that ends in an older one carries the split with it": (
        [("sink-a", "sink-b"), ("sink-c",)],
        [
            ("YESTERDAY", 2, ("sink-d",)),
            ("TODAY", 1, ("sink-a",)),
            ("TODAY", 2, ("sink-b",)),
        ],
        [("sink-c", "sink-b")],
        [2, None],
    ),
}


@pytest.mark.parametrize(("groups", "stories", "splits", "expected"), SPLITS.values(), ids=SPLITS.keys())
def test_what_a_person_split_is_never_one_story(groups, stories, splits, expected):
    days = {"TODAY": TODAY, "YESTERDAY": YESTERDAY}
    stored = [known(story_id, days[day], *keys) for day, story_id, keys in stories]

    found = follow(
        groups,
        today=[story for story in stored if story.day == TODAY],
        past=[story for story in stored if story.day == YESTERDAY],
        corrections=[Correction(CorrectionKind.SPLIT, *pair) for pair in splits],
    )

    assert [c.story_id for c in found] == expected


def parted(keys: Sequence[str], rng: random.Random) -> list[tuple[str, ...]]:
    """Deal the keys out to some parts, in their order."""
    parts: dict[int, list[str]] = {}
    for key in keys:
        parts.setdefault(rng.randrange(len(keys)) // 2, []).append(key)
    return [tuple(part) for _, part in sorted(parts.items())]


def stories_of_days_before(rng: random.Random) -> list[KnownStory]:
    """Stories of two days; some are of both, and now and then an article is of today as well."""
    return [
        known(number, day, *keys)
        for day in (YESTERDAY, date(2026, 2, 28))
        for number, keys in enumerate(parted(rng.sample([*TEXTS], 6), rng), start=1)
    ]


def test_what_is_remembered_of_groups_and_the_days_before_changes_nothing():
    rng, reader, same_group = random.Random(5), Reader(), cache(issue_or_group)
    past, groups = stories_of_days_before(rng), [same_group(("opera-a",))]
    corrections, sightings, continued = [], [], 0
    for _ in range(40):
        match rng.choice(["past", "groups", "groups", "corrections", "sightings", "nothing"]):
            case "past":
                past = stories_of_days_before(rng)
            case "groups":
                groups = [same_group(keys) for keys in parted(rng.sample([*TEXTS], 8), rng)]
            case "corrections":
                corrections = [Correction(rng.choice([*CorrectionKind]), *rng.sample([*TEXTS], 2))]
            case "sightings":
                entries = [("0", str(rng.randrange(3)), key) for key in TEXTS if rng.random() < 0.7]
                sightings = [Sighting(*entry) for entry in entries]
        ask = partial(
            continue_stories,
            groups,
            HEADLINES,
            day=TODAY,
            today=[known(70, TODAY, *groups[0].keys)],
            past=past,
            language="en",
            corrections=corrections,
            sightings=sightings,
        )
        found = ask(reader=reader)
        assert found == ask()
        continued += sum(told.status is not StoryStatus.NEW for told in found)
    assert continued > 40
