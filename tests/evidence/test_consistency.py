"""Consistency learned from known series: against brute force, and recovered from pairs with a known share carried over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from tests.evidence.made import made

from openverdict.errors import InputError
from openverdict.evidence import Model, load_variables, model_hash, prepare
from openverdict.evidence.consistency import (
    factors,
    learn_consistency,
    posterior,
    retuned,
    with_variables,
)
from openverdict.evidence.known import (
    LabelledPairs,
    groups,
    labelled_pairs,
    linked_pairs,
    read_known_series,
)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(prepare(made(5, 120), load_variables()))


ratios = st.lists(
    st.tuples(st.sampled_from([0.0, 0.3, 1.0, 8.0, 500.0]), st.floats(0.1, 1.0)),
    min_size=1,
    max_size=30,
)


@given(ratios, st.floats(0.5, 20), st.floats(0.5, 20))
def test_theta_is_where_the_penalised_marginal_likelihood_is_greatest(sample, a, b):
    x, w = (np.array(column) for column in zip(*sample, strict=True))

    def cost(theta):
        fit = (w * np.log(1 - theta + theta * x)).sum()
        return -(fit + a * np.log(theta) + b * np.log(1 - theta))

    best = minimize_scalar(
        cost, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-11}
    )
    alpha, beta = posterior((a, b), x, w)
    assert alpha / (alpha + beta) == pytest.approx(best.x, abs=1e-5)
    assert alpha + beta == pytest.approx(a + b + w.sum())


@pytest.mark.parametrize("theta", [0.2, 0.5, 0.9])
def test_a_known_share_carried_over_is_found_again(theta):
    rng = np.random.default_rng(7)
    rate = np.array([0.5, 0.3, 0.15, 0.05])
    earlier = rng.choice(4, size=4000, p=rate)
    fresh = rng.choice(4, size=4000, p=rate)
    later = np.where(rng.random(4000) < theta, earlier, fresh)
    x = np.where(earlier == later, 1 / rate[later], 0.0)
    alpha, beta = posterior((1.0, 1.0), x, np.ones(4000))
    assert alpha / (alpha + beta) == pytest.approx(theta, abs=0.03)


def test_without_evidence_the_prior_stands():
    assert posterior((3.0, 7.0), np.zeros(0), np.zeros(0)) == (3.0, 7.0)


@pytest.mark.parametrize("variable", load_variables(), ids=lambda v: v.name)
def test_the_factors_of_a_pair_multiply_to_its_ratio(model, variable):
    a, b = np.triu_indices(model.n, 1)
    f = factors(model, variable, a, b)
    log10 = np.log10(1 - variable.theta + variable.theta * f.x)
    summed = np.bincount(f.pair, weights=log10, minlength=len(a))
    expected = model.terms(a, b)[variable.name]
    if variable.kernel == "type":
        expected = np.where(np.bincount(f.pair, minlength=len(a)) > 0, expected, 0.0)
        far = ~model.are_near(a, b)
        summed, expected = summed[far], expected[far]
    if variable.negative:
        v = model.content.coded.index(variable)
        bits, opposite = model.content.bits, model.opposite
        contrary = np.flatnonzero(opposite >= 0)
        sound = (bits[:, contrary] & bits[:, opposite[contrary]]).sum(1) == 0
        sound &= model.content.recorded[:, v] > 0  # a record that contradicts itself is left out
        said = sound[a] & sound[b]
        assert said.sum() > 100
        summed, expected = summed[said], expected[said]
    assert np.abs(summed - expected).max() < 1e-9


def test_a_retuned_model_is_the_model_prepared_with_those_settings(model):
    changed = tuple(replace(v, beta=(3.0, 9.0)) for v in model.variables)
    a, b = np.triu_indices(model.n, 1)
    fresh = Model(with_variables(model.prepared, changed)).total(a, b)
    assert np.array_equal(retuned(model, changed).total(a, b), fresh)
    assert not np.allclose(fresh, model.total(a, b))


def test_learned_variables_have_a_new_hash_and_say_where_they_come_from(model):
    pairs = linked_pairs({k: frozenset([str(k // 4)]) for k in range(40)})
    learned = learn_consistency(model, pairs, kernels=False)
    assert model_hash(learned) != model_hash(model.variables)
    assert [v.name for v in learned] == [v.name for v in model.variables]
    gap = next(v for v in learned if v.kernel == "gap")
    assert sum(gap.beta) == pytest.approx(20 + 30)
    assert "30 later members" in gap.source


def test_learned_kernels_stay_mixtures_and_raise_the_likelihood(model):
    pairs = linked_pairs({k: frozenset([str(k // 4)]) for k in range(60)})
    learned = learn_consistency(model, pairs)
    for before, after in zip(model.variables, learned, strict=True):
        if after.mixture:
            assert sum(w for w, _ in after.mixture) == pytest.approx(1.0)
            assert all(s > 0 for _, s in after.mixture)
        assert bool(after.mixture) == bool(before.mixture)
    linked = pairs.i, pairs.j
    assert retuned(model, learned).total(*linked).mean() > model.total(*linked).mean()


def test_no_known_series_changes_nothing(model):
    none = np.zeros(0, dtype=np.int64)
    pairs = LabelledPairs(none, none, none.astype(bool), none)
    assert learn_consistency(model, pairs) == model.variables


def test_each_later_member_counts_once():
    pairs = labelled_pairs({k: frozenset(["a"]) for k in range(14)})
    assert pairs.weight.sum() == pytest.approx(13)


def test_series_joined_by_a_case_make_one_group():
    series = {0: {"a"}, 1: {"a", "b"}, 2: {"b"}, 3: set(), 4: {"c"}}
    of = groups({k: frozenset(v) for k, v in series.items()})
    assert of[0] == of[1] == of[2]
    assert len({of[0], of[3], of[4]}) == 3
    pairs = labelled_pairs({k: frozenset(v) for k, v in series.items()})
    assert pairs.linked.sum() == 2
    assert (pairs.group >= 0).sum() == 3


def test_a_file_of_known_series_is_read_with_all_rows_of_a_case(tmp_path):
    path = tmp_path / "known.csv"
    path.write_text("case_id,series_id\nA,1\nA,2\nB,1\nC,\n", encoding="utf-8")
    known = read_known_series(path)
    assert known.series == {"A": {"1", "2"}, "B": {"1"}, "C": frozenset()}
    with pytest.raises(InputError, match="'A' is not in the register"):
        known.numbers(["B", "C"])
    assert known.numbers(["B", "C"], replayed=True) == {0: {"1"}, 1: frozenset()}
