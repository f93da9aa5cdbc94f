"""Mails to a server, one connection for a round of them. Blocking: call it in a thread.

Facts
-----
* A server answers for each recipient apart. 5xx means never (but 530, which is about our login), 4xx means
  later: greylisting, a full mailbox. Each mail here has one recipient, so one refusal hits nobody else.
* When the connection breaks while the answer to the mail itself is awaited, nobody knows whether it was
  taken; it is sent again, with the same Message-ID.
* smtplib throws away what it had read before STARTTLS, as it should, and raises if the server has no
  STARTTLS: there is no falling back to clear text.
"""

import smtplib
import ssl
from contextlib import suppress

from aggregator.model import DeliveryFailure
from aggregator.settings import EmailSettings, MailSecurity

_TIMEOUT_SECONDS = 30.0
_MAX_REASON_CHARACTERS = 200
_AUTHENTICATION_REQUIRED = 530


class MailSession:
    """A connection that is made with the first mail and serves all of one round.

    If it cannot be made, every mail of the round fails at once: fifty recipients do not wait fifty times.
    """

    def __init__(
        self, settings: EmailSettings, password: str | None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._password = password
        self._tls = tls
        self._smtp: smtplib.SMTP | None = None
        self._refusal: DeliveryFailure | None = None

    def send(self, recipient: str, message: bytes) -> DeliveryFailure | None:
        """Hand over one mail; None when the server has taken it."""
        if self._refusal is not None:
            return self._refusal
        try:
            smtp = self._smtp = self._smtp or self._connect()
        except (smtplib.SMTPException, OSError, UnicodeError) as error:  # UnicodeError: IDNA of a host
            self._refusal = self._failure(error)
            return self._refusal
        try:
            smtp.sendmail(self._settings.sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[recipient]
            if smtp.sock is None:  # smtplib hangs up after a 421
                self._smtp = None
            return DeliveryFailure(
                self._sentence(f"{recipient} is refused: {code} {_text(said)}"),
                is_final=500 <= code < 600 and code != _AUTHENTICATION_REQUIRED,
            )
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return self._failure(error)
        return None

    def close(self) -> None:
        """Say good-bye; idempotent, and the session can be used again."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        port = settings.port or settings.security.port
        if settings.security is MailSecurity.TLS:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.server,
                port,
                timeout=_TIMEOUT_SECONDS,
                context=self._tls or ssl.create_default_context(),
            )
        else:
            smtp = smtplib.SMTP(settings.server, port, timeout=_TIMEOUT_SECONDS)
        try:
            if settings.security is MailSecurity.STARTTLS:
                smtp.starttls(context=self._tls or ssl.create_default_context())
            if settings.user:
                smtp.login(settings.user, self._password or "")
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _failure(self, error: Exception) -> DeliveryFailure:
        if isinstance(error, smtplib.SMTPResponseException):
            return DeliveryFailure(self._sentence(f"{error.smtp_code} {_text(error.smtp_error)}"))
        return DeliveryFailure(self._sentence(str(error) or type(error).__name__))

    def _sentence(self, said: str) -> str:
        """What the server said, on one line, and whatever it says without our password."""
        if self._password:
            said = said.replace(self._password, "***")
        line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
        return f"mail server {self._settings.server}: {line[:_MAX_REASON_CHARACTERS]}"


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
