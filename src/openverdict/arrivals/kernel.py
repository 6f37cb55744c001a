"""The compiled loop over one new case's pairs: integer tables of that case alone, and a bound that skips what stays below."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import NO_PLACE
from openverdict.evidence.frozen import FINEST_ADDRESS, FrozenCases
from openverdict.evidence.guest import Guest, Newcomer
from openverdict.evidence.model import GAP_REACH
from openverdict.evidence.newcomers import Newcomers
from openverdict.evidence.surroundings import NEAR_M
from openverdict.evidence.variables import Variable
from openverdict.linkage import to_units

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
ROOM = 1 << 14


class Side(NamedTuple):
    """Earlier cases as columns: those of the register, or new cases that stand before the one in question."""

    day: Int32Array
    width: npt.NDArray[np.uint8]
    xyz_m: Int32Array
    precision: npt.NDArray[np.uint8]
    age: npt.NDArray[np.int16]
    words: npt.NDArray[np.uint8]


class Later(NamedTuple):
    """Tables of one new case, in thousandths of a bit.

    `gap` (widths, days) and `place` (precisions + 1, bins) by the earlier case's class, `age` (128) by years apart (empty: the
    new case has none); `sums` (B, 256) by byte of the earlier case's words. `near_bit`, `near_gain`: what an own value that the
    earlier case shares is worth less (or more) at one address. `best`: the most that all but gap and place can add.
    """

    day: int
    xyz_m: npt.NDArray[np.float64]
    addressed: bool
    years: int
    gap: Int32Array
    place: Int32Array
    age: Int32Array
    sums: Int32Array
    near_bit: IntArray
    near_gain: Int32Array
    best: int


def register_side(cases: FrozenCases) -> Side:
    """The cases of a prepared register."""
    arrays = (cases.day, cases.width, cases.xyz_m, cases.precision, cases.age, cases.words)
    return Side(*(_fixed(array) for array in arrays))


def new_side(new: Newcomers) -> Side:
    """New cases as earlier ones."""
    lists = (new.content.bits, new.content.recorded, new.says)
    words = np.packbits(np.concatenate(lists, 1), axis=1, bitorder="little")
    slots = new.slots
    arrays = (slots.day, slots.width, slots.xyz_m, slots.precision, new.content.age, words)
    return Side(*(_fixed(array) for array in arrays))


def _fixed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array as a loaded one is: contiguous and not to be written, so that one compiled loop serves both."""
    fixed = np.ascontiguousarray(array).view()
    fixed.flags.writeable = False
    return fixed


def later_tables(guest: Guest, newcomer: Newcomer, known: int) -> tuple[Later, Later]:
    """The integer tables of a new case: against the register, whose words have `known` bits of coded values, and against
    other new cases, whose words have all. `guest` holds that case alone.
    """
    v_of = guest.by_kernel
    slots, around, terms = guest.slots, guest.around, guest.bit_terms
    content, bits = guest.content, len(guest.content.bit_list)
    gap = _units(v_of["gap"], guest.gap_table[:, slots.width[-1]] - around.log2_time[-1])
    bins = guest.place_table.shape[-1]
    place = np.zeros((NO_PLACE + 1, bins), dtype=np.int32)
    if slots.placed[-1]:
        log2_k = guest.place_table[slots.kind[-1], :, slots.precision[-1]]
        place[:-1] = _units(v_of["distance"], log2_k - around.log2_place[-1])
    years = int(content.age[-1])
    log2_age = guest.log2_age_kernel - guest.learned.log2_age[-1]
    age = _units(v_of["number"], log2_age if years >= 0 else log2_age[:0])
    own = guest.learned.bit.astype(np.int64)
    lack, both, near = to_units(terms.lack), to_units(terms.both), to_units(terms.both_near)
    against = to_units(terms.against)
    single = np.array([v.kernel != "items" for v in content.coded], dtype=bool)
    coded = newcomer.new.content.recorded.shape[1]
    values = np.zeros(bits + coded + newcomer.new.says.shape[1], dtype=np.int64)
    lists = ~single[terms.variable] & (content.recorded[-1][terms.variable] > 0)
    values[:bits][lists] = lack[lists]
    values[own] = both - lack[own]
    np.add.at(values, bits + terms.variable[own], lack[own])
    contrary = guest.opposite[own]
    np.add.at(values, contrary[contrary >= 0], against[own][contrary >= 0])
    says = newcomer.new.says[newcomer.j] > 0
    silent = to_units(np.array([float(v.log10_lr(0.0)) for v in _sparse(guest)]))
    values[bits + coded :] = np.where(says, silent, 0)
    best = int(np.maximum(np.maximum(both, near), np.maximum(lack[own], 0)).clip(0).sum())
    gain = (near - both).astype(np.int32)
    old = own < known
    register = Later(
        int(slots.day[-1]),
        slots.xyz_m[-1].astype(np.float64),
        bool(around.precise[-1]),
        years,
        gap,
        place,
        age,
        _sums(np.delete(values, np.s_[known:bits])),
        own[old],
        gain[old],
        best + int(age.max(initial=0)),
    )
    return register, register._replace(sums=_sums(values), near_bit=own, near_gain=gain)


def _sparse(guest: Guest) -> list[Variable]:
    return [v for v in guest.variables if v.kernel in ("keys", "spot")]


def _units(variable: Variable, log2: npt.NDArray[np.float64]) -> Int32Array:
    return np.ascontiguousarray(to_units(variable.log10_lr(np.exp2(log2))))


def _sums(values: IntArray) -> Int32Array:
    """For each byte of bits what every pattern of it adds, shape (B, 256)."""
    padded = np.zeros(-(-len(values) // 8) * 8, dtype=np.int64)
    padded[: len(values)] = values
    pattern = np.arange(256)[:, None] >> np.arange(8) & 1
    return np.ascontiguousarray((padded.reshape(-1, 8) @ pattern.T).astype(np.int32))


def score(
    side: Side, rows: int, later: Later, floor: int, extra: tuple[IntArray, Int32Array]
) -> tuple[IntArray, Int32Array]:
    """Rows before `rows` whose pair with the new case reaches the floor, in order, and their units.

    `extra`: sorted rows that share something, and what that adds to the tables.
    """
    room = ROOM
    while True:
        row, units = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int32)
        found = _score(rows, floor, *side, *later, *extra, row, units)
        if found <= room:
            return row[:found], units[:found]
        room = found


@nb.njit(cache=True, nogil=True, boundscheck=False)
def _score(  # type: ignore[no-untyped-def] # pragma: no cover
    rows,
    floor,
    days,
    widths,
    xyz,
    precision,
    ages,
    words,
    day,
    at,
    addressed,
    years,
    gap_table,
    place_table,
    age_table,
    sums,
    near_bit,
    near_gain,
    best,
    extra_row,
    extra_units,
    out_row,
    out_units,
):
    found = 0
    room = len(out_row)
    bins = place_table.shape[1] - 1
    need = floor - best
    turn = 0
    next_extra = extra_row[0] if len(extra_row) else -1
    for i in range(rows):
        gap = day - days[i]
        gap = gap if gap >= 0 else -gap
        units = gap_table[widths[i], gap if gap < GAP_REACH else GAP_REACH - 1]
        dx = at[0] - xyz[i, 0]
        dy = at[1] - xyz[i, 1]
        dz = at[2] - xyz[i, 2]
        metres = np.sqrt(dx * dx + dy * dy + dz * dz)
        if metres < 500.0:
            bin_ = np.int64(metres / 5.0)
        elif metres < 5000.0:
            bin_ = 100 + np.int64((metres - 500.0) / 50.0)
        else:
            bin_ = min(190 + np.int64((metres - 5000.0) / 1000.0), bins)
        units += place_table[precision[i], bin_]
        shares = i == next_extra
        if units < need and not shares:
            continue
        if years >= 0 and ages[i] >= 0:
            apart = years - ages[i]
            units += age_table[apart if apart >= 0 else -apart]
        for b in range(words.shape[1]):
            units += sums[b, words[i, b]]
        if addressed and metres <= NEAR_M and precision[i] <= FINEST_ADDRESS:
            for e in range(len(near_bit)):
                d = near_bit[e]
                if words[i, d >> 3] >> (d & 7) & 1:
                    units += near_gain[e]
        if shares:
            units += extra_units[turn]
            turn += 1
            next_extra = extra_row[turn] if turn < len(extra_row) else -1
        if units >= floor:
            if found < room:
                out_row[found] = i
                out_units[found] = units
            found += 1
    return found
