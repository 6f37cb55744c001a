"""What the background rests on: behind every rarity and density, the number of cases it was counted from.

A rate p counted among m cases, prior cases included, has the posterior Beta(p m, (1 - p) m); a density or a factor that rests
on a cases has the posterior Gamma(a) with its own mean. Formulas and assumptions: docs/methods/uncertainty.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.special import betaincinv, gammaincinv, ndtr, polygamma

from openverdict.evidence.encode import PRECISION_M
from openverdict.evidence.model import SPOT_SHRINK, Model
from openverdict.evidence.near import NEAR_SHRINK
from openverdict.evidence.part import Part, all_of
from openverdict.evidence.rarity import LOCAL_SHRINK, SOURCES, LocalCounts
from openverdict.evidence.rates import AGE_SD, AGE_SHRINK, SHRINK
from openverdict.evidence.surroundings import (
    EXACT_POINTS,
    FINEST_M,
    GATHER_M,
    PLACE_SHRINK,
    SCALE_STEP,
    SEASON_SD_DAYS,
    SURGE_SHRINK,
    _left_out,
    others_within,
)
from openverdict.evidence.surroundings import NEAR_SHRINK as GATHER_SHRINK

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_CASES = 0.5  # nothing rests on less than half a case
CHUNK = 1 << 16  # own values looked at at a time
PLENTY = 1e9  # what rests on so many cases does not vary


@dataclass(frozen=True)
class Support:
    """Cases behind each figure of the background, prior cases included.

    By own value (aligned with `Learned.bit`): `own` (its rarity) and `near` (the same among near pairs). By case: `time`, `age`
    (densities of its day and of its age). By sparse pair: `sparse`, by
    name of the variable. Only `place` (by case) is not a number of cases: it is the standard deviation of the logarithm of
    the density at its place.
    """

    own: FloatArray
    near: FloatArray
    place: FloatArray
    time: FloatArray
    age: FloatArray
    sparse: dict[str, FloatArray]


def support(model: Model) -> Support:
    """The cases behind every figure of a model's background."""
    return support_of(all_of(model), place_sd(model), time_cases(model))


def support_of(part: Part, place: FloatArray, time: FloatArray) -> Support:
    """The same for some cases of a model, with their `place` and `time`."""
    model = part.model
    local = part.whole.local.take(part.entries)
    chunks = [
        _own_cases(part, local, slice(first, first + CHUNK))
        for first in range(0, len(part.entries), CHUNK)
    ]
    own = np.concatenate([np.zeros(0), *chunks])
    return Support(
        own=own,
        near=np.where(model.near > model.own.p, _near_cases(part), own),
        place=place,
        time=time,
        age=_age_cases(model),
        sparse={name: _sparse_cases(part, name) for name in model.sparse},
    )


def rate_at(p: FloatArray, m: FloatArray, z: float | FloatArray) -> FloatArray:
    """The quantile of Beta(p m, (1 - p) m) at rank Phi(-z): what p may be when it was counted among m cases.

    A larger z is a rarer value. A rate of 1 stays.
    """
    a = np.maximum(p * m, LEAST_CASES)
    b = np.maximum((1 - p) * m, LEAST_CASES)
    result: FloatArray = np.where(p < 1.0, betaincinv(a, b, ndtr(-np.asarray(z))), 1.0)
    return result


def factor_at(a: FloatArray, z: float | FloatArray) -> FloatArray:
    """The same for a density that rests on a cases, as a multiple of it: a quantile of Gamma(a) over a."""
    a = np.maximum(a, LEAST_CASES)
    result: FloatArray = gammaincinv(a, ndtr(-np.asarray(z))) / a
    return result


def _own_cases(part: Part, local: LocalCounts, some: slice) -> FloatArray:
    """Cases behind the rarity of some own values: those it was counted among, where its variance is that of the whole rule.

    By kind of death, (sd / p)^2 = sum over kinds of q^2 (1 - r) / (r (m + 1)), q how probable the kind is for the case; a local
    rate has its own binomial variance, and the part L / m of the former's, as far as it is shrunk towards it.
    """
    model = part.model
    learned, types = model.learned, model.prepared.types
    p, source, base = model.own.p[some], model.own.source[some], learned.base[some]
    bit = learned.bit[some].astype(np.int64)
    rows = np.repeat(np.arange(model.n), np.diff(learned.start))[some]
    rate, cases = types.rates.bit, types.rates.seen + SHRINK
    spread = (1 - rate) / (rate * (cases + 1))
    of_types = base**2 * np.einsum("ek,ke->e", types.posterior[rows] ** 2, spread[:, bit])
    of = (local.near_of, local.then_of, local.unit_of)
    counts = [np.zeros_like(bit), *(count[some].astype(np.int64) for count in of)]
    assert len(counts) == len(SOURCES)  # noqa: S101 (one count a source)
    local_of = np.stack(counts)[source, np.arange(len(bit))] + LOCAL_SHRINK
    of_place = p * (1 - p) / (local_of + 1) + (LOCAL_SHRINK / local_of) ** 2 * of_types
    variance = np.where(source > 0, of_place, of_types)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        m = np.where(variance > 0, p * (1 - p) / variance - 1, PLENTY)
    return np.clip(m, LEAST_CASES, PLENTY)


def _near_cases(part: Part) -> FloatArray:
    """Sides of near pairs, at places of the case's kind, that each own value's rarity among near pairs was counted among."""
    model, of = part.model, part.whole.near_counts.of
    kind = np.where(model.around.of_kind, model.slots.kind, -1)
    bit = model.learned.bit.astype(np.int64)
    here = kind[np.repeat(np.arange(model.n), np.diff(model.learned.start))]
    asked: FloatArray = np.where(model.content.of_place[bit], of.sum(1)[bit], of[bit, here])
    return asked + NEAR_SHRINK


def gathering_pairs(model: Model) -> FloatArray:
    """Pairs that each kind of place's gathering was counted on, prior pairs included, shape (kinds + 1, bands + 1)."""
    slots, around = model.slots, model.around
    every = np.flatnonzero(slots.placed)
    result = np.full(around.gathering.shape, GATHER_SHRINK)
    kinds = np.unique(slots.kind[around.of_kind]).tolist()
    places = {k: np.flatnonzero(around.of_kind & (slots.kind == k)) for k in kinds}
    for kind in range(len(result)):
        of = places.get(kind, every)
        inner = 0.0
        for b, edge in enumerate(GATHER_M):
            points = slots.xyz_m[of[PRECISION_M[slots.precision[of]] <= edge]].astype(float)
            if len(points) >= 2:
                tree = cKDTree(points)
                near = tree.count_neighbors(tree, np.array([edge, inner if inner else -1.0]))
                result[kind, b] += max(
                    (float(near[0]) - float(near[1]) - (0 if inner else len(points))) / 2, 0.0
                )
            inner = edge
    return result


def _age_cases(model: Model) -> FloatArray:
    """Cases behind the density of each age: a Gaussian kernel of sd s counts over 2 sqrt(pi) s years, kind by kind."""
    types = model.prepared.types
    of_kind = types.rates.aged.sum(1) + AGE_SHRINK
    density = types.rates.age[:, np.maximum(model.content.age, 0)].T
    behind = density * of_kind * 2 * np.sqrt(np.pi) * AGE_SD
    result: FloatArray = 1 / (types.posterior**2 / behind).sum(1)
    return result


def place_sd(model: Model, cases: IntArray | None = None) -> FloatArray:
    """Standard deviation of the logarithm of the density at the place of each of the cases (None: of all), among places of
    its kind where enough are known; 0 where the place is not known.

    Carried down the scales that the density was built on. At each the count c is Gamma(c + a) beside the e that the coarser
    scale expects, of which a part a / (e + a) is left:

        V(fine) = trigamma(c + a) + (a / (e + a))^2 V(coarse),   a = PLACE_SHRINK
    """
    slots, around = model.slots, model.around
    asked = np.arange(model.n) if cases is None else np.asarray(cases, dtype=np.int64)
    result = np.zeros(len(asked))
    kind = np.where(around.of_kind, slots.kind, -1)
    for one in np.unique(kind[asked]).tolist():
        of = np.flatnonzero(slots.placed if one < 0 else kind == one)
        mine = np.flatnonzero((kind[asked] == one) & slots.placed[asked])
        if len(mine):
            result[mine] = _sd_among(model, of, np.searchsorted(of, asked[mine]))
    return result


def _sd_among(model: Model, of: IntArray, asked: IntArray) -> FloatArray:
    """The same for some (positions `asked`) of the places `of`, among all these."""
    points = model.slots.xyz_m[of].astype(float)
    tree = cKDTree(points)
    precision = PRECISION_M[model.slots.precision[of]]
    left_out = _left_out(tree, precision)
    radius = model.around.radius_m
    precision = precision[asked]
    density = np.full(len(asked), 1.0 / (np.pi * radius**2))
    variance = np.zeros(len(asked))
    steps = int(np.ceil(np.log(radius / FINEST_M) / np.log(SCALE_STEP)))
    scales: FloatArray = FINEST_M * SCALE_STEP ** np.arange(steps).astype(float)
    large = int(model.slots.placed.sum()) > EXACT_POINTS
    counted = others_within(points, tree, scales, EXACT_POINTS, large=large, of=asked)
    for scale, others in zip(scales[::-1], counted[::-1], strict=True):
        expected = density * len(of) * np.pi * scale**2
        held = np.maximum(others - left_out, np.minimum(others, expected))
        held = np.maximum(held, 0.0) + PLACE_SHRINK
        usual = expected + PLACE_SHRINK
        use = scale >= precision
        finer = polygamma(1, held) + (PLACE_SHRINK / usual) ** 2 * variance
        variance = np.where(use, finer, variance)
        density = np.where(use, density * held / usual, density)
    result: FloatArray = np.sqrt(variance)
    return result


def time_cases(model: Model) -> FloatArray:
    """Cases behind the density of time: those under its kernel, and those behind a local surge where there is one."""
    day = model.slots.day
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    counts = np.bincount(day - first, minlength=last - first + 1).astype(float)
    reach = int(4 * SEASON_SD_DAYS)
    weight = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SEASON_SD_DAYS) ** 2)
    sums = [
        np.convolve(counts, w, mode="full")[reach : reach + len(counts)]
        for w in (weight, weight**2)
    ]
    under = (sums[0] ** 2 / np.maximum(sums[1], 1e-12))[day - first]
    around = model.around
    placed = model.slots.placed
    there = np.where(placed, min(around.neighbours.shape[1], max(int(placed.sum()) - 1, 0)), 0)
    share = (around.window[:, 1] - around.window[:, 0] - 1) / max(model.n - 1, 1)
    surged = around.surge * (there * share + SURGE_SHRINK)
    both = 1 / np.maximum(under, LEAST_CASES) + np.where(around.surge > 1.0, 1 / surged, 0.0)
    result: FloatArray = 1 / both
    return result


def _sparse_cases(part: Part, name: str) -> FloatArray:
    """Cases behind the rarity of what each sparse pair shares: the register, or the labelled neighbours of a spot."""
    whole, sparse = part.whole, part.model.sparse[name]
    kernel = next(v for v in whole.variables if v.name == name).kernel
    if kernel == "mention":
        return (sparse.count + LEAST_CASES) / sparse.p
    if kernel == "keys":
        return np.full(len(sparse.p), whole.n + 1.0)
    j = whole.sparse[name].code[part.shared[name]] % whole.n
    return whole.labelled_near[j].astype(float) + SPOT_SHRINK
