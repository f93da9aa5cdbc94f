"""What every command that changes the feeds of the configuration does at its end."""

from collections.abc import Sequence
from functools import partial

from aggregator.cli import console
from aggregator.cli.place import Place
from aggregator.config.editing import with_feeds
from aggregator.config.saving import rewrite
from aggregator.config.subscriptions import Addition, Judged
from aggregator.errors import StoreLocked


def write_feeds(place: Place, judged: Sequence[Judged]) -> list[Addition]:
    """Put what may go in into the file, in one piece, and return it."""
    added = [one for one in judged if isinstance(one, Addition)]
    if added:
        rewrite(place.path, partial(with_feeds, tables=[one.table for one in added]))
    return added


def take_up(place: Place) -> None:
    """Have the store, if there is one, follow the configuration, or say how the daemon does."""
    app = place.app()
    if not app.store_path.exists():
        console.say("next: `aggregator poll`")
        return
    try:
        with app.store():
            console.say("next: `aggregator poll`, or start the daemon")
    except StoreLocked as error:
        console.say(f"the running daemon takes this up on SIGHUP: kill -HUP {error.holder}")
