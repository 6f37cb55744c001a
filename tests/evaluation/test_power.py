"""Power at a measured rate: thresholds by counting, intervals against scipy's own, and one small city end to end."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binomtest, poisson

from openverdict.evaluation.nulls import alarm_table, chance_rates, nominal_band, rate_interval
from openverdict.evaluation.power import (
    LEAST,
    SCORERS,
    Setting,
    interval,
    null_groups,
    planted_strengths,
    power_table,
    raised,
    thresholds,
)
from openverdict.simulate import CitySpec

SMALL = Setting(deaths_a_year=600)


def group(strength, label="deaths"):
    return {"strength": strength, "size": 2, "group_class": label, "duplicate": False}


def test_a_bar_lets_through_the_part_of_the_budget_that_its_class_has():
    weights = {"deaths": 0.75, "deaths_key": 0.25}
    groups = [group(x) for x in (5.0, 4.5, 4.0, 3.0, 2.0)] + [group(7.0, "deaths_key")]
    bars = thresholds(groups, years=4.0, budget=1.0, weights=weights)
    assert bars == {"deaths": 3.0, "deaths_key": LEAST}
    assert sum(g["strength"] > bars["deaths"] for g in groups if g["group_class"] == "deaths") == 3


def test_a_series_is_raised_in_the_class_that_it_is_of():
    bars = {"deaths": 3.0, "deaths_key": 6.0}
    assert raised([[2.0, "deaths"], [3.1, "deaths"]], bars)
    assert not raised([[3.0, "deaths"], [5.9, "deaths_key"], [9.0, "incident"]], bars)


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (7, 20), (20, 20)])
def test_intervals_agree_with_scipy(hits, n):
    expected = binomtest(hits, n).proportion_ci(0.95, "exact")
    np.testing.assert_allclose(interval(hits, n), [expected.low, expected.high], atol=1e-9)


def test_a_rate_lies_at_the_ends_of_its_interval_by_poisson():
    low, high = rate_interval(5, 10.0)
    assert poisson.sf(4, low * 10) == pytest.approx(0.025)
    assert poisson.cdf(5, high * 10) == pytest.approx(0.025)


def test_alarms_that_come_as_often_as_they_say_lie_inside_the_band():
    rng = np.random.default_rng(1)
    registers = [
        {
            "years": 2.0,
            "groups": [
                [float(r), float(-np.log10(r)), "deaths"]
                for r in rng.uniform(0, 30, rng.poisson(60)) + 1e-6
            ],
        }
        for _ in range(200)
    ]
    table = alarm_table(registers)
    assert [row["any_strength"]["in_band"] for row in table] == [True, True, True]
    assert all(row["any_strength"]["registers_inside"] > 0.9 for row in table)
    low, high = nominal_band(12.0, 400.0)
    assert low < 12 < high


def test_a_small_city_gives_a_table():
    nulls = [null_groups(SMALL.null(), 1)]
    planted = [planted_strengths(SMALL, seed) for seed in (2, 3)]
    table = power_table(SMALL, nulls, planted, budget=1.0)
    for name in SCORERS:
        shares = [table[name][k]["share"] for k in ("2", "3", "4")]
        assert all(0 <= share <= 1 for share in shares)
        assert table[name]["false_leads_per_year"] <= 1.0
    assert json.loads(json.dumps(table)) == table
    assert planted[0] == planted_strengths(SMALL, 2)


def test_a_register_without_a_series_gives_rates_in_order():
    found = chance_rates(CitySpec(cases_a_year=200), 1, replicates=4)
    rates = [g[0] for g in found["groups"]]
    assert rates == sorted(rates)
    assert found == chance_rates(CitySpec(cases_a_year=200), 1, replicates=4)
