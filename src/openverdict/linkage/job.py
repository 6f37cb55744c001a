"""Pairs as a job of independent tasks: what each task finds is the same whoever runs it, and in whatever order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from openverdict.linkage.compile import Tables
from openverdict.linkage.kernel import score_block

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
PAIRS_PER_TASK = 4_000_000
ROOM = 1 << 14


class Part(NamedTuple):
    """The pairs at or above the floor that one task found, sorted by later then earlier case."""

    i: Int32Array
    j: Int32Array
    units: Int32Array


class Task(NamedTuple):
    """The later cases `first` to `last` (not included) against all before them."""

    first: int
    last: int

    @property
    def pairs(self) -> int:
        """Pairs that the task answers for."""
        return (self.last + self.first - 1) * (self.last - self.first) // 2


@dataclass(frozen=True)
class Job:
    """Every pair of a register against a floor, in thousandths of a bit."""

    tables: Tables
    floor: int

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Ranges of later cases with about PAIRS_PER_TASK pairs each; together they answer for every pair once."""
        n, ranges, first = self.tables.n, [], 0
        while first < n:
            last = first + 1
            while last < n and (last + first) * (last - first) / 2 < PAIRS_PER_TASK:
                last += max(1, (n - first) // 256)
            last = min(last, n)
            ranges.append(Task(first, last))
            first = last
        return tuple(ranges)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that the job's result depends on but the code."""
        digest = hashlib.sha256(f"{self.floor}\n".encode())
        for field in fields(self.tables):
            value = np.asarray(getattr(self.tables, field.name))
            digest.update(f"{field.name} {value.dtype} {value.shape}\n".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()

    def run(self, task: Task) -> Part:
        """What one task finds. Runs outside Python's lock."""
        room = ROOM
        while True:
            i, j, units = (np.empty(room, dtype=np.int32) for _ in range(3))
            found = _score(self.tables, task, self.floor, i, j, units)
            if found <= room:
                return Part(i[:found], j[:found], units[:found])
            room = found


class Executor(Protocol):
    """Who runs the tasks of a job."""

    def run(self, job: Job, tell: Callable[[int], None]) -> Iterable[Part]:
        """What each task found, in the order of the tasks; `tell` is told the pairs of each finished task."""
        ...


@dataclass(frozen=True)
class Local:
    """Threads of this process; `threads` None: as many as there are cores."""

    threads: int | None = None

    def run(self, job: Job, tell: Callable[[int], None]) -> Iterator[Part]:
        """What each task found, in the order of the tasks."""

        def one(task: Task) -> Part:
            part = job.run(task)
            tell(task.pairs)
            return part

        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(one, job.tasks)


def _score(
    t: Tables, task: Task, floor: int, i: Int32Array, j: Int32Array, units: Int32Array
) -> int:
    return int(
        score_block(
            task.first, task.last, floor,
            t.day, t.width, t.xyz_m, t.precision, t.gap_rows, t.gap_row, t.place_rows, t.place_row,
            t.age, t.age_kernel, t.age_row, t.words, t.start, t.own, t.own_units, t.variable,
            t.lack, t.against, t.single, t.opposite, t.recorded, t.says, t.says_units,
            t.extra_start, t.extra_i, t.extra_units, t.best,
            i, j, units,
        )
    )  # fmt: skip
