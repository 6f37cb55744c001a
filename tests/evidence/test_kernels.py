"""Kernels against numerical integration, simulation and closed forms that were not written for them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.integrate import dblquad, quad, trapezoid
from tests.evidence.made import START, made, register_of

from openverdict.evidence import Model, load_variables, prepare
from openverdict.evidence.encode import PRECISION_M, WIDTH_DAYS
from openverdict.evidence.explain import contributions
from openverdict.evidence.surroundings import (
    daily_density,
    distance_bin,
    distance_bins,
    gap_kernel,
    place_kernel,
)

VARIABLES = {v.name: v for v in load_variables()}
GAP, PLACE = VARIABLES["gap"].mixture, VARIABLES["distance"].mixture
ITEMS = [v for v in VARIABLES.values() if v.kernel == "items"]
CODES = [v for v in VARIABLES.values() if v.kernel == "code"]


def two_sided(x: float) -> float:
    """The density that the gap of a carried-over time is drawn from, per day."""
    return sum(w * np.exp(-abs(x) / tau) / (2 * tau) for w, tau in GAP)


def averaged(gap: float, width_a: float, width_b: float) -> float:
    """Its mean over both intervals by nested quadrature, told where the kink lies."""
    a, b = width_a / 2, width_b / 2

    def inner(u: float) -> float:
        kink = [gap + u] if -b < gap + u < b else None
        return float(quad(lambda v: two_sided(gap + u - v), -b, b, points=kink, epsrel=1e-11)[0])

    bends = sorted({p for p in (-gap - b, -gap + b) if -a < p < a})
    total = quad(inner, -a, a, points=bends or None, epsrel=1e-11, limit=200)[0]
    return float(total / (4 * a * b))


@pytest.mark.parametrize(("a", "b"), [*product(range(0, 5, 2), range(5))])
def test_the_gap_kernel_is_the_mean_over_both_intervals(a, b):
    kernel = gap_kernel(GAP, 1000)
    for gap in (0, 1, 2, 9, 23, 70, 130, 359, 999):
        expected = averaged(gap, WIDTH_DAYS[a], WIDTH_DAYS[b])
        assert kernel[a, b, gap] == pytest.approx(expected, rel=1e-8)


def test_the_gap_kernel_agrees_with_a_plain_double_integral():
    gap, (a, b) = 70, (WIDTH_DAYS[1] / 2, WIDTH_DAYS[2] / 2)
    total = dblquad(lambda v, u: two_sided(gap + u - v), -a, a, -b, b, epsabs=1e-13)[0]
    assert gap_kernel(GAP, 100)[1, 2, gap] == pytest.approx(total / (4 * a * b), rel=1e-8)


def test_the_gap_kernel_stays_exact_and_falling_to_its_reach():
    kernel = gap_kernel(GAP, 4096)
    assert (np.diff(kernel, axis=2) <= 0).all()
    assert kernel[0, 0, 4000] == pytest.approx(two_sided(4000), rel=1e-4)


def test_a_wider_interval_flattens_the_gap_kernel():
    kernel = gap_kernel(GAP, 4096)
    assert (np.diff(kernel[0, :, 0]) < 0).all()
    assert kernel[0, 4, 4000] > kernel[0, 0, 4000]


@pytest.mark.parametrize("first", [-4000, 0, 16_000])
def test_a_register_with_a_death_a_day_has_an_even_density_to_both_ends_whenever_it_begins(first):
    begins, density = daily_density(np.arange(first, first + 400, dtype=np.int32))
    assert begins == first
    np.testing.assert_allclose(density, 1 / 400, rtol=1e-12)


def test_the_density_of_days_is_the_kernel_average_of_the_days_there_are():
    """Against the sums written out: deaths under a Gaussian of thirty days, over the days under it, cut at four deviations."""
    day = np.sort(np.random.default_rng(1).integers(15_000, 15_500, 60)).astype(np.int32)
    first, density = daily_density(day)
    span = np.arange(first, day[-1] + 1)
    for at in (0, 3, 77, len(span) - 1):
        near = np.exp(-0.5 * ((span - span[at]) / 30.0) ** 2) * (np.abs(span - span[at]) <= 120)
        seen = np.exp(-0.5 * ((day - span[at]) / 30.0) ** 2) * (np.abs(day - span[at]) <= 120)
        expected = max(seen.sum() / near.sum() / 60, 0.5 / len(span))
        assert density[at] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (2, 4), (5, 5)])
def test_the_place_kernel_is_a_density_over_the_plane(a, b):
    d = distance_bins()[:-1]
    ring = 2 * np.pi * d * place_kernel(PLACE)[a, b, :-1]
    assert trapezoid(ring, d) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize(
    ("a", "b", "error"), [(0, 0, 0.01), (2, 3, 0.01), (4, 4, 0.03), (6, 6, 0.06)]
)
def test_the_place_kernel_is_the_convolution_with_both_precisions(a, b, error):
    """Simulated: a Gaussian step, then a uniform point of each disc of precision; the share within a distance.

    The kernel takes each disc as a Gaussian of the same variance, so that the share may be off by `error`: a hundredth
    where the steps are as long as the discs are wide, more where the discs are all there is.
    """
    rng = np.random.default_rng(7)
    n = 400_000
    weight, sd = np.array(PLACE).T
    step = rng.normal(size=(n, 2)) * rng.choice(sd, size=n, p=weight)[:, None]
    for radius in (PRECISION_M[a], PRECISION_M[b]):
        angle = rng.uniform(0, 2 * np.pi, n)
        far = radius * np.sqrt(rng.random(n))
        step += np.stack([far * np.cos(angle), far * np.sin(angle)], 1)
    apart = np.hypot(step[:, 0], step[:, 1])
    total = sd**2 + (PRECISION_M[a] ** 2 + PRECISION_M[b] ** 2) / 4
    for within in (100.0, 300.0, 1000.0, 3000.0, 10_000.0):
        closed = float((weight * -np.expm1(-(within**2) / (2 * total))).sum())
        assert (apart <= within).mean() == pytest.approx(closed, abs=error)
    table = place_kernel(PLACE)[a, b]
    near = table[distance_bin(np.array([1.0, 52.0, 702.0]))]
    at = distance_bins()[distance_bin(np.array([1.0, 52.0, 702.0]))]
    by_hand = (weight * np.exp(-(at[:, None] ** 2) / (2 * total)) / (2 * np.pi * total)).sum(1)
    np.testing.assert_allclose(near, by_hand, rtol=1e-12)


def test_every_distance_falls_into_the_bin_around_it():
    metres = np.concatenate([np.linspace(0, 6000, 4001), np.linspace(6000, 249_000, 2001)])
    middle = distance_bins()[distance_bin(metres)]
    half = np.where(metres < 500, 2.5, np.where(metres < 5000, 25.0, 500.0))
    assert (np.abs(middle - metres)[metres >= 5] <= half[metres >= 5] + 1e-9).all()
    assert (distance_bin(np.array([3e5, 1e7])) == len(distance_bins()) - 1).all()


def test_the_mixture_of_discrete_laplace_distributions_of_age_sums_to_one():
    model = Model(prepare(made(1, 30), load_variables()))
    k = np.exp2(model.log2_age_kernel)
    assert k[0] + 2 * k[1:].sum() == pytest.approx(1.0, abs=1e-8)  # what lies beyond 127 years
    by_hand = sum(
        w * np.tanh(0.5 / s) * np.exp(-np.arange(128) / s) for w, s in VARIABLES["age"].mixture
    )
    np.testing.assert_allclose(k, by_hand, rtol=1e-12)


def _pairs_with_and_without(variable):
    """A register in which K0 holds one value, of which later K1 agrees and K2 does not; (rarity, LR agrees, LR not)."""
    value = {"substances_detected": "heroin", "indicators": "same_finder"}.get(
        variable.fields[0], {"sex": "male", "signs_moved": "yes", "note_present": "yes"}
    )
    if isinstance(value, dict):
        value = value.get(variable.fields[0], "seen")
    other = {"sex": "female", "signs_moved": "no", "note_present": "no"}
    has = [value] if variable.kernel == "items" else value
    lacks = [] if variable.kernel == "items" else other.get(variable.fields[0], "unseen")
    cells = [has, has, lacks] + [has if k % 3 == 0 else lacks for k in range(14)]
    rows = [
        {"case_id": f"K{k:02d}", "found_at": START.replace(day=1 + k), variable.fields[0]: cell}
        for k, cell in enumerate(cells)
    ]
    model = Model(prepare(register_of(rows), load_variables()))
    agrees = next(c for c in contributions(model, 0, 1) if c.variable == variable.name)
    differs = next(c for c in contributions(model, 0, 2) if c.variable == variable.name)
    return agrees.rarity, 10.0**agrees.log10_lr, 10.0**differs.log10_lr


@pytest.mark.parametrize("variable", [*ITEMS, *CODES], ids=lambda v: v.name)
def test_a_held_value_has_mean_ratio_one_over_unrelated_cases(variable):
    p, agrees, differs = _pairs_with_and_without(variable)
    assert p * agrees + (1 - p) * differs == pytest.approx(1.0, abs=1e-9)
