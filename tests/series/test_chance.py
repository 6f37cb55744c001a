"""Chance rates: what is counted, what the tail adds, and what a lead's own cases do to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.made import made

from openverdict.evidence import Model, load_variables, prepare
from openverdict.linkage import compile_slots
from openverdict.series import LEAST_RATE, Chance, Classes, NullLead, classes_of, measure_chance
from openverdict.series.classes import (
    DEATHS,
    DEATHS_KEY,
    FEWEST,
    INCIDENT,
    INCIDENT_KEY,
    KEYED,
    PLAIN,
    POOLS,
    WEIGHTS,
    WORDS,
)
from openverdict.series.nulls import KINDS

YEARS = 2.0
REPLICATES = {"place": 10, "time": 10}


def chance_of(strengths: list[float], kind: str = "place", years: float = YEARS) -> Chance:
    """Null leads of one kind, each of two cases of its own."""
    found = tuple(
        NullLead(kind, s, frozenset({1000 + 2 * k, 1001 + 2 * k})) for k, s in enumerate(strengths)
    )
    return Chance(years, REPLICATES, found)


many = st.lists(st.floats(-5, 8), max_size=120)


def test_with_enough_null_leads_as_strong_they_are_counted():
    chance = chance_of([k / 10 for k in range(300)])
    assert chance.per_year(5.0) == pytest.approx(251 / (YEARS * 10))
    assert chance.at_least(5.0) == {"place": 250, "time": 0}


def test_the_kind_of_null_register_that_gives_more_decides():
    few, lots = chance_of([1.0] * 8, "place"), chance_of([1.0] * 40, "time")
    both = Chance(YEARS, REPLICATES, few.found + lots.found)
    assert both.per_year(0.5) == lots.per_year(0.5) == pytest.approx(41 / (YEARS * 10))
    assert both.interval(0.5) == lots.interval(0.5)


def test_beyond_what_is_counted_the_tail_falls_as_it_was_drawn():
    """Exponential null strengths of a known scale: over forty draws the mean rate is the true one or somewhat more."""
    scale, n = 0.9, 4000
    rng = np.random.default_rng(3)
    drawn = [chance_of(rng.exponential(scale, n).tolist()) for _ in range(40)]
    for strength in (5.5, 6.5):
        true = n * np.exp(-strength / scale) / (YEARS * 10)
        fitted = np.mean([chance.per_year(strength) for chance in drawn])
        assert 0.8 * true <= fitted <= 3 * true


@given(many, st.floats(-6, 60), st.floats(0, 20), st.floats(0.25, 3000.0))
def test_a_stronger_lead_never_has_a_higher_chance_rate(strengths, strength, more, years):
    chance = chance_of(strengths, years=years)
    assert chance.per_year(strength + more) <= chance.per_year(strength) + 1e-12


@given(many, st.floats(-6, 60), st.floats(0.25, 3000.0))
def test_a_rate_is_never_below_what_null_registers_can_tell(strengths, strength, years):
    assert chance_of(strengths, years=years).per_year(strength) >= LEAST_RATE


def test_null_leads_in_two_heaps_are_counted_and_no_more():
    """Twenty-five weak null leads and five a little stronger: no tail. Being stronger still can't be more frequent."""
    chance = chance_of([0.0] * 25 + [0.1] * 5)
    assert chance.per_year(0.1) == pytest.approx(6 / (YEARS * 10))
    assert chance.per_year(0.11) == 1 / (YEARS * 10)


def test_null_leads_that_hold_two_of_a_leads_own_cases_are_left_out():
    own = frozenset({1, 2, 3})
    found = [
        NullLead("time", 9.0, own),
        NullLead("time", 9.0, frozenset({2, 3, 9})),
        NullLead("time", 9.0, frozenset({3, 9})),
    ]
    chance = Chance(YEARS, REPLICATES, tuple(found))
    assert chance.at_least(8.0) == {"place": 0, "time": 3}
    assert chance.at_least(8.0, own) == {"place": 0, "time": 1}
    assert chance.per_year(8.0, own) <= chance.per_year(8.0)


def test_without_a_single_null_lead_the_rate_is_half_a_lead_in_all_the_years():
    assert chance_of([]).per_year(3.0) == 0.5 / (YEARS * 10)


@pytest.fixture(scope="module")
def measured() -> tuple[Chance, Chance]:
    register = made(6, 250, places="spread", missing=0.1)
    prepared = prepare(register, load_variables())
    slots = compile_slots(Model(prepared))
    is_death = (register.table["kind"] == "death").to_numpy()

    def run(threads: int) -> Chance:
        return measure_chance(
            prepared, slots, is_death, years=1.1, replicates=6, seed=3, bar=-1.0, link_floor=1.0,
            drawn=2, threads=threads,
        )  # fmt: skip

    return run(1), run(2)


def test_threads_do_not_change_what_is_measured(measured):
    one, two = measured
    assert one == two


def test_null_leads_hold_contents_of_the_register_and_both_kinds_are_run(measured):
    chance, _ = measured
    assert chance.replicates == {"place": 3, "time": 3, "drawn": 2}
    assert chance.found
    for kind, strength, contents, _ in chance.found:
        assert kind in (*KINDS, "drawn")
        assert strength >= -5.0
        assert len(contents) >= 2
        assert contents <= set(range(250))


def groups(kind: str, count: int, first: int, *, by_key: bool) -> list[NullLead]:
    """Equally strong null leads of two cases each, of contents that no other holds."""
    return [
        NullLead(kind, 1.0, frozenset({first + 2 * k, first + 2 * k + 1}), by_key)
        for k in range(count)
    ]


def test_each_group_is_compared_with_its_like_and_each_class_has_its_part_of_the_budget():
    incidents = range(1000, 2000)
    found = [
        *groups("place", 10, 0, by_key=False),
        *groups("place", 40, 100, by_key=True),
        *groups("place", 80, 1000, by_key=False),
        *groups("place", 20, 1500, by_key=True),
    ]
    chance = Chance(YEARS, REPLICATES, tuple(found), classes_of(incidents, 900, keyed=True))
    for contents, by_key, label, seen in (
        ((5000, 5001), False, DEATHS, 10),
        ((5000, 5001), True, DEATHS_KEY, 40),
        ((5000, 1999), False, INCIDENT, 80),
        ((1998, 1999), True, INCIDENT_KEY, 20),
    ):
        assert chance.class_of(contents, by_key=by_key) == label
        rate = chance.per_year(0.5, contents, by_key=by_key)
        assert rate == pytest.approx((seen + 1) / (YEARS * 10) / WEIGHTS[label])
        low, high = chance.interval(0.5, contents, by_key=by_key)
        assert low < rate < high
    together = Chance(YEARS, REPLICATES, tuple(found))
    assert together.per_year(0.5) == pytest.approx(151 / (YEARS * 10))


@pytest.mark.parametrize(
    ("incidents", "deaths", "keyed", "labels"),
    [
        ((), 10, False, {DEATHS}),
        ((), 10, True, {DEATHS, DEATHS_KEY}),
        ((4,), 10, False, {DEATHS, INCIDENT}),
        ((4,), 10, True, {DEATHS, DEATHS_KEY, INCIDENT, INCIDENT_KEY}),
        ((4, 5), 1, True, {INCIDENT, INCIDENT_KEY}),
        ((), 0, False, {DEATHS}),
    ],
)
def test_only_classes_that_can_occur_share_the_budget_and_share_all_of_it(
    incidents, deaths, keyed, labels
):
    classes = classes_of(incidents, deaths, keyed=keyed)
    assert set(classes.labels) == labels
    assert sum(weight for _, weight in classes.weights) == pytest.approx(1.0)
    ratios = {classes.weight(label) / WEIGHTS[label] for label in labels}
    assert max(ratios) == pytest.approx(min(ratios))
    for by_key in (False, True):
        assert classes.of((4, 7), by_key=by_key) in labels


def test_the_stated_weights_sum_to_one_and_each_class_is_said_in_words():
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    assert WORDS.keys() == WEIGHTS.keys() | POOLS.keys()
    assert Classes().of((1, 2), by_key=True) == DEATHS


def test_a_class_too_rare_to_be_measured_goes_with_its_like_and_the_budget_stays_whole():
    whole = classes_of([7, 8], 900, keyed=True)
    many = dict.fromkeys(whole.labels, FEWEST)
    assert whole.pooled(many) == whole
    pooled = whole.pooled(many | {INCIDENT_KEY: FEWEST - 1})
    assert set(pooled.labels) == {DEATHS, INCIDENT, KEYED}
    assert sum(weight for _, weight in pooled.weights) == pytest.approx(1.0)
    assert pooled.weight(KEYED) == pytest.approx(WEIGHTS[DEATHS_KEY] + WEIGHTS[INCIDENT_KEY])
    assert pooled.of((1, 7), by_key=True) == pooled.of((1, 2), by_key=True) == KEYED
    assert pooled.of((1, 7), by_key=False) == INCIDENT
    both = whole.pooled({DEATHS_KEY: FEWEST, INCIDENT_KEY: FEWEST})
    assert set(both.labels) == {PLAIN, DEATHS_KEY, INCIDENT_KEY}
    assert both.of((1, 7), by_key=False) == PLAIN
    assert classes_of([], 900, keyed=True).pooled({}) == classes_of([], 900, keyed=True)


def test_the_same_groups_met_again_say_less_than_as_many_different_ones():
    once = Chance(YEARS, REPLICATES, tuple(groups("place", 40, 0, by_key=False)))
    again = Chance(YEARS, REPLICATES, tuple(groups("place", 4, 0, by_key=False) * 10))
    assert once.per_year(0.5) == again.per_year(0.5)
    assert again.interval(0.5)[0] < once.interval(0.5)[0]
    assert again.interval(0.5)[1] > once.interval(0.5)[1]


def test_the_second_opinion_is_measured_apart_and_takes_no_part_in_the_rate():
    shuffled, drawn = groups("time", 10, 0, by_key=False), groups("drawn", 30, 100, by_key=False)
    replicates = REPLICATES | {"drawn": 5}
    chance = Chance(YEARS, replicates, (*shuffled, *drawn))
    assert chance.per_year(0.5) == pytest.approx(11 / (YEARS * 10))
    assert chance.second_opinion(0.5) == pytest.approx(31 / (YEARS * 5))
    assert Chance(YEARS, REPLICATES, tuple(shuffled)).second_opinion(0.5) is None
    assert chance.reach_years == YEARS * 10


def test_what_the_fits_rest_on_is_told_by_class_and_kind(measured):
    chance, _ = measured
    assert chance.fits.keys() == {
        f"{label}, {kind}" for label in chance.classes.labels for kind in (*KINDS, "drawn")
    }
    for said in chance.fits.values():
        assert said["exceedances"] <= max(said["leads"] - 1, 0)
        assert 0.0 <= said["p_value"] <= 1.0
