"""Null registers: the same slots and the same contents, paired anew so that no series is left.

Place × time stands as it is. Contents are exchanged only between cases close in place (which keeps content × place: hostels,
scenes), or only between cases close in time (which keeps content × time: batches, seasons). A lead has to be rarer than
under both. Deaths are exchanged with deaths, incidents with incidents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import Slots
from openverdict.evidence.surroundings import enough_of_a_kind

IntArray = npt.NDArray[np.int64]

KINDS = ("place", "time")
PLACE_BLOCK = 12
TIME_BLOCK_DAYS = 10


@dataclass(frozen=True)
class NullRegister:
    """`order[c]`: whose content stands at slot c. `kind`: what was kept beside place × time."""

    kind: str
    order: IntArray


def null_registers(
    slots: Slots, is_death: npt.NDArray[np.bool_], replicates: int, seed: int
) -> Iterator[NullRegister]:
    """`replicates` null registers, half of each kind; the same seed gives the same ones."""
    for k, child in enumerate(np.random.SeedSequence(seed).spawn(replicates)):
        rng = np.random.default_rng(child)
        kind = KINDS[k % len(KINDS)]
        order = np.arange(len(slots.day))
        for group in (np.flatnonzero(is_death), np.flatnonzero(~is_death)):
            blocks = (
                _near_in_place(slots, group, rng)
                if kind == "place"
                else _near_in_time(slots, group, rng)
            )
            for block in blocks:
                order[block] = rng.permutation(block)
        yield NullRegister(kind, order)


def _near_in_place(slots: Slots, group: IntArray, rng: np.random.Generator) -> list[IntArray]:
    """Blocks of neighbours at places of one kind; kinds with too few known places go together."""
    kind = np.where(enough_of_a_kind(slots), slots.kind, -1)[group]
    return [block for k in np.unique(kind) for block in _blocks(slots, group[kind == k], rng)]


def _blocks(slots: Slots, group: IntArray, rng: np.random.Generator) -> list[IntArray]:
    placed = group[slots.placed[group]]
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    points = slots.xyz_m[placed] @ rotation + rng.uniform(-1, 1, (len(placed), 3))
    blocks: list[IntArray] = []
    waiting = [np.arange(len(placed))]
    while waiting:
        part = waiting.pop()
        if len(part) <= PLACE_BLOCK:
            blocks.append(placed[part])
            continue
        axis = int(np.ptp(points[part], axis=0).argmax())
        part = part[np.argsort(points[part, axis], kind="stable")]
        cut = _widest_gap(points[part, axis])
        waiting += [part[:cut], part[cut:]]
    lost = rng.permutation(group[~slots.placed[group]])
    return blocks + [lost[k : k + PLACE_BLOCK] for k in range(0, len(lost), PLACE_BLOCK)]


def _widest_gap(sorted_m: npt.NDArray[np.float64]) -> int:
    """Where to cut: the widest gap in the middle half, so that one address or hostel is seldom cut in two."""
    low = len(sorted_m) // 4
    return low + 1 + int(np.diff(sorted_m[low : len(sorted_m) - low]).argmax())


def _near_in_time(slots: Slots, group: IntArray, rng: np.random.Generator) -> list[IntArray]:
    if len(group) == 0:
        return []
    offset = rng.integers(TIME_BLOCK_DAYS)
    number = (slots.day[group] + offset) // TIME_BLOCK_DAYS
    return [group[number == k] for k in np.unique(number)]
