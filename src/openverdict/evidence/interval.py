"""The interval of every pair's ratio: each source of uncertainty moved by one standard deviation, both ways.

    sd_up^2 = sum over sources s of max(T(s moved up) - T, T(s moved down) - T, 0)^2, and sd_down likewise
    95 % interval: T - 1.96 sd_down … T + 1.96 sd_up

The sources: consistency theta, the rarities and densities of the background, and the kinds of death. It is the delta method
with a difference in place of a derivative, so that it holds for every kernel and follows a bend. Formulas, assumptions and
measured coverage: docs/methods/uncertainty.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtr

from openverdict.evidence.consistency import retuned
from openverdict.evidence.model import Model, Sparse
from openverdict.evidence.near import near_rarity
from openverdict.evidence.part import Part, all_of, part_of
from openverdict.evidence.rarity import in_turn, own_rarity
from openverdict.evidence.support import (
    Support,
    factor_at,
    gathering_pairs,
    place_sd,
    rate_at,
    support_of,
    time_cases,
)
from openverdict.evidence.surroundings import rounded
from openverdict.evidence.types import Kinds, features, learn_kinds
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SOURCES = ("theta", "background", "kinds")
NORMAL_95 = 1.959963984540054
CHUNK = 200_000
FEW_CASES = 1000
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
    """Intervals of pairs of one model; what they rest on is worked out once, and for some cases at a time."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._place_tables: dict[float, FloatArray] = {}
        self._place_sd = np.full(model.n, np.nan)

    def place(self, cases: IntArray) -> FloatArray:
        """Standard deviation of the logarithm of the density at each case's place; what was asked before is at hand."""
        new = np.unique(cases[np.isnan(self._place_sd[cases])])
        if len(new):
            self._place_sd[new] = place_sd(self.model, new)
        return self._place_sd[cases]

    @cached_property
    def time(self) -> FloatArray:
        """Cases behind each density of time."""
        return time_cases(self.model)

    @cached_property
    def gathering(self) -> FloatArray:
        """Pairs behind how places of each kind gather."""
        return gathering_pairs(self.model)

    @cached_property
    def kinds(self) -> tuple[Kinds, ...]:
        """Bootstrap of the kinds of death: learned anew on cases drawn with replacement; all else stays as it is."""
        if len(self.model.prepared.types.share) < 2:
            return ()
        content, n = self.model.content, self.model.n
        f = features(content)

        def anew(child: np.random.SeedSequence) -> Kinds:
            return learn_kinds(content, f, np.random.default_rng(child).integers(0, n, n))

        with ThreadPoolExecutor(min(REFITS, os.cpu_count() or 1)) as pool:
            return tuple(pool.map(anew, np.random.SeedSequence(n).spawn(REFITS)))

    @cached_property
    def _all(self) -> PairIntervals:
        return PairIntervals(self, all_of(self.model))

    def moved(self, source: str, z: float) -> Model:
        """The model with all of one source (theta or background) moved by z standard deviations, by its normal rank."""
        return self._all.moved(source, z)

    def of(self, i: IntArray, j: IntArray) -> PairIntervals:
        """What pairs (i, j), i < j, need."""
        return PairIntervals(self, part_of(self.model, i, j))

    def place_table(self, z: float) -> FloatArray:
        """The table of distance with how places gather moved."""
        if z not in self._place_tables:
            around = self.model.around
            moved = np.where(
                around.gathering > 1.0,
                np.maximum(around.gathering * factor_at(self.gathering, z), 1.0),
                1.0,
            )
            model = Model(self.model.prepared)
            model.around = replace(around, gathering=moved)
            self._place_tables[z] = model.place_table
        return self._place_tables[z]

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
        i, j = np.asarray(i, dtype=np.int64), np.asarray(j, dtype=np.int64)
        return self.of(i, j).bounds(i, j, terms, sources=sources)


class PairIntervals:
    """Intervals of some pairs of a model: only what their cases need is moved and learned anew."""

    def __init__(self, of: Intervals, part: Part) -> None:
        self.whole, self.part, self.model = of, part, part.model
        self._moved: dict[tuple[str, float], Model] = {}
        self._refits: list[Model] = []

    @cached_property
    def support(self) -> Support:
        """What the background of these cases rests on."""
        cases = self.part.cases
        return support_of(self.part, self.whole.place(cases), self.whole.time[cases])

    def refits(self) -> Iterator[Model]:
        """The part under each set of kinds of death learned anew: those of few cases are kept, others made one by one."""
        if self._refits:
            yield from self._refits
            return
        for kinds in self.whole.kinds:
            model = _with_types(self.part, kinds)
            if len(self.part.cases) <= FEW_CASES:
                self._refits.append(model)
            yield model

    def moved(self, source: str, z: float) -> Model:
        """The part with all of one source (theta or background) moved by z standard deviations, by its normal rank."""
        if (source, z) not in self._moved:
            self._moved[source, z] = (
                _moved_theta(self.model, z) if source == "theta" else self._moved_background(z)
            )
        return self._moved[source, z]

    def _moved_background(self, z: float) -> Model:
        model = moved_background(self.model, self.support, z, self.whole.model.n)
        model.__dict__["place_table"] = self.whole.place_table(z)
        return model

    def terms(self, source: str, z: float, i: IntArray, j: IntArray) -> dict[str, FloatArray]:
        """The terms of pairs (numbers of the whole) with one source moved."""
        return self.moved(source, z).terms(self.part.number(i), self.part.number(j))

    def bounds(
        self,
        i: IntArray,
        j: IntArray,
        terms: dict[str, FloatArray] | None = None,
        *,
        sources: Sequence[str] = SOURCES,
    ) -> Bounds:
        """As `Intervals.bounds`, of pairs that this was made for."""
        parts = [slice(k, k + CHUNK) for k in range(0, len(i), CHUNK)] or [slice(0, 0)]
        made = [
            self._some(
                self.part.number(i[p]),
                self.part.number(j[p]),
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
        if "kinds" in sources and self.whole.kinds:
            spread = self._relearned(i, j).var(0)
            up += spread
            down += spread
        sd_up, sd_down = np.sqrt(up), np.sqrt(down)
        low, high = total - NORMAL_95 * sd_down, total + NORMAL_95 * sd_up
        return self.model.ratio(low), self.model.ratio(high), sd_down, sd_up

    def relearned(self, i: IntArray, j: IntArray) -> FloatArray:
        """What each set of kinds learned anew gives for the terms that depend on them, shape (sets, pairs)."""
        return self._relearned(self.part.number(i), self.part.number(j))

    def _relearned(self, i: IntArray, j: IntArray) -> FloatArray:
        if not self.whole.kinds:
            return np.zeros((1, len(i)))
        return np.stack([kind_terms(m, i, j) for m in self.refits()])


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


def _moved_theta(model: Model, z: float) -> Model:
    """The model with every theta moved; rarity does not depend on it."""
    other = retuned(model, moved_theta(model, z))
    by_name = {v.name: v for v in other.variables}
    sparse = {
        name: replace(s, log10_lr=by_name[name].log10_lr(1 / s.p))
        for name, s in model.sparse.items()
    }
    tables = {name: getattr(model, name) for name in ("gap_table", "place_table", "opposite")}
    other.__dict__.update(tables, sparse=sparse)
    other.said.update(model.all_said())
    return other


def moved_background(model: Model, behind: Support, z: float, n: int) -> Model:
    """The model with every rarity and density at the quantile Phi(-z) of what the cases behind it allow: rarer for z > 0.

    `n`: cases of the register. How places gather stays as it is.
    """
    own, near, around = model.own, model.near, model.around
    least = 0.5 / (n + 1)
    other = Model(model.prepared)
    other.learned = replace(
        model.learned, log2_age=model.learned.log2_age + np.log2(factor_at(behind.age, z))
    )
    other.around = replace(
        around,
        log2_place=around.log2_place - z * behind.place / np.log(2.0),
        log2_time=around.log2_time + np.log2(factor_at(behind.time, z)),
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
    other.said.update(model.all_said())
    return other


def _moved_sparse(v: Variable, sparse: Sparse, cases: FloatArray, z: float, least: float) -> Sparse:
    p = np.clip(rate_at(sparse.p, cases, z), np.minimum(sparse.p, least), 1.0)
    return replace(sparse, p=p, log10_lr=v.log10_lr(1 / p))


def _with_types(part: Part, kinds: Kinds) -> Model:
    """The part of the model with other kinds of death."""
    whole, model = part.whole, part.model
    types = kinds.types(part.cases)
    base, density = in_turn(model.content, types, model.learned.start, model.learned.bit)
    learned = replace(model.learned, base=base, log2_age=rounded(np.log2(density)))
    other = Model(replace(model.prepared, learned=learned, types=types))
    local = whole.local.take(part.entries)
    own = own_rarity(learned, model.around.of_kind, local, whole.n)
    near = near_rarity(learned, model.slots, model.around, own.p, whole.near_counts)
    other.__dict__.update(own=own, near=near, opposite=model.opposite)
    return other
