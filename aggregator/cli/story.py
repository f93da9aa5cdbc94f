"""`story`: one story with its days, its articles, why each is in it, and its neighbours in a series."""

import sqlite3
from typing import Any

import click

from aggregator import explain
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.store import open_reader
from aggregator.store.reading import Row, StoryReading, read_story

_BAR_WIDTH = 20


@click.command()
@click.argument("story_id", metavar="ID")
@json_option
@pass_place
def story(place: Place, story_id: str, as_json: bool) -> None:
    """One story: its days, its articles, why each is in it, the issues before and after."""
    asked = explain.number(story_id)
    with open_reader(place.app().store_path) as connection:
        reading = read_story(connection, asked)
        neighbours = _neighbours(connection, reading)
    if as_json:
        console.print_json(_as_json(reading))
        return
    if reading.story_id != asked:
        console.say(f"story {asked} was merged into story {reading.story_id}")
    if not reading.days:
        console.say(f"the articles of story {reading.story_id} have been pruned; digests still have them")
        return
    _print_days(reading.days)
    if console.is_terminal():
        _print_articles(reading.articles)
    else:
        columns = {"article_id": "article", "outlet": "outlet", "headline": "headline", "rule": "why"}
        rows = [{**row, "link": _link(row), "score": _score(row)} for row in reading.articles]
        console.table({**columns, "score": "score", "link": "link"}, rows)
    for name, row in neighbours:
        console.paragraph(
            f"{name} issue: story {row['story_id']}, {row['day']}, {row['serial']}: {row['headline']}"
        )


def _as_json(reading: StoryReading) -> dict[str, Any]:
    return {
        "story_id": reading.story_id,
        "days": reading.days,
        "articles": reading.articles,
        "previous_story_id": reading.previous_story_id,
        "next_story_id": reading.next_story_id,
    }


def _neighbours(connection: sqlite3.Connection, reading: StoryReading) -> list[tuple[str, Row]]:
    """The issues of the series before and after, each as its last day; one that was pruned has none."""
    ids = {"previous": reading.previous_story_id, "next": reading.next_story_id}
    days = {
        name: read_story(connection, story_id).days for name, story_id in ids.items() if story_id is not None
    }
    return [(name, rows[-1]) for name, rows in days.items() if rows]


def _print_days(days: list[Row]) -> None:
    """A row a day; on a terminal with a bar of its articles, the day with the most as long as can be."""
    most = max((row["articles"] for row in days), default=1)
    columns = {"day": "day", "status": "status", "serial": "serial", "outlets": "outlets"}
    if all(row["serial"] is None for row in days):
        del columns["serial"]
    columns["bar" if console.is_terminal() else "articles"] = "articles"
    columns["headline"] = "headline"
    rows = [{**row, "bar": _bar(row["articles"], most)} for row in days]
    console.table(columns, rows)


def _bar(articles: int, most: int) -> str:
    return "█" * max(1, round(articles * min(most, _BAR_WIDTH) / most)) + f" {articles}"


def _print_articles(articles: list[Row]) -> None:
    """Three lines an article: who and when, the headline, why it is here and where it leads."""
    for row in articles:
        console.line("")
        console.line(f"{row['article_id']:>6}  {row['outlet']}, {console.short_time(row['first_seen_at'])}")
        console.paragraph(f"        {row['headline']}")
        console.paragraph(f"        {_why(row)}")
        if link := _link(row):
            console.line(f"        {link}")
    console.line("")


def _why(row: Row) -> str:
    if row["partner_article_id"] is None:
        return f"by {row['rule']}"
    score = "" if row["score"] is None else f", similarity {_score(row)}"
    return f"by {row['rule']} with {row['partner_article_id']}{score}"


def _score(row: Row) -> float | None:
    return None if row["score"] is None else round(row["score"], 2)


def _link(row: Row) -> str | None:
    link: str | None = row["canonical_url"] or row["publisher_url"] or row["link"]
    return link
