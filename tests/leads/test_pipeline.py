"""The main job: the same bytes each time, a full result from any register, sums that hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.evidence.made import START, made, made_rows, register_of

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evidence import load_variables
from openverdict.leads import Review, Settings, explain, review
from openverdict.leads.setup import ledger_floor
from openverdict.reports import FILE_NAMES, write_review
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register

FEW_NULLS = Settings(replicates=4)
TERMS = [*(f"lr_{v.name}" for v in load_variables()), "lr_relation"]
COLUMNS = ["case_a", "case_b", "log10_lr", *TERMS, "log10_lr_low", "log10_lr_high"]
SHAPES: dict[str, Any] = {
    "no case": lambda: Register.from_table(made(1, 1).table.head(0)),
    "one case": lambda: made(2, 1),
    "two cases": lambda: made(3, 2, missing=0.0),
    "no places at all": lambda: made(4, 60, places="none"),
    "all on one day": lambda: made(5, 60, days=1),
    "all the same": lambda: register_of(
        [{**made_rows(6, 1, missing=0.0)[0], "case_id": f"K{k}"} for k in range(40)]
    ),
    "nothing recorded but the day": lambda: register_of([{"case_id": f"K{k}"} for k in range(30)]),
    "incidents alone": lambda: made(7, 40, incidents=1.0),
    "two deaths twenty years apart": lambda: register_of(
        [{"case_id": f"K{k}", "found_at": START + timedelta(days=7300 * k)} for k in range(2)]
    ),
}


@pytest.fixture(scope="module")
def planted() -> tuple[Review, list[str]]:
    """A city of 600 deaths with one series of five, reviewed."""
    spec = CitySpec(cases_a_year=300, series=(SeriesPlan("outdoor", members=5),))
    simulated = simulate_register(spec, 2)
    return review(simulated.register, FEW_NULLS), simulated.series["case_id"].to_list()


def files_of(result: Review, out: Path) -> dict[str, bytes]:
    write_review(result, out, timings=False)
    return {name: (out / name).read_bytes() for name in FILE_NAMES}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_register_of_any_shape_gives_a_full_result(shape, tmp_path):
    register = SHAPES[shape]()
    result = review(register, FEW_NULLS)
    n, s = len(register), result.summary
    assert s["cases"] == n == s["deaths"] + s["incidents"]
    assert s["pairs_total"] == n * (n - 1) // 2 == s["pairs_ledger"] + s["pairs_remainder"]
    assert s["pairs_ledger"] == len(result.links)
    assert result.links.columns == COLUMNS
    assert len(result.triage) == n
    files = files_of(result, tmp_path / "out")
    assert all(files.values())
    json.loads(files["summary.json"])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_review_without_chance_says_that_it_was_not_measured(shape):
    result = review(SHAPES[shape](), Settings(replicates=0))
    assert result.summary["null_registers"] == 0
    assert result.summary["best_chance_per_year"] is None
    assert all(lead.chance_per_year is None for lead in result.leads)


def test_two_runs_write_the_same_bytes(tmp_path):
    register = made(8, 120, places="spread")
    one, two = (files_of(review(register, FEW_NULLS), tmp_path / f"out{k}") for k in range(2))
    assert one == two


def test_threads_change_nothing(tmp_path):
    register = made(9, 120, places="spread")
    one, two = (
        files_of(review(register, Settings(replicates=4, threads=k)), tmp_path / f"out{k}")
        for k in (1, 2)
    )
    assert one == two


def test_the_order_of_the_rows_in_the_file_changes_nothing(tmp_path):
    rows = made_rows(10, 80, places="spread")
    one = files_of(review(register_of(rows), FEW_NULLS), tmp_path / "one")
    two = files_of(review(register_of(rows[::-1]), FEW_NULLS), tmp_path / "two")
    assert one == two


PROGRAM = """
import sys
from pathlib import Path
from openverdict.leads import Settings, review
from openverdict.reports import write_review
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register
spec = CitySpec(cases_a_year=150, series=(SeriesPlan(members=4),))
result = review(simulate_register(spec, 1).register, Settings(replicates=4))
write_review(result, Path(sys.argv[1]), timings=False)
"""


@pytest.mark.slow
def test_the_seed_of_pythons_hashes_changes_nothing(tmp_path):
    written = []
    for seed in ("0", "1", "2", "77", "4242"):
        out = tmp_path / seed
        env = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", PROGRAM, str(out)], env=env, check=True)
        written.append({name: (out / name).read_bytes() for name in FILE_NAMES})
    assert all(files == written[0] for files in written)


def test_another_seed_changes_chance_and_nothing_that_is_not_chance():
    register = made(11, 120, places="spread")
    one, two = (review(register, Settings(replicates=4, seed=seed)) for seed in (1, 2))
    assert one.links.equals(two.links)
    assert one.triage == two.triage
    found = [
        {tuple(g["cases"]): g["strength"] for g in each.summary["strongest_groups"]}
        for each in (one, two)
    ]  # chance orders them, and the ten that are told may be others
    shared = found[0].keys() & found[1].keys()
    assert shared
    assert all(found[0][group] == found[1][group] for group in shared)


def test_a_planted_series_comes_first_with_a_low_chance_rate(planted):
    result, members = planted
    lead = result.series_leads[0]
    assert set(lead.cases) <= set(members)
    assert len(lead.cases) >= 3
    assert lead.chance_per_year is not None
    assert lead.chance_per_year <= 0.1


def test_leads_are_ranked_in_order_within_the_budget_and_share_no_case(planted):
    result, _ = planted
    assert [lead.rank for lead in result.leads] == list(range(1, len(result.leads) + 1))
    strengths = [lead.strength for lead in result.series_leads]
    assert strengths == sorted(strengths, reverse=True)
    cases = [case for lead in result.series_leads for case in lead.cases]
    assert len(cases) == len(set(cases))
    assert len({lead.lead_id for lead in result.leads}) == len(result.leads)
    for lead in result.series_leads:
        assert lead.chance_per_year is not None
        assert lead.chance_per_year <= result.summary["budget_per_year"]
        assert lead.innocent
        assert lead.reasons


def test_a_lead_is_first_raised_only_once_two_members_are_known(planted):
    result, _ = planted
    for lead in result.series_leads:
        rows = [result.register.case(case) for case in lead.cases]
        known = sorted(max(row["found_at"], row.get("known_from", row["found_at"])) for row in rows)
        assert known[1].date() <= lead.first_raised <= known[-1].date()


def test_a_smaller_budget_only_takes_leads_away(planted):
    result, _ = planted
    fewer = review(result.register, Settings(replicates=4, budget=0.05))
    assert {lead.cases for lead in fewer.series_leads} <= {
        lead.cases for lead in result.series_leads
    }
    assert [t.level for t in fewer.triage] == [t.level for t in result.triage]


@pytest.mark.parametrize("form", ["links.csv", "links.parquet"])
def test_the_contributions_written_add_up_to_the_ratio_written(planted, tmp_path, form):
    write_review(planted[0], tmp_path / "out")
    path = tmp_path / "out" / form
    links = pl.read_csv(path) if form.endswith("csv") else pl.read_parquet(path)
    assert links.columns == COLUMNS
    assert len(links) > 20
    parts = links.select(pl.sum_horizontal(TERMS)).to_series()
    np.testing.assert_allclose(parts, links["log10_lr"], atol=1e-9, rtol=0)


def test_links_stand_best_first_at_or_above_the_floor_earlier_case_first(planted):
    result, _ = planted
    order = {c: k for k, c in enumerate(result.register.table["case_id"])}
    quantum = 0.01  # links are ranked by whole thousandths of a bit a term
    assert (result.links["log10_lr"].diff().drop_nulls() <= quantum).all()
    assert (result.links["log10_lr"] >= result.summary["ledger_floor_log10_lr"] - quantum).all()
    assert all(order[a] < order[b] for a, b in result.links.select("case_a", "case_b").iter_rows())


def test_a_pair_explained_alone_has_the_ratio_of_the_review(planted):
    result, _ = planted
    row = result.links.row(0, named=True)
    for pair in ((row["case_a"], row["case_b"]), (row["case_b"], row["case_a"])):
        link = explain(result.register, *pair)
        assert (link.case_a, link.case_b) == (row["case_a"], row["case_b"])
        assert link.log10_lr == pytest.approx(row["log10_lr"], abs=1e-9)
        for c in link.contributions:
            assert c.log10_lr == pytest.approx(row[f"lr_{c.variable}"], abs=1e-9)


def test_a_watched_pair_is_shown_whatever_its_ratio_with_rank_or_none():
    register = made(12, 60, mentions=0.0)
    ids = register.table["case_id"]
    result = review(register, Settings(replicates=2, watch=((ids[40], ids[3]), (ids[1], ids[2]))))
    assert {(w.case_a, w.case_b) for w in result.watched} == {(ids[3], ids[40]), (ids[1], ids[2])}
    listed = {row[:2]: k + 1 for k, row in enumerate(result.links.iter_rows())}
    for link in result.watched:
        assert link.rank == listed.get((link.case_a, link.case_b))
        assert link.chance_per_year is not None
        assert link.sentence


def test_cases_that_name_one_another_are_shown_and_must_be_considered():
    rows = made_rows(13, 40, mentions=0.0)
    rows[5]["mentions_cases"] = [rows[20]["case_id"], "somebody else"]
    result = review(register_of(rows), Settings(replicates=0))
    assert [{w.case_a, w.case_b} for w in result.watched] == [
        {rows[5]["case_id"], rows[20]["case_id"]}
    ]
    assert result.watched[0].mandatory


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"budget": -1.0}, "budget"),
        ({"budget": float("nan")}, "budget"),
        ({"replicates": -1}, "null registers"),
        ({"seed": -1}, "seed"),
        ({"watch": (("K0000", "nobody"),)}, "nobody"),
        ({"watch": (("K0000", "K0000"),)}, "itself"),
    ],
)
def test_settings_out_of_range_are_refused_in_one_line(given, says):
    with pytest.raises(InputError, match=says) as error:
        review(made(14, 10), Settings(**given))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("pair", [("K0000", "nobody"), ("K0000", "K0000")])
def test_a_pair_that_cannot_be_explained_is_refused(pair):
    with pytest.raises(InputError, match=pair[1]):
        explain(made(15, 5), *pair)


def test_progress_runs_from_nothing_to_all_in_the_order_of_the_steps():
    told: list[tuple[str, float]] = []
    review(made(16, 80), FEW_NULLS, progress=lambda step, share: told.append((step, share)))
    steps = list(dict.fromkeys(step for step, _ in told))
    assert steps == ["learn", "pairs", "series", "chance", "triage", "leads"]
    for step in steps:
        shares = [share for name, share in told if name == step]
        assert shares[0] == 0.0
        assert shares[-1] == 1.0
        assert shares == sorted(shares)
        assert max(shares) <= 1.0


@pytest.mark.parametrize(
    ("cases", "floor"),
    [(0, 2.0), (200, 2.0), (10_000, 2.0), (100_000, 3.0), (1_000_000, 4.0)],
)
def test_the_floor_grows_with_the_register_so_that_the_pairs_of_a_case_do_not(cases, floor):
    assert ledger_floor(cases) == pytest.approx(floor, abs=1e-12)
    assert cases * (cases - 1) / 2 * 10**-floor <= 50 * cases


def test_a_floor_that_is_given_stays(planted):
    given = review(planted[0].register, Settings(replicates=0, floor=3.25, intervals=False))
    assert given.summary["ledger_floor_log10_lr"] == 3.25
    assert (given.links["log10_lr"] >= 3.25 - 0.01).all()
