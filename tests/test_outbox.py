"""The outbox: queued once with the first file of a digest, due in order, final when final."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model import Channel, Delivery, DeliveryState, DigestDay, Recipient
from aggregator.settings import DigestSettings
from aggregator.store import Store, digests, open_reader, open_store
from aggregator.store.outbox import load_deliveries, load_due_deliveries, queue_deliveries, save_delivery

NOW = datetime(2026, 1, 8, 6, 0, tzinfo=UTC)
DAY = date(2026, 1, 7)
FOLDER = "var/digests"
ANN, BEN = (Recipient(Channel.EMAIL, f"{name}@readers.example") for name in ("ann", "ben"))
HOOK = Recipient(Channel.WEBHOOK, "hooks.example #0a1b2c3d")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "aggregator.db") as store:
        for addendum in (0, 1):
            day = DigestDay("ports", "Ports", DAY, "UTC", (), addendum=addendum)
            made_at = NOW - timedelta(minutes=1)
            store.write(lambda c, d=day, at=made_at: digests.save_snapshot(c, d, at))
        yield store


def queue(store: Store, *recipients: Recipient, addendum: int = 0, now: datetime = NOW) -> int:
    return store.write(lambda c: queue_deliveries(c, "ports", FOLDER, DAY, addendum, recipients, now))


def log_a_file(store: Store, addendum: int = 0) -> None:
    day = DigestDay("ports", "Ports", DAY, "UTC", (), addendum=addendum)

    def log(connection: sqlite3.Connection) -> None:
        digests.begin_edition(connection, DigestSettings("ports", "Ports"), FOLDER, DAY, "rules", NOW)
        edition = digests.load_edition(connection, "ports", FOLDER, DAY)
        assert edition
        digests.log_digest(connection, edition, day, "markdown", [("a.md", "00")], NOW)

    store.write(log)


def due(store: Store, now: datetime = NOW, limit: int = 10) -> list[Delivery]:
    with open_reader(store.path) as connection:
        return load_due_deliveries(connection, now, limit)


def everything(store: Store) -> list[Delivery]:
    with open_reader(store.path) as connection:
        return load_deliveries(connection, "ports", DAY)


def save(store: Store, delivery: Delivery) -> None:
    store.write(lambda c: save_delivery(c, delivery, NOW))


def test_a_digest_is_queued_once_for_everyone(store: Store) -> None:
    assert queue(store, ANN, BEN, HOOK, ANN) == 3
    assert queue(store, ANN, BEN, HOOK) == 0
    assert [delivery.key.recipient for delivery in everything(store)] == [ANN, BEN, HOOK]


def test_a_delivery_knows_when_its_digest_was_made(store: Store) -> None:
    queue(store, ANN)

    (delivery,) = due(store)
    assert (delivery.made_at, delivery.queued_at) == (NOW - timedelta(minutes=1), NOW)
    assert (delivery.state, delivery.attempts, delivery.next_try_at) == (DeliveryState.WAITING, 0, NOW)


def test_a_recipient_who_comes_later_does_not_get_what_is_logged(store: Store) -> None:
    queue(store, ANN)
    log_a_file(store)

    assert queue(store, ANN, BEN) == 0
    assert [delivery.key.recipient for delivery in everything(store)] == [ANN]


def test_an_addendum_is_a_delivery_of_its_own(store: Store) -> None:
    queue(store, ANN)
    log_a_file(store)

    assert queue(store, ANN, addendum=1) == 1
    assert [delivery.key.addendum for delivery in due(store)] == [0, 1]


def test_a_day_without_a_snapshot_is_not_queued(store: Store) -> None:
    assert store.write(lambda c: queue_deliveries(c, "ports", FOLDER, date(2026, 1, 1), 0, [ANN], NOW)) == 0


def test_queueing_is_undone_with_its_transaction(store: Store) -> None:
    def write(connection: sqlite3.Connection) -> None:
        queue_deliveries(connection, "ports", FOLDER, DAY, 0, [ANN], NOW)
        raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        store.write(write)
    assert everything(store) == []


def test_what_waits_is_due_when_its_next_try_has_come(store: Store) -> None:
    queue(store, ANN)
    (delivery,) = due(store)
    later = NOW + timedelta(minutes=5)
    save(store, replace(delivery, attempts=1, next_try_at=later, error="mail server: 451 later"))

    assert due(store, NOW + timedelta(minutes=4)) == []
    assert [(found.attempts, found.error) for found in due(store, later)] == [(1, "mail server: 451 later")]


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED])
def test_what_is_final_stays_so(store: Store, state: DeliveryState) -> None:
    queue(store, ANN)
    (delivery,) = due(store)
    save(store, replace(delivery, state=state, attempts=1, next_try_at=None))
    save(store, replace(delivery, attempts=2))

    assert due(store, NOW + timedelta(days=30)) == []
    assert [(found.state, found.attempts) for found in everything(store)] == [(state, 1)]


def test_a_round_is_bounded(store: Store) -> None:
    queue(store, ANN, BEN, HOOK)
    assert len(due(store, limit=2)) == 2
