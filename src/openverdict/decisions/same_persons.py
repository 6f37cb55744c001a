"""The queue of proposals that records of persons are of one: listed for people to accept or reject, and shown with their past.

How they come in and what becomes of them is in `linking`; the facts that follow from links are in `linked`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery

from openverdict.decisions.guarding import look
from openverdict.decisions.linked import ACCEPTED, REJECTED, UNDONE, newest
from openverdict.decisions.models import IdentityDecision, RecordPair
from openverdict.decisions.reach import reach
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.showing import STRUCK_OUT
from openverdict.errors import InputError
from openverdict.ledger.derived import Present
from openverdict.ledger.models import Content
from openverdict.ledger.store import Store

UNDECIDED = "undecided"
OUTCOMES = (UNDECIDED, ACCEPTED, REJECTED)
PAGE, LARGEST_PAGE = 50, 500


@dataclass(frozen=True)
class RecordOf:
    """One record of a person: the case that it is of, its role there, its system and its number in that system."""

    case: str
    role: str
    source: str
    record_id: str


@dataclass(frozen=True)
class ProposalLine:
    """One proposal. `over`: at or above the threshold of its comparison and held back by nothing; `stands`, `by`: what somebody
    decided, None while nobody has. `why`: what every field adds, in words and bits.
    """

    number: int
    proposal: str
    one: RecordOf
    other: RecordOf
    probability: float
    over: bool
    held_back: str | None
    why: str
    stands: str | None
    by: str | None


@dataclass(frozen=True)
class Said:
    """Something that a person said of a proposal, when (UTC) and why; `text` is None where it was erased."""

    decision: int
    outcome: str
    by: str
    at: str
    text: str | None


@dataclass(frozen=True)
class ProposalPage:
    """One page of the queue. `count`: how many there are in all; `next`: what to ask with as `after`, None at the end."""

    lines: tuple[ProposalLine, ...]
    count: int
    next: int | None


@dataclass(frozen=True)
class ProposalShown:
    """A proposal with everything that was said of it, what came first at the head."""

    line: ProposalLine
    history: tuple[Said, ...]


@look(Operation.LIST)
def queue(
    store: Store,
    *,
    user: str | None = None,
    outcome: str | None = UNDECIDED,
    case: str | None = None,
    after: int = 0,
    size: int = PAGE,
) -> ProposalPage:
    """A page of the proposals on whose cases, both of them, a person may enter facts; what needs a person first at the head.

    `outcome`: undecided, accepted or rejected; None for all.

    Raises:
        InputError: no such outcome or size.
    """
    if outcome not in (None, *OUTCOMES):
        raise InputError(f"outcome {outcome!r}: one of: {', '.join(OUTCOMES)}")
    if not 1 <= size <= LARGEST_PAGE:
        raise InputError(f"{size} proposals on a page: give 1 to {LARGEST_PAGE}")
    rows = _within(store, user, _proposed(store))
    if outcome == UNDECIDED:
        rows = rows.filter(Q(outcome__isnull=True) | Q(outcome=UNDONE))
    elif outcome is not None:
        rows = rows.filter(outcome=outcome)
    if case is not None:
        rows = rows.filter(Q(case_a=case) | Q(case_b=case))
    found = list(rows.filter(id__gt=after).order_by("id")[: size + 1])
    return ProposalPage(
        tuple(_line(row) for row in found[:size]),
        rows.count(),
        found[size - 1].id if len(found) > size else None,
    )


def _cases(store: Store, proposal: str) -> tuple[str, ...]:
    row = store.rows(RecordPair).filter(proposal=proposal).order_by("-id").first()
    return () if row is None else tuple(sorted({row.case_a, row.case_b}))


@look(Operation.VIEW, "proposal", _cases, seen=True)
def proposal_shown(
    store: Store, proposal: str, *, user: str | None = None, access: Access = Access.YES
) -> ProposalShown:
    """One proposal with everything that was said of it.

    Raises:
        InputError: there is none of this key, or it was erased.
    """
    rows = _with_outcome(store, store.rows(RecordPair).filter(proposal=proposal))
    row = rows.filter(probability__isnull=False).order_by("-id").first()
    if row is None:
        raise InputError(f"proposal {proposal}: there is none of this key, or it was erased")
    past = store.rows(IdentityDecision).filter(proposal=proposal).annotate(at=F("event__at"))
    decisions = list(past.order_by("id"))
    texts = {
        content.event_id: str(json.loads(content.value))
        for content in store.rows(Content).filter(
            event_id__in=[each.event_id for each in decisions], name="text"
        )
    }
    if access is Access.REDACTED:
        texts = dict.fromkeys(texts, STRUCK_OUT)
    history = tuple(
        Said(each.id, each.outcome, each.user, each.at, texts.get(each.event_id))
        for each in decisions
    )
    line = _line(row)
    if access is Access.REDACTED:
        one, other = (replace(side, record_id=STRUCK_OUT) for side in (line.one, line.other))
        line = replace(line, one=one, other=other)
    return ProposalShown(line, history)


def _proposed(store: Store) -> Any:
    """What the last comparison proposed, and what of earlier ones somebody decided on, each pair once."""
    last = newest(store)
    number = 0 if last is None else last.id
    newer = store.rows(RecordPair).filter(proposal=OuterRef("proposal"), id__gt=OuterRef("id"))
    said = store.rows(IdentityDecision).filter(proposal=OuterRef("proposal"))
    rows = store.rows(RecordPair).filter(probability__isnull=False)
    rows = rows.filter(Q(comparison=number) | (Exists(said) & ~Exists(newer)))
    return _with_outcome(store, rows)


def _with_outcome(store: Store, rows: Any) -> Any:
    last = store.rows(IdentityDecision).filter(proposal=OuterRef("proposal")).order_by("-id")
    return rows.annotate(
        outcome=Subquery(last.values("outcome")[:1]), user=Subquery(last.values("user")[:1])
    )


def _within(store: Store, user: str | None, rows: Any) -> Any:
    within = reach(store, user, Operation.ENTER_FACTS, at=store.clock())
    if within.whole:
        return rows
    present = store.rows(Present)
    for side in ("case_a", "case_b"):
        rows = rows.filter(Exists(within.allows(present.filter(case_id=OuterRef(side)))))
    return rows


def _line(row: Any) -> ProposalLine:
    stands = None if row.outcome in (None, UNDONE) else row.outcome
    return ProposalLine(
        row.id,
        row.proposal,
        RecordOf(row.case_a, row.role_a, row.source_a, row.number_a),
        RecordOf(row.case_b, row.role_b, row.source_b, row.number_b),
        row.probability,
        bool(row.over),
        row.held_back,
        row.why or "",
        stands,
        None if stands is None else row.user,
    )
