"""The null leads of one class in one kind of null register: counted where there are enough, their tail fitted beyond.

What is estimated is how many leads of a given strength or more come, and how well that is known. A group whose contents meet
again in null register after null register is seen many times and is one piece of news: intervals count independent leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import gammainccinv

from openverdict.series.tail import Tail, fit, fits

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TAILS = (100, 50, 25)  # how many of the strongest the tail is fitted to: the most that it fits
ENOUGH = 5  # to the strength of this many the leads speak for themselves; beyond, no tail falls faster than a calibrated ratio
REJECTED = 0.05  # p value below which a tail is taken not to fit
ITSELF = 1.0  # a lead that b null leads exceed is the (b + 1)th; below one lead, as much of it as is expected
NO_LEAD = 0.5  # what stands for the count where there is no null lead at all
LEVEL = 0.95


@dataclass(frozen=True)
class Verdict:
    """How many exceedances the tail is fitted to (0 where it is not fitted), whether none of the tails tried fits, and the p
    value of the last one tried (1: too few to test).
    """

    exceedances: int
    failed: bool
    p_value: float


@dataclass(frozen=True, eq=False)
class Sample:
    """`strength` (n) from the strongest down, `clump` (n) numbers of their clumps; `floor`: the least strength that was kept.

    `given`: the verdict of the sample that this one was taken from.
    """

    strength: FloatArray
    clump: IntArray
    floor: float | None = None
    given: Verdict | None = None

    @cached_property
    def verdict(self) -> Verdict:
        """Which tail fits."""
        most = len(self.strength) - 1
        if self.given is not None:
            return replace(self.given, exceedances=max(min(self.given.exceedances, most), 0))
        p = 1.0
        for k in sorted({min(wanted, most) for wanted in TAILS}, reverse=True):
            if k < 1:
                break
            p = fits((self.strength[:k] - self.strength[k])[self._one_of_each(k)])
            if p >= REJECTED:
                return Verdict(k, False, p)
        return Verdict(0, most >= 1, p)

    def _one_of_each(self, k: int) -> IntArray:
        """Places of one lead of each clump among the k strongest, whichever: the strongest of each would be no fair sample."""
        shuffled = np.random.default_rng(k).permutation(k)
        return shuffled[np.unique(self.clump[shuffled], return_index=True)[1]]

    @cached_property
    def _tail(self) -> tuple[float, float, Tail]:
        """Threshold, how many leads reach it, and the tail beyond."""
        k = self.verdict.exceedances
        if len(self.strength) == 0:
            return -np.inf if self.floor is None else self.floor, NO_LEAD, fit(np.zeros(0))
        excess = self.strength[:k] - self.strength[k]
        known_to = float(excess[min(ENOUGH, k) - 1]) if k else 0.0
        threshold = float(self.strength[k])
        return threshold, self.count(threshold), fit(excess, self._part(k), known_to)

    def _part(self, k: int) -> float:
        """Independent leads as a part of the k strongest, or of the TAILS[0] strongest if there are fewer.

        (Σ size)² / Σ size² over clumps counts independent ones.
        """
        sizes = np.bincount(self.clump[: max(k, TAILS[0])])
        return float(sizes.sum() / (sizes**2).sum()) if len(self.clump) else 1.0

    def _beyond(self, strength: float) -> bool:
        """Whether a strength lies where the tail speaks and not the count."""
        if self.verdict.failed:
            return False
        return len(self.strength) == 0 or strength > self._tail[0]

    def count(self, strength: float) -> int:
        """Leads at least this strong."""
        return int(np.searchsorted(-self.strength, -strength, side="right"))

    def expected(self, strength: float) -> float:
        """Leads at least this strong in as many null registers, the lead itself counted among them.

        Real leads above the (b + 1)th of R null registers are (b + 1) / R of a register, on average, if null registers are like
        the real one. Where no tail fits, a strength that no null lead reached so counts as reached once: an upper bound.
        """
        if not self._beyond(strength):
            return self.count(strength) + ITSELF
        threshold, reached, tail = self._tail
        if not np.isfinite(threshold):
            return reached
        seen = reached * tail.exceeds(strength - threshold)
        return seen + ITSELF * min(seen**2, 1.0)

    def interval(self, strength: float) -> tuple[float, float]:
        """The 95 % interval of `expected`: a Poisson count of independent leads, times the part of them beyond the threshold.

        That no tail falls faster than a calibrated ratio is caution, not knowledge: the lower limit does without it.
        """
        rest = (1 - LEVEL) / 2
        threshold, reached, tail = self._tail
        beyond = self._beyond(strength)
        seen = int(reached) if beyond else self.count(strength)
        part = self._part(seen)
        events = part * seen
        if beyond and np.isfinite(threshold):
            low = tail.rate_quantile(rest, strength - threshold, events, held=False)
            high = tail.rate_quantile(1 - rest, strength - threshold, events + 1)
        else:
            low, high = _poisson(events, rest), _poisson(events + 1, 1 - rest)
        expected = self.expected(strength)
        return min(low / part, expected), max(high / part, expected)

    def described(self) -> dict[str, float]:
        """What the fit rests on: exceedances (0: counts alone), p value, threshold, scale and shape of highest density."""
        threshold, _, tail = self._tail
        said = {"exceedances": float(self.verdict.exceedances), "p_value": self.verdict.p_value}
        if not self.verdict.exceedances:
            return said
        return said | {"threshold": threshold, "scale": tail.best[0], "shape": tail.best[1]}

    def without(self, places: IntArray) -> Sample:
        """The same without the leads at these places of the order; the verdict stands."""
        kept = np.ones(len(self.strength), dtype=bool)
        kept[places] = False
        return Sample(self.strength[kept], self.clump[kept], self.floor, self.verdict)


def _poisson(events: float, share: float) -> float:
    """Quantile of a Gamma variable: the exact limits of a Poisson mean (Garwood 1936, Biometrika 28:437)."""
    return float(gammainccinv(events, 1 - share)) if events > 0 else 0.0


def clumps(groups: Sequence[Iterable[int]]) -> IntArray:
    """Number of the clump of each group: groups that have two contents in common, directly or through others, are one clump."""
    first: dict[tuple[int, int], int] = {}
    root = list(range(len(groups)))

    def find(k: int) -> int:
        while root[k] != k:
            root[k] = root[root[k]]
            k = root[k]
        return k

    for k, group in enumerate(groups):
        for pair in combinations(sorted(group), 2):
            one, other = sorted((find(k), find(first.setdefault(pair, k))))
            root[other] = one
    return np.array([find(k) for k in range(len(groups))], dtype=np.int64)
