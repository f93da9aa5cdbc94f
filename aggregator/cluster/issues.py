"""Neighbours in a series: which story holds the issue before, and which the one after. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from aggregator.cluster.series import SeriesSlot
from aggregator.model import Headline, KnownStory

SlotOf = Callable[[Headline], SeriesSlot | None]
SlotsOf = Callable[[Sequence[Headline]], list[SeriesSlot | None]]
_Series = tuple[str, str, str]  # kind, name, outlet

_MONTH_DAYS = 31
_YEAR_DAYS = 12 * _MONTH_DAYS  # in months of one length, which keep the order


class Issues:
    """Per series of an outlet, the story that holds each issue, the smallest id of several; read when first asked for."""

    def __init__(self, stories: Sequence[KnownStory], slots_of: SlotsOf) -> None:
        self._stories = stories
        self._slots_of = slots_of

    @cached_property
    def _known(self) -> Mapping[_Series, Mapping[tuple[int, ...], int]]:
        found: defaultdict[_Series, dict[tuple[int, ...], int]] = defaultdict(dict)
        headlines = [headline for story in self._stories for headline in story.headlines]
        ids = [story.story_id for story in self._stories for _ in story.headlines]
        for story_id, headline, slot in zip(ids, headlines, self._slots_of(headlines), strict=True):
            if slot:
                known = found[_series(headline, slot)]
                known[slot.order] = min(known.get(slot.order, story_id), story_id)
        return found

    def neighbours(self, headlines: Sequence[Headline], own_id: int | None) -> tuple[int | None, int | None]:
        """Return the stories with the closest lower and the closest higher issue of a series held here."""
        for headline, slot in zip(headlines, self._slots_of(headlines), strict=True):
            if slot is None:
                continue
            known = self._known.get(_series(headline, slot), {})
            places = {
                _place(order, slot): story_id for order, story_id in known.items() if story_id != own_id
            }
            own = _place(slot.order, slot)
            lower = max((place for place in places if place < own), default=None)
            higher = min((place for place in places if place > own), default=None)
            if lower or higher:
                return (places[lower] if lower else None, places[higher] if higher else None)
        return (None, None)


def _place(order: tuple[int, ...], slot: SeriesSlot) -> tuple[int, ...]:
    """Where an issue stands in the series of `slot`; a date in the half year up to that of `slot` is before it.

    The years of dates are not read, as many headlines leave them out: December 31 comes before January 2.
    """
    if slot.kind != "date":
        return order
    (month, day), (own_month, own_day) = order, slot.order
    days = _MONTH_DAYS * (month - own_month) + day - own_day
    return ((days + _YEAR_DAYS // 2) % _YEAR_DAYS - _YEAR_DAYS // 2,)


def are_other_issues(group: Iterable[Headline], story: Iterable[Headline], slot_of: SlotOf) -> bool:
    """Whether both hold issues of one kind of series, and none is the same issue."""
    mine = {slot for slot in map(slot_of, group) if slot}
    theirs = {slot for slot in map(slot_of, story) if slot}
    differing = [(a, b) for a in mine for b in theirs if a.kind == b.kind]
    return bool(differing) and all(a.differs_from(b) for a, b in differing)


def _series(headline: Headline, slot: SeriesSlot) -> _Series:
    return slot.kind, slot.series, (headline.outlet or "").casefold()
