"""What a new case shares with single cases: keys, an exact spot, a mention; each found by a look through the register's column.

Rows of the register keep their numbers; new case k of the file is row n + k, and only those before the new case count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import NO_PLACE, PRECISION_M
from openverdict.evidence.frozen import Frozen
from openverdict.evidence.model import MAX_SPOT, SPOT_PRIOR, SPOT_REACH_M, SPOT_SHRINK
from openverdict.evidence.newcomers import Newcomers
from openverdict.evidence.rarity import LOCAL_SHRINK
from openverdict.evidence.rates import PARTNERS_LEFT_OUT
from openverdict.evidence.surroundings import band_of, rounded
from openverdict.evidence.variables import Variable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shared:
    """Rows that share something with the new case, sorted, with the rarest thing shared: its rarity, ratio, number, count."""

    row: IntArray
    p: FloatArray
    log10_lr: FloatArray
    key: IntArray
    count: IntArray


def shared_with(frozen: Frozen, new: Newcomers, j: int, neighbours: IntArray) -> dict[str, Shared]:
    """What new case j shares, by variable."""
    found = {}
    for variable in frozen.variables:
        if variable.kernel == "keys":
            found[variable.name] = _keys(frozen, new, j, neighbours, variable)
        elif variable.kernel == "spot":
            found[variable.name] = _spot(frozen, new, j, neighbours, variable)
        elif variable.kernel == "mention":
            found[variable.name] = _mention(frozen, new, j, variable)
    return found


def metres_to(frozen: Frozen, new: Newcomers, j: int, rows: IntArray) -> FloatArray:
    """Distance from new case j to rows of the register or to new cases."""
    apart = (
        _take(frozen.cases.xyz_m, new.slots.xyz_m, rows) - new.slots.xyz_m[j].astype(np.int64)
    ).astype(float)
    metres: FloatArray = np.sqrt((apart**2).sum(1))
    return metres


def _take(old: npt.NDArray[np.generic], new: npt.NDArray[np.generic], rows: IntArray) -> IntArray:
    """Values of rows of the register and, from n on, of the new cases."""
    n = len(old)
    result = np.empty((len(rows), *old.shape[1:]), dtype=np.int64)
    result[rows < n] = old[rows[rows < n]]
    result[rows >= n] = new[rows[rows >= n] - n]
    return result


def _rarest(
    variable: Variable, row: IntArray, p: FloatArray, key: IntArray, count: IntArray
) -> Shared:
    order = np.lexsort((key, p, row))
    row, p, key, count = row[order], p[order], key[order], count[order]
    first = np.concatenate([[True], row[1:] != row[:-1]]) if len(row) else np.zeros(0, bool)
    return Shared(row[first], p[first], variable.log10_lr(1 / p[first]), key[first], count[first])


def _rare(p: FloatArray, n: int) -> FloatArray:
    result: FloatArray = np.exp2(rounded(np.log2(np.clip(p, 0.5 / (n + 1), 1.0))))
    return result


def _keys(
    frozen: Frozen, new: Newcomers, j: int, neighbours: IntArray, variable: Variable
) -> Shared:
    old, mine, n = frozen.keys[variable.name], new.content.keys[variable.name], len(frozen)
    start = old.start
    keyed = [old.index[start[i] : start[i + 1]] for i in neighbours.tolist()]
    of = sum(len(index) > 0 for index in keyed)
    parts: list[tuple[IntArray, FloatArray, IntArray, IntArray]] = []
    for e in range(int(mine.start[j]), int(mine.start[j + 1])):
        key, role = int(mine.index[e]), int(mine.role[e])
        known = key < len(old.name)
        if known and old.ordinary[key]:
            continue
        count = int(old.count[key]) if known else 0
        p = (max(count - PARTNERS_LEFT_OUT, 0.0) + 0.5) / (n + 1.0)
        near = sum(int(key in index) for index in keyed)
        local = max(near - PARTNERS_LEFT_OUT, 0.0) + LOCAL_SHRINK * p
        p = min(max(p, local / (of + LOCAL_SHRINK)), 1.0)
        if p >= 1.0:
            continue
        entries = np.flatnonzero(old.index == key) if known else np.zeros(0, dtype=np.int64)
        rows = np.searchsorted(start, entries, side="right") - 1
        fellow = np.flatnonzero(mine.index[: mine.start[j]] == key)
        fellows = np.searchsorted(mine.start, fellow, side="right") - 1 + n
        row = np.concatenate([rows, fellows]).astype(np.int64)
        roles = np.maximum(np.concatenate([old.role[entries], mine.role[fellow]]), role)
        placed = _placed(frozen, new, j, row)
        band = band_of(np.where(placed, metres_to(frozen, new, j, row), np.nan))
        rare = _rare(np.maximum(p, old.sharing[roles, band]), n)
        parts.append((row, rare, np.full(len(row), key), np.full(len(row), count + 1)))
    return _joined(variable, parts)


def _joined(
    variable: Variable, parts: list[tuple[IntArray, FloatArray, IntArray, IntArray]]
) -> Shared:
    none = (np.zeros(0, dtype=np.int64), np.zeros(0), *[np.zeros(0, dtype=np.int64)] * 2)
    return _rarest(variable, *(np.concatenate(c) for c in zip(none, *parts, strict=True)))


def _placed(frozen: Frozen, new: Newcomers, j: int, rows: IntArray) -> npt.NDArray[np.bool_]:
    precision = _take(frozen.cases.precision, new.slots.precision, rows)
    placed: npt.NDArray[np.bool_] = (precision != NO_PLACE) & (new.slots.precision[j] != NO_PLACE)
    return placed


def _spot(
    frozen: Frozen, new: Newcomers, j: int, neighbours: IntArray, variable: Variable
) -> Shared:
    spot, n = int(new.slots.spot[j]), len(frozen)
    count = int(frozen.spot_count[spot]) if 0 <= spot < len(frozen.spot_name) else 0
    if spot < 0 or count > MAX_SPOT:
        return _joined(variable, [])
    rows = np.flatnonzero(frozen.cases.spot == spot) if count else np.zeros(0, dtype=np.int64)
    row = np.concatenate([rows, np.flatnonzero(new.slots.spot[:j] == spot) + n])
    placed = _placed(frozen, new, j, row)
    precision = np.append(PRECISION_M, 0.0)
    reach = precision[_take(frozen.cases.precision, new.slots.precision, row)]
    reach = reach + precision[new.slots.precision[j]] + SPOT_REACH_M
    here = ~placed | (metres_to(frozen, new, j, row) <= reach)
    row, placed = row[here], placed[here]
    there = frozen.cases.spot[neighbours]
    kept = max(float((there == spot).sum()) - PARTNERS_LEFT_OUT, 0.0)
    local = (kept + SPOT_SHRINK * SPOT_PRIOR) / (float((there >= 0).sum()) + SPOT_SHRINK)
    overall = (max(count - PARTNERS_LEFT_OUT, 0.0) + 0.5) / (frozen.spots_said + 1.0)
    p = _rare(np.where(placed, max(local, SPOT_PRIOR), overall), n)
    return _joined(variable, [(row, p, np.full(len(row), spot), np.full(len(row), count + 1))])


def _mention(frozen: Frozen, new: Newcomers, j: int, variable: Variable) -> Shared:
    """Whom the new case names, and who names it: also cases of the register that did so before it came."""
    n = len(frozen)
    number = {case: k for k, case in enumerate(new.case_ids[:j])}
    rows = {frozen.cases.find(case) for case in new.named[j]} - {-1}
    rows |= {n + number[case] for case in new.named[j] if case in number}
    rows |= {n + k for k in range(j) if new.case_ids[j] in new.named[k]}
    rows |= set(frozen.unmet_row[frozen.unmet_id == new.names[j]].tolist())
    row = np.array(sorted(rows), dtype=np.int64)
    p = max((frozen.mentions + 0.5) / (n * (n - 1) / 2 + 1.0), 0.5 / (n + 1))
    none = np.zeros(len(row), dtype=np.int64)
    return _rarest(variable, row, np.full(len(row), min(p, 1.0)), none, none + frozen.mentions + 1)
