"""`openverdict prepare` and `openverdict arrive` from the shell: files in, files out, and what is said."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.evidence.made import made_rows, register_of
from typer.testing import CliRunner

from openverdict import arrive, load_prepared, prepare_register, read_register, save_prepared
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.intake import template_texts
from openverdict.leads.setup import ledger_floor


def said(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    """A register of 80 cases and a file of 5 new ones, one row of it unreadable."""
    folder = tmp_path_factory.mktemp("files")
    texts = template_texts(register_of(made_rows(5, 84, places="spread", persons=3)))
    texts.head(80).write_csv(folder / "register.csv")
    late = texts.tail(4).to_dicts()
    late.append({**late[0], "case_id": "K-LATE", "found_at": "no day at all"})
    pl.DataFrame(late, schema=texts.schema).write_csv(folder / "new.csv")
    return folder / "register.csv", folder / "new.csv"


def summary(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return told


def test_a_register_is_prepared_once_and_new_cases_compared_with_it(files, tmp_path):
    register, new = files
    target = tmp_path / "register.prepared"
    assert "80 cases prepared, 0 rows rejected" in said("prepare", register, "--out", target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    output = said("arrive", target, new, "--out", tmp_path / "out", "--floor", "0")
    assert "4 new cases, 1 row rejected; 326 pairs compared (80 prepared cases)" in output
    assert "similar case" in output
    assert "linked" not in output
    told = summary(tmp_path / "out")
    assert told["pairs_ledger"] + told["pairs_remainder"] == told["pairs_total"] == 4 * 80 + 6
    with (tmp_path / "out" / "arrivals.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == told["pairs_listed"]
    for row in rows:
        parts = [float(value) for name, value in row.items() if name.startswith("lr_")]
        assert sum(parts) == pytest.approx(float(row["log10_lr"]), abs=1e-9)
    rejects = (tmp_path / "out" / "rejects.csv").read_text(encoding="utf-8")
    assert "no day at all" in rejects


def test_a_register_can_be_named_itself_and_what_was_prepared_is_kept(files, tmp_path):
    register, new = files
    kept, out = tmp_path / "kept", tmp_path / "out"
    said("arrive", register, new, "--prepared", kept, "--out", out)
    first, at = (out / "arrivals.parquet").read_bytes(), kept.stat().st_mtime_ns
    said("arrive", register, new, "--prepared", kept, "--out", out)
    assert kept.stat().st_mtime_ns == at
    assert (out / "arrivals.parquet").read_bytes() == first
    other = tmp_path / "other.csv"
    pl.read_csv(register, infer_schema=False).head(70).write_csv(other)
    said("arrive", other, new, "--prepared", kept, "--out", out)
    assert summary(out)["prepared_cases"] == len(load_prepared(kept)) == 70


def test_the_outcome_is_json_on_request(files, tmp_path):
    register, new = files
    told = json.loads(said("arrive", register, new, "--json", "--top", 1, "--out", tmp_path / "o"))
    assert told["new_cases"] == 4
    assert told["rejected_rows"] == 1
    assert told["pairs_listed"] <= 4
    target = tmp_path / "p"
    assert json.loads(said("prepare", register, "--out", target, "--json"))["cases"] == 80
    assert said("arrive", target, new, "--quiet", "--alone", "--out", tmp_path / "o") == ""
    assert summary(tmp_path / "o")["pairs_among_new"] == 0


def test_strict_ends_with_one_when_rows_were_rejected(files, tmp_path):
    said("arrive", *files, "--strict", "--out", tmp_path / "out", code=1)


def test_what_cannot_be_done_is_one_line_with_the_mend(files, tmp_path):
    register, new = files
    target = tmp_path / "p"
    said("prepare", register, "--out", target)
    unread = tmp_path / "unread.csv"
    unread.write_text("case_id,found_at\nA,spring\nB,autumn\n", encoding="utf-8")
    wrong: list[tuple[tuple[object, ...], str]] = [
        (("arrive", register), "name two files"),
        (("arrive", register, register, "--out", tmp_path / "o"), "no new case among 80"),
        (
            ("arrive", target, new, "--as-of", "2014-05-01", "--out", tmp_path / "o"),
            "prepared already",
        ),
        (("arrive", register, new, "--as-of", "May", "--out", tmp_path / "o"), "is not a date"),
        (("arrive", register, new, "--out", register.parent), "holds the input"),
        (("prepare", register, "--out", new), "would be replaced"),
        (
            ("prepare", unread, "--out", tmp_path / "q"),
            "2 rows read, 2 rejected; first: unread.csv, row 2",
        ),
        (("arrive", unread, new, "--out", tmp_path / "o"), "no case left to prepare"),
    ]
    for words, reason in wrong:
        output = said(*words, "--quiet", code=2)
        assert reason in output
        assert output.strip().count("\n") == 0


def test_a_case_already_prepared_is_left_out_and_said(files, tmp_path):
    register, new = files
    both = tmp_path / "both.csv"
    rows = [pl.read_csv(path, infer_schema=False) for path in (register, new)]
    pl.concat([rows[0].head(7), rows[1]]).write_csv(both)
    output = said("arrive", register, both, "--out", tmp_path / "out")
    assert "the prepared register holds them" in output
    assert "and 2 more" in output


def test_the_same_from_python(files, tmp_path):
    register, new = files
    prepared = prepare_register(register)
    path = save_prepared(prepared, tmp_path / "p")
    found = arrive(path, read_register(new), floor=0.0)
    assert found.pairs.equals(arrive(load_prepared(path), new, floor=0.0).pairs)
    assert found.summary["pairs_ledger"] == found.pairs.height
    with pytest.raises(InputError, match="give 1 or more"):
        arrive(prepared, new, top=0)


def test_the_floor_is_that_of_a_review_of_the_prepared_register(files, monkeypatch):
    register, new = files
    ready = prepare_register(register)
    assert arrive(ready, new).summary["ledger_floor_log10_lr"] == ledger_floor(0)
    monkeypatch.setattr("openverdict.leads.setup.PAIRS_A_CASE", 1e-4)
    asked = arrive(ready, new).summary["ledger_floor_log10_lr"]
    assert asked == ledger_floor(len(ready.frozen)) > ledger_floor(0)
