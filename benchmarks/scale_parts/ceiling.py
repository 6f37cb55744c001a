"""What the machine allows: the same loads a pair as the twelve variables need, and nothing else.

A pair needs the earlier case's columns (day, width, three coordinates, precision, age and B bytes of coded values) and then an
entry of each table they point to: gap, distance, age and one a byte. The loop below reads all of them, from tables of the same
sizes, and sums them up; no gap, distance, bin, bound or comparison is computed, and nothing is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba as nb
import numpy as np
from benchmarks.scale_parts.job import Plain

EARLIER = 8192  # cases that a later one is held against: their columns stay in the second cache
PAIRS = 100_000_000
COLUMNS = 7


def loads_a_pair(job: Plain) -> int:
    """Columns and table entries that one pair needs."""
    words = job.words.shape[1]
    return COLUMNS + words + 3 + words


def ceiling(job: Plain, threads: int) -> tuple[float, float]:
    """Pairs a second that the machine reads the operands of, on so many threads; and a second of one thread's own time."""
    rng = np.random.default_rng(1)
    words = rng.integers(0, 256, (EARLIER, job.words.shape[1]), dtype=np.uint8)
    number = rng.integers(0, 100, (4, EARLIER)).astype(np.int32)
    gap = rng.integers(0, min(2000, job.gap_rows.shape[2]), EARLIER).astype(np.uint16)
    place = rng.integers(0, job.place_rows.shape[2], EARLIER).astype(np.uint16)
    age = rng.integers(0, job.age_kernel.shape[1], EARLIER).astype(np.uint16)
    tables = rng.integers(0, 9, words.shape[1] * 256).astype(np.int32)
    others = [rng.integers(0, 9, 4096).astype(np.int32) for _ in range(3)]
    read = _reader(words.shape[1])
    given = (words.ravel(), number, gap, place, age, tables, *others)
    rounds = PAIRS // EARLIER // threads
    read(1, *given)
    began, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: read(rounds, *given), range(threads)))
    pairs = rounds * threads * EARLIER
    return pairs / (time.perf_counter() - began), pairs / (time.process_time() - worked)


def _reader(bytes_a_case: int) -> Callable[..., int]:
    """The loop, compiled for one number of bytes, so that nothing is left to count."""

    @nb.njit(nogil=True, boundscheck=False)
    def read(rounds, words, number, gap, place, age, tables, gaps, places, ages):
        total = 0
        for k in range(rounds):
            tables[0] = k  # so that no round is the same as the one before it
            for i in range(len(gap)):
                units = number[0, i] + number[1, i] + number[2, i] + number[3, i]
                units += gaps[gap[i]] + places[place[i]] + ages[age[i]]
                for b in range(bytes_a_case):
                    units += tables[b * 256 + words[i * bytes_a_case + b]]
                total += units
        return total

    return read


def clock_mhz() -> float | None:
    """The clock that the system names, or None."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [float(line.split(":")[1]) for line in lines if line.startswith("cpu MHz")]
    return max(found, default=None)
