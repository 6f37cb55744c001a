"""The tables' form: made, brought up to date, refused when newer; and every change of it an entry of the log."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from openverdict.errors import InputError
from openverdict.ledger import engine
from openverdict.ledger.address import SQLITE, Address
from openverdict.ledger.configuring import LABELS
from openverdict.ledger.events import KeyAdded, SchemaMigrated
from openverdict.ledger.itself import HOUSEKEEPING, PROGRAM
from openverdict.ledger.migrating import apply_all
from openverdict.ledger.models import Event, Key

if TYPE_CHECKING:
    from openverdict.ledger.store import Store

MIGRATION_LOCK = 0x6F76_6D69_6772_6174
NOTHING = "none"


def bring_up_to_date(alias: str, address: Address, *, create: bool, migrate: bool) -> None:
    """Make or migrate the tables as asked.

    Raises:
        InputError: no store there and none to be made, another database, or tables of a newer or (unless `migrate`) an
            older version.
    """
    behind = _behind(alias, address, create=create)
    if not behind:
        return
    if not migrate:
        raise InputError(
            f"{address.shown}: its tables are those of an earlier version; bring them up to date with: "
            f"openverdict intake --store {address.shown}"
        )
    with _migrating(alias, address):
        # Whoever waited for the lock may find everything done.
        if _behind(alias, address, create=create):
            for label in LABELS:
                apply_all(alias, label)


def form(alias: str) -> str:
    """What form the tables have: the last migration of each room, and a hash of the definitions as they stand.

    For example `ledger.0001+decisions.0003@1f0c…`: who changes a definition past the migrations changes the form.
    """
    newest: dict[str, str] = {}
    for app, name in _applied(alias):
        if app in LABELS:
            newest[app] = max(newest.get(app, ""), name.partition("_")[0])
    names = "+".join(f"{app}.{name}" for app, name in sorted(newest.items()))
    return f"{names}@{_definitions(alias)}" if names else NOTHING


# SQLite keeps definitions word for word. PostgreSQL words some of them anew from version to version: its columns do not.
_DEFINED = {
    "sqlite": "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type <> 'trigger' "
    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
    # From the catalogue, which shows the same to whoever may read it.
    "postgresql": "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped "
    "ORDER BY c.relname, a.attname",
}


def _definitions(alias: str) -> str:
    rows = engine.every(alias, _DEFINED[connections[alias].vendor])
    return sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:16]


def faults(alias: str) -> Iterator[str]:
    """What does not fit between the tables, the migrations that the database names, and the log."""
    if _applied(alias) != _ours():
        yield "the database names other migrations than those that made its tables"
    logged, now = logged_form(alias), form(alias)
    if logged != now:
        yield f"the tables have the form {now}, the log says {logged}"


def log_what_changed(store: Store) -> None:
    """Write down, if it is not yet, the form of the tables, and on a new log the key that signs it.

    Raises:
        InputError: the signing key is another than the log's.
    """
    if _is_logged(store):
        return
    with store.writing(PROGRAM, HOUSEKEEPING) as writer:
        before, now = logged_form(store.alias), form(store.alias)
        if _migrations(before) != _migrations(now):
            writer.record(SchemaMigrated, before=before, after=now)
        if store.keys and not store.rows(Key).exists():
            for each in store.keys:
                key = str(each.verifier())
                row = Key(name=each.name, verifier=key, status="added")
                writer.record(KeyAdded, [row], key=key)


def _migrations(form: str) -> str:
    """The part of a form that migrations make; the other part changes on its own only where somebody tampers."""
    return form.partition("@")[0]


def _is_logged(store: Store) -> bool:
    if _migrations(logged_form(store.alias)) != _migrations(form(store.alias)):
        return False
    keys = list(store.rows(Key).order_by("id"))
    active = {row.verifier for row in keys if row.status == "added"}
    active -= {row.verifier for row in keys if row.status == "retired"}
    for each in store.keys:
        if keys and str(each.verifier()) not in active:
            raise InputError(
                f"the signing key {each.name} ({each.verifier().key_id.hex()}) is not one of this store's; "
                "name the right one, or change keys with: openverdict checkpoint key"
            )
    return bool(keys) or not store.keys


def logged_form(alias: str) -> str:
    """The form of the tables as the log has it."""
    import json

    last = Event.objects.using(alias).filter(kind="schema_migrated").order_by("-seq").first()
    return NOTHING if last is None else str(json.loads(last.body)["data"]["after"])


def _behind(alias: str, address: Address, *, create: bool) -> bool:
    """Whether migrations wait to be applied."""
    try:
        return _is_behind(alias, address, create=create)
    except engine.UNREADABLE as error:
        raise InputError(
            f"{address.shown}: cannot be read ({' '.join(str(error).split())}); it may be damaged: restore a backup"
        ) from error


def _is_behind(alias: str, address: Address, *, create: bool) -> bool:
    connection = connections[alias]
    tables = set(connection.introspection.table_names())
    is_store = "ledger_event" in tables
    if not is_store and "django_migrations" not in tables:
        if tables and address.engine == SQLITE:
            raise InputError(
                f"{address.shown}: is a database, but not a store; name the store, or a new path"
            )
        if not create:
            raise InputError(
                f"{address.shown}: there is no store in it; make one with: openverdict intake FILE --store …"
            )
        return True
    applied = _applied(alias)
    ahead = sorted(f"{app} {name}" for app, name in applied - _ours() if app in LABELS)
    if ahead:
        raise InputError(
            f"{address.shown}: a newer version of openverdict wrote this store ({ahead[0]}); update: "
            "pip install --upgrade 'openverdict[store]'"
        )
    return bool(_ours() - applied)


def _applied(alias: str) -> frozenset[tuple[str, str]]:
    """The migrations that the database names."""
    return frozenset(MigrationRecorder(connections[alias]).applied_migrations())


@cache
def _ours() -> frozenset[tuple[str, str]]:
    """The migrations that make a store's tables; those of the review app make another database."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return frozenset(key for key in loader.disk_migrations if key[0] in LABELS)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time makes or changes the form of the store at this path.

    The lock is on the folder, so that no file is left behind; where a system has none, the second comer gets an error.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def make_file(path: Path) -> None:
    """An empty SQLite file, readable by its owner, with its write-ahead log on; what SQLite puts beside it is alike."""
    with alone(path):
        path.touch(mode=0o600)
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()


@contextmanager
def _migrating(alias: str, address: Address) -> Iterator[None]:
    """One process at a time."""
    if address.path is None:
        engine.one(alias, "SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        try:
            yield
        finally:
            engine.one(alias, "SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))
        return
    with alone(address.path):
        yield
