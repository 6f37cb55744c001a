"""Measures of ranking and of likelihood ratios against scikit-learn, the forensic library `lir` and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lir import metrics as forensic
from lir.algorithms.isotonic_regression import IsotonicCalibrator
from lir.data.models import LLRData
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score, roc_curve

from openverdict.evaluation.measures import (
    Bin,
    average_precision,
    calibrated,
    calibration_bins,
    calibration_line,
    cllr,
    cllr_min,
    over_confidence,
    roc_auc,
    tpr_at,
)

EXACT = 1e-6

scores = st.sampled_from([-3.0, -1.5, 0.0, 0.25, 1.0, 4.0]) | st.floats(-20, 20).map(
    lambda x: round(x, 6)  # scikit-learn pools scores closer than floats can tell apart
)
samples = st.lists(
    st.tuples(scores, st.booleans()),
    min_size=2,
    max_size=60,
)


def split(sample: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    score = np.array([s for s, _ in sample])
    linked = np.array([label for _, label in sample], dtype=bool)
    assume(linked.any() and not linked.all())
    return score, linked


@given(samples)
def test_ranking_measures_are_those_of_scikit_learn_ties_included(sample):
    score, linked = split(sample)
    assert roc_auc(score, linked) == pytest.approx(roc_auc_score(linked, score), abs=EXACT)
    assert average_precision(score, linked) == pytest.approx(
        average_precision_score(linked, score), abs=EXACT
    )


@given(samples, st.sampled_from([0.01, 0.05, 0.3]))
def test_the_rate_at_a_share_of_false_positives_is_that_of_scikit_learn_ties_included(sample, at):
    score, linked = split(sample)
    false, true, _ = roc_curve(linked, score, drop_intermediate=False)
    assert tpr_at(score, linked, at) == pytest.approx(true[false <= at].max(), abs=EXACT)


@given(samples)
def test_both_costs_are_those_of_the_forensic_institute(sample):
    log10_lr, linked = split(sample)
    theirs = LLRData(features=log10_lr[:, None], labels=linked.astype(int))
    assert cllr(log10_lr, linked) == pytest.approx(forensic.cllr(theirs), abs=EXACT)
    assert cllr_min(log10_lr, linked) == pytest.approx(forensic.cllr_min(theirs), abs=EXACT)


@given(samples)
def test_pooling_adjacent_violators_is_that_of_the_forensic_institute(sample):
    log10_lr, linked = split(sample)
    theirs = IsotonicCalibrator().fit_transform(log10_lr, linked.astype(int))
    assert calibrated(log10_lr, linked) == pytest.approx(theirs.ravel(), abs=EXACT)


@given(samples)
def test_cllr_is_the_balanced_log_loss_in_bits(sample):
    log10_lr, linked = split([(s, label) for s, label in sample if abs(s) < 8])
    posterior = 1 / (1 + 10.0**-log10_lr)
    weight = np.where(linked, 1 / linked.sum(), 1 / (~linked).sum())
    expected = log_loss(linked, posterior, sample_weight=weight) / np.log(2)
    assert cllr(log10_lr, linked) == pytest.approx(expected, rel=1e-6)


def test_a_system_that_says_nothing_costs_one_bit():
    assert cllr(np.zeros(7), np.arange(7) < 3) == pytest.approx(1.0)


def test_one_pair_of_each_kind_has_the_closed_form():
    ratio = np.log10([8.0, 1 / 4])
    expected = (np.log2(1 + 1 / 8) + np.log2(1 + 1 / 4)) / 2
    assert cllr(ratio, np.array([True, False])) == pytest.approx(expected)


def test_calibrated_ratios_cost_least_when_left_as_they_are():
    """Two normals a known distance apart: the true log ratios; any stretching of them costs more."""
    rng = np.random.default_rng(1)
    linked = np.arange(40_000) % 2 == 0
    x = rng.normal(np.where(linked, 1.0, -1.0))
    log10_lr = 2 * x / np.log(10)
    best = minimize_scalar(
        lambda a: cllr(a * log10_lr, linked), bounds=(0.2, 3.0), method="bounded"
    )
    assert best.x == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("linked", [np.zeros(3, dtype=bool), np.ones(3, dtype=bool)])
def test_measures_of_one_kind_alone_are_not_numbers(linked):
    score = np.arange(3.0)
    assert np.isnan(roc_auc(score, linked))
    assert np.isnan(cllr(score, linked))


def test_average_precision_without_a_linked_pair_is_not_a_number():
    assert np.isnan(average_precision(np.arange(3.0), np.zeros(3, dtype=bool)))


def test_ratios_beyond_the_range_of_floats_stay_numbers():
    assert cllr(np.array([400.0, -400.0]), np.array([False, True])) == pytest.approx(
        400 * np.log2(10)
    )


def overlapping(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True log10 ratios of two normals 1.5 apart, one in five linked."""
    rng = np.random.default_rng(seed)
    linked = rng.random(n) < 0.2
    x = rng.normal(size=n) + 1.5 * linked
    return (1.5 * x - 1.5**2 / 2) / np.log(10), linked


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.4, -2.0), (3.0, 1.0)])
def test_the_calibration_line_is_an_unpenalised_logistic_regression(slope, shift):
    ratio, linked = overlapping(2000, 1)
    claimed = (ratio + shift / np.log(10)) / slope
    other = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    other.fit(claimed[:, None] * np.log(10), linked)
    odds = np.log(linked.sum() / (~linked).sum())
    assert calibration_line(claimed, linked) == pytest.approx(
        (other.coef_[0, 0], other.intercept_[0] - odds), abs=EXACT
    )


def test_true_ratios_have_slope_one_and_ratios_twice_as_bold_one_half():
    ratio, linked = overlapping(200_000, 2)
    slope, intercept = calibration_line(ratio, linked)
    assert (slope, intercept) == pytest.approx((1.0, 0.0), abs=0.02)
    assert calibration_line(2 * ratio, linked)[0] == pytest.approx(slope / 2)


def test_kinds_that_one_cut_parts_have_no_slope():
    for sign in (1, -1):
        line = calibration_line(sign * np.arange(4.0), np.array([False, False, True, True]))
        assert np.isnan(line).all()
    assert np.isnan(calibration_line(np.array([0.0, np.inf, 1.0]), np.array([1, 0, 1]) > 0)).all()
    assert np.isnan(calibration_line(np.arange(3.0), np.zeros(3, dtype=bool))).all()


def test_over_confidence_is_distance_from_zero_beyond_what_the_labels_bear_out():
    ratio, linked = overlapping(200_000, 3)
    most, surely = over_confidence(calibration_bins(ratio, linked))
    assert most < 0.5  # the mean of a curved function in a unit bin
    assert surely < 0.3
    bold = calibration_bins(ratio * 2, linked)
    assert all(b.over_nats > 0.3 for b in (bold[0], bold[-1]))  # against a link as well as for one
    assert over_confidence(bold)[0] == max(b.over_nats for b in bold if b.linked + b.others >= 20)
    timid = calibration_bins(ratio / 3, linked)
    assert min(b.over_nats for b in timid) < -0.3
    assert max(over_confidence(timid)) < 0.3


def test_a_thin_bin_counts_only_as_far_as_it_is_sure():
    base = Bin(2.0, 3.0, 1, 9, 2.5, 0.5, -0.5, 1.0, 4.6, 4.6, 3.45)
    most, surely = over_confidence((base,))
    assert np.isnan(most)
    assert surely == 3.45


def test_a_pair_that_stands_for_several_counts_as_often():
    rng = np.random.default_rng(5)
    linked = rng.random(400) < 0.3
    log10_lr = np.where(linked, 0.8, -0.5) + rng.normal(0, 1.2, 400)
    times = rng.integers(1, 6, 400)
    weight = times.astype(np.float64)
    again, labels = np.repeat(log10_lr, times), np.repeat(linked, times)
    assert calibration_line(log10_lr, linked, weight) == pytest.approx(
        calibration_line(again, labels), abs=EXACT
    )
    for one, other in zip(
        calibration_bins(log10_lr, linked, weight), calibration_bins(again, labels), strict=True
    ):
        assert (one.linked, one.others) == (other.linked, other.others)
        assert one.claimed == pytest.approx(other.claimed, abs=EXACT)
        assert one.over_nats_sure == pytest.approx(other.over_nats_sure, abs=EXACT)
