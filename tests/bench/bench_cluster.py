"""Quality and speed of the grouping, beside what one would write instead.

Run: python tests/bench/bench_cluster.py [HEADLINES] [GOLD.jsonl …]

Quality is BCubed on the given files (default: the project's own gold set), everything with its
defaults and one threshold for all files; headlines of one file, language and batch are one pool. Speed
is processor time of one process. At the end ours groups headlines that are made up here. datasketch
and scikit-learn belong to no extra of the project: they are shown when they are installed.
"""

import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
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
    """Return headlines of events of 1 to 8: each says two of its event's three names and two of its three
    themes, among common words. Names are the event's own, themes and common words of a Zipf-like vocabulary.
    """
    words = [_word(rng, 2, 4) for _ in range(30_000)]
    frequencies = list(accumulate(1.0 / (rank + 10) for rank in range(len(words))))
    headlines: list[str] = []
    while len(headlines) < count:
        names = [_word(rng, 3, 5) for _ in range(3)]
        themes = rng.choices(words, cum_weights=frequencies, k=3)
        for _ in range(rng.choice([1, 1, 1, 1, 2, 3, 8])):
            common = rng.choices(words[:2_000], cum_weights=frequencies[:2_000], k=4)
            headlines.append(
                " ".join(rng.sample([*rng.sample(names, 2), *rng.sample(themes, 2), *common], 8))
            )
    return headlines[:count]


def _word(rng: random.Random, least: int, most: int) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(least, most)))


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


def min_hash(rows: Sequence[ClusterRow]) -> list[ClusterRow]:
    """Join each headline to the first near-duplicate that locality-sensitive hashing finds."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.4, num_perm=128)
    done: list[ClusterRow] = []
    for number, row in enumerate(rows):
        words = utils.default_process(row.title).split()
        signature = MinHash(num_perm=128)
        signature.update_batch([word.encode() for word in words])
        found = sorted(index.query(signature))
        done.append(replace(row, story=done[found[0]].story if found else row.id))
        index.insert(number, signature)
    return done


def tf_idf_neighbours(rows: Sequence[ClusterRow]) -> list[ClusterRow]:
    """Join headlines whose TF-IDF vectors are close, and everything that a chain of joins connects."""
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import radius_neighbors_graph

    try:
        vectors = TfidfVectorizer(sublinear_tf=True).fit_transform([row.title for row in rows])
    except ValueError:  # no words at all
        return [replace(row, story=row.id) for row in rows]
    close = radius_neighbors_graph(vectors, radius=0.6, metric="cosine")
    stories = connected_components(close, directed=False)[1].tolist()
    return [replace(row, story=str(story)) for row, story in zip(rows, stories, strict=True)]


_Group = Callable[[Sequence[ClusterRow]], list[ClusterRow]]
RIVALS: dict[str, tuple[str, _Group]] = {
    "extractOne loop": ("rapidfuzz", extract_one_loop),
    "MinHash LSH": ("datasketch", min_hash),
    "TF-IDF neighbours": ("sklearn", tf_idf_neighbours),
}


def pool_by_pool(group: _Group, rows: Sequence[ClusterRow]) -> list[ClusterRow]:
    """Group each language and batch alone, as `cluster_rows` does by itself."""
    pools: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        pools[row.lang.casefold(), row.batch].append(place)
    done = list(rows)
    for places in pools.values():
        for place, row in zip(places, group([rows[place] for place in places]), strict=True):
            done[place] = row
    return done


def report(name: str, group: _Group, rows: Sequence[ClusterRow]) -> None:
    group(rows[:1])  # imports and tables are loaded before the clock starts
    begun = time.process_time()
    done = group(rows)
    took_seconds = time.process_time() - begun
    scores = evaluate(done, [row.cluster or "" for row in rows])
    print(
        f"{name:18} BCubed P {scores.bcubed.precision:.3f} R {scores.bcubed.recall:.3f}"
        f" F1 {scores.bcubed.f1:.3f}  pairwise precision {scores.pairwise.precision:.3f}"
        f"  {len(rows) / max(took_seconds, 1e-9):8.0f} headlines/s"
    )


def main(arguments: Sequence[str]) -> None:
    count = int(arguments[0]) if arguments else 10_000
    for path in [Path(a) for a in arguments[1:]] or [GOLD]:
        rows = read_rows(path.read_text(encoding="utf-8").splitlines())
        rows = [replace(row, id=str(number)) for number, row in enumerate(rows)]
        print(f"{path.name}: {len(rows)} headlines")
        report("aggregator", cluster_rows, rows)
        for name, (package, group) in RIVALS.items():
            if find_spec(package):
                report(name, partial(pool_by_pool, group), rows)
            else:
                print(f"{name:18} not shown: {package} is not installed")
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
