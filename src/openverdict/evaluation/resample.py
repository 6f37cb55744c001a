"""Bootstrap over groups: how far the figures of labelled pairs would move with other series."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from openverdict.evidence.known import LabelledPairs

FloatArray = npt.NDArray[np.float64]

FALSE_SHARES = (0.05, 0.01)


def bootstrap(
    score: FloatArray, pairs: LabelledPairs, *, draws: int, seed: int
) -> dict[str, FloatArray]:
    """AUC, average precision and true-positive rates at 5 % and 1 % false positives, `draws` times.

    Each draw takes as many groups with linked pairs, with replacement, as there are; a pair inside a group counts as often as
    its group was drawn, a pair between groups once. Ties count as in the plain measures.
    """
    rng = np.random.default_rng(seed)
    chosen = np.unique(pairs.group[pairs.linked])
    order = np.argsort(-score, kind="stable")
    linked, group = pairs.linked[order], pairs.group[order]
    last = np.concatenate([np.flatnonzero(np.diff(score[order])), [len(score) - 1]])
    place = np.searchsorted(chosen, group)
    place = np.minimum(place, len(chosen) - 1)
    inside = chosen[place] == group
    names = ("auc", "average_precision", *(f"tpr_at_{share:g}" for share in FALSE_SHARES))
    result = {name: np.empty(draws) for name in names}
    for k in range(draws):
        times = np.bincount(rng.integers(len(chosen), size=len(chosen)), minlength=len(chosen))
        weight = np.where(inside, times[place], 1.0)
        hits = np.cumsum(weight * linked)[last]
        false = np.cumsum(weight * ~linked)[last]
        for name, value in zip(names, _figures(hits, false), strict=True):
            result[name][k] = value
    return result


def _figures(hits: FloatArray, false: FloatArray) -> tuple[float, ...]:
    """The measures from weighted counts at or above each distinct score."""
    recall, alarm = hits / hits[-1], false / false[-1]
    gain = np.diff(np.concatenate([[0.0], recall]))
    before = np.concatenate([[0.0], alarm[:-1]])
    auc = float((gain * (1 - (before + alarm) / 2)).sum())
    precision = hits / np.maximum(hits + false, 1e-300)
    reached = [float(recall[alarm <= share].max(initial=0.0)) for share in FALSE_SHARES]
    return (auc, float((precision * gain).sum()), *reached)


def interval(values: FloatArray, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of the draws."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
