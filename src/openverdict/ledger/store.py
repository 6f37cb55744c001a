"""open_store: a path or a PostgreSQL URL becomes a `Store`, made or brought up to date where that is asked for.

The same code runs on both engines and without a server. Whoever opens a store for reading only changes nothing in it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openverdict.errors import InputError
from openverdict.ledger.address import Address, read_address
from openverdict.ledger.configuring import DEFAULT, configure, connect, disconnect, is_taken
from openverdict.ledger.keys import (
    ENVIRONMENT,
    SigningKey,
    load_signing_key,
    write_signing_key,
)

if TYPE_CHECKING:
    from openverdict.ledger.writing import Clock, Writer

# Who the log names for what the program does by itself, and why.


@dataclass(frozen=True)
class Store:
    """An opened store. `alias` is its name among Django's databases: `Fact.objects.using(store.alias)`.

    `keys` sign its checkpoints; empty where no signing key was found. A store may be used from several threads; each has its
    own connection.
    """

    address: Address
    alias: str
    clock: Clock
    keys: tuple[SigningKey, ...] = ()
    checkpoint_every: int = field(default=1_000, kw_only=True)

    def __str__(self) -> str:
        return self.address.shown

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this thread's connection; the alias may then be another store's."""
        disconnect(self.alias, forget=True)

    def writing(self, actor: str, purpose: str) -> AbstractContextManager[Writer]:
        """A transaction with the writers' lock: `ledger.writing.writing`."""
        from openverdict.ledger.writing import writing

        return writing(
            self.alias,
            actor,
            purpose,
            now=self.clock,
            keys=self.keys,
            every=self.checkpoint_every,
        )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One view of the whole store, whatever is written meanwhile."""
        from openverdict.ledger import engine
        from openverdict.ledger.writing import RefusedError

        try:
            with engine.snapshot(self.alias):
                yield
        except RefusedError as refusal:
            refusal.log(self.alias, self.clock)
            raise

    def size(self) -> int:
        """How many entries the log has."""
        from openverdict.ledger import engine

        found = engine.one(self.alias, "SELECT max(seq) FROM ledger_event")
        return 0 if found is None or found[0] is None else int(found[0]) + 1

    def rows(self, model: type[Any]) -> Any:
        """A model's rows in this store, as a Django query set."""
        return model.objects.using(self.alias)


def open_store(
    url: str | Path,
    *,
    create: bool = False,
    migrate: bool = True,
    key: Path | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    checkpoint_every: int | None = None,
    bare: bool = False,
) -> Store:
    """Open a store by the path of its SQLite file or by a `postgresql://` URL.

    Args:
        url: the address; `?durability=normal` at the end of a URL trades the last moments before a power cut for speed.
        create: make the store (and, for a file, its signing key beside it) if there is none.
        migrate: bring tables of an earlier version up to date; otherwise such a store is refused.
        key: the file of the signing key; otherwise the variable OPENVERDICT_SIGNING_KEY, or for a file, FILE.key beside it.
        environment: instead of the process's own.
        clock: instead of the machine's; gives times with their zone.
        checkpoint_every: after how many entries the head is signed by itself; 1,000 otherwise.
        bare: for a restore: make the tables, and neither a key nor an entry.

    Raises:
        InputError: there is no store, it can't be opened, is something else, or a newer version wrote it.
        MissingPartError: the extra `store` is not installed.
    """
    configure()
    from openverdict.ledger import derived, engine, schema
    from openverdict.ledger.writing import CHECKPOINT_EVERY
    from openverdict.ledger.writing import clock as machine_clock

    address = read_address(url)
    is_new = _check_file(address, create=create)
    if is_new and address.path is not None:
        schema.make_file(address.path)
    alias = DEFAULT if not is_taken(DEFAULT) else f"store_{secrets.token_hex(8)}"
    connect(address, alias)
    try:
        engine.reachable(alias, address.shown)
        schema.bring_up_to_date(alias, address, create=create, migrate=migrate)
        if migrate:
            derived.bring_up_to_date(alias)
        variables = os.environ if environment is None else environment
        keys = () if bare else _keys(address, key, variables, is_new)
        store = Store(
            address,
            alias,
            clock or machine_clock,
            keys,
            checkpoint_every=checkpoint_every or CHECKPOINT_EVERY,
        )
        if migrate and not bare:
            schema.log_what_changed(store)
    except BaseException:
        disconnect(alias, forget=True)
        raise
    return store


def _check_file(address: Address, *, create: bool) -> bool:
    """Whether a SQLite store has to be made. Refuses what can't be one."""
    path = address.path
    if path is None:
        return False
    if path.is_dir():
        raise InputError(
            f"--store {path}: is a folder; name a file in it, for example {path / 'cases.db'}"
        )
    if path.exists() and path.stat().st_size:
        _refuse_foreign(path)
        return False
    if not create:
        raise InputError(
            f"--store {path}: there is no store; make one with: openverdict intake FILE --store {path}"
        )
    if not path.parent.is_dir():
        raise InputError(f"--store {path}: there is no folder {path.parent}; make it first")
    return True


def _refuse_foreign(path: Path) -> None:
    """Refuse a file that is something else, before anything of ours touches it."""
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise InputError(
                f"--store {path}: is another kind of file; name the store, or a new path"
            )
    try:
        found = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = {name for (name,) in found.execute(query)}
        finally:
            found.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise InputError(
            f"--store {path}: cannot be read ({error}); it may be damaged: restore a backup"
        ) from error
    if tables and not tables & {"ledger_event", "django_migrations"}:
        raise InputError(
            f"--store {path}: is a database, but not a store; name the store, or a new path"
        )


def _make_key(path: Path) -> None:
    """A key of the store's own; that of another process that makes the same store just now is as good."""
    try:
        write_signing_key(path, SigningKey.generate(f"openverdict/{secrets.token_hex(8)}"))
    except InputError:
        if not path.exists():
            raise


def _keys(
    address: Address, key: Path | None, environment: Mapping[str, str], is_new: bool
) -> tuple[SigningKey, ...]:
    """The keys that sign: one, or none where there is none to be found."""
    if key is None and ENVIRONMENT not in environment and address.path is not None:
        beside = address.path.with_name(f"{address.path.name}.key")
        if is_new and not beside.exists():
            _make_key(beside)
        key = beside if beside.exists() else None
    if key is None and ENVIRONMENT not in environment:
        return ()
    return (load_signing_key(key, {} if key is not None else environment),)
