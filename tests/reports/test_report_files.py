"""The files of a review: exactly the columns promised, safe in a spreadsheet, whole or not there, the same twice."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports import made_review
from tests.reports.made_review import HOSTILE_ID, VARIABLES

from openverdict.errors import InputError
from openverdict.reports import FILE_NAMES, bundle, tables, write_review
from openverdict.reports.tables import safe_csv, safe_csv_parts

ROOT = Path(__file__).parents[2]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, review) -> Path:
    out = tmp_path_factory.mktemp("review") / "out"
    assert [path.name for path in write_review(review, out)] == list(FILE_NAMES)
    return out


def test_the_columns_are_those_of_the_contract(folder):
    def header(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8").splitlines()[0]

    assert header("leads.csv") == (
        "rank,lead_id,kind,cases,log10_lr,chance_per_year,first_raised,reasons,chance_low,chance_high,raised_in_replay,"
        "log10_lr_low,log10_lr_high,log10_lr_reported"
    )
    links = "case_a,case_b,log10_lr," + ",".join(f"lr_{name}" for name in VARIABLES)
    assert header("links.csv") == links
    assert ",".join(pl.read_parquet(folder / "links.parquet").columns) == links
    assert header("cases.csv") == "case_id,triage_level,indicators,contradictions,checks_missing"
    assert header("rejects.csv") == "file,row,field,value,reason"


def test_every_case_and_every_lead_has_its_row(folder, review):
    assert len(_rows(folder / "cases.csv")) == len(review.register)
    leads = _rows(folder / "leads.csv")
    assert next(row["cases"] for row in leads) == "A;B;C;D"
    assert [row["chance_per_year"] for row in leads] == ["0.07", "3.2", "", ""]
    assert [row["kind"] for row in leads] == ["series", "series", "case", "case"]


def test_the_variables_of_a_link_add_up_to_its_ratio(folder):
    for row in _rows(folder / "links.csv"):
        parts = [float(row[f"lr_{name}"]) for name in VARIABLES]
        assert sum(parts) == pytest.approx(float(row["log10_lr"]), abs=1e-9)


def test_no_text_cell_runs_as_a_formula_and_numbers_stay_numbers(folder):
    ids = [row["case_id"] for row in _rows(folder / "cases.csv")]
    assert f"'{HOSTILE_ID}" in ids
    rejects = _rows(folder / "rejects.csv")
    assert [row["value"] for row in rejects] == ["-5", "'=1+1"]
    assert next(row["lr_age"] for row in _rows(folder / "links.csv")) == "-0.31"


def test_parquet_holds_values_as_they_are(folder, review):
    assert pl.read_parquet(folder / "links.parquet").equals(review.links)


@given(st.text(max_size=12))
def test_a_cell_that_begins_like_a_formula_is_never_written_bare(text):
    written = safe_csv(pl.DataFrame({"x": [text]})).decode()
    cell = next(iter(list(csv.reader(io.StringIO(written, newline="")))[1:]), [""])
    value = cell[0] if cell else ""
    assert value in (text, f"'{text}")
    plain_number = value.lstrip("+-").replace(".", "", 1).isdecimal()
    assert not value.startswith(("=", "@", "\t", "\r")) or plain_number
    assert not value.startswith(("+", "-")) or plain_number


def test_the_summary_has_sorted_keys_and_timings_under_one_key(folder, review):
    text = (folder / "summary.json").read_text(encoding="utf-8")
    summary = json.loads(text)
    assert list(summary) == sorted(summary)
    assert summary.pop("timings") == dict(review.timings)
    assert summary["pairs_total"] == summary["pairs_ledger"] + summary["pairs_remainder"]
    assert "timings" not in json.loads(bundle.summary_json(review, timings=False))


def test_a_number_that_is_not_finite_is_null_in_the_summary(review):
    odd = replace(review, summary={"best_log10_lr": float("nan"), "limits": [float("inf"), 1.5]})
    summary = json.loads(bundle.summary_json(odd))
    assert summary["best_log10_lr"] is None
    assert summary["limits"] == [None, 1.5]


def test_two_runs_give_the_same_bytes_whatever_the_hash_seed(tmp_path):
    written = []
    for seed in ("0", "4711"):
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, made_review.__file__ or "", str(out), "full"],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
        )
        written.append({name: (out / name).read_bytes() for name in FILE_NAMES})
    assert written[0] == written[1]


def test_a_second_run_replaces_the_first_as_a_whole(tmp_path, review, nothing):
    out = tmp_path / "out"
    write_review(review, out)
    write_review(nothing, out)
    assert "No group put forward" in (out / "report.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in out.iterdir()) == sorted((*FILE_NAMES, "closure.html"))
    assert list(tmp_path.iterdir()) == [out]


def test_the_same_holds_where_folders_cannot_be_exchanged(tmp_path, review, nothing, monkeypatch):
    monkeypatch.setattr(sys, "platform", "elsewhere")
    test_a_second_run_replaces_the_first_as_a_whole(tmp_path, review, nothing)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_crash_leaves_what_was_there_before(tmp_path, review, nothing, monkeypatch, before, stop):
    out = tmp_path / "out"
    if before:
        write_review(nothing, out)
    held = {path.name: path.read_bytes() for path in out.iterdir()} if before else {}
    written = 0
    really = bundle._write

    def crash(path: Path, content: bundle.Content) -> None:
        nonlocal written
        written += 1
        if written == stop:
            raise KeyboardInterrupt
        really(path, content)

    monkeypatch.setattr(bundle, "_write", crash)
    with pytest.raises(KeyboardInterrupt):
        write_review(review, out)
    assert out.exists() is before
    assert ({path.name: path.read_bytes() for path in out.iterdir()} if before else {}) == held
    assert list(tmp_path.iterdir()) == ([out] if before else [])


def test_killed_at_any_moment_a_run_leaves_all_or_nothing(tmp_path):
    out = tmp_path / "out"
    script = (
        "import os, sys; from pathlib import Path; from openverdict.reports import bundle\n"
        "from tests.reports.made_review import made_review\n"
        "really, count = bundle._write, 0\n"
        "def write(path, content):\n"
        "    global count; count += 1; really(path, content)\n"
        "    if count == int(sys.argv[2]): os._exit(9)\n"
        "bundle._write = write\n"
        "bundle.write_review(made_review(), Path(sys.argv[1]))\n"
    )
    for moment in (1, 6):
        run = subprocess.run(
            [sys.executable, "-c", script, str(out), str(moment)], cwd=ROOT, check=False
        )
        assert run.returncode == 9
        assert not out.exists()


def test_a_folder_with_other_peoples_files_is_refused(tmp_path, review):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "notes.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes\.txt"):
        write_review(review, out)
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path, review):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match="is a file"):
        write_review(review, tmp_path / "out")


def test_a_folder_that_cannot_be_made_is_a_plain_message(tmp_path, review):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="name another folder"):
        write_review(review, tmp_path / "file" / "out")


@pytest.mark.parametrize("rows", [0, 1, 5, 6, 7])
def test_a_table_in_parts_is_the_table(monkeypatch, rows):
    monkeypatch.setattr(tables, "CSV_ROWS", 3)
    table = pl.DataFrame(
        {"a": ["=x", 'q"', None, "é", "", "1", "-2"], "b": [0.1 * k for k in range(7)]}
    )
    assert b"".join(safe_csv_parts(table.head(rows))) == safe_csv(table.head(rows))
