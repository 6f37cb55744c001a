"""The suite that every evidence variable passes: range, missing values, order, determinism, sums, monotony."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evidence.made import CODES, LISTS, START, made, made_rows, register_of

from openverdict.evidence import Contribution, Model, Variable, load_variables, prepare
from openverdict.evidence.explain import contributions

VARIABLES = load_variables()
BY_NAME = {v.name: v for v in VARIABLES}
FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
SMALL = (
    24  # too few cases for more than one type of death, so that only the value looked at changes
)
every = pytest.mark.parametrize("variable", VARIABLES, ids=lambda v: v.name)
coded = pytest.mark.parametrize(
    "variable", [v for v in VARIABLES if v.kernel in ("code", "items")], ids=lambda v: v.name
)
# Values of the fields that are not in the made registers.
SAMPLE = {**LISTS, **CODES}


def model_of(register: Any) -> Model:
    return Model(prepare(register, VARIABLES))


def all_terms(model: Model) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    j, i = np.tril_indices(model.n, -1)
    return i, j, model.terms(i, j)


@pytest.fixture(scope="module")
def model() -> Model:
    rows = made_rows(3, 90, places="spread")
    rows += [{"case_id": f"L{k}", "substances_detected": ["cocaine"]} for k in range(4)]
    return model_of(register_of(rows))


@pytest.fixture(scope="module")
def shown(model) -> dict[str, list[Contribution]]:
    """By variable, its contribution to the pairs of a sample that holds every kind of agreement."""
    pairs = [*combinations(range(0, model.n, 3), 2), *combinations(range(4), 2)]
    for name in ("spot", "persons", "identifiers", "mention"):
        pairs += [divmod(int(code), model.n) for code in model.sparse[name].code[:40]]
    every_part = [contributions(model, i, j) for i, j in pairs]
    return {v.name: [parts[k] for parts in every_part] for k, v in enumerate(VARIABLES)}


@every
def test_a_contribution_stands_between_its_floor_and_what_its_own_rarity_allows(shown, variable):
    for c in shown[variable.name]:
        items = 1
        if variable.kernel == "items":
            listed = {w for words in (c.earlier, c.later) for w in (words or "").split(", ")}
            items = len({w.removeprefix("not detected: ") for w in listed} - {"", "none"})
        assert c.log10_lr >= items * np.log10(1 - variable.theta) - 1e-12
        if c.kernel is None or c.rarity is None:
            assert c.log10_lr <= 0.0
        else:
            cap = np.log10(1 - variable.theta + variable.theta * c.kernel / c.rarity)
            assert c.log10_lr <= items * max(cap, 0.0) + 1e-9 or c.log10_lr == pytest.approx(cap)


@every
def test_the_kernel_and_the_rarity_shown_give_the_ratio_shown(shown, variable):
    theta, checked = variable.theta, 0
    for c in shown[variable.name]:
        if c.kernel is None or c.rarity is None:
            continue
        if variable.kernel == "items" and (c.earlier != c.later or "," in str(c.later)):
            continue  # more than one item: the sum has more parts than the one shown
        checked += 1
        assert c.log10_lr == pytest.approx(np.log10(1 - theta + theta * c.kernel / c.rarity))
    assert checked


def _without(rows: list[dict[str, Any]], case: int, variable: Variable) -> list[dict[str, Any]]:
    """The rows with everything that the variable reads taken out of one case."""
    fields = {*variable.fields, *([variable.negative] if variable.negative else [])} - {"found_at"}
    rows = [dict(row) for row in rows]
    for field in fields:
        rows[case].pop(field, None)
    if variable.kernel == "mention":
        for row in rows:
            row["mentions_cases"] = [
                c for c in row.get("mentions_cases", []) if c != rows[case]["case_id"]
            ]
    return rows


@pytest.mark.parametrize(
    "variable", [v for v in VARIABLES if v.kernel != "gap"], ids=lambda v: v.name
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_missing_value_on_either_side_adds_exactly_nothing(variable, seed):
    rows = _without(made_rows(seed, 40, missing=0.1, mentions=0.5), 20, variable)
    model = model_of(register_of(rows))
    case = model.prepared.case_ids.index(rows[20]["case_id"])
    others = np.array([c for c in range(model.n) if c != case])
    term = model.terms(np.minimum(others, case), np.maximum(others, case))[variable.name]
    assert (term == 0.0).all()


@every
def test_the_same_register_gives_the_same_ratios(variable):
    first, second = (all_terms(model_of(made(4, 60)))[2][variable.name] for _ in range(2))
    np.testing.assert_array_equal(first, second)


@every
def test_the_order_in_which_a_pair_is_named_makes_no_difference(model, variable):
    for i, j in [(0, 5), (7, 40), (12, 88)]:
        one, other = (
            next(c for c in contributions(model, *pair) if c.variable == variable.name)
            for pair in ((i, j), (j, i))
        )
        assert one == other


def test_the_contributions_of_a_pair_add_up_to_its_ratio(model):
    i, j, terms = all_terms(model)
    total = model.total(i, j)
    np.testing.assert_allclose(model.ratio(sum(terms.values())), total, atol=1e-9, rtol=0)
    for a, b in [(0, 5), (7, 40), (12, 88)]:
        shown = sum(c.log10_lr for c in contributions(model, a, b))
        assert shown == pytest.approx(model.total(np.array([a]), np.array([b]))[0], abs=1e-9)


def _never_less(distance: np.ndarray, term: np.ndarray, same: np.ndarray, j: np.ndarray) -> None:
    """For each later case: among equals in `same`, a smaller distance never goes with a smaller term."""
    for later in np.unique(j):
        for group in np.unique(same[j == later]):
            of = (j == later) & (same == group)
            order = np.lexsort((-term[of], distance[of]))
            assert (np.diff(term[of][order]) <= 1e-12).all()


@FEW
@given(seed=st.integers(0, 10_000), n=st.integers(2, 60), days=st.sampled_from([1, 30, 3000]))
def test_the_sooner_of_two_earlier_deaths_never_adds_less(seed, n, days):
    model = model_of(made(seed, n, days=days, places="spread"))
    i, j, terms = all_terms(model)
    _never_less(model.gap_days(i, j), terms["gap"], model.slots.width[i], j)


@FEW
@given(
    seed=st.integers(0, 10_000), n=st.integers(2, 60), shape=st.sampled_from(["towns", "spread"])
)
def test_the_nearer_of_two_earlier_deaths_never_adds_less(seed, n, shape):
    model = model_of(made(seed, n, places=shape))
    i, j, terms = all_terms(model)
    placed = model.slots.placed[i] & model.slots.placed[j]
    i, j, term = i[placed], j[placed], terms["distance"][placed]
    _never_less(model.metres(i, j), term, model.slots.precision[i], j)


@FEW
@given(seed=st.integers(0, 10_000), n=st.integers(2, 60))
def test_the_closer_in_age_of_two_earlier_deaths_never_adds_less(seed, n):
    model = model_of(made(seed, n))
    i, j, terms = all_terms(model)
    age = model.content.age.astype(int)
    known = (age[i] >= 0) & (age[j] >= 0)
    i, j, term = i[known], j[known], terms["age"][known]
    _never_less(np.abs(age[i] - age[j]), term, np.zeros(len(i)), j)


def test_a_crowded_ring_around_a_place_does_not_make_the_farther_death_worth_more():
    """Many pairs share an address, none lie a little apart: nearness is cheap, but never cheaper than farther off."""
    rows: list[dict[str, Any]] = []
    for k in range(60):
        lat = 51.5 + 0.02 * (k // 3)  # twenty addresses, three deaths at each
        rows.append({"found_lat": lat, "found_lon": 0.0, "found_precision_m": 10.0})
    rows.append({"found_lat": 51.5 + 0.0011, "found_lon": 0.0, "found_precision_m": 10.0})
    for k, row in enumerate(rows):
        row |= {"case_id": f"K{k:02d}", "found_at": START.replace(day=1 + k % 28)}
    model = model_of(register_of(rows))
    table = model.place_table
    assert (np.diff(table, axis=-1) <= 1e-12).all()


def _pair_term(rows: list[dict[str, Any]], variable: str) -> float:
    """The contribution of the variable to the last two of these rows."""
    model = model_of(register_of(rows))
    at = [model.prepared.case_ids.index(rows[k]["case_id"]) for k in (-2, -1)]
    return float(model.terms(np.array([min(at)]), np.array([max(at)]))[variable][0])


def _rows_that_share(
    seed: int, variable: Variable, holders: int, value: Any, other: Any
) -> list[dict[str, Any]]:
    """Small made registers whose last two cases hold `value`, as do the first `holders` others; the rest hold `other`."""
    rows = made_rows(seed, SMALL, missing=0.2, places="spread", mentions=0.0)
    field = variable.fields[0]
    for k, row in enumerate(rows):
        row[field] = value if k < holders or k >= SMALL - 2 else _own(other, k)
        if variable.negative:
            row.pop(variable.negative, None)
    return rows


def _own(other: Any, case: int) -> Any:
    """What another case holds; a key in a list is one of its own, for sharing any key at all is counted too."""
    return [f"{other[0]}_{case}"] if isinstance(other, list) and other else other


@coded
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), holders=st.integers(1, SMALL - 3))
def test_agreement_in_a_value_that_fewer_others_hold_never_adds_less(variable, seed, holders):
    value: Any
    other: Any
    names = [
        v
        for v in SAMPLE.get(variable.fields[0], [])
        if variable.name != "indicators" or v in ("same_finder", "host_is_repeat")
    ]
    if variable.kernel == "items":
        value, other = names[:1], []
    else:
        value, other = names[0], names[1]
    common, rarer = (
        _pair_term(_rows_that_share(seed, variable, k, value, other), variable.name)
        for k in (holders, holders - 1)
    )
    assert rarer >= common - 1e-9


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("persons", ["finder:p1"], ["finder:p2"]),
        ("identifiers", ["phone:h1"], ["phone:h2"]),
        ("spot", "bench", "stairwell"),
        ("age", 40.0, 80.0),
    ],
)
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), holders=st.integers(1, SMALL - 3))
def test_a_key_a_spot_or_an_age_that_fewer_others_have_never_adds_less(
    name, value, other, seed, holders
):
    variable = BY_NAME[name]
    common, rarer = (
        _pair_term(_rows_that_share(seed, variable, k, value, other), name)
        for k in (holders, holders - 1)
    )
    assert rarer >= common - 1e-9


@coded
def test_a_value_of_one_case_alone_never_supports_a_pair(variable):
    rows = made_rows(8, 40, missing=0.1)
    model = model_of(register_of(rows))
    number = next(k for k, v in enumerate(model.content.coded) if v.name == variable.name)
    mine = [d for d, b in enumerate(model.content.bit_list) if b.variable == number]
    i, j, terms = all_terms(model)
    shared = model.content.bits[:, mine].astype(bool)
    nothing = ~(shared[i] & shared[j]).any(1)
    assert (terms[variable.name][nothing] <= 0.0).all()


def test_detected_against_looked_for_and_absent_costs_the_floor_of_one_item_and_no_more():
    theta = BY_NAME["substances"].theta
    for later_has in (True, False):
        rows: list[dict[str, Any]] = [
            {"substances_detected": ["heroin"], "substances_not_detected": []},
            {"substances_detected": [], "substances_not_detected": ["heroin"]},
        ]
        rows = rows[::-1] if later_has else rows
        for k, row in enumerate(rows):
            row |= {"case_id": f"K{k}", "found_at": START.replace(day=1 + k)}
        filler = [
            {"case_id": f"Z{k}", "substances_detected": ["heroin"] if k % 2 else []}
            for k in range(20)
        ]
        model = model_of(register_of(rows + filler))
        at = sorted(model.prepared.case_ids.index(c) for c in ("K0", "K1"))
        term = model.terms(np.array(at[:1]), np.array(at[1:]))["substances"][0]
        assert term == pytest.approx(np.log10(1 - theta))


def test_what_no_routine_screen_finds_and_no_record_names_says_nothing():
    rows: list[dict[str, Any]] = [
        {"case_id": f"K{k}", "substances_detected": ["ghb"] if k == 0 else []} for k in range(12)
    ]
    assert _pair_term([*rows[1:], rows[0]], "substances") == 0.0


def test_a_key_that_stands_in_very_many_cases_says_nothing_in_either_direction():
    rows: list[dict[str, Any]] = [
        {"case_id": f"K{k:03d}", "persons": ["finder:patrol"]} for k in range(120)
    ]
    model = model_of(register_of(rows))
    _, _, terms = all_terms(model)
    assert (terms["persons"] == 0.0).all()


def test_the_same_words_for_a_spot_far_away_are_not_the_same_spot():
    rows: list[dict[str, Any]] = [
        {"found_lat": 51.5 + k, "found_lon": 0.0, "micro_place": "stairwell"} for k in range(2)
    ]
    rows += [
        {"found_lat": 51.5, "found_lon": 0.001 * k, "micro_place": f"spot_{k}"} for k in range(20)
    ]
    for k, row in enumerate(rows):
        row |= {"case_id": f"K{k:02d}", "found_at": START.replace(day=1 + k)}
    model = model_of(register_of(rows))
    assert model.terms(np.array([0]), np.array([1]))["spot"][0] <= 0.0
