"""Google's side: feeds, article pages, the consent and sorry pages, batchexecute.

Every answer is decided here from a request, the moment and the faults; the sockets are elsewhere.
"""

import random
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, quote_plus, unquote, urlsplit

from aggregator.google.ids import parse_article_id
from aggregator.replica import batch, pages
from aggregator.replica.content import LinkKind, Snapshot
from aggregator.replica.door import Visitor, admit
from aggregator.replica.faults import Faults, FeedFault
from aggregator.replica.library import Library
from aggregator.replica.messages import HTML, Headers, Request, Response
from aggregator.replica.minting import amp_url, has_amp_token, signature
from aggregator.replica.routes import TOP, Place, Route, fallback_key, feed_key, locale_redirect
from aggregator.replica.rss import Channel, google_feed, rfc822

_FEED_HEADERS: Headers = (
    ("Content-Type", "application/xml; charset=utf-8"),
    ("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"),
    ("Pragma", "no-cache"),
    ("Expires", "Mon, 01 Jan 1990 00:00:00 GMT"),
    ("Vary", "Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site,Accept-Encoding"),
    ("Server", "ESF"),
    ("Accept-Ranges", "none"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-XSS-Protection", "0"),
    ("Cross-Origin-Opener-Policy", "same-origin-allow-popups"),
    ("Cross-Origin-Resource-Policy", "same-site"),
    ("Alt-Svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),
)
_BATCH_HEADERS: Headers = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Disposition", "attachment; filename=\"response.bin\"; filename*=UTF-8''response.bin"),
    ("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"),
    ("X-Content-Type-Options", "nosniff"),
    ("Server", "ESF"),
)
# A cookie that says "asked, not answered": who sends it back is shown the wall.
_UNDECIDED = "CAAaBgiA8tDLBg"
_CONSENT_COOKIE = f"SOCS={_UNDECIDED}; Domain=.google.com; Path=/; Max-Age=33696000; Secure; SameSite=lax"
# Marks the way back from the consent page; only the replica itself can make a valid one.
_BACK_FROM_CONSENT = "cbk"

# Titles of channels: what was seen of the English and German editions; the rest is inferred.
_SECTION_TITLES: Mapping[str, Mapping[str, str]] = {
    "en": {
        TOP: "Top stories",
        "WORLD": "World - Latest",
        "NATION": "Nation - Latest",
        "BUSINESS": "Business - Latest",
        "TECHNOLOGY": "Technology - Latest",
        "ENTERTAINMENT": "Entertainment - Latest",
        "SPORTS": "Sports - Latest",
        "SCIENCE": "Science - Latest",
        "HEALTH": "Health - Latest",
    },
    "de": {
        TOP: "Top-Meldungen",
        "WORLD": "Welt - Aktuell",
        "NATION": "Deutschland - Aktuell",
        "BUSINESS": "Wirtschaft - Aktuell",
        "TECHNOLOGY": "Technik - Aktuell",
    },
}


class GoogleSite:
    """Answers as news.google.com, consent.google.com and www.google.com, which share no path.

    `base_url` is the replica's own; `rng` draws what varies from answer to answer.
    """

    def __init__(self, library: Library, *, base_url: str, rng: random.Random) -> None:
        self._library = library
        self._base_url = base_url
        self._rng = rng
        self._secret = rng.randbytes(16)
        self._visitors: dict[str, Visitor | None] = {}

    def answer(self, request: Request, route: Route, now: datetime, faults: Faults) -> Response:
        """Answer one request; `route` is where its path leads."""
        if (request.method == "POST") is not (route.place is Place.BATCH):
            return Response(405, HTML, b"<h1>405. That's an error.</h1>")
        match route.place:
            case Place.FEED:
                return self._feed(request, now, faults)
            case Place.ARTICLE_PAGE:
                return self._article_page(request, route.name, now, faults)
            case Place.BLOCKED_PAGE if faults.blocks_articles_path:
                return self._to_sorry(request, faults)
            case Place.BLOCKED_PAGE:
                return self._article_page(request, route.name, now, faults)
            case Place.BATCH:
                return self._batch(request, now, faults)
            case Place.CONSENT:
                return self._consent(request, faults)
            case Place.SORRY | Place.SITE:
                return _sorry()
        return Response(404, HTML, b"<h1>404. That's an error.</h1>")

    # --- feeds

    def _feed(self, request: Request, now: datetime, faults: Faults) -> Response:
        if target := locale_redirect(request.path, dict(request.query)):
            return self._redirect(302, "news.google.com", target, faults)
        match faults.feed:
            case FeedFault.UNAVAILABLE:
                return Response(503, (*HTML, ("Retry-After", "120")), b"<h1>Service Unavailable</h1>")
            case FeedFault.TOO_MANY:
                return Response(429, (*HTML, ("Retry-After", "120")), pages.sorry_page())
            case FeedFault.CONSENT:
                return Response(200, HTML, pages.consent_page(), is_chunked=True)
        body = self._document(request, now, faults).encode()
        return Response(200, (*_FEED_HEADERS, ("Date", rfc822(now))), body, is_chunked=True)

    def _document(self, request: Request, now: datetime, faults: Faults) -> str:
        key = feed_key(request.path, dict(request.query))
        snapshot = self._library.find_snapshot(key)
        if snapshot is None and "/search:" not in key:
            key = fallback_key(key)
            snapshot = self._library.find_snapshot(key)
        if snapshot is None or faults.feed is FeedFault.EMPTY:
            snapshot = Snapshot()
        document = google_feed(_channel(request, key, now), snapshot, faults.feed_form)
        if faults.feed is FeedFault.TRUNCATED:
            start = document.rfind("<item>")
            return document[: (start + len(document)) // 2]
        return document

    # --- article pages

    def _article_page(self, request: Request, article_id: str, now: datetime, faults: Faults) -> Response:
        try:
            parse_article_id(article_id)
        except ValueError:
            return Response(400, HTML, b"<h1>400. That's an error.</h1>")
        if target := locale_redirect(request.path, dict(request.query)):
            return self._redirect(302, "news.google.com", target, faults)
        if faults.has_consent_wall and not self._has_consented(request, article_id):
            return self._to_consent(request, faults)
        visitor, is_admitted = admit(self._visitors.get(request.client), now, faults)
        self._visitors[request.client] = visitor
        if not is_admitted:
            return self._to_sorry(request, faults) if faults.refuses_with_redirect else _sorry()
        timestamp = int(now.timestamp())
        return _page(request, article_id, timestamp, self._sign(article_id, timestamp), faults)

    def _sign(self, article_id: str, timestamp: int) -> str:
        return signature(self._secret, article_id, timestamp)

    # --- consent and sorry

    def _has_consented(self, request: Request, article_id: str) -> bool:
        if request.query.get(_BACK_FROM_CONSENT) == self._marker(article_id):
            return True
        cookie = _find_cookie(request, "SOCS")
        return cookie is not None and cookie != _UNDECIDED

    def _marker(self, article_id: str) -> str:
        return self._sign(f"consent {article_id}", 0)[1:13]

    def _to_consent(self, request: Request, faults: Faults) -> Response:
        here = quote(self._absolute("news.google.com", request.target, faults), safe="")
        target = f"/m?continue={here}&gl=DE&m=0&pc=n&cm=2&hl=en-US&src=1"
        response = self._redirect(302, "consent.google.com", target, faults)
        return Response(302, (*response.headers, ("Set-Cookie", _CONSENT_COOKIE)))

    def _consent(self, request: Request, faults: Faults) -> Response:
        """Send back who has no cookie; show the wall to who carries one (§3.8 of the protocol)."""
        back = urlsplit(request.query.get("continue", ""))
        if not back.path.startswith("/") or _find_cookie(request, "SOCS") is not None:
            return Response(200, HTML, pages.consent_page(), is_chunked=True)
        marker = self._marker(back.path.rpartition("/")[2])
        target = f"{back.path}?{back.query}{'&' if back.query else ''}{_BACK_FROM_CONSENT}={marker}"
        return self._redirect(303, "news.google.com", target, faults)

    def _to_sorry(self, request: Request, faults: Faults) -> Response:
        here = self._absolute("news.google.com", request.target, faults)
        target = f"/sorry/index?continue={quote(here, safe=':/')}&q=EgR_AAABGAEiMA"
        return self._redirect(302, "www.google.com", target, faults)

    def _redirect(self, status: int, host: str, target: str, faults: Faults) -> Response:
        location = ("Location", self._absolute(host, target, faults))
        return Response(status, (location, *HTML), b"<h1>Moved</h1>")

    def _absolute(self, host: str, target: str, faults: Faults) -> str:
        return (self._base_url if faults.redirects_to_self else f"https://{host}") + target

    # --- batchexecute

    def _batch(self, request: Request, now: datetime, faults: Faults) -> Response:
        envelopes = batch.read_request(request.headers.get("content-type", ""), request.body)
        if envelopes is None:
            return Response(400, _BATCH_HEADERS, batch.bad_request(self._rng))
        rows = [self._row(envelope, now, faults) for envelope in envelopes]
        if faults.doubles_first_row:
            rows.append(batch.resolved_row(envelopes[0].tag, "https://somewhere-else.example/other"))
        if faults.drops_first_row:
            del rows[0]
        if faults.shuffles_rows:
            self._rng.shuffle(rows)
        is_chunked = faults.chunks_batches or request.query.get("rt") == "c"
        return Response(200, _BATCH_HEADERS, batch.answer(rows, self._rng, is_chunked=is_chunked))

    def _row(self, envelope: batch.Envelope, now: datetime, faults: Faults) -> batch.Row:
        if envelope.google_id is None or envelope.timestamp is None:
            return batch.error_row(envelope.tag, batch.INVALID_ARGUMENT)
        if envelope.google_id in faults.forgotten_ids:
            return batch.error_row(envelope.tag, batch.NOT_FOUND)
        age_seconds = now.timestamp() - envelope.timestamp
        is_signed = envelope.signature == self._sign(envelope.google_id, envelope.timestamp)
        article = self._library.find_article(envelope.google_id)
        if article is None or not is_signed or age_seconds > faults.signature_lifetime_seconds:
            return batch.error_row(envelope.tag, batch.INVALID_ARGUMENT)
        has_twin = article.link_kind is LinkKind.OPAQUE and has_amp_token(article.url)
        return batch.resolved_row(envelope.tag, article.url, *([amp_url(article.url)] if has_twin else []))


def _page(request: Request, article_id: str, timestamp: int, sign: str, faults: Faults) -> Response:
    content = (article_id, timestamp, sign, faults.signature)
    if request.accepts_gzip and faults.allows_gzip:
        return Response(200, HTML, is_chunked=True).with_gzip(pages.gzipped_article_page(*content))
    return Response(200, HTML, pages.article_page(*content), is_chunked=True)


def _sorry() -> Response:
    return Response(429, HTML, pages.sorry_page())


def _find_cookie(request: Request, name: str) -> str | None:
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return next((value for found, _, value in pairs if found == name), None)


def _channel(request: Request, key: str, now: datetime) -> Channel:
    locale = {name: request.query[name] for name in ("hl", "gl", "ceid")}
    titles = _SECTION_TITLES.get(locale["hl"].partition("-")[0], _SECTION_TITLES["en"])
    section = key.partition("/")[2]
    kind, _, subject = section.partition(":")
    if kind == "search":
        title, query = f'"{subject}"', f"q={quote_plus(subject)}&"
    else:
        title, query = titles.get(section) or subject or section.title(), ""
    path = "/" if section == TOP else unquote(request.path.removeprefix("/rss"))
    query += "&".join(f"{name}={value}" for name, value in locale.items())
    return Channel(title, f"https://news.google.com{path}?{query}", locale["hl"], now)
