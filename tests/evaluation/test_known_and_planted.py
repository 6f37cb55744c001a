"""Evaluation on a register whose series are known, and on cities with series planted in them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.evidence.made import made

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evaluation import on_known_series, on_planted_series
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Register, Path]:
    """A city with three planted series, and a file that names their members and two hundred others."""
    plan = SeriesPlan(kind="outdoor", members=4, count=3)
    simulated = simulate_register(CitySpec(cases_a_year=300, years=2.0, series=(plan,)), 3)
    others = simulated.register.table["case_id"].head(200)
    members = simulated.series.select("case_id", "series_id")
    rest = pl.DataFrame({"case_id": others}).join(members, on="case_id", how="anti")
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    pl.concat([members, rest], how="diagonal").write_csv(path)
    return simulated.register, path


def test_planted_series_outrank_other_pairs(labelled):
    outcome = on_known_series(*labelled)
    assert outcome["linked_pairs"] == 3 * 6
    assert outcome["pairs"] == outcome["cases"] * (outcome["cases"] - 1) // 2
    assert outcome["auc"] > 0.9
    assert outcome["cllr"] < 1.0
    assert outcome["median_log10_lr_linked"] > outcome["median_log10_lr_others"]
    assert json.loads(json.dumps(outcome)) == outcome


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("case_id,series_id\nnobody,1\n", "nobody"),
        ("a,b\n1,2\n", "case_id and series_id"),
        ("", "labels.csv"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, text, says):
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        on_known_series(made(1, 10), path)


def test_a_file_of_labels_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"absent\.csv"):
        on_known_series(made(1, 10), tmp_path / "absent.csv")


@pytest.mark.parametrize("n", [0, 10])
def test_labels_that_name_no_pair_leave_every_measure_open(tmp_path, n):
    path = tmp_path / "labels.csv"
    path.write_text("case_id,series_id\n", encoding="utf-8")
    register = made(1, n) if n else Register.from_table(made(1, 1).table.head(0))
    outcome = on_known_series(register, path)
    assert (outcome["cases"], outcome["pairs"], outcome["auc"], outcome["cllr"]) == (
        0,
        0,
        None,
        None,
    )


def test_the_same_seed_plants_and_finds_the_same():
    def run() -> dict[str, object]:
        return on_planted_series(
            deaths_a_year=150, replicates=2, members=4, budget=6.0, seed=5, kind="outdoor"
        )

    outcome = run()
    assert outcome == run()
    assert sum(outcome["raised_with_members"].values()) == 2  # type: ignore[attr-defined]
    assert outcome["raised"] <= 2  # type: ignore[operator]
