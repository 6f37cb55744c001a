"""Null registers: what stays, what moves, and how far."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from tests.evidence.made import made, register_of

from openverdict.cases import Register
from openverdict.evidence.encode import Slots, encode_slots
from openverdict.series.nulls import (
    KINDS,
    PLACE_BLOCK,
    TIME_BLOCK_DAYS,
    NullRegister,
    null_registers,
)

SITES = 25
YEARS = 4


def nulls(register: Register, replicates: int = 8, seed: int = 1) -> list[NullRegister]:
    return list(null_registers(encode_slots(register), deaths(register), replicates, seed))


def deaths(register: Register) -> Any:
    return (register.table["kind"].fill_null("death") == "death").to_numpy()


@pytest.fixture(scope="module")
def city() -> Register:
    """Twenty-five sites 3 km apart, each with deaths of its own kind, and one series: near, soon and alike."""
    rng = np.random.default_rng(4)
    rows = []
    for k in range(1500):
        site = int(rng.integers(SITES))
        own = rng.random() < 0.7
        rows.append(
            {
                "case_id": f"K{k:04d}",
                "kind": "incident" if k % 15 == 0 else "death",
                "found_at": datetime(2010, 1, 1)
                + timedelta(days=float(rng.random() * 365 * YEARS)),
                "found_lat": 51.5 + 0.027 * (site // 5) + rng.normal(0, 0.0005),
                "found_lon": 0.043 * (site % 5) + rng.normal(0, 0.0005),
                "items_present": [f"kind_{site if own else int(rng.integers(SITES))}"],
            }
        )
    for k in range(4):
        rows[k] |= {
            "kind": "death",
            "found_at": datetime(2012, 3, 1) + timedelta(days=20 * k),
            "found_lat": 51.5,
            "found_lon": 0.0,
            "items_present": ["mark"],
        }
    return register_of(rows)


def alike_and_close(slots: Slots, kind: np.ndarray) -> int:
    """Pairs within 300 m whose contents are of one kind."""
    pairs = cKDTree(slots.xyz_m.astype(float)).query_pairs(300.0, output_type="ndarray")
    return int((kind[pairs[:, 0]] == kind[pairs[:, 1]]).sum())


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 1000),
    n=st.integers(0, 90),
    places=st.sampled_from(["towns", "spread", "none"]),
    days=st.sampled_from([1, 400]),
)
def test_every_null_register_pairs_each_content_once_and_deaths_with_deaths(seed, n, places, days):
    register = (
        made(seed, n, places=places, days=days, incidents=0.3)
        if n
        else Register.from_table(made(seed, 1).table.head(0))
    )
    made_nulls = nulls(register, 4, seed)
    assert [null.kind for null in made_nulls] == [*KINDS, *KINDS]
    for null in made_nulls:
        assert sorted(null.order.tolist()) == list(range(n))
        assert (deaths(register)[null.order] == deaths(register)).all()


def test_contents_move_only_within_blocks_of_near_places(city):
    slots = encode_slots(city)
    points = slots.xyz_m.astype(float)
    anyhow = np.random.default_rng(1).permutation(len(points))
    far = np.sqrt(((points - points[anyhow]) ** 2).sum(1))
    for null in nulls(city):
        if null.kind != "place":
            continue
        moves = nx.Graph(list(enumerate(null.order.tolist())))
        assert max(len(part) for part in nx.connected_components(moves)) <= PLACE_BLOCK
        moved = np.sqrt(((points - points[null.order]) ** 2).sum(1))
        assert np.median(moved) < 0.05 * np.median(far)
        assert np.median(moved) < 300.0


def test_contents_move_only_within_windows_of_time(city):
    day = encode_slots(city).day.astype(int)
    for null in nulls(city):
        if null.kind == "time":
            assert (np.abs(day[null.order] - day) < TIME_BLOCK_DAYS).all()
            assert (null.order != np.arange(len(day))).mean() > 0.7


def test_cases_without_a_place_change_contents_among_themselves():
    register = made(2, 300, places="spread", missing=0.4)
    placed = encode_slots(register).placed
    for null in nulls(register):
        if null.kind == "place":
            assert (placed[null.order] == placed).all()


def test_the_same_seed_gives_the_same_orders_and_another_gives_others(city):
    one, again, other = (nulls(city, 4, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.order, b.order) for a, b in zip(one, again, strict=True))
    assert not any(np.array_equal(a.order, b.order) for a, b in zip(one, other, strict=True))
    assert len({a.order.tobytes() for a in one}) == 4


def test_more_null_registers_begin_with_the_same_ones(city):
    few, many = nulls(city, 4), nulls(city, 8)
    assert all(np.array_equal(a.order, b.order) for a, b in zip(few, many, strict=False))


def test_near_pairs_of_one_kind_stay_as_many_where_places_are_kept_and_vanish_where_times_are(city):
    slots = encode_slots(city)
    kind = np.array([items[0] for items in city.table["items_present"]])
    original = alike_and_close(slots, kind)
    counts = {
        name: np.mean(
            [alike_and_close(slots, kind[n.order]) for n in nulls(city, 20) if n.kind == name]
        )
        for name in KINDS
    }
    assert counts["place"] == pytest.approx(original, rel=0.15)
    assert counts["time"] < 0.3 * original


def test_a_planted_series_is_broken_in_time_where_places_are_kept_and_in_place_where_times_are(
    city,
):
    slots = encode_slots(city)
    mark = np.array([items == ["mark"] for items in city.table["items_present"].to_list()])
    day, points = slots.day.astype(float), slots.xyz_m.astype(float)
    span: dict[str, list[float]] = {name: [] for name in KINDS}
    reach: dict[str, list[float]] = {name: [] for name in KINDS}
    for null in nulls(city, 20):
        now = np.flatnonzero(mark[null.order])
        span[null.kind].append(float(np.ptp(day[now])))
        apart = [np.linalg.norm(points[a] - points[b]) for a, b in combinations(now, 2)]
        reach[null.kind].append(float(max(apart)))
    assert np.ptp(day[mark]) == 60
    assert np.median(span["place"]) > 365
    assert np.median(reach["place"]) < 1000
    assert np.median(span["time"]) < 60 + 2 * TIME_BLOCK_DAYS
    assert np.median(reach["time"]) > 3000
