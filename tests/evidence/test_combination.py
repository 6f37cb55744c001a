"""The fitted combination: monotone, shrunk to the model, additive, and its parts against independent oracles."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy import integrate
from sklearn.linear_model import LogisticRegression
from tests.evidence.made import made_rows, register_of

from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.combination import (
    DESIGNS,
    SLACK,
    THIRD,
    Combination,
    fit,
    fit_combination,
    pair_weights,
    third_case,
    third_term,
)
from openverdict.evidence.known import LabelledPairs, labelled_pairs
from openverdict.evidence.smooth import MEASURES, mean_gap, measures, neighbour, same_hour


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
    c = Combination(1.0, ("a", "b"), np.array([0.5, 2.0]), -0.7)
    x = {"a": np.array([1.0, 0.0]), "b": np.array([2.0, -1.0])}
    total = np.sum(list(c.contributions(x).values()), axis=0)
    assert total == pytest.approx(c.log_lr(x) / np.log(10.0))
    assert c.log_lr(x) == pytest.approx([0.5 + 4.0 - 0.7, -2.0 - 0.7])


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


@pytest.mark.parametrize("apart_hours", [0, 5, 12, 30, 400])
def test_the_hour_is_the_mean_cosine_over_both_intervals(apart_hours):
    start = datetime(2014, 1, 1, 7)
    rows = [
        {"last_known_alive_at": start, "found_at": start + timedelta(hours=6)},
        {
            "last_known_alive_at": start + timedelta(hours=apart_hours),
            "found_at": start + timedelta(hours=apart_hours + 9),
        },
    ]
    register = register_of([{**row, "case_id": f"K{k}"} for k, row in enumerate(rows)])
    value = same_hour(register, np.array([0]), np.array([1]))[0]
    inner, _ = integrate.dblquad(
        lambda s, t: np.cos(2 * np.pi * (s - t) / 24), 0, 6, apart_hours, apart_hours + 9
    )
    assert value == pytest.approx(inner / (6 * 9), abs=1e-6)


def test_a_death_known_to_the_day_alone_has_no_hour():
    day = {"found_at_span_s": 86400}
    register = register_of([day, {"found_at": datetime(2014, 3, 1, 4)}])
    assert same_hour(register, np.array([0]), np.array([1]))[0] == pytest.approx(0.0, abs=1e-9)


@pytest.fixture(scope="module")
def city():
    register = register_of(made_rows(3, 60))
    return register, Model(prepare(register, load_variables()))


def test_a_neighbour_s_rank_is_counted_from_both_sides(city):
    _, model = city
    placed = np.flatnonzero(model.slots.placed)
    a, b = np.triu_indices(len(placed), 1)
    i, j = placed[a], placed[b]
    value = neighbour(model, i, j)

    def share(one: int, other: int) -> float:
        metres = {
            c: float(model.metres(np.array([one]), np.array([c]))[0])
            for c in placed.tolist()
            if c != one
        }
        nearer = sum(m < metres[other] for m in metres.values())
        tied = sum(m == metres[other] for m in metres.values())
        return (nearer + (tied + 1) / 2) / len(metres)

    for k in range(0, len(i), 97):
        expected = -(np.log(share(i[k], j[k])) + np.log(share(j[k], i[k]))) / 2 - 1
        assert value[k] == pytest.approx(expected)
    # -log of a uniform share has mean 1: the measure has mean 0 over all pairs, but for the ties and the steps of a rank.
    assert abs(value.mean()) < 0.2


def test_every_measure_is_zero_where_a_value_is_missing_and_does_not_depend_on_order(city):
    register, model = city
    a, b = np.triu_indices(len(register), 1)
    there, back = measures(register, model, a, b), measures(register, model, b, a)
    assert tuple(there) == MEASURES
    lost = ~(model.slots.placed[a] & model.slots.placed[b])
    assert lost.any()
    for name in ("nearer", "neighbour"):
        assert (there[name][lost] == 0).all()
    for name in MEASURES:
        assert there[name] == pytest.approx(back[name])


def test_a_third_case_says_no_more_than_the_pair_s_own_terms_bear_out():
    n = 12
    rng = np.random.default_rng(5)
    own, latest = rng.normal(size=(2, n * (n - 1) // 2)) * 3
    term = third_term(own, latest, n)
    assert (term <= np.maximum(own + SLACK, 0)).all()
    assert (term >= 0).all()
    assert np.array_equal(third_term(own + 100, latest, n), third_case(latest, n)[0])


def made_values(seed: int) -> tuple[dict[str, np.ndarray], LabelledPairs, np.ndarray]:
    """Random values of every term of the shipped variables and the measures, for pairs of 60 cases, 24 of them in series."""
    rng = np.random.default_rng(seed)
    series = {k: frozenset([str(k // 4)]) if k < 24 else frozenset() for k in range(60)}
    pairs = labelled_pairs(series)
    names = [v.name for v in load_variables()] + list(MEASURES)
    values = {
        name: rng.normal(size=len(pairs.i)) + 0.5 * pairs.linked * (k % 3)
        for k, name in enumerate(names)
    }
    return values, pairs, np.arange(len(pairs.i))


def test_the_average_is_the_mean_of_its_designs_each_fitted_alone():
    values, pairs, train = made_values(6)
    fitted, _ = fit_combination(1.0, load_variables(), values, pairs, train, 60)
    first = fitted
    while first.before is not None:
        first = first.before
    total = np.zeros(len(train))
    for design in DESIGNS:
        terms = design.terms(load_variables())
        columns = np.stack([values[t] for t in terms], 1)
        towards = np.array([t not in MEASURES for t in terms], dtype=float)
        beta, constant = fit(
            columns, pairs.linked, pair_weights(pairs), towards, np.ones(len(terms))
        )
        total += (columns @ beta + constant) / len(DESIGNS)
    assert first.log_lr(values) == pytest.approx(total)


def test_a_fit_is_repeatable_monotone_and_finds_the_third_cases():
    values, pairs, train = made_values(7)
    one, wide = fit_combination(1.0, load_variables(), values, pairs, train, 60)
    two, _ = fit_combination(1.0, load_variables(), values, pairs, train, 60)
    assert THIRD in one.terms
    assert np.array_equal(one.coefficients, two.coefficients)
    assert (one.coefficients >= 0).all()
    ratio = one.log_lr(wide)
    assert ratio[pairs.linked].mean() > ratio[~pairs.linked].mean() + 2


def test_a_longer_series_weighs_more_but_not_by_its_pairs():
    series = {k: frozenset([str(k // 4)]) if k < 8 else frozenset(["9"]) for k in range(10)}
    pairs = labelled_pairs(series)
    weight = pair_weights(pairs)
    by_group = {
        g: weight[pairs.linked & (pairs.group == g)].sum() for g in set(pairs.group.tolist()) - {-1}
    }
    assert sorted(by_group.values()) == pytest.approx([1.0, np.sqrt(6), np.sqrt(6)])
    assert (weight[~pairs.linked] == 1).all()
