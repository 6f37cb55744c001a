"""Backup and restore: the whole store in one file that either engine takes back, entry by entry and row by row the same.

A backup is a zip file: `manifest.json` (form, head of the log, and for every table its columns, its rows and a hash) and
`tables/<table>.jsonl`, one JSON list a row, bytes in hexadecimal. It is made in one unchanging view while others go on
writing. It holds everything the store holds, salts included: keep it as you keep the store. The signing key is not in it.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from django.db import DatabaseError, models

from openverdict.errors import InputError, RecordError
from openverdict.ledger import derived, engine, schema
from openverdict.ledger.address import read_address
from openverdict.ledger.events import BackupMade, SchemaMigrated, StoreRestored
from openverdict.ledger.models import Event, Node
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.rows import all_recorded
from openverdict.ledger.store import Store, open_store
from openverdict.ledger.verifying import Verdict, verify
from openverdict.ledger.writing import Writer

FORMAT, VERSION = "openverdict-backup", 1
MANIFEST = "manifest.json"
ROWS_AT_ONCE = 20_000
LONGEST_LINE = 256 * 1024 * 1024
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Backup:
    """A backup that was made: how many entries its log has, their root, and the hash of the file."""

    path: Path
    size: int
    root: bytes
    sha256: str


def write_backup(
    store: Store, path: Path, *, actor: str, purpose: str, progress: Progress | None = None
) -> Backup:
    """Sign the head (where there is a key), copy the whole store into a new file, and log that this was done.

    Raises:
        InputError: the file exists or can't be written.
    """
    tell = progress or (lambda step, share: None)
    if path.exists():
        raise InputError(f"{path}: exists; a backup never replaces a file: name a new one")
    if store.keys:
        with store.writing(actor, purpose) as writer:
            writer.checkpoint(*store.keys)
    part = path.with_name(f".{path.name}.part")
    try:
        with store.snapshot():
            log = StoredLog(store)
            size, root = log.size, log.root()
            _write(store, part, size, root, tell)
        digest = _file_hash(part)
        part.rename(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error}); name another place") from error
    finally:
        part.unlink(missing_ok=True)
    with store.writing(actor, purpose) as writer:
        writer.record(BackupMade, size=size, root=root.hex(), copy_sha256=digest)
    return Backup(path, size, root, digest)


def restore_backup(
    path: Path, url: str, *, actor: str, purpose: str, progress: Progress | None = None
) -> tuple[Store, Verdict]:
    """Put a backup into a new store, verify it there, and log that this was done. Nothing is left where it does not verify.

    The store is handed back open. It signs nothing until its key is put where it was (or `OPENVERDICT_SIGNING_KEY` is set).

    Raises:
        InputError: not a backup, of a newer version, or the place is taken.
        RecordError: the backup was changed or is damaged.
    """
    tell = progress or (lambda step, share: None)
    with _opened(path) as archive:
        manifest = _manifest(path, archive)
        place = read_address(url).path
        is_new = place is not None and not (place.exists() and place.stat().st_size)
        store = open_store(url, create=True, bare=True)
        try:
            if store.size():
                raise InputError(f"{store}: holds a store already; restore into a new place")
            verdict = _load(store, archive, manifest, actor, purpose, tell)
        except BaseException:
            store.close()
            if place is not None and is_new:
                _leave_nothing(place)
            raise
    return store, verdict


def _tables() -> list[type[models.Model]]:
    return [Event, Node, *all_recorded()]


def _write(store: Store, part: Path, size: int, root: bytes, tell: Progress) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    described = []
    with (
        os.fdopen(descriptor, "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        tables = _tables()
        for place, model in enumerate(tables):
            tell("copying", place / len(tables))
            described.append(_write_table(store, model, archive))
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "form": schema.form(store.alias),
            "size": size,
            "root": root.hex(),
            "tables": described,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
        archive.close()
        file.flush()
        os.fsync(file.fileno())


def _write_table(
    store: Store, model: type[models.Model], archive: zipfile.ZipFile
) -> dict[str, Any]:
    table, columns, binary = _columns(model)
    names = ", ".join(f'"{name}"' for name in columns)
    order = ", ".join(f'"{field.column}"' for field in model._meta.pk_fields)
    digest, count = sha256(), 0
    with archive.open(f"tables/{table}.jsonl", "w", force_zip64=True) as out:
        held: list[str] = []

        def flush() -> None:
            data = "".join(held).encode()
            digest.update(data)
            out.write(data)
            held.clear()

        for row in engine.stream(store.alias, f"SELECT {names} FROM {table} ORDER BY {order}"):
            values = list(row)
            for at in binary:
                values[at] = None if values[at] is None else bytes(values[at]).hex()
            held.append(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
            if len(held) >= ROWS_AT_ONCE:
                flush()
        flush()
    return {"table": table, "columns": columns, "rows": count, "sha256": digest.hexdigest()}


def _columns(model: type[models.Model]) -> tuple[str, list[str], list[int]]:
    """(table, columns, which of them hold bytes)."""
    fields = model._meta.concrete_fields
    binary = [at for at, field in enumerate(fields) if isinstance(field, models.BinaryField)]
    return str(model._meta.db_table), [str(field.column) for field in fields], binary


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: cannot be read as a backup ({error}); name the file that backup wrote"
        ) from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        with archive.open(MANIFEST) as file:
            manifest = json.loads(file.read(LONGEST_LINE))
        if manifest["format"] != FORMAT:
            raise KeyError(MANIFEST)
        if manifest["version"] > VERSION:
            raise InputError(
                f"{path}: a newer version of openverdict wrote this backup; update, then restore it"
            )
        return {key: manifest[key] for key in ("form", "size", "root", "tables")}
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile):
        raise InputError(
            f"{path}: not a backup of a store; name the file that backup wrote"
        ) from None


def _load(
    store: Store,
    archive: zipfile.ZipFile,
    manifest: dict[str, Any],
    actor: str,
    purpose: str,
    tell: Progress,
) -> Verdict:
    known = {str(model._meta.db_table): model for model in _tables()}
    with engine.writing(store.alias):
        for place, described in enumerate(manifest["tables"]):
            tell("copying", place / len(manifest["tables"]))
            model = known.get(described["table"])
            if model is None:
                raise InputError(
                    f"the backup holds a table {described['table']!r} that this version does not have; update, "
                    "then restore it"
                )
            _load_table(store, model, archive, described)
        derived.make(store.alias)
        verdict = verify(store, form=False, progress=tell)
        if verdict.problems:
            raise RecordError(f"the backup does not verify: {verdict.first}; nothing was restored")
        if (verdict.entries, verdict.root.hex()) != (manifest["size"], manifest["root"]):
            raise RecordError(
                "the backup is not of the log that its manifest names; nothing was restored"
            )
        writer = Writer(store.alias, actor, purpose, store.clock)
        if schema.logged_form(store.alias) != schema.form(store.alias):
            before = schema.logged_form(store.alias)
            writer.record(SchemaMigrated, before=before, after=schema.form(store.alias))
        writer.record(StoreRestored, size=verdict.entries, root=verdict.root.hex())
        writer.flush()
    return verdict


def _load_table(
    store: Store, model: type[models.Model], archive: zipfile.ZipFile, described: dict[str, Any]
) -> None:
    table, columns, _ = _columns(model)
    given = [str(name) for name in described["columns"]]
    if not set(given) <= set(columns):
        raise InputError(
            f"the backup's table {table} has columns that this version does not have; update first"
        )
    kinds = {str(field.column): field for field in model._meta.concrete_fields}
    binary = [at for at, name in enumerate(given) if isinstance(kinds[name], models.BinaryField)]
    digest, count = sha256(), 0
    held: list[list[Any]] = []
    try:
        with archive.open(f"tables/{table}.jsonl") as lines:
            for line in _lines(lines):
                digest.update(line)
                values = json.loads(line)
                for at in binary:
                    values[at] = None if values[at] is None else bytes.fromhex(values[at])
                held.append(values)
                count += 1
                if len(held) >= ROWS_AT_ONCE:
                    engine.insert(store.alias, table, given, held)
                    held = []
        if held:
            engine.insert(store.alias, table, given, held)
    except (
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        zipfile.BadZipFile,
        DatabaseError,
    ) as error:
        said = " ".join(str(error).split())[:120]
        raise RecordError(
            f"the backup's table {table} is damaged ({said}); nothing was restored"
        ) from None
    if (count, digest.hexdigest()) != (described["rows"], described["sha256"]):
        raise RecordError(
            f"the backup's table {table} was changed or is damaged; nothing was restored"
        )


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        yield line


def _leave_nothing(path: Path) -> None:
    """Take a half-made file away. (In PostgreSQL the transaction is undone, and empty tables stay.)"""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
