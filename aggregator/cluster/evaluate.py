"""How good a grouping is, against labels that people gave. Pure.

Pairwise figures count pairs of rows and are ruled by the largest stories; BCubed figures are means
over rows (Bagga & Baldwin 1998), so that every headline counts the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.cluster.jsonl import ClusterRow

WORST = 10


@dataclass(frozen=True, slots=True)
class Rating:
    """Precision, recall and their harmonic mean, each in [0, 1]."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One story that holds several gold groups, or one gold group that lies in several stories.

    `label` is the story's key or the gold label; `pairs` counts the wrong pairs; `parts` are sizes,
    largest first; `examples` are titles of the two largest parts; `reason` says in words what the
    grouping had to go by.
    """

    label: str
    pairs: int
    parts: tuple[int, ...]
    examples: tuple[str, str]
    reason: str


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of one evaluation, with its worst false merges and false splits."""

    rows: int
    gold_groups: int
    stories: int
    pairwise: Rating
    bcubed: Rating
    false_merges: tuple[Fault, ...]
    false_splits: tuple[Fault, ...]


def evaluate(rows: Sequence[ClusterRow], gold: Sequence[str]) -> Scores:
    """Compare the stories of grouped `rows` with `gold`, the true label of each row, in the same order.

    A gold label counts within its language and batch only, like a story.
    """
    stories = [(row.lang, row.batch, row.story) for row in rows]
    labels = [(row.lang, row.batch, label) for row, label in zip(rows, gold, strict=True)]
    return Scores(
        rows=len(rows),
        gold_groups=len(set(labels)),
        stories=len(set(stories)),
        pairwise=_pairwise(stories, labels),
        bcubed=_bcubed(stories, labels),
        false_merges=_faults(rows, stories, labels, _merge_reason),
        false_splits=_faults(rows, labels, stories, _split_reason),
    )


_Label = tuple[str, str | None, str | None]
_Reason = Callable[[Sequence[ClusterRow], Sequence[Sequence[int]]], str]


def _pairwise(stories: Sequence[_Label], labels: Sequence[_Label]) -> Rating:
    common = _pairs(Counter(zip(stories, labels, strict=True)))
    found, true = _pairs(Counter(stories)), _pairs(Counter(labels))
    return Rating(common / found if found else 1.0, common / true if true else 1.0)


def _pairs(counts: Mapping[object, int]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())


def _bcubed(stories: Sequence[_Label], labels: Sequence[_Label]) -> Rating:
    if not stories:
        return Rating(1.0, 1.0)
    common = Counter(zip(stories, labels, strict=True))
    story_sizes, label_sizes = Counter(stories), Counter(labels)
    precision = sum(n * n / story_sizes[story] for (story, _), n in common.items())
    recall = sum(n * n / label_sizes[label] for (_, label), n in common.items())
    return Rating(precision / len(stories), recall / len(stories))


def _faults(
    rows: Sequence[ClusterRow], whole: Sequence[_Label], part: Sequence[_Label], reason: _Reason
) -> tuple[Fault, ...]:
    """Return the wholes that fall into several parts, the most wrong pairs first."""
    parts: defaultdict[_Label, defaultdict[_Label, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, (outer, inner) in enumerate(zip(whole, part, strict=True)):
        parts[outer][inner].append(i)
    broken = [
        (label, sorted(p.values(), key=lambda m: (-len(m), m))) for label, p in parts.items() if len(p) > 1
    ]
    faults = []
    for label, members in broken:
        sizes = tuple(len(m) for m in members)
        pairs = _pairs({0: sum(sizes)}) - sum(_pairs({0: size}) for size in sizes)
        faults.append((pairs, str(label[2]), members))
    faults.sort(key=lambda fault: (-fault[0], fault[1]))
    return tuple(
        Fault(
            label=name,
            pairs=pairs,
            parts=tuple(len(m) for m in members),
            examples=(rows[members[0][0]].title, rows[members[1][0]].title),
            reason=reason(rows, members),
        )
        for pairs, name, members in faults[:WORST]
    )


def _merge_reason(rows: Sequence[ClusterRow], members: Sequence[Sequence[int]]) -> str:
    """Name the row of a smaller part that was joined to a row of another part."""
    title_of = {row.id: row.title for row in rows if row.id}
    part_of = {rows[i].id: number for number, part in enumerate(members) for i in part if rows[i].id}
    for number, part in enumerate(members[1:], start=1):
        for i in part:
            row = rows[i]
            if row.partner in title_of and part_of.get(row.partner) != number:
                return f"{row.title!r} joined by {row.rule} ({row.score:.2f}) to {title_of[row.partner]!r}"
    return "agreement with the whole group, no single partner across the parts"


def _split_reason(rows: Sequence[ClusterRow], members: Sequence[Sequence[int]]) -> str:
    """Name the row whose refusal came closest to the other parts."""
    title_of = {row.id: row.title for row in rows if row.id}
    here = {rows[i].id for part in members for i in part}
    refusals = [rows[i].refusal for part in members for i in part]
    near = [r for r in refusals if r is not None and r.partner_key in here]
    if not near:
        return "no pair of the parts came near the line"
    best = max(near, key=lambda r: (r.score or 0.0, r.key))
    partner = title_of.get(best.partner_key or "", best.partner_key)
    return f"{title_of.get(best.key, best.key)!r} refused by {best.rule} ({best.score:.2f} under {best.threshold:.2f}) from {partner!r}"
