"""The compiled chain rule: each value of a case rated by the types that the values before it leave, variable by variable.

Products and sums run in NumPy's order, so that the bits are those of whole-array arithmetic; only the weighted mean of the
rates is left to NumPy.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from openverdict.evidence.mixture import row_sum


@nb.njit(cache=True, nogil=True)
def _narrow(posterior, told):  # type: ignore[no-untyped-def] # pragma: no cover
    """The posterior times what was told, over its sum, in place; the sum."""
    for k in range(len(posterior)):
        posterior[k] *= told[k]
    summed = row_sum(posterior)
    for k in range(len(posterior)):
        posterior[k] /= summed
    return summed


@nb.njit(cache=True, nogil=True)
def take_turn(  # type: ignore[no-untyped-def] # pragma: no cover
    start, bit, values, items, seen, own, rates, posterior, before, rate
):
    """One variable's turn, for the cases of a chunk.

    Case c holds `bit[start[c]:start[c + 1]]` and records the variable where `seen[c]`; `values` are the variable's bits.
    `own` (cases, K) what the case itself counts for in each type; `rates` = (held, of (D, K), overall (D), lacking (D, K),
    shrink, at_large, least). Into `before` and `rate` (entries, K) go, for each value held, the posterior it met
    and its rate by type; `posterior` (cases, K) is narrowed in place, by a list's values one by one, by a code all at once.
    """
    held, of, overall, lacking, shrink, at_large, least = rates
    classes = posterior.shape[1]
    told = np.empty(classes)
    for c in range(len(start) - 1):
        post = posterior[c]
        told[:] = 1.0
        any_held = False
        summed = 0.0
        for d in values:
            entry = -1
            for e in range(start[c], start[c + 1]):
                if bit[e] == d:
                    entry = e
                    break
            if items and seen[c]:
                told[:] = lacking[d]
            if entry >= 0:
                any_held = True
                for k in range(classes):
                    with_it = max(held[d, k] - own[c, k], 0.0)
                    recorded = max(of[d, k] - own[c, k], with_it)
                    p = (with_it + shrink * overall[d]) / (recorded + shrink)
                    p = (1 - at_large) * p + at_large * overall[d]
                    told[k] = min(max(p, least), 1.0)
                    rate[entry, k] = told[k]
                    before[entry, k] = post[k]
            if items:
                summed = _narrow(post, told)
                if not seen[c] and not any_held and summed == 1.0:
                    break  # nothing is told, and dividing by one changes nothing any more
        if not items:
            _narrow(post, told)
