"""What follows from an attempt to deliver. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import Delivery, DeliveryFailure, DeliveryState

FIRST_WAIT = timedelta(minutes=5)  # greylisting servers want a few minutes
MAX_WAIT = timedelta(days=1)
PATIENCE = timedelta(days=3)
"""How long a delivery is tried; news that are older are no news."""

_MAX_DOUBLINGS = 10  # beyond MAX_WAIT already


def after_attempt(delivery: Delivery, failure: DeliveryFailure | None, now: datetime) -> Delivery:
    """Return the delivery as it stands after an attempt that ended at `now`.

    The wait doubles from five minutes up to a day. The last attempt is the one three days after queueing, or
    the first one if nothing could be tried before.
    """
    attempts = delivery.attempts + 1
    if failure is None:
        return replace(delivery, state=DeliveryState.SENT, attempts=attempts, next_try_at=None, error=None)
    gives_up_at = delivery.queued_at + PATIENCE
    if failure.is_final or now >= gives_up_at:
        end = "" if failure.is_final else f"given up after {attempts} attempts in {PATIENCE.days} days: "
        return replace(
            delivery,
            state=DeliveryState.FAILED,
            attempts=attempts,
            next_try_at=None,
            error=end + failure.message,
        )
    wait = min(FIRST_WAIT * 2 ** min(delivery.attempts, _MAX_DOUBLINGS), MAX_WAIT)
    # Not before FIRST_WAIT, also at the very end: the last two attempts should differ in something.
    next_try_at = max(now + FIRST_WAIT, min(now + wait, gives_up_at))
    return replace(delivery, attempts=attempts, next_try_at=next_try_at, error=failure.message)
