"""The baseline in NumPy: a later case against the block of all earlier ones in the cubes around it, a look-up a variable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from benchmarks.scale_parts.job import REACH_M, WINDOW_DAYS, IntArray, Plain, floor_units

AT_ONCE = 64  # later cases whose byte tables are made together
A_TASK = 512


@dataclass(frozen=True)
class Block:
    """Columns of the cases in one cube and those around it, in the order of the register."""

    case: IntArray
    day: npt.NDArray[np.int32]
    width: IntArray
    xyz_m: npt.NDArray[np.float64]  # (3, cases)
    precision: IntArray
    age: npt.NDArray[np.int32]
    no_age: npt.NDArray[np.bool_]
    words: IntArray  # (B, cases)


def numpy_blocks(job: Plain, threads: int) -> tuple[IntArray, IntArray, IntArray]:
    """The pairs of the window at or above the floor: earlier, later, units; in no order."""
    bins = job.bins

    def one(task: tuple[Block, IntArray]) -> IntArray:
        return _against(job, bins, *task)

    tasks = [
        (block, own[k : k + A_TASK])
        for cell in range(len(job.near))
        for block in [_block(job, cell)]
        for own in [job.placed[job.cell == cell]]
        for k in range(0, len(own), A_TASK)
    ]
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(one, tasks))
    i, j, units = np.concatenate([np.zeros((3, 0), dtype=np.int64), *parts], axis=1)
    return i, j, units


def _block(job: Plain, cell: int) -> Block:
    case = job.placed[job.near[cell][job.cell]]
    age = job.age[case].astype(np.int32)
    return Block(
        case,
        job.day[case].astype(np.int32),
        job.width[case] * job.gap_rows.shape[2],
        np.ascontiguousarray(job.xyz_m[case].T.astype(float)),
        job.precision[case] * job.place_rows.shape[2],
        age,
        age < 0,
        np.ascontiguousarray(job.words[case].T.astype(np.int64)),
    )


def _byte_tables(values: IntArray) -> npt.NDArray[np.int32]:
    """Sums over the bits of each byte: shape (later, B, 256)."""
    each = values.reshape(len(values), -1, 8).astype(float)
    sets = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    return (each @ sets.T.astype(float)).astype(np.int32)


def _against(job: Plain, bins: IntArray, block: Block, later: IntArray) -> IntArray:
    floor, last_gap = floor_units(), job.gap_rows.shape[2] - 1
    found = [np.zeros((3, 0), dtype=np.int64)]
    extra = job.tables
    for k in range(0, len(later), AT_ONCE):
        some = later[k : k + AT_ONCE]
        for j, tables in zip(some.tolist(), _byte_tables(job.values(some)), strict=True):
            m = int(np.searchsorted(block.case, j))
            gap = np.abs(block.day[:m] - np.int32(job.day[j]))
            inside = gap <= WINDOW_DAYS
            units = job.gap_rows[job.gap_row[j]].ravel().take(
                block.width[:m] + np.minimum(gap, last_gap)
            )  # fmt: skip
            x, y, z = (block.xyz_m[axis, :m] - float(job.xyz_m[j, axis]) for axis in range(3))
            metres = np.sqrt(x * x + y * y + z * z)
            inside &= metres <= REACH_M
            at = bins.take(np.minimum(metres, REACH_M).astype(np.int64))
            units += job.place_rows[job.place_row[j]].ravel().take(block.precision[:m] + at)
            if job.age[j] >= 0:
                apart = np.abs(block.age[:m] - np.int32(job.age[j]))
                years = job.age_kernel[job.age_row[j]].take(apart)
                years[block.no_age[:m]] = 0
                units += years
            for byte, table in enumerate(tables):
                units += table.take(block.words[byte, :m])
            own = slice(extra.extra_start[j], extra.extra_start[j + 1])
            place = np.searchsorted(block.case[:m], extra.extra_i[own])
            held = np.flatnonzero(place < m)
            held = held[block.case[place[held]] == extra.extra_i[own][held]]
            units[place[held]] += extra.extra_units[own][held]
            hit = np.flatnonzero(inside & (units >= floor))
            if len(hit):
                found.append(np.stack([block.case[hit], np.full(len(hit), j), units[hit]]))
    return np.concatenate(found, axis=1)
