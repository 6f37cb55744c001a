"""Weights fitted on known series: against logistic regression; a weighted model keeps every contract of a plain one."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.evidence.made import START, made, register_of

from openverdict.evidence import Model, load_variables, model_hash, prepare
from openverdict.evidence.consistency import learn_consistency, retuned, unweighted
from openverdict.evidence.explain import contributions
from openverdict.evidence.known import linked_pairs
from openverdict.evidence.weights import (
    LEAST_GROUPS,
    LEAST_LINKED,
    fit_weights,
    learn,
    weighted,
)

LOG10 = np.log(10.0)


def made_terms(seed: int, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """True log10 ratios of two independent measures."""
    rng = np.random.default_rng(seed)
    linked = rng.random(n) < 0.2
    x = rng.normal(size=(n, 2)) + np.outer(linked, [1.5, 0.8])
    return (x * [1.5, 0.8] - np.array([1.5, 0.8]) ** 2 / 2) / LOG10, linked


def test_without_shrinkage_they_are_a_logistic_regression_through_the_prior():
    terms, linked = made_terms(1)
    balanced = np.where(linked, 1 / linked.sum(), 1 / (~linked).sum()) * len(linked)
    other = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=10_000)
    other.fit(terms * LOG10, linked, sample_weight=balanced)
    weight = fit_weights(terms, linked, balanced, 0.0)
    assert weight == pytest.approx(other.coef_[0], abs=1e-5)


def test_true_and_independent_ratios_count_once():
    terms, linked = made_terms(2, 200_000)
    assert fit_weights(terms, linked, np.ones(len(linked)), 1.0) == pytest.approx(
        [1.0, 1.0], abs=0.05
    )


def test_what_is_said_twice_counts_once_in_all():
    terms, linked = made_terms(3, 200_000)
    twice = np.concatenate([terms, terms[:, :1]], 1)
    a, b, again = fit_weights(twice, linked, np.ones(len(linked)), 1.0)
    assert a + again == pytest.approx(1.0, abs=0.05)
    assert a == pytest.approx(again, abs=0.01)
    assert b == pytest.approx(1.0, abs=0.05)


def test_no_weight_is_negative_and_strong_shrinkage_leaves_the_model_as_it_stands():
    terms, linked = made_terms(4)
    ones = np.ones(len(linked))
    assert (fit_weights(-terms, linked, ones, 1.0) >= 0).all()
    assert fit_weights(terms, linked, ones, 1e9) == pytest.approx([1.0, 1.0], abs=1e-4)


@pytest.fixture(scope="module")
def both() -> tuple[Model, Model, np.ndarray]:
    """A model, the same with weights, and the weights."""
    variables = load_variables()
    weight = np.random.default_rng(5).choice([0.0, 0.4, 1.0, 1.6], len(variables))
    plain = Model(prepare(made(5, 90), variables))
    return plain, retuned(plain, weighted(variables, weight)), weight


def all_pairs_of(model: Model) -> tuple[np.ndarray, np.ndarray]:
    j, i = np.tril_indices(model.n, -1)
    return i, j


def test_every_term_is_its_plain_one_times_its_weight(both):
    plain, heavy, weight = both
    i, j = all_pairs_of(plain)
    one, other = plain.terms(i, j), heavy.terms(i, j)
    for v, w in zip(plain.variables, weight, strict=True):
        assert other[v.name] == pytest.approx(w * one[v.name], abs=1e-12)
        assert (other[v.name][one[v.name] == 0] == 0).all()


def test_contributions_add_up_to_the_weighted_ratio_and_say_the_weight(both):
    _, heavy, weight = both
    i, j = all_pairs_of(heavy)
    total = heavy.total(i, j)
    for row in range(0, len(i), 311):
        parts = contributions(heavy, int(i[row]), int(j[row]))
        assert sum(c.log10_lr for c in parts) == pytest.approx(total[row], abs=1e-12)
        assert [c.weight for c in parts] == [*weight.tolist(), 1.0]


def test_a_null_register_has_the_same_weights(both):
    _, heavy, weight = both
    order = np.random.default_rng(6).permutation(heavy.n)
    null = Model(heavy.prepared, order)
    assert [v.weight for v in null.variables] == weight.tolist()
    assert [v.weight for v in null.content.coded] == [v.weight for v in heavy.content.coded]


def test_consistency_is_learned_from_what_is_not_weighted(both):
    plain, heavy, _ = both
    series = {k: frozenset([str(k // 3)]) for k in range(30)}
    pairs = linked_pairs(series)
    assert learn_consistency(heavy, pairs) == learn_consistency(plain, pairs)
    assert unweighted(plain) is plain
    assert {v.weight for v in unweighted(heavy).variables} == {1.0}


def test_weights_change_the_hash_of_the_model():
    variables = load_variables()
    assert model_hash(variables) == model_hash(weighted(variables, np.ones(len(variables))))
    assert model_hash(variables) != model_hash(weighted(variables, np.full(len(variables), 0.9)))


NEEDED = """
[gap]
label = "Gap"
kernel = "gap"
fields = ["found_at", "last_known_alive_at"]
theta = [18, 2]
mixture_days = [[1.0, 100.0]]
source = "test"

[distance]
label = "Distance"
kernel = "distance"
fields = ["found_lat", "found_lon", "found_precision_m"]
theta = [7, 3]
mixture_m = [[1.0, 500.0]]
source = "test"

[age]
label = "Age"
kernel = "number"
fields = ["age_years"]
theta = [5, 5]
mixture_years = [[1.0, 4.0]]
source = "test"
"""
CODE = """
[code_{k}]
label = "Code {k}"
kernel = "code"
fields = ["feature_{k}"]
theta = [5, 5]
source = "test"
"""


@pytest.fixture(scope="module")
def repeated(tmp_path_factory) -> tuple[Model, dict[int, frozenset[str]]]:
    """A register whose three codes say the same thing, with thirty known pairs of which most carry it over."""
    path = tmp_path_factory.mktemp("mine") / "mine.toml"
    path.write_text(NEEDED + "".join(CODE.format(k=k) for k in (1, 2, 3)), encoding="utf-8")
    rng = np.random.default_rng(7)
    value = rng.integers(12, size=400)
    for k in range(30):
        if rng.random() < 0.8:
            value[2 * k + 1] = value[2 * k]
    days = rng.permutation(400 * 5)[:400]
    rows = [
        {
            "found_at": START + timedelta(days=int(days[k])),
            **{f"feature_{f}": f"v{value[k]}" for f in (1, 2, 3)},
        }
        for k in range(400)
    ]
    model = Model(prepare(register_of(rows), load_variables(path)))
    order = {case: k for k, case in enumerate(model.prepared.case_ids)}
    return model, {order[f"K{c}"]: frozenset([str(c // 2)]) for c in range(60)}


def test_three_codes_that_say_one_thing_are_weighed_down_and_the_cost_falls(repeated):
    model, series = repeated
    taught = learn(model, series, seed=1)
    assert taught.used
    assert taught.after < taught.before
    assert (taught.groups, taught.linked) == (30, 30)
    weight = {v.name: v.weight for v in taught.variables}
    together = sum(weight[f"code_{k}"] for k in (1, 2, 3))
    assert together < 2.0
    assert learn(model, series, seed=1) == taught
    told = taught.summary(model.variables)
    assert told["cllr_with_weights"] < told["cllr_without_weights"]
    assert [row["weight"] for row in told["variables"]] == [
        round(v.weight, 4) for v in taught.variables
    ]


@pytest.mark.parametrize(
    ("cases", "says"),
    [
        (2 * (LEAST_GROUPS - 1), f"{LEAST_GROUPS - 1}, and {LEAST_GROUPS}"),
        (2 * (LEAST_LINKED - 1), f"{LEAST_LINKED - 1}, and {LEAST_LINKED}"),
        (0, "too few groups"),
    ],
)
def test_with_too_few_series_consistency_alone_is_learned_and_the_least_number_is_said(
    repeated, cases, says
):
    model, series = repeated
    few = {c: s for c, s in series.items() if int(next(iter(s))) < cases // 2}
    taught = learn(model, few, seed=1)
    assert not taught.used
    assert says in taught.why_not
    assert taught.variables == learn_consistency(model, linked_pairs(few))
    assert taught.summary(model.variables)["cllr_with_weights"] is None
