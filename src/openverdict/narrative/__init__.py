"""Free text to suggested facts.

What comes in: the text of a case. What goes out: `Suggestion`s, each with the characters it was read from, the rule and its
version, in which sense the text says it (present, negated, another person's …) and a confidence. What it never does: make a
fact by itself. Only `accept`, given a reviewer and a time, turns a suggestion into a fact, and nothing that scores or ranks
cases reads anything else. It keeps no text, opens no file and asks nobody.
"""

from openverdict.narrative.accept import Accepted, accept, read_reviewed, with_register
from openverdict.narrative.agreement import (
    Agreement,
    acceptance_rates,
    agreement,
    cohen_kappa,
    wilson,
)
from openverdict.narrative.suggest import suggest, suggest_substances
from openverdict.narrative.suggestion import Assertion, Suggestion
from openverdict.narrative.table import SUGGESTIONS_SCHEMA, suggest_register

__all__ = [
    "SUGGESTIONS_SCHEMA",
    "Accepted",
    "Agreement",
    "Assertion",
    "Suggestion",
    "accept",
    "acceptance_rates",
    "agreement",
    "cohen_kappa",
    "read_reviewed",
    "suggest",
    "suggest_register",
    "suggest_substances",
    "wilson",
    "with_register",
]
