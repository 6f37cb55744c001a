"""For any text and any bytes: the fast way and the parsers agree, nothing is lost, and no error but ours comes out."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openverdict.cases import Field, FieldType, dictionary
from openverdict.errors import OpenverdictError
from openverdict.intake import Intake, read_register, suggest_mapping, template_texts
from openverdict.intake.cells import read_column, read_text

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))
NUMBERS = st.floats(0, 120, allow_nan=False)
TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)
ALMOST = st.one_of(
    MOMENTS.map(lambda m: m.isoformat(timespec="minutes")),
    MOMENTS.map(lambda m: m.isoformat(timespec="seconds")),
    MOMENTS.map(lambda m: m.date().isoformat()),
    st.from_regex(r"\A[0-2][0-9]{3}-02-29T[0-9]{2}:[0-9]{2}:[5-6][0-9]\Z"),
    st.from_regex(r"\A[a-cB_]{0,2}:[1:]{0,2}(;[a-c ]{1,2}:[1 ]{1,2}){0,3};?\Z"),
    st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2})?(Z|\+01:00)?\Z"),
    NUMBERS.map(repr),
    st.integers(-(10**18), 10**18).map(str),
    st.from_regex(r"\A-?[0-9]{1,17}(\.[0-9]{0,17})?(e[0-9]{1,3})?\Z"),
    st.sampled_from(
        ["none", "unknown", "Not_Tested", "withheld", "a;b", "finder:P1", "nan", "inf"]
    ),
    TEXTS,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(ALMOST, max_size=6), st.sampled_from(sorted(dictionary())))
def test_columns_are_read_as_the_parsers_read_each_text(texts: list[str], name: str):
    field = dictionary()[name]
    texts = [text.strip() for text in texts if text.strip()]
    read = read_column(field, pl.Series("x", texts, pl.String()))
    got = list(read.select("value", "span", "offset", "status", "reason").iter_rows())
    assert got == [read_text(field, text) for text in texts]


@settings(deadline=None)
@given(NUMBERS)
def test_a_number_survives_the_template(number: float):
    text = pl.Series([number]).cast(pl.String()).str.strip_suffix(".0")
    read = read_column(dictionary()["age_years"], text)
    assert read.get_column("value").to_list() == [number]


@settings(deadline=None)
@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_a_time_with_an_offset_is_the_same_moment_in_utc(moment: datetime, minutes: int):
    sign, rest = ("-", -minutes) if minutes < 0 else ("+", minutes)
    text = f"{moment.isoformat()}{sign}{rest // 60:02d}:{rest % 60:02d}"
    value, span, offset, _, _ = read_text(dictionary()["found_at"], text)
    assert (value, span, offset) == (moment - timedelta(minutes=minutes), 0, True)


def _intake(path: Path) -> Intake | None:
    """What was read, or None after one clear line; any other error fails the test."""
    try:
        return read_register(path)
    except OpenverdictError as error:
        said = str(error)
    if "\n" in said or not said.startswith(path.name):
        pytest.fail(f"not one line that names the file: {said!r}")
    return None


def _write(folder: str, name: str, data: bytes) -> Path:
    path = Path(folder) / name
    path.write_bytes(data)
    return path


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(
            lambda t: b"case_id,found_at,sex\n" + t.encode("utf-8", "replace")
        ),
    ),
    st.sampled_from([".csv", ".xlsx", ".json", ".parquet"]),
)
def test_any_bytes_end_in_an_account_or_in_one_clear_line(data: bytes, suffix: str):
    with tempfile.TemporaryDirectory() as folder:
        path = _write(folder, f"any{suffix}", data)
        intake = _intake(path)
        if intake is not None and suffix != ".json":
            assert intake.rows_read == len(intake.register) + intake.rejected_rows
        with contextlib.suppress(OpenverdictError):
            suggest_mapping(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
FACT = st.fixed_dictionaries(
    {},
    optional={
        "case_id": st.sampled_from(["A", "B"]) | JSON,
        "field": st.sampled_from(["found_at", "sex", "age_years", "ethnicity", "persons"]) | JSON,
        "value": st.sampled_from(["2014-06-19", "2014-06-19T04:18Z", "male", "23"]) | JSON,
        "status": st.sampled_from(["recorded", "unknown"]) | JSON,
        "known_from": st.sampled_from(["2014-06-19", "unknown"]) | JSON,
    },
)


@settings(deadline=None, max_examples=70)
@given(st.lists(FACT | JSON, max_size=6))
def test_any_facts_end_in_an_account_or_in_one_clear_line(facts: list[object]):
    with tempfile.TemporaryDirectory() as folder:
        path = _write(folder, "any.json", json.dumps({"facts": facts}).encode())
        intake = _intake(path)
        if intake is None:
            return
        assert intake.rejects.select("row").n_unique() == intake.rejected_rows
        assert intake.rejected_rows <= intake.rows_read <= len(facts)


def _cell(field: Field) -> st.SearchStrategy[str]:
    if field.type is FieldType.DATETIME:
        return MOMENTS.map(lambda m: m.isoformat())
    if field.type is FieldType.NUMBER:
        low = field.minimum if field.minimum is not None else 0
        high = field.maximum if field.maximum is not None else 1e6
        return st.floats(low, high, allow_nan=False).filter(math.isfinite).map(repr)
    if field.type is FieldType.KEYS:
        return st.sampled_from(field.values or ("other",)).map(lambda role: f"{role}:K")
    if field.values:
        return st.sampled_from(field.values)
    return st.just("none") if field.type is FieldType.ITEMS else st.sampled_from(["ä b", "x", '"'])


@st.composite
def _rows(draw: st.DrawFn) -> list[dict[str, str]]:
    rows = []
    for place in range(draw(st.integers(1, 4))):
        row = {"case_id": f"C{place}"}
        for name, field in dictionary().items():
            if field.template and name not in (
                "case_id",
                "found_at",
                "last_known_alive_at",
                "closed_at",
            ):
                word = st.sampled_from(["", "unknown", "withheld"])
                row[name] = draw(
                    word | _cell(field) if not name.endswith(("lat", "lon")) else st.just("")
                )
        row["found_at"] = draw(_cell(dictionary()["found_at"]))
        rows.append(row)
    return rows


@settings(deadline=None, max_examples=12)
@given(_rows())
def test_a_register_survives_its_own_template(rows: list[dict[str, str]]):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        intake = read_register(path)
        assert intake.rejects.is_empty(), intake.rejects.to_dicts()
        template_texts(intake.register).write_csv(Path(folder) / "again.csv")
        again = read_register(Path(folder) / "again.csv")
        assert again.register.content_hash() == intake.register.content_hash()


@pytest.mark.parametrize("name", ["found_at", "age_years", "narrative", "case_id"])
def test_an_empty_column_is_read(name: str):
    read = read_column(dictionary()[name], pl.Series("x", [None, None], pl.String()))
    assert read.get_column("value").to_list() == [None, None]
