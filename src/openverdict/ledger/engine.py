"""The two engines behind one set of calls: the writers' lock, rows in bulk, rows as a stream, one unchanging view.

Everything goes through Django's own connection, so that what is done here and what the ORM does stand in one transaction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction

from openverdict.errors import InputError
from openverdict.ledger.address import BUSY_S, SQLITE

# Any fixed number: all writers of a PostgreSQL database meet at it.
WRITERS_LOCK = 0x6F76_6572_6469_6374
STREAM_ROWS = 5_000
COPY_ROWS = 20  # from which PostgreSQL takes rows faster as a COPY
Row = Sequence[Any]
TRIES, PAUSE_S = 100, 0.05  # to open a database that another process is just making
# What drivers raise on a database that is damaged, or that is none.
UNREADABLE = (DatabaseError, InterfaceError, sqlite3.Error, UnicodeDecodeError, OverflowError)


@contextmanager
def writing(alias: str) -> Iterator[None]:
    """One transaction that holds the writers' lock: no other writer has appended anything that it can't see.

    Raises:
        InputError: another writer holds the lock for longer than a command waits.
    """
    connection = connections[alias]
    if connection.in_atomic_block:
        raise InputError("a write is under way in this thread; end it before another begins")
    try:
        # SQLite takes its one lock here, by BEGIN IMMEDIATE.
        with transaction.atomic(using=alias, savepoint=False):
            if connection.vendor != SQLITE:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS_LOCK])
            yield
    except OperationalError as error:
        raise InputError(_in_words(error)) from error


def is_within(alias: str) -> bool:
    """Whether this thread is within a transaction of the store."""
    return bool(connections[alias].in_atomic_block)


@contextmanager
def snapshot(alias: str) -> Iterator[None]:
    """One view of everything as it is now, whatever is written meanwhile. Takes no lock that a writer would wait for."""
    connection = connections[alias]
    if connection.in_atomic_block:
        yield
        return
    begin = (
        "BEGIN"
        if connection.vendor == SQLITE
        else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    )
    connection.ensure_connection()
    raw = connection.connection
    with raw_cursor(raw) as cursor:
        cursor.execute(begin)
    connection.in_atomic_block = True  # so that Django neither begins nor ends anything within
    try:
        yield
    finally:
        connection.in_atomic_block = False
        connection.needs_rollback = False
        with raw_cursor(raw) as cursor:
            cursor.execute("ROLLBACK")


@contextmanager
def raw_cursor(raw: Any) -> Iterator[Any]:
    """A cursor of the driver itself."""
    cursor = raw.cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def insert(alias: str, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Many rows into one table, the fastest way the engine has, within the transaction under way."""
    connection = connections[alias]
    connection.ensure_connection()
    names = ", ".join(f'"{column}"' for column in columns)
    mark = "?" if connection.vendor == SQLITE else "%s"
    marks = ", ".join([mark] * len(columns))
    with raw_cursor(connection.connection) as cursor, connection.wrap_database_errors:
        if connection.vendor == SQLITE or len(rows) < COPY_ROWS:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        else:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def stream(alias: str, sql: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query one by one, in constant memory. Several may be read at once. Only within `snapshot` or `writing`."""
    connection = connections[alias]
    connection.ensure_connection()
    if connection.vendor == SQLITE:
        cursor = connection.connection.cursor()
    else:
        cursor = connection.connection.cursor(name=f"stream_{next(_names)}")
    try:
        with connection.wrap_database_errors:
            cursor.execute(sql)
            while rows := cursor.fetchmany(STREAM_ROWS):
                yield from rows
    finally:
        # Whoever stops reading half-way may have closed the connection already.
        with suppress(Exception):
            cursor.close()


def every(alias: str, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query that has few."""
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def among(
    alias: str, sql: str, these: Sequence[Any], before: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """All rows of a query about a few things: `{these}` in it becomes their marks; `before`: values of marks before it."""
    if not these:
        return []
    marks = ", ".join(["%s"] * len(these))
    return every(alias, sql.replace("{these}", marks), [*before, *these])


def one(alias: str, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The first row of a query, if it has any."""
    found = every(alias, sql, values)
    return found[0] if found else None


def run(alias: str, sql: str, values: Sequence[Any] = ()) -> None:
    """A statement that gives nothing back, within the transaction under way."""
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, values)


def analyse(alias: str, tables: Sequence[str]) -> None:
    """Let PostgreSQL count what its plans rest on, after many rows came at once; SQLite's plans need no counts."""
    if connections[alias].vendor == SQLITE:
        return
    # A role that owns no table is warned, not refused; the server's own housekeeping comes to it later.
    with connections[alias].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {table}")


def reachable(alias: str, shown: str) -> None:
    """Open the connection.

    Raises:
        InputError: there is no such database, or it doesn't let us in.
    """
    for left in reversed(range(TRIES)):
        try:
            connections[alias].ensure_connection()
            return
        except UNREADABLE as error:
            # SQLite doesn't wait for another process that turns the journal of a new file to WAL.
            if left and "database is locked" in str(error):
                connections[alias].close()
                time.sleep(PAUSE_S)
                continue
            raise InputError(
                f"{shown}: cannot be opened ({_plain(error)}); {_mend(error)}"
            ) from error


def _in_words(error: Exception) -> str:
    said = _plain(error)
    if "locked" in said or "lock timeout" in said:
        return f"the store is busy: another command has been writing for over {BUSY_S} s; try again when it has ended"
    if "disk is full" in said or "No space" in said:
        return "the store's disk is full; nothing of this command was written; make room, then repeat it"
    return f"the store cannot be written ({said}); nothing of this command stands in it"


def _mend(error: Exception) -> str:
    said = _plain(error)
    if "not a database" in said:
        return "this is another kind of file: name the store, or a new path"
    if "malformed" in said or "decode" in said:
        return "the file is damaged: restore a backup"
    if "does not exist" in said:
        return "create it first, or name another"
    if "unable to open" in said:
        return "name a path in a folder that you may write"
    return "check the address, and that the server runs"


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_names = _numbers()
