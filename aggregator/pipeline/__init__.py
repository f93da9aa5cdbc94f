"""The order of the stages; what is decided is decided in them.

`cycle` is one tick (poll what is due, group what changed), `poll` one feed's turn, `links` a round of
the link queue, `digests` what is due for people, `delivery` a round of the outbox. `stages` is what they all work with.
"""

from aggregator.pipeline.cycle import CycleReport, due_feeds, group_changed, run_cycle
from aggregator.pipeline.delivery import DeliveryReport, deliver_all_due, deliver_due
from aggregator.pipeline.digests import make_due_digests
from aggregator.pipeline.editions import DigestReport
from aggregator.pipeline.grouping import regroup
from aggregator.pipeline.links import ResolveReport, resolve_links
from aggregator.pipeline.stages import Stages

__all__ = [
    "CycleReport",
    "DeliveryReport",
    "DigestReport",
    "ResolveReport",
    "Stages",
    "deliver_all_due",
    "deliver_due",
    "due_feeds",
    "group_changed",
    "make_due_digests",
    "regroup",
    "resolve_links",
    "run_cycle",
]
