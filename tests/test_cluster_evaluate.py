"""Rows in, rows out, and the figures that judge a grouping."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cluster import ClusterRow, TokenWeights, cluster_rows, evaluate, read_rows, write_rows
from aggregator.errors import InputError
from aggregator.model import Headline

GOLD = Path(__file__).parent / "gold" / "headlines.jsonl"


def grouped(*stories: str) -> list[ClusterRow]:
    return [ClusterRow({}, f"t{i}", id=str(i), story=story) for i, story in enumerate(stories)]


SCORES = {
    "all right": ("aabb", "xxyy", (1.0, 1.0), (1.0, 1.0)),
    "all in one": ("aaaa", "xxyy", (1 / 3, 1.0), (0.5, 1.0)),
    "all apart": ("abcd", "xxyy", (1.0, 0.0), (1.0, 0.5)),
    "one astray": ("aaab", "xxyy", (1 / 3, 0.5), (2 / 3, 0.75)),
    "nothing at all": ("", "", (1.0, 1.0), (1.0, 1.0)),
}


@pytest.mark.parametrize(("stories", "gold", "pairwise", "bcubed"), SCORES.values(), ids=SCORES.keys())
def test_figures_follow_their_definitions(stories, gold, pairwise, bcubed):
    scores = evaluate(grouped(*stories), list(gold))

    assert (scores.pairwise.precision, scores.pairwise.recall) == pytest.approx(pairwise)
    assert (scores.bcubed.precision, scores.bcubed.recall) == pytest.approx(bcubed)


@given(st.lists(st.sampled_from("abc"), max_size=20))
def test_bcubed_is_one_on_the_gold_itself(labels):
    assert evaluate(grouped(*labels), labels).bcubed.f1 == pytest.approx(1.0)


def test_the_worst_faults_come_first_with_examples():
    scores = evaluate(grouped(*"aaabb"), list("xxyzz"))

    assert [(fault.label, fault.pairs, fault.parts) for fault in scores.false_merges] == [("a", 2, (2, 1))]
    assert scores.false_merges[0].examples == ("t0", "t2")
    assert scores.false_splits == ()


BAD_LINES = {
    "not JSON": ("{", "line 2: not JSON"),
    "not an object": ("[1]", "line 2: not an object"),
    "no title": ('{"id": "a"}', "line 2: `title`"),
    "a list as outlet": ('{"title": "a", "outlet": []}', "line 2: `outlet`"),
    "a date in words": ('{"title": "a", "published": "soon"}', "line 2: `published`"),
}


@pytest.mark.parametrize(("line", "said"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_named(line, said):
    with pytest.raises(InputError, match=said):
        read_rows(['{"title": "fine"}', line])


def test_rows_keep_their_fields_and_order():
    lines = [
        '{"title": "Ferry fire off Cape Dunnet", "mine": 1}',
        "",
        '{"title": "Chess title for Ruiz", "id": 7}',
    ]

    told = [json.loads(line) for line in write_rows(cluster_rows(read_rows(lines)))]

    assert [row["title"] for row in told] == ["Ferry fire off Cape Dunnet", "Chess title for Ruiz"]
    assert told[0]["mine"] == 1
    assert all({"story", "rule", "score", "partner"} <= row.keys() for row in told)
    assert told[0]["story"] != told[1]["story"]


def test_batches_and_languages_are_never_grouped_together():
    same = "Ferry fire off Cape Dunnet"
    rows = [
        ClusterRow({}, same, id=str(i), lang=lang, batch=batch)
        for i, (lang, batch) in enumerate([("en", "a"), ("en", "b"), ("fr", "a"), ("en", "a")])
    ]

    stories = [row.story for row in cluster_rows(rows)]

    assert stories[0] == stories[3]
    assert len(set(stories)) == 3


def test_the_gold_set_keeps_its_floor_and_no_shuffle_changes_a_row():
    rows = read_rows(GOLD.read_text(encoding="utf-8").splitlines())
    done = cluster_rows(rows)
    scores = evaluate(done, [row.cluster or "" for row in rows])
    shuffled = list(range(len(rows)))
    random.Random(5).shuffle(shuffled)
    again = cluster_rows([rows[i] for i in shuffled])

    assert [done[i] for i in shuffled] == again
    assert scores.bcubed.f1 >= 0.92, scores
    assert scores.bcubed.precision >= 0.90, scores.false_merges
    assert scores.pairwise.precision >= 0.78, scores.false_merges


def test_rows_of_one_id_are_told_apart():
    rows = [ClusterRow({}, title, id="x") for title in ("Ferry fire off Cape Dunnet", "Chess title for Ruiz")]

    assert len({row.story for row in cluster_rows(rows)}) == 2


def test_weights_survive_their_bytes_and_fade():
    first = TokenWeights.learn(
        [[Headline("a", "Ferry fire")], [Headline("b", "Ferry strike")]], language="en"
    )
    second = TokenWeights.learn([[Headline("c", "Opera fire")]], language="en", previous=first, fade=0.5)

    assert TokenWeights.from_bytes(second.to_bytes()) == second
    assert second.documents == 2.0
    assert second.weight("ferri") < second.weight("unheard")
    with pytest.raises(InputError):
        TokenWeights.from_bytes(b"nonsense")
