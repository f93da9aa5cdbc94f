"""The engine under the grouping: the quick ways give what the plain ways give, on random inputs."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from aggregator.cluster import (
    RULES,
    ClusterRow,
    Reader,
    attach_late,
    cluster_rows,
    evaluate,
    group_day,
    linkage,
    similarity,
    spelling,
    sweep,
    templates,
    try_lines,
)
from aggregator.cluster import candidates as candidates_module
from aggregator.cluster.coherence import Coherence
from aggregator.cluster.lexicon import Lexicon
from aggregator.cluster.linkage import FORBIDDEN, SCALE, average_link
from aggregator.cluster.names import Names
from aggregator.cluster.vectors import KIN, UNIT, Vectors
from aggregator.cluster.weights import TokenWeights
from aggregator.model import Correction, CorrectionKind, DayGroup, Headline, Sighting
from aggregator.sameness import Since, Told, places_among

MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)
LINE = 0.06

_NAMES = ["Amberly", "Norland", "Veltri", "Brackwell", "Hallam", "Ostry", "Kessel", "Dunnet"]
_WORDS = ["sinkhole", "ferry", "strike", "rates", "opera", "flood", "vote", "trial", "fire", "bridge"]
_COMMON = ["in", "after", "says", "new", "over", "to", "the", "day", "12", "7"]


def dispatches(count: int, seed: int) -> list[Headline]:
    """Return headlines of a few events each, some alike, some not."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        words = [*rng.sample(_NAMES, 2), *rng.sample(_WORDS, 2), *rng.sample(_COMMON, 3)]
        rng.shuffle(words)
        made.append(Headline(f"k{number:03}", " ".join(words), "o", MORNING + timedelta(minutes=number)))
    return made


def events(count: int, seed: int) -> list[Headline]:
    """Return headlines of many words, most of them rare, as on a real day; some are forms, some the same."""
    rng = random.Random(seed)
    syllables = ["ba", "ko", "ri", "ten", "mar", "lo", "vis", "dun", "sel", "ga", "pru", "hin"]
    vocabulary = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(2 * count)]
    odds = [1.0 / (rank + 2) for rank in range(len(vocabulary))]
    made: list[Headline] = []
    for number in range(count):
        text = " ".join(dict.fromkeys(rng.choices(vocabulary, odds, k=8)))
        if made and rng.random() < 0.5:
            words = rng.choice(made).text.split()
            text = " ".join([*rng.sample(words, len(words) * 3 // 4), rng.choice(vocabulary)])
        if rng.random() < 0.1:
            text = f"weather in {rng.choice(vocabulary)} on the coast"
        if made and rng.random() < 0.05:
            text = rng.choice(made).text
        at = MORNING + timedelta(minutes=number)
        made.append(Headline(f"k{rng.randrange(10**6):06}", text, "o", at))
    return made


def partition(groups) -> set[frozenset[str]]:
    return {frozenset(group.keys) for group in groups.groups}


# --- linkage ----------------------------------------------------------------------------------------


@st.composite
def graphs(draw):
    """Random similarities in millionths, with start groups and anchors."""
    count = draw(st.integers(2, 24))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    density = draw(st.sampled_from([0.1, 0.3, 0.8]))
    values = rng.integers(1, draw(st.sampled_from([4, 300_000])), (count, count)) * draw(
        st.sampled_from([1, 40_000])
    )
    values = np.minimum(values, SCALE) * (rng.random((count, count)) < density)
    values[rng.random((count, count)) < 0.02] = FORBIDDEN
    upper = np.triu(values, 1)
    start = np.arange(count)
    for member in sorted(rng.integers(1, count, draw(st.integers(0, 3))).tolist()):
        start[member] = start[member - 1]
    anchored = rng.random(count) < draw(st.sampled_from([0.0, 0.2]))
    return sparse.csr_matrix(upper + upper.T), start, anchored


def from_scratch(matrix, start, anchored) -> np.ndarray:
    """Measure all groups anew in every round, as the definition says."""
    group_of = start
    while True:
        groups = linkage._begun(matrix, LINE, group_of, anchored, RULES)
        absorbed = linkage._mutual(groups.partner)
        if not len(absorbed):
            return group_of
        into = np.arange(len(start))
        into[absorbed] = groups.partner[absorbed]
        group_of = into[group_of]


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_rounds_around_joined_groups_are_rounds_over_all(graph):
    matrix, start, anchored = graph

    assert average_link(matrix, LINE, start, anchored, RULES).tolist() == from_scratch(*graph).tolist()


@settings(max_examples=60, deadline=None)
@given(graphs(), graphs())
def test_unconnected_parts_are_grouped_as_if_alone(one, other):
    count = len(one[1])
    both = (
        sparse.csr_matrix(sparse.block_diag([one[0], other[0]])),
        np.append(one[1], other[1] + count),
        np.append(one[2], other[2]),
    )

    found = average_link(both[0], LINE, both[1], both[2], RULES)

    assert found[:count].tolist() == average_link(one[0], LINE, one[1], one[2], RULES).tolist()
    assert (found[count:] - count).tolist() == average_link(
        other[0], LINE, other[1], other[2], RULES
    ).tolist()


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_forbidden_pairs_and_anchors_stay_apart_and_start_groups_together(graph):
    matrix, start, anchored = graph

    found = average_link(matrix, LINE, start, anchored, RULES)

    assert (found[start] == found).all()
    edges = matrix.tocoo()
    for a, b, value in zip(edges.row.tolist(), edges.col.tolist(), edges.data.tolist(), strict=True):
        if value == FORBIDDEN and start[a] != start[b]:
            assert found[a] != found[b]
    for group in set(found.tolist()):
        assert len(set(start[(found == group) & anchored].tolist())) <= 1


# --- blocks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7], ids=str)
def test_similarities_do_not_depend_on_the_size_of_blocks(monkeypatch, size):
    documents = [tuple(h.text.casefold().split()) for h in dispatches(40, seed=4)]
    expected = similarity.similarities(documents, TokenWeights(), RULES)
    monkeypatch.setattr(candidates_module, "_ROWS_AT_ONCE", size)
    monkeypatch.setattr(similarity, "_PAIRS_AT_ONCE", 3 * size)

    found = similarity.similarities(documents, TokenWeights(), RULES)

    assert expected.nnz > 0
    assert (found != expected).nnz == 0


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("across", [False, True], ids=["among one another", "across"])
def test_what_is_sought_by_rarer_words_is_what_all_products_tell(monkeypatch, share, across):
    monkeypatch.setattr(candidates_module, "_ROWS_AT_ONCE", 40)
    rng = np.random.default_rng(int(share * 100))
    count, width = 150, 60
    # Word 0 is in every second row, word 59 in one of a hundred; rows are long and short.
    carried = rng.random((count, width)) < (0.5 / (1 + np.arange(width))) + 0.01
    words = carried * rng.integers(1, 40, width) * rng.integers(10, 64, width)
    kin = np.triu(rng.random((width, width)) < 0.02, 1) * rng.integers(16, 32, (width, width))
    kinship = kin + kin.T + KIN * np.eye(width, dtype=np.int64)
    lengths = np.sqrt((words / 64) ** 2 @ np.ones(width) + rng.integers(1, 900, count))
    selecting = np.arange(width) > 0
    left = rng.random(count) < 0.6 if across else np.ones(count, dtype=bool)
    right, changed = (~left if across else left), rng.random(count) < 0.3
    sparsely = [sparse.csr_matrix(matrix.astype(float)) for matrix in (words, kinship, words @ kin)]
    vectors = Vectors(np.arange(count), sparsely[0], lengths, np.zeros(count), sparsely[1], sparsely[2])

    found = candidates_module.candidates(vectors, selecting, left, right, changed, share)

    told = words * selecting
    enough = told @ kinship @ told.T >= share * UNIT * lengths[:, None] * lengths
    sides = (left[:, None] & right) | (right[:, None] & left)
    pairs = np.argwhere(np.triu(enough & sides & (changed[:, None] | changed), 1))
    assert len(pairs)
    assert sorted(zip(*(ends.tolist() for ends in found), strict=True)) == list(map(tuple, pairs.tolist()))


def test_similarities_between_two_lists_are_those_of_all_together():
    documents = [tuple(h.text.casefold().split()) for h in dispatches(40, seed=5)]
    whole = similarity.similarities(documents, TokenWeights(), RULES)

    across = similarity.cross_similarities(documents[:15], documents[15:], TokenWeights(), RULES)

    assert across.nnz > 0
    assert (across != whole[:15, 15:]).nnz == 0


@pytest.mark.parametrize(
    "spread", [int(templates._SPREAD), 0], ids=["usual hashes", "hashes that are all alike"]
)
def test_forms_are_found_among_many_headlines(monkeypatch, spread):
    monkeypatch.setattr(templates, "_SPREAD", np.uint64(spread))
    towns = [f"{a}{b}ford" for a in ("Al", "Brack", "Cor", "Dun") for b in ("", "er", "ing")]
    texts = [f"weather in {town} on friday".split() for town in towns] + [
        h.text.split() for h in dispatches(200, seed=6)
    ]
    lexicon, frames = Lexicon(), templates.Frames()
    documents = lexicon.numbers([tuple(words) for words in texts])
    frames.form_words(lexicon, documents[::2])

    found = frames.form_words(lexicon, np.unique(documents))

    assert {d: set(words) for d, words in found.items()} == {
        d: {"weather", "in", "on", "friday"} for d in documents[: len(towns)].tolist()
    }


def test_a_word_is_told_by_the_name_that_foretells_it_best():
    pairs = {"port amberly": 60.0, "amberly castle": 30.0}
    weights = TokenWeights(1_000.0, {"port": 90.0, "amberly": 80.0, "castle": 85.0}, pairs)
    by_port, by_castle = (weights.names()[name][1] for name in (("port", "amberly"), ("amberly", "castle")))
    texts = {
        "port amberly castle burns": {"amberly": by_port},
        "castle amberly": {},
        "amberly castle amberly friday": {"amberly": by_castle},
        "amberly port amberly": {"amberly": by_port},
    }
    lexicon, carried = Lexicon(), Names(weights)
    for text, shares in texts.items():
        documents = lexicon.numbers([tuple(text.split())])
        present = lexicon.presence(documents)
        places, told = carried.told(lexicon, documents, present)

        words = [lexicon.words[i] for i in present.indices[places]]
        assert dict(zip(words, told.tolist(), strict=True)) == shares
    assert by_port > by_castle > 0
    everything = np.arange(len(texts)), lexicon.presence(np.arange(len(texts)))
    for carried_along, afresh in zip(
        carried.told(lexicon, *everything), Names(weights).told(lexicon, *everything), strict=True
    ):
        assert carried_along.tolist() == afresh.tolist()


def test_pairs_that_chance_may_have_brought_make_no_name():
    pairs = {"port amberly": 60.0, "amberly castle": 3.0, "castle burns": 3.1, "burns down": 0.4}
    weights = TokenWeights(1_000.0, {"port": 90.0, "amberly": 80.0, "castle": 85.0, "burns": 9.0}, pairs)

    fewer = weights.without_chance()

    assert set(fewer.pairs) == {"port amberly", "castle burns"}
    assert fewer.names() == weights.names() != {}
    assert (fewer.documents, fewer.frequencies) == (weights.documents, weights.frequencies)


# --- poll by poll -----------------------------------------------------------------------------------


def polls(day: list[Headline], rng: random.Random) -> list[list[Headline]]:
    """The headlines there are after each of several polls; now and then one is found to be another."""
    waiting = rng.sample(day, len(day))
    known: list[Headline] = []
    states = []
    for count in (rng.randint(0, len(day)), *rng.choices([1, 2, 9], k=6), len(day)):
        known, waiting = known + waiting[:count], waiting[count:]
        if known and rng.random() < 0.3:
            known.pop(rng.randrange(len(known)))
        states.append(list(known))
    return states


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.randoms(use_true_random=False))
def test_a_day_grouped_poll_by_poll_is_the_same_as_from_scratch(seed, count, rng):
    reader = Reader()
    for state in polls(events(count, seed), rng):
        assert group_day(state, language="en", reader=reader) == group_day(state, language="en")


@pytest.mark.parametrize("seed", range(8))
def test_similarities_carried_along_are_those_of_scratch(monkeypatch, seed):
    monkeypatch.setattr(spelling, "MAX_BLOCK", 6)  # so that letter groups become too common, and stop to be
    rules = replace(RULES, comparisons_per_headline=6)  # and words too common to select pairs
    memory = similarity.Memory()
    for state in polls(events(300, seed), random.Random(seed)):
        documents = [tuple(h.text.casefold().split()) for h in state]
        found = similarity.similarities(documents, TokenWeights(), rules, memory)

        assert (found != similarity.similarities(documents, TokenWeights(), rules)).nnz == 0

        half = len(documents) // 2
        across = similarity.cross_similarities(
            documents[half:], documents[:half], TokenWeights(), rules, memory
        )
        expected = similarity.cross_similarities(documents[half:], documents[:half], TokenWeights(), rules)
        assert (across != expected).nnz == 0


@pytest.mark.parametrize("seed", range(4))
def test_likenesses_carried_along_are_those_of_scratch_however_words_come_and_go(monkeypatch, seed):
    monkeypatch.setattr(spelling, "MAX_BLOCK", 12)
    rng, lexicon, carried = random.Random(seed), Lexicon(), spelling.Spelling()
    live, is_rare = np.zeros(1, dtype=bool), np.zeros(1, dtype=bool)
    for _ in range(8):
        words = ["".join(rng.choice("kbt") + rng.choice("aeo") for _ in range(3)) for _ in range(25)]
        lexicon.numbers([(f"{word}n",) for word in words])
        came = len(lexicon.words) - len(live)
        live, is_rare = (
            np.concatenate([known, np.ones(came, dtype=bool)])
            ^ (np.array([rng.random() for _ in lexicon.words]) < 0.1)
            for known in (live, is_rare)
        )

        expected = spelling.Spelling().likenesses(lexicon, live, is_rare)
        assert (carried.likenesses(lexicon, live, is_rare) != expected).nnz == 0


@pytest.mark.parametrize("seed", range(4))
def test_coherence_carried_along_is_that_of_scratch_also_where_words_cease_to_tell(seed):
    rng, width = np.random.default_rng(seed), 30
    carried = Coherence(RULES)
    places = {document: np.sort(rng.choice(width, 6, replace=False)) for document in range(80)}
    numbers = {document: rng.integers(1, 9, 6) for document in places}
    for poll in range(8):
        documents = np.flatnonzero(rng.random(60 + 2 * poll) > 0.05)  # some went, and come again
        for document in rng.choice(documents, 10):
            numbers[document] = numbers[document] * rng.integers(0, 2, 6) + rng.integers(0, 2, 6)
        data = np.concatenate([numbers[document] for document in documents])
        columns = np.concatenate([places[document] for document in documents])
        starts = np.arange(0, len(data) + 1, 6)
        rows = sparse.csr_matrix((data.astype(float), columns, starts), shape=(len(documents), width + poll))
        asked = documents, rows, np.full(len(documents), 20.0), 1 + (rng.random(len(documents)) < 0.03)

        assert np.array_equal(carried.factors(*asked), Coherence(RULES).factors(*asked))


# --- the whole --------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.randoms(use_true_random=False))
def test_however_the_day_arrived_it_is_grouped_the_same(seed, count, rng):
    day = dispatches(count, seed)
    sightings = [
        Sighting(f"p{rng.randrange(4)}", f"e{rng.randrange(6)}", h.key) for h in day for _ in range(2)
    ]
    told = [
        Correction(
            rng.choice([CorrectionKind.JOIN, CorrectionKind.SPLIT]), rng.choice(day).key, rng.choice(day).key
        )
        for _ in range(3)
    ]
    first = group_day(day, language="en", sightings=sightings, corrections=told)

    polls: list[list[Headline]] = [[] for _ in range(rng.randint(1, 5))]
    for headline in day:
        for poll in rng.sample(polls, rng.randint(1, len(polls))):
            poll.append(headline)
    rng.shuffle(polls)
    rng.shuffle(sightings)
    rng.shuffle(told)
    arrived = [headline for poll in polls for headline in rng.sample(poll, len(poll))]

    assert group_day(arrived, language="en", sightings=sightings, corrections=told) == first


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.randoms(use_true_random=False))
def test_late_headlines_leave_the_frozen_as_they_are(seed, count, rng):
    day = dispatches(count, seed)
    cut = rng.randint(0, count)
    frozen = group_day(day[:cut], language="en").groups

    found = attach_late(day[cut:], frozen, day, language="en")

    for group in found.groups:
        before = [f.keys for f in frozen if set(f.keys) & set(group.keys)]
        assert len(before) <= 1
        assert not before or group.keys[: len(before[0])] == before[0]
    shuffled_late, shuffled_frozen = day[cut:], list(frozen)
    rng.shuffle(shuffled_late)
    rng.shuffle(shuffled_frozen)
    assert attach_late(shuffled_late, shuffled_frozen, day[::-1], language="en") == found


@pytest.mark.parametrize("seed", range(3))
def test_late_with_nothing_frozen_is_a_day_and_nothing_late_changes_nothing(seed):
    day = dispatches(40, seed)
    whole = group_day(day, language="en")

    assert partition(attach_late(day, (), day, language="en")) == partition(whole)
    assert partition(attach_late([], whole.groups, day, language="en")) == partition(whole)


# --- tuning -----------------------------------------------------------------------------------------


def test_a_sweep_gives_the_scores_of_each_line():
    day = dispatches(60, seed=8)
    rows = [ClusterRow(fields={}, title=h.text, id=h.key, lang="en", batch=h.key[-1]) for h in day]
    gold = [row.title.split()[0] for row in rows]
    lowest = RULES.line / 2

    found = sweep(rows, gold, [lowest, 1.0])

    assert found[0] == evaluate(cluster_rows(rows, rules=replace(RULES, line=lowest)), gold)
    assert found[1].stories == len({(row.batch, row.title) for row in rows})


def test_a_trial_names_merges_splits_and_honoured_corrections():
    texts = {
        "sink-1": "Sinkhole swallows three houses in Port Amberly",
        "sink-2": "Port Amberly sinkhole swallows houses",
        "rate-1": "Norland central bank raises rates to 4.5%",
        "rate-2": "Norland raises interest rates to 4.5% in surprise move",
        "solo-1": "Review: the new Veltri opera is a quiet triumph",
    }
    day = [Headline(key, text) for key, text in texts.items()]
    present = [DayGroup(("sink-1",)), DayGroup(("sink-2",)), DayGroup(("rate-1", "rate-2", "solo-1"))]
    told = [
        Correction(CorrectionKind.JOIN, "sink-1", "sink-2"),
        Correction(CorrectionKind.SPLIT, "sink-1", "rate-1"),
    ]

    usual, strictest = try_lines(day, present, [RULES.line, 1.0], language="en", corrections=told)

    assert usual.merges == (("sink-1", "sink-2"),)
    assert [len(parts) for parts in usual.splits] == [2]
    assert (usual.honoured, usual.corrections) == (2, 2)
    assert (strictest.honoured, strictest.corrections) == (1, 2)


def test_a_memory_keeps_what_recent_days_need_and_lets_go_of_the_rest(monkeypatch):
    monkeypatch.setattr(similarity, "SPARE_DOCUMENTS", 100)
    reader, kept = Reader(), []
    for number in range(30):
        day = dispatches(40, seed=number)
        assert group_day(day, language="en", reader=reader) == group_day(day, language="en")
        reader.forget_unread()
        texts = len({headline.text for headline in day})
        kept.append(sum(len(texts) for part in (reader._known, reader._older) for texts in part.values()))
        assert kept[-1] <= 2 * texts
        pools = similarity.MAX_POOLS * texts
        assert len(reader.memory("en")._lexicon.documents) <= 100 + 2 * pools + texts
    assert min(kept) > 0


def test_what_was_read_since_is_not_forgotten():
    reader = Reader()
    first = reader.read("Ferry sails", "en")
    reader.forget_unread()
    assert reader.read("Ferry sails", "en") is first
    reader.forget_unread()
    reader.forget_unread()
    assert reader.read("Ferry sails", "en") is not first
    assert reader.read("Ferry sails", "en") == first


@pytest.mark.parametrize(
    ("keys", "is_so"),
    [
        ("abcdefgh", True),
        ("acegikmo", True),
        ("bacdefgh", False),
        ("abcdefhg", False),
        ("abcdefghh", False),
        ("aabcdefgh", False),
        ("xabcdefgh", False),
        ("abcxdefgh", False),
    ],
)
def test_a_reader_knows_from_the_last_time_whether_headlines_are_in_order(keys, is_so):
    known = {key: Headline(key, f"Ferry strike {key}", "o", MORNING) for key in "abcdefghikmox"}
    for before in ("bcdefgh", "hgfedcb", "abcefghikmox"):
        reader = Reader()
        reader.read_all([known[key] for key in before], "en")
        assert reader.read_all([known[key] for key in keys], "en").are_in_order == is_so


def test_what_a_reader_remembers_changes_nothing():
    day = dispatches(40, seed=9)
    reader = Reader(max_texts=10)

    for part in (day[:20], day, day[10:]):
        assert group_day(part, language="en", reader=reader) == group_day(part, language="en")


@pytest.mark.parametrize("told", ["groups", "decisions"])
def test_what_is_told_as_before_is_the_very_same_object(told):
    day = events(40, seed=9)
    reader = Reader()
    before, after = (getattr(group_day(part, language="en", reader=reader), told) for part in (day[5:], day))

    known = {one: one for one in before}
    assert known.keys() & set(after)
    assert all(known.get(one, one) is one for one in after)


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True))
def test_what_is_carried_along_is_what_is_told_of_each(before, now):
    known = [object() for _ in range(31)]
    since = Since.of([known[i] for i in now], [known[i] for i in before])
    came = [i for i in now if i not in before]

    assert [now[place] for place in since.came.tolist()] == came
    assert since.carried([str(i) for i in before], [str(i) for i in came]) == [str(i) for i in now]
    assert since.carried_numbers(np.array(before, dtype=int), np.array(came, dtype=int)).tolist() == now
    assert since.inverse().tolist() == [now.index(i) if i in now else -1 for i in before]


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True))
def test_what_is_told_again_knows_where_it_stood(before, now):
    first = Told.after(Told(), np.full(len(before), -1), [str(i) for i in before])
    places = np.array([before.index(i) if i in before else -1 for i in now], dtype=int)
    second = Told.after(first, places, [str(i) for i in now if i not in before])

    assert second == tuple(str(i) for i in now)
    assert all(second[here] is first[there] for here, there in enumerate(places) if there >= 0)
    assert Since.of(second, first).places.tolist() == places.tolist()


def test_what_is_told_knows_no_more_than_the_last_time():
    first = Told.after(Told(), np.array([-1, -1]), ["ferry", "bridge"])
    second = Told.after(first, np.array([1]), [])
    third = Told.after(second, np.array([0, -1]), ["tunnel"])

    known = [places_among(told, before) is not None for told, before in ((second, first), (third, second))]
    assert known == [False, True]
    assert places_among(third, ("bridge",)) is None
    assert places_among(tuple(third), second) is None


@pytest.mark.parametrize("told", ["groups", "decisions"])
def test_a_grouping_tells_where_its_parts_stood(told):
    day = events(40, seed=9)
    reader = Reader()
    before, after = (getattr(group_day(part, language="en", reader=reader), told) for part in (day[5:], day))

    places = places_among(after, before)
    assert places is not None
    assert {place >= 0 for place in places.tolist()} == {True, False}
    assert all(after[here] is before[there] for here, there in enumerate(places) if there >= 0)
    assert not {id(one) for one in before} & {id(after[here]) for here in np.flatnonzero(places < 0)}
