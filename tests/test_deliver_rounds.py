"""From a written digest through the outbox to everyone, once: with a real mail server, webhook and program."""

import asyncio
import json
import logging
import sqlite3
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import feedparser
import pytest

from aggregator.cli import run_command
from aggregator.clock import ManualClock
from aggregator.errors import StoreError
from aggregator.fetch import HttpClient
from aggregator.model import (
    Channel,
    Delivery,
    DeliveryState,
    DigestArticle,
    DigestDay,
    DigestStory,
    StoryStatus,
)
from aggregator.pipeline.delivery import DeliveryReport, deliver_due
from aggregator.pipeline.digests import make_digest
from aggregator.pipeline.local_grouper import LocalGrouper
from aggregator.pipeline.stages import Stages
from aggregator.settings import (
    CommandSettings,
    DigestSettings,
    EmailSettings,
    HttpSettings,
    MailSecurity,
    Settings,
    WebhookSettings,
)
from aggregator.store import Store, digests, open_reader, open_store, outbox
from tests.fault_server import FaultServer, Reply
from tests.test_deliver import Inbox, mail_server, only_for, parsed

NOW = datetime(2026, 1, 8, 6, 0, 30, tzinfo=UTC)
DAY = date(2026, 1, 7)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
COPY = "import os, shutil, sys; os.makedirs('copies', exist_ok=True); shutil.copy(sys.argv[1], 'copies')"


def story(number: int, headline: str) -> DigestStory:
    seen = datetime(2026, 1, 7, 9, number, tzinfo=UTC)
    articles = tuple(
        DigestArticle(headline, outlet, f"https://{outlet.lower()}.example/{number}", seen, seen)
        for outlet in ("Courier", "Pilot")
    )
    return DigestStory(number, headline, StoryStatus.NEW, articles, seen, seen, 2, 2)


def snapshot(day: date = DAY) -> DigestDay:
    headlines = ("Ferry line to Aldermoor resumes", "Old Quay bridge: <b>rebuilt</b>")
    stories = tuple(story(number, headline) for number, headline in enumerate(headlines, start=1))
    return DigestDay("ports", "Ports", day, "UTC", stories)


@dataclass
class Desk:
    """A home with a store in which days are frozen already, and a clock that is ours."""

    home: Path
    store: Store
    settings: Settings
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def configure(self, *more: DigestSettings, **changes: Any) -> None:
        first = replace(self.settings.digests[0], **changes)
        self.settings = replace(self.settings, digests=(first, *more))

    def freeze(self, day: date = DAY) -> None:
        self.store.write(lambda c: digests.save_snapshot(c, snapshot(day), self.clock.now()))

    def make(self, day: date = DAY, digest: DigestSettings | None = None) -> None:
        self.freeze(day)
        chosen = digest or self.settings.digests[0]
        make_digest(LocalGrouper(self.store), self.home, self.settings, chosen, day, self.clock.now())

    def round(self, store: Any = None, environ: dict[str, str] | None = None) -> DeliveryReport:
        return asyncio.run(self.round_task(store or self.store, environ or {}))

    async def round_task(self, store: Any, environ: dict[str, str]) -> DeliveryReport:
        nothing: Any = None  # the stages before the store have no part in this
        async with HttpClient(self.settings.http, clock=self.clock, ssl_context=NO_TLS) as client:
            stages = Stages(
                settings=self.settings,
                grouper=LocalGrouper(store),
                client=client,
                parser=nothing,
                politeness=nothing,
                resolver=nothing,
                clock=self.clock,
                rng=nothing,
                google_hosts=frozenset(),
            )
            return await deliver_due(stages, self.home, environ)

    def deliveries(self, day: date = DAY) -> list[Delivery]:
        with open_reader(self.store.path) as connection:
            return outbox.load_deliveries(connection, "ports", day)

    @property
    def states(self) -> list[str]:
        return [str(delivery.state) for delivery in self.deliveries()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_store(tmp_path / "aggregator.db") as store:
        digest = DigestSettings("ports", "Ports", formats=("markdown", "atom"), out="digests")
        yield Desk(
            tmp_path, store, Settings(http=HttpSettings(allow_private_addresses=True), digests=(digest,))
        )


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with mail_server(inbox) as port:
        yield port


def mailed(port: int, *names: str, **changes: Any) -> EmailSettings:
    to = tuple(f"{name}@readers.example" for name in names or ("ann", "ben"))
    settings = EmailSettings(to, "news@courier.example", "127.0.0.1", port=port, security=MailSecurity.NONE)
    return replace(settings, **changes)


def message_ids(inbox: Inbox) -> list[str]:
    parser = BytesParser(policy=policy.default)
    return [str(parser.parsebytes(envelope.content)["Message-ID"]) for envelope in inbox.taken]  # type: ignore[arg-type]


# --- queueing ------------------------------------------------------------------------------------------


def test_a_digest_is_queued_when_it_is_first_logged_whatever_writes_it(desk: Desk) -> None:
    desk.configure(email=mailed(25, "ann"))
    desk.make(digest=replace(desk.settings.digests[0], formats=("html",)))
    assert len(desk.deliveries()) == 1

    desk.configure(email=mailed(25, "ann", "ben"))
    desk.make()
    desk.make()
    assert [delivery.key.recipient.name for delivery in desk.deliveries()] == ["ann@readers.example"]


def test_two_digests_of_a_topic_have_their_own_recipients(desk: Desk) -> None:
    by_hook = DigestSettings(
        "ports", "Ports", out="other", webhook=WebhookSettings("https://hooks.example/1")
    )
    desk.configure(by_hook, email=mailed(25, "ann"))
    for digest in desk.settings.digests:
        desk.make(digest=digest)
    assert [delivery.key.recipient.channel for delivery in desk.deliveries()] == [
        Channel.EMAIL,
        Channel.WEBHOOK,
    ]


def test_who_gets_two_digests_of_a_topic_gets_both(desk: Desk, inbox: Inbox) -> None:
    with mail_server(inbox) as port:
        first = desk.settings.digests[0]
        german = replace(first, title="Häfen", language="de", out="german", email=mailed(port, "ann"))
        desk.configure(german, email=mailed(port, "ann"))
        for digest in desk.settings.digests:
            desk.make(digest=digest)

        assert desk.round() == DeliveryReport(sent=2)
    mails = [parsed(envelope.content) for envelope in inbox.taken]
    assert [mail["Subject"].partition(":")[0] for mail in mails] == ["Ports", "Häfen"]
    assert len({mail["Message-ID"] for mail in mails}) == 2


AGES = {"yesterday": (1, 1), "a week ago": (7, 1), "longer ago": (8, 0), "last year": (300, 0)}


@pytest.mark.parametrize(("days", "queued"), AGES.values(), ids=AGES.keys())
def test_old_news_are_not_sent(desk: Desk, days: int, queued: int) -> None:
    desk.configure(email=mailed(25, "ann"))
    day = NOW.date() - timedelta(days=days)
    desk.make(day)
    assert len(desk.deliveries(day)) == queued


# --- rounds --------------------------------------------------------------------------------------------


def test_everyone_gets_the_digest_once(desk: Desk, inbox: Inbox, port: int) -> None:
    with FaultServer() as server:
        server.answers["hook"] = Reply(200, (), b"")
        desk.configure(
            email=mailed(port),
            webhook=WebhookSettings(server.url("hook"), secret_env="HOOK_SECRET"),
            command=CommandSettings((sys.executable, "-c", COPY, "{path}"), format="markdown"),
        )
        desk.make()
        first = desk.round(environ={"HOOK_SECRET": "s3cret"})
        desk.clock.advance(timedelta(days=2))
        second = desk.round()
        (request,) = server.requests

    assert (first, second) == (DeliveryReport(sent=4), DeliveryReport())
    assert inbox.recipients == ["ann@readers.example", "ben@readers.example"]
    assert len(set(message_ids(inbox))) == 2
    assert json.loads(request.body)["topic"] == "ports"
    assert b"Old Quay bridge: <b>rebuilt</b>" in request.body
    assert "x-aggregator-signature" in request.headers
    assert (desk.home / "copies" / "2026-01-07-ports.md").read_bytes() == (
        desk.home / "digests" / "2026-01-07-ports.md"
    ).read_bytes()


def test_a_mail_says_what_the_digest_says(desk: Desk, inbox: Inbox, port: int) -> None:
    desk.configure(email=mailed(port, "ann"))
    desk.make()
    desk.clock.advance(timedelta(hours=5))
    desk.round()

    message = BytesParser(policy=policy.default).parsebytes(inbox.taken[0].content)  # type: ignore[arg-type]
    text, html = (part.get_content() for part in message.iter_parts())  # type: ignore[attr-defined]
    assert "Ports" in message["Subject"]
    assert message["Date"].datetime == NOW.replace(second=30)
    assert "Old Quay bridge: <b>rebuilt</b>" in text
    assert "Old Quay bridge: &lt;b&gt;rebuilt&lt;/b&gt;" in html
    assert "<script" not in html


class ForgetfulStore:
    """A store whose disk fails when a delivery is to be stored: what a crash after sending leaves behind."""

    def __init__(self, store: Store) -> None:
        self.path = store.path

    def submit(self, write: Callable[[sqlite3.Connection], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_exception(StoreError("nothing of this write was stored: disk I/O error"))
        return future


def test_a_crash_between_sending_and_storing_sends_again_under_the_same_id(
    desk: Desk, inbox: Inbox, port: int
) -> None:
    desk.configure(email=mailed(port))
    desk.make()
    with pytest.raises(StoreError):
        desk.round(ForgetfulStore(desk.store))
    assert desk.states == ["waiting", "waiting"]
    assert desk.round() == DeliveryReport(sent=2)
    assert desk.round() == DeliveryReport()

    ann_again, ann, ben = message_ids(inbox)
    assert inbox.recipients == [f"{name}@readers.example" for name in ("ann", "ann", "ben")]
    assert ann_again == ann != ben
    assert inbox.taken[0].content == inbox.taken[1].content


def test_being_stopped_in_the_middle_of_a_mail_stores_what_came_of_it(desk: Desk) -> None:
    arrived, stopped = threading.Event(), threading.Event()

    def hold(_: str) -> str | None:
        arrived.set()
        stopped.wait(60)
        return None

    async def stopped_round() -> None:
        task = asyncio.create_task(desk.round_task(desk.store, {}))
        await asyncio.to_thread(arrived.wait, 60)
        task.cancel()
        await asyncio.sleep(0)
        stopped.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    inbox = Inbox(to_mail=hold)
    with mail_server(inbox) as port:
        desk.configure(email=mailed(port))
        desk.make()
        asyncio.run(stopped_round())
        assert desk.states == ["sent", "waiting"]
        assert desk.round() == DeliveryReport(sent=1)
    assert inbox.recipients == ["ann@readers.example", "ben@readers.example"]


def test_a_server_that_is_down_gets_the_mails_later(
    desk: Desk, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="aggregator")
    with mail_server(Inbox()) as free_port:
        pass
    desk.configure(email=mailed(free_port))
    desk.make()
    assert desk.round() == DeliveryReport(waiting=2)
    assert (desk.home / "digests" / "2026-01-07-ports.md").is_file()
    assert "state=waiting attempts=1 next=01-08T06:05Z: mail server 127.0.0.1: " in caplog.text

    with mail_server(inbox) as port:
        desk.configure(email=mailed(port))
        assert desk.round() == DeliveryReport()
        desk.clock.advance(timedelta(minutes=5))
        assert desk.round() == DeliveryReport(sent=2)
    assert inbox.recipients == ["ann@readers.example", "ben@readers.example"]


def test_one_refused_address_is_final_and_the_other_is_served(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox(only_for("ann", "550 no such user"))
    with mail_server(inbox) as port:
        desk.configure(email=mailed(port))
        desk.make()
        assert desk.round() == DeliveryReport(sent=1, failed=1)
        desk.clock.advance(timedelta(days=1))
        assert desk.round() == DeliveryReport()
    assert inbox.recipients == ["ben@readers.example"]
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].endswith("ann@readers.example is refused: 550 no such user")


def test_it_is_given_up_after_three_days(desk: Desk) -> None:
    desk.configure(command=CommandSettings((sys.executable, "-c", "raise SystemExit(3)", "{path}")))
    desk.make()
    attempts = 0
    while desk.states == ["waiting"]:
        desk.round()
        attempts += 1
        desk.clock.advance(timedelta(hours=24))
    (delivery,) = desk.deliveries()
    assert delivery.state is DeliveryState.FAILED
    assert delivery.attempts <= attempts
    assert delivery.error is not None
    assert "in 3 days: command " in delivery.error


def test_who_is_taken_out_of_the_configuration_gets_nothing_more(desk: Desk, inbox: Inbox, port: int) -> None:
    desk.configure(email=mailed(port))
    desk.make()
    desk.configure(email=mailed(port, "ben"))
    assert desk.round() == DeliveryReport(sent=1, failed=1)
    assert inbox.recipients == ["ben@readers.example"]


def test_a_password_that_others_can_read_is_not_used(
    desk: Desk, inbox: Inbox, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = desk.home / "password"
    password.write_text("correct horse\n")
    password.chmod(0o644)
    desk.configure(email=mailed(port, "ann", user="courier", password_file="password"))
    desk.make()
    assert desk.round() == DeliveryReport(waiting=1)
    assert inbox.connections == 0
    assert "has mode 0644, others may read it" in (desk.deliveries()[0].error or "")

    password.chmod(0o600)
    desk.clock.advance(timedelta(minutes=5))
    desk.round()
    assert inbox.connections == 1
    assert "correct horse" not in caplog.text
    assert "correct horse" not in (desk.deliveries()[0].error or "")


def test_a_command_waits_for_a_file_that_is_not_there(desk: Desk) -> None:
    desk.configure(command=CommandSettings((sys.executable, "-c", COPY, "{path}"), format="markdown"))
    desk.make()
    (desk.home / "digests" / "2026-01-07-ports.md").unlink()
    assert desk.round() == DeliveryReport(waiting=1)
    desk.make()
    desk.clock.advance(timedelta(minutes=5))
    assert desk.round() == DeliveryReport(sent=1)


def test_a_broken_template_of_the_user_waits_to_be_put_right(desk: Desk, inbox: Inbox, port: int) -> None:
    templates = desk.home / "config" / "templates"
    templates.mkdir(parents=True)
    (templates / "mail.html").write_text("{% block %}")
    desk.configure(email=mailed(port, "ann"))
    desk.make()
    assert desk.round() == DeliveryReport(waiting=1)
    (templates / "mail.html").unlink()
    desk.clock.advance(timedelta(minutes=5))
    assert desk.round() == DeliveryReport(sent=1)
    assert inbox.recipients == ["ann@readers.example"]


# --- the feed that people subscribe to ---------------------------------------------------------------------


def test_the_newest_feed_has_an_address_that_stays(desk: Desk) -> None:
    desk.configure(formats=("atom", "jsonfeed", "markdown"))
    folder = desk.home / "digests"
    for day in (DAY - timedelta(days=1), DAY, DAY - timedelta(days=1), DAY - timedelta(days=2)):
        desk.make(day)

    assert (folder / "ports.atom").read_bytes() == (folder / "2026-01-07-ports.atom").read_bytes()
    assert (folder / "ports.feed.json").read_bytes() == (folder / "2026-01-07-ports.feed.json").read_bytes()
    assert not (folder / "ports.md").exists()
    assert len(feedparser.parse((folder / "ports.atom").read_bytes()).entries) == 2
    with open_reader(desk.store.path) as connection:
        logged = {row["path"] for row in connection.execute("SELECT path FROM digest_log")}
    assert len(logged) == 9
    assert "digests/ports.atom" not in logged


def test_feeds_of_other_topics_and_addenda_do_not_count(desk: Desk) -> None:
    folder = desk.home / "digests"
    folder.mkdir()
    for name in ("2026-02-01-sea-ports.atom", "2026-02-01-ports-addendum.atom", "ports.atom.old"):
        (folder / name).write_text("another")
    desk.make()
    assert (folder / "ports.atom").read_bytes() == (folder / "2026-01-07-ports.atom").read_bytes()


# --- by hand, from cron ------------------------------------------------------------------------------------

BY_HAND = """
[store]
path = "aggregator.db"
[[feeds]]
name = "Ports"
topic = "ports"
url = "https://courier.example/feed"
[[digests]]
topic = "ports"
out = "digests"
email = {{ to = ["ann@readers.example"], sender = "news@courier.example", server = "127.0.0.1", port = {port}, security = "none" }}
"""


def deliver_by_hand(desk: Desk, port: int) -> int:
    (desk.home / "aggregator.toml").write_text(BY_HAND.format(port=port))
    desk.store.close()
    return run_command(["--home", str(desk.home), "--config", "aggregator.toml", "deliver"])


def test_deliver_sends_what_waits_and_says_so(
    desk: Desk, inbox: Inbox, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.configure(email=mailed(port, "ann"))
    desk.make()
    desk.make(DAY - timedelta(days=1))

    assert deliver_by_hand(desk, port) == 0
    assert deliver_by_hand(desk, port) == 0
    assert capsys.readouterr().out.splitlines() == [
        "deliveries sent=2 waiting=0 failed=0",
        "deliveries sent=0 waiting=0 failed=0",
    ]
    assert inbox.recipients == ["ann@readers.example"] * 2


def test_deliver_fails_when_something_was_not_taken(desk: Desk, inbox: Inbox, port: int) -> None:
    inbox = Inbox(only_for("ann", "451 come back later"))
    desk.configure(email=mailed(port, "ann"))
    desk.make()
    with mail_server(inbox) as refusing:
        assert deliver_by_hand(desk, refusing) == 1
