"""The app's own database: accounts, sessions, failed sign-ins, queued runs, preferences. Beside the record, never in it.

For a store `cases.db` it is the file `cases-app.db`; on PostgreSQL, the schema `openverdict_app` of the same database. It
may be deleted: passwords and preferences go with it, and the record loses nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections

from openverdict.errors import InputError
from openverdict.ledger import engine, schema
from openverdict.ledger.address import BUSY_S, SQLITE, Address
from openverdict.ledger.configuring import DEFAULT, LABELS, connect

SCHEMA = "openverdict_app"
SECRET = "OPENVERDICT_WEB_SECRET"  # noqa: S105  (the name of a variable)
SQLITE_OPTIONS = {
    "timeout": BUSY_S,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA secure_delete=ON;",
}
SECRET_CHARS = 50  # below which a secret from the environment is refused


class Router:
    """Whose tables stand where: the record's in stores, everything else in the app's database."""

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        """Whether an app has tables in a database."""
        return (app_label in LABELS) != (db == DEFAULT)


def address_of(store: Address) -> Address:
    """Where the app's own database of a store is."""
    if store.path is not None:
        path = store.path.with_name(f"{store.path.stem}-app{store.path.suffix or '.db'}")
        # Not with the pragmas of a store: Django's own checks of JSON need a schema that is trusted.
        sqlite = dict(store.database) | {"NAME": str(path), "OPTIONS": dict(SQLITE_OPTIONS)}
        return Address(SQLITE, str(path), sqlite, path=path)
    database = dict(store.database)
    options = dict(database["OPTIONS"])
    options["options"] = f"{options.get('options', '')} -c search_path={SCHEMA}".strip()
    return replace(store, database={**database, "OPTIONS": options})


def open_app_database(store: Address) -> Address:
    """Make the app's database or bring it up to date, as Django's "default"; its address.

    Raises:
        InputError: it can't be made or opened.
    """
    address = address_of(store)
    if address.path is not None and not address.path.exists():
        schema.make_file(address.path)
    connect(address, DEFAULT)
    engine.reachable(DEFAULT, address.shown)
    if address.path is None:
        _make_schema(address)
        call_command("migrate", database=DEFAULT, verbosity=0, interactive=False)
    else:
        with schema.alone(address.path):
            call_command("migrate", database=DEFAULT, verbosity=0, interactive=False)
    return address


def _make_schema(address: Address) -> None:
    from django.db import DatabaseError

    try:
        with connections[DEFAULT].cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    except DatabaseError as error:
        raise InputError(
            f"{address.shown}: the app's own tables need the schema {SCHEMA}, which could not be made; "
            f"let its owner run: CREATE SCHEMA {SCHEMA} AUTHORIZATION …"
        ) from error


def secret_key(store: Address, environment: Mapping[str, str] | None = None) -> str:
    """What signs sessions: from the environment, or a file that the first start makes beside the app's database.

    Raises:
        InputError: it is too short, or on PostgreSQL nobody gave one.
    """
    given = (os.environ if environment is None else environment).get(SECRET)
    if given is not None:
        if len(given) < SECRET_CHARS:
            raise InputError(
                f"{SECRET} has fewer than {SECRET_CHARS} characters; give a longer one"
            )
        return given
    path = address_of(store).path
    if path is None:
        # A database of a team: every server of it has to sign alike, and none of them has a file beside it.
        raise InputError(
            f'{SECRET} is not set; on PostgreSQL give one, made with: python -c "import secrets; '
            'print(secrets.token_urlsafe(48))"'
        )
    return _kept(path.with_name(f"{path.name}.secret"))


def _kept(path: Path) -> str:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(file, "w", encoding="ascii") as out:
        out.write(secrets.token_urlsafe(48) + "\n")
    return path.read_text(encoding="ascii").strip()
