"""Tables of persons to records: what is read, what counts as missing, and that no reject repeats a cell."""

from __future__ import annotations

import random

import polars as pl
import pytest
from tests.identity.people import ANNA, SECRET, people, rows

from openverdict.errors import InputError
from openverdict.identity import make_records, read_persons, write_persons_template
from openverdict.identity.template import COLUMNS


def _one(**change: str) -> dict[str, object]:
    return people(change).table.row(0, named=True)


def _reason(**change: str) -> str:
    rejects = people(change).rejects
    assert rejects.height == 1
    return str(rejects["reason"][0])


def test_a_row_is_read_into_what_is_compared():
    row = _one()
    assert (row["forename"], row["middle"], row["surname"]) == (
        "ANNABEL",
        "ROSAMUND",
        "THISTLEWICK",
    )
    assert (row["dob"], row["dob_known"], row["dob_swapped"]) == (
        "19610504",
        "19610504",
        "19610405",
    )
    assert (row["postcode"], row["sector"], row["district"]) == ("QX94ZW", "QX9 4", "QX9")
    assert (row["sex"], row["number"], row["dod"]) == ("female", "9434765919", "20191130")
    assert row["place"] == "NETHER QUIBBLE"


def test_the_order_of_the_files_and_rows_changes_nothing():
    many = rows(*[{"surname": f"Name{chr(65 + k)}", "source": f"S{k % 3}"} for k in range(20)])
    shuffled = random.Random(1).sample(many, len(many))
    assert make_records(many, SECRET).table.equals(make_records(shuffled, SECRET).table)


@pytest.mark.parametrize("word", ["", "unknown", "not_recorded", "withheld", "not_applicable"])
def test_a_cell_that_says_nothing_is_missing(word):
    blank = {name: word for name in COLUMNS if name not in ("record_id", "source")}
    row = _one(**blank)
    said = {"rid", "source", "record_id", "role", "key"}
    assert {name for name, value in row.items() if value is not None} == said


@pytest.mark.parametrize(
    ("text", "known", "whole"),
    [
        ("1961", "1961", None),
        ("1961-05", "196105", None),
        ("1961-05-04T00:00:00", "19610504", "19610504"),
    ],
)
def test_a_date_may_be_known_in_part(text, known, whole):
    row = _one(date_of_birth=text)
    assert (row["dob_known"], row["dob"]) == (known, whole)


@pytest.mark.parametrize("text", ["1900-01-01", "1901-01-01", "9999-12-31"])
def test_a_day_that_stands_for_none_is_missing(text):
    row = _one(date_of_birth=text)
    assert row["dob_known"] is None


def test_a_day_that_may_be_either_way_round_is_left_out_unless_it_is_declared():
    assert "either way round" in _reason(date_of_birth="04/05/1961")
    for dates, day in (("dmy", "19610504"), ("mdy", "19610405")):
        read = make_records(rows({"date_of_birth": "04/05/1961"}), SECRET, dates)
        assert read.table["dob"][0] == day


@pytest.mark.parametrize("number", ["0000000000", "1111111111", "1234567890"])
def test_a_number_that_stands_for_none_is_left_out(number):
    assert "stands for none" in _reason(person_number=number)


def test_a_death_before_the_birth_is_left_out():
    assert _reason(date_of_death="1960-01-01") == "value left out: before the date of birth"


def test_identifiers_are_held_as_keyed_hashes_however_they_are_written():
    one, other = _one(identifiers="phone:07700 900123"), _one(identifiers=" Phone:07700900123 ; ")
    assert one["ids"] == other["ids"]
    assert "07700" not in str(one["ids"])
    assert one["id_kinds"] == ["phone"]


def test_an_identifier_on_very_many_records_is_not_used():
    read = people(*[{"identifiers": "phone:0800 000"} for _ in range(21)])
    assert read.table["ids"].null_count() == 21
    assert "21" not in read.notes[0]
    assert "more than 20 records" in read.notes[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"record_id": ""}, "no record_id"),
        ({"source": "unknown"}, "no record_id or no source"),
        ({"record_id": "thistlewick-7"}, "holds a name"),
        ({"record_id": "=1+1"}, "formula"),
        ({"case_id": "@C"}, "formula"),
    ],
)
def test_a_row_that_nobody_could_find_again_or_that_would_name_somebody_is_refused(change, says):
    read = people(change)
    assert len(read) == 0
    assert says in read.rejects["reason"][0]


def test_the_same_record_twice_is_refused_once():
    read = people({"record_id": "7"}, {"record_id": "7"}, {"record_id": "7", "source": "police"})
    assert len(read) == 2
    assert read.rejects.height == 1


def test_no_reject_repeats_a_cell():
    """Whatever is wrong with a row, what stood in it stays there."""
    secretive = {
        name: f"Zyxwv{k}!" for k, name in enumerate(COLUMNS) if name not in ("record_id", "source")
    }
    read = people(secretive, {**secretive, "record_id": "Zyxwv4"})
    assert read.rejects.height >= 4
    assert "zyxwv" not in read.rejects.write_csv().lower()


def test_a_file_is_read_by_the_readers_of_intake_and_its_faults_repeat_nothing(tmp_path):
    head = ",".join(COLUMNS)
    line = ",".join(ANNA[name] for name in COLUMNS)
    (tmp_path / "p.csv").write_text(f"{head}\n{line}\n2,{line},Zyxwvut\n")
    read = read_persons([tmp_path / "p.csv"], SECRET)
    assert (len(read), read.rows_read, read.rejected_rows) == (1, 2, 1)
    assert "Zyxwvut" not in read.rejects.write_csv()
    pl.read_csv(tmp_path / "p.csv", truncate_ragged_lines=True, infer_schema=False).write_parquet(
        tmp_path / "p.parquet"
    )
    assert len(read_persons([tmp_path / "p.parquet"], SECRET)) == 2


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("record_id,source,surnam", "did you mean surname"),
        ("record_id,surname", "'source' is missing"),
        ("record_id,source,Source", "stands twice"),
    ],
)
def test_a_table_of_another_layout_is_refused_with_the_mend(tmp_path, head, says):
    (tmp_path / "p.csv").write_text(f"{head}\n1,a,b\n")
    with pytest.raises(InputError, match=says):
        read_persons([tmp_path / "p.csv"], SECRET)


def test_a_table_without_a_record_says_why(tmp_path):
    (tmp_path / "p.csv").write_text("record_id,source\n,coroner\n")
    with pytest.raises(InputError, match="row 2: row refused: no record_id"):
        read_persons([tmp_path / "p.csv"], SECRET)


def test_the_template_is_read_back_and_never_replaces_a_file(tmp_path):
    write_persons_template(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().strip().split(",") == list(COLUMNS)
    with pytest.raises(InputError, match="is there already"):
        write_persons_template(tmp_path / "t.csv")
