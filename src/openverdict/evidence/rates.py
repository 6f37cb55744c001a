"""Rates of values and densities of ages by type of death, with and without the cases that a rate is asked for.

What a case shows is rated by the rest of the register: without the case itself, and without as many more of its type that
show the same as the stated prior expects members of a series in the register, PARTNERS_LEFT_OUT at most. A series of a rare
type would otherwise make its own habits look usual.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from openverdict.evidence.encode import Content
from openverdict.evidence.mixture import count_ages, count_by_class

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SHRINK = 4.0  # pseudo-cases drawn from the whole register, added to every rate of a type
AGE_SHRINK = 20.0
AGE_SD = 3.0  # years; an age counts for those around it
AT_LARGE = 0.1  # one value in ten is drawn from the register at large, whatever the type
# Counts at a case leave out the one it is compared with and two more members of a series.
PARTNERS_LEFT_OUT = 3.0
ONE_DEATH_IN = 1000.0  # one death in so many belongs to a series: the stated prior
LEAST_RATE = 1e-7
AGES = 128

_WIDTH = np.exp(-0.5 * (np.subtract.outer(np.arange(AGES), np.arange(AGES)) / AGE_SD) ** 2)
_WIDTH /= _WIDTH.sum(1, keepdims=True)
_SAME_AGE = float(
    _WIDTH[64, 64:68].mean()
)  # what a case three years off or less counts for, on average


@dataclass(frozen=True)
class Rates:
    """Expected counts by type: `held` and `seen` (K, D) cases with the value and cases that record its variable; `total` and
    `of` (D) the same for the whole register; `aged` (K, 128) cases by age, each spread over AGE_SD; `posterior` (n, K)
    of the cases that are rated; `cases` in the register.
    """

    held: FloatArray
    seen: FloatArray
    total: FloatArray
    of: FloatArray
    aged: FloatArray
    posterior: FloatArray
    cases: int

    @property
    def left_out(self) -> float:
        """Cases left out of a rate: the one that is asked for, and its partners."""
        return 1.0 + min(PARTNERS_LEFT_OUT, self.cases / ONE_DEATH_IN)

    @cached_property
    def bit(self) -> FloatArray:
        """Rate of every bit (K, D), shrunk towards the whole register."""
        overall = (self.total + 0.5) / (self.of + 1.0)
        rate: FloatArray = (self.held + SHRINK * overall) / (self.seen + SHRINK)
        return np.clip(rate, LEAST_RATE, 1.0)

    @cached_property
    def age(self) -> FloatArray:
        """Density of age per year (K, 128), shrunk towards the whole register."""
        overall = (self.aged.sum(0) + 0.01) / (self.aged.sum() + 0.01 * AGES)
        of = self.aged.sum(1, keepdims=True)
        density: FloatArray = (self.aged + AGE_SHRINK * overall) / (of + AGE_SHRINK)
        return density

    def bit_without(self, d: int, rows: IntArray) -> FloatArray:
        """Rate of bit d by type in the rest of the register, (rows, K), for cases that hold it."""
        own = self.left_out * self.posterior[rows]
        left = max(float(self.total[d]) - self.left_out, 0.0)
        overall = (left + 0.5) / (float(self.of[d]) + 1.0)
        held = np.maximum(self.held[:, d] - own, 0.0)
        seen = np.maximum(self.seen[:, d] - own, held)
        rate = (held + SHRINK * overall) / (seen + SHRINK)
        return np.clip((1 - AT_LARGE) * rate + AT_LARGE * overall, LEAST_RATE, 1.0)

    @cached_property
    def tables(
        self,
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float, float, float]:
        """For `turns`, by bit: cases with it, cases that record its variable (D, K), its rate without a case and its partners
        (D), how probable it is not to be held (D, K); and the three constants of `bit_without`.
        """
        left = np.maximum(self.total - self.left_out, 0.0)
        return (
            np.ascontiguousarray(self.held.T),
            np.ascontiguousarray(self.seen.T),
            (left + 0.5) / (self.of + 1.0),
            np.ascontiguousarray(1 - self.bit.T),
            SHRINK,
            AT_LARGE,
            LEAST_RATE,
        )

    def age_without(self, age: npt.NDArray[np.int16]) -> FloatArray:
        """Density of each case's age by type in the rest of the register, (n, K); meaningless where the age is missing."""
        at = np.maximum(age, 0)
        own = self.left_out * self.posterior
        total = self.aged.sum(0)[at] - self.left_out * _SAME_AGE
        overall = (np.maximum(total, 0.0) + 0.01) / (self.aged.sum() + 0.01 * AGES)
        held = np.maximum(self.aged[:, at].T - own * _SAME_AGE, 0.0)
        seen = np.maximum(self.aged.sum(1) - own, 0.0)
        density = (held + AGE_SHRINK * overall[:, None]) / (seen + AGE_SHRINK)
        result: FloatArray = (1 - AT_LARGE) * density + AT_LARGE * overall[:, None]
        return result


def count(content: Content, classes: int, posteriors: Iterable[FloatArray]) -> Rates:
    """The counts of a register whose cases are of each of K `classes` with the probabilities (cases, K) that `posteriors`
    gives, some cases at a time and in their order.
    """
    variable = np.array([bit.variable for bit in content.bit_list], dtype=np.int64)
    held = np.zeros((len(variable), classes))
    recorded = np.zeros((content.recorded.shape[1], classes))
    aged = np.zeros((AGES, classes))
    first = 0
    for posterior in posteriors:
        some = slice(first, first + len(posterior))
        count_by_class(content.bits[some], posterior, held)
        count_by_class(content.recorded[some], posterior, recorded)
        count_ages(content.age[some], posterior, aged)
        first += len(posterior)
    # Transposed views, as a sparse product would give them: later sums keep their order.
    return Rates(
        held.T,
        recorded.T[:, variable],
        content.bits.sum(0, dtype=np.int64).astype(float),
        content.recorded.sum(0, dtype=np.int64).astype(float)[variable],
        aged.T @ _WIDTH,
        np.zeros((0, classes)),
        len(content.age),
    )
