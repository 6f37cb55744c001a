"""Pairs as a job of independent tasks: what each task finds is the same whoever runs it, and in whatever order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from openverdict.linkage.compile import Tables
from openverdict.linkage.kernel import search

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
PAIRS_PER_TASK = 4_000_000  # at least
MOST_TASKS = 2048
LIST_STEP = 3.0  # scanned pairs that cost as much as one entry of a list; no result hangs on it
ROOM = 1 << 14


class Part(NamedTuple):
    """The pairs at or above the floor that one task found, in no order."""

    i: Int32Array
    j: Int32Array
    units: Int32Array


class Task(NamedTuple):
    """The later cases at positions `first` to `last` (not included), each against all before it: so many `pairs`."""

    first: int
    last: int
    pairs: int


@dataclass(frozen=True)
class Job:
    """Every pair of a register against a floor, in thousandths of a bit."""

    tables: Tables
    floor: int
    list_step: float = LIST_STEP

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Ranges of later cases in the order of the tiles, with about as many pairs each; together every pair once."""
        before = np.concatenate([[0], np.cumsum(self.tables.slots.tiles.at, dtype=np.int64)])
        total = int(before[-1])
        size = max(PAIRS_PER_TASK, total // MOST_TASKS)
        cuts = np.unique(np.searchsorted(before, np.arange(0, total + size, size)))
        edges = [*cuts[cuts < self.tables.n].tolist(), self.tables.n]
        return tuple(
            Task(first, last, int(before[last] - before[first])) for first, last in pairwise(edges)
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that the job's result depends on but the code."""
        digest = hashlib.sha256(f"{self.floor}\n{self.tables.n}\n".encode())
        for name, value in self.tables.arrays.items():
            digest.update(f"{name} {value.dtype} {value.shape}\n".encode())
            digest.update(np.ascontiguousarray(value).reshape(-1).data)
        return digest.hexdigest()

    def run(self, task: Task) -> Part:
        """What one task finds. Runs outside Python's lock."""
        when, what, where = self.tables.for_kernel
        room = ROOM
        while True:
            i, j, units = (np.empty(room, dtype=np.int32) for _ in range(3))
            found = search(
                task.first, task.last, self.floor, self.list_step, when, what, where, i, j, units
            )
            if found <= room:
                return Part(i[:found], j[:found], units[:found])
            room = found


class Executor(Protocol):
    """Who runs the tasks of a job."""

    def run(
        self, job: Job, tell: Callable[[int], None], tasks: Sequence[Task] | None = None
    ) -> Iterable[Part]:
        """What each task found, in the order of `tasks` (None: all); `tell` is told the pairs of finished tasks."""
        ...


@dataclass(frozen=True)
class Local:
    """Threads of this process; `threads` None: as many as there are cores for this process."""

    threads: int | None = None

    def run(
        self, job: Job, tell: Callable[[int], None], tasks: Sequence[Task] | None = None
    ) -> Iterator[Part]:
        """What each task found, in the order of the tasks."""

        def one(task: Task) -> Part:
            part = job.run(task)
            tell(task.pairs)
            return part

        with ThreadPoolExecutor(self.threads or cores()) as pool:
            yield from pool.map(one, job.tasks if tasks is None else tasks)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
