"""Many feeds at once, a quarter of them broken: every good one is stored, every bad one says why."""

from datetime import UTC, datetime, timedelta

from tests.system.fleet import BROKEN, TOO_SLOW, fleet, peak_memory_bytes
from tests.system.home import Home, check, rows

PLAIN, GOOGLE, ENTRIES = 108, 2, 8
NOW = datetime.now(UTC) - timedelta(hours=2)  # noqa: TID251 - the process under test lives by the real clock


def test_one_poll_of_many_feeds_stores_the_good_and_explains_the_bad(tmp_path):
    with fleet(PLAIN, GOOGLE, NOW, entries=ENTRIES) as running:
        home = running.configure(Home(tmp_path))
        process = home.start("poll", "--all")
        peak = peak_memory_bytes(process)
        log = process.communicate()

    assert process.returncode == 0, log
    health = {
        str(name): rest
        for name, *rest in rows(home.store, "SELECT name, last_outcome, last_error FROM feed_health")
    }
    stored = dict(
        rows(home.store, "SELECT name, count(*) FROM articles JOIN feeds USING (feed_id) GROUP BY name")
    )
    assert stored == running.good
    assert all(health[name] == ["modified", None] for name in running.good)
    for name, kind in running.broken.items():
        outcome, reason = health[name]
        assert outcome in ("hard", "soft", "temporary", "gone"), name
        assert any(word in reason for word in (*BROKEN[kind], TOO_SLOW)), (name, reason)
    assert set(running.broken.values()) == set(BROKEN), "every kind of breakage is there"
    assert peak < 300_000_000
    assert check(home.store) == "ok"
