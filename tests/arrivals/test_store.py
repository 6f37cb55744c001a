"""The file of a prepared register: the same results as unsaved, refused when damaged or foreign, and without names."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.evidence.made import made, made_rows, register_of

from openverdict.arrivals import (
    PreparedRegister,
    compare,
    load_prepared,
    prepare_register,
    save_prepared,
    write_arrivals,
)
from openverdict.arrivals.store import MAGIC, VERSION
from openverdict.cases import Register
from openverdict.errors import InputError


@pytest.fixture(scope="module")
def whole() -> Register:
    rows = made_rows(2, 130, places="spread")
    for k, row in enumerate(rows):
        row["narrative"] = "A NARRATIVE OF WHAT WAS SEEN"
        row["micro_place"] = f"BEHIND THE ORGAN {k % 7}"
        row["unit"] = f"UNIT NAMED AFTER SOMEBODY {k % 3}"
        row["persons"] = [f"finder:SOMEBODYS-KEY-{k % 9}"]
    return register_of(rows)


@pytest.fixture(scope="module")
def register(whole) -> Register:
    return Register(whole.table.head(120))


@pytest.fixture(scope="module")
def new(whole) -> Register:
    return Register(whole.table.tail(10))


@pytest.fixture(scope="module")
def prepared(register) -> PreparedRegister:
    return prepare_register(register)


@pytest.fixture(scope="module")
def saved(prepared, tmp_path_factory) -> Path:
    return save_prepared(prepared, tmp_path_factory.mktemp("saved") / "register.prepared")


def test_a_loaded_register_gives_the_same_bytes_as_one_that_was_not_saved(
    prepared, saved, new, tmp_path
):
    for folder, source in (("a", prepared), ("b", load_prepared(saved))):
        write_arrivals(compare(source, new, floor=0.0), tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["arrivals.csv", "arrivals.parquet", "summary.json"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_one_register_gives_one_file(prepared, saved, register, tmp_path):
    again = save_prepared(prepare_register(register), tmp_path / "again")
    assert again.read_bytes() == saved.read_bytes()
    loaded = save_prepared(load_prepared(saved), tmp_path / "loaded")
    assert loaded.read_bytes() == saved.read_bytes()


def test_only_its_owner_reads_it(saved):
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_no_narrative_person_spot_or_unit_stands_in_it(saved, register):
    held = saved.read_bytes()
    for text in ("NARRATIVE", "ORGAN", "SOMEBODY"):
        assert text.encode() not in held
    assert register.table.item(0, "case_id").encode() in held  # case numbers do: they are put out


def test_no_byte_can_be_changed_unnoticed(saved, prepared, new, tmp_path):
    held = bytearray(saved.read_bytes())
    expected = compare(prepared, new, floor=0.0).pairs
    rng = np.random.default_rng(1)
    damaged = tmp_path / "damaged"
    refused = []
    for at in [0, 9, 17, 60, *rng.integers(len(held), size=60).tolist()]:
        held[at] ^= 0x41
        damaged.write_bytes(held)
        held[at] ^= 0x41
        try:
            loaded = load_prepared(damaged)
        except InputError as error:
            refused.append(str(error))
        else:  # it lies between two arrays
            assert compare(loaded, new, floor=0.0).pairs.equals(expected)
    assert len(refused) > 50
    assert all("openverdict prepare REGISTER --out FILE" in said for said in refused)
    assert not any("\n" in said for said in refused)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.3, 0.999])
def test_a_file_cut_short_is_refused(saved, tmp_path, share):
    held = saved.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(held[: int(share * len(held))])
    with pytest.raises(InputError, match="prepare the register again"):
        load_prepared(cut)


def with_header(saved: Path, to: Path, **changed: Any) -> Path:
    held = saved.read_bytes()
    length = int.from_bytes(held[8:16], "little")
    header = {**json.loads(held[48 : 48 + length]), **changed}
    text = json.dumps(header, sort_keys=True, ensure_ascii=False).encode()
    begin = -(-(48 + length) // 64) * 64
    made = MAGIC + len(text).to_bytes(8, "little") + hashlib.sha256(text).digest() + text
    to.write_bytes(made + bytes(-len(made) % 64) + held[begin:])
    return to


@pytest.mark.parametrize(
    "changed", [{"format": 2}, {"openverdict": "0.0.9"}, {"model_version": "0"}]
)
def test_another_version_is_refused_by_name(saved, tmp_path, changed):
    other = with_header(saved, tmp_path / "other", **changed)
    with pytest.raises(InputError, match=f"written by openverdict .* this is {VERSION}"):
        load_prepared(other)


@pytest.mark.parametrize(
    "changed",
    [
        {"model_hash": "0" * 64},
        {"variables": []},
        {"arrays": {}},
        {"bits": [[1]]},
        {"roles": {"nobody": []}},
        {"known_on": "yesterday"},
        {"arrays": {"share": {"type": "|O", "shape": [1], "at": 0, "sha256": ""}}},
        {"arrays": {"share": {"type": "<f8", "shape": [-1], "at": 0, "sha256": ""}}},
        {"arrays": {"share": {"type": "<f8", "shape": [2**60], "at": 0, "sha256": ""}}},
    ],
    ids=str,
)
def test_a_header_that_does_not_hold_together_is_refused(saved, tmp_path, changed):
    with pytest.raises(InputError, match="prepare the register again"):
        load_prepared(with_header(saved, tmp_path / "other", **changed))


@pytest.mark.parametrize("name", ["width", "precision", "kind", "spot", "age", "id_order"])
def test_a_number_out_of_its_range_is_refused_though_its_hash_be_right(prepared, tmp_path, name):
    cases = prepared.frozen.cases
    wrong = getattr(cases, name).copy()
    wrong[7] = 255 if wrong.dtype == np.uint8 else 9999
    broken = replace(prepared.frozen, cases=replace(cases, **{name: wrong}))
    saved = save_prepared(replace(prepared, frozen=broken), tmp_path / "p")
    with pytest.raises(InputError, match="does not hold together"):
        load_prepared(saved)


def test_what_is_no_prepared_register_is_neither_read_nor_replaced(prepared, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is no prepared register"):
        load_prepared(notes)
    with pytest.raises(InputError, match="would be replaced"):
        save_prepared(prepared, notes)
    with pytest.raises(InputError, match="is a folder"):
        save_prepared(prepared, tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        load_prepared(tmp_path / "none")
    assert notes.read_text(encoding="utf-8") == "mine"


def test_a_write_that_fails_leaves_the_file_before_it(prepared, tmp_path, monkeypatch):
    target = save_prepared(prepared, tmp_path / "register.prepared")
    before = target.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openverdict.arrivals.store.os.fsync", full)
    with pytest.raises(InputError, match="cannot be written"):
        save_prepared(prepare_register(made(3, 40)), target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["register.prepared"]


def test_a_folder_of_somebody_else_is_not_written_into(prepared, new, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="no arrival wrote"):
        write_arrivals(compare(prepared, new), tmp_path)
    with pytest.raises(InputError, match="is a file"):
        write_arrivals(compare(prepared, new), tmp_path / "mine.txt")
