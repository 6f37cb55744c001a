"""How often each variable's log ratio counts, fitted jointly on known series: the combination that a review uses.

    log LR(i, j) = sum_v w_v log LR_v(i, j),   w_v >= 0

The sum of log ratios takes the variables to be independent; where they are not, weights below 1 stop the same thing from being
counted twice. There is no constant, so that a pair of which nothing is recorded keeps a ratio of 1, and no smooth measure, so
that each variable keeps its floor: a weighted model is a model like any other, with the same integer tables and the same null
registers. A penalty pulls the weights towards 1, the model as it stands. They are used only if series that they were not
fitted on say that they help.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from openverdict.evidence.combination import pair_weights
from openverdict.evidence.consistency import learn_consistency, retuned
from openverdict.evidence.cost import cllr
from openverdict.evidence.known import (
    FOLDS,
    LabelledPairs,
    assign_folds,
    groups,
    linked_pairs,
)
from openverdict.evidence.model import Model
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LEAST_GROUPS = 10  # groups with linked pairs: two in each part of the cross-validation
LEAST_LINKED = 20  # linked pairs
STRENGTHS = (1.0, 10.0, 100.0)  # of the penalty: a prior standard deviation of 1, 0.3, 0.1
OTHERS = 20_000  # unlinked pairs, drawn from the register
LOG10 = float(np.log(10.0))


@dataclass(frozen=True)
class Taught:
    """What known series taught: the variables to use from now on, and the effect of the weights.

    `groups` with linked pairs, `linked` and `others` pairs stood behind it; `before` and `after`: Cllr of learned consistency
    alone and with weights, each group scored by what the others teach (NaN where there were too few); `used`: whether the
    variables carry weights; `why_not` in words where not.
    """

    variables: tuple[Variable, ...]
    groups: int
    linked: int
    others: int
    before: float
    after: float
    strength: float
    why_not: str

    @property
    def used(self) -> bool:
        """Whether the weights are used."""
        return not self.why_not

    def summary(self, shipped: tuple[Variable, ...]) -> dict[str, Any]:
        """Ready for JSON; `shipped`: the variables before anything was learned."""
        return {
            "groups_with_linked_pairs": self.groups,
            "linked_pairs": self.linked,
            "other_pairs": self.others,
            "groups_needed": LEAST_GROUPS,
            "linked_pairs_needed": LEAST_LINKED,
            "weights_used": self.used,
            "weights_not_used_because": self.why_not or None,
            "shrinkage": self.strength if self.used else None,
            "cllr_without_weights": None if np.isnan(self.before) else round(self.before, 4),
            "cllr_with_weights": None if np.isnan(self.after) else round(self.after, 4),
            "variables": [
                {
                    "name": new.name,
                    "label": new.label,
                    "theta_before": round(old.theta, 4),
                    "theta": round(new.theta, 4),
                    "weight": round(new.weight, 4),
                }
                for old, new in zip(shipped, self.variables, strict=True)
            ],
        }


def fit_weights(
    terms: FloatArray, linked: BoolArray, weight: FloatArray, strength: float
) -> FloatArray:
    """The weight of each column of `terms` (log10 ratios, a row a pair), at least 0, by penalised logistic regression.

    Minimises sum weight log(1 + exp(∓(prior + sum_v w_v term_v))) + strength sum_v (w_v - 1)^2 / 2, with the log odds of the
    pairs themselves as prior. `weight`: of each pair.
    """
    values = terms * LOG10
    prior = float(np.log(weight[linked].sum() / weight[~linked].sum()))
    sign = np.where(linked, -1.0, 1.0)

    def cost(w: FloatArray) -> tuple[float, FloatArray]:
        eta = prior + values @ w
        slope = weight * (np.exp(-np.logaddexp(0.0, -eta)) - linked)
        loss = float((weight * np.logaddexp(0.0, sign * eta)).sum())
        away = w - 1.0
        return loss + strength * float(away @ away) / 2, values.T @ slope + strength * away

    n = terms.shape[1]
    options = {"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-7}
    found = minimize(
        cost, np.ones(n), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * n, options=options
    )
    result: FloatArray = found.x
    return result


def weighted(variables: tuple[Variable, ...], weight: FloatArray) -> tuple[Variable, ...]:
    """The same variables with these weights."""
    return tuple(replace(v, weight=float(w)) for v, w in zip(variables, weight, strict=True))


def learn(model: Model, series: dict[int, frozenset[str]], *, seed: int) -> Taught:
    """Consistency learned from the linked pairs of known `series` (by case number), and weights where there are enough.

    `seed` draws the unlinked pairs and parts the groups for cross-validation.
    """
    members = linked_pairs(series)
    variables = learn_consistency(model, members)
    linked = members.take(members.linked)
    count = len(np.unique(linked.group))
    pairs = linked
    before, after, strength, why_not = (float("nan"), float("nan"), float("nan"), "")
    if count < LEAST_GROUPS:
        why_not = f"too few groups of known series: {count}, and {LEAST_GROUPS} are needed"
    elif len(linked.i) < LEAST_LINKED:
        why_not = f"too few linked pairs: {len(linked.i)}, and {LEAST_LINKED} are needed"
    else:
        rng = np.random.default_rng(seed)
        pairs = _with_others(linked, series, model.n, rng)
        before, after, strength = _cross_validated(model, pairs, _folds(pairs, series, seed, rng))
        if not after < before:
            why_not = "on series that they are not fitted on they do not lower the cost (Cllr)"
    if not why_not:
        terms = _terms(retuned(model, variables), pairs)
        weight = fit_weights(terms, pairs.linked, pair_weights(pairs), strength)
        variables = weighted(variables, weight)
    others = int((~pairs.linked).sum())
    return Taught(variables, count, len(linked.i), others, before, after, strength, why_not)


def _with_others(
    linked: LabelledPairs, series: dict[int, frozenset[str]], n: int, rng: np.random.Generator
) -> LabelledPairs:
    """The linked pairs, and OTHERS pairs drawn from all of a register of n cases that are not of one known group.

    They stand for unrelated pairs as the register holds them. Pairs between known series alone would not: series are
    known because they are of a kind, and being of that kind would seem to mean nothing.
    """
    total = n * (n - 1) // 2
    code = np.arange(total) if total <= OTHERS else np.unique(rng.integers(0, total, OTHERS))
    j = np.floor((1 + np.sqrt(1 + 8 * code.astype(np.float64))) / 2).astype(np.int64)
    i = code - j * (j - 1) // 2
    group = np.full(n, -1, dtype=np.int64)
    for case, number in groups({c: s for c, s in series.items() if s}).items():
        group[case] = number
    apart = (group[i] < 0) | (group[i] != group[j])
    i, j = i[apart], j[apart]
    return LabelledPairs(
        np.concatenate([linked.i, i]),
        np.concatenate([linked.j, j]),
        np.concatenate([linked.linked, np.zeros(len(i), dtype=bool)]),
        np.concatenate([linked.group, np.full(len(i), -1, dtype=np.int64)]),
    )


def _folds(
    pairs: LabelledPairs, series: dict[int, frozenset[str]], seed: int, rng: np.random.Generator
) -> IntArray:
    """A fold for every pair: that of the group of a linked one, any of an unlinked one."""
    fold_of = assign_folds({c: s for c, s in series.items() if s}, FOLDS, seed)
    drawn = rng.integers(1, FOLDS + 1, len(pairs.i))
    own = [fold_of[c] if y else 0 for c, y in zip(pairs.i.tolist(), pairs.linked, strict=True)]
    return np.where(pairs.linked, own, drawn).astype(np.int64)


def _terms(model: Model, pairs: LabelledPairs) -> FloatArray:
    terms = model.terms(pairs.i, pairs.j)
    return np.stack([terms[v.name] for v in model.variables], 1)


def _cross_validated(
    model: Model, pairs: LabelledPairs, fold: IntArray
) -> tuple[float, float, float]:
    """Cllr of each fold's pairs by consistency of the other folds alone, and with their weights; and the strength.

    For each fold the strength is chosen inside the others; the one returned is the best over all.
    """
    plain = np.full(len(fold), np.nan)
    chosen = plain.copy()
    each = {strength: plain.copy() for strength in STRENGTHS}
    for k in range(1, FOLDS + 1):
        train, test = fold != k, fold == k
        terms = _terms(retuned(model, learn_consistency(model, pairs.take(train))), pairs)
        plain[test] = terms[test].sum(1)
        inner = {s: np.zeros(len(fold)) for s in STRENGTHS}
        for other in sorted(set(range(1, FOLDS + 1)) - {k}):
            held = fold == other
            for s in STRENGTHS:
                inner[s][held] = terms[held] @ _fitted(terms, pairs, train & ~held, s)
        costs = {s: cllr(score[train], pairs.linked[train]) for s, score in inner.items()}
        for s in STRENGTHS:
            each[s][test] = terms[test] @ _fitted(terms, pairs, train, s)
        chosen[test] = each[min(STRENGTHS, key=lambda s: costs[s])][test]
    best = min(STRENGTHS, key=lambda s: cllr(each[s], pairs.linked))
    return cllr(plain, pairs.linked), cllr(chosen, pairs.linked), best


def _fitted(
    terms: FloatArray, pairs: LabelledPairs, rows: BoolArray, strength: float
) -> FloatArray:
    part = pairs.take(rows)
    return fit_weights(terms[rows], part.linked, pair_weights(part), strength)
