"""Which story each day group is: one of the days before, one begun today, or a new one. Pure.

Facts
-----
* A day is grouped again with every poll, and what continues a story is decided again from its groups as they are
  then: which small group first took an id early in the day does not count.
* A story of the days before is continued by agreement: shared articles first, then headlines and
  Google's lists that agree on average. A story begun today stays where most of its articles went.
* Two groups may continue one story, and are one daily story; not where a person split them or Google lists
  them apart: then the one with the stronger claim has it, and the other its next best, or a story of its own.
* A day whose digest is made keeps its ids; only what came late is decided.
* An issue of a numbered series never continues another issue; the two are neighbours.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np

from aggregator.cluster.bonds import Bond, Scorer, Together, bonds
from aggregator.cluster.decided import ToldContinuations
from aggregator.cluster.holding import Held, held_by
from aggregator.cluster.issues import Issues
from aggregator.cluster.linkage import Indices
from aggregator.cluster.parts import Parts
from aggregator.cluster.reading import Reader
from aggregator.cluster.rules import DEFAULT_SETTINGS, RULES, Rules
from aggregator.cluster.text import surfaces_of
from aggregator.cluster.weights import TokenWeights, shipped_weights
from aggregator.model import (
    BEGINS,
    OTHERWISE,
    Continuation,
    Continuations,
    Correction,
    CorrectionKind,
    DayGroup,
    Decision,
    Headline,
    KnownStory,
    Sighting,
    StoryStatus,
    Verdict,
)
from aggregator.settings import ClusterSettings, GoogleGroups

MAX_NEW_WORDS = 5


def continue_stories(
    groups: Sequence[DayGroup],
    headlines: Mapping[str, Headline],
    *,
    day: date,
    today: Sequence[KnownStory],
    past: Sequence[KnownStory],
    language: str,
    is_settled: bool = False,
    sightings: Sequence[Sighting] = (),
    weights: TokenWeights | None = None,
    corrections: Sequence[Correction] = (),
    settings: ClusterSettings = DEFAULT_SETTINGS,
    rules: Rules = RULES,
    reader: Reader | None = None,
) -> Continuations:
    """Give each group of `day` its story, in the order of the groups.

    A group continues at most one story of the last `window_days` days; which one depends on the groups and
    on these days, not on the ids of `today`. A group that continues none keeps the story begun today that has
    most of its articles there; the other stories begun today that have, end in its story. Where the day
    `is_settled`, all ids of `today` are kept so, whenever they began. No group has a story
    together with an article it is split from. `headlines` holds at least the articles of `groups`.
    """
    recent = [story for story in past if 0 < (day - story.day).days <= settings.window_days]
    reader, known = reader or Reader(), weights or shipped_weights(language)
    decided = reader.memory(language).decided(known)
    before, splits = decided.past.parts(recent), _splits(corrections)
    earlier = before.place_of
    begun = [s for s in today if is_settled or (s.is_begun_that_day and s.story_id not in earlier)]
    held = _without_split(held_by(groups, begun), groups, before, splits)
    scorer = Scorer(reader, language, known, rules)
    settled = held.to_keep() if is_settled else {}
    heard = sightings if settings.google_groups is GoogleGroups.EVIDENCE else ()
    given: dict[int, Bond] = {}
    if before:
        parts = Parts.of_groups(groups, headlines)
        together = Together.of(parts, before, heard)
        found = bonds(parts, before, corrections, heard, together, scorer)
        given = _claimed(groups, settled, splits, together, found)
    issues = Issues([*today, *past], scorer.slots)
    told = decided.continuations
    told.turn_to(before)

    def tell(index: int) -> Continuation:
        return _continuation(groups[index], headlines, held.of(index), given.get(index), before, issues, told)

    kept = _kept(groups, held, given, before)
    return Continuations(kept, {index: tell(index) for index in np.flatnonzero(kept == OTHERWISE).tolist()})


def _kept(groups: Sequence[DayGroup], held: Held, given: Mapping[int, Bond], before: Parts) -> Indices:
    """Return the story of each group that is only what it was today, `BEGINS` for a new one, `OTHERWISE` for all others."""
    ids = np.where(held.first >= 0, held.first, BEGINS)
    ids[np.isin(ids, before.ids)] = OTHERWISE
    in_series = [index for index, group in enumerate(groups) if group.series is not None]
    ids[[*held.several, *given, *in_series]] = OTHERWISE
    return ids


_Splits = Mapping[str, frozenset[str]]


def _splits(corrections: Iterable[Correction]) -> _Splits:
    """Return, per article, those that a person split it from."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for correction in corrections:
        if correction.kind is CorrectionKind.SPLIT and correction.a_key != correction.b_key:
            found[correction.a_key].add(correction.b_key)
            found[correction.b_key].add(correction.a_key)
    return {key: frozenset(others) for key, others in found.items()}


def _are_split(keys: Iterable[str], others: Container[str], splits: _Splits) -> bool:
    return bool(splits) and any(other in others for key in keys for other in splits.get(key, ()))


def _without_split(held: Held, groups: Sequence[DayGroup], before: Parts, splits: _Splits) -> Held:
    """Leave out the stories whose earlier articles a group is split from."""
    if not splits:
        return held
    return held.where(lambda index, i: not _are_split(groups[index].keys, before.get(i, {}), splits))


def _claimed(
    groups: Sequence[DayGroup],
    settled: Mapping[int, int],
    splits: _Splits,
    together: Together,
    found: Sequence[tuple[int, Bond]],
) -> dict[int, Bond]:
    """Give each group its strongest bond to a story that no group holds which it is kept apart from.

    For the record, a group whose story is `settled` keeps its bond to that, and a group that gets none the
    strongest of those that do not hold.
    """
    holders: defaultdict[int, set[str]] = defaultdict(set)
    claimants: defaultdict[int, list[int]] = defaultdict(list)
    for index, story_id in settled.items():
        holders[story_id].update(groups[index].keys)
        claimants[story_id].append(index)
    given = {index: bond for index, bond in found if settled.get(index) == bond.story_id and bond.holds()}
    ranked = sorted(found, key=lambda b: (*b[1].rank(), min(groups[b[0]].keys)))
    for index, bond in ranked:
        if index in settled:
            continue
        others = claimants[bond.story_id]
        if (
            index in given
            or not bond.holds()
            or _are_split(groups[index].keys, holders[bond.story_id], splits)
        ):
            continue
        if not bond.corrected and together.are_parted(index, others):
            continue
        given[index] = bond
        others.append(index)
        holders[bond.story_id].update(groups[index].keys)
    for index, bond in ranked:
        if not bond.holds() and index not in settled:
            given.setdefault(index, bond)
    return given


def _continuation(
    group: DayGroup,
    headlines: Mapping[str, Headline],
    held: Sequence[int],
    bond: Bond | None,
    before: Parts,
    issues: Issues,
    told: ToldContinuations,
) -> Continuation:
    members = [headlines[key] for key in group.keys]
    tell = partial(_told, members, held, bond, before, issues)
    if group.series is not None:  # it has neighbours, of any day
        return tell()
    return told.again(group.lead_key, (members, held, bond), tell)


def _told(
    members: Sequence[Headline], held: Sequence[int], bond: Bond | None, before: Parts, issues: Issues
) -> Continuation:
    goes_on = bond is not None and bond.holds()
    ids = list(dict.fromkeys([*([bond.story_id] if bond and goes_on else ()), *held]))
    story_id = ids[0] if ids else None
    earlier = before.get(story_id, {}) if story_id is not None else {}
    new_words = _new_words(members, earlier.values()) if earlier else ()
    lower, higher = issues.neighbours(members, story_id)
    status = StoryStatus.NEW if not earlier else StoryStatus.UPDATED if new_words else StoryStatus.ONGOING
    return Continuation(
        story_id=story_id,
        status=status,
        merged_ids=tuple(ids[1:]),
        previous_story_id=lower,
        next_story_id=higher,
        new_words=new_words,
        decision=_decision(bond, members, before[bond.story_id]) if bond else None,
    )


def _new_words(members: Sequence[Headline], earlier: Iterable[Headline]) -> tuple[str, ...]:
    """Return words that a good part of the group has and the story had not: numbers, then the most shared."""
    known = {word.casefold() for headline in earlier for word in surfaces_of(headline.text)}
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for headline in sorted(members, key=lambda h: h.key):
        words = {word.casefold(): word for word in surfaces_of(headline.text)}
        counts.update(words.keys())
        written = words | written
    needed = max(2, len(members) / 3) if len(members) > 1 else 1
    fresh = [word for word, count in counts.items() if count >= needed and word not in known]
    telling = [word for word in fresh if word[0].isdigit() or len(word) > 3 or not word.isascii()]
    telling.sort(key=lambda word: (not word[0].isdigit(), -counts[word], -len(word), word))
    return tuple(written[word] for word in telling[:MAX_NEW_WORDS])


def _decision(bond: Bond, members: Sequence[Headline], earlier: Mapping[str, Headline]) -> Decision:
    mine, theirs = bond.pair
    text = next(h.text for h in members if h.key == mine)
    known = {word.casefold() for word in surfaces_of(earlier[theirs].text)}
    shared = [word for word in surfaces_of(text) if word.casefold() in known and len(word) > 3]
    return Decision(
        key=mine,
        partner_key=theirs,
        verdict=Verdict.JOINED if bond.holds() else Verdict.REFUSED,
        rule=_rule(bond),
        score=round(max(min(bond.similarity if bond.holds() else bond.mean, 1.0), 0.0), 4),
        threshold=round(bond.line, 4),
        words=tuple(shared[:4]),
        alike=bond.alike,
        members=bond.members,
        together=bond.together,
        possible=bond.possible,
    )


def _rule(bond: Bond) -> str:
    if bond.corrected:
        return "correction"
    if bond.shared:
        return "same-article"
    if bond.parted:
        return "google-apart"
    return "group-agreement" if bond.similarity < bond.line <= bond.mean else "continuation"
