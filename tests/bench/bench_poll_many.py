"""500 plain feeds and 10 of Google's on loopback, a quarter broken: time and memory of one `poll --all`.

python tests/bench/bench_poll_many.py [PLAIN [GOOGLE]]
"""

import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.system.fleet import fleet, peak_memory_bytes
from tests.system.home import Home, rows


def main(plain: int = 500, google: int = 10) -> None:
    now = datetime.now(UTC) - timedelta(hours=2)
    with tempfile.TemporaryDirectory() as folder, fleet(plain, google, now) as running:
        home = running.configure(Home(Path(folder)))
        for title in ("first poll", "second poll"):
            started = time.perf_counter()
            process = home.start("poll", "--all")
            peak = peak_memory_bytes(process)
            print(f"{title}: {time.perf_counter() - started:.1f} s, peak {peak / 1e6:.0f} MB")
            print(process.communicate()[0].splitlines()[-1])
        stored = dict(
            rows(home.store, "SELECT name, count(*) FROM articles JOIN feeds USING (feed_id) GROUP BY name")
        )
        health = rows(home.store, "SELECT name, last_outcome, last_error FROM feed_health")
    print(
        f"good feeds wholly stored: {sum(stored.get(n) == c for n, c in running.good.items())} of {len(running.good)}"
    )
    explained = [name for name, _, error in health if name in running.broken and error]
    print(f"bad feeds with a reason: {len(explained)} of {len(running.broken)}")
    for outcome, count in Counter(outcome for _, outcome, _ in health).items():
        print(f"  {outcome}: {count}")
    for name, outcome, error in sorted(health):
        if name in running.broken and int(name.split()[1].rstrip(":")) < 27:
            print(f"  {running.broken[name]:40} {outcome:10} {error}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
