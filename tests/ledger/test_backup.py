"""Backup and restore: the same store, entry by entry, on the same engine or on the other."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import pytest
from django.db import connections
from tests.ledger.conftest import KEY

from openverdict.errors import InputError, RecordError
from openverdict.ledger.backup import restore_backup, write_backup
from openverdict.ledger.derived import every_table
from openverdict.ledger.models import Checkpoint, Event
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.rows import all_recorded
from openverdict.ledger.store import open_store
from openverdict.ledger.verifying import Outcome, verify

BY: dict[str, Any] = {"actor": "an.operator", "purpose": "backup"}


@pytest.fixture
def empty(tmp_path, cluster):
    """Addresses of places without a store, by engine."""
    places = iter(range(100))

    def make(engine):
        if engine == "sqlite":
            return str(tmp_path / f"restored_{next(places)}.db")
        name = f"restored_{tmp_path.name.lower().replace('-', '_')}_{next(places)}"[:60]
        cluster.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cluster.execute(f'CREATE DATABASE "{name}"')
        return cluster.url(name)

    return make


def everything(store, size):
    """All rows up to an entry, of all tables."""
    found = {"events": list(store.rows(Event).filter(seq__lt=size).order_by("seq").values_list())}
    for model in all_recorded():
        rows = store.rows(model).filter(event_id__lt=size).order_by("id").values_list()
        found[model.__name__] = [
            tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows
        ]
    found["events"] = [
        tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in found["events"]
    ]
    return found


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_is_taken_back_by_either_engine(filled, tmp_path, empty, target):
    made = write_backup(filled, tmp_path / "b.zip", **BY)
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    restored, verdict = restore_backup(tmp_path / "b.zip", empty(target), **BY)
    with restored:
        assert verdict.outcome is Outcome.INTACT
        assert everything(restored, made.size) == everything(filled, made.size)
        assert StoredLog(restored).root(made.size) == made.root
        again = verify(restored)
        assert again.outcome is Outcome.INTACT, again.problems
        note = filled.rows(Checkpoint).order_by("id").last().note
        assert verify(restored, checkpoints=[note]).outcome is Outcome.INTACT
        kinds = list(restored.rows(Event).order_by("seq").values_list("kind", flat=True))
        assert kinds[-1] == "store_restored"
    last = json.loads(filled.rows(Event).order_by("seq").last().body)
    assert (last["kind"], last["data"]["copy_sha256"]) == ("backup_made", made.sha256)


def test_a_restored_store_goes_on_with_its_key(filled, tmp_path, empty):
    write_backup(filled, tmp_path / "b.zip", **BY)
    url = empty("sqlite")
    restore_backup(tmp_path / "b.zip", url, **BY)[0].close()
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    with open_store(url, environment=environment) as store:
        with store.writing("a", "test") as writer:
            writer.checkpoint(*store.keys)
        assert verify(store, keys=[KEY.verifier()]).outcome is Outcome.INTACT


def test_every_table_of_the_store_is_in_the_backup(filled, tmp_path):
    write_backup(filled, tmp_path / "b.zip", **BY)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        kept = {name.removeprefix("tables/").removesuffix(".jsonl") for name in archive.namelist()}
    tables = set(connections[filled.alias].introspection.table_names())
    worked_out = {model._meta.db_table for each in every_table() for model in each.models}
    worked_out.add("ledger_derived")
    assert tables - worked_out - {"django_migrations"} == kept - {"manifest.json"}


def tampered(source, target, change):
    """A copy of a backup with its parts changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_changed_backup_is_refused_and_nothing_is_left(filled, tmp_path, empty, target):
    write_backup(filled, tmp_path / "b.zip", **BY)

    def change(name, data):
        return data.replace(b"51.53", b"50.53") if name.endswith("fact.jsonl") else data

    bad = tampered(tmp_path / "b.zip", tmp_path / "bad.zip", change)
    url = empty(target)
    with pytest.raises(RecordError, match="ledger_fact was changed"):
        restore_backup(bad, url, **BY)
    # The place is as free as it was.
    restore_backup(tmp_path / "b.zip", url, **BY)[0].close()


def test_a_backup_that_was_changed_with_its_manifest_does_not_verify(filled, tmp_path, empty):
    from hashlib import sha256

    write_backup(filled, tmp_path / "b.zip", **BY)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        facts = archive.read("tables/ledger_fact.jsonl").replace(b"51.53", b"50.53")

    def change(name, data):
        if name == "manifest.json":
            manifest = json.loads(data)
            for table in manifest["tables"]:
                if table["table"] == "ledger_fact":
                    table["sha256"] = sha256(facts).hexdigest()
            return json.dumps(manifest).encode()
        return facts if name.endswith("ledger_fact.jsonl") else data

    bad = tampered(tmp_path / "b.zip", tmp_path / "bad.zip", change)
    url = empty("sqlite")
    with pytest.raises(RecordError, match=r"does not verify: entry .*ledger_fact"):
        restore_backup(bad, url, **BY)


def test_a_backup_replaces_nothing(filled, tmp_path, empty):
    path = tmp_path / "b.zip"
    write_backup(filled, path, **BY)
    with pytest.raises(InputError, match="never replaces"):
        write_backup(filled, path, **BY)
    url = empty("sqlite")
    restore_backup(path, url, **BY)[0].close()
    with pytest.raises(InputError, match="holds a store already"):
        restore_backup(path, url, **BY)
    with open_store(url, environment={}) as store:
        assert verify(store).outcome is Outcome.INTACT


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 nor this"])
def test_what_is_no_backup_is_said_to_be_none(tmp_path, content, empty):
    path = tmp_path / "b.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"b\.zip"):
        restore_backup(path, empty("sqlite"), **BY)


def test_a_zip_of_something_else_is_said_to_be_none(tmp_path, empty):
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", '{"format": "another"}')
    with pytest.raises(InputError, match="not a backup of a store"):
        restore_backup(path, empty("sqlite"), **BY)
