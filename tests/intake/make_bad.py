"""Writes the bad inputs under `bad/` anew. Run it after a change here; the files it writes are committed.

Text files stand here as they are; workbooks, Parquet files and broken containers are made. What must come of each file
is the table in `test_bad_inputs.py`.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import polars as pl
import xlsxwriter

BAD = Path(__file__).parent / "bad"
HEAD = (
    "case_id,found_at,last_known_alive_at,found_lat,found_lon,age_years,sex,items_missing,persons\n"
)
GOOD = "C1,2014-06-19T04:18,2014-06-18,51.539,0.081,23,male,phone,finder:P1\n"

TEXTS: dict[str, str | bytes] = {
    # Rows that can't be read.
    "date_either_way.csv": HEAD + GOOD + "C2,03/04/2015,,,,,,,\n",
    "date_one_way.csv": HEAD
    + GOOD
    + "C2,28/11/2015,,,,,,,\nC3,11/28/2015 9:05,,,,,,,\nC4,31.31.2015,,,,,,,\nC5,31/02/2015,,,,,,,\n",
    "date_impossible.csv": HEAD + GOOD + "C2,2015-02-30,,,,,,,\n",
    "date_two_digit_year.csv": HEAD + GOOD + "C2,3.4.15,,,,,,,\n",
    "date_spreadsheet_number.csv": HEAD + GOOD + "C2,41809,,,,,,,\n",
    "date_in_words.csv": HEAD + GOOD + "C2,last Tuesday,,,,,,,\n",
    "time_impossible.csv": HEAD + GOOD + "C2,2015-02-03T25:00,,,,,,,\n",
    "year_zero_in_utc.csv": HEAD + "C2,0001-01-01T00:00+12:00,,,,,,,\n",
    "age_impossible.csv": HEAD + GOOD + "C2,2015-04-03,,,,230,,,\n",
    "age_negative.csv": HEAD + GOOD + "C2,2015-04-03,,,,-1,,,\n",
    "age_in_words.csv": HEAD + GOOD + "C2,2015-04-03,,,,twenty,,,\n",
    "age_not_finite.csv": HEAD + GOOD + "C2,2015-04-03,,,,nan,,,\nC3,2015-04-03,,,,1e999,,,\n",
    "age_underscored.csv": HEAD + GOOD + "C2,2015-04-03,,,,2_3,,,\n",
    "decimal_comma.csv": HEAD.replace(",", ";") + 'C2;2015-04-03;;"51,5";"0,1";;;;\n',
    "latitude_off_the_globe.csv": HEAD + GOOD + "C2,2015-04-03,,91.5,0.1,,,,\n",
    "longitude_off_the_globe.csv": HEAD + GOOD + "C2,2015-04-03,,51.5,-181,,,,\n",
    "metres_for_degrees.csv": HEAD + GOOD + "C2,2015-04-03,,184000,544000,,,,\n",
    "latitude_alone.csv": HEAD + GOOD + "C2,2015-04-03,,51.5,,,,,\n",
    "longitude_alone.csv": HEAD + GOOD + "C2,2015-04-03,,unknown,0.1,,,,\n",
    "found_before_last_seen.csv": HEAD + GOOD + "C2,2015-04-03T10:00,2015-04-03T11:00,,,,,,\n",
    "found_the_day_before.csv": HEAD + GOOD + "C2,2015-04-03,2015-04-04,,,,,,\n",
    "closed_before_found.csv": "case_id,found_at,closed_at\nC1,2015-04-03,2015-04-02\n",
    "case_number_twice.csv": HEAD + GOOD + "C2,2015-04-03,,,,,,,\n" + GOOD,
    "case_number_missing.csv": HEAD + GOOD + ",2015-04-03,,,,,,,\n",
    "case_number_unknown.csv": HEAD + GOOD + "unknown,2015-04-03,,,,,,,\n",
    "case_number_with_separator.csv": HEAD + GOOD + "C2;C3,2015-04-03,,,,,,,\n",
    "found_at_missing.csv": HEAD + GOOD + "C2,,,,,,,,\n",
    "found_at_unknown.csv": HEAD + GOOD + "C2,unknown,,,,,,,\n",
    "code_unknown.csv": HEAD + GOOD + "C2,2015-04-03,,,,,mail,,\n",
    "status_misspelt.csv": HEAD + GOOD + "C2,2015-04-03,,,,,unknwon,,\n",
    "none_beside_values.csv": HEAD + GOOD + "C2,2015-04-03,,,,,,none;phone,\n",
    "status_beside_values.csv": HEAD + GOOD + "C2,2015-04-03,,,,,,phone;unknown,\n",
    "person_without_role.csv": HEAD + GOOD + "C2,2015-04-03,,,,,,,P1\n",
    "person_without_key.csv": HEAD + GOOD + "C2,2015-04-03,,,,,,,finder:\n",
    "indicator_misspelt.csv": "case_id,found_at,indicators\nC1,2015-04-03,body_movd\n",
    "several_faults.csv": HEAD + "C2,soon,,95,,old,mail,none;phone,P1\n",
    "two_clocks.csv": HEAD
    + GOOD
    + "C2,2015-04-03T10:00,,,,,,,\nC3,2015-04-04T10:00Z,,,,,,,\nC4,2015-04-05,,,,,,,\n",
    "two_clocks_tied.csv": HEAD + GOOD + "C3,2015-04-04T10:00+01:00,,,,,,,\n",
    "row_too_short.csv": HEAD + GOOD + "C2,2015-04-03\n",
    "row_too_long.csv": HEAD + GOOD + "C2,2015-04-03,,,,,,,,stray\n",
    # Files that can't be read, or whose columns are not those of the template.
    "empty.csv": "",
    "blank_lines.csv": "\n\n\n",
    "no_header.csv": GOOD,
    "required_column_missing.csv": "case_id,sex\nC1,male\n",
    "column_twice.csv": "case_id,found_at,sex,sex\nC1,2015-04-03,male,female\n",
    "column_twice_in_capitals.csv": "case_id,found_at,sex,SEX\nC1,2015-04-03,male,female\n",
    "column_unknown.csv": "case_id,found_at,age_year\nC1,2015-04-03,23\n",
    "column_without_name.csv": "case_id,found_at,,sex\nC1,2015-04-03,x,male\n",
    "quote_not_closed.csv": HEAD + GOOD + 'C2,2015-04-03,"never closed\nC3,2015-04-03,,,,,,,\n',
    "quote_not_doubled.csv": HEAD + GOOD + 'C2,2015-04-03,"a"b",,,,,,\n',
    "nul_byte.csv": HEAD.encode() + b"C1,2015-04-03,\0,,,,,,\n",
    "utf16.csv": (HEAD + GOOD).encode("utf-16"),
    "utf16_without_mark.csv": (HEAD + GOOD).encode("utf-16-le"),
    "neither_utf8_nor_cp1252.csv": HEAD.encode() + b"C1,2015-04-03,\x81\x8d,,,,,,\n",
    "junk.csv": bytes(range(1, 129)) * 3,
    "workbook_named.csv": b"PK\x03\x04" + bytes(40),
    "pdf_named.csv": b"%PDF-1.4\n",
    "picture_named.csv": b"\x89PNG\r\n\x1a\n" + bytes(16),
    "old_workbook_named.csv": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
    "parquet_named.csv": b"PAR1" + bytes(60) + b"PAR1",
    "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
    "notes.pdf": b"%PDF-1.4\n",
    # Workbooks and Parquet files that are none.
    "encrypted.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
    "text_named.xlsx": HEAD + GOOD,
    "junk.parquet": b"PAR1" + bytes(60) + b"PAR1",
    "text_named.parquet": HEAD + GOOD,
    # Facts.
    "broken.json": '[{"case_id": "C1", "field": ',
    "number.json": "42",
    "no_facts.json": '{"cases": []}',
    "not_finite.json": '[{"case_id": "C1", "field": "age_years", "value": NaN}]',
    "deep.json": "[" * 30_000 + "]" * 30_000,
    "strange_key.json": '[{"case_id": "C1", "field": "sex", "value": "male", "colour": "red"}]',
    "facts_of_all_kinds.json": """[
 {"case_id": "C1", "field": "found_at", "value": "2014-06-19T04:18", "known_from": "2014-06-19"},
 {"case_id": "C1", "field": "sex", "value": "mail"},
 {"case_id": "C1", "field": "shoe_size", "value": "9"},
 {"case_id": "C1", "field": "sex", "status": "perhaps"},
 {"case_id": "C1", "field": "sex", "value": "male", "status": "unknown"},
 {"case_id": "C1", "field": "sex"},
 {"case_id": "C1", "field": "sex", "value": {"a": 1}},
 {"case_id": "C1", "field": "sex", "value": "\\ud800"},
 {"case_id": "C1", "field": "sex", "value": "male", "known_from": "03/04/2015"},
 {"case_id": "", "field": "sex", "value": "male"},
 "not a fact",
 {"case_id": "C2", "field": "sex", "value": "male"},
 {"case_id": "C3", "field": "found_at", "value": "2014-06-19"},
 {"case_id": "C3", "field": "last_known_alive_at", "value": "2014-06-20"}
]""",
    "facts_without_found_at.csv": "case_id,field,value\nC1,sex,male\nC1,age_years,23\n",
}


def main() -> None:
    """Write every file."""
    BAD.mkdir(exist_ok=True)
    for name, content in TEXTS.items():
        data = content.encode() if isinstance(content, str) else content
        (BAD / name).write_bytes(data)
    good = _workbook()
    (BAD / "workbook_whole_named.csv").write_bytes(good)
    (BAD / "truncated.xlsx").write_bytes(good[: len(good) // 2])
    flipped = bytearray(good)
    flipped[len(good) // 3] ^= 0xFF
    (BAD / "damaged.xlsx").write_bytes(bytes(flipped))
    (BAD / "bomb.xlsx").write_bytes(_archive({"xl/worksheets/sheet1.xml": bytes(4 << 20)}))
    many = {f"xl/{n}": b"" for n in range(2_100)}
    (BAD / "many_parts.xlsx").write_bytes(_archive(many, zipfile.ZIP_STORED))
    (BAD / "no_workbook.xlsx").write_bytes(_archive({"readme.txt": b"nothing here"}))
    (BAD / "faulty_cells.xlsx").write_bytes(_workbook(faulty=True))
    odd = pl.DataFrame({"case_id": ["C1"], "found_at": ["2015-04-03"], "sex": [{"a": 1}]})
    odd.write_parquet(BAD / "column_of_structs.parquet")


def _archive(parts: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, how)
    return out.getvalue()


def _workbook(*, faulty: bool = False) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2020, 1, 1)})
        sheet = book.add_worksheet("register")
        sheet.write_row(0, 0, ["case_id", "found_at", "age_years", "sex"])
        sheet.write_row(1, 0, ["C1", "2014-06-19", 23, "male"])
        if faulty:
            sheet.write_row(2, 0, ["C2", "2014-06-20"])
            sheet.write_formula(2, 2, "=1/0", None, "#DIV/0!")
            sheet.write_row(3, 0, ["C3", 41809.5, 30.0, "male"])
            sheet.write_row(4, 0, ["C4", "2014-06-20"])
            sheet.write_boolean(4, 3, True)
    return out.getvalue()


if __name__ == "__main__":
    main()
