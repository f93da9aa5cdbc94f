"""The ledger of one grouping: why each article is with its partner, or apart from it. Pure.

Whole columns are computed at once; only what is told becomes a `Decision`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.cluster.constraints import Constraints
from aggregator.cluster.day import Day
from aggregator.cluster.linkage import SCALE, Indices, adjusted
from aggregator.cluster.rules import Rules
from aggregator.model import Decision, Verdict

_MAX_WORDS = 4


@dataclass(frozen=True, slots=True)
class Ledger:
    """A finished grouping, to be asked for its reasons; `agreement` is what it was made by.

    A join names the member most alike and the agreement with all other members. A refusal
    names the closest article of a group and the agreement with all of that group, both adjusted as when groups join.
    """

    day: Day
    agreement: sparse.csr_matrix
    groups: Indices
    constraints: Constraints
    rules: Rules
    line: float

    def decisions(self) -> tuple[Decision, ...]:
        """Return joins and near refusals by article key; at most 1 + `max_refusals` for each."""
        found = chain(self._joins(), self._refusals())
        return tuple(sorted(found, key=lambda d: (d.key, d.verdict, -(d.score or 0.0), d.partner_key or "")))

    def _joins(self) -> Iterator[Decision]:
        sizes = np.bincount(self.groups, minlength=len(self.groups))[self.groups]
        partner, best = self._closest_member()
        mean = self._mean_inside(self.agreement, sizes)
        textual = self._mean_inside(self.day.textual, sizes)
        corrected = np.bincount(self.constraints.start, minlength=len(sizes))[self.constraints.start] > 1
        line = self.line
        for item in np.flatnonzero(sizes > 1).tolist():
            rule = "headlines"
            if corrected[item] and best[item] < line * SCALE:
                rule = "correction"
            elif textual[item] < line <= mean[item]:
                rule = "google-listing"
            yield self._decision(item, int(partner[item]), Verdict.JOINED, rule, float(mean[item]))

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

    def _mean_inside(self, matrix: sparse.csr_matrix, sizes: Indices) -> NDArray[np.float64]:
        edges = matrix.tocoo()
        inside = self.groups[edges.row] == self.groups[edges.col]
        values = np.maximum(edges.data[inside], 0)
        sums = np.bincount(edges.row[inside], weights=values, minlength=len(sizes))
        return adjusted(sums.astype(np.int64), np.maximum(sizes - 1, 1), np.ones_like(sizes), self.rules)

    def _refusals(self) -> Iterator[Decision]:
        sizes = np.bincount(self.groups, minlength=len(self.groups))
        edges = self.day.textual.tocoo()
        outside = self.groups[edges.row] != self.groups[edges.col]
        rows, columns, values = edges.row[outside], edges.col[outside], edges.data[outside]
        ranked = np.lexsort((columns, -values, self.groups[columns], rows))
        rows, columns, values = rows[ranked], columns[ranked], values[ranked]
        pair = rows.astype(np.int64) * len(sizes) + self.groups[columns]
        _, heads = np.unique(pair, return_index=True)
        if not len(heads):
            return
        theirs, ours = sizes[self.groups[columns[heads]]], np.ones(len(heads), dtype=np.int64)
        means = adjusted(np.add.reduceat(values, heads), theirs, ours, self.rules)
        near = means >= self.rules.near_line * self.line
        rows, columns, means = rows[heads][near], columns[heads][near], means[near]
        ranked = np.lexsort((columns, -means, rows))
        rows, columns, means = rows[ranked], columns[ranked], means[ranked]
        place = np.arange(len(rows)) - np.searchsorted(rows, rows)
        told = place < self.rules.max_refusals
        for item, partner, mean in zip(
            rows[told].tolist(), columns[told].tolist(), means[told].tolist(), strict=True
        ):
            yield self._decision(item, partner, Verdict.REFUSED, self._refusal_rule(item, partner), mean)

    def _refusal_rule(self, item: int, partner: int) -> str:
        if (min(item, partner), max(item, partner)) in self.constraints.apart:
            return "correction"
        mine, theirs = self.day.slots[item], self.day.slots[partner]
        return "series-guard" if mine and theirs and mine.differs_from(theirs) else "headlines"

    def _decision(self, item: int, partner: int, verdict: Verdict, rule: str, score: float) -> Decision:
        return Decision(
            key=self.day.headlines[item].key,
            partner_key=self.day.headlines[partner].key,
            verdict=verdict,
            rule=rule,
            score=round(min(score, 1.0), 4),
            threshold=round(self.line, 4),
            words=self._shared_words(item, partner),
        )

    def _shared_words(self, item: int, partner: int) -> tuple[str, ...]:
        theirs = self.day.tokens[partner]
        shown = dict(zip(self.day.tokens[item], self.day.surfaces[item], strict=True))
        weight = self.day.weights.weight
        shared = sorted(shown.keys() & theirs, key=lambda token: (-weight(token), token))
        return tuple(shown[token] for token in shared[:_MAX_WORDS])
