"""Steps that operations are made of: clocks, notices, small checks. Nobody is asked here who may; only this room calls them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any

from openverdict.decisions.models import (
    About,
    Assignment,
    Clock,
    ClockStop,
    Decision,
    Notice,
    Owner,
    Reopened,
)
from openverdict.decisions.policy import in_force
from openverdict.decisions.subjects import Subject
from openverdict.errors import InputError
from openverdict.ledger.canonical import decimal_text
from openverdict.ledger.commitment import Opening, commit
from openverdict.ledger.events import (
    CaseReopened,
    ClockStarted,
    ClockStopped,
    DecisionRecorded,
    OwnerNotified,
)
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Case
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


def start_clock(
    writer: Writer,
    kind: str,
    number: int,
    days: int,
    cases: Sequence[str],
    rule: str | None = None,
) -> None:
    """Let a clock run for so many days on an answer about cases."""
    due = due_in(writer, days)
    row = Clock(subject_kind=kind, subject=str(number), rule=rule or kind, due=due)
    writer.record(
        ClockStarted,
        [row, *about(cases)],
        clock=str(writer.next_id(Clock)),
        subject_kind=kind,
        subject=str(number),
        rule=rule or kind,
        due=due,
    )


def stop_clock(store: Store, writer: Writer, kind: str, number: int, outcome: str) -> None:
    """Stop what runs on it, because the answer came."""
    running = store.rows(Clock).filter(subject_kind=kind, subject=str(number))
    stopped = store.rows(ClockStop).filter(clock__in=running.values("id")).values_list("clock")
    for clock in running.exclude(id__in=stopped):
        row = ClockStop(clock=clock.id, outcome=outcome)
        writer.record(ClockStopped, [row], clock=str(clock.id), outcome=outcome)


def tell_owner(store: Store, writer: Writer, case: str, reason: str, cause: str | None) -> None:
    """Tell the owner of a case, if it has one, of what touches it."""
    owner = owner_of(store, case)
    if owner is not None:
        row = Notice(user=owner, case_id=case, reason=reason, cause=cause)
        writer.record(OwnerNotified, [row], case=case, owner=owner, reason=reason, cause=cause)


def due_in(writer: Writer, days: int) -> str:
    """The day so many days from now."""
    return (writer.at.astimezone(UTC) + timedelta(days=days)).date().isoformat()


def about(cases: Sequence[str]) -> list[Any]:
    """The rows that say which cases an event is about."""
    return [About(case_id=case) for case in cases]


def said(text: str, what: str) -> str:
    """A text without the spaces at its ends. Raises InputError where it says nothing."""
    if not text.strip():
        raise InputError(f"{what}: say why in words")
    return text.strip()


def one_of(word: str, words: Sequence[str]) -> None:
    """Raise InputError unless the word is of the list."""
    if word not in words:
        raise InputError(f"{word!r}: one of: {', '.join(words)}")


def owner_of(store: Store, case: str) -> str | None:
    """Who is responsible for a case; None where nobody was ever named."""
    row = store.rows(Owner).filter(case_id=case).order_by("-id").first()
    return None if row is None else str(row.owner)


def must_have(store: Store, case: str) -> None:
    """Raise InputError unless the store has the case."""
    if not store.rows(Case).filter(case_id=case).exists():
        raise InputError(f"case {case}: the store does not have it; check the number")


def pull_back(
    store: Store, writer: Writer, case: str, reason: str, text: str | None = None
) -> None:
    """The step itself, for rules that pull a case back whoever brought what they rest on."""
    opening = commit(text.strip()) if text and text.strip() else None
    writer.record(
        CaseReopened,
        [Reopened(case_id=case, reason=reason), About(case_id=case)],
        openings={"text": opening} if opening else None,
        case=case,
        reason=reason,
        text=opening.commitment if opening else None,
    )
    tell_owner(store, writer, case, reason, None)


def stop_assignments(store: Store, writer: Writer, row: Decision) -> None:
    """Stop the clocks of who was given what a decision is on."""
    given = store.rows(Assignment).filter(subject_kind=row.subject_kind, subject=row.subject)
    for assignment in given.values_list("id", flat=True):
        stop_clock(store, writer, "assignment", assignment, "decided")


def refuse_machine(writer: Writer) -> None:
    """A decision is a person's. Raises InputError for the program itself."""
    if writer.actor == PROGRAM:
        raise InputError("a decision is a person's: give who decides")


def record_decision(
    store: Store,
    writer: Writer,
    row: Decision,
    subject: Subject,
    openings: dict[str, Opening],
    snapshot: str,
) -> int:
    """Write a first decision with its event, stop the clock of who was given it, and let one run where a second person is
    needed; its number.
    """
    writer.record(
        DecisionRecorded,
        [row, *about(subject.cases)],
        openings=openings,
        decision=str(writer.next_id(Decision)),
        subject_kind=subject.kind.value,
        subject=subject.key,
        cases=subject.cases,
        conclusion=row.conclusion,
        reasons=tuple(json.loads(row.reasons)),
        text=openings["text"].commitment,
        snapshot=snapshot,
        second_needed=bool(row.second_needed),
        run=None if row.run is None else str(row.run),
        log10_lr=None if row.log10_lr is None else decimal_text(row.log10_lr),
        bulk=row.bulk,
    )
    stop_assignments(store, writer, row)
    if row.second_needed:
        days = in_force(store).days_second_person
        start_clock(writer, "decision", int(row.id), days, subject.cases, "second_person")
    return int(row.id)
