"""Grouping without a store: JSON Lines in, the same rows with their stories out. Pure.

A row needs a `title`; `id`, `outlet`, `published`, `lang` and `batch` may be null or absent. Rows of
one language and batch are one pool and are grouped like one day, however many days they span: who
hands over a file has said what belongs together. Rows of different batches or languages are never
grouped.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

from aggregator.cluster.collector import collector_at_rest
from aggregator.cluster.grouping import group_day
from aggregator.cluster.rules import DEFAULT_SETTINGS, RULES, Rules
from aggregator.cluster.weights import TokenWeights
from aggregator.errors import InputError
from aggregator.model import DayGroups, Decision, Headline, Verdict
from aggregator.settings import ClusterSettings

UNKNOWN_LANGUAGE = "und"


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One headline of a file; `fields` is the row as read, kept for writing.

    `cluster` is the gold label where the file has one. `story` is the key of the story's lead, None
    before grouping; `rule`, `score` and `partner` are those of the join, None for a single;
    `refusal` is the closest story it was kept out of, where that was a near thing.
    """

    fields: Mapping[str, Any]
    title: str
    id: str | None = None
    outlet: str | None = None
    published: datetime | None = None
    lang: str = UNKNOWN_LANGUAGE
    batch: str | None = None
    cluster: str | None = None
    story: str | None = None
    rule: str | None = None
    score: float | None = None
    partner: str | None = None
    refusal: Decision | None = None


def read_rows(lines: Iterable[str]) -> list[ClusterRow]:
    """Read JSON Lines; empty lines are passed over.

    Raises:
        InputError: names the first line that is not such a row, and why.
    """
    return [_row(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _row(line: str, number: int) -> ClusterRow:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number}: not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise InputError(f"line {number}: not an object but {type(fields).__name__}")
    if not isinstance(fields.get("title"), str):
        raise InputError(f"line {number}: `title` must be text")
    return ClusterRow(
        fields=fields,
        title=fields["title"],
        id=_text(fields, "id", number),
        outlet=_text(fields, "outlet", number),
        published=_moment(fields, number),
        lang=_text(fields, "lang", number) or UNKNOWN_LANGUAGE,
        batch=_text(fields, "batch", number),
        cluster=_text(fields, "cluster", number),
    )


def _text(fields: Mapping[str, Any], name: str, number: int) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputError(f"line {number}: `{name}` must be text or null, found {type(value).__name__}")


def _moment(fields: Mapping[str, Any], number: int) -> datetime | None:
    value = _text(fields, "published", number)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise InputError(f"line {number}: `published` must be ISO 8601, found {value!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def write_rows(rows: Iterable[ClusterRow]) -> Iterator[str]:
    """Yield a line per row, without line ends: the fields as read, then story, rule, score, partner."""
    for row in rows:
        found = {"story": row.story, "rule": row.rule, "score": row.score, "partner": row.partner}
        yield _line({**row.fields, **found})


def _line(fields: Mapping[str, Any]) -> str:
    line = json.dumps(fields, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can hold, as it came
        return json.dumps(fields)
    return line


@collector_at_rest()
def cluster_rows(
    rows: Sequence[ClusterRow],
    settings: ClusterSettings = DEFAULT_SETTINGS,
    *,
    weights: TokenWeights | None = None,
    rules: Rules = RULES,
    group: Callable[[Sequence[Headline], str], DayGroups] | None = None,
) -> list[ClusterRow]:
    """Return the rows in the same order with their stories; the order does not matter to the result.

    `group` parts the headlines of one pool in one language; None takes `group_day`.
    """
    if group is None:
        group = partial(_group_pool, weights=weights, settings=settings, rules=rules)
    pools: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        pools[row.lang.casefold(), row.batch].append(position)
    keys = _keys(rows)
    done: list[ClusterRow] = list(rows)
    for (language, _), pool in pools.items():
        headlines = [Headline(keys[i], rows[i].title, rows[i].outlet, rows[i].published) for i in pool]
        grouped = group(headlines, language)
        story_of = {key: group.lead_key for group in grouped.groups for key in group.keys}
        joined = {d.key: d for d in grouped.decisions if d.verdict is Verdict.JOINED}
        refused: dict[str, Decision] = {}
        for decision in grouped.decisions:
            if decision.verdict is Verdict.REFUSED:
                refused.setdefault(decision.key, decision)
        for i in pool:
            done[i] = _told(rows[i], story_of[keys[i]], joined.get(keys[i]), refused.get(keys[i]))
    return done


def _group_pool(
    headlines: Sequence[Headline],
    language: str,
    weights: TokenWeights | None,
    settings: ClusterSettings,
    rules: Rules,
) -> DayGroups:
    return group_day(headlines, language=language, weights=weights, settings=settings, rules=rules)


def _keys(rows: Sequence[ClusterRow]) -> list[str]:
    """Return a key per row: its id, or what it says, numbered where several have the same.

    Rows of one key are numbered by their content, so a shuffled file gives the same keys.
    """
    names = [row.id or f"{row.title}\x1f{row.outlet or ''}\x1f{row.published or ''}" for row in rows]
    order = sorted(
        range(len(rows)),
        key=lambda i: (names[i], rows[i].title, rows[i].outlet or "", str(rows[i].published)),
    )
    keys = list(names)
    for previous, i in pairwise(order):
        if names[previous] == names[i]:
            count = int(keys[previous].rpartition("#")[2]) + 1 if keys[previous] != names[i] else 2
            keys[i] = f"{names[i]}#{count}"
    return keys


def _told(row: ClusterRow, story: str, joined: Decision | None, refusal: Decision | None) -> ClusterRow:
    if joined is None:
        return replace(row, story=story, refusal=refusal)
    return replace(
        row, story=story, rule=joined.rule, score=joined.score, partner=joined.partner_key, refusal=refusal
    )
