"""The evidence ledger in plain words, for the terminal and the page. Reads only."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.errors import UsageError
from aggregator.store import reading

_MAX_REFUSALS = 5

_RULES = {
    "headlines": "their headlines are alike",
    "google-listing": "Google lists them together",
    "continuation": "it goes on a story of the days before",
    "same-article": "they are one article",
    "correction": "a person decided so",
    "series-guard": "they are two issues of one series",
    "google-apart": "Google lists them apart",
    "group-agreement": "their groups agree less with each other than inside",
}
_REFUSALS = _RULES | {
    "headlines": "their headlines are not alike enough",
    "continuation": "they are not alike enough to go on a story of the days before",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A row of the ledger, with how often Google listed its two articles together, of how often it could."""

    decision: Mapping[str, Any]
    together: int = 0
    possible: int = 0

    @property
    def is_join(self) -> bool:
        return bool(self.decision["verdict"] == "joined")

    @property
    def rule(self) -> str:
        """The rule as a clause: "their headlines are alike"."""
        name = str(self.decision["rule"])
        return (_RULES if self.is_join else _REFUSALS).get(name, name)

    @property
    def words(self) -> list[str]:
        """The words that decided: shared by both and rare in the rest of the day."""
        return self.decision["words"].split() if self.decision["words"] else []

    @property
    def figures(self) -> str | None:
        """The similarity, to how many it holds, and the line it was held against, both from 0 to 1."""
        row = self.decision
        if row["score"] is None or row["threshold"] is None:
            return None
        many = row["members"] is not None and row["members"] > 1
        likeness = "mean similarity" if many else "similarity"
        among = f" to {row['alike']} of {row['members']} members" if many else ""
        return f"{likeness} {row['score']:.3f}{among}, line at {row['threshold']:.3f}"

    @property
    def listing(self) -> str | None:
        """What Google's lists say about the two."""
        if not self.possible:
            return None
        apart = self.possible - self.together
        how, count = ("together", self.together) if self.together >= apart else ("apart", apart)
        return f"listed {how} by Google in {count} of {self.possible} polls that had both"

    def as_dict(self) -> dict[str, Any]:
        """Everything that is known of the decision, for programs."""
        return {
            **self.decision,
            "because": self.rule,
            "polls_together": self.together,
            "polls_with_both": self.possible,
        }

    def __str__(self) -> str:
        row = self.decision
        verdict = "joined with" if self.is_join else "kept apart from"
        partner = f"{row['partner_article_id']} ({row['partner_outlet']}: {row['partner_headline']})"
        told = f"{verdict} {partner}" if row["partner_headline"] is not None else row["verdict"]
        parts = [f"{told}: {self.rule}"]
        if self.words:
            parts.append(f"rare and shared: {', '.join(map(repr, self.words))}")
        return "; ".join([*parts, *filter(None, (self.figures, self.listing))])


@dataclass(frozen=True, slots=True)
class Explanation:
    sentences: list[str]
    rows: list[dict[str, Any]]


def number(text: str) -> int:
    """ "12", "s12" or "#12" → 12.

    Raises:
        UsageError: no number.
    """
    digits = text.lower().lstrip("s#")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise UsageError(f"{text!r} is no number of an article (12) or a story (s12)")
    return int(digits)


def explain(connection: sqlite3.Connection, a: str, b: str | None) -> Explanation:
    """Why A stands where it stands, or what is between A and B.

    Raises:
        UsageError: no such article or story.
    """
    if b is not None:
        return _pair(connection, number(a), number(b))
    if a.lower().startswith("s"):
        return _story(connection, number(a))
    return _article(connection, number(a))


def reasons(connection: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """The ledger's rows with what Google's lists say about each; two queries, however many rows."""
    rows = list(rows)
    pairs = [
        (row["article_id"], row["partner_article_id"])
        for row in rows
        if row["partner_article_id"] is not None
    ]
    listed = reading.read_together(connection, pairs)
    return [Reason(row, *listed.get((row["article_id"], row["partner_article_id"]), (0, 0))) for row in rows]


def strongest_joins(connection: sqlite3.Connection, article_ids: Sequence[int]) -> dict[int, Reason]:
    """For each of these articles that joined anything, the decision that speaks loudest for it."""
    found: dict[int, Mapping[str, Any]] = {}
    for row in reading.read_joins(connection, article_ids):
        found.setdefault(row["article_id"], row)
    return {reason.decision["article_id"]: reason for reason in reasons(connection, found.values())}


def _story(connection: sqlite3.Connection, story_id: int) -> Explanation:
    story = reading.read_story(connection, story_id)
    joins = strongest_joins(connection, [article["article_id"] for article in story.articles])
    sentences = [f"story {story.story_id}: {len(story.articles)} articles"]
    for article in story.articles:
        sentences.append(f"  {article['article_id']} {article['outlet']}: {article['headline']}")
        sentences.append(f"      {joins.get(article['article_id'], 'alone so far')}")
    return Explanation(sentences, [join.as_dict() for join in joins.values()])


def _article(connection: sqlite3.Connection, article_id: int) -> Explanation:
    article = reading.read_article(connection, article_id)
    rows = reading.read_decisions(connection, article_id)
    joins = [row for row in rows if row["verdict"] == "joined"]
    refusals = [row for row in rows if row["verdict"] == "refused"][:_MAX_REFUSALS]
    sentences = [
        f"{article_id} {article['outlet']}: {article['headline']}",
        f"  {place_of(article)}, day {article['day']}",
    ]
    told = reasons(connection, joins + refusals)
    sentences += [f"  {reason}" for reason in told if reason.is_join] or ["  joined with nothing"]
    sentences += [f"  {reason}" for reason in told if not reason.is_join]
    return Explanation(sentences, [reason.as_dict() for reason in told])


def place_of(article: Mapping[str, Any]) -> str:
    """Where an article stands: in which story, or why in none."""
    if article["merged_into"]:
        return f"the same article as {article['merged_into']} (one canonical URL)"
    if article["story_id"]:
        return f"in story {article['story_id']}"
    return "in no story (it came too late for its day, or its day is not grouped yet)"


def _pair(connection: sqlite3.Connection, a: int, b: int) -> Explanation:
    first, second = reading.read_article(connection, a), reading.read_article(connection, b)
    rows = reading.read_decisions(connection, a, b)
    if first["story_id"] is not None and first["story_id"] == second["story_id"]:
        verdict = f"both are in story {first['story_id']}"
    else:
        verdict = f"apart: stories {first['story_id'] or 'none'} and {second['story_id'] or 'none'}"
    sentences = [
        f"A {a} {first['outlet']}: {first['headline']}",
        f"B {b} {second['outlet']}: {second['headline']}",
        f"  {verdict}",
    ]
    told = reasons(connection, rows)
    sentences += [f"  {reason}" for reason in told]
    if not told:
        listed = reading.read_together(connection, [(a, b)]).get((a, b), (0, 0))
        sentences += [
            f"  {text}" for text in (_without_row(first, second), Reason({}, *listed).listing) if text
        ]
    return Explanation(sentences, [reason.as_dict() for reason in told])


def _without_row(first: dict[str, Any], second: dict[str, Any]) -> str:
    if first["language"] != second["language"]:
        return f"never compared: {first['language']} and {second['language']} are different languages"
    if first["day"] != second["day"]:
        return f"never compared within a day: {first['day']} and {second['day']}"
    if first["story_id"] is not None and first["story_id"] == second["story_id"]:
        return "no row about the two alone: both are near other members of the story"
    return "no row about the two: their similarity was nowhere near the line"
