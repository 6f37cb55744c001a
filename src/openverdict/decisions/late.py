"""Late results: what came in after a run had looked, what it touches, and that the owners are told.

Facts that are taken in or entered are compared with the last run that looked at their case. A result that this run could not
know (toxicology, an examination, a conclusion) is noted with the run; the case's owner is told; a case on which somebody had
decided, or that had a category, is pulled back. A coroner's conclusion that leaves the part of another person open pulls
every case back (R33). The next run tells what became other by it (`changes`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from openverdict.cases import Fact as CaseFact
from openverdict.decisions.access import may
from openverdict.decisions.exhibits import listed
from openverdict.decisions.guarding import act, case_by, look
from openverdict.decisions.lateness import note
from openverdict.decisions.models import LateFact, Notice
from openverdict.decisions.roles import Operation
from openverdict.intake import Intake
from openverdict.ledger import collecting, entering, foreseeing
from openverdict.ledger.collecting import Receipt
from openverdict.ledger.foreseeing import Foreseen
from openverdict.ledger.models import Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer


@look(Operation.COLLECT, by="actor")
def take_in(
    store: Store,
    read: Intake,
    *,
    actor: str,
    purpose: str,
    mapping: tuple[str, str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Receipt:
    """Take what was read into the store (`ledger.collect`), and note what came late; what changed.

    `progress`: told (step, share done); what it raises ends the intake, and nothing of it stands.

    Raises:
        AccessError: the actor takes nothing in.
    """
    began = store.size()
    receipt = collecting.collect(
        store, read, actor=actor, purpose=purpose, mapping=mapping, progress=progress
    )
    with store.writing(actor, purpose) as writer:
        note(store, writer, began)
    return receipt


@look(Operation.COLLECT)
def foresee(
    store: Store,
    read: Intake,
    *,
    user: str | None = None,
    mapping: tuple[str, str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Foreseen:
    """What `take_in` would change, before anybody decides that it shall; nothing is written (`ledger.foreseeing`)."""
    return foreseeing.foresee(store, read, mapping, progress)


def _of_facts(store: Store, facts: Sequence[CaseFact]) -> tuple[str, ...]:
    return tuple(fact.case_id for fact in facts)


def _corrected(store: Store, given: Any) -> tuple[str, ...]:
    return (*case_by(Fact)(store, given["number"]), given["by"].case_id)


@act(Operation.ENTER_FACTS, "facts", _of_facts)
def enter_facts(store: Store, writer: Writer, facts: Sequence[CaseFact]) -> list[int]:
    """Record facts of one case (`ledger.entering.enter_facts`), and note what came late; their numbers."""
    began = writer.size
    numbers = entering.enter_facts(store, writer, facts)
    writer.flush()
    note(store, writer, began)
    return numbers


@act(Operation.ENTER_FACTS, cases=_corrected)
def correct_fact(store: Store, writer: Writer, number: int, by: CaseFact, reason: str) -> int:
    """Put a fact in the place of another (`ledger.entering.correct_fact`), and note what came late; the new one's number."""
    began = writer.size
    newer = entering.correct_fact(store, writer, number, by, reason)
    writer.flush()
    note(store, writer, began)
    return newer


@look(Operation.LIST)
def late_facts(
    store: Store, *, user: str | None = None, case: str | None = None
) -> list[tuple[str, str, str, int]]:
    """(case, field, reason, run that could not know it), in their order, of the cases that a person may list."""
    rows = listed(store, LateFact, user, case)
    return [(row.case_id, row.field, row.reason, row.run) for row in rows]


@dataclass(frozen=True)
class Told:
    """Something that a person was told of, about a case: `reason` is a code, `cause` the key of what it came from."""

    at: str
    case: str
    reason: str
    cause: str | None


@look(Operation.LIST)
def notices(store: Store, *, user: str) -> list[Told]:
    """What a person was told of, the newest at the head, but for cases that they may no longer list."""
    rows = store.rows(Notice).filter(user=user).annotate(at=F("event__at")).order_by("-id")
    rows = rows.filter(may(store, user, Operation.LIST, at=store.clock()))
    return [Told(row.at, row.case_id, row.reason, row.cause) for row in rows]
