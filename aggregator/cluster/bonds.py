"""What ties the groups of a day to the stories of the days before. Pure.

Facts
-----
* Several days hold more headlines that are a little alike than one does, so a story is continued above a
  stricter line than groups join by.
* A mean over many pairs is firm, but two large groups that agree a little are still two ("ski resort" in a
  fire and in an accident): what they agree less than each does inside lowers it, as within a day.
* Google's entries reach over midnight: a third of the articles it lists together are of two local days.
* A story has its best part at its end; of a giant only the last `MAX_COMPARED` headlines are compared.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, permutations

import numpy as np
from scipy import sparse

from aggregator.cluster.agreement import with_listings
from aggregator.cluster.issues import are_other_issues
from aggregator.cluster.linkage import Floats, Indices, adjusted
from aggregator.cluster.listings import Listings
from aggregator.cluster.parts import Parts
from aggregator.cluster.reading import Reader
from aggregator.cluster.rules import Rules
from aggregator.cluster.series import SeriesSlot
from aggregator.cluster.similarity import Use, cross_similarities, similarities
from aggregator.cluster.weights import TokenWeights
from aggregator.model import Correction, CorrectionKind, Headline, Sighting

MAX_COMPARED = 40  # headlines of one story that are compared, so that a giant costs no more

_Agreeing = tuple[int, str, str]  # millionths, key in the group, key in the story
_Place = tuple[int, int]  # group, story
Told = Mapping[frozenset[str], CorrectionKind]


@dataclass(frozen=True, slots=True)
class Bond:
    """What ties a group to a story of the days before; stronger bonds sort first.

    `corrected`: a person joined them; `shared`: articles in both; `mean`: of all pairs, Google's lists included,
    adjusted like that of two groups; `similarity`: what is left of it where they agree much less with each other than inside, and the
    `line` it has to meet; `alike` of the story's `members` agree with any of the group; `pair`: the two articles most alike, the group's
    first; `first_key` settles ties. Google listed both under one entry in `together` of the `possible` polls
    that had both, and where that is the lesser part, it parts them.
    """

    corrected: bool
    shared: int
    mean: float
    similarity: float
    line: float
    story_id: int
    pair: tuple[str, str]
    first_key: str
    alike: int
    members: int
    together: int
    possible: int

    @property
    def parted(self) -> bool:
        return 2 * self.together < self.possible

    def rank(self) -> tuple[bool, int, float, str]:
        return (not self.corrected, -self.shared, -self.similarity, self.first_key)

    def holds(self) -> bool:
        is_alike = self.similarity >= self.line and not self.parted
        return self.corrected or self.shared > 0 or is_alike


@dataclass(frozen=True, slots=True)
class Scorer:
    """What headlines are read and compared with."""

    reader: Reader
    language: str
    weights: TokenWeights
    rules: Rules

    def tokens(self, headlines: Iterable[Headline]) -> list[tuple[str, ...]]:
        return [reading.tokens for reading in self.reader.read_each(headlines, self.language)]

    def slots(self, headlines: Sequence[Headline]) -> list[SeriesSlot | None]:
        return [reading.slot for reading in self.reader.read_each(headlines, self.language)]

    def slot(self, headline: Headline) -> SeriesSlot | None:
        return self.reader.read(headline.text, self.language).slot


def bonds(
    groups: Parts,
    stories: Parts,
    corrections: Iterable[Correction],
    sightings: Sequence[Sighting],
    together: "Together",
    scorer: Scorer,
) -> list[tuple[int, Bond]]:
    """Return the bonds of groups with stories that hold, and those that nearly do, each with its group.

    Members of a story stand in order, the latest last. What a person or the series guard parts has no bond.
    """
    told = {frozenset((c.a_key, c.b_key)): c.kind for c in corrections}
    crossing = _crossing(groups, stories, sightings, scorer)
    rules = scorer.rules.for_continuation(len(crossing.left) + len(crossing.right))
    means = crossing.means(rules)
    near = crossing.places(np.flatnonzero(means >= rules.near_line * rules.line))
    places = sorted({*near, *_told_pairs(groups, stories, told)})
    contrasts = _contrasts(sorted(near), groups, stories, sightings, scorer)
    found: list[tuple[int, Bond]] = []
    for place, number, counts in zip(
        places, crossing.numbers(places), together.of_stories(places), strict=True
    ):
        group, story = groups[place[0]], stories[place[1]]
        kinds = {told.get(frozenset((a, b))) for a in group for b in story} if told else set()
        if CorrectionKind.SPLIT in kinds or are_other_issues(group.values(), story.values(), scorer.slot):
            continue
        agreeing = [] if number < 0 else crossing.agreeing(number)
        mean = 0.0 if number < 0 else float(means[number])
        top = min(agreeing, key=lambda s: (-s[0], s[1], s[2]), default=(0, min(group), min(story)))
        bond = Bond(
            corrected=CorrectionKind.JOIN in kinds,
            shared=len(group.keys() & story.keys()),
            mean=mean,
            similarity=mean * contrasts.get(place, 1.0),
            line=rules.line,
            story_id=place[1],
            pair=(top[1], top[2]),
            first_key=min(story),
            alike=len({key for score, _, key in agreeing if score > 0}),
            members=min(len(story), MAX_COMPARED),
            together=counts[0],
            possible=counts[1],
        )
        found.append((place[0], bond))
    return found


def _told_pairs(groups: Parts, stories: Parts, told: Told) -> set[_Place]:
    """Return (group, story) pairs that share an article or that a person joined."""
    group_of = groups.places_of_keys()
    partners: defaultdict[str, set[int]] = defaultdict(set)
    for key in group_of.keys() & chain.from_iterable(stories.keys_of):
        partners[key].add(group_of[key])
    for pair, kind in told.items():
        if kind is CorrectionKind.JOIN and len(pair) == 2:
            for key, other in permutations(pair):
                if other in group_of:
                    partners[key].add(group_of[other])
    if not partners:
        return set()
    return {
        (index, story_id)
        for story_id, keys in zip(stories.numbers, stories.keys_of, strict=True)
        for key in keys
        for index in partners.get(key, ())
    }


@dataclass(frozen=True, slots=True)
class _Crossing:
    """The pairs of an article of a group and one of a story that agree or are parted, those of one group and
    story together: from `starts[i]` to `starts[i + 1]` those of `pairs[i]`, which has `possible[i]` pairs in all.

    `pairs` are in order: the place of the group, times the stories, and that of the story.
    """

    left: Sequence[Headline]
    right: Sequence[Headline]
    rows: Indices
    columns: Indices
    values: Indices
    starts: Indices
    pairs: Indices
    stories: Parts
    possible: Indices

    def means(self, rules: Rules) -> Floats:
        """Return how much each group agrees with each story, all pairs counted."""
        running = np.concatenate([[0], np.cumsum(self.values)])
        return adjusted(np.diff(running[self.starts]), self.possible, np.ones_like(self.possible), rules)

    def places(self, numbers: Indices) -> list[_Place]:
        """Return which groups and stories these are."""
        one, other = np.divmod(self.pairs[numbers], max(len(self.stories), 1))
        ids = self.stories.numbers
        return [(a, ids[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True)]

    def numbers(self, places: Sequence[_Place]) -> list[int]:
        """Return where these are among the pairs, -1 for one of which no articles agree."""
        place_of, count = self.stories.place_of, len(self.stories)
        asked = np.array([a * count + place_of[b] for a, b in places], dtype=np.int64)
        at = np.minimum(np.searchsorted(self.pairs, asked), max(len(self.pairs) - 1, 0))
        return np.where(self.pairs[at] == asked, at, -1).tolist() if len(self.pairs) else [-1] * len(asked)

    def agreeing(self, number: int) -> list[_Agreeing]:
        """Return the pairs of one place."""
        part = slice(self.starts[number], self.starts[number + 1])
        pairs = zip(
            self.values[part].tolist(), self.rows[part].tolist(), self.columns[part].tolist(), strict=True
        )
        return [(value, self.left[row].key, self.right[column].key) for value, row, column in pairs]


def _crossing(groups: Parts, stories: Parts, sightings: Sequence[Sighting], scorer: Scorer) -> _Crossing:
    """Compare all groups with all stories."""
    left, mine = groups.first(MAX_COMPARED)
    right, theirs = stories.last(MAX_COMPARED)
    cross = _agreement(left, right, sightings, scorer).tocoo()
    pairs = mine[cross.row] * len(stories) + theirs[cross.col]
    order = np.argsort(pairs, kind="stable")
    starts = np.flatnonzero(np.diff(pairs[order], prepend=-1, append=-1))
    named = pairs[order[starts[:-1]]]
    one, other = np.divmod(named, max(len(stories), 1))
    return _Crossing(
        left,
        right,
        cross.row[order],
        cross.col[order],
        cross.data[order],
        starts,
        named,
        stories,
        np.bincount(mine, minlength=1)[one] * np.bincount(theirs, minlength=1)[other],
    )


def _agreement(
    left: Sequence[Headline], right: Sequence[Headline], sightings: Sequence[Sighting], scorer: Scorer
) -> sparse.csr_matrix:
    """Return what headlines and lists say of each of `left` with each of `right`; (n, m) millionths."""
    if not left or not right:
        return sparse.csr_matrix((len(left), len(right)), dtype=np.int64)
    tokens = scorer.tokens((*left, *right))
    memory = scorer.reader.memory(scorer.language)
    cross = cross_similarities(tokens[: len(left)], tokens[len(left) :], scorer.weights, scorer.rules, memory)
    if not sightings:
        return cross
    whole = sparse.csr_matrix(sparse.block_array([[None, cross], [cross.T, None]], dtype=np.int64))
    heard = with_listings(whole, _listings((*left, *right), sightings), tokens, scorer.rules)
    return sparse.csr_matrix(heard[: len(left), len(left) :])


def _contrasts(
    places: Sequence[tuple[int, int]],
    groups: Parts,
    stories: Parts,
    sightings: Sequence[Sighting],
    scorer: Scorer,
) -> dict[tuple[int, int], float]:
    """Return by what factor, in [0, 1], a group and a story agree less with each other than the looser of them inside.

    1 for a single article. Of a day's two groups both count; a story's new turn may well be of one mind alone.
    """
    known = [place for place in places if len(groups[place[0]]) > 1 and len(stories[place[1]]) > 1]
    parts = {("group", i): [*groups[i].values()][:MAX_COMPARED] for i, _ in known}
    parts |= {("story", i): [*stories[i].values()][-MAX_COMPARED:] for _, i in known}
    if not parts:
        return {}
    headlines = [headline for members in parts.values() for headline in members]
    tokens = scorer.tokens(headlines)
    memory = scorer.reader.memory(scorer.language)
    textual = similarities(tokens, scorer.weights, scorer.rules, memory, use=Use.CONTRASTING)
    heard = with_listings(textual, _listings(headlines, sightings), tokens, scorer.rules)
    sizes = np.array([len(members) for members in parts.values()])
    owner = sparse.csr_matrix(
        (np.ones(len(tokens), dtype=np.int64), (range(len(tokens)), np.repeat(range(len(parts)), sizes)))
    )
    inside = (owner.T @ heard.maximum(0) @ owner).diagonal() / np.maximum(sizes * (sizes - 1), 1)
    across = sparse.csr_matrix(owner.T @ heard @ owner)
    number = {part: i for i, part in enumerate(parts)}
    one = np.array([number["group", i] for i, _ in known])
    other = np.array([number["story", i] for _, i in known])
    expected = scorer.rules.contrast * np.minimum(inside[one], inside[other]) * sizes[one] * sizes[other]
    agreed = np.maximum(np.asarray(across[one, other]).ravel(), 0)
    factors = np.minimum(agreed / np.maximum(expected, 1.0), 1.0) ** 2
    return dict(zip(known, factors.tolist(), strict=True))


def _listings(headlines: Sequence[Headline], sightings: Sequence[Sighting]) -> Listings:
    place = {headline.key: i for i, headline in enumerate(headlines)}
    return Listings.of(sightings, place, len(headlines))


@dataclass(frozen=True, slots=True)
class Together:
    """In how many polls one entry listed two groups, or a group and a story, and in how many polls both were."""

    listings: Listings
    groups: int
    story_places: Mapping[int, int]

    @classmethod
    def of(cls, groups: Parts, stories: Parts, sightings: Sequence[Sighting]) -> "Together":
        """Read the sightings; an article in both is one of the group."""
        rows = stories.places_of_keys(len(groups)) | groups.places_of_keys() if sightings else {}
        return cls(Listings.of(sightings, rows, len(groups) + len(stories)), len(groups), stories.place_of)

    def of_stories(self, places: Sequence[_Place]) -> list[tuple[int, int]]:
        """Return (together, possible) of each (group, story)."""
        rows = [(index, self.groups + self.story_places[story_id]) for index, story_id in places]
        return self._counts(rows)

    def are_parted(self, index: int, others: Sequence[int]) -> bool:
        """Whether the group is listed apart from one of the other groups in most polls that had both."""
        counts = self._counts([(index, other) for other in others])
        return any(2 * together < possible for together, possible in counts)

    def _counts(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        if not pairs:
            return []
        places = np.array(pairs, dtype=np.int64)
        together, possible = self.listings.counts(places[:, 0], places[:, 1])
        return list(zip(together.tolist(), possible.tolist(), strict=True))
