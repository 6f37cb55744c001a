"""Links to series, and how often chance alone would make them.

What comes in: the ledger of pairs. What goes out: disjoint `Series` with their strength, and a `Chance` measured on null
registers made from the register itself. This room never says what a series means.
"""

from openverdict.series.chance import LEAST_RATE, Chance, NullLead, by_key, measure_chance
from openverdict.series.grow import ONE_DEATH_IN, Series, branching, grow, price

__all__ = [
    "LEAST_RATE",
    "ONE_DEATH_IN",
    "Chance",
    "NullLead",
    "Series",
    "branching",
    "by_key",
    "grow",
    "measure_chance",
    "price",
]
