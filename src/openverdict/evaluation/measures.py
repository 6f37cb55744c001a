"""Measures of a ranking and of likelihood ratios against known labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression, minimize
from scipy.stats import beta

from openverdict.evidence.cost import cllr

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

__all__ = [
    "Bin",
    "average_precision",
    "calibrated",
    "calibration_bins",
    "calibration_line",
    "cllr",
    "cllr_min",
    "over_confidence",
    "recall_at_zero",
    "roc_auc",
    "tpr_at",
]

LEAST_IN_BIN = 20  # pairs; in a bin of fewer the labels say next to nothing


def roc_auc(score: FloatArray, linked: BoolArray) -> float:
    """Area under the ROC curve: the chance that a linked pair outranks an unlinked one, ties counted half.

    Mann and Whitney (1947), Annals of Mathematical Statistics 18:50. NaN when either kind is missing.
    """
    positives, negatives = int(linked.sum()), int((~linked).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rank = below[inverse] + (counts[inverse] + 1) / 2
    return float((rank[linked].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(score: FloatArray, linked: BoolArray) -> float:
    """Sum of precision times gain in recall over the distinct scores, from the highest down. NaN without linked pairs."""
    if not linked.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(linked[order])
    last = np.concatenate([np.flatnonzero(np.diff(score[order])), [len(score) - 1]])
    precision = hits[last] / (last + 1)
    recall = hits[last] / hits[-1]
    return float((precision * np.diff(np.concatenate([[0.0], recall]))).sum())


def tpr_at(score: FloatArray, linked: BoolArray, false_share: float) -> float:
    """Greatest share of linked pairs above a cut that lets through at most `false_share` of the others. NaN without both."""
    if not linked.any() or linked.all():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    last = np.concatenate([np.flatnonzero(np.diff(score[order])), [len(score) - 1]])
    false = np.cumsum(~linked[order])[last] / (~linked).sum()
    hits = np.cumsum(linked[order])[last] / linked.sum()
    return float(hits[false <= false_share].max(initial=0.0))


def recall_at_zero(score: FloatArray, linked: BoolArray, null: BoolArray) -> float:
    """Share of linked pairs above the highest of the pairs in `null`."""
    return float((score[linked] > score[null].max(initial=-np.inf)).mean())


def calibrated(score: FloatArray, linked: BoolArray) -> FloatArray:
    """log10 likelihood ratio of each pair by pooling adjacent violators: the best that any rising transformation can do.

    Ayer and others (1955), Annals of Mathematical Statistics 26:641. Infinite at both ends.
    """
    values, inverse, count = np.unique(score, return_inverse=True, return_counts=True)
    hits = np.bincount(inverse, weights=linked, minlength=len(values))
    share = isotonic_regression(hits / count, weights=count.astype(np.float64)).x
    prior = linked.mean()
    with np.errstate(divide="ignore"):
        odds = np.log10(share) - np.log10(1 - share) - np.log10(prior / (1 - prior))
    result: FloatArray = odds[inverse]
    return result


def cllr_min(score: FloatArray, linked: BoolArray) -> float:
    """Cllr after pooling adjacent violators: what the ranking alone costs. NaN when either kind is missing."""
    if not linked.any() or linked.all():
        return float("nan")
    return cllr(calibrated(score, linked), linked)


def calibration_line(
    log10_lr: FloatArray, linked: BoolArray, weight: FloatArray | None = None
) -> tuple[float, float]:
    """Slope and intercept (nats) of log odds = prior log odds + intercept + slope * log LR, fitted to the labels.

    1 and 0 for calibrated ratios; a slope below 1: ratios too far from zero, on both sides. Cox (1958), Biometrika
    45:562. NaN where a kind is missing, a ratio is infinite, or one cut parts the kinds, so that no slope is steepest.
    `weight`: how many pairs each one stands for (None: one).
    """
    nan = (float("nan"), float("nan"))
    if not linked.any() or linked.all() or not np.isfinite(log10_lr).all():
        return nan
    nats, others = log10_lr * np.log(10.0), ~linked
    if nats[linked].min() >= nats[others].max() or nats[linked].max() <= nats[others].min():
        return nan
    stands = np.ones(len(nats)) if weight is None else weight
    centre, spread = float(nats.mean()), float(nats.std())
    x = (nats - centre) / spread
    sign = np.where(linked, -1.0, 1.0)
    odds = float(np.log(stands[linked].sum() / stands[others].sum()))

    def cost(z: FloatArray) -> tuple[float, FloatArray]:
        eta = odds + z[0] + z[1] * x
        slope = stands * (np.exp(-np.logaddexp(0.0, -eta)) - linked)
        gradient = np.array([slope.sum(), slope @ x])
        return float(stands @ np.logaddexp(0.0, sign * eta)), gradient

    def curvature(z: FloatArray) -> FloatArray:
        p = np.exp(-np.logaddexp(0.0, -(odds + z[0] + z[1] * x)))
        w = stands * p * (1 - p)
        return np.array([[w.sum(), w @ x], [w @ x, w @ x**2]])

    found = minimize(
        cost, np.array([0.0, spread]), jac=True, hess=curvature, method="trust-exact", tol=1e-10
    ).x
    return float(found[1] / spread), float(found[0] - found[1] * centre / spread)


@dataclass(frozen=True)
class Bin:
    """Pairs whose log10 ratio lies in [low, high): how many, their mean ratio, and the ratio that their labels give.

    `observed` with its interval (`low_observed`, `high_observed`, Jeffreys 95 %) is log10 of the share of the linked over
    the share of the others; `excess_nats`: mean claimed less observed. `over_nats`: by how much the claim is farther from
    zero than the labels bear out, whichever way it points (negative: it could claim more); `over_nats_sure`: what is left
    of it at the end of the interval that is kindest to the claim, at least 0.
    """

    low: float
    high: float
    linked: int
    others: int
    claimed: float
    observed: float
    low_observed: float
    high_observed: float
    excess_nats: float
    over_nats: float
    over_nats_sure: float


def calibration_bins(
    log10_lr: FloatArray, linked: BoolArray, weight: FloatArray | None = None
) -> tuple[Bin, ...]:
    """Calibration by whole units of log10 ratio; half a pair is added to both counts of a bin.

    `weight`: how many pairs each one stands for (None: one); the interval takes them as counted.
    """
    bins = []
    nat = float(np.log(10.0))
    stands = np.ones(len(log10_lr)) if weight is None else weight
    offset = np.log10((stands[~linked].sum() + 1.0) / (stands[linked].sum() + 1.0))
    number = np.floor(log10_lr)
    for low in np.unique(number):
        mine = number == low
        a, b = float(stands[mine & linked].sum()), float(stands[mine & ~linked].sum())
        claimed = float(np.average(log10_lr[mine], weights=stands[mine]))
        share = beta.ppf([0.025, 0.975], a + 0.5, b + 0.5)
        below, above = (np.log10(share) - np.log10(1 - share) + offset).tolist()
        observed = float(np.log10((a + 0.5) / (b + 0.5)) + offset)
        excess = (claimed - observed) * nat
        sure = claimed - above if claimed >= 0 else below - claimed
        bins.append(
            Bin(
                low=float(low),
                high=float(low) + 1,
                linked=round(a),
                others=round(b),
                claimed=claimed,
                observed=observed,
                low_observed=below,
                high_observed=above,
                excess_nats=excess,
                over_nats=excess if claimed >= 0 else -excess,
                over_nats_sure=max(sure * nat, 0.0),
            )
        )
    return tuple(bins)


def over_confidence(bins: tuple[Bin, ...]) -> tuple[float, float]:
    """The most that a unit bin of LEAST_IN_BIN pairs or more is over-confident, and the most that any bin surely is, in nats.

    0 where no bin is; NaN for the first without a bin that is full enough.
    """
    full = [b.over_nats for b in bins if b.linked + b.others >= LEAST_IN_BIN]
    most = max([*full, 0.0]) if full else float("nan")
    return most, max((b.over_nats_sure for b in bins), default=0.0)
