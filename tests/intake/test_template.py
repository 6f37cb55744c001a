"""The empty template is what intake reads, explains itself and runs nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import pytest
import python_calamine as calamine

from openverdict.cases import template_fields
from openverdict.errors import InputError
from openverdict.intake import read_register, write_template
from openverdict.intake.template import write_workbook
from openverdict.intake.workbook import cell_text, guard

NAMES = [field.name for field in template_fields()]


@pytest.mark.parametrize("name", ["template.csv", "template.xlsx"])
def test_an_empty_template_is_an_empty_register(tmp_path: Path, name: str):
    write_template(tmp_path / name)
    intake = read_register(tmp_path / name)
    assert (len(intake.register), intake.rows_read, intake.notes) == (0, 0, ())


def test_the_workbook_explains_every_column(tmp_path: Path):
    write_template(tmp_path / "template.xlsx")
    book = calamine.CalamineWorkbook.from_path(str(tmp_path / "template.xlsx"))
    assert book.sheet_names == ["register", "dictionary"]
    assert book.get_sheet_by_name("register").to_python()[0] == NAMES
    rows = book.get_sheet_by_name("dictionary").to_python()
    assert [row[0] for row in rows[1:]] == NAMES
    assert all(row[1] and row[2] for row in rows[1:])


def test_a_text_that_looks_like_a_formula_is_written_as_text(tmp_path: Path):
    texts = pl.DataFrame(
        {"case_id": ["=1+1"], "found_at": ["2014-06-19"], "narrative": ["http://x"]}
    )
    write_workbook(tmp_path / "register.xlsx", texts)
    with zipfile.ZipFile(tmp_path / "register.xlsx") as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    case = read_register(tmp_path / "register.xlsx").register.case("=1+1")
    assert case["narrative"] == "http://x"


def test_a_template_of_another_kind_or_in_no_folder_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"is \.csv or \.xlsx"):
        write_template(tmp_path / "template.ods")
    for name in ("template.csv", "template.xlsx"):
        with pytest.raises(InputError, match="cannot be written"):
            write_template(tmp_path / "no" / name)


def test_a_workbook_that_unpacks_beyond_the_cap_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    write_template(tmp_path / "template.xlsx")
    monkeypatch.setattr("openverdict.intake.workbook.MAX_BYTES", 100)
    with pytest.raises(InputError, match="bytes once unpacked; at most 100"):
        guard("template.xlsx", (tmp_path / "template.xlsx").read_bytes())


def test_typed_cells_are_written_in_the_words_of_the_template():
    assert [cell_text(cell) for cell in (23.0, 0.1, True, False, None, "007", 10**20 * 1.0)] == [
        "23",
        "0.1",
        "true",
        "false",
        "",
        "007",
        "1e+20",
    ]
