"""A combination fitted on known series: each term of the model with a coefficient, never negative, that starts at one.

    log LR = c + sum_v beta_v log LR_v(i, j) + sum_f gamma_f f(i, j) + delta * third(i, j)

`f` are smooth measures that rise as two cases come nearer in place and time; `third` is how similar a third case is to both.
All coefficients are held at zero or above, so that nearer, sooner and rarer never counts less; a penalty pulls beta towards
1 (the model as it stands) and the others towards 0. The prior log odds of the training pairs are taken off the constant,
so that what is left is a log likelihood ratio. Terms stay terms: they add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize

from openverdict.cases import Register
from openverdict.evidence.encode import DAY_S
from openverdict.evidence.known import LabelledPairs
from openverdict.evidence.model import Model

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEAR_M = 50.0  # below this distance, and below this gap, nearer says hardly more
SOON_DAYS = 20.0
FAR_M = 1000.0  # where the measures are zero
LATE_DAYS = 60.0
SMALLEST_SPAN_DAYS = 1.0 / 48
MEASURES = ("nearer", "sooner")
THIRD = "third case"
SMOOTH_STRENGTH = 1.0


@dataclass(frozen=True)
class Design:
    """Which terms stand in the combination: `kernels` that are replaced by measures, and the `measures`."""

    name: str
    without: tuple[str, ...]
    measures: tuple[str, ...]


# From the simplest: two measures in place of two learned kernels, the kernels, and both.
DESIGNS = (
    Design("smooth place and time", ("gap", "distance"), MEASURES),
    Design("the model's terms", (), ()),
    Design("both", (), MEASURES),
)


@dataclass(frozen=True)
class Combination:
    """Names, coefficients and constant, in natural logarithms; `first`: the round without a third case."""

    design: Design
    strength: float
    terms: tuple[str, ...]
    coefficients: FloatArray
    constant: float
    first: Combination | None = None

    def log_lr(self, columns: FloatArray) -> FloatArray:
        """Natural log likelihood ratio of each row of columns, in the order of `terms`."""
        result: FloatArray = columns @ self.coefficients + self.constant
        return result

    def contributions(self, columns: FloatArray) -> dict[str, FloatArray]:
        """What each term adds, in log10; with `constant` they add up to the log10 likelihood ratio."""
        log10 = np.log(10.0)
        added = {t: columns[:, k] * self.coefficients[k] / log10 for k, t in enumerate(self.terms)}
        return {**added, "constant": np.full(len(columns), self.constant / log10)}


def measures(register: Register, model: Model, i: IntArray, j: IntArray) -> dict[str, FloatArray]:
    """The smooth measures of pairs: `nearer` by log distance, `sooner` by log mean gap; 0 where a value is missing."""
    both = model.slots.placed[i] & model.slots.placed[j]
    nearer = -np.log((model.metres(i, j) + NEAR_M) / (FAR_M + NEAR_M))
    sooner = -np.log((mean_gap(register, i, j) + SOON_DAYS) / (LATE_DAYS + SOON_DAYS))
    return {"nearer": np.where(both, nearer, 0.0), "sooner": sooner}


def mean_gap(register: Register, i: IntArray, j: IntArray) -> FloatArray:
    """Mean of |t_i - t_j| in days when both times are uniform over their intervals, in closed form."""
    t = register.table
    found = t.get_column("found_at").cast(pl.Int64).to_numpy() / 1e6 / DAY_S
    span = t.get_column("found_at_span_s").fill_null(0).to_numpy() / DAY_S
    alive = (
        t.get_column("last_known_alive_at").cast(pl.Int64).to_numpy().astype(float) / 1e6 / DAY_S
    )
    end = found + span
    start = np.where(np.isnan(alive), found, np.minimum(alive, found))
    half = np.maximum(end - start, SMALLEST_SPAN_DAYS) / 2
    gap = (start[i] + end[i] - start[j] - end[j]) / 2
    x, y = half[i] + half[j], half[i] - half[j]
    cubes = _cube(gap + x) - _cube(gap + y) - _cube(gap - y) + _cube(gap - x)
    return np.maximum(cubes / (4 * half[i] * half[j]), 0.0)


def _cube(x: FloatArray) -> FloatArray:
    result: FloatArray = np.abs(x) ** 3 / 6
    return result


def columns(
    design: Design, model: Model, log_terms: dict[str, FloatArray], smooth: dict[str, FloatArray]
) -> tuple[tuple[str, ...], FloatArray]:
    """Names and values of a design's terms, in natural logarithms."""
    kept = [v.name for v in model.variables if v.kernel not in design.without]
    names = (*kept, *design.measures)
    values = [
        *(log_terms[name] * np.log(10.0) for name in kept),
        *(smooth[m] for m in design.measures),
    ]
    return names, np.stack(values, 1)


def third_case(log_lr: FloatArray, n: int) -> tuple[FloatArray, IntArray]:
    """For every pair i < j of n cases (order of `triu_indices`): max over k of min(log LR_ik, log LR_jk), at least 0; and k.

    k is -1 where no third case is similar to both.
    """
    a, b = np.triu_indices(n, 1)
    full = np.full((n, n), -np.inf)
    full[a, b] = full[b, a] = log_lr
    support, which = np.zeros((n, n)), np.full((n, n), -1, dtype=np.int64)
    for k in range(n):
        alike = np.flatnonzero(full[k] > 0)
        square = np.ix_(alike, alike)
        least = np.minimum.outer(full[k, alike], full[k, alike])
        better = least > support[square]
        support[square] = np.where(better, least, support[square])
        which[square] = np.where(better, k, which[square])
    return support[a, b], which[a, b]


def pair_weights(pairs: LabelledPairs) -> FloatArray:
    """One for a pair that is not linked; those linked in one group share the square root of their number.

    So that one long series does not decide alone, and still counts for more than a short one.
    """
    size = np.bincount(pairs.group[pairs.linked], minlength=int(pairs.group.max(initial=0)) + 1)
    return np.where(pairs.linked, 1 / np.sqrt(np.maximum(size[pairs.group], 1)), 1.0)


def fit(
    values: FloatArray,
    linked: npt.NDArray[np.bool_],
    weight: FloatArray,
    towards: FloatArray,
    strength: FloatArray,
) -> tuple[FloatArray, float]:
    """Coefficients (each >= 0) and constant less the prior log odds, by penalised logistic regression.

    Minimises sum w log(1 + exp(∓eta)) + sum strength (coefficient - towards)^2 / 2.
    """

    def cost(z: FloatArray) -> tuple[float, FloatArray]:
        eta = values @ z[1:] + z[0]
        loss = np.logaddexp(0.0, np.where(linked, -eta, eta))
        away = z[1:] - towards
        slope = weight * (np.exp(-np.logaddexp(0.0, -eta)) - linked)
        gradient = np.concatenate([[slope.sum()], values.T @ slope + strength * away])
        return float((weight * loss).sum() + (strength * away**2).sum() / 2), gradient

    odds = np.log(weight[linked].sum() / weight[~linked].sum())
    start = np.concatenate([[odds], towards])
    bounds = [(None, None), *[(0.0, None)] * len(towards)]
    options = {"maxiter": 2000, "ftol": 1e-11, "gtol": 1e-6}
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return found.x[1:], float(found.x[0] - odds)


def fit_combination(
    design: Design,
    strength: float,
    terms: tuple[str, ...],
    values: FloatArray,
    pairs: LabelledPairs,
    train: npt.NDArray[np.int64],
    n: int,
) -> tuple[Combination, FloatArray]:
    """Fit on the rows `train` (aligned with `pairs`) of `values`, which hold all pairs of n cases.

    Returns the combination and its columns, the third case among them, for all pairs.
    """
    weight = pair_weights(pairs)
    smooth = np.array([t in MEASURES for t in terms])
    towards = np.where(smooth, 0.0, 1.0)
    force = np.where(smooth, SMOOTH_STRENGTH, strength)
    beta, constant = fit(values[train], pairs.linked, weight, towards, force)
    first = Combination(design, strength, terms, beta, constant)
    support, _ = third_case(first.log_lr(values), n)
    wide = np.concatenate([values, support[:, None]], 1)
    beta, constant = fit(
        wide[train],
        pairs.linked,
        weight,
        np.append(towards, 0.0),
        np.append(force, SMOOTH_STRENGTH),
    )
    return Combination(design, strength, (*terms, THIRD), beta, constant, first), wide
