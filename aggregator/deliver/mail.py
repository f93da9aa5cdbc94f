"""A digest as a mail: text and HTML, the same bytes for every attempt. Pure.

Facts
-----
* `EmailMessage` refuses a newline in a header, keeps a NUL and raises on a lone surrogate: what goes into
  a header is scrubbed, and the finished message is parsed back.
* Folding a long header, `EmailMessage` loses or adds a space where one encoded word ends and another begins (in one in
  eight of random subjects of up to 25 words, most of them not ASCII) or before a long first word. So what is ASCII
  stays on one line, of which a server must take 998 bytes, and `email.header.Header` folds the rest.
* A mail program knows a message by its Message-ID: sent twice with the same one it is shown once by many.
  So it is made of what the mail is, and the boundary between the parts as well, which is random otherwise.
* Not every server takes 8-bit bodies, and lines have at most 998 bytes: both parts are encoded.
* Holiday replies to `Auto-Submitted` mails are not sent (RFC 3834).
"""

import re
from dataclasses import replace
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aggregator.deliver.recipients import delivery_hash
from aggregator.errors import PublishError
from aggregator.model import DeliveryKey


class _FoldingPolicy(policy.EmailPolicy):
    """SMTP's policy with headers that read back; see the facts."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return the header's lines; `value` is what `EmailMessage` holds: a str with the parts of an address."""
        if str(value).isascii():
            return f"{name}: {value}{self.linesep}".encode("ascii")
        words, address = str(value), ""
        if name == "From":
            [sender] = value.addresses
            words, address = sender.display_name, f"{self.linesep} <{sender.addr_spec}>"
        encoded = Header(words, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {encoded}{address}{self.linesep}".encode("ascii")


_POLICY = _FoldingPolicy(linesep="\r\n", cte_type="7bit")
_MAX_HEADER_CHARACTERS = 200
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+")
_UNSEEN = re.compile(r"[\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")


def compose_mail(
    key: DeliveryKey, *, sender: str, name: str, subject: str, made_at: datetime, text: str, html: str
) -> bytes:
    """Return the mail to the key's recipient, from `name <sender>`, with CRLF, ready to be sent.

    An addendum answers the digest that it belongs to, so both stand in one thread.

    Raises:
        PublishError: the message does not read back as what was put in.
    """
    message = EmailMessage(policy=_POLICY)
    headers: dict[str, object] = {
        "Message-ID": message_id(key, sender),
        "Date": made_at,
        "From": Address(_header_text(name), addr_spec=sender),
        "To": Address(addr_spec=key.recipient.name),
        "Subject": _header_text(subject),
        "Auto-Submitted": "auto-generated",
    }
    if key.addendum:
        answered = message_id(replace(key, addendum=0), sender)
        headers |= {"In-Reply-To": answered, "References": answered}
    for header, value in headers.items():
        message[header] = value
    message.set_content(text, cte=_encoding(text))
    message.add_alternative(html, subtype="html", cte=_encoding(html))
    message.set_boundary(f"=_{delivery_hash(key)}")
    body = message.as_bytes()
    _verify(body, list(headers), _header_text(subject), key.recipient.name, (text, html))
    return body


def message_id(key: DeliveryKey, sender: str) -> str:
    """Return the Message-ID of a delivery, in the domain of the sender; the same for ever."""
    return f"<{key.day.isoformat()}.{key.addendum}.{delivery_hash(key)}@{sender.rpartition('@')[2]}>"


def _header_text(text: str) -> str:
    """Return `text` as one line that a header can carry; what looks like an encoded word would be decoded."""
    line = _UNSEEN.sub("", _BREAKS.sub(" ", text)).replace("=?", "= ?")
    return " ".join(line.split())[:_MAX_HEADER_CHARACTERS].rstrip()


def _encoding(text: str) -> str:
    """Return the shorter encoding: quoted-printable triples what is not ASCII, base64 adds a third to all."""
    body = text.encode()
    foreign = sum(byte > 127 for byte in body)
    return "base64" if foreign * 6 > len(body) else "quoted-printable"


def _verify(body: bytes, names: list[str], subject: str, recipient: str, parts: tuple[str, str]) -> None:
    message = BytesParser(policy=policy.default).parsebytes(body)
    assert isinstance(message, EmailMessage)
    found = [part.get_content().splitlines() for part in message.iter_parts()]
    own = {"Content-Type", "MIME-Version"}
    if (
        [name for name in message if name not in own] != names
        or message["Subject"] != subject
        or [address.addr_spec for address in message["To"].addresses] != [recipient]
        or found != [part.splitlines() for part in parts]
    ):
        raise PublishError(f"the mail {message['Message-ID']} does not read back as it was written")
