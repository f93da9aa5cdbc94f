"""How the demo's news is written down: events, and reports of them. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from aggregator.replica.content import LinkKind, Outlet

WORLD = "en-US/WORLD"
BUSINESS = "en-US/BUSINESS"
TECHNOLOGY = "en-US/TECHNOLOGY"
WELT = "de-DE/WORLD"


class Shown(StrEnum):
    """Which feeds show a report."""

    GOOGLE = "google"
    OWN_FEED = "own-feed"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Report:
    """One article about an event.

    `day` counts from the demo's first day, `at` is "HH:MM" UTC, or "" for a report of which Google knows
    only the day. In the headline `{date}` stands for its day ("19 November").
    """

    day: int
    at: str
    outlet: Outlet
    headline: str
    link_kind: LinkKind = LinkKind.OPAQUE
    shown: Shown = Shown.GOOGLE
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, as one label, and every report of it; `sections` are the feeds that show it."""

    label: str
    sections: tuple[str, ...]
    reports: tuple[Report, ...]


def event(label: str, sections: str | tuple[str, ...], *reports: Report) -> Event:
    """Return an event of one section or several."""
    return Event(label, (sections,) if isinstance(sections, str) else sections, reports)
