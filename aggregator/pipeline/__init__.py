"""The order of the stages; what is decided is decided in them.

`cycle` is one tick (poll what is due, group what changed), `poll` one feed's turn, `links` a round of
the link queue, `digests` what is due for people. `stages` is what they all work with.
"""

from aggregator.pipeline.cycle import CycleReport, due_feeds, run_cycle
from aggregator.pipeline.digests import DigestReport, make_due_digests
from aggregator.pipeline.grouping import regroup
from aggregator.pipeline.links import ResolveReport, resolve_links
from aggregator.pipeline.stages import Stages

__all__ = [
    "CycleReport",
    "DigestReport",
    "ResolveReport",
    "Stages",
    "due_feeds",
    "make_due_digests",
    "regroup",
    "resolve_links",
    "run_cycle",
]
