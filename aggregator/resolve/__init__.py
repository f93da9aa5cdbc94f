"""From links to articles: who an article is, and where its publisher has it.

`identify` answers from the link alone and never asks anybody, so entries can be stored at once;
`LinkResolver` works the queue of links that take a request (`needs_resolving`), on a budget that
`new_state` starts. Nothing else depends on when, or whether, a link resolves.
"""

from aggregator.resolve.budget import new_state
from aggregator.resolve.canonical import canonical_url
from aggregator.resolve.identity import identify, needs_resolving
from aggregator.resolve.links import LinkResolver

__all__ = ["LinkResolver", "canonical_url", "identify", "needs_resolving", "new_state"]
