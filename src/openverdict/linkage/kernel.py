"""The compiled loop over pairs: table look-ups on integers, with a bound that skips what cannot reach the floor."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True, boundscheck=False)
def fill_later(  # type: ignore[no-untyped-def] # pragma: no cover
    j,
    start,
    own,
    own_units,
    variable,
    lack,
    single,
    opposite,
    against,
    recorded,
    says,
    says_units,
    values,
    tables,
):
    """For later case j: what each bit of an earlier case adds (`values`), then byte-wide sums of them (`tables`)."""
    d_count = len(variable)
    v_count = recorded.shape[1]
    values[:] = 0
    for d in range(d_count):
        v = variable[d]
        if not single[v] and recorded[j, v]:
            values[d] = lack[d]
    for e in range(start[j], start[j + 1]):
        d = own[e]
        v = variable[d]
        values[d] = own_units[e] - lack[d]
        values[d_count + v] += lack[d]
    for e in range(start[j], start[j + 1]):
        d = own[e]
        if opposite[d] >= 0:
            values[opposite[d]] += against[d]
    for k in range(len(says_units)):
        if says[j, k]:
            values[d_count + v_count + k] = says_units[k]
    for b in range(tables.shape[0]):
        tables[b, 0] = 0
        for bit in range(8):
            step = 1 << bit
            value = values[b * 8 + bit]
            for k in range(step):
                tables[b, step + k] = tables[b, k] + value


@nb.njit(cache=True, nogil=True, boundscheck=False)
def score_block(  # type: ignore[no-untyped-def] # pragma: no cover
    first,
    last,
    floor,
    day,
    width,
    xyz,
    precision,
    gap_rows,
    gap_row,
    place_rows,
    place_row,
    age,
    age_kernel,
    age_row,
    words,
    start,
    own,
    own_units,
    variable,
    lack,
    against,
    single,
    opposite,
    recorded,
    says,
    says_units,
    extra_start,
    extra_i,
    extra_units,
    best,
    out_i,
    out_j,
    out_units,
):
    """Score all pairs (i, j), first <= j < last, i < j; keep those at or above the floor.

    Returns how many there are; when more than the outputs hold, the rest is counted but not kept.
    """
    found = 0
    room = len(out_i)
    byte_count = words.shape[1]
    values = np.zeros(byte_count * 8, dtype=np.int32)
    tables = np.zeros((byte_count, 256), dtype=np.int32)
    reach = gap_rows.shape[2] - 1
    bins = place_rows.shape[2] - 1
    for j in range(first, last):
        fill_later(
            j,
            start,
            own,
            own_units,
            variable,
            lack,
            single,
            opposite,
            against,
            recorded,
            says,
            says_units,
            values,
            tables,
        )
        gap_table = gap_rows[gap_row[j]]
        place_table = place_rows[place_row[j]]
        ages = age_kernel[age_row[j]]
        xj, yj, zj = xyz[j, 0], xyz[j, 1], xyz[j, 2]
        day_j, age_j = day[j], age[j]
        need = floor - best[j]
        at = extra_start[j]
        end = extra_start[j + 1]
        next_extra = extra_i[at] if at < end else -1
        for i in range(j):
            gap = day_j - day[i]
            gap = gap if gap >= 0 else -gap
            units = gap_table[width[i], gap if gap < reach else reach]
            dx = np.float64(xj - xyz[i, 0])
            dy = np.float64(yj - xyz[i, 1])
            dz = np.float64(zj - xyz[i, 2])
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
            if age_j >= 0 and age[i] >= 0:
                apart_years = age_j - age[i]
                units += ages[apart_years if apart_years >= 0 else -apart_years]
            for b in range(byte_count):
                units += tables[b, words[i, b]]
            if shares:
                units += extra_units[at]
                at += 1
                next_extra = extra_i[at] if at < end else -1
            if units >= floor:
                if found < room:
                    out_i[found] = i
                    out_j[found] = j
                    out_units[found] = units
                found += 1
    return found
