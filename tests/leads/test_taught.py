"""A review that is taught by known series: weights in every ratio it shows, and their effect in summary and report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.evidence.made import START, register_of
from tests.evidence.test_weights import CODE, NEEDED

from openverdict.cases import Register
from openverdict.evidence.weights import LEAST_GROUPS
from openverdict.leads import Review, Settings, review
from openverdict.reports import render_report


def said_three_times() -> Register:
    """Three hundred deaths at points, whose three codes say one thing; thirty pairs of them close together and alike."""
    rng = np.random.default_rng(8)
    value = rng.integers(12, size=300)
    day = rng.integers(2000, size=300)
    place = rng.uniform([51.4, -0.3], [51.6, 0.1], size=(300, 2))
    for k in range(0, 60, 2):
        day[k + 1] = day[k] + rng.integers(90)
        place[k + 1] = place[k] + rng.normal(0, 0.003, 2)
        value[k + 1] = value[k] if rng.random() < 0.8 else value[k + 1]
    return register_of(
        [
            {
                "found_at": START + timedelta(days=int(day[k])),
                "found_lat": float(place[k, 0]),
                "found_lon": float(place[k, 1]),
                "found_precision_m": 10.0,
                **{f"feature_{f}": f"v{value[k]}" for f in (1, 2, 3)},
            }
            for k in range(300)
        ]
    )


def known(folder: Path, groups: int) -> Path:
    rows = [(f"K{k}", f"S{k // 2}") for k in range(2 * groups)]
    path = folder / f"known_{groups}.csv"
    pl.DataFrame(rows, schema=["case_id", "series_id"], orient="row").write_csv(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("taught")
    text = NEEDED + "".join(CODE.format(k=k) for k in (1, 2, 3))
    (path / "mine.toml").write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def taught(folder) -> Review:
    settings = Settings(
        replicates=4, variables=folder / "mine.toml", known_series=known(folder, 30)
    )
    return review(said_three_times(), settings)


def test_the_columns_of_a_weighted_review_still_add_up(taught):
    terms = [c for c in taught.links.columns if c.startswith("lr_")]
    codes = ["lr_code_1", "lr_code_2", "lr_code_3"]
    assert terms == ["lr_gap", "lr_distance", "lr_age", *codes, "lr_relation"]
    summed = taught.links.select(terms).sum_horizontal()
    assert (summed - taught.links["log10_lr"]).abs().max() < 1e-12
    assert taught.summary["pairs_ledger"] == taught.links.height > 0


def test_the_effect_of_the_weights_is_told_before_and_after(taught):
    told = taught.summary["known_series"]
    assert told["weights_used"]
    assert told["cllr_with_weights"] < told["cllr_without_weights"]
    assert sum(row["weight"] for row in told["variables"] if "code" in row["name"]) < 2.5
    assert told["pairs_ledger_without_weights"] != taught.summary["pairs_ledger"]
    strongest = taught.summary["strongest_groups"]
    assert [g["cases"] for g in told["strongest_groups"]] == [g["cases"] for g in strongest]
    assert [g["log10_lr_with_weights"] for g in told["strongest_groups"]] == [
        g["log10_lr"] for g in strongest
    ]


def test_the_report_says_what_known_series_taught(taught):
    page = render_report(taught)
    assert "What known series taught" in page
    assert "30 groups of known series" in page
    assert f"At least {LEAST_GROUPS} groups" in page
    assert "linked to" not in page


def test_with_too_few_series_the_report_says_how_many_are_needed(folder):
    settings = Settings(replicates=0, variables=folder / "mine.toml", known_series=known(folder, 4))
    result = review(said_three_times(), settings)
    told = result.summary["known_series"]
    assert not told["weights_used"]
    assert {row["weight"] for row in told["variables"]} == {1.0}
    page = render_report(result)
    assert f"too few groups of known series: 4, and {LEAST_GROUPS} are needed" in page


def test_a_review_without_known_series_says_nothing_of_them(folder):
    result = review(said_three_times(), Settings(replicates=0, variables=folder / "mine.toml"))
    assert result.summary["known_series"] is None
    assert "What known series taught" not in render_report(result)
