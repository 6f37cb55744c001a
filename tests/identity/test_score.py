"""The weights, recomputed by hand from the frozen model, and the three readings of a pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.people import SECRET, town

from openverdict.errors import EngineError
from openverdict.identity import read_model
from openverdict.identity.blocking import candidates
from openverdict.identity.comparisons import COMPARISONS
from openverdict.identity.kin import Priors, learn_priors, weigh
from openverdict.identity.score import score

MODEL = read_model("shipped")
BITS = st.floats(-60, 80)


@pytest.fixture(scope="module")
def scored():
    """A town's pairs with their weights."""
    _, records = town(1_500)
    return records, score(records, candidates(records.table), MODEL, SECRET, least_weight=-30)


def _frequency(records, column, value):
    """How common a value is, counted by hand: those on fewer than five records share one floor."""
    values = records.table[column].drop_nulls().to_list()
    return max(values.count(value), 5) / len(values)


def test_every_weight_is_what_the_frozen_model_says(scored):
    records, frame = scored
    table = records.table.to_dicts()
    levels = {c.name: {level.name: level for level in c.levels} for c in COMPARISONS}
    for row in frame.head(400).iter_rows(named=True):
        for c in COMPARISONS:
            level = row[f"level_{c.name}"]
            if level == "missing":
                assert row[f"weight_{c.name}"] == 0
                continue
            u = MODEL.u[c.name][level]
            column = levels[c.name][level].frequency
            if column:
                u = _frequency(records, column, table[row["left"]][column])
            assert row[f"weight_{c.name}"] == pytest.approx(
                math.log2(MODEL.m[c.name][level] / u), abs=2e-5
            )


def test_the_contributions_add_up_to_the_weight_and_the_weight_gives_the_probability(scored):
    _, frame = scored
    parts = ["weight_prior", *(f"weight_{c.name}" for c in COMPARISONS), "weight_kin"]
    assert np.allclose(frame.select(parts).to_numpy().sum(1), frame["weight"].to_numpy())
    assert np.allclose(
        frame["probability"].to_numpy(), 1 / (1 + np.exp2(-frame["weight"].to_numpy()))
    )
    assert frame["weight_kin"].max() <= 1e-3


def test_relatives_are_weighed_as_the_formula_says(scored):
    records, frame = scored
    priors = MODEL.priors(len(records))
    kin = {c.name: {level.name: level.kin for level in c.levels} for c in COMPARISONS}
    for row in frame.head(200).iter_rows(named=True):
        against_kin = 1.0
        for c in COMPARISONS:
            level = row[f"level_{c.name}"]
            if level != "missing":
                against_kin *= MODEL.m[c.name][level] / kin[c.name][level]
        chance = 2 ** sum(row[f"weight_{c.name}"] for c in COMPARISONS)
        odds = priors.one / (priors.chance / chance + priors.kin / against_kin)
        assert row["weight"] == pytest.approx(math.log2(odds), abs=1e-6)


def test_only_pairs_from_the_least_weight_on_are_given():
    _, records = town(1_500)
    found = candidates(records.table)
    some = score(records, found, MODEL, SECRET, least_weight=5.0)
    every = score(records, found, MODEL, SECRET, least_weight=-1e6)
    kept = every.filter((every["weight"] - every["weight_kin"]) >= 5.0)
    assert len(every) == len(found)
    assert kept.select("left", "right").equals(some.select("left", "right"))


def test_threads_change_nothing():
    _, records = town(1_500)
    found = candidates(records.table)
    one, two = (score(records, found, MODEL, SECRET, threads=n) for n in (1, 2))
    assert one.equals(two)


def test_what_an_engine_says_when_it_fails_is_kept_back(monkeypatch):
    """An engine's message may quote a cell; only its kind is told."""
    _, records = town(1_500)

    def fail(*args, **kwargs):
        raise ValueError("Could not convert string 'THISTLEWICK'")

    monkeypatch.setattr("openverdict.identity.score.linker", fail)
    with pytest.raises(EngineError, match="ValueError") as error:
        score(records, candidates(records.table), MODEL, SECRET)
    assert "THISTLEWICK" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


@given(chance=BITS, kin=BITS, one=st.floats(1e-9, 1e-3), relatives=st.floats(1e-9, 1e-3))
def test_three_readings_are_weighed_by_the_theorem_of_bayes(chance, kin, one, relatives):
    priors = Priors(one, relatives)
    said = float(weigh(np.array([chance]), np.array([kin]), priors)[0])
    odds = one / ((1 - one - relatives) * 2**-chance + relatives * 2**-kin)
    assert said == pytest.approx(math.log2(odds), rel=1e-9, abs=1e-9)


def test_how_common_each_reading_is_is_learned_back():
    """From pairs drawn with known shares: ten in a thousand of one person, five of one household."""
    rng = np.random.default_rng(5)
    n, shares = 200_000, np.array([0.01, 0.005, 0.985])
    kind = rng.choice(3, n, p=shares)
    # One field of four levels under each reading, taken ten times.
    p = np.array([[0.85, 0.1, 0.04, 0.01], [0.3, 0.5, 0.15, 0.05], [0.01, 0.04, 0.15, 0.8]])
    drawn = np.stack(
        [(rng.random(n)[:, None] > np.cumsum(p[kind], 1)).sum(1).clip(max=3) for _ in range(10)]
    )
    chance = np.log2(p[0] / p[2])[drawn].sum(0)
    kin = np.log2(p[0] / p[1])[drawn].sum(0)
    learned = learn_priors(chance, kin, float(n), Priors(0.001, 0.001))
    assert learned.one == pytest.approx((kind == 0).mean(), rel=0.02)
    assert learned.kin == pytest.approx((kind == 1).mean(), rel=0.05)
