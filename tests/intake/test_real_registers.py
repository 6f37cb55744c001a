"""The two open registers go in whole through their shipped mappings."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from openverdict.intake import Intake, read_register, suggest_mapping

pytestmark = pytest.mark.data

CONNECTICUT = "ct_drug_deaths/ct_accidental_drug_deaths_2012_2022.csv"
ALLEGHENY = "allegheny_overdoses/allegheny_fatal_overdoses_2007_2025.csv"


def _file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        pytest.skip(f"no file {name} in the folder of real registers")
    return folder / name


@pytest.fixture(scope="module")
def connecticut(real_data: Path) -> Intake:
    return read_register(_file(real_data, CONNECTICUT), mapping="connecticut")


@pytest.fixture(scope="module")
def raw(real_data: Path) -> list[dict[str, str]]:
    with _file(real_data, CONNECTICUT).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_connecticut_is_a_case(connecticut: Intake, raw: list[dict[str, str]]):
    assert connecticut.rows_read == len(raw) == 10_654
    assert len(connecticut.register) + connecticut.rejected_rows == 10_654
    assert connecticut.rejected_rows == 0
    assert connecticut.notes == ()


def test_values_left_out_of_connecticut_are_reported(connecticut: Intake):
    reasons = connecticut.rejects.get_column("reason")
    assert len(reasons) == 3
    assert reasons.str.starts_with("value left out").all()


def test_connecticut_flags_become_substances(connecticut: Intake, raw: list[dict[str, str]]):
    found = connecticut.register.table.get_column("substances_detected").explode()
    counts = dict(found.value_counts().iter_rows())
    assert counts["cocaine"] == sum(row["Cocaine"] == "Y" for row in raw)
    assert counts["fentanyl"] == sum(row["Fentanyl"] != "" for row in raw)
    assert counts["ghb"] == sum("GHB" in row["Other"] for row in raw) == 3
    assert connecticut.register.table.get_column("substances_not_detected").null_count() == 10_654


def test_connecticut_towns_become_places_with_their_precision(
    connecticut: Intake, raw: list[dict[str, str]]
):
    table = connecticut.register.table
    towns = sum(row["InjuryCityGeo"].partition("\n")[0].count(",") > 0 for row in raw)
    assert table.filter(pl.col("found_precision_m") == 6000).height == towns
    assert table.get_column("found_lat").null_count() == 36
    assert table.get_column("found_lat").is_between(40.9, 42.1).sum() == 10_654 - 36


def test_connecticut_dates_are_read_month_first(connecticut: Intake, raw: list[dict[str, str]]):
    case = connecticut.register.case("CT-00001")
    month, day, year = raw[0]["Date"].split("/")
    assert str(case["found_at"]) == f"{year}-{month}-{day} 00:00:00"
    assert case["found_at_span_s"] == 86_400
    assert case["known_from"] == case["found_at"]


def test_race_stands_in_the_equality_record_only(connecticut: Intake, raw: list[dict[str, str]]):
    said = sum(bool(row["Race"] or row["Ethnicity"]) for row in raw)
    assert len(connecticut.equality) == said
    assert "ethnicity" not in connecticut.register.table.columns


def test_every_row_of_allegheny_is_a_case(real_data: Path):
    intake = read_register(_file(real_data, ALLEGHENY), mapping="allegheny")
    assert (len(intake.register), intake.rejected_rows, intake.rows_read) == (7_478, 0, 7_478)
    table = intake.register.table
    assert table.get_column("found_at_span_s").unique().to_list() == [0]
    assert table.get_column("substances_detected").null_count() == 0
    assert table.get_column("found_lat").null_count() == 7_478


@pytest.mark.parametrize("name", [CONNECTICUT, ALLEGHENY])
def test_a_suggested_mapping_reads_a_real_register(real_data: Path, tmp_path: Path, name: str):
    mapping = tmp_path / "map.toml"
    mapping.write_text(suggest_mapping(_file(real_data, name)), encoding="utf-8")
    intake = read_register(_file(real_data, name), mapping=mapping)
    assert len(intake.register) + intake.rejected_rows == intake.rows_read
    assert len(intake.register) > 0.99 * intake.rows_read
