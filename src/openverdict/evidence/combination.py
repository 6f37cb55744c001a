"""A combination fitted on known series: each term of the model with a coefficient, never negative, that starts at one.

    log LR = c + sum_v beta_v log LR_v(i, j) + sum_f gamma_f f(i, j) + delta * third(i, j)

`f` are smooth measures that rise as two cases come nearer in place, time and hour of the day; `third` is how similar a third
case is to both. All coefficients are held at zero or above, so that nearer, sooner and rarer never counts less; a penalty
pulls beta towards 1 (the model as it stands) and the others towards 0. The prior log odds of the training pairs are taken off
the constant, so that what is left is a log likelihood ratio. Several designs are fitted and averaged; a mean of sums of
terms is a sum of terms, so that what each adds can still be stated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from openverdict.evidence.known import LabelledPairs
from openverdict.evidence.smooth import MEASURES
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

THIRD = "third case"
SMOOTH_STRENGTH = 1.0
ROUNDS = 3  # times that the third case is looked for again among the ratios it has changed
SLACK = 1.0  # nats that a third case may weigh more than the pair's own terms do
LOG10 = float(np.log(10.0))


@dataclass(frozen=True)
class Design:
    """Which terms stand in a combination: all but those of the kernels `without`, and the smooth `measures`."""

    name: str
    without: tuple[str, ...]
    measures: tuple[str, ...]

    def terms(self, variables: tuple[Variable, ...]) -> tuple[str, ...]:
        """Names of the design's terms."""
        return (*(v.name for v in variables if v.kernel not in self.without), *self.measures)


NEAR_AND_SOON = ("nearer", "sooner", "hour")
# Averaged. They differ in how they allow for the density of the surroundings: not at all, by the kernel of place, by rank
# among each case's own neighbours.
DESIGNS = (
    Design("smooth", ("gap", "distance"), NEAR_AND_SOON),
    Design("smooth, density by the kernel of place", ("gap",), NEAR_AND_SOON),
    Design("smooth, density by rank", ("gap", "distance"), MEASURES),
)


@dataclass(frozen=True)
class Combination:
    """The mean of the fitted designs: terms, their mean coefficients and the constant, in natural logarithms.

    `before`: the round from whose ratios the third case was taken; the first has none.
    """

    strength: float
    terms: tuple[str, ...]
    coefficients: FloatArray
    constant: float
    before: Combination | None = None

    def log_lr(self, values: dict[str, FloatArray]) -> FloatArray:
        """Natural log likelihood ratio of pairs from the values of their terms, in natural logarithms."""
        result = np.full(len(values[self.terms[0]]), self.constant)
        for term, coefficient in zip(self.terms, self.coefficients.tolist(), strict=True):
            result += coefficient * values[term]
        return result

    def contributions(self, values: dict[str, FloatArray]) -> dict[str, FloatArray]:
        """What each term adds, in log10; with `constant` they add up to the log10 likelihood ratio."""
        named = zip(self.terms, self.coefficients.tolist(), strict=True)
        added = {term: coefficient * values[term] / LOG10 for term, coefficient in named}
        constant = np.full(len(values[self.terms[0]]), self.constant / LOG10)
        return {**added, "constant": constant}


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


def third_term(own: FloatArray, log_lr: FloatArray, n: int) -> FloatArray:
    """What a third case says of each pair: never more than the pair's own terms, and SLACK, bear out.

    `own`: natural log ratios without a third case; `log_lr`: the latest with it. Without that limit a case is drawn to
    every long series that a neighbour of its belongs to, however little it has in common with it.
    """
    return np.minimum(third_case(log_lr, n)[0], np.maximum(own + SLACK, 0.0))


def pair_weights(pairs: LabelledPairs) -> FloatArray:
    """One for a pair that is not linked; those linked in one group share the square root of their number.

    So that one long series does not decide alone, and still counts for more than a short one.
    """
    size = np.bincount(pairs.group[pairs.linked], minlength=int(pairs.group.max(initial=0)) + 1)
    return np.where(pairs.linked, 1 / np.sqrt(np.maximum(size[pairs.group], 1)), 1.0)


def fit(
    values: FloatArray,
    linked: BoolArray,
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
    strength: float,
    variables: tuple[Variable, ...],
    values: dict[str, FloatArray],
    pairs: LabelledPairs,
    train: IntArray,
    n: int,
) -> tuple[Combination, dict[str, FloatArray]]:
    """Fit on the rows `train` (aligned with `pairs`) of `values`: by term, for all pairs of n cases, in natural logarithms.

    Returns the combination and the values with the third case among them. Each round fits every design, averages them, and
    looks for the third cases among the ratios that this gives.
    """
    weight = pair_weights(pairs)
    fitted: Combination | None = None
    own = np.zeros(0)
    for k in range(1 + ROUNDS):
        if fitted is not None:
            latest = fitted.log_lr(values)
            own = latest if k == 1 else own
            values = {**values, THIRD: third_term(own, latest, n)}
        total: dict[str, float] = {}
        constant = 0.0
        for design in DESIGNS:
            terms = design.terms(variables) + ((THIRD,) if fitted is not None else ())
            of_model = np.array([t not in MEASURES and t != THIRD for t in terms])
            beta, rest = fit(
                np.stack([values[t][train] for t in terms], 1),
                pairs.linked,
                weight,
                of_model.astype(float),
                np.where(of_model, strength, SMOOTH_STRENGTH),
            )
            constant += rest / len(DESIGNS)
            for term, coefficient in zip(terms, beta.tolist(), strict=True):
                total[term] = total.get(term, 0.0) + coefficient / len(DESIGNS)
        coefficients = np.array(list(total.values()))
        fitted = Combination(strength, tuple(total), coefficients, constant, fitted)
    assert fitted is not None  # noqa: S101 (at least one round)
    return fitted, values
