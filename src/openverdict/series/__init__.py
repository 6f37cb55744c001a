"""Links to series, and how often chance alone would make them.

What comes in: the ledger of pairs. What goes out: disjoint `Series` with their strength, and a `Chance` measured on null
registers made from the register itself. This room never says what a series means.
"""

from openverdict.evidence.rates import ONE_DEATH_IN
from openverdict.series.chance import (
    LEAST_RATE,
    Chance,
    NullLead,
    by_key,
    classes_in,
    exact,
    measure_chance,
)
from openverdict.series.classes import Classes, classes_of
from openverdict.series.duplicates import Duplicates, set_aside
from openverdict.series.grow import LEAST_CANDIDATES, Series, branching, grow, price

__all__ = [
    "LEAST_CANDIDATES",
    "LEAST_RATE",
    "ONE_DEATH_IN",
    "Chance",
    "Classes",
    "Duplicates",
    "NullLead",
    "Series",
    "branching",
    "by_key",
    "classes_in",
    "classes_of",
    "exact",
    "grow",
    "measure_chance",
    "price",
    "set_aside",
]
