"""Links to series: a branching score, grown from the strongest pairs, with the price of size taken off.

    S = sum over members j but the first of log10 mean_{i<j} LR(i, j)
    strength = S - log10(N) - (k - 1) log10(n)

Each member copies from some earlier one. N: one death in N belongs to a series (the stated prior); n: the cases a member
could have been taken from, at least LEAST_CANDIDATES. A set of weak members does not win by growing: a member has to bring
more than log10(n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openverdict.evidence.rates import ONE_DEATH_IN

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


LEAST_CANDIDATES = (
    200  # a small register is a part of what happened: a member could have been a case outside it
)
MAX_MEMBERS = 12
MAX_SEEDS = 2000
SEED_SLACK = 0.5  # a pair seeds a series from log10(n) less this on


@dataclass(frozen=True)
class Series:
    """Case numbers in order of time, the log10 likelihood ratio of the series and its strength (ratio less price).

    `by_key`: a person or an identifier in common carries it; chance is measured among its like.
    """

    members: tuple[int, ...]
    log10_lr: float
    strength: float
    by_key: bool = False


def price(members: int, n: int, one_death_in: float = ONE_DEATH_IN) -> float:
    """What a series of `members` costs in a register of n: minus the log10 of its prior odds."""
    return float(np.log10(one_death_in) + (members - 1) * step_price(n))


def step_price(n: int) -> float:
    """What one more member costs: log10 of the cases it could have been, never fewer than LEAST_CANDIDATES."""
    return float(np.log10(max(n, LEAST_CANDIDATES)))


def branching(log10_lr: FloatArray) -> float:
    """Score of a series from the (k, k) matrix whose entry [i, j], i < j, is log10 LR(i, j)."""
    total = 0.0
    for j in range(1, len(log10_lr)):
        column = log10_lr[:j, j]
        top = float(column.max())
        total += top + float(np.log10(np.exp2((column - top) * np.log2(10.0)).mean()))
    return total


class _Links:
    """Look-up of the ledger's ratios by case; a pair that is not there is below the floor and adds nothing."""

    def __init__(self, i: IntArray, j: IntArray, log10_lr: FloatArray) -> None:
        self.by_case: dict[int, dict[int, float]] = {}
        for a, b, value in zip(i.tolist(), j.tolist(), log10_lr.tolist(), strict=True):
            self.by_case.setdefault(a, {})[b] = value
            self.by_case.setdefault(b, {})[a] = value

    def score(self, members: list[int]) -> float:
        total = 0.0
        for k in range(1, len(members)):
            mine = self.by_case.get(members[k], {})
            summed = sum(10.0 ** mine[e] for e in members[:k] if e in mine)
            total += np.log10(summed / k) if summed > 0 else -30.0
        return float(total)


def grow(
    i: IntArray, j: IntArray, log10_lr: FloatArray, n: int, *, least: float
) -> tuple[Series, ...]:
    """Disjoint series of strength `least` or more, strongest first.

    `i < j` case numbers in order of time and their log10 ratios: the pairs at or above the ledger's floor.
    """
    links = _Links(i, j, log10_lr)
    enough = np.flatnonzero(log10_lr >= step_price(n) - SEED_SLACK)
    order = enough[np.lexsort((j[enough], i[enough], -log10_lr[enough]))][:MAX_SEEDS]
    held: dict[int, set[int]] = {}
    grown: list[Series] = []
    for k in order.tolist():
        a, b = int(i[k]), int(j[k])
        if held.get(a, set()) & held.get(b, set()):
            continue  # a stronger seed already grew into a series with both
        members = _grow_one([a, b], links, n)
        for m in members:
            held.setdefault(m, set()).add(len(grown))
        score = links.score(members)
        grown.append(Series(tuple(members), score, score - price(len(members), n)))
    grown = [s for s in grown if s.strength >= least]
    grown.sort(key=lambda s: (-s.strength, s.members))
    taken: set[int] = set()
    kept = []
    for series in grown:
        if taken.isdisjoint(series.members):
            kept.append(series)
            taken.update(series.members)
    return tuple(kept)


def _grow_one(members: list[int], links: _Links, n: int) -> list[int]:
    step = step_price(n)
    score = links.score(members)
    while len(members) < MAX_MEMBERS:
        near = {c for m in members for c in links.by_case.get(m, {})} - set(members)
        best, best_score = None, score + step
        for c in sorted(near):
            tried = sorted([*members, c])
            value = links.score(tried)
            if value > best_score:
                best, best_score = tried, value
        if best is None:
            return members
        members, score = best, best_score
    return members
