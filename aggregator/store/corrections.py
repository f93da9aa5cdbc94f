"""What people have decided: rows that every grouping replays; undone ones are kept and not replayed.

A correction is one decision of a person and consists of *bonds* between articles: `same` (one story),
`apart` (never one story) or `lead` (this article's headline stands for its story). Articles are named
by their keys, which mean the same in any store, so corrections can be carried from one to another.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from aggregator.errors import InputError, UsageError
from aggregator.model import Correction, CorrectionKind
from aggregator.store.values import time_of, time_text

_CORRECTION_KIND = {"same": CorrectionKind.JOIN, "apart": CorrectionKind.SPLIT}


class Bond(StrEnum):
    """How a correction ties two articles; of a lead both are the same article."""

    SAME = "same"
    APART = "apart"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class BondRow:
    bond: Bond
    a_key: str
    b_key: str


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One decision: `kind` is join, split, move or pin; `note` says in words what was meant."""

    correction_id: int
    made_at: datetime
    kind: str
    note: str
    undone_at: datetime | None
    bonds: tuple[BondRow, ...]


def add_correction(
    connection: sqlite3.Connection, kind: str, note: str, bonds: Sequence[BondRow], now: datetime
) -> int:
    """Store a decision and mark the days it is about, closed ones too; return its number.

    A later `same` and an earlier `apart` of the same pair (or the reverse) contradict each other: the
    earlier one is undone by the person's change of mind, here and now, and stays listed as undone.
    """
    for bond in bonds:
        _undo_opposite(connection, bond, now)
    cursor = connection.execute(
        "INSERT INTO corrections (made_at, kind, note) VALUES (?, ?, ?)", (time_text(now), kind, note)
    )
    assert cursor.lastrowid is not None
    connection.executemany(
        "INSERT OR IGNORE INTO correction_bonds (correction_id, bond, a_key, b_key) VALUES (?, ?, ?, ?)",
        [(cursor.lastrowid, str(bond.bond), *_ordered(bond)) for bond in bonds],
    )
    _mark_days(connection, cursor.lastrowid)
    return cursor.lastrowid


def undo_correction(connection: sqlite3.Connection, correction_id: int, now: datetime) -> None:
    """Take a decision back; it stays listed.

    Raises:
        UsageError: there is no such correction, or it is undone already.
    """
    row = connection.execute(
        "SELECT undone_at FROM corrections WHERE correction_id = ?", [correction_id]
    ).fetchone()
    if row is None:
        raise UsageError(f"there is no correction {correction_id}; `aggregator correct list` lists them")
    if row["undone_at"] is not None:
        raise UsageError(f"correction {correction_id} was undone at {row['undone_at']} already")
    connection.execute(
        "UPDATE corrections SET undone_at = ? WHERE correction_id = ?", (time_text(now), correction_id)
    )
    _mark_days(connection, correction_id)


def load_corrections(connection: sqlite3.Connection) -> tuple[Correction, ...]:
    """Every bond in force that says which articles are, or are not, one story; oldest first."""
    rows = connection.execute(
        "SELECT bond, a_key, b_key FROM correction_bonds JOIN corrections USING (correction_id)"
        " WHERE undone_at IS NULL AND bond IN ('same', 'apart') ORDER BY correction_id, bond, a_key, b_key"
    )
    return tuple(Correction(_CORRECTION_KIND[row["bond"]], row["a_key"], row["b_key"]) for row in rows)


def load_pins(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Keys of the pinned articles in force, newest pin first."""
    rows = connection.execute(
        "SELECT a_key FROM correction_bonds JOIN corrections USING (correction_id)"
        " WHERE undone_at IS NULL AND bond = 'lead' ORDER BY correction_id DESC"
    )
    return tuple(row["a_key"] for row in rows)


def list_corrections(connection: sqlite3.Connection) -> list[CorrectionRow]:
    """All corrections, undone ones too, oldest first."""
    bonds: dict[int, list[BondRow]] = {}
    for row in connection.execute(
        "SELECT * FROM correction_bonds ORDER BY correction_id, bond, a_key, b_key"
    ):
        bonds.setdefault(row["correction_id"], []).append(
            BondRow(Bond(row["bond"]), row["a_key"], row["b_key"])
        )
    return [
        CorrectionRow(
            row["correction_id"],
            time_of(row["made_at"]),
            row["kind"],
            row["note"],
            None if row["undone_at"] is None else time_of(row["undone_at"]),
            tuple(bonds.get(row["correction_id"], ())),
        )
        for row in connection.execute("SELECT * FROM corrections ORDER BY correction_id")
    ]


def export_lines(rows: Iterable[CorrectionRow]) -> str:
    """Corrections in force as JSON Lines, for another store or a file under version control."""
    lines = []
    for row in rows:
        if row.undone_at is None:
            bonds = [asdict(bond) for bond in row.bonds]
            values = {"made_at": time_text(row.made_at), "kind": row.kind, "note": row.note, "bonds": bonds}
            lines.append(json.dumps(values, ensure_ascii=False) + "\n")
    return "".join(lines)


def import_lines(connection: sqlite3.Connection, text: str, now: datetime) -> int:
    """Add the corrections of an export that are not here yet; return how many were added.

    Raises:
        InputError: names the first line that is no correction; nothing is added then.
    """
    known = {(row.kind, row.bonds) for row in list_corrections(connection) if row.undone_at is None}
    added = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        kind, note, bonds = _read_line(line, number)
        if (kind, bonds) not in known:
            add_correction(connection, kind, note, bonds, now)
            added += 1
    return added


def _read_line(line: str, number: int) -> tuple[str, str, tuple[BondRow, ...]]:
    try:
        values: dict[str, Any] = json.loads(line)
        bonds = [BondRow(Bond(bond["bond"]), bond["a_key"], bond["b_key"]) for bond in values["bonds"]]
        ordered = tuple(sorted((BondRow(b.bond, *_ordered(b)) for b in bonds), key=_bond_order))
        return str(values["kind"]), str(values["note"]), ordered
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"line {number} is no exported correction: {error}") from error


def _bond_order(bond: BondRow) -> tuple[str, str, str]:
    return str(bond.bond), bond.a_key, bond.b_key


def _ordered(bond: BondRow) -> tuple[str, str]:
    a, b = sorted((bond.a_key, bond.b_key))
    return a, b


def _undo_opposite(connection: sqlite3.Connection, bond: BondRow, now: datetime) -> None:
    opposite = {Bond.SAME: Bond.APART, Bond.APART: Bond.SAME}.get(bond.bond)
    if opposite is None:
        return
    rows = connection.execute(
        "SELECT correction_id FROM correction_bonds JOIN corrections USING (correction_id)"
        " WHERE undone_at IS NULL AND bond = ? AND a_key = ? AND b_key = ?",
        [str(opposite), *_ordered(bond)],
    ).fetchall()
    for row in rows:
        undo_correction(connection, row["correction_id"], now)


def _mark_days(connection: sqlite3.Connection, correction_id: int) -> None:
    """The days of the articles concerned are to be grouped again, where they are in a story as if open."""
    connection.execute(
        "INSERT INTO days (day, language, changes, reopened)"
        " SELECT a.day, a.language, 1, max(m.article_id IS NOT NULL) FROM articles AS a"
        "   JOIN correction_bonds AS b ON a.key IN (b.a_key, b.b_key)"
        "   LEFT JOIN story_members AS m USING (article_id)"
        "  WHERE b.correction_id = ? GROUP BY a.day, a.language"
        " ON CONFLICT (day, language) DO UPDATE SET"
        "  changes = changes + 1, reopened = max(reopened, excluded.reopened)",
        [correction_id],
    )
