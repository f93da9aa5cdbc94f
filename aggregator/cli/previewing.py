"""What a feed would bring, for `feeds add`: to people, and as JSON."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from aggregator.app import App
from aggregator.cli import console
from aggregator.config.editing import feed_block
from aggregator.config.subscriptions import Addition
from aggregator.model import ParsedFeed
from aggregator.pipeline.discovery import Preview, preview
from aggregator.store import open_reader
from aggregator.store import reading as store_reading
from aggregator.store.tombstones import count_pruned

_SHOWN_DAYS = 7


def print_preview(app: App, addition: Addition, parsed: ParsedFeed, *, as_json: bool) -> None:
    """Print everything that can be said about a feed before it is polled; nothing is written."""
    seen = preview(parsed, addition.feed, now=app.clock.now(), timezone=app.settings.day.zone)
    new = len(seen.keys) - _count_unwanted(app, seen.keys)
    if as_json:
        console.print_json(_as_json(addition, parsed, seen) | {"new": new})
    else:
        _print_lines(addition, parsed, seen, new)


def _as_json(addition: Addition, parsed: ParsedFeed, seen: Preview) -> dict[str, Any]:
    return {
        "table": addition.table,
        "title": parsed.title,
        "url": addition.feed.url,
        "format": parsed.version,
        "language": addition.feed.base_language,
        "language_declared": parsed.language,
        "skipped": dict(parsed.skipped),
        **asdict(seen.arrivals),
        "days": {day.isoformat(): count for day, count in seen.days.items()},
        "oldest": seen.oldest,
        "newest": seen.newest,
        "samples": [{"outlet": outlet, "headline": headline} for outlet, headline in seen.samples],
    }


def _print_lines(addition: Addition, parsed: ParsedFeed, seen: Preview, new: int) -> None:
    """Print the facts, a few headlines, and the configuration's new lines last."""
    lines = {
        "title": parsed.title,
        "address": addition.feed.url,
        "format": parsed.version,
        "language": f"{addition.feed.base_language} (the feed says {parsed.language or 'nothing'})",
        "first poll": seen.arrivals,
        "outlets": seen.arrivals.outlets,
        "new": f"{new} of them would be stored",
        "dates": f"{_moment(seen.oldest)} to {_moment(seen.newest)}" if seen.oldest else "none",
        "days": ", ".join(f"{day}: {count}" for day, count in list(seen.days.items())[:_SHOWN_DAYS]),
        "left out": ", ".join(f"{count} {why}" for why, count in parsed.skipped.items()),
    }
    for name, text in lines.items():
        if text:
            console.line(f"{name:<11} {text}")
    for outlet, headline in seen.samples:
        console.line(f"{'':<11} {outlet}: {headline}")
    console.line("")
    for line in feed_block(addition.table).splitlines():
        console.line(line)


def _count_unwanted(app: App, keys: tuple[str, ...]) -> int:
    """How many of these articles a poll would not store: they are there, or were pruned."""
    if not app.store_path.is_file():
        return 0
    with open_reader(app.store_path) as connection:
        return store_reading.count_known(connection, keys) + count_pruned(connection, keys)


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%MZ}"
