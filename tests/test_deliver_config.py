"""The keys that say whom a digest is delivered to."""

import dataclasses

import pytest

from aggregator.config import parse_settings
from aggregator.config.keys import COMMAND, EMAIL, WEBHOOK, Section
from aggregator.errors import ConfigError
from aggregator.settings import (
    CommandSettings,
    DigestSettings,
    EmailSettings,
    MailSecurity,
    WebhookSettings,
)

FEED = '[[feeds]]\nname = "Pilot"\ntopic = "ports"\nurl = "https://pilot.example/feed"\n'
DIGEST = '[[digests]]\ntopic = "ports"\nformats = ["html", "json"]\n'


def digest_with(line: str) -> DigestSettings:
    return parse_settings(FEED + DIGEST + line).digests[0]


def problems_of(line: str) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        digest_with(line)
    return [str(problem).replace(" (line 8)", "") for problem in refusal.value.problems]


def test_a_digest_goes_nowhere_by_default() -> None:
    digest = digest_with("")
    assert (digest.email, digest.webhook, digest.command) == (None, None, None)


def test_mail_with_the_least_there_is_to_say() -> None:
    digest = digest_with('email = { to = ["ann@readers.example"], sender = "news@courier.example" }')
    assert digest.email == EmailSettings(("ann@readers.example",), "news@courier.example")
    assert (digest.email.server, digest.email.port, digest.email.security.port) == ("localhost", None, 587)


def test_mail_webhook_and_command_in_full() -> None:
    digest = digest_with(
        """
[digests.email]
to = ["ann@readers.example", "o'hara+news@sub.readers.example"]
sender = "news@courier.example"
server = "mail.courier.example"
port = 2465
security = "tls"
user = "courier"
password_file = "secrets/mail"

[digests.webhook]
url = "https://hooks.example/services/T0P?thread=1"
secret_env = "HOOK_SECRET"

[digests.command]
run = ["rsync", "-a", "{path}", "web:/srv/{topic}/{day}.{format}", ""]
format = "json"
timeout_seconds = 5
"""
    )
    assert digest.email == EmailSettings(
        to=("ann@readers.example", "o'hara+news@sub.readers.example"),
        sender="news@courier.example",
        server="mail.courier.example",
        port=2465,
        security=MailSecurity.TLS,
        user="courier",
        password_file="secrets/mail",
    )
    assert digest.webhook == WebhookSettings("https://hooks.example/services/T0P?thread=1", "HOOK_SECRET")
    assert digest.command == CommandSettings(
        ("rsync", "-a", "{path}", "web:/srv/{topic}/{day}.{format}", ""), "json", 5.0
    )


def test_a_command_gets_the_first_format_if_none_is_named() -> None:
    assert digest_with('command = { run = ["true"] }').command == CommandSettings(("true",), "html")
    plain = parse_settings(FEED + '[[digests]]\ntopic = "ports"\ncommand = { run = ["true"] }').digests[0]
    assert plain.command == CommandSettings(("true",), "markdown")


MAIL = 'email = {{ to = ["a@b.example"], sender = "c@d.example", {} }}'
LOGIN = "allowed: user with either password_env or password_file, or none of them"
REFUSED: dict[str, tuple[str, list[str]]] = {
    "mail to nobody": (
        'email = { to = [], sender = "a@b.example" }',
        ["digests[1].email.to: found an array of 0; allowed: an array of one or more mail addresses"],
    ),
    "mail to somebody twice": (
        'email = { to = ["a@b.example", "A@B.example"], sender = "a@b.example" }',
        [
            "digests[1].email.to: found an array of 2 (one of them twice); allowed: an array of one or more mail addresses"
        ],
    ),
    "an address with a header in it": (
        'email = { to = ["a@b.example\\nBcc: eve@b.example"], sender = "a@b.example" }',
        [
            'digests[1].email.to: found an array of 1 ("a@b.example\\nBcc: eve@b.example" is none); allowed: an array of one or more mail addresses'
        ],
    ),
    "an address that is a name": (
        'email = { to = ["a@b.example"], sender = "Courier <news@courier.example>" }',
        [
            'digests[1].email.sender: found "Courier <news@courier.example>"; allowed: a mail address such as "news@example.org"'
        ],
    ),
    "a password in the file": (
        MAIL.format('password = "correct horse"'),
        [
            "digests[1].email.password: found an unknown key (did you mean password_env?); allowed: to, sender, server, port, security, user, password_env, password_file"
        ],
    ),
    "a login without a password": (
        MAIL.format('user = "courier"'),
        [f"digests[1].email: found user; {LOGIN}"],
    ),
    "a password without a login": (
        MAIL.format('password_env = "MAIL"'),
        [f"digests[1].email: found password_env; {LOGIN}"],
    ),
    "two passwords": (
        MAIL.format('user = "courier", password_env = "MAIL", password_file = "mail"'),
        [f"digests[1].email: found user and password_env and password_file; {LOGIN}"],
    ),
    "two passwords without a login": (
        MAIL.format('password_env = "MAIL", password_file = "mail"'),
        [f"digests[1].email: found password_env and password_file; {LOGIN}"],
    ),
    "a password in clear text": (
        MAIL.format('server = "mail.b.example", security = "none", user = "courier", password_env = "MAIL"'),
        [
            'digests[1].email.security: found "none"; allowed: "starttls" or "tls" where a password is sent to another machine'
        ],
    ),
    "a variable that is none": (
        MAIL.format('user = "courier", password_env = "$MAIL"'),
        [
            'digests[1].email.password_env: found "$MAIL"; allowed: the name of an environment variable',
        ],
    ),
    "a server that is a URL": (
        MAIL.format('server = "smtp://mail.example"'),
        [
            'digests[1].email.server: found "smtp://mail.example"; allowed: the name or address of a machine',
        ],
    ),
    "a webhook without its address": (
        'webhook = { secret_env = "HOOK" }',
        [
            "digests[1].webhook.url: found nothing; allowed: an http or https URL of at most 2,048 characters",
        ],
    ),
    "a webhook with two secrets": (
        'webhook = { url = "https://hooks.example/", secret_env = "HOOK", secret_file = "hook" }',
        ["digests[1].webhook: found secret_env and secret_file; allowed: one of them"],
    ),
    "a webhook that is a file": (
        'webhook = { url = "file:///etc/passwd" }',
        [
            'digests[1].webhook.url: found "file:///etc/passwd" (its scheme is file); allowed: an http or https URL of at most 2,048 characters'
        ],
    ),
    "a command for a shell": (
        'command = { run = "cp {path} /srv" }',
        [
            'digests[1].command.run: found "cp {path} /srv"; allowed: an array of a program and its arguments, as in ["cp", "{path}", "/srv/news"]'
        ],
    ),
    "a command with something that is not filled in": (
        'command = { run = ["cp", "{paht}"] }',
        [
            'digests[1].command.run: found an array of 2 (nothing is filled in for {paht}); allowed: an array of a program and its arguments, as in ["cp", "{path}", "/srv/news"]'
        ],
    ),
    "a command named by a topic": (
        'command = { run = ["{topic}"] }',
        [
            'digests[1].command.run: found an array of 1 (the program itself must be named); allowed: an array of a program and its arguments, as in ["cp", "{path}", "/srv/news"]'
        ],
    ),
    "a command for a format that is not written": (
        'command = { run = ["true"], format = "epub" }',
        ['digests[1].command.format: found "epub"; allowed: a format of the digest: html, json'],
    ),
}


@pytest.mark.parametrize(("line", "problems"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(line: str, problems: list[str]) -> None:
    assert [problem.replace(" (line 5)", "") for problem in problems_of(line)] == problems


@pytest.mark.parametrize(
    ("section", "settings"),
    [(EMAIL, EmailSettings), (WEBHOOK, WebhookSettings), (COMMAND, CommandSettings)],
    ids=["email", "webhook", "command"],
)
def test_every_setting_has_a_key(section: Section, settings: type) -> None:
    assert {key.name for key in section.keys} == {field.name for field in dataclasses.fields(settings)}
