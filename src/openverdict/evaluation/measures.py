"""Measures of a ranking and of likelihood ratios against known labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


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


def cllr(log10_lr: FloatArray, linked: BoolArray) -> float:
    """Cost of the log likelihood ratio in bits; 1 is what a system that says nothing costs.

    Brümmer and du Preez (2006), Computer Speech and Language 20:230. NaN when either kind is missing.
    """
    if not linked.any() or linked.all():
        return float("nan")
    nats = log10_lr * np.log(10.0)
    for_linked = np.logaddexp(0.0, -nats[linked]).mean()
    for_others = np.logaddexp(0.0, nats[~linked]).mean()
    return float((for_linked + for_others) / (2 * np.log(2.0)))
