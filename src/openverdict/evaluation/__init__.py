"""How good and how honest: pairs with known series, planted series, and registers with none.

What comes in: a register with labels, or nothing but a seed. What goes out: plain dicts of figures, ready for JSON, as they
come out, and for known series a page with plots. This room stands above leads and changes nothing below it.
"""

from openverdict.evaluation.known import Evaluation, evaluate_known_series, on_known_series
from openverdict.evaluation.measures import average_precision, roc_auc
from openverdict.evaluation.page import write_evaluation
from openverdict.evaluation.planted import on_planted_series

__all__ = [
    "Evaluation",
    "average_precision",
    "evaluate_known_series",
    "on_known_series",
    "on_planted_series",
    "roc_auc",
    "write_evaluation",
]
