"""All n(n-1)/2 pairs: a job given to an executor, the pairs above the floor in a stable order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.linkage.compile import Tables
from openverdict.linkage.job import Executor, Job, Local

IntArray = npt.NDArray[np.int64]


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


class Share(float):
    """The share of a step that is done, which also knows of how many pairs it is the share."""

    pairs: int

    def __new__(cls, done: int, pairs: int) -> Share:
        """`done` of `pairs`."""
        share = super().__new__(cls, done / max(pairs, 1))
        share.pairs = pairs
        return share


def _quiet(pairs: int) -> None:
    """No progress."""


def all_pairs(
    tables: Tables,
    floor: int,
    *,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    executor: Executor | None = None,
) -> Ledger:
    """Score every pair; keep those whose integer ratio reaches `floor` (thousandths of a bit).

    `progress` is told the number of pairs done after each task; `executor` runs the tasks (None: `threads` of this
    process).
    """
    job = Job(tables, floor)
    who = Local(threads) if executor is None else executor
    parts = list(who.run(job, _quiet if progress is None else progress))
    none = np.zeros(0, dtype=np.int32)
    i, j, units = (np.concatenate([none, *(part[k] for part in parts)]) for k in range(3))
    order = np.lexsort((i, j))
    i, j, units = i[order].astype(np.int64), j[order].astype(np.int64), units[order]
    return Ledger(i, j, units, tables.n * (tables.n - 1) // 2)
