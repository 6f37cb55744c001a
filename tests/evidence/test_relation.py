"""From terms to ratio: closed form, bounds, inverse, and that a ratio of mean one keeps it as far as it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.evidence.relation import ALIKE, COPIED, LEAST_CASES, Relation, usual

parts = st.tuples(st.floats(0.05, 1.0), st.one_of(st.just(0.0), st.floats(1e-9, 0.01)))


@given(parts, st.floats(-30, 30))
def test_the_ratio_is_its_formula(given_parts, terms):
    c, e = given_parts
    r = 1 - c + c * 10.0**terms
    expected = np.log10(r / (1 - e + e * r)) if r > 0 else -np.inf
    assert Relation(c, e).ratio(terms) == pytest.approx(expected, abs=1e-9)


@given(parts, st.floats(-12, 12))
def test_a_sum_of_terms_is_found_again_from_its_ratio(given_parts, terms):
    relation = Relation(*given_parts)
    again = relation.ratio(relation.sum_at(relation.ratio(terms)))
    assert again == pytest.approx(float(relation.ratio(terms)), abs=1e-6)


@given(parts, st.lists(st.floats(-300, 300), min_size=2, max_size=20))
def test_more_is_never_less_and_the_ratio_keeps_to_its_bounds(given_parts, terms):
    c, e = given_parts
    ratio = Relation(c, e).ratio(np.sort(np.array(terms)))
    assert (np.diff(ratio) >= -1e-12).all()
    if c < 1:
        assert (ratio >= np.log10(1 - c) - 1e-9).all()
    if e > 0:
        assert (ratio <= -np.log10(e) + 1e-9).all()


def test_what_no_pair_reaches_and_what_every_pair_reaches_have_no_sum_of_terms():
    relation = Relation(0.7, 1e-4)
    assert relation.sum_at(4.0) == np.inf
    assert relation.sum_at(-3.0) == -np.inf
    assert Relation(1.0, 0.0).sum_at(2.5) == pytest.approx(2.5)


def test_nothing_in_common_and_nothing_against_stays_nothing():
    assert Relation(0.7, 1e-5).ratio(0.0) == pytest.approx(0.0, abs=1e-12)


def test_a_ratio_whose_terms_have_mean_one_has_a_mean_of_at_most_one():
    """Simulated: log-normal ratios of mean one; the part that is not copied keeps the mean, the alike lower it."""
    x = np.random.default_rng(1).normal(-(1.5**2) / 2, 1.5, 400_000) / np.log(10.0)
    assert (10.0**x).mean() == pytest.approx(1.0, abs=0.02)
    assert (10.0 ** Relation(0.7, 0.0).ratio(x)).mean() == pytest.approx(1.0, abs=0.02)
    assert (10.0 ** Relation(0.7, 1e-3).ratio(x)).mean() <= 1.02


def test_what_is_usual_depends_on_the_number_of_cases_alone():
    assert usual(6000) == Relation(COPIED, ALIKE / 6000)
    assert usual(58) == usual(LEAST_CASES) == Relation(COPIED, ALIKE / LEAST_CASES)
