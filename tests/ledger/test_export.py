"""Writing an export: what is refused, and what is never written over."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.ledger.logs import KEY, MemoryLog, a_log, verifiers

from openverdict.errors import InputError, RecordError
from openverdict.ledger.export import Disclosed, verifier_text, write_export
from openverdict.ledger.merkle import leaf_hash

KEYS = verifiers(KEY)


def test_an_export_says_what_was_written(tmp_path):
    log = a_log(10)
    done = write_export(log, tmp_path / "x", KEYS)
    assert (done.path, done.size, done.entries) == (tmp_path / "x", 11, 11)
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["files"].keys() == {
        "events.jsonl", "leaves.txt", "checkpoints/000001.txt", "keys.txt", "verify_openverdict.py",
    }  # fmt: skip
    assert (tmp_path / "x" / "events.jsonl").read_bytes().splitlines() == log.bodies[:11]


def test_the_same_log_gives_the_same_export(tmp_path):
    hashes = {write_export(a_log(30), tmp_path / str(i), KEYS).manifest_sha256 for i in range(2)}
    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["x", "x.zip"])
def test_nothing_is_written_over(tmp_path, name):
    write_export(a_log(3), tmp_path / name, KEYS)
    with pytest.raises(InputError, match="exists"):
        write_export(a_log(3), tmp_path / name, KEYS)


def test_a_log_without_a_checkpoint_is_not_exported(tmp_path):
    with pytest.raises(InputError, match="sign one"):
        write_export(MemoryLog(), tmp_path / "x", KEYS)
    with pytest.raises(InputError, match="no checkpoint over 5 entries"):
        write_export(a_log(20), tmp_path / "x", KEYS, size=5)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("only", [[-1], [21]])
def test_an_entry_that_is_not_there_is_not_exported(tmp_path, only):
    with pytest.raises(InputError, match="from 0 to 20"):
        write_export(a_log(20), tmp_path / "x", KEYS, size=21, only=only)


def test_a_log_that_does_not_agree_with_its_checkpoint_is_not_exported(tmp_path):
    log = a_log(20)
    log.bodies[3] = log.bodies[4]
    for name, only in (("all", None), ("some", [3])):
        with pytest.raises(RecordError, match="openverdict verify"):
            write_export(log, tmp_path / name, KEYS, only=only)
        assert not (tmp_path / name / "manifest.json").exists()
    cut = a_log(20)
    del cut.bodies[10:]
    with pytest.raises(RecordError, match="but the log has 10"):
        write_export(cut, tmp_path / "cut", KEYS)


@pytest.mark.parametrize("name", ["../x", "/x", "", ".hidden", "a\\b"])
def test_an_attached_file_stays_in_its_folder(tmp_path, name):
    with pytest.raises(InputError, match="plain relative name"):
        write_export(a_log(3), tmp_path / "x", KEYS, attached={name: b""})


def test_an_opening_carries_what_is_hashed():
    log = a_log(10)
    entry, opening = next(iter(log.openings.items()))
    disclosed = Disclosed.of(entry, opening)
    assert json.loads(disclosed.content) == opening.value
    assert replace(disclosed, salt=b"").content == disclosed.content


def test_the_memory_log_of_these_tests_keeps_every_leaf():
    log = a_log(10)
    assert log.node(0, 4) == leaf_hash(log.bodies[4])
    assert "Verify an export" in verifier_text()
