"""The engines that the compiled search is measured against find the same pairs with the same ratios."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.scale_parts import job as work
from benchmarks.scale_parts.duckdb_sql import connected, duckdb_sql, load
from benchmarks.scale_parts.numpy_blocks import numpy_blocks

from openverdict.linkage import Tables, all_pairs
from openverdict.simulate import CitySpec, CountrySpec, simulate_country

Found = dict[tuple[int, int], int]


@pytest.fixture(scope="module")
def tables() -> Tables:
    # Twelve years, so that the window of days shuts pairs out as well as the distance does.
    city = CitySpec(cases_a_year=50, years=12.0)
    return work.twelve(simulate_country(CountrySpec(1_200, 2, city), 3).register)


def by_pair(i: work.IntArray, j: work.IntArray, units: np.ndarray) -> Found:
    keys = zip(i.tolist(), j.tolist(), strict=True)
    return dict(zip(keys, units.tolist(), strict=True))


@pytest.fixture(scope="module")
def expected(tables) -> Found:
    ledger = all_pairs(tables, work.floor_units(), threads=1)
    inside = work.within(work.plain(tables), ledger.i, ledger.j)
    assert 0 < inside.sum() < len(inside)
    return by_pair(ledger.i[inside], ledger.j[inside], ledger.units[inside])


def test_numpy_blocks_find_the_same_pairs(tables, expected):
    assert by_pair(*numpy_blocks(work.plain(tables), 1)) == expected


def test_sql_finds_the_same_pairs(tables, expected):
    link = connected(1)
    load(link, work.plain(tables))
    i, j, units = duckdb_sql(link, work.plain(tables))
    assert len(i) == len(expected)
    assert by_pair(i, j, units) == expected


def test_the_pairs_of_the_window_are_counted_one_by_one(tables):
    job = work.plain(tables)
    i, j = np.triu_indices(tables.n, k=1)
    inside = work.within(job, i, j)
    assert work.pairs_within(job) == inside.sum()
    assert 0.05 < inside.mean() < 0.6
