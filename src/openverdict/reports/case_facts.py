"""One case for a reader: every fact with its source, its status and what stood there before; that it was read is logged."""

from __future__ import annotations

import json
from typing import Any

from openverdict.cases import dictionary
from openverdict.decisions.guarding import act
from openverdict.decisions.models import About
from openverdict.decisions.roles import Access, Operation
from openverdict.ledger.events import CaseViewed
from openverdict.ledger.facts import ERASED
from openverdict.ledger.models import Content, Event, Fact, Source
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.reports.consideration import PLAIN
from openverdict.reports.labels import STATUS_WORDS
from openverdict.reports.shown import value_text


@act(Operation.VIEW, "case", seen=True)
def case_facts(
    store: Store, writer: Writer, case: str, *, access: Access = Access.YES
) -> dict[str, Any]:
    """The facts of a case as they stand now, in the order of the dictionary, each with the facts that it superseded.

    Who sees cases with what names people struck out gets the fields that name nobody. `access` is filled in by the table of
    roles, not by callers.
    """
    writer.record(CaseViewed, [About(case_id=case)], case=case, part="facts")
    redacted = access is Access.REDACTED
    rows = list(store.rows(Fact).filter(case_id=case).order_by("id"))
    rows = [row for row in rows if not redacted or row.field in PLAIN]
    by_id = {row.id: row for row in rows}
    gone = {row.supersedes for row in rows}
    order = {name: place for place, name in enumerate(dictionary())}
    left = sorted(
        (row for row in rows if row.id not in gone),
        key=lambda row: (order.get(row.field, len(order)), row.id),
    )
    told = _Told(store, rows, redacted)
    return {
        "case": case,
        "redacted": redacted,
        "facts": [told.fact(row) for row in left],
        "history": [
            {**told.fact(row), "superseded_by": later.id}
            for later in rows
            if (row := by_id.get(later.supersedes)) is not None
        ],
    }


class _Told:
    """What is said of a fact: in words, and where it comes from."""

    def __init__(self, store: Store, rows: list[Fact], redacted: bool) -> None:
        self.redacted = redacted
        entries = {row.event_id for row in rows}
        events = store.rows(Event).filter(seq__in=entries)
        self.entered = {
            seq: (at, actor) for seq, at, actor in events.values_list("seq", "at", "actor")
        }
        sources = {row.source_id for row in rows if row.source_id is not None}
        files = list(store.rows(Source).filter(id__in=sources))
        names = store.rows(Content).filter(
            name="file_name", event_id__in=[s.event_id for s in files]
        )
        called = {
            event: json.loads(value) for event, value in names.values_list("event_id", "value")
        }
        self.files = {each.id: called.get(each.event_id, ERASED) for each in files}

    def fact(self, row: Fact) -> dict[str, Any]:
        field = dictionary().get(row.field)
        at, actor = self.entered[row.event_id]
        file = self.files.get(row.source_id)
        return {
            "fact": row.id,
            "field": row.field,
            "label": field.label if field else row.field,
            "value": row.value,
            "words": value_text({"status": row.status, "field": row.field, "value": row.value}),
            "status": row.status,
            "status_words": STATUS_WORDS.get(row.status, row.status),
            "known_from": row.known_from,
            "recorded_at": row.recorded_at,
            "source": None if self.redacted else row.origin or file,
            "row": row.row,
            "author": None if self.redacted else row.author,
            "entered_at": at,
            "entered_by": actor,
            "entry": row.event_id,
        }
