"""The queue of proposals that records of persons are of one: listed for people to accept or reject, and shown with their past.

How they come in and what becomes of them is in `linking`; the facts that follow from links are in `linked`; what links hold
together, and the leads that rest on it, is in `chains`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery

from openverdict.decisions.guarding import look
from openverdict.decisions.linked import ACCEPTED, REJECTED, UNDONE, cases_of_proposal, newest
from openverdict.decisions.models import IdentityDecision, RecordPair
from openverdict.decisions.reach import reach
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.showing import STRUCK_OUT
from openverdict.errors import InputError
from openverdict.identity.propose import SAME_DEATH, SAME_PERSON
from openverdict.identity.template import DECEDENT
from openverdict.ledger.derived import Present
from openverdict.ledger.models import Content
from openverdict.ledger.store import Store

UNDECIDED = "undecided"
OUTCOMES = (UNDECIDED, ACCEPTED, REJECTED)
KINDS = (SAME_DEATH, SAME_PERSON)
OVER, HELD_BACK, BELOW = "over", "held_back", "below"
SAYS = (OVER, HELD_BACK, BELOW)
PAGE, LARGEST_PAGE = 50, 500
CAP = 10_000  # as far as proposals are counted


@dataclass(frozen=True, kw_only=True)
class ProposalFilter:
    """What proposals are chosen by; what is None chooses nothing.

    `outcome`: undecided, accepted or rejected. `kind`: same_death (both records are of the dead person) or same_person.
    `says`: over the threshold of its comparison, held_back by a rule, or below the threshold and held back by none.
    """

    outcome: str | None = UNDECIDED
    case: str | None = None
    kind: str | None = None
    says: str | None = None


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
    decided, None while nobody has. `why`: what every field adds, in words and bits; `bits`: log2 of the odds that come of it.
    """

    number: int
    proposal: str
    kind: str
    one: RecordOf
    other: RecordOf
    probability: float
    bits: float
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
    """One page of the queue.

    `count`: how many there are in all; where `counted_all` is false, there are more than that. `hidden`: how many undecided
    ones are on a case where the person may not enter facts, up to `CAP`, whatever was asked for. `previous`, `next`: what to
    ask with as `before` and `after`; None at an end.
    """

    lines: tuple[ProposalLine, ...]
    count: int
    counted_all: bool
    hidden: int
    previous: int | None
    next: int | None


@dataclass(frozen=True)
class ProposalPlace:
    """Where a proposal stands in the queue as it was asked for: `position` of `count`, from 1; None where it is not in it.

    Where `counted_all` is false, there are more than `count`. `previous`, `next`: the keys of the proposals beside it.
    """

    position: int | None
    count: int
    counted_all: bool
    previous: str | None
    next: str | None


@dataclass(frozen=True)
class ProposalShown:
    """A proposal with everything that was said of it, what came first at the head."""

    line: ProposalLine
    history: tuple[Said, ...]


@look(Operation.LIST)
def queue(
    store: Store,
    chosen: ProposalFilter | None = None,
    *,
    user: str | None = None,
    after: int | None = None,
    before: int | None = None,
    size: int = PAGE,
) -> ProposalPage:
    """A page of the proposals on whose cases, both of them, a person may enter facts; what needs a person first at the head.

    Raises:
        InputError: no such outcome, kind or size.
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise InputError(f"{size} proposals on a page: give 1 to {LARGEST_PAGE}")
    rows = _within(store, user, _chosen(store, chosen or ProposalFilter()))
    count = rows[: CAP + 1].count()
    down = before is not None and after is None
    if down:
        found = list(rows.filter(id__lt=before).order_by("-id")[: size + 1])
    else:
        found = list(rows.filter(id__gt=after or 0).order_by("id")[: size + 1])
    more, found = len(found) > size, found[:size]
    if down:
        found.reverse()
    undecided = _chosen(store, ProposalFilter())
    return ProposalPage(
        tuple(_line(row) for row in found),
        min(count, CAP),
        count <= CAP,
        _beyond(store, user, undecided)[:CAP].count(),
        found[0].id if found and (more if down else bool(after)) else None,
        found[-1].id if found and (down or more) else None,
    )


@look(Operation.LIST)
def place_in_queue(
    store: Store,
    proposal: str,
    chosen: ProposalFilter | None = None,
    *,
    user: str | None = None,
) -> ProposalPlace:
    """Where a proposal stands among those that `queue` lists, with its neighbours, be it there itself or no more.

    Raises:
        InputError: no such outcome or kind.
    """
    rows = _within(store, user, _chosen(store, chosen or ProposalFilter()))
    own = store.rows(RecordPair).filter(proposal=proposal, probability__isnull=False)
    number = own.order_by("-id").values_list("id", flat=True).first()
    if number is None:
        return ProposalPlace(None, 0, True, None, None)
    above, below = rows.filter(id__lt=number), rows.filter(id__gt=number)
    count = rows[: CAP + 1].count()
    there = rows.filter(id=number).exists()
    position = above[: CAP + 1].count() + 1 if there else None
    return ProposalPlace(
        position if position is None or position <= CAP else None,
        min(count, CAP),
        count <= CAP,
        above.order_by("-id").values_list("proposal", flat=True).first(),
        below.order_by("id").values_list("proposal", flat=True).first(),
    )


@look(Operation.VIEW, "proposal", cases_of_proposal, seen=True)
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


def waiting_for(store: Store, user: str | None, *, most: int) -> int:
    """How many proposals wait on whose cases, both of them, a person may enter facts; counted up to `most`."""
    rows = _within(store, user, _chosen(store, ProposalFilter()))
    return int(rows[:most].count())


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


def _chosen(store: Store, chosen: ProposalFilter) -> Any:
    for name, word, words in (
        ("outcome", chosen.outcome, OUTCOMES),
        ("kind", chosen.kind, KINDS),
        ("says", chosen.says, SAYS),
    ):
        if word is not None and word not in words:
            raise InputError(f"{name} {word!r}: one of: {', '.join(words)}")
    rows = _proposed(store)
    if chosen.outcome == UNDECIDED:
        rows = rows.filter(Q(outcome__isnull=True) | Q(outcome=UNDONE))
    elif chosen.outcome is not None:
        rows = rows.filter(outcome=chosen.outcome)
    if chosen.case is not None:
        rows = rows.filter(Q(case_a=chosen.case) | Q(case_b=chosen.case))
    if chosen.kind is not None:
        of_death = Q(role_a=DECEDENT, role_b=DECEDENT)
        rows = rows.filter(of_death if chosen.kind == SAME_DEATH else ~of_death)
    if chosen.says == OVER:
        return rows.filter(over=1)
    if chosen.says is not None:
        rows = rows.filter(over=0, held_back__isnull=chosen.says == BELOW)
    return rows


def _within(store: Store, user: str | None, rows: Any) -> Any:
    """Of proposals, those on both of whose cases a person may enter facts."""
    sides = _sides(store, user)
    return rows if sides is None else rows.filter(*sides)


def _beyond(store: Store, user: str | None, rows: Any) -> Any:
    """Of proposals, the others."""
    sides = _sides(store, user)
    return rows.none() if sides is None else rows.filter(~sides[0] | ~sides[1])


def _sides(store: Store, user: str | None) -> tuple[Q, Q] | None:
    """Whether a person may enter facts on the case of either side, as conditions; None: on every case."""
    within = reach(store, user, Operation.ENTER_FACTS, at=store.clock())
    if within.whole:
        return None
    present = store.rows(Present)
    one, other = (
        Q(Exists(within.allows(present.filter(case_id=OuterRef(side)))))
        for side in ("case_a", "case_b")
    )
    return one, other


def _line(row: Any) -> ProposalLine:
    stands = None if row.outcome in (None, UNDONE) else row.outcome
    return ProposalLine(
        row.id,
        row.proposal,
        _kind_of(row.role_a, row.role_b),
        RecordOf(row.case_a, row.role_a, row.source_a, row.number_a),
        RecordOf(row.case_b, row.role_b, row.source_b, row.number_b),
        row.probability,
        row.bits or 0.0,
        bool(row.over),
        row.held_back,
        row.why or "",
        stands,
        None if stands is None else row.user,
    )


def _kind_of(role_a: str, role_b: str) -> str:
    return SAME_DEATH if role_a == role_b == DECEDENT else SAME_PERSON
