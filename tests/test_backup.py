"""Backup and restore: a copy made in the midst of polling is whole, and goes on elsewhere as if nothing had been."""

import shutil
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.cli import run_command
from aggregator.clock import ManualClock
from aggregator.demo import FOLDER
from aggregator.errors import StoreError, StoreLocked
from aggregator.replica import Faults, Replica, demo_days
from aggregator.store import copies, open_reader, open_store
from tests.system.home import Feed, Home, check, dump, poll_all, rows

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
CONFIG = ("--config", f"{FOLDER}/aggregator.toml")


def content(store: Path) -> dict[str, list]:
    """What the feeds brought, without numbers and times."""
    return {
        "articles": sorted(rows(store, "SELECT key, headline, outlet, day, link FROM articles")),
        "members": sorted(
            rows(
                store,
                "SELECT a.key, l.key FROM story_members AS m JOIN articles AS a USING (article_id)"
                " JOIN story_days AS d ON d.story_id = m.story_id AND d.day = m.day"
                " JOIN articles AS l ON l.article_id = d.lead_article_id",
            )
        ),
        "searchable": rows(store, "SELECT count(*) FROM headline_search"),
    }


def test_a_backup_in_the_midst_of_polling_is_restored_elsewhere_and_goes_on(tmp_path):
    moment = demo_days(NOW.date())[-4]
    places = [
        Feed(
            f"Place {n}",
            url=f"https://news.google.com/rss/headlines/section/geo/P{n}?hl=en-US&gl=US&ceid=US:en",
        )
        for n in range(30)
    ]
    feeds = [
        Feed("World", google_topic="WORLD"),
        Feed("Business", "business", google_topic="BUSINESS"),
        *places,
    ]
    with Replica(moment.content, faults=Faults(delay_seconds=0.03)) as replica:
        here, there = (
            Home(tmp_path / name).configure(feeds, base_url=replica.base_url) for name in ("here", "there")
        )
        with here.app(ManualClock(moment.at)).store():
            pass  # the file is there
        polling = threading.Thread(target=here.work, args=(ManualClock(moment.at), poll_all))
        polling.start()
        while polls(here.store) < 5:
            assert polling.is_alive()
        assert run_command([*here.command("backup", str(tmp_path / "backups" / "one.db"))[3:]]) == 0
        polling.join()
        copy = tmp_path / "backups" / "one.db"
        assert 5 <= polls(copy) < polls(here.store) == len(feeds)
        assert check(copy) == "ok"

        assert run_command([*there.command("restore", str(copy))[3:]]) == 0
        assert dump(there.store) == dump(copy)
        there.work(ManualClock(moment.at), poll_all)

    assert content(there.store) == content(here.store)
    assert check(there.store) == "ok"


def polls(store: Path) -> int:
    return rows(store, "SELECT count(*) FROM polls")[0][0]


def test_what_was_there_is_kept_whole_with_its_log(demo_copy, tmp_path, capsys):
    store = demo_copy / FOLDER / "aggregator.db"
    assert run_command(["--home", str(demo_copy), *CONFIG, "backup", str(tmp_path / "copy.db")]) == 0
    writer = sqlite3.connect(store)  # stays open, as one that was killed would have left it
    writer.execute("INSERT INTO heartbeat VALUES (1, '2026-03-04T12:00:00Z')")
    writer.commit()
    assert store.with_name("aggregator.db-wal").stat().st_size

    assert run_command(["--home", str(demo_copy), *CONFIG, "restore", str(tmp_path / "copy.db")]) == 0
    said = capsys.readouterr().out
    kept = next(store.parent.glob("aggregator.db.before-*Z"))
    writer.close()

    assert str(kept.name) in said
    assert not store.with_name("aggregator.db-wal").exists()
    assert rows(store, "SELECT * FROM heartbeat") == []
    assert rows(kept, "SELECT * FROM heartbeat") == [(1, "2026-03-04T12:00:00Z")]
    assert check(store) == check(kept) == "ok"


def cut_short(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.truncate(copy.stat().st_size // 2)


def overwrite(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.seek(copy.stat().st_size // 5)
        file.write(b"\xff" * (copy.stat().st_size // 2))


def change(statement: str):
    def act(copy: Path) -> None:
        with sqlite3.connect(copy) as connection:
            connection.execute(statement)
        connection.close()

    return act


BAD = {
    "cut short": (cut_short, "malformed|not restored|verify|damaged"),
    "overwritten in the middle": (overwrite, "malformed|not restored|verify|damaged"),
    "recipes": (lambda copy: copy.write_text("Two eggs. " * 5_000), "not a database"),
    "empty": (lambda copy: copy.write_bytes(b""), "no store of this program"),
    "somebody else's database": (change("PRAGMA application_id = 7"), "no store of this program"),
    "from a newer version": (change("PRAGMA user_version = 99"), "newer"),
    "a row that refers to nothing": (change("UPDATE articles SET feed_id = 999"), "refers to none of feeds"),
    "a search index that is out of step": (
        change("DELETE FROM headline_search_content WHERE id = 3"),
        "not restored|malformed|damaged",
    ),
}


@pytest.mark.parametrize(("spoil", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_backup_is_refused_and_the_store_is_left_alone(demo, tmp_path, spoil, words):
    store, copy = tmp_path / "aggregator.db", tmp_path / "copy.db"
    for path in (store, copy):
        shutil.copy(demo[1].store, path)
    spoil(copy)
    before = store.read_bytes()
    with pytest.raises(StoreError, match=words):
        copies.restore(copy, store, NOW)
    assert store.read_bytes() == before
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith("copy.db")}
    assert left <= {"aggregator.db", "aggregator.db.lock"}


def test_a_store_that_is_being_written_is_not_replaced(demo, tmp_path):
    store = tmp_path / "news.db"
    with open_store(store), pytest.raises(StoreLocked, match="is being written by process"):
        copies.restore(demo[1].store, store, NOW)


def test_a_disk_without_hard_links_gets_its_backup(demo, tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(copies.errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(copies.os, "link", refuse)
    with open_reader(demo[1].store) as connection:
        copy = copies.backup(connection, tmp_path / "copy.db")
    assert copy.articles == demo[1].counts["articles"]
    assert check(tmp_path / "copy.db") == "ok"
