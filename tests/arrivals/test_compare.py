"""New cases against a prepared register: every pair as the plain oracle has it, and as the register with them in it would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.arrivals.oracle import Oracle
from tests.evidence.made import START, made_rows, register_of

from openverdict.arrivals import compare, prepare_register
from openverdict.arrivals.kernel import later_tables, register_side, score
from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.guest import Hosts
from openverdict.evidence.newcomers import encode_newcomers
from openverdict.linkage import to_units

VARIABLES = load_variables()
EVERYTHING = -9.0  # below the least ratio that a pair can have
UNITS = np.log2(10.0) * 1000.0

SHAPES: dict[str, dict[str, Any]] = {
    "towns with equal coordinates": {},
    "spread": {"places": "spread"},
    "no places at all": {"places": "none"},
    "nothing missing": {"missing": 0.0, "places": "spread"},
    "few persons": {"persons": 3, "missing": 0.1},
    "every case names another": {"mentions": 1.0},
    "one day": {"days": 1},
    "decades": {"days": 15_000},
}


def split(seed: int, n: int, m: int, **shape: Any) -> tuple[Register, Register]:
    """A register of n cases and m new ones, mixed in time; some new ones hold what the register has never seen."""
    rows = made_rows(seed, n + m, **shape)
    late = rows[n:]
    late[0] |= {"items_present": ["small_bottle", "a_thing_never_seen"], "found_place_kind": "ship"}
    late[1] |= {"items_present": ["a_thing_never_seen"], "found_place_kind": "ship"}
    late[1] |= {"persons": ["neighbour:nobody_yet"], "micro_place": "a_new_spot"}
    late[2] |= {"persons": ["neighbour:nobody_yet", "finder:p1"], "micro_place": "a_new_spot"}
    late[2] |= {"found_at": START + timedelta(days=40_000), "last_known_alive_at": None}
    rows[3]["mentions_cases"] = [late[4]["case_id"]]
    late[5]["mentions_cases"] = [late[4]["case_id"], rows[8]["case_id"]]
    return register_of(rows[:n]), register_of(late)


def columns(pairs: pl.DataFrame) -> dict[tuple[str, str], dict[str, float]]:
    names = [name for name in pairs.columns if name.startswith("lr_")]
    return {
        (row["case_new"], row["case_a"]): {name[3:]: row[name] for name in names}
        for row in pairs.iter_rows(named=True)
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pair_has_the_terms_of_the_plain_oracle(shape):
    register, new = split(3, 70, 8, **SHAPES[shape])
    found = columns(compare(prepare_register(register), new, floor=EVERYTHING).pairs)
    oracle = Oracle(register, prepare(register, VARIABLES), new)
    ids = [row["case_id"] for row in oracle.rows]
    for j in range(70, 78):
        earlier = list(range(j))
        terms = oracle.terms(j, earlier)
        for name, expected in terms.items():
            got = [found[ids[j], ids[i]][name] for i in earlier]
            # The same sums in another order; rarities stand on a grid of sixteenths of a bit, so that no more is left.
            np.testing.assert_allclose(got, expected, atol=1e-9, err_msg=f"{name} of {ids[j]}")
    assert len(found) == 8 * 70 + 8 * 7 // 2


def test_more_than_thirty_places_of_a_kind_are_priced_among_themselves():
    register, new = split(5, 180, 6, places="spread", missing=0.05)
    prepared = prepare(register, VARIABLES)
    assert prepared.around.of_kind.sum() > 100
    found = columns(compare(prepare_register(register), new, floor=EVERYTHING).pairs)
    oracle = Oracle(register, prepared, new)
    ids = [row["case_id"] for row in oracle.rows]
    for j in range(180, 186, 2):
        earlier = list(range(0, 180, 6))
        for name, expected in oracle.terms(j, earlier).items():
            got = [found[ids[j], ids[i]][name] for i in earlier]
            np.testing.assert_allclose(got, expected, atol=1e-9, err_msg=f"{name} of {ids[j]}")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_model_of_the_whole_register_says_nearly_the_same(seed):
    rows = made_rows(seed, 400, places="spread", missing=0.2)
    everyone = register_of(rows).table
    whole = Model(prepare(Register(everyone), VARIABLES))
    off = []
    for j in (250, 399):
        others = Register(everyone.filter(np.arange(400) != j))
        pairs = compare(
            prepare_register(others), Register(everyone.slice(j, 1)), floor=EVERYTHING
        ).pairs
        number = {case: k for k, case in enumerate(everyone.get_column("case_id"))}
        i = np.array([number[case] for case in pairs.get_column("case_a")])
        before = i < j
        mine = pairs.select(pl.sum_horizontal(f"lr_{v.name}" for v in VARIABLES)).to_series()
        full = whole.sum(i[before], np.full(before.sum(), j))
        off.append(mine.to_numpy()[before] - full)
    # One case of 400 more in every count: a count of c moves a rate by about 1 / c, and several of a pair's rarities rest on
    # counts of 3 to 30; each is rounded to a sixteenth of a bit (0.019), so a pair moves by some of these steps.
    apart = np.abs(np.concatenate(off))
    assert np.median(apart) < 0.05
    assert np.quantile(apart, 0.99) < 1.0
    assert apart.max() < 2.0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_integer_tables_agree_with_the_terms_to_half_a_unit_an_entry(shape):
    register, new = split(4, 150, 8, **SHAPES[shape])
    prepared = prepare_register(register)
    hosts, newcomers = prepared.hosts, encode_newcomers(new, prepared.frozen)
    arrivals = compare(prepared, new, floor=EVERYTHING)
    totals = {
        key: sum(t for name, t in terms.items() if name != "relation")
        for key, terms in columns(arrivals.pairs).items()
    }
    side = register_side(prepared.frozen.cases)
    for j, case in enumerate(newcomers.case_ids):
        alone = hosts.guest(hosts.newcomer(newcomers, j), np.zeros(0, dtype=np.int64))
        later, _ = later_tables(alone, hosts.newcomer(newcomers, j), len(prepared.frozen.bit_list))
        none = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32))
        rows, units = score(side, len(register), later, -(10**8), none)
        assert rows.tolist() == list(range(150))
        shared = {row for s in hosts.newcomer(newcomers, j).shared.values() for row in s.row}
        for row, unit in zip(rows.tolist(), units.tolist(), strict=True):
            if row in shared:
                continue  # what sharing adds is given to the loop by its caller
            exact = totals[case, prepared.frozen.cases.id(row)] * UNITS
            assert abs(unit - exact) <= 0.5 * 60


@pytest.mark.parametrize("floor", [-1.0, 0.0, 1.0, 2.0])
def test_a_floor_keeps_what_reaches_it_and_counts_the_rest(floor):
    register, new = split(6, 200, 10, persons=4)
    prepared = prepare_register(register)
    every = compare(prepared, new, floor=EVERYTHING)
    some = compare(prepared, new, floor=floor)
    lr = every.pairs.get_column("log10_lr")
    slack = 0.05  # the floor is held to the integer sum
    assert (lr >= floor + slack).sum() <= some.pairs.height <= (lr >= floor - slack).sum()
    assert some.pairs.height == some.summary["pairs_ledger"]
    assert some.summary["pairs_ledger"] + some.summary["pairs_remainder"] == 10 * 200 + 45
    strong = every.pairs.join(some.pairs, on=["case_new", "case_a"], how="semi")
    assert_frame_equal(some.pairs, strong, check_exact=False, abs_tol=1e-12)


def test_the_contributions_add_up_to_the_ratio():
    register, new = split(7, 100, 8)
    pairs = compare(prepare_register(register), new, floor=EVERYTHING).pairs
    added = pairs.select(
        pl.sum_horizontal(c for c in pairs.columns if c.startswith("lr_"))
    ).to_series()
    np.testing.assert_allclose(added, pairs.get_column("log10_lr"), atol=1e-12)


def test_one_new_case_at_a_time_gives_the_pairs_with_the_register_that_all_at_once_give():
    register, new = split(8, 100, 8)
    prepared = prepare_register(register)
    together = compare(prepared, new, among=False)
    alone = [
        compare(prepared, Register(new.table.slice(k, 1)), floor=2.0).pairs for k in range(len(new))
    ]
    assert together.pairs.equals(pl.concat(alone))
    assert together.summary["pairs_total"] == 800


def test_the_strongest_of_each_new_case_are_those_of_the_whole_list():
    register, new = split(9, 150, 8, persons=4)
    prepared = prepare_register(register)
    every = compare(prepared, new, floor=0.0)
    top = compare(prepared, new, floor=0.0, top=3)
    strongest = every.pairs.group_by("case_new", maintain_order=True).head(3)
    assert_frame_equal(top.pairs, strongest, check_exact=False, abs_tol=1e-12)
    assert top.above == every.above
    assert top.summary["pairs_ledger"] == every.summary["pairs_ledger"]
    assert top.summary["pairs_listed"] == top.pairs.height < every.pairs.height


def test_what_the_lists_do_not_hold_is_named_and_agrees_with_nothing():
    register, new = split(10, 120, 8, missing=0.0)
    arrivals = compare(prepare_register(register), new, floor=EVERYTHING)
    named = {(u["case_id"], u["field"], u["value"]) for u in arrivals.summary["unknown_values"]}
    first, second = new.table.filter(pl.col("found_place_kind") == "ship").get_column("case_id")
    assert (first, "found_place_kind", "ship") in named
    assert (second, "items_present", "a_thing_never_seen") in named
    pair = columns(arrivals.pairs)[second, first]  # in the order of their time
    assert pair["place_kind"] == pytest.approx(np.log10(0.3))
    assert pair["present_items"] < 0


def test_a_case_that_the_register_holds_is_not_compared_with_itself():
    register, new = split(11, 60, 8)
    both = Register.from_table(pl.concat([register.table.head(5), new.table]))
    arrivals = compare(prepare_register(register), both)
    assert arrivals.summary["already_prepared"] == register.table.head(5)["case_id"].to_list()
    assert arrivals.pairs.equals(compare(prepare_register(register), new).pairs)


def test_a_file_without_a_new_case_is_refused():
    register, _ = split(11, 60, 8)
    with pytest.raises(InputError, match="no new case among 4"):
        compare(prepare_register(register), Register(register.table.head(4)))


def test_a_register_of_one_case_cannot_be_prepared():
    with pytest.raises(InputError, match="two cases or more"):
        prepare_register(register_of(made_rows(1, 1)))


def test_where_addresses_cannot_be_told_apart_no_pair_is_near():
    register, new = split(12, 150, 8, missing=0.0)
    prepared = prepare_register(register)
    assert prepared.frozen.addresses
    blind = replace(prepared.frozen, addresses=False)
    newcomers = encode_newcomers(new, blind)
    hosts = Hosts(blind)
    guest = hosts.guest(hosts.newcomer(newcomers, 0), np.arange(150))
    assert not guest.around.precise.any()
    assert int(to_units(0.0)) == 0
