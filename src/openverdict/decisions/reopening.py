"""Pulling a case back: what was decided on it before is from before this."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from openverdict.decisions.guarding import act
from openverdict.decisions.models import About, Reopened
from openverdict.decisions.roles import Operation
from openverdict.decisions.standing import standing_decisions
from openverdict.decisions.steps import must_have, one_of, pull_back
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

REOPENED_FOR = ("late_result", "coroners_doubt", "new_facts", "new_lead", "concern")


@act(Operation.REOPEN, "case")
def reopen(store: Store, writer: Writer, case: str, reason: str, text: str | None = None) -> None:
    """Pull a case back: a late result, a coroner's doubt. Its owner is told; what was decided on it is from before."""
    writer.flush()
    one_of(reason, REOPENED_FOR)
    must_have(store, case)
    pull_back(store, writer, case, reason, text)


def decided_before_reopening(store: Store) -> Any:
    """First decisions that stand and that a later reopening of one of their cases is after, as a query set."""
    later = store.rows(Reopened).filter(
        event_id__gt=OuterRef("event_id"),
        case_id__in=store.rows(About)
        .filter(event_id=OuterRef(OuterRef("event_id")))
        .values("case_id"),
    )
    return standing_decisions(store).filter(Exists(later))
