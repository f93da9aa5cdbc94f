"""A replica of Google News and a few publishers on loopback: the demo runs on it, the tests use it.

It is honest in what a client meets on the wire (documents, ids, signatures, walls, budgets) and invents
all content. `Replica` serves, `Faults` makes it misbehave, `content` has the values to show, `replay`
loads recorded snapshots, `demo_content` is the demo's few days of news.
"""

from aggregator.replica.content import Article, Item, LinkKind, Outlet, Snapshot
from aggregator.replica.faults import Faults, FeedFault, FeedForm, SignatureForm
from aggregator.replica.server import Replica

__all__ = [
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
]
