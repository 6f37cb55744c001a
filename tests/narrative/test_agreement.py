"""Agreement of reviewers and acceptance by rule, against scikit-learn and statsmodels' textbook values."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from openverdict.errors import InputError
from openverdict.narrative import acceptance_rates, agreement, cohen_kappa, wilson

CODINGS = st.integers(1, 40).flatmap(
    lambda n: st.tuples(*(st.lists(st.sampled_from("abc"), min_size=n, max_size=n) for _ in "12"))
)


@given(CODINGS)
def test_kappa_is_that_of_scikit_learn(codings):
    first, second = codings
    if len({*first, *second}) == 1:
        assert math.isnan(cohen_kappa(first, second))
    else:
        assert cohen_kappa(first, second) == pytest.approx(
            cohen_kappa_score(first, second), abs=1e-12
        )


def test_kappa_of_nothing_is_not_defined_and_of_unequal_codings_refused():
    assert math.isnan(cohen_kappa([], []))
    with pytest.raises(InputError, match="same order"):
        cohen_kappa([1], [1, 2])


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_that_of_scipy(case):
    hits, n = case
    if not n:
        assert wilson(0, 0) == (0.0, 1.0)
        return
    expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def review(*accepted: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "case_id": ["A"] * len(accepted), "field": ["indicators"] * len(accepted),
            "value": ["phone_missing"] * len(accepted), "assertion": ["present"] * len(accepted),
            "start": [str(i) for i in range(len(accepted))], "end": ["99"] * len(accepted),
            "rule": [f"rule.{i % 2}" for i in range(len(accepted))], "accepted": accepted,
        }
    )  # fmt: skip


def test_only_suggestions_that_both_decided_are_compared():
    told = agreement(review("yes", "no", "yes", None), review("Yes ", "yes", "yes", "no"))
    assert (told.rows, told.agreed) == (3, 2)


def test_rates_count_decided_suggestions_by_rule():
    rates = acceptance_rates([review("yes", "no", "no", None)])
    assert rates.select("rule", "decided", "accepted").rows() == [
        ("rule.0", 2, 1),
        ("rule.1", 1, 0),
    ]
    assert rates.filter(pl.col("low") > pl.col("rate")).is_empty()
