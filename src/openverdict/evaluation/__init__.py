"""How good and how honest: pairs with known series, planted series, and registers with none.

What comes in: a register with labels, or nothing but a seed. What goes out: plain dicts of figures, ready for JSON, as they
come out. This room stands above leads and changes nothing below it.
"""

from openverdict.evaluation.known import on_known_series
from openverdict.evaluation.measures import average_precision, roc_auc
from openverdict.evaluation.planted import on_planted_series

__all__ = ["average_precision", "on_known_series", "on_planted_series", "roc_auc"]
