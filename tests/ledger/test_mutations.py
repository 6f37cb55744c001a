"""Random damage: one byte of the file, one row of a table. What changes content is always detected."""

from __future__ import annotations

import random
import sqlite3
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connections
from tests.ledger.decided import empty_tables
from tests.ledger.filled import as_owner

from openverdict.errors import InputError
from openverdict.ledger import engine
from openverdict.ledger.models import Event, Node
from openverdict.ledger.rows import all_recorded
from openverdict.ledger.store import open_store
from openverdict.ledger.verifying import Outcome, verify

BYTES, ROWS = 700, 320  # rows on each of the two engines, the tables by turns


class _UndoneError(Exception):
    """Ends a transaction whose damage is not to stay."""


def content(path):
    """Everything that the tables hold, and the form of the database, read by nothing of ours."""
    connection = sqlite3.connect(path)
    try:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
        ]
        # An index of SQLite's own making has no text, and is found whatever the case of the letters in its names.
        form = connection.execute(
            "SELECT type, iif(sql IS NULL, lower(name), name), "
            "iif(sql IS NULL, lower(tbl_name), tbl_name), sql FROM sqlite_master ORDER BY name"
        ).fetchall()
        # The time at which a migration was applied is nobody's content.
        return form, {
            name: connection.execute(
                "SELECT app, name FROM django_migrations"
                if name == "django_migrations"
                else f"SELECT * FROM {name} NOT INDEXED ORDER BY rowid"
            ).fetchall()
            for name in names
            if name != "sqlite_sequence"
        }
    finally:
        connection.close()


def verdict_on(path):
    """What the command would say: intact, or anything else."""
    try:
        with open_store(str(path), migrate=False, environment={}) as store:
            return verify(store).outcome
    except InputError:
        return Outcome.UNKNOWN


@pytest.mark.slow
def test_a_changed_byte_of_the_file_that_changes_content_is_detected(full_sqlite, tmp_path):
    pristine = full_sqlite.read_bytes()
    whole = content(full_sqlite)
    dice = random.Random(7)
    path = tmp_path / "store.db"
    detected = harmless = 0
    missed = []
    for _ in range(BYTES):
        at, bit = dice.randrange(len(pristine)), 1 << dice.randrange(8)
        damaged = bytearray(pristine)
        damaged[at] ^= bit
        path.write_bytes(damaged)
        if verdict_on(path) is not Outcome.INTACT:
            detected += 1
        else:
            path.write_bytes(damaged)  # as it was before it was opened
            if _same(path, whole):
                harmless += 1
            else:
                missed.append((at, bit))
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
    assert missed == []
    assert detected > BYTES // 4
    assert detected + harmless == BYTES


def _same(path, whole):
    try:
        return content(path) == whole
    except (sqlite3.Error, UnicodeDecodeError):
        return False


def damage(cursor, dice, table, columns):
    """Change, delete or double one random row of a table; what was done."""
    cursor.execute(f'SELECT * FROM {table} ORDER BY "{columns[0]}", "{columns[1]}"')
    rows = cursor.fetchall()
    row = dice.choice(rows)
    where = " AND ".join(
        f'"{name}" IS NULL' if value is None else f'"{name}" = %s'
        for name, value in zip(columns, row, strict=True)
    )
    values = [value for value in row if value is not None]
    kind = dice.choice(["edit", "edit", "edit", "delete", "insert"])
    if kind == "delete":
        cursor.execute(f"DELETE FROM {table} WHERE {where}", values)
        return f"{table}: deleted {row[:2]}"
    if kind == "insert":
        new = [changed(dice, value) if at == 0 else value for at, value in enumerate(row)]
        marks = ", ".join(["%s"] * len(new))
        cursor.execute(f"INSERT INTO {table} VALUES ({marks})", new)
        return f"{table}: doubled {row[:2]} as {new[0]}"
    at = dice.randrange(len(columns))
    new = changed(dice, row[at])
    cursor.execute(f'UPDATE {table} SET "{columns[at]}" = %s WHERE {where}', [new, *values])
    return f"{table}.{columns[at]}: {row[at]!r} is now {new!r}"


def changed(dice, value):
    """Another value of the same kind."""
    if value is None:
        return dice.randrange(1, 5)
    if isinstance(value, int):
        return value + dice.choice([-1, 1, 1000])
    if isinstance(value, float):
        return value + dice.choice([-0.5, 1e-9, 1.0]) * (1 + abs(value))
    raw = bytearray(value.encode() if isinstance(value, str) else bytes(value))
    if not raw:
        return "x" if isinstance(value, str) else b"x"
    at = dice.randrange(len(raw))
    if isinstance(value, str):
        text = list(value)
        at = dice.randrange(len(text))
        text[at] = "x" if text[at] != "x" else "y"
        return "".join(text)
    raw[at] ^= 1 << dice.randrange(8)
    return bytes(raw)


def test_no_table_of_the_store_that_is_damaged_is_empty(full):
    assert empty_tables(full) == []
    assert verify(full).outcome is Outcome.INTACT


@pytest.mark.slow
def test_a_changed_row_is_detected(full):
    """As the owner of the database would change it: triggers put aside, and afterwards back in their place."""
    connection = connections[full.alias]
    described = connection.introspection.get_table_description
    with connection.cursor() as cursor:
        models: list[Any] = [Event, Node, *all_recorded()]
        names = [m._meta.db_table for m in models]
        tables = [(name, [column.name for column in described(cursor, name)]) for name in names]
    dice = random.Random(11)
    missed, done = [], 0
    while done < ROWS:
        try:
            with engine.writing(full.alias):
                table, columns = tables[done % len(tables)]
                with as_owner(full, table) as cursor:
                    what = damage(cursor, dice, table, columns)
                verdict = verify(full)
                done += 1
                if verdict.outcome is Outcome.INTACT or "trigger" in str(verdict.first):
                    missed.append(what)
                raise _UndoneError
        except _UndoneError:
            continue
        except (IntegrityError, DataError):
            continue  # the database refused this one (the same number twice)
    assert missed == []
    assert 5 * len(tables) < ROWS
    assert verify(full).outcome is Outcome.INTACT
