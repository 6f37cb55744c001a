"""The fitted combination: monotone, shrunk to the model, additive, and its parts against independent oracles."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy import integrate
from sklearn.linear_model import LogisticRegression
from tests.evidence.made import register_of

from openverdict.evidence.combination import (
    DESIGNS,
    Combination,
    fit,
    fit_combination,
    mean_gap,
    third_case,
)
from openverdict.evidence.known import labelled_pairs


def made_pairs(seed: int, n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    linked = rng.random(n) < 0.1
    return rng.normal(size=(n, 3)) + linked[:, None] * [1.0, 0.5, 0.0], linked


def test_without_shrinkage_and_bounds_at_rest_it_is_logistic_regression():
    x, y = made_pairs(1)
    beta, constant = fit(x[:, :2], y, np.ones(len(y)), np.zeros(2), np.zeros(2))
    other = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[:, :2], y)
    odds = np.log(y.sum() / (~y).sum())
    assert beta == pytest.approx(other.coef_[0], abs=1e-4)
    assert constant == pytest.approx(other.intercept_[0] - odds, abs=1e-4)


def test_no_coefficient_is_negative():
    x, y = made_pairs(2)
    beta, _ = fit(-x, y, np.ones(len(y)), np.ones(3), np.full(3, 0.1))
    assert (beta >= 0).all()
    assert beta[:2] == pytest.approx([0, 0], abs=1e-6)


def test_strong_shrinkage_leaves_the_model_as_it_stands():
    x, y = made_pairs(3)
    beta, _ = fit(x, y, np.ones(len(y)), np.ones(3), np.full(3, 1e9))
    assert beta == pytest.approx(np.ones(3), abs=1e-4)


def test_the_contributions_add_up():
    c = Combination(DESIGNS[0], 1.0, ("a", "b"), np.array([0.5, 2.0]), -0.7)
    x = np.array([[1.0, 2.0], [0.0, -1.0]])
    total = np.sum(list(c.contributions(x).values()), axis=0)
    assert total == pytest.approx(c.log_lr(x) / np.log(10.0))


def test_a_third_case_is_the_best_of_the_weaker_ratios():
    n = 12
    a, b = np.triu_indices(n, 1)
    ratio = np.random.default_rng(4).normal(size=len(a))
    full = np.full((n, n), -np.inf)
    full[a, b] = full[b, a] = ratio
    support, which = third_case(ratio, n)
    for row, (i, j) in enumerate(zip(a, b, strict=True)):
        weaker = [min(full[i, k], full[j, k]) if k not in (i, j) else -np.inf for k in range(n)]
        assert support[row] == pytest.approx(max(*weaker, 0.0))
        assert which[row] == (np.argmax(weaker) if max(weaker) > 0 else -1)


@pytest.mark.parametrize("apart_hours", [0, 5, 30, 400])
def test_the_mean_gap_is_the_double_integral_over_both_intervals(apart_hours):
    start = datetime(2014, 1, 1)
    rows = [
        {"last_known_alive_at": start, "found_at": start + timedelta(hours=24)},
        {
            "last_known_alive_at": start + timedelta(hours=apart_hours),
            "found_at": start + timedelta(hours=apart_hours + 40),
        },
    ]
    register = register_of([{**row, "case_id": f"K{k}"} for k, row in enumerate(rows)])
    value = mean_gap(register, np.array([0]), np.array([1]))[0]
    inner, _ = integrate.dblquad(
        lambda s, t: abs(s - t), 0, 24, apart_hours, apart_hours + 40, epsabs=1e-3
    )
    assert value == pytest.approx(inner / (24 * 40) / 24, rel=1e-4)


def test_a_longer_series_weighs_more_but_not_by_its_pairs_and_the_fit_is_repeatable():
    rng = np.random.default_rng(6)
    series = {k: frozenset([str(k // 4)]) if k < 24 else frozenset() for k in range(60)}
    pairs = labelled_pairs(series)
    values = rng.normal(size=(len(pairs.i), 2)) + pairs.linked[:, None] * 2.0
    train = np.arange(len(pairs.i))
    one, wide = fit_combination(DESIGNS[1], 1.0, ("a", "b"), values, pairs, train, 60)
    two, _ = fit_combination(DESIGNS[1], 1.0, ("a", "b"), values, pairs, train, 60)
    assert one.terms == ("a", "b", "third case")
    assert np.array_equal(one.coefficients, two.coefficients)
    assert (one.log_lr(wide)[pairs.linked].mean()) > one.log_lr(wide)[~pairs.linked].mean() + 2
