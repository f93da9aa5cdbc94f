"""Editions: a day is frozen by its first digest, and what comes too late is printed once, elsewhere."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.errors import PublishError, Shortage
from aggregator.pipeline import grouping
from aggregator.pipeline.digests import make_digest
from aggregator.publish import rules_version
from aggregator.settings import DIGEST_FORMATS, CounterSettings, DigestSettings
from aggregator.store import open_reader
from aggregator.store.digest_material import load_digest_stories
from tests.system.paper import open_paper

DAY = date(2026, 1, 7)
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
DUE = datetime(2026, 1, 8, 6, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
WORLD = DigestSettings("world", "World", formats=("markdown", "json"), out="digests")
GERMAN = replace(WORLD, title="Welt", language="de", out="welt", counter=CounterSettings(date(2026, 1, 1), 1))
LOG = "SELECT path, day, addendum, sha256, made_at FROM digest_log ORDER BY path"


@pytest.fixture
def paper(tmp_path):
    with open_paper(tmp_path, WORLD) as paper:
        paper.hear(NOON, "Ferry runs aground off Kestrel Islands", "Sarran budget passes at dawn")
        paper.hear(NOON, "Ferry aground off the Kestrel Islands", outlet="Pilot")
        yield paper


def made(paper, digest=WORLD, *, now=DUE, day=DAY):
    return make_digest(paper.grouper, paper.home, paper.settings, digest, day, now)


def test_making_a_digest_again_writes_nothing(paper):
    assert [report.written for report in paper.tick(DUE)] == [1, 1]
    files, log = paper.files(), paper.rows(LOG)
    before = paper.rows("SELECT total_changes()")

    assert paper.tick(DUE + timedelta(minutes=1)) == []
    assert [report.written for report in made(paper, now=DUE + timedelta(minutes=2))] == [0, 0]

    assert (paper.files(), paper.rows(LOG)) == (files, log)
    assert before == paper.rows("SELECT total_changes()")


def test_a_digest_is_the_same_whatever_happens_to_the_store_afterwards(paper):
    everything = replace(WORLD, formats=DIGEST_FORMATS)
    made(paper, everything)
    files = paper.files()

    paper.hear(NOON, "Sarran budget: the small print", "Kestrel ferry afloat again", seen=DUE + ONE_DAY)
    paper.regroup(DUE + ONE_DAY)
    paper.store.write(spoil)
    for path in paper.home.rglob("digests/**/*"):
        if path.is_file():
            path.unlink()
    again = make_digest(paper.grouper, paper.home, paper.settings, everything, DAY, DUE + 400 * ONE_DAY)

    digest_proper = {path: body for path, body in paper.files().items() if "addendum" not in path}
    assert digest_proper == files
    assert len(files) > len(DIGEST_FORMATS)
    assert {report.note for report in again} == {""}


def spoil(connection: sqlite3.Connection) -> None:
    """Feeds renamed, stories merged, headlines and days rewritten: everything but what was frozen."""
    connection.execute("UPDATE feeds SET name = 'Globe', url = url || '2', topic = 'globe'")
    connection.execute("UPDATE articles SET headline = 'Corrected', outlet = 'Sold', canonical_url = NULL")
    connection.execute("UPDATE story_members SET story_id = (SELECT min(story_id) FROM stories)")
    connection.execute("UPDATE stories SET outlets_total = 99")
    connection.execute("UPDATE story_days SET headline = 'Corrected', status = 'ongoing', new_words = 'x'")


def test_what_is_frozen_says_by_which_rules_and_configuration(paper):
    made(paper, GERMAN)

    [(snapshot, grouping)] = paper.rows("SELECT snapshot, rules_version FROM digest_snapshots")
    [(settings, publishing)] = paper.rows("SELECT settings, rules_version FROM digest_editions")
    assert json.loads(settings)["language"] == "de"
    assert json.loads(settings)["counter"] == {"epoch": "2026-01-01", "first_number": 1}
    assert json.loads(snapshot)["day"] == "2026-01-07"
    assert grouping == paper.rows("SELECT rules_version FROM days")[0][0]
    assert publishing == rules_version()


def test_a_made_digest_keeps_its_configuration_and_another_folder_has_todays(paper):
    made(paper)
    text = paper.files()["digests/2026-01-07-world.md"]
    changed = replace(WORLD, title="The World", language="en-GB")

    [kept, _] = made(paper, changed)
    [fresh, _] = made(paper, replace(changed, out="try"))

    assert paper.files()["digests/2026-01-07-world.md"] == text
    assert kept.note.startswith("made with the configuration of 2026-01-08, before title, language changed")
    assert paper.files()["try/2026-01-07-world.md"].startswith(b"# The World: 7 January 2026")
    assert fresh.note == ""


def test_files_that_are_not_what_was_published_are_said(paper):
    html = replace(WORLD, formats=("html",))
    made(paper, html)
    templates = paper.home / "config" / "templates"
    templates.mkdir(parents=True)
    (templates / "digest.html").write_text(
        '{% extends "default/digest.html" %}{% block footer %}<p>mine</p>{% endblock %}'
    )

    [report] = made(paper, html)

    assert report.written == 1
    assert report.note == (
        "digests/2026-01-07-world.html is not what was published: templates or libraries have changed"
    )


def test_two_digests_of_one_topic_in_two_folders_are_two(tmp_path):
    with open_paper(tmp_path, WORLD, GERMAN) as paper:
        paper.hear(NOON, "Ferry runs aground off Kestrel Islands")
        paper.tick(NOON)
        paper.tick(DUE)

        assert [path for path, *_ in paper.rows(LOG)] == [
            "digests/2026-01-07-world.json",
            "digests/2026-01-07-world.md",
            "welt/2026-01-07-world.json",
            "welt/2026-01-07-world.md",
        ]
        assert paper.rows("SELECT count(*) FROM digest_snapshots") == [(1,)]
        assert paper.files()["welt/2026-01-07-world.md"].startswith(b"# Welt")


# --- what comes late -------------------------------------------------------------------------------


def late(paper, headline, at):
    """A headline of the day that is first seen at another time."""
    paper.hear(NOON, headline, outlet="Lantern", seen=at)
    paper.regroup(at)


def test_late_articles_are_an_addendum_with_the_next_digest_and_nothing_is_rewritten(paper):
    paper.tick(NOON)
    paper.tick(DUE)
    before = paper.files()
    late(paper, "Kestrel ferry: captain questioned", DUE + timedelta(minutes=20))

    assert paper.tick(DUE + timedelta(hours=1)) == []
    paper.tick(DUE + ONE_DAY)

    assert before.items() <= paper.files().items()
    addendum = paper.files()["digests/2026-01-07-world-addendum.md"].decode()
    assert "captain questioned" in addendum
    assert "Sarran budget" not in addendum
    assert [row[:3] for row in paper.rows(LOG) if row[1] == "2026-01-07"] == [
        ("digests/2026-01-07-world-addendum.json", "2026-01-07", 1),
        ("digests/2026-01-07-world-addendum.md", "2026-01-07", 1),
        ("digests/2026-01-07-world.json", "2026-01-07", 0),
        ("digests/2026-01-07-world.md", "2026-01-07", 0),
    ]


def test_every_late_article_is_in_one_addendum_and_in_one_only(paper):
    paper.tick(NOON)
    paper.tick(DUE)
    now = DUE
    for number in range(5 * 8):
        now += timedelta(hours=3)
        late(
            paper,
            f"Kestrel ferry bulletin by keeper {'abcdefghijklmnopqrstuvwxyz'[number % 26] * 5}{number}",
            now,
        )
        paper.tick(now)

    printed = paper.rows("SELECT article_id FROM digest_articles WHERE day = '2026-01-07'")
    grouped = paper.rows("SELECT article_id FROM story_members WHERE day = '2026-01-07'")
    assert sorted(printed) == sorted(grouped)
    addenda = paper.rows("SELECT DISTINCT addendum FROM digest_log WHERE day = '2026-01-07' ORDER BY 1")
    assert addenda == [(0,), (1,), (2,), (3,)]
    bodies = [
        body.decode() for path, body in paper.files().items() if "2026-01-07" in path and path.endswith(".md")
    ]
    assert len(bodies) == 4
    for (article_id,) in printed:
        [(headline,)] = paper.rows("SELECT headline FROM articles WHERE article_id = ?", article_id)
        assert sum(f"{headline}" in body for body in bodies) == 1


def test_by_hand_an_addendum_is_made_at_once_and_the_daemon_does_not_repeat_it(paper):
    made(paper)
    late(paper, "Kestrel ferry: captain questioned", DUE + timedelta(minutes=20))

    reports = made(paper, now=DUE + timedelta(hours=1))
    paper.tick(DUE + ONE_DAY)
    paper.tick(DUE + 2 * ONE_DAY)

    assert [(report.addendum, report.written) for report in reports] == [(0, 0), (0, 0), (1, 1), (1, 1)]
    assert paper.rows("SELECT max(addendum) FROM digest_log WHERE day = '2026-01-07'") == [(1,)]


def test_an_article_that_came_between_two_digests_of_a_day_is_not_printed_twice(tmp_path):
    evening = replace(GERMAN, at="18:00")
    with open_paper(tmp_path, WORLD, evening) as paper:
        paper.hear(NOON, "Ferry runs aground off Kestrel Islands")
        paper.tick(NOON)
        paper.tick(DUE)
        late(paper, "Kestrel ferry: captain questioned", DUE + timedelta(hours=2))
        for hours in (12, 24, 36):
            paper.tick(DUE + timedelta(hours=hours))

        for folder in ("digests", "welt"):
            texts = [
                body.decode()
                for path, body in paper.files().items()
                if path.startswith(f"{folder}/2026-01-07")
            ]
            told = [text for text in texts if "captain questioned" in text and text.startswith("#")]
            assert len(told) == 1, folder


# --- beginnings and holes --------------------------------------------------------------------------


def test_a_digest_that_is_new_in_the_configuration_brings_no_old_news(tmp_path):
    with open_paper(tmp_path) as paper:
        for back in range(40):
            paper.hear(NOON - back * ONE_DAY, f"Old news of day {back} from Sarran")
        paper.settings = replace(paper.settings, digests=(WORLD,))
        assert paper.tick(NOON) == []
        paper.tick(DUE)

        assert paper.rows("SELECT DISTINCT day FROM digest_log") == [("2026-01-07",)]


def test_a_store_of_many_months_brings_no_old_news_either(tmp_path):
    with open_paper(tmp_path) as paper:
        paper.hear(NOON - 90 * ONE_DAY, "Old news from Sarran")
        paper.settings = replace(paper.settings, digests=(WORLD,))

        assert paper.tick(DUE) == []
        assert {report.day for report in paper.tick(DUE + ONE_DAY)} == {DUE.date()}


def test_one_format_that_cannot_be_written_keeps_no_other_and_no_later_day_waiting(paper, caplog):
    blocked = paper.home / "digests" / "2026-01-07-world.md"
    blocked.mkdir(parents=True)
    paper.tick(NOON)
    paper.tick(DUE)
    paper.tick(DUE + ONE_DAY)

    assert [path for path, *_ in paper.rows(LOG)] == [
        "digests/2026-01-07-world.json",
        "digests/2026-01-08-world.json",
        "digests/2026-01-08-world.md",
    ]
    assert "digest topic=world day=2026-01-07 format=markdown not written, it stays due" in caplog.text
    with pytest.raises(PublishError):
        made(paper)

    blocked.rmdir()
    paper.tick(DUE + ONE_DAY + timedelta(minutes=1))
    assert blocked.is_file()


def test_a_format_that_is_new_begins_with_the_next_digest(paper):
    paper.tick(NOON)
    paper.tick(DUE)
    paper.settings = replace(paper.settings, digests=(replace(WORLD, formats=("markdown", "text")),))
    paper.tick(DUE + timedelta(hours=1))
    paper.tick(DUE + ONE_DAY)

    assert [path for path, *_ in paper.rows("SELECT path FROM digest_log WHERE format = 'text'")] == [
        "digests/2026-01-08-world.txt"
    ]


def test_the_material_of_a_frozen_day_is_what_the_store_had(paper):
    with open_reader(paper.store.path) as connection:
        assert load_digest_stories(connection, "world", DAY) == ()
    paper.regroup(NOON)
    with open_reader(paper.store.path) as connection:
        stories = load_digest_stories(connection, "world", DAY)
    assert sorted(len(story.articles) for story in stories) == [1, 2]


# --- while today cannot be grouped ---------------------------------------------------------------------

ASKED = {
    "the digest of yesterday": (DUE, lambda paper: paper.tick(DUE), "digests/2026-01-07-world.md"),
    "an addendum to it": (
        DUE + ONE_DAY,
        lambda paper: paper.tick(DUE + ONE_DAY),
        "digests/2026-01-07-world-addendum.md",
    ),
    "a preview": (
        NOON + timedelta(hours=1),
        lambda paper: made(paper, now=NOON + timedelta(hours=1)),
        "digests/preview/2026-01-07-world.md",
    ),
}


@pytest.mark.parametrize(("now", "ask", "file"), ASKED.values(), ids=ASKED)
def test_a_digest_comes_also_where_a_later_day_cannot_be_grouped(paper, monkeypatch, now, ask, file):
    if "addendum" in file:
        paper.tick(NOON)
        paper.tick(DUE)
    later = max(now, NOON + ONE_DAY)
    paper.hear(later, "Ferry off Kestrel Islands refloated", "Quarry at Vell closes")
    paper.hear(NOON, "Ferry runs aground off Kestrel: captain questioned", seen=now - timedelta(minutes=30))

    def group(material, *others):
        if material.changed.day > DAY:
            raise Shortage("the grouping process was killed")
        return stock(material, *others)

    stock = grouping.group
    with monkeypatch.context() as patches:
        patches.setattr(grouping, "group", group)
        ask(paper)

    assert "captain questioned" in paper.files()[file].decode()
    waiting = paper.rows("SELECT day FROM days WHERE changes > 0")
    assert waiting == [(f"{later:%F}",)], "it is not forgotten"
    paper.regroup(later)
    assert paper.rows("SELECT day FROM days WHERE changes > 0") == []
