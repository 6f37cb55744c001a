"""Measures of labelled pairs against scikit-learn and closed forms; folds that keep groups whole; the page."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from openverdict.errors import MissingPartError
from openverdict.evaluation import evaluate_known_series, plots, write_evaluation
from openverdict.evaluation.crossval import COMBINED, VARIANTS, LabelledRegister
from openverdict.evaluation.measures import (
    calibrated,
    calibration_bins,
    calibration_line,
    cllr,
    cllr_min,
    recall_at_zero,
    tpr_at,
)
from openverdict.evaluation.resample import bootstrap, interval
from openverdict.evidence import load_variables
from openverdict.evidence.known import assign_folds, groups, labelled_pairs
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register


def gaussian(n: int, d: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose true natural log ratio is known: two normals d apart."""
    rng = np.random.default_rng(seed)
    linked = rng.random(n) < 0.3
    x = rng.normal(size=n) + d * linked
    return (x * d - d * d / 2) / np.log(10.0), linked


def test_the_rate_at_a_share_of_false_positives_is_the_roc_curve_s():
    score, linked = gaussian(500, 1.0, 1)
    score = score.round(1)
    false, true, _ = roc_curve(linked, score, drop_intermediate=False)
    for share in (0.01, 0.05, 0.5):
        assert tpr_at(score, linked, share) == pytest.approx(true[false <= share].max())


def test_the_recall_at_zero_counts_pairs_above_every_null_pair():
    score = np.array([1.0, 2.0, 3.0, 0.5, 2.5])
    linked = np.array([True, True, True, False, False])
    assert recall_at_zero(score, linked, ~linked) == pytest.approx(1 / 3)
    assert recall_at_zero(score, linked, np.zeros(5, dtype=bool)) == 1.0


def test_pooling_agrees_with_isotonic_regression():
    score, linked = gaussian(400, 1.5, 2)
    share = IsotonicRegression().fit_transform(score, linked.astype(float))
    with np.errstate(divide="ignore"):
        odds = np.log10(share / (1 - share)) - np.log10(linked.mean() / (1 - linked.mean()))
    finite = np.isfinite(odds)
    ours = calibrated(score, linked)
    assert np.isfinite(ours).tolist() == finite.tolist()
    assert ours[finite] == pytest.approx(odds[finite], abs=1e-9)


def test_recalibration_never_costs_more_and_true_ratios_hardly_gain():
    score, linked = gaussian(20_000, 1.5, 3)
    assert cllr_min(score, linked) <= cllr(score, linked)
    assert cllr(score, linked) - cllr_min(score, linked) < 0.01
    assert cllr_min(score * 5 + 3, linked) == pytest.approx(cllr_min(score, linked))


def test_true_ratios_are_calibrated_in_every_bin_and_inflated_ones_are_not():
    score, linked = gaussian(200_000, 1.5, 4)
    full = [b for b in calibration_bins(score, linked) if min(b.linked, b.others) > 200]
    assert len(full) >= 2
    assert all(
        abs(b.excess_nats) < 0.3 for b in full
    )  # the mean of a curved function in a unit bin
    assert all(b.low_observed < b.observed < b.high_observed for b in full)
    inflated = calibration_bins(score * 2, linked)[-1]
    assert inflated.excess_nats > 0.5


def test_a_draw_of_every_group_once_gives_the_plain_measures(monkeypatch):
    series = {k: frozenset([str(k // 3)]) if k < 30 else frozenset() for k in range(50)}
    pairs = labelled_pairs(series)
    score = np.random.default_rng(5).normal(size=len(pairs.i)) + 2 * pairs.linked
    score = score.round(1)

    class Once:
        def integers(self, high, size):
            return np.arange(high)

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Once())
    drawn = bootstrap(score, pairs, draws=1, seed=1)
    assert drawn["auc"][0] == pytest.approx(roc_auc_score(pairs.linked, score))
    assert drawn["average_precision"][0] == pytest.approx(
        average_precision_score(pairs.linked, score)
    )
    for share in (0.05, 0.01):
        assert drawn[f"tpr_at_{share:g}"][0] == pytest.approx(tpr_at(score, pairs.linked, share))


def test_the_interval_is_the_middle_of_the_draws():
    low, high = interval(norm.ppf((np.arange(10_000) + 0.5) / 10_000))
    assert (low, high) == pytest.approx((-1.96, 1.96), abs=0.01)


def test_folds_keep_groups_whole_and_are_even():
    series = {k: frozenset([str(k // 4)]) if k < 40 else frozenset() for k in range(100)}
    fold = assign_folds(series, 5, 1)
    assert sorted(np.bincount(list(fold.values()))[1:]) == [20] * 5
    of = groups(series)
    assert len({(of[c], fold[c]) for c in series}) == len(set(of.values()))


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    plan = SeriesPlan(kind="outdoor", members=3, count=11)
    made = simulate_register(CitySpec(cases_a_year=150, years=2.0, series=(plan,)), 3)
    members = made.series.select("case_id", "series_id")
    ids = pl.DataFrame({"case_id": made.register.table["case_id"].head(60)})
    path = tmp_path_factory.mktemp("known") / "known.csv"
    rest = ids.join(members, on="case_id", how="anti")
    pl.concat([members, rest], how="diagonal").write_csv(path)
    return made, path


@pytest.mark.slow
def test_known_series_are_evaluated_three_ways_and_written(city, tmp_path):
    made, path = city
    outcome = evaluate_known_series(made.register, path, draws=50)
    crossed = outcome.outcome["cross_validated"]
    assert [name for name in crossed if name in VARIANTS] == list(VARIANTS)
    for name in VARIANTS:
        low, high = crossed[name]["intervals_95"]["auc"]
        assert low <= crossed[name]["auc"] <= high
    page = write_evaluation(outcome, tmp_path).read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert "<script" not in page
    assert 'src="http' not in page
    written = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert written == outcome.outcome


@pytest.mark.slow
def test_a_model_for_a_fold_does_not_see_the_labels_inside_it(city):
    """Whoever belongs together inside the held-out fold, what is learned and chosen for it stays the same."""
    made, _ = city
    number = {c: k for k, c in enumerate(made.register.table["case_id"].to_list())}
    series = {
        number[c]: frozenset([s]) for c, s in made.series.select("case_id", "series_id").rows()
    }
    fold = assign_folds(series, 5, 1)
    hidden = {c: s if fold[c] != 1 else frozenset() for c, s in series.items()}
    without = frozenset({1})
    one, two = (
        LabelledRegister(made.register, load_variables(), s, fold).scores(without)
        for s in (series, hidden)
    )
    for name in VARIANTS:
        assert np.array_equal(one[name], two[name])


def test_plots_name_the_part_that_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingPartError, match="validation"):
        plots.tippett([("a", np.zeros(2), np.array([True, False]))])


@pytest.fixture(scope="module")
def reference(real_data) -> LabelledRegister:
    """The field's reference crimes with the folds that every figure of docs/validation.md is of."""
    from benchmarks.crimelinkage import HERE, read

    register, by_case, fold_of, _ = read(real_data / "crimelinkage")
    number = {c: k for k, c in enumerate(register.table["case_id"].to_list())}
    return LabelledRegister(
        register,
        load_variables(HERE / "crimelinkage.toml"),
        {number[c]: s for c, s in by_case.items()},
        {number[c]: f for c, f in fold_of.items()},
    )


@pytest.mark.data
@pytest.mark.slow
def test_the_reference_crimes_are_told_apart_without_labels_and_better_with_them(reference):
    """The shipped model ranks them as the R package does; what the other folds teach puts it above."""
    labelled = reference
    inside = labelled.fold_i == labelled.fold_j
    linked = labelled.pairs.linked[inside]
    assert (len(linked), linked.sum()) == (15_047, 255)
    learned = np.full(len(inside), np.nan)
    for fold in labelled.folds:
        rows = labelled.inside(fold)
        model, terms = labelled.learned(frozenset({fold}))
        total = np.sum([terms[v.name] for v in model.variables], axis=0)
        learned[rows] = total[labelled.row[rows]]
    shipped = labelled.shipped[labelled.row[inside]]
    assert roc_auc_score(linked, shipped) > 0.89
    assert roc_auc_score(linked, learned[inside]) > 0.92
    assert cllr(learned[inside], linked) < cllr(shipped, linked)


@pytest.mark.data
@pytest.mark.slow
def test_the_combination_reaches_every_target_of_the_reference_pairs(reference):
    inside = reference.fold_i == reference.fold_j
    linked = reference.pairs.linked[inside]
    score = reference.cross_validated()[COMBINED][inside]
    assert roc_auc_score(linked, score) >= 0.925
    assert average_precision_score(linked, score) >= 0.58
    assert tpr_at(score, linked, 0.05) >= 0.78
    assert tpr_at(score, linked, 0.01) >= 0.58
    assert cllr(score, linked) <= 0.48
    assert 0.9 < calibration_line(score, linked)[0] < 1.1
