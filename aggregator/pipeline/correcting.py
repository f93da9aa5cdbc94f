"""A person's decisions about stories, turned into bonds between articles and replayed at once.

A decision is stored with the note which days it is about: if the program or the grouping dies before they are grouped
again, the next grouping carries it out.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aggregator.errors import UsageError
from aggregator.pipeline.grouper import Grouper, Regrouped
from aggregator.settings import Settings
from aggregator.store import corrections, open_reader, reading
from aggregator.store.corrections import Bond, BondRow


@dataclass(frozen=True, slots=True)
class Corrected:
    """A stored decision and what grouping again made of it."""

    correction_id: int
    note: str
    grouped: Regrouped


Decide = Callable[[sqlite3.Connection], tuple[str, str, Sequence[BondRow]]]


def join(a: int, b: int) -> Decide:
    """Articles `a` and `b` are one story."""

    def decide(connection: sqlite3.Connection) -> tuple[str, str, Sequence[BondRow]]:
        first, second = _article(connection, a), _article(connection, b)
        _same_language(first, second)
        note = f"{_named(first)} is one story with {_named(second)}"
        return "join", note, [BondRow(Bond.SAME, first["key"], second["key"])]

    return decide


def split(a: int, b: int | None = None) -> Decide:
    """Article `a` is not one story with `b`, or with any article of the story it is in."""

    def decide(connection: sqlite3.Connection) -> tuple[str, str, Sequence[BondRow]]:
        first = _article(connection, a)
        if b is not None:
            second = _article(connection, b)
            return "split", f"{_named(first)} is not one story with {_named(second)}", _apart(first, [second])
        others = _companions(connection, first)
        if not others:
            raise UsageError(f"article {a} stands alone already")
        return "split", f"{_named(first)} is a story of its own", _apart(first, others)

    return decide


def move(a: int, story_id: int) -> Decide:
    """Article `a` leaves its story and belongs to the given one."""

    def decide(connection: sqlite3.Connection) -> tuple[str, str, Sequence[BondRow]]:
        article = _article(connection, a)
        target = reading.current_story_id(connection, story_id)
        if article["story_id"] == target:
            raise UsageError(f"article {a} is in story {target} already")
        lead = _lead_of(connection, target, article["day"])
        _same_language(article, lead)
        bonds = _apart(article, _companions(connection, article))
        bonds.append(BondRow(Bond.SAME, article["key"], lead["key"]))
        return "move", f"{_named(article)} belongs to story {target}: {lead['headline']}", bonds

    return decide


def pin(a: int) -> Decide:
    """The headline of article `a` stands for its story."""

    def decide(connection: sqlite3.Connection) -> tuple[str, str, Sequence[BondRow]]:
        article = _article(connection, a)
        return (
            "pin",
            f"{_named(article)} stands for its story",
            [BondRow(Bond.LEAD, article["key"], article["key"])],
        )

    return decide


def apply_correction(grouper: Grouper, decide: Decide, settings: Settings, now: datetime) -> Corrected:
    """Store a decision and group its days again, closed ones too: a person's word outranks a freeze.

    A digest that was made keeps its snapshot.

    Raises:
        UsageError: an article or story that is not there, or a decision without effect.
    """
    with open_reader(grouper.store.path) as connection:
        kind, note, bonds = decide(connection)
    correction_id = grouper.store.write(
        partial(corrections.add_correction, kind=kind, note=note, bonds=bonds, now=now)
    )
    return Corrected(correction_id, note, grouper.regroup(settings, now))


def undo(grouper: Grouper, correction_id: int, settings: Settings, now: datetime) -> Regrouped:
    """Take a decision back and group its days again.

    Raises:
        UsageError: there is no such correction in force.
    """
    grouper.store.write(partial(corrections.undo_correction, correction_id=correction_id, now=now))
    return grouper.regroup(settings, now)


def import_corrections(grouper: Grouper, text: str, settings: Settings, now: datetime) -> int:
    """Add exported corrections and group what they concern again; return how many were new.

    Raises:
        InputError: names the first line that is no correction; nothing is added then.
    """
    added = grouper.store.write(partial(corrections.import_lines, text=text, now=now))
    grouper.regroup(settings, now)
    return added


def _apart(article: sqlite3.Row, others: Sequence[sqlite3.Row]) -> list[BondRow]:
    return [BondRow(Bond.APART, article["key"], other["key"]) for other in others]


def _article(connection: sqlite3.Connection, article_id: int) -> sqlite3.Row:
    row = connection.execute(
        "SELECT a.*, m.story_id FROM articles AS a LEFT JOIN story_members AS m USING (article_id)"
        " WHERE article_id = ?",
        [article_id],
    ).fetchone()
    if row is None:
        raise UsageError(f"there is no article {article_id}; `aggregator search WORDS` finds their numbers")
    article: sqlite3.Row = row
    if article["merged_into"] is not None:
        raise UsageError(f"article {article_id} is the same as {article['merged_into']}; name that one")
    return article


def _companions(connection: sqlite3.Connection, article: sqlite3.Row) -> list[sqlite3.Row]:
    """The other articles of its story on its day."""
    return connection.execute(
        "SELECT a.* FROM story_members AS m JOIN articles AS a USING (article_id)"
        " WHERE m.story_id = ? AND m.day = ? AND m.article_id <> ? ORDER BY a.key",
        [article["story_id"], article["day"], article["article_id"]],
    ).fetchall()


def _lead_of(connection: sqlite3.Connection, story_id: int, day: str) -> sqlite3.Row:
    """The story's lead on that day, or else on the nearest day before or after."""
    row = connection.execute(
        "SELECT a.* FROM story_days AS d JOIN articles AS a ON a.article_id = d.lead_article_id"
        " WHERE d.story_id = ? ORDER BY abs(julianday(d.day) - julianday(?)), d.day LIMIT 1",
        [story_id, day],
    ).fetchone()
    if row is None:
        raise UsageError(f"story {story_id} has no articles any more")
    found: sqlite3.Row = row
    return found


def _same_language(a: sqlite3.Row, b: sqlite3.Row) -> None:
    if a["language"] != b["language"]:
        raise UsageError(
            f"articles {a['article_id']} ({a['language']}) and {b['article_id']} ({b['language']}) are of "
            "different languages, which are never one story"
        )


def _named(article: sqlite3.Row) -> str:
    return f"{article['article_id']} ({article['outlet']}: {article['headline'][:80]})"
