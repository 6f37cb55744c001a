"""Tiles: cases that lie near each other, with bounds on what the gap and the distance to any of them can add.

Depends on when and where alone, so that a register and all its null registers share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import NO_PLACE, PRECISION_M, Slots

Int32Array = npt.NDArray[np.int32]

TILE = 256  # cases in a tile, at most
BLOCK = 16  # tiles in a block, at most
GROUP_M = (300.0, 2500.0)  # places known as well as this lie in tiles of their own
GROUPS = len(GROUP_M) + 2  # the coarser ones, and those without a place
NOWHERE = GROUPS - 1


@dataclass(frozen=True)
class Tiles:
    """Cases in the order of their tiles, within a tile in that of the register.

    `at` (n) case number at each position, `position` (n) its inverse; tile t holds the positions `edges[t]` to
    `edges[t + 1]`, all of one `group` of precision, inside the box `low[t]` to `high[t]` (earth-centred metres);
    `tile_of` (n) by position; `latest` (n) by case: the latest day of the cases up to it. Block b is the tiles
    `block_edges[b]` to `block_edges[b + 1]`, which lie near each other, inside the box `block_low[b]` to `block_high[b]`.
    """

    at: Int32Array
    position: Int32Array
    edges: npt.NDArray[np.int64]
    group: npt.NDArray[np.uint8]
    low: Int32Array
    high: Int32Array
    tile_of: Int32Array
    latest: Int32Array
    block_edges: npt.NDArray[np.int64]
    block_low: Int32Array
    block_high: Int32Array

    @property
    def first_nowhere(self) -> int:
        """How many cases have a place: the others stand behind them."""
        return int(self.edges[np.searchsorted(self.group, NOWHERE)])


def tiles_of(slots: Slots) -> Tiles:
    """Split the cases of each group of precision in halves along their widest side until TILE are left."""
    n = len(slots.day)
    group = np.searchsorted(GROUP_M, np.append(PRECISION_M, np.inf)[slots.precision])
    group[slots.precision == NO_PLACE] = NOWHERE
    found: list[npt.NDArray[np.int64]] = []
    for g in range(GROUPS):
        members = np.flatnonzero(group == g)
        if g != NOWHERE:
            found += _halved(slots.xyz_m, members)
        elif len(members):
            found.append(members)
    sizes = np.array([len(members) for members in found], dtype=np.int64)
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    at = np.concatenate([np.zeros(0, dtype=np.int64), *found])
    position = np.empty(n, dtype=np.int32)
    position[at] = np.arange(n)
    boxes = [slots.xyz_m[members] for members in found]
    none = np.zeros((0, 3), dtype=np.int32)
    low = np.stack([box.min(0) for box in boxes]) if boxes else none
    high = np.stack([box.max(0) for box in boxes]) if boxes else none
    of = np.array([group[members[0]] for members in found], dtype=np.uint8)
    block_edges = _blocks(of)
    first = block_edges[:-1]
    return Tiles(
        at.astype(np.int32),
        position,
        edges,
        of,
        low,
        high,
        np.repeat(np.arange(len(found), dtype=np.int32), sizes),
        np.maximum.accumulate(slots.day) if n else slots.day,
        block_edges,
        np.minimum.reduceat(low, first) if len(first) else none,
        np.maximum.reduceat(high, first) if len(first) else none,
    )


def _blocks(group: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Where blocks begin, and the number of tiles: every BLOCK tiles of a group, which stand in the order of halving."""
    begins = np.searchsorted(group, np.arange(GROUPS + 1))
    starts = [np.arange(a, b, BLOCK) for a, b in pairwise(begins)]
    return np.concatenate([*starts, [len(group)]]).astype(np.int64)


def _halved(xyz_m: Int32Array, members: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Parts of at most TILE members, each sorted."""
    done, left = [], [members]
    while left:
        part = left.pop()
        if len(part) <= TILE:
            done.append(np.sort(part))
            continue
        box = xyz_m[part]
        axis = int(np.argmax(box.max(0).astype(np.int64) - box.min(0)))
        order = np.argsort(box[:, axis], kind="stable")
        half = len(part) // 2
        left += [part[order[half:]], part[order[:half]]]
    return [part for part in done if len(part)]


def gap_bound(gap_rows: Int32Array) -> Int32Array:
    """The most that a gap of so many days or more can add, whatever the width of the earlier: (rows, GAP_REACH)."""
    return _falling(gap_rows.max(1))


def place_bound(place_rows: Int32Array) -> Int32Array:
    """The most that a distance of so many metres or more can add, by group of the earlier: (rows, GROUPS, bins)."""
    edges = [0, *np.searchsorted(PRECISION_M, GROUP_M, side="right"), NO_PLACE]
    groups = [place_rows[:, first:last].max(1) for first, last in pairwise(edges)]
    return _falling(np.stack([*groups, place_rows[:, NO_PLACE]], axis=1))


def _falling(most: Int32Array) -> Int32Array:
    """The largest of each value and all those after it."""
    return np.ascontiguousarray(np.maximum.accumulate(most[..., ::-1], axis=-1)[..., ::-1])
