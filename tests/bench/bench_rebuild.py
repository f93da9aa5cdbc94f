"""Every digest of a store built again from its snapshot: are the bytes those that were published, and how fast?

    python tests/bench/bench_rebuild.py STORE [HOME]

Compares with the hashes in `digest_log`; with the files as well where HOME is given, below which the log's paths
lie. Prints a line for each format; ends with status 1 if anything differs.
"""

import hashlib
import sys
import time
from collections import Counter
from pathlib import Path

from aggregator import publish
from aggregator.pipeline.editions import TEMPLATES, frozen_issue
from aggregator.store import open_reader
from aggregator.store.digests import load_addenda, load_edition, load_logged
from aggregator.store.values import day_of

_EDITIONS = "SELECT topic, folder, day FROM digest_editions ORDER BY day, topic, folder"
_FORMATS = "SELECT DISTINCT format FROM digests WHERE topic = ? AND folder = ? AND day = ? AND addendum = ?"


def main(store: Path, home: Path | None) -> int:
    templates = home / TEMPLATES if home and (home / TEMPLATES).is_dir() else None
    counts: Counter[tuple[str, str]] = Counter()
    seconds: Counter[str] = Counter()
    with open_reader(store) as connection:
        for place in connection.execute(_EDITIONS).fetchall():
            edition = load_edition(connection, place["topic"], place["folder"], day_of(place["day"]))
            for addendum in load_addenda(connection, edition.topic, edition.day):
                started = time.perf_counter()
                issue = frozen_issue(connection, edition, addendum)
                seconds["(compose)"] += time.perf_counter() - started
                for (name,) in connection.execute(_FORMATS, [*place, addendum]).fetchall():
                    if name not in publish.FORMATS:
                        continue  # a week: of other editions too
                    logged = load_logged(connection, edition, addendum, name)
                    started = time.perf_counter()
                    files = publish.render(issue, name, templates)
                    seconds[name] += time.perf_counter() - started
                    counts[name, "addenda" if addendum else "digests"] += 1
                    for path, verdict in compare(edition.folder, files, logged, home):
                        counts[name, verdict] += 1
                        if verdict != "same":
                            print(f"{verdict:8} {path}")
    return report(counts, seconds)


def compare(folder, files, logged, home):
    """Each path, of what was rendered or logged, with what became of it."""
    rendered = {f"{folder}/{file.path}": hashlib.sha256(file.body).hexdigest() for file in files}
    for path in sorted(rendered.keys() | logged.keys()):
        if path not in rendered or path not in logged:
            yield path, "unlogged" if path in rendered else "missing"
        elif rendered[path] != logged[path].sha256:
            yield path, "differs"
        elif home and not is_on_disk(home / path, rendered[path]):
            yield path, "spoiled"
        else:
            yield path, "same"


def is_on_disk(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def report(counts: Counter[tuple[str, str]], seconds: Counter[str]) -> int:
    columns = ("digests", "addenda", "same", "differs", "missing", "unlogged", "spoiled")
    print(f"{'format':12}" + "".join(f"{column:>10}" for column in columns) + f"{'seconds':>10}")
    for name in sorted(seconds):
        figures = "".join(f"{counts[name, column]:>10}" for column in columns)
        print(f"{name:12}{figures}{seconds[name]:>10.1f}")
    wrong = sum(counts[name, column] for name in seconds for column in columns[3:])
    total = sum(counts[name, "same"] for name in seconds)
    print(f"{total} files are the same to the byte, {wrong} are not")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
