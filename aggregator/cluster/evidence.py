"""The ledger of one grouping: why each article is with its partner, or apart from it. Pure.

Whole columns are computed at once; only what is told becomes a `Decision`, and what was told the last
time is told again with the very same one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.constraints import Constraints
from aggregator.cluster.day import Day
from aggregator.cluster.decided import PARTS, RULE_NAMES, VERDICTS, Grounds, worded
from aggregator.cluster.linkage import SCALE, Indices, Mask, adjusted
from aggregator.cluster.rules import Rules
from aggregator.model import Decision, Verdict
from aggregator.sameness import Told

_MAX_WORDS = 4
_RULES = {name: place for place, name in enumerate(RULE_NAMES)}
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Edges:
    """Pairs of articles that are compared, both ways, and how much they agree, in millionths."""

    rows: Indices
    columns: Indices
    values: Indices

    def of(self, chosen: Indices) -> "_Edges":
        return _Edges(self.rows[chosen], self.columns[chosen], self.values[chosen])

    def where(self, chosen: Mask) -> "_Edges":
        return self.of(np.flatnonzero(chosen))  # sooner than the mask three times


def _edges(matrix: sparse.csr_matrix, groups: Indices) -> tuple[_Edges, _Edges]:
    """Return the edges within groups that agree, and all those between groups."""
    rows = np.repeat(np.arange(len(groups)), np.diff(matrix.indptr))
    edges = _Edges(rows, matrix.indices.astype(np.int64), matrix.data)
    is_inside = groups[edges.rows] == groups[edges.columns]
    return edges.where(is_inside & (edges.values > 0)), edges.where(~is_inside)


def _closest(edges: _Edges, heaps: Indices, count: int) -> tuple[Indices, Indices]:
    """Return the best value of each of `count` heaps that edges are in, and the column that has it, the first of several.

    No value is below 0, and that of a heap without edges is 0.
    """
    best = np.zeros(count, dtype=np.int64)
    np.maximum.at(best, heaps, edges.values)
    closest = np.full(count, np.iinfo(np.int64).max)
    is_best = np.flatnonzero(edges.values == best[heaps])
    np.minimum.at(closest, heaps[is_best], edges.columns[is_best])
    return best, closest


@dataclass(frozen=True, slots=True)
class _Ties:
    """Articles, each with a group: the `partner` that stands for it, how much the article agrees with all of
    it by headlines alone and in all (adjusted as when groups join), how many of its `members` are `alike`."""

    items: Indices
    partners: Indices
    textual: _Floats
    full: _Floats
    alike: Indices
    members: Indices

    def of(self, chosen: Indices | Mask) -> "_Ties":
        return _Ties(
            self.items[chosen],
            self.partners[chosen],
            self.textual[chosen],
            self.full[chosen],
            self.alike[chosen],
            self.members[chosen],
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """A finished grouping, to be asked for its reasons; `agreement` is what it was made by.

    A join names the member most alike and the agreement with all other members. A refusal
    names the closest article of a group and the agreement of the headlines with all of that group.
    """

    day: Day
    agreement: sparse.csr_matrix
    groups: Indices
    constraints: Constraints
    anchored: Mask
    rules: Rules
    line: float

    def decisions(self) -> Told[Decision]:
        """Return joins and near refusals by article key, the join first; at most 1 + `max_refusals` for each."""
        textual = _edges(self.day.textual, self.groups)
        full = textual if self.agreement is self.day.textual else _edges(self.agreement, self.groups)
        joins, joined_by = self._joins(textual[0], full[0])
        refusals, refused_by = self._refusals(textual[1], full[1])
        joined = self._grounds(joins, joins.full, Verdict.JOINED, joined_by)
        refused = self._grounds(refusals, refusals.textual, Verdict.REFUSED, refused_by)
        grounds = joined.and_then(refused)
        grounds = grounds.of(np.argsort(grounds.items, kind="stable"))
        told = self._told(grounds)
        self.day.decided.keep(self.day.headlines, self._line, grounds, told)
        return told

    # --- joins ------------------------------------------------------------------------------------

    def _joins(self, textual: _Edges, full: _Edges) -> tuple[_Ties, Indices]:
        sizes = np.bincount(self.groups, minlength=len(self.groups))[self.groups]
        partner, best = self._closest_member(full)
        by_headlines, _ = self._agreeing(textual, sizes)
        in_all, alike = self._agreeing(full, sizes)
        items = np.arange(len(sizes))
        told = np.flatnonzero(sizes > 1)
        ties = _Ties(items, partner, by_headlines, in_all, alike, sizes - 1).of(told)
        united = np.bincount(self.constraints.start, minlength=len(sizes))[self.constraints.start] > 1
        corrected = united & ~self.anchored & (best < self.line * SCALE)
        listed = (by_headlines < self.line) & (in_all >= self.line)
        rules = np.select(
            [corrected[told], listed[told]],
            [_RULES["correction"], _RULES["google-listing"]],
            _RULES["headlines"],
        )
        return ties, rules

    def _closest_member(self, full: _Edges) -> tuple[Indices, Indices]:
        """Return each item's most similar fellow member and that similarity; some member at least."""
        order = np.argsort(self.groups, kind="stable")
        neighbour = np.roll(order, -1)
        partner = self.groups.copy()  # the first member
        is_followed = self.groups[order] == self.groups[neighbour]
        partner[order[is_followed]] = neighbour[is_followed]
        best, closest = _closest(full, full.rows, len(partner))
        return np.where(best > 0, closest, partner), best

    def _agreeing(self, edges: _Edges, sizes: Indices) -> tuple[_Floats, Indices]:
        """Return each item's agreement with its fellow members, and how many of them agree at all."""
        sums = np.bincount(edges.rows, weights=edges.values, minlength=len(sizes)).astype(np.int64)
        means = adjusted(sums, np.maximum(sizes - 1, 1), np.ones_like(sizes), self.rules)
        return means, np.bincount(edges.rows, minlength=len(sizes))

    # --- refusals ---------------------------------------------------------------------------------

    def _refusals(self, textual: _Edges, full: _Edges) -> tuple[_Ties, Indices]:
        ties = self._near_ties(textual, full)
        ties = ties.of(np.lexsort((ties.partners, -ties.textual, ties.items)))
        place = np.arange(len(ties.items)) - np.searchsorted(ties.items, ties.items)
        ties = ties.of(place < self.rules.max_refusals)
        return ties, self._refusal_rules(ties)

    def _near_ties(self, textual: _Edges, full: _Edges) -> _Ties:
        """Return, per item and other group near the line, the closest article and the agreement with all."""
        sizes = np.bincount(self.groups, minlength=len(self.groups))
        least = self.rules.near_line * self.line
        # A group of one has one edge to an item: it is near, or it is not.
        has_fellows = (sizes > 1)[self.groups]
        edges = textual.where(has_fellows[textual.columns] | (textual.values >= np.floor(least * SCALE)))
        pairs = edges.rows * len(sizes) + self.groups[edges.columns]
        named, place, alike = np.unique(pairs, return_inverse=True, return_counts=True)
        members, ones = sizes[named % max(len(sizes), 1)], np.ones(len(named), dtype=np.int64)
        sums = np.bincount(place, weights=edges.values, minlength=len(named)).astype(np.int64)
        agreed = adjusted(sums, members, ones, self.rules)
        near = agreed >= least
        _, closest = _closest(edges, place, len(named))
        whole = agreed[near]
        if full is not textual:
            whole = adjusted(self._sums_with_groups(full, named[near]), members[near], ones[near], self.rules)
        items = named[near] // max(len(sizes), 1)
        return _Ties(items, closest[near], agreed[near], whole, alike[near], members[near])

    def _sums_with_groups(self, full: _Edges, named: Indices) -> Indices:
        """Return the whole agreement of items with groups, each named by item * count + group, ascending."""
        count = len(self.groups)
        asked = np.zeros(count, dtype=bool)
        asked[named // max(count, 1)] = True
        edges = full.where(asked[full.rows])
        places = edges.rows * count + self.groups[edges.columns]
        at = np.searchsorted(named, places)
        known = at < len(named)
        known[known] = named[at[known]] == places[known]
        sums = np.zeros(len(named), dtype=np.int64)
        np.add.at(sums, at[known], edges.values[known])
        return sums

    def _refusal_rules(self, ties: _Ties) -> Indices:
        rules = np.select(
            [ties.textual < self.line, ties.full < self.line],
            [_RULES["headlines"], _RULES["google-apart"]],
            _RULES["group-agreement"],
        )
        slots, apart = self.day.read.slots, self.constraints.apart
        pairs = [*zip(ties.items.tolist(), ties.partners.tolist(), strict=True)]
        for place, (item, partner) in enumerate(pairs):
            if (mine := slots[item]) and (theirs := slots[partner]) and mine.differs_from(theirs):
                rules[place] = _RULES["series-guard"]
        if apart:
            split = [place for place, pair in enumerate(pairs) if (min(pair), max(pair)) in apart]
            rules[split] = _RULES["correction"]
        return rules

    # --- rows -------------------------------------------------------------------------------------

    def _grounds(self, ties: _Ties, scores: _Floats, verdict: Verdict, rules: Indices) -> Grounds:
        together, possible = self.day.listings.counts(ties.items, ties.partners)
        verdicts = np.full(len(ties.items), VERDICTS.index(verdict), dtype=np.int64)
        told = _told_scores(scores, self._line)
        figures = np.stack([rules, told, ties.alike, ties.members, together, possible], axis=1)
        return Grounds(ties.items, ties.partners, verdicts, figures)

    @property
    def _line(self) -> int:
        return round(self.line * PARTS)

    def _told(self, grounds: Grounds) -> Told[Decision]:
        """Return the decisions with these grounds; those of the last time again, as far as they hold."""
        day, line, before = self.day, self._line, self.day.decided.told
        places, same = day.decided.same_pairs(day.read.since, line, grounds)
        others = np.flatnonzero(~same)
        fresh = grounds.of(others)
        pairs = zip(places[others].tolist(), fresh.items.tolist(), fresh.partners.tolist(), strict=True)
        words = [
            before[place].words if place >= 0 else self._shared_words(item, partner)
            for place, item, partner in pairs
        ]
        return Told.after(before, np.where(same, places, -1), worded(fresh, day.headlines, line, words))

    def _shared_words(self, item: int, partner: int) -> tuple[str, ...]:
        theirs = self.day.read.tokens[partner]
        shown = dict(zip(self.day.read.tokens[item], self.day.read.each[item].surfaces, strict=True))
        frequency = self.day.weights.frequencies.get  # the rarest tell most
        shared = sorted(shown.keys() & theirs, key=lambda token: (frequency(token, 0.0), token))
        return tuple(shown[token] for token in shared[:_MAX_WORDS])


def _told_scores(scores: _Floats, line: int) -> Indices:
    """Return scores in `PARTS`, to two digits, as much as is read of them; near the line, to the last.

    A poll moves every fourth score of a large day by one part in four hundred; only what is told is written.
    """
    exact = np.rint(np.minimum(scores, 1.0) * PARTS).astype(np.int64)
    step = np.where(exact < PARTS // 100, 1, np.where(exact < PARTS // 10, 10, 100))
    told = (exact + step // 2) // step * step
    parts: Indices = np.where((told > line) == (exact > line), told, exact)
    return parts
