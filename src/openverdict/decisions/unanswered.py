"""Concerns that nobody has answered."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from openverdict.decisions.models import About, Concern, ConcernAnswer
from openverdict.ledger.store import Store


def unanswered_concerns(store: Store, case: str) -> list[int]:
    """The concerns about a case that have no answer."""
    answered = store.rows(ConcernAnswer).filter(concern=OuterRef("id"))
    about = store.rows(About).filter(case_id=case, event_id=OuterRef("event_id"))
    rows = store.rows(Concern).filter(Exists(about)).exclude(Exists(answered)).order_by("id")
    return [int(number) for number in rows.values_list("id", flat=True)]
