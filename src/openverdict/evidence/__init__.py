"""The evidence variables: consistency × rarity for a pair of cases.

What comes in: a `Register` and the variables of `variables.toml`. What goes out: `Model`, the floating-point definition of
every pair's likelihood ratio, and `Contribution`s that say it in words. This room never reads the equality record and
never decides anything.
"""

from openverdict.evidence.contribution import Contribution
from openverdict.evidence.model import Model, Prepared, prepare
from openverdict.evidence.variables import Variable, load_variables, model_hash

__all__ = [
    "Contribution",
    "Model",
    "Prepared",
    "Variable",
    "load_variables",
    "model_hash",
    "prepare",
]
