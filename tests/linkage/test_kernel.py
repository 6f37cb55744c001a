"""The compiled kernel against the definition, pair by pair, on registers of several shapes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evidence.made import made, made_rows, register_of

from openverdict.cases import Register
from openverdict.evidence import Model, Variable, load_variables, prepare
from openverdict.evidence.weights import weighted
from openverdict.linkage import (
    Job,
    Ledger,
    all_pairs,
    compile_slots,
    compile_tables,
    from_units,
    to_units,
)

VARIABLES = load_variables()
EVERYTHING = -(10**8)  # a floor below every pair: nothing is skipped by the bound
BITS_PER_LOG10 = np.log2(10.0)


def many_items(seed: int, n: int) -> Register:
    """A register with seventy coded values of one list, so that they do not fit one machine word."""
    rng = np.random.default_rng(seed)
    rows = made_rows(seed, n)
    for row in rows:
        row["items_present"] = sorted({f"item_{k}" for k in rng.integers(70, size=9)})
    return register_of(rows)


SHAPES: dict[str, Any] = {
    "towns with equal coordinates": lambda: made(1, 80),
    "spread": lambda: made(2, 80, places="spread"),
    "no places at all": lambda: made(3, 80, places="none"),
    "one case": lambda: made(4, 1),
    "two cases": lambda: made(5, 2, missing=0.0),
    "seventy values in one list": lambda: many_items(6, 60),
    "half incidents": lambda: made(7, 80, incidents=0.5),
    "few persons in very many cases": lambda: made(8, 120, persons=2, missing=0.0),
    "every case names another": lambda: made(9, 60, mentions=1.0),
    "decades": lambda: made(10, 60, days=15_000),
    "one day": lambda: made(11, 60, days=1),
    "nothing recorded but the day": lambda: register_of([{"case_id": f"K{k}"} for k in range(9)]),
}


def brute(model: Model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs and the sums of their terms by the floating-point definition, in the order of the ledger."""
    j, i = np.tril_indices(model.n, -1)
    terms = model.terms(i, j)
    return i, j, model.summed(terms)


def terms_summed(model: Model, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """A bound on how many table entries the kernel adds for a pair, each rounded to half a unit.

    Gap, place and age are one entry each; every value that either case holds is at most three (its own entry, the lack
    that is taken off again, the contrary); a sparse variable is at most two (what is shared, and the default taken off).
    """
    held = model.content.bits.sum(1).astype(int)
    return np.asarray(3 + 3 * (held[i] + held[j]) + 2 * 4, dtype=float)


def check_against_definition(
    register: Register, variables: tuple[Variable, ...] = VARIABLES
) -> None:
    model = Model(prepare(register, variables))
    ledger = all_pairs(compile_tables(model), EVERYTHING, threads=1)
    i, j, total = brute(model)
    np.testing.assert_array_equal(ledger.i, i)
    np.testing.assert_array_equal(ledger.j, j)
    off = np.abs(ledger.units - total * BITS_PER_LOG10 * 1000.0)
    assert (off <= 0.5 * terms_summed(model, i, j) + 1e-6).all()


def same(a: Ledger, b: Ledger) -> bool:
    return a.total == b.total and all(
        np.array_equal(x, y) for x, y in ((a.i, b.i), (a.j, b.j), (a.units, b.units))
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_weighted_model_agrees_with_its_tables_too(seed):
    weight = np.random.default_rng(seed).choice([0.0, 0.3, 1.0, 1.7], len(VARIABLES))
    check_against_definition(made(seed, 80), weighted(VARIABLES, weight))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pair_agrees_with_the_definition_to_half_a_unit_a_term(shape):
    check_against_definition(SHAPES[shape]())


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 50),
    missing=st.sampled_from([0.0, 0.3, 0.9]),
    places=st.sampled_from(["towns", "spread", "none"]),
    mentions=st.sampled_from([0.0, 0.4]),
)
def test_any_register_agrees_with_the_definition(seed, n, missing, places, mentions):
    check_against_definition(made(seed, n, missing=missing, places=places, mentions=mentions))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("floor", [-1.0, 0.0, 1.0, 2.0])
def test_the_ledger_is_what_brute_force_finds_except_within_the_rounding_of_the_floor(shape, floor):
    model = Model(prepare(SHAPES[shape](), VARIABLES))
    ledger = all_pairs(compile_tables(model), int(to_units(floor)), threads=1)
    i, j, total = brute(model)
    kept = set(zip(ledger.i.tolist(), ledger.j.tolist(), strict=True))
    quantum = (0.5 * terms_summed(model, i, j) + 1.0) / 1000.0 / BITS_PER_LOG10
    for a, b, value, near in zip(i.tolist(), j.tolist(), total, quantum, strict=True):
        if abs(value - floor) > near:
            assert ((a, b) in kept) == (value > floor)
    assert ledger.total == model.n * (model.n - 1) // 2
    assert ledger.total == len(ledger.i) + ledger.remainder


@pytest.mark.parametrize("shape", SHAPES)
def test_the_bound_skips_no_pair_that_reaches_the_floor(shape):
    tables = compile_tables(Model(prepare(SHAPES[shape](), VARIABLES)))
    everything = all_pairs(tables, EVERYTHING, threads=1)
    for floor in (-3000, 0, 1, 2500, 6644, 20_000):
        kept = all_pairs(tables, floor, threads=1)
        by_hand = everything.units >= floor
        assert same(
            kept,
            Ledger(
                everything.i[by_hand],
                everything.j[by_hand],
                everything.units[by_hand],
                everything.total,
            ),
        )
    assert len(all_pairs(tables, 10**8, threads=1).i) == 0


def test_two_threads_and_many_tasks_give_what_one_gives(monkeypatch):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 500)
    tables = compile_tables(Model(prepare(made(12, 150), VARIABLES)))
    assert len(Job(tables, 0).tasks) > 4
    one, two = (all_pairs(tables, 0, threads=threads) for threads in (1, 2))
    assert same(one, two)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_tasks_answer_for_every_pair_once(shape, monkeypatch):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 300)
    tables = compile_tables(Model(prepare(SHAPES[shape](), VARIABLES)))
    tasks = Job(tables, 0).tasks
    assert [task.first for task in tasks] == [0, *(task.last for task in tasks)][: len(tasks)]
    assert tasks[-1].last == tables.n
    assert all(task.first < task.last for task in tasks)
    assert sum(task.pairs for task in tasks) == tables.n * (tables.n - 1) // 2


def test_a_job_is_known_by_all_that_it_depends_on():
    tables = compile_tables(Model(prepare(made(12, 30), VARIABLES)))
    again = compile_tables(Model(prepare(made(12, 30), VARIABLES)))
    assert Job(tables, 7).fingerprint == Job(again, 7).fingerprint
    known = {Job(tables, 7).fingerprint, Job(tables, 8).fingerprint}
    changed = 0
    parts: tuple[Any, ...] = (tables, tables.slots, tables.slots.tiles)
    for part in parts:
        for field in fields(part):
            value = getattr(part, field.name)
            if not isinstance(value, np.ndarray):
                continue
            other: Any = replace(part, **{field.name: np.concatenate([value, value])})
            if part is tables.slots:
                other = replace(tables, slots=other)
            elif part is tables.slots.tiles:
                other = replace(tables, slots=replace(tables.slots, tiles=other))
            known.add(Job(other, 7).fingerprint)
            changed += 1
    assert len(known) == changed + 2 > 35


def test_a_task_with_more_pairs_than_room_loses_none(monkeypatch):
    tables = compile_tables(Model(prepare(made(13, 200), VARIABLES)))
    assert len(all_pairs(tables, EVERYTHING).i) == 200 * 199 // 2 > 1 << 14


def test_progress_is_told_every_pair_once():
    tables = compile_tables(Model(prepare(made(14, 120), VARIABLES)))
    told: list[int] = []
    all_pairs(tables, 0, progress=told.append)
    assert sum(told) == 120 * 119 // 2


@given(st.lists(st.floats(-300, 300), max_size=20))
def test_units_are_thousandths_of_a_bit(log10):
    given_values = np.array(log10)
    units = to_units(given_values)
    np.testing.assert_allclose(units / 1000.0, given_values * BITS_PER_LOG10, atol=0.5001e-3)
    np.testing.assert_allclose(from_units(units), given_values, atol=0.5001e-3 / BITS_PER_LOG10)


def test_the_tables_of_the_slots_serve_every_pairing_of_contents():
    prepared = prepare(made(15, 70, places="spread"), VARIABLES)
    order = np.random.default_rng(1).permutation(70)
    shared = compile_slots(Model(prepared))
    model = Model(prepared, order)
    fresh, reused = (
        all_pairs(t, EVERYTHING, threads=1)
        for t in (compile_tables(model), compile_tables(model, shared))
    )
    assert same(fresh, reused)
    _, _, total = brute(model)
    np.testing.assert_allclose(from_units(fresh.units), total, atol=0.05)
