"""Which story each day group is: one of today's, one of the days before, or a new one. Pure.

Facts
-----
* A day is grouped again with every poll, so most groups hold articles that have a story already.
  The id stays where most of the story's articles went.
* A story of the days before is continued by agreement: shared articles first, then headlines that
  agree on average, above a stricter line than within a day, since several days hold more headlines
  that are a little alike than one.
* An issue of a numbered series never continues another issue; the two are neighbours.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from aggregator.cluster.linkage import adjusted
from aggregator.cluster.rules import DEFAULT_SETTINGS, RULES, Rules
from aggregator.cluster.series import SeriesSlot, series_of
from aggregator.cluster.similarity import cross_similarities
from aggregator.cluster.text import Stemmer, surfaces_of
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
) -> tuple[Continuation, ...]:
    """Give each group of `day` its story, in the order of the groups.

    A story of `today` stays with the group that holds most of its articles; a group that holds
    most of several keeps the one it shares most with, and the others end in it. Any other group
    continues at most one story of the last `window_days` days, or begins one. Ties go to the
    smallest id. `headlines` holds at least the articles of `groups`.
    """
    recent = [story for story in past if 0 < (day - story.day).days <= settings.window_days]
    before = _members_by_story(recent)
    kept = _ids_of_today(groups, today)
    unknown = [index for index in range(len(groups)) if index not in kept]
    bonds = _bonds(
        {index: [headlines[key] for key in groups[index].keys] for index in unknown},
        before,
        corrections,
        _Scorer(Stemmer(language), weights or shipped_weights(language), rules),
    )
    issues = _issues([*today, *past])
    return tuple(
        _continuation(index, group, headlines, kept.get(index, ()), bonds.get(index), before, issues)
        for index, group in enumerate(groups)
    )


def _members_by_story(stories: Iterable[KnownStory]) -> dict[int, dict[str, Headline]]:
    """Return the articles of each story over all its days, the latest day last."""
    members: dict[int, dict[str, Headline]] = {}
    for story in sorted(stories, key=lambda s: (s.story_id, s.day)):
        members.setdefault(story.story_id, {}).update(zip(story.keys, story.headlines, strict=True))
    return members


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
    stemmer: Stemmer
    weights: TokenWeights
    rules: Rules


def _bonds(
    groups: Mapping[int, Sequence[Headline]],
    before: Mapping[int, Mapping[str, Headline]],
    corrections: Sequence[Correction],
    scorer: _Scorer,
) -> dict[int, Bond]:
    """Return the strongest bond of each group that has one."""
    told = {frozenset((c.a_key, c.b_key)): c.kind for c in corrections}
    left = [(index, h) for index, members in groups.items() for h in members[:MAX_COMPARED]]
    right = [(story, h) for story, members in before.items() for h in list(members.values())[-MAX_COMPARED:]]
    scores = cross_similarities(
        [scorer.stemmer.tokens(h.text) for _, h in left],
        [scorer.stemmer.tokens(h.text) for _, h in right],
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
    best: dict[int, Bond] = {}
    for index, story_id in {*pairs, *_told_pairs(groups, before, told)}:
        agreement = _agreement(pairs[index, story_id], groups[index], before[story_id], line, scorer.rules)
        bond = _bond(groups[index], story_id, before[story_id], agreement, told)
        if bond and bond.holds() and (index not in best or bond.rank() < best[index].rank()):
            best[index] = bond
    return best


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
) -> Bond | None:
    """Return the bond of one group and one story; None where a person or the series guard parts them."""
    verdicts = {told.get(frozenset((mine.key, key))) for mine in group for key in story} if told else set()
    if CorrectionKind.SPLIT in verdicts or _are_other_issues(group, story.values()):
        return None
    shared = sum(1 for headline in group if headline.key in story)
    corrected = CorrectionKind.JOIN in verdicts
    return Bond(corrected, shared, agreement.mean, agreement.line, story_id, agreement.pair)


def _are_other_issues(group: Iterable[Headline], story: Iterable[Headline]) -> bool:
    """Whether both hold issues of one kind of series, and none is the same issue."""
    mine = {slot for slot in (series_of(h.text) for h in group) if slot}
    theirs = {slot for slot in (series_of(h.text) for h in story) if slot}
    differing = [(a, b) for a in mine for b in theirs if a.kind == b.kind]
    return bool(differing) and all(a.differs_from(b) for a, b in differing)


_Issues = Mapping[tuple[str, str, str], Mapping[tuple[int, ...], int]]


def _issues(stories: Iterable[KnownStory]) -> _Issues:
    """Return, per series of an outlet, the story that holds each issue; the smallest id of several."""
    found: defaultdict[tuple[str, str, str], dict[tuple[int, ...], int]] = defaultdict(dict)
    for story in stories:
        for series, slot in _slots(story.headlines):
            known = found[series].get(slot.order, story.story_id)
            found[series][slot.order] = min(known, story.story_id)
    return found


def _slots(headlines: Iterable[Headline]) -> list[tuple[tuple[str, str, str], SeriesSlot]]:
    with_slots = ((h, series_of(h.text)) for h in headlines)
    return [((slot.kind, slot.series, (h.outlet or "").casefold()), slot) for h, slot in with_slots if slot]


def _neighbours(
    headlines: Sequence[Headline], own_id: int | None, issues: _Issues
) -> tuple[int | None, int | None]:
    """Return the stories with the closest lower and the closest higher issue of a series held here."""
    for series, slot in _slots(headlines):
        known = issues.get(series, {})
        lower = [order for order, story_id in known.items() if order < slot.order and story_id != own_id]
        higher = [order for order, story_id in known.items() if order > slot.order and story_id != own_id]
        if lower or higher:
            return (known[max(lower)] if lower else None, known[min(higher)] if higher else None)
    return (None, None)


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
    lower, higher = _neighbours(members, story_id, issues)
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
