"""What is usual around a new case: density of its place and day, and how rare its own values are, by the frozen background.

The formulas are those of `surroundings`, `rarity` and `near`; the new case itself is counted in nowhere, so nothing of it is
taken off either. One pass over the places of the register, one over its days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import NO_PLACE, PRECISION_M
from openverdict.evidence.frozen import Frozen
from openverdict.evidence.near import NEAR_LEFT_OUT, NEAR_SHRINK
from openverdict.evidence.newcomers import Newcomers
from openverdict.evidence.rarity import LOCAL_SHRINK
from openverdict.evidence.rates import PARTNERS_LEFT_OUT
from openverdict.evidence.surroundings import (
    BATCH_DAYS,
    EXACT_POINTS,
    FINEST_M,
    LEAST_OF_A_KIND,
    NEIGHBOURS,
    PLACE_SHRINK,
    REFERENCE_POINTS,
    SCALE_STEP,
    SOON_LEFT_OUT,
    SURGE_SHRINK,
    rounded,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_RADIUS_M = 5000.0
COARSE_M = 1500.0  # from this scale on places are counted on a thinned set


@dataclass(frozen=True)
class Usual:
    """What is usual around one new case: as in `Surroundings`, `OwnRarity` and `near_rarity`, for it alone.

    `neighbours` rows of the register, nearest first; `p`, `source`, `near_p` aligned with its own values.
    """

    neighbours: IntArray
    log2_place: float
    log2_time: float
    of_kind: bool
    p: FloatArray
    source: npt.NDArray[np.int8]
    near_p: FloatArray


def usual_around(frozen: Frozen, new: Newcomers, j: int) -> Usual:
    """What is usual around new case j."""
    neighbours, log2_place, of_kind = _place(frozen, new, j)
    then = np.flatnonzero(np.abs(frozen.cases.day - new.slots.day[j]) <= BATCH_DAYS)
    log2_time = _time(frozen, int(new.slots.day[j]), neighbours, len(then))
    p, source = _own(frozen, new, j, neighbours, then, of_kind)
    near_p = _near(frozen, new, j, p, of_kind)
    return Usual(neighbours, log2_place, log2_time, of_kind, p, source, near_p)


def own_values(new: Newcomers, j: int) -> tuple[slice, IntArray, IntArray]:
    """Where new case j's own values stand, their bits, and the variables of these."""
    here = slice(int(new.learned.start[j]), int(new.learned.start[j + 1]))
    bit = new.learned.bit[here].astype(np.int64)
    return here, bit, np.array([new.content.bit_list[d].variable for d in bit], dtype=np.int64)


def _place(frozen: Frozen, new: Newcomers, j: int) -> tuple[IntArray, float, bool]:
    """Nearest cases, log2 density per m2, and whether it is that of places of the case's kind."""
    none = np.zeros(0, dtype=np.int64)
    precision = int(new.slots.precision[j])
    if precision == NO_PLACE:
        return none, 0.0, False
    radius = max(frozen.radius_m, LEAST_RADIUS_M)
    steps = int(np.ceil(np.log(radius / FINEST_M) / np.log(SCALE_STEP)))
    scales = FINEST_M * SCALE_STEP ** np.arange(steps)
    kind = int(new.slots.kind[j])
    of_kind = kind >= 0 and int(frozen.kind_count[kind]) >= LEAST_OF_A_KIND
    kind = kind if of_kind else -1
    many = int(frozen.kind_count[kind]) if of_kind else frozen.places
    step = max(1, -(-many // REFERENCE_POINTS))
    nearest = np.full(NEIGHBOURS, -1, dtype=np.int64)
    inside = np.zeros((2, steps + 1), dtype=np.int64)
    found = _look(
        new.slots.xyz_m[j].astype(np.float64),
        kind,
        step,
        frozen.cases.xyz_m,
        frozen.cases.precision,
        frozen.cases.kind,
        scales**2,
        nearest,
        np.full(NEIGHBOURS, np.inf),
        inside,
    )
    every, thinned = np.cumsum(inside, axis=1)[:, :steps]
    density = 1.0 / (np.pi * radius**2)
    for s in reversed(range(steps)):
        if scales[s] < PRECISION_M[precision]:
            continue
        coarse = scales[s] >= COARSE_M and step > 1 and frozen.places <= EXACT_POINTS
        counted = float(thinned[s] * step if coarse else every[s])
        expected = density * many * np.pi * scales[s] ** 2
        kept = max(counted - float(frozen.left_out[kind]), min(counted, expected))
        density *= (max(kept, 0.0) + PLACE_SHRINK) / (expected + PLACE_SHRINK)
    return nearest[:found], float(rounded(np.log2(density))), of_kind


def _time(frozen: Frozen, day: int, neighbours: IntArray, soon: int) -> float:
    """Log2 density per day; a day before the first or after the last is rated as that one is."""
    at = min(max(day - frozen.first_day, 0), len(frozen.daily) - 1)
    close = np.abs(frozen.cases.day[neighbours] - day) <= BATCH_DAYS
    seen = max(float(close.sum()) - SOON_LEFT_OUT, 0.0)
    expected = len(neighbours) * soon / max(len(frozen), 1)
    surge = max((seen + SURGE_SHRINK) / (expected + SURGE_SHRINK), 1.0)
    return float(rounded(np.log2(frozen.daily[at]) + np.log2(surge)))


def _own(
    frozen: Frozen, new: Newcomers, j: int, neighbours: IntArray, then: IntArray, of_kind: bool
) -> tuple[FloatArray, npt.NDArray[np.int8]]:
    """The largest of the four rates for every own value, shrunk, never zero; and which one it is."""
    here, bit, variable = own_values(new, j)
    base = new.learned.base[here]
    unit = int(new.content.unit[j])
    known = bit < len(frozen.bit_list)
    safe = np.where(known, bit, 0)
    candidates = [base]
    for rows, left_out in ((neighbours, PARTNERS_LEFT_OUT), (then, SOON_LEFT_OUT)):
        c = np.where(known, _held(frozen, rows, safe), 0.0)
        of = _held(frozen, rows, len(frozen.bit_list) + variable)
        candidates.append(_shrunk(c, of, left_out, base))
    c = np.where(known, frozen.unit_held[unit, safe], 0.0) if unit >= 0 else np.zeros(len(bit))
    of = frozen.unit_seen[unit, variable] if unit >= 0 else np.zeros(len(bit))
    candidates.append(_shrunk(c, of, PARTNERS_LEFT_OUT, base))
    stacked = np.stack(candidates)
    said = new.content.of_place[bit] & of_kind
    stacked[1:] = np.where(said, base, stacked[1:])
    p = np.clip(stacked.max(0), 0.5 / (len(frozen) + 1), 1.0)
    return np.exp2(rounded(np.log2(p))), stacked.argmax(0).astype(np.int8)


def _shrunk(c: FloatArray, of: FloatArray, left_out: float, base: FloatArray) -> FloatArray:
    kept = np.maximum(c - left_out, 0.0)
    result: FloatArray = (kept + LOCAL_SHRINK * base) / (of + LOCAL_SHRINK)
    return result


def _held(frozen: Frozen, rows: IntArray, columns: IntArray) -> FloatArray:
    """How many of the rows have each column of `words`."""
    words = frozen.cases.words[rows]
    found = [(words[:, d >> 3] >> (d & 7) & 1).sum(dtype=np.int64) for d in columns.tolist()]
    return np.array(found, dtype=float)


def _near(frozen: Frozen, new: Newcomers, j: int, p: FloatArray, of_kind: bool) -> FloatArray:
    """Rarity of every own value among near pairs at places of the case's kind; never below the usual one."""
    _, bit, _ = own_values(new, j)
    known = bit < len(frozen.bit_list)
    safe = np.where(known, bit, 0)
    here = int(new.slots.kind[j]) if of_kind else -1
    stays = new.content.of_place[bit]
    both, of = (
        np.where(known, np.where(stays, table.sum(1)[safe], table[safe, here]), 0.0)
        for table in (frozen.near_both, frozen.near_of)
    )
    rare = (np.maximum(both - NEAR_LEFT_OUT, 0.0) + NEAR_SHRINK * p) / (of + NEAR_SHRINK)
    rare = np.where(stays & of_kind, p, np.maximum(rare, p))
    result: FloatArray = np.exp2(rounded(np.log2(np.clip(rare, None, 1.0))))
    return result


@nb.njit(cache=True, nogil=True)
def _look(at, kind, step, xyz, precision, kinds, scales2, nearest, distance2, inside):  # type: ignore[no-untyped-def] # pragma: no cover
    """Fill `nearest` with the nearest rows and count, by the finest scale that holds them, the places of the kind (-1: all):
    every one in `inside[0]`, every step-th in `inside[1]`. Returns how many rows stand in `nearest`.
    """
    room = len(nearest)
    found = 0
    turn = 0
    last = len(scales2)
    for i in range(len(xyz)):
        if precision[i] == NO_PLACE:
            continue
        dx = xyz[i, 0] - at[0]
        dy = xyz[i, 1] - at[1]
        dz = xyz[i, 2] - at[2]
        d2 = dx * dx + dy * dy + dz * dz
        if kind < 0 or kinds[i] == kind:
            s = last
            while s > 0 and d2 <= scales2[s - 1]:
                s -= 1
            inside[0, s] += 1
            if turn == 0:
                inside[1, s] += 1
            turn = turn + 1 if turn + 1 < step else 0
        if d2 < distance2[room - 1]:
            k = min(found, room - 1)
            while k > 0 and distance2[k - 1] > d2:
                distance2[k] = distance2[k - 1]
                nearest[k] = nearest[k - 1]
                k -= 1
            distance2[k] = d2
            nearest[k] = i
            found = min(found + 1, room)
    return found
