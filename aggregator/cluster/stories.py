"""Which story each day group is: one of today's, one of the days before, or a new one. Pure.

Facts
-----
* A day is grouped again with every poll, so most groups hold articles that have a story already.
  The id stays where most of the story's articles went.
* A story of the days before is continued by agreement: shared articles first, then headlines that
  agree on average, above a stricter line than within a day, since several days hold more headlines
  that are a little alike than one.
* An issue of a numbered series never continues another issue; the two are neighbours.
* What a person split stays apart over all days: of two groups that are split from each other the
  one with the stronger claim has the story, and the other its next best, or begins one.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np

from aggregator.cluster.linkage import adjusted
from aggregator.cluster.reading import Reader
from aggregator.cluster.rules import DEFAULT_SETTINGS, RULES, Rules
from aggregator.cluster.series import SeriesSlot
from aggregator.cluster.similarity import cross_similarities
from aggregator.cluster.text import surfaces_of
from aggregator.cluster.weights import TokenWeights, shipped_weights
from aggregator.model import (
    Continuation,
    Correction,
    CorrectionKind,
    DayGroup,
    Decision,
    Headline,
    KnownStory,
    StoryStatus,
    Verdict,
)
from aggregator.settings import ClusterSettings

MAX_NEW_WORDS = 5
MAX_COMPARED = 40  # headlines of one story that are compared, so that a giant costs no more


@dataclass(frozen=True, slots=True)
class Bond:
    """What ties a group to a story of the days before; stronger bonds sort first.

    `corrected`: a person joined them; `shared`: articles in both; `similarity`: mean of all pairs, in
    [0, 1], adjusted like that of two groups, and the `line` it has to meet; `pair`: the two articles most alike, the group's first.
    """

    corrected: bool
    shared: int
    similarity: float
    line: float
    story_id: int
    pair: tuple[str, str]

    def rank(self) -> tuple[bool, int, float, int]:
        return (not self.corrected, -self.shared, -self.similarity, self.story_id)

    def holds(self) -> bool:
        return self.corrected or self.shared > 0 or self.similarity >= self.line


def continue_stories(
    groups: Sequence[DayGroup],
    headlines: Mapping[str, Headline],
    *,
    day: date,
    today: Sequence[KnownStory],
    past: Sequence[KnownStory],
    language: str,
    weights: TokenWeights | None = None,
    corrections: Sequence[Correction] = (),
    settings: ClusterSettings = DEFAULT_SETTINGS,
    rules: Rules = RULES,
    reader: Reader | None = None,
) -> tuple[Continuation, ...]:
    """Give each group of `day` its story, in the order of the groups.

    A story of `today` stays with the group that holds most of its articles; a group that holds
    most of several keeps the one it shares most with, and the others end in it. Any other group
    continues at most one story of the last `window_days` days, or begins one. Ties go to the
    smallest id. No group has a story together with an article it is split from. `headlines` holds at
    least the articles of `groups`.
    """
    recent = [story for story in past if 0 < (day - story.day).days <= settings.window_days]
    scorer = _Scorer(reader or Reader(), language, weights or shipped_weights(language), rules)
    splits = _splits(corrections)
    members = _members_by_story(recent)
    kept = _without_split(_ids_of_today(groups, today), groups, members, splits)
    before = _members_by_story(recent, {merged: ids[0] for ids in kept.values() for merged in ids[1:]})
    unknown = [index for index in range(len(groups)) if index not in kept]
    bonds = _claimed(
        groups,
        {index: ids[0] for index, ids in kept.items()},
        splits,
        _bonds(
            {index: [headlines[key] for key in groups[index].keys] for index in unknown},
            before,
            corrections,
            scorer,
        ),
    )
    issues = _issues([*today, *past], scorer)
    return tuple(
        _continuation(index, group, headlines, kept.get(index, ()), bonds.get(index), before, issues)
        for index, group in enumerate(groups)
    )


def _members_by_story(
    stories: Iterable[KnownStory], merged: Mapping[int, int] = MappingProxyType({})
) -> dict[int, dict[str, Headline]]:
    """Return the articles of each story over all its days, the latest day last.

    `merged` leads from stories that end today to those they end in.
    """
    members: dict[int, dict[str, Headline]] = {}
    for story in sorted(stories, key=lambda s: (s.day, s.story_id)):
        story_id = merged.get(story.story_id, story.story_id)
        members.setdefault(story_id, {}).update(zip(story.keys, story.headlines, strict=True))
    return members


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


def _without_split(
    kept: Mapping[int, tuple[int, ...]],
    groups: Sequence[DayGroup],
    before: Mapping[int, Mapping[str, Headline]],
    splits: _Splits,
) -> dict[int, tuple[int, ...]]:
    """Leave out the stories whose earlier articles a group is split from."""
    left = {
        index: tuple(i for i in ids if not _are_split(groups[index].keys, before.get(i, {}), splits))
        for index, ids in kept.items()
    }
    return {index: ids for index, ids in left.items() if ids}


def _claimed(
    groups: Sequence[DayGroup],
    kept: Mapping[int, int],
    splits: _Splits,
    bonds: Iterable[tuple[int, Bond]],
) -> dict[int, Bond]:
    """Give each group its strongest bond to a story that no group holds which it is split from."""
    holders: defaultdict[int, set[str]] = defaultdict(set)
    for index, story_id in kept.items():
        holders[story_id].update(groups[index].keys)
    given: dict[int, Bond] = {}
    for index, bond in sorted(bonds, key=lambda b: (*b[1].rank(), min(groups[b[0]].keys))):
        if index in given or _are_split(groups[index].keys, holders[bond.story_id], splits):
            continue
        given[index] = bond
        holders[bond.story_id].update(groups[index].keys)
    return given


def _ids_of_today(groups: Sequence[DayGroup], today: Sequence[KnownStory]) -> dict[int, tuple[int, ...]]:
    """Return, per group, the stories of today whose largest part it holds; the one to keep first."""
    group_of = {key: index for index, group in enumerate(groups) for key in group.keys}
    held: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for story in today:
        parts = Counter(group_of[key] for key in story.keys if key in group_of)
        if parts:
            largest = min(parts, key=lambda index: (-parts[index], min(groups[index].keys)))
            held[largest].append((-parts[largest], story.story_id))
    return {index: tuple(story_id for _, story_id in sorted(stories)) for index, stories in held.items()}


@dataclass(frozen=True, slots=True)
class _Scorer:
    """What headlines are read and compared with."""

    reader: Reader
    language: str
    weights: TokenWeights
    rules: Rules

    def tokens(self, headline: Headline) -> tuple[str, ...]:
        return self.reader.read(headline.text, self.language).tokens

    def slot(self, headline: Headline) -> SeriesSlot | None:
        return self.reader.read(headline.text, self.language).slot


def _bonds(
    groups: Mapping[int, Sequence[Headline]],
    before: Mapping[int, Mapping[str, Headline]],
    corrections: Sequence[Correction],
    scorer: _Scorer,
) -> list[tuple[int, Bond]]:
    """Return the bonds that hold, each with its group."""
    told = {frozenset((c.a_key, c.b_key)): c.kind for c in corrections}
    left = [(index, h) for index, members in groups.items() for h in members[:MAX_COMPARED]]
    right = [(story, h) for story, members in before.items() for h in list(members.values())[-MAX_COMPARED:]]
    scores = cross_similarities(
        [scorer.tokens(h) for _, h in left],
        [scorer.tokens(h) for _, h in right],
        scorer.weights,
        scorer.rules,
    ).tocoo()
    pairs: defaultdict[tuple[int, int], list[tuple[int, str, str]]] = defaultdict(list)
    for row, column, score in zip(
        scores.row.tolist(), scores.col.tolist(), scores.data.tolist(), strict=True
    ):
        (index, mine), (story_id, theirs) = left[row], right[column]
        pairs[index, story_id].append((score, mine.key, theirs.key))
    line = scorer.rules.continuation_line_for(len(left) + len(right))
    found: list[tuple[int, Bond]] = []
    for index, story_id in {*pairs, *_told_pairs(groups, before, told)}:
        agreement = _agreement(pairs[index, story_id], groups[index], before[story_id], line, scorer.rules)
        bond = _bond(groups[index], story_id, before[story_id], agreement, told, scorer)
        if bond and bond.holds():
            found.append((index, bond))
    return found


def _told_pairs(
    groups: Mapping[int, Sequence[Headline]],
    before: Mapping[int, Mapping[str, Headline]],
    told: Mapping[frozenset[str], CorrectionKind],
) -> set[tuple[int, int]]:
    """Return (group, story) pairs that share an article or that a person joined."""
    story_of: defaultdict[str, set[int]] = defaultdict(set)
    for story_id, members in before.items():
        for key in members:
            story_of[key].add(story_id)
    partners: defaultdict[str, set[str]] = defaultdict(set)
    for pair, kind in told.items():
        if kind is CorrectionKind.JOIN and len(pair) == 2:
            a, b = pair
            partners[a].add(b)
            partners[b].add(a)
    return {
        (index, story_id)
        for index, members in groups.items()
        for headline in members
        for key in (headline.key, *partners[headline.key])
        for story_id in story_of.get(key, ())
    }


@dataclass(frozen=True, slots=True)
class _Agreement:
    mean: float
    line: float
    pair: tuple[str, str]


def _agreement(
    scores: Sequence[tuple[int, str, str]],
    group: Sequence[Headline],
    story: Mapping[str, Headline],
    line: float,
    rules: Rules,
) -> _Agreement:
    """Return the adjusted mean of all pairs, and the pair most alike."""
    sizes = (min(len(group), MAX_COMPARED), min(len(story), MAX_COMPARED))
    total = np.array([sum(score for score, _, _ in scores)])
    mean = float(adjusted(total, np.array(sizes[:1]), np.array(sizes[1:]), rules)[0])
    top = min(scores, key=lambda s: (-s[0], s[1], s[2]), default=(0, group[0].key, min(story)))
    return _Agreement(mean, line, (top[1], top[2]))


def _bond(
    group: Sequence[Headline],
    story_id: int,
    story: Mapping[str, Headline],
    agreement: _Agreement,
    told: Mapping[frozenset[str], CorrectionKind],
    scorer: _Scorer,
) -> Bond | None:
    """Return the bond of one group and one story; None where a person or the series guard parts them."""
    verdicts = {told.get(frozenset((mine.key, key))) for mine in group for key in story} if told else set()
    if CorrectionKind.SPLIT in verdicts or _are_other_issues(group, story.values(), scorer):
        return None
    shared = sum(1 for headline in group if headline.key in story)
    corrected = CorrectionKind.JOIN in verdicts
    return Bond(corrected, shared, agreement.mean, agreement.line, story_id, agreement.pair)


def _are_other_issues(group: Iterable[Headline], story: Iterable[Headline], scorer: _Scorer) -> bool:
    """Whether both hold issues of one kind of series, and none is the same issue."""
    mine = {slot for slot in map(scorer.slot, group) if slot}
    theirs = {slot for slot in map(scorer.slot, story) if slot}
    differing = [(a, b) for a in mine for b in theirs if a.kind == b.kind]
    return bool(differing) and all(a.differs_from(b) for a, b in differing)


@dataclass(frozen=True, slots=True)
class _Issues:
    """Per series of an outlet, the story that holds each issue; the smallest id of several."""

    known: Mapping[tuple[str, str, str], Mapping[tuple[int, ...], int]]
    scorer: _Scorer

    def neighbours(self, headlines: Iterable[Headline], own_id: int | None) -> tuple[int | None, int | None]:
        """Return the stories with the closest lower and the closest higher issue of a series held here."""
        for series, slot in _slots(headlines, self.scorer):
            known = self.known.get(series, {})
            lower = [order for order, story_id in known.items() if order < slot.order and story_id != own_id]
            higher = [order for order, story_id in known.items() if order > slot.order and story_id != own_id]
            if lower or higher:
                return (known[max(lower)] if lower else None, known[min(higher)] if higher else None)
        return (None, None)


def _issues(stories: Iterable[KnownStory], scorer: _Scorer) -> _Issues:
    found: defaultdict[tuple[str, str, str], dict[tuple[int, ...], int]] = defaultdict(dict)
    for story in stories:
        for series, slot in _slots(story.headlines, scorer):
            known = found[series].get(slot.order, story.story_id)
            found[series][slot.order] = min(known, story.story_id)
    return _Issues(found, scorer)


def _slots(headlines: Iterable[Headline], scorer: _Scorer) -> list[tuple[tuple[str, str, str], SeriesSlot]]:
    with_slots = ((h, scorer.slot(h)) for h in headlines)
    return [((slot.kind, slot.series, (h.outlet or "").casefold()), slot) for h, slot in with_slots if slot]


def _continuation(
    index: int,
    group: DayGroup,
    headlines: Mapping[str, Headline],
    kept: Sequence[int],
    bond: Bond | None,
    before: Mapping[int, Mapping[str, Headline]],
    issues: _Issues,
) -> Continuation:
    members = [headlines[key] for key in group.keys]
    story_id = kept[0] if kept else bond.story_id if bond else None
    earlier = before.get(story_id, {}) if story_id is not None else {}
    new_words = _new_words(members, earlier.values()) if earlier else ()
    lower, higher = issues.neighbours(members, story_id)
    status = StoryStatus.NEW if not earlier else StoryStatus.UPDATED if new_words else StoryStatus.ONGOING
    return Continuation(
        group_index=index,
        story_id=story_id,
        status=status,
        merged_ids=tuple(kept[1:]),
        previous_story_id=lower,
        next_story_id=higher,
        new_words=new_words,
        decision=_decision(bond, members, earlier) if bond else None,
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
    rule = "correction" if bond.corrected else "same-article" if bond.shared else "continuation"
    score = round(min(bond.similarity, 1.0), 4)
    return Decision(mine, theirs, Verdict.JOINED, rule, score, round(bond.line, 4), tuple(shared[:4]))
