"""Who gets a digest, by names that can be stored and shown. Pure.

Facts
-----
* The addresses of many webhooks are secrets by themselves, and so may be a word of a command; people share
  the SQLite file. So both are known by a name that shows what it is and a hash that tells it apart.
* A recipient that is taken out of the configuration gets nothing more, also of what waits for him.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import urlsplit

from aggregator.model import Channel, DeliveryKey, Recipient
from aggregator.settings import DigestSettings


def recipients_of(digest: DigestSettings) -> tuple[Recipient, ...]:
    """Return everyone who gets this digest, each once."""
    found = []
    if digest.email:
        found += [Recipient(Channel.EMAIL, address) for address in digest.email.to]
    if digest.webhook:
        host = urlsplit(digest.webhook.url).hostname or ""
        found.append(Recipient(Channel.WEBHOOK, _named(host, digest.webhook.url)))
    if digest.command:
        program = PurePath(digest.command.run[0]).name
        found.append(Recipient(Channel.COMMAND, _named(program, json.dumps(digest.command.run))))
    return tuple(dict.fromkeys(found))


def digest_for(digests: Iterable[DigestSettings], key: DeliveryKey) -> DigestSettings | None:
    """Find the digest that has this recipient among `digests`, those of the key's folder; None if none has."""
    return next(
        (
            digest
            for digest in digests
            if digest.topic == key.topic and key.recipient in recipients_of(digest)
        ),
        None,
    )


def delivery_hash(key: DeliveryKey) -> str:
    """Return 32 hexadecimal digits that are this delivery's own, the same for every attempt."""
    recipient = key.recipient
    parts = [key.topic, key.folder, key.day.isoformat(), str(key.addendum)]
    parts += [str(recipient.channel), recipient.name]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _named(name: str, secret: str) -> str:
    return f"{name} #{hashlib.sha256(secret.encode()).hexdigest()[:8]}"
