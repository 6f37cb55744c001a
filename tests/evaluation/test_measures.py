"""Measures of ranking and of likelihood ratios against scikit-learn and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from openverdict.evaluation.measures import average_precision, cllr, roc_auc

samples = st.lists(
    st.tuples(
        st.sampled_from([-3.0, -1.5, 0.0, 0.25, 1.0, 4.0]) | st.floats(-20, 20), st.booleans()
    ),
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
    assert roc_auc(score, linked) == pytest.approx(roc_auc_score(linked, score))
    assert average_precision(score, linked) == pytest.approx(average_precision_score(linked, score))


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
