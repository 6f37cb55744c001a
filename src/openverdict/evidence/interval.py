"""The interval of every pair's ratio: each source of uncertainty moved by one standard deviation, both ways.

    sd_up^2 = sum over sources s of max(T(s moved up) - T, T(s moved down) - T, 0)^2, and sd_down likewise
    95 % interval: T - 1.96 sd_down … T + 1.96 sd_up

The sources: consistency theta, the rarities and densities of the background, and the kinds of death. It is the delta method
with a difference in place of a derivative, so that it holds for every kernel and follows a bend. Formulas, assumptions and
measured coverage: docs/methods/uncertainty.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtr

from openverdict.evidence.consistency import retuned
from openverdict.evidence.model import Model, Sparse
from openverdict.evidence.rarity import learn
from openverdict.evidence.support import Support, factor_at, rate_at, support
from openverdict.evidence.types import Types, learn_types
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SOURCES = ("theta", "background", "kinds")
NORMAL_95 = 1.959963984540054
CHUNK = 200_000
REFITS = 8  # sets of kinds of death learned anew
CERTAIN = 1e-9  # theta is never 0 or 1


@dataclass(frozen=True)
class Bounds:
    """Ends of the 95 % interval of each pair's log10 likelihood ratio, and the two standard deviations of its sum of terms
    behind them.
    """

    low: FloatArray
    high: FloatArray
    sd_down: FloatArray
    sd_up: FloatArray


class Intervals:
    """Intervals of pairs of one model; what they rest on is worked out once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.support: Support = support(model)
        self._moved: dict[tuple[str, float], Model] = {}

    def moved(self, source: str, z: float) -> Model:
        """The model with all of one source (theta or background) moved by z standard deviations, by its normal rank."""
        if (source, z) not in self._moved:
            self._moved[source, z] = (
                retuned(self.model, moved_theta(self.model, z))
                if source == "theta"
                else moved_background(self.model, self.support, z)
            )
        return self._moved[source, z]

    @cached_property
    def refits(self) -> tuple[Model, ...]:
        """Bootstrap of the kinds of death: learned anew on cases drawn with replacement; all else stays as it is."""
        if len(self.model.prepared.types.share) < 2:
            return ()
        content, n = self.model.content, self.model.n
        chosen = [
            np.random.default_rng(child).integers(0, n, n)
            for child in np.random.SeedSequence(n).spawn(REFITS)
        ]
        return tuple(_with_types(self.model, learn_types(content, rows)) for rows in chosen)

    def bounds(
        self,
        i: IntArray,
        j: IntArray,
        terms: dict[str, FloatArray] | None = None,
        *,
        sources: Sequence[str] = SOURCES,
    ) -> Bounds:
        """Of pairs (i, j), i < j.

        `terms`: those of the model for the pairs, where they are at hand; `sources`: which of SOURCES to count.
        """
        parts = [slice(k, k + CHUNK) for k in range(0, len(i), CHUNK)] or [slice(0, 0)]
        made = [
            self._some(
                np.asarray(i[p], dtype=np.int64),
                np.asarray(j[p], dtype=np.int64),
                None if terms is None else {v: t[p] for v, t in terms.items()},
                sources,
            )
            for p in parts
        ]
        return Bounds(*(np.concatenate(column) for column in zip(*made, strict=True)))

    def _some(
        self,
        i: IntArray,
        j: IntArray,
        terms: dict[str, FloatArray] | None,
        sources: Sequence[str],
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        at = terms if terms is not None else self.model.terms(i, j)
        total = np.sum([at[v.name] for v in self.model.variables], axis=0)
        up, down = np.zeros(len(i)), np.zeros(len(i))
        for source in ("theta", "background"):
            if source not in sources:
                continue
            first, second = (self.moved(source, z).terms(i, j) for z in (1.0, -1.0))
            for v in self.model.variables:
                a, b = first[v.name] - at[v.name], second[v.name] - at[v.name]
                up += np.maximum(np.maximum(a, b), 0.0) ** 2
                down += np.minimum(np.minimum(a, b), 0.0) ** 2
        if "kinds" in sources and self.refits:
            spread = self.relearned(i, j).var(0)
            up += spread
            down += spread
        sd_up, sd_down = np.sqrt(up), np.sqrt(down)
        low, high = total - NORMAL_95 * sd_down, total + NORMAL_95 * sd_up
        return self.model.ratio(low), self.model.ratio(high), sd_down, sd_up

    def relearned(self, i: IntArray, j: IntArray) -> FloatArray:
        """What each set of kinds learned anew gives for the terms that depend on them, shape (sets, pairs)."""
        if not self.refits:
            return np.zeros((1, len(i)))
        return np.stack([kind_terms(m, i, j) for m in self.refits])


def kind_terms(model: Model, i: IntArray, j: IntArray) -> FloatArray:
    """Sum of the terms that depend on the kinds of death: the coded values and the age."""
    coded = model.coded_terms(i, j, model.are_near(i, j)).sum(1)
    number = model.by_kernel["number"]
    age = model.content.age.astype(int)
    both = (age[i] >= 0) & (age[j] >= 0)
    apart = np.minimum(np.abs(age[i] - age[j]), len(model.log2_age_kernel) - 1)
    log2 = model.log2_age_kernel[apart] - model.learned.log2_age[j]
    aged = number.log10_lr(np.exp2(log2))
    result: FloatArray = coded + np.where(both, aged, 0.0)
    return result


def moved_theta(model: Model, z: float) -> tuple[Variable, ...]:
    """The variables with every theta at the quantile Phi(z) of its Beta distribution."""
    moved = []
    for v in model.variables:
        a, b = v.beta
        theta = float(np.clip(betaincinv(a, b, ndtr(z)), CERTAIN, 1 - CERTAIN))
        moved.append(replace(v, beta=(theta * (a + b), (1 - theta) * (a + b))))
    return tuple(moved)


def moved_background(model: Model, behind: Support, z: float) -> Model:
    """The model with every rarity and density at the quantile Phi(-z) of what the cases behind it allow: rarer for z > 0."""
    own, near, around = model.own, model.near, model.around
    least = 0.5 / (model.n + 1)
    other = Model(model.prepared)
    other.learned = replace(
        model.learned, log2_age=model.learned.log2_age + np.log2(factor_at(behind.age, z))
    )
    other.around = replace(
        around,
        log2_place=around.log2_place - z * behind.place / np.log(2.0),
        log2_time=around.log2_time + np.log2(factor_at(behind.time, z)),
        gathering=np.where(
            around.gathering > 1.0,
            np.maximum(around.gathering * factor_at(behind.gathering, z), 1.0),
            1.0,
        ),
    )
    own_p = np.clip(rate_at(own.p, behind.own, z), least, 1.0)
    given = {
        "own": replace(own, p=own_p),
        "near": np.clip(np.maximum(rate_at(near, behind.near, z), own_p), least, 1.0),
        "sparse": {
            v.name: _moved_sparse(v, model.sparse[v.name], behind.sparse[v.name], z, least)
            for v in model.variables
            if v.name in model.sparse
        },
        "gap_table": model.gap_table,
        "opposite": model.opposite,
    }
    other.__dict__.update(given)
    return other


def _moved_sparse(v: Variable, sparse: Sparse, cases: FloatArray, z: float, least: float) -> Sparse:
    p = np.clip(rate_at(sparse.p, cases, z), np.minimum(sparse.p, least), 1.0)
    return replace(sparse, p=p, log10_lr=v.log10_lr(1 / p))


def _with_types(model: Model, types: Types) -> Model:
    """The model with other kinds of death."""
    return Model(replace(model.prepared, learned=learn(model.content, types), types=types))
