"""The far tail of null leads' strengths: exceedances of a high threshold, a generalised Pareto distribution, and its check.

Pickands (1975), Annals of Statistics 3:119, for the model; Hosking and Wallis (1987), Technometrics 29:339, for the
probability-weighted moments of the check; Coles (2001), *An Introduction to Statistical Modeling of Extreme Values*, chapter 4,
for practice; Coles and Dixon (1999), Extremes 2:5, for the penalty on the shape. See docs/methods/chance.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import gammaincc

FloatArray = npt.NDArray[np.float64]

# log10 units a strength: a calibrated ratio exceeds x with probability at most 1/x, so that no tail is taken to fall faster.
STEEPEST = float(np.log(10.0))
SHAPE_SD = 0.2  # the shape is about 0, an exponential tail: that of a ratio whatever power of the true one it is
SHAPE_BOUND = 0.5
PRIOR_LEADS = (
    3.0  # what is believed of the scale beforehand weighs as much as three exceedances ...
)
PRIOR_SCALE = 1.5 / STEEPEST  # ... of this mean: ratios half as extreme again as calibrated ones
SCALES, SHAPES = 45, 33  # cells of the grid that the posterior is summed on
SPREADS = 4.5  # standard deviations of log scale to either side
DRAWS = 499  # samples from a fitted tail that its statistic is compared with
LEAST_TESTED = 8  # with fewer exceedances than this a fit cannot be tested


@dataclass(frozen=True, eq=False)
class Tail:
    """How exceedances (strength less threshold) fall: a weighted set of generalised Pareto distributions.

    `scale` and `shape` (cells) with `weight` (cells), which sums to 1: the posterior under the stated penalties. `best`: scale
    and shape of highest density, the penalised maximum likelihood estimate. `known_to`: beyond this exceedance no tail falls
    faster than STEEPEST.
    """

    scale: FloatArray
    shape: FloatArray
    weight: FloatArray
    best: tuple[float, float]
    known_to: float

    def exceeds(self, excess: float) -> float:
        """The expected part of exceedances that are at least this large."""
        return float((self.weight * survival(excess, self.scale, self.shape, self.known_to)).sum())

    def rate_quantile(
        self, share: float, excess: float, events: float, *, held: bool = True
    ) -> float:
        """Quantile of (Gamma(`events`) variable) × (part at least this large), the tail's uncertainty and the count's together.

        `events`: exceedances, or 0 for a quantile of 0; `held`: with no tail falling faster than STEEPEST beyond `known_to`.
        """
        if events <= 0:
            return 0.0
        known_to = self.known_to if held else np.inf
        part = survival(excess, self.scale, self.shape, known_to)
        use = (part > 0) & (self.weight > 1e-6)
        if not use.any():
            return 0.0
        part, weight = part[use], self.weight[use] / self.weight[use].sum()
        low = float(np.log(part.min())) - 40.0
        high = float(np.log(part.max() * (events + 10.0 * np.sqrt(events) + 30.0)))

        def short_of(log_rate: float) -> float:
            return float(weight @ gammaincc(events, np.exp(log_rate) / part)) - (1 - share)

        if short_of(low) <= 0:
            return 0.0
        return float(np.exp(brentq(short_of, low, high, xtol=1e-4)))


def survival(
    excess: float,
    scale: FloatArray | float,
    shape: FloatArray | float,
    known_to: float = np.inf,
    steepest: float = STEEPEST,
) -> FloatArray:
    """P(exceedance >= `excess`): generalised Pareto up to `known_to`, beyond it with its hazard held at `steepest` or less.

    S(y) = (1 + shape · y / scale)^(−1/shape), the exponential at shape 0; hazard 1 / (scale + shape · y).
    """
    scale, shape = np.broadcast_arrays(np.asarray(scale, float), np.asarray(shape, float))
    y = max(excess, 0.0)
    if y <= known_to:
        return np.exp(-_hazard_to(y, scale, shape))
    flat = np.abs(shape) < 1e-9
    # Where the hazard passes `steepest`: falling through it (shape above 0) or rising through it (below).
    meets = (1 / steepest - scale) / np.where(flat, 1.0, shape)
    turn = np.clip(meets, known_to, y)
    at_turn, at_known = _hazard_to(turn, scale, shape), _hazard_to(known_to, scale, shape)
    with np.errstate(invalid="ignore"):
        heavy = steepest * (turn - known_to) + _hazard_to(y, scale, shape) - at_turn
        light = at_turn - at_known + steepest * (y - turn)
    even = np.minimum(1 / scale, steepest) * (y - known_to)
    more = np.where(flat, even, np.where(shape > 0, heavy, light))
    return np.exp(-at_known - np.where(np.isfinite(at_known), more, 0.0))


def _hazard_to(y: float | FloatArray, scale: FloatArray, shape: FloatArray) -> FloatArray:
    """Cumulative hazard of a generalised Pareto at y; infinite past a finite end."""
    flat = np.abs(shape) < 1e-9
    inside = shape * y / scale
    safe = np.where(flat, 1.0, shape)
    with np.errstate(divide="ignore"):
        curved = np.log1p(np.maximum(inside, -1.0)) / safe
    return np.asarray(np.where(flat, y / scale, curved), dtype=float)


def log_posterior(
    excess: FloatArray, scale: FloatArray | float, shape: FloatArray | float, part: float = 1.0
) -> FloatArray:
    """Penalised log likelihood (up to a constant) of generalised Pareto tails, broadcast over `scale` and `shape`.

    `part`: independent exceedances as a part of all, which the likelihood is raised to. The penalties: PRIOR_LEADS
    exceedances of mean PRIOR_SCALE, exponential; shape normal about 0 with SHAPE_SD, within SHAPE_BOUND; log scale
    otherwise flat.
    """
    scale, shape = np.broadcast_arrays(np.asarray(scale, float), np.asarray(shape, float))
    n = len(excess)
    flat = np.abs(shape) < 1e-9
    safe = np.where(flat, 1.0, shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log1p((shape / scale)[..., None] * excess).sum(-1)
        curved = -n * np.log(scale) - (1 + 1 / safe) * logs
    likelihood = np.where(flat, -n * np.log(scale) - excess.sum() / scale, curved)
    penalty = PRIOR_LEADS * (np.log(scale) + PRIOR_SCALE / scale) + shape**2 / (2 * SHAPE_SD**2)
    total = part * likelihood - penalty
    return np.where(np.isfinite(total) & (np.abs(shape) <= SHAPE_BOUND), total, -np.inf)


def fit(excess: FloatArray, part: float = 1.0, known_to: float | None = None) -> Tail:
    """The tail of exceedances (all at least 0, in any order; none at all leaves what is believed beforehand).

    `part`: independent exceedances as a part of all; `known_to`: see `Tail` (None: the largest exceedance).
    """
    weighed = part * len(excess) + PRIOR_LEADS
    middle = (part * float(excess.sum()) + PRIOR_LEADS * PRIOR_SCALE) / weighed
    log_scale = np.log(middle) + np.linspace(-SPREADS, SPREADS, SCALES) / np.sqrt(weighed)
    shape = np.linspace(-SHAPE_BOUND, SHAPE_BOUND, SHAPES)
    density = log_posterior(excess, np.exp(log_scale)[:, None], shape[None], part)
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    row, column = np.unravel_index(int(density.argmax()), density.shape)
    best = _climb(
        excess,
        part,
        (float(log_scale[row]), float(shape[column])),
        (float(log_scale[1] - log_scale[0]), float(shape[1] - shape[0])),
    )
    rows, columns = np.nonzero(weight > 1e-9)
    weight = weight[rows, columns]
    end = float(excess.max(initial=0.0)) if known_to is None else known_to
    return Tail(np.exp(log_scale[rows]), shape[columns], weight / weight.sum(), best, end)


def _climb(
    excess: FloatArray, part: float, start: tuple[float, float], step: tuple[float, float]
) -> tuple[float, float]:
    """The mode near `start` (log scale, shape), by ever finer grids of five by five."""
    at, offsets = np.array(start), np.linspace(-1.0, 1.0, 5)
    width = np.array(step)
    for _ in range(60):
        log_scale, shape = at[0] + width[0] * offsets, at[1] + width[1] * offsets
        density = log_posterior(excess, np.exp(log_scale)[:, None], shape[None], part)
        row, column = np.unravel_index(int(density.argmax()), density.shape)
        moved = np.array([log_scale[row], shape[column]])
        if row in (1, 2, 3) and column in (1, 2, 3):
            width = width / 1.7
        at = moved
        if width.max() < 1e-9:
            break
    return float(np.exp(at[0])), float(at[1])


def weighted_moments(excess: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scale and shape by probability-weighted moments, over the last axis: (..., n) exceedances in rising order.

    Hosking and Wallis (1987) with plotting positions (i − 0.35) / n; the shape held within SHAPE_BOUND, the scale by the mean.
    """
    n = excess.shape[-1]
    position = (np.arange(1, n + 1) - 0.35) / n
    first = excess.mean(-1)
    second = (excess * (1 - position)).mean(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = 2 - first / (first - 2 * second)
    shape = np.clip(np.nan_to_num(shape, nan=-SHAPE_BOUND), -SHAPE_BOUND, SHAPE_BOUND)
    return first * (1 - shape), shape


def anderson_darling(excess: FloatArray) -> FloatArray:
    """Anderson–Darling statistic of exceedances in rising order against the tail of their moments, over the last axis."""
    scale, shape = weighted_moments(excess)
    n = excess.shape[-1]
    above = np.clip(
        np.exp(-_hazard_to(excess, scale[..., None], shape[..., None])), 1e-12, 1 - 1e-12
    )
    odd = 2 * np.arange(1, n + 1) - 1
    logs = odd * (np.log1p(-above) + np.log(above[..., ::-1]))
    return np.asarray(-n - logs.mean(-1), dtype=float)


def fits(excess: FloatArray) -> float:
    """P value of the Anderson–Darling statistic by parametric bootstrap: DRAWS samples of the fitted tail, each fitted anew.

    1 where there are too few exceedances to test, 0 where they do not vary. The draws are the same in every run.
    """
    if len(excess) < LEAST_TESTED:
        return 1.0
    ordered = np.sort(excess)
    if not ordered[-1] > 0:
        return 0.0
    statistic = float(anderson_darling(ordered))
    # The statistic does not change with the scale, and little with the shape: a hundredth is fine enough to share draws.
    shape = round(float(weighted_moments(ordered)[1]), 2)
    drawn = _drawn_statistics(len(ordered), shape)
    return float(((drawn >= statistic).sum() + 1) / (DRAWS + 1))


@cache
def _drawn_statistics(n: int, shape: float) -> FloatArray:
    rng = np.random.default_rng([n, round((shape + 1) * 100)])
    uniform = rng.random((DRAWS, n))
    drawn = -np.log(uniform) if shape == 0 else (uniform**-shape - 1) / shape
    return anderson_darling(np.sort(drawn, axis=-1))
