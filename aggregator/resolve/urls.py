"""Reading URLs: what is a web address at all, and whose. Pure.

Facts
-----
* Scheme and host are case-insensitive; a trailing dot of the host names the same host.
* A host may be written in any script; on the wire it is ASCII (IDNA 2008 with UTS 46 mapping, as
  browsers do it). Python's own codec is IDNA 2003, which turns `faß.de` into another domain.
* `https://outlet.example\\@evil.example/` leads to different hosts in different programs, and so does
  a user name that looks like a host. Neither occurs in honest article links.
* A host whose last label is a number is an IPv4 address to some programs (`127.1`, `0x7f000001`).
* Whoever controls `alice.blogspot.com` does not control `bob.blogspot.com`: the private part of
  the Public Suffix List counts.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import idna
from tldextract import TLDExtract

MAX_URL_CHARACTERS = 8_192
_MAX_HOST_CHARACTERS = 253
_DEFAULT_PORTS = {"http": 80, "https": 443}

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Underscores are against the rules and in use.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_GOOGLE_HOST = re.compile(r"([a-z0-9-]+\.)*google(\.com?)?\.[a-z]{2,3}")

_GATE_LABELS = frozenset({"consent", "myprivacy", "login", "signin", "accounts", "auth", "sso"})
_GATE_SEGMENTS = frozenset({"sorry", "login", "signin", "sign-in", "sso"})


@dataclass(frozen=True, slots=True)
class WebUrl:
    """An http or https URL with a real host, in parts.

    `host` is lower-case ASCII (an IPv6 address in brackets), `port` None when it is the scheme's
    own, `path` (never empty) and `query` are as written; the fragment is gone.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.host}{port}{self.path}{query}"


def parse_web_url(text: str) -> WebUrl | None:
    """Return the parts of an http(s) URL, None for anything else. Never raises.

    None also for user names, control characters, backslashes before the path, hosts that are no
    host, ports that are no port, and texts over `MAX_URL_CHARACTERS`.
    """
    text = text.strip()
    if len(text) > MAX_URL_CHARACTERS or _CONTROL.search(text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc or "\\" in parts.netloc:
        return None
    host = _ascii_host(parts.hostname or "")
    if host is None:
        return None
    if port == _DEFAULT_PORTS[parts.scheme]:
        port = None
    # Browsers read a backslash as a slash, and a path cannot begin without one.
    path = "/" + parts.path.replace("\\", "/").removeprefix("/")
    return WebUrl(parts.scheme, host, port, path, parts.query)


def registrable_domain(url: str) -> str | None:
    """Return the domain that somebody registered ("outlet.co.uk"), None when there is no web URL.

    Addresses, single labels and public suffixes themselves are returned whole; under a top-level domain
    that the Public Suffix List does not have, the last two labels count, as its rule "*" says.
    """
    parts = parse_web_url(url)
    if parts is None:
        return None
    found = _suffix_list()(parts.host)
    if found.top_domain_under_public_suffix:
        return found.top_domain_under_public_suffix
    is_address = parts.host.startswith("[") or parts.host.replace(".", "").isdigit()
    return parts.host if is_address or found.suffix else ".".join(parts.host.split(".")[-2:])


def is_publisher_url(url: str) -> bool:
    """Say whether a redirect that ended here ended at a publisher's.

    Google's hosts, consent walls, "sorry" pages and login pages are where redirects get stuck; none
    of them is an article.
    """
    parts = parse_web_url(url)
    return (
        parts is not None
        and not is_google_host(parts.host)
        and parts.host.split(".")[0] not in _GATE_LABELS
        and parts.path.split("/")[1].lower() not in _GATE_SEGMENTS
    )


def is_google_host(host: str) -> bool:
    """Say whether a lower-case host is Google's own in any country: news.google.com, consent.google.de."""
    return _GOOGLE_HOST.fullmatch(host) is not None


@cache
def _suffix_list() -> TLDExtract:
    """The snapshot that comes with the library: no download and no cache on disk."""
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _ascii_host(host: str) -> str | None:
    if ":" in host:
        return _bracketed_address(host)
    if not host.isascii():
        try:
            host = idna.encode(host[: _MAX_HOST_CHARACTERS + 1], uts46=True).decode("ascii")
        except UnicodeError:  # of which IDNAError is one
            return None
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > _MAX_HOST_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if _NUMBER.fullmatch(labels[-1]):
        return _dotted_address(host)
    return host


def _dotted_address(host: str) -> str | None:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        return None


def _bracketed_address(host: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return None
    return None if address.scope_id else f"[{address}]"
