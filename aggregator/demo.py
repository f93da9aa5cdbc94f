"""The demo: the whole main job against the replica, on a clock that jumps from poll to poll.

Facts
-----
* Four days of invented news are polled at fifteen moments, so leads change, tolls rise and a series gets
  its next issue, as with the real thing; only the waiting between polls is left out.
* What it leaves in var/demo/ is an ordinary configuration with an ordinary store: every command works on
  it. Its feeds are gone with the replica, so a later poll says that they cannot be reached.
"""

import asyncio
import random
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aggregator.app import App, load_app
from aggregator.clock import Clock, ManualClock, SystemClock
from aggregator.errors import UsageError
from aggregator.pipeline.cycle import run_cycle
from aggregator.pipeline.digests import make_due_digests
from aggregator.pipeline.links import resolve_links
from aggregator.pipeline.stages import Progress, Stages
from aggregator.replica import Replica, demo_content
from aggregator.replica.demo_news.outlets import HARBOUR, LANTERN, NORTHLIGHT
from aggregator.store import Store, open_reader, reading
from aggregator.store.feeds import load_pollable_feeds

FOLDER = Path("var/demo")

_CONFIGURATION = """\
# Written by `aggregator demo`. The feeds were served by a replica that ended with the demo, so polling
# them again says that they cannot be reached; every command that reads works.

[store]
path = "var/demo/aggregator.db"

[http]
allow_private_addresses = true          # the replica listens on this machine

[google_news]
base_url = "{base_url}"

[[feeds]]
name = "World"
topic = "world"
google_topic = "WORLD"

[[feeds]]
name = "Business"
topic = "business"
google_topic = "BUSINESS"

[[feeds]]
name = "Technology"
topic = "technology"
google_topic = "TECHNOLOGY"

[[feeds]]
name = "Welt"
topic = "welt"
google_topic = "WORLD"
language = "de"
country = "DE"
{outlet_feeds}
[[digests]]
topic = "world"
title = "World"
formats = ["markdown", "html", "hugo"]
out = "var/demo/digests"

[[digests]]
topic = "business"
title = "Business"
formats = ["markdown", "html", "hugo"]
out = "var/demo/digests"

[[digests]]
topic = "technology"
title = "Technology"
formats = ["markdown", "html", "hugo"]
out = "var/demo/digests"

[[digests]]
topic = "welt"
title = "Welt"
language = "de"
formats = ["markdown", "html", "hugo"]
out = "var/demo/digests"
"""

_OUTLET_FEED = """
[[feeds]]
name = "{name}"
topic = "{topic}"
url = "{url}"
"""

_OUTLET_TOPICS = ((HARBOUR, "world"), (NORTHLIGHT, "world"), (LANTERN, "technology"))


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo has made; `stories` are rows of `stories_by_day` for its last day."""

    day: date
    stories: list[dict[str, Any]]
    counts: dict[str, Any]
    config: Path
    store: Path
    digests: tuple[Path, ...]


def run_demo(home: Path, progress: Progress, clock: Clock | None = None) -> DemoReport:
    """Poll, resolve, group and digest the demo's days into `home`/var/demo, which is made anew.

    Raises:
        UsageError: the folder holds something that no demo has made.
    """
    today = (clock or SystemClock()).now().date()
    folder = _empty_folder(home / FOLDER)
    moments = demo_content.days(today)
    manual = ManualClock(moments[0].at)
    with Replica(now=manual.now) as replica:
        config = _write_configuration(folder, replica.base_url)
        loaded = load_app(config.relative_to(home), home)
        app = App(loaded.settings, home, loaded.config_path, manual, random.Random(0))
        with app.store() as store:
            digests = asyncio.run(_live_through(app, store, replica, moments, manual, progress))
    with open_reader(app.store_path) as connection:
        stories = reading.read_day(connection, today)
        counts = reading.read_counts(connection)
    return DemoReport(today, stories, counts, config, app.store_path, digests)


async def _live_through(
    app: App,
    store: Store,
    replica: Replica,
    moments: tuple[demo_content.Moment, ...],
    clock: ManualClock,
    progress: Progress,
) -> tuple[Path, ...]:
    paths: list[Path] = []
    async with app.stages(store) as stages:
        for number, moment in enumerate(moments, start=1):
            clock.advance(max(moment.at - clock.now(), timedelta(0)))
            for address, snapshot in moment.content.items():
                replica.show(address, snapshot)
            progress(number - 1, len(moments), f"{moment.at:%A %H:%M}")
            paths += await _one_moment(app, stages)
        progress(len(moments), len(moments), "done")
    return tuple(paths)


async def _one_moment(app: App, stages: Stages) -> list[Path]:
    """What the daemon does in its own time: digests of days that are over, polls, groups, links."""
    store, settings = stages.store, stages.settings
    made = make_due_digests(stages.grouper, app.home, settings, stages.clock.now())
    with open_reader(store.path) as connection:
        feeds = load_pollable_feeds(connection)
    await run_cycle(feeds, stages)
    await resolve_links(stages)
    stages.grouper.regroup(settings, stages.clock.now())
    return [path for report in made for path in report.paths]


def _empty_folder(folder: Path) -> Path:
    if folder.exists():
        if any(folder.iterdir()) and not (folder / "aggregator.toml").is_file():
            raise UsageError(f"{folder} holds something that no demo has made; please move it away")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _write_configuration(folder: Path, base_url: str) -> Path:
    outlet_feeds = "".join(
        _OUTLET_FEED.format(name=outlet.name, topic=topic, url=base_url + demo_content.OWN_FEEDS[outlet.slug])
        for outlet, topic in _OUTLET_TOPICS
    )
    path = folder / "aggregator.toml"
    path.write_text(_CONFIGURATION.format(base_url=base_url, outlet_feeds=outlet_feeds), encoding="utf-8")
    return path
