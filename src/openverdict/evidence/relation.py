"""From the terms of a pair to its ratio: what two deaths of one series, and two unrelated deaths, can show at all.

    r = 1 - c + c * product of the variables' ratios
    LR = r / (1 - e + e * r)

c: of the pairs of a series so many are copied one from the other; the rest need have nothing in common. e: so many unrelated
pairs are as alike as related ones for a reason that no record holds (one household, one circle, one site). So the ratio never
falls below 1 - c nor rises above 1 / e. Sources, assumptions and measured effect: docs/methods/model.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

TERM = "relation"
LABEL = "What a pair can show"
# In a series of k in which each later death copies one earlier death, k - 1 of k (k - 1) / 2 pairs are copies: 2 / k, the
# mean over series of two, three and four.
COPIED = 0.7
# Of a register's cases, so many are as alike to any one case for a reason that no record holds. Set on simulated registers of
# 2,000 and 6,000 cases; that the number of cases, and not the share of pairs, is what stays was seen there too.
ALIKE = 0.06
LEAST_CASES = 200  # a smaller register is a part of what happened


@dataclass(frozen=True)
class Relation:
    """`copied`: c, the part of a series' pairs that are copied one from the other; `alike`: e, the part of unrelated pairs that
    are as alike as related ones for a reason that no record holds.
    """

    copied: float = COPIED
    alike: float = 0.0

    def ratio(self, terms: FloatArray | float) -> FloatArray:
        """log10 likelihood ratio of pairs whose variables' terms sum to `terms` (log10)."""
        x = np.asarray(terms, dtype=float) * np.log2(10.0)
        with np.errstate(divide="ignore"):
            r = np.logaddexp2(np.log2(1 - self.copied), np.log2(self.copied) + x)
            unrelated = np.logaddexp2(np.log2(1 - self.alike), np.log2(self.alike) + r)
        result: FloatArray = (r - unrelated) * np.log10(2.0)
        return result

    def sum_at(self, ratio: FloatArray | float) -> FloatArray:
        """The sum of terms at which a pair reaches `ratio` (log10): minus infinity where each does, infinity where none."""
        wanted = 10.0 ** np.asarray(ratio, dtype=float)
        with np.errstate(divide="ignore"):
            room = np.maximum(1 - self.alike * wanted, 0.0)
            r = np.where(room > 0, wanted * (1 - self.alike) / room, np.inf)
            result: FloatArray = np.log10(np.maximum(r - (1 - self.copied), 0.0) / self.copied)
        return result


def usual(cases: int) -> Relation:
    """What is taken for a register of so many cases."""
    return Relation(COPIED, ALIKE / max(cases, LEAST_CASES))
