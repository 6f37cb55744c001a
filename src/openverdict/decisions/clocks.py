"""What is waited for: clocks that started with a question and stop with its answer and nothing else.

When its day is over a clock goes up, once, and is still waited for: "unanswered since".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef

from openverdict.decisions.access import AT_ONCE, seen_by
from openverdict.decisions.guarding import act, look
from openverdict.decisions.models import About, Clock, ClockOverrun, ClockStop, Notice
from openverdict.decisions.roles import Operation
from openverdict.decisions.steps import owner_of
from openverdict.ledger.events import ClockOverran
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


@dataclass(frozen=True)
class Waiting:
    """Something that is waited for: since when, by when, how many days it is over its time (0: not yet), to whom it went up."""

    clock: int
    rule: str
    subject_kind: str
    subject: str
    since: str
    due: str
    days_over: int
    escalated_to: str | None
    cases: tuple[str, ...]


@look(Operation.LIST)
def waiting(
    store: Store, at: datetime, cases: Sequence[str] | None = None, *, user: str | None = None
) -> list[Waiting]:
    """Everything that is waited for, what is due first at the head; with `cases`, only what is about one of these.

    `user`: only what is about cases that this person may list; may be left out only where the store has no accounts.
    """
    stopped = store.rows(ClockStop).filter(clock=OuterRef("id"))
    clocks: Any = store.rows(Clock).exclude(Exists(stopped))
    if cases is not None:
        about = store.rows(About).filter(case_id__in=list(cases))
        clocks = clocks.filter(event_id__in=about.values("event_id"))
    rows = list(clocks.annotate(began=F("event__at")).order_by("due", "id"))
    told = _told(store, [clock.event_id for clock in rows])
    seen = None
    if user is not None:
        seen = seen_by(store, told, user, Operation.LIST, at=store.clock())
    up = dict(store.rows(ClockOverrun).values_list("clock", "escalated_to"))
    today = at.astimezone(UTC).date()
    return [
        Waiting(
            clock.id,
            clock.rule,
            clock.subject_kind,
            clock.subject,
            str(clock.began)[:10],
            clock.due,
            max(0, (today - datetime.fromisoformat(clock.due).date()).days),
            up.get(clock.id),
            tuple(told[clock.event_id]),
        )
        for clock in rows
        if seen is None or clock.event_id in seen
    ]


def _told(store: Store, entries: Sequence[int]) -> dict[int, list[str]]:
    """By entry, the cases that it is about."""
    told: dict[int, list[str]] = {entry: [] for entry in entries}
    wanted = list(told)
    for start in range(0, len(wanted), AT_ONCE):
        about = store.rows(About).filter(event_id__in=wanted[start : start + AT_ONCE])
        for entry, case in about.order_by("id").values_list("event_id", "case_id"):
            told[entry].append(case)
    return told


@act(Operation.ESCALATE)
def escalate(store: Store, writer: Writer, to: str | None = None) -> list[int]:
    """Say of every clock that is over its time, once, that it is, and to whom it went up; the numbers of the clocks."""
    writer.flush()
    gone = set(store.rows(ClockOverrun).values_list("clock", flat=True))
    late = [
        w for w in waiting(store, writer.at, user=PROGRAM) if w.days_over and w.clock not in gone
    ]
    for each in late:
        owner = owner_of(store, each.cases[0]) if each.cases else None
        target = to or owner
        row = ClockOverrun(clock=each.clock, escalated_to=target)
        notices = [
            Notice(user=target, case_id=case, reason="overdue", cause=str(each.clock))
            for case in each.cases
            if target is not None
        ]
        writer.record(ClockOverran, [row, *notices], clock=str(each.clock), escalated_to=target)
    return [each.clock for each in late]
