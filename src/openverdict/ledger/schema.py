"""The tables' form: made, brought up to date, refused when newer; and every change of it an entry of the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader

from openverdict.errors import InputError
from openverdict.ledger import engine
from openverdict.ledger.address import BUSY_S, SQLITE, Address
from openverdict.ledger.events import KeyAdded, SchemaMigrated
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
            call_command("migrate", database=alias, verbosity=0, interactive=False)


def form(alias: str) -> str:
    """What form the tables have: the last migration of each room, as `ledger.0001+review.0003`."""
    newest: dict[str, str] = {}
    for app, name in MigrationLoader(connections[alias]).applied_migrations:
        if app in _rooms():
            newest[app] = max(newest.get(app, ""), name.partition("_")[0])
    return "+".join(f"{app}.{name}" for app, name in sorted(newest.items())) or NOTHING


def log_what_changed(store: Store) -> None:
    """Write down, if it is not yet, the form of the tables, and on a new log the key that signs it.

    Raises:
        InputError: the signing key is another than the log's.
    """
    if _is_logged(store):
        return
    from openverdict.ledger.store import HOUSEKEEPING, PROGRAM

    with store.writing(PROGRAM, HOUSEKEEPING) as writer:
        before, now = logged_form(store.alias), form(store.alias)
        if before != now:
            writer.record(SchemaMigrated, before=before, after=now)
        if store.keys and not store.rows(Key).exists():
            for each in store.keys:
                key = str(each.verifier())
                row = Key(name=each.name, verifier=key, status="added")
                writer.record(KeyAdded, [row], key=key)


def _is_logged(store: Store) -> bool:
    if logged_form(store.alias) != form(store.alias):
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
    connection = connections[alias]
    try:
        tables = set(connection.introspection.table_names())
    except DatabaseError as error:
        raise InputError(
            f"{address.shown}: cannot be read ({' '.join(str(error).split())}); it may be damaged: restore a backup"
        ) from error
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
    loader = MigrationLoader(connection)
    ahead = sorted(
        f"{app} {name}"
        for app, name in set(loader.applied_migrations) - set(loader.disk_migrations)
        if app in _rooms() or app in ("ledger", "review", "web")
    )
    if ahead:
        raise InputError(
            f"{address.shown}: a newer version of openverdict wrote this store ({ahead[0]}); update: "
            "pip install --upgrade 'openverdict[store]'"
        )
    return bool(set(loader.disk_migrations) - set(loader.applied_migrations))


def _rooms() -> set[str]:
    return {config.label for config in apps.get_app_configs()}


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
    # A file of its own as the lock, by the same library, so that it works wherever the store does.
    lock = Path(f"{address.path}.migrating")
    held = sqlite3.connect(lock, timeout=BUSY_S, isolation_level=None)
    try:
        held.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        held.close()
        lock.unlink(missing_ok=True)
