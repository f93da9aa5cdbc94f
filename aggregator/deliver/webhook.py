"""A digest as a POST of JSON, signed.

Facts
-----
* The address of a webhook is often its only secret, so no message here shows more of it than the host.
* The signature is an HMAC-SHA256 of the body's bytes, in hexadecimal, as GitHub and others write it. The
  receiver computes it over the bytes as they came, before any parsing.
* What the receiver says in the body of its answer is of no interest and is not read.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from aggregator.deliver.recipients import delivery_hash
from aggregator.model import DeliveryFailure, DeliveryKey, Exchange
from aggregator.settings import WebhookSettings

SIGNATURE = "X-Aggregator-Signature"


class Http(Protocol):
    """A client that never raises for what a network or a server does; it follows no redirect of a POST."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        stop_at: Callable[[bytes], bool] | None,
    ) -> Exchange:
        """Make one request; whatever goes wrong is in `failure`."""
        ...


async def post_webhook(
    http: Http, settings: WebhookSettings, secret: str | None, key: DeliveryKey, body: bytes
) -> DeliveryFailure | None:
    """Post the digest; None when the receiver answered with any 2xx."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": delivery_hash(key)}
    if secret:
        headers[SIGNATURE] = signature(secret, body)
    answer = await http.request(
        "POST", settings.url, headers=headers, content=body, stop_at=lambda _body_so_far: True
    )
    host = urlsplit(settings.url).hostname
    if answer.status is None:
        kind = answer.failure.kind if answer.failure else "no answer"
        return DeliveryFailure(f"webhook at {host}: {kind}")
    if 200 <= answer.status < 300:
        return None
    return DeliveryFailure(f"webhook at {host}: HTTP {answer.status}")


def signature(secret: str, body: bytes) -> str:
    """Return the value of the signature header for these bytes."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
