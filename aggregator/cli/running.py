"""Doing the work: `demo`, `run`, `poll`, `resolve`."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from aggregator import daemon, logs
from aggregator.app import App
from aggregator.cli import console
from aggregator.cli.completing import complete_feed
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.cli.progress import progress_bar
from aggregator.demo import run_demo
from aggregator.doctor import Level, installed_libraries, library_findings
from aggregator.errors import UsageError
from aggregator.model import FeedState
from aggregator.pipeline.cycle import CycleReport, run_cycle
from aggregator.pipeline.links import ResolveReport, resolve_links
from aggregator.pipeline.stages import Progress
from aggregator.shortage import allow_files, give_memory_back
from aggregator.store import Store, open_reader
from aggregator.store import reading as store_reading
from aggregator.store.feeds import load_feeds, load_pollable_feeds

log = logging.getLogger(__name__)

_SHOWN_STORIES = 10
_SHOWN_FIRST_POLLS = 10


@click.command()
@pass_place
def demo(place: Place) -> None:
    """Run the whole main job on a replica of Google News on this machine; writes var/demo/."""
    logs.set_up_logging("plain", "warning")
    with progress_bar("demo") as progress:
        done = run_demo(place.home, progress)
    columns = {"story_id": "story", "outlets": "outlets", "status": "status", "topic": "topic"}
    console.table({**columns, "headline": "headline"}, done.stories, title=f"Stories of {done.day}")
    counts = done.counts
    console.line("")
    console.line(
        f"{counts['articles']} articles of {counts['polls']} polls make {counts['stories']} stories;"
        f" {counts['links_resolved']} Google links lead to their publishers."
    )
    console.line(f"store          {done.store}")
    console.line(f"configuration  {done.config}")
    console.line(f"digests        {done.config.parent / 'digests'}")
    pages = [path for path in done.digests if path.name.endswith("-world.html")]
    if pages:
        console.line(
            f"               {done.config.parent / 'digests' / pages[-1].name} is a page for the browser"
        )
    console.line("")
    console.line("Try next:")
    widest = done.stories[0]["story_id"] if done.stories else 1
    for words in ("show yesterday", f"story {widest}", f"why s{widest}", "feeds list"):
        console.line(f"  aggregator --config {done.config} {words}")
    console.line(
        f"  sqlite3 {done.store} 'SELECT headline, outlets FROM stories_by_day ORDER BY outlets DESC LIMIT 5'"
    )


@click.command()
@pass_place
def run(place: Place) -> None:
    """Run the daemon until SIGTERM; SIGHUP reloads the configuration."""
    allow_files()
    give_memory_back()
    app = place.app()
    logs.set_up_logging(app.settings.log.format, app.settings.log.level)
    for finding in library_findings(installed_libraries()):
        if finding.level is not Level.OK:
            log.warning("%s; %s", finding.said, finding.advice)
    asyncio.run(daemon.run_daemon(app))


@click.command()
@click.option("--all", "is_all", is_flag=True, help="Poll every feed, due or not.")
@click.argument("names", metavar="[FEED]...", nargs=-1, shell_complete=complete_feed)
@json_option
@pass_place
def poll(place: Place, is_all: bool, names: tuple[str, ...], as_json: bool) -> int:
    """Poll what is due once (or all, or the named feeds), then say what changed in stories."""
    allow_files()
    give_memory_back()
    app = place.app()
    logs.set_up_logging(app.settings.log.format, "warning")
    with app.store() as store:
        due = _chosen(app, store, names, is_all=is_all)
        with progress_bar("poll", is_quiet=as_json) as progress:
            report = asyncio.run(_cycle(app, store, due, progress))
        with open_reader(app.store_path) as connection:
            stories = store_reading.read_latest(connection, report.grouped.stories_changed)
    is_any_answered = report.failed < len(report.polls) or not due
    if as_json:
        polls = [asdict(polled) for polled in report.polls]
        console.print_json({"polls": polls, "new": report.new, "stories": stories})
        return 0 if is_any_answered else 1
    if not due:
        console.say("no feed is due; --all polls every feed, `aggregator feeds list` shows when each is")
        return 0
    _print_polls(report)
    _print_changes(report, stories)
    return 0 if is_any_answered else 1


def _print_polls(report: CycleReport) -> None:
    columns = {"outcome": "outcome", "entries": "entries", "new": "new", "took_ms": "ms", "next": "next"}
    rows = [
        {**asdict(polled), "next": f"{polled.next_poll_at:%H:%MZ}"}
        for polled in sorted(report.polls, key=lambda polled: polled.feed)
    ]
    console.table({**columns, "feed": "feed", "message": "problem"}, rows)
    firsts = [polled for polled in report.polls if polled.first is not None]
    for polled in firsts[:_SHOWN_FIRST_POLLS]:
        console.line(f"first poll of {polled.feed}: {polled.first}")
    if len(firsts) > _SHOWN_FIRST_POLLS:
        console.line(f"and the first poll of {len(firsts) - _SHOWN_FIRST_POLLS:,} other feeds")


def _print_changes(report: CycleReport, stories: list[dict[str, Any]]) -> None:
    """What the polls changed in stories, the widest first; never a silent empty result."""
    console.line("")
    if report.failed == len(report.polls):
        console.say("no feed could be read; what is stored is untouched, `aggregator feeds list` says why")
    elif not report.new:
        console.line("nothing new: every article was known already")
    else:
        console.line(f"{report.new} new articles, {len(stories)} stories changed; the widest:")
        columns = {"story_id": "story", "outlets": "outlets", "status": "status", "headline": "headline"}
        console.table(columns, stories[:_SHOWN_STORIES])


async def _cycle(app: App, store: Store, due: Sequence[FeedState], progress: Progress) -> CycleReport:
    async with app.stages(store) as stages:
        return await run_cycle(due, stages, progress)


def _chosen(app: App, store: Store, names: Sequence[str], *, is_all: bool) -> list[FeedState]:
    """The feeds meant by the command line.

    Raises:
        UsageError: a name that no feed has.
    """
    with open_reader(store.path) as connection:
        pollable = load_pollable_feeds(connection)
        known = {feed.name: feed for feed in load_feeds(connection)} | {
            feed.url: feed for feed in load_feeds(connection)
        }
    missing = [name for name in names if name not in known]
    if missing:
        raise UsageError(
            f"no feed is called {missing[0]!r}; there are: {', '.join(f.name for f in pollable)}"
        )
    if names:
        return [known[name] for name in names]
    now = app.clock.now()
    return [feed for feed in pollable if is_all or feed.next_poll_at <= now]


@click.command()
@click.option("--limit", default=500, show_default=True, help="Try at most so many links.")
@json_option
@pass_place
def resolve(place: Place, limit: int, as_json: bool) -> None:
    """Work the link queue once: wrapper links to publisher links, as far as the budget goes."""
    allow_files()
    give_memory_back()
    app = place.app()
    logs.set_up_logging(app.settings.log.format, "warning")
    if not app.settings.google_news.resolve:
        console.say("resolving is switched off: google_news.resolve = false")
        return
    with app.store() as store:
        report = asyncio.run(_resolve(app, store, limit))
    if as_json:
        console.print_json(asdict(report))
        return
    console.line(str(report))


async def _resolve(app: App, store: Store, limit: int) -> ResolveReport:
    async with app.stages(store) as stages:
        report = await resolve_links(stages, limit=limit)
        await asyncio.to_thread(stages.grouper.regroup, app.settings, app.clock.now())
    return report
