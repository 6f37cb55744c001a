"""The compiled loops of the latent-class mixture: every sum runs in the order of the rows, so that its bits stay the same.

Exponentials and logarithms stay outside, with NumPy: its own agree on every machine that runs the same NumPy.
"""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True)
def row_sum(row):  # type: ignore[no-untyped-def] # pragma: no cover
    """Sum of up to 128 numbers in NumPy's own order: eight running sums, then what is left over."""
    n = len(row)
    total = 0.0
    if n < 8:
        for k in range(n):
            total += row[k]
        return total
    whole = n - n % 8
    a0, a1, a2, a3 = row[0], row[1], row[2], row[3]
    a4, a5, a6, a7 = row[4], row[5], row[6], row[7]
    for k in range(8, whole, 8):
        a0 += row[k]
        a1 += row[k + 1]
        a2 += row[k + 2]
        a3 += row[k + 3]
        a4 += row[k + 4]
        a5 += row[k + 5]
        a6 += row[k + 6]
        a7 += row[k + 7]
    total = ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7))
    for k in range(whole, n):
        total += row[k]
    return total


@nb.njit(cache=True, nogil=True)
def weigh(start, column, pattern, odds, none, share, out, top):  # type: ignore[no-untyped-def] # pragma: no cover
    """Log density of each row under each class, less the largest of the row (`top`), into `out` (rows, K).

    Row r holds the columns `column[start[r]:start[r + 1]]` and records the groups whose bits stand in `pattern[r]`;
    `odds` (D, K) log odds, `none` (patterns, K) log probability of holding none of what is recorded, `share` (K) its log.
    """
    classes = len(share)
    for r in range(len(pattern)):
        row = out[r]
        row[:] = 0.0
        for e in range(start[r], start[r + 1]):
            held = odds[column[e]]
            for k in range(classes):
                row[k] += held[k]
        lacks = none[pattern[r]]
        most = -np.inf
        for k in range(classes):
            row[k] = (row[k] + lacks[k]) + share[k]
            most = max(most, row[k])
        top[r] = most
        for k in range(classes):
            row[k] -= most


@nb.njit(cache=True, nogil=True)
def normalise(weight, total):  # type: ignore[no-untyped-def] # pragma: no cover
    """Each row of `weight` over its sum, in place; the sums into `total`."""
    for r in range(len(total)):
        row = weight[r]
        summed = row_sum(row)
        total[r] = summed
        for k in range(len(row)):
            row[k] /= summed


@nb.njit(cache=True, nogil=True)
def none_held(log_none, out):  # type: ignore[no-untyped-def] # pragma: no cover
    """Sum of `log_none` (G, K) over the groups of each pattern, in their order, into `out` (patterns, K)."""
    for p in range(len(out)):
        for g in range(len(log_none)):
            if p >> g & 1:
                for k in range(out.shape[1]):
                    out[p, k] += log_none[g, k]


@nb.njit(cache=True, nogil=True)
def gather(start, column, pattern, weight, total, held, seen):  # type: ignore[no-untyped-def] # pragma: no cover
    """Sums of the weights (rows, K): of all rows into `total` (K), of those that hold each column into `held` (D, K), and of
    those that record each group into `seen` (G, K).
    """
    classes = weight.shape[1]
    groups = len(seen)
    of_pattern = np.zeros((1 << groups, groups), dtype=np.int64)
    in_pattern = np.zeros(1 << groups, dtype=np.int64)
    for p in range(1 << groups):
        for g in range(groups):
            if p >> g & 1:
                of_pattern[p, in_pattern[p]] = g
                in_pattern[p] += 1
    for r in range(len(pattern)):
        row = weight[r]
        for k in range(classes):
            total[k] += row[k]
        for e in range(start[r], start[r + 1]):
            into = held[column[e]]
            for k in range(classes):
                into[k] += row[k]
        p = pattern[r]
        for e in range(in_pattern[p]):
            into = seen[of_pattern[p, e]]
            for k in range(classes):
                into[k] += row[k]


@nb.njit(cache=True, nogil=True)
def expect(pattern, group, groups, weight, rate, out):  # type: ignore[no-untyped-def] # pragma: no cover
    """How many rows would hold both columns of each pair if they were independent within each class, into `out` (D, D)."""
    classes = weight.shape[1]
    both = np.zeros((groups, groups, classes))
    for r in range(len(pattern)):
        row = weight[r]
        for g in range(groups):
            if pattern[r] >> g & 1:
                for h in range(g, groups):
                    if pattern[r] >> h & 1:
                        into = both[g, h]
                        for k in range(classes):
                            into[k] += row[k]
    for g in range(groups):
        for h in range(g):
            both[g, h] = both[h, g]
    for k in range(classes):
        for a in range(len(group)):
            for b in range(len(group)):
                out[a, b] += both[group[a], group[b], k] * (rate[k, a] * rate[k, b])


@nb.njit(cache=True, nogil=True)
def count_by_class(flags, posterior, out):  # type: ignore[no-untyped-def] # pragma: no cover
    """Sum of the posterior (n, K) over the rows in which each column of `flags` (n, D) is set, into `out` (D, K)."""
    classes = posterior.shape[1]
    for r in range(len(flags)):
        row = posterior[r]
        for d in range(flags.shape[1]):
            if flags[r, d]:
                into = out[d]
                for k in range(classes):
                    into[k] += row[k]


@nb.njit(cache=True, nogil=True)
def count_ages(age, posterior, out):  # type: ignore[no-untyped-def] # pragma: no cover
    """Sum of the posterior (n, K) over the rows of each age, -1 left out, into `out` (ages, K)."""
    for r in range(len(age)):
        if age[r] >= 0:
            into = out[age[r]]
            for k in range(posterior.shape[1]):
                into[k] += posterior[r, k]
