"""Free text to suggested facts.

What comes in: the text of a case, or of a document about it. What goes out: `Suggestion`s, each with the characters it was
read from, the rule and its version, in which sense the text says it (present, negated, another person's …) and a
confidence. What it never does: make a fact by itself. Only `accept` turns a suggestion into a fact, given a reviewer and a
time, or a stated policy, which the fact's source then names; and nothing that scores or ranks cases reads anything else. It
keeps no text and asks nobody; the one thing it opens are documents that it is told to read.
"""

from openverdict.narrative.accept import Accepted, accept, read_reviewed
from openverdict.narrative.agreement import (
    Agreement,
    acceptance_rates,
    agreement,
    cohen_kappa,
    wilson,
)
from openverdict.narrative.at_once import Stated, Together, rule_to_accept
from openverdict.narrative.factsfile import with_register
from openverdict.narrative.from_documents import (
    DOCUMENTS_SCHEMA,
    REFUSED_DOCUMENTS_SCHEMA,
    FromDocuments,
    suggest_documents,
)
from openverdict.narrative.policy import (
    SuggestionPolicy,
    UnderPolicy,
    measure,
    parse_settings,
    read_suggestion_policy,
    under_policy,
)
from openverdict.narrative.settings import rules_version
from openverdict.narrative.suggest import suggest, suggest_substances
from openverdict.narrative.suggestion import Assertion, Suggestion
from openverdict.narrative.table import SUGGESTIONS_SCHEMA, suggest_register

__all__ = [
    "DOCUMENTS_SCHEMA",
    "REFUSED_DOCUMENTS_SCHEMA",
    "SUGGESTIONS_SCHEMA",
    "Accepted",
    "Agreement",
    "Assertion",
    "FromDocuments",
    "Stated",
    "Suggestion",
    "SuggestionPolicy",
    "Together",
    "UnderPolicy",
    "accept",
    "acceptance_rates",
    "agreement",
    "cohen_kappa",
    "measure",
    "parse_settings",
    "read_reviewed",
    "read_suggestion_policy",
    "rule_to_accept",
    "rules_version",
    "suggest",
    "suggest_documents",
    "suggest_register",
    "suggest_substances",
    "under_policy",
    "wilson",
    "with_register",
]
