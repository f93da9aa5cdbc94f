"""Who may have an article page: the budget of one client address. Pure.

Facts
-----
* What Google counts is article pages per address. Fast clients get some tens of them whatever their
  pace; with pauses of 70 s a thousand went through; so the replica has a bucket that refills.
* Once refused, a client stays refused for minutes to an hour, and trying meanwhile starts that anew.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.replica.faults import Faults


@dataclass(frozen=True, slots=True)
class Visitor:
    """One client address: pages it may still have as of `counted_at`, and until when it may not."""

    pages_left: float
    counted_at: datetime
    refused_until: datetime | None = None


def admit(visitor: Visitor | None, now: datetime, faults: Faults) -> tuple[Visitor | None, bool]:
    """Count one request for a page; return the visitor after it and whether it is served.

    A visitor is None until its first request, and again when there is no budget to keep.
    """
    if faults.page_budget is None:
        return None, True
    if visitor is None:
        visitor = Visitor(faults.page_budget, now)
    if visitor.refused_until is not None and now < visitor.refused_until:
        return _refuse(visitor, now, faults), False
    visitor = _refill(visitor, now, faults.page_budget, faults.page_refill_seconds)
    if visitor.pages_left < 1:
        return _refuse(visitor, now, faults), False
    return replace(visitor, pages_left=visitor.pages_left - 1), True


def _refill(visitor: Visitor, now: datetime, budget: int, refill_seconds: float) -> Visitor:
    if visitor.refused_until is not None:
        return Visitor(budget, now)
    waited_seconds = max((now - visitor.counted_at).total_seconds(), 0.0)
    return Visitor(min(visitor.pages_left + waited_seconds / refill_seconds, budget), now)


def _refuse(visitor: Visitor, now: datetime, faults: Faults) -> Visitor:
    return replace(visitor, refused_until=now + timedelta(seconds=faults.refusal_seconds))
