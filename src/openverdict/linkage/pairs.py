"""All n(n-1)/2 pairs: blocks of later cases handed to threads, the pairs above the floor in a stable order."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.linkage.compile import Tables
from openverdict.linkage.kernel import score_block

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
PAIRS_PER_BLOCK = 4_000_000


@dataclass(frozen=True)
class Ledger:
    """The pairs at or above the floor, sorted by later then earlier case; `units` in thousandths of a bit.

    `total` pairs were scored; `total - len(i)` stand below the floor.
    """

    i: IntArray
    j: IntArray
    units: npt.NDArray[np.int32]
    total: int

    @property
    def remainder(self) -> int:
        """How many pairs stand below the floor."""
        return self.total - len(self.i)


def blocks(n: int) -> list[tuple[int, int]]:
    """Ranges of later cases with about PAIRS_PER_BLOCK pairs each."""
    ranges, first = [], 0
    while first < n:
        last = first + 1
        while last < n and (last + first) * (last - first) / 2 < PAIRS_PER_BLOCK:
            last += max(1, (n - first) // 256)
        last = min(last, n)
        ranges.append((first, last))
        first = last
    return ranges


def all_pairs(
    tables: Tables,
    floor: int,
    *,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Ledger:
    """Score every pair; keep those whose integer ratio reaches `floor` (thousandths of a bit).

    `progress` is told the number of pairs done after each block.
    """
    ranges = blocks(tables.n)

    def run(block: tuple[int, int]) -> tuple[Int32Array, Int32Array, Int32Array]:
        first, last = block
        room = 1 << 14
        while True:
            i = np.empty(room, dtype=np.int32)
            j = np.empty(room, dtype=np.int32)
            units = np.empty(room, dtype=np.int32)
            found = _score(tables, first, last, floor, i, j, units)
            if found <= room:
                if progress is not None:
                    progress((last + first - 1) * (last - first) // 2)
                return i[:found], j[:found], units[:found]
            room = found

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        parts = list(pool.map(run, ranges))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Ledger(none, none, np.zeros(0, dtype=np.int32), 0)
    return Ledger(
        np.concatenate([p[0] for p in parts]).astype(np.int64),
        np.concatenate([p[1] for p in parts]).astype(np.int64),
        np.concatenate([p[2] for p in parts]),
        tables.n * (tables.n - 1) // 2,
    )


def _score(
    t: Tables,
    first: int,
    last: int,
    floor: int,
    i: npt.NDArray[np.int32],
    j: npt.NDArray[np.int32],
    units: npt.NDArray[np.int32],
) -> int:
    return int(
        score_block(
            first, last, floor,
            t.day, t.width, t.xyz_m, t.precision, t.gap_rows, t.gap_row, t.place_rows, t.place_row,
            t.age, t.age_kernel, t.age_row, t.words, t.start, t.own, t.own_units, t.variable,
            t.lack, t.against, t.single, t.opposite, t.recorded, t.says, t.says_units,
            t.extra_start, t.extra_i, t.extra_units, t.best,
            i, j, units,
        )
    )  # fmt: skip
