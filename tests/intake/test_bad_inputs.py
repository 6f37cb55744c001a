"""Every bad input ends in one clear line or in rejects; none in a traceback, and none loses a row."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openverdict.errors import InputError
from openverdict.intake import read_register

BAD = Path(__file__).parent / "bad"

# file: (cases, rows refused, [(row, field, part of the reason), ...])
REJECTED: dict[str, tuple[int, int, list[tuple[int, str, str]]]] = {
    "date_either_way.csv": (1, 1, [(3, "found_at", "either way round")]),
    "date_one_way.csv": (
        1,
        4,
        [
            (3, "found_at", "not ISO 8601; write 2015-11-28, or declare"),
            (
                4,
                "found_at",
                "write 2015-11-28T09:05, or declare the format in a mapping (%m/%d/%Y %H:%M)",
            ),
            (5, "found_at", "no such day, whichever way round"),
            (6, "found_at", "no such day"),
        ],
    ),
    "date_impossible.csv": (1, 1, [(3, "found_at", "no such day")]),
    "date_two_digit_year.csv": (1, 1, [(3, "found_at", "either way round")]),
    "date_spreadsheet_number.csv": (1, 1, [(3, "found_at", "day number")]),
    "date_in_words.csv": (1, 1, [(3, "found_at", "not an ISO 8601")]),
    "time_impossible.csv": (1, 1, [(3, "found_at", "no such day or time")]),
    "year_zero_in_utc.csv": (0, 1, [(2, "found_at", "no such day")]),
    "age_impossible.csv": (1, 1, [(3, "age_years", "above 120")]),
    "age_negative.csv": (1, 1, [(3, "age_years", "below 0")]),
    "age_in_words.csv": (1, 1, [(3, "age_years", "not a number")]),
    "age_not_finite.csv": (1, 2, [(3, "age_years", "not a"), (4, "age_years", "not a finite")]),
    "age_underscored.csv": (1, 1, [(3, "age_years", "not a number")]),
    "decimal_comma.csv": (0, 1, [(2, "found_lat", "point"), (2, "found_lon", "point")]),
    "latitude_off_the_globe.csv": (1, 1, [(3, "found_lat", "above 90")]),
    "longitude_off_the_globe.csv": (1, 1, [(3, "found_lon", "below -180")]),
    "metres_for_degrees.csv": (1, 1, [(3, "found_lat", "above"), (3, "found_lon", "above")]),
    "latitude_alone.csv": (1, 1, [(3, "found_lat", "found_lon is missing")]),
    "longitude_alone.csv": (1, 1, [(3, "found_lon", "found_lat is missing")]),
    "found_before_last_seen.csv": (1, 1, [(3, "found_at", "found before last known alive")]),
    "found_the_day_before.csv": (1, 1, [(3, "found_at", "found before last known alive")]),
    "closed_before_found.csv": (0, 1, [(2, "closed_at", "closed before found")]),
    "case_number_twice.csv": (1, 2, [(2, "case_id", "row 4"), (4, "case_id", "row 2")]),
    "case_number_missing.csv": (1, 1, [(3, "case_id", "required")]),
    "case_number_unknown.csv": (1, 1, [(3, "case_id", "required")]),
    "case_number_with_separator.csv": (1, 1, [(3, "case_id", "without `;`")]),
    "found_at_missing.csv": (1, 1, [(3, "found_at", "required")]),
    "found_at_unknown.csv": (1, 1, [(3, "found_at", "required")]),
    "code_unknown.csv": (1, 1, [(3, "sex", "not one of: male")]),
    "status_misspelt.csv": (1, 1, [(3, "sex", "not one of: male")]),
    "none_beside_values.csv": (1, 1, [(3, "items_missing", "`none` stands beside")]),
    "status_beside_values.csv": (1, 1, [(3, "items_missing", "`unknown` stands beside")]),
    "person_without_role.csv": (1, 1, [(3, "persons", "role:key")]),
    "person_without_key.csv": (1, 1, [(3, "persons", "role:key")]),
    "indicator_misspelt.csv": (0, 1, [(2, "indicators", "body_moved")]),
    "several_faults.csv": (
        0,
        1,
        [
            (2, "age_years", "not a number"),
            (2, "found_at", "ISO"),
            (2, "found_lat", "above 90"),
            (2, "items_missing", "none"),
            (2, "persons", "role:key"),
            (2, "sex", "not one of"),
        ],
    ),
    "two_clocks.csv": (3, 1, [(4, "found_at", "with an offset among times without")]),
    "two_clocks_tied.csv": (0, 2, [(2, "found_at", "one clock"), (3, "found_at", "one clock")]),
    "row_too_short.csv": (1, 1, [(3, "", "2 cells, the header 9")]),
    "row_too_long.csv": (1, 1, [(3, "", "10 cells, the header 9")]),
    "faulty_cells.xlsx": (
        1,
        3,
        [
            (3, "age_years", "shows an error"),
            (4, "found_at", "day number"),
            (5, "sex", "not one of"),
        ],
    ),
}

# file: part of the one line that says why it can't be read at all
REFUSED: dict[str, str] = {
    "empty.csv": "is empty",
    "blank_lines.csv": "is empty",
    "no_header.csv": "found instead: 'C1', '2014-06-19T04:18', ",
    "required_column_missing.csv": "'found_at' is missing",
    "column_twice.csv": "'sex' stands twice",
    "column_twice_in_capitals.csv": "'sex' stands twice",
    "column_unknown.csv": "did you mean age_years?",
    "column_without_name.csv": "column 3 has no name",
    "quote_not_closed.csv": "quotation mark",
    "quote_not_doubled.csv": "quotation mark",
    "nul_byte.csv": "line 2 holds a NUL byte",
    "utf16.csv": "is UTF-16",
    "utf16_without_mark.csv": "NUL byte",
    "neither_utf8_nor_cp1252.csv": "line 2 is neither",
    "junk.csv": "found instead: ",
    "workbook_named.csv": "a zip archive, not a table",
    "pdf_named.csv": "this is a PDF, not a table",
    "picture_named.csv": "this is a PNG picture, not a table",
    "old_workbook_named.csv": "an old Word or Excel file",
    "workbook_whole_named.csv": "this is a workbook, not CSV; name it .xlsx",
    "parquet_named.csv": "name it .parquet",
    "old.xls": "'.xls' are not read",
    "notes.pdf": "'.pdf' are not read",
    "encrypted.xlsx": "encrypted",
    "text_named.xlsx": "not a readable XLSX",
    "truncated.xlsx": "not a readable XLSX",
    "damaged.xlsx": "damaged at",
    "bomb.xlsx": "times its size",
    "many_parts.xlsx": "2100 parts",
    "no_workbook.xlsx": "not a readable XLSX",
    "junk.parquet": "not a readable Parquet",
    "text_named.parquet": "not a readable Parquet",
    "column_of_structs.parquet": "'sex' is of type Struct",
    "broken.json": "not JSON",
    "number.json": "no list of facts",
    "no_facts.json": "no list of facts",
    "not_finite.json": "NaN is not a number",
    "deep.json": "nested too deeply",
    "strange_key.json": "no column 'colour'",
}

# Facts files: a row is a fact, so cases and rows do not add up to one another.
FACTS: dict[str, tuple[int, int, int]] = {
    "facts_of_all_kinds.json": (1, 14, 13),
    "facts_without_found_at.csv": (0, 2, 2),
}


def test_every_bad_file_is_in_one_table():
    listed = [*REJECTED, *REFUSED, *FACTS]
    assert sorted(listed) == sorted(path.name for path in BAD.iterdir())
    assert len(listed) >= 40


@pytest.mark.parametrize("name", REJECTED)
def test_a_bad_row_becomes_a_reject_and_no_row_is_lost(name: str):
    cases, refused, expected = REJECTED[name]
    intake = read_register(BAD / name)
    assert (len(intake.register), intake.rejected_rows) == (cases, refused)
    assert intake.rows_read == cases + refused
    assert set(intake.rejects.get_column("file")) == {name}
    said = list(intake.rejects.select("row", "field", "reason").iter_rows())
    assert [(row, field) for row, field, _ in said] == [(row, field) for row, field, _ in expected]
    for (_, _, reason), (_, _, part) in zip(said, expected, strict=True):
        assert part in reason


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused_in_one_line_that_names_it(name: str):
    with pytest.raises(InputError) as caught:
        read_register(BAD / name)
    said = str(caught.value)
    assert REFUSED[name] in said
    assert said.startswith(name)
    assert "\n" not in said
    assert len(said) < 250 + len(str(BAD))


@pytest.mark.parametrize("name", FACTS)
def test_a_bad_fact_is_refused_and_no_fact_is_lost(name: str):
    cases, rows, refused = FACTS[name]
    intake = read_register(BAD / name)
    assert (len(intake.register), intake.rows_read, intake.rejected_rows) == (cases, rows, refused)
    assert intake.register.facts.height == rows - refused
    assert intake.rejects.get_column("row").n_unique() == refused


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="a device or a pipe; name a file"):
        read_register(tmp_path / "pipe.csv")


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path):
    with pytest.raises(InputError, match="this is a folder"):
        read_register(tmp_path)
    with pytest.raises(InputError, match=r"gone\.csv: no such file"):
        read_register(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="no file named"):
        read_register()
