"""One attempt to deliver: mails to a real server, posts to a real one, real programs, and what follows."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from hypothesis import given
from hypothesis import strategies as st

from aggregator.clock import SystemClock
from aggregator.deliver import (
    MailSession,
    after_attempt,
    compose_mail,
    delivery_hash,
    digest_for,
    message_id,
    post_webhook,
    read_secret,
    recipients_of,
    run_command,
)
from aggregator.errors import SecretError
from aggregator.fetch import HttpClient
from aggregator.model import (
    Channel,
    Delivery,
    DeliveryFailure,
    DeliveryKey,
    DeliveryState,
    Recipient,
)
from aggregator.settings import (
    CommandSettings,
    DigestSettings,
    EmailSettings,
    HttpSettings,
    MailSecurity,
    WebhookSettings,
)
from tests.fault_server import FaultServer, Reply

NOW = datetime(2026, 1, 8, 6, 0, tzinfo=UTC)
DAY = date(2026, 1, 7)
TLS = Path(__file__).parent / "tls"
TRUSTING = ssl.create_default_context(cafile=TLS / "authority.pem")
SENDER = "news@courier.example"
PASSWORD = "correct horse"


def key_for(name: str, channel: Channel = Channel.EMAIL, *, addendum: int = 0) -> DeliveryKey:
    return DeliveryKey("ports", "digests", DAY, addendum, Recipient(channel, name))


ANN = key_for("ann@readers.example")


def mail_for(key: DeliveryKey = ANN, **changes: Any) -> bytes:
    values = {
        "sender": SENDER,
        "name": "Ports",
        "subject": "Ports – Wednesday, 7 January 2026",
        "made_at": NOW,
        "text": "Ferry line to Aldermoor resumes\n",
        "html": "<p>Ferry line to Aldermoor resumes</p>\n",
    }
    return compose_mail(key, **(values | changes))


def parsed(mail: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(mail)
    assert isinstance(message, EmailMessage)
    return message


# --- what follows from an attempt --------------------------------------------------------------------

WAITING = Delivery(ANN, made_at=NOW, queued_at=NOW, next_try_at=NOW)
LATER = DeliveryFailure("mail server mail.example: 451 later")
NEVER = DeliveryFailure("mail server mail.example: ann@readers.example is refused: 550", is_final=True)

ATTEMPTS: dict[str, tuple[int, timedelta, DeliveryFailure | None, DeliveryState, timedelta | None]] = {
    # attempts before, time since queueing, failure → state, wait
    "delivered": (0, timedelta(0), None, DeliveryState.SENT, None),
    "first failure": (0, timedelta(0), LATER, DeliveryState.WAITING, timedelta(minutes=5)),
    "fourth failure": (3, timedelta(hours=1), LATER, DeliveryState.WAITING, timedelta(minutes=40)),
    "at most a day": (9, timedelta(hours=2), LATER, DeliveryState.WAITING, timedelta(days=1)),
    "no overflow": (9_999, timedelta(hours=2), LATER, DeliveryState.WAITING, timedelta(days=1)),
    "not beyond the third day": (9, timedelta(hours=60), LATER, DeliveryState.WAITING, timedelta(hours=12)),
    "nor in a hurry": (9, timedelta(hours=71.99), LATER, DeliveryState.WAITING, timedelta(minutes=5)),
    "the third day is the end": (9, timedelta(days=3), LATER, DeliveryState.FAILED, None),
    "refused for good": (0, timedelta(0), NEVER, DeliveryState.FAILED, None),
    "delivered after all": (9, timedelta(days=5), None, DeliveryState.SENT, None),
}


@pytest.mark.parametrize(
    ("before", "since", "failure", "state", "wait"), ATTEMPTS.values(), ids=ATTEMPTS.keys()
)
def test_after_attempt(
    before: int,
    since: timedelta,
    failure: DeliveryFailure | None,
    state: DeliveryState,
    wait: timedelta | None,
) -> None:
    now = NOW + since
    after = after_attempt(replace(WAITING, attempts=before), failure, now)

    assert (after.state, after.attempts) == (state, before + 1)
    assert after.next_try_at == (None if wait is None else now + wait)
    assert (after.error is None) == (failure is None)


def test_giving_up_is_said() -> None:
    after = after_attempt(replace(WAITING, attempts=10), LATER, NOW + timedelta(days=3))
    assert after.error == "given up after 11 attempts in 3 days: mail server mail.example: 451 later"


@given(st.integers(1, 600))
def test_every_failing_delivery_ends_on_the_third_day(tick_minutes: int) -> None:
    """However rarely the daemon looks."""
    delivery, now, attempts = WAITING, NOW, 0
    while delivery.state is DeliveryState.WAITING:
        now += timedelta(minutes=tick_minutes)
        if delivery.next_try_at is not None and delivery.next_try_at <= now:
            delivery, attempts = after_attempt(delivery, LATER, now), attempts + 1
    assert delivery.state is DeliveryState.FAILED
    assert 4 <= attempts <= 13
    assert now - NOW <= timedelta(days=3, minutes=2 * 600)


# --- recipients ----------------------------------------------------------------------------------------

DIGEST = DigestSettings(
    "ports",
    "Ports",
    email=EmailSettings(to=("ann@readers.example", "ben@readers.example"), sender=SENDER),
    webhook=WebhookSettings("https://hooks.example/services/T0P/s3cret"),
    command=CommandSettings(("/usr/local/bin/post", "--token", "s3cret", "{path}")),
)


def test_recipients_are_named_without_secrets() -> None:
    names = [(str(to.channel), to.name) for to in recipients_of(DIGEST)]

    assert names[:2] == [("email", "ann@readers.example"), ("email", "ben@readers.example")]
    assert [name.split(" #")[0] for _, name in names[2:]] == ["hooks.example", "post"]
    assert not any("s3cret" in name for _, name in names)


def test_a_recipient_finds_his_digest_or_none() -> None:
    other = DigestSettings("ports", "Ports, again", out="elsewhere")
    moved = replace(DIGEST, webhook=WebhookSettings("https://hooks.example/services/T0P/another"))
    for recipient in recipients_of(DIGEST):
        key = DeliveryKey("ports", "digests", DAY, 0, recipient)
        assert digest_for([other, DIGEST], key) == DIGEST
        assert digest_for([other], key) is None
        assert digest_for([replace(DIGEST, topic="sea")], key) is None
        assert (digest_for([moved], key) is None) == (recipient.channel is Channel.WEBHOOK)


# --- mail ----------------------------------------------------------------------------------------------


def test_a_mail_has_text_and_html_and_is_the_same_every_time() -> None:
    message = parsed(mail_for())

    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Date"].datetime == NOW
    assert message["From"].addresses[0].display_name == "Ports"
    assert message["Message-ID"] == message_id(ANN, SENDER)
    assert message_id(ANN, SENDER).endswith("@courier.example>")
    assert mail_for() == mail_for()


ENCODINGS = {
    "latin": ("Ferry line to Åldermoor resumes " * 40, "quoted-printable"),
    "cyrillic": ("порти та пороми " * 40, "base64"),
    "empty": ("", "quoted-printable"),
}


@pytest.mark.parametrize(("text", "encoding"), ENCODINGS.values(), ids=ENCODINGS.keys())
def test_a_part_has_the_shorter_encoding(text: str, encoding: str) -> None:
    part = next(parsed(mail_for(text=f"{text}\n")).iter_parts())
    assert part["Content-Transfer-Encoding"] == encoding
    assert part.get_content().split() == text.split()  # type: ignore[attr-defined]


OTHERS = {
    "another recipient": replace(ANN, recipient=Recipient(Channel.EMAIL, "ben@readers.example")),
    "another day": replace(ANN, day=date(2026, 1, 8)),
    "another topic": replace(ANN, topic="sea"),
    "another folder": replace(ANN, folder="german"),
    "an addendum": replace(ANN, addendum=1),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_a_message_id_belongs_to_one_delivery(other: DeliveryKey) -> None:
    assert message_id(other, SENDER) != message_id(ANN, SENDER)


def test_an_addendum_answers_its_digest() -> None:
    message = parsed(mail_for(replace(ANN, addendum=1)))
    assert message["In-Reply-To"] == message["References"] == message_id(ANN, SENDER)


HOSTILE = {
    "a header of its own": ("Ports\r\nBcc: eve@evil.example", "Ports Bcc: eve@evil.example"),
    "a body of its own": ("Ports\r\n\r\n<script>", "Ports <script>"),
    "NUL and escape": ("Po\x00rts\x1b[31m", "Po rts [31m"),
    "a lone surrogate": ("Ports \ud800 news", "Ports news"),
    "line separators": ("Ports\u2028and\u0085ferries", "Ports and ferries"),
    "a bidi override": ("Ports \u202eswen", "Ports swen"),
    "encoded words": ("=?utf-8?q?Bcc=3A?= eve", "= ?utf-8?q?Bcc=3A?= eve"),
    "many scripts": ("Häfen, порти и 港口 “Ports” 🚢", "Häfen, порти и 港口 “Ports” 🚢"),
    "very long": ("порти " * 200, ("порти " * 200)[:200].rstrip()),
}


@pytest.mark.parametrize(("title", "shown"), HOSTILE.values(), ids=HOSTILE.keys())
def test_no_title_makes_a_header(title: str, shown: str) -> None:
    mail = mail_for(subject=title, name=title)
    message = parsed(mail)
    assert message["Subject"] == shown
    assert message["Bcc"] is None
    assert [address.addr_spec for address in message["From"].addresses] == [SENDER]
    assert all(len(line) <= 998 for line in mail.splitlines())
    assert mail.isascii()


@given(st.text(), st.text(), st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_mail_reads_back(title: str, name: str, text: str) -> None:
    message = parsed(mail_for(subject=title, name=name, text=f"{text}\n"))
    assert {field.lower() for field in message} == {
        *("message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type")
    }


WORDS = st.sampled_from(
    ["Fähre", "nach", "Aldermoor", "пороми", "та", "порти", "港口", "Où", "1 407", "–", "“x”", "a" * 60]
)


@given(st.lists(WORDS, min_size=1, max_size=25).map(" ".join))
def test_a_long_header_in_any_script_keeps_its_spaces(words: str) -> None:
    mail = mail_for(subject=words, name=words)
    assert parsed(mail)["Subject"] == words[:200].rstrip()
    # The parser of `policy.default` keeps the space between two encoded words of a name, which means nothing.
    sender, _ = parseaddr(BytesParser(policy=policy.compat32).parsebytes(mail, headersonly=True)["From"])
    assert str(make_header(decode_header(sender))) == words[:200].rstrip()


# --- SMTP ----------------------------------------------------------------------------------------------

Answer = Callable[[str], str | None]


class Inbox:
    """A mail server's conscience: keeps what it takes, answers what the test wants."""

    def __init__(self, to_recipient: Answer = lambda _: None, to_mail: Answer = lambda _: None) -> None:
        self.taken: list[Envelope] = []
        self.connections = 0
        self._to_recipient = to_recipient
        self._to_mail = to_mail

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self._to_recipient(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if answer := self._to_mail(envelope.rcpt_tos[0]):
            return answer
        self.taken.append(envelope)
        return "250 taken"

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    @property
    def recipients(self) -> list[str]:
        return [envelope.rcpt_tos[0] for envelope in self.taken]


class MailServer(Controller):
    """On a free port; the library takes 0 for the real one when it tries whether it listens."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def mail_server(inbox: Inbox, **options: Any) -> Iterator[int]:
    """A server with this inbox on loopback; its port."""
    controller = MailServer(inbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def plain(port: int, **changes: Any) -> EmailSettings:
    values = {"to": ("ann@readers.example",), "sender": SENDER, "server": "127.0.0.1", "port": port}
    return EmailSettings(**(values | {"security": MailSecurity.NONE} | changes))


def send_all(session: MailSession, *names: str) -> list[DeliveryFailure | None]:
    try:
        return [
            session.send(f"{name}@readers.example", mail_for(key_for(f"{name}@readers.example")))
            for name in names
        ]
    finally:
        session.close()


def test_mails_of_a_round_go_through_one_connection_each_to_its_own() -> None:
    inbox = Inbox()
    with mail_server(inbox) as port:
        assert send_all(MailSession(plain(port), None), "ann", "ben", "eva") == [None] * 3

    assert inbox.recipients == [f"{name}@readers.example" for name in ("ann", "ben", "eva")]
    assert inbox.connections == 1
    assert [parsed(envelope.content)["To"] for envelope in inbox.taken] == inbox.recipients  # type: ignore[arg-type]


def test_a_dot_at_the_start_of_a_line_arrives() -> None:
    inbox = Inbox()
    with mail_server(inbox) as port:
        session = MailSession(plain(port), None)
        session.send("ann@readers.example", mail_for(text=".\n.hidden\nend\n"))
        session.close()
    (envelope,) = inbox.taken
    text = next(parsed(envelope.content).iter_parts())  # type: ignore[arg-type]
    assert text.get_content().splitlines() == [".", ".hidden", "end"]


def only_for(name: str, answer: str) -> Answer:
    return lambda address: answer if address.startswith(name) else None


REFUSALS: dict[str, tuple[Inbox, bool, str]] = {
    "an unknown mailbox is final": (Inbox(only_for("ben", "550 no such user")), True, "550 no such user"),
    "greylisting is not": (Inbox(only_for("ben", "451 come back later")), False, "451 come back later"),
    "nor a missing login": (Inbox(only_for("ben", "530 log in first")), False, "530 log in first"),
    "a server that hangs up": (Inbox(only_for("ben", "421 too many")), False, "421 too many"),
    "a mail that is not taken": (Inbox(to_mail=only_for("ben", "554 looks like spam")), False, "554"),
}


@pytest.mark.parametrize(("inbox", "is_final", "words"), REFUSALS.values(), ids=REFUSALS.keys())
def test_one_refused_recipient_leaves_the_others(inbox: Inbox, is_final: bool, words: str) -> None:
    with mail_server(inbox) as port:
        before, refused, after = send_all(MailSession(plain(port), None), "ann", "ben", "eva")

    assert (before, after) == (None, None)
    assert refused is not None
    assert refused.is_final is is_final
    assert words in refused.message
    assert inbox.recipients == ["ann@readers.example", "eva@readers.example"]


def server_tls(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}.pem")
    return context


def log_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


LOGIN = {"authenticator": log_in, "auth_required": True, "auth_require_tls": True}


def starttls_options(certificate: str = "trusted") -> dict[str, Any]:
    return {"tls_context": server_tls(certificate), "require_starttls": True, **LOGIN}


def test_a_password_goes_over_starttls() -> None:
    inbox = Inbox()
    with mail_server(inbox, **starttls_options()) as port:
        settings = plain(port, security=MailSecurity.STARTTLS, user="courier")
        assert send_all(MailSession(settings, PASSWORD, tls=TRUSTING), "ann") == [None]
    assert inbox.recipients == ["ann@readers.example"]


def test_tls_from_the_first_byte() -> None:
    inbox = Inbox()
    with mail_server(inbox, ssl_context=server_tls("trusted")) as port:
        settings = plain(port, security=MailSecurity.TLS)
        assert send_all(MailSession(settings, None, tls=TRUSTING), "ann") == [None]
    assert inbox.recipients == ["ann@readers.example"]


UNSAFE: dict[str, tuple[dict[str, Any], str, str]] = {
    "a wrong password": (starttls_options(), "wrong horse", "535"),
    "a certificate for another name": (starttls_options("wrong-name"), PASSWORD, "certificate"),
    "an expired certificate": (starttls_options("expired"), PASSWORD, "certificate"),
    "no STARTTLS at all": ({}, PASSWORD, "STARTTLS"),
}


@pytest.mark.parametrize(("options", "password", "words"), UNSAFE.values(), ids=UNSAFE.keys())
def test_a_round_fails_at_once_without_a_safe_connection(
    options: dict[str, Any], password: str, words: str
) -> None:
    inbox = Inbox()
    with mail_server(inbox, **options) as port:
        settings = plain(port, security=MailSecurity.STARTTLS, user="courier")
        failures = send_all(MailSession(settings, password, tls=TRUSTING), "ann", "ben")

    assert len(set(failures)) == 1
    (failure, _) = failures
    assert failure is not None
    assert not failure.is_final
    assert words in failure.message
    assert password not in failure.message
    assert inbox.taken == []
    assert inbox.connections <= 2  # EHLO once more after STARTTLS


def test_a_server_that_is_down_is_asked_once_a_round() -> None:
    with mail_server(Inbox()) as port:
        pass
    first, second = send_all(MailSession(plain(port), None), "ann", "ben")
    assert first is second
    assert first is not None
    assert first.message.startswith("mail server 127.0.0.1: ")


def test_a_password_that_a_server_repeats_is_not_told() -> None:
    inbox = Inbox(to_mail=lambda _: f"554 who is {PASSWORD}?")
    with mail_server(inbox) as port:
        (failure,) = send_all(MailSession(plain(port), PASSWORD), "ann")
    assert failure is not None
    assert failure.message == "mail server 127.0.0.1: 554 who is ***?"


# --- webhook -------------------------------------------------------------------------------------------

HOOK = key_for("127.0.0.1 #0a1b2c3d", Channel.WEBHOOK)
BODY = '{"title": "Häfen"}'.encode()


def post(url: str, secret: str | None = None, *, private: bool = True) -> DeliveryFailure | None:
    async def run() -> DeliveryFailure | None:
        settings = HttpSettings(allow_private_addresses=private, total_timeout_seconds=5)
        async with HttpClient(settings, clock=SystemClock()) as client:
            return await post_webhook(client, WebhookSettings(url), secret, HOOK, BODY)

    return asyncio.run(run())


def test_a_post_is_signed_and_can_be_told_from_its_repetition() -> None:
    with FaultServer() as server:
        server.answers["hook"] = Reply(204, (), b"")
        assert [post(server.url("hook"), "s3cret") for _ in range(2)] == [None, None]
        first, second = server.requests

    assert (first.method, first.body, first.headers["content-type"]) == ("POST", BODY, "application/json")
    expected = hmac.new(b"s3cret", BODY, hashlib.sha256).hexdigest()
    assert first.headers["x-aggregator-signature"] == f"sha256={expected}"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == delivery_hash(HOOK)


def test_without_a_secret_there_is_no_signature() -> None:
    with FaultServer() as server:
        server.answers["hook"] = Reply(200, (), b"thanks")
        assert post(server.url("hook")) is None
        assert "x-aggregator-signature" not in server.requests[0].headers


HOOKS: dict[str, tuple[str, dict[str, object], str | None]] = {
    "any 2xx is a success": ("status", {"code": 202}, None),
    "so is one with an endless body": ("endless-body", {}, None),
    "so is one that is cut": ("short-length", {}, None),
    "a server's error": ("status", {"code": 500}, "HTTP 500"),
    "a client's error": ("status", {"code": 404}, "HTTP 404"),
    "a redirect is not followed": ("redirect", {"to": "/feed"}, "HTTP 302"),
    "a reset": ("reset", {}, ""),
    "garbage": ("garbage", {}, "protocol"),
}


@pytest.mark.parametrize(("fault", "query", "words"), HOOKS.values(), ids=HOOKS.keys())
def test_what_a_webhook_answers(fault: str, query: Mapping[str, object], words: str | None) -> None:
    with FaultServer() as server:
        failure = post(server.url(fault, **query, token="s3cret"))
        assert (failure is None) == (words is None)
        if failure is not None and words is not None:
            assert failure.message.startswith("webhook at 127.0.0.1: ")
            assert words in failure.message
            assert "s3cret" not in failure.message
            assert not failure.is_final


def test_a_private_address_is_not_posted_to_unless_allowed() -> None:
    with FaultServer() as server:
        failure = post(server.url("hook"), private=False)
        assert server.connections == 0
    assert failure == DeliveryFailure("webhook at 127.0.0.1: blocked-address")


# --- command -------------------------------------------------------------------------------------------

PROGRAM = key_for("python #0a1b2c3d", Channel.COMMAND)


def run(
    tmp_path: Path,
    *words: str,
    key: DeliveryKey = PROGRAM,
    timeout_seconds: float = 20.0,
    environ: Mapping[str, str] | None = None,
) -> DeliveryFailure | None:
    settings = CommandSettings(words, timeout_seconds=timeout_seconds)
    path = tmp_path / "digests" / "2026-01-07-ports.md"
    return asyncio.run(run_command(settings, key, path, tmp_path, environ or os.environ))


WRITE = (
    "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ), sys.stdin.read()], open('out', 'w'))"
)


def test_placeholders_are_filled_into_single_arguments(tmp_path: Path) -> None:
    topic = "a {path} $(id) `id`; 'ports' *"
    key = replace(PROGRAM, topic=topic)
    words = ("--to={day}", "{topic}", "{path}", "{format}", "{other}", "{day.year}")
    environ = {"PATH": os.environ["PATH"], "SMTP_PASSWORD": PASSWORD, "LANG": "C.UTF-8"}

    assert run(tmp_path, sys.executable, "-I", "-c", WRITE, *words, key=key, environ=environ) is None

    arguments, seen, stdin = json.loads((tmp_path / "out").read_text())
    path = str(tmp_path / "digests" / "2026-01-07-ports.md")
    assert arguments == ["--to=2026-01-07", topic, path, "markdown", "{other}", "{day.year}"]
    assert stdin == ""
    assert {"SMTP_PASSWORD"} & set(seen) == set()
    assert PASSWORD not in seen.values()


PROGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "a status": (
        (sys.executable, "-c", "import sys; sys.exit('no\\x1b[31m disk')"),
        "ended with status 1: no [31m disk",
    ),
    "a signal": (
        (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"),
        f"ended with signal {int(signal.SIGKILL)}",
    ),
    "no such program": (("no-such-program-here",), "cannot be started: No such file or directory"),
    "a folder": (("/",), "cannot be started: Permission denied"),
}


@pytest.mark.parametrize(("words", "message"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_program_that_fails(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    assert run(tmp_path, *words) == DeliveryFailure(f"command {words[0]} {message}")


FAMILY = "sleep 600 & echo $! > child; wait"  # a shell: it has its child long before its time is up


def is_running(process_id: int) -> bool:
    with suppress(FileNotFoundError):
        status = Path(f"/proc/{process_id}/stat").read_text()
        return status.rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_program_is_ended_with_its_children(tmp_path: Path) -> None:
    failure = run(tmp_path, "sh", "-c", FAMILY, timeout_seconds=1.5)

    assert failure == DeliveryFailure("command sh was ended after 1.5 seconds")
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 60
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(child)


# --- secrets -------------------------------------------------------------------------------------------


def secret_file(folder: Path, content: bytes = PASSWORD.encode() + b"\n", mode: int = 0o600) -> str:
    path = folder / "password"
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def test_a_secret_is_read_from_where_the_configuration_says(tmp_path: Path) -> None:
    secret_file(tmp_path)
    assert read_secret("", "", tmp_path, {}) is None
    assert read_secret("MAIL_PASSWORD", "", tmp_path, {"MAIL_PASSWORD": PASSWORD}) == PASSWORD
    assert read_secret("", "password", tmp_path, {}) == PASSWORD


LOOSE = {"group may read": 0o640, "all may read": 0o644, "others may write": 0o602, "others may enter": 0o601}


@pytest.mark.parametrize("mode", LOOSE.values(), ids=LOOSE.keys())
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path, mode=mode)
    with pytest.raises(SecretError, match=rf"password has mode {mode:04o}, .*chmod 600") as refusal:
        read_secret("", file, tmp_path, {})
    assert PASSWORD not in str(refusal.value)


def test_credentials_of_the_service_manager_may_carry_a_group_bit(tmp_path: Path) -> None:
    file = secret_file(tmp_path, mode=0o440)
    assert read_secret("", file, Path("/"), {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == PASSWORD
    with pytest.raises(SecretError):
        read_secret("", file, Path("/"), {"CREDENTIALS_DIRECTORY": str(tmp_path / "other")})


MISSING: dict[str, tuple[str, Callable[[Path], str], str]] = {
    "no variable": ("MAIL_PASSWORD", lambda _: "", "the environment variable MAIL_PASSWORD is not set"),
    "no file": ("", lambda folder: str(folder / "none"), "none cannot be read: No such file or directory"),
    "a folder": ("", str, "Is a directory"),
    "an empty file": ("", lambda folder: secret_file(folder, b"\n"), "password is empty"),
    "bytes": ("", lambda folder: secret_file(folder, b"\xff\xfe"), "password is not text in UTF-8"),
}


@pytest.mark.parametrize(("variable", "file", "words"), MISSING.values(), ids=MISSING.keys())
def test_a_secret_that_is_not_there(
    tmp_path: Path, variable: str, file: Callable[[Path], str], words: str
) -> None:
    with pytest.raises(SecretError, match=words):
        read_secret(variable, file(tmp_path), tmp_path, {})


def test_a_pipe_in_place_of_a_secret_does_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SecretError, match="no ordinary file"):
        read_secret("", "pipe", tmp_path, {})
