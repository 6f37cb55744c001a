"""Intervals of ratios against numerical integration, closed forms and brute force; what they must hold in any register."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lir.algorithms.bayeserror import elub
from scipy import integrate, stats
from scipy.special import polygamma
from tests.evidence.made import START, made, register_of

from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.cap import cap
from openverdict.evidence.draws import GroupDraws, quantiles
from openverdict.evidence.interval import NORMAL_95, Intervals, moved_theta
from openverdict.evidence.support import factor_at, place_sd, rate_at, support

FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
LN10 = np.log(10.0)


def intervals_of(register) -> Intervals:
    return Intervals(Model(prepare(register, load_variables())))


def two_sexes(n: int, men: int, each_day: int = 1) -> Intervals:
    """A register in which nothing but the day and the sex is recorded: one kind of death, two terms a pair."""
    rows = [
        {
            "found_at": START + timedelta(days=3 * (k // each_day)),
            "sex": "male" if k < men else "female",
        }
        for k in range(n)
    ]
    return intervals_of(register_of(rows))


def _variance(term, density, low: float, high: float) -> float:
    """Variance of a term of one unknown with the density given."""
    moments = [
        integrate.quad(lambda x, m=m: density(x) * term(x) ** m, low, high, limit=400)[0]
        for m in (0, 1, 2)
    ]
    return float(moments[2] / moments[0] - (moments[1] / moments[0]) ** 2)


def _by_integration(model: Model, i: int, j: int) -> dict[str, float]:
    """Standard deviation by source of a pair of `two_sexes`, each variable's own unknown integrated numerically."""
    gap, sex = (next(v for v in model.variables if v.name == name) for name in ("gap", "sex"))
    pair = np.array([i]), np.array([j])
    x_gap = float(np.exp2(model.log2_gap(*pair) - model.around.log2_time[j])[0])
    entry = int(model.learned.start[j])
    p_sex = float(model.own.p[entry])
    same = bool(model.content.bits[i, model.learned.bit[entry]])
    x_sex = 1 / p_sex if same else 0.0
    behind = support(model)
    theta = sum(
        _variance(
            lambda t, x=x: np.log10(1 - t + t * x), lambda t, v=v: stats.beta(*v.beta).pdf(t), 0, 1
        )
        for v, x in ((gap, x_gap), (sex, x_sex))
    )
    a, m = float(behind.time[j]), float(behind.own[entry])
    background = _variance(
        lambda f: np.log10(1 - gap.theta + gap.theta * x_gap / f),
        lambda f: stats.gamma(a, scale=1 / a).pdf(f),
        1e-6,
        6,
    )
    if same:
        background += _variance(
            lambda p: np.log10(1 - sex.theta + sex.theta / p),
            lambda p: stats.beta(p_sex * m, (1 - p_sex) * m).pdf(p),
            0.5 / (model.n + 1),
            1,
        )
    return {"theta": float(np.sqrt(theta)), "background": float(np.sqrt(background))}


@pytest.mark.parametrize(("i", "j"), [(0, 1), (3, 55), (50, 59)])
@pytest.mark.parametrize("source", ["theta", "background"])
def test_the_width_of_a_tiny_case_is_that_of_numerical_integration(i, j, source):
    made_of = two_sexes(60, 40)
    expected = _by_integration(made_of.model, i, j)[source]
    bounds = made_of.bounds(np.array([i]), np.array([j]), sources=(source,))
    # Moves of one standard deviation stand for the whole distribution: right to a tenth of the width.
    assert (bounds.sd_up[0] + bounds.sd_down[0]) / 2 == pytest.approx(expected, rel=0.1, abs=0.01)
    drawn = GroupDraws(made_of, (i, j)).totals((7,), 20_000, sources=(source,))
    assert drawn.std() == pytest.approx(expected, rel=0.06, abs=0.01)


def test_theta_of_two_values_that_differ_has_its_closed_form():
    model = two_sexes(60, 40).model
    sex = next(v for v in model.variables if v.name == "sex")
    a, b = sex.beta
    expected = np.sqrt(polygamma(1, b) - polygamma(1, a + b)) / LN10
    up, down = (next(v for v in moved_theta(model, z) if v.name == "sex") for z in (1, -1))
    assert (np.log10(1 - down.theta) - np.log10(1 - up.theta)) / 2 == pytest.approx(
        expected, rel=0.1
    )


@pytest.mark.parametrize("z", [-2.0, -0.5, 0.0, 1.0])
def test_moved_figures_are_quantiles_of_their_distributions(z):
    p, m = np.array([0.02, 0.5, 0.9]), np.array([40.0, 3.0, 1000.0])
    expected = stats.beta(p * m, (1 - p) * m).ppf(stats.norm.sf(z))
    np.testing.assert_allclose(rate_at(p, m, z), expected, rtol=1e-9)
    a = np.array([0.7, 4.0, 90.0])
    np.testing.assert_allclose(
        factor_at(a, z), stats.gamma(a, scale=1 / a).ppf(stats.norm.sf(z)), rtol=1e-9
    )


def test_a_rate_of_one_stays():
    assert rate_at(np.array([1.0]), np.array([5.0]), 2.0) == 1.0


def test_the_cases_behind_a_rate_are_those_it_was_counted_among():
    """All 60 record it; the fortnight's rate is shrunk by 20 cases towards the register's, which is shrunk by 4."""
    model = two_sexes(60, 40).model
    assert len(model.prepared.types.share) == 1
    rate = (40 + 4 * 40.5 / 61) / 64
    male = [b.value for b in model.content.bit_list].index("male")
    day = model.slots.day
    rows = np.repeat(np.arange(60), np.diff(model.learned.start))
    for entry in np.flatnonzero(model.learned.bit == male)[:40:6].tolist():
        p = float(model.own.p[entry])
        variance = float(model.learned.base[entry]) ** 2 * (1 - rate) / (rate * 65)
        if model.own.source[entry] > 0:
            others = int((np.abs(day - day[rows[entry]]) <= 7).sum()) - 1
            variance = p * (1 - p) / (others + 21) + (20 / (others + 20)) ** 2 * variance
        assert support(model).own[entry] == pytest.approx(p * (1 - p) / variance - 1, rel=1e-6)


def test_cases_under_the_kernel_of_time_are_counted_as_by_hand():
    model = two_sexes(40, 20).model
    day = model.slots.day.astype(float)
    weight = np.exp(-0.5 * ((day[:, None] - day[None, :]) / 30.0) ** 2)
    weight[np.abs(day[:, None] - day[None, :]) > 120] = 0.0
    by_hand = weight.sum(1) ** 2 / (weight**2).sum(1)
    assert (model.around.surge == 1.0).all()
    np.testing.assert_allclose(support(model).time, by_hand, rtol=1e-9)


def test_the_width_of_a_density_of_places_is_that_of_drawn_counts():
    model = Model(prepare(made(3, 90, places="spread", missing=0.0), load_variables()))
    rng = np.random.default_rng(1)
    assert not model.around.of_kind.any()  # too few of any kind of place: all of them are one
    found = place_sd(model)
    for case in np.flatnonzero(model.slots.placed)[:5].tolist():
        assert found[case] == pytest.approx(_drawn_place_sd(model, case, rng), rel=0.15)


def test_the_width_at_some_places_is_what_it_is_among_all():
    model = Model(prepare(made(3, 400, places="spread", missing=0.1), load_variables()))
    some = np.array([0, 7, 8, 120, 399])
    assert model.around.of_kind.any()
    assert not model.around.of_kind.all()
    assert place_sd(model, some).tolist() == place_sd(model)[some].tolist()
    intervals = Intervals(model)
    assert intervals.place(some[:3]).tolist() == place_sd(model)[some[:3]].tolist()
    assert intervals.place(some[::-1]).tolist() == place_sd(model)[some[::-1]].tolist()


def test_what_a_model_let_go_of_is_not_missed():
    """Ratios, and how far they can be relied on, are the same bits once it is forgotten who is near whom."""
    register = made(3, 300, places="spread", missing=0.1)
    whole, less = (Model(prepare(register, load_variables())) for _ in range(2))
    less.let_go()
    assert whole.around.neighbours.nbytes > 0
    assert less.around.neighbours.nbytes == 0
    i, j = np.triu_indices(300, 1)
    assert less.sum(i, j).tolist() == whole.sum(i, j).tolist()
    some = np.arange(0, len(i), 97)
    one, other = (Intervals(m).bounds(i[some], j[some]) for m in (whole, less))
    assert one.low.tolist() == other.low.tolist()
    assert one.high.tolist() == other.high.tolist()


def _drawn_place_sd(model: Model, case: int, rng: np.random.Generator) -> float:
    """Scale by scale, counts drawn from their posterior beside the expectation that was drawn before."""
    from openverdict.evidence.encode import PRECISION_M
    from openverdict.evidence.rates import PARTNERS_LEFT_OUT
    from openverdict.evidence.surroundings import FINEST_M, PLACE_SHRINK

    placed = np.flatnonzero(model.slots.placed)
    known = placed[PRECISION_M[model.slots.precision[placed]] <= 100.0]
    company = [(model.metres(np.full(len(known), c), known) <= 100.0).sum() - 1 for c in known]
    left_out = PARTNERS_LEFT_OUT / (1 + float(np.mean(company)))
    metres = model.metres(np.full(len(placed), case), placed)
    radius = model.around.radius_m
    scales, scale = [], FINEST_M
    while scale < radius:
        scales.append(scale)
        scale *= 3.2
    start = 1 / (np.pi * radius**2)
    point, drawn = start, np.full(4000, np.log(start))
    for scale in reversed(scales):
        if scale < PRECISION_M[model.slots.precision[case]]:
            continue
        area = len(placed) * np.pi * scale**2
        others = float((metres <= scale).sum() - 1)
        held = max(others - left_out, min(others, point * area), 0) + PLACE_SHRINK
        # Linear in the coarser draw: the part of it that is left is PLACE_SHRINK / (expected + PLACE_SHRINK).
        left = PLACE_SHRINK / (point * area + PLACE_SHRINK)
        finer = np.log(point * held / (point * area + PLACE_SHRINK))
        noise = np.log(rng.gamma(held, size=4000))
        drawn = finer + left * (drawn - np.log(point)) + noise - noise.mean()
        point = float(np.exp(finer))
    return float(drawn.std())


@FEW
@given(seed=st.integers(0, 1000), n=st.integers(2, 120), where=st.sampled_from(["towns", "none"]))
def test_an_interval_holds_its_ratio_and_is_finite(seed, n, where):
    made_of = intervals_of(made(seed, n, places=where, mentions=0.3))
    i, j = np.triu_indices(n, 1)
    bounds = made_of.bounds(i, j)
    total = made_of.model.total(i, j)
    assert np.isfinite([bounds.low, bounds.high]).all()
    assert (bounds.low <= total + 1e-9).all()
    assert (bounds.high >= total - 1e-9).all()
    terms = made_of.model.terms(i, j)
    summed = sum(terms[v.name] for v in made_of.model.variables)
    np.testing.assert_allclose(bounds.low, made_of.model.ratio(summed - NORMAL_95 * bounds.sd_down))


def test_pairs_in_pieces_have_the_intervals_of_pairs_at_once(monkeypatch):
    made_of = intervals_of(made(4, 80, places="spread"))
    i, j = np.triu_indices(80, 1)
    whole = made_of.bounds(i, j)
    monkeypatch.setattr("openverdict.evidence.interval.CHUNK", 501)
    parts = made_of.bounds(i, j, made_of.model.terms(i, j))
    np.testing.assert_array_equal(whole.low, parts.low)
    np.testing.assert_array_equal(whole.high, parts.high)


def test_what_nobody_records_widens_nothing():
    bare = two_sexes(60, 40)
    i, j = np.triu_indices(60, 1)
    bounds = bare.bounds(i, j, sources=("theta",))
    gap, sex = (next(v for v in bare.model.variables if v.name == n) for n in ("gap", "sex"))
    up, down = (bare.moved("theta", z).terms(i, j) for z in (1.0, -1.0))
    at = bare.model.terms(i, j)
    square = sum(
        np.maximum(np.maximum(up[v.name], down[v.name]) - at[v.name], 0) ** 2 for v in (gap, sex)
    )
    np.testing.assert_allclose(bounds.sd_up, np.sqrt(square))


def test_ten_times_as_many_cases_make_the_background_surer():
    widths = []
    for times in (1, 10):
        made_of = two_sexes(60 * times, 40 * times, times)
        at = np.array([0]), np.array([20 * times])
        bounds = made_of.bounds(*at, sources=("background",))
        widths.append(bounds.sd_up[0])
    assert widths[1] < 0.6 * widths[0]


def test_one_seed_gives_one_set_of_draws_and_another_seed_others():
    group = GroupDraws(intervals_of(made(6, 120, places="spread")), (3, 40, 77))
    first = group.totals((1, 2))
    np.testing.assert_array_equal(first, group.totals((1, 2)))
    assert (first != group.totals((1, 3))).any()


def test_in_one_draw_theta_is_the_same_for_every_pair():
    """With the sex alone to differ, two agreeing pairs move by the same factor."""
    made_of = two_sexes(60, 40)
    group = GroupDraws(made_of, (0, 1, 2))
    drawn = group.totals((5,), 200, sources=("theta",))
    gap = made_of.model.by_kernel["gap"].name
    assert np.ptp(group.at["sex"]) < 0.05
    assert np.ptp(group.at[gap]) < 0.05
    correlation = np.corrcoef(drawn.T)
    assert correlation.min() > 0.99


def test_the_interval_of_a_pair_is_much_the_same_moved_and_drawn():
    made_of = intervals_of(made(9, 300, places="spread", missing=0.1))
    rng = np.random.default_rng(2)
    ratios = []
    for _ in range(12):
        i, j = sorted(rng.choice(300, 2, replace=False).tolist())
        bounds = made_of.bounds(np.array([i]), np.array([j]))
        low, high = quantiles(GroupDraws(made_of, (i, j)).totals((1,), 2000)[:, 0])
        ratios.append((high - low) / (NORMAL_95 * (bounds.sd_up[0] + bounds.sd_down[0])))
    assert 0.8 < np.median(ratios) < 1.2
    assert min(ratios) > 0.5
    assert max(ratios) < 1.8


@pytest.mark.parametrize(("n", "spread", "seed"), [(50, 0.5, 1), (500, 1.0, 1), (3000, 2.0, 4)])
def test_the_cap_is_the_upper_bound_of_the_forensic_library(n, spread, seed):
    """`lir` works on a grid of 0.01; its related pairs all pass, as ours are taken to."""
    rng = np.random.default_rng(seed)
    unrelated = rng.normal(-(spread**2) / 2 * LN10, spread, n)
    related = np.full(3000, 9.0)
    labels = np.concatenate([np.zeros(n), np.ones(len(related))])
    _, upper = elub(np.concatenate([unrelated, related]), labels, add_misleading=1)
    assert cap(unrelated[unrelated > 0], n) == pytest.approx(float(upper), abs=0.0201)


def test_the_cap_has_its_closed_forms():
    assert cap(np.zeros(0), 999) == pytest.approx(3.0)
    assert cap(np.array([9.0]), 1999) == pytest.approx(3.0)  # one pair beyond: half of 2,000
    assert cap(np.array([2.9]), 1999) == pytest.approx(np.log10(2000))  # not too many so low
    assert cap(np.full(500, 5.0), 499) == 0.0
    assert cap(np.zeros(0), 0) == 0.0


@given(st.lists(st.floats(0, 12), max_size=30), st.integers(30, 10**6), st.floats(0, 12))
def test_one_more_strong_pair_never_raises_the_cap(ratios, pairs, more):
    assert cap(np.array([*ratios, more]), pairs) <= cap(np.array(ratios), pairs) + 1e-12
