"""The model as integer tables: thousandths of a bit, the same on every executor.

A pair's integer ratio differs from the floating-point definition by at most half a thousandth of a bit a term.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from openverdict.evidence import Variable
from openverdict.evidence.encode import NO_PLACE
from openverdict.evidence.model import GAP_REACH, LOG10_2, Model
from openverdict.linkage.kernel import What, When, Where
from openverdict.linkage.tiles import Tiles, gap_bound, place_bound, tiles_of

UNIT = 1000.0  # table entries are thousandths of a bit
ROWS_AT_ONCE = 64
MOST_UNITS = 10**9  # an infinite ratio is held to it


def from_units(units: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Thousandths of a bit to log10 likelihood ratios."""
    result: npt.NDArray[np.float64] = units.astype(float) * (LOG10_2 / UNIT)
    return result


def to_units(log10: npt.NDArray[np.float64] | float) -> npt.NDArray[np.int32]:
    """log10 likelihood ratios to thousandths of a bit."""
    units = np.rint(np.asarray(log10) / LOG10_2 * UNIT)
    return np.clip(units, -MOST_UNITS, MOST_UNITS).astype(np.int32)


@dataclass(frozen=True)
class SlotTables:
    """What depends on slots alone: compiled once for a register and all its null registers. Rows a case in the order of the
    tiles; `gap_bound` (rows, GAP_REACH) and `place_bound` (rows, groups, bins): see `tiles`.
    """

    tiles: Tiles
    day: npt.NDArray[np.int32]
    width: npt.NDArray[np.uint8]
    xyz_m: npt.NDArray[np.int32]
    precision: npt.NDArray[np.uint8]
    gap_rows: npt.NDArray[np.int32]
    gap_row: npt.NDArray[np.int32]
    gap_bound: npt.NDArray[np.int32]
    place_rows: npt.NDArray[np.int32]
    place_row: npt.NDArray[np.int32]
    place_bound: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Tables:
    """Everything the search reads. Row r of `gap_rows` (rows, widths, GAP_REACH) and `place_rows` (rows, precisions + 1,
    bins) is chosen per later case by `gap_row` and `place_row`; `words` (n, B) uint8 are the bits of the earlier case;
    own entries of the later case in CSR; `extra` in CSR by later case over sorted earlier cases. `lists` holds, for each bit
    and then for cases with and without a place, who has it: in CSR by `list_start`, in the order of the register.

    Rows a case stand in the order of the tiles but for `start` and `best` (by case).
    """

    n: int
    slots: SlotTables
    age: npt.NDArray[np.int16]
    age_kernel: npt.NDArray[np.int32]
    age_row: npt.NDArray[np.int32]
    words: npt.NDArray[np.uint8]
    start: npt.NDArray[np.int64]
    own: npt.NDArray[np.int32]
    own_units: npt.NDArray[np.int32]
    variable: npt.NDArray[np.int64]
    lack: npt.NDArray[np.int32]
    against: npt.NDArray[np.int32]
    single: npt.NDArray[np.bool_]
    opposite: npt.NDArray[np.int32]
    recorded: npt.NDArray[np.uint8]
    says: npt.NDArray[np.uint8]
    says_units: npt.NDArray[np.int32]
    extra_start: npt.NDArray[np.int64]
    extra_i: npt.NDArray[np.int64]
    extra_units: npt.NDArray[np.int32]
    best: npt.NDArray[np.int32]
    list_start: npt.NDArray[np.int64]
    lists: npt.NDArray[np.int32]

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Every array by name, those of the slots and their tiles too."""
        found: dict[str, npt.NDArray[np.generic]] = {}
        for part in (self, self.slots, self.slots.tiles):
            for f in fields(part):
                value = getattr(part, f.name)
                if isinstance(value, np.ndarray):
                    found[f.name] = value
        return found

    @property
    def for_kernel(self) -> tuple[When, What, Where]:
        """The arrays as the compiled search takes them."""
        found: dict[str, Any] = self.arrays
        tiles = self.slots.tiles
        found |= {
            "xyz": found["xyz_m"],
            "tile_start": tiles.edges,
            "first_nowhere": tiles.first_nowhere,
        }
        return (
            When(*(found[name] for name in When._fields)),
            What(*(found[name] for name in What._fields)),
            Where(*(found[name] for name in Where._fields)),
        )


def _rows(
    v: Variable, log2_k: npt.NDArray[np.float64], log2_p: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """One table a distinct (rarity, class of the later case): log2_k has shape (earlier, later class, bins)."""
    levels, row = np.unique(log2_p, return_inverse=True)
    ratio = v.log10_lr(np.exp2(log2_k[None] - levels[:, None, None, None]))
    return to_units(ratio), row.astype(np.int32)


def compile_slots(model: Model) -> SlotTables:
    """Tiles, and tables of gap and distance."""
    slots, around = model.slots, model.around
    gap = model.by_kernel["gap"]
    widths = model.gap_table.shape[0]
    by_level, level = _rows(gap, model.gap_table, around.log2_time)
    gap_rows = by_level.transpose(0, 2, 1, 3).reshape(-1, widths, GAP_REACH)
    place_rows, place_row = _place_rows(model)
    tiles = tiles_of(slots)
    return SlotTables(
        tiles,
        slots.day[tiles.at],
        slots.width[tiles.at],
        np.ascontiguousarray(slots.xyz_m[tiles.at]),
        np.minimum(slots.precision, NO_PLACE)[tiles.at],
        np.ascontiguousarray(gap_rows),
        (level * widths + slots.width).astype(np.int32)[tiles.at],
        gap_bound(gap_rows),
        place_rows,
        place_row[tiles.at],
        place_bound(place_rows),
    )


def _place_rows(model: Model) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """One table a distinct (density, kind, precision) of the later case, and the row of each; the last row is of zeros."""
    slots = model.slots
    placed = np.flatnonzero(slots.placed)
    at = np.stack(
        [model.around.log2_place[placed], slots.kind[placed], slots.precision[placed]], axis=1
    )
    distinct, row = np.unique(at, axis=0, return_inverse=True)
    kind, precision = distinct[:, 1].astype(int), distinct[:, 2].astype(int)
    classes, bins = model.place_table.shape[1], model.place_table.shape[3]
    rows = np.zeros((len(distinct) + 1, classes + 1, bins), dtype=np.int32)
    for first in range(0, len(distinct), ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        log2_k = model.place_table[kind[some], :, precision[some], :]
        ratio = model.by_kernel["distance"].log10_lr(np.exp2(log2_k - distinct[some, :1, None]))
        rows[some][: len(ratio), :-1] = to_units(ratio)
    place_row = np.full(model.n, len(distinct), dtype=np.int32)
    place_row[placed] = row.reshape(-1)
    return rows, place_row


def compile_tables(model: Model, slot_tables: SlotTables | None = None) -> Tables:
    """Turn a model into integer tables; `slot_tables` may come from another model on the same slots."""
    learned, content = model.learned, model.content
    number = model.by_kernel["number"]
    by_slot = compile_slots(model) if slot_tables is None else slot_tables
    ages, age_row = np.unique(learned.log2_age, return_inverse=True)
    age_kernel = to_units(number.log10_lr(np.exp2(model.log2_age_kernel[None] - ages[:, None])))
    terms = model.bit_terms
    sparse_vars = [v for v in model.variables if v.kernel in ("keys", "spot")]
    says = np.zeros((model.n, len(sparse_vars)), dtype=np.uint8)
    for k, v in enumerate(sparse_vars):
        says[:, k] = model.says(v)
    says_units = np.array([to_units(v.log10_lr(0.0)) for v in sparse_vars], dtype=np.int32)
    lists = (content.bits, content.recorded, says)
    words = np.packbits(np.concatenate(lists, 1), axis=1, bitorder="little")
    extra_start, extra_i, extra_units = _extra(model, sparse_vars, says, says_units)
    own_units, lack_units = to_units(terms.both), to_units(terms.lack)
    against = to_units(terms.against)
    if max(lack_units.max(initial=0), against.max(initial=0), says_units.max(initial=0)) > 0:
        raise ValueError("a value that is not shared speaks for a pair: the bound would not hold")
    list_start, holders = _lists(learned.start, learned.bit, len(terms.variable), by_slot.tiles)
    at = by_slot.tiles.at
    return Tables(
        n=model.n,
        slots=by_slot,
        age=content.age[at],
        age_kernel=np.ascontiguousarray(age_kernel),
        age_row=age_row.astype(np.int32)[at],
        words=np.ascontiguousarray(words[at]),
        start=learned.start,
        own=learned.bit,
        own_units=own_units,
        variable=terms.variable,
        lack=lack_units,
        against=against,
        single=np.array([v.kernel != "items" for v in content.coded]),
        opposite=model.opposite,
        recorded=content.recorded[at],
        says=says[at],
        says_units=says_units,
        extra_start=extra_start,
        extra_i=extra_i,
        extra_units=extra_units,
        best=_best(model, own_units, age_kernel[age_row, 0]),
        list_start=list_start,
        lists=holders,
    )


def _lists(
    start: npt.NDArray[np.int64], bit: npt.NDArray[np.int32], bits: int, tiles: Tiles
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Positions of the cases that have each bit, with a place and then without one, each in the order of the register."""
    holder = tiles.position[np.repeat(np.arange(len(start) - 1), np.diff(start))]
    of = bit.astype(np.int64) * 2 + (holder >= tiles.first_nowhere)
    order = np.argsort(of, kind="stable")
    ends = np.bincount(of, minlength=2 * bits).cumsum()
    return np.concatenate([[0], ends]).astype(np.int64), holder[order]


def _best(
    model: Model, own_units: npt.NDArray[np.int32], age_best: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """The most that age and coded content can add for each later case, whoever the earlier one is."""
    rows = np.repeat(np.arange(model.n), np.diff(model.learned.start))
    content = np.bincount(rows, weights=np.maximum(own_units, 0), minlength=model.n)
    age = np.where(model.content.age >= 0, np.maximum(age_best, 0), 0)
    return (content + age).astype(np.int32)


def _extra(
    model: Model,
    sparse_vars: list[Variable],
    says: npt.NDArray[np.uint8],
    says_units: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """What sharing, and lying at one address, add to what the dense tables already say of the pair, by later case."""
    codes, units = [], []
    for name, sparse in model.sparse.items():
        gain = to_units(sparse.log10_lr)
        names = [v.name for v in sparse_vars]
        if name in names:
            k = names.index(name)
            i, j = np.divmod(sparse.code, model.n)
            gain = gain - np.where((says[i, k] & says[j, k]) > 0, says_units[k], 0)
        codes.append(sparse.code)
        units.append(gain)
    near_i, near_j = model.around.near_i, model.around.near_j
    if len(near_i):
        far = model.coded_terms(near_i, near_j, np.zeros(len(near_i), dtype=bool)).sum(1)
        near = model.coded_terms(near_i, near_j, np.ones(len(near_i), dtype=bool)).sum(1)
        differ = np.flatnonzero(near != far)
        codes.append(near_i[differ] * model.n + near_j[differ])
        units.append(to_units(near[differ]) - to_units(far[differ]))
    code = np.concatenate(codes) if codes else np.zeros(0, dtype=np.int64)
    unit = np.concatenate(units) if units else np.zeros(0, dtype=np.int64)
    distinct, inverse = np.unique(code, return_inverse=True)
    total = np.bincount(inverse, weights=unit, minlength=len(distinct))
    i, j = np.divmod(distinct, max(model.n, 1))
    order = np.lexsort((i, j))
    start = np.searchsorted(j[order], np.arange(model.n + 1)).astype(np.int64)
    return start, i[order], np.rint(total[order]).astype(np.int32)
