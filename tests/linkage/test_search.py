"""The search against every pair scored: tiles, bounds and lists leave out nothing that reaches the floor."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.made import made

from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.encode import NO_PLACE
from openverdict.linkage import Job, Ledger, all_pairs, compile_tables, to_units
from openverdict.linkage.compile import Tables
from openverdict.linkage.tiles import NOWHERE, gap_bound, place_bound
from openverdict.simulate import CitySpec, SeriesPlan, simulate_register

VARIABLES = load_variables()
EVERYTHING = -(10**8)
ALWAYS, NEVER = 0.0, 1e9  # the cost of a list's entry: nothing, or more than any scan
TILE, BLOCK = 16, 4  # small, so that small registers have many
SHAPES = ("city", "spread", "unplaced", "towns", "decades")


@cache
def tables_of(shape: str) -> Tables:
    if shape == "city":
        plan = SeriesPlan("outdoor", 4, 3)
        register = simulate_register(
            CitySpec(cases_a_year=900, years=1.0, series=(plan,)), 3
        ).register
    else:
        places = {"spread": "spread", "unplaced": "none"}.get(shape, "towns")
        days = 9000 if shape == "decades" else 700
        register = made(21, 900, places=places, days=days, mentions=0.1)
    with patch.multiple("openverdict.linkage.tiles", TILE=TILE, BLOCK=BLOCK):
        return compile_tables(Model(prepare(register, VARIABLES)))


@cache
def everything(shape: str) -> Ledger:
    found = all_pairs(tables_of(shape), EVERYTHING)
    assert len(found.i) == found.total
    return found


def found_by(job: Job) -> set[tuple[int, int, int]]:
    parts = [job.run(task) for task in job.tasks]
    rows = [row for part in parts for row in zip(*(x.tolist() for x in part), strict=True)]
    assert len(rows) == len(set(rows))  # no pair twice
    return set(rows)


@pytest.mark.parametrize("list_step", [ALWAYS, 3.0, NEVER])
@pytest.mark.parametrize("floor", [1.0, 2.0, 3.0, 4.5])
@pytest.mark.parametrize("shape", SHAPES)
def test_whoever_leads_to_them_the_same_pairs_reach_the_floor(shape, floor, list_step):
    every, units = everything(shape), int(to_units(floor))
    reach = every.units >= units
    expected = set(
        zip(
            every.i[reach].tolist(),
            every.j[reach].tolist(),
            every.units[reach].tolist(),
            strict=True,
        )
    )
    assert found_by(Job(tables_of(shape), units, list_step)) == expected


@pytest.mark.parametrize("shape", SHAPES)
def test_lists_alone_would_lose_what_tiles_find_and_the_other_way_round(shape):
    """Guards the test above: both ways are walked. Without the lists' entries, or with tiles moved away, pairs are lost."""
    tables = tables_of(shape)
    floor = int(to_units(2.0))
    whole = found_by(Job(tables, floor, ALWAYS))
    none = np.zeros_like(tables.list_start)
    without_lists = found_by(Job(replace(tables, list_start=none), floor, ALWAYS))
    assert without_lists < whole
    if shape == "unplaced":
        return
    tiles = tables.slots.tiles
    away = replace(tiles, low=tiles.low + 10**7, high=tiles.high + 10**7)
    moved = replace(tables, slots=replace(tables.slots, tiles=away))
    assert found_by(Job(moved, floor, NEVER)) < whole


@pytest.mark.parametrize("shape", SHAPES)
def test_every_case_stands_in_one_tile_that_holds_it(shape):
    tables = tables_of(shape)
    slots, tiles = tables.slots, tables.slots.tiles
    assert sorted(tiles.at.tolist()) == list(range(tables.n))
    assert (tiles.position[tiles.at] == np.arange(tables.n)).all()
    assert tiles.edges[0] == 0
    assert tiles.edges[-1] == tables.n
    for t, (first, last) in enumerate(zip(tiles.edges[:-1], tiles.edges[1:], strict=True)):
        inside = slice(int(first), int(last))
        assert (np.diff(tiles.at[inside]) > 0).all()
        assert (slots.xyz_m[inside] >= tiles.low[t]).all()
        assert (slots.xyz_m[inside] <= tiles.high[t]).all()
        assert ((slots.precision[inside] == NO_PLACE) == (tiles.group[t] == NOWHERE)).all()
        assert (tiles.tile_of[inside] == t).all()
        assert last - first <= TILE or tiles.group[t] == NOWHERE
    assert tiles.block_edges[0] == 0
    assert tiles.block_edges[-1] == len(tiles.group)
    edges = zip(tiles.block_edges[:-1], tiles.block_edges[1:], strict=True)
    for b, (first, last) in enumerate(edges):
        assert 0 < last - first <= BLOCK
        assert len(set(tiles.group[first:last].tolist())) == 1
        assert (tiles.low[first:last] >= tiles.block_low[b]).all()
        assert (tiles.high[first:last] <= tiles.block_high[b]).all()
    assert tiles.first_nowhere == (slots.precision != NO_PLACE).sum()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_bounds_are_never_below_what_they_bound(seed):
    rng = np.random.default_rng(seed)
    gaps = rng.integers(-5000, 5000, (3, 5, 40)).astype(np.int32)
    bound = gap_bound(gaps)
    for g in range(40):
        assert (bound[:, g] == gaps[:, :, g:].max((1, 2))).all()
    places = rng.integers(-5000, 5000, (4, NO_PLACE + 1, 30)).astype(np.int32)
    bound = place_bound(places)
    for group, (first, last) in enumerate(((0, 6), (6, 9), (9, 12), (12, 13))):
        for b in range(30):
            assert (bound[:, group, b] == places[:, first:last, b:].max((1, 2))).all()


def test_the_search_looks_at_far_fewer_pairs_than_there_are():
    """Most of a city's later cases can't reach a floor of 3 with any but near tiles: that is where the time goes."""
    tables = tables_of("city")
    when, what, _ = tables.for_kernel
    most = when.gap_bound[when.gap_row, 0] + when.place_bound[when.place_row, 0, -1]
    need = int(to_units(3.0)) - what.best[tables.slots.tiles.at]
    assert (most < need).mean() > 0.5
