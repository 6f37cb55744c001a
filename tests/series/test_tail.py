"""The tail of null strengths against scipy's distributions, optimiser and integrals; its interval and check by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.optimize import minimize
from scipy.stats import gamma, genpareto, goodness_of_fit, norm

from openverdict.series.sample import Sample, clumps
from openverdict.series.tail import (
    PRIOR_LEADS,
    PRIOR_SCALE,
    SHAPE_BOUND,
    SHAPE_SD,
    STEEPEST,
    anderson_darling,
    fit,
    fits,
    log_posterior,
    survival,
    weighted_moments,
)

SHAPES = [-0.3, 0.0, 0.25]


def exceedances(n: int, scale: float, shape: float, seed: int) -> np.ndarray:
    return genpareto.rvs(shape, scale=scale, size=n, random_state=np.random.default_rng(seed))


def density_by_scipy(excess: np.ndarray, log_scale: float, shape: float, part: float) -> float:
    """Log posterior density of log scale and shape, up to a constant, from scipy's own distributions."""
    if abs(shape) > SHAPE_BOUND:
        return -np.inf
    scale = np.exp(log_scale)
    likelihood = part * genpareto.logpdf(excess, shape, scale=scale).sum()
    # Exceedances of an exponential with that mean: Gamma(PRIOR_LEADS) of their sum, seen as a density of the scale.
    prior = gamma.logpdf(PRIOR_SCALE * PRIOR_LEADS, PRIOR_LEADS, scale=scale)
    return float(likelihood + prior + norm.logpdf(shape, 0, SHAPE_SD))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_tail_is_scipys_generalised_pareto_as_far_as_leads_are_known(shape):
    for y in (0.0, 0.3, 1.7):
        expected = genpareto.sf(y, shape, scale=0.7)
        assert survival(y, 0.7, shape, 2.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [0.2, 0.7])
def test_beyond_what_is_known_no_tail_falls_faster_than_a_calibrated_ratio(scale, shape):
    """The hazard is that of the tail or STEEPEST, whichever is less: the tail is the integral of it."""
    known_to = min(0.4, 0.5 * scale / max(-shape, 1e-9))
    steps = np.linspace(known_to, 6.0, 600_001)
    middle = (steps[1:] + steps[:-1]) / 2
    left = scale + shape * middle
    hazard = np.minimum(np.where(left > 0, 1 / np.where(left > 0, left, 1.0), np.inf), STEEPEST)
    start = genpareto.sf(known_to, shape, scale=scale)
    for at in (150_000, 600_000):
        expected = start * np.exp(-(hazard[:at] * np.diff(steps)[:at]).sum())
        assert survival(steps[at], scale, shape, known_to) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("part", [1.0, 0.3])
def test_the_penalised_likelihood_is_scipys_densities_put_together(part):
    excess = exceedances(40, 0.6, 0.1, 1)
    places = [(-0.5, 0.0), (-0.4, 0.2), (0.1, -0.1), (-0.6, 1e-12)]
    ours = [float(log_posterior(excess, np.exp(a), b, part)) for a, b in places]
    theirs = [density_by_scipy(excess, a, b, part) for a, b in places]
    np.testing.assert_allclose(np.diff(ours), np.diff(theirs), atol=1e-7)
    assert log_posterior(excess, 0.6, SHAPE_BOUND + 0.01) == -np.inf


@pytest.mark.parametrize(
    ("n", "scale", "shape", "part"), [(60, 0.5, 0.0, 1.0), (100, 0.9, 0.2, 0.4), (3, 0.6, 0.0, 1.0)]
)
def test_the_best_tail_is_the_one_that_scipys_optimiser_finds(n, scale, shape, part):
    excess = exceedances(n, scale, shape, 2)
    found = minimize(
        lambda at: -density_by_scipy(excess, at[0], at[1], part),
        [np.log(excess.mean()), 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12},
    )
    best = fit(excess, part).best
    assert best[0] == pytest.approx(float(np.exp(found.x[0])), rel=1e-5)
    assert best[1] == pytest.approx(float(found.x[1]), abs=1e-5)


@pytest.mark.parametrize("y", [0.5, 2.0, 4.0])
def test_the_expected_part_is_the_integral_over_the_posterior(y):
    excess = exceedances(25, 0.7, 0.1, 3)
    top = density_by_scipy(excess, np.log(0.7), 0.1, 1.0)

    def weight(shape: float, log_scale: float) -> float:
        return float(np.exp(density_by_scipy(excess, log_scale, shape, 1.0) - top))

    def above(shape: float, log_scale: float) -> float:
        tail = float(survival(y, np.exp(log_scale), shape, float(excess.max())))
        return tail * weight(shape, log_scale)

    limits = (np.log(0.15), np.log(3.0), -SHAPE_BOUND, SHAPE_BOUND)
    total = dblquad(weight, *limits, epsabs=0, epsrel=1e-3)[0]
    expected = dblquad(above, *limits, epsabs=0, epsrel=1e-3)[0] / total
    assert fit(excess).exceeds(y) == pytest.approx(expected, rel=5e-3)


def test_quantiles_are_those_of_draws_from_the_posterior():
    tail = fit(exceedances(40, 0.6, 0.0, 4))
    rng = np.random.default_rng(5)
    cell = rng.choice(len(tail.weight), 400_000, p=tail.weight)
    drawn = rng.gamma(41.0, size=len(cell)) * survival(
        2.5, tail.scale[cell], tail.shape[cell], tail.known_to
    )
    for share in (0.025, 0.5, 0.975):
        expected = float(np.quantile(drawn, share))
        assert tail.rate_quantile(share, 2.5, 41.0) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("shape", SHAPES)
def test_weighted_moments_find_the_tail_that_was_drawn_from(shape):
    """On the quantiles of a tail themselves, as many as make sampling of no account."""
    ordered = genpareto.ppf((np.arange(1, 50_001) - 0.5) / 50_000, shape, scale=0.8)
    found = weighted_moments(ordered)
    np.testing.assert_allclose(found, (0.8, shape), atol=0.01)


def test_the_statistic_is_scipys_for_the_same_fitted_tail():
    excess = np.sort(exceedances(30, 0.6, 0.1, 6))
    scale, shape = weighted_moments(excess)
    known = {"c": float(shape), "loc": 0.0, "scale": float(scale)}
    theirs = goodness_of_fit(genpareto, excess, known_params=known, statistic="ad", n_mc_samples=1)
    assert anderson_darling(excess) == pytest.approx(theirs.statistic, rel=1e-9)


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.2])
def test_a_tail_that_fits_is_rejected_as_often_as_the_level_says(shape):
    p = [fits(exceedances(40, 0.6, shape, seed)) for seed in range(300)]
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09
    assert 0.4 <= np.mean(p) <= 0.6


def test_leads_in_two_heaps_are_no_tail():
    rng = np.random.default_rng(7)
    heaps = np.concatenate([rng.exponential(0.1, 60), rng.normal(5.0, 0.2, 40)])
    assert fits(heaps) < 0.01
    assert fits(np.zeros(20)) == 0.0
    assert fits(np.array([0.1, 3.0])) == 1.0


def sample_of(strength: np.ndarray, clump: np.ndarray | None = None) -> Sample:
    order = np.argsort(-strength, kind="stable")
    clump = np.arange(len(strength)) if clump is None else clump
    return Sample(strength[order], clump[order], 0.0)


@pytest.mark.parametrize(
    ("leads", "scale", "shape", "clump"),
    [(200, 0.6, 0.0, 1), (15, 0.6, 0.0, 1), (200, 0.6, 0.15, 1), (200, 0.3, 0.0, 1), (200, 0.6, 0.0, 8)],
)  # fmt: skip
def test_the_interval_holds_the_true_rate_as_often_as_it_says(leads, scale, shape, clump):
    """Counted, at the edge and far beyond; tails heavier and steeper than expected; the same groups met again eight times."""
    rng = np.random.default_rng(8)
    wanted = [w for w in (60.0, 10.0, 1.0, 0.1) if w < 0.9 * leads]
    at = genpareto.isf(np.array(wanted) / leads, shape, scale=scale)
    held = np.zeros(len(at))
    runs = 120
    for _ in range(runs):
        n = rng.poisson(leads / clump)
        drawn = genpareto.rvs(shape, scale=scale, size=n, random_state=rng)
        strength = np.repeat(drawn, clump) + (rng.normal(0, 1e-3, n * clump) if clump > 1 else 0)
        sample = sample_of(strength, np.repeat(np.arange(n), clump))
        limits = [sample.interval(float(y)) for y in at]
        held += [low <= w <= high for (low, high), w in zip(limits, wanted, strict=True)]
    assert (held / runs >= 0.88).all()


def test_an_alarm_at_a_rate_comes_about_as_often_as_the_rate_says():
    """Strength at which a sample gives a rate; how often the truth exceeds it, on average over samples: the rate or less."""
    rng = np.random.default_rng(9)
    scale, leads = 0.7, 120.0
    grid = np.linspace(0.0, 14.0, 281)
    true = leads * np.exp(-grid / scale)
    for nominal in (5.0, 0.5, 0.1):
        measured = []
        for _ in range(60):
            sample = sample_of(rng.exponential(scale, rng.poisson(leads)))
            first = next(k for k, y in enumerate(grid) if sample.expected(float(y)) <= nominal)
            measured.append(true[first])
        assert 0.3 * nominal <= np.mean(measured) <= 1.15 * nominal


strengths = st.lists(st.floats(-3, 8), max_size=60)


@given(strengths, st.floats(-4, 40), st.floats(0, 20))
def test_stronger_is_never_more_frequent_and_lies_in_its_interval(values, strength, more):
    sample = sample_of(np.array(values, dtype=float))
    weaker, stronger = sample.expected(strength), sample.expected(strength + more)
    assert stronger <= weaker + 1e-9
    low, high = sample.interval(strength)
    assert low <= weaker <= high


def test_the_lead_itself_is_counted_and_below_one_lead_as_much_of_it_as_is_expected():
    sample = sample_of(np.random.default_rng(11).exponential(0.6, 400))
    threshold, reached, tail = sample._tail
    for excess in (0.3, 1.5, 4.0):
        seen = reached * tail.exceeds(excess)
        added = sample.expected(threshold + excess) - seen
        assert added == pytest.approx(min(seen, 1.0) ** 2, abs=1e-12)
    assert sample.expected(float(sample.strength[250])) == 252.0


def test_where_no_tail_fits_a_strength_never_seen_counts_as_seen_once():
    heaps = np.concatenate([np.linspace(0, 0.1, 40), np.full(30, 4.0)])
    sample = sample_of(heaps)
    assert sample.verdict.failed
    assert sample.expected(3.0) == 31.0
    assert sample.expected(9.0) == 1.0
    low, high = sample.interval(9.0)
    assert low == 0.0
    assert high == pytest.approx(
        3.6889, abs=1e-3
    )  # the exact upper limit of a Poisson mean after none seen


def test_a_sample_with_leads_left_out_keeps_the_verdict_on_all():
    rng = np.random.default_rng(10)
    sample = sample_of(rng.exponential(0.6, 300))
    less = sample.without(np.array([0, 1, 2]))
    assert less.verdict == sample.verdict
    assert less.expected(4.0) < sample.expected(4.0)
    assert len(less.strength) == 297


def test_groups_with_two_contents_in_common_are_one_clump():
    groups = [{1, 2}, {3, 4}, {2, 1, 9}, {9, 1, 7}, {4, 5}, {2, 9, 8}]
    found = clumps(groups)
    assert found[0] == found[2] == found[3] == found[5]
    assert len({int(c) for c in found}) == 3
