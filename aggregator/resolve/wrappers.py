"""Wrapper links that carry their target in themselves. Pure.

Facts
-----
* A wrapper puts the target in a query parameter (`google.com/url?q=`), in the path
  (`google.com/amp/s/…`) or makes the whole query of it (`href.li/?https://…`).
* Wrappers nest: a consent page continues to an article, a share link holds a short link.
* The target is percent-encoded once, sometimes twice, sometimes not at all; an unencoded target ends at
  the first `&`, which then looks like a parameter of the wrapper.
* A short link (`t.co`) says nothing about its target; only an HTTP request does.

Sources: the redirection tables of ClearURLs and Brave's debounce list name the same hosts; the table
here is our own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qs, unquote

from aggregator.resolve.urls import WebUrl, is_google_host, parse_web_url

_MAX_LAYERS = 8
_MAX_PARAMETERS = 200


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The target of a wrapper, as it stands in the link, and the name of the outermost wrapper."""

    url: str
    method: str


@dataclass(frozen=True, slots=True)
class _QueryRule:
    """A wrapper whose target is the first usable one of `parameters`, on paths matching `path`."""

    method: str
    path: str
    parameters: tuple[str, ...]


def _by_host(*rules: tuple[_QueryRule, tuple[str, ...]]) -> Mapping[str, _QueryRule]:
    return MappingProxyType({host: rule for rule, hosts in rules for host in hosts})


_ANY_PATH = ".*"
_GOOGLE_URL = _QueryRule("google-url", r"/url", ("url", "q"))
_CONSENT = _QueryRule("consent", _ANY_PATH, ("continue",))
_SAFELINKS = _QueryRule("safelinks", _ANY_PATH, ("url",))

# Hosts stand here without "www."
_QUERY_RULES = _by_host(
    (
        _QueryRule("facebook", r"/l\.php", ("u",)),
        ("l.facebook.com", "lm.facebook.com", "m.facebook.com", "facebook.com"),
    ),
    (_QueryRule("instagram", "/", ("u",)), ("l.instagram.com", "l.threads.com", "l.threads.net")),
    (_QueryRule("reddit", _ANY_PATH, ("url",)), ("out.reddit.com",)),
    (_QueryRule("tumblr", "/redirect", ("z",)), ("t.umblr.com",)),
    (_QueryRule("duckduckgo", "/l/?", ("uddg",)), ("duckduckgo.com", "html.duckduckgo.com")),
    (_QueryRule("vk", r"/away(\.php)?", ("to",)), ("vk.com", "m.vk.com", "vk.ru", "m.vk.ru")),
    (_QueryRule("youtube", "/redirect", ("q",)), ("youtube.com", "m.youtube.com")),
    (_QueryRule("skimresources", "/", ("url",)), ("go.skimresources.com", "go.redirectingat.com")),
    (_QueryRule("viglink", "/", ("u",)), ("redirect.viglink.com",)),
    (_QueryRule("bing-news", r"/news/apiclick\.aspx", ("url",)), ("bing.com",)),
    (_QueryRule("linkedin", "/(redir/redirect|safety/go)", ("url",)), ("linkedin.com",)),
    (_QueryRule("medium", "/r/?", ("url",)), ("medium.com",)),
    (_CONSENT, ("consent.youtube.com", "consent.yahoo.com")),
)

_WHOLE_QUERY_HOSTS = frozenset({"href.li"})

_AMP_VIEWER = re.compile(r"/amp/(?P<secure>s/)?(?P<target>[^/].*)")
_AMP_CACHE = re.compile(r"/(?:c|v|wp)/(?P<secure>s/)?(?P<target>[^/].*)")
_TURBO_PAGE = re.compile(r"/(?:turbo/)?(?P<host>[^/]+\.[^/]+)/s(?P<path>/.*)")
# Parameters that the AMP viewer and cache add for themselves.
_AMP_PARAMETERS = re.compile(r"(?:^|&)(?:usqp|amp_js_v|amp_gsa|amp_tf|aoh)=[^&]*")

# Links at these hosts say where they lead only when they are requested.
_FOLLOWED_HOSTS_BY_KIND = {
    "networks": "t.co fb.me lnkd.in flip.it",
    "for everybody": "bit.ly j.mp ow.ly buff.ly dlvr.it trib.al tinyurl.com is.gd v.gd goo.gl ift.tt cutt.ly"
    " rb.gy tiny.cc shorturl.at rebrand.ly clck.ru",
    "feeds": "feedproxy.google.com feeds.feedburner.com feeds.feedblitz.com feedpress.me",
    "outlets": "bbc.in nyti.ms reut.rs wapo.st cnn.it apne.ws on.wsj.com on.ft.com econ.st politi.co n.pr",
}
_FOLLOWED_HOSTS = frozenset(host for hosts in _FOLLOWED_HOSTS_BY_KIND.values() for host in hosts.split())


def unwrap(url: str) -> Unwrapped | None:
    """Return what a wrapper link leads to, through every layer, or None when it is no wrapper.

    The result is an http(s) URL with a real host, as written in the link. Never raises.
    """
    found: Unwrapped | None = None
    for _ in range(_MAX_LAYERS):
        layer = _unwrap_layer(found.url if found else url)
        if layer is None:
            return found
        found = Unwrapped(layer.url, found.method if found else layer.method)
    return None  # nobody honest nests that deep


def unwrap_amp(url: str) -> str | None:
    """Return the page behind one layer of Google's AMP viewer or cache, or None.

    Both name the publisher's page in their path, so nothing is guessed. A publisher's own AMP
    pages (`/amp`, `amp.` hosts) are left alone: which page they stand for only the page says.
    """
    parts = parse_web_url(url)
    layer = _amp_target(parts) if parts else None
    return layer.url if layer else None


def needs_following(url: str) -> bool:
    """Say whether a link leads somewhere that only an HTTP request can tell."""
    parts = parse_web_url(url)
    return parts is not None and parts.host.removeprefix("www.") in _FOLLOWED_HOSTS and parts.path != "/"


def _unwrap_layer(url: str) -> Unwrapped | None:
    parts = parse_web_url(url)
    if parts is None:
        return None
    if parts.host in _WHOLE_QUERY_HOSTS:
        return _checked(parts.query, parts.host)
    rule = _rule_for(parts.host)
    if rule is not None and re.fullmatch(rule.path, parts.path):
        return _parameter_target(parts, rule)
    return _amp_target(parts) or _turbo_target(parts)


def _rule_for(host: str) -> _QueryRule | None:
    if is_google_host(host):
        return _CONSENT if host.startswith("consent.") else _GOOGLE_URL
    if host.endswith(".safelinks.protection.outlook.com"):
        return _SAFELINKS
    return _QUERY_RULES.get(host.removeprefix("www."))


def _parameter_target(parts: WebUrl, rule: _QueryRule) -> Unwrapped | None:
    try:
        query = parse_qs(parts.query, max_num_fields=_MAX_PARAMETERS)
    except ValueError:  # more parameters than a link has
        return None
    for name in rule.parameters:
        for value in query.get(name, ()):
            if target := _checked(value, rule.method):
                return target
    return None


def _amp_target(parts: WebUrl) -> Unwrapped | None:
    if is_google_host(parts.host):
        found, method = _AMP_VIEWER.fullmatch(parts.path), "google-amp"
    elif parts.host == "cdn.ampproject.org" or parts.host.endswith(".cdn.ampproject.org"):
        found, method = _AMP_CACHE.fullmatch(parts.path), "amp-cache"
    else:
        return None
    if found is None:
        return None
    query = _AMP_PARAMETERS.sub("", parts.query).lstrip("&")
    scheme = "https" if found["secure"] else "http"
    return _checked(f"{scheme}://{found['target']}" + (f"?{query}" if query else ""), method)


def _turbo_target(parts: WebUrl) -> Unwrapped | None:
    if parts.host not in ("yandex.ru", "turbopages.org") and not parts.host.endswith(".turbopages.org"):
        return None
    found = _TURBO_PAGE.fullmatch(parts.path)
    if found is None or (parts.host == "yandex.ru" and not parts.path.startswith("/turbo/")):
        return None
    return _checked(f"https://{found['host']}{found['path']}", "turbopages")


def _checked(target: str, method: str) -> Unwrapped | None:
    """Return the target when it is a web URL, as written or after one more percent-decoding."""
    for candidate in (target, unquote(target)):
        if parse_web_url(candidate) is not None:
            return Unwrapped(candidate.strip(), method)
    return None
