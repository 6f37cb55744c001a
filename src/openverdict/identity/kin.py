"""The other innocent reading of two records alike: not one person twice, and not chance, but two people of one household.

Fields are not independent there: relatives share a surname, a home and a telephone, twins a day of birth as well, a father
and a son at times even the forename. A pair's probability therefore weighs three readings, and not two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.identity.comparisons import COMPARISONS

FloatArray = npt.NDArray[np.float64]
ROUNDS = 200


@dataclass(frozen=True)
class Priors:
    """Probabilities that two records drawn at random are of one person, and of two people of one household."""

    one: float
    kin: float

    @property
    def chance(self) -> float:
        """Of two people who have nothing to do with each other."""
        return 1.0 - self.one - self.kin


def kin_weights(scores: pl.DataFrame, m: Mapping[str, Mapping[str, float]]) -> FloatArray:
    """Log2 of P(levels | one person) / P(levels | one household) for each scored pair; missing values add nothing."""
    total = np.zeros(scores.height)
    for c in COMPARISONS:
        weight = {
            level.name: float(np.log2(m[c.name][level.name] / level.kin)) for level in c.levels
        }
        total += (
            scores.get_column(f"level_{c.name}")
            .replace_strict(weight, default=0.0, return_dtype=pl.Float64)
            .to_numpy()
        )
    return total


def weigh(chance_bits: FloatArray, kin_bits: FloatArray, priors: Priors) -> FloatArray:
    """Log2 odds of one person against both other readings.

    `chance_bits`, `kin_bits`: log2 likelihood ratios of one person against chance and against one household.
    odds = p1 / (p0 · 2^-chance_bits + pk · 2^-kin_bits)
    """
    against = np.logaddexp2(np.log2(priors.chance) - chance_bits, np.log2(priors.kin) - kin_bits)
    odds: FloatArray = np.log2(priors.one) - against
    return odds


def learn_priors(
    chance_bits: FloatArray, kin_bits: FloatArray, pairs: float, start: Priors
) -> Priors:
    """How common each reading is, by expectation maximisation over the candidates with all shares held fixed.

    A pair that is no candidate counts as chance.
    """
    priors = start
    for _ in range(ROUNDS):
        logs = np.stack(
            [
                np.full_like(chance_bits, np.log2(priors.one)),
                np.log2(priors.kin) - kin_bits,
                np.log2(priors.chance) - chance_bits,
            ]
        )
        shares = np.exp2(logs - logs.max(0))
        one, kin, _ = (shares / shares.sum(0)).sum(1)
        before, priors = (
            priors,
            Priors(*(float(np.clip(found / pairs, 0.1 / pairs, 0.3)) for found in (one, kin))),
        )
        if (
            abs(priors.one - before.one) < 1e-6 * before.one
            and abs(priors.kin - before.kin) < 1e-6 * before.kin
        ):
            break
    return priors
