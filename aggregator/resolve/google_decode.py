"""The two steps that turn an opaque Google article id into a publisher's URL, as values. Pure.

Facts
-----
* Step 1, a page: `GET /rss/articles/<id>?hl&gl&ceid` answers some 600 kB of HTML with a signature
  and a timestamp near the end, as attributes of one element. They differ at every fetch, belong
  together and to that id, and live for minutes at least. `/articles/` and `/read/` lead to the
  "sorry" page.
* The attributes' order varies, values are HTML-escaped. A second place holds the same pair: a `data-p`
  attribute with `%.@.` before the rest of a JSON array that ends in timestamp and signature.
* Step 2, a call: one POST for many articles, each envelope with a tag of ours. Two array levels in
  place of three are an HTTP 400; of several arrays side by side only the first is read.
* The answer begins with a line `)]}'`, then comes one JSON array, or lines of decimal lengths and
  arrays by turns. The lengths are not to be trusted. Rows of other kinds come and go; ours have the
  tag at index 6, in arbitrary order, and at index 2 a string that is JSON once more.
* `[3]` at index 5: the pair is stale, foreign or missing. `[5]`: there is no such article.
* HTML where JSON or an article should be is a consent wall or the "sorry" page.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from itertools import chain
from urllib.parse import quote_plus, urljoin

from aggregator.google.editions import Edition
from aggregator.model import Exchange, FailureKind
from aggregator.resolve.urls import is_publisher_url, parse_web_url

BATCH_URL = "https://news.google.com/_/DotsSplashUi/data/batchexecute"
BATCH_HEADERS = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
MAX_BATCH = 50
MAX_PAGE_BYTES = 3_000_000  # the page is 0.6 MB and grows

_RPC = "Fbv4je"
_PREFIX = ")]}'"

_SIGNATURE_MARK = b"data-n-a-sg"
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_DATA_P = re.compile(r"""\bdata-p\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_DATA_P_MARK = "%.@."
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{8,200}")
_TIMESTAMP = re.compile(r"[0-9]{9,12}")
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_LOOKED_AT_CHARACTERS = 65_536  # walls say what they are at the top


@dataclass(frozen=True, slots=True)
class Signature:
    """What an article page gives and the call wants back; never stored."""

    signature: str
    timestamp: int  # Unix seconds


class PageKind(StrEnum):
    """What a request for an article page came to."""

    SIGNED = "signed"
    CONSENT_WALL = "consent-wall"
    REFUSED = "refused"  # 429, 403 or the "sorry" page: the budget is spent
    UNKNOWN_ARTICLE = "unknown-article"  # 400, 404, 410
    LAYOUT_CHANGED = "layout-changed"  # a page, but nothing that we know on it
    UNREACHABLE = "unreachable"  # no answer, or a server's error


@dataclass(frozen=True, slots=True)
class Page:
    """An article page, reduced to what matters; `signature` is set when SIGNED."""

    kind: PageKind
    signature: Signature | None = None


class AnswerKind(StrEnum):
    """What the call said about one article."""

    URL = "url"
    REJECTED = "rejected"  # [3]: fetch the page again, once
    NOT_FOUND = "not-found"  # [5]: final
    MISSING = "missing"  # no row, or one that cannot be read
    CONFLICT = "conflict"  # two URLs for one tag
    UNUSABLE = "unusable"  # a URL that cannot be a publisher's


@dataclass(frozen=True, slots=True)
class Answer:
    """The call's answer for one article; `url` is set when URL."""

    kind: AnswerKind
    url: str | None = None


_ERRORS = {"3": AnswerKind.REJECTED, "5": AnswerKind.NOT_FOUND}


class BatchKind(StrEnum):
    """What one POST came to as a whole."""

    ANSWERED = "answered"
    REFUSED = "refused"  # HTML or 429 in place of an answer
    MALFORMED = "malformed"  # 400, or an answer in no framing we know: a bug of ours or a change of Google's
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Batch:
    """The answer to one POST; `answers` has every tag that was asked for when ANSWERED."""

    kind: BatchKind
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One article in a call: our tag, its id, and the pair from its page."""

    tag: str
    google_id: str
    signature: Signature


# --- step 1: the article page ----------------------------------------------------------------------


def article_page_url(google_id: str, edition: Edition) -> str:
    """Return the only form of page URL that still answers plain HTTP clients."""
    return f"https://news.google.com/rss/articles/{google_id}?{edition.query}"


def page_hop_filter(base_url: str) -> Callable[[str], bool]:
    """Return the rule which redirects of an article page may be followed.

    Between Google News, the consent page (which bounces clients without cookies back), and the
    host that `base_url` puts in their place; never to the "sorry" page, where asking is counted.
    """
    base = parse_web_url(base_url)
    allowed: set[tuple[str, int | None]] = {("news.google.com", None), ("consent.google.com", None)}
    if base is not None:
        allowed.add((base.host, base.port))

    def may_follow(url: str) -> bool:
        parts = parse_web_url(url)
        return parts is not None and (parts.host, parts.port) in allowed and not _is_sorry(url)

    return may_follow


def signature_watch() -> Callable[[bytes], bool]:
    """Return a watcher of one page: told of the page read so far, it says whether the whole element is there.

    It remembers how far it has looked: the element stands behind half a megabyte.
    """
    looked_at = 0

    def has_signature(body: bytes) -> bool:
        nonlocal looked_at
        start = body.find(_SIGNATURE_MARK, max(looked_at - len(_SIGNATURE_MARK), 0))
        if start < 0:
            looked_at = len(body)
        return start >= 0 and body.find(b">", start) >= 0

    return has_signature


def read_page(exchange: Exchange, google_id: str) -> Page:
    """Say what the answer to an article page request is, and take the signature from it."""
    if _is_refusal(exchange):
        return Page(PageKind.REFUSED)
    if exchange.status is None or exchange.status >= 500:
        return Page(PageKind.UNREACHABLE)
    if exchange.status in (400, 404, 410):
        return Page(PageKind.UNKNOWN_ARTICLE)
    text = exchange.body.decode("utf-8", errors="replace")
    if exchange.status == 200 and (signature := find_signature(text, google_id)):
        return Page(PageKind.SIGNED, signature)
    if "unusual traffic" in text[:_LOOKED_AT_CHARACTERS]:
        return Page(PageKind.REFUSED)
    if _is_consent_wall(exchange, text):
        return Page(PageKind.CONSENT_WALL)
    # A page that broke off may have had its signature further down.
    is_whole = exchange.failure is None and not exchange.is_truncated
    return Page(PageKind.LAYOUT_CHANGED if is_whole else PageKind.UNREACHABLE)


def find_signature(page: str, google_id: str) -> Signature | None:
    """Return the pair from one element of the page, None when neither place has it.

    An element that names another article is passed over.
    """
    pairs = chain(_pairs_of_attributes(page, google_id), _pairs_of_data_p(page, google_id))
    for timestamp, signature in pairs:
        if _TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature):
            return Signature(signature, int(timestamp))
    return None


def _pairs_of_attributes(page: str, google_id: str) -> Iterator[tuple[str, str]]:
    mark = _SIGNATURE_MARK.decode()
    at = page.find(mark)
    while at >= 0:
        start, end = page.rfind("<", 0, at), page.find(">", at)
        tag = page[max(start, 0) : end if end >= 0 else len(page)]
        values = {name: unescape(double or single) for name, double, single in _ATTRIBUTE.findall(tag)}
        if values.get("data-n-a-id", google_id) == google_id:
            yield values.get("data-n-a-ts", ""), values.get(mark, "")
        at = page.find(mark, at + len(mark))


def _pairs_of_data_p(page: str, google_id: str) -> Iterator[tuple[str, str]]:
    for double, single in _DATA_P.findall(page):
        value = unescape(double or single)
        if not value.startswith(_DATA_P_MARK):
            continue
        items = _json('["garturlreq",' + value.removeprefix(_DATA_P_MARK))
        if isinstance(items, list) and len(items) > 4 and google_id in items[1:4]:
            yield str(items[-2]), str(items[-1])


def _is_refusal(exchange: Exchange) -> bool:
    try:
        refused_hop = urljoin(exchange.url, exchange.headers.get("location", ""))
    except ValueError:  # a Location that is no URL
        refused_hop = ""
    is_limited = exchange.failure is not None and exchange.failure.kind is FailureKind.RATE_LIMITED
    places = (exchange.url, refused_hop, *(hop.url for hop in exchange.hops))
    return exchange.status in (403, 429) or is_limited or any(_is_sorry(url) for url in places)


def _is_sorry(url: str) -> bool:
    parts = parse_web_url(url)
    return parts is not None and (parts.path == "/sorry" or parts.path.startswith("/sorry/"))


def _is_consent_wall(exchange: Exchange, text: str) -> bool:
    parts = parse_web_url(exchange.url)
    title = _TITLE.search(text, 0, _LOOKED_AT_CHARACTERS)
    return (
        (parts is not None and parts.host.startswith("consent."))
        or (exchange.failure is not None and exchange.failure.kind is FailureKind.CONSENT_WALL)
        or (title is not None and title[1].strip().startswith("Before you continue"))
        or 'action="https://consent.google.' in text[:_LOOKED_AT_CHARACTERS]
    )


# --- step 2: the call ------------------------------------------------------------------------------


def batch_body(envelopes: Sequence[Envelope], edition: Edition) -> bytes:
    """Return the form body of one call. Raises ValueError for none or more than `MAX_BATCH` articles."""
    if not 1 <= len(envelopes) <= MAX_BATCH:
        raise ValueError(f"a batch has 1 to {MAX_BATCH} articles, got {len(envelopes)}")
    calls = [[_RPC, _inner_request(envelope, edition), None, envelope.tag] for envelope in envelopes]
    return f"f.req={quote_plus(_compact([calls]))}".encode("ascii")


def _inner_request(envelope: Envelope, edition: Edition) -> str:
    # The constants are placeholders that every known client sends; Google reads the edition, the id and
    # the pair.
    context = ["X", "X", ["X", "X"], None, None, 1, 1, edition.ceid, None, 1]
    context += [None, None, None, None, None, 0, 1]
    request = [context, "X", "X", 1, [1, 1, 1], 1, 1, None, 0, 0, None, 0]
    pair = envelope.signature
    return _compact(["garturlreq", request, envelope.google_id, pair.timestamp, pair.signature])


def read_batch(exchange: Exchange, tags: Iterable[str]) -> Batch:
    """Return what a call answered, with an `Answer` for every tag of ours."""
    if exchange.status is None or exchange.status >= 500:
        return Batch(BatchKind.UNREACHABLE, {})
    text = exchange.body.decode("utf-8", errors="replace")
    if _is_refusal(exchange) or text.lstrip().startswith("<"):
        return Batch(BatchKind.REFUSED, {})
    rows = _rows(text)
    if exchange.status != 200 or rows is None:
        return Batch(BatchKind.MALFORMED, {})
    found, tags = _answers_by_tag(rows), tuple(tags)
    if not found and len(tags) > 1:  # one article may be left out, but not all of them
        return Batch(BatchKind.MALFORMED, {})
    return Batch(BatchKind.ANSWERED, {tag: _agreed(found.get(tag, [])) for tag in tags})


def _rows(text: str) -> list[object] | None:
    """Return the rows of an answer in either framing, None when it is neither."""
    body = text.lstrip()
    if not body.startswith(_PREFIX):
        return None
    body = body.removeprefix(_PREFIX)
    whole = _json(body)
    if isinstance(whole, list):
        return whole
    chunks = [_json(line) for line in body.splitlines() if line.startswith("[")]
    rows = [row for chunk in chunks if isinstance(chunk, list) for row in chunk]
    return rows or None


def _answers_by_tag(rows: Iterable[object]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for row in rows:
        match row:
            case ["wrb.fr", name, payload, _, _, error, str(tag), *_] if name == _RPC:
                found.setdefault(tag, []).append(_answer(payload, error))
    return found


def _answer(payload: object, error: object) -> Answer:
    if isinstance(error, list) and error:
        return Answer(_ERRORS.get(str(error[0]), AnswerKind.MISSING))
    match _json(payload) if isinstance(payload, str) else None:
        case ["garturlres", str(url), *_]:
            return Answer(AnswerKind.URL, url) if is_publisher_url(url) else Answer(AnswerKind.UNUSABLE)
    return Answer(AnswerKind.MISSING)


def _agreed(answers: Sequence[Answer]) -> Answer:
    """Return what all rows of one tag say; rows that differ say nothing."""
    distinct = list(dict.fromkeys(answers))
    if not distinct:
        return Answer(AnswerKind.MISSING)
    return distinct[0] if len(distinct) == 1 else Answer(AnswerKind.CONFLICT)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _json(text: str) -> object:
    """Return the value of a JSON text, None when it is none."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value
