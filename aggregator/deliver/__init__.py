"""Deliver: a digest that is written leaves this machine by mail, as a webhook or through a command.

The outbox in the store says what is to be delivered to whom and when it is tried; here is how one attempt is
made, and what follows from it. An attempt that did not succeed is a value (`model.DeliveryFailure`). A
delivery is made at most once, but for one window: a crash after the other side took it and before our commit
repeats it, under the same Message-ID or Idempotency-Key, by which the other side can tell.
"""

from aggregator.deliver.command import run_command
from aggregator.deliver.mail import compose_mail, message_id
from aggregator.deliver.outcome import after_attempt
from aggregator.deliver.recipients import delivery_hash, digest_for, recipients_of
from aggregator.deliver.secret import read_secret
from aggregator.deliver.smtp import MailSession
from aggregator.deliver.webhook import Http, post_webhook

__all__ = [
    "Http",
    "MailSession",
    "after_attempt",
    "compose_mail",
    "delivery_hash",
    "digest_for",
    "message_id",
    "post_webhook",
    "read_secret",
    "recipients_of",
    "run_command",
]
