"""`feeds add`: from the address of a feed, or of a page, to a table of the configuration."""

import asyncio
import re
from dataclasses import asdict, dataclass

import click

from aggregator.app import App
from aggregator.cli import console
from aggregator.cli.place import Place, json_option, pass_place
from aggregator.cli.previewing import print_preview
from aggregator.cli.subscribing import take_up, write_feeds
from aggregator.config.subscriptions import Addition, Judged, Known, Refused, Subscriptions
from aggregator.errors import InputError, UsageError
from aggregator.google.feed_urls import is_google_url
from aggregator.model import Failure
from aggregator.pipeline.discovery import FeedFound, FeedsDeclared, discover
from aggregator.settings import Settings

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?![0-9])", re.IGNORECASE)  # "host:8080/feed" has none


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the command line says of a new feed; empty is not said."""

    url: str
    name: str
    topic: str

    def judged(self, settings: Settings, found: FeedFound | None = None) -> Judged:
        """What becomes of it in a configuration; what is not said, the feed itself says."""
        if found is None:
            return Subscriptions(settings).judge(self.url, name=self.name, topic=self.topic)
        return Subscriptions(settings).judge(
            self.url if is_google_url(self.url) else found.url,
            name=self.name or short_title(found.parsed.title or ""),
            topic=self.topic,
            site=found.site,
            language=found.parsed.language,
        )


@click.command()
@click.argument("address", metavar="URL")
@click.option("--name", default="", help="Its name; else the title it gives itself.")
@click.option("--topic", default="", help="Its topic; else that of its section on Google News, or news.")
@click.option("--dry-run", is_flag=True, help="Show what would be stored, and write nothing.")
@click.option("--no-fetch", is_flag=True, help="Add it without asking for it first.")
@json_option
@pass_place
def add(
    place: Place, address: str, name: str, topic: str, dry_run: bool, no_fetch: bool, as_json: bool
) -> int:
    """Add the feed at URL, or the feed of the page there; a page of Google News is understood as its feed."""
    app = place.app()
    wanted = _Wanted(web_address(address), name, topic)
    judged = wanted.judged(app.settings)
    if isinstance(judged, Addition) and not no_fetch:
        found = _found(app, judged.feed.url)
        if isinstance(found, FeedsDeclared):
            return _print_choice(found, as_json=as_json)
        judged = wanted.judged(app.settings, found)
        if isinstance(judged, Addition):
            print_preview(app, judged, found.parsed, as_json=as_json)
    if isinstance(judged, Refused):
        raise UsageError(f"{judged.name} cannot be added: {judged.why}")
    if isinstance(judged, Known):
        console.say(f"there already, as {judged.as_name}: {wanted.url}")
    elif dry_run:
        console.say("nothing was written (--dry-run)")
    else:
        write_feeds(place, [judged])
        console.say(f"{judged.feed.name} stands in {place.path} now, topic {judged.feed.topic}")
        take_up(place)
    return 0


def web_address(text: str) -> str:
    """What a person pasted as a URL: `feed:` in front is dropped, `https://` is put before a bare host."""
    text = text.strip()
    if text.lower().startswith("feed:"):
        text = text[len("feed:") :].removeprefix("//")
    return text if _SCHEME.match(text) else f"https://{text}"


def short_title(title: str) -> str:
    """A feed's title without what Google News puts behind every one."""
    return title.removesuffix(" - Google News").removesuffix(" - Latest")


def _found(app: App, url: str) -> FeedFound | FeedsDeclared:
    """Ask for the feed, or for the page.

    Raises:
        InputError: there is none.
    """

    async def ask() -> FeedFound | FeedsDeclared | Failure:
        async with app.network() as network:
            return await discover(url, network)

    found = asyncio.run(ask())
    if isinstance(found, Failure):
        raise InputError(f"nothing was added: {found.message}")
    return found


def _print_choice(declared: FeedsDeclared, *, as_json: bool) -> int:
    rows = [asdict(link) for link in declared.links]
    if as_json:
        console.print_json({"page": declared.page_url, "feeds": rows})
        return 1
    console.say(f"{declared.page_url} declares {len(rows)} feeds; add one of them by its address:")
    console.table({"url": "url", "title": "title"}, rows)
    return 1
