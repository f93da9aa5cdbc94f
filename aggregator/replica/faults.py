"""The switches with which the replica misbehaves as Google does. Pure.

`Faults()` is Google on a good day: a page budget, the 2026 wall before `/articles/`, rows of a batch
in any order, everything else well.
"""

from dataclasses import dataclass
from enum import StrEnum


class FeedFault(StrEnum):
    """What a feed request gets instead of the document."""

    NONE = "none"
    EMPTY = "empty"  # 200, a valid channel without items
    TRUNCATED = "truncated"  # 200, the document ends in the middle of an item
    UNAVAILABLE = "unavailable"  # 503 with Retry-After
    TOO_MANY = "too-many"  # 429 with Retry-After
    CONSENT = "consent"  # 200, the consent page: HTML where a feed should be


class FeedForm(StrEnum):
    """Shape of a feed document over the years."""

    CURRENT = "current"  # since 2025
    NO_LISTS = "no-lists"  # every item shows its lead alone
    DIRECT_2022 = "direct-2022"  # publisher URLs in clear
    COVERAGE_2019 = "coverage-2019"  # /__i/rss/rd/ links, decimal guid, "full coverage" at the end
    COVERAGE_2023 = "coverage-2023"  # the same with /rss/articles/ links


class SignatureForm(StrEnum):
    """How an article page gives its signature and timestamp."""

    PLAIN = "plain"
    SWAPPED = "swapped"  # signature before timestamp
    ESCAPED = "escaped"  # with HTML character references
    DATA_P = "data-p"  # only in the page's data-p
    NONE = "none"  # nowhere: the layout has changed


@dataclass(frozen=True, slots=True)
class Faults:
    """Every switch, with Google's own behaviour as the default.

    `page_budget` article pages are served to one client address at once and one more every
    `page_refill_seconds`; the next one is refused for `refusal_seconds`, and every try in that time
    starts them anew. None serves any number. All seconds but `delay_seconds` are on the replica's
    `now`; `delay_seconds` really passes before every answer.
    """

    feed: FeedFault = FeedFault.NONE
    feed_form: FeedForm = FeedForm.CURRENT
    delay_seconds: float = 0.0
    allows_gzip: bool = True
    page_budget: int | None = 40
    page_refill_seconds: float = 70.0
    refusal_seconds: float = 3600.0
    refuses_with_redirect: bool = False  # 302 to the sorry page instead of a plain 429
    has_consent_wall: bool = False
    blocks_articles_path: bool = True  # /articles/ and /read/ lead to the sorry page
    signature: SignatureForm = SignatureForm.PLAIN
    signature_lifetime_seconds: float = 600.0
    chunks_batches: bool = False
    shuffles_rows: bool = True
    drops_first_row: bool = False
    doubles_first_row: bool = False  # a second row for the first tag, with another URL
    forgotten_ids: frozenset[str] = frozenset()  # answered [5], not found
    redirects_to_self: bool = False  # absolute redirects name the replica instead of Google's hosts
