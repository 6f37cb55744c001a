"""The job that every engine runs: pairs in a window of time and place, twelve evidence variables, integer tables, a floor."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
import numpy.typing as npt

from openverdict.cases import Register
from openverdict.evidence import Model, load_variables, prepare
from openverdict.linkage import Tables, compile_tables, to_units

IntArray = npt.NDArray[np.int64]

VARIABLES = (
    "gap", "distance", "age", "sex", "place_kind", "substances", "position", "moved", "coverings",
    "present_items", "channels", "persons",
)  # fmt: skip
WINDOW_DAYS = 1826
REACH_M = 50_000
FLOOR = 2.0  # log10
# Metres below this have a bin of the distance tables of their own: whole metres tell it, since each bin ends at one.
METRES = np.arange(REACH_M + 1)


def floor_units() -> int:
    """The floor in thousandths of a bit."""
    return int(to_units(FLOOR))


def twelve(register: Register) -> Tables:
    """The twelve variables' tables, learned from the register."""
    variables = tuple(v for v in load_variables() if v.name in VARIABLES)
    assert len(variables) == len(VARIABLES)
    return compile_tables(Model(prepare(register, variables)))


@dataclass(frozen=True)
class Plain:
    """The tables in the order of the register, for engines that know nothing of tiles and bounds.

    `words` (n, B) uint8 are the bits of the earlier case, and `values` of a later one says what each of them adds.
    `cell` numbers the cubes of the reach's size in which a placed case lies, and `near` (cells, cells) says which touch.
    """

    day: IntArray
    width: IntArray
    xyz_m: IntArray
    precision: IntArray
    age: IntArray
    words: npt.NDArray[np.uint8]
    gap_rows: npt.NDArray[np.int32]
    gap_row: IntArray
    place_rows: npt.NDArray[np.int32]
    place_row: IntArray
    age_kernel: npt.NDArray[np.int32]
    age_row: IntArray
    tables: Tables
    recorded: npt.NDArray[np.uint8]
    says: npt.NDArray[np.uint8]
    placed: IntArray
    cell: IntArray
    near: npt.NDArray[np.bool_]

    @property
    def bits(self) -> int:
        """Bits of an earlier case: coded values, recorded variables, sparse variables that say something."""
        return len(self.tables.variable) + self.recorded.shape[1] + self.says.shape[1]

    @property
    def group(self) -> IntArray:
        """The variable of each bit."""
        coded, sparse = self.recorded.shape[1], self.says.shape[1]
        own = (self.tables.variable, np.arange(coded), coded + np.arange(sparse))
        return np.concatenate(own).astype(np.int64)

    @property
    def bins(self) -> IntArray:
        """The bin of the distance tables by whole metres, up to the reach."""
        last = self.place_rows.shape[2] - 1
        far = np.minimum(190 + (METRES - 5000) // 1000, last)
        return np.where(METRES < 500, METRES // 5, np.where(METRES < 5000, 90 + METRES // 50, far))

    def values(self, later: IntArray) -> IntArray:
        """What each bit of an earlier case adds for each later one, shape (later, 8 B)."""
        t = self.tables
        d_count, v_count = len(t.variable), self.recorded.shape[1]
        found = np.zeros((len(later), self.words.shape[1] * 8), dtype=np.int64)
        lacks = ~t.single[t.variable] & (self.recorded[later][:, t.variable] > 0)
        found[:, :d_count] = np.where(lacks, t.lack, 0)
        count = t.start[later + 1] - t.start[later]
        row = np.repeat(np.arange(len(later)), count)
        first = np.cumsum(count) - count
        entry = np.arange(len(row)) - first[row] + t.start[later][row]
        bit = t.own[entry].astype(np.int64)
        found[row, bit] = t.own_units[entry] - t.lack[bit]
        np.add.at(found, (row, d_count + t.variable[bit]), t.lack[bit])
        contrary = np.flatnonzero(t.opposite[bit] >= 0)
        np.add.at(found, (row[contrary], t.opposite[bit[contrary]]), t.against[bit[contrary]])
        sparse = d_count + v_count + np.arange(len(t.says_units))
        found[:, sparse] = np.where(self.says[later] > 0, t.says_units, 0)
        return found


def plain(tables: Tables) -> Plain:
    """The tables in the order of the register."""
    slots, at = tables.slots, tables.slots.tiles.position
    precision = slots.precision[at].astype(np.int64)
    xyz_m = slots.xyz_m[at].astype(np.int64)
    placed = np.flatnonzero(precision < slots.place_rows.shape[1] - 1)
    cells, cell = np.unique(xyz_m[placed] // REACH_M, axis=0, return_inverse=True)
    return Plain(
        day=slots.day[at].astype(np.int64),
        width=slots.width[at].astype(np.int64),
        xyz_m=xyz_m,
        precision=precision,
        age=tables.age[at].astype(np.int64),
        words=tables.words[at],
        gap_rows=slots.gap_rows,
        gap_row=slots.gap_row[at].astype(np.int64),
        place_rows=slots.place_rows,
        place_row=slots.place_row[at].astype(np.int64),
        age_kernel=tables.age_kernel,
        age_row=tables.age_row[at].astype(np.int64),
        tables=tables,
        recorded=tables.recorded[at],
        says=tables.says[at],
        placed=placed,
        cell=cell.reshape(-1),
        near=(np.abs(cells[:, None] - cells[None]) <= 1).all(axis=2),
    )


def within(job: Plain, i: IntArray, j: IntArray) -> npt.NDArray[np.bool_]:
    """Which pairs lie in the window."""
    last = job.place_rows.shape[1] - 1
    placed = (job.precision[i] < last) & (job.precision[j] < last)
    square = ((job.xyz_m[i] - job.xyz_m[j]) ** 2).sum(axis=1)
    inside: npt.NDArray[np.bool_] = np.abs(job.day[i] - job.day[j]) <= WINDOW_DAYS
    return inside & placed & (square <= REACH_M**2)


def pairs_within(job: Plain) -> int:
    """How many pairs lie in the window, counted one by one."""
    order = np.argsort(job.cell, kind="stable")
    case = job.placed[order]
    start = np.searchsorted(job.cell[order], np.arange(len(job.near) + 1))
    return int(_count(job.day[case], job.xyz_m[case], start, job.near))


@nb.njit(cache=True, nogil=True)
def _count(day, xyz, start, near):
    found = 0
    for a in range(len(start) - 1):
        for b in range(a, len(start) - 1):
            if not near[a, b]:
                continue
            for i in range(start[a], start[a + 1]):
                for j in range(i + 1 if a == b else start[b], start[b + 1]):
                    x, y, z = xyz[i, 0] - xyz[j, 0], xyz[i, 1] - xyz[j, 1], xyz[i, 2] - xyz[j, 2]
                    soon = abs(day[i] - day[j]) <= WINDOW_DAYS
                    found += soon & (x * x + y * y + z * z <= REACH_M * REACH_M)
    return found
