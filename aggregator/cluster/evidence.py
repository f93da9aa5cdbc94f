"""The ledger of one grouping: why each article is with its partner, or apart from it. Pure.

Whole columns are computed at once; only what is told becomes a `Decision`, and what was told the last
time is told again with the very same one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.constraints import Constraints
from aggregator.cluster.day import Day
from aggregator.cluster.decided import Figures
from aggregator.cluster.linkage import SCALE, Indices, Mask, adjusted
from aggregator.cluster.rules import Rules
from aggregator.model import Decision, Verdict

_MAX_WORDS = 4
_Floats = NDArray[np.float64]


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

    def decisions(self) -> tuple[Decision, ...]:
        """Return joins and near refusals by article key, the join first; at most 1 + `max_refusals` for each."""
        (joins, joined_by), (refusals, refused_by) = self._joins(), self._refusals()
        found = [*self._told(joins, joins.full, Verdict.JOINED, joined_by)]
        found += self._told(refusals, refusals.textual, Verdict.REFUSED, refused_by)
        self.day.decided.keep(found)
        order = np.argsort(np.concatenate([joins.items, refusals.items]), kind="stable")
        return tuple([found[place][1] for place in order.tolist()])

    # --- joins ------------------------------------------------------------------------------------

    def _joins(self) -> tuple[_Ties, list[str]]:
        sizes = np.bincount(self.groups, minlength=len(self.groups))[self.groups]
        partner, best = self._closest_member()
        textual, _ = self._inside(self.day.textual, sizes)
        full, alike = self._inside(self.agreement, sizes)
        items = np.arange(len(sizes))
        told = np.flatnonzero(sizes > 1)
        ties = _Ties(items, partner, textual, full, alike, sizes - 1).of(told)
        united = np.bincount(self.constraints.start, minlength=len(sizes))[self.constraints.start] > 1
        corrected = united & ~self.anchored & (best < self.line * SCALE)
        listed = (textual < self.line) & (full >= self.line)
        rules = np.select([corrected[told], listed[told]], ["correction", "google-listing"], "headlines")
        return ties, rules.tolist()

    def _closest_member(self) -> tuple[Indices, Indices]:
        """Return each item's most similar fellow member and that similarity; some member at least."""
        order = np.argsort(self.groups, kind="stable")
        neighbour = np.roll(order, -1)
        partner = np.empty_like(self.groups)
        same = self.groups[order] == self.groups[neighbour]
        first = np.searchsorted(self.groups[order], self.groups)
        partner[order] = np.where(same, neighbour, order[first[order]])
        best = np.zeros(len(partner), dtype=np.int64)
        edges = self.agreement.tocoo()
        inside = (self.groups[edges.row] == self.groups[edges.col]) & (edges.data > 0)
        rows, columns, values = edges.row[inside], edges.col[inside], edges.data[inside]
        ranked = np.lexsort((columns, -values, rows))
        heads = ranked[np.unique(rows[ranked], return_index=True)[1]]
        partner[rows[heads]], best[rows[heads]] = columns[heads], values[heads]
        return partner, best

    def _inside(self, matrix: sparse.csr_matrix, sizes: Indices) -> tuple[_Floats, Indices]:
        """Return each item's agreement with its fellow members, and how many of them agree at all."""
        edges = matrix.tocoo()
        inside = (self.groups[edges.row] == self.groups[edges.col]) & (edges.data > 0)
        rows = edges.row[inside]
        sums = np.bincount(rows, weights=edges.data[inside], minlength=len(sizes)).astype(np.int64)
        means = adjusted(sums, np.maximum(sizes - 1, 1), np.ones_like(sizes), self.rules)
        return means, np.bincount(rows, minlength=len(sizes))

    # --- refusals ---------------------------------------------------------------------------------

    def _refusals(self) -> tuple[_Ties, list[str]]:
        ties = self._near_ties()
        ties = ties.of(np.lexsort((ties.partners, -ties.textual, ties.items)))
        place = np.arange(len(ties.items)) - np.searchsorted(ties.items, ties.items)
        ties = ties.of(place < self.rules.max_refusals)
        return ties, self._refusal_rules(ties)

    def _near_ties(self) -> _Ties:
        """Return, per item and other group near the line, the closest article and the agreement with all."""
        sizes = np.bincount(self.groups, minlength=len(self.groups))
        edges = self.day.textual.tocoo()
        outside = self.groups[edges.row] != self.groups[edges.col]
        rows, columns = edges.row[outside].astype(np.int64), edges.col[outside].astype(np.int64)
        values = edges.data[outside]
        pairs = rows * len(sizes) + self.groups[columns]
        named, place, alike = np.unique(pairs, return_inverse=True, return_counts=True)
        members, ones = sizes[named % max(len(sizes), 1)], np.ones(len(named), dtype=np.int64)
        sums = np.zeros(len(named), dtype=np.int64)
        np.add.at(sums, place, values)
        textual = adjusted(sums, members, ones, self.rules)
        near = textual >= self.rules.near_line * self.line
        closest = np.flatnonzero(near[place])
        closest = closest[np.lexsort((columns[closest], -values[closest], place[closest]))]
        heads = closest[np.unique(place[closest], return_index=True)[1]]
        full = adjusted(self._sums_with_groups(named[near]), members[near], ones[near], self.rules)
        return _Ties(rows[heads], columns[heads], textual[near], full, alike[near], members[near])

    def _sums_with_groups(self, named: Indices) -> Indices:
        """Return the whole agreement of items with groups, each named by item * count + group, ascending."""
        count = len(self.groups)
        edges = self.agreement.tocoo()
        asked = np.zeros(count, dtype=bool)
        asked[named // max(count, 1)] = True
        which = np.flatnonzero(asked[edges.row])
        places = edges.row[which].astype(np.int64) * count + self.groups[edges.col[which]]
        at = np.searchsorted(named, places)
        known = at < len(named)
        known[known] = named[at[known]] == places[known]
        sums = np.zeros(len(named), dtype=np.int64)
        np.add.at(sums, at[known], edges.data[which][known])
        return sums

    def _refusal_rules(self, ties: _Ties) -> list[str]:
        rules = []
        for item, partner, textual, full in zip(
            ties.items.tolist(),
            ties.partners.tolist(),
            ties.textual.tolist(),
            ties.full.tolist(),
            strict=True,
        ):
            mine, theirs = self.day.slots[item], self.day.slots[partner]
            if (min(item, partner), max(item, partner)) in self.constraints.apart:
                rules.append("correction")
            elif mine and theirs and mine.differs_from(theirs):
                rules.append("series-guard")
            elif textual < self.line:
                rules.append("headlines")
            else:
                rules.append("google-apart" if full < self.line else "group-agreement")
        return rules

    # --- rows -------------------------------------------------------------------------------------

    def _told(
        self, ties: _Ties, scores: _Floats, verdict: Verdict, rules: list[str]
    ) -> Iterator[tuple[Figures, Decision]]:
        together, possible = self.day.listings.counts(ties.items, ties.partners)
        items, partners = ties.items.tolist(), ties.partners.tolist()
        keys = [headline.key for headline in self.day.headlines]
        texts = [headline.text for headline in self.day.headlines]
        figures: Iterator[Figures] = zip(
            [keys[item] for item in items],
            [texts[item] for item in items],
            [keys[partner] for partner in partners],
            [texts[partner] for partner in partners],
            repeat(verdict),
            rules,
            np.minimum(scores, 1.0).tolist(),
            ties.alike.tolist(),
            ties.members.tolist(),
            together.tolist(),
            possible.tolist(),
            repeat(self.line),
            strict=False,
        )
        known = self.day.decided.known
        for place, figure in enumerate(figures):
            yield figure, known.get(figure) or self._decision(figure, items[place], partners[place])

    def _decision(self, figures: Figures, item: int, partner: int) -> Decision:
        key, text, partner_key, other, verdict, rule, score, alike, members, together, possible, line = (
            figures
        )
        words = self.day.decided.words.get((text, other))
        return Decision(
            key=key,
            partner_key=partner_key,
            verdict=verdict,
            rule=rule,
            score=round(score, 4),
            threshold=round(line, 4),
            words=self._shared_words(item, partner) if words is None else words,
            alike=alike,
            members=members,
            together=together,
            possible=possible,
        )

    def _shared_words(self, item: int, partner: int) -> tuple[str, ...]:
        theirs = self.day.tokens[partner]
        shown = dict(zip(self.day.tokens[item], self.day.surfaces[item], strict=True))
        frequency = self.day.weights.frequencies.get  # the rarest tell most
        shared = sorted(shown.keys() & theirs, key=lambda token: (frequency(token, 0.0), token))
        return tuple(shown[token] for token in shared[:_MAX_WORDS])
