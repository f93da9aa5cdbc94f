"""A replica of Google News and a few publishers on loopback: the demo runs on it, the tests use it.

It is honest in what a client meets on the wire (documents, ids, signatures, walls, budgets) and invents
all content. `Replica` serves snapshots of articles, `Faults` makes it misbehave, `load_recording` reads
snapshots that were recorded, `demo_days` are the demo's few days of news and `demo_articles` every article in
them with the story that it belongs to.
"""

from aggregator.replica.content import Article, Item, LinkKind, Outlet, Snapshot
from aggregator.replica.demo_content import OWN_FEEDS
from aggregator.replica.demo_content import articles as demo_articles
from aggregator.replica.demo_content import days as demo_days
from aggregator.replica.faults import Faults, FeedFault, FeedForm, SignatureForm
from aggregator.replica.replay import load_recording
from aggregator.replica.server import Replica

__all__ = [
    "OWN_FEEDS",
    "Article",
    "Faults",
    "FeedFault",
    "FeedForm",
    "Item",
    "LinkKind",
    "Outlet",
    "Replica",
    "SignatureForm",
    "Snapshot",
    "demo_articles",
    "demo_days",
    "load_recording",
]
