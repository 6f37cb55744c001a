"""The compiled search: for each later case, every earlier one that can reach the floor, by table look-ups on integers.

Three ways lead to an earlier case: what the pair shares and few share (`extra`), the tiles near enough (scanned), and lists
of who holds a value, for tiles where neither gap nor distance can carry the pair. docs/methods/search.md proves that no
other pair can reach the floor.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from openverdict.linkage.tiles import NOWHERE

Array = npt.NDArray[np.generic]
SLACK = 256  # how much more than the farthest a tile may add and still be reached by lists


class When(NamedTuple):
    """When and where, by position; tables of gap and distance with their bounds."""

    day: Array
    width: Array
    xyz: Array
    precision: Array
    gap_rows: Array
    gap_row: Array
    gap_bound: Array
    place_rows: Array
    place_row: Array
    place_bound: Array


class What(NamedTuple):
    """Content: by position, but for `start`, `own`, `own_units`, `best` (by case); lists of positions by bit and domain."""

    age: Array
    age_kernel: Array
    age_row: Array
    words: Array
    recorded: Array
    says: Array
    says_units: Array
    start: Array
    own: Array
    own_units: Array
    variable: Array
    lack: Array
    against: Array
    single: Array
    opposite: Array
    best: Array
    list_start: Array
    lists: Array


class Where(NamedTuple):
    """The tiles (`tiles.Tiles`), what pairs share that few share, by later case, and how many cases have a place."""

    at: Array
    position: Array
    tile_start: Array
    group: Array
    low: Array
    high: Array
    tile_of: Array
    latest: Array
    block_edges: Array
    block_low: Array
    block_high: Array
    extra_start: Array
    extra_i: Array
    extra_units: Array
    first_nowhere: int


@nb.njit(cache=True, nogil=True, boundscheck=False)
def fill_later(j, q, what, values, tables):  # type: ignore[no-untyped-def] # pragma: no cover
    """For later case j at position q: what each bit of an earlier case adds (`values`), then byte-wide sums (`tables`)."""
    variable, lack, against = what.variable, what.lack, what.against
    single, opposite = what.single, what.opposite
    recorded, says, says_units = what.recorded, what.says, what.says_units
    start, own, own_units = what.start, what.own, what.own_units
    d_count = len(variable)
    v_count = recorded.shape[1]
    values[:] = 0
    for d in range(d_count):
        v = variable[d]
        if not single[v] and recorded[q, v]:
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
        if says[q, k]:
            values[d_count + v_count + k] = says_units[k]
    for b in range(tables.shape[0]):
        tables[b, 0] = 0
        for bit in range(8):
            step = 1 << bit
            value = values[b * 8 + bit]
            for k in range(step):
                tables[b, step + k] = tables[b, k] + value


@nb.njit(cache=True, nogil=True, boundscheck=False, inline="always")
def bin_of(metres):  # type: ignore[no-untyped-def] # pragma: no cover
    """`evidence.surroundings.distance_bin` of one distance."""
    if metres < 500.0:
        return np.int64(metres / 5.0)
    if metres < 5000.0:
        return 100 + np.int64((metres - 500.0) / 50.0)
    return min(190 + np.int64((metres - 5000.0) / 1000.0), 435)


@nb.njit(cache=True, nogil=True, boundscheck=False, inline="always")
def bin_to(low, high, box, x, y, z):  # type: ignore[no-untyped-def] # pragma: no cover
    """The bin of the distance from a place to a box."""
    dx = np.float64(max(low[box, 0] - x, x - high[box, 0], 0))
    dy = np.float64(max(low[box, 1] - y, y - high[box, 1], 0))
    dz = np.float64(max(low[box, 2] - z, z - high[box, 2], 0))
    return bin_of(np.sqrt(dx * dx + dy * dy + dz * dz))


@nb.njit(cache=True, nogil=True, boundscheck=False, inline="always")
def place_units(xyz, precision, q, p, place_table):  # type: ignore[no-untyped-def] # pragma: no cover
    """What the distance between the cases at positions q and p adds."""
    dx = np.float64(xyz[q, 0] - xyz[p, 0])
    dy = np.float64(xyz[q, 1] - xyz[p, 1])
    dz = np.float64(xyz[q, 2] - xyz[p, 2])
    return place_table[precision[p], bin_of(np.sqrt(dx * dx + dy * dy + dz * dz))]


@nb.njit(cache=True, nogil=True, boundscheck=False, inline="always")
def content_units(age, words, p, age_j, ages, tables):  # type: ignore[no-untyped-def] # pragma: no cover
    """What the content of the earlier case at position p adds."""
    units = 0
    if age_j >= 0 and age[p] >= 0:
        apart = age_j - age[p]
        units += ages[apart if apart >= 0 else -apart]
    for b in range(tables.shape[0]):
        units += tables[b, words[p, b]]
    return units


@nb.njit(cache=True, nogil=True, boundscheck=False)
def first_not_below(values, low, high, bar):  # type: ignore[no-untyped-def] # pragma: no cover
    """First k in low ... high with values[k] >= bar; `values` must not fall."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < bar:
            low = middle + 1
        else:
            high = middle
    return low


@nb.njit(cache=True, nogil=True, boundscheck=False)
def first_listed(lists, at, low, high, bar):  # type: ignore[no-untyped-def] # pragma: no cover
    """First k in low ... high whose case at[lists[k]] is not before `bar`."""
    while low < high:
        middle = (low + high) >> 1
        if at[lists[middle]] < bar:
            low = middle + 1
        else:
            high = middle
    return low


@nb.njit(cache=True, nogil=True, boundscheck=False)
def first_soon(bounds, latest, j, day_j, need):  # type: ignore[no-untyped-def] # pragma: no cover
    """The first case from which on a gap to case j can add `need`; j where none can."""
    if bounds[0] < need:
        return j
    reach = len(bounds) - 1
    if bounds[reach] >= need:
        return 0
    low, high = 0, reach  # bounds[low] >= need > bounds[high]
    while high - low > 1:
        middle = (low + high) >> 1
        if bounds[middle] >= need:
            low = middle
        else:
            high = middle
    return first_not_below(latest, 0, j, day_j - low)


@nb.njit(cache=True, nogil=True, boundscheck=False)
def choose(j, what, domain, spare, share, searched):  # type: ignore[no-untyped-def] # pragma: no cover
    """Which of j's own values to search for, so that those left out add less than `spare` together.

    The dearest lists for what their value adds are left out first. Marks `searched`; returns entries to walk, when `share`
    of each list is near enough in time.
    """
    start, own, own_units, list_start = what.start, what.own, what.own_units, what.list_start
    first = start[j]
    count = start[j + 1] - first
    for e in range(count):
        searched[e] = own_units[first + e] > 0
    while True:
        dearest = -1
        worst = -1.0
        for e in range(count):
            gain = own_units[first + e]
            if searched[e] and gain < spare:
                at = own[first + e] * 2 + domain
                price = np.float64(list_start[at + 1] - list_start[at] + 1) / gain
                if price > worst:
                    dearest, worst = e, price
        if dearest < 0:
            break
        searched[dearest] = False
        spare -= own_units[first + dearest]
    cost = 0.0
    for e in range(count):
        if searched[e]:
            at = own[first + e] * 2 + domain
            cost += share * np.float64(list_start[at + 1] - list_start[at])
    return cost


@nb.njit(cache=True, nogil=True, boundscheck=False)
def search(first, last, floor, list_step, when, what, where, out_i, out_j, out_units):  # type: ignore[no-untyped-def] # pragma: no cover
    """Every pair at or above the floor whose later case stands at a position from `first` to `last` (not included).

    `list_step`: scanned pairs that cost as much as one entry of a list. Returns how many pairs there are; when more than the
    outputs hold, the rest is counted but not kept.
    """
    # Taken out of their tuples once: to take them out in the loop would count references there.
    day = when.day
    width = when.width
    xyz = when.xyz
    precision = when.precision
    gap_rows = when.gap_rows
    gap_row = when.gap_row
    gap_bound = when.gap_bound
    place_rows = when.place_rows
    place_row = when.place_row
    place_bound = when.place_bound
    age = what.age
    age_kernel = what.age_kernel
    age_row = what.age_row
    words = what.words
    own_start = what.start
    own = what.own
    own_units = what.own_units
    best = what.best
    list_start = what.list_start
    lists = what.lists
    at = where.at
    position = where.position
    tile_start = where.tile_start
    group = where.group
    low = where.low
    high = where.high
    tile_of = where.tile_of
    latest = where.latest
    block_edges = where.block_edges
    block_low = where.block_low
    block_high = where.block_high
    extra_start = where.extra_start
    extra_i = where.extra_i
    extra_units = where.extra_units
    first_nowhere = where.first_nowhere
    found = 0
    room = len(out_i)
    n = len(at)
    byte_count = words.shape[1]
    block_count = len(block_edges) - 1
    values = np.zeros(byte_count * 8, dtype=np.int32)
    tables = np.zeros((byte_count, 256), dtype=np.int32)
    # By position or tile, the mark of the later case that shares something rare with it, met it in a list, reaches it by lists.
    shares = np.zeros(n, dtype=np.int32)
    met = np.zeros(n, dtype=np.int32)
    by_list = np.zeros(len(group), dtype=np.int32)
    searched = np.zeros((2, len(what.variable)), dtype=np.bool_)
    listed = np.zeros(2, dtype=np.bool_)
    far = np.zeros(2, dtype=np.int64)
    since = np.zeros(2, dtype=np.int64)
    reach = gap_rows.shape[2] - 1
    bins = place_rows.shape[2] - 1
    for q in range(first, last):
        j = at[q]
        mark = q + 1
        fill_later(j, q, what, values, tables)
        gap_table = gap_rows[gap_row[q]]
        bounds = gap_bound[gap_row[q]]
        place_table = place_rows[place_row[q]]
        nearest = place_bound[place_row[q]]
        ages = age_kernel[age_row[q]]
        day_j, age_j = day[q], age[q]
        xj, yj, zj = xyz[q, 0], xyz[q, 1], xyz[q, 2]
        need = np.int64(floor) - best[j]  # what gap and distance must add, at least

        for x in range(extra_start[j], extra_start[j + 1]):
            p = position[extra_i[x]]
            shares[p] = mark
            gap = abs(day_j - day[p])
            units = gap_table[width[p], gap if gap < reach else reach]
            units += place_units(xyz, precision, q, p, place_table)
            units += content_units(age, words, p, age_j, ages, tables) + extra_units[x]
            if units >= floor:
                if found < room:
                    out_i[found] = at[p]
                    out_j[found] = j
                    out_units[found] = units
                found += 1

        # Tiles whose distance adds no more than `far` are reached by lists of who holds j's values, where that is cheaper.
        far[0] = max(nearest[0, bins], nearest[1, bins], nearest[2, bins]) + SLACK
        far[1] = nearest[NOWHERE, bins]
        age_most = np.int64(best[j])
        for e in range(own_start[j], own_start[j + 1]):
            age_most -= max(own_units[e], 0)
        for domain in range(2):
            listed[domain] = False
            rest = np.int64(floor) - bounds[0] - far[domain]  # that content must add there
            since[domain] = first_soon(bounds, latest, j, day_j, need - far[domain])
            if since[domain] < j and age_most < rest:
                share = (j - since[domain]) / np.float64(n)
                cost = choose(j, what, domain, rest - age_most, share, searched[domain])
                others = n - first_nowhere if domain == 1 else first_nowhere
                listed[domain] = cost * list_step < share * others

        for block in range(block_count):
            t = block_edges[block]
            g = group[t]
            domain = 1 if g == NOWHERE else 0
            most = np.int64(nearest[g, bin_to(block_low, block_high, block, xj, yj, zj)])
            if bounds[0] + most < need:
                continue
            if listed[domain] and most <= far[domain]:
                by_list[t : block_edges[block + 1]] = mark
                continue
            for t in range(block_edges[block], block_edges[block + 1]):
                most = np.int64(nearest[g, bin_to(low, high, t, xj, yj, zj)])
                if bounds[0] + most < need:
                    continue
                if listed[domain] and most <= far[domain]:
                    by_list[t] = mark
                    continue
                soon = first_soon(bounds, latest, j, day_j, need - most)
                end = first_not_below(at, tile_start[t], tile_start[t + 1], j)
                start = first_not_below(at, tile_start[t], end, soon)
                for p in range(start, end):
                    gap = abs(day_j - day[p])
                    units = gap_table[width[p], gap if gap < reach else reach]
                    units += place_units(xyz, precision, q, p, place_table)
                    if units < need:
                        continue
                    units += content_units(age, words, p, age_j, ages, tables)
                    if units >= floor and shares[p] != mark:
                        if found < room:
                            out_i[found] = at[p]
                            out_j[found] = j
                            out_units[found] = units
                        found += 1

        for domain in range(2):
            if not listed[domain]:
                continue
            for e in range(own_start[j], own_start[j + 1]):
                if not searched[domain, e - own_start[j]]:
                    continue
                of = own[e] * 2 + domain
                end = list_start[of + 1]
                k = first_listed(lists, at, list_start[of], end, since[domain])
                while k < end:
                    p = lists[k]
                    if at[p] >= j:
                        break
                    k += 1
                    if met[p] == mark:
                        continue
                    met[p] = mark
                    gap = abs(day_j - day[p])
                    units = gap_table[width[p], gap if gap < reach else reach]
                    if units + far[domain] < need or by_list[tile_of[p]] != mark:
                        continue
                    units += place_units(xyz, precision, q, p, place_table)
                    if units < need:
                        continue
                    units += content_units(age, words, p, age_j, ages, tables)
                    if units >= floor and shares[p] != mark:
                        if found < room:
                            out_i[found] = at[p]
                            out_j[found] = j
                            out_units[found] = units
                        found += 1
    return found
