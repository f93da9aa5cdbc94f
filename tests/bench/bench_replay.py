"""A recording polled snapshot by snapshot on a clock that jumps: is all of it stored, how long, how large?

    python tests/bench/bench_replay.py RECORDING.jsonl.gz FOLDER [digests]

Prints figures, the first differences between recording and store, and the widest stories. With `digests`, those that are
due are made in every format after each poll, in three styles; `bench_rebuild.py` takes it from there.
"""

import sys
import time
from pathlib import Path

from aggregator.clock import ManualClock
from aggregator.pipeline.digests import make_due_digests
from aggregator.replica import Replica, load_recording
from aggregator.settings import DIGEST_FORMATS
from tests.system.home import Feed, Home, check, poll_all, rows
from tests.system.recording import differences, read_plainly, show

_SECTIONS = """sections = [
  { title = "War and diplomacy", words = ["ukrain*", "russia*", "gaza", "israel*", "ceasefire", "nato", "strike*", "drone*"] },
  { title = "Politics", words = ["election*", "president*", "minister*", "parliament", "court*", "protest*", "tariff*"] },
  { title = "Accidents and nature", words = ["fire*", "crash*", "storm*", "earthquake*", "flood*", "snow*"] },
]
"""
DIGESTS = "\n".join(
    f"""[[digests]]
topic = "{{topic}}"
formats = {list(DIGEST_FORMATS)}
out = "{out}"
{more}"""
    for out, more in {
        "digests/plain": "",
        "digests/sections": _SECTIONS,
        "digests/events": f'style = "key-events"\n{_SECTIONS}counter = {{ epoch = 2022-02-24 }}\n',
    }.items()
)


def main(recording: Path, folder: Path, *, has_digests: bool) -> None:
    snapshots = read_plainly(recording)
    clock = ManualClock(snapshots[0][0])
    feed = Feed("World", url=load_recording(recording)[0].feed)
    took_ms: list[int] = []
    with Replica(now=clock.now) as replica:
        more = DIGESTS.replace("{topic}", feed.topic) if has_digests else ""
        home = Home(folder).configure([feed], base_url=replica.base_url, more=more)

        async def polls(stages):
            for at in show(replica, recording):
                clock.jump_to(at)
                started = time.perf_counter()
                report = await poll_all(stages)
                took_ms.append(int((time.perf_counter() - started) * 1000))
                if report.failed:
                    print(report.polls[0])
                make_due_digests(stages.grouper, folder, stages.settings, clock.now())

        started = time.perf_counter()
        home.work(clock, polls)
        seconds = time.perf_counter() - started
    for table in ("articles", "listings", "polls", "stories", "story_days", "ledger"):
        print(f"{table:12} {rows(home.store, f'SELECT count(*) FROM {table}')[0][0]:>8}")
    took_ms.sort()
    print(
        f"{seconds:.1f} s; a cycle {took_ms[len(took_ms) // 2]} ms in the middle, {took_ms[-1]} ms at worst"
    )
    print(f"{home.store.stat().st_size / 1e6:.1f} MB, integrity {check(home.store)}")
    found = differences(home.store, snapshots)
    print(f"{len(found)} differences", *found[:10], sep="\n")
    widest = (
        "SELECT day, articles, outlets, status, headline FROM stories_by_day ORDER BY articles DESC LIMIT 25"
    )
    for row in rows(home.store, widest):
        print(*row)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), has_digests="digests" in sys.argv[3:])
