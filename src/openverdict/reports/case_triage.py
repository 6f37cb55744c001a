"""Single cases looked at alone, for pages: what the rules of triage say of them as they stand now, and what contradicts what.

The rules are those of a review (`leads.triage`), applied to the facts of these cases alone: what rests on other cases of the
register (a person in common, nearness) stands on the pages of leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openverdict.decisions.enquiries import asked_checks
from openverdict.decisions.guarding import look
from openverdict.decisions.roles import Access, Operation
from openverdict.leads import triage
from openverdict.ledger.facts import read_cases
from openverdict.ledger.store import Store
from openverdict.reports.consideration import STRUCK
from openverdict.reports.labels import (
    DIRECTION_WORDS,
    check_label,
    indicator_label,
    level_words,
    source_words,
)


@dataclass(frozen=True)
class CaseTriage:
    """One case. `reasons`: rows of code, words, direction and where it comes from; `never_made`: codes of checks.

    `asked`: checks that were asked for in the store and have no answer yet, or were done. `lists_checks`: whether the record
    lists the enquiries that were made at all; where it does not, nothing can be said of any one of them.
    """

    case: str
    level: int
    level_words: str
    reasons: tuple[dict[str, Any], ...]
    contradictions: tuple[str, ...]
    never_made: tuple[str, ...]
    asked: frozenset[str]
    lists_checks: bool


@look(Operation.VIEW, "cases", seen=True)
def case_triage(
    store: Store,
    cases: Sequence[str],
    *,
    user: str | None = None,
    access: Access = Access.YES,
) -> dict[str, CaseTriage]:
    """What triage says of cases as they stand now, by case. Who sees them with what names people struck out gets codes alone.

    `access` is filled in by the table of roles, not by callers.
    """
    redacted = access is Access.REDACTED
    asked = asked_checks(store, cases)
    register = read_cases(store, cases)
    table = register.table
    told = "checks_done" in table.columns
    made = table.select("case_id", "checks_done").drop_nulls() if told else table.head(0)
    listed = set(made.get_column("case_id").to_list())
    return {
        each.case_id: CaseTriage(
            each.case_id,
            each.level,
            level_words(each.level),
            tuple(
                {
                    "code": reason.code,
                    "label": indicator_label(reason.code),
                    "words": STRUCK if redacted else reason.text,
                    "does": DIRECTION_WORDS[reason.direction],
                    "rests_on": "" if redacted else source_words(reason.source),
                }
                for reason in (*each.reasons, *each.innocent)
            ),
            tuple(STRUCK for _ in each.contradictions) if redacted else each.contradictions,
            each.checks_missing,
            frozenset(asked.get(each.case_id, ())),
            each.case_id in listed,
        )
        for each in triage(register)
    }


def checks_rows(found: CaseTriage) -> list[dict[str, Any]]:
    """The checks never made as rows: code, label, and whether somebody has asked for it."""
    return [
        {"check": code, "label": check_label(code), "asked": code in found.asked}
        for code in found.never_made
    ]
