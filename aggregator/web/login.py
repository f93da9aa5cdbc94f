"""Who may correct: one token for the person whose store it is, sessions made from it, and forms that only a session's
own pages can send.

Facts
-----
* The token is a secret of this store, kept beside it for its owner alone. Whoever can read the file can write
  the store anyway.
* A session is signed and not stored: an expiry and a random number with an HMAC of both under the token. A
  new token ends all sessions; nothing has to be remembered or cleared away.
* Cookies know no ports: two stores served on one machine would overwrite each other's. The cookie's name
  holds a fingerprint of the token.
* A form's token is an HMAC of the session: a page elsewhere, or one of another session, cannot know it.
"""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TextIO

from aggregator.errors import SecretError, system_words

VARIABLE: Final = "AGGREGATOR_TOKEN"
LIFETIME: Final = timedelta(days=14)
_MIN_CHARACTERS: Final = 16
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that has shown the token: `cookie` is what it keeps, `form_token` what its forms carry."""

    cookie: str
    form_token: str

    def owns(self, form_token: str) -> bool:
        """Whether a form comes from a page of this session."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode())


class Keeper:
    """Checks tokens and sessions; keeps nothing but the token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self.cookie_name = f"aggregator-{self._sign('name')[:8]}"

    def is_token(self, text: str) -> bool:
        return hmac.compare_digest(self._token, text.strip().encode())

    def begin(self, now: datetime, number: str) -> Session:
        """A new session; `number` is one that nobody can guess."""
        told = f"{int((now + LIFETIME).timestamp())}.{number}"
        return self._session(f"{told}.{self._sign('session', told)}", told)

    def find(self, cookie: str, now: datetime) -> Session | None:
        """The session of a cookie; None if we did not make it or its time is over."""
        told, _, signature = cookie.rpartition(".")
        expiry = told.partition(".")[0]
        if not hmac.compare_digest(signature.encode(), self._sign("session", told).encode()):
            return None
        return self._session(cookie, told) if int(expiry) > now.timestamp() else None

    def _session(self, cookie: str, told: str) -> Session:
        return Session(cookie, self._sign("form", told))

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._token, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def new_number() -> str:
    """A number that nobody can guess."""
    return secrets.token_urlsafe(16)


def token_path(database: Path) -> Path:
    return database.with_name(f"{database.name}.token")


def load_token(database: Path, environ: Mapping[str, str]) -> str:
    """The token of the environment, else that of the file beside the database, which is made if it is not there.

    Raises:
        SecretError: it is too short, or others may read the file, or the file cannot be made.
    """
    if given := environ.get(VARIABLE):
        return _long_enough(given.strip(), f"the environment variable {VARIABLE}")
    path = token_path(database)
    try:
        with _opened(path) as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if mode & _OTHERS:
                raise SecretError(f"{path} has mode {mode:04o}, others may read it; `chmod 600 {path}` helps")
            token = stream.read().strip()
            if not token:
                token = secrets.token_urlsafe(24)
                stream.write(f"{token}\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path} cannot be read or made: {system_words(error)}") from error
    return _long_enough(token, str(path))


def _opened(path: Path) -> TextIO:
    """The file for reading and writing, made for its owner alone if it is not there."""
    return os.fdopen(
        os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600), "r+", encoding="utf-8"
    )


def _long_enough(token: str, place: str) -> str:
    if len(token) < _MIN_CHARACTERS:
        raise SecretError(f"the token in {place} has fewer than {_MIN_CHARACTERS} characters")
    return token
