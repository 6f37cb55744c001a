"""Joint draws of everything that the pairs of one group rest on, and the score of the group in each of them.

In one draw theta is the same for all pairs of a variable, a rarity the same for all pairs that use the same value, the density
of places, days and ages alike for cases that lie close together, and the kinds of death are one set. A term between
the levels at which the model was worked out is interpolated. Formulas and assumptions: docs/methods/uncertainty.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from openverdict.evidence.interval import SOURCES, Intervals, PairIntervals
from openverdict.evidence.rates import AGE_SD
from openverdict.evidence.surroundings import SEASON_SD_DAYS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DRAWS = 400
LEVELS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)  # normal ranks at which the model is worked out
JITTER = 1e-6  # keeps the correlation of two cases at one point invertible
SHARED_M = 500.0  # densities of places this far apart are drawn nearly apart


class GroupDraws:
    """Draws of the ratios of all pairs of `members`, case numbers in order of time."""

    def __init__(
        self, intervals: Intervals, members: Sequence[int], own: PairIntervals | None = None
    ) -> None:
        """`own`: the intervals of all pairs of `members`, where they are at hand."""
        self.intervals, self.model = intervals, intervals.model
        self.members = np.array(members, dtype=np.int64)
        self.a, self.b = np.triu_indices(len(members), 1)
        self.i, self.j = self.members[self.a], self.members[self.b]
        self.own = intervals.of(self.i, self.j) if own is None else own
        self.at = self.model.terms(self.i, self.j)

    def totals(
        self, seed: Sequence[int], draws: int = DRAWS, *, sources: Sequence[str] = SOURCES
    ) -> FloatArray:
        """Sums of the pairs' terms (order of `triu_indices`), shape (draws, pairs); one seed, one result.

        What is not in `sources` stays as it is.
        """
        rng = np.random.default_rng(np.random.SeedSequence([int(s) for s in seed]))
        total = np.tile(np.sum([self.at[v.name] for v in self.model.variables], axis=0), (draws, 1))
        if "theta" in sources:
            for v in self.model.variables:
                z = rng.standard_normal((draws, 1))
                total += self._moved("theta", v.name, z) - self.at[v.name]
        if "background" in sources:
            for v in self.model.variables:
                z = self._shared(rng, v.kernel, draws)
                total += self._moved("background", v.name, z) - self.at[v.name]
        if "kinds" in sources and self.intervals.kinds:
            relearned = self.own.relearned(self.i, self.j)
            total += (relearned - relearned.mean(0))[rng.integers(0, len(relearned), draws)]
        return total

    def _moved(self, source: str, name: str, z: FloatArray) -> FloatArray:
        """A variable's terms with one source at the normal rank z, shape of z by pairs."""
        grid = self._grid(source)[name]
        level = np.clip(z, LEVELS[0], LEVELS[-1]) - LEVELS[0]
        low = np.minimum(level.astype(np.int64), len(LEVELS) - 2)
        part = level - low
        pair = np.arange(grid.shape[1])
        result: FloatArray = (1 - part) * grid[low, pair] + part * grid[low + 1, pair]
        return result

    def _grid(self, source: str) -> dict[str, FloatArray]:
        """Terms of every variable at every level, shape (levels, pairs)."""
        if source not in self.__dict__:
            found = [
                self.at if z == 0.0 else self.own.terms(source, z, self.i, self.j) for z in LEVELS
            ]
            self.__dict__[source] = {
                v.name: np.stack([t[v.name] for t in found]) for v in self.model.variables
            }
        grid: dict[str, FloatArray] = self.__dict__[source]
        return grid

    def _shared(self, rng: np.random.Generator, kernel: str, draws: int) -> FloatArray:
        """Normal ranks (draws, pairs) of a variable's rarities: one for all pairs, or alike for later cases close together."""
        m, k = self.members, len(self.members)
        if kernel == "gap":
            apart = np.subtract.outer(*[self.model.slots.day[m].astype(float)] * 2)
            alike = np.exp(-(apart**2) / (4 * SEASON_SD_DAYS**2))
        elif kernel == "number":
            apart = np.subtract.outer(*[self.model.content.age[m].astype(float)] * 2)
            alike = np.exp(-(apart**2) / (4 * AGE_SD**2))
        elif kernel == "distance":
            metres = self.model.metres(np.repeat(m, k), np.tile(m, k)).reshape(k, k)
            alike = np.exp(-((metres / SHARED_M) ** 2))
        else:
            return rng.standard_normal((draws, 1))
        root = np.linalg.cholesky((1 - JITTER) * alike + JITTER * np.eye(k))
        z = rng.standard_normal((draws, k)) @ root.T
        ranks: FloatArray = z[:, self.b]
        return ranks


def quantiles(values: FloatArray) -> tuple[float, float]:
    """Ends of the central 95 % of draws."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
