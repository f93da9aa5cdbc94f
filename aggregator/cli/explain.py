"""The evidence ledger in plain words. Reads only."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from aggregator.errors import UsageError
from aggregator.store import reading

_MAX_REFUSALS = 5


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


def _story(connection: sqlite3.Connection, story_id: int) -> Explanation:
    story = reading.read_story(connection, story_id)
    sentences = [f"story {story.story_id}: {len(story.articles)} articles"]
    rows: list[dict[str, Any]] = []
    for article in story.articles:
        decisions = reading.read_decisions(connection, article["article_id"])
        joins = [row for row in decisions if row["verdict"] == "joined"]
        sentences.append(f"  {article['article_id']} {article['outlet']}: {article['headline']}")
        sentences += [f"      {_sentence(connection, row)}" for row in joins[:1]] or ["      alone so far"]
        rows += joins
    return Explanation(sentences, rows)


def _article(connection: sqlite3.Connection, article_id: int) -> Explanation:
    article = reading.read_article(connection, article_id)
    rows = reading.read_decisions(connection, article_id)
    place = f"in story {article['story_id']}" if article["story_id"] else "in no story"
    if article["merged_into"]:
        place = f"the same article as {article['merged_into']} (one canonical URL)"
    elif not article["story_id"]:
        place += " (it came too late for its day, or its day is not grouped yet)"
    sentences = [
        f"{article_id} {article['outlet']}: {article['headline']}",
        f"  {place}, day {article['day']}",
    ]
    joins = [row for row in rows if row["verdict"] == "joined"]
    refusals = [row for row in rows if row["verdict"] == "refused"][:_MAX_REFUSALS]
    sentences += [f"  {_sentence(connection, row)}" for row in joins] or ["  joined with nothing"]
    sentences += [f"  {_sentence(connection, row)}" for row in refusals]
    return Explanation(sentences, joins + refusals)


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
    sentences += [f"  {_sentence(connection, row)}" for row in rows]
    if not rows:
        sentences.append(f"  {_without_row(first, second)}")
    together, possible = reading.read_together(connection, a, b)
    if possible and not together:
        sentences.append(f"  listed apart by Google in all {possible} polls that had both")
    return Explanation(sentences, rows)


def _without_row(first: dict[str, Any], second: dict[str, Any]) -> str:
    if first["language"] != second["language"]:
        return f"never compared: {first['language']} and {second['language']} are different languages"
    if first["day"] != second["day"]:
        return f"never compared within a day: {first['day']} and {second['day']}"
    if first["story_id"] is not None and first["story_id"] == second["story_id"]:
        return "no row about the two alone: both are near other members of the story"
    return "no row about the two: their similarity was nowhere near the line"


def _sentence(connection: sqlite3.Connection, row: dict[str, Any]) -> str:
    parts = [f"{row['verdict']} by {row['rule']}"]
    if row["partner_headline"]:
        other = "with" if row["verdict"] == "joined" else "from"
        parts.append(
            f"{other} {row['partner_article_id']} ({row['partner_outlet']}: {row['partner_headline']})"
        )
    if row["words"]:
        words = ", ".join(repr(word) for word in row["words"].split())
        parts.append(f"rare and shared: {words}")
    if row["score"] is not None and row["threshold"] is not None:
        parts.append(f"similarity {row['score']:.3f}, line at {row['threshold']:.3f}")
    if row["partner_article_id"] is not None:
        together, possible = reading.read_together(connection, row["article_id"], row["partner_article_id"])
        if together:
            parts.append(f"listed together by Google in {together} of {possible} polls that had both")
    return "; ".join(parts)
