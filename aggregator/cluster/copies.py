"""Headlines that say the very same: a few of them are compared, the others go where those go. Pure.

Facts
-----
* A feed whose ids change with every poll, or a page of mirrors, brings one headline thousands of times.
  Each pair of copies is alike, and pairs grow with the square: ten thousand copies took 12 GB.
* Copies of one text are one story whatever else is known, but for a person's correction, so an article
  that a correction names is always compared itself.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator.cluster.reading import Reader
from aggregator.model import Correction, DayGroup, DayGroups, Decision, Headline, Verdict

MAX_COPIES = 300  # of one headline that are compared; more would not change a mean


@dataclass(frozen=True, slots=True)
class Folded:
    """Headlines to be compared, in order, and by the key of one of them those that will go where it goes."""

    headlines: tuple[Headline, ...]
    surplus: Mapping[str, tuple[Headline, ...]]


def in_order(headlines: Iterable[Headline]) -> tuple[Headline, ...]:
    """Return the headlines in the order of their keys; of several with one key the first by text."""
    by_key = {h.key: h for h in sorted(headlines, key=lambda h: (h.key, h.text), reverse=True)}
    return tuple(reversed(by_key.values()))


def folded(
    headlines: Iterable[Headline],
    corrections: Sequence[Correction],
    language: str,
    reader: Reader,
    place_of: Mapping[str, int] | None = None,
) -> Folded:
    """Leave out all but some copies of a headline: the first by key, and whatever a correction names.

    Headlines whose keys have different places (`place_of`: groups that are frozen) are no copies.
    """
    told = headlines if isinstance(headlines, tuple) else tuple(headlines)
    read = reader.read_all(told, language)
    if not read.are_in_order:
        told = in_order(told)
        read = reader.read_all(told, language)
    if read.most_alike <= MAX_COPIES:
        return Folded(told, {})
    named = {key for correction in corrections for key in (correction.a_key, correction.b_key)}
    places = place_of or {}
    copies: defaultdict[Hashable, list[Headline]] = defaultdict(list)
    kept = []
    for headline in told:
        reading = reader.read(headline.text, language)
        if headline.key in named or not reading.surfaces:
            kept.append(headline)
        else:
            copies[reading.surfaces, reading.slot, places.get(headline.key)].append(headline)
    kept += [headline for same in copies.values() for headline in same[:MAX_COPIES]]
    surplus = {same[0].key: tuple(same[MAX_COPIES:]) for same in copies.values() if len(same) > MAX_COPIES}
    return Folded(in_order(kept), surplus)


def unfolded(grouped: DayGroups, surplus: Mapping[str, Sequence[Headline]]) -> DayGroups:
    """Put the surplus copies back, after the other members of the groups they belong to."""
    if not surplus:
        return grouped
    groups = [_with_copies(group, surplus) for group in grouped.groups]
    groups.sort(key=lambda group: (-len(group.keys), group.lead_key))
    told = (
        Decision(copy.key, key, Verdict.JOINED, "headlines", 1.0, None)
        for key, copies in surplus.items()
        for copy in copies
    )
    decisions = tuple(sorted([*grouped.decisions, *told], key=lambda decision: decision.key))
    return replace(grouped, groups=tuple(groups), decisions=decisions)


def _with_copies(group: DayGroup, surplus: Mapping[str, Sequence[Headline]]) -> DayGroup:
    copies = [copy.key for key in group.keys for copy in surplus.get(key, ())]
    return group._replace(keys=(*group.keys, *copies)) if copies else group
