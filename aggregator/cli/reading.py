"""Reading the store in the terminal: `show`, `search`, `why`."""

from datetime import date, timedelta

import click

from aggregator import explain, schedule
from aggregator.app import App
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.errors import UsageError
from aggregator.store import open_reader, searching
from aggregator.store import reading as store_reading

_DAY_COLUMNS = {
    "story_id": "story",
    "outlets": "outlets",
    "articles": "articles",
    "status": "status",
    "topic": "topic",
    "headline": "headline",
}


def parse_day(text: str, app: App) -> date:
    """`today`, `yesterday` or an ISO date, in the configured zone.

    Raises:
        UsageError: none of these.
    """
    today = schedule.local_day(app.clock.now(), app.settings.day.timezone)
    words = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in words:
        return words[text]
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day; allowed: today, yesterday, or a date like {today}") from error


@click.command()
@click.argument("day", default="today")
@click.option("--topic", help="Only stories with an article of this topic.")
@click.option("--limit", default=40, show_default=True, help="At most so many stories.")
@json_option
@pass_place
def show(place: Place, day: str, topic: str | None, limit: int, as_json: bool) -> None:
    """Stories of a DAY (today, yesterday or YYYY-MM-DD), widest first."""
    app = place.app()
    wanted = parse_day(day, app)
    with open_reader(app.store_path) as connection:
        rows = store_reading.read_day(connection, wanted, topic=topic, limit=limit)
        known_days = store_reading.read_days(connection, 5)
        all_stories = store_reading.count_stories(connection, wanted, topic=topic)
    if as_json:
        console.print_json(rows)
        return
    if not rows:
        listed = ", ".join(f"{row['day']} ({row['stories']} stories)" for row in known_days) or "none yet"
        console.say(f"no stories on {wanted}; days with stories: {listed}")
        return
    some = "" if len(rows) == all_stories else f"the {len(rows)} widest of "
    console.table(_DAY_COLUMNS, rows, title=f"{wanted}: {some}{all_stories} stories")


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=50, show_default=True, help="At most so many articles.")
@json_option
@pass_place
def search(place: Place, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Articles whose headline or outlet holds all WORDS, newest first; any script.

    outlet:, day:, topic: and language: narrow it down: search strait outlet:"Harbour Post" day:2026-11.
    """
    app = place.app()
    with open_reader(app.store_path) as connection:
        rows = searching.search(connection, _query_text(words), limit=limit)
    if as_json:
        console.print_json(rows)
        return
    if not rows:
        console.say(f"nothing found for: {' '.join(words)}")
        return
    columns = {"article_id": "article", "story_id": "story", "day": "day", "outlet": "outlet"}
    console.table({**columns, "headline": "headline"}, rows)


def _query_text(words: tuple[str, ...]) -> str:
    """The words as typed: a shell has taken the quotes of outlet:"Harbour Post" away."""
    parted = [word.partition(":") for word in words]
    return " ".join(
        f'{operator}:"{value}"' if " " in value and '"' not in value else operator + colon + value
        for operator, colon, value in parted
    )


@click.command()
@click.argument("a")
@click.argument("b", required=False)
@json_option
@pass_place
def why(place: Place, a: str, b: str | None, as_json: bool) -> None:
    """Why article A is in its story, or why A and B are together or apart; `s12` means story 12."""
    app = place.app()
    with open_reader(app.store_path) as connection:
        explanation = explain.explain(connection, a, b)
    if as_json:
        console.print_json({"sentences": explanation.sentences, "decisions": explanation.rows})
        return
    for sentence in explanation.sentences:
        console.paragraph(sentence)
