"""What the store tells a digest about a story: who is new, which topics brought it, whether it was pinned."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli.commands import aggregator
from aggregator.demo import FOLDER
from aggregator.model import DigestDay, DigestStory
from aggregator.store import open_reader
from aggregator.store.digest_material import load_digest_stories
from aggregator.store.digests import load_snapshot
from aggregator.store.plain import text_of, value_of
from aggregator.store.topics import topics_of


def store_of(home: Path) -> Path:
    return home / FOLDER / "aggregator.db"


def stories_of(home: Path, day: date, topic: str = "world") -> dict[int, DigestStory]:
    with open_reader(store_of(home)) as connection:
        return {story.story_id: story for story in load_digest_stories(connection, topic, day)}


@pytest.fixture
def days(demo_copy: Path) -> list[date]:
    with open_reader(store_of(demo_copy)) as connection:
        rows = connection.execute("SELECT DISTINCT day FROM story_days ORDER BY day")
        return [date.fromisoformat(row["day"]) for row in rows]


def test_new_outlets_are_those_of_no_earlier_day(demo_copy: Path, days: list[date]) -> None:
    known: dict[int, set[str]] = {}
    seen: list[str] = []
    for day in days:
        of_day = {}
        for topic in ("world", "business", "technology", "welt"):
            of_day |= stories_of(demo_copy, day, topic)
        for story_id, story in of_day.items():
            earlier = known.setdefault(story_id, set())
            assert set(story.new_outlets) == (set(story.outlets) - earlier if earlier else set())
            seen += story.new_outlets
            earlier |= set(story.outlets)
    assert seen


def test_topics_are_those_of_all_feeds_that_brought_the_story(demo_copy: Path, days: list[date]) -> None:
    found = [story.topics for day in days for story in stories_of(demo_copy, day).values()]

    assert all("world" in topics for topics in found)
    assert any(len(topics) > 1 for topics in found)


def test_a_pinned_lead_is_marked(demo_copy: Path, days: list[date]) -> None:
    before = stories_of(demo_copy, days[-1])
    shown = max(before.values(), key=lambda story: len(story.articles))
    with sqlite3.connect(store_of(demo_copy)) as connection:
        [(article_id,)] = connection.execute(
            "SELECT article_id FROM story_members WHERE day = ? AND story_id = ? ORDER BY article_id DESC LIMIT 1",
            [days[-1].isoformat(), shown.story_id],
        ).fetchall()
    arguments = ["--home", str(demo_copy), "--config", f"{FOLDER}/aggregator.toml"]
    pinned = CliRunner().invoke(aggregator, [*arguments, "correct", "pin", str(article_id)])

    assert pinned.exception is None
    assert not shown.is_pinned
    assert [story.story_id for story in stories_of(demo_copy, days[-1]).values() if story.is_pinned] == [
        shown.story_id
    ]


def test_snapshot_comes_back_and_one_of_an_earlier_version_too(demo_copy: Path, days: list[date]) -> None:
    with open_reader(store_of(demo_copy)) as connection:
        snapshot = load_snapshot(connection, "world", days[0])
    assert snapshot is not None
    plain = replace(
        snapshot,
        stories=tuple(
            replace(story, topics=(), new_outlets=(), is_pinned=False) for story in snapshot.stories
        ),
    )
    old = json.loads(text_of(plain))
    for story in old["stories"]:
        for field in ("topics", "new_outlets", "is_pinned"):
            del story[field]

    assert value_of(DigestDay, text_of(snapshot)) == snapshot
    assert value_of(DigestDay, json.dumps(old)) == plain


def test_a_day_knows_how_much_it_holds_and_a_story_its_topics(demo):
    _, report = demo
    with open_reader(report.store) as connection:
        counted = connection.execute(
            "SELECT d.day, d.language, d.stories, d.articles FROM days AS d ORDER BY 1, 2"
        ).fetchall()
        stories = connection.execute(
            "SELECT day, language, count(*), sum(articles) FROM story_days GROUP BY day, language ORDER BY 1, 2"
        ).fetchall()
        topics = {row["topics"] for row in connection.execute("SELECT topics FROM story_days")}
    assert [tuple(row) for row in counted] == [tuple(row) for row in stories]
    assert {"/world/", "/business/technology/"} <= topics


TOPICS = {
    "one": (["world"], ("world", "/world/")),
    "that of most": (["world", "sea world", "world"], ("world", "/sea/world/")),
    "of several the first": (["world", "sea", "ports"], ("ports", "/ports/sea/world/")),
}


@pytest.mark.parametrize(("articles", "told"), TOPICS.values(), ids=TOPICS)
def test_the_topic_of_a_story_is_that_of_most_of_its_articles(articles, told):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE story_members (article_id, story_id, day)")
        connection.execute("CREATE TABLE article_topics (article_id, topic)")
        for article_id, topics in enumerate([*articles, "elsewhere"]):
            place = (article_id, 7 if article_id < len(articles) else 8, "2026-11-22")
            connection.execute("INSERT INTO story_members VALUES (?, ?, ?)", place)
            for topic in topics.split():
                connection.execute("INSERT INTO article_topics VALUES (?, ?)", (article_id, topic))
        assert topics_of(connection, "2026-11-22", [7, 8]) == {7: told, 8: ("elsewhere", "/elsewhere/")}
        assert topics_of(connection, "2026-11-21", [7]) == {}
