"""A person's decisions: stored as rows, honoured by every regrouping, undoable, portable."""

import json
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli import run_command
from aggregator.cli.commands import aggregator
from aggregator.demo import FOLDER
from aggregator.pipeline import correcting
from aggregator.store import corrections, days, open_reader
from aggregator.store.corrections import Bond, BondRow
from tests.system.paper import Paper, open_paper


class Home:
    """The demo's home with a command line and a way to look into its store."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.arguments = ["--home", str(path), "--config", f"{FOLDER}/aggregator.toml"]

    def run(self, *words: str) -> str:
        result = CliRunner().invoke(aggregator, [*self.arguments, *words])
        assert result.exception is None, result.output
        return result.stdout

    def status(self, *words: str) -> int:
        return run_command([*self.arguments, *words])

    def rows(self, sql: str, *parameters):
        connection = sqlite3.connect(self.path / FOLDER / "aggregator.db")
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def story_of(self, article_id: int) -> int:
        return self.rows("SELECT story_id FROM story_members WHERE article_id = ?", article_id)[0][0]

    def partition(self) -> set[frozenset[int]]:
        members: dict[tuple, set[int]] = {}
        for day, story_id, article_id in self.rows("SELECT day, story_id, article_id FROM story_members"):
            members.setdefault((day, story_id), set()).add(article_id)
        return {frozenset(group) for group in members.values()}

    def largest_story(self) -> list[int]:
        """Article ids of the story of today's demo day with most articles."""
        ((day, story_id),) = self.rows(
            "SELECT day, story_id FROM stories_by_day WHERE day = (SELECT max(day) FROM story_days)"
            " ORDER BY articles DESC, story_id LIMIT 1"
        )
        return [
            article_id
            for (article_id,) in self.rows(
                "SELECT article_id FROM story_members WHERE day = ? AND story_id = ? ORDER BY 1",
                day,
                story_id,
            )
        ]

    def strangers(self) -> tuple[int, int]:
        """Two single articles of one day and language."""
        rows = self.rows(
            "SELECT a.article_id FROM stories_by_day AS s JOIN story_articles AS a USING (day, story_id)"
            " WHERE s.articles = 1 AND a.language = 'en' AND s.day = (SELECT max(day) FROM story_days)"
            " ORDER BY 1 LIMIT 2"
        )
        return rows[0][0], rows[1][0]


@pytest.fixture
def home(demo_copy) -> Home:
    return Home(demo_copy)


def test_a_join_is_honoured_and_undone(home):
    a, b = home.strangers()
    before = home.partition()

    said = home.run("correct", "join", str(a), str(b))
    assert home.story_of(a) == home.story_of(b)

    number = re.match(r"correction (\d+)", said).group(1)
    home.run("correct", "undo", number)
    assert home.story_of(a) != home.story_of(b)
    assert home.partition() == before


def test_a_split_takes_one_article_out_and_leaves_the_others_together(home):
    first, *others = home.largest_story()
    home.run("correct", "split", str(first))

    assert home.story_of(first) not in {home.story_of(other) for other in others}
    assert len({home.story_of(other) for other in others}) == 1


def test_two_articles_are_split_from_each_other(home):
    a, b, *_ = home.largest_story()
    home.run("correct", "split", str(a), str(b))
    assert home.story_of(a) != home.story_of(b)


def test_a_move_leaves_one_story_for_another(home):
    moved, *others = home.largest_story()
    companion = home.strangers()[0]
    home.run("correct", "move", str(moved), str(home.story_of(companion)))

    assert home.story_of(moved) == home.story_of(companion)
    assert home.story_of(moved) not in {home.story_of(other) for other in others}


def test_a_pin_gives_the_story_its_headline(home):
    *_, last = home.largest_story()
    home.run("correct", "pin", str(last))

    ((headline,),) = home.rows("SELECT headline FROM articles WHERE article_id = ?", last)
    ((shown,),) = home.rows(
        "SELECT headline FROM stories_by_day WHERE story_id = ? ORDER BY day DESC LIMIT 1",
        home.story_of(last),
    )
    assert shown == headline


def test_regrouping_never_undoes_a_decision(home):
    a, b = home.strangers()
    first, *_ = home.largest_story()
    home.run("correct", "join", str(a), str(b))
    home.run("correct", "split", str(first))
    decided = home.partition()

    home.run("recluster", "--from", "today", "--to", "today")

    assert home.partition() == decided


def test_a_change_of_mind_undoes_the_opposite_decision(home):
    a, b = home.strangers()
    home.run("correct", "join", str(a), str(b))
    home.run("correct", "split", str(a), str(b))

    assert home.story_of(a) != home.story_of(b)
    states = [row["undone_at"] is None for row in json.loads(home.run("correct", "list", "--json"))]
    assert states == [False, True]


def test_corrections_are_carried_to_another_store(home, demo, tmp_path):
    a, b = home.strangers()
    home.run("correct", "join", str(a), str(b))
    home.run("correct", "export", str(tmp_path / "corrections.jsonl"))
    home.run("correct", "undo", "1")
    assert home.story_of(a) != home.story_of(b)

    assert "1 corrections added" in home.run("correct", "import", str(tmp_path / "corrections.jsonl"))
    assert home.story_of(a) == home.story_of(b)
    assert "0 corrections added" in home.run("correct", "import", str(tmp_path / "corrections.jsonl"))


def test_why_names_a_persons_decision(home):
    a, b = home.strangers()
    home.run("correct", "join", str(a), str(b))
    assert "a person decided so" in home.run("why", str(a), str(b))


REFUSED = {
    "no such article": (["join", "1", "999999"], "there is no article 999999"),
    "no number": (["join", "one", "2"], "'one' is no number"),
    "no such correction": (["undo", "77"], "there is no correction 77"),
    "no such story": (["move", "1", "999999"], "there is no story 999999"),
}


@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_meant_is_refused_with_status_2(home, words, message, capsys):
    assert home.status("correct", *words) == 2
    assert message in capsys.readouterr().err


def test_articles_of_two_languages_are_never_joined(home, capsys):
    ((english,),) = home.rows(
        "SELECT min(article_id) FROM articles WHERE language = 'en' AND merged_into IS NULL"
    )
    ((german,),) = home.rows(
        "SELECT min(article_id) FROM articles WHERE language = 'de' AND merged_into IS NULL"
    )
    assert home.status("correct", "join", str(english), str(german)) == 2
    assert "different languages" in capsys.readouterr().err


def test_a_damaged_export_is_refused_whole(home, tmp_path, capsys):
    path = tmp_path / "corrections.jsonl"
    path.write_text(
        '{"kind": "join", "note": "", "bonds": [{"bond": "same", "a_key": "x", "b_key": "y"}]}\nnonsense\n'
    )
    assert home.status("correct", "import", str(path)) == 1
    assert "line 2" in capsys.readouterr().err
    assert home.rows("SELECT * FROM corrections") == []


# --- decisions about closed days -----------------------------------------------------------------------

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FERRY, TAX, ALONE = 1, 2, 3
SAME, APART = (BondRow(bond, "url:1", "url:2") for bond in (Bond.SAME, Bond.APART))


@pytest.fixture
def paper(tmp_path):
    """Three articles of a closed day, each a story of its own; their keys are those of the bonds above."""
    with open_paper(tmp_path) as paper:
        headlines = ("Ferry runs aground off Vennhavn", "Tallis parliament votes down the harbour tax")
        paper.hear(NOON, *headlines, "Glassworkers of Ombra end their strike")
        paper.store.write(
            lambda connection: connection.execute("UPDATE articles SET key = 'url:' || article_id")
        )
        paper.regroup(NOON)
        close(paper)
        yield paper


def close(paper: Paper) -> None:
    paper.store.write(partial(days.close_day, day=NOON.date(), timezone="UTC", now=NOON))


def are_one(paper: Paper, *article_ids: int) -> bool:
    stories = dict(paper.rows("SELECT article_id, story_id FROM story_members"))
    return len({stories[article_id] for article_id in article_ids}) == 1


def add(bond: BondRow) -> Callable[[sqlite3.Connection], object]:
    return partial(corrections.add_correction, kind="join", note="", bonds=[bond], now=NOON)


def bring(bond: BondRow) -> Callable[[sqlite3.Connection], object]:
    line = {"kind": "join", "note": "", "bonds": [{"bond": bond.bond, "a_key": "url:1", "b_key": "url:2"}]}
    return partial(corrections.import_lines, text=json.dumps(line), now=NOON)


undo_the_first = partial(corrections.undo_correction, correction_id=1, now=NOON)
INTERRUPTED = {
    "a decision": ([], add(SAME), True),
    "an import": ([], bring(SAME), True),
    "a decision that is taken back": ([add(SAME)], undo_the_first, False),
    "a change of mind": ([add(SAME)], add(APART), False),
}


@pytest.mark.parametrize("age", [timedelta(days=1), timedelta(days=40)], ids=["young", "old"])
@pytest.mark.parametrize(("before", "stored", "is_one"), INTERRUPTED.values(), ids=INTERRUPTED)
def test_what_is_stored_is_carried_out_by_the_next_grouping_whoever_died_before_it(
    paper, before, stored, is_one, age
):
    for decision in before:
        paper.store.write(decision)
        paper.regroup(NOON + age)
        assert are_one(paper, FERRY, TAX) is not is_one
    paper.store.write(stored)

    paper.regroup(NOON + age)

    assert are_one(paper, FERRY, TAX) is is_one
    assert paper.rows("SELECT changes, reopened FROM days") == [(0, 0)]


def take_changes_seen(paper: Paper, meanwhile: Callable[[], object]) -> None:
    """A grouping of the closed day that has read it before something happened, and is written after it."""
    with open_reader(paper.store.path) as connection:
        [changed] = days.load_changed_days(connection, not_before=NOON.date())
    meanwhile()
    paper.store.write(partial(days.take_changes, changed=changed, rules_version="1", now=NOON))


def test_a_decision_during_a_grouping_is_carried_out_by_the_next_one(paper):
    paper.hear(NOON, "Lighthouse at Cape Brevan goes dark")
    take_changes_seen(paper, lambda: paper.store.write(add(SAME)))
    assert paper.rows("SELECT changes, reopened FROM days") == [(1, 1)]

    take_changes_seen(paper, lambda: paper.hear(NOON, "Opera of Skarn opens its new house"))
    assert paper.rows("SELECT changes, reopened FROM days") == [(1, 1)], "as if open, and not all is seen"

    paper.regroup(NOON)
    assert are_one(paper, FERRY, TAX)
    assert paper.rows("SELECT changes, reopened FROM days") == [(0, 0)]


def test_a_decision_that_came_to_a_grouping_of_late_articles_is_carried_out_as_if_open(paper):
    paper.hear(NOON, "Lighthouse at Cape Brevan goes dark")

    def read_late(connection: sqlite3.Connection) -> days.ChangedDay:
        [changed] = days.load_changed_days(connection, not_before=NOON.date())
        add(SAME)(connection)
        return days.recounted(connection, changed)

    changed = paper.store.write(read_late)
    paper.store.write(partial(days.take_changes, changed=changed, rules_version="1", now=NOON))
    assert paper.rows("SELECT changes, reopened FROM days") == [(1, 1)]
    paper.regroup(NOON)
    assert are_one(paper, FERRY, TAX)


def test_a_decision_about_a_late_article_that_is_not_grouped_yet_opens_no_day(paper):
    paper.hear(NOON, "Ferry runs aground off Vennhavn in fog", outlet="Lantern")
    [(key,)] = paper.rows("SELECT key FROM articles WHERE article_id = 4")
    paper.store.write(add(BondRow(Bond.LEAD, str(key), str(key))))
    assert paper.rows("SELECT changes, reopened FROM days") == [(2, 0)]
    paper.regroup(NOON)
    assert paper.rows("SELECT is_addendum FROM story_members ORDER BY article_id") == [(0,), (0,), (0,), (1,)]


def test_a_correction_groups_its_closed_day_at_once_and_keeps_its_ids(paper):
    before = dict(paper.rows("SELECT article_id, story_id FROM story_members"))
    done = correcting.apply_correction(
        paper.grouper, correcting.join(FERRY, TAX), paper.settings, NOON + timedelta(days=40)
    )
    assert done.grouped.stories_changed
    assert are_one(paper, FERRY, TAX)
    undone = correcting.undo(paper.grouper, done.correction_id, paper.settings, NOON + timedelta(days=40))
    assert undone.days == 1
    after = dict(paper.rows("SELECT article_id, story_id FROM story_members"))
    assert (after[FERRY], after[ALONE]) == (before[FERRY], before[ALONE])
