"""Where a request may go: checks on URLs, redirects, and origins that are served elsewhere. Pure.

Facts
-----
* HTTP libraries disagree on odd URLs (`http://a\\@b/`, a newline in the host). Whoever dials is
  asked again at connect time (`network.py`), so these checks only have to keep nonsense out and
  to give it a name.
* A `Location` of 70 kB is legal for the parser of headers; no link that matters is longer than a
  Google article id (8 kB) wrapped once.
* A fragment is never sent, so it is dropped from where a redirect leads.
"""

import re
from collections import Counter
from collections.abc import Mapping
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

MAX_URL_CHARS = 16_384
_MAX_HOST_CHARS = 253
_MAX_LABEL_CHARS = 63
_SHOWN_CHARS = 200

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HOST = re.compile(r"[A-Za-z0-9_.\-\u00a1-\U0010ffff]+|\[[0-9A-Fa-f:.]+\]")


def target_problem(url: str) -> str | None:
    """Why no request may be made to `url`, as the end of a sentence; None when it may."""
    if len(url) > MAX_URL_CHARS:
        return f"is longer than {MAX_URL_CHARS} characters"
    if _CONTROL.search(url) or not _is_encodable(url):
        return "contains control characters"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "cannot be read as a URL"
    return _parts_problem(parts)


def _parts_problem(parts: SplitResult) -> str | None:
    if parts.scheme not in _DEFAULT_PORTS:
        return f"has the scheme {parts.scheme[:20]!r}, not http or https"
    if "@" in parts.netloc:
        return "carries a user name or password"
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc.removesuffix(":")
    if not host:
        return "names no host"
    if not _HOST.fullmatch(host) or not _has_usable_labels(host):
        return f"has an impossible host name {host[:60]!r}"
    return None


def _has_usable_labels(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return len(host) <= _MAX_HOST_CHARS and all(0 < len(label) <= _MAX_LABEL_CHARS for label in labels)


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def redirect_target(base: str, location: str) -> str:
    """Resolve a `Location` header against the URL that sent it; the fragment is dropped.

    Raises:
        ValueError: it cannot be resolved; the text says why, as the end of a sentence.
    """
    try:
        target, _ = urldefrag(urljoin(base, location.strip()))
    except ValueError as error:
        raise ValueError("cannot be read as a URL") from error
    if problem := target_problem(target):
        raise ValueError(problem)
    return target


def shown_url(url: str) -> str:
    """`url` for messages: no user name or password, no control characters, at most 200 characters."""
    shown = re.sub(r"//[^/?#]*@", "//", _CONTROL.sub("", url))
    shown = shown.encode("utf-8", "replace").decode("utf-8")
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}…"


def origin_of(url: str) -> str:
    """Scheme, host and port of `url` in lower case, a default port left out."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{parts.port}"


class OriginMap:
    """Origins that are dialled somewhere else, such as a replica of Google News on loopback.

    Every URL that is reported stays the original one. A server that names itself in an absolute
    redirect uses the address it was dialled at: that is translated back when exactly one original
    origin is served there, and otherwise left as it is (it can be dialled all the same).
    """

    def __init__(self, origins: Mapping[str, str]) -> None:
        self._dialled = {origin_of(original): origin_of(actual) for original, actual in origins.items()}
        served = Counter(self._dialled.values())
        self._original = {
            actual: original for original, actual in self._dialled.items() if served[actual] == 1
        }

    def dialled(self, url: str) -> str:
        """The URL to send the request for `url` to."""
        return _move(url, self._dialled)

    def original(self, url: str) -> str:
        """The URL to report for `url`, as a server named it."""
        return _move(url, self._original)


def _move(url: str, moves: Mapping[str, str]) -> str:
    target = moves.get(origin_of(url))
    if target is None:
        return url
    parts = urlsplit(url)
    return f"{target}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
