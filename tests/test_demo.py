"""The demo, run once: the whole main job, and every reading command on what it left."""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from aggregator.cli import aggregator
from aggregator.demo import FOLDER, DemoReport, run_demo
from aggregator.errors import UsageError
from aggregator.replica import demo_content


@pytest.fixture(scope="module")
def home(demo) -> Path:
    return demo[0]


@pytest.fixture(scope="module")
def report(demo) -> DemoReport:
    return demo[1]


def rows(report: DemoReport, sql: str, *parameters):
    connection = sqlite3.connect(f"file:{report.store}?mode=ro", uri=True)
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def run(home: Path, *words: str):
    result = CliRunner().invoke(
        aggregator, ["--home", str(home), "--config", f"{FOLDER}/aggregator.toml", *words]
    )
    assert result.exception is None, result.output
    return result


def expected_stories(report: DemoReport) -> dict[int, str]:
    """Article id → the label that the content's author gave it; shared articles have one id."""
    labels = {
        (article.headline, article.outlet.name): article.story
        for article in demo_content.articles(report.day)
    }
    found = {}
    for article_id, headline, outlet in rows(
        report, "SELECT article_id, headline, outlet FROM articles WHERE merged_into IS NULL"
    ):
        found[article_id] = labels[headline, outlet]
    return found


def test_every_headline_of_the_demo_is_stored_once(report):
    stored = Counter(
        rows(
            report,
            "SELECT headline, outlet FROM articles WHERE merged_into IS NULL AND canonical_url IS NOT NULL",
        )
    )
    assert set(stored.values()) == {1}
    expected = {(article.headline, article.outlet.name) for article in demo_content.articles(report.day)}
    assert set(rows(report, "SELECT headline, outlet FROM articles")) == expected


def test_no_two_events_are_one_story(report):
    """The second value: two different events are never one story."""
    labels = expected_stories(report)
    members = defaultdict(list)
    for article_id, day, story_id in rows(report, "SELECT article_id, day, story_id FROM story_members"):
        members[day, story_id].append(labels[article_id])
    mixed = {place: sorted(set(story)) for place, story in members.items() if len(set(story)) > 1}
    assert mixed == {}


def test_most_reports_of_an_event_are_together(report):
    """What Google lists together and what words show: nine of ten true pairs of a day."""
    labels = expected_stories(report)
    placed = rows(report, "SELECT article_id, day, story_id FROM story_members")
    pairs = [(a, b) for a, b in combinations(placed, 2) if a[1] == b[1] and labels[a[0]] == labels[b[0]]]
    together = sum(a[2] == b[2] for a, b in pairs)
    assert together / len(pairs) > 0.9


def test_every_article_of_a_kept_day_has_a_story(report):
    assert (
        rows(
            report,
            "SELECT headline FROM articles WHERE merged_into IS NULL"
            " AND article_id NOT IN (SELECT article_id FROM story_members)",
        )
        == []
    )


def test_issues_of_the_numbered_series_are_linked_and_apart(report):
    issues = rows(
        report,
        "SELECT d.serial, s.story_id, s.next_story_id FROM story_days AS d JOIN stories AS s USING (story_id)"
        " WHERE d.serial LIKE 'day 21%' ORDER BY d.serial",
    )
    assert [serial for serial, _, _ in issues] == ["day 212", "day 213", "day 214", "day 215"]
    assert len({story_id for _, story_id, _ in issues}) == 4
    assert [following for _, _, following in issues[:3]] == [story_id for _, story_id, _ in issues[1:]]


def test_links_lead_to_the_publishers(report):
    states = dict(rows(report, "SELECT state, count(*) FROM link_queue GROUP BY state"))
    assert set(states) == {"resolved"}
    assert not [
        url for (url,) in rows(report, "SELECT publisher_url FROM articles") if url is None or "google" in url
    ]


def test_articles_of_two_feeds_with_one_canonical_url_have_become_one(report):
    merged = rows(
        report,
        "SELECT a.link, s.link FROM articles AS a JOIN articles AS s ON s.article_id = a.merged_into",
    )
    assert merged
    assert all(len(set(pair)) == 2 for pair in merged)


def test_each_day_that_is_over_has_one_digest_of_each_topic_and_format(report, home):
    logged = rows(
        report,
        "SELECT day, topic, format, count(DISTINCT addendum) FROM digest_log WHERE addendum = 0 GROUP BY 1, 2, 3",
    )
    assert len(logged) == 3 * 4 * 3
    for path, sha256 in rows(report, "SELECT path, sha256 FROM digest_log"):
        assert (home / path).is_file(), path
        assert len(sha256) == 64


def test_hugo_posts_have_the_keys_of_the_seed(report, home):
    posts = [
        home / path for (path,) in rows(report, "SELECT path FROM digest_log WHERE path LIKE '%/story-%'")
    ]
    assert posts
    for post in posts:
        _, front_matter, body = post.read_text(encoding="utf-8").split("---\n", 2)
        keys = yaml.safe_load(front_matter)
        assert {"title", "date", "description", "summary", "slug", "image", "link", "source"} <= keys.keys()
        assert {"categories", "tags", "draft"} <= keys.keys()
        assert all(not keys["title"].endswith(f" - {outlet}") for outlet in keys["outlets"])
        assert keys["outlets"][0] in body


READINGS = {
    "show": (["show", "yesterday"], "Northern Strait"),
    "show a topic": (["show", "yesterday", "--topic", "welt"], "welt"),
    "search": (["search", "strait"], "Strait"),
    "search for an outlet as a shell hands it over": (["search", "outlet:The Harbour Post"], "Harbour Post"),
    "search in Cyrillic": (["search", "лавины"], "лавины"),
    "feeds list": (["feeds", "list"], "World"),
    "check-config": (["check-config"], "is fine"),
}


@pytest.mark.parametrize(("words", "expected"), READINGS.values(), ids=READINGS.keys())
def test_commands_that_read(report, home, words, expected):
    assert expected in run(home, *words).output


@pytest.mark.parametrize(
    "words",
    [
        ["show", "yesterday"],
        ["search", "strait"],
        ["feeds", "list"],
        ["story", "1"],
        ["why", "s1"],
        ["why", "1", "2"],
    ],
    ids=" ".join,
)
def test_commands_that_print_json(report, home, words):
    assert json.loads(run(home, *words, "--json").stdout)


def test_why_tells_the_reason_of_every_article_of_a_story(report, home):
    story_id = report.stories[0]["story_id"]
    output = run(home, "why", f"s{story_id}").output
    assert re.search(r"joined with .*similarity 0\.\d+.*, line at 0\.\d+", output)


def test_a_story_can_be_looked_at_on_all_its_days(report, home):
    ((story_id,),) = rows(
        report, "SELECT story_id FROM story_days GROUP BY story_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    )
    output = run(home, "story", str(story_id)).output
    assert len(set(re.findall(r"^20\d\d-\d\d-\d\d", output, flags=re.MULTILINE))) > 1


def test_rebuilding_an_open_day_changes_nothing(report, home):
    result = run(home, "recluster", "--from", "today", "--to", "today", "--dry-run")
    assert "0 groups would change" in result.output


def test_the_demo_can_be_run_again_and_touches_nothing_of_others(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(UsageError, match="no demo has made"):
        run_demo(tmp_path, lambda done, total, line: None)
    assert (folder / "diary.txt").read_text() == "mine"


def test_the_content_is_as_rich_as_promised():
    articles = demo_content.articles(date(2026, 1, 7))
    assert len(articles) >= 60
    assert len({article.outlet.name for article in articles}) >= 12
    assert {article.outlet.language[:2] for article in articles} >= {"en", "de"}
    assert any(" - " in article.outlet.name for article in articles)
