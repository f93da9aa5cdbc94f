"""From Google's lists to evidence: how often two articles were listed together. Pure.

A poll's document holds entries, an entry lists articles. Two articles under one entry were judged
one story by Google in that poll; two articles of one document under different entries were not.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from itertools import combinations

from aggregator.model import CoListing


def co_listings(sightings: Iterable[tuple[Hashable, Hashable, str]]) -> list[CoListing]:
    """Count, for each pair that was ever listed together, in how many polls, out of how many.

    `sightings` are (poll, entry, article key) in any order; a poll key names one document of one
    feed, an entry key one entry of it. Sorted by keys. Cost: pairs per entry, about 10 for the
    usual five headlines.
    """
    polls_of: defaultdict[str, set[Hashable]] = defaultdict(set)
    members: defaultdict[tuple[Hashable, Hashable], set[str]] = defaultdict(set)
    for poll, entry, key in sightings:
        polls_of[key].add(poll)
        members[poll, entry].add(key)
    polls_together: defaultdict[tuple[str, str], set[Hashable]] = defaultdict(set)
    for (poll, _entry), keys in members.items():
        for pair in combinations(sorted(keys), 2):
            polls_together[pair].add(poll)
    together = Counter({pair: len(polls) for pair, polls in polls_together.items()})
    return [
        CoListing(a, b, together=count, possible=len(polls_of[a] & polls_of[b]))
        for (a, b), count in sorted(together.items())
    ]
