"""`feeds`: what is polled and how it fares; feeds added, removed, imported and exported.

The configuration file is the person's: it is edited in place, and nothing in it moves but the feeds
that were meant.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from aggregator import schedule
from aggregator.cli import console
from aggregator.cli.completing import complete_feed
from aggregator.cli.lazy import LazyGroup
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.cli.progress import progress_bar
from aggregator.cli.subscribing import take_up, write_feeds
from aggregator.config.editing import without_feed
from aggregator.config.saving import rewrite
from aggregator.config.subscriptions import DEFAULT_TOPIC, Judged, Known, Refused, Subscriptions
from aggregator.errors import InputError, UsageError
from aggregator.google.editions import base_language
from aggregator.settings import FeedSettings
from aggregator.store import open_reader
from aggregator.store import reading as store_reading
from aggregator.store.feeds import load_feeds


@click.group(cls=LazyGroup, lazy={"add": ("adding", "add")})
def feeds() -> None:
    """The feeds and how they fare."""


@feeds.command("list")
@json_option
@pass_place
def list_(place: Place, as_json: bool) -> None:
    """Every feed with its state, its next poll and its last error."""
    app = place.app()
    with open_reader(app.store_path) as connection:
        rows = store_reading.read_feed_health(connection)
        moved = [feed for feed in load_feeds(connection) if schedule.has_moved(feed, now=app.clock.now())]
    if as_json:
        console.print_json(rows)
        return
    _print_health(rows)
    for feed in moved:
        console.say(
            f"moved? {feed.name} has been answering from {feed.moved_to} for a week; its url is yours to change"
        )


def _print_health(rows: Sequence[dict[str, Any]]) -> None:
    """A row a feed; on a terminal what is wrong stands below, where there is room for it."""
    columns = {"name": "feed", "state": "state", "last_polled_at": "polled", "next_poll_at": "next"}
    columns |= {"entries_last": "entries", "new_last": "new", "last_outcome": "outcome"}
    if not console.is_terminal():
        console.table({**columns, "last_error": "error"}, rows)
        return
    times = ("last_polled_at", "next_poll_at")
    console.table(columns, [{**row, **{key: console.short_time(row[key]) for key in times}} for row in rows])
    for row in rows:
        if row["last_error"]:
            since = console.short_time(row["last_success_at"]) or "never"
            console.paragraph(f"{row['name']}: {row['last_error']} (last success: {since})")


@feeds.command()
@click.argument("feed", metavar="NAME", shell_complete=complete_feed)
@json_option
@pass_place
def remove(place: Place, feed: str, as_json: bool) -> None:
    """Take a feed out of the configuration; what it brought stays in the store."""
    app = place.app()
    position = _position(app.settings.feeds, feed)
    removed: list[str] = []

    def edit(text: str) -> str:
        edited, lines = without_feed(text, position)
        removed.append(lines)
        return edited

    rewrite(place.path, edit)
    if as_json:
        gone = app.settings.feeds[position]
        console.print_json({"removed": gone.name, "url": gone.url, "lines": removed[0]})
    else:
        console.line(f"removed from {place.path}; to have it back, put these lines in again:")
        for line in removed[0].splitlines():
            console.line(line)
    take_up(place)


@feeds.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--topic", default=DEFAULT_TOPIC, show_default=True, help="The topic of feeds that are in no folder."
)
@json_option
@pass_place
def import_(place: Place, path: Path, topic: str, as_json: bool) -> int:
    """Add the feeds of an OPML file; folders become topics, a feed that cannot go in keeps no other out."""
    from aggregator.config.opml import read_opml  # with the parsers, a tenth of a second

    app = place.app()
    outlines = read_opml(_read(path), str(path))
    with progress_bar("import", is_quiet=as_json) as progress:
        judged: list[Judged] = []
        for one in Subscriptions(app.settings).judge_outlines(outlines, topic=topic):
            judged.append(one)
            progress(len(judged), len(outlines), outlines[len(judged) - 1].title)
        progress(len(judged), len(outlines), f"writing {place.path}")
        added = write_feeds(place, judged)
    known = [one for one in judged if isinstance(one, Known)]
    refused = [one for one in judged if isinstance(one, Refused)]
    if as_json:
        names = {"added": [one.feed.name for one in added], "known": [one.name for one in known]}
        console.print_json({**names, "refused": [asdict(one) for one in refused]})
    else:
        _print_imported(len(added), known, refused)
    take_up(place)
    return 1 if refused and not added else 0


def _print_imported(added: int, known: Sequence[Known], refused: Sequence[Refused]) -> None:
    for feed in known:
        console.say(
            f"there already: {feed.name}" + ("" if feed.name == feed.as_name else f" (as {feed.as_name})")
        )
    for bad in refused:
        console.say(f"not added: {bad.name}: {bad.why}")
    console.line(f"{added:,} feeds added, {len(known):,} there already, {len(refused):,} not added")


@feeds.command()
@click.argument("path", metavar="[FILE]", type=click.Path(path_type=Path), required=False)
@json_option
@pass_place
def export(place: Place, path: Path | None, as_json: bool) -> None:
    """Write the feeds that are switched on as OPML to FILE, or to standard output."""
    from aggregator.config.opml import opml_text

    app = place.app()
    chosen = [feed for feed in app.settings.feeds if feed.enabled]
    language = base_language(app.settings.google_news.language)
    text = opml_text(chosen, default_language=language, now=app.clock.now())
    if path is not None:
        _write(path, text)
    if as_json:
        console.print_json({"path": path and str(path), "feeds": len(chosen), "opml": None if path else text})
    elif path is None:
        click.echo(text, nl=False)
    else:
        console.line(f"{path}: {len(chosen):,} feeds")


def _position(feeds: Sequence[FeedSettings], wanted: str) -> int:
    """Return the place of the feed with this name (whatever its case) or address.

    Raises:
        UsageError: there is none.
    """
    for position, feed in enumerate(feeds):
        if wanted.casefold() == feed.name.casefold() or wanted == feed.url:
            return position
    raise UsageError(f"no feed is called {wanted!r}; `aggregator feeds list` shows their names")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
