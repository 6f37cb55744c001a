"""How large a ratio a register can support: the empirical upper bound, from the register's own pairs.

    g(t) = t (m(t) + 1) / (N + 1),   cap = the largest t up to which g never exceeds 1

m(t) of the N pairs reach the ratio t, and one more is added that might have. Beyond it, a decision by the ratio would do worse
on unrelated pairs than no ratio at all. Vergeer, van Es, de Jongh, Alberink and Stoel (2016), Science & Justice 56:482–491,
with every pair of the register taken as unrelated and every related pair taken to pass: docs/methods/uncertainty.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


def cap(log10_lr: FloatArray, pairs: int) -> float:
    """log10 of the largest ratio that `pairs` pairs support; `log10_lr` those of them that stand in the ledger.

    Never below 0. The pairs that are judged by the cap must not be among them.
    """
    return _cap(np.sort(np.asarray(log10_lr, dtype=float))[::-1], pairs)


def _cap(found: FloatArray, pairs: int) -> float:
    """The same of ratios that stand in falling order."""
    if pairs <= 0:
        return 0.0
    room = np.log10(pairs + 1.0)
    # With the k + 1 strongest pairs at or above t, g(t) = 1 at t = (N + 1) / (k + 2).
    limit = room - np.log10(np.arange(len(found)) + 2.0)
    too_many = np.flatnonzero(found > limit)
    if len(too_many) == 0:
        return float(room)
    weaker = np.append(found[1:], 0.0)
    return float(max(np.maximum(limit, weaker)[too_many].min(), 0.0))


class Cap:
    """The cap of one ledger, with the pairs of some cases left out: `i`, `j`, `log10_lr` its pairs, of `pairs` in all."""

    def __init__(self, i: IntArray, j: IntArray, log10_lr: FloatArray, pairs: int) -> None:
        by_later = np.argsort(j, kind="stable")
        self.i, self.j, self.log10_lr = i[by_later], j[by_later], log10_lr[by_later]
        self.falling, self.pairs = np.sort(np.asarray(log10_lr, dtype=float))[::-1], pairs
        self.rising = -self.falling

    def without(self, members: Iterable[int]) -> float:
        """log10 of the largest ratio of a pair that the register supports, the pairs of these cases left out."""
        mine = sorted(set(members))
        own = []
        for later in mine:
            first, last = np.searchsorted(self.j, [later, later + 1])
            of = self.log10_lr[first:last]
            own += of[np.isin(self.i[first:last], mine)].tolist()
        # Of equal ratios it does not matter which one goes.
        at = np.searchsorted(self.rising, np.sort(-np.array(own)), side="left")
        for k in range(1, len(at)):
            at[k] = max(at[k], at[k - 1] + 1)
        return _cap(np.delete(self.falling, at), self.pairs - len(own))
