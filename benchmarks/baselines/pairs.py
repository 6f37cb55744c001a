"""Baselines for labelled pairs: a plain logistic regression, and naive Bayes over quantile bins as the R package does it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from openverdict.evaluation.crossval import LabelledRegister
from openverdict.evidence.smooth import mean_gap

FloatArray = npt.NDArray[np.float64]
Scorer = Callable[[frozenset[int]], FloatArray]
BINS = 10
PSEUDO = 1.0  # pairs added to each bin


def _features(labelled: LabelledRegister) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Metres, days, and per code 1 same, 0 different, NaN missing, for every pair in scope."""
    codes = []
    for k in (1, 2, 3):
        value = labelled.register.table.get_column(f"feature_{k}").to_numpy()
        a, b = value[labelled.i], value[labelled.j]
        missing = np.array([x is None or y is None for x, y in zip(a, b, strict=True)])
        codes.append(np.where(missing, np.nan, (a == b).astype(float)))
    days = mean_gap(labelled.register, labelled.i, labelled.j)
    return labelled.model.metres(labelled.i, labelled.j), days, np.stack(codes, 1)


def plain_logistic(labelled: LabelledRegister) -> Scorer:
    """Log distance (metres + 1), log days (+ 1) and the three codes, unpenalised, prior log odds taken off."""
    metres, days, codes = _features(labelled)
    x = np.column_stack([np.log(metres + 1), np.log(days + 1), np.nan_to_num(codes)])

    def score(without: frozenset[int]) -> FloatArray:
        train = labelled.train(without)
        y = labelled.pairs.linked[train]
        fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(x[labelled.row[train]], y)
        odds = np.log(y.mean() / (1 - y.mean()))
        result: FloatArray = (fitted.decision_function(x) - odds) / np.log(10.0)
        return result

    return _remember(score)


def naive_bayes(labelled: LabelledRegister) -> Scorer:
    """Sum of log ratios of bin shares: ten quantile bins of distance and of time, each code same, different or missing."""
    metres, days, codes = _features(labelled)

    def score(without: frozenset[int]) -> FloatArray:
        train = labelled.train(without)
        y = labelled.pairs.linked[train]
        rows = labelled.row[train]
        total = np.zeros(len(metres))
        for values in (metres, days):
            edges = np.unique(np.quantile(values[rows], np.linspace(0, 1, BINS + 1)[1:-1]))
            total += _ratio(np.searchsorted(edges, values, side="right"), rows, y, len(edges) + 1)
        for k in range(codes.shape[1]):
            kind = np.where(np.isnan(codes[:, k]), 2, codes[:, k]).astype(np.int64)
            total += _ratio(kind, rows, y, 3)
        return total

    return _remember(score)


def _ratio(
    number: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    linked: npt.NDArray[np.bool_],
    bins: int,
) -> FloatArray:
    a = np.bincount(number[rows][linked], minlength=bins) + PSEUDO
    b = np.bincount(number[rows][~linked], minlength=bins) + PSEUDO
    result: FloatArray = np.log10(a / a.sum() / (b / b.sum()))[number]
    return result


def _remember(score: Scorer) -> Scorer:
    known: dict[frozenset[int], FloatArray] = {}

    def remembered(without: frozenset[int]) -> FloatArray:
        if without not in known:
            known[without] = score(without)
        return known[without]

    return remembered


BASELINES: dict[str, Callable[[LabelledRegister], Scorer]] = {
    "naive Bayes over quantile bins": naive_bayes,
    "plain logistic": plain_logistic,
}
