"""Rows C3 and C4: a power failure at any moment, and any single write or sync that fails."""

import os
import random
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import apsw
import pytest

from aggregator.errors import StoreError, StoreFull
from aggregator.model import ArticleDraft, DatedArticle, Identity, Outcome, PollRecord, Validators
from aggregator.settings import FeedSettings
from aggregator.store import feeds, open_reader, open_store, polls, upkeep
from tests.faults.vfs import Disk, images, on_disk
from tests.system.home import check, rows

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
FEED = FeedSettings("Courier", "world", "https://courier.example/feed", "en", "US", 30, is_google=False)
POLLS = 8
ARTICLES = 3  # of each poll
IMAGES, FAILURES = (3_000, 10_000) if os.environ.get("LONG") else (200, 24)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A file with a feed in it, and that feed."""
    path = tmp_path_factory.mktemp("base") / "news.db"
    with open_store(path) as store:
        store.write(partial(feeds.sync_feeds, feeds=[FEED], now=NOW))
    with open_reader(path) as connection:
        [feed] = feeds.load_feeds(connection)
    return path, feed


def poll(feed, number: int) -> PollRecord:
    """The `number`-th poll, from 1: three articles, and an ETag with its number."""
    now = NOW + timedelta(minutes=number)
    drafts = [_draft(number, place, now) for place in range(ARTICLES)]
    return PollRecord(
        feed=replace(feed, last_polled_at=now, validators=Validators(str(number), None)),
        started_at=now,
        outcome=Outcome.MODIFIED,
        status=200,
        failure=None,
        articles=tuple(DatedArticle(draft, now, now, now.date()) for draft in drafts),
        entries=ARTICLES,
        skipped=0,
        wire_bytes=0,
        took_ms=0,
    )


def _draft(number: int, place: int, now: datetime) -> ArticleDraft:
    link = f"https://courier.example/{number}-{place}"
    return ArticleDraft(
        identity=Identity(f"url:{link}"),
        headline=f"Ferry {number} of pier {place} is late",
        outlet="Courier",
        outlet_host=None,
        language="en",
        link=link,
        published=now,
        is_day_precise=False,
        summary="of the harbour " * 200,
        entry_id=None,
        needs_resolving=False,
        entry_position=place,
        list_position=0,
    )


def write_all(path: Path, feed, disk: Disk) -> tuple[list[int], list[StoreError]]:
    """Store all polls, with a checkpoint now and then; which were acknowledged, and what was said of the others."""
    acknowledged, refused = [], []
    with open_store(path) as store:
        for number in range(1, POLLS + 1):
            try:
                store.write(partial(polls.record_poll, record=poll(feed, number)))
                acknowledged.append(number)
                disk.acknowledge(number)
                if number % 3 == 0:
                    store.maintain(upkeep.checkpoint)
            except StoreError as error:
                refused.append(error)
    return acknowledged, refused


def what_is_there(path: Path) -> tuple[set[int], int, str | None]:
    """The numbers of the polls that are stored, how many articles, and the validator."""
    numbers = {
        round((datetime.fromisoformat(str(at)) - NOW).total_seconds() / 60)
        for (at,) in rows(path, "SELECT started_at FROM polls")
    }
    return numbers, *rows(path, "SELECT (SELECT count(*) FROM articles), etag FROM feeds")[0]


def lost_after_power_failures(base, folder: Path, synchronous: str) -> list[str]:
    """What is wrong after a power failure at each of many moments."""
    source, feed = base
    path, disk, wrong = folder / "news.db", Disk(), []
    shutil.copy(source, path)
    with on_disk(disk, synchronous=synchronous):
        write_all(path, feed, disk)
    rng = random.Random(0)
    for number, image in enumerate(images(disk.events, {path.name: source.read_bytes()}, IMAGES, rng)):
        crashed = folder / "crashed"
        crashed.mkdir()
        for name, content in image.files.items():
            (crashed / name).write_bytes(content)
        wrong += [f"image {number}: {words}" for words in problems(crashed / path.name, image.acknowledged)]
        shutil.rmtree(crashed)
    return wrong


def problems(path: Path, acknowledged: int) -> list[str]:
    try:
        if (verdict := check(path)) != "ok":
            return [f"damaged: {verdict}"]
        numbers, articles, etag = what_is_there(path)
    except sqlite3.DatabaseError as error:
        return [f"damaged: {error}"]
    last = max(numbers, default=0)
    found = (
        []
        if last in (acknowledged, acknowledged + 1)
        else [f"{acknowledged} was acknowledged, {last} is there"]
    )
    is_whole = numbers == set(range(1, last + 1)) and articles == ARTICLES * last
    if not is_whole or etag != (str(last) if last else None):
        found.append(f"not whole: polls {numbers}, {articles} articles, validator {etag}")
    return found


def test_C3_a_power_failure_at_any_moment_loses_nothing_that_was_acknowledged(base, tmp_path):
    assert lost_after_power_failures(base, tmp_path, "FULL") == []


def test_C3_without_syncs_the_same_disk_loses_and_damages(base, tmp_path):
    wrong = "\n".join(lost_after_power_failures(base, tmp_path, "OFF"))
    assert "was acknowledged" in wrong or "not whole" in wrong
    assert "damaged" in wrong


ERRORS = {"fails": (apsw.SQLITE_IOERR_WRITE, StoreError), "is full": (apsw.SQLITE_FULL, StoreFull)}


@pytest.mark.parametrize("is_lasting", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize(("code", "ours"), ERRORS.values(), ids=ERRORS)
def test_C4_a_write_or_sync_that_fails_leaves_the_state_before_or_after(
    base, tmp_path, code, ours, is_lasting
):
    source, feed = base
    path, refusals = tmp_path / "news.db", []
    for fails_at in failing_calls(base, tmp_path):
        shutil.copy(source, path)
        disk = Disk(fails_at, is_lasting, code)
        with on_disk(disk):
            try:
                acknowledged, refused = write_all(path, feed, disk)
            except StoreError as failure:  # it failed while the file was opened
                acknowledged, refused = [], [failure]
        refusals += refused

        assert check(path) == "ok"
        numbers, articles, _ = what_is_there(path)
        assert set(acknowledged) <= numbers, f"call {fails_at}"
        assert articles == ARTICLES * len(numbers), f"call {fails_at}"
        for left in tmp_path.glob("news.db*"):
            left.unlink()
    assert {type(refusal) for refusal in refusals} == {ours}


def failing_calls(base, folder: Path) -> list[int]:
    """So many of the writes and syncs of an undisturbed run, evenly spread."""
    source, feed = base
    path, disk = folder / "undisturbed.db", Disk()
    shutil.copy(source, path)
    with on_disk(disk):
        write_all(path, feed, disk)
    step = max(1, disk.calls // FAILURES)
    return list(range(1, disk.calls + 1, step))
