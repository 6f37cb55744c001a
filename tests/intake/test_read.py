"""The formats give the same register, and a cell means the same wherever it stands."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from openverdict.cases import FieldType, Register, Status, dictionary
from openverdict.errors import InputError
from openverdict.intake import Intake, read_register, template_texts
from openverdict.intake.template import write_workbook

REGISTER = '''case_id,kind,found_at,last_known_alive_at,known_from,found_lat,found_lon,found_precision_m,\
found_place_kind,age_years,sex,substances_detected,items_missing,note_verified,persons,ethnicity,narrative
A,death,2014-06-19T04:18,2014-06-18,2014-06-19T00:00,51.539,0.081,10,street,23,male,GHB;Alcohol,\
phone,not_tested,caller:P1,white,"Two lines,
one ""case"""
B,death,2014-08-28,,2014-08-28T00:00,51.53901,0.0812345678,10.5,my own kind,unknown,male,none,\
not_tested,,finder:W;host:P1,unknown,
007,,2014-09-20T08:00:30.5,,,,,,,21.5,,,none,refuted,none,,unknown
'''


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "register.csv"
    path.write_text(REGISTER, encoding="utf-8")
    return path


@pytest.fixture
def intake(csv_file: Path) -> Intake:
    return read_register(csv_file)


def _facts(register: Register) -> list[dict[str, str]]:
    """A register's table as facts, from the text of its template."""
    rows = []
    texts = template_texts(register)
    for row in texts.iter_rows(named=True):
        for name, text in row.items():
            if text is None or name == "case_id":
                continue
            words = {str(status) for status in Status} - set(dictionary()[name].values)
            cell = {"status": text} if text in words else {"value": text}
            rows.append({"case_id": row["case_id"], "field": name, **cell})
    return rows


def test_a_row_of_the_template_becomes_a_case(intake: Intake):
    assert (len(intake.register), intake.rows_read, intake.rejected_rows) == (3, 3, 0)
    case = intake.register.case("A")
    assert case["found_at"] == datetime(2014, 6, 19, 4, 18)
    assert (case["found_at_span_s"], case["last_known_alive_at_span_s"]) == (0, 86_400)
    assert case["substances_detected"] == ["ethanol", "ghb"]
    assert case["narrative"] == 'Two lines,\none "case"'
    assert case["note_verified"] == "not_tested"


def test_an_id_stays_text_and_an_unlisted_open_code_stays_as_written(intake: Intake):
    assert "007" in intake.register.table.get_column("case_id")
    assert intake.register.case("B")["found_place_kind"] == "my own kind"


def test_none_is_looked_for_and_absent_and_an_empty_cell_is_missing(intake: Intake):
    assert intake.register.case("B")["substances_detected"] == []
    assert "substances_detected" not in intake.register.case("007")
    assert intake.register.case("007")["persons"] == []


def test_a_status_said_in_words_stands_in_the_statuses(intake: Intake):
    assert list(intake.register.statuses.iter_rows()) == [
        ("007", "narrative", "unknown"),
        ("B", "age_years", "unknown"),
        ("B", "items_missing", "not_tested"),
    ]


def test_equality_fields_stand_apart_from_the_register(intake: Intake):
    assert "ethnicity" not in intake.register.table.columns
    assert intake.register.statuses.filter(pl.col("field") == "ethnicity").is_empty()
    record = intake.equality.table.select("case_id", "ethnicity")
    assert list(record.iter_rows()) == [("A", "white"), ("B", "unknown")]


def test_equality_facts_stand_apart_from_the_register(tmp_path: Path):
    path = tmp_path / "facts.csv"
    path.write_text("case_id,field,value\nA,found_at,2014-06-19\nA,ethnicity,white\n")
    intake = read_register(path)
    assert set(intake.register.facts.get_column("field")) == {"found_at"}
    assert intake.equality.table.get_column("ethnicity").to_list() == ["white"]


def test_a_source_is_named_by_its_hash(csv_file: Path, intake: Intake):
    (source,) = intake.sources
    assert source.sha256 == hashlib.sha256(csv_file.read_bytes()).hexdigest()
    assert (source.name, source.kind, source.rows, source.rejected_rows) == (
        "register.csv",
        "csv",
        3,
        0,
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_dialects_read_alike(tmp_path: Path, delimiter: str, encoding: str):
    place = "Café ‘Zoë’"
    text = f'case_id{delimiter}found_at{delimiter}found_place\r\nA{delimiter}2014-06-19{delimiter}"{place}"\r\n'
    path = tmp_path / "register.csv"
    path.write_bytes(text.encode(encoding))
    intake = read_register(path)
    assert intake.register.case("A")["found_place"] == place
    assert bool(intake.notes) == (encoding == "cp1252")


def test_all_formats_give_the_same_register(tmp_path: Path, intake: Intake):
    register = intake.register
    texts = template_texts(register)
    texts.write_csv(tmp_path / "again.csv")
    write_workbook(tmp_path / "again.xlsx", texts)
    texts.write_parquet(tmp_path / "again.parquet")
    facts = _facts(register)
    pl.DataFrame(facts, infer_schema_length=None).write_csv(tmp_path / "facts.csv")
    pl.DataFrame({"facts": [facts]}).write_ndjson(tmp_path / "facts.json")
    for name in ("again.csv", "again.xlsx", "again.parquet", "facts.csv", "facts.json"):
        again = read_register(tmp_path / name)
        assert again.rejected_rows == 0, (name, again.rejects)
        assert again.register.content_hash() == register.content_hash(), name


def test_typed_parquet_columns_read_like_text(tmp_path: Path):
    typed = pl.DataFrame(
        {
            "case_id": ["A", "B"],
            "found_at": [datetime(2014, 6, 19, 4, 18), None],
            "closed_at": [date(2015, 1, 2), None],
            "age_years": [23.0, 24.0],
            "found_precision_m": [10, None],
            "items_missing": [["phone", "keys"], []],
            "sex": pl.Series(["male", "female"], dtype=pl.Categorical),
        }
    )
    typed.write_parquet(tmp_path / "typed.parquet")
    intake = read_register(tmp_path / "typed.parquet")
    case = intake.register.case("A")
    assert (case["age_years"], case["items_missing"]) == (23.0, ["keys", "phone"])
    assert (case["closed_at"], case["closed_at_span_s"]) == (datetime(2015, 1, 2), 86_400)
    assert list(intake.rejects.select("row", "field").iter_rows()) == [(2, "found_at")]


def test_typed_workbook_cells_read_like_text(tmp_path: Path):
    path = tmp_path / "typed.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("cover")
        sheet = book.add_worksheet("deaths")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        minute = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(
            0, 0, ["case_id", "found_at", "closed_at", "age_years", "found_precision_m"]
        )
        sheet.write_row(1, 0, [7, None, None, 23])
        sheet.write_datetime(1, 1, datetime(2014, 6, 19, 4, 18), minute)
        sheet.write_datetime(1, 2, datetime(2015, 1, 2), day)
        sheet.write_formula(1, 4, "=5+5", None, 10)
    intake = read_register(path, sheet="deaths")
    case = intake.register.case("7")
    assert case["found_at"] == datetime(2014, 6, 19, 4, 18)
    assert (case["closed_at_span_s"], case["age_years"]) == (86_400, 23.0)
    assert case["found_precision_m"] == 10.0
    assert "cover" in intake.notes[0]
    with pytest.raises(InputError, match="no sheet 'x'; it has: cover, deaths"):
        read_register(path, sheet="x")


def test_a_header_alone_is_an_empty_register(tmp_path: Path):
    path = tmp_path / "register.csv"
    path.write_text("case_id,found_at\n")
    intake = read_register(path)
    assert (len(intake.register), intake.rows_read, intake.rejects.height) == (0, 0, 0)


def test_empty_rows_are_passed_over_and_the_numbering_holds(tmp_path: Path):
    path = tmp_path / "register.csv"
    path.write_text("case_id,found_at\n,\nA,2014-06-19\n , \nB,soon\n")
    intake = read_register(path)
    assert intake.rows_read == 2
    assert intake.rejects.get_column("row").to_list() == [5]
    assert intake.notes == ("register.csv: 2 rows without any value were passed over",)


def test_a_case_number_in_two_files_is_refused_in_both(tmp_path: Path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("case_id,found_at\nA,2014-06-19\n")
    (tmp_path / "c.csv").write_text("case_id,field,value\nA,sex,male\nB,found_at,2014-06-19\n")
    intake = read_register(tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv")
    assert intake.register.table.get_column("case_id").to_list() == ["B"]
    assert intake.rejects.get_column("file").to_list() == ["a.csv", "b.csv", "c.csv"]
    assert [source.rejected_rows for source in intake.sources] == [1, 1, 1]


def test_two_files_on_different_clocks_are_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_text("case_id,found_at\nA,2014-06-19T04:18\n")
    (tmp_path / "b.csv").write_text("case_id,found_at\nB,2014-06-19T04:18Z\n")
    with pytest.raises(
        InputError, match=r"b\.csv keeps times with an offset, a\.csv times without"
    ):
        read_register(tmp_path / "a.csv", tmp_path / "b.csv")


def test_times_with_an_offset_are_turned_into_utc(tmp_path: Path):
    path = tmp_path / "register.csv"
    path.write_text("case_id,found_at\nA,2014-06-19T04:18+01:00\nB,2014-06-20\n")
    found = read_register(path).register.table.get_column("found_at").to_list()
    assert found == [datetime(2014, 6, 19, 3, 18), datetime(2014, 6, 20)]


def test_facts_keep_the_days_they_were_known_from(tmp_path: Path):
    path = tmp_path / "facts.csv"
    path.write_text(
        "case_id,field,value,known_from,source\n"
        "A,found_at,2014-06-19T04:18,2014-06-19,log\n"
        "A,sex,male,2014-06-25,report\n"
    )
    register = read_register(path).register
    assert "sex" not in register.as_of(date(2014, 6, 20)).case("A")
    assert register.as_of(date(2014, 6, 25)).case("A")["sex"] == "male"
    assert set(register.facts.get_column("source")) == {"log", "report"}


def test_every_type_of_field_can_be_read(tmp_path: Path):
    sample = {
        FieldType.ID: "X1",
        FieldType.TEXT: "words",
        FieldType.DATETIME: "2014-06-19",
        FieldType.NUMBER: "1",
        FieldType.KEYS: "other:K1",
    }
    row = {}
    for name, field in dictionary().items():
        if name.endswith(("_lat", "_lon")) or field.type not in sample:
            row[name] = "1" if field.type is FieldType.NUMBER else (field.values or ("none",))[0]
        else:
            row[name] = f"{field.values[0]}:K1" if field.values else sample[field.type]
    pl.DataFrame([row]).write_csv(tmp_path / "all.csv")
    intake = read_register(tmp_path / "all.csv")
    assert intake.rejects.is_empty(), intake.rejects
