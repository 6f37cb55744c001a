"""Consistency learned from known series: expectation–maximisation over *carried over* and *not carried over*.

For a pair of a known series, each factor of a variable's ratio is 1 - theta + theta * x, where x = k / p is the ratio if
the value was carried over. With weights w, and Beta(a, b) before:

    r = theta x / (1 - theta + theta x)          expected share of *carried over*  (E-step)
    Beta(a + sum w r, b + sum w (1 - r))         the posterior; theta is its mean  (M-step)

Its fixed point is the greatest value of a log theta + b log(1 - theta) + sum w log(1 - theta + theta x).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from openverdict.evidence.encode import OTHER, SEEN_ONCE, routinely_screened
from openverdict.evidence.known import LabelledPairs
from openverdict.evidence.model import Model, Prepared, listed_again
from openverdict.evidence.relation import Relation
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

STEPS = 10_000
CLOSE = 1e-12
SCALE_SD = (
    1.0  # prior of a kernel's scale: log-normal around the shipped one, this wide (in natural logs)
)
MIXTURE_CASES = 5.0  # prior of a mixture's weights: worth so many pairs
LEARNABLE = ("gap", "distance", "number")


@dataclass(frozen=True)
class Factors:
    """Ratios if carried over: factor f belongs to pair `pair[f]` and has `x[f]`."""

    pair: IntArray
    x: FloatArray


def factors(
    model: Model,
    variable: Variable,
    i: IntArray,
    j: IntArray,
    terms: dict[str, FloatArray] | None = None,
) -> Factors:
    """Every factor 1 - theta + theta x of a variable's ratio for pairs (i, j), i < j; none where a value is missing.

    `terms`: those of the model for the pairs, where they are at hand.
    """
    if variable.kernel == "items":
        return _item_factors(model, variable, i, j)
    if variable.kernel in LEARNABLE:
        log2_x, both = _measured(model, variable, i, j)
        pair = np.flatnonzero(both)
        return Factors(pair, np.exp2(log2_x[pair]))
    log10 = (terms or model.terms(i, j))[variable.name]
    recorded = log10 != 0.0
    x = np.maximum((10.0**log10 - (1 - variable.theta)) / variable.theta, 0.0)
    pair = np.flatnonzero(recorded)
    return Factors(pair, x[pair])


def _measured(
    model: Model, variable: Variable, i: IntArray, j: IntArray
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """log2 k / p of time, place or number for each pair, and whether both cases hold it."""
    if variable.kernel == "gap":
        return model.log2_gap(i, j) - model.around.log2_time[j], np.ones(len(i), dtype=bool)
    if variable.kernel == "distance":
        placed = model.slots.placed
        return model.log2_place(i, j) - model.around.log2_place[j], placed[i] & placed[j]
    age = model.content.age.astype(np.int64)
    apart = np.abs(age[i] - age[j])
    ratio = model.log2_age_kernel[np.minimum(apart, 127)] - model.learned.log2_age[j]
    return ratio, (age[i] >= 0) & (age[j] >= 0)


def _item_factors(model: Model, variable: Variable, i: IntArray, j: IntArray) -> Factors:
    """Item by item, as `Model` multiplies them; detected in one and looked for in vain in the other is x = 0."""
    content, learned = model.content, model.learned
    v = content.coded.index(variable)
    pair: list[int] = []
    x: list[float] = []
    lack = _lack(model, variable, v)
    p_of = np.where(model.are_near(i, j)[:, None], model.near, model.own.p)
    for number, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        here = range(int(learned.start[b]), int(learned.start[b + 1]))
        own = {
            int(learned.bit[e]): e for e in here if content.bit_list[learned.bit[e]].variable == v
        }
        theirs = [
            int(d)
            for d in learned.bit[learned.start[a] : learned.start[a + 1]]
            if content.bit_list[d].variable == v
        ]
        found = []
        for d, e in own.items():
            if content.bit_list[d].negative or (content.bit_list[d].value == OTHER and d in theirs):
                continue
            if model.opposite[d] in theirs:
                found.append(0.0)
            elif content.recorded[a, v] and d in theirs and content.bit_list[d].value != SEEN_ONCE:
                p = p_of[number, e]
                found.append(max(float(listed_again(variable.reporting, p)) / p, lack[d]))
            elif content.recorded[a, v]:
                found.append(lack[d])
        for d in theirs:
            if d in own or content.bit_list[d].negative:
                continue
            if model.opposite[d] in own:
                found.append(0.0)
            elif content.recorded[b, v]:
                found.append(lack[d])
        pair += [number] * len(found)
        x += found
    return Factors(np.array(pair, dtype=np.int64), np.array(x))


def _lack(model: Model, variable: Variable, v: int) -> dict[int, float]:
    """Per bit of the variable: x when one record lists the item and the other does not."""
    result = {}
    for d, bit in enumerate(model.content.bit_list):
        if bit.variable == v and not bit.negative:
            silent = variable.fields[0] == "substances_detected" and not routinely_screened(
                bit.value
            )
            result[d] = 1.0 if silent else 1 - variable.reporting
    return result


def posterior(prior: tuple[float, float], x: FloatArray, w: FloatArray) -> tuple[float, float]:
    """Beta posterior of theta given the ratios if carried over and their weights; the prior where there is nothing."""
    a, b = prior
    alpha, beta = a, b
    for _ in range(STEPS):
        theta = alpha / (alpha + beta)
        r = theta * x / (1 - theta + theta * x)
        alpha, before = a + float((w * r).sum()), alpha
        beta = b + float((w * (1 - r)).sum())
        if abs(alpha - before) < CLOSE * alpha:
            break
    return alpha, beta


def with_variables(
    prepared: Prepared, variables: tuple[Variable, ...], relation: Relation | None = None
) -> Prepared:
    """The same register under other settings of the same variables: nothing of the background is learned again.

    `relation`: see `Prepared` (None: as it was).
    """
    by_name = {v.name: v for v in variables}
    content = prepared.learned.content
    coded = tuple(by_name[v.name] for v in content.coded)
    learned = replace(prepared.learned, content=replace(content, coded=coded))
    kept = relation or prepared.relation
    return replace(prepared, variables=variables, learned=learned, relation=kept)


def retuned(
    model: Model, variables: tuple[Variable, ...], *, from_known_series: bool = False
) -> Model:
    """The model under other settings of the same variables. Rarity does not depend on them and is not counted again.

    `from_known_series`: the variables were learned from all pairs of known series, copied one from the other or not, so that
    none of them has to be taken for less.
    """
    relation = replace(model.prepared.relation, copied=1.0) if from_known_series else None
    other = Model(with_variables(model.prepared, variables, relation))
    for name in ("own", "near"):
        other.__dict__[name] = getattr(model, name)
    return other


def unweighted(model: Model) -> Model:
    """The model with every variable's weight at 1: what consistency is learned from."""
    if all(v.weight == 1.0 for v in model.variables):
        return model
    return retuned(model, tuple(replace(v, weight=1.0) for v in model.variables))


def learn_consistency(
    model: Model, pairs: LabelledPairs, *, kernels: bool = True
) -> tuple[Variable, ...]:
    """The variables with theta, and with `kernels` also the shape of gap, distance and number, learned from known series.

    A variable that no linked pair records stays as it is. Weights are not learned here: all are 1 in what is returned.
    """
    model = unweighted(model)
    linked = pairs.take(pairs.linked)
    weight = pairs.weight[pairs.linked]
    terms = model.terms(linked.i, linked.j)
    learned = []
    for variable in model.variables:
        f = factors(model, variable, linked.i, linked.j, terms)
        if len(f.x) == 0:
            learned.append(variable)
            continue
        shaped = variable
        if kernels and variable.kernel in LEARNABLE:
            shaped = _shape(model, variable, linked, weight)
            f = factors(
                retuned(model, _replaced(model.variables, shaped)), shaped, linked.i, linked.j
            )
        beta = posterior(shaped.beta, f.x, weight[f.pair])
        members = weight[np.unique(f.pair)].sum()
        source = f"{variable.source}; updated from known series ({members:.0f} later members)"
        learned.append(replace(shaped, beta=beta, source=source))
    return tuple(learned)


def _replaced(variables: tuple[Variable, ...], one: Variable) -> tuple[Variable, ...]:
    return tuple(one if v.name == one.name else v for v in variables)


def _shape(model: Model, variable: Variable, linked: LabelledPairs, weight: FloatArray) -> Variable:
    """The scales (and weights) of one kernel at which the penalised likelihood, with theta free, is greatest."""

    def settings(z: FloatArray) -> tuple[Variable, float]:
        m = len(variable.mixture)
        old = np.array(variable.mixture)
        log_share = np.log(old[:, 0]) + np.concatenate([[0.0], z[m:]])
        share = np.exp(log_share - log_share.max())
        share /= share.sum()
        scale = old[:, 1] * np.exp(z[:m])
        price = float((z[:m] ** 2).sum() / (2 * SCALE_SD**2))
        price -= MIXTURE_CASES * float((old[:, 0] * np.log(share / old[:, 0])).sum())
        mixture = tuple((float(s), float(c)) for s, c in zip(share, scale, strict=True))
        return replace(variable, mixture=mixture), price

    def cost(z: FloatArray) -> float:
        shaped, price = settings(z)
        tried = Model(with_variables(model.prepared, _replaced(model.variables, shaped)))
        f = factors(tried, shaped, linked.i, linked.j)
        w = weight[f.pair]
        a, b = posterior(shaped.beta, f.x, w)
        theta = a / (a + b)
        a0, b0 = shaped.beta
        fit = a0 * np.log(theta) + b0 * np.log1p(-theta)
        return price - float(fit + (w * np.log(1 - theta + theta * f.x)).sum())

    size = 2 * len(variable.mixture) - 1
    found = minimize(cost, np.zeros(size), method="L-BFGS-B", bounds=[(-4.0, 4.0)] * size)
    return settings(found.x)[0]
