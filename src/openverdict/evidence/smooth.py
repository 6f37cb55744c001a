"""Smooth measures of a pair, each highest where the two cases agree: how near, how soon, and at which hour of the day.

They stand beside the terms of the model in a combination fitted on known series (`combination`). Times of death that are
known only as intervals are taken as uniform over them, and every measure is averaged over both in closed form.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import Register
from openverdict.evidence.encode import DAY_S
from openverdict.evidence.model import Model

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEAR_M = 50.0  # below this distance, and below this gap, nearer says hardly more
SOON_DAYS = 20.0
FAR_M = 1000.0  # where the measures are zero
LATE_DAYS = 60.0
SMALLEST_SPAN_DAYS = 1.0 / 48
MEASURES = ("nearer", "sooner", "hour", "neighbour")


def measures(register: Register, model: Model, i: IntArray, j: IntArray) -> dict[str, FloatArray]:
    """The measures of pairs: `nearer` by log distance, `sooner` by log mean gap, `hour`, `neighbour` by log rank of distance.

    0 where a value is missing.
    """
    both = model.slots.placed[i] & model.slots.placed[j]
    nearer = -np.log((model.metres(i, j) + NEAR_M) / (FAR_M + NEAR_M))
    sooner = -np.log((mean_gap(register, i, j) + SOON_DAYS) / (LATE_DAYS + SOON_DAYS))
    return {
        "nearer": np.where(both, nearer, 0.0),
        "sooner": sooner,
        "hour": same_hour(register, i, j),
        "neighbour": np.where(both, neighbour(model, i, j), 0.0),
    }


def neighbour(model: Model, i: IntArray, j: IntArray) -> FloatArray:
    """Minus the mean log of two shares, less 1: of the other cases as near to i as j is, and as near to j as i is.

    0 on average over all others of a case, whatever the density around it: crowded places make nearness cheap. Ties count
    half; cases without a place do not count.
    """
    placed = np.flatnonzero(model.slots.placed)
    metres = model.metres(i, j)
    total = np.zeros(len(i))
    for end in (i, j):
        order = np.argsort(end, kind="stable")
        cases, first = np.unique(end[order], return_index=True)
        runs = np.split(order, first[1:]) if len(first) else []
        for case, rows in zip(cases.tolist(), runs, strict=True):
            others = placed[placed != case]
            near = np.sort(model.metres(np.full(len(others), case), others))
            here = metres[rows]
            below = np.searchsorted(near, here, "left")
            upto = np.searchsorted(near, here, "right")
            rank = np.clip((below + 1 + upto) / 2, 1.0, max(len(near), 1))
            total[rows] += -np.log(rank / max(len(near), 1))
    return total / 2 - 1


def mean_gap(register: Register, i: IntArray, j: IntArray) -> FloatArray:
    """Mean of |t_i - t_j| in days when both times are uniform over their intervals, in closed form."""
    start, end = _intervals(register)
    half = np.maximum(end - start, SMALLEST_SPAN_DAYS) / 2
    gap = (start[i] + end[i] - start[j] - end[j]) / 2
    x, y = half[i] + half[j], half[i] - half[j]
    cubes = _cube(gap + x) - _cube(gap + y) - _cube(gap - y) + _cube(gap - x)
    return np.maximum(cubes / (4 * half[i] * half[j]), 0.0)


def same_hour(register: Register, i: IntArray, j: IntArray) -> FloatArray:
    """Mean of cos(2 pi (t_i - t_j)), times in days: 1 at the same hour, -1 twelve hours apart, 0 over a whole day.

    An interval of length s shrinks it by sin(pi s) / (pi s); one of a day or more leaves next to nothing.
    """
    start, end = _intervals(register)
    whole = np.floor(start)  # keeps the angle exact for days long past
    angle = np.pi * (start + end - 2 * whole)
    kept = np.clip(np.sinc(end - start), 0.0, 1.0)
    shared: FloatArray = kept[i] * kept[j] * np.cos(angle[i] - angle[j])
    return shared


def _intervals(register: Register) -> tuple[FloatArray, FloatArray]:
    """From when to when each death may have happened, in days."""
    t = register.table
    found = t.get_column("found_at").cast(pl.Int64).to_numpy() / 1e6 / DAY_S
    span = t.get_column("found_at_span_s").fill_null(0).to_numpy() / DAY_S
    alive = (
        t.get_column("last_known_alive_at").cast(pl.Int64).to_numpy().astype(float) / 1e6 / DAY_S
    )
    return np.where(np.isnan(alive), found, np.minimum(alive, found)), found + span


def _cube(x: FloatArray) -> FloatArray:
    result: FloatArray = np.abs(x) ** 3 / 6
    return result
