"""Chance rates: what is counted, what the tail adds, and what a lead's own cases do to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.made import made

from openverdict.evidence import Model, load_variables, prepare
from openverdict.linkage import compile_slots
from openverdict.series import Chance, NullLead, measure_chance
from openverdict.series.chance import ENOUGH, LEAST_RATE
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
    chance = chance_of([k / 10 for k in range(100)])
    assert chance.per_year(5.0) == 50 / (YEARS * 10)
    assert chance.at_least(5.0) == {"place": 50, "time": 0}


def test_the_kind_of_null_register_that_gives_more_decides():
    few, lots = chance_of([1.0] * 8, "place"), chance_of([1.0] * 40, "time")
    both = Chance(YEARS, REPLICATES, few.found + lots.found)
    assert both.per_year(0.5) == lots.per_year(0.5) == 40 / (YEARS * 10)


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


def test_five_null_leads_just_below_say_no_more_than_five():
    """Twenty-five weak null leads and five a little stronger: being stronger still can't be more frequent."""
    chance = chance_of([0.0] * 25 + [0.1] * ENOUGH)
    assert chance.per_year(0.11) <= chance.per_year(0.1) == ENOUGH / (YEARS * 10)


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
            threads=threads,
        )  # fmt: skip

    return run(1), run(2)


def test_threads_do_not_change_what_is_measured(measured):
    one, two = measured
    assert one == two


def test_null_leads_hold_contents_of_the_register_and_both_kinds_are_run(measured):
    chance, _ = measured
    assert chance.replicates == {"place": 3, "time": 3}
    assert chance.found
    for kind, strength, contents, _ in chance.found:
        assert kind in KINDS
        assert strength >= -5.0
        assert len(contents) >= 2
        assert contents <= set(range(250))


def test_leads_carried_by_a_key_are_compared_with_their_like_and_each_class_has_half_the_budget():
    found = [NullLead("place", 1.0, frozenset({k, k + 1}), by_key=True) for k in range(0, 80, 2)]
    found += [NullLead("place", 1.0, frozenset({k, k + 1})) for k in range(200, 220, 2)]
    chance = Chance(YEARS, REPLICATES, tuple(found), classes=2)
    assert chance.per_year(0.5, by_key=True) == 2 * 40 / (YEARS * 10)
    assert chance.per_year(0.5) == 2 * 10 / (YEARS * 10)
    together = Chance(YEARS, REPLICATES, tuple(found))
    assert together.per_year(0.5) == 50 / (YEARS * 10)
