"""Series: the score against a plain loop, the price, and a search that depends on nothing but the links."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.series import ONE_DEATH_IN, branching, grow, price
from openverdict.series.grow import LEAST_CANDIDATES

ratios = st.floats(-8, 12)


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    k = draw(st.integers(2, 7))
    matrix = np.full((k, k), -np.inf)
    for a, b in combinations(range(k), 2):
        matrix[a, b] = draw(ratios)
    return matrix


@given(matrices())
def test_the_branching_score_is_that_of_a_plain_loop(matrix):
    total = 0.0
    for j in range(1, len(matrix)):
        mean = 0.0
        for i in range(j):
            mean += 10.0 ** float(matrix[i, j]) / j
        total += float(np.log10(mean))
    assert branching(matrix) == pytest.approx(total, abs=1e-9)


@given(matrices())
def test_a_score_grows_by_one_term_a_death(matrix):
    k = len(matrix)
    before = branching(matrix[: k - 1, : k - 1]) if k > 2 else 0.0
    last = np.log10(np.mean(10.0 ** matrix[: k - 1, k - 1]))
    assert branching(matrix) == pytest.approx(before + last, abs=1e-9)


def test_a_score_of_ratios_too_large_for_a_float_is_still_a_number():
    matrix = np.array([[-np.inf, 400.0], [-np.inf, -np.inf]])
    assert branching(matrix) == pytest.approx(400.0)


@given(st.integers(2, 12), st.integers(2, 100_000))
def test_the_price_is_the_prior_and_one_register_a_further_member(members, n):
    candidates = max(n, LEAST_CANDIDATES)
    expected = np.log10(ONE_DEATH_IN * float(candidates) ** (members - 1))
    assert price(members, n) == pytest.approx(expected)
    assert price(members + 1, n) - price(members, n) == pytest.approx(np.log10(candidates))


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    n = draw(st.integers(2, 25))
    pairs = draw(
        st.lists(st.sampled_from(list(combinations(range(n), 2))), unique=True, max_size=40)
    )
    pairs.sort(key=lambda p: (p[1], p[0]))
    value = [draw(st.sampled_from([2.0, 3.0, 4.0, 5.5, 9.0])) for _ in pairs]
    i, j = (np.array([p[k] for p in pairs], dtype=np.int64) for k in (0, 1))
    return i, j, np.array(value, dtype=float), n


def scored(members: tuple[int, ...], links: dict[tuple[int, int], float]) -> float:
    """The branching score with nothing for a pair that is not in the ledger."""
    total = 0.0
    for k in range(1, len(members)):
        mean = sum(10.0 ** links.get((e, members[k]), -np.inf) for e in members[:k]) / k
        total += np.log10(mean) if mean > 0 else -30.0
    return float(total)


@given(ledgers(), st.sampled_from([-6.0, -2.0, 0.0]))
def test_series_are_disjoint_connected_in_order_and_priced(ledger, least):
    i, j, value, n = ledger
    links = {(int(a), int(b)): float(v) for a, b, v in zip(i, j, value, strict=True)}
    found = grow(i, j, value, n, least=least)
    graph = nx.Graph(list(links))
    seen: set[int] = set()
    for series in found:
        assert list(series.members) == sorted(set(series.members))
        assert seen.isdisjoint(series.members)
        assert nx.is_connected(graph.subgraph(series.members))
        assert series.log10_lr == pytest.approx(scored(series.members, links))
        assert series.strength == pytest.approx(series.log10_lr - price(len(series.members), n))
        assert series.strength >= least
        seen.update(series.members)
    assert [s.strength for s in found] == sorted((s.strength for s in found), reverse=True)


@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_of_the_links_makes_no_difference(ledger, shuffle):
    i, j, value, n = ledger
    order = list(range(len(i)))
    shuffle.shuffle(order)
    again = grow(i[order], j[order], value[order], n, least=-6.0)
    assert grow(i, j, value, n, least=-6.0) == again


def test_a_planted_clique_comes_out_whole_and_weak_company_stays_out():
    n = 1000
    clique = dict.fromkeys(combinations((10, 40, 70, 400), 2), 6.0)
    weak = {(40, 41): 2.5, (70, 90): 2.9, (5, 10): 2.0}
    pairs = sorted({**clique, **weak}.items(), key=lambda item: item[0][::-1])
    i, j = (np.array([p[k] for p, _ in pairs]) for k in (0, 1))
    found = grow(i, j, np.array([v for _, v in pairs]), n, least=-1.0)
    assert [series.members for series in found] == [(10, 40, 70, 400)]
    assert found[0].log10_lr == pytest.approx(18.0)
    assert found[0].strength == pytest.approx(18 - 3 - 9)


def test_no_links_make_no_series():
    none = np.zeros(0, dtype=np.int64)
    assert grow(none, none, np.zeros(0), 0, least=-1.0) == ()
