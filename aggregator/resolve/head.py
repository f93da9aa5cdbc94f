"""Where a page says that it has moved or really lives: its `<head>`. Pure.

Facts
-----
* Short-link services answer some clients with 200 and a `<meta http-equiv=refresh>`, usually inside
  `<noscript>`; we run no scripts, so it is meant for us.
* A refresh of more than a few seconds reloads a page or follows an advertisement; it is no redirect.
* `<link rel=canonical>` is the page's own claim. Pages of one outlet may name each other; a claim
  on somebody else's domain is syndication at best.
* Home pages named as canonical by every page of a site are a common mistake.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from aggregator.resolve.urls import is_publisher_url, parse_web_url, registrable_domain
from aggregator.resolve.wrappers import needs_following

MAX_HEAD_BYTES = 256 * 1024

_END_OF_HEAD = re.compile(rb"</head|<body", re.IGNORECASE)
_REFRESH = re.compile(r"\s*(?P<seconds>\d{1,6}(?:\.\d*)?)\s*[;,]\s*(?:url\s*=)?\s*(?P<url>.+)", re.IGNORECASE)
_LONGEST_REFRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a page says about other places, as absolute URLs."""

    refresh_url: str | None = None
    declared_canonical: str | None = None


def is_head_read(body: bytes) -> bool:
    """Say whether the page read so far is enough: its head, or as much as we look at."""
    return len(body) >= MAX_HEAD_BYTES or _END_OF_HEAD.search(body) is not None


def read_head(body: bytes, url: str) -> Head:
    """Return what a page fetched from `url` says in its head. Never raises."""
    found = _END_OF_HEAD.search(body, 0, MAX_HEAD_BYTES)
    head = body[: found.start() if found else MAX_HEAD_BYTES]
    parser = _HeadParser()
    with suppress(AssertionError):  # html.parser, on a malformed <![…; what came before it counts
        parser.feed(head.decode("utf-8", errors="replace"))
    base = _absolute(url, parser.base) or url
    return Head(_absolute(base, parser.refresh), _absolute(base, parser.canonical))


def believed_canonical(head: Head, url: str) -> str | None:
    """Return the page's claim about its canonical URL where it may make it, else None.

    Believed within one registrable domain, and on the page of a known short-link service, whose claim is
    the only answer that it gives.
    """
    claim = head.declared_canonical
    if claim is None or not is_publisher_url(claim) or _is_home(claim):
        return None
    is_own = registrable_domain(claim) == registrable_domain(url)
    return claim if is_own or needs_following(url) else None


class _HeadParser(HTMLParser):
    """Collects the first of each; everything else is passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base: str | None = None
        self.refresh: str | None = None
        self.canonical: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and self.base is None:
            self.base = values.get("href")
        elif tag == "link" and self.canonical is None:
            if "canonical" in values.get("rel", "").lower().split():
                self.canonical = values.get("href")
        elif tag == "meta" and self.refresh is None and values.get("http-equiv", "").lower() == "refresh":
            self.refresh = _refresh_target(values.get("content", ""))


def _refresh_target(content: str) -> str | None:
    found = _REFRESH.fullmatch(content)
    if found is None or float(found["seconds"]) > _LONGEST_REFRESH_SECONDS:
        return None
    return found["url"].strip(" \t\r\n'\"") or None


def _absolute(base: str, reference: str | None) -> str | None:
    """Return a reference as an absolute web URL, None when there is none or it is no such thing."""
    if not reference:
        return None
    try:
        url = urljoin(base, reference.strip())
    except ValueError:
        return None
    return url if parse_web_url(url) else None


def _is_home(url: str) -> bool:
    parts = parse_web_url(url)
    return parts is not None and parts.path == "/" and not parts.query
