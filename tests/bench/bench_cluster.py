"""Quality and speed of the grouping, beside what one would write instead.

Run: python tests/bench/bench_cluster.py [HEADLINES] [GOLD.jsonl …]

Speed is processor time of one process on headlines that are made up here; quality is BCubed F1 on the
given files (default: the project's own gold set), everything with its defaults.
"""

import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from rapidfuzz import fuzz, process, utils

from aggregator.cluster import ClusterRow, cluster_rows, evaluate, group_day, read_rows
from aggregator.model import Headline

GOLD = Path(__file__).parent.parent / "gold" / "headlines.jsonl"
_SYLLABLES = [
    "ba",
    "ko",
    "ri",
    "ten",
    "mar",
    "lo",
    "vis",
    "dun",
    "sel",
    "ga",
    "pru",
    "hin",
    "tor",
    "wes",
    "jo",
    "ly",
]


def made_up(count: int, rng: random.Random) -> list[str]:
    """Return headlines of a Zipf-like vocabulary: events of 1 to 8 headlines that share most words."""
    vocabulary = ["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(30_000)]
    frequencies = list(accumulate(1.0 / (rank + 10) for rank in range(len(vocabulary))))
    headlines: list[str] = []
    while len(headlines) < count:
        event = rng.choices(vocabulary, cum_weights=frequencies, k=5)
        for _ in range(rng.choice([1, 1, 1, 1, 2, 3, 8])):
            common = rng.choices(vocabulary[:2_000], k=5)
            headlines.append(" ".join(rng.sample([*event, *common], 9)))
    return headlines[:count]


def extract_one_loop(rows: Sequence[ClusterRow]) -> list[ClusterRow]:
    """Join each headline to the closest one before it, as a first script would."""
    titles: list[str] = []
    done: list[ClusterRow] = []
    for row in rows:
        title = utils.default_process(row.title)
        found = process.extractOne(title, titles, scorer=fuzz.token_set_ratio, score_cutoff=60)
        done.append(replace(row, story=done[found[2]].story if found else row.id))
        titles.append(title)
    return done


def report(
    name: str, group: Callable[[Sequence[ClusterRow]], list[ClusterRow]], rows: Sequence[ClusterRow]
) -> None:
    begun = time.process_time()
    done = group(rows)
    took_seconds = time.process_time() - begun
    scores = evaluate(done, [row.cluster or "" for row in rows])
    print(
        f"{name:14} BCubed {scores.bcubed.f1:.3f}  pairwise precision {scores.pairwise.precision:.3f}"
        f"  {len(rows) / max(took_seconds, 1e-9):8.0f} headlines/s"
    )


def main(arguments: Sequence[str]) -> None:
    count = int(arguments[0]) if arguments else 10_000
    for path in [Path(a) for a in arguments[1:]] or [GOLD]:
        rows = read_rows(path.read_text(encoding="utf-8").splitlines())
        print(path.name)
        report("aggregator", cluster_rows, rows)
        report("extractOne", extract_one_loop, rows)
    headlines = [Headline(f"{i:07}", text) for i, text in enumerate(made_up(count, random.Random(1)))]
    begun = time.process_time()
    groups = group_day(headlines, language="en").groups
    took_seconds = time.process_time() - begun
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{count} made-up headlines: {len(groups)} groups, {count / took_seconds:.0f}/s, peak {peak_mib} MiB"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
