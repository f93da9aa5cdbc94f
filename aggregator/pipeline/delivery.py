"""Deliveries that are due: render the frozen day for the channel, try once, store what came of it.

Facts
-----
* What goes out is rendered from the snapshot, so it says the same as the digest's files, and an attempt next
  day sends what the first one would have sent.
* The answer of the other side and its row in the outbox cannot be one transaction. Each attempt is stored
  before the next one begins, and a stop waits for both; what is left is a crash in between, after which
  the same delivery is made again under the same Message-ID or Idempotency-Key.
* A command that is still running when the daemon has to be gone is ended, and run again after the next start.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from aggregator import deliver, publish
from aggregator.deliver import MailSession
from aggregator.errors import PublishError, SecretError, UsageError
from aggregator.model import Channel, Delivery, DeliveryFailure, DeliveryKey, DeliveryState
from aggregator.pipeline.editions import TEMPLATES, DigestJob, folder_of, frozen_issue
from aggregator.pipeline.stages import Stages
from aggregator.settings import CommandSettings, DigestSettings, EmailSettings, WebhookSettings
from aggregator.store import digests, open_reader, outbox

log = logging.getLogger(__name__)

T = TypeVar("T")
_LETTER = "letter"  # the HTML part of a mail, beside the formats that are files
_ROUND = 500  # deliveries of one round; the next one begins a minute later


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Deliveries of one round by what became of them."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"deliveries sent={self.sent} waiting={self.waiting} failed={self.failed}"


async def deliver_due(stages: Stages, home: Path, environ: Mapping[str, str]) -> DeliveryReport:
    """Try everything in the outbox that is due, once each; writes nothing when nothing is due."""
    with open_reader(stages.store.path) as connection:
        due = outbox.load_due_deliveries(connection, stages.clock.now(), _ROUND)
    if not due:
        return DeliveryReport()
    courier = _Courier(stages, home, environ)
    try:
        states = Counter([await _finished(courier.deliver(delivery)) for delivery in due])
    finally:
        await asyncio.to_thread(courier.close)
    report = DeliveryReport(**{str(state): states[state] for state in DeliveryState})
    log.info("%s", report)
    return report


async def deliver_all_due(stages: Stages, home: Path, environ: Mapping[str, str]) -> DeliveryReport:
    """Make rounds until nothing is due: whatever was not taken is due again only minutes later."""
    total = DeliveryReport()
    while (report := await deliver_due(stages, home, environ)) != DeliveryReport():
        total = DeliveryReport(
            total.sent + report.sent, total.waiting + report.waiting, total.failed + report.failed
        )
    return total


async def _finished(step: Coroutine[None, None, T]) -> T:
    """Do a step to its end, also when cancelled in the middle of it: what is sent must be stored."""
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


class _Courier:
    """One round: keeps the connections to mail servers and what is rendered already."""

    def __init__(self, stages: Stages, home: Path, environ: Mapping[str, str]) -> None:
        self._stages = stages
        self._home = home
        self._environ = environ
        self._sessions: dict[EmailSettings, MailSession] = {}
        self._issues: dict[tuple[DigestSettings, date, int], publish.Issue] = {}
        self._texts: dict[tuple[DigestSettings, date, int, str], str] = {}

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    async def deliver(self, delivery: Delivery) -> DeliveryState:
        """Make one attempt and store what follows from it."""
        failure = await self._attempt(delivery)
        now = self._stages.clock.now()
        after = deliver.after_attempt(delivery, failure, now)
        await asyncio.wrap_future(
            self._stages.store.submit(partial(outbox.save_delivery, delivery=after, now=now))
        )
        _log(after)
        return after.state

    async def _attempt(self, delivery: Delivery) -> DeliveryFailure | None:
        """Deliver; what is wrong on our side, such as a template or a password, waits to be put right."""
        key = delivery.key
        configured = self._stages.settings.digests
        in_folder = [digest for digest in configured if folder_of(self._home, digest) == key.folder]
        digest = deliver.digest_for(in_folder, key)
        if digest is None:
            return DeliveryFailure("is not in the configuration any more", is_final=True)
        try:
            match key.recipient.channel, digest:
                case Channel.EMAIL, DigestSettings(email=EmailSettings() as email):
                    return await self._mail(email, digest, delivery)
                case Channel.WEBHOOK, DigestSettings(webhook=WebhookSettings() as webhook):
                    return await self._post(webhook, digest, key)
                case Channel.COMMAND, DigestSettings(command=CommandSettings() as command):
                    return await self._run(command, digest, key)
        except (PublishError, UsageError, SecretError) as error:
            return DeliveryFailure(str(error))
        raise AssertionError(f"{key} was found in {digest} and is not there")

    async def _mail(
        self, email: EmailSettings, digest: DigestSettings, delivery: Delivery
    ) -> DeliveryFailure | None:
        message = await asyncio.to_thread(self._letter, email, digest, delivery)
        if email not in self._sessions:
            password = self._secret(email.password_env, email.password_file)
            self._sessions[email] = MailSession(email, password)
        return await asyncio.to_thread(self._sessions[email].send, delivery.key.recipient.name, message)

    def _letter(self, email: EmailSettings, digest: DigestSettings, delivery: Delivery) -> bytes:
        issue = self._issue(digest, delivery.key)
        return deliver.compose_mail(
            delivery.key,
            sender=email.sender,
            name=digest.title,
            subject=issue.title if issue.date_text in issue.title else f"{issue.title} – {issue.date_text}",
            made_at=delivery.made_at,
            text=self._rendered(digest, delivery.key, "text"),
            html=self._rendered(digest, delivery.key, _LETTER),
        )

    async def _post(
        self, webhook: WebhookSettings, digest: DigestSettings, key: DeliveryKey
    ) -> DeliveryFailure | None:
        secret = self._secret(webhook.secret_env, webhook.secret_file)
        body = await asyncio.to_thread(self._rendered, digest, key, "json")
        return await deliver.post_webhook(self._stages.client, webhook, secret, key, body.encode())

    async def _run(
        self, command: CommandSettings, digest: DigestSettings, key: DeliveryKey
    ) -> DeliveryFailure | None:
        issue = await asyncio.to_thread(self._issue, digest, key)
        files = await asyncio.to_thread(publish.render, issue, command.format, self._templates())
        path = (self._home / digest.out / files[0].path).resolve()
        if not path.is_file():
            return DeliveryFailure(f"{path} is not there, the command has nothing to work on")
        return await deliver.run_command(command, key, path, self._home, self._environ)

    def _issue(self, digest: DigestSettings, key: DeliveryKey) -> publish.Issue:
        """The composed issue, once a round: fifty recipients get one and the same."""
        which = (digest, key.day, key.addendum)
        if which not in self._issues:
            stages = self._stages
            job = DigestJob(stages.grouper, self._home, stages.settings, digest, stages.clock.now())
            with open_reader(stages.store.path) as connection:
                edition = digests.load_edition(connection, key.topic, job.folder, key.day)
                if edition is None:
                    raise PublishError(f"the digest of {key.topic} on {key.day} is not in {job.folder}")
                self._issues[which] = frozen_issue(connection, edition, key.addendum)
        return self._issues[which]

    def _rendered(self, digest: DigestSettings, key: DeliveryKey, format_name: str) -> str:
        which = (digest, key.day, key.addendum, format_name)
        if which not in self._texts:
            issue, templates = self._issue(digest, key), self._templates()
            if format_name == _LETTER:
                self._texts[which] = publish.render_letter(issue, templates)
            else:
                self._texts[which] = publish.render(issue, format_name, templates)[0].text
        return self._texts[which]

    def _templates(self) -> Path | None:
        templates = self._home / TEMPLATES
        return templates if templates.is_dir() else None

    def _secret(self, variable: str, file: str) -> str | None:
        return deliver.read_secret(variable, file, self._home, self._environ)


def _log(delivery: Delivery) -> None:
    """One line for each attempt; an error only when nobody tries any more."""
    key = delivery.key
    line = (
        f"deliver topic={key.topic} day={key.day} addendum={key.addendum} channel={key.recipient.channel}"
        f" recipient={key.recipient.name} state={delivery.state} attempts={delivery.attempts}"
    )
    if delivery.state is DeliveryState.SENT:
        log.info("%s", line)
    elif delivery.state is DeliveryState.WAITING:
        log.warning("%s next=%s: %s", line, f"{delivery.next_try_at:%m-%dT%H:%MZ}", delivery.error)
    else:
        log.error("%s: %s", line, delivery.error)
