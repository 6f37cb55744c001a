"""What is usual around each slot: density of places, density of times, neighbours. Knows nothing of content.

Null registers re-pair contents with slots, so all of this is learned once for a register and all its null registers.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba as nb
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from openverdict.evidence.encode import PRECISION_M, WIDTH_DAYS, Slots
from openverdict.evidence.rates import PARTNERS_LEFT_OUT

FloatArray = npt.NDArray[np.float64]

NEIGHBOURS = 60
BATCH_DAYS = 7  # a window of this many days either side holds a supply batch or a surge
FINEST_M = 50.0
SCALE_STEP = 3.2
PLACE_SHRINK = 2.0
SURGE_SHRINK = 1.0
SEASON_SD_DAYS = 30.0
BAND_M = (
    100.0,
    300.0,
    1000.0,
    3000.0,
    10_000.0,
)  # bands of distance; the last one is everything beyond
LEAST_OF_A_KIND = 30  # a kind of place with fewer known places takes the density of all
NEAR_SHRINK = 0.5  # near pairs as expected, added to those seen
NEAR_LEFT_OUT = 3.0  # near pairs left out of each count: those of a series of three
GATHER_M = (
    30.0,
    100.0,
    300.0,
)  # bands in which places of a kind may gather; beyond them they do not
COMPANY_M = 100.0
NEAR_M = 150.0  # nearer than this is one address
PRECISE_M = 300.0  # places coarser than this have no address
MOST_NEAR_PAIRS = (
    4_000_000  # where more pairs than this lie so near, addresses cannot be told apart
)
SOON_LEFT_OUT = 1.0  # in one fortnight a series has at most two
REFERENCE_POINTS = 4096
SEEN_NEAR = 16  # points that a circle shall hold in the mean
ASKED = 512  # circles from which that mean is taken
COARSE_M = 1500.0  # from this scale on, of many places only some are looked at
EXACT_POINTS = 25_000  # up to so many places every one is looked at where uncertainty is measured; with more it is large
QUERIES = 1 << 14  # places looked around at a time
LEVELS_PER_BIT = 16.0  # rarities are rounded to sixteenths of a bit


@dataclass(frozen=True)
class Surroundings:
    """What is usual around each slot.

    `neighbours` (n, m) case numbers nearest in place, -1 where there is none; `window` (n, 2) first and one-past-last
    position in `by_day` of the cases within BATCH_DAYS; `log2_place` and `log2_time` (n) log2 density per m2 and per day
    at the slot, rounded; `surge` (n) ratio of local to usual frequency around the slot's day, at least 1; `radius_m` the
    radius of the area; `pairs_in_band` (bands) how many pairs lie so far apart. The density is that of places of the
    slot's own kind where `of_kind` (n) says that enough are known, else that of all places; `gathering` (kinds + 1,
    gathering bands) how many times more pairs of one kind lie so near than it explains, at least 1 and never rising with
    distance, the last row that of all places. `precise` (n) whether a place has an address; `near_i`, `near_j` the pairs
    at one address.
    """

    neighbours: npt.NDArray[np.int32]
    by_day: npt.NDArray[np.int64]
    window: npt.NDArray[np.int64]
    log2_place: FloatArray
    log2_time: FloatArray
    surge: FloatArray
    radius_m: float
    pairs_in_band: FloatArray
    gathering: FloatArray
    of_kind: npt.NDArray[np.bool_]
    precise: npt.NDArray[np.bool_]
    near_i: npt.NDArray[np.int64]
    near_j: npt.NDArray[np.int64]


def survey(slots: Slots) -> Surroundings:
    """Learn the surroundings of every slot."""
    neighbours = _nearest(slots)
    by_day = np.argsort(slots.day, kind="stable")
    days = slots.day[by_day]
    window = np.stack(
        [
            np.searchsorted(days, slots.day - BATCH_DAYS, side="left"),
            np.searchsorted(days, slots.day + BATCH_DAYS, side="right"),
        ],
        1,
    )
    surge = _surge(slots, neighbours, window)
    precise, near_i, near_j = _near_pairs(slots)
    of_kind = enough_of_a_kind(slots)
    log2_place, gathering, radius = _place_density(slots, of_kind)
    in_band = _pairs_in_band(slots)
    log2_time = np.log2(_time_density(slots.day)) + np.log2(surge)
    return Surroundings(
        neighbours,
        by_day,
        window,
        rounded(log2_place),
        rounded(log2_time),
        surge,
        radius,
        in_band,
        gathering,
        of_kind,
        precise,
        near_i,
        near_j,
    )


def _near_pairs(
    slots: Slots,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    precise = slots.placed & (slots.precision <= np.searchsorted(PRECISION_M, PRECISE_M))
    where = np.flatnonzero(precise)
    none = np.zeros(0, dtype=np.int64)
    if len(where) < 2:
        return precise, none, none
    tree = cKDTree(slots.xyz_m[where].astype(float))
    if (tree.count_neighbors(tree, NEAR_M) - len(where)) / 2 > MOST_NEAR_PAIRS:
        return np.zeros_like(precise), none, none
    pairs = np.sort(where[tree.query_pairs(NEAR_M, output_type="ndarray")].reshape(-1, 2), axis=1)
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))].astype(np.int64)
    return precise, pairs[:, 0], pairs[:, 1]


def band_of(metres: FloatArray) -> npt.NDArray[np.int64]:
    """Number of the band of distance; NaN (a place is missing) goes to the last one."""
    known = np.where(np.isnan(metres), np.inf, metres)
    return np.searchsorted(BAND_M, known, side="right").astype(np.int64)


def _pairs_in_band(slots: Slots) -> FloatArray:
    """How many pairs of cases lie in each band of distance; the last one holds those without a place, too.

    Of more than EXACT_POINTS places the wide bands are counted round every so many of them, about EXACT_POINTS in all.
    """
    n = len(slots.day)
    points = slots.xyz_m[slots.placed].astype(float)
    total = n * (n - 1) / 2
    if len(points) < 2:
        return np.array([*np.zeros(len(BAND_M)), total])
    tree = cKDTree(points)
    step = max(1, -(-len(points) // EXACT_POINTS))
    narrow = [r for r in BAND_M if step == 1 or r < COARSE_M]
    within = (tree.count_neighbors(tree, np.array(narrow)).astype(float) - len(points)) / 2
    some = points[::step]
    for radius in BAND_M[len(narrow) :]:
        found = tree.query_ball_point(some, radius, return_length=True, workers=-1)
        mean = float(np.asarray(found).mean()) - 1.0
        within = np.append(within, max(mean * len(points) / 2, within[-1]))
    in_band: FloatArray = np.diff([0.0, *within, total])
    return in_band


def rounded(log2: FloatArray) -> FloatArray:
    """Log2 values on the grid of LEVELS_PER_BIT that definition and kernel share."""
    return np.rint(log2 * LEVELS_PER_BIT) / LEVELS_PER_BIT


def _nearest(slots: Slots) -> npt.NDArray[np.int32]:
    n = len(slots.day)
    where = np.flatnonzero(slots.placed)
    result = np.full((n, NEIGHBOURS), -1, dtype=np.int32)
    if len(where) < 2:
        return result
    k = min(NEIGHBOURS + 1, len(where))
    points = slots.xyz_m[where].astype(float)
    tree = cKDTree(points)
    for first in range(0, len(where), QUERIES):
        some = where[first : first + QUERIES]
        _, index = tree.query(points[first : first + QUERIES], k=k, workers=-1)
        others = where[np.asarray(index).reshape(len(some), k)]
        # Without the case itself; where k others lie at its very place it is not among them, and the last one goes.
        itself = others == some[:, None]
        itself[:, -1] |= ~itself.any(1)
        result[some, : k - 1] = others[~itself].reshape(len(some), k - 1)
    return result


def _surge(
    slots: Slots, neighbours: npt.NDArray[np.int32], window: npt.NDArray[np.int64]
) -> FloatArray:
    """How many times more often than usual neighbours died in the same fortnight (place × time), at least 1."""
    n = len(slots.day)
    there = neighbours >= 0
    close = np.abs(slots.day[np.maximum(neighbours, 0)] - slots.day[:, None]) <= BATCH_DAYS
    seen = np.maximum((there & close).sum(1) - SOON_LEFT_OUT, 0.0)
    share = (window[:, 1] - window[:, 0] - 1) / max(n - 1, 1)
    expected = there.sum(1) * share
    surge: FloatArray = np.maximum((seen + SURGE_SHRINK) / (expected + SURGE_SHRINK), 1.0)
    return surge


def _time_density(day: npt.NDArray[np.int32]) -> FloatArray:
    """Density per day at each case's day."""
    first, density = daily_density(day)
    at: FloatArray = density[day - first]
    return at


def daily_density(day: npt.NDArray[np.int32]) -> tuple[int, FloatArray]:
    """The first day, and the density of every day from it to the last: a Gaussian over 30 days, corrected at both ends, never
    below one in the span.
    """
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    counts = np.bincount(day - first, minlength=last - first + 1).astype(float)
    reach = int(4 * SEASON_SD_DAYS)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SEASON_SD_DAYS) ** 2)
    inside = np.convolve(np.ones_like(counts), weights, mode="full")[reach : reach + len(counts)]
    smooth = np.convolve(counts, weights, mode="full")[reach : reach + len(counts)] / inside
    floor = 0.5 / len(counts)
    return first, np.maximum(smooth / max(counts.sum(), 1.0), floor)


def enough_of_a_kind(slots: Slots) -> npt.NDArray[np.bool_]:
    """Which slots lie at a kind of place of which LEAST_OF_A_KIND are known."""
    known = slots.placed & (slots.kind >= 0)
    count = np.bincount(slots.kind[known], minlength=len(slots.kind_names) + 1)
    enough: npt.NDArray[np.bool_] = known & (count[slots.kind] >= LEAST_OF_A_KIND)
    return enough


def _place_density(
    slots: Slots, of_kind: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, float]:
    """Log2 density per m2 of places of each slot's own kind, how they gather, and the radius of the area.

    Kinds with fewer than LEAST_OF_A_KIND places, and slots without one, take those of all places.
    """
    kinds = len(slots.kind_names)
    result = np.zeros(len(slots.day))
    gathering = np.ones((kinds + 1, len(GATHER_M) + 1))
    every = np.flatnonzero(slots.placed)
    if len(every) == 0:
        return result, gathering, 0.0
    points = slots.xyz_m[every].astype(float)
    radius = max(float(np.sqrt(((points - points.mean(0)) ** 2).sum(1)).max()), 5000.0)
    density = _density(slots, every, radius)
    result[every] = np.log2(density)
    gathering[:] = _gathering(slots, every, density)
    for kind in np.unique(slots.kind[of_kind]).tolist():
        of = np.flatnonzero(of_kind & (slots.kind == kind))
        density = _density(slots, of, radius)
        result[of] = np.log2(density)
        gathering[kind] = _gathering(slots, of, density)
    return result, gathering, radius


def _gathering(slots: Slots, of: npt.NDArray[np.int64], density: FloatArray) -> FloatArray:
    """Pairs of the places `of` in each band of GATHER_M, over those that the density explains; 1 in the last band.

    Two unrelated deaths share an address more often than a smooth density says: that excess is innocent, and nearness is
    priced with it. A band counts places known better than its edge.
    """
    result = np.ones(len(GATHER_M) + 1)
    inner = 0.0
    for b, edge in enumerate(GATHER_M):
        use = PRECISION_M[slots.precision[of]] <= edge
        points = slots.xyz_m[of[use]].astype(float)
        if len(points) >= 2:
            tree = cKDTree(points)
            near = tree.count_neighbors(tree, np.array([edge, inner if inner else -1.0]))
            seen = (float(near[0]) - float(near[1]) - (0 if inner else len(points))) / 2
            area = np.pi * (edge**2 - inner**2)
            expected = float(density[use].sum()) * (len(points) - 1) / 2 * area
            seen = max(seen - NEAR_LEFT_OUT, min(seen, expected))
            result[b] = max((seen + NEAR_SHRINK) / (expected + NEAR_SHRINK), 1.0)
        inner = edge
    falling: FloatArray = np.maximum.accumulate(result[::-1])[::-1]
    return falling


def others_within(
    points: FloatArray,
    tree: cKDTree,
    scales: FloatArray,
    most: int,
    *,
    large: bool,
    of: npt.NDArray[np.int64] | None = None,
) -> list[FloatArray]:
    """How many others lie within each of the rising `scales` (m) of each of the points that `tree` holds, or of those at `of`.

    From COARSE_M on, of more than `most` points only every so many are looked at, about `most` in all, and each counts for
    so many. `large`: in a register so large that this would leave none near, as many as leave SEEN_NEAR in the mean circle.
    """
    step = max(1, -(-len(points) // most))
    steps = [
        1 if scale < COARSE_M else _step(points, tree, scale, step) if large else step
        for scale in scales
    ]
    asked = points if of is None else points[of]
    by_tree = [k for k in range(len(scales)) if scales[k] < COARSE_M or steps[k] < step]
    counts: dict[int, FloatArray] = {}
    for k in by_tree:
        seen = tree if steps[k] == 1 else cKDTree(points[:: steps[k]])
        found = seen.query_ball_point(asked, scales[k], return_length=True, workers=-1)
        counts[k] = np.asarray(found).astype(float) * steps[k]
    rest = [k for k in range(len(scales)) if k not in counts]
    if rest:
        some = points[::step]
        squared = np.array([scales[k] for k in rest]) ** 2
        parts = [asked[k : k + QUERIES] for k in range(0, max(len(asked), 1), QUERIES)]
        with ThreadPoolExecutor() as pool:
            within = list(pool.map(lambda part: _within(part, some, squared), parts))
        counts |= dict(zip(rest, np.concatenate(within, 1).astype(float) * step, strict=True))
    return [counts[k] - 1.0 for k in range(len(scales))]


def _step(points: FloatArray, tree: cKDTree, scale: float, most: int) -> int:
    """Of every how many points one is enough at a scale: never more than `most`."""
    asked = points[:: max(1, len(points) // ASKED)]
    mean = float(np.mean(tree.query_ball_point(asked, scale, return_length=True, workers=-1)))
    return int(np.clip(mean // SEEN_NEAR, 1, most))


@nb.njit(cache=True, nogil=True)
def _within(queries, points, squared):  # type: ignore[no-untyped-def] # pragma: no cover
    """How many points lie within each of the rising distances, given squared, of each query: (distances, queries)."""
    out = np.zeros((len(squared), len(queries)), dtype=np.int32)
    apart = np.empty(len(points))
    x, y, z = points[:, 0].copy(), points[:, 1].copy(), points[:, 2].copy()
    for q in range(len(queries)):
        at_x, at_y, at_z = queries[q, 0], queries[q, 1], queries[q, 2]
        for p in range(len(points)):
            dx, dy, dz = x[p] - at_x, y[p] - at_y, z[p] - at_z
            apart[p] = dx * dx + dy * dy + dz * dz
        for s in range(len(squared)):
            limit = squared[s]
            count = np.int32(0)
            for p in range(len(points)):
                count += np.int32(apart[p] <= limit)
            out[s, q] = count
    return out


def _density(slots: Slots, of: npt.NDArray[np.int64], radius: float) -> FloatArray:
    """Density per m2 of the places `of` at each of them, from the whole area down to 50 m: each finer scale multiplies the
    coarser by how many more (or fewer) lie within it than the coarser expects, shrunk by PLACE_SHRINK pseudo-cases. A
    scale finer than a place's own precision says nothing and is skipped.
    """
    points = slots.xyz_m[of].astype(float)
    density = np.full(len(of), 1.0 / (np.pi * radius**2))
    precision = PRECISION_M[slots.precision[of]]
    scales = []
    scale = FINEST_M
    while scale < radius:
        scales.append(scale)
        scale *= SCALE_STEP
    tree = cKDTree(points)
    left_out = _left_out(tree, precision)
    large = int(slots.placed.sum()) > EXACT_POINTS
    counts = others_within(points, tree, np.array(scales), REFERENCE_POINTS, large=large)
    for scale, counted in zip(reversed(scales), reversed(counts), strict=True):
        expected = density * len(of) * np.pi * scale**2
        kept = np.maximum(counted - left_out, np.minimum(counted, expected))
        ratio = (np.maximum(kept, 0.0) + PLACE_SHRINK) / (expected + PLACE_SHRINK)
        density = np.where(scale >= precision, density * ratio, density)
    return density


def _left_out(tree: cKDTree, precision: FloatArray) -> float:
    """How many of a place's neighbours are left out of its counts: PARTNERS_LEFT_OUT where deaths at places of a kind lie
    alone, fewer the more usual company within COMPANY_M is.
    """
    points = tree.data[precision <= COMPANY_M]
    if len(points) < 2:
        return PARTNERS_LEFT_OUT
    own = cKDTree(points)
    company = own.count_neighbors(own, COMPANY_M) / len(points) - 1.0
    return PARTNERS_LEFT_OUT / (1.0 + float(company))


def gap_kernel(mixture: tuple[tuple[float, float], ...], reach: int) -> FloatArray:
    """Density per day of the gap of a carried-over time, shape (widths, widths, reach): a mixture of two-sided
    exponentials, averaged over both intervals of death in closed form.

    With F'' = exp(-|x|/tau), F(x) = tau^2 exp(-|x|/tau) + tau |x|, and half-widths a and b, the mean over both uniform
    intervals is [F(g+a+b) - F(g+a-b) - F(g-a+b) + F(g-a-b)] / 4ab.
    """
    g = np.arange(reach, dtype=float)
    half = WIDTH_DAYS / 2
    result = np.zeros((len(half), len(half), reach))
    for weight, tau in mixture:
        for a in range(len(half)):
            for b in range(len(half)):
                x = half[a] + half[b]
                y = half[a] - half[b]
                second = _f(g + x, tau) - _f(g + y, tau) - _f(g - y, tau) + _f(g - x, tau)
                result[a, b] += weight * second / (4 * half[a] * half[b]) / (2 * tau)
    return result


def _f(x: FloatArray, tau: float) -> FloatArray:
    away = np.abs(x)
    result: FloatArray = tau * tau * np.exp(-away / tau) + tau * away
    return result


def distance_bins() -> FloatArray:
    """Middle of each bin of distance in metres: 5 m below 500 m, 50 m below 5 km, 1 km below 250 km; the last bin is
    everything beyond.
    """
    near = np.arange(0.0, 500.0, 5.0) + 2.5
    near[0] = 0.0
    middle = np.arange(500.0, 5000.0, 50.0) + 25.0
    far = np.arange(5000.0, 250_000.0, 1000.0) + 500.0
    return np.concatenate([near, middle, far, [1e7]])


def distance_bin(metres: FloatArray) -> npt.NDArray[np.int64]:
    """Bin number of each distance."""
    near = (metres / 5.0).astype(np.int64)
    middle = 100 + ((metres - 500.0) / 50.0).astype(np.int64)
    far = np.minimum(190 + ((metres - 5000.0) / 1000.0).astype(np.int64), 435)
    return np.where(metres < 500.0, near, np.where(metres < 5000.0, middle, far))


def place_kernel(mixture: tuple[tuple[float, float], ...]) -> FloatArray:
    """Density per m2 of a carried-over place by distance, shape (precisions, precisions, bins): a mixture of Gaussians
    in the plane, each widened by the precision of both places (a disc of radius r has variance r^2/4 on each axis).
    """
    d2 = distance_bins() ** 2
    k = len(PRECISION_M)
    result = np.zeros((k, k, len(d2)))
    for weight, sd in mixture:
        for a in range(k):
            for b in range(k):
                variance = sd * sd + (PRECISION_M[a] ** 2 + PRECISION_M[b] ** 2) / 4
                result[a, b] += weight * np.exp(-d2 / (2 * variance)) / (2 * np.pi * variance)
    return result
